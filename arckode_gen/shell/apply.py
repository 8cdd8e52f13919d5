"""The only writer: takes a plan to the disk wholly or not at all.

What did not finish did not happen: a command that was interrupted, at whatever moment, is rolled back by the next one.
While rolling back, a file that holds neither its old nor its new bytes was edited by someone in between; it is left
and reported.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from arckode_gen.engine.project import PROJECT_FILE
from arckode_gen.errors import OperationError, RefusedError
from arckode_gen.shell import journal
from arckode_gen.shell.creation import create, sweep
from arckode_gen.shell.files import draft_of, permissions, put, read_state, remove_if_empty, sync_folders
from arckode_gen.shell.lock import Held, hold
from arckode_gen.shell.targets import refuse_stale, refuse_unsafe

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from arckode_gen.engine.plan import Change, Plan
    from arckode_gen.shell.journal import Entry


@dataclass(frozen=True, slots=True)
class Applied:
    """A plan that is on the disk; `id` is its journal entry, empty when there was nothing to journal."""

    id: str
    plan: Plan


@dataclass(frozen=True, slots=True)
class Recovery:
    """What was put back after an interruption, and what was left because someone had edited it."""

    id: str
    restored: tuple[str, ...]
    left: tuple[str, ...]

    def __str__(self) -> str:
        said = f"{self.id} was interrupted and has been rolled back ({len(self.restored)} files)"
        return f"{said}; edited meanwhile and left alone: {', '.join(self.left)}" if self.left else said


def apply(root: Path, plan: Plan, *, held: Held | None = None, undoing: Entry | None = None) -> Applied:
    """Write every change of the plan, or none.

    A folder that is not there yet is built beside its place and renamed into it, and is not journalled.
    `undoing` names the entry that this plan takes back: its permission bits return, and only folders it made go.

    Raises:
        RefusedError: a path is unsafe or a file is not what the plan was made from; nothing was written.
        OperationError: the disk failed and every file was put back, or the lock is held by someone else.
    """
    plan = replace(plan, changes=tuple(change for change in plan.changes if not change.is_noop))
    if plan.is_noop and undoing is None:
        return Applied("", plan)
    refuse_unsafe(root, plan.changes)
    if not root.exists():
        create(root, plan)
        return Applied("", plan)
    if not root.is_dir():
        raise RefusedError(f"{root} is not a folder", "choose another name, or move it away")
    if held is not None:
        return _apply(root, plan, held, undoing)
    if not journal.unfinished(root):
        refuse_stale(root, plan.changes)  # before the lock, so that a refusal leaves no trace
    with hold(root) as own:
        return _apply(root, plan, own, undoing)


def recover(root: Path, *, held: Held | None = None) -> Recovery | None:
    """Roll back the command that was interrupted, if one was; call it before reading the project to plan from it.

    Raises:
        RefusedError: the journal is damaged.
        OperationError: the disk failed again; the next command tries once more.
    """
    if not root.exists():
        sweep(root)
        return None
    if not journal.unfinished(root):
        return None
    if held is not None:
        return _recover(root)
    with hold(root):
        return _recover(root)


def _apply(root: Path, plan: Plan, held: Held, undoing: Entry | None) -> Applied:
    recovery = recover(root, held=held)
    if recovery is not None and recovery.restored:
        raise RefusedError(str(recovery), "this command was planned before that: run it again")
    refuse_stale(root, plan.changes)
    entry = _begin(root, plan, undoing)
    try:
        _write(root, entry, undoing)
    except BaseException as error:
        _take_back(root, entry, error)
        raise
    return Applied(entry.id, plan)


def _begin(root: Path, plan: Plan, undoing: Entry | None) -> Entry:
    modes = {change.path: mode for change in plan.changes if (mode := permissions(root / change.path)) is not None}
    undoes = undoing.id if undoing else ""
    try:
        return journal.begin(root, plan, folders=_missing_folders(root, plan.changes), modes=modes, undoes=undoes)
    except OSError as error:
        raise OperationError(f"cannot write the journal, so nothing was changed: {error}") from error


def _write(root: Path, entry: Entry, undoing: Entry | None) -> None:
    remembered = undoing.modes if undoing else {}
    # The manifest comes last: a folder without it is not mistaken for a project.
    for change in sorted(entry.plan.changes, key=lambda change: change.path == PROJECT_FILE):
        refuse_stale(root, (change,))
        put(root / change.path, change.after, remembered.get(change.path))
    emptied = _above(change.path for change in entry.plan.changes if change.after is None)
    _prune(root / folder for folder in emptied if undoing is None or folder in undoing.folders)
    _sync(root, entry)
    journal.settle(root, entry.id, "applied")


def _take_back(root: Path, entry: Entry, cause: BaseException) -> None:
    try:
        _, left = _roll_back(root, entry)
    except OSError as error:
        raise OperationError(
            f"cannot write: {cause}; and what was written cannot be put back yet: {error}",
            "make room or fix the permissions: the next arckode command finishes rolling back",
        ) from cause
    if isinstance(cause, OSError):
        kept = f", except {', '.join(left)}, edited meanwhile" if left else ""
        raise OperationError(f"cannot write: {cause}", f"every file is as it was before{kept}") from cause


def _recover(root: Path) -> Recovery | None:
    entry_id = journal.unfinished(root)
    if not entry_id:
        return None
    if journal.state_of(root, entry_id) is None:
        journal.discard(root, entry_id)
        return None
    entry = journal.load(root, entry_id)
    refuse_unsafe(root, entry.plan.changes)
    try:
        restored, left = _roll_back(root, entry)
    except OSError as error:
        raise OperationError(
            f"{entry_id} was interrupted and cannot be rolled back yet: {error}",
            "make room or fix the permissions, then run the command again",
        ) from error
    return Recovery(entry_id, restored, left)


def _roll_back(root: Path, entry: Entry) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Put every file back, newest change first; doing it twice is harmless, so this may be interrupted too."""
    restored: list[str] = []
    left: list[str] = []
    for change in reversed(entry.plan.changes):
        file = root / change.path
        draft_of(file).unlink(missing_ok=True)
        found = read_state(file)
        if found == change.before:
            continue
        if found != change.after:
            left.append(change.path)
            continue
        put(file, change.before, entry.modes.get(change.path))
        restored.append(change.path)
    _prune(root / folder for folder in entry.folders)
    _sync(root, entry)
    journal.settle(root, entry.id, "undone")
    return tuple(sorted(restored)), tuple(sorted(left))


def _missing_folders(root: Path, changes: Iterable[Change]) -> tuple[str, ...]:
    created = (change.path for change in changes if change.after is not None)
    return tuple(folder for folder in _above(created) if not (root / folder).exists())


def _above(paths: Iterable[str]) -> tuple[str, ...]:
    """Return the folders between these files and the root."""
    return tuple(sorted({folder.as_posix() for path in paths for folder in PurePosixPath(path).parents} - {"."}))


def _prune(folders: Iterable[Path]) -> None:
    for folder in sorted(folders, key=lambda folder: len(folder.parts), reverse=True):
        remove_if_empty(folder)


def _sync(root: Path, entry: Entry) -> None:
    """Force the folders of what changed to the disk; of those made or removed, the folder above counts as well."""
    above = _above(change.path for change in entry.plan.changes)
    sync_folders([root, *(root / folder for folder in above)])
