"""Which files a merge left to a person who has not decided yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_gen.engine.conflict_markers import has_markers
from arckode_gen.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from arckode_gen.engine.project import Snapshot
    from arckode_gen.engine.units import Unit

ADVICE = "decide between the versions in each, and take the markers out"


def unsettled(snapshot: Snapshot, known: Iterable[Unit]) -> tuple[str, ...]:
    """Return the generated files, and those that they are wired into, that hold markers of a merge."""
    paths = {path for unit in known for path in (*unit.files, *(edit.file for edit in unit.edits))}
    states = ((path, snapshot.read(path)) for path in sorted(paths))
    return tuple(path for path, state in states if state is not None and has_markers(state.content))


def refuse_unsettled(snapshot: Snapshot, known: Iterable[Unit]) -> None:
    """Refuse to merge into a file what was merged into it before and is not decided yet.

    Raises:
        RefusedError: naming each.
    """
    marked = unsettled(snapshot, known)
    if marked:
        said = f"{', '.join(marked)} {'holds' if len(marked) == 1 else 'hold'} conflict markers of an earlier merge"
        raise RefusedError(f"{said}; nothing was changed", ADVICE)
