"""Brings the tables of a development database up to the models when the application starts. It never drops.

Columns, indexes and constraints that are missing come too, as far as the engine and the rows allow; the rest is said.

Migrations are the way of every database that matters: two processes that start together would race here, and nobody
has read the SQL. So production refuses it.
"""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import Column, Connection, Enum, MetaData, String, Table, Text, func, inspect, select, text
from sqlalchemy.engine.reflection import Inspector
from sqlalchemy.schema import CreateColumn

from .database import Database
from .errors import ProgrammingError
from .model import Entity, UtcDateTime
from .schema_constraints import add_constraints

logger = structlog.get_logger("kernel.schema")

_OWN = MetaData()
# The last synced model of each table, which tells a column that a model lost from one that was never its own.
_SYNCED = Table(
    "_arckode_schema",
    _OWN,
    Column("table_name", String(255), primary_key=True),
    Column("model", Text, nullable=False),
    Column("synced_at", UtcDateTime(), nullable=False),
)
_LOCK = "CONCAT('_arckode_schema ', LEFT(SHA1(DATABASE()), 40))"  # MariaDB's names of locks are the whole server's
_PATIENCE = 60


@dataclass(frozen=True, slots=True)
class SyncResult:
    """What a sync did, and what it left to a person."""

    created: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


async def sync_schema(
    database: Database, *, production: bool, allowed: bool = False, metadata: MetaData = Entity.metadata
) -> SyncResult:
    """Create the tables that are missing and add the columns that are missing, and log what does not fit.

    Raises ProgrammingError in production, unless it is allowed, and when another process does not end its own sync.
    """
    if production and not allowed:
        raise ProgrammingError(
            "the schema is not synced in production: run `arckode db:migrate` (ALLOW_SCHEMA_SYNC=1 says otherwise)"
        )
    now = database.clock.now()
    async with _one_at_a_time(database), database.transaction() as session:
        connection = await session.connection()
        result = await connection.run_sync(lambda found: _sync(found, metadata, now))
    for name in (*result.created, *result.added):
        logger.info("schema synced", made=name)
    for warning in result.warnings:
        logger.warning(warning)
    return result


def _sync(connection: Connection, metadata: MetaData, now: datetime) -> SyncResult:
    _wait_for_others(connection)
    inspector = inspect(connection)
    there = set(inspector.get_table_names())
    _OWN.create_all(connection)
    before = {row.table_name: json.loads(row.model) for row in connection.execute(select(_SYNCED))}
    created = tuple(table.name for table in metadata.sorted_tables if table.name not in there)
    metadata.create_all(connection)
    added: list[str] = []
    lost = sorted(name for name in before if name in there and name not in metadata.tables)
    warnings = [f"the table {name} has no model any more; it was kept" for name in lost]
    for table in metadata.sorted_tables:
        if table.name in there:
            fresh, doubts = _add_columns(connection, inspector, table, before.get(table.name, {}))
            added += fresh
            warnings += doubts
        _remember(connection, table, before.get(table.name, {}) if table.name in there else {}, now)
    return SyncResult(created, tuple(added), tuple(warnings))


def _add_columns(
    connection: Connection, inspector: Inspector, table: Table, before: dict[str, str]
) -> tuple[list[str], list[str]]:
    present = {column["name"] for column in inspector.get_columns(table.name)}
    missing = [column for column in table.columns if column.name not in present]
    warnings = [
        f"the column {table.name}.{name} is no longer in the model; it was kept"
        for name in sorted(present - set(table.columns.keys()))
        if name in before
    ]
    warnings += [
        f"the column {table.name}.{column.name} was {before[column.name]} and is {_type(connection, column)} in the "
        "model; a sync changes no column, `arckode db:diff --write NAME` does"
        for column in table.columns
        if column.name in present and before.get(column.name, _type(connection, column)) != _type(connection, column)
    ]
    for column in missing:
        warnings += _add(connection, table, column)
    constraints, doubts = add_constraints(connection, table)
    return [*(f"{table.name}.{column.name}" for column in missing), *constraints], warnings + doubts


def _add(connection: Connection, table: Table, column: Column[object]) -> list[str]:
    """Add one column; one that rows could not fill stays nullable, and that is said."""
    if isinstance(column.type, Enum):
        column.type.create(connection, checkfirst=True)
    definition = str(CreateColumn(column).compile(dialect=connection.dialect)).strip()
    warnings: list[str] = []
    if not column.nullable and column.server_default is None and _has_rows(connection, table):
        definition = definition.replace(" NOT NULL", "", 1)
        warnings.append(
            f"the column {table.name}.{column.name} was added as nullable: the table has rows, and it has no default"
        )
    elif not column.nullable and column.server_default is None and connection.dialect.name == "sqlite":
        definition = definition.replace(" NOT NULL", "", 1)
        warnings.append(f"the column {table.name}.{column.name} was added as nullable: SQLite adds no other")
    if connection.dialect.name == "sqlite":
        definition += _references(connection, column)
    quoted = connection.dialect.identifier_preparer.quote(table.name)
    connection.execute(text(f"ALTER TABLE {quoted} ADD COLUMN {definition}".replace(":", "\\:")))
    return warnings


def _has_rows(connection: Connection, table: Table) -> bool:
    return bool(connection.scalar(select(func.count()).select_from(table)))


def _references(connection: Connection, column: Column[object]) -> str:
    """Return the foreign key of a new column as SQLite takes it, which is only beside the column."""
    quote = connection.dialect.identifier_preparer.quote
    for key in column.foreign_keys:
        if key.constraint is not None and len(key.constraint.elements) == 1 and column.server_default is None:
            name = f" CONSTRAINT {quote(str(key.constraint.name))}" if key.constraint.name else ""
            target = f" REFERENCES {quote(key.column.table.name)} ({quote(key.column.name)})"
            ondelete = f" ON DELETE {key.constraint.ondelete}" if key.constraint.ondelete else ""
            onupdate = f" ON UPDATE {key.constraint.onupdate}" if key.constraint.onupdate else ""
            return name + target + ondelete + onupdate
    return ""


@asynccontextmanager
async def _one_at_a_time(database: Database) -> AsyncGenerator[None]:
    """Hold MariaDB's or MySQL's lock, which a transaction does not end, until what was synced is committed."""
    if database.engine.dialect.name not in {"mariadb", "mysql"}:
        yield
        return
    async with database.engine.connect() as holder:
        if not await holder.scalar(text(f"SELECT GET_LOCK({_LOCK}, {_PATIENCE})")):
            raise ProgrammingError(
                f"another process has been syncing the schema for {_PATIENCE} seconds: see SHOW PROCESSLIST, end it, "
                "and start again"
            )
        try:
            yield
        finally:
            await holder.execute(text(f"SELECT RELEASE_LOCK({_LOCK})"))


def _wait_for_others(connection: Connection) -> None:
    """Let one transaction at a time sync a database, where a lock ends with the transaction."""
    if connection.dialect.name == "sqlite":
        _OWN.create_all(connection)
        connection.execute(_SYNCED.delete().where(_SYNCED.c.table_name == ""))  # a write takes the lock
    elif connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('_arckode_schema'))"))


def _type(connection: Connection, column: Column[object]) -> str:
    compiled = column.type.compile(dialect=connection.dialect)
    if isinstance(column.type, Enum) and connection.dialect.name == "postgresql" and column.type.native_enum:
        return f"{compiled}({', '.join(column.type.enums)})"
    return compiled


def _remember(connection: Connection, table: Table, before: dict[str, str], now: datetime) -> None:
    """Note the model; what it lost and the table still has stays noted, so that every start says so."""
    columns = {column["name"] for column in inspect(connection).get_columns(table.name)}
    kept = {name: kind for name, kind in before.items() if name in columns}
    model = json.dumps(kept | {column.name: _type(connection, column) for column in table.columns}, sort_keys=True)
    connection.execute(_SYNCED.delete().where(_SYNCED.c.table_name == table.name))
    connection.execute(_SYNCED.insert().values(table_name=table.name, model=model, synced_at=now))
