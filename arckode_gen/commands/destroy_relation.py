"""`arckode destroy:relation`: takes relations out of a module again, when they keep nothing in the database."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from arckode_gen.commands._generated_module import front_steps, refuse_stale
from arckode_gen.commands.destroy_field import merged, take_out
from arckode_gen.engine.spec import CommandSpec, Param
from arckode_gen.errors import RefusedError, UsageError, nearest

if TYPE_CHECKING:
    from pathlib import Path

    from arckode_gen.engine.placing import Reconcile
    from arckode_gen.engine.project import Snapshot
    from arckode_gen.engine.spec import Call
    from arckode_gen.engine.stubs import Stub
    from arckode_gen.engine.units import Unit
    from arckode_gen.engine.upgrade import Upgraded

SPEC = CommandSpec(
    "destroy:relation",
    "Take a has_one or has_many out of a module again, with its connector and its route.",
    examples=(
        "arckode destroy:relation customers orders",
        "arckode destroy:relation customers orders --dry-run --diff",
    ),
    params=(
        Param("module", kind="argument", required=True, help="The module, in any spelling."),
        Param("relation", kind="argument", many=True, metavar="RELATION...", help="The relations, by name."),
    ),
    writes=True,
    details=(
        "The module is merged three ways, as by `arckode make:field`; what you edited is kept and named, and the exit "
        "code is then 3. A field with a column, or with a table of links, is not taken out: its values would be lost; "
        "`arckode destroy:field` takes out what make:field added."
    ),
)


def run(call: Call) -> int:
    """Plan what goes and carry it out."""

    def decide(stub: Stub, unit: Unit, snapshot: Snapshot, merge: Reconcile, _root: Path) -> Upgraded:
        return plan(stub, unit, call.words("relation"), snapshot, merge)

    return take_out(call, decide)


def plan(stub: Stub, unit: Unit, names: tuple[str, ...], snapshot: Snapshot, merge: Reconcile) -> Upgraded:
    """Decide what goes with a module's relations.

    Raises:
        UsageError: the module has no such relation.
        RefusedError: it keeps something in the database, or the module was edited where it is used.
    """
    from arckode_gen.commands import _generate
    from arckode_gen.engine import field_adding
    from arckode_gen.engine.field_files import field_to_json

    fields = field_adding.fields_of(unit)
    _check(unit, names, {field.name: field.is_stored for field in fields})
    rest = [field_to_json(field) for field in fields if field.name not in names]
    refuse_stale(stub, unit)
    made = _generate.remade(stub, unit, {**unit.values, "field": rest}, snapshot)
    found = merged(made, snapshot, merge, "the relation")
    command = f"destroy:relation {unit.name} {' '.join(names)}"
    steps = (*found.plan.steps, *front_steps(unit.name, snapshot))
    return replace(found, plan=replace(found.plan, command=command, steps=steps))


def _check(unit: Unit, names: tuple[str, ...], stored: dict[str, bool]) -> None:
    if not names:
        raise UsageError("no relation was given", f"name one: {unit.name} have {', '.join(stored)}")
    for name in names:
        if name not in stored:
            hint = nearest(name, stored) or f"there are {', '.join(stored)}"
            raise UsageError(f"{unit.name} have no field '{name}'", hint)
        if stored[name]:
            message = f"'{name}' of {unit.name} keeps values in the database, which would be lost"
            raise RefusedError(
                message, f"`arckode destroy:field {unit.name} {name}` takes it out where make:field added it"
            )
