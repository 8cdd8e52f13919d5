"""How a field is written in Python: its annotation, its column, what a schema demands of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from arckode_gen.engine import reserved, sql_types

if TYPE_CHECKING:
    from arckode_gen.engine.fields import Field

_PLAIN = {
    "str": "str",
    "text": "str",
    "int": "int",
    "bigint": "int",
    "decimal": "Decimal",
    "float": "float",
    "bool": "bool",
    "date": "dt.date",
    "datetime": "dt.datetime",
    "time": "dt.time",
    "uuid": "UUID",
    "json": "object",
    "bytes": "bytes",
    "email": "str",
    "url": "str",
    "slug": "str",
    "password": "str",
    "token": "str",
    "file": "str",
    "belongs_to": "UUID",
}
_SENT = {
    "json": "JsonValue",
    "bytes": "Binary",
    "email": "Email",
    "url": "Url",
    "slug": "Slug",
    "password": "SecretStr",
    "datetime": "AwareDatetime",
}
_SHOWN = {"json": "JsonValue", "bytes": "Binary"}
_ELEMENTS = {"str": "str", "int": "int", "float": "float", "bool": "bool", "uuid": "str"}
_NUMBERS = frozenset({"int", "bigint", "decimal", "float"})
_RANGES = _NUMBERS | {"date", "datetime", "time"}
_SEARCHED = frozenset({"str", "email", "slug", "url"})
_SHORTEST_PASSWORD = 8
_DEFAULT_LENGTH = 255


@dataclass(frozen=True, slots=True)
class FieldCode:
    """One field in the model, in what is received and in what is shown.

    `column` is empty when the annotation says everything. `filters` are the (attribute, annotation) pairs of the list
    query.
    """

    annotation: str
    column: tuple[str, ...]
    received: str
    shown: str
    filters: tuple[tuple[str, str], ...]


def field_code(field: Field, *, enum: str, table: str) -> FieldCode:
    """Return the Python of a field; `enum` is the name of its enumeration's class."""
    plain = _plain(field, enum)
    arguments = (
        *([f'"{field.column}"'] if field.attribute != field.column else []),
        *_stored(field, enum, table),
        *_keywords(field, enum),
    )
    return FieldCode(
        annotation=f"Mapped[{plain} | None]" if field.null else f"Mapped[{plain}]",
        column=arguments,
        received=_received(field, plain),
        shown=_nullable(field, "list[UUID]" if _is_uuids(field) else _SHOWN.get(field.type, plain)),
        filters=_filters(field, plain),
    )


def default_code(field: Field, *, enum: str) -> str:
    """Return the default as Python writes it, or an empty string when there is none."""
    if field.default is None:
        return ""
    text = str(field.default)
    if field.type == "enum":
        return f"{enum}.{next(member for member, value in field.members if value == text)}"
    if field.type in {"date", "datetime", "time"}:
        return _moment(field.type, text)
    if field.type == "decimal":
        return f'Decimal("{text}")'
    if field.type == "bool":
        return "True" if field.default is True else "False"
    if field.type in {"int", "bigint", "float"}:
        return text
    return quote(text)


def is_searched(field: Field) -> bool:
    """Tell whether the list action's `search` looks into the field."""
    return field.filterable and field.type in _SEARCHED


def is_dynamic(field: Field) -> bool:
    """Tell whether the default is made anew for every row."""
    return field.default in {"now", "today"}


def quote(text: str) -> str:
    """Write a string as the formatter would: in double quotes unless that needs more escapes."""
    written = json.dumps(text, ensure_ascii=False).replace("\x7f", "\\x7f")
    return repr(text) if '"' in text and "'" not in text else written


def _plain(field: Field, enum: str) -> str:
    if field.type == "enum":
        return enum
    return f"list[{_ELEMENTS[field.element]}]" if field.type == "list" else _PLAIN[field.type]


def _is_uuids(field: Field) -> bool:
    return field.type == "list" and field.element == "uuid"


def _nullable(field: Field, annotation: str) -> str:
    return f"{annotation} | None" if field.null else annotation


def _stored(field: Field, enum: str, table: str) -> tuple[str, ...]:
    """Return the type of the column, where the annotation does not imply it."""
    if field.type == "belongs_to":
        rule = sql_types.on_delete(field)
        return (f'ForeignKey("{field.target}.id", ondelete="{rule}")',)
    if field.type == "decimal":
        return (f"ExactNumeric({field.precision}, {field.scale})",)
    if field.type == "enum":
        return (f'enum_column({enum}, "{table}_{field.column}")',)
    if field.type in {"json", "list"}:
        return ("Json",)
    if field.type == "text":
        return ("LongText",)
    if field.type == "bigint":
        return ("BigInteger",)
    length = sql_types.length(field)
    if length is not None and length != _DEFAULT_LENGTH:
        return (f"String({length})",)
    return ()


def _keywords(field: Field, enum: str) -> list[str]:
    marks = [mark for mark in ("owner", "pii", "redact", "tenant") if getattr(field, mark)]
    keywords = ["unique=True"] if field.unique else []
    keywords += ["index=True"] if field.indexed else []
    if field.type == "token":
        keywords.append("default=new_token")
    elif field.default is not None:
        keywords.append(f"default={default_code(field, enum=enum)}")
    if marks:
        keywords.append("info={" + ", ".join(f'"{mark}": True' for mark in marks) + "}")
    return keywords


def _received(field: Field, plain: str) -> str:
    """Return the annotation of a value that is sent, with its bounds."""
    base = "list[UuidText]" if _is_uuids(field) else _SENT.get(field.type, plain)
    bounds = _bounds(field)
    optional = _nullable(field, base)
    return f"Annotated[{optional}, Field({', '.join(bounds)})]" if bounds else optional


def _bounds(field: Field) -> list[str]:
    if field.type in _NUMBERS:
        return _number_bounds(field)
    if field.type == "list" or (field.type == "bytes" and field.max is not None):
        return _lengths(field.min, field.max)
    if field.type in {"str", "text", "slug", "url"}:
        longest = field.max if field.type == "text" else sql_types.length(field)
        shortest = field.len or field.min
        bounds = _lengths(shortest, longest)
        return [*bounds, f"pattern={quote(field.pattern)}"] if field.pattern else bounds
    if field.type == "password":
        return _lengths(field.min if field.min is not None else _SHORTEST_PASSWORD, field.max or 1024)
    return _lengths(1, sql_types.length(field)) if field.type == "file" else []


def _number_bounds(field: Field) -> list[str]:
    make = (lambda text: f'Decimal("{text}")') if field.type == "decimal" else str
    bounds = [f"ge={make(field.min)}"] if field.min is not None else []
    bounds += [f"le={make(field.max)}"] if field.max is not None else []
    if field.type == "decimal":
        bounds += [f"max_digits={field.precision}", f"decimal_places={field.scale}"]
    return bounds


def _lengths(shortest: object, longest: object) -> list[str]:
    bounds = [f"min_length={shortest}"] if shortest else []
    return [*bounds, f"max_length={longest}"] if longest is not None else bounds


def _filters(field: Field, plain: str) -> tuple[tuple[str, str], ...]:
    if not field.filterable or field.writeonly:
        return ()
    kind = "AwareDatetime" if field.type == "datetime" else plain
    own = f"{field.attribute}_eq" if field.column in reserved.QUERY_NAMES else field.attribute
    filters = [(own, kind)]
    if field.type in _RANGES:
        filters += [(f"{field.attribute}_gte", kind), (f"{field.attribute}_lte", kind)]
    if field.type in _SEARCHED:
        filters.append((f"{field.attribute}_contains", kind))
    if field.null:
        filters.append((f"{field.attribute}_is_null", "bool"))
    return tuple(filters)


def _moment(kind: str, text: str) -> str:
    if text in {"now", "today"}:
        return f"utc_{text}"
    return f'dt.{kind}.fromisoformat("{text}")'
