"""What the command of every stub does: words become values, the stub and the project become a Plan."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, cast

from arckode_gen.commands._answers import answers
from arckode_gen.commands._writing import carry_out
from arckode_gen.engine import field_files, fields, generate, project
from arckode_gen.engine.derive import derive
from arckode_gen.engine.names import Name
from arckode_gen.engine.stamps import next_stamp
from arckode_gen.engine.units import load as load_unit
from arckode_gen.shell.compiled import CompiledTemplates

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arckode_gen.engine.plan import Plan
    from arckode_gen.engine.project import Snapshot
    from arckode_gen.engine.render import Compiled
    from arckode_gen.engine.spec import Call
    from arckode_gen.engine.stubs import Stub, WordType


def run(stub: Stub, call: Call) -> int:
    """Plan what the stub generates and carry it out."""
    root = project.find_root(call.cwd)
    words = {**call.values, **answers(stub, call)}
    today = dt.datetime.now(dt.UTC).date()
    compiled = CompiledTemplates(stub.folder)
    force = call.flag("force")
    code = carry_out(call, root, lambda snapshot: plan(stub, words, snapshot, today, force=force, compiled=compiled))
    compiled.save()
    return code


def plan(
    stub: Stub,
    words: Mapping[str, object],
    snapshot: Snapshot,
    today: dt.date,
    *,
    force: bool = False,
    compiled: Compiled | None = None,
) -> Plan:
    """Decide what a stub changes in a project; `words` are the parameters as they were given."""
    manifest = project.manifest(snapshot)
    values: dict[str, object] = {"package": manifest["package"], "project": manifest["name"]}
    recorded: dict[str, object] = {}
    for word, kind in stub.word_types.items():
        values[word], recorded[word] = _value(word, kind, words)
    if any("stamp" in file.path for file in stub.files):
        values["stamp"] = recorded["stamp"] = _stamp(stub, values, snapshot, today)
    return generate.plan(
        stub, derive(stub.folder, values, snapshot), recorded, snapshot, force=force, compiled=compiled
    )


def _stamp(stub: Stub, values: Mapping[str, object], snapshot: Snapshot, today: dt.date) -> str:
    """Return the migration's stamp: the one that the unit had when it was first made, so that nothing changes."""
    previous = load_unit(snapshot, stub.unit, generate.name_of_unit(stub, values))
    if previous is not None and "stamp" in previous.values:
        return str(previous.values["stamp"])
    return next_stamp(snapshot, f"src/{values['package']}/migrations", today)


def _value(word: str, kind: WordType, words: Mapping[str, object]) -> tuple[object, object]:
    """Return a parameter as templates use it and as the manifest records it."""
    given = words.get(word)
    if kind == "name" and given:
        singular, plural = _optional(words, "singular"), _optional(words, "plural")
        name = Name.parse(str(given), singular=singular, plural=plural)
        return name, {"singular": name.singular, "plural": name.plural}
    if kind == "fields":
        parsed = _fields(given)
        return parsed, [field_files.field_to_json(field) for field in parsed]
    return given, given


def _optional(words: Mapping[str, object], key: str) -> str | None:
    value = words.get(key)
    return value if isinstance(value, str) and value else None


def _fields(given: object) -> tuple[fields.Field, ...]:
    if isinstance(given, tuple):
        return fields.parse_fields(cast("tuple[str, ...]", given))
    return field_files.fields_from_mapping(given if given is not None else [])
