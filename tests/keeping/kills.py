"""Runs one command again and again in processes of their own, each killed at a later call to the disk.

    python -m tests.keeping.kills SOURCE OUT CALLS WORD...

Each attempt works on its own copy of SOURCE, OUT/<n>. CALLS are names of functions of `os`, with commas between them.
Prints how many attempts there were; the last one was over before a kill could strike.
"""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import sys
from pathlib import Path

from tests.commands.calls import call
from tests.shell.faults import UNTOUCHED, Fault


def attempts(source: Path, out: Path, calls: list[str], line: list[str]) -> int:
    for count in itertools.count():
        root = out / str(count)
        shutil.copytree(source, root, symlinks=True)
        child = os.fork()
        if child == 0:
            os._exit(_attempt(Fault("kill", count, root / "unused"), root, calls, line))
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if code == UNTOUCHED:
            return count + 1
        if code != -signal.SIGKILL:
            raise SystemExit(f"{line} ended with {code} instead of being killed at call {count}")
    raise AssertionError


def _attempt(fault: Fault, root: Path, calls: list[str], line: list[str]) -> int:
    for name in calls:
        fault.guard(name)
    try:
        return UNTOUCHED if call(root, *line).code in {0, 3} else 1
    except BaseException as error:  # noqa: BLE001  nothing may escape a forked child
        print(repr(error), file=sys.stderr, flush=True)
        return 1


if __name__ == "__main__":
    source, out, calls, *line = sys.argv[1:]
    print(attempts(Path(source), Path(out), calls.split(","), line))
