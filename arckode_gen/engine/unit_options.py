"""What a unit changes in the project itself: answers of its skeleton, in a chain that is taken back from its end."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from arckode_gen import resources
from arckode_gen.engine import project_options, project_unit, units
from arckode_gen.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arckode_gen.engine.placing import Merge, Merged
    from arckode_gen.engine.project import Snapshot
    from arckode_gen.engine.project_options import Switched
    from arckode_gen.engine.units import Unit


@dataclass(frozen=True, slots=True)
class Taken:
    """The unit with what it changed and whom it followed; `switched` is by the answer, such as `database is mysql`."""

    unit: Unit
    switched: Mapping[str, Switched]


def take(unit: Unit, wanted: Mapping[str, str], previous: Unit | None, snapshot: Snapshot, merge: Merge) -> Taken:
    """Change the project's answers once; the unit needs whoever changed them before, so that each finds its own again.

    Raises:
        RefusedError: another unit has changed the same answer since this one did.
    """
    switched: dict[str, Switched] = {}
    for name, value in wanted.items():
        changers = [each for each in units.all_units(snapshot) if name in each.options]
        if previous is not None and name in previous.options:
            _refuse_followed(previous, changers)
            unit = replace(unit, options=previous.options, needs=previous.needs)
            continue
        last = [each.id for each in changers if not any(each.id in other.needs for other in changers)]
        before = project_options.current(snapshot, name)
        unit = replace(unit, options={**unit.options, name: (before, value)}, needs=(*unit.needs, *last))
        if before != value:
            switched[f"{name} is {value}"] = project_options.switch(snapshot, name, value, merge)
    return Taken(unit, switched)


def refuse_old_kernel(snapshot: Snapshot, command: str) -> None:
    """Refuse to put parts of this kernel beside another's core.

    Raises:
        RefusedError: the project's kernel was made from other templates.
    """
    project = next(iter(units.of_kind(snapshot, "project")), None)
    if project is not None and project.templates != project_unit.digest(resources.folder("templates")):
        message = f"{command}: the kernel of this project is of arckode {project.arckode}, or of other templates"
        raise RefusedError(message, "bring it up to date first: `arckode upgrade`")


def _refuse_followed(unit: Unit, changers: list[Unit]) -> None:
    followers = units.needing(changers, {unit.id})
    if followers:
        after = followers[0]
        raise RefusedError(
            f"the {after.kind} '{after.name}' took the place of '{unit.name}', which is still there below it",
            f"go back with `arckode destroy:{after.kind} {after.name}`",
        )


@dataclass(frozen=True, slots=True)
class _New:
    content: bytes
    conflicts: int = 0


def newest(path: str, base: bytes, current: bytes, new: bytes) -> Merged:  # noqa: ARG001  the shape of a merge
    """Let the new text win."""
    return _New(new)
