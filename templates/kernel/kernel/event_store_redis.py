"""Events in Redis (7 or newer), where a script appends them: all of them are there or none, and nothing comes between.

Positions are given in the order in which events become visible, and number them without a gap: a reader skips nobody.
They begin with an epoch, which a server that was started anew raises. One that lost its last second, as Redis may,
would give the same numbers to other events, and readers that have gone further would miss those.

Redis must keep what it is given: `appendonly yes`, `appendfsync always` and `maxmemory-policy noeviction`, which
production insists on. All of it is in one slot of a cluster, and in memory.
"""

import asyncio
from collections.abc import Collection, Sequence
from itertools import chain
from typing import Final, cast
from uuid import UUID

from redis.exceptions import ResponseError

from .app import Kernel
from .clock import Clock, SystemClock, until_set
from .errors import WiringError
from .event_store import EventStoreSettings
from .event_store_outside import OnceChecked, install, of_text, to_text
from .event_values import (
    START,
    ConcurrencyError,
    Expected,
    Page,
    Position,
    RecordedEvent,
    StreamState,
    already_there,
    category_of,
    checked_events,
    checked_stream,
)
from .events import Event
from .redis_client import answered, impatient, namespace

_AT_ONCE: Final = 1000
_DURABLE: Final = (("appendonly", "yes"), ("appendfsync", "always"))

# KEYS: head, epochs, events, ids, the stream, its category, and the type of each event.
# ARGV: what is expected, the ids, the events.
_APPEND: Final = """
local count = #KEYS - 6
local known = {'known'}
for place = 1, count do
    local number = redis.call('HGET', KEYS[4], ARGV[1 + place])
    if number then
        table.insert(known, ARGV[1 + place])
        table.insert(known, redis.call('HGET', KEYS[3], number))
    end
end
if #known > 1 then return known end

local version, expected = redis.call('LLEN', KEYS[5]), ARGV[1]
local fits = expected == 'any' or (expected == 'exists' and version > 0) or tonumber(expected) == version
if not fits then return {'conflict', version} end

local last = tonumber(redis.call('HGET', KEYS[1], 'last') or '0')
local epoch = tonumber(redis.call('HGET', KEYS[1], 'epoch') or '0')
local server = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
if redis.call('HGET', KEYS[1], 'server') ~= server then
    local time = redis.call('TIME')
    epoch = math.max(epoch + 1, time[1] * 1000 + math.floor(time[2] / 1000))
    redis.call('HSET', KEYS[2], string.format('%.0f', epoch), string.format('%.0f', last))
    redis.call('HSET', KEYS[1], 'server', server, 'epoch', string.format('%.0f', epoch))
end
for place = 1, count do
    local number = string.format('%.0f', last + place)
    local placed = string.format('%.0f %s %.0f ', epoch, number, version + place)
    redis.call('HSET', KEYS[3], number, placed .. ARGV[1 + count + place])
    redis.call('HSET', KEYS[4], ARGV[1 + place], number)
    redis.call('RPUSH', KEYS[5], number)
    redis.call('XADD', KEYS[6], number .. '-0', '', '')
    redis.call('XADD', KEYS[6 + place], number .. '-0', '', '')
end
redis.call('HSET', KEYS[1], 'last', string.format('%.0f', last + count))
return {'stored', epoch, last}
"""


def provide_redis_event_store(kernel: Kernel) -> None:
    """Store events in Redis when EVENT_STORE_PROVIDER says redis.

    In production the application does not start on a server that may forget, unless EVENT_STORE__ACCEPT_LOSSES is true.
    """
    settings = kernel.settings.of(EventStoreSettings)
    if settings.provider == "redis":
        insist = kernel.settings.production and not settings.accept_losses
        install(kernel, RedisEvents(settings, prefix=namespace(kernel), clock=kernel.clock, insist=insist))


class RedisEvents:
    """Implements EventStore. With `insist` it takes no events where Redis may forget them."""

    def __init__(
        self, settings: EventStoreSettings, *, prefix: str, clock: Clock | None = None, insist: bool = False
    ) -> None:
        self.poll = settings.poll
        self.check = OnceChecked(self._check)
        self._prefix = f"{{{prefix}:event store}}"  # the braces keep all of it on one node of a cluster
        self._redis = impatient(settings.redis, connections=20, timeout=settings.timeout)
        self._append = self._redis.register_script(_APPEND)
        self._clock = clock or SystemClock()
        self._insist = insist
        self._appended = asyncio.Event()

    async def append(self, stream: str, events: Sequence[Event], *, expected: Expected) -> tuple[Position, ...]:
        checked_stream(stream)
        checked_events(events)
        await self.check()
        now = self._clock.now()
        kinds = [self._key("type", event.type) for event in events]
        shared = [self._key(name) for name in ("head", "epochs", "events", "ids")]
        keys = [*shared, self._key("stream", stream), self._key("category", category_of(stream)), *kinds]
        texts = [to_text(event, stream, now).encode() for event in events]
        words: list[str | bytes] = [_word(expected), *(event.id.bytes for event in events), *texts]
        outcome, *told = cast("list[bytes | int]", await answered(self._append(keys=keys, args=words)))
        match outcome:
            case b"known":
                return already_there(stream, events, _found(cast("list[bytes]", told)))
            case b"conflict":
                raise ConcurrencyError(stream, expected, int(told[0]))
        epoch, last = (int(each) for each in told)
        self._appended.set()
        return tuple(Position(epoch, last + place) for place in range(1, len(events) + 1))

    async def read_stream(
        self, stream: str, *, first: int = 1, last: int | None = None, backwards: bool = False, limit: int | None = None
    ) -> tuple[RecordedEvent, ...]:
        lowest, highest = max(first, 1), await self.version(stream)
        highest = highest if last is None else min(last, highest)
        if limit is not None:
            lowest, highest = (
                (max(lowest, highest - limit + 1), highest) if backwards else (lowest, min(highest, lowest + limit - 1))
            )
        if lowest > highest:
            return ()
        numbers = await answered(self._redis.lrange(self._key("stream", stream), lowest - 1, highest - 1))
        found = await self._events([int(each) for each in numbers])
        return found[::-1] if backwards else found

    async def read_all(
        self, after: Position = START, *, types: Collection[str] = (), category: str = "", limit: int = 500
    ) -> Page:
        # Asked before the events: all that lies below is there by now, and stays as it is.
        head = await self.head()
        place, found = await self._number(after, head), list[RecordedEvent]()
        while len(found) < limit:
            numbers = await self._after(place, head.number, types, category, limit)
            events = await self._events(numbers)
            found += [each for each in events if category in ("", category_of(each.stream))]
            if len(numbers) < limit:
                break
            place = numbers[-1]
        full = len(found) >= limit
        return Page(tuple(found[:limit]), found[limit - 1].position if full else max(after, head))

    async def find(self, event_id: UUID) -> RecordedEvent | None:
        number = await answered(self._redis.hget(self._key("ids"), event_id.bytes))
        return None if number is None else (await self._events([int(number)]))[0]

    async def version(self, stream: str) -> int:
        return await answered(self._redis.llen(self._key("stream", stream)))

    async def head(self) -> Position:
        epoch, last = await answered(self._redis.hmget(self._key("head"), ["epoch", "last"]))
        return Position(int(epoch or 0), int(last or 0))

    async def may_hold(self, position: Position) -> bool:
        return position == START or any(each.position == position for each in await self._events([position.number]))

    async def changed(self, seconds: float) -> None:
        if await until_set(self._appended, seconds):
            self._appended.clear()

    async def ping(self) -> None:
        await answered(self._redis.ping())
        await self.check()

    async def close(self) -> None:
        await self._redis.aclose()

    async def _check(self) -> None:
        if not self._insist:
            return
        said = [await self._said(name) for name in ("appendonly", "appendfsync", "maxmemory", "maxmemory-policy")]
        wrong = [f"{name} {is_}" for (name, wanted), is_ in zip(_DURABLE, said, strict=False) if is_ != wanted]
        if said[2] != "0" and said[3] != "noeviction":
            wrong.append(f"maxmemory-policy {said[3]}")
        if wrong:
            raise WiringError(
                f"the Redis of the event store may forget events ({', '.join(wrong)}); let it have appendonly yes, "
                "appendfsync always and maxmemory-policy noeviction, or accept that with "
                "EVENT_STORE__ACCEPT_LOSSES=true"
            )

    async def _said(self, name: str) -> str:
        """Answer how the server is configured; one that a provider looks after may not tell."""
        try:
            found = await self._redis.config_get(name)
        except ResponseError:
            return "untold"
        return str(found.get(name, "untold"))

    async def _number(self, after: Position, head: Position) -> int:
        """Answer which number a reader goes on after: one of an older epoch, not beyond where the next one began."""
        if after.transaction >= head.transaction:
            return after.number
        epochs = await answered(self._redis.hgetall(self._key("epochs")))
        later = [int(last) for epoch, last in epochs.items() if int(epoch) > after.transaction]
        return min([after.number, *later])

    async def _after(self, place: int, last: int, types: Collection[str], category: str, limit: int) -> list[int]:
        """Answer the numbers of events that a reader may want."""
        keys = [self._key("type", each) for each in types]
        keys = keys or ([self._key("category", category)] if category else [])
        if not keys:
            return list(range(place + 1, min(place + limit, last) + 1))
        async with self._redis.pipeline(transaction=False) as pipeline:
            for key in keys:
                pipeline.xrange(key, min=f"({place}-0", max=f"{last}-0", count=limit)
            found = await answered(pipeline.execute())
        return sorted(int(entry.partition(b"-")[0]) for entry, _ in chain.from_iterable(found))[:limit]

    async def _events(self, numbers: Sequence[int]) -> tuple[RecordedEvent, ...]:
        """Answer events by their numbers; those that there are."""
        found: list[RecordedEvent] = []
        for place in range(0, len(numbers), _AT_ONCE):
            part = numbers[place : place + _AT_ONCE]
            values = await answered(self._redis.hmget(self._key("events"), [str(each) for each in part]))
            found += [_recorded(value) for value in cast("list[bytes | None]", values) if value is not None]
        return tuple(found)

    def _key(self, *parts: str) -> str:
        return ":".join((self._prefix, *parts))


def _word(expected: Expected) -> str:
    match expected:
        case StreamState.ANY:
            return "any"
        case StreamState.EXISTS:
            return "exists"
        case StreamState.NO_STREAM:
            return "0"
    return str(int(expected))


def _found(told: Sequence[bytes]) -> dict[UUID, tuple[str, Position]]:
    """Read the ids that are known, each followed by its event."""
    found = {}
    for event_id, value in zip(told[::2], told[1::2], strict=True):
        recorded = _recorded(value)
        found[UUID(bytes=event_id)] = (recorded.stream, recorded.position)
    return found


def _recorded(value: bytes) -> RecordedEvent:
    epoch, number, place, text = value.split(b" ", 3)
    return of_text(text, int(place), Position(int(epoch), int(number)))
