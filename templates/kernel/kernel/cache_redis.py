"""The cache in Redis (7 or newer), shared by every process.

An entry names the version of each of its tags, and is valid while they are the same; invalidating a tag deletes its
version, which costs one command however many entries there are. The versions are read before an answer is made, so
that one made from old rows is never taken for a new one.

A server that does not answer is a miss. What should have been forgotten meanwhile is owed, and forgotten first when the
server is back: an old answer would otherwise outlive the outage.
"""

import json
import secrets
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from math import ceil
from typing import TypeVar, cast

import structlog
from redis.exceptions import RedisError, ResponseError

from .app import Kernel
from .cache import CACHE, CacheSettings
from .cache_flights import Flights
from .cache_values import check_ttl, encode
from .redis_client import answered, impatient, namespace

R = TypeVar("R")
T = TypeVar("T")
logger = structlog.get_logger("cache")
_MOST_OWED = 10_000


def provide_redis_cache(kernel: Kernel) -> None:
    """Keep answers in Redis when CACHE__PROVIDER says redis."""
    settings = kernel.settings.of(CacheSettings)
    if settings.provider != "redis":
        return
    cache = RedisCache(settings, prefix=namespace(kernel))
    kernel.provide(CACHE, cache)
    kernel.add_probe("cache", cache.ping, optional=True)
    kernel.on_stop(cache.close)


class RedisCache:
    """Implements Cache. After a failure Redis is left alone for `rest` seconds, or each request would wait for it."""

    def __init__(self, settings: CacheSettings, *, prefix: str, rest: float = 1.0) -> None:
        self._redis = impatient(settings.url, connections=settings.connections, timeout=settings.timeout)
        self._prefix = prefix
        self._rest = rest
        self._rests_until = 0.0
        self._owed: dict[str, object] = {}
        self._flights = Flights()

    async def get(self, key: str, default: object = None) -> object:
        text = await self._find(key)
        return default if text is None else cast("object", json.loads(text))

    async def set(self, key: str, value: object, *, ttl: float = 300, tags: Collection[str] = ()) -> None:
        check_ttl(key, ttl)
        text = encode(key, value)
        await self._store(key, text, ttl, await self._versions(tags, ttl))

    async def delete(self, *keys: str) -> None:
        self._flights.forget_keys(*keys)
        await self._forget([self._entry(key) for key in keys])

    async def invalidate(self, *tags: str) -> None:
        self._flights.forget_tags(*tags)
        await self._forget([self._tag(tag) for tag in tags])

    async def get_or_set(
        self, key: str, make: Callable[[], Awaitable[T]], *, ttl: float = 300, tags: Collection[str] = ()
    ) -> T:
        check_ttl(key, ttl)
        versions: Mapping[str, str] | None = None

        async def made() -> str:
            nonlocal versions
            versions = await self._versions(tags, ttl)
            return encode(key, await make())

        async def store(text: str) -> None:
            await self._store(key, text, ttl, versions)

        text = await self._flights.run(key, lambda: self._find(key), made, store, tags=tags)
        return cast("T", json.loads(text))

    async def ping(self) -> None:
        """Raise UnavailableError unless Redis answers."""
        await answered(self._redis.ping())

    async def close(self) -> None:
        await self._redis.aclose()

    async def _find(self, key: str) -> str | None:
        return await self._softly(lambda: self._read(key), None)

    async def _read(self, key: str) -> str | None:
        stored = cast("bytes | None", await self._redis.get(self._entry(key)))
        if stored is None:
            return None
        head, _, text = stored.decode(errors="replace").partition("\n")
        versions = _versions_in(head)
        if versions is None:
            logger.warning("an entry of the cache is not ours", key=key)
            return None
        if versions:
            current = await self._redis.mget([self._tag(tag) for tag in versions])
            if current != [version.encode() for version in versions.values()]:
                return None
        return text

    async def _versions(self, tags: Collection[str], ttl: float) -> Mapping[str, str] | None:
        """Answer the version of each tag, made where there is none; None when Redis does not answer."""
        if not tags:
            return {}
        return await self._softly(lambda: self._read_versions(sorted(set(tags)), ttl), None)

    async def _read_versions(self, tags: list[str], ttl: float) -> Mapping[str, str]:
        life = ceil(ttl) + 1
        async with self._redis.pipeline(transaction=True) as pipeline:  # nobody deletes one between its three commands
            for name in map(self._tag, tags):
                pipeline.set(name, secrets.token_hex(8), nx=True, ex=life)
                pipeline.expire(name, life, gt=True)  # it has to outlive what it is the version of
                pipeline.get(name)
            answers = await pipeline.execute()
        return {tag: version.decode() for tag, version in zip(tags, answers[2::3], strict=True)}

    async def _store(self, key: str, text: str, ttl: float, versions: Mapping[str, str] | None) -> None:
        if versions is None:
            return
        stored = f"{json.dumps(versions)}\n{text}"
        await self._softly(lambda: self._redis.set(self._entry(key), stored, px=ceil(ttl * 1000)), None)

    async def _forget(self, names: Collection[str]) -> None:
        self._owed |= {name: object() for name in names}
        for name in list(self._owed)[: max(0, len(self._owed) - _MOST_OWED)]:
            del self._owed[name]
        await self._softly(self._nothing, None)

    async def _nothing(self) -> None:
        """Do nothing: what is owed is paid before."""

    async def _softly(self, work: Callable[[], Awaitable[R]], otherwise: R) -> R:
        """Answer what Redis says, or something else while it does not answer."""
        if time.monotonic() < self._rests_until:
            return otherwise
        try:
            if self._owed:
                paid = dict(self._owed)
                await self._redis.delete(*paid)
                for name, debt in paid.items():
                    if self._owed.get(name) is debt:  # not owed once more meanwhile
                        del self._owed[name]
            return await work()
        except (RedisError, OSError) as error:
            if not isinstance(error, ResponseError):  # which is an answer, of one command
                self._rests_until = time.monotonic() + self._rest
            logger.warning("the cache failed", error=f"{type(error).__name__}: {error}", owed=len(self._owed))
            return otherwise

    def _entry(self, key: str) -> str:
        return f"{self._prefix}:cache:{key}"

    def _tag(self, tag: str) -> str:
        return f"{self._prefix}:cache-tag:{tag}"


def _versions_in(head: str) -> dict[str, str] | None:
    try:
        found = json.loads(head)
    except ValueError:
        return None
    is_ours = isinstance(found, dict) and all(isinstance(version, str) for version in found.values())
    return cast("dict[str, str]", found) if is_ours else None
