"""A field of an entity, in the words that models, schemas and migrations need."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from arckode_gen.engine import reserved
from arckode_gen.engine.field_types import TYPES
from arckode_gen.engine.names import to_camel

if TYPE_CHECKING:
    from arckode_gen.engine.field_types import ElementType, FieldType, OnDelete

_UNFILTERABLE: frozenset[FieldType] = frozenset({"text", "json", "bytes", "list", "password", "token", "file"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field that passed every check; `fields.py` makes them from words and from files.

    `min` and `max` bound a number's value (text for decimal and float), a text's length, a list's count, or a size in
    bytes. `default` is canonical text for what JSON has no type for; `now` and `today` stay words. `shows` are the
    fields of the other module that a relation shows, `via` is the field there that points back.
    """

    name: str
    type: FieldType
    precision: int = 0
    scale: int = 0
    values: tuple[str, ...] = ()
    element: ElementType = "str"
    target: str = ""
    shows: tuple[str, ...] = ()
    null: bool = False
    unique: bool = False
    index: bool = False
    default: str | int | None = None
    min: str | int | None = None
    max: str | int | None = None
    len: int | None = None
    pattern: str = ""
    redact: bool = False
    pii: bool = False
    readonly: bool = False
    writeonly: bool = False
    immutable: bool = False
    owner: bool = False
    tenant: bool = False
    on_delete: OnDelete = "restrict"
    via: str = ""

    @property
    def has_column(self) -> bool:
        return self.type not in {"has_one", "has_many", "many_to_many"}

    @property
    def is_stored(self) -> bool:
        """Whether the database keeps it: in a column of this table, or in a table of links that this module owns."""
        return self.has_column or self.type == "many_to_many"

    @property
    def column(self) -> str:
        """The column's name; a relation that keeps nothing in this table answers its own name."""
        return f"{self.name}_id" if self.type == "belongs_to" else self.name

    @property
    def attribute(self) -> str:
        """The Python attribute: the column, with an underscore where SQLAlchemy or pydantic needs the name."""
        taken = self.column in reserved.TAKEN_ATTRIBUTES or self.column.startswith(reserved.TAKEN_PREFIXES)
        return f"{self.column}_" if taken else self.column

    @property
    def json_name(self) -> str:
        return to_camel(self.column)

    @property
    def db_length(self) -> int | None:
        """The length of the VARCHAR, or None for what is no VARCHAR; a password's is its hash's."""
        if self.type == "enum":
            return max((len(value) for value in self.values), default=0)
        said = None if self.type == "password" else self.len or self.max
        length = TYPES[self.type].length
        return said if length and isinstance(said, int) else length

    @property
    def indexed(self) -> bool:
        """Whether the column has an index that is not unique; what is always searched by has one unasked."""
        return not self.unique and (self.index or self.owner or self.tenant or self.type == "belongs_to")

    @property
    def filterable(self) -> bool:
        """Whether the list action may filter by it: comparable and not hidden."""
        hidden = self.redact or self.writeonly or self.type in _UNFILTERABLE
        return self.has_column and not hidden

    @property
    def query_name(self) -> str:
        """The parameter of the list action that asks for a value."""
        return f"{self.column}_eq" if self.column in reserved.QUERY_NAMES else self.attribute

    @property
    def members(self) -> tuple[tuple[str, str], ...]:
        """The enum's Python member names beside its values."""
        return tuple((member_name(value), value) for value in self.values)


def member_name(value: str) -> str:
    """Name an enum's member after its value; `1st` becomes `VALUE_1ST`, and what has no letter or digit is empty."""
    name = re.sub(r"[^A-Za-z0-9]+", "_", value).strip("_").upper()
    return f"VALUE_{name}" if name[:1].isdigit() else name
