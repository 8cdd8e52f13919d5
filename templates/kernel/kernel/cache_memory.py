"""The cache in this process: for tests, for development, and for a single process that can do with little."""

import json
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar, cast

from .cache_flights import Flights
from .cache_values import check_ttl, encode
from .clock import Clock

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Entry:
    text: str
    expires: datetime
    tags: frozenset[str]


class MemoryCache:
    """Implements Cache with a dictionary; past `most` entries the one that was not asked for longest goes."""

    def __init__(self, clock: Clock, *, most: int = 10_000) -> None:
        self._clock = clock
        self._most = most
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._flights = Flights()

    async def get(self, key: str, default: object = None) -> object:
        text = await self._find(key)
        return default if text is None else cast("object", json.loads(text))

    async def set(self, key: str, value: object, *, ttl: float = 300, tags: Collection[str] = ()) -> None:
        check_ttl(key, ttl)
        self._store(key, encode(key, value), ttl, tags)

    async def delete(self, *keys: str) -> None:
        self._flights.forget_keys(*keys)
        for key in keys:
            self._entries.pop(key, None)

    async def invalidate(self, *tags: str) -> None:
        self._flights.forget_tags(*tags)
        for key in [key for key, entry in self._entries.items() if not entry.tags.isdisjoint(tags)]:
            del self._entries[key]

    async def get_or_set(
        self, key: str, make: Callable[[], Awaitable[T]], *, ttl: float = 300, tags: Collection[str] = ()
    ) -> T:
        check_ttl(key, ttl)

        async def made() -> str:
            return encode(key, await make())

        async def store(text: str) -> None:
            self._store(key, text, ttl, tags)

        text = await self._flights.run(key, lambda: self._find(key), made, store, tags=tags)
        return cast("T", json.loads(text))

    async def _find(self, key: str) -> str | None:
        entry = self._entries.get(key)
        if entry is None:
            return None
        if entry.expires <= self._clock.now():
            del self._entries[key]
            return None
        self._entries.move_to_end(key)
        return entry.text

    def _store(self, key: str, text: str, ttl: float, tags: Collection[str]) -> None:
        self._entries[key] = _Entry(text, self._clock.now() + timedelta(seconds=ttl), frozenset(tags))
        self._entries.move_to_end(key)
        while len(self._entries) > self._most:
            self._entries.popitem(last=False)
