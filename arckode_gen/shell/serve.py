"""Serves a project through uvicorn in the project's interpreter, until somebody says stop."""

from __future__ import annotations

import signal
import subprocess
import threading
import time
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from arckode_gen.errors import OperationError
from arckode_gen.shell.lifeline import beside

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path
    from types import FrameType

    from arckode_gen.shell.address import Address

GRACE = 15.0
"""Seconds that a server has to finish its requests before it is killed."""

_STOPS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
_STDERR = 2
_LOOK = 0.1
_PROBE = "import importlib.util, sys; sys.exit(3 * (importlib.util.find_spec('uvicorn') is None))"


def require_uvicorn(python: Path, environ: Mapping[str, str]) -> None:
    """Make sure that the interpreter can serve.

    Raises:
        OperationError: it cannot be run, or has no uvicorn.
    """
    try:
        found = subprocess.run(
            [str(python), "-P", "-c", _PROBE], env=dict(environ), check=False, capture_output=True, text=True
        )
    except OSError as error:
        raise OperationError(f"cannot run {python}: {error.strerror}", "choose another one with --python") from error
    if found.returncode == 3:
        raise OperationError(
            f"uvicorn is not installed for {python}",
            "install the project there: `pip install -e . --group dev`, or name another interpreter with --python",
        )
    if found.returncode:
        said = found.stderr.strip().rpartition("\n")[2]
        raise OperationError(f"{python} does not answer: {said}", "choose another one with --python")


def uvicorn_words(package: str, address: Address, *, reload: bool) -> tuple[str, ...]:
    """Return the words that follow `python -m`."""
    watched = ("--reload", "--reload-dir", "src") if reload else ()
    where = ("--host", address.host, "--port", str(address.port))
    return ("uvicorn", f"{package}.main:app", "--app-dir", "src", *where, *watched)


@dataclass(frozen=True, slots=True)
class Program:
    """What is run: the words behind `python -m`, or those behind `--`, its folder and its environment."""

    words: tuple[str, ...]
    folder: Path
    environ: Mapping[str, str]


def serve(
    python: Path,
    root: Path,
    words: tuple[str, ...],
    environ: Mapping[str, str],
    started: Callable[[int], None],
    *,
    what: str = "server",
    grace: float = GRACE,
    others: Sequence[Program] = (),
) -> None:
    """Serve until SIGINT, SIGTERM or SIGHUP; `started` is told the process id. A second signal does not wait.

    When one of the `others` ends, all do.

    What the server says goes to standard error. Runs in the main thread only, because it handles signals.

    Raises:
        OperationError: one of them ended by itself.
    """
    stopping = threading.Event()
    running: list[subprocess.Popen[bytes]] = []

    def stop(_number: int, _frame: FrameType | None) -> None:
        hurry = stopping.is_set()
        stopping.set()
        for process in running:
            _say_stop(process, grace, hurry=hurry)

    with ExitStack() as stack:
        stack.enter_context(_handling(stop))
        for each in (Program(words, root, environ), *others):
            process = stack.enter_context(beside(python, each.words, each.folder, each.environ, _STDERR))
            running.append(process)
            if stopping.is_set():
                _say_stop(process, grace, hurry=False)
        if not stopping.is_set():
            started(running[0].pid)
        code = _first_end(running)
        was_asked = stopping.is_set()
        for process in running:
            if not was_asked:
                _say_stop(process, grace, hurry=False)
            process.wait()
    if not was_asked:
        raise OperationError(f"the {what} ended by itself with code {code}", "what it said is above")


def _first_end(running: list[subprocess.Popen[bytes]]) -> int:
    """Wait until one of them has ended, and return its code."""
    if len(running) == 1:
        return running[0].wait()
    while True:
        for process in running:
            code = process.poll()
            if code is not None:
                return code
        time.sleep(_LOOK)


def _say_stop(process: subprocess.Popen[bytes], grace: float, *, hurry: bool) -> None:
    """Ask once; insist when asked again, or when the grace is over."""
    with suppress(ProcessLookupError):
        process.kill() if hurry else process.terminate()
    if not hurry:
        insisting = threading.Timer(grace, process.kill)
        insisting.daemon = True
        insisting.start()


@contextmanager
def _handling(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    before = {number: signal.signal(number, handler) for number in _STOPS}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)
