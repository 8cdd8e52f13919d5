"""Every cache keeps the same promises; Redis keeps some more, about what happens when it is away."""

from __future__ import annotations

import asyncio
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, cast

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from kernel.app import Kernel
from kernel.cache import CACHE, CacheSettings
from kernel.cache_memory import MemoryCache
from kernel.cache_redis import RedisCache, provide_redis_cache
from kernel.clock import FixedClock, SystemClock
from kernel.errors import ProgrammingError, WiringError
from kernel.settings import KernelSettings
from kernel.testing import client
from tests.kernel.backends import START
from tests.kernel.wires import Severed
from tests.services import redis_url

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

    from kernel.cache import Cache

pytestmark = pytest.mark.anyio
ON_REDIS = pytest.mark.redis


def redis_settings(url: str) -> CacheSettings:
    return CacheSettings(provider="redis", url=SecretStr(url), timeout=5)


async def cleared(url: str, prefix: str) -> None:
    async with Redis.from_url(url) as redis:
        names = [name async for name in redis.scan_iter(f"{prefix}:*")]
        if names:
            await redis.delete(*names)


@pytest.fixture(params=["memory", pytest.param("redis", marks=ON_REDIS)])
async def cache(request: pytest.FixtureRequest, anyio_backend: str) -> AsyncGenerator[Cache]:
    """Every implementation in turn."""
    if request.param == "memory":
        yield MemoryCache(SystemClock())
        return
    url, prefix = redis_url(), f"test-{secrets.token_hex(6)}"
    made = RedisCache(redis_settings(url), prefix=prefix)
    yield made
    await made.close()
    await cleared(url, prefix)


async def until_gone(cache: Cache, key: str) -> None:
    async with asyncio.timeout(30):
        while await cache.get(key) is not None:  # noqa: ASYNC110  nothing tells when a server forgets
            await asyncio.sleep(0.01)


def counting(value: object, calls: list[object]) -> Callable[[], Awaitable[object]]:
    async def make() -> object:
        calls.append(value)
        await asyncio.sleep(0.01)
        return value

    return make


@pytest.mark.parametrize(
    "value", [{"name": "Ada", "tags": [1, 2.5, None, True]}, [], "text with ü and\nlines", 0, False, ""]
)
async def test_what_is_kept_comes_back(cache: Cache, value: object) -> None:
    await cache.set("one", value)
    assert await cache.get("one") == value
    assert type(await cache.get("one")) is type(value)


async def test_what_is_not_there_is_the_default(cache: Cache) -> None:
    assert await cache.get("none") is None
    assert await cache.get("none", "instead") == "instead"


async def test_nothing_is_an_answer_too(cache: Cache) -> None:
    await cache.set("nothing", None)
    assert await cache.get("nothing", "instead") is None


async def test_a_kept_value_does_not_change_with_the_one_it_was_made_from(cache: Cache) -> None:
    rows = ["a"]
    await cache.set("rows", rows)
    rows.append("b")
    found = await cache.get("rows")
    assert found == ["a"]
    assert isinstance(found, list)
    found.append("c")
    assert await cache.get("rows") == ["a"]


async def test_a_value_ends_with_its_time(cache: Cache) -> None:
    await cache.set("short", 1, ttl=0.05)
    await cache.set("long", 2)
    await until_gone(cache, "short")
    assert await cache.get("long") == 2


async def test_the_last_value_and_its_time_count(cache: Cache) -> None:
    await cache.set("key", 1, ttl=0.05)
    await cache.set("key", 2, ttl=60)
    await cache.set("other", 1, ttl=0.05)
    await until_gone(cache, "other")
    assert await cache.get("key") == 2


async def test_deleting_forgets_exactly_these(cache: Cache) -> None:
    for key in ("a", "b", "c"):
        await cache.set(key, key)
    await cache.delete("a", "b", "never there")
    await cache.delete()
    assert [await cache.get(key) for key in ("a", "b", "c")] == [None, None, "c"]


async def test_a_tag_forgets_everything_that_has_it(cache: Cache) -> None:
    await cache.set("list", [1], tags=["orders"])
    await cache.set("one", 1, tags=["orders", "order:1"])
    await cache.set("two", 2, tags=["order:2"])
    await cache.set("free", 3)
    await cache.invalidate("order:1")
    assert [await cache.get(key) for key in ("list", "one", "two", "free")] == [[1], None, 2, 3]
    await cache.invalidate("orders", "order:2", "no such tag")
    assert [await cache.get(key) for key in ("list", "one", "two", "free")] == [None, None, None, 3]
    await cache.set("list", [2], tags=["orders"])
    assert await cache.get("list") == [2]


async def test_tags_live_as_long_as_what_has_them(cache: Cache) -> None:
    await cache.set("short", 1, ttl=0.05, tags=["orders"])
    await cache.set("long", 2, ttl=600, tags=["orders"])
    await until_gone(cache, "short")
    assert await cache.get("long") == 2
    await cache.invalidate("orders")
    assert await cache.get("long") is None


@pytest.mark.parametrize("value", [object(), {1, 2}, float("nan"), b"bytes"], ids=["object", "set", "nan", "bytes"])
async def test_what_is_not_json_is_refused_with_its_key(cache: Cache, value: object) -> None:
    with pytest.raises(ProgrammingError, match=r"the value for the cache key 'odd' is not JSON .*model_dump"):
        await cache.set("odd", value)
    with pytest.raises(ProgrammingError, match="'odd' is not JSON"):
        await cache.get_or_set("odd", counting(value, []))
    assert await cache.get("odd") is None


@pytest.mark.parametrize("ttl", [0, -1, float("inf")])
async def test_a_time_that_is_none_is_refused(cache: Cache, ttl: float) -> None:
    with pytest.raises(ProgrammingError, match="it must be more than 0"):
        await cache.set("key", 1, ttl=ttl)
    with pytest.raises(ProgrammingError, match="it must be more than 0"):
        await cache.get_or_set("key", counting(1, []), ttl=ttl)


async def test_a_hundred_who_ask_make_it_once(cache: Cache) -> None:
    calls: list[object] = []
    answers = await asyncio.gather(*(cache.get_or_set("slow", counting((1, 2), calls)) for _ in range(100)))
    assert answers == [[1, 2]] * 100
    assert len(calls) == 1
    assert await cache.get_or_set("slow", counting("never", calls)) == [1, 2]


async def test_different_keys_are_made_at_the_same_time(cache: Cache) -> None:
    both = asyncio.Barrier(2)

    async def make() -> str:
        async with asyncio.timeout(30):
            await both.wait()
        return "made"

    assert [*await asyncio.gather(cache.get_or_set("a", make), cache.get_or_set("b", make))] == ["made", "made"]


async def test_an_error_reaches_everybody_and_is_not_kept(cache: Cache) -> None:
    async def fail() -> str:
        await asyncio.sleep(0.01)
        raise LookupError("no such row")

    answers = await asyncio.gather(*(cache.get_or_set("key", fail) for _ in range(5)), return_exceptions=True)
    assert [str(answer) for answer in answers] == ["no such row"] * 5
    assert await cache.get_or_set("key", counting("now", [])) == "now"


async def test_who_waits_takes_over_when_the_maker_is_cancelled(cache: Cache) -> None:
    started = asyncio.Event()

    async def never() -> str:
        started.set()
        await asyncio.sleep(3600)
        return "never"

    first = asyncio.create_task(cache.get_or_set("key", never))
    await started.wait()
    second = asyncio.create_task(cache.get_or_set("key", counting("made", [])))
    await asyncio.sleep(0.05)
    assert not second.done()
    first.cancel()
    async with asyncio.timeout(30):
        assert await second == "made"


async def test_what_is_being_made_from_old_rows_is_not_kept(cache: Cache) -> None:
    reading, changed = asyncio.Event(), asyncio.Event()

    async def old() -> str:
        reading.set()
        await changed.wait()
        return "old"

    first = asyncio.create_task(cache.get_or_set("list", old, tags=["orders"]))
    await reading.wait()
    await cache.invalidate("orders")
    second = asyncio.create_task(cache.get_or_set("list", counting("new", []), tags=["orders"]))
    async with asyncio.timeout(30):
        assert await second == "new"
        changed.set()
        assert await first == "old"
    assert await cache.get("list") == "new"


async def test_forgetting_others_does_not_touch_what_is_being_made(cache: Cache) -> None:
    calls: list[object] = []
    reading, changed = asyncio.Event(), asyncio.Event()

    async def slow() -> str:
        reading.set()
        await changed.wait()
        return "slow"

    first = asyncio.create_task(cache.get_or_set("list", slow, tags=["orders"]))
    await reading.wait()
    await cache.delete("another")
    await cache.invalidate("customers")
    second = asyncio.create_task(cache.get_or_set("list", counting("again", calls), tags=["orders"]))
    await asyncio.sleep(0.05)
    changed.set()
    async with asyncio.timeout(30):
        assert [await first, await second, await cache.get("list")] == ["slow", "slow", "slow"]
    assert calls == []


async def test_what_is_deleted_while_it_is_made_is_not_kept(cache: Cache) -> None:
    reading, changed = asyncio.Event(), asyncio.Event()

    async def old() -> str:
        reading.set()
        await changed.wait()
        return "old"

    first = asyncio.create_task(cache.get_or_set("row", old))
    await reading.wait()
    await cache.delete("row")
    changed.set()
    async with asyncio.timeout(30):
        assert await first == "old"
    assert await cache.get("row") is None


async def test_a_maker_may_ask_for_its_own_key(cache: Cache) -> None:
    async def outer() -> object:
        return ["outer", await cache.get_or_set("key", counting("inner", []))]

    async with asyncio.timeout(30):
        assert await cache.get_or_set("key", outer) == ["outer", "inner"]


async def test_a_maker_may_ask_for_its_own_key_in_a_task_of_its_own(cache: Cache) -> None:
    async def outer() -> object:
        return await asyncio.gather(*(cache.get_or_set("key", counting(number, [])) for number in range(2)))

    async with asyncio.timeout(30):
        assert await cache.get_or_set("key", outer) == [0, 1]
    assert await cache.get("key") == [0, 1]


@pytest.mark.parametrize("keys", [["a", "b"], ["a", "b", "c", "d"]], ids=" ".join)
@pytest.mark.parametrize("in_tasks", [False, True], ids=["directly", "in a task"])
async def test_makers_that_ask_for_each_other_all_end(cache: Cache, keys: list[str], in_tasks: bool) -> None:
    all_started = asyncio.Barrier(len(keys))

    async def around(key: str, other: str) -> object:
        async def make() -> object:
            await all_started.wait()
            asked = cache.get_or_set(other, counting(f"plain {other}", []))
            return [key, *await asyncio.gather(asked)] if in_tasks else [key, await asked]

        return await cache.get_or_set(key, make)

    async with asyncio.timeout(30):
        answers = await asyncio.gather(*map(around, keys, [*keys[1:], keys[0]]))
    assert [cast("list[object]", answer)[0] for answer in answers] == keys
    assert [await cache.get(key) for key in keys] == answers


async def test_memory_follows_its_clock_and_its_size() -> None:
    clock = FixedClock(START)
    cache = MemoryCache(clock, most=2)
    await cache.set("a", 1, ttl=10)
    clock.advance(timedelta(seconds=9))
    assert await cache.get("a") == 1
    clock.advance(timedelta(seconds=1))
    assert await cache.get("a") is None
    for key in ("b", "c"):
        await cache.set(key, key)
    assert await cache.get("b") == "b"
    await cache.set("d", "d")
    assert [await cache.get(key) for key in ("b", "c", "d")] == ["b", None, "d"]


@ON_REDIS
async def test_processes_share_one_redis() -> None:
    url, prefix = redis_url(), f"test-{secrets.token_hex(6)}"
    one, two = (RedisCache(redis_settings(url), prefix=prefix) for _ in range(2))
    stranger = RedisCache(redis_settings(url), prefix=f"{prefix}-other")
    try:
        await one.set("list", [1], tags=["orders"])
        assert await two.get("list") == [1]
        assert await stranger.get("list") is None
        reading, changed = asyncio.Event(), asyncio.Event()

        async def old() -> str:
            reading.set()
            await changed.wait()
            return "old"

        late = asyncio.create_task(one.get_or_set("row", old, tags=["orders"]))
        await reading.wait()
        await two.invalidate("orders")
        changed.set()
        assert await late == "old"
        assert [await two.get(key) for key in ("list", "row")] == [None, None]
    finally:
        for each in (one, two, stranger):
            await each.close()
        await cleared(url, prefix)


async def test_keeping_and_forgetting_at_once_is_no_error(cache: Cache) -> None:
    await asyncio.gather(
        *(cache.set(f"key-{number}", number, tags=["a", "b"]) for number in range(100)),
        *(cache.invalidate("a") for _ in range(100)),
        *(cache.get_or_set(f"key-{number}", counting(number, []), tags=["a"]) for number in range(100)),
    )
    await cache.invalidate("a")
    assert [await cache.get(f"key-{number}") for number in range(100)] == [None] * 100


@ON_REDIS
async def test_one_command_that_is_refused_does_not_stop_the_others() -> None:
    url, prefix = redis_url(), f"test-{secrets.token_hex(6)}"
    cache = RedisCache(redis_settings(url), prefix=prefix, rest=3600)
    async with Redis.from_url(url) as redis:
        await redis.rpush(f"{prefix}:cache:list", "not", "ours")
    try:
        assert await cache.get("list") is None
        await cache.set("key", 1)
        assert await cache.get("key") == 1
    finally:
        await cache.close()
        await cleared(url, prefix)


@ON_REDIS
async def test_more_requests_than_connections_wait_their_turn() -> None:
    url, prefix = redis_url(), f"test-{secrets.token_hex(6)}"
    settings = CacheSettings(provider="redis", url=SecretStr(url), timeout=30, connections=3)
    cache = RedisCache(settings, prefix=prefix)
    try:
        await asyncio.gather(*(cache.set(f"key-{number}", number) for number in range(200)))
        assert await asyncio.gather(*(cache.get(f"key-{number}") for number in range(200))) == list(range(200))
    finally:
        await cache.close()
        await cleared(url, prefix)


@ON_REDIS
async def test_what_somebody_else_wrote_is_a_miss() -> None:
    url, prefix = redis_url(), f"test-{secrets.token_hex(6)}"
    cache = RedisCache(redis_settings(url), prefix=prefix, rest=0)
    async with Redis.from_url(url) as redis:
        await redis.set(f"{prefix}:cache:text", "not ours")
        await redis.set(f"{prefix}:cache:bytes", b"\xff\xfe\n\x80")
        await redis.set(f"{prefix}:cache:json", '{"a": 1}\n1')
        await redis.rpush(f"{prefix}:cache:list", "not", "ours")
    try:
        assert await cache.get("text") is None
        assert [await cache.get(key) for key in ("list", "bytes", "json")] == [None] * 3
        await cache.set("text", 1)
        assert await cache.get("text") == 1
    finally:
        await cache.close()
        await cleared(url, prefix)


async def test_a_redis_that_was_never_there_is_a_miss(capsys: pytest.CaptureFixture[str]) -> None:
    cache = RedisCache(redis_settings("redis://127.0.0.1:1/0"), prefix="nowhere", rest=0)
    await cache.set("key", 1, tags=["tag"])
    assert await cache.get("key", "default") == "default"
    calls: list[object] = []
    answers = await asyncio.gather(*(cache.get_or_set("key", counting("made", calls)) for _ in range(10)))
    assert answers == ["made"] * 10
    assert len(calls) == 1
    await cache.invalidate("tag")
    await cache.delete("key")
    await cache.close()
    assert "the cache failed" in "".join(capsys.readouterr())


@ON_REDIS
async def test_a_redis_that_comes_back_has_forgotten_what_it_should_have() -> None:
    url, prefix = redis_url(), f"test-{secrets.token_hex(6)}"
    async with Severed(url) as wire:
        cache = RedisCache(redis_settings(wire.url), prefix=prefix, rest=0)
        await cache.set("tagged", "old", tags=["orders"])
        await cache.set("plain", "old")
        await cache.set("kept", "good")
        await wire.sever()
        assert await cache.get("kept") is None
        await cache.invalidate("orders")
        await cache.delete("plain")
        await wire.mend()
        assert [await cache.get(key) for key in ("kept", "tagged", "plain")] == ["good", None, None]
        await cache.close()
    await cleared(url, prefix)


async def test_a_redis_that_failed_is_left_alone_for_a_while() -> None:
    async with Severed("redis://127.0.0.1:1/0") as wire:
        cache = RedisCache(redis_settings(wire.url), prefix="nowhere", rest=3600)
        await cache.get("first")
        tried = wire.connections
        assert tried > 0
        for _ in range(20):
            await cache.get("again")
        assert wire.connections == tried
        await cache.close()


class Settings(KernelSettings):
    cache: CacheSettings = CacheSettings()


async def test_the_settings_choose() -> None:
    memory = Kernel(Settings.for_tests(database_url="sqlite://"))
    provide_redis_cache(memory)
    assert isinstance(memory.adapter(CACHE), MemoryCache)
    assert memory.adapter(CACHE) is memory.adapter(CACHE)
    redis = Kernel(Settings.for_tests(database_url="sqlite://", cache=redis_settings("redis://127.0.0.1:1/0")))
    missing = "CACHE__PROVIDER is 'redis', and the composition root provides no such adapter for the CacheSettings"
    with pytest.raises(WiringError, match=f"^{missing}; add it with `arckode make:adapter redis-cache`, or choose"):
        redis.adapter(CACHE)
    with pytest.raises(WiringError, match=missing):
        async with client(redis):
            pass
    again = Kernel(Settings.for_tests(database_url="sqlite://", cache=redis_settings("redis://127.0.0.1:1/0")))
    provide_redis_cache(again)
    assert isinstance(again.adapter(CACHE), RedisCache)
    with pytest.raises(WiringError, match="a RedisCache is provided where a RedisCache is already"):
        provide_redis_cache(again)
    with pytest.raises(WiringError, match="Settings has no CacheSettings; add an attribute"):
        provide_redis_cache(Kernel(KernelSettings.for_tests(database_url="sqlite://")))


async def test_without_its_cache_the_application_is_degraded_and_works() -> None:
    kernel = Kernel(Settings.for_tests(database_url="sqlite://", cache=redis_settings("redis://127.0.0.1:1/0")))
    provide_redis_cache(kernel)
    async with client(kernel) as http:
        answer = await http.get("/health/ready")
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert answer.json()["checks"]["cache"]["error"] == "UnavailableError"
    assert answer.json()["checks"]["database"]["status"] == "ok"


@ON_REDIS
async def test_with_its_cache_the_application_is_ready() -> None:
    kernel = Kernel(Settings.for_tests(database_url="sqlite://", cache=redis_settings(redis_url())))
    provide_redis_cache(kernel)
    async with client(kernel) as http:
        answer = await http.get("/health/ready")
    assert answer.json()["status"] == "ready"
    assert answer.json()["checks"]["cache"]["status"] == "ok"


@ON_REDIS
async def test_environments_with_one_redis_do_not_mix() -> None:
    url, name = redis_url(), f"test-{secrets.token_hex(6)}"
    caches: list[Cache] = []
    for environment in ("development", "test"):
        said = {"cache": redis_settings(url), "app_name": name, "environment": environment}
        kernel = Kernel(Settings.for_tests(database_url="sqlite://", **said))
        provide_redis_cache(kernel)
        caches.append(kernel.adapter(CACHE))
    one, other = caches
    try:
        await one.set("key", 1, tags=["tag"])
        await other.set("key", 2, tags=["tag"])
        await other.invalidate("tag")
        assert [await one.get("key"), await other.get("key")] == [1, None]
    finally:
        for each in caches:
            assert isinstance(each, RedisCache)
            await each.close()
        await cleared(url, name)
