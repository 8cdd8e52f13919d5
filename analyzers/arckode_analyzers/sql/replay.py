"""The tables that migrations leave behind, as far as every statement on the way could be read."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from arckode_analyzers.sql.operations import Column, Operation

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(slots=True)
class Table:
    """A table by its columns; one that is not `known` had a statement that could not be read."""

    columns: dict[str, Column] = field(default_factory=dict)
    known: bool = True
    uniques: dict[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(slots=True)
class Schema:
    """Every table; when it is not `known`, a statement may have touched any of them."""

    tables: dict[str, Table] = field(default_factory=dict)
    known: bool = True

    def apply(self, operations: Iterable[Operation]) -> None:
        for operation in operations:
            self._apply(operation)

    def columns(self) -> dict[tuple[str, str], Column]:
        return {(name, each.name): each for name, table in self.tables.items() for each in table.columns.values()}

    def _apply(self, operation: Operation) -> None:
        if operation.kind == "unknown" and not operation.table:
            self.known = False
        elif operation.kind == "create_table":
            self._create(operation)
        elif operation.kind == "drop_table":
            self.tables.pop(operation.table, None)
        elif operation.kind == "rename_table":
            self.tables[operation.detail] = self.tables.pop(operation.table, Table(known=False))
        elif operation.kind == "drop_index":
            for table in self.tables.values():
                self._drop_unique(table, operation.name)
        elif operation.table:
            _change(self.tables.setdefault(operation.table, Table(known=False)), operation)

    def _create(self, operation: Operation) -> None:
        if "temporary" in operation.flags:
            return
        if "exists" in operation.flags and operation.table in self.tables:
            return
        columns = {column.name: column for column in operation.columns}
        self.tables[operation.table] = Table(columns, known="open" not in operation.flags)

    @staticmethod
    def _drop_unique(table: Table, name: str) -> None:
        parts = table.uniques.pop(name, ())
        if len(parts) == 1 and parts[0] in table.columns:
            table.columns[parts[0]] = table.columns[parts[0]]._replace(unique=False)


def _change(table: Table, operation: Operation) -> None:
    name = operation.name
    column = table.columns.get(name, Column(name))
    match operation.kind:
        case "unknown":
            table.known = False
        case "add_column":
            table.columns[name] = operation.columns[0]
        case "drop_column":
            table.columns.pop(name, None)
        case "rename_column":
            table.columns = {
                (operation.detail if key == name else key): (
                    value._replace(name=operation.detail) if key == name else value
                )
                for key, value in table.columns.items()
            }
        case "alter_type" | "set_not_null" | "drop_not_null" | "set_default" | "drop_default":
            table.columns[name] = _altered(column, operation)
        case "modify_column":
            unique = column.unique or operation.columns[0].unique
            table.columns[name] = operation.columns[0]._replace(unique=unique, primary=column.primary)
        case "add_constraint" | "create_index":
            _constrain(table, operation)
        case "drop_constraint":
            Schema._drop_unique(table, name)  # noqa: SLF001  # the same module


def _altered(column: Column, operation: Operation) -> Column:
    if operation.kind == "alter_type":
        return column._replace(type=operation.detail)
    if operation.kind in {"set_default", "drop_default"}:
        return column._replace(default=operation.detail)
    return column._replace(nullable=operation.kind == "drop_not_null")


def _constrain(table: Table, operation: Operation) -> None:
    is_unique = operation.detail == "unique" or ("unique" in operation.flags and "partial" not in operation.flags)
    if operation.detail == "primary key":
        for part in operation.parts:
            table.columns[part] = table.columns.get(part, Column(part))._replace(primary=True, nullable=False)
    if is_unique:
        table.uniques[operation.name] = operation.parts
        if len(operation.parts) == 1 and operation.parts[0] in table.columns:
            table.columns[operation.parts[0]] = table.columns[operation.parts[0]]._replace(unique=True)


def unknown(table: Table) -> Table:
    """Return a table about which nothing certain can be said any more."""
    return replace(table, known=False)
