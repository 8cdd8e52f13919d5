"""`arckode make:field`: more fields for a module, in the files as people have edited them."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING

from arckode_gen.commands import _answers, stub_of
from arckode_gen.commands._generated_module import KIND, front_steps, generated_module, refuse_stale
from arckode_gen.commands._unsettled import refuse_unsettled
from arckode_gen.commands._writing import carry_out
from arckode_gen.engine.plan import Plan, Step
from arckode_gen.engine.project import find_root, manifest
from arckode_gen.engine.spec import CommandSpec, Param
from arckode_gen.errors import RefusedError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arckode_gen.engine.fields import Field
    from arckode_gen.engine.generate import How
    from arckode_gen.engine.project import Snapshot
    from arckode_gen.engine.spec import Call
    from arckode_gen.engine.stubs import Stub
    from arckode_gen.engine.units import Unit

LEFT = 3

SPEC = CommandSpec(
    "make:field",
    "Add fields to a module that people have edited: code, tests and a migration, by three-way merge.",
    examples=(
        "arckode make:field orders shipped_at:datetime:null",
        "arckode make:field orders status:enum=open/closed:default=open --dry-run --diff",
        "arckode make:field customers orders:has_many=orders/total",
    ),
    params=(
        Param("module", kind="argument", required=True, help="The module, in any spelling."),
        Param("field", kind="argument", many=True, metavar="[FIELD...]", help="Fields, as name:type:modifier=value."),
        Param("fields", type="path", metavar="FILE.yml", help="Read the fields from a YAML file."),
        Param("answers", type="path", metavar="FILE|-", help="Read answers as JSON from a file or stdin."),
        Param("markers", type="bool", help="Write conflicts into the files, between markers, instead of refusing."),
    ),
    writes=True,
    overwrites=True,
    details=(
        "Every file of the module is merged three ways: as it was generated, as it is now, and as it is generated with "
        "the new fields. Where both sides changed the same lines nothing is written, the conflict is shown and the "
        "exit code is 3. A file that you deleted stays away. Rows that are there already need a value: a field is "
        "`null` or has a default, which they get, so that its migration is the safe form already. The migration that "
        "creates the table is never changed."
    ),
)


def run(call: Call) -> int:
    """Plan what the fields change and carry it out."""
    from arckode_gen.engine.generate import How, conflicts  # help and completion need no template engine
    from arckode_gen.shell.three_way import ThreeWay

    root = find_root(call.cwd)
    stub = stub_of(KIND, root)
    if stub is None:
        raise UsageError(f"no stub makes a {KIND}", "see `arckode list`")
    answers = _answers.words_of(call, leave_out=frozenset({"fields"}))
    module = call.text("module") or str(answers["module"])
    wanted = _wanted(call, answers)
    how = How(call.flag("force"), call.flag("markers"), ThreeWay(root, call.environ), grows=True)
    today = dt.datetime.now(dt.UTC).date()
    marked = False

    def decide(snapshot: Snapshot) -> Plan:
        nonlocal marked
        unit = generated_module(stub, module, snapshot)
        found = plan(stub, unit, wanted, snapshot, today=today, how=how)
        marked = bool(conflicts(found))
        return found

    code = carry_out(call, root, decide)
    return LEFT if marked else code


def plan(stub: Stub, unit: Unit, wanted: tuple[Field, ...], snapshot: Snapshot, *, today: dt.date, how: How) -> Plan:
    """Decide what a module's new fields change.

    Raises:
        RefusedError: the module has another field of that name, is stale, or was edited where a field goes.
        UsageError: the fields cannot be added.
    """
    from arckode_gen.commands import _generate
    from arckode_gen.engine import field_adding
    from arckode_gen.engine.generate import conflicts
    from arckode_gen.engine.stamps import next_stamp

    command = f"make:field {unit.name} {' '.join(field.name for field in wanted)}"
    new = field_adding.missing(unit, wanted)
    if not new:
        return Plan(command, ())
    refuse_stale(stub, unit)
    refuse_unsettled(snapshot, (unit,))
    folder = f"src/{manifest(snapshot)['package']}/migrations"
    words = field_adding.words_with(unit, new, next_stamp(snapshot, folder, today))
    made = _generate.replan(stub, words, snapshot, how, command)
    migrates = any(change.path.startswith(f"{folder}/") and change.before is None for change in made.changes)
    if not migrates and any(field.is_stored for field in new):
        message = (
            f"the project's own stub '{stub.folder.name}' has no file for `additions`, the migrations of added fields"
        )
        raise RefusedError(
            message, f"take it over from the shipped one: see `arckode stub:diff {stub.folder.name} --mine`"
        )
    steps = (Step("change the table", "arckode db:migrate"),) if migrates else ()
    filled = [f"{field.column}={field.default}" for field in new if field.default is not None]
    notes = (f"rows that are there get {', '.join(filled)}",) if filled else ()
    steps = (*conflicts(made), *steps, *front_steps(unit.name, snapshot))
    return replace(made, command=command, steps=steps, notes=(*made.notes, *notes))


def _wanted(call: Call, answers: Mapping[str, object]) -> tuple[Field, ...]:
    from arckode_gen.engine import field_files, fields

    words = call.words("field")
    if bool(words) + bool(call.text("fields")) + ("field" in answers) > 1:
        raise UsageError("fields were given twice: as words and in a file", "give them in one place")
    listed = _answers.fields_file(call) if call.text("fields") else answers.get("field")
    found = fields.parse_fields(words) if listed is None else field_files.fields_from_mapping(listed)
    if not found:
        raise UsageError("no field was given", "name one, as in `arckode make:field orders shipped_at:datetime:null`")
    return found
