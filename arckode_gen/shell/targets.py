"""Whether a plan's files may be written: judged before anything is, for all of them at once."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from arckode_gen.errors import CrashError, OperationError, RefusedError
from arckode_gen.shell.files import read_state
from arckode_gen.shell.journal import HISTORY
from arckode_gen.shell.lock import LOCK_FILE

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from arckode_gen.engine.plan import Change, FileState

LONGEST_NAME = 255


def refuse_unsafe(root: Path, changes: Iterable[Change]) -> None:
    """Refuse paths that leave the project, now or through a link, or that are arckode's own records.

    Raises:
        RefusedError: naming each such path.
        CrashError: the plan names a file twice.
    """
    paths = [change.path for change in changes]
    twice = sorted({path for path in paths if paths.count(path) > 1})
    if twice:
        raise CrashError(f"the plan changes {', '.join(twice)} twice", "this is a bug in the command or its stub")
    home = root.resolve()
    found = [f"{path!r} {reason}" for path in paths if (reason := _danger(home, path))]
    if found:
        raise RefusedError(
            _listed("these paths cannot be written, so nothing was", found),
            "a command writes only inside the project and never through a link",
        )


def refuse_stale(root: Path, changes: Iterable[Change]) -> None:
    """Refuse when a file is not what the plan was made from.

    Raises:
        RefusedError: naming each stale file.
        OperationError: a file cannot be read.
    """
    found = [f"{change.path} {reason}" for change in changes if (reason := _staleness(root, change))]
    if found:
        raise RefusedError(
            _listed("these files are not what the plan was made from, so nothing was written", found),
            "run the command again: it plans from what is there then",
        )


def _danger(home: Path, path: str) -> str:
    pure = PurePosixPath(path)
    if not path or pure.is_absolute() or ".." in pure.parts or pure.as_posix() != path or path == ".":
        return "is not a plain path inside the project"
    if "\\" in path or "\0" in path or ":" in pure.parts[0]:
        return "means different files on different systems"
    if any(len(part.encode()) > LONGEST_NAME for part in pure.parts):
        return f"has a name longer than {LONGEST_NAME} bytes"
    if path in {LOCK_FILE, HISTORY} or path.startswith(f"{HISTORY}/"):
        return "belongs to arckode's own records"
    file = home / path
    if file.is_symlink():
        return "is a symbolic link"
    return "" if file.parent.resolve().is_relative_to(home) else "leads out of the project through a link"


def _staleness(root: Path, change: Change) -> str:
    file = root / change.path
    try:
        found = read_state(file)
    except OSError as error:
        raise OperationError(f"cannot read {change.path}: {error.strerror}") from error
    if found is None and (reason := _obstacle(root, change.path)):
        return reason
    return _difference(change.before, found)


def _obstacle(root: Path, path: str) -> str:
    """Say what is where a file should be and is none."""
    file = root / path
    if file.is_dir():
        return "is a folder"
    if file.exists():
        return "is not a regular file"
    blocking = [above.as_posix() for above in PurePosixPath(path).parents if (root / above).is_file()]
    return f"cannot be there: {blocking[0]} is a file" if blocking else ""


def _difference(expected: FileState | None, found: FileState | None) -> str:
    if expected == found:
        return ""
    if expected is None:
        return "exists already"
    if found is None:
        return "is gone"
    return "was edited" if expected.content != found.content else "was made executable, or no longer is"


def _listed(said: str, lines: Iterable[str]) -> str:
    return "\n  ".join((f"{said}:", *lines))
