"""`--answers` and `--fields`: a generator's words from a file or standard input, checked as typed ones are."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, cast

from arckode_gen.errors import UsageError, nearest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from arckode_gen.engine.spec import Call, Param
    from arckode_gen.engine.stubs import Stub

_TYPES = {"str": (str, "text"), "path": (str, "text"), "int": (int, "a whole number"), "bool": (bool, "true or false")}


def answers(stub: Stub, call: Call) -> dict[str, object]:
    """Return the values that files give; a word on the command line wins over the same one in `--answers`.

    Raises:
        UsageError: a file cannot be read or an answer is unknown, of the wrong type, given twice or missing.
    """
    given = _json(call)
    known = {*stub.word_types, "fields"}
    for key in given:
        if key not in known:
            raise UsageError(f"--answers: {stub.spec.name} has no parameter '{key}'", nearest(key, known))
    params = [param for param in stub.spec.params if param.name in stub.word_types]
    listed = next((param.name for param in params if param.many), "")
    typed = {param.name for param in params if _is_typed(param, call)}
    _refuse_two_answers(params, given, typed, call)
    result = {key: value for key, value in given.items() if key not in {"fields", listed} | typed}
    sources = [given[key] for key in dict.fromkeys((listed, "fields")) if key in given]
    sources += [fields_file(call)] if call.text("fields") else []
    if len(sources) + bool(call.values.get(listed)) > 1:
        raise UsageError("fields were given twice: as words and in a file", "give them in one place")
    if sources:
        result[listed] = sources[0]
    for param in params:
        _check(param, call, result)
    return result


def words_of(call: Call, *, leave_out: frozenset[str] = frozenset()) -> dict[str, object]:
    """Return what `--answers` gives to a command that is no stub; a word that was typed wins over the same one there.

    Raises:
        UsageError: the file cannot be read or an answer is unknown, of the wrong type, given twice or missing.
    """
    given = _json(call)
    params = [param for param in call.spec.params if param.name not in {"answers", *leave_out}]
    for key in given:
        if key not in {param.name for param in params}:
            raise UsageError(
                f"--answers: {call.spec.name} has no parameter '{key}'", nearest(key, [param.name for param in params])
            )
    typed = {param.name for param in params if _is_typed(param, call)}
    _refuse_two_answers(params, given, typed, call)
    result = {key: value for key, value in given.items() if key not in typed}
    for param in params:
        if param.many and param.name in typed and param.name in given:
            raise UsageError(f"'{param.name}' was given twice: as words and in --answers", "give it in one place")
        _check(param, call, result)
        if param.many and not isinstance(result.get(param.name, []), list):
            raise UsageError(f"--answers: '{param.name}' must be a list, not {result[param.name]!r}")
    return result


def _is_typed(param: Param, call: Call) -> bool:
    """Tell whether the command line gives a value; the default is what it holds when it does not."""
    value = call.values.get(param.name)
    return bool(value) and value != param.default


def _refuse_two_answers(params: list[Param], given: Mapping[str, object], typed: set[str], call: Call) -> None:
    """A word that takes a place which the file fills was most likely meant for the next one."""
    for param in params:
        both = param.kind == "argument" and not param.many and param.name in typed and param.name in given
        if both and given[param.name] != call.values[param.name]:
            said = f"--answers says {param.name} is {given[param.name]!r}, the command line"
            raise UsageError(f"{said} {call.text(param.name)!r}", f"leave {param.name} out of one of them")


def _check(param: Param, call: Call, result: dict[str, object]) -> None:
    value = result.get(param.name)
    if param.required and value is None and not call.values.get(param.name):
        where = param.name.upper() if param.kind == "argument" else param.flag
        if not call.text("answers"):
            raise UsageError(f"{call.spec.name}: {where} is empty", "give it a value")
        raise UsageError(f"--answers: '{param.name}' is missing", f"add it, or give {where} on the command line")
    if value is None or param.many:
        return
    kind, said = _TYPES[param.type]
    if not isinstance(value, kind) or (isinstance(value, bool) and param.type != "bool"):
        raise UsageError(f"--answers: '{param.name}' must be {said}, not {value!r}")
    if param.choices and value not in param.choices:
        raise UsageError(f"--answers: '{param.name}' is '{value}'", f"one of {', '.join(param.choices)}")


def _json(call: Call) -> dict[str, object]:
    source = call.text("answers")
    if not source:
        return {}
    text = sys.stdin.read() if source == "-" else _read(call.cwd, source, "--answers")
    try:
        loaded = json.loads(text)
    except ValueError as error:
        raise UsageError(f"--answers {source}: not valid JSON: {error}") from error
    if not isinstance(loaded, dict):
        raise UsageError(f"--answers {source}: expected one JSON object, found {type(loaded).__name__}")
    return cast("dict[str, object]", loaded)


def fields_file(call: Call) -> object:
    """Return what `--fields` holds.

    Raises:
        UsageError: it cannot be read, or is no YAML.
    """
    import yaml  # only for fields in a file

    from arckode_gen.engine import yaml_text

    source = call.text("fields")
    try:
        return yaml_text.parse(_read(call.cwd, source, "--fields"))
    except yaml.YAMLError as error:
        raise UsageError(f"--fields {source}: not valid YAML: {error}") from error


def _read(cwd: Path, source: str, flag: str) -> str:
    try:
        return (cwd / source).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{flag} {source}: cannot be read: {error}") from error
