"""Which files a merge left to a person who has not decided yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_gen.shell.merge import LABELS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from arckode_gen.engine.project import Snapshot
    from arckode_gen.engine.units import Unit

ADVICE = "decide between the versions in each, and take the markers out"
_MARKER = f"<<<<<<< {LABELS[0]}".encode()


def unsettled(snapshot: Snapshot, known: Iterable[Unit]) -> tuple[str, ...]:
    """Return the generated files that hold markers of a merge."""
    paths = sorted({path for unit in known for path in unit.files})
    states = ((path, snapshot.read(path)) for path in paths)
    return tuple(path for path, state in states if state is not None and _has_markers(state.content))


def _has_markers(content: bytes) -> bool:
    return content.startswith(_MARKER) or b"\n" + _MARKER in content
