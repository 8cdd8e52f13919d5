"""Units that are made otherwise while another one is there: modules are guarded when there is a login.

One command changes all of them, so that one `arckode undo` takes all of it back.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from arckode_gen.commands import _generate, stub_of
from arckode_gen.engine import units, upgrade
from arckode_gen.engine.plan import Change, Plan
from arckode_gen.errors import RefusedError
from arckode_gen.shell.compiled import CompiledTemplates

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from arckode_gen.engine.placing import Reconcile
    from arckode_gen.engine.plan import FileState
    from arckode_gen.engine.project import Snapshot
    from arckode_gen.engine.stubs import Stub
    from arckode_gen.engine.upgrade import Rendered


@dataclass(frozen=True, slots=True)
class Remade:
    """The plan with what follows from it; `conflicts` and `kept` are as an upgrade leaves them."""

    plan: Plan
    conflicts: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Planned:
    """The project as it is once a plan is carried out."""

    snapshot: Snapshot
    changes: dict[str, FileState | None]

    def read(self, path: str) -> FileState | None:
        return self.changes[path] if path in self.changes else self.snapshot.read(path)

    def glob(self, pattern: str) -> tuple[str, ...]:
        from arckode_gen.engine.project import Memory

        added = {path: state for path, state in self.changes.items() if state is not None}
        there = {path for path in self.snapshot.glob(pattern) if self.changes.get(path, True) is not None}
        return tuple(sorted(there | set(Memory(added).glob(pattern))))

    def is_folder(self, path: str) -> bool:
        return self.snapshot.is_folder(path) or any(
            name.startswith(f"{path}/") for name, state in self.changes.items() if state is not None
        )


def remake(stub: Stub, plan: Plan, snapshot: Snapshot, root: Path, merge: Reconcile) -> Remade:
    """Add to a plan what it changes in the units that depend on it.

    Raises:
        RefusedError: one of them was made by another version, so that more than that would change.
    """
    after = _Planned(snapshot, {change.path: change.after for change in plan.changes})
    rendered = list(_rendered(stub, after, root))
    if not rendered:
        return Remade(plan)
    remade = {each.old.id for each in rendered}
    others = [unit for unit in units.all_units(after) if unit.id not in remade]
    found = upgrade.plan(rendered, after, merge, others)
    changes = {change.path: change for change in plan.changes}
    for change in found.plan.changes:
        first = changes.get(change.path)
        before = first.before if first is not None else change.before
        reason = first.reason if first is not None else change.reason
        changes[change.path] = Change(change.path, before, change.after, reason)
    ordered = tuple(sorted((each for each in changes.values() if not each.is_noop), key=lambda each: each.path))
    together = replace(
        plan, changes=ordered, steps=(*found.plan.steps, *plan.steps), notes=(*plan.notes, *found.plan.notes)
    )
    return Remade(together, found.conflicts, found.kept)


def _rendered(stub: Stub, after: Snapshot, root: Path) -> Iterator[Rendered]:
    for kind in stub.remakes:
        maker = stub_of(kind, root)
        if maker is None:
            continue
        compiled = CompiledTemplates(maker.folder)
        for unit in units.of_kind(after, kind):
            _refuse_stale(maker, unit, stub)
            yield _generate.remade(maker, unit, unit.values, after, compiled)
        compiled.save()


def _refuse_stale(maker: Stub, unit: units.Unit, stub: Stub) -> None:
    if unit.templates != maker.digest:
        message = f"the {unit.kind} '{unit.name}', which {stub.spec.name} changes, was made by arckode {unit.arckode}"
        raise RefusedError(
            f"{message}, or from other templates; nothing was changed", "bring it up to date first: `arckode upgrade`"
        )
