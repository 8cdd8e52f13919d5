"""Sockets of several processes through Redis (pub/sub): what is sent while Redis is away reaches nobody.

Whoever must not miss anything reads it from the database when the socket opens; a socket only says that it is there.
"""

import asyncio
import time
from contextlib import suppress

import structlog
from redis.exceptions import RedisError

from .app import Kernel
from .redis_client import answered, listening, namespace
from .sockets_backplane import Deliver
from .websockets import SOCKETS, SocketSettings, WebSockets

logger = structlog.get_logger("sockets")


def provide_redis_sockets(kernel: Kernel) -> None:
    """Send through Redis when SOCKETS__PROVIDER says redis."""
    settings = kernel.settings.of(SocketSettings)
    if settings.provider != "redis":
        return
    backplane = RedisBackplane(settings, prefix=namespace(kernel))
    kernel.add_probe("sockets", backplane.ping, optional=True)
    sockets = WebSockets(settings, backplane, origins=kernel.settings.cors_origins)
    kernel.provide(SOCKETS, sockets, router=sockets.router)
    kernel.on_start(sockets.start)
    kernel.on_stop(sockets.stop)


class RedisBackplane:
    """Implements Backplane; who is connected is known by entries that end unless they are renewed."""

    def __init__(self, settings: SocketSettings, *, prefix: str, timeout: float = 5.0) -> None:
        self._redis = listening(settings.url, timeout=timeout)
        self._channel = f"{prefix}:sockets"
        self._present = f"{prefix}:present"
        self._life = settings.heartbeat * 3
        self._mine: dict[str, str] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._ended = False

    async def start(self, deliver: Deliver) -> None:
        self._ended = False
        self._tasks = [asyncio.create_task(self._listen(deliver)), asyncio.create_task(self._renew())]

    async def stop(self) -> None:
        # The driver can lose a cancellation to a time-out that comes at the same moment.
        self._ended = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._mine:
            with suppress(RedisError, OSError):
                await self._redis.zrem(self._present, *self._entries())
        await self._redis.aclose()

    async def publish(self, text: str) -> None:
        await answered(self._redis.publish(self._channel, text))

    async def arrive(self, client: str, user: str) -> None:
        self._mine[client] = user
        with suppress(RedisError, OSError):  # renewed with the next heartbeat
            await self._redis.zadd(self._present, {f"{user} {client}": time.time() + self._life})

    async def leave(self, client: str, user: str) -> None:
        self._mine.pop(client, None)
        with suppress(RedisError, OSError):  # ends by itself
            await self._redis.zrem(self._present, f"{user} {client}")

    async def present(self) -> frozenset[str]:
        now = time.time()
        await self._redis.zremrangebyscore(self._present, "-inf", now)
        found = await self._redis.zrange(self._present, 0, -1)
        return frozenset(bytes(each).decode().partition(" ")[0] for each in found if isinstance(each, bytes))

    async def ping(self) -> None:
        """Raise UnavailableError unless Redis answers."""
        await answered(self._redis.ping())

    async def _listen(self, deliver: Deliver) -> None:
        while not self._ended:
            try:
                async with self._redis.pubsub() as pubsub:
                    await pubsub.subscribe(self._channel)
                    async for message in pubsub.listen():
                        if message["type"] == "message":
                            await deliver(message["data"].decode())
            except (RedisError, OSError) as error:
                logger.warning("what is sent to sockets of other processes is lost", error=type(error).__name__)
                await asyncio.sleep(1)

    async def _renew(self) -> None:
        while not self._ended:
            await asyncio.sleep(self._life / 3)
            if self._mine:
                with suppress(RedisError, OSError):
                    await self._redis.zadd(self._present, dict.fromkeys(self._entries(), time.time() + self._life))

    def _entries(self) -> list[str]:
        return [f"{user} {client}" for client, user in self._mine.items()]
