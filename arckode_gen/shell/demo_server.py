"""The demonstration's server: `arckode dev` as its own process, stopped as Ctrl-C stops it."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from subprocess import TimeoutExpired
from typing import TYPE_CHECKING, TextIO

from arckode_gen.shell.demo_run import StepFailedError
from arckode_gen.shell.lifeline import beside
from arckode_gen.shell.serve import GRACE

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator

    from arckode_gen.shell.demo_run import Step, Workshop

_PATIENCE = 90.0
_TAKEN = ("address already in use", "is taken: another program listens there")


class PortTakenError(StepFailedError):
    """Another program began to listen on the port after it was found free."""


class Server:
    """A running `arckode dev`."""

    def __init__(self, step: Step, process: subprocess.Popen[bytes], log: TextIO) -> None:
        self._step = step
        self._process = process
        self._log = log

    @property
    def pid(self) -> int:
        return self._process.pid

    def wait_until_ready(self, url: str) -> str:
        """Ask for its health until it is well, and say so.

        Raises:
            PortTakenError: it could not listen, because another program does.
            StepFailedError: it ended, or is not well in time.
        """
        deadline = time.monotonic() + _PATIENCE
        while not (self._is_listening() and _is_well(url)):
            if self._process.poll() is not None:
                raise self._failure(f"ended with code {self._process.returncode} before it was ready")
            if time.monotonic() > deadline:
                raise self._failure(f"was not ready after {_PATIENCE:.0f} seconds")
            time.sleep(0.05)
        return f"{url} is ready"

    def _is_listening(self) -> bool:
        """Read it from the server's own words: another one may have taken the port, and would answer in its place."""
        return b"Uvicorn running on" in os.pread(self._log.fileno(), 1 << 20, 0)

    def stop(self) -> None:
        """Stop it as Ctrl-C does.

        Raises:
            StepFailedError: it did not end, or not with 0.
        """
        self._process.send_signal(signal.SIGINT)
        try:
            code = self._process.wait(timeout=GRACE + 5)
        except TimeoutExpired:
            raise self._failure("did not stop") from None
        if code:
            raise self._failure(f"ended with code {code} when it was stopped")

    def wait(self) -> None:
        """Wait until it ends by itself.

        Raises:
            StepFailedError: it ended although nobody stopped it.
        """
        code = self._process.wait()
        raise self._failure(f"ended by itself with code {code}")

    def _failure(self, what: str) -> StepFailedError:
        self._log.seek(0)
        output = self._log.read()
        kind = PortTakenError if any(words in output for words in _TAKEN) else StepFailedError
        return kind(f"`{self._step.command}` {what}", output)


@contextmanager
def running(workshop: Workshop, step: Step, folder: Path) -> Iterator[Server]:
    """Start the server; whatever happens, it is gone afterwards."""
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as log:
        words = ("arckode_gen", *step.words[1:])
        with beside(Path(sys.executable), words, folder, workshop.environ, log.fileno()) as process:
            yield Server(step, process, log)


def _is_well(url: str) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{url}/health/ready", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
