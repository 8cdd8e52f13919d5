"""SQLAlchemy's objects behind the names of a catalogue: the models' own, or those read from the database."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, PrimaryKeyConstraint, UniqueConstraint

from arckode_gen.errors import CrashError
from arckode_gen.migrations.models.ddl import constraint_text, name_of, tables
from arckode_gen.migrations.models.named_types import NamedType, named_type

if TYPE_CHECKING:
    from sqlalchemy import Column, Constraint, Index, MetaData, Table

    from arckode_gen.migrations.dialects import Dialect
    from arckode_gen.migrations.models.renames import Renames

_KINDS: dict[str, type[Constraint]] = {
    "check": CheckConstraint,
    "unique": UniqueConstraint,
    "foreign key": ForeignKeyConstraint,
    "primary key": PrimaryKeyConstraint,
}
_AUTOMATIC = re.compile(r"_ibfk_\d+$")
_RESTRICTING = (None, "", "NO ACTION", "RESTRICT")


class Objects:
    """Looks objects up by the names that a catalogue of this dialect gives them."""

    def __init__(self, metadata: MetaData, dialect: Dialect, renames: Renames | None = None) -> None:
        self._dialect = dialect
        self._renames = renames
        self._tables = {self._table_name(table): table for table in tables(metadata)}
        self.knows_comments = dialect != "sqlite"

    def _table_name(self, table: Table) -> str:
        return self._renames.table(table.name) if self._renames else table.name

    @property
    def sorted(self) -> tuple[str, ...]:
        """Return the tables' names, those that others refer to first."""
        return tuple(self._tables)

    def late_keys(self, name: str) -> tuple[ForeignKeyConstraint, ...]:
        """Return the foreign keys of a table that refer to one that comes after it, or that its models set apart."""
        place = {table: at for at, table in enumerate(self._tables)}
        keys = self.table(name).foreign_key_constraints
        late = [key for key in keys if key.use_alter or place.get(key.referred_table.name, -1) > place[name]]
        return tuple(sorted(late, key=lambda key: name_of(key, self._dialect)))

    def table(self, name: str) -> Table:
        if name not in self._tables:
            raise CrashError(f"the catalogue names a table {name} that SQLAlchemy does not see")
        return self._tables[name]

    def column(self, table: str, name: str) -> Column[object] | None:
        there = self._tables.get(table)
        if there is None:
            return None
        old = self._renames.old_column(table, name) if self._renames else name
        return next((column for column in there.columns if column.name.lower() == old.lower()), None)

    def named_types(self) -> dict[str, tuple[NamedType, tuple[tuple[str, str], ...]]]:
        """Return the types that PostgreSQL keeps by a name, each with the columns that have it."""
        found: dict[str, tuple[NamedType, tuple[tuple[str, str], ...]]] = {}
        for name, table in self._tables.items():
            for column in table.columns:
                kind = named_type(column)
                if kind is not None:
                    before = found.get(str(kind.name), (kind, ()))
                    new = self._renames.new_column(name, column.name) if self._renames else column.name
                    found[str(kind.name)] = (before[0], (*before[1], (name, new)))
        return found

    def find(self, kind: str, table: str, name: str) -> Constraint | Index | None:
        """Return the object of a name, or of the columns in brackets where the catalogue has no name."""
        there = self.table(table)
        indexes: list[Constraint | Index] = [item for item in there.indexes if name_of(item, self._dialect) == name]
        if kind == "index":
            uniques = [item for item in self._constraints("unique", there) if self._is(item, name)]
            return next(iter([*indexes, *uniques]), None)
        if kind == "primary key":
            return there.primary_key
        return next((item for item in self._constraints(kind, there) if self._is(item, name)), None)

    def _constraints(self, kind: str, table: Table) -> list[Constraint]:
        wanted = _KINDS.get(kind)
        found = [item for item in table.constraints if wanted is not None and isinstance(item, wanted)]
        return sorted(found, key=lambda item: name_of(item, self._dialect))

    def _is(self, item: Constraint, name: str) -> bool:
        own = name_of(item, self._dialect)
        if name.startswith("("):
            columns = self._columns(item)
            return ",".join(columns).upper() == name.strip("()").replace(" ", "").upper()
        if own:
            return own == name
        if isinstance(item, CheckConstraint) and self._dialect == "sqlite":
            from arckode_gen.migrations.catalogue_sqlite import expression

            return expression(constraint_text(item, "sqlite")) == name
        columns = self._columns(item)
        return name in (self._automatic(item, columns), columns[0] if columns else "")

    def _automatic(self, item: Constraint, columns: tuple[str, ...]) -> str:
        """Return the name that PostgreSQL gives what has none."""
        ending = {"unique_constraint": "key", "foreign_key_constraint": "fkey"}.get(item.__visit_name__, "check")
        return "_".join((item.table.name, *columns, ending))

    def _columns(self, item: Constraint) -> tuple[str, ...]:
        names = [column.name for column in getattr(item, "columns", ())]
        if self._renames is None:
            return tuple(names)
        table = self._table_name(item.table)
        return tuple(self._renames.new_column(table, name) for name in names)

    def label(self, item: Constraint | Index, name: str) -> str:
        """Return the name that a statement needs to take the object away."""
        return name_of(item, self._dialect) or ("" if name.startswith("(") else name)

    def key_columns(self) -> set[tuple[str, str]]:
        """Return the columns of every foreign key, with its table, as MySQL and MariaDB write those of an index."""
        return {
            (name, f"({','.join(f'`{column}`' for column in self._columns(key))})")
            for name, table in self._tables.items()
            for key in table.foreign_key_constraints
        }

    def foreign_keys(self) -> dict[str, str]:
        """Return every foreign key as `table.name` and what it says, for servers that cannot tell it of a shadow."""
        found: dict[str, str] = {}
        for name, table in self._tables.items():
            for key in self._constraints("foreign key", table):
                if not isinstance(key, ForeignKeyConstraint):
                    continue
                columns = ", ".join(self._columns(key))
                target = key.elements[0].target_fullname.rpartition(".")[0]
                target = self._renames.table(target) if self._renames else target
                refers = ", ".join(element.target_fullname.rpartition(".")[2] for element in key.elements)
                rules = [
                    f"{word} {rule.upper()}"
                    for word, rule in (("ON DELETE", key.ondelete), ("ON UPDATE", key.onupdate))
                    if rule is not None and rule.upper() not in _RESTRICTING
                ]
                own = name_of(key, self._dialect)
                label = f"{name}.{own}" if own and not _AUTOMATIC.search(own) else f"{name}({columns})"
                found[label] = " ".join((f"({columns}) REFERENCES {target} ({refers})", *rules))
        return found
