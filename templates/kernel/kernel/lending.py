"""Connections of the driver's own that are lent for single statements, and kept for a moment.

What a pool does for every use costs more than such a statement does.
"""

import asyncio
import sqlite3
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Final, TypeVar

import structlog
from sqlalchemy import PoolProxiedConnection
from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_connection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.util import greenlet_spawn

from .engine import as_transaction, checkpoint, driver_of, in_thread_of, short_writer
from .errors import CannotConnectError, told_in_a_line

T = TypeVar("T")
# Pages: in a longer log whoever reads looks twice (the first part of its index has room for 4062), and from a shorter
# one a page that is written again and again is copied more often.
_LOG: Final = 4000
_SELDOM: Final = (20, 1000)  # transactions that are as many pages: large ones, and the smallest
_MOMENT: Final = 0.5  # seconds; after a longer rest the pool finds out whether a connection is still one
logger = structlog.get_logger("database")


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
    and not for the disk, since what is written goes to the log alone: `LogKeeper` copies it to the database. `info` is
    for what others note of the connection.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self.info: dict[str, Any] = {}
        self._engine = engine
        self._connection: sqlite3.Connection | None = None

    def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run a function that reads what is in memory. Raises NotNowError where that cannot be."""
        return work(self._connected())

    def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run a function as a transaction. Raises NotNowError where another writes."""
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
            self.info.clear()


class LogKeeper:
    """Copies what short transactions left in SQLite's log to the database, every so often and while they go on.

    The log begins anew only once all of it is copied. So what came meanwhile, which is little, is copied in a turn
    with whoever writes. And where a disk does not keep up, it is waited for before the log is twice as long: it grows
    further only while somebody reads without end.
    """

    def __init__(self, lender: Lender, in_turn: Callable[[], AbstractAsyncContextManager[None]]) -> None:
        self._lender = lender
        self._in_turn = in_turn
        self._times = 0
        self._every = _SELDOM[0]
        self._copying: asyncio.Task[None] | None = None

    async def count(self) -> None:
        """Note that something was written, and begin to copy when it is time to."""
        self._times += 1
        if self._times < self._every:
            return
        if self._copying is None or self._copying.done():
            self._copying = asyncio.create_task(self._copy())
        elif self._times >= 2 * self._every:
            await self.settle()

    async def _copy(self) -> None:
        pages = 0
        try:
            async with self._lender.lent() as lent:
                await in_thread_of(driver_of(lent), checkpoint)
                async with self._in_turn():
                    pages = await in_thread_of(driver_of(lent), checkpoint)
        except (SQLAlchemyError, CannotConnectError) as error:  # nothing is lost: the log has it, until the next time
            why = told_in_a_line(error) or str(error.__cause__ or error)
            logger.warning("the log of SQLite is not copied to the database", error=why)
        if pages > 0:
            least, most = _SELDOM
            self._every = min(max(self._times * _LOG // pages, least), most)
        self._times = 0

    async def settle(self) -> None:
        """Wait until what is being copied is."""
        if self._copying is not None and not self._copying.done():
            await asyncio.wait([self._copying])


def _has_ended(lent: PoolProxiedConnection) -> bool:
    adapted = lent.dbapi_connection
    return isinstance(adapted, AsyncAdapt_asyncpg_connection) and adapted.driver_connection.is_closed()
