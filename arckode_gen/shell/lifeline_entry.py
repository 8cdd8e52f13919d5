"""`python -m <module>` that ends with the program that started it, however that one ended.

This file is run by its path: the descriptor of a pipe whose other end the starter holds open, the module, the words
for it. When the starter is gone, even by kill -9, the pipe ends, and this process is told to stop as SIGTERM does.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading


def _end_with(descriptor: int) -> None:
    os.read(descriptor, 1)
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    descriptor, module = sys.argv[1:3]
    del sys.argv[1:3]
    threading.Thread(target=_end_with, args=(int(descriptor),), daemon=True).start()
    runpy.run_module(module, run_name="__main__", alter_sys=True)
