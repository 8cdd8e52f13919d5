"""An exclusive lock on a file that the operating system drops when its process ends, however it ends."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from arckode_gen.errors import OperationError

if TYPE_CHECKING:
    from pathlib import Path

if sys.platform == "win32":
    import msvcrt

    def _take(descriptor: int) -> None:
        os.lseek(descriptor, 1 << 30, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _take(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


class FileLock:
    """A lock file that says who has it; the file stays, because removing it would let two hold it."""

    def __init__(self, path: Path, owner: str) -> None:
        self._path = path
        self._owner = owner
        self._descriptor = -1

    def acquire(self) -> bool:
        """Take the lock, if nobody has it.

        Raises:
            OperationError: the lock file cannot be made.
        """
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise OperationError(
                f"cannot make the lock file {self._path}: {error.strerror}", "make its folder writable"
            ) from error
        try:
            _take(descriptor)
        except OSError:
            os.close(descriptor)
            return False
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, self._owner.encode(), 0) if hasattr(os, "pwrite") else None
        self._descriptor = descriptor
        return True

    def release(self) -> None:
        """Give the lock back."""
        if self._descriptor >= 0:
            os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = -1

    def holder(self) -> str:
        """Say who has it, as far as the file tells."""
        try:
            owner = self._path.read_text(encoding="utf-8", errors="replace").strip()
        except OSError:
            owner = ""
        return owner or "another process"
