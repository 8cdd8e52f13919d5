"""Starts arckode's entry scripts in children of a process that has imported a project's libraries already.

To import them takes ten times as long as what most tests ask of such a script. A child of that process is what a new
interpreter is: it has the path, environment, folder and standard streams of one, and imports the project itself.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from typing import IO, TYPE_CHECKING, NoReturn, Self, cast

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

LIBRARIES = (
    *("sqlalchemy.ext.asyncio", "sqlalchemy.dialects.sqlite", "sqlalchemy.dialects.mysql"),
    *("sqlalchemy.dialects.postgresql", "aiosqlite", "asyncpg", "aiomysql", "fastapi", "pydantic_settings"),
    *("structlog", "uvicorn", "httpx2"),
)
# What a Python listens to when it starts, and a child of one that has started does not.
COLD = ("PYTHONPATH", "PYTHONWARNINGS", "PYTHONHASHSEED", "PYTHONOPTIMIZE", "PYTHONUTF8", "PYTHONDEVMODE")


@dataclass
class Child:
    """A script that runs; of `subprocess.Popen`, what arckode uses of it."""

    stdin: IO[str]
    stdout: IO[str]
    _ended: socket.socket
    returncode: int | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stdout.close()
        with contextlib.suppress(BrokenPipeError):
            self.stdin.close()
        with self._ended:
            self.returncode = int(self._ended.recv(16) or -signal.SIGKILL)


def start(command: list[str], root: Path, environ: Mapping[str, str]) -> subprocess.Popen[str]:
    """Start what `arckode_gen.shell.process.start` would start."""
    environ = environ or os.environ
    if command[:2] != [sys.executable, "-P"] or any(environ.get(name) != os.environ.get(name) for name in COLD):
        return subprocess.Popen(
            command, cwd=root, env=dict(environ), stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
        )
    stdin, stdout, ended = os.pipe(), os.pipe(), socket.socketpair()
    asked = os.memfd_create("asked")
    os.write(asked, json.dumps([command[2], str(root), dict(environ)]).encode())
    theirs = (asked, stdin[0], stdout[1], ended[1].detach())
    socket.send_fds(_forge(), [b"!"], [theirs[0], theirs[1], theirs[2], 2, theirs[3]])
    for descriptor in theirs:
        os.close(descriptor)
    child = Child(os.fdopen(stdin[1], "w", encoding="utf-8"), os.fdopen(stdout[0], encoding="utf-8"), ended[0])
    return cast("subprocess.Popen[str]", child)


@cache
def _forge() -> socket.socket:
    """Start the process whose children are to run the scripts; it ends when nobody can ask it any more."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        number = theirs.fileno()
        process = subprocess.Popen([sys.executable, "-P", __file__, str(number)], cwd="/", pass_fds=[number])

    @atexit.register
    def end() -> None:
        process.terminate()
        process.wait()

    return ours


def _serve(asking: socket.socket) -> None:
    for name in LIBRARIES:
        importlib.import_module(name)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those that wait for the scripts
    while True:
        word, given, _, _ = socket.recv_fds(asking, 1, 5)
        if not word:
            return
        if not os.fork():
            asking.close()
            _watch(*given)
        for descriptor in given:
            os.close(descriptor)


def _watch(asked: int, stdin: int, stdout: int, stderr: int, ended: int) -> NoReturn:
    """Run a script in a child and tell how it ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    pid = os.fork()
    if not pid:
        os.close(ended)
        _run(asked, stdin, stdout, stderr)
    for descriptor in (asked, stdin, stdout, stderr):
        os.close(descriptor)
    _, status = os.waitpid(pid, 0)
    with contextlib.suppress(OSError):  # nobody listens
        os.write(ended, str(os.waitstatus_to_exitcode(status)).encode())
    os._exit(0)


def _run(asked: int, *streams: int) -> NoReturn:
    script, root, environ = json.loads(os.pread(asked, os.fstat(asked).st_size, 0))
    for number, descriptor in enumerate(streams):
        os.dup2(descriptor, number)
    os.closerange(3, 64)
    os.chdir(root)
    os.environ.clear()
    os.environ.update(environ)
    sys.argv[:] = [script]
    code: object = 1
    try:
        runpy.run_path(script, run_name="__main__")
        code = 0
    except SystemExit as ending:
        code = ending.code
    except BaseException:  # noqa: BLE001  the interpreter would show whatever it is
        sys.excepthook(*sys.exc_info())
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 1 if code else 0)


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
