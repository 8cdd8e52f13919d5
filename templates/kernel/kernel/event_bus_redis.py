"""Events through Redis Streams (7 or newer): a stream for each partition, and a consumer group for each group.

All processes of a group read as one consumer, and a lease says which of them has a partition: what one of them left
unsettled is what the next one reads first. Redis must keep what it is given: `appendonly yes`, and
`maxmemory-policy noeviction`. Events that every group has settled are removed.
"""

import asyncio
import secrets
from collections.abc import Sequence
from typing import Final, TypeAlias, cast

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from .app import Kernel
from .event_bus import install, namespace
from .event_bus_settings import EventBusSettings
from .event_bus_values import Delivery, Intake, partition_of, read, written
from .events import Event
from .redis_client import answered, impatient

_Entry: TypeAlias = tuple[bytes, dict[bytes, bytes] | None]
_CONSUMER: Final = "group"
_BLOCK = 1000  # milliseconds that Redis may keep an empty answer back
_TRIM_EVERY = 60.0
_AT_ONCE = 500  # events for which Redis lets everybody else wait

# Each event goes to the stream whose number is said before it; one answer for all is read faster than one for each.
_PUBLISH: Final = """
for number = 1, #ARGV, 2 do
    redis.call('XADD', KEYS[tonumber(ARGV[number])], '*', 'event', ARGV[number + 1])
end
return #ARGV / 2
"""

# Renew what I have, and take what is free up to my share of the partitions; answer the share and what I have.
_CLAIM: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local me, ttl, partitions = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('ZADD', KEYS[1], now + ttl, me)
local share = math.ceil(partitions / redis.call('ZCARD', KEYS[1]))
local mine, free = {}, {}
for partition = 0, partitions - 1 do
    local lease = redis.call('HGET', KEYS[2], partition)
    local ends, owner = string.match(lease or '0|', '^(%d+)|(.*)$')
    if owner == me then table.insert(mine, partition)
    elseif tonumber(ends) <= now then table.insert(free, partition) end
end
for _, partition in ipairs(free) do
    if #mine < share then table.insert(mine, partition) end
end
for _, partition in ipairs(mine) do
    redis.call('HSET', KEYS[2], partition, string.format('%.0f', now + ttl) .. '|' .. me)
end
table.insert(mine, 1, share)
return mine
"""
_RELEASE: Final = """
for number = 2, #ARGV do
    local lease = redis.call('HGET', KEYS[2], ARGV[number])
    if lease and string.match(lease, '|(.*)$') == ARGV[1] then redis.call('HDEL', KEYS[2], ARGV[number]) end
end
if #ARGV == 1 then redis.call('ZREM', KEYS[1], ARGV[1]) end
return 0
"""


def provide_redis_bus(kernel: Kernel) -> None:
    """Carry events through Redis when EVENT_BUS_PROVIDER says redis."""
    settings = kernel.settings.of(EventBusSettings)
    if settings.provider == "redis":
        install(kernel, RedisBroker(settings, prefix=namespace(kernel)))


class RedisBroker:
    """Implements Broker."""

    def __init__(self, settings: EventBusSettings, *, prefix: str, timeout: float = 5.0) -> None:
        self._settings = settings
        self._prefix = f"{{{prefix}:events}}"  # the braces keep all of it on one node of a cluster
        self._redis = impatient(settings.redis, connections=20, timeout=timeout)
        self._publish = self._redis.register_script(_PUBLISH)
        # A connection of its own for each partition that a group reads; opened when it is needed.
        self._waiting = impatient(settings.redis, connections=10_000, timeout=timeout + _BLOCK / 1000)

    async def publish(self, events: Sequence[Event]) -> None:
        for start in range(0, len(events), _AT_ONCE):
            streams: dict[str, int] = {}
            words: list[int | bytes] = []
            for event in events[start : start + _AT_ONCE]:
                stream = self.stream(partition_of(event, self._settings.partitions))
                words += (streams.setdefault(stream, len(streams) + 1), written(event))
            await answered(self._publish(keys=list(streams), args=words))

    async def consume(self, intake: Intake) -> None:
        await answered(_RedisGroup(self._redis, self._waiting, self._settings, self._prefix, intake).run())

    async def ping(self) -> None:
        await answered(self._redis.ping())

    async def close(self) -> None:
        await self._redis.aclose()
        await self._waiting.aclose()

    def stream(self, partition: int) -> str:
        """Answer the key of a partition's stream."""
        return f"{self._prefix}:{partition}"


class _RedisGroup:
    """What one process does for one group: hold its share of the partitions, and read each of them."""

    def __init__(self, redis: Redis, waiting: Redis, settings: EventBusSettings, prefix: str, intake: Intake) -> None:
        self._redis = redis
        self._waiting = waiting
        self._partitions = settings.partitions
        self._lease = settings.lease
        self._prefix = prefix
        self._intake = intake
        self._me = secrets.token_hex(8)
        self._keys = [f"{prefix}:members:{intake.group}", f"{prefix}:leases:{intake.group}"]
        self._readers: dict[int, tuple[asyncio.Event, asyncio.Task[None]]] = {}
        self._trimmed = 0.0

    async def run(self) -> None:
        """Hold partitions and read them until the end."""
        for partition in range(self._partitions):
            await self._make_group(partition, "$")
        try:
            while not self._intake.stopping.is_set():
                await self._share()
                self._intake.begin()
                await self._trim()
                await self._intake.pause(self._lease / 3)
            await asyncio.gather(*(task for _, task in self._readers.values()))
        finally:
            for _, task in self._readers.values():
                task.cancel()
            await asyncio.gather(*(task for _, task in self._readers.values()), return_exceptions=True)
        await self._script(_RELEASE, self._me)

    async def _share(self) -> None:
        """Read what is mine up to my share; leave the rest to others when what is being handled has been."""
        words = (self._me, int(self._lease * 1000), self._partitions)
        share, *mine = cast("list[int]", await self._script(_CLAIM, *words))
        for partition in [each for each, (_, task) in self._readers.items() if task.done()]:
            self._readers.pop(partition)[1].result()  # raises what ended it
        kept = sorted(mine, key=lambda partition: (partition not in self._readers, partition))[:share]
        for partition, (ending, _) in self._readers.items():
            if partition not in kept:
                ending.set()
        surplus = [partition for partition in mine if partition not in kept and partition not in self._readers]
        if surplus:
            await self._script(_RELEASE, self._me, *surplus)
        for partition in kept:
            if partition not in self._readers:
                ending = asyncio.Event()
                self._readers[partition] = (ending, asyncio.create_task(self._read(partition, ending)))

    async def _read(self, partition: int, ending: asyncio.Event) -> None:
        """Read a partition: first what was handed over before and not settled, then what is new."""
        again = True
        while not (ending.is_set() or self._intake.stopping.is_set()):
            try:
                entries = await self._entries(partition, again=again)
            except ResponseError as error:
                if not str(error).startswith("NOGROUP"):
                    raise
                # Redis was emptied: whatever is there by now, this group has not seen.
                await self._make_group(partition, "0")
                continue
            if entries:
                await self._hand_over(partition, entries, again=again)
            else:
                again = False
        await self._script(_RELEASE, self._me, partition)

    async def _entries(self, partition: int, *, again: bool) -> list[_Entry]:
        answer = await self._waiting.xreadgroup(
            self._intake.group,
            _CONSUMER,
            {self._stream(partition): "0" if again else ">"},
            count=self._intake.prefetch,
            block=None if again else _BLOCK,
        )
        return _entries_of(answer)

    async def _hand_over(self, partition: int, entries: list[_Entry], *, again: bool) -> None:
        ids = [each for each, _ in entries]
        deliveries = [Delivery(read((fields or {}).get(b"event", b"")), again=again) for _, fields in entries]

        async def settled(count: int) -> None:
            done = ids[:count]
            del ids[:count]
            await self._redis.xack(self._stream(partition), self._intake.group, *done)

        await self._intake.settle(deliveries, settled)

    async def _make_group(self, partition: int, start: str) -> None:
        try:
            await self._redis.xgroup_create(self._stream(partition), self._intake.group, start, mkstream=True)
        except ResponseError as error:
            if not str(error).startswith("BUSYGROUP"):
                raise

    async def _trim(self) -> None:
        """Remove from the partitions of this process what every group has settled."""
        now = asyncio.get_running_loop().time()
        if now - self._trimmed < _TRIM_EVERY:
            return
        self._trimmed = now
        for partition in self._readers:
            key = self._stream(partition)
            oldest = [await self._oldest(key, group) for group in await self._redis.xinfo_groups(key)]
            if oldest:
                await self._redis.xtrim(key, minid=min(oldest, key=_order).decode(), approximate=True)

    async def _oldest(self, key: str, group: dict[str, object]) -> bytes:
        """Answer the first id that a group may still need."""
        if group["pending"]:
            waiting = await self._redis.xpending(key, cast("bytes", group["name"]).decode())
            return cast("bytes", waiting["min"])
        return cast("bytes", group["last-delivered-id"])

    def _stream(self, partition: int) -> str:
        return f"{self._prefix}:{partition}"

    async def _script(self, script: str, *words: str | int) -> object:
        return await self._redis.register_script(script)(keys=self._keys, args=list(words))


def _entries_of(answer: object) -> list[_Entry]:
    """Read what XREADGROUP answers in either version of the protocol."""
    if isinstance(answer, dict):
        return [entry for parts in answer.values() for part in parts for entry in part]
    return [entry for _, entries in answer for entry in entries] if isinstance(answer, list) else []


def _order(entry: bytes) -> tuple[int, int]:
    moment, _, number = entry.decode().partition("-")
    return int(moment), int(number or 0)
