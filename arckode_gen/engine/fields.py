"""The field language: `name[:type][:modifier[=value]]*`, for example `status:enum=draft/paid:default=draft`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict, TypeVar, cast

from arckode_gen.engine.field import Field, member_name
from arckode_gen.engine.field_format import UNSAFE, format_field
from arckode_gen.engine.field_rules import check_field, check_together, misfit
from arckode_gen.engine.field_types import (
    ALIASES,
    DECIMAL_DIGITS,
    DECIMAL_SIZE,
    ELEMENTS,
    FOREIGN_WORDS,
    MODIFIERS,
    NUMBER_ALIAS_SIZE,
    ON_DELETE,
    TYPES,
    VALUED,
)
from arckode_gen.engine.field_values import canonical, whole
from arckode_gen.engine.names import Name, identifier
from arckode_gen.errors import UsageError, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from arckode_gen.engine.field_types import ElementType, FieldType, OnDelete

__all__ = [
    "Field",
    "RawField",
    "build_field",
    "build_fields",
    "cut",
    "format_field",
    "member_name",
    "parse_field",
    "parse_fields",
]

_DECIMAL = re.compile(r"(\d{1,2})(?:\.(\d{1,2}))?")


_MODIFIER_WORDS: frozenset[str] = frozenset(MODIFIERS)
_NUMBERS: frozenset[str] = frozenset({"int", "bigint", "decimal", "float"})

Source = TypeVar("Source")


@dataclass(frozen=True, slots=True)
class RawField:
    """A field as it was written, cut into its parts and not yet believed; a flag's value is an empty string."""

    word: str
    name: str
    type: str
    arguments: tuple[str, ...]
    modifiers: tuple[tuple[str, str], ...]


class _TypeParts(TypedDict, total=False):
    precision: int
    scale: int
    values: tuple[str, ...]
    element: ElementType
    target: str
    shows: tuple[str, ...]


class _ModifierParts(TypedDict, total=False):
    null: bool
    unique: bool
    index: bool
    default: str | int
    min: str | int
    max: str | int
    len: int
    pattern: str
    redact: bool
    pii: bool
    readonly: bool
    writeonly: bool
    immutable: bool
    owner: bool
    tenant: bool
    on_delete: OnDelete
    via: str


def parse_field(text: str) -> Field:
    """Understand one field as a word of the command line.

    Raises:
        UsageError: with the word, the reason and the nearest right one.
    """
    name, _, rest = text.partition(":")
    if odd := UNSAFE.search(rest):
        message = f"{text!r}: the character {odd[0]!r} is not safe in every shell"
        raise UsageError(message, "put the field into a file and pass it with `--fields FILE.yml`")
    if ":pattern=" in text:
        raise UsageError(f"{text!r}: a pattern cannot be typed in every shell", "use `--fields FILE.yml`")
    return build_field(cut(text, name, rest))


def parse_fields(words: Iterable[str]) -> tuple[Field, ...]:
    """Understand the fields of one entity.

    Raises:
        UsageError: every wrong word is in the message; or two fields get in each other's way.
    """
    return build_fields(words, parse_field)


def build_fields(sources: Iterable[Source], build: Callable[[Source], Field]) -> tuple[Field, ...]:
    """Build every field and check them as one entity.

    Raises:
        UsageError: every wrong word is in the message; or two fields get in each other's way.
    """
    fields: list[Field] = []
    errors: list[UsageError] = []
    for source in sources:
        try:
            fields.append(build(source))
        except UsageError as error:
            errors.append(error)
    if len(errors) == 1:
        raise errors[0]
    if errors:
        lines = (f"  {error.message}" + (f" ({error.hint})" if error.hint else "") for error in errors)
        raise UsageError("\n".join((f"{len(errors)} fields are wrong:", *lines)))
    check_together(fields)
    return tuple(fields)


def cut(word: str, name: str, rest: str) -> RawField:
    """Cut what follows the name into type and modifiers; the type may be left out.

    Raises:
        UsageError: a part is empty or neither a type nor a modifier.
    """
    parts = rest.split(":") if rest or word.endswith(":") else []
    pairs = [part.partition("=") for part in parts]
    if parts and pairs[0][0] not in _MODIFIER_WORDS:
        kind, equals, argument = pairs.pop(0)
        arguments = tuple(argument.split("/")) if equals else ()
    else:
        kind, arguments = "str", ()
    for part, equals, value in pairs:
        if part in VALUED and not value:
            raise UsageError(f"{word!r}: {part} needs a value", f"write `{part}=...`")
        if part in _MODIFIER_WORDS and part not in VALUED and equals:
            raise UsageError(f"{word!r}: {part} takes no value", f"write `{part}` alone")
    return RawField(word, name, kind, arguments, tuple((part, value) for part, _, value in pairs))


def build_field(raw: RawField) -> Field:
    """Believe a raw field after every check.

    Raises:
        UsageError: with the word as it was written, the reason and the nearest right one.
    """
    try:
        field = _built(raw)
        check_field(field)
    except UsageError as error:
        raise UsageError(f"{raw.word!r}: {error.message}", error.hint) from None
    return field


def _built(raw: RawField) -> Field:
    name = identifier(raw.name)
    kind = _type(raw)
    if kind == "belongs_to":
        name = name.removesuffix("_id") or name
    parts = _type_parts(raw, kind, name)
    size = (parts.get("precision", 0), parts.get("scale", 0))
    return Field(name=name, type=kind, **parts, **_modifier_parts(raw, kind, size))


def _type(raw: RawField) -> FieldType:
    kind = ALIASES.get(raw.type, raw.type)
    if kind in TYPES:
        return kind
    raise UsageError(f"there is no type or modifier called {raw.type!r}", _suggestion(raw.type, (*TYPES, *MODIFIERS)))


def _suggestion(word: str, known: Iterable[str]) -> str:
    known = tuple(known)
    if FOREIGN_WORDS.get(word) in known:
        return f"did you mean '{FOREIGN_WORDS[word]}'?"
    return nearest(word.lower(), known) or f"there are {', '.join(known)}"


def _type_parts(raw: RawField, kind: FieldType, name: str) -> _TypeParts:
    given = raw.arguments
    if kind == "enum" and len(given) == 1 and "," in given[0]:
        raise UsageError(f"enum={given[0]} is one value with a comma", f"write `enum={given[0].replace(',', '/')}`")
    if kind == "enum":
        return {"values": given}
    if kind == "belongs_to":
        return {"target": _target(name, *given)} if len(given) < 2 else _too_many(raw)
    if kind in {"has_one", "has_many", "many_to_many"}:
        return {"target": _target(name, *given[:1]), "shows": tuple(identifier(shown) for shown in given[1:])}
    if len(given) > 1 or (given and kind not in {"decimal", "list"}):
        return _too_many(raw)
    if kind == "decimal":
        return _decimal_parts(raw)
    if kind != "list":
        return {}
    element = ALIASES.get(given[0], given[0]) if given else "str"
    if element not in ELEMENTS:
        raise UsageError(
            f"a list cannot hold {element!r}", nearest(element, ELEMENTS) or f"it holds {', '.join(ELEMENTS)}"
        )
    return {"element": element}


def _too_many(raw: RawField) -> _TypeParts:
    raise UsageError(
        f"{raw.type}={'/'.join(raw.arguments)} says more than {raw.type} takes", f"write `{raw.type}` alone"
    )


def _decimal_parts(raw: RawField) -> _TypeParts:
    if not raw.arguments:
        precision, scale = NUMBER_ALIAS_SIZE if raw.type == "number" else DECIMAL_SIZE
        return {"precision": precision, "scale": scale}
    found = _DECIMAL.fullmatch(raw.arguments[0])
    precision, scale = (int(found[1]), int(found[2] or 0)) if found else (0, 0)
    if not 1 <= precision <= DECIMAL_DIGITS or scale > precision:
        message = f"decimal={raw.arguments[0]} is no precision and scale of at most {DECIMAL_DIGITS} digits"
        raise UsageError(message, "write all digits, a point, and how many of them are decimals, as in `decimal=12.2`")
    return {"precision": precision, "scale": scale}


def _target(name: str, given: str | None = None) -> str:
    """Name the module that a relation points to; what is said outright and cannot be inflected is taken as it is."""
    if given is None:
        try:
            return Name.parse(name).plural
        except UsageError as error:
            message = f"{name!r} does not say which module it points to: {error.message}"
            raise UsageError(message, "name the module, as in `owner:belongs_to=users`") from None
    target = identifier(given)
    try:
        return Name.parse(target).plural
    except UsageError:
        return target


def _modifier_parts(raw: RawField, kind: FieldType, size: tuple[int, int]) -> _ModifierParts:
    parts: dict[str, str | int] = {}
    for word, value in raw.modifiers:
        if word not in _MODIFIER_WORDS:
            raise UsageError(f"there is no modifier called {word!r}", _suggestion(word, TYPES[kind].modifiers))
        if word not in TYPES[kind].modifiers:
            raise misfit(kind, word)
        if word in parts:
            raise UsageError(f"{word} is said twice", "leave one out")
        parts[word] = _value(word, value, kind, size)
    if kind == "belongs_to":
        parts.pop("index", None)  # it always has one
    return cast("_ModifierParts", parts)


def _value(word: str, text: str, kind: FieldType, size: tuple[int, int]) -> str | int:
    if word not in VALUED:
        return True
    if word == "on_delete" and text not in ON_DELETE:
        raise UsageError(
            f"on_delete={text} is unknown", nearest(text, ON_DELETE) or f"there are {', '.join(ON_DELETE)}"
        )
    if word == "via":
        return identifier(text).removesuffix("_id")
    if word == "len" or (word in {"min", "max"} and kind not in _NUMBERS):
        return whole(text)
    if word in {"default", "min", "max"}:
        return canonical(kind, text, size)
    return text
