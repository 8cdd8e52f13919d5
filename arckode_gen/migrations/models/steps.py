"""One difference between models and database; turned around, it is its own way back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from sqlalchemy import Column, Constraint, Enum, Index, Table

    from arckode_gen.migrations.models.named_types import NamedType

Kind = Literal["table", "column", "constraint", "index", "comment", "enum", "type", "rename table", "rename column"]
Facet = Literal["column", "null", "default", "comment"]


@dataclass(frozen=True, slots=True)
class Held:
    """A column of an enumeration, under the names it has while the members change."""

    table: str
    name: str
    old: Column[object]
    new: Column[object]


@dataclass(frozen=True, slots=True)
class Step:
    """`old` is what the database has and `new` what the models say; one of them is None where something comes or goes.

    `name` is the object's; for a table it is empty. `facets` says what of a column differs. `late` are the foreign keys
    of a table that have steps of their own, because they refer to a table that is not there yet. `fill` is the SQL that
    rows which are there get in a column that becomes required, on the way there or on the way back. `unseen` says that
    migrations tell of it and not the database, which is of another kind.
    """

    kind: Kind
    table: str
    name: str
    old: Table | Column[object] | Constraint | Index | Enum | NamedType | str | None
    new: Table | Column[object] | Constraint | Index | Enum | NamedType | str | None
    what: str = ""
    facets: frozenset[Facet] = frozenset()
    said: str = ""
    late: tuple[Constraint, ...] = ()
    fill: str = ""
    held: tuple[Held, ...] = ()
    unseen: bool = False

    @property
    def verb(self) -> str:
        if self.kind.startswith("rename"):
            return "rename"
        return "add" if self.old is None else "drop" if self.new is None else "change"

    @property
    def item(self) -> object:
        """The one side there is; the old one of two."""
        return self.new if self.old is None else self.old

    @property
    def loses_data(self) -> bool:
        return self.verb == "drop" and self.kind in ("table", "column")

    @property
    def back(self) -> Step:
        held = tuple(replace(column, old=column.new, new=column.old) for column in self.held)
        return replace(self, old=self.new, new=self.old, held=held)

    def __str__(self) -> str:
        return f"{self.title}: {self.said}" if self.said else self.title

    @property
    def title(self) -> str:
        """What is done to what, without the definitions."""
        what = self.what or self.kind
        if self.kind == "rename table":
            return f"rename table {self.old} to {self.new}"
        if self.kind == "rename column":
            return f"rename column {self.table}.{self.old} to {self.new}"
        name = ".".join(part for part in (self.table, self.name) if part)
        return f"{self.verb} {what} {name}"
