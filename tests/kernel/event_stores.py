"""Event stores on servers of their own, for the tests that every store has to pass and for those of these alone."""

from __future__ import annotations

import asyncio
import secrets
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr
from pymongo import AsyncMongoClient

from kernel.event_store import EventStoreSettings
from kernel.event_store_mongodb import MongoEvents
from kernel.event_store_redis import RedisEvents
from tests.kernel.test_cache import cleared
from tests.services import mongodb_url, redis_url

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from kernel.clock import Clock
    from kernel.event_store_outside import OutsideStore

OUTSIDE_KINDS = ("redis", "mongodb", "another mongodb")
OUTSIDE = (
    pytest.param("redis", marks=pytest.mark.redis),
    pytest.param("mongodb", marks=pytest.mark.mongodb),
    pytest.param("another mongodb", marks=pytest.mark.mongodb),
)


@asynccontextmanager
async def opened_store(kind: str, *, clock: Clock | None = None) -> AsyncGenerator[OutsideStore]:
    """Open an empty store on a server that is there, and leave nothing behind."""
    space = f"test_{secrets.token_hex(6)}"
    url = redis_url() if kind == "redis" else await asyncio.to_thread(mongodb_url, kind)
    store = made_store(kind, url, space, clock=clock)
    try:
        yield store
    finally:
        await store.close()
        await removed(kind, url, space)


def made_store(kind: str, url: str, space: str, *, clock: Clock | None = None) -> OutsideStore:
    """Make a store as one process has it."""
    if kind == "redis":
        settings = EventStoreSettings(provider="redis", redis_url=SecretStr(url), poll=0.05)
        return RedisEvents(settings, prefix=space, clock=clock)
    settings = EventStoreSettings(provider="mongodb", mongodb_url=SecretStr(url), poll=0.05)
    return MongoEvents(settings, database=space, clock=clock)


async def removed(kind: str, url: str, space: str) -> None:
    """Remove what a test stored."""
    if kind == "redis":
        await cleared(url, f"{{{space}")
        return
    async with AsyncMongoClient[dict[str, object]](url) as client:
        await client.drop_database(space)
