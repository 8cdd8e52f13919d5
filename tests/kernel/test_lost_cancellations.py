"""What reads from Redis ends also when the driver takes a cancellation for a time-out of its own."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, cast

import pytest
from pydantic import SecretStr
from redis.exceptions import TimeoutError as RedisTimeoutError

from kernel.sockets_redis import RedisBackplane
from kernel.streams import StreamSettings
from kernel.streams_redis import RedisLog
from kernel.websockets import SocketSettings

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from redis.asyncio import Redis

pytestmark = pytest.mark.anyio


class Forgetful:
    """A driver that waits for an answer for ever, and makes a time-out of the first cancellation."""

    def __init__(self) -> None:
        self.waits = asyncio.Event()
        self.lost = 0

    async def wait(self) -> None:
        self.waits.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.lost += 1
            if self.lost > 1:
                raise
            raise RedisTimeoutError from None

    async def xread(self, *_words: object, **_options: object) -> None:
        await self.wait()

    async def xrevrange(self, *_words: object, **_options: object) -> list[object]:
        return []

    @asynccontextmanager
    async def pubsub(self) -> AsyncGenerator[Forgetful]:
        yield self

    async def subscribe(self, _channel: str) -> None: ...

    async def listen(self) -> AsyncGenerator[dict[str, str]]:
        await self.wait()
        yield {}

    async def aclose(self) -> None: ...


async def test_the_reader_of_streams_ends() -> None:
    log, driver = RedisLog(StreamSettings(url=SecretStr("redis://127.0.0.1:1")), prefix="test"), Forgetful()
    log._redis = cast("Redis", driver)
    await log.start(("news",), lambda _stream, _entry: None)
    async with asyncio.timeout(15):
        await driver.waits.wait()
        await log.stop()


async def test_the_reader_of_sockets_ends() -> None:
    backplane, driver = RedisBackplane(SocketSettings(url=SecretStr("redis://127.0.0.1:1")), prefix="test"), Forgetful()
    backplane._redis = cast("Redis", driver)

    async def deliver(_text: str) -> None: ...

    await backplane.start(deliver)
    async with asyncio.timeout(15):
        await driver.waits.wait()
        await backplane.stop()
