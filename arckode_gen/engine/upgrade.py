"""Generated code, brought to what the installed version generates: merged three ways, what people wrote stays."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from arckode_gen.engine import edits, units, wiring
from arckode_gen.engine.placing import on_upgrade
from arckode_gen.engine.plan import Change, FileState, Plan, Step

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from arckode_gen.engine.placing import Reconcile
    from arckode_gen.engine.project import Snapshot
    from arckode_gen.engine.units import Edit, Unit

_SAID = {
    "create": "new in the template",
    "update": "as generated now",
    "merge": "merged with your edits",
    "conflict": "conflicts with your edits: see the markers",
    "delete": "no longer generated",
}


@dataclass(frozen=True, slots=True)
class Rendered:
    """A unit as the installed version makes it; `old` is how the project's manifest has it.

    `frozen` are paths that an upgrade never touches, because databases know them: migrations.
    """

    old: Unit
    new: Unit
    files: Mapping[str, FileState]
    frozen: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Upgraded:
    """The plan; `conflicts` are files with markers, `kept` is what was left to a person: a line for each."""

    plan: Plan
    conflicts: tuple[str, ...]
    kept: tuple[str, ...]


@dataclass(slots=True)
class _Draft:
    snapshot: Snapshot
    merge: Reconcile
    after: dict[str, FileState | None] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    conflicts: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)

    def read(self, path: str) -> FileState | None:
        return self.after[path] if path in self.after else self.snapshot.read(path)

    def write(self, path: str, state: FileState | None, reason: str) -> None:
        self.after[path] = state
        self.reasons.setdefault(path, reason)


def plan(
    rendered: Iterable[Rendered], snapshot: Snapshot, merge: Reconcile, untouched: Iterable[Unit] = ()
) -> Upgraded:
    """Decide what an upgrade changes; what units that are up to date wired in stays."""
    draft = _Draft(snapshot, merge)
    everything = sorted(rendered, key=lambda each: each.old.id)
    kept = {path for unit in (*(each.new for each in everything), *untouched) for path in unit.files}
    for each in everything:
        _files(draft, each, kept)
    wanted = {edit for unit in (*(each.new for each in everything), *untouched) for edit in unit.edits}
    for each in everything:
        recorded = _wires(draft, each, wanted)
        draft.write(each.new.path, units.dump(replace(each.new, edits=recorded)), "manifest")
    changes = (Change(path, snapshot.read(path), state, draft.reasons[path]) for path, state in draft.after.items())
    steps = [Step(f"settle the conflict in {path}") for path in draft.conflicts]
    return Upgraded(
        Plan(
            "upgrade",
            tuple(sorted((change for change in changes if not change.is_noop), key=lambda change: change.path)),
            tuple(steps),
            tuple(f"kept: {line}" for line in draft.kept),
        ),
        tuple(draft.conflicts),
        tuple(draft.kept),
    )


def _files(draft: _Draft, unit: Rendered, kept: set[str]) -> None:
    for path in sorted({*unit.files, *unit.old.files} - unit.frozen):
        new = unit.files.get(path)
        if new is None and path in kept:
            continue  # another unit has it too
        current, base = draft.snapshot.read(path), draft.snapshot.read(units.BASE + path)
        placed = on_upgrade(path, current, base, new, draft.merge)
        if placed.action in _SAID:
            draft.write(path, placed.state, _SAID[placed.action])
        if placed.action == "conflict":
            draft.conflicts.append(path)
        if placed.action == "keep":
            draft.kept.append(f"{path}: edited, and no longer generated; delete it yourself when nothing needs it")
        draft.write(units.BASE + path, None if new is None else FileState(new.content), "as generated")


def _wires(draft: _Draft, unit: Rendered, wanted: set[Edit]) -> tuple[Edit, ...]:
    """Take out what is no longer wanted and put in what is new; return the lines that are the unit's own."""
    for edit in reversed(unit.old.edits):  # a call goes before the import that it uses
        if edit not in wanted:
            _wire(draft, edit, is_wanted=False)
    return tuple(edit for edit in unit.new.edits if edit in unit.old.edits or _wire(draft, edit, is_wanted=True))


def _wire(draft: _Draft, edit: Edit, *, is_wanted: bool) -> bool:
    """Put a line in, or out, and tell whether that changed or should have changed something."""
    state = draft.read(edit.file)
    if state is None:
        return True
    outcome = wiring.insert(edit, state.content) if is_wanted else wiring.remove(edit, state.content)
    if isinstance(outcome, edits.Inserted | edits.Removed):
        draft.write(edit.file, FileState(outcome.text, state.executable), f"{edit.kind}: {edit.title}")
    elif isinstance(outcome, edits.CannotInsert):
        draft.kept.append(f"{edit.file}: {outcome.reason}; paste `{outcome.patch.strip()}`")
    elif isinstance(outcome, edits.CannotRemove):
        draft.kept.append(f"{edit.file}: {edit.title} ({outcome.reason}); take it out yourself")
    return not isinstance(outcome, edits.AlreadyThere | edits.AlreadyGone)
