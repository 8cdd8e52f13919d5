"""What each type of the field language is: how long its text may be, and which modifiers mean something for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

FieldType = Literal[
    "str",
    "text",
    "int",
    "bigint",
    "decimal",
    "float",
    "bool",
    "date",
    "datetime",
    "time",
    "uuid",
    "json",
    "bytes",
    "email",
    "url",
    "slug",
    "enum",
    "list",
    "password",
    "token",
    "file",
    "belongs_to",
    "has_one",
    "has_many",
    "many_to_many",
]
ElementType = Literal["str", "int", "float", "bool", "uuid"]
Modifier = Literal[
    "null",
    "unique",
    "index",
    "default",
    "min",
    "max",
    "len",
    "pattern",
    "redact",
    "pii",
    "readonly",
    "writeonly",
    "immutable",
    "owner",
    "tenant",
    "on_delete",
    "via",
]
OnDelete = Literal["cascade", "restrict", "set_null"]

ELEMENTS: tuple[ElementType, ...] = ("str", "int", "float", "bool", "uuid")
ON_DELETE: tuple[OnDelete, ...] = ("cascade", "restrict", "set_null")
RELATIONS: tuple[FieldType, ...] = ("belongs_to", "has_one", "has_many", "many_to_many")

# The order in which a field is written down.
MODIFIERS: tuple[Modifier, ...] = get_args(Modifier)
VALUED: frozenset[str] = frozenset({"default", "min", "max", "len", "pattern", "on_delete", "via"})

_COLUMN: frozenset[str] = frozenset({"null", "redact", "pii", "readonly", "writeonly", "immutable"})
_KEYED = _COLUMN | {"unique", "index"}
_NUMBER = _KEYED | {"default", "min", "max"}
_MOMENT = _KEYED | {"default"}
_WHO: frozenset[str] = frozenset({"owner", "tenant"})


@dataclass(frozen=True, slots=True)
class TypeRule:
    """The modifiers that fit a type and, for text in a VARCHAR, its length when none is said."""

    modifiers: frozenset[str]
    length: int | None = None


TYPES: dict[FieldType, TypeRule] = {
    "str": TypeRule(_NUMBER | _WHO | {"len", "pattern"}, 255),
    "text": TypeRule(_COLUMN | {"default", "min", "max", "pattern"}),
    "int": TypeRule(_NUMBER | _WHO),
    "bigint": TypeRule(_NUMBER | _WHO),
    "decimal": TypeRule(_NUMBER),
    "float": TypeRule(_NUMBER - {"unique"}),
    "bool": TypeRule(_MOMENT - {"unique"}),
    "date": TypeRule(_MOMENT),
    "datetime": TypeRule(_MOMENT),
    "time": TypeRule(_MOMENT),
    "uuid": TypeRule(_KEYED | _WHO),
    "json": TypeRule(_COLUMN),
    "bytes": TypeRule(_COLUMN | {"max"}),
    "email": TypeRule(_KEYED, 254),
    "url": TypeRule(_KEYED | {"max"}, 2048),
    "slug": TypeRule(_KEYED | {"min", "max", "pattern"}, 160),
    "enum": TypeRule(_KEYED | {"default"}),
    "list": TypeRule(_COLUMN | {"min", "max"}),
    "password": TypeRule(_COLUMN | {"min", "max"}, 255),
    "token": TypeRule(_KEYED, 64),
    "file": TypeRule(_COLUMN, 512),
    "belongs_to": TypeRule(_KEYED | _WHO | {"on_delete"}),
    "has_one": TypeRule(frozenset({"via"})),
    "has_many": TypeRule(frozenset({"via"})),
    "many_to_many": TypeRule(frozenset()),
}

# How the seeds' documents spell three types; `number` is exact there too.
ALIASES: dict[str, FieldType] = {"string": "str", "number": "decimal", "boolean": "bool"}
NUMBER_ALIAS_SIZE = (18, 6)
DECIMAL_SIZE = (12, 2)
DECIMAL_DIGITS = 18  # the most that SQLite keeps exactly in its 64-bit integers

# Spellings from other tools, for the hint only.
FOREIGN_WORDS: dict[str, str] = {
    "array": "list",
    "blob": "bytes",
    "char": "str",
    "double": "float",
    "foreign": "belongs_to",
    "image": "file",
    "integer": "int",
    "jsonb": "json",
    "money": "decimal",
    "not_null": "",
    "personal": "pii",
    "nullable": "null",
    "optional": "null",
    "references": "belongs_to",
    "required": "",
    "timestamp": "datetime",
    "uniq": "unique",
    "varchar": "str",
}


def types_with(modifier: str) -> tuple[FieldType, ...]:
    """Return the types that a modifier fits, in the order of the documentation."""
    return tuple(name for name, rule in TYPES.items() if modifier in rule.modifiers)
