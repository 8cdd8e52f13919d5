"""A stub that a project has made its own: a copy in `.arckode/stubs/`, kept as a unit so that upgrades merge it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_gen.engine import units
from arckode_gen.engine.digests import tree_digest
from arckode_gen.engine.plan import Change, FileState, Plan
from arckode_gen.errors import RefusedError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from arckode_gen.engine.project import Snapshot

KIND = "stub"
HOME = ".arckode/stubs/"
_PARTS = ("stub.yml", "derive.py", "tree")


def files(folder: Path) -> dict[str, FileState]:
    """Return what a project needs of a shipped stub, by the path it has there; examples are for our own tests."""
    found: dict[str, FileState] = {}
    for part in _PARTS:
        place = folder / part
        for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
            if path.is_file() and "__pycache__" not in path.parts:
                found[f"{HOME}{folder.name}/{path.relative_to(folder).as_posix()}"] = FileState(path.read_bytes())
    return found


def unit(folder: Path, version: int) -> units.Unit:
    """Return the manifest of a published stub."""
    digests = {path: units.digest(state.content) for path, state in files(folder).items()}
    return units.Unit(KIND, folder.name, version, {}, digests, templates=tree_digest(folder, _PARTS))


def publish(folder: Path, version: int, snapshot: Snapshot, *, force: bool) -> Plan:
    """Plan the copy.

    Raises:
        RefusedError: a stub of that name is there and differs.
    """
    made, copied = unit(folder, version), files(folder)
    changed = [path for path, state in copied.items() if snapshot.read(path) not in {None, state}]
    if changed and not force:
        raise RefusedError(
            f"{', '.join(changed)} {'is' if len(changed) == 1 else 'are'} there and not as shipped",
            f"`arckode stub:diff {folder.name}` shows the difference; --force puts the shipped text back",
        )
    after = {**copied, **{units.BASE + path: state for path, state in copied.items()}, made.path: units.dump(made)}
    changes = (Change(path, snapshot.read(path), state, "as shipped") for path, state in sorted(after.items()))
    kept = tuple(change for change in changes if not change.is_noop)
    notes = (f"the copy to change is {HOME}{folder.name}/",) if kept else ()
    return Plan(f"stub:publish {folder.name}", kept, notes=notes)


def difference(folder: Path, snapshot: Snapshot, *, mine: bool) -> str:
    """Return what the shipped stub changed since it was published or, with `mine`, what the project changed.

    Raises:
        UsageError: the project has not published it.
    """
    known = units.load(snapshot, KIND, folder.name)
    if known is None:
        raise UsageError(f"the stub '{folder.name}' was not published here", f"`arckode stub:publish {folder.name}`")
    shipped = files(folder)
    before = {path: state for path in known.files if (state := snapshot.read(units.BASE + path)) is not None}
    own = {path: state for path in {*known.files, *shipped} if (state := snapshot.read(path)) is not None}
    return _diff(before, own if mine else shipped)


def _diff(before: Mapping[str, FileState], after: Mapping[str, FileState]) -> str:
    import difflib  # an upgrade that looks for published stubs needs none

    lines: list[str] = []
    for path in sorted({*before, *after}):
        pair = (side[path].text.splitlines() if path in side else [] for side in (before, after))
        old, new = pair
        lines += difflib.unified_diff(old, new, f"a/{path}", f"b/{path}", lineterm="")
    return "\n".join(lines)
