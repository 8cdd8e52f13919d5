"""Connections of the driver's own that are lent for single statements, and kept for a moment.

What a pool does for every use costs more than such a statement does.
"""

import time
from typing import Final, Protocol, cast

from sqlalchemy import PoolProxiedConnection
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.util import greenlet_spawn

from .engine import SqliteDriver

_MOMENT: Final = 0.5  # seconds; after a longer rest the pool finds out whether a connection is still one


class _Driver(Protocol):
    """What is used of asyncpg's connection."""

    def is_closed(self) -> bool: ...


class Lender:
    """Lends connections of an engine's pool, and keeps some of them that were used just now.

    It keeps those of asyncpg only; `at_most` is 0 for others.
    """

    def __init__(self, engine: AsyncEngine, *, at_most: int) -> None:
        self._engine = engine
        self._at_most = at_most
        self._kept: list[tuple[float, PoolProxiedConnection]] = []
        self._shared: PoolProxiedConnection | None = None

    async def lend(self) -> PoolProxiedConnection:
        """Answer a connection that nobody else uses."""
        while self._kept:
            at, lent = self._kept.pop()
            if time.monotonic() - at < _MOMENT:
                return lent
            await greenlet_spawn(lent.close)
        return await self._engine.raw_connection()

    async def take_back(self, lent: PoolProxiedConnection) -> None:
        """Keep a connection for the next use, or give it back to the pool."""
        if len(self._kept) < self._at_most and not cast("_Driver", lent.driver_connection).is_closed():
            self._kept.append((time.monotonic(), lent))
        else:
            await greenlet_spawn(lent.close)

    async def shared(self) -> SqliteDriver:
        """Answer the one connection that is always kept: what uses it queues up for its thread, and not for a lock."""
        if self._shared is None:
            lent = await self._engine.raw_connection()
            if self._shared is None:
                self._shared = lent
            else:  # another was faster
                await greenlet_spawn(lent.close)
        return cast("SqliteDriver", self._shared.driver_connection)

    async def close(self) -> None:
        """Give every connection back to the pool."""
        kept, self._kept = [lent for _, lent in self._kept], []
        shared, self._shared = self._shared, None
        for lent in (*kept, *([] if shared is None else [shared])):
            await greenlet_spawn(lent.close)
