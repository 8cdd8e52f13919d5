"""`python -m <module>`, or another program, that ends with the program that started it, however that one ended.

This file is run by its path: the descriptor of a pipe whose other end the starter holds open, the module, the words
for it; `--` instead of a module is followed by the other program. When the starter is gone, even by kill -9, the pipe
ends, and this process is told to stop as SIGTERM does.
"""

from __future__ import annotations

import os
import runpy
import signal
import subprocess
import sys
import threading


def _end_with(descriptor: int) -> None:
    os.read(descriptor, 1)
    os.kill(os.getpid(), signal.SIGTERM)


def _run(command: list[str]) -> int:
    """Run a program, which hears of SIGTERM when we do."""
    process = subprocess.Popen(command)
    signal.signal(signal.SIGTERM, lambda _number, _frame: process.terminate())
    return process.wait()


if __name__ == "__main__":
    descriptor, module = sys.argv[1:3]
    del sys.argv[1:3]
    threading.Thread(target=_end_with, args=(int(descriptor),), daemon=True).start()
    if module == "--":
        raise SystemExit(_run(sys.argv[1:]))
    runpy.run_module(module, run_name="__main__", alter_sys=True)
