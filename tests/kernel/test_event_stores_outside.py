"""Event stores on servers of their own: several processes, deaths, restarts, and what they cannot do."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import secrets
import shutil
import sys
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import uuid4

import bson
import pytest
from pydantic import SecretStr, ValidationError
from redis.asyncio import Redis
from sqlalchemy import select

from kernel.aggregates import Aggregates
from kernel.app import Kernel
from kernel.clock import FixedClock
from kernel.command_table import CommandRow
from kernel.errors import ProgrammingError, TooLargeError, UnavailableError, WiringError
from kernel.event_outbox import Relay
from kernel.event_store import EVENT_STORE, START, ConcurrencyError, EventStoreSettings, Position, StreamState
from kernel.event_store_database import provide_event_store
from kernel.event_store_mongodb import MongoEvents, _document, provide_mongodb_event_store
from kernel.event_store_outside import to_text
from kernel.event_store_redis import RedisEvents, provide_redis_event_store
from kernel.event_store_relay import StoredEvents
from kernel.events import new_event
from kernel.fields import table_of
from kernel.personal_data import use_personal_data
from kernel.repository import ALL
from kernel.reservations import use_reservations
from kernel.settings import KernelSettings
from kernel.testing import client, running, silent_log
from tests.kernel import store_kills
from tests.kernel.backends import START as NOW
from tests.kernel.conftest import opened
from tests.kernel.event_stores import OUTSIDE, made_store, opened_store, removed
from tests.kernel.projection_load import Scored, Scores, projections_on
from tests.kernel.store_kills import STREAMS, TOGETHER, persistently
from tests.kernel.test_commands import PURSES, PayIn, Shop
from tests.kernel.test_event_outbox import Sent
from tests.kernel.test_personal_data import MEMBERS
from tests.kernel.test_reservations import USERS
from tests.own_servers import OwnMongo, OwnRedis, OwnServer
from tests.services import mongodb_url, redis_url

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path
    from uuid import UUID

    from kernel.database import Database
    from kernel.event_store import EventStore
    from kernel.event_store_outside import OutsideStore
    from kernel.events import Event

pytestmark = pytest.mark.anyio
ROUNDS = int(os.environ.get("ARCKODE_STORE_KILLS", "4"))
# nx-27017 stands for another opinion on the protocol; what a server survives is asked of the closer one.
SERVED = OUTSIDE[:2]


class Settings(KernelSettings):
    event_store: EventStoreSettings = EventStoreSettings()


def event(n: object, type_: str = "users.created") -> Event:
    return new_event(type_, key="k", source="test", data={"n": n})


def numbers(events: object) -> list[object]:
    return [each.event.data["n"] for each in events]  # type: ignore[attr-defined]  # RecordedEvent, all of them


@asynccontextmanager
async def processes(kind: str, count: int) -> AsyncGenerator[list[OutsideStore]]:
    """Open one store as several processes have it, each with its own connections."""
    space = f"test_{secrets.token_hex(6)}"
    url = redis_url() if kind == "redis" else await asyncio.to_thread(mongodb_url, kind)
    made = [made_store(kind, url, space) for _ in range(count)]
    try:
        yield made
    finally:
        for store in made:
            await store.close()
        await removed(kind, url, space)


@pytest.mark.parametrize("kind", OUTSIDE)
async def test_of_the_writers_of_several_processes_one_wins_and_readers_miss_nothing(kind: str) -> None:
    async with processes(kind, 4) as stores:
        seen: list[object] = []
        ended = asyncio.Event()

        async def follow() -> None:
            after = START
            while True:
                last_round = ended.is_set()
                page = await stores[0].read_all(after, limit=3)
                seen.extend(numbers(page.events))
                after = page.reached
                if last_round and not page.events:
                    return
                await asyncio.sleep(0.001)

        async def begin(n: int) -> bool:
            try:
                await stores[n % 4].append("users-one", [event(n), event(n)], expected=StreamState.NO_STREAM)
            except ConcurrencyError as error:
                assert error.actual == 2
                return False
            return True

        reader = asyncio.create_task(follow())
        won = await asyncio.gather(*map(begin, range(12)))
        free = (stores[n % 4].append(f"users-{n % 2}", [event(n)], expected=StreamState.ANY) for n in range(20, 44))
        positions = [each for found in await asyncio.gather(*free) for each in found]
        ended.set()
        await reader
        assert sum(won) == 1
        assert len(set(positions)) == 24
        winner = won.index(True)
        assert sorted(map(str, seen)) == sorted(map(str, [winner, winner, *range(20, 44)]))
        for stream in ("users-0", "users-1"):
            assert [each.number for each in await stores[1].read_stream(stream)] == list(range(1, 13))


@pytest.mark.parametrize("kind", OUTSIDE)
async def test_the_same_events_of_two_processes_are_stored_once(kind: str) -> None:
    async with processes(kind, 2) as stores:
        events = [event(1), event(2)]
        answers = await asyncio.gather(
            *(each.append("users-1", events, expected=StreamState.NO_STREAM) for each in stores for _ in range(5))
        )
        assert len(set(answers)) == 1
        assert numbers(await stores[0].read_stream("users-1")) == [1, 2]


# Deaths and restarts


@pytest.mark.parametrize("kind", SERVED)
async def test_a_process_that_is_killed_loses_nothing_and_doubles_nothing(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Without it the server that forks finds nothing to import, and each process imports everything again.
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([store_kills.__name__])
    space, told = f"test_{secrets.token_hex(6)}", tmp_path / "told"
    url = redis_url() if kind == "redis" else await asyncio.to_thread(mongodb_url, kind)
    for turn in range(ROUNDS):
        process = context.Process(target=store_kills.run, args=(kind, url, space, told))
        process.start()
        begun = told.stat().st_size if told.exists() else 0
        async with asyncio.timeout(60):
            while not told.exists() or told.stat().st_size == begun:  # noqa: ASYNC110  it tells nobody
                await asyncio.sleep(0.005)
        await asyncio.sleep(secrets.randbelow(40) / 1000)
        process.kill()
        await asyncio.to_thread(process.join)
        assert process.exitcode == -9, turn
    store = made_store(kind, url, space)
    confirmed = told.read_text().splitlines()
    for stream in STREAMS:
        await is_whole(store, stream, sum(line.startswith(stream) for line in confirmed))
    await store.close()
    await removed(kind, url, space)


async def is_whole(store: EventStore, stream: str, confirmed: int) -> None:
    """Hold a stream to having every event that was confirmed once and in order, and no part of an append."""
    found = numbers(await store.read_stream(stream))
    assert found == list(range(len(found)))
    assert len(found) % TOGETHER == 0
    assert len(found) >= confirmed * TOGETHER
    after, all_of_it = START, list[object]()
    while (page := await store.read_all(after)).events:
        all_of_it += numbers(each for each in page.events if each.stream == stream)
        after = page.reached
    assert all_of_it == found


@pytest.mark.parametrize("kind", SERVED)
async def test_a_server_that_ends_or_dies_and_comes_back_has_everything_once(kind: str) -> None:
    server: OwnServer = OwnRedis() if kind == "redis" else OwnMongo()
    await asyncio.to_thread(server.start)
    store = made_store(kind, server.url, "restarts")
    try:
        writing = asyncio.gather(*(persistently(store, each, range(40)) for each in STREAMS))
        for at, ending in ((15, server.stop), (75, server.kill)):
            async with asyncio.timeout(60):
                while await version_of(store) < at:  # noqa: ASYNC110  it tells nobody
                    await asyncio.sleep(0.005)
            await asyncio.to_thread(ending)
            await asyncio.sleep(0.1)
            await asyncio.to_thread(server.start)
        async with asyncio.timeout(60):
            await writing
        for stream in STREAMS:
            assert await store.version(stream) == 40 * TOGETHER
            await is_whole(store, stream, 40)
    finally:
        await store.close()
        await asyncio.to_thread(server.remove)


async def version_of(store: OutsideStore) -> int:
    """Answer how much is there, or nothing while the server is away."""
    try:
        return await store.version(STREAMS[0])
    except UnavailableError:
        return 0


@pytest.mark.redis
async def test_a_redis_that_lost_what_was_read_hides_nothing_that_comes_later() -> None:
    """Let a server come back with an older state, as one whose last second was lost, or a replica that took over."""
    server = OwnRedis()
    await asyncio.to_thread(server.start)
    store = made_store("redis", server.url, "loss")
    try:
        await store.append("users-1", [event(1), event(2)], expected=StreamState.NO_STREAM)
        older = server.folder.with_suffix(".older")
        shutil.copytree(server.folder, older)
        await store.append("users-2", [event(n) for n in range(3, 8)], expected=StreamState.NO_STREAM)
        page = await store.read_all()
        assert numbers(page.events) == [1, 2, 3, 4, 5, 6, 7]
        await asyncio.to_thread(server.kill)
        shutil.rmtree(server.folder / "appendonlydir")
        shutil.move(older / "appendonlydir", server.folder / "appendonlydir")
        shutil.rmtree(older)
        await asyncio.to_thread(server.start)
        assert numbers((await store.read_all()).events) == [1, 2]
        assert (await store.read_all(page.reached)).events == ()
        (position,) = await store.append("users-3", [event(8)], expected=StreamState.NO_STREAM)
        assert position > page.reached  # though its number is smaller
        assert numbers((await store.read_all(page.reached)).events) == [8]
        assert numbers((await store.read_all(page.reached, types=["users.created"])).events) == [8]
        assert numbers((await store.read_all(page.events[0].position)).events) == [2, 8]
        assert not await store.may_hold(page.reached)
    finally:
        await store.close()
        await asyncio.to_thread(server.remove)


# Transactions of the database


@pytest.mark.parametrize("kind", SERVED)
async def test_a_command_whose_transaction_fails_happens_once_when_it_is_sent_again(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    async for place in opened("sqlite in memory", request, tmp_path):
        assert place.database is not None
        async with opened_store(kind) as store:
            shop = Shop(place.database)
            shop.purses = shop.handler.purses = Aggregates(PURSES, store, FixedClock(NOW))
            bus, purse, command_id = shop.register(), uuid4(), uuid4()
            shop.handler.failing = 1
            with pytest.raises(ZeroDivisionError):
                await bus.execute(PayIn(purse=purse, amount=5), command_id=command_id)
            assert await store.version(f"purses-{purse}") == 1  # it has happened, and only that is not known
            outcome = await bus.execute(PayIn(purse=purse, amount=5), command_id=command_id)
            assert (outcome.version, (await shop.purses.load(purse)).state) == (1, 5)
            async with place.database.session() as session:
                rows = (await session.execute(select(table_of(CommandRow).c.status))).scalars().all()
            assert rows == ["done"]


@pytest.mark.parametrize("kind", SERVED)
async def test_a_relay_publishes_each_of_its_events_once(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    async for place in opened("sqlite in memory", request, tmp_path):
        assert place.database is not None
        async with opened_store(kind) as store:
            await store.append("users-0", [event(0)], expected=StreamState.NO_STREAM)
            source = StoredEvents(store, place.database)
            position = await source.begin()
            await store.append("users-1", [event(1), event(2)], expected=StreamState.NO_STREAM)
            sent = Sent()

            for _ in range(2):
                await Relay(place.database, source, sent.publish).drain()
            assert sent.numbers == [1, 2]
            assert Position.parse(position) < await store.head()


# What is refused at the start


def kernel(store: EventStoreSettings, **changes: object) -> Kernel:
    made = Kernel(Settings.for_tests(database_url="sqlite://", event_store=store, **changes))
    provide_event_store(made)
    provide_redis_event_store(made)
    provide_mongodb_event_store(made)
    return made


async def test_the_settings_choose_one_of_those_that_are_there() -> None:
    for provider, kind in (("redis", RedisEvents), ("mongodb", MongoEvents)):
        store = kernel(EventStoreSettings.model_validate({"provider": provider})).adapter(EVENT_STORE)
        assert isinstance(store, kind)
        await store.close()


def test_the_variables_have_the_names_that_people_know(monkeypatch: pytest.MonkeyPatch) -> None:
    named = {
        "EVENT_STORE_PROVIDER": "redis",
        "REDIS_HOST": "cache.example",
        "REDIS_PORT": "tcp://10.0.0.1:6380",
        "REDIS_EVENTS_STORE_DB": "4",
        "MONGODB_URL": "mongodb+srv://cluster.example/",
    }
    for name, value in named.items():
        monkeypatch.setenv(name, value)
    settings = Settings(_env_file=None).event_store  # type: ignore[call-arg]  # pydantic-settings takes it
    assert settings.redis.get_secret_value() == "redis://cache.example:6380/4"
    assert settings.mongodb_url.get_secret_value() == "mongodb+srv://cluster.example/"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"provider": "mongo"}, "Input should be 'memory', 'database', 'sqlite'"),
        ({"mongodb_url": "localhost:27017"}, r"write mongodb://host:27017/, or mongodb\+srv://"),
        ({"redis_url": "localhost"}, "write redis://host:6379/0"),
        ({"redis_db": -1}, "greater than or equal to 0"),
        ({"timeout": 0}, "greater than 0"),
    ],
)
def test_a_setting_that_cannot_be_is_refused(values: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        EventStoreSettings.model_validate(values)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mongodb://", "at least one hostname"),
        ("mongodb://user:secret@word@host/", "must be escaped"),
        ("mongodb://host:99999/", "Port must be an integer"),
    ],
)
def test_a_url_of_which_nothing_can_be_made_ends_the_start_and_tells_no_secret(url: str, said: str) -> None:
    with pytest.raises(WiringError, match=f"MONGODB_URL cannot be used: .*{said}") as refused:
        kernel(EventStoreSettings(provider="mongodb", mongodb_url=SecretStr(url)))
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("provider", ["redis", "mongodb"])
async def test_without_its_server_the_application_starts_and_is_not_ready(provider: str) -> None:
    away = EventStoreSettings.model_validate(
        {
            "provider": provider,
            "redis_url": "redis://127.0.0.1:1/0",
            "mongodb_url": "mongodb://127.0.0.1:1/",
            "timeout": 0.3,
        }
    )
    made = kernel(away)
    with silent_log():
        async with client(made) as http:
            answer = await http.get("/health/ready")
            with pytest.raises(UnavailableError, match="does not answer"):
                await made.adapter(EVENT_STORE).append("users-1", [event(1)], expected=StreamState.ANY)
    assert (answer.status_code, answer.json()["checks"]["event store"]["status"]) == (503, "failed")


@pytest.mark.redis
async def test_production_refuses_a_redis_that_may_forget() -> None:
    server = OwnRedis()
    await asyncio.to_thread(server.start)
    stores = [
        RedisEvents(EventStoreSettings(provider="redis", redis_url=SecretStr(server.url)), prefix="p", insist=insist)
        for insist in (True, True, False)
    ]
    try:
        await stores[0].ping()
        async with Redis.from_url(server.url) as redis:
            for name, value in (
                ("appendfsync", "everysec"),
                ("maxmemory", "100mb"),
                ("maxmemory-policy", "allkeys-lru"),
            ):
                await redis.config_set(name, value)
        with pytest.raises(WiringError) as refused:
            await stores[1].ping()
        assert str(refused.value) == (
            "the Redis of the event store may forget events (appendfsync everysec, maxmemory-policy allkeys-lru); let "
            "it have appendonly yes, appendfsync always and maxmemory-policy noeviction, or accept that with "
            "EVENT_STORE__ACCEPT_LOSSES=true"
        )
        with pytest.raises(WiringError):
            await stores[1].append("users-1", [event(1)], expected=StreamState.ANY)
        await stores[2].append("users-1", [event(1)], expected=StreamState.ANY)
    finally:
        for store in stores:
            await store.close()
        await asyncio.to_thread(server.remove)


@pytest.mark.parametrize("kind", OUTSIDE)
async def test_projections_follow_a_store_of_its_own_into_the_database(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    ada, eva = uuid4(), uuid4()

    def points(player: UUID, *each: int) -> list[Event]:
        return [new_event(Scored.type, key=str(player), source="test", data={"points": n}, version=2) for n in each]

    async def rows(database: Database) -> dict[UUID, int]:
        return {each.id: each.points for each in await Scores(database).find_many(limit=ALL)}

    async for shop in opened("sqlite", request, tmp_path):
        database = shop.database
        assert database is not None
        async with opened_store(kind) as store:
            projections = projections_on(database, store, batch=3)
            await store.append(f"players-{ada}", points(ada, *range(1, 8)), expected=StreamState.NO_STREAM)
            await store.append("teams-1", [event(1, "teams.made")], expected=StreamState.ANY)
            await projections.catch_up()
            assert await rows(database) == {ada: 28}
            (last,) = await store.append(f"players-{eva}", points(eva, 5), expected=StreamState.NO_STREAM)
            again = projections_on(database, store)  # as after a restart
            await again.catch_up()
            assert await rows(database) == {ada: 28, eva: 5}
            (status,) = await again.status()
            assert (status.state, status.behind, status.position) == ("live", 0, str(last))
            assert await again.rebuild("scores") == 8
            assert await rows(database) == {ada: 28, eva: 5}


@pytest.mark.parametrize("provider", ["redis", "mongodb"])
async def test_what_is_unique_needs_events_in_the_database(provider: str) -> None:
    made = kernel(EventStoreSettings.model_validate({"provider": provider, "timeout": 0.2}))
    use_reservations(made)
    Aggregates.of(made, USERS)
    with (
        silent_log(),
        pytest.raises(WiringError, match=f"email is to be unique, and EVENT_STORE_PROVIDER is {provider}"),
    ):
        async with running(made):
            raise AssertionError("it started")


async def test_personal_data_needs_events_in_the_database() -> None:
    made = kernel(EventStoreSettings(provider="redis", timeout=0.2))
    use_personal_data(made)
    Aggregates.of(made, replace(MEMBERS, unique=()))
    with silent_log(), pytest.raises(WiringError, match=r"members\.joined, .* say something about people, and EVENT_"):
        async with running(made):
            raise AssertionError("it started")


@pytest.mark.mongodb
async def test_production_refuses_a_mongodb_that_is_no_replica_set() -> None:
    server = OwnMongo(alone=True)
    await asyncio.to_thread(server.start)
    settings = EventStoreSettings(provider="mongodb", mongodb_url=SecretStr(server.url))
    stores = [MongoEvents(settings, database="p", insist=insist) for insist in (True, False)]
    try:
        with pytest.raises(WiringError, match="is no replica set, so that a failure may take back what was read"):
            await stores[0].ping()
        await stores[1].append("users-1", [event(1)], expected=StreamState.ANY)
        assert numbers((await stores[1].read_all()).events) == [1]
    finally:
        for store in stores:
            await store.close()
        await asyncio.to_thread(server.remove)


@pytest.mark.mongodb
async def test_more_than_a_document_holds_is_refused() -> None:
    refused = r"161 events of users-1 are 16\d{6} bytes together, and MongoDB takes 16000000 at once; append them in"
    async with opened_store("mongodb") as store:
        with pytest.raises(TooLargeError, match=refused):
            await store.append("users-1", [event("x" * 99_500) for _ in range(161)], expected=StreamState.ANY)
        assert await store.version("users-1") == 0


def test_a_document_has_room_for_the_ids_of_many_small_events() -> None:
    small = [event(1)] * 41_000
    document = _document("users-1", small, [to_text(small[0], "users-1", NOW)] * len(small))
    assert 15 * 10**6 < len(bson.encode(document)) < 2**24 - 1000
    with pytest.raises(TooLargeError):
        _document("users-1", small, [to_text(small[0], "users-1", NOW) + " " * 60] * len(small))


@pytest.mark.mongodb
async def test_a_collection_that_something_else_writes_is_told_and_not_tried_for_ever() -> None:
    async with opened_store("mongodb") as store:
        assert isinstance(store, MongoEvents)
        await store.append("users-1", [event(1)], expected=StreamState.ANY)
        await store._written.insert_one({"_id": 2, "number": 0, "stream": "x", "first": 1, "ids": ["x"]})
        with pytest.raises(ProgrammingError, match="has documents that no append made"):
            await store.append("users-1", [event(2)], expected=StreamState.ANY)
