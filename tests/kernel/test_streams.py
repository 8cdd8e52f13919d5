"""Streams behind a real uvicorn: who reads one, what a reader that comes back is given, who slows down nobody."""

from __future__ import annotations

import asyncio
import os
import secrets
import sys
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from uuid import UUID

import httpx2
import pytest
from pydantic import SecretStr

from kernel.access import PUBLIC, Access, Principal, require
from kernel.app import Kernel
from kernel.errors import AuthError, ForbiddenError, ProgrammingError, WiringError
from kernel.served_testing import served
from kernel.settings import KernelSettings
from kernel.streams import STREAMS, Reader, Streams, StreamSettings, provide_streams
from kernel.streams_log import BEGINNING, Entry, MemoryLog
from kernel.streams_redis import RedisLog, provide_redis_streams
from kernel.streams_testing import Received, reading
from kernel.tenancy import Tenant, limited_to
from kernel.testing import fresh_database
from tests.kernel.test_cache import cleared
from tests.kernel.test_websockets import resident
from tests.services import redis_url

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from kernel.streams_log import StreamLog

pytestmark = pytest.mark.anyio
AT_ONCE = int(os.environ.get("ARCKODE_SOCKETS", "100"))
ADA, BOB, TENANT = UUID(int=1), UUID(int=2), UUID(int=9)


class ForTests(KernelSettings):
    streams: StreamSettings = StreamSettings()


class News:
    """Gives everybody the topics they ask for, but `secret`."""

    async def opened(self, reader: Reader) -> None:
        if "secret" in reader.asked:
            raise ForbiddenError("This topic is not for you.", code="no_topic")
        reader.topics |= reader.asked


class Callers:
    """Knows the tokens `1`, `2` ... as users, and `9` as one of a tenant, until they are revoked."""

    def __init__(self) -> None:
        self.revoked: set[str] = set()

    async def __call__(self, authorization: str | None) -> Principal | None:
        word = (authorization or "").removeprefix("Bearer ")
        if word in self.revoked:
            raise AuthError("The token is not valid.", code="token_invalid")
        tenant = TENANT if word == "9" else None
        return Principal(UUID(int=int(word)), tenant, frozenset({"news:read"})) if word else None


def composed(settings: StreamSettings, *, access: Access = PUBLIC, name: str = "app") -> tuple[Kernel, Streams]:
    kernel = Kernel(ForTests.for_tests(streams=settings, database_url="sqlite://", app_name=name))
    provide_streams(kernel)
    provide_redis_streams(kernel)
    streams = kernel.adapter(STREAMS)
    streams.attach("news", News(), access=access)
    return kernel, streams


@asynccontextmanager
async def streaming(
    settings: StreamSettings | None = None, *, access: Access = PUBLIC, callers: Callers | None = None
) -> AsyncGenerator[tuple[str, Streams]]:
    kernel, streams = composed(settings or StreamSettings(), access=access)
    async with served(kernel, authenticate=callers or Callers()) as address:
        yield f"http://{address}/streams/news", streams


async def until_there_are(streams: Streams, count: int) -> None:
    async with asyncio.timeout(10):
        while len(streams.get_readers("news")) != count:  # noqa: ASYNC110  nothing tells
            await asyncio.sleep(0.01)


def told(received: Received | None) -> tuple[str, object]:
    assert received is not None
    return received.event, received.data.get("n")


async def test_everybody_a_user_and_a_topic_can_be_told() -> None:
    async with (
        streaming(access=require("news:read")) as (url, streams),
        reading(url, "1") as ada,
        reading(f"{url}?topic=tea", "2") as bob,
    ):
        await streams.publish("news", "all", {"n": 1})
        await streams.publish("news", "hers", {"n": 2}, user=ADA)
        await streams.publish("news", "tea", {"n": 3}, topic="tea")
        await streams.publish("news", "end", {"n": 4})
        assert [told(await ada.next()) for _ in range(3)] == [("all", 1), ("hers", 2), ("end", 4)]
        assert [told(await bob.next()) for _ in range(3)] == [("all", 1), ("tea", 3), ("end", 4)]
        assert {reader.user for reader in streams.get_readers("news")} == {str(ADA), str(BOB)}


async def test_a_reader_that_comes_back_is_given_what_it_missed_once_and_in_order() -> None:
    async with streaming() as (url, streams):
        async with reading(url) as reader:
            await streams.publish("news", "one", {"n": 1})
            assert told(await reader.next()) == ("one", 1)
        await until_there_are(streams, 0)
        for number in range(2, 5):
            await streams.publish("news", "more", {"n": number})
        async with reading(url, last=reader.last) as again:
            await streams.publish("news", "live", {"n": 5})
            assert [told(await again.next())[1] for _ in range(4)] == [2, 3, 4, 5]


@pytest.mark.parametrize("last", ["nonsense", BEGINNING, "9999999999999-1", "1" * 30])
async def test_a_reader_from_too_long_ago_is_told_that_it_missed_something(last: str) -> None:
    async with streaming(StreamSettings(replay=2)) as (url, streams):
        for number in range(4):
            await streams.publish("news", "old", {"n": number})
        async with reading(url, last=last) as reader:
            await streams.publish("news", "live", {"n": 5})
            assert [told(await reader.next()) for _ in range(2)] == [("system.missed", None), ("live", 5)]


async def test_a_tenant_hears_its_own_and_what_is_for_all() -> None:
    async with streaming() as (url, streams), reading(url, "9") as inside, reading(url, "1") as outside:
        with limited_to(Tenant(TENANT)):
            await streams.publish("news", "request", {"n": 1})
        await streams.publish("news", "job", {"n": 2}, tenant=TENANT)
        with limited_to(Tenant(None)):
            await streams.publish("news", "nobody's", {"n": 3})
        await streams.publish("news", "all", {"n": 4})
        assert [told(await inside.next())[1] for _ in range(3)] == [1, 2, 4]
        assert [told(await outside.next())[1] for _ in range(2)] == [3, 4]


async def test_only_who_may_reads_and_the_others_are_told_why() -> None:
    async with streaming(access=require("news:read")) as (url, streams), httpx2.AsyncClient() as http:
        refused = await http.get(url)
        assert (refused.status_code, refused.json()["code"]) == (401, "unauthenticated")
        token = {"Authorization": "Bearer 1"}
        refused = await http.get(f"{url}?topic=secret", headers=token)
        assert (refused.status_code, refused.json()["code"]) == (403, "no_topic")
        assert (await http.get(f"{url}?topic={'x' * 101}", headers=token)).status_code == 422
        assert streams.get_readers("news") == ()


async def test_the_stream_of_whoever_may_read_no_more_ends() -> None:
    callers = Callers()
    settings = StreamSettings(heartbeat=0.05)
    async with (
        streaming(settings, access=require("news:read"), callers=callers) as (url, _),
        reading(url, "1") as reader,
    ):
        callers.revoked.add("1")
        assert await reader.next() is None


async def test_a_sign_of_life_says_how_far_the_stream_is() -> None:
    async with streaming(StreamSettings(heartbeat=0.05)) as (url, streams), reading(url, "1") as reader:
        began = reader.last
        await streams.publish("news", "his", {}, user=BOB)
        async with asyncio.timeout(5):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.3):
                    await reader.next()
        assert reader.last > began


async def test_it_is_neither_compressed_nor_kept_and_the_api_describes_it() -> None:
    async with streaming() as (url, _), httpx2.AsyncClient() as http:
        async with http.stream("GET", url, headers={"Accept-Encoding": "gzip"}) as answer:
            kept = {name: answer.headers[name] for name in ("content-type", "cache-control", "x-accel-buffering")}
            assert "content-encoding" not in answer.headers
            assert "x-request-id" in answer.headers
        assert kept == {
            "content-type": "text/event-stream; charset=utf-8",
            "cache-control": "no-store",
            "x-accel-buffering": "no",
        }
        described = (await http.get(url.replace("/streams/news", "/openapi.json"))).json()
        operation = described["paths"]["/streams/news"]["get"]
        assert operation["operationId"] == "streams_news"
        assert list(operation["responses"]["200"]["content"]) == ["text/event-stream"]


async def test_a_slow_reader_is_dropped_and_slows_nobody() -> None:
    large = {"text": "x" * 200_000}
    async with streaming(StreamSettings(backlog=20, replay=5)) as (url, streams), reading(url, "2") as quick:
        host, _, port = url.removeprefix("http://").partition("/")[0].partition(":")
        _, writer = await asyncio.open_connection(host, int(port), limit=1)
        writer.write(b"GET /streams/news HTTP/1.1\r\nHost: x\r\n\r\n")
        await until_there_are(streams, 2)
        for number in range(60):
            await streams.publish("news", "news", {"n": number, **large})
            assert told(await quick.next()) == ("news", number)
        await until_there_are(streams, 1)
        writer.close()


async def test_a_server_that_stops_asks_its_readers_to_come_back_and_does_not_wait_for_them() -> None:
    kernel, _ = composed(StreamSettings())
    async with asyncio.timeout(5):
        async with served(kernel) as address:
            opened = reading(f"http://{address}/streams/news")
            reader = await opened.__aenter__()
            kernel.drain()
            assert told(await reader.next())[0] == "system.closing"
            assert await reader.next() is None
        await opened.__aexit__(None, None, None)


async def test_what_makes_no_sense_is_refused() -> None:
    _, streams = composed(StreamSettings())
    with pytest.raises(WiringError, match="'news' is attached twice"):
        streams.attach("news", News(), access=PUBLIC)
    with pytest.raises(ProgrammingError, match=r"there is no stream 'new'.*did you mean 'news'"):
        await streams.publish("new", "a", {})
    with pytest.raises(ProgrammingError, match="a name of one line"):
        await streams.publish("news", "a\ndata: forged", {})
    with pytest.raises(ValueError, match="Out of range float"):
        await streams.publish("news", "a", {"n": float("nan")})


@asynccontextmanager
async def opened_log(kind: str, name: str) -> AsyncGenerator[tuple[StreamLog, list[Entry]]]:
    heard: list[Entry] = []
    log: StreamLog = MemoryLog(100)
    if kind == "redis":
        log = RedisLog(StreamSettings(provider="redis", url=SecretStr(redis_url()), replay=100), prefix=name)
    await log.start(("news",), lambda _stream, entry: heard.append(entry))
    try:
        yield log, heard
    finally:
        await log.stop()


@pytest.mark.parametrize("kind", ["memory", pytest.param("redis", marks=pytest.mark.redis)])
async def test_a_log_keeps_the_last_entries_in_order(kind: str) -> None:
    name = f"test-{secrets.token_hex(6)}"
    async with opened_log(kind, name) as (log, heard):
        begin = log.position("news")
        assert begin is not None
        assert await log.since("news", begin) == []
        for number in range(3):
            await log.append("news", str(number))
        async with asyncio.timeout(5):
            while len(heard) < 3:  # noqa: ASYNC110  nothing tells
                await asyncio.sleep(0.01)
        assert [entry.text for entry in heard] == ["0", "1", "2"]
        assert await log.since("news", begin) == heard
        assert await log.since("news", heard[0].id) == heard[1:]
        assert log.position("news") == heard[-1].id
        for number in range(400):
            await log.append("news", str(number))
        assert await log.since("news", begin) is None
    if kind == "redis":
        await cleared(redis_url(), name)


@pytest.mark.redis
async def test_through_redis_every_process_is_reached_and_resumed_from() -> None:
    name = f"test-{secrets.token_hex(6)}"
    settings = StreamSettings(provider="redis", url=SecretStr(redis_url()))
    one, here = composed(settings, name=name)
    two, _ = composed(settings, name=name)
    async with served(one) as first, served(two) as second:
        async with reading(f"http://{second}/streams/news") as reader:
            await here.publish("news", "one", {"n": 1})
            assert told(await reader.next()) == ("one", 1)
        await here.publish("news", "two", {"n": 2})
        async with reading(f"http://{first}/streams/news", last=reader.last) as again:
            assert told(await again.next()) == ("two", 2)
    await cleared(redis_url(), name)


async def test_a_user_has_only_so_many_streams() -> None:
    async with streaming(StreamSettings(per_user=2)) as (url, streams):
        async with reading(url, "1"), reading(url, "1"), reading(url, "2"), reading(url), reading(url), reading(url):
            with pytest.raises(httpx2.HTTPStatusError) as refused:
                async with reading(url, "1"):
                    pass
            answer = refused.value.response
            assert (answer.status_code, answer.headers["Retry-After"]) == (429, "15")
            assert answer.json()["detail"] == "You have 2 streams open already; close one."
        await until_there_are(streams, 0)
        async with reading(url, "1"):
            await until_there_are(streams, 1)


async def test_an_address_has_only_so_many_streams_of_nobody() -> None:
    async with streaming(StreamSettings(per_address=2)) as (url, _), reading(url), reading(url), reading(url, "1"):
        with pytest.raises(httpx2.HTTPStatusError, match="429"):
            async with reading(url):
                pass


async def test_a_stream_of_another_realm_is_read_by_its_callers() -> None:
    async def admins(authorization: str | None) -> Principal | None:
        return Principal(UUID(int=99), permissions=frozenset({"news:read"})) if authorization == "Bearer root" else None

    kernel, streams = composed(StreamSettings(heartbeat=0.05), access=require("news:read"))
    kernel.authenticate_with(admins, realm="admin")
    streams.attach("admin-news", News(), access=require("news:read"), realm="admin")
    async with served(kernel, authenticate=Callers()) as address:
        url = f"http://{address}/streams/admin-news"
        with pytest.raises(httpx2.HTTPStatusError, match="401"):
            async with reading(url, "1"):
                pass
        async with reading(url, "root") as reader:
            await asyncio.sleep(0.2)  # it was checked again, and may go on
            await streams.publish("admin-news", "all", {"n": 1})
            assert told(await reader.next()) == ("all", 1)


async def test_what_is_published_after_a_commit_is_heard_only_then() -> None:
    async with fresh_database() as database, streaming() as (url, streams), reading(url) as reader:
        with pytest.raises(RuntimeError, match="sold out"):
            async with database.transaction():
                await database.after_commit(lambda: streams.publish("news", "lost", {"n": 1}))
                raise RuntimeError("sold out")
        async with database.transaction():
            await database.after_commit(lambda: streams.publish("news", "after", {"n": 3}))
            await streams.publish("news", "before", {"n": 2})
        assert [told(await reader.next()) for _ in range(2)] == [("before", 2), ("after", 3)]


async def test_many_idle_streams_cost_little() -> None:
    """ARCKODE_SOCKETS says how many; the memory includes the clients', which are in this process, too."""
    async with streaming(StreamSettings(per_address=AT_ONCE)) as (url, streams):
        host, _, port = url.removeprefix("http://").partition("/")[0].partition(":")
        before = resident()
        opened: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        for start in range(0, AT_ONCE, 50):
            several = range(start, min(start + 50, AT_ONCE))
            opened += await asyncio.gather(*(asyncio.open_connection(host, int(port)) for _ in several))
            for _, writer in opened[start:]:
                writer.write(b"GET /streams/news HTTP/1.1\r\nHost: test\r\n\r\n")
        await until_there_are(streams, AT_ONCE)
        kilobytes = (resident() - before) / AT_ONCE
        started = time.perf_counter()
        await streams.publish("news", "all", {"n": 1})
        await asyncio.gather(*(reader.readuntil(b'"n": 1}') for reader, _ in opened))
        seconds = time.perf_counter() - started
        sys.stdout.write(f"\n{AT_ONCE} streams: {kilobytes:.0f} kB each, all told in {seconds:.2f} s\n")
        for _, writer in opened:
            writer.close()
        await until_there_are(streams, 0)
        assert kilobytes < 400
