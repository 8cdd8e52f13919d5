"""The plan that takes a command back from what the project holds now, later commands included."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from arckode_gen.engine.placing import is_python
from arckode_gen.engine.plan import Change, FileState, Plan
from arckode_gen.errors import RefusedError
from arckode_gen.shell.merge import merge_root

if TYPE_CHECKING:
    from arckode_gen.engine.project import Snapshot
    from arckode_gen.shell.journal import Entry

_MERGED = "merged with later changes"


def decide(entry: Entry, history: tuple[Entry, ...], project: Snapshot) -> Plan:
    """Return the plan that takes `entry` back from what is in the project now.

    Raises:
        RefusedError: naming each file that was edited since, or changed by a later command in the same lines.
    """
    later = tuple(each for each in history[history.index(entry) + 1 :] if each.state == "applied")
    changes: list[Change] = []
    conflicts: list[str] = []
    # Why something went, or was merged, is not why it comes back.
    unlike = entry.plan.command.startswith(("upgrade", "destroy:"))
    for each in entry.plan.inverse().changes:
        wanted = replace(each, reason="") if unlike else each
        change = _change(wanted, project.read(wanted.path), later)
        if isinstance(change, str):
            conflicts.append(f"{wanted.path} {change}")
        elif not change.is_noop:
            changes.append(change)
    if conflicts:
        raise RefusedError(
            "\n  ".join((f"{entry.id} cannot be undone, so nothing was changed:", *sorted(conflicts))),
            "take those edits back first (later commands with `arckode undo`, your own with git), then run this again",
        )
    changes.sort(key=lambda change: change.path)
    notes = tuple(f"{change.path} was {_MERGED}" for change in changes if change.reason == _MERGED)
    return Plan(f"undo {entry.id}", tuple(changes), notes=notes)


def _change(wanted: Change, found: FileState | None, later: tuple[Entry, ...]) -> Change | str:
    """Return what takes one file back, or why it cannot be; `wanted` is the inverse of what the command did to it."""
    if found in {wanted.before, wanted.after}:
        return replace(wanted, before=found)
    merged = _merge(wanted, found)
    if merged is not None:
        return Change(wanted.path, before=found, after=merged, reason=_MERGED)
    touched = [(e, change) for e in later for change in e.plan.changes if change.path == wanted.path]
    if touched and touched[-1][1].after == found:
        return f"was changed in the same lines by {touched[-1][0].id}"
    return "was edited since"


def _merge(wanted: Change, found: FileState | None) -> FileState | None:
    if wanted.before is None or wanted.after is None or found is None or _is_binary(wanted, found):
        return None
    merged = merge_root(wanted.before.content, found.content, wanted.after.content)
    if merged.conflicts or (wanted.path.endswith(".py") and not is_python(merged.content)):
        return None
    toggled = wanted.before.executable != wanted.after.executable
    return FileState(merged.content, executable=wanted.after.executable if toggled else found.executable)


def _is_binary(wanted: Change, found: FileState) -> bool:
    return any(state and b"\0" in state.content for state in (wanted.before, wanted.after, found))
