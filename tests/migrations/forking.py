"""Runs the runner as the project's own interpreter runs it, in children of a process that has loaded it already.

A kill then meets the run itself, and not the imports and the lint before it, which write nothing and cost 1 to 2 s of a
processor: 200 kills end while one watches.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, cast

from arckode_gen.commands.db_migrate import SPEC, request
from arckode_gen.engine.spec import Call
from arckode_gen.errors import ArckodeError
from arckode_gen.migrations.service import serve
from arckode_gen.migrations.target import Target
from arckode_gen.shell.process import Interpreter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_gen.migrations.request import Request
    from tests.migrations.workbench import Workbench

OWN = Interpreter(Path(sys.executable), is_own=True)

MODULES = (
    *(f"arckode_gen.migrations.engines.{name}" for name in ("sqlite", "postgresql", "mysql")),
    *(f"arckode_gen.migrations.{name}" for name in ("service", "runner", "work", "lock", "transactional", "journal")),
    *(f"arckode_gen.migrations.{name}" for name in ("doubt", "data", "program", "python_file")),
    "asyncpg",
    "aiomysql",
)


class Ended(TypedDict):
    """How one run ended: its exit code (-9 after a kill), how long it took, and what it said."""

    code: int
    seconds: float
    said: str


class Forge:
    """Starts runs in a project."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def run(self, kill_after: float | None = None) -> Ended:
        """Migrate to the end, or kill the run after so many seconds."""
        return self.runs([kill_after])[0]

    def runs(self, kill_after: list[float | None]) -> list[Ended]:
        """Start as many runs at once, and kill those that have a number after so many seconds."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{json.dumps(kill_after)}\n")
        self._process.stdin.flush()
        return cast("list[Ended]", json.loads(self._process.stdout.readline()))


@contextmanager
def forge(bench: Workbench) -> Iterator[Forge]:
    """Give a forge for the bench's project."""
    asked = request(Target(bench.root, "shop", "src/shop/migrations", OWN), Call(SPEC, bench.root, {}, print, print))
    command = [sys.executable, "-m", "tests.migrations.forking", json.dumps({**asked, "url": bench.url})]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Forge(process)
        assert process.stdin is not None
        process.stdin.close()


def _serve(asked: Request, said: int) -> None:
    os.dup2(said, 1)
    os.dup2(said, 2)
    code = 0
    try:
        serve(asked, lambda _, text: print(text, flush=True))
    except ArckodeError as error:
        print(error.message, error.hint)
        code = error.exit_code
    sys.stdout.flush()
    os._exit(code)


def _start(asked: Request) -> tuple[int, int]:
    said = os.memfd_create("said") if hasattr(os, "memfd_create") else os.open(os.devnull, os.O_RDWR)
    pid = os.fork()
    if not pid:
        _serve(asked, said)
    return pid, said


def _end(pid: int, said: int, kill_after: float | None, started: float) -> Ended:
    if kill_after is not None:
        time.sleep(max(kill_after - (time.monotonic() - started), 0))
        os.kill(pid, signal.SIGKILL)  # one that has ended is still there until it is waited for
    _, status = os.waitpid(pid, 0)
    seconds = time.monotonic() - started
    os.lseek(said, 0, os.SEEK_SET)
    text = os.read(said, 100_000).decode(errors="replace")
    os.close(said)
    return {"code": os.waitstatus_to_exitcode(status), "seconds": seconds, "said": text}


def main(asked: Request) -> None:
    """Answer each line of standard input, for each run the seconds to a kill or null, with how the runs ended."""
    for name in MODULES:
        importlib.import_module(name)
    for line in sys.stdin:
        started = time.monotonic()
        runs = [(*_start(asked), kill_after) for kill_after in json.loads(line)]
        killed_first = sorted(runs, key=lambda run: (run[2] is None, run[2]))
        print(json.dumps([_end(*run, started) for run in killed_first]), flush=True)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
