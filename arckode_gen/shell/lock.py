"""One writer at a time per project: a lock that the operating system frees when its holder dies."""

from __future__ import annotations

import os
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from arckode_gen.errors import OperationError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LOCK_FILE = ".arckode/lock"
POLL_SECONDS = 0.05
# Windows forbids reading a locked byte: lock one far behind the holder's number so that others can read who it is.
_WINDOWS_BYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class Held:
    """Proof that this process holds the lock of the project in `root`; pass it on instead of locking twice."""

    root: Path


@contextmanager
def hold(root: Path, *, timeout: float = 10.0) -> Iterator[Held]:
    """Hold the project's lock for the length of a block.

    Raises:
        OperationError: another process held it until the time-out, or the lock file cannot be opened.
    """
    descriptor = _acquire(root, deadline=time.monotonic() + timeout)
    try:
        yield Held(root)
    finally:
        os.close(descriptor)


def _acquire(root: Path, *, deadline: float) -> int:
    file = root / LOCK_FILE
    while True:
        descriptor = _open(file)
        if _try_lock(descriptor) and _is_still(file, descriptor):
            _sign(descriptor)
            return descriptor
        holder = _holder(descriptor)
        os.close(descriptor)
        if time.monotonic() >= deadline:
            raise OperationError(
                f"another arckode command ({holder}) is changing this project",
                "wait for it to finish, or end it; the lock goes with the process",
            )
        time.sleep(POLL_SECONDS)


def _open(file: Path) -> int:
    try:
        file.parent.mkdir(exist_ok=True)
        return os.open(file, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise OperationError(f"cannot lock the project: {error}", "it must be a folder you can write to") from error


def _is_still(file: Path, descriptor: int) -> bool:
    """A lock on a file that was moved or deleted while we waited protects nothing."""
    try:
        return os.path.samestat(file.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _sign(descriptor: int) -> None:
    os.ftruncate(descriptor, 0)
    os.lseek(descriptor, 0, os.SEEK_SET)
    os.write(descriptor, f"{os.getpid()}\n".encode())


def _holder(descriptor: int) -> str:
    os.lseek(descriptor, 0, os.SEEK_SET)
    number = os.read(descriptor, 20).decode("ascii", "replace").strip()
    return f"process {number}" if number else "of unknown process number"


if sys.platform == "win32":
    import msvcrt

    def _try_lock(descriptor: int) -> bool:
        os.lseek(descriptor, _WINDOWS_BYTE, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
else:
    import fcntl

    def _try_lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
