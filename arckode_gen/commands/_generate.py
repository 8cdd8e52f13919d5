"""The command of every stub: words become values, the stub and the project become a Plan."""

from __future__ import annotations

import datetime as dt
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, cast

from arckode_gen.commands import Command
from arckode_gen.commands._writing import carry_out
from arckode_gen.engine import field_files, fields, generate, project, stubs
from arckode_gen.engine.names import Name
from arckode_gen.engine.stamps import next_stamp
from arckode_gen.engine.units import load as load_unit
from arckode_gen.errors import UsageError, nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arckode_gen.engine.plan import Plan
    from arckode_gen.engine.project import Snapshot
    from arckode_gen.engine.spec import Call


def command(folder: Path) -> Command:
    """Return the command that a stub's folder describes."""
    stub = stubs.load(folder)
    return Command(stub.spec, lambda call: _run(stub, call))


def _run(stub: stubs.Stub, call: Call) -> int:
    root = project.find_root(call.cwd)
    words = {**call.values, **_answers(stub, call)}
    today = dt.datetime.now(dt.UTC).date()
    return carry_out(call, root, lambda snapshot: plan(stub, words, snapshot, today, force=call.flag("force")))


def plan(
    stub: stubs.Stub, words: Mapping[str, object], snapshot: Snapshot, today: dt.date, *, force: bool = False
) -> Plan:
    manifest = project.manifest(snapshot)
    values: dict[str, object] = {"package": manifest["package"], "project": manifest["name"]}
    recorded: dict[str, object] = {}
    for word, kind in stub.word_types.items():
        values[word], recorded[word] = _value(word, kind, words)
    name = values.get("name")
    values["stamp"] = recorded["stamp"] = _stamp(stub, name, snapshot, f"src/{manifest['package']}/migrations", today)
    derive = stubs.derive_function(stub)
    if derive is not None:
        values = {**values, **derive(values, snapshot)}
    return generate.plan(stub, values, recorded, snapshot, force=force)


def _stamp(stub: stubs.Stub, name: object, snapshot: Snapshot, folder: str, today: dt.date) -> str:
    """Return the migration's stamp: the one that the unit had when it was first made, so that nothing changes."""
    previous = load_unit(snapshot, stub.unit, name.plural if isinstance(name, Name) else str(name))
    return str(previous.values["stamp"]) if previous is not None else next_stamp(snapshot, folder, today)


def _value(word: str, kind: stubs.WordType, words: Mapping[str, object]) -> tuple[object, object]:
    """Return a parameter as templates use it and as the manifest records it."""
    given = words.get(word)
    if kind == "name":
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
    return field_files.fields_from_mapping(given)


def _answers(stub: stubs.Stub, call: Call) -> dict[str, object]:
    """Read `--answers` and `--fields`; words on the command line win over both."""
    answers = _json(call.text("answers"))
    known = {*stub.word_types, "fields"}
    for key in answers:
        if key not in known:
            raise UsageError(f"--answers: {stub.spec.name} has no parameter '{key}'", nearest(key, known))
    listed = next((word for word, kind in stub.word_types.items() if kind == "fields"), "")
    result = {key: value for key, value in answers.items() if key != "fields" and not call.values.get(key)}
    if call.text("fields"):
        result[listed] = _yaml(call.text("fields"))
    elif "fields" in answers:
        result[listed] = answers["fields"]
    if listed in result and call.values.get(listed):
        raise UsageError("fields were given twice: as words and in a file", "give them in one place")
    return result


def _json(source: str) -> dict[str, object]:
    if not source:
        return {}
    text = sys.stdin.read() if source == "-" else _read(source, "--answers")
    try:
        loaded = json.loads(text)
    except ValueError as error:
        raise UsageError(f"--answers {source}: not valid JSON: {error}") from error
    if not isinstance(loaded, dict):
        raise UsageError(f"--answers {source}: expected one JSON object, found {type(loaded).__name__}")
    return loaded


def _yaml(source: str) -> object:
    import yaml  # only for fields in a file

    try:
        return cast("object", yaml.safe_load(_read(source, "--fields")))
    except yaml.YAMLError as error:
        raise UsageError(f"--fields {source}: not valid YAML: {error}") from error


def _read(source: str, flag: str) -> str:
    try:
        return Path(source).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{flag} {source}: cannot be read: {error}") from error
