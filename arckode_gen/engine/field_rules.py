"""What makes a field impossible although each of its words is right: combinations, bounds and names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from arckode_gen.engine import reserved
from arckode_gen.engine.field import Field, member_name
from arckode_gen.engine.field_types import types_with
from arckode_gen.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_INDEX_BYTES = 3072  # InnoDB's limit; utf8mb4 takes up to four bytes for a character
_LONGEST = {"str": 10_000, "url": 10_000, "slug": 255, "text": 16_000, "password": 1_024}
_LENGTHS = frozenset({"str", "text", "url", "slug", "password", "list", "bytes"})
_SHORTEST_URL = len("http://a/") + 4  # with a number behind it, which tells rows apart
_VALUE_LENGTH = 64
# pydantic's regular expressions are Rust's, which look neither around nor back.
_NOT_IN_RUST = re.compile(r"\(\?(<?[=!]|P=|>|\()|\\[1-9]")


def check_field(field: Field) -> None:
    """Refuse a field that could not be generated or could not work.

    Raises:
        UsageError: with the reason.
    """
    for reason, hint in (
        *_name(field),
        *_access(field),
        *_keys(field),
        *_bounds(field),
        *_default(field),
        *_enum(field),
        *_pattern(field),
    ):
        raise UsageError(reason, hint)


def check_together(fields: Sequence[Field]) -> None:
    """Refuse fields that get in each other's way.

    Raises:
        UsageError: a name is taken twice, or an entity would have two tenants or two owners.
    """
    seen: dict[str, Field] = {}
    for field in fields:
        for name in (field.column, field.name, field.attribute, field.json_name):
            other = seen.setdefault(name, field)
            if other is not field:
                message = f"{field.name!r} and {other.name!r} are both called {name!r}"
                raise UsageError(
                    message, f"rename one: `{field.name}` is a {field.type}, `{other.name}` a {other.type}"
                )
    for mark in ("tenant", "owner"):
        marked = [field.name for field in fields if getattr(field, mark)]
        if len(marked) > 1:
            message = f"{' and '.join(repr(name) for name in marked)} are both marked {mark}; an entity has one {mark}"
            raise UsageError(message, f"keep `{mark}` on one of them")


def _name(field: Field) -> Iterator[tuple[str, str]]:
    hint = f"choose another name, such as `{field.name}_value`"
    if field.column in reserved.PYTHON_WORDS or (not field.has_column and field.name in reserved.TAKEN_ATTRIBUTES):
        yield f"{field.name!r} is a word of Python's own", hint
    if field.column in reserved.KERNEL_COLUMNS:
        yield f"{field.column!r} is a column that the kernel's model keeps itself", hint
    if field.has_column and field.column in reserved.SQL_WORDS:
        yield f"{field.column!r} is a reserved word in SQL and cannot name a column", hint


def _access(field: Field) -> Iterator[tuple[str, str]]:
    if field.readonly and field.writeonly:
        yield "readonly and writeonly together leave nobody who sees it", "keep one of them"
    if field.readonly and field.immutable:
        yield "readonly already means that no request changes it", "leave `immutable` out"
    served = field.null or field.default is not None or field.owner or field.tenant
    if field.readonly and not served:
        yield "readonly, so that no request can fill it, and it may not be empty", "add `null` or `default=...`"
    if field.owner and field.tenant:
        yield "owner and tenant are two marks for two columns", "keep one of them"
    if field.tenant and field.null:
        yield "tenant with null makes rows that belong to nobody and that everybody may read", "leave `null` out"


def _keys(field: Field) -> Iterator[tuple[str, str]]:
    if field.unique and field.index:
        yield "unique already makes an index", "leave `index` out"
    length = field.db_length or 0
    if (field.unique or field.indexed) and length * 4 > _INDEX_BYTES:
        message = f"MySQL cannot index {length} characters: {length * 4} bytes, and {_INDEX_BYTES} is its limit"
        yield message, f"add `max={_INDEX_BYTES // 4}`"
    if field.on_delete == "set_null" and not field.null:
        yield "on_delete=set_null empties the column, and it may not be empty", "add `null`"


def _bounds(field: Field) -> Iterator[tuple[str, str]]:
    if field.len is not None and (field.min is not None or field.max is not None):
        yield "len says the exact length, so min and max say it twice", "keep `len`, or `min` and `max`"
    least, most = _comparable(field.min), _comparable(field.max)
    if least is not None and most is not None and least > most:
        yield f"min={field.min} is more than max={field.max}", "swap them"
    if field.type in _LENGTHS:
        yield from _lengths(field)


def _lengths(field: Field) -> Iterator[tuple[str, str]]:
    for word, bound in (("min", field.min), ("max", field.max), ("len", field.len)):
        longest = _LONGEST.get(field.type)
        if not isinstance(bound, int):
            continue
        if bound < (0 if word == "min" else 1):
            yield f"{word}={bound} is no length", f"write `{word}=1` or more"
        if longest is not None and bound > longest:
            other = "use the type `text`" if field.type == "str" else f"{longest} is the most for {field.type}"
            yield f"{word}={bound} is too long for {field.type}", other
        if field.type == "url" and 0 < bound < _SHORTEST_URL:
            yield f"{word}={bound} leaves no room for a URL", f"write `max={_SHORTEST_URL}` or more"
    longest = field.db_length
    if longest is not None and field.type != "password" and isinstance(field.min, int) and field.min > longest:
        yield f"min={field.min} is more than the {longest} characters the column keeps", f"add `max={field.min}`"


def _default(field: Field) -> Iterator[tuple[str, str]]:
    if field.default is None:
        return
    if field.values and field.default not in field.values:
        choices = ", ".join(field.values)
        yield f"default={field.default} is not one of {choices}", f"write `default={field.values[0]}`"
    measured = len(str(field.default)) if field.type in _LENGTHS else _comparable(field.default)
    least, most = field.min, field.max if field.type not in _LENGTHS else field.max or field.db_length
    low, high = _comparable(field.len if field.len is not None else least), _comparable(field.len or most)
    if measured is not None and ((low is not None and measured < low) or (high is not None and measured > high)):
        yield f"default={field.default} is outside its own bounds", "change the default, or min, max or len"
    if field.pattern and _compiles(field.pattern) and not re.search(field.pattern, str(field.default)):
        yield f"default={field.default} does not match the pattern", "change one of them"


def _enum(field: Field) -> Iterator[tuple[str, str]]:
    if field.type != "enum":
        return
    if not field.values:
        yield "an enum needs its values", f"write `{field.name}:enum=draft/paid/sent`"
    names: dict[str, str] = {}
    for value in field.values:
        name = member_name(value)
        if not name or len(value) > _VALUE_LENGTH:
            yield f"{value!r} cannot be a value of an enum", f"use letters and digits, at most {_VALUE_LENGTH}"
        if value == names.get(name):
            yield f"{value!r} is given twice", "leave one out"
        if name in names:
            yield f"{value!r} and {names[name]!r} would both be the member {name}", "rename one of them"
        names[name] = value


def _pattern(field: Field) -> Iterator[tuple[str, str]]:
    if not field.pattern:
        return
    if not _compiles(field.pattern):
        yield f"the pattern {field.pattern!r} is no regular expression", "try it with Python's `re` first"
    if _NOT_IN_RUST.search(field.pattern):
        message = f"the pattern {field.pattern!r} looks around or back, which pydantic's regular expressions cannot"
        yield message, "write it without look-around and back-references"


def _compiles(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError):
        return False
    return True


def _comparable(value: str | int | None) -> float | int | None:
    if value is None or isinstance(value, int):
        return value
    return float(value) if re.fullmatch(r"-?\d+(\.\d+)?", value) else None


def misfit(field_type: str, modifier: str) -> UsageError:
    """Explain that a modifier means nothing for a type."""
    fits = types_with(modifier)
    because = {
        ("password", "default"): ": everyone would know it",
        ("text", "unique"): ": MySQL indexes no text without a length",
        ("text", "index"): ": MySQL indexes no text without a length",
    }.get((field_type, modifier), "")
    return UsageError(f"{modifier} does not fit {field_type}{because}", f"it fits {', '.join(fits)}")
