"""Connections of the driver's own that are lent for single statements, and kept for a moment.

What a pool does for every use costs more than such a statement does.
"""

import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

from sqlalchemy import PoolProxiedConnection
from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_connection
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.util import greenlet_spawn

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


def _has_ended(lent: PoolProxiedConnection) -> bool:
    adapted = lent.dbapi_connection
    return isinstance(adapted, AsyncAdapt_asyncpg_connection) and adapted.driver_connection.is_closed()
