"""What the command of every stub does: words become values, the stub and the project become a Plan."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from arckode_gen.commands import find
from arckode_gen.commands._answers import answers
from arckode_gen.commands._writing import carry_out
from arckode_gen.engine import generate, project
from arckode_gen.engine import words as spoken
from arckode_gen.engine.derive import derive
from arckode_gen.engine.generate import ALONE, How
from arckode_gen.engine.names import Name, identifier
from arckode_gen.engine.overlay import Overlay
from arckode_gen.engine.render import Renderer
from arckode_gen.engine.stamps import next_stamp
from arckode_gen.engine.units import load as load_unit
from arckode_gen.errors import CrashError, OperationError, RefusedError
from arckode_gen.shell.compiled import CompiledTemplates
from arckode_gen.shell.merge_driver import teach
from arckode_gen.shell.three_way import ThreeWay

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from arckode_gen.engine import upgrade
    from arckode_gen.engine.field import Field
    from arckode_gen.engine.plan import Plan
    from arckode_gen.engine.project import Snapshot
    from arckode_gen.engine.render import Compiled
    from arckode_gen.engine.spec import Call
    from arckode_gen.engine.stubs import Joined, Stub, WordType
    from arckode_gen.engine.units import Unit

LEFT = 3


def run(stub: Stub, call: Call) -> int:
    """Plan what the stub generates and carry it out; 3 when a conflict is left between markers."""
    root = project.find_root(call.cwd)
    words = {**call.values, **answers(stub, call)}
    today = dt.datetime.now(dt.UTC).date()
    compiled = CompiledTemplates(stub.folder)
    how = How(call.flag("force"), call.flag("markers"), ThreeWay(root, call.environ))
    marked = False

    def decide(snapshot: Snapshot) -> Plan:
        nonlocal marked
        if stub.joined:
            found = joined(stub, words, snapshot, today, how=how, call=call, compiled=compiled, root=root)
        else:
            found = plan(stub, words, snapshot, today, how=how, compiled=compiled)
            found = _with_dependents(stub, found, snapshot, root, call) if stub.remakes else found
        marked = bool(generate.conflicts(found))
        return found

    code = carry_out(call, root, decide)
    compiled.save()
    if not call.flag("dry_run") and teach(root, call.environ):
        call.say("git knows in this clone now how to merge the composition root (merge.arckode.driver)")
    return LEFT if marked else code


def _with_dependents(stub: Stub, made: Plan, snapshot: Snapshot, root: Path, call: Call) -> Plan:
    """Add what changes in the units that are made otherwise from now on.

    Raises:
        RefusedError: people changed the same lines, and nobody asked for markers.
    """
    from arckode_gen.commands import _remade  # which renders units with this module

    found = _remade.remake(stub, made, snapshot, root, ThreeWay(root, call.environ))
    if (found.conflicts or found.kept) and not call.flag("markers"):
        lines = [f"  {path} was edited where the new text differs" for path in found.conflicts]
        lines += [f"  {line}" for line in found.kept]
        message = f"{made.command}: nothing was written, because\n" + "\n".join(lines)
        raise RefusedError(
            message, "take your change out and put it back later, or use --markers and settle it in the files"
        )
    return found.plan


def plan(
    stub: Stub,
    words: Mapping[str, object],
    snapshot: Snapshot,
    today: dt.date,
    *,
    how: How = ALONE,
    compiled: Compiled | None = None,
) -> Plan:
    """Decide what a stub changes in a project; `words` are the parameters as they were given."""
    values, recorded = _values(stub, words, snapshot)
    if any("stamp" in file.path for file in stub.files):
        values["stamp"] = recorded["stamp"] = _stamp(stub, values, snapshot, today)
    if stub.parts:
        values["next_stamp"] = _next_stamp(values, snapshot, today)
    if "fields" in stub.word_types.values() and (added := _added(stub, values, snapshot)):
        values["added"] = recorded["added"] = added
    return generate.plan(stub, derive(stub.folder, values, snapshot), recorded, snapshot, how=how, compiled=compiled)


def joined(
    stub: Stub,
    words: Mapping[str, object],
    snapshot: Snapshot,
    today: dt.date,
    *,
    how: How,
    call: Call,
    root: Path,
    compiled: Compiled | None = None,
) -> Plan:
    """Decide what a stub changes together with the commands that it is joined with, as one plan.

    What is made otherwise from now on comes before the commands that read the whole project, such as the client of its
    API.
    """
    overlay = Overlay(snapshot)
    others: dict[Joined, Call] = {}
    command = _join(overlay, stub, words, today, how=how, call=call, compiled=compiled, others=others)
    if stub.remakes:
        made = _with_dependents(stub, overlay.joined(command), snapshot, root, call)
        overlay = Overlay(snapshot)
        overlay.add(made)
    notes: list[str] = []
    for each, asked in others.items():
        module = find(each.command, call.cwd).decide
        if module is None:
            raise CrashError(f"{stub.folder / 'stub.yml'}: {each.command} makes no plan that could be joined")
        try:
            overlay.add(module(asked, overlay))
        except OperationError as error:
            if not each.optional:
                raise
            notes.append(f"{each.command} was left out: {error.message}; when that is put right, run it")
    made = overlay.joined(command)
    return replace(made, notes=(*made.notes, *notes))


def _join(
    overlay: Overlay,
    stub: Stub,
    words: Mapping[str, object],
    today: dt.date,
    *,
    how: How,
    call: Call,
    compiled: Compiled | None,
    others: dict[Joined, Call],
    quiet: bool = False,
) -> str:
    """Plan a stub and its joined stubs in their order, and collect the commands of another kind for the end."""
    values, _ = _values(stub, words, overlay)
    renderer = Renderer(stub.folder / "tree", derive(stub.folder, values, overlay) if stub.joined else values)
    wanted = [each for each in stub.joined if renderer.holds(each)]

    def follow(each: Joined) -> None:
        found = find(each.command, call.cwd)
        if found.stub is None:
            asked = {**{param.name: param.default for param in found.spec.params}, "force": call.values.get("force")}
            others[each] = replace(call, spec=found.spec, values={**asked, "python": call.values.get("python")})
            return
        said = renderer.text(each.words)
        theirs = spoken.read(found.spec, said.split())
        if theirs is None:
            raise CrashError(f"{stub.folder / 'stub.yml'}: {each.command} does not take the words `{said}`")
        quietly = quiet or each.quiet
        _join(overlay, found.stub, theirs, today, how=how, call=call, compiled=None, others=others, quiet=quietly)

    for each in wanted:
        if each.first:
            follow(each)
    made = plan(stub, words, overlay, today, how=how, compiled=compiled)
    overlay.add(replace(made, steps=generate.conflicts(made), notes=()) if quiet else made)
    for each in wanted:
        if not each.first:
            follow(each)
    return made.command


def replan(stub: Stub, words: Mapping[str, object], snapshot: Snapshot, how: How, command: str) -> Plan:
    """Decide what changes when a unit is made from other words than its manifest has."""
    values, recorded = recalled(stub, words, snapshot)
    return generate.plan(stub, derive(stub.folder, values, snapshot), recorded, snapshot, how=how, command=command)


def remade(
    stub: Stub, unit: Unit, words: Mapping[str, object], snapshot: Snapshot, compiled: Compiled | None = None
) -> upgrade.Rendered:
    """Render a unit anew, from its own words or from others; migrations stay as they are: databases know them."""
    from arckode_gen.engine import upgrade  # making something new needs none of it

    values, recorded = recalled(stub, words, snapshot)
    made = generate.render(stub, derive(stub.folder, values, snapshot), recorded, compiled)
    folder = f"src/{values['package']}/migrations/"
    frozen = frozenset(path for path in {*unit.files, *made.files} if path.startswith(folder))
    kept = {path: unit.files[path] for path in frozen if path in unit.files}
    files = {path: digest for path, digest in made.unit.files.items() if path not in frozen}
    new = replace(made.unit, files={**files, **kept}, options=unit.options)
    new = replace(new, needs=unit.needs) if unit.options else new
    new = replace(new, edited=unit.edited)  # what is written into files of others once is theirs
    return upgrade.Rendered(unit, new, made.files, frozen)


def recalled(
    stub: Stub, words: Mapping[str, object], snapshot: Snapshot
) -> tuple[dict[str, object], dict[str, object]]:
    """Return the values and the record of words as a manifest keeps them, with what no parameter says."""
    values, recorded = _values(stub, words, snapshot)
    for key in ("stamp", "added"):
        if key in words:
            values[key] = recorded[key] = words[key]
    return values, recorded


def _values(stub: Stub, words: Mapping[str, object], snapshot: Snapshot) -> tuple[dict[str, object], dict[str, object]]:
    manifest = project.manifest(snapshot)
    values: dict[str, object] = {"package": manifest["package"], "project": manifest["name"]}
    recorded: dict[str, object] = {}
    for word, kind in stub.word_types.items():
        given = {**words, word: _known_name(stub, word, words, snapshot)} if kind == "name" else words
        values[word], recorded[word] = _value(word, kind, given, snapshot)
        if word in stub.unrecorded:
            del recorded[word]
    return values, recorded


def _known_name(stub: Stub, word: str, words: Mapping[str, object], snapshot: Snapshot) -> object:
    """Return a name as it was recorded when something is called so already: it is no second one, inflected anew."""
    given = words.get(word)
    is_open = isinstance(given, str) and given and not _optional(words, "singular") and not _optional(words, "plural")
    unit = load_unit(snapshot, stub.unit, identifier(given)) if isinstance(given, str) and is_open else None
    recorded = unit.values.get(word) if unit is not None else None
    return recorded if isinstance(recorded, dict) else given


def unit_name(stub: Stub, words: Mapping[str, object], snapshot: Snapshot) -> str:
    """Return the name that the words give a unit."""
    values = {
        word: _value(word, kind, words, snapshot)[0] for word, kind in stub.word_types.items() if word in stub.naming
    }
    return generate.name_of_unit(stub, values)


def _stamp(stub: Stub, values: Mapping[str, object], snapshot: Snapshot, today: dt.date) -> str:
    """Return the migration's stamp: the one that the unit had when it was first made, so that nothing changes."""
    previous = load_unit(snapshot, stub.unit, generate.name_of_unit(stub, values))
    if previous is not None and "stamp" in previous.values:
        return str(previous.values["stamp"])
    return next_stamp(snapshot, f"src/{values['package']}/migrations", today)


def _next_stamp(values: Mapping[str, object], snapshot: Snapshot, today: dt.date) -> str:
    """Return the stamp for a migration of the kernel's: after the unit's own, when it has one."""
    following = next_stamp(snapshot, f"src/{values['package']}/migrations", today)
    own = str(values.get("stamp", ""))
    return str(int(own) + 1) if own >= following else following


def _added(stub: Stub, values: Mapping[str, object], snapshot: Snapshot) -> list[dict[str, object]]:
    """Return which fields came later, each with the stamp of its migration: they are not created with the table."""
    previous = load_unit(snapshot, stub.unit, generate.name_of_unit(stub, values))
    if previous is None:
        return []
    return cast("list[dict[str, object]]", previous.values.get("added", []))


def _value(word: str, kind: WordType, words: Mapping[str, object], snapshot: Snapshot) -> tuple[object, object]:
    """Return a parameter as templates use it and as the manifest records it."""
    given = words.get(word)
    if kind == "name" and isinstance(given, dict):
        return Name(str(given["singular"]), str(given["plural"])), given
    if kind == "name" and given:
        singular, plural = _optional(words, "singular"), _optional(words, "plural")
        name = Name.parse(str(given), singular=singular, plural=plural)
        return name, {"singular": name.singular, "plural": name.plural}
    if kind == "word" and given:
        spelled = identifier(str(given))
        return spelled, spelled
    if kind == "module" and given:
        from arckode_gen.engine.references import folder_of  # not every stub is about a module

        folder = folder_of(str(given), snapshot, project.manifest(snapshot)["package"])
        return folder, folder
    if kind == "fields":
        from arckode_gen.engine import field_files  # not every stub knows the field language

        parsed = _fields(given)
        return parsed, [field_files.field_to_json(field) for field in parsed]
    return given, given


def _optional(words: Mapping[str, object], key: str) -> str | None:
    value = words.get(key)
    return value if isinstance(value, str) and value else None


def _fields(given: object) -> tuple[Field, ...]:
    from arckode_gen.engine import field_files, fields

    if isinstance(given, tuple):
        return fields.parse_fields(cast("tuple[str, ...]", given))
    return field_files.fields_from_mapping(given if given is not None else [])
