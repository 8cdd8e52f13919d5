"""Keys of requests that are sent again: kept in a real database, claimed by one of many, and given up by the dead."""

from __future__ import annotations

import asyncio
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest
from fastapi import Response  # noqa: TC002  FastAPI reads annotations at run time

from kernel.access import PUBLIC, Principal
from kernel.app import Kernel
from kernel.database import Database
from kernel.errors import ConflictError
from kernel.http.idempotency import use_idempotency
from kernel.http.routing import ModuleRouter
from kernel.idempotency import Answer, Claim, IdempotencyStore
from kernel.settings import KernelSettings
from kernel.testing import client, fresh_database
from tests.kernel.test_http import assert_problem

if TYPE_CHECKING:
    import httpx2
    from starlette.requests import HTTPConnection

    from tests.kernel.backends import Shop

pytestmark = pytest.mark.anyio
HOLD = timedelta(seconds=30)
DONE = Answer(201, {"content-type": "application/json", "location": "/x"}, b'{"a": "\xc3\xa9"}')


@pytest.fixture
def key() -> str:
    return secrets.token_hex(32)


def store_of(shop: Shop) -> IdempotencyStore:
    assert shop.database is not None
    return IdempotencyStore(shop.database)


async def test_a_key_is_claimed_kept_and_answered(sql_only: Shop, key: str) -> None:
    store = store_of(sql_only)
    claim = await store.claim(key, "r" * 64, hold=HOLD)
    assert isinstance(claim, Claim)
    with pytest.raises(ConflictError, match="still being served"):
        await store.claim(key, "r" * 64, hold=HOLD)
    await store.keep(claim, DONE)
    assert await store.claim(key, "r" * 64, hold=HOLD) == DONE
    with pytest.raises(ConflictError) as reused:
        await store.claim(key, "s" * 64, hold=HOLD)
    assert (reused.value.status, reused.value.code) == (422, "idempotency_key_reused")
    assert isinstance(await store.claim(key[::-1], "r" * 64, hold=HOLD), Claim)


async def test_of_many_at_once_one_gets_the_claim(sql_only: Shop, key: str) -> None:
    store = store_of(sql_only)

    async def attempt() -> bool:
        try:
            return isinstance(await store.claim(key, "r" * 64, hold=HOLD), Claim)
        except ConflictError:
            return False

    assert sum(await asyncio.gather(*(attempt() for _ in range(20)))) == 1


async def test_what_a_dead_process_held_is_taken_over_by_one_and_its_late_answer_is_dropped(
    sql_only: Shop, key: str
) -> None:
    store = store_of(sql_only)
    dead = await store.claim(key, "r" * 64, hold=HOLD)
    assert isinstance(dead, Claim)
    sql_only.clock.advance(timedelta(seconds=31))

    async def attempt() -> Claim | None:
        try:
            claim = await store.claim(key, "r" * 64, hold=HOLD)
        except ConflictError:
            return None
        assert isinstance(claim, Claim)
        return claim

    claims = [each for each in await asyncio.gather(*(attempt() for _ in range(10))) if each]
    assert len(claims) == 1
    await store.keep(dead, Answer(200, {}, b"late"))
    await store.release(dead)
    await store.keep(claims[0], DONE)
    assert await store.claim(key, "r" * 64, hold=HOLD) == DONE


async def test_a_key_ends_after_a_day_and_may_be_used_again(sql_only: Shop, key: str) -> None:
    store = store_of(sql_only)
    claim = await store.claim(key, "r" * 64, hold=HOLD)
    assert isinstance(claim, Claim)
    await store.keep(claim, DONE)
    sql_only.clock.advance(timedelta(hours=24))
    assert isinstance(await store.claim(key, "s" * 64, hold=HOLD), Claim)
    sql_only.clock.advance(timedelta(hours=24))
    await store.remove_expired()
    assert isinstance(await store.claim(key, "t" * 64, hold=HOLD), Claim)


async def test_what_came_to_nothing_is_forgotten(sql_only: Shop, key: str) -> None:
    store = store_of(sql_only)
    claim = await store.claim(key, "r" * 64, hold=HOLD)
    assert isinstance(claim, Claim)
    await store.release(claim)
    assert isinstance(await store.claim(key, "r" * 64, hold=HOLD), Claim)


class Orders:
    def __init__(self) -> None:
        self.made = 0

    async def store(self) -> str:
        self.made += 1
        return "x" * 1_100_000 if self.made > 1 else "made"


def compose(database: Database, orders: Orders) -> Kernel:
    kernel = Kernel(KernelSettings.for_tests(body_limit=100, cors_origins=("https://a.example",)), database=database)
    routes = ModuleRouter("orders")
    routes.post("", orders.store, access=PUBLIC)
    kernel.add_module("orders", service=orders, router=routes.router)
    use_idempotency(kernel)
    return kernel


async def test_nobody_gets_what_was_answered_to_somebody_else() -> None:
    people = {f"Bearer {name}": Principal(uuid4()) for name in "ab"}

    async def provider(header: str | None) -> Principal | None:
        return people.get(header or "")

    orders = Orders()
    async with fresh_database() as database:
        kernel = compose(database, orders)
        kernel.authenticate_with(provider)
        async with client(kernel) as http:

            async def send(who: str) -> httpx2.Response:
                headers = {"authorization": f"Bearer {who}", "idempotency-key": "the-same-key"}
                return await http.post("/orders", headers=headers)

            replayed = ["idempotency-replayed" in (await send(who)).headers for who in "abab"]
            assert replayed == [False, False, True, False], "the second of b was too large to keep"
            assert orders.made == 3


class Cookies:
    """Knows callers by a cookie alone, as a second realm for browsers does."""

    async def __call__(self, _authorization: str | None) -> Principal | None:
        return None

    async def of(self, connection: HTTPConnection) -> Principal | None:
        name = connection.cookies.get("who")
        return None if name is None else Principal(UUID(int=int(name)))


async def test_callers_of_every_realm_are_told_apart() -> None:
    orders = Orders()
    async with fresh_database() as database:
        kernel = compose(database, orders)
        kernel.authenticate_with(Cookies(), realm="admin")
        async with client(kernel) as http:
            made = []
            for who in "121":
                headers = {"idempotency-key": "the-same-key", "cookie": f"who={who}"}
                answer = await http.post("/orders", headers=headers)
                made.append("idempotency-replayed" in answer.headers)
            assert made == [False, False, True]


async def test_what_must_not_be_stored_is_not_kept() -> None:
    class Tokens:
        made = 0

        async def store(self, response: Response) -> str:
            self.made += 1
            response.headers["Cache-Control"] = "no-store"
            return f"secret {self.made}"

    tokens, headers = Tokens(), {"idempotency-key": "the-same-key"}
    async with fresh_database() as database:
        kernel = Kernel(KernelSettings.for_tests(), database=database)
        routes = ModuleRouter("tokens")
        routes.post("", tokens.store, access=PUBLIC)
        kernel.add_module("tokens", service=tokens, router=routes.router)
        use_idempotency(kernel)
        async with client(kernel) as http:
            assert [(await http.post("/tokens", headers=headers)).json() for _ in range(2)] == ["secret 1", "secret 2"]
            operation = (await http.get("/openapi.json")).json()["paths"]["/tokens"]["post"]
            assert [parameter["name"] for parameter in operation["parameters"]] == ["Idempotency-Key"]


async def test_errors_around_a_key_are_problems_with_the_headers_of_every_answer() -> None:
    async with fresh_database() as database, client(compose(database, Orders())) as http:
        headers = {"idempotency-key": "a-good-key", "origin": "https://a.example"}
        large = await http.post("/orders", content=b"x" * 200, headers=headers)
        assert_problem(large, 413, "request_entity_too_large")
        assert large.headers["access-control-allow-origin"] == "https://a.example"
        refused = await http.post("/orders", headers=headers | {"idempotency-key": "with a space"})
        assert_problem(refused, 400, "bad_request")
        assert_problem(await http.put("/orders", headers=headers), 405, "method_not_allowed")


async def test_a_database_that_is_away_is_503_and_nothing_is_done() -> None:
    orders = Orders()
    kernel = compose(Database("postgresql://nobody:secret@127.0.0.1:1/nothing"), orders)
    async with client(kernel) as http:
        assert_problem(
            await http.post("/orders", headers={"idempotency-key": "a-good-key"}), 503, "database_unavailable"
        )
    assert orders.made == 0
