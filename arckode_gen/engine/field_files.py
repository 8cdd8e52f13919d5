"""Fields in `--fields FILE.yml`, in JSON on standard input and in the manifest: words, or mappings for any text."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import fields as dataclass_fields
from typing import TYPE_CHECKING, cast

from arckode_gen.engine.field_types import MODIFIERS, VALUED
from arckode_gen.engine.fields import Field, RawField, build_field, build_fields, cut, format_field
from arckode_gen.errors import UsageError, nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_TYPE_KEYS = ("precision", "scale", "values", "element", "target", "shows")
_KEYS = ("name", "type", *_TYPE_KEYS, *MODIFIERS)


def fields_from_mapping(data: object) -> tuple[Field, ...]:
    """Understand what a file holds: a list of fields, or a mapping whose `fields` is one.

    A field is a word as on the command line, with any printable character in its values, or a mapping with the keys of
    `field_to_json`.

    Raises:
        UsageError: every wrong field is in the message; or the file holds something else.
    """
    items = cast("Mapping[object, object]", data).get("fields") if isinstance(data, dict) else data
    if not isinstance(items, list):
        message = f"the fields are {_kind(items)}, not a list"
        raise UsageError(message, 'write `["sku:str:unique", {"name": "total", "type": "decimal"}]`')
    return build_fields(cast("list[object]", items), lambda item: build_field(_raw(item)))


def field_to_json(field: Field) -> str | dict[str, object]:
    """Write a field as a word, or as a mapping when only that can hold it; `fields_from_mapping` reads both back."""
    try:
        return format_field(field)
    except UsageError:
        return _mapping(field)


def _mapping(field: Field) -> dict[str, object]:
    defaults = {known.name: known.default for known in dataclass_fields(field)}
    written: dict[str, object] = {"name": field.name, "type": field.type}
    for key in (*_TYPE_KEYS, *MODIFIERS):
        value = getattr(field, key)
        if value != defaults[key] or (key == "default" and value is not None):
            written[key] = list(value) if isinstance(value, tuple) else value
    if field.type == "decimal":
        written["scale"] = field.scale
    return written


def _raw(item: object) -> RawField:
    if isinstance(item, str):
        name, _, rest = item.partition(":")
        _check_printable(item, rest)
        return cut(item, name, rest)
    if isinstance(item, dict):
        return _raw_from_mapping(cast("dict[object, object]", item))
    raise UsageError(f"{item!r} is {_kind(item)}, not a field", "write a text such as `sku:str:unique`, or a mapping")


def _raw_from_mapping(item: dict[object, object]) -> RawField:
    name, kind = item.get("name"), item.get("type", "str")
    word = name if isinstance(name, str) else repr(item)
    if not isinstance(name, str) or not isinstance(kind, str):
        raise UsageError(f"{word!r}: `name` and `type` are texts", 'write `{"name": "total", "type": "decimal"}`')
    for key in item:
        if key not in _KEYS:
            raise UsageError(f"{word!r}: there is no key {key!r}", nearest(str(key), _KEYS))
    base = cut(word, name, kind)
    if base.modifiers or (base.type == "str" and kind not in {"str", ""} and kind.partition("=")[0] in MODIFIERS):
        raise UsageError(f"{word!r}: {kind!r} is no type", "give each modifier its own key")
    arguments = base.arguments or _arguments(word, base.type, item)
    flags = tuple((key, _flag(word, key, item[key])) for key in MODIFIERS if key not in VALUED and item.get(key))
    values = tuple(
        (key, _text(word, key, item[key])) for key in MODIFIERS if key in VALUED and item.get(key) is not None
    )
    return RawField(word, name, base.type, arguments, (*flags, *values))


def _arguments(word: str, kind: str, item: dict[object, object]) -> tuple[str, ...]:
    values = item.get("values")
    if values is not None:
        if kind != "enum" or not isinstance(values, list):
            raise UsageError(f"{word!r}: `values` is the list of an enum's values", 'write `"type": "enum"` beside it')
        return tuple(_text(word, "values", value) for value in cast("list[object]", values))
    if "precision" in item:
        return (f"{_text(word, 'precision', item['precision'])}.{_text(word, 'scale', item.get('scale', 0))}",)
    given = [_text(word, key, item[key]) for key in ("element", "target") if item.get(key) is not None]
    shown = item.get("shows", [])
    if not isinstance(shown, list):
        raise UsageError(f"{word!r}: `shows` is a list of names", 'write `"shows": ["total"]`')
    return (*given, *(_text(word, "shows", name) for name in cast("list[object]", shown)))


def _flag(word: str, key: str, value: object) -> str:
    if value is not True:
        raise UsageError(f"{word!r}: {key} is true or false, not {value!r}", f'write `"{key}": true`')
    return ""


def _text(word: str, key: str, value: object) -> str:
    """Write a value of JSON or YAML as the field language spells it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dt.datetime):
        moment = value.astimezone(dt.UTC) if value.tzinfo else value
        return f"{moment.replace(tzinfo=None, microsecond=0).isoformat()}Z"
    if isinstance(value, float):
        return f"{value:.15f}".rstrip("0").rstrip(".")
    if isinstance(value, str | int | dt.date):
        _check_printable(word, str(value))
        return value.isoformat() if isinstance(value, dt.date) else str(value)
    raise UsageError(f"{word!r}: {key} is {_kind(value)}, not a text or a number", f"write `{key}` as a text")


def _check_printable(word: str, text: str) -> None:
    odd = _UNPRINTABLE.search(text)
    if odd:
        raise UsageError(f"{word!r}: the character {odd[0]!r} cannot be printed", "leave it out")


def _kind(value: object) -> str:
    names = {"NoneType": "missing", "dict": "a mapping", "list": "a list", "str": "a text", "bool": "a truth value"}
    return names.get(type(value).__name__, f"a {type(value).__name__}")
