"""Long outputs of earlier runs, kept in the user's own folder, where nobody else writes.

Signing and checking the output for ten thousand findings costs more than looking at ten thousand files. In the folder
that holds the key no signature is needed: whoever can write there has the key. The signed answer says which file it is
and what that file looked like, so an output that was cut off or replaced is no output.
This module loads nothing that Python has not loaded already.
"""

from __future__ import annotations

import os
import stat
from time import time_ns

from arckode_analyzers import signed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TypeAlias

    # The file's name, its size, its time of change, its inode and the time of its state.
    Place: TypeAlias = tuple[str, int, int, int, int]

_LONG = 100_000
_MOST_FILES = 16
_PIECE = 1 << 16


def is_long(output: str) -> bool:
    """Tell whether an output is better kept here than in the signed answer."""
    return len(output) > _LONG


def keep(project: str, output: str) -> Place | None:
    """Write an output in place of the last one of a project; None when there is no place for it."""
    folder = _folder()
    name = signed.digest(os.path.realpath(project).encode("utf-8", "surrogateescape"))[:32]
    temporary = f"{folder}/{name}.{os.getpid()}.{time_ns()}"
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)  # noqa: PTH103
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            stream.write(output.encode("utf-8", "surrogateescape"))
        written = os.stat(temporary)  # noqa: PTH116
        os.replace(temporary, f"{folder}/{name}")  # noqa: PTH105
        found = os.stat(f"{folder}/{name}")  # noqa: PTH116  # renaming changes the time of its state
        _forget_oldest(folder)
    except OSError:
        _remove(temporary)
        return None
    if found.st_ino != written.st_ino:
        return None  # another run, which may have been asked something else, was here in between
    return (name, found.st_size, found.st_mtime_ns, found.st_ino, found.st_ctime_ns)


def content(place: Place) -> Iterator[bytes] | None:
    """Return an output in pieces, or None when it is not there as it was written."""
    try:
        file = os.open(f"{_folder()}/{place[0]}", os.O_RDONLY)
    except OSError:
        return None
    found = os.fstat(file)
    if not stat.S_ISREG(found.st_mode) or place[1:] != (
        found.st_size,
        found.st_mtime_ns,
        found.st_ino,
        found.st_ctime_ns,
    ):
        os.close(file)
        return None
    return _pieces(file)


def _pieces(file: int) -> Iterator[bytes]:
    try:
        while piece := os.read(file, _PIECE):
            yield piece
    finally:
        os.close(file)


def _folder() -> str:
    return f"{signed.own_folder()}/outputs"


def _forget_oldest(folder: str) -> None:
    """Leave the outputs of the projects that were analysed last."""
    with os.scandir(folder) as listing:
        files = sorted(((entry.stat().st_mtime_ns, entry.path) for entry in listing), reverse=True)
    for _, path in files[_MOST_FILES:]:
        _remove(path)


def _remove(file: str) -> None:
    try:
        os.unlink(file)  # noqa: PTH108
    except OSError:
        return
