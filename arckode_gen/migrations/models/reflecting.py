"""Reads the database's tables as SQLAlchemy's objects, from which the way back is written."""

from __future__ import annotations

import re
import warnings
from typing import TYPE_CHECKING, cast

from sqlalchemy import (
    BLOB,
    DATETIME,
    DOUBLE,
    DOUBLE_PRECISION,
    JSON,
    UUID,
    CheckConstraint,
    DateTime,
    Double,
    LargeBinary,
    MetaData,
    Uuid,
    make_url,
    text,
)
from sqlalchemy.dialects import mysql
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from arckode_gen.migrations.models.ddl import READ_FROM, SEQUENCE
from arckode_gen.migrations.models.sqlite_live import MASTER, Live
from arckode_gen.migrations.models.sqlite_live import live as in_order

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Column, Table
    from sqlalchemy import Connection as SqlConnection
    from sqlalchemy.types import TypeEngine

    from arckode_gen.migrations.catalogue import Catalogue
    from arckode_gen.migrations.connection import Connection
    from arckode_gen.migrations.dialects import Dialect
    from arckode_gen.migrations.url import DatabaseUrl

_CASTS = re.compile(r"::(?:text|character varying|bpchar)(?:\(\d+\))?(?:\[\])?")
_MEMBERS = re.compile(r"\(*(\w+)\)?(?:::text)? = ANY \(+ARRAY\[([^\]]*)\]\)?(?:::text\[\])?\)+")
_NEXT = re.compile(r"nextval\('(?P<name>.+)'::regclass\)")
_DRIVERS: dict[Dialect, str] = {
    "sqlite": "sqlite+aiosqlite",
    "postgresql": "postgresql+asyncpg",
    "mysql": "mysql+aiomysql",
    "mariadb": "mariadb+aiomysql",
}


async def read(url: DatabaseUrl, root: Path, dialect: Dialect, live: Catalogue) -> MetaData:
    """Return every table of the database, in words that other databases understand too."""
    found = MetaData()

    def reflect(connection: SqlConnection) -> None:
        with warnings.catch_warnings():
            # What SQLAlchemy does not know of (an index over an expression) is in the catalogue that is compared.
            warnings.simplefilter("ignore")
            found.reflect(connection)

    if url.family == "sqlite" and not (root / url.database).exists():
        return found
    target = make_url(f"{_DRIVERS[dialect]}://").set(
        username=url.user or None,
        password=url.password or None,
        host=url.host or None,
        port=url.port or None,
        database=str(root / url.database) if url.family == "sqlite" else url.database,
    )
    engine = create_async_engine(target, poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            await connection.run_sync(reflect)
    finally:
        await engine.dispose()
    for table in found.tables.values():
        _generalise(table, live, dialect)
    return found


def _generalise(table: Table, live: Catalogue, dialect: Dialect) -> None:
    for check in [item for item in table.constraints if isinstance(item, CheckConstraint)]:
        check.sqltext = text(_plain(str(check.sqltext)))
    for column in table.columns:
        column.info[READ_FROM] = dialect
        column.type = _general(column.type)
        if sequence := _sequence(column):
            column.info[SEQUENCE], column.server_default = sequence, None  # no other engine has it
        if live.get(f"column {table.name}.{column.name}", "").endswith(f"CHECK (json_valid(`{column.name}`))"):
            column.type = JSON()


def _general(kind: TypeEngine[object]) -> TypeEngine[object]:
    """Return a type that is the same on its own engine, where its own name would be none that others know."""
    if isinstance(kind, DOUBLE_PRECISION) or type(kind) in (DOUBLE, mysql.DOUBLE):
        return Double()  # the precision it was read with means something else on MySQL
    if type(kind) in (BLOB, mysql.BLOB) and not getattr(kind, "length", None):
        return cast("TypeEngine[object]", LargeBinary())
    if isinstance(kind, UUID):
        return cast("TypeEngine[object]", Uuid())
    if type(kind) is DATETIME:
        return cast("TypeEngine[object]", DateTime())
    if isinstance(kind, mysql.DATETIME):
        return cast("TypeEngine[object]", DateTime().with_variant(kind, "mysql", "mariadb"))
    return kind


def _sequence(column: Column[object]) -> str:
    """Return the sequence that numbers a key; one that numbers anything else stays a default like any other."""
    said = getattr(getattr(column.server_default, "arg", None), "text", "")
    found = _NEXT.fullmatch(said) if column.primary_key and column.autoincrement is True else None
    return found["name"] if found else ""


def _plain(sql: str) -> str:
    """Take out what PostgreSQL and MariaDB add to a condition when they write it down, and put back again."""
    member = _MEMBERS.fullmatch(sql)
    if member is not None:
        return f"{member[1]} IN ({_CASTS.sub('', member[2])})"
    return re.sub(r"`(\w+)`", r"\1", _CASTS.sub("", sql))


async def texts(connection: Connection) -> Live:
    """Return what a SQLite database holds, in its own words."""
    rows = await connection.fetch(MASTER)
    return in_order([row[key] for key in ("type", "name", "tbl_name", "sql")] for row in rows)
