"""What the tests of this project are written with: a database of their own, a client, and a count of statements."""

import os
from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, cast

import httpx2
from fastapi import FastAPI
from sqlalchemy import URL, create_mock_engine, event, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import ExecutableDDLElement
from structlog.testing import capture_logs

from .app import Kernel
from .clock import Clock, FixedClock
from .database import Database
from .model import Entity

if TYPE_CHECKING:
    from aiosqlite import Connection

__all__ = [
    "FixedClock",
    "Statements",
    "client",
    "count_statements",
    "fresh_database",
    "running",
    "silent_log",
    "talk_to",
]

_IN_MEMORY = "sqlite://"
_made: dict[URL, frozenset[str]] = {}  # the tables that are there, by their database


@asynccontextmanager
async def fresh_database(*, clock: Clock | None = None) -> AsyncGenerator[Database]:
    """Open an empty database with every table of the models imported so far.

    It is in memory unless TEST_DATABASE_URL names one, whose tables are then dropped and made again by the first test
    and emptied for the others: never point that at a database you mean to keep.
    """
    url = os.environ.get("TEST_DATABASE_URL") or _IN_MEMORY
    database = Database(url, clock=clock)
    try:
        if url == _IN_MEMORY:
            await _fill(database)
        else:
            await _renew(database)
        yield database
    finally:
        await database.close()


async def _fill(database: Database) -> None:
    """Create the tables from statements that are compiled once: a test has a new database, and they take longest."""
    async with database.engine.connect() as connection:
        raw = await connection.get_raw_connection()
        await cast("Connection", raw.driver_connection).executescript(_script(len(Entity.metadata.tables)))


async def _renew(database: Database) -> None:
    """Make the tables once for all tests of a process: a server empties them in a fraction of that time."""
    tables = frozenset(Entity.metadata.tables)
    if database.dialect != "sqlite" and _made.get(database.url) == tables:
        if tables:
            await _empty(database)
        return
    await database.drop_tables()
    await database.create_tables()
    _made[database.url] = tables


async def _empty(database: Database) -> None:
    """Empty the tables that hold rows, and let those that number them begin anew."""
    name_of = database.engine.dialect.identifier_preparer.format_table
    tables = tuple(Entity.metadata.tables.values())
    async with database.engine.begin() as connection:
        asked = select(*(select(1).select_from(table).exists() for table in tables))
        answers = (await connection.execute(asked)).one()
        numbered = [table for table in tables if table.autoincrement_column is not None]
        filled = [table for table, holds in zip(tables, answers, strict=True) if holds and table not in numbered]
        if database.dialect == "postgresql":
            if filled or numbered:
                names = ", ".join(map(name_of, (*filled, *numbered)))
                await connection.exec_driver_sql(f"TRUNCATE {names} RESTART IDENTITY CASCADE")
            return
        await connection.exec_driver_sql("SET FOREIGN_KEY_CHECKS = 0")
        for table in filled:
            await connection.execute(table.delete())
        for table in numbered:
            await connection.exec_driver_sql(f"TRUNCATE {name_of(table)}")
        await connection.exec_driver_sql("SET FOREIGN_KEY_CHECKS = 1")


@cache
def _script(_tables: int) -> str:
    statements: list[str] = []
    dialect = sqlite.dialect()

    def note(statement: ExecutableDDLElement, *_: object) -> None:
        statements.append(f"{statement.compile(dialect=dialect)};")

    Entity.metadata.create_all(create_mock_engine(_IN_MEMORY, note), checkfirst=False)
    return "".join(statements)


@asynccontextmanager
async def running(kernel: Kernel) -> AsyncGenerator[FastAPI]:
    """Start the application, and stop it afterwards."""
    app = kernel.asgi()
    async with app.router.lifespan_context(app):
        yield app


def talk_to(app: FastAPI, *, base_url: str = "http://test") -> httpx2.AsyncClient:
    """Make a client that talks to a running application without a socket."""
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url=base_url)


@asynccontextmanager
async def client(kernel: Kernel, *, base_url: str = "http://test") -> AsyncGenerator[httpx2.AsyncClient]:
    """Start the application and talk to it; stop it afterwards."""
    async with running(kernel) as app, talk_to(app, base_url=base_url) as http:
        yield http


@contextmanager
def silent_log() -> Generator[list[Mapping[str, object]]]:
    """Keep what a block logs from the terminal, and answer it: what was expected to go wrong is asserted, not read."""
    with capture_logs() as entries:
        yield cast("list[Mapping[str, object]]", entries)


@dataclass(slots=True)
class Statements:
    """The SQL that was sent, transaction control left out."""

    texts: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        return len(self.texts)


_counting: ContextVar[Statements | None] = ContextVar("statements_that_are_counted", default=None)


@contextmanager
def count_statements(database: Database) -> Generator[Statements]:
    """Record the statements a block sends, and not those of tasks that run beside it.

    Nobody is told of the rows it writes, since what they do about them is theirs.
    """
    seen, watcher = Statements(), database.watcher
    database.watcher = None
    token = _counting.set(seen)

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if _counting.get() is seen and not statement.startswith(("BEGIN", "SAVEPOINT", "RELEASE", "ROLLBACK")):
            seen.texts.append(statement)

    engine = database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)
        _counting.reset(token)
        database.watcher = watcher
