"""Streams of several processes through Redis Streams: what was published while a process was away is still there."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import TypeAlias, cast

import structlog
from redis.exceptions import RedisError, ResponseError

from .app import Kernel
from .redis_client import answered, listening, namespace
from .streams import Streams, StreamSettings, install
from .streams_log import BEGINNING, Deliver, Entry, order

_Found: TypeAlias = tuple[bytes, dict[bytes, bytes]]
_WAIT = 2000  # milliseconds that Redis may keep an empty answer back
_AT_ONCE = 500
logger = structlog.get_logger("streams")


def provide_redis_streams(kernel: Kernel) -> None:
    """Publish through Redis when STREAMS__PROVIDER says redis."""
    settings = kernel.settings.of(StreamSettings)
    if settings.provider != "redis":
        return
    log = RedisLog(settings, prefix=namespace(kernel))
    kernel.add_probe("streams", log.ping, optional=True)
    install(kernel, Streams(settings, log))


class RedisLog:
    """Implements StreamLog; one connection of each process reads all of its streams."""

    def __init__(self, settings: StreamSettings, *, prefix: str, timeout: float = 5.0) -> None:
        self._redis = listening(settings.url, timeout=timeout)
        self._replay = settings.replay
        self._prefix = f"{prefix}:stream:"
        self._positions: dict[str, str | None] = {}
        self._reading: asyncio.Task[None] | None = None
        self._ended = False

    async def start(self, streams: tuple[str, ...], deliver: Deliver) -> None:
        self._positions = dict.fromkeys(streams)
        self._ended = False
        with suppress(RedisError, OSError):  # tried again while reading
            await self._find_positions()
        self._reading = asyncio.create_task(self._read(deliver)) if streams else None

    async def stop(self) -> None:
        # The driver can lose a cancellation to a time-out that comes at the same moment.
        self._ended = True
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)
        await self._redis.aclose()

    async def append(self, stream: str, text: str) -> None:
        await answered(self._redis.xadd(self._key(stream), {"text": text}, maxlen=self._replay, approximate=True))

    async def since(self, stream: str, last: str) -> list[Entry] | None:
        place = order(last)
        if place is None:
            return None
        if not await answered(self._is_whole_since(stream, place)):
            return None
        found = cast("list[_Found]", await answered(self._redis.xrange(self._key(stream), min=f"({last}")))
        return [_entry(each) for each in found]

    def position(self, stream: str) -> str | None:
        return self._positions.get(stream)

    async def ping(self) -> None:
        """Raise UnavailableError unless Redis answers."""
        await answered(self._redis.ping())

    def _key(self, stream: str) -> str:
        return f"{self._prefix}{stream}"

    async def _is_whole_since(self, stream: str, place: tuple[int, int]) -> bool:
        """Say whether Redis still has all that came after an id; it has not when it was emptied meanwhile."""
        try:
            state = await self._redis.xinfo_stream(self._key(stream))
        except ResponseError:  # nothing was ever published, or it was deleted
            return place == order(BEGINNING)
        newest, oldest = order(state["last-generated-id"].decode()), state["first-entry"]
        if newest is None or place > newest:
            return False
        was_trimmed = state["entries-added"] > state["length"]
        return not was_trimmed or (oldest is not None and place >= (order(oldest[0].decode()) or place))

    async def _find_positions(self) -> None:
        for stream, position in self._positions.items():
            if position is None:
                newest = cast("list[_Found]", await self._redis.xrevrange(self._key(stream), count=1))
                self._positions[stream] = newest[0][0].decode() if newest else BEGINNING

    async def _read(self, deliver: Deliver) -> None:
        names = {self._key(stream): stream for stream in self._positions}
        while not self._ended:
            try:
                await self._find_positions()
                wanted = {key: self._positions[stream] or BEGINNING for key, stream in names.items()}
                answer = await self._redis.xread(wanted, count=_AT_ONCE, block=_WAIT)  # type: ignore[arg-type]  # keys may be any text
                for key, entries in _pairs(answer):
                    stream = names[key.decode()]
                    for each in entries:
                        entry = _entry(each)
                        self._positions[stream] = entry.id
                        deliver(stream, entry)
            except (RedisError, OSError) as error:
                logger.warning("streams wait for Redis", error=type(error).__name__)
                await asyncio.sleep(1)


def _pairs(answer: object) -> Sequence[tuple[bytes, Sequence[_Found]]]:
    """Read what XREAD answers in either version of the protocol."""
    if isinstance(answer, dict):
        return [(key, [each for part in parts for each in part]) for key, parts in answer.items()]
    return answer if isinstance(answer, list) else []


def _entry(found: _Found) -> Entry:
    return Entry(found[0].decode(), found[1][b"text"].decode())
