"""A person at a terminal: what is typed when which words appear, and everything that was seen."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import subprocess
import termios
import time
from typing import TYPE_CHECKING

from tests.commands.calls import ENVIRON

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def converse(
    cwd: Path, command: Sequence[str], *turns: tuple[str, str], timeout: float = 15, **environ: str
) -> tuple[int, str]:
    """Run a command on a terminal of its own, type each answer once its words were seen; return code and screen."""
    ours, theirs = pty.openpty()
    env = {**ENVIRON, "TERM": "xterm-256color", "COLUMNS": "100", "LINES": "40", **environ}
    waiting = list(turns)
    seen = ""
    since = 0
    deadline = time.monotonic() + timeout
    with subprocess.Popen(
        command,
        cwd=cwd,
        env=env,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=_take_terminal,  # noqa: PLW1509  no threads here, and Ctrl-C needs a controlling terminal
    ) as process:
        os.close(theirs)
        while piece := _read(ours, deadline - time.monotonic()):
            seen += piece
            if waiting and waiting[0][0] in seen[since:]:
                since = len(seen)
                time.sleep(0.2)  # nobody types faster; readline misses a Ctrl-C while it is still getting ready
                os.write(ours, waiting.pop(0)[1].encode())
        os.close(ours)  # a process that still waits is told that its terminal is gone
        process.wait(timeout=timeout)
    assert not waiting, f"never seen: {waiting[0][0]!r} in\n{seen}"
    return process.returncode, seen.replace("\r\n", "\n")


def _take_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _read(descriptor: int, patience: float) -> str:
    if not select.select([descriptor], [], [], max(patience, 0))[0]:
        return ""
    try:
        return os.read(descriptor, 65536).decode(errors="replace")
    except OSError:  # Linux says so when the other end is closed
        return ""
