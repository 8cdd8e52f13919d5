"""`arckode destroy:field`: the inverse of `make:field`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

from arckode_gen.commands import stub_of
from arckode_gen.commands._generated_module import KIND, front_steps, generated_module, refuse_stale
from arckode_gen.commands._unsettled import refuse_unsettled
from arckode_gen.commands._writing import carry_out
from arckode_gen.engine.plan import Change, Step
from arckode_gen.engine.project import find_root, manifest
from arckode_gen.engine.spec import CommandSpec, Param
from arckode_gen.errors import RefusedError, UsageError, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from arckode_gen.engine.placing import Reconcile
    from arckode_gen.engine.plan import Plan
    from arckode_gen.engine.project import Snapshot
    from arckode_gen.engine.spec import Call
    from arckode_gen.engine.stubs import Stub
    from arckode_gen.engine.units import Unit
    from arckode_gen.engine.upgrade import Rendered, Upgraded

KEPT = 3

SPEC = CommandSpec(
    "destroy:field",
    "Take fields out of a module again that `arckode make:field` added.",
    examples=(
        "arckode destroy:field orders shipped_at",
        "arckode destroy:field orders shipped_at --dry-run --diff",
    ),
    params=(
        Param("module", kind="argument", required=True, help="The module, in any spelling."),
        Param("field", kind="argument", many=True, metavar="FIELD...", help="The fields, by name."),
    ),
    writes=True,
    details=(
        "The module is merged three ways, as by `arckode make:field`; what you edited is kept and named, and the exit "
        "code is then 3. The migration that added the columns goes; where it is applied or committed it stays, and "
        "another one is planned that takes it back: read that before you apply it, the values are lost. Fields of one "
        "`make:field` have one migration and go together. A field that the table was created with stays."
    ),
)


def run(call: Call) -> int:
    """Plan what goes and carry it out; 3 when something was kept."""
    from arckode_gen.commands._destroy import held  # help and completion need no template engine

    def decide(stub: Stub, unit: Unit, snapshot: Snapshot, merge: Reconcile, root: Path) -> Upgraded:
        taken = held(unit, snapshot, call, root)
        return plan(stub, unit, call.words("field"), snapshot, merge, held=taken)

    return take_out(call, decide)


def take_out(call: Call, decide: Callable[[Stub, Unit, Snapshot, Reconcile, Path], Upgraded]) -> int:
    """Carry out what was decided to go from the module that a call names; 3 when something was kept.

    Raises:
        UsageError: there is no such module, or nothing that makes one.
    """
    from arckode_gen.shell.three_way import ThreeWay

    root = find_root(call.cwd)
    stub = stub_of(KIND, root)
    if stub is None:
        raise UsageError(f"no stub makes a {KIND}", "see `arckode list`")
    kept: tuple[str, ...] = ()

    def decided(snapshot: Snapshot) -> Plan:
        nonlocal kept
        unit = generated_module(stub, call.text("module"), snapshot)
        found = decide(stub, unit, snapshot, ThreeWay(root, call.environ), root)
        kept = found.kept
        return found.plan

    carry_out(call, root, decided)
    return KEPT if kept else 0


def plan(
    stub: Stub, unit: Unit, names: tuple[str, ...], snapshot: Snapshot, merge: Reconcile, *, held: Mapping[str, str]
) -> Upgraded:
    """Decide what goes with fields; `held` maps migrations that others have to the stamps of what takes them back.

    Raises:
        UsageError: the module has no such field.
        RefusedError: its column came with the table or with another field, or the module was edited where it is used.
    """
    from arckode_gen.commands import _generate

    added = cast("Sequence[Mapping[str, object]]", unit.values.get("added", ()))
    _check(unit, names, added)
    refuse_stale(stub, unit)
    words = _words_without(unit, names, added)
    made = _generate.remade(stub, unit, words, snapshot)
    folder = f"src/{manifest(snapshot)['package']}/migrations/"
    going = {path for path in unit.files if path.startswith(folder)} - made.files.keys()
    command = f"destroy:field {unit.name} {' '.join(names)}"
    found = merged(_without_migrations(made, going, held), snapshot, merge, "a field")
    return _taken_back(
        found, snapshot, command, unit.name, {path: held[path] for path in sorted(going) if path in held}
    )


def merged(made: Rendered, snapshot: Snapshot, merge: Reconcile, what: str) -> Upgraded:
    """Merge a module that is made from fewer words into the project.

    Raises:
        RefusedError: it was edited where something goes.
    """
    from arckode_gen.engine import units, upgrade

    refuse_unsettled(snapshot, (made.old,))
    others = [each for each in units.all_units(snapshot) if each.id != made.old.id]
    found = upgrade.plan([made], snapshot, merge, others)
    if found.conflicts:
        states = {change.path: change.after for change in found.plan.changes}
        places = [
            f"{path}{_place(state.content) if (state := states[path]) else ''}: edited where {what} is used"
            for path in found.conflicts
        ]
        message = f"{', '.join(places)}; nothing was changed"
        raise RefusedError(message, "take it out by hand there, and then run this again")
    return found


def _place(marked: bytes) -> str:
    """Return the line of the person's file that the first conflict begins on, as `:7`."""
    lines = marked.splitlines()
    first = next((at for at, line in enumerate(lines, 1) if line.startswith(b"<<<<<<< ")), 0)
    return f":{first}" if first else ""


def _check(unit: Unit, names: tuple[str, ...], added: Sequence[Mapping[str, object]]) -> None:
    from arckode_gen.engine import field_adding

    stored = {field.name: field.is_stored for field in field_adding.fields_of(unit)}
    if not names:
        raise UsageError("no field was given", f"name one: {unit.name} have {', '.join(stored)}")
    for name in names:
        if name not in stored:
            hint = nearest(name, stored) or f"there are {', '.join(stored)}"
            raise UsageError(f"{unit.name} have no field '{name}'", hint)
        together = next((cast("list[str]", each["fields"]) for each in added if name in _fields(each)), None)
        if together is None and stored[name]:
            message = f"'{name}' was not added by `make:field`: the table of {unit.name} was created with it"
            raise RefusedError(message, "write a migration that drops it, and change the code, by hand")
        if together is not None and not set(together) <= set(names):
            message = f"{' and '.join(together)} were added by one migration"
            raise RefusedError(
                message, f"take them out together: `arckode destroy:field {unit.name} {' '.join(together)}`"
            )


def _fields(addition: Mapping[str, object]) -> Sequence[str]:
    return cast("Sequence[str]", addition["fields"])


def _words_without(unit: Unit, names: tuple[str, ...], added: Sequence[Mapping[str, object]]) -> Mapping[str, object]:
    from arckode_gen.engine import field_adding
    from arckode_gen.engine.field_files import field_to_json

    fields = [field_to_json(field) for field in field_adding.fields_of(unit) if field.name not in names]
    rest = [each for each in added if not set(_fields(each)) & set(names)]
    words = {**unit.values, "field": fields, "added": rest}
    return words if rest else {key: value for key, value in words.items() if key != "added"}


def _without_migrations(made: Rendered, going: set[str], held: Mapping[str, str]) -> Rendered:
    """Let migrations go with their fields; those that others have stay as files, but are nobody's."""
    files = {path: digest for path, digest in made.new.files.items() if path not in going}
    return replace(made, new=replace(made.new, files=files), frozen=made.frozen - (going - held.keys()))


def _taken_back(found: Upgraded, snapshot: Snapshot, command: str, module: str, held: Mapping[str, str]) -> Upgraded:
    from arckode_gen.engine import reversal
    from arckode_gen.engine.units import BASE

    changes, kept = list(found.plan.changes), list(found.kept)
    for path in held:
        state = snapshot.read(path)
        changes.append(Change(BASE + path, snapshot.read(BASE + path), None, "no longer generated"))
        said = f"{command} took the code out; release that first"
        taken = reversal.take_back(path, "" if state is None else state.text, held[path], said)
        if isinstance(taken, str):
            kept.append(taken)
        else:
            changes.append(taken)
    steps = (Step("once no running code uses them, take the columns away", "arckode db:migrate"),) if held else ()
    plan = replace(
        found.plan,
        command=command,
        changes=tuple(sorted((each for each in changes if not each.is_noop), key=lambda each: each.path)),
        steps=(*found.plan.steps, *steps, *front_steps(module, snapshot)),
        notes=tuple(f"kept: {line}" for line in kept),
    )
    return replace(found, plan=plan, kept=tuple(kept))
