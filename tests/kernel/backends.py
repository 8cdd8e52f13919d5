"""One way to open each implementation of the repository, so that a single suite runs against all of them."""

from __future__ import annotations

import os
import secrets
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import URL, text
from sqlalchemy.ext.asyncio import create_async_engine

from kernel.clock import FixedClock
from kernel.database import Database
from kernel.memory_database import MemoryDatabase
from kernel.repository_memory import MemoryRepository
from kernel.repository_sql import SqlRepository
from tests.kernel.samples import Article, Line, Note

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from kernel.model import Entity
    from kernel.repository import RepositoryAdapter
    from kernel.unit_of_work import UnitOfWork

START = datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=UTC)


_PREPARED: set[URL] = set()


class ArticlesRepository(SqlRepository[Article]):
    model = Article


class LinesRepository(SqlRepository[Line]):
    model = Line


class NotesRepository(SqlRepository[Note]):
    model = Note


@dataclass(frozen=True, slots=True)
class Shop:
    """Two repositories on one database, and the clock they read."""

    articles: RepositoryAdapter[Article]
    lines: RepositoryAdapter[Line]
    work: UnitOfWork
    clock: FixedClock
    database: Database | None


def memory_shop() -> Shop:
    clock = FixedClock(START)
    database = MemoryDatabase(clock=clock)
    return Shop(MemoryRepository(Article, database), MemoryRepository(Line, database), database, clock, None)


@asynccontextmanager
async def sql_shop(url: str | URL) -> AsyncGenerator[Shop]:
    clock = FixedClock(START)
    database = Database(url, clock=clock, pool_size=5)
    try:
        if database.url not in _PREPARED:
            await database.create_tables()
            # A database in memory, or a file in a test's own folder, is never met again.
            _PREPARED.update({database.url} if database.dialect != "sqlite" else ())
        for repository in (NotesRepository(database), LinesRepository(database), ArticlesRepository(database)):
            await _empty(database, repository.model)
        yield Shop(ArticlesRepository(database), LinesRepository(database), database, clock, database)
    finally:
        await database.close()


async def make_scratch(server: URL) -> URL:
    """Make a database of our own on a server."""
    name = f"arckode_test_{os.getpid()}_{secrets.token_hex(4)}"
    await _command(server, f"CREATE DATABASE {name}")
    return server.set(database=name)


async def drop_scratch(server: URL, made: URL) -> None:
    """Drop what `make_scratch` made."""
    force = " WITH (FORCE)" if server.get_backend_name() == "postgresql" else ""
    await _command(server, f"DROP DATABASE {made.database}{force}")


async def _command(server: URL, sql: str) -> None:
    engine = create_async_engine(server, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(sql))
    await engine.dispose()


async def _empty(database: Database, model: type[Entity]) -> None:
    async with database.transaction() as session:
        await session.execute(model.__table__.delete())  # type: ignore[attr-defined]  # always a Table here
