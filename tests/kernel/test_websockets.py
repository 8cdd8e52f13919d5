"""Sockets behind a real uvicorn: who may open one, who hears what, and what a slow or a loud client does to others."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import sys
import time
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest
from pydantic import SecretStr
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from kernel.access import PUBLIC, Access, Principal, require
from kernel.app import Kernel
from kernel.errors import AppError, AuthError, ForbiddenError, WiringError
from kernel.settings import KernelSettings
from kernel.sockets_redis import provide_redis_sockets
from kernel.sockets_testing import heard, opened, serving
from kernel.tenancy import current_tenant
from kernel.websockets import SOCKETS, Client, SocketSettings, WebSockets, provide_websockets
from tests.kernel.test_cache import cleared
from tests.services import redis_url

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

pytestmark = pytest.mark.anyio
SOCKETS_AT_ONCE = int(os.environ.get("ARCKODE_SOCKETS", "100"))


class Revocable:
    """Knows every token until it is revoked or loses its right."""

    def __init__(self) -> None:
        self.error: AppError | None = None
        self.permissions = frozenset({"chat:read"})

    async def __call__(self, authorization: str | None) -> Principal | None:
        if self.error is not None:
            raise self.error
        return Principal(UUID(int=1), permissions=self.permissions) if authorization else None


class Chat:
    """Lets clients join rooms and say something there."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self.sockets: WebSockets | None = None

    async def connected(self, client: Client) -> None:
        if client.principal is not None and client.principal.tenant == UUID(int=13):
            raise ForbiddenError("This tenant has no chat.", code="no_chat")
        self.log.append(f"+{client.user}")

    async def received(self, client: Client, event: str, data: Mapping[str, object]) -> None:
        assert self.sockets is not None
        if event == "join":
            client.rooms.add(str(data["room"]))
            await self.sockets.send_to(client.id, "joined", data)
        elif event == "say":
            await self.sockets.broadcast("said", data, room=str(data["room"]))
        elif event == "fail":
            raise RuntimeError("the handler is broken")

    async def disconnected(self, client: Client) -> None:
        self.log.append(f"-{client.user}")


class ForTests(KernelSettings):
    sockets: SocketSettings = SocketSettings()


async def authenticate(authorization: str | None) -> Principal | None:
    word = (authorization or "").removeprefix("Bearer ")
    if word == "bad":
        raise AuthError("The token is not valid.", code="token_invalid")
    return Principal(UUID(int=int(word)), UUID(int=int(word)), frozenset({"chat:read"})) if word else None


def composed(
    settings: SocketSettings, chat: Chat, *, access: Access = PUBLIC, name: str = "app"
) -> tuple[Kernel, WebSockets]:
    kernel = Kernel(ForTests.for_tests(sockets=settings, database_url="sqlite://", app_name=name))
    provide_websockets(kernel)
    provide_redis_sockets(kernel)
    kernel.authenticate_with(authenticate)
    sockets = chat.sockets = kernel.adapter(SOCKETS)
    sockets.attach("/ws/chat", chat, access=access)
    return kernel, sockets


@asynccontextmanager
async def chatting(
    *, access: Access = PUBLIC, settings: SocketSettings | None = None
) -> AsyncGenerator[tuple[str, WebSockets, Chat]]:
    chat = Chat()
    kernel, sockets = composed(settings or SocketSettings(), chat, access=access)
    async with serving(kernel) as url:
        yield f"{url}/ws/chat", sockets, chat


async def until(true: object) -> None:
    assert callable(true)
    async with asyncio.timeout(60):
        while not true():  # noqa: ASYNC110  nothing tells
            await asyncio.sleep(0.01)


async def say(client: object, event: str, **data: object) -> None:
    await client.send(json.dumps({"event": event, "data": data}))  # type: ignore[attr-defined]


async def refused(url: str, token: str = "", **options: object) -> tuple[int, dict[str, object]]:
    offered = ["bearer", token] if token else None
    with pytest.raises(InvalidStatus) as error:
        async with connect(url, subprotocols=offered, proxy=None, **options):  # type: ignore[arg-type]
            pass
    return error.value.response.status_code, json.loads(error.value.response.body or b"{}")


async def test_everybody_a_room_a_user_and_one_client_can_be_told() -> None:
    async with (
        chatting() as (url, sockets, _),
        opened(url, "1") as first,
        opened(url, "1") as second,
        opened(url, "2") as other,
    ):
        await until(lambda: len(sockets.get_clients()) == 3)
        await sockets.broadcast("news", {"n": 1})
        assert [await heard(each) for each in (first, second, other)] == [{"event": "news", "data": {"n": 1}}] * 3
        await sockets.send_to_user(UUID(int=1), "yours", {})
        assert [(await heard(each))["event"] for each in (first, second)] == ["yours", "yours"]
        await say(other, "join", room="tea")
        assert await heard(other) == {"event": "joined", "data": {"room": "tea"}}
        assert [client.user for client in sockets.get_clients("tea")] == [str(UUID(int=2))]
        await say(first, "say", room="tea", text="hello")
        assert await heard(other) == {"event": "said", "data": {"room": "tea", "text": "hello"}}
        target = sockets.get_clients("tea")[0]
        await sockets.send_to(target.id, "only", {})
        await sockets.send_to(uuid4(), "nobody", {})
        assert (await heard(other))["event"] == "only"
        assert await sockets.present() == {str(UUID(int=1)), str(UUID(int=2))}
        await other.close()
        await until(lambda: len(sockets.get_clients()) == 2)
        assert await sockets.present() == {str(UUID(int=1))}


async def test_only_who_may_opens_a_socket_and_the_others_are_told_why() -> None:
    async with chatting(access=require("chat:read")) as (url, sockets, chat):
        assert (await refused(url))[0] == 401
        status, problem = await refused(url, "bad")
        assert (status, problem["code"]) == (401, "token_invalid")
        status, problem = await refused(url, "13")
        assert (status, problem["code"]) == (403, "no_chat")
        assert (await refused(url, additional_headers={"Authorization": "Bearer bad"}))[0] == 401
        assert sockets.get_clients() == ()
        assert chat.log == []
    async with chatting(access=require("chat:write")) as (url, _, _):
        assert (await refused(url, "1"))[0] == 403


async def test_a_page_of_somebody_else_opens_no_socket() -> None:
    async with chatting() as (url, _, _):
        status, problem = await refused(url, "1", origin="https://evil.example")
        assert (status, problem["detail"]) == (403, "This page may open no socket here.")
        own = f"http://{url.removeprefix('ws://').partition('/')[0]}"
        async with connect(url, origin=own, proxy=None):  # type: ignore[arg-type]
            pass


@pytest.mark.parametrize(
    "text", ["no json", "[" * 5000, "[]", '{"data": {}}', '{"event": 1}', '{"event": "a", "data": 1}', b"bytes"]
)
async def test_what_is_not_understood_closes_the_socket(text: str | bytes) -> None:
    async with chatting() as (url, _, _), opened(url) as client:
        await client.send(text)
        with pytest.raises(ConnectionClosed) as closed:
            await heard(client)
        assert closed.value.rcvd is not None
        assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1008, "not understood")


async def test_a_flood_and_a_large_message_close_the_socket() -> None:
    async with chatting(settings=SocketSettings(per_second=5, most_bytes=1000)) as (url, _, _):
        async with opened(url) as client:
            for _ in range(30):
                await say(client, "nothing")
            with pytest.raises(ConnectionClosed, match="too many messages"):
                await heard(client)
        async with opened(url) as client:
            await say(client, "nothing", text="x" * 1000)
            with pytest.raises(ConnectionClosed, match="not understood"):
                await heard(client)


async def test_a_handler_that_fails_closes_its_socket_and_no_other() -> None:
    async with chatting() as (url, sockets, chat), opened(url, "1") as first, opened(url, "2") as second:
        await say(first, "fail")
        with pytest.raises(ConnectionClosed, match="unexpected error"):
            await heard(first)
        await until(lambda: f"-{UUID(int=1)}" in chat.log)
        await sockets.broadcast("news", {})
        assert (await heard(second))["event"] == "news"


async def test_a_slow_client_is_dropped_and_slows_nobody() -> None:
    settings = SocketSettings(backlog=20)
    large = {"text": "x" * 200_000}
    async with chatting(settings=settings) as (url, sockets, _), opened(url, "2") as quick:
        reader, writer = await asyncio.open_connection(*_host(url), limit=1)
        key = "dGhlIHNhbXBsZSBub25jZQ=="
        writer.write(
            f"GET /ws/chat HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        await until(lambda: len(sockets.get_clients()) == 2)
        waits = []
        for number in range(120):
            started = time.perf_counter()
            await sockets.broadcast("news", {"n": number, **large})
            assert (await heard(quick))["data"]["n"] == number  # type: ignore[index]
            waits.append(time.perf_counter() - started)
        await until(lambda: len(sockets.get_clients()) == 1)
        assert sorted(waits)[len(waits) // 2] < 0.5
        writer.close()
        assert reader is not None


def _host(url: str) -> tuple[str, int]:
    host, _, port = url.removeprefix("ws://").partition("/")[0].partition(":")
    return host, int(port)


async def test_a_sign_of_life_is_sent_when_nothing_else_is() -> None:
    async with chatting(settings=SocketSettings(heartbeat=0.05)) as (url, _, _), opened(url) as client:
        assert await heard(client) == {"event": "system.heartbeat", "data": {}}


async def test_a_server_that_stops_says_so() -> None:
    chat = Chat()
    kernel, sockets = composed(SocketSettings(), chat)
    async with serving(kernel) as url, opened(f"{url}/ws/chat") as client:
        await until(lambda: len(sockets.get_clients()) == 1)
        stopping = asyncio.create_task(sockets.stop())
        with pytest.raises(ConnectionClosed) as closed:
            await heard(client)
        await stopping
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code in {1001, 1012}


@pytest.mark.parametrize("loss", ["token_expired", "forbidden"])
async def test_who_loses_the_right_loses_the_socket_with_the_next_heartbeat(loss: str) -> None:
    callers = Revocable()
    kernel, _ = composed(SocketSettings(heartbeat=0.05), Chat(), access=require("chat:read"))
    async with serving(kernel, authenticate=callers) as url, opened(f"{url}/ws/chat", "1") as client:
        assert (await heard(client))["event"] == "system.heartbeat"
        if loss == "forbidden":
            callers.permissions = frozenset()
        else:
            callers.error = AuthError("The token has expired.", code=loss)
        await client.wait_closed()
        assert (client.close_code, client.close_reason) == (1008, loss)


async def test_a_handler_works_in_the_tenant_of_its_caller() -> None:
    class Tenants(Chat):
        async def received(self, client: Client, event: str, data: Mapping[str, object]) -> None:
            tenant = current_tenant()
            assert self.sockets is not None
            await self.sockets.send_to(client.id, "tenant", {"id": str(tenant.id if tenant else None)})

    kernel, _ = composed(SocketSettings(), Tenants())
    async with (
        serving(kernel) as url,
        opened(f"{url}/ws/chat", "7") as one,
        opened(f"{url}/ws/chat", "8") as other,
    ):
        for client, number in ((one, 7), (other, 8), (one, 7)):
            await say(client, "who")
            assert (await heard(client))["data"] == {"id": str(UUID(int=number))}


async def test_a_user_has_only_so_many_sockets() -> None:
    async with chatting(settings=SocketSettings(per_user=2)) as (url, sockets, _):
        async with opened(url, "1"), opened(url, "1"), opened(url, "2"), opened(url), opened(url), opened(url):
            status, problem = await refused(url, "1")
            assert (status, problem["detail"]) == (429, "You have 2 sockets open already; close one.")
        await until(lambda: not sockets.get_clients())
        async with opened(url, "1"):
            await until(lambda: len(sockets.get_clients()) == 1)


async def test_an_address_has_only_so_many_sockets_of_nobody() -> None:
    async with (
        chatting(settings=SocketSettings(per_address=2)) as (url, _, _),
        opened(url),
        opened(url),
        opened(url, "1"),
        opened(url, "1"),
    ):
        status, problem = await refused(url)
        assert (status, problem["detail"]) == (429, "You have 2 sockets open already; close one.")


async def test_sockets_of_another_realm_are_opened_by_its_callers() -> None:
    async def admins(authorization: str | None) -> Principal | None:
        return Principal(UUID(int=99), permissions=frozenset({"chat:read"})) if authorization == "Bearer root" else None

    kernel, sockets = composed(SocketSettings(per_user=1), Chat(), access=require("chat:read"))
    kernel.authenticate_with(admins, realm="admin")
    sockets.attach("/ws/admin", Chat(), access=require("chat:read"), realm="admin")
    async with serving(kernel) as url, opened(f"{url}/ws/admin", "root"), opened(f"{url}/ws/chat", "99"):
        await until(lambda: len(sockets.get_clients()) == 2)
        assert (await refused(f"{url}/ws/admin", "1"))[0] == 401


def test_a_path_is_attached_once() -> None:
    _, sockets = composed(SocketSettings(), Chat())
    with pytest.raises(WiringError, match="attached to /ws/chat twice"):
        sockets.attach("/ws/chat", Chat(), access=PUBLIC)


@pytest.mark.redis
async def test_through_redis_every_process_is_reached() -> None:
    url, name = redis_url(), f"test-{secrets.token_hex(6)}"
    settings = SocketSettings(provider="redis", url=SecretStr(url))
    one, here = composed(settings, Chat(), name=name)
    two, there = composed(settings, Chat(), name=name)
    async with (
        serving(one) as first,
        serving(two) as second,
        opened(f"{first}/ws/chat", "1") as a,
        opened(f"{second}/ws/chat", "2") as b,
    ):
        await until(lambda: here.get_clients() and there.get_clients())
        await asyncio.sleep(0.2)  # until both listen to Redis
        await here.broadcast("news", {"n": 1})
        assert [(await heard(each))["event"] for each in (a, b)] == ["news", "news"]
        await here.send_to_user(UUID(int=2), "yours", {})
        assert (await heard(b))["event"] == "yours"
        assert await here.present() == {str(UUID(int=1)), str(UUID(int=2))}
        await b.close()
        await until(lambda: not there.get_clients())
        assert await here.present() == {str(UUID(int=1))}
    await cleared(url, name)


async def test_many_idle_sockets_cost_little() -> None:
    """ARCKODE_SOCKETS says how many; the memory includes the clients', which are in this process, too."""
    async with chatting(settings=SocketSettings(per_address=SOCKETS_AT_ONCE)) as (url, sockets, _):
        before = resident()
        clients = []
        for start in range(0, SOCKETS_AT_ONCE, 50):
            numbers = range(start, min(start + 50, SOCKETS_AT_ONCE))
            clients += await asyncio.gather(
                *(connect(url, proxy=None, compression=None, open_timeout=None) for _ in numbers)
            )
        await until(lambda: len(sockets.get_clients()) == SOCKETS_AT_ONCE)
        after = resident()
        started = time.perf_counter()
        await sockets.broadcast("news", {})
        await asyncio.gather(*(heard(each) for each in clients))
        seconds = time.perf_counter() - started
        kilobytes = (after - before) / SOCKETS_AT_ONCE
        sys.stdout.write(
            f"\n{SOCKETS_AT_ONCE} sockets: {kilobytes:.0f} kB each with its client, all told in {seconds:.2f} s\n"
        )
        await asyncio.gather(*(each.close() for each in clients))
        assert kilobytes < 400


def resident() -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1])
    return 0
