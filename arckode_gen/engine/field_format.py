"""A field as the one word of the command line that means it: every field has one spelling here."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from arckode_gen.engine.field_types import MODIFIERS, VALUED
from arckode_gen.errors import UsageError

if TYPE_CHECKING:
    from arckode_gen.engine.field import Field
    from arckode_gen.engine.field_types import FieldType

# What some shell would take for its own.
UNSAFE = re.compile(r"[^A-Za-z0-9_:=/.,-]")


def format_field(field: Field) -> str:
    """Write a field as the one word that `parse_field` reads back.

    Raises:
        UsageError: it holds a pattern or a character that only a file can hold.
    """
    word = ":".join((field.name, _type_word(field), *_modifier_words(field)))
    if field.pattern or UNSAFE.search(word) or not _is_one_word(field):
        raise UsageError(f"{field.name!r} cannot be written as one word", "pass it with `--fields FILE.yml`")
    return word


def _type_word(field: Field) -> str:
    if field.type == "decimal":
        return f"decimal={field.precision}.{field.scale}"
    if field.type == "enum":
        return f"enum={'/'.join(field.values)}"
    if field.type == "list":
        return f"list={field.element}"
    return f"{field.type}={'/'.join((field.target, *field.shows))}" if field.target else field.type


def _modifier_words(field: Field) -> list[str]:
    words: list[str] = []
    for modifier in MODIFIERS:
        value = getattr(field, modifier)
        if modifier not in VALUED:
            words += [modifier] * bool(value)
        elif value not in {None, ""} and (modifier, value) != ("on_delete", "restrict"):
            words.append(f"{modifier}={_as_word(field.type, value)}")
    return words


def _as_word(kind: FieldType, value: str | int | bool) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value).replace(":", "") if kind in {"time", "datetime"} else str(value)


def _is_one_word(field: Field) -> bool:
    """Tell whether no value is empty or holds a sign that separates the parts of a word."""
    texts = [*field.values, *([field.default] if field.type in {"str", "text"} and field.default is not None else [])]
    return all(str(text) and ":" not in str(text) for text in texts) and not any("/" in value for value in field.values)
