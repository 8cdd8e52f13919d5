"""Where models and migrations disagree, after every migration is replayed for every engine it is written for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from arckode_analyzers.facts.shapes import within
from arckode_analyzers.sql.replay import Schema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from arckode_analyzers.model.declared_tables import Declared, DeclaredTable, DeclaredTables
    from arckode_analyzers.model.migrations import Migrations, Statement
    from arckode_analyzers.model.project import Project
    from arckode_analyzers.model.source import Source
    from arckode_analyzers.sql.operations import Column, Operation
    from arckode_analyzers.sql.replay import Table

_TOLD = {"postgresql": "PostgreSQL", "mysql": "MySQL", "mariadb": "MariaDB", "sqlite": "SQLite"}
_TYPES = {
    "int": re.compile(r"(TINY|SMALL|MEDIUM|BIG)?(INT|INTEGER|SERIAL)\b"),
    "text": re.compile(r"(VAR)?CHAR|(TINY|MEDIUM|LONG)?TEXT\b|STRING|NVARCHAR|CITEXT"),
    "bool": re.compile(r"BOOL"),
    "datetime": re.compile(r"TIMESTAMP|DATETIME"),
    "date": re.compile(r"DATE$"),
    "time": re.compile(r"TIME\b"),
    "uuid": re.compile(r"UUID|UNIQUEIDENTIFIER"),
    "float": re.compile(r"FLOAT|DOUBLE|REAL"),
    "numeric": re.compile(r"NUMERIC|DECIMAL"),
    "json": re.compile(r"JSON"),
    "bytes": re.compile(r"(TINY|MEDIUM|LONG)?BLOB|BYTEA|(VAR)?BINARY"),
}
# What a kind of value certainly cannot be kept in; engines without a type of their own keep some as text or number.
_NEVER = {
    "int": frozenset({"text", "datetime", "date", "time", "json", "uuid", "bytes"}),
    "text": frozenset({"int", "bool", "numeric", "float", "datetime", "date", "time"}),
    "bool": frozenset({"text", "datetime", "date", "time", "json", "uuid", "float", "bytes"}),
    "datetime": frozenset({"bool", "json", "uuid", "numeric", "float", "int", "bytes", "time"}),
    "date": frozenset({"bool", "json", "uuid", "numeric", "float", "int", "bytes", "time"}),
    "time": frozenset({"bool", "json", "uuid", "numeric", "float", "int", "bytes", "date"}),
    "uuid": frozenset({"int", "bool", "datetime", "date", "time", "float", "numeric", "json"}),
    "float": frozenset({"bool", "datetime", "date", "time", "json", "uuid", "text", "bytes"}),
    "bytes": frozenset({"int", "bool", "datetime", "date", "time", "numeric", "float"}),
}


@dataclass(frozen=True, slots=True, order=True)
class Drift:
    """One disagreement; `hint` says how to end it."""

    path: str
    line: int
    column: int
    symbol: str
    message: str
    callee: str
    hint: str


class SchemaDrift:
    """Compares each declared table with what the migrations leave, as far as the files of both can be read."""

    def __init__(self, project: Project, migrations: Migrations, declared: Callable[[], DeclaredTables]) -> None:
        self._project = project
        self._migrations = migrations
        self._read_declared = declared
        self.by_path: dict[str, list[Drift]] = {}
        found: dict[Drift, list[str]] = {}
        engines = [engine for engine in migrations.engines if self._is_covered(engine)]
        for engine in engines:
            for drift in self._on(engine):
                found.setdefault(drift, []).append(engine)
        for drift in sorted(found):
            self.by_path.setdefault(drift.path, []).append(_with_engines(drift, found[drift], len(engines)))

    @cached_property
    def _declared(self) -> DeclaredTables:
        return self._read_declared()

    def _is_covered(self, engine: str) -> bool:
        """Tell whether every migration can be read and has statements for an engine."""
        if any("migrations" in layers for layers in self._project.unread.values()):
            return False
        return all(each.has(engine) for each in self._migrations.all)

    def _on(self, engine: str) -> Iterator[Drift]:
        schema = Schema()
        created: dict[str, tuple[Source, Statement]] = {}
        for migration in self._migrations.all:
            for row in migration.on(engine):
                operations = self._migrations.operations(row, engine)
                schema.apply(operations if row.is_certain else map(_uncertain, operations))
                for each in operations:
                    if each.kind == "create_table":
                        created[each.table] = (migration.source, row)
        if not self._migrations.all or not schema.known:
            return
        for table in self._declared.all:
            yield from self._compared(table, schema.tables.get(table.name))
        yield from self._undeclared(schema, created)

    def _compared(self, table: DeclaredTable, migrated: Table | None) -> Iterator[Drift]:
        if migrated is None:
            if self._begins_at_nothing():
                message = f"the table `{table.name}` is declared, and no migration creates it"
                yield _of_table(table, message, table.name, "write the migration: `arckode make:migration`")
            return
        if not migrated.known:
            return
        for column in table.columns:
            there = migrated.columns.get(column.name)
            if there is None:
                message = f"`{table.name}.{column.name}` is declared, and no migration adds it"
                yield _of_column(table, column, message, "write a migration that adds the column")
            else:
                yield from _differences(table, column, there)
        names = {column.name for column in table.columns}
        for name in sorted(migrated.columns.keys() - names if table.is_complete else ()):
            message = f"the migrations leave `{table.name}.{name}`, which no model declares"
            hint = "declare it again, or drop the column in a migration"
            yield _of_table(table, message, f"{table.name}.{name}", hint)

    def _begins_at_nothing(self) -> bool:
        """Tell whether the first migration starts from an empty database, as far as its file says."""
        first = next((each for each in self._migrations.all if each.is_alembic), None)
        if first is None:
            return True
        rows = [operation.kind for row in first.on("*") for operation in self._migrations.operations(row, "*")]
        return not first.after and "create_table" in rows

    def _undeclared(self, schema: Schema, created: dict[str, tuple[Source, Statement]]) -> Iterator[Drift]:
        if self._project.unread or any(each.is_alembic for each in self._migrations.all):
            return
        for name in sorted(schema.tables.keys() - self._declared.names):
            table = schema.tables[name]
            if not table.known or name.startswith("_") or name not in created or self._is_mentioned(name):
                continue
            source, row = created[name]
            message = f"the migrations leave the table `{name}`, which no model declares"
            hint = "declare its model again, or drop the table in a migration"
            yield Drift(source.path, row.line, row.column, source.module, message, name, hint)

    def _is_mentioned(self, table: str) -> bool:
        """Tell whether a text outside the migrations reads or writes a table: SQL may use one without a model."""
        word = re.compile(rf"\b(from|into|update|join|table)\s+[\"`]?{re.escape(table)}\b", re.IGNORECASE)
        for source in self._project.sources.values():
            if "migrations" in source.layers:
                continue
            facts = source.facts
            shapes = [*(row.value for row in facts.bindings), *(part for row in facts.calls for part in row.args)]
            for shape in shapes:
                for part in within(shape) if shape is not None else ():
                    if part[0] == "const" and isinstance(part[1], str) and word.search(part[1]):
                        return True
        return False


def _uncertain(operation: Operation) -> Operation:
    """Return what is known of an operation that may not run: its table is, but not how."""
    return operation._replace(kind="unknown") if operation.table else operation


def _differences(table: DeclaredTable, column: Declared, there: Column) -> Iterator[Drift]:
    name = f"{table.name}.{column.name}"
    if column.nullable is not None and not column.primary and not there.primary and column.nullable != there.nullable:
        says, leaves = ("may", "NOT NULL") if column.nullable else ("may not", "nullable")
        message = f"`{name}` {says} be NULL in the model, and the migrations leave it {leaves}"
        yield _of_column(table, column, message, "write a migration, or correct the model")
    if column.unique is True and not there.unique and not there.primary:
        message = f"`{name}` is unique in the model, and no migration makes it so"
        yield _of_column(table, column, message, "write a migration that adds the unique constraint")
    if column.unique is False and there.unique and not column.primary:
        message = f"`{name}` is unique in the migrations, and the model does not say so"
        yield _of_column(table, column, message, "say unique=True, or drop the constraint in a migration")
    kind = next((each for each, pattern in _TYPES.items() if pattern.match(there.type)), "")
    if kind in _NEVER.get(column.kind, ()):
        message = f"`{name}` is {column.kind} in the model and {there.type} in the migrations"
        yield _of_column(table, column, message, "change the type in a migration, or correct the model")


def _of_column(table: DeclaredTable, column: Declared, message: str, hint: str) -> Drift:
    callee = f"{table.name}.{column.name}"
    return Drift(column.source.path, column.line, column.column, table.symbol, message, callee, hint)


def _of_table(table: DeclaredTable, message: str, callee: str, hint: str) -> Drift:
    return Drift(table.source.path, table.line, table.column, table.symbol, message, callee, hint)


def _with_engines(drift: Drift, engines: list[str], total: int) -> Drift:
    if len(engines) == total:
        return drift
    where = " and ".join(_TOLD[each] for each in engines if each in _TOLD)
    message = f"{drift.message} (on {where})" if where else drift.message
    return Drift(drift.path, drift.line, drift.column, drift.symbol, message, drift.callee, drift.hint)
