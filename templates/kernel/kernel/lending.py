"""Connections of the driver's own that are lent for single statements, and kept for a moment.

What a pool does for every use costs more than such a statement does.
"""

import sqlite3
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Final, TypeVar

from sqlalchemy import PoolProxiedConnection
from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_connection
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.util import greenlet_spawn

from .engine import as_transaction, short_writer

T = TypeVar("T")
_TIMES: Final = 50
_MOMENT: Final = 0.5  # seconds; after a longer rest the pool finds out whether a connection is still one


class Lender:
    """Lends connections of an engine's pool, and keeps some of them that were used just now."""

    def __init__(self, engine: AsyncEngine, *, at_most: int) -> None:
        self._engine = engine
        self._at_most = at_most
        self._kept: list[tuple[float, PoolProxiedConnection]] = []
        self._shared: PoolProxiedConnection | None = None

    @asynccontextmanager
    async def lent(self) -> AsyncGenerator[PoolProxiedConnection]:
        """Lend a connection that nobody else uses; one that something failed on goes back to the pool."""
        lent = await self._lend()
        try:
            yield lent
        except BaseException:
            await greenlet_spawn(lent.close)
            raise
        await self._take_back(lent)

    async def _lend(self) -> PoolProxiedConnection:
        while self._kept:
            at, lent = self._kept.pop()
            if time.monotonic() - at < _MOMENT:
                return lent
            await greenlet_spawn(lent.close)
        return await self._engine.raw_connection()

    async def _take_back(self, lent: PoolProxiedConnection) -> None:
        """Keep a connection for the next use, or give it back to the pool."""
        if len(self._kept) < self._at_most and not _has_ended(lent):
            self._kept.append((time.monotonic(), lent))
        else:
            await greenlet_spawn(lent.close)

    async def shared(self) -> PoolProxiedConnection:
        """Answer the one connection that is always kept, for what queues up for its thread instead of for a lock."""
        if self._shared is None:
            lent = await self._engine.raw_connection()
            if self._shared is None:
                self._shared = lent
            else:  # another was faster
                await greenlet_spawn(lent.close)
        return self._shared

    async def close(self) -> None:
        """Give every connection back to the pool."""
        kept, self._kept = [lent for _, lent in self._kept], []
        shared, self._shared = self._shared, None
        for lent in (*kept, *([] if shared is None else [shared])):
            await greenlet_spawn(lent.close)


class NotNowError(Exception):
    """What was to be done at once would have to wait."""


class AtOnce:
    """Runs short transactions of SQLite where they are asked for, without the way to the driver's thread and back.

    That way takes longer than writing a few rows does. Nothing is waited for here: not for a lock that somebody holds,
    and not for the disk, since what was written goes to the log, and the log to the database, from the thread alone.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._connection: sqlite3.Connection | None = None
        self._times = 0

    def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run a function as a transaction.

        Raises NotNowError where another writes, and every so often, so that the thread comes to see to the log.
        """
        self._times = (self._times + 1) % _TIMES
        if not self._times:
            raise NotNowError
        connection, has_begun = self._connected(), False

        def begun(connection: sqlite3.Connection) -> T:
            nonlocal has_begun
            has_begun = True
            return work(connection)

        try:
            return as_transaction(begun)(connection)
        except sqlite3.OperationalError as error:
            if has_begun or error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise
            raise NotNowError from error

    def _connected(self) -> sqlite3.Connection:
        if self._connection is None:
            try:
                self._connection = short_writer(self._engine)
            except sqlite3.Error as error:  # whoever connects next says why
                raise NotNowError from error
        return self._connection

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _has_ended(lent: PoolProxiedConnection) -> bool:
    adapted = lent.dbapi_connection
    return isinstance(adapted, AsyncAdapt_asyncpg_connection) and adapted.driver_connection.is_closed()
