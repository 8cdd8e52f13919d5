"""One file on the disk: read as a FileState, written so that a kill or a power cut leaves old or new bytes."""

from __future__ import annotations

import hashlib
import os
import stat
import sys
from typing import TYPE_CHECKING

from arckode_gen.engine.plan import FileState

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

EXECUTABLE = 0o111
PERMISSIONS = 0o7777


def read_state(file: Path) -> FileState | None:
    """Return what the disk holds; a folder or nothing is None."""
    try:
        mode = file.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None
    return FileState(file.read_bytes(), executable=bool(mode & 0o100)) if stat.S_ISREG(mode) else None


def permissions(file: Path) -> int | None:
    """Return the permission bits of a file, or None when there is none."""
    try:
        mode = file.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None
    return mode & PERMISSIONS if stat.S_ISREG(mode) else None


def write_file(file: Path, state: FileState, mode: int | None = None) -> None:
    """Write atomically, with `mode` or what the umask leaves; the caller syncs the folder.

    Raises:
        OSError: nothing of the target changed.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = draft_of(file)
    draft.unlink(missing_ok=True)
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o777 if state.executable else 0o666)
        with os.fdopen(descriptor, "wb") as stream:
            if mode is not None and sys.platform != "win32":
                os.fchmod(descriptor, mode)
            stream.write(state.content)
            stream.flush()
            os.fsync(descriptor)
        draft.replace(file)
    except OSError:
        draft.unlink(missing_ok=True)
        raise


def put(file: Path, state: FileState | None, remembered: int | None = None) -> None:
    """Bring a file to a state; `remembered` are the permission bits it had when it was last there."""
    if state is None:
        file.unlink()
    else:
        write_file(file, state, _mode(permissions(file), state, remembered))


def _mode(existing: int | None, state: FileState, remembered: int | None) -> int | None:
    """Choose permission bits: the file's own where they fit, else those it once had, else its own with x as with r."""
    for mode in (existing, remembered):
        if mode is not None and bool(mode & 0o100) == state.executable:
            return mode
    if existing is None:
        return None
    return existing | (existing & 0o444) >> 2 | 0o100 if state.executable else existing & ~0o111


def draft_of(file: Path) -> Path:
    """Name the temporary file beside a target: always the same, so that what a kill left behind can be found."""
    return file.with_name(f".arckode-{hashlib.sha256(file.name.encode()).hexdigest()[:12]}.tmp")


def sync_folders(folders: Iterable[Path]) -> None:
    """Make renames and deletions in these folders survive a power cut; Windows has no such call."""
    if sys.platform == "win32":
        return
    for folder in sorted(set(folders)):
        if folder.is_dir():
            descriptor = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


def remove_if_empty(folder: Path) -> bool:
    """Remove a folder that holds nothing, or nothing but Python's cache of files that are gone."""
    if not folder.is_dir() or folder.is_symlink():
        return False
    left = [entry.name for entry in folder.iterdir()]
    if left == ["__pycache__"]:
        remove_tree(folder / "__pycache__", strict=True)
    elif left:
        return False
    folder.rmdir()
    return True


def remove_tree(folder: Path, *, strict: bool = False) -> None:
    """Remove a folder and all in it, or as much of it as can be.

    Raises:
        OSError: with `strict`, something of it cannot be removed.
    """
    import shutil  # with everything that packs archives, and rarely

    shutil.rmtree(folder, ignore_errors=not strict)
