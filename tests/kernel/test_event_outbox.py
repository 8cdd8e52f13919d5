"""The outbox and the inbox: what is committed is published and has its effect once, wherever a process is killed."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import secrets
import signal
import sys
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from kernel.app import Kernel
from kernel.database import Database
from kernel.errors import UnavailableError
from kernel.event_bus import EVENT_BUS, EventBusSettings, install
from kernel.event_bus_memory import MemoryBroker
from kernel.event_bus_table import OutgoingRow, RelayRow
from kernel.event_outbox import Outbox, Relay
from kernel.event_store import EVENT_STORE, EventStoreSettings, StreamState
from kernel.event_store_database import DatabaseEvents, provide_event_store
from kernel.event_store_memory import MemoryEvents
from kernel.event_store_relay import StoredEvents, use_event_relay
from kernel.event_table import EventRow, StreamRow
from kernel.events import Event, new_event
from kernel.fields import table_of
from kernel.testing import client, running
from tests.kernel import event_kills
from tests.kernel.conftest import SQL, opened
from tests.kernel.event_brokers import Ear, until
from tests.kernel.event_kills import EFFECTS, KEYS, ORDERS, POINTS, SOURCES, Settings
from tests.kernel.test_cache import cleared
from tests.services import redis_url

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence
    from pathlib import Path

pytestmark = pytest.mark.anyio
ROUNDS = int(os.environ.get("ARCKODE_EVENT_KILLS", "1"))
# What the transactions of a server have to do with; the other points are tried there in the long form.
FEW = ("published", "in the effect", "before ack")


def event(n: int, key: str = "k") -> Event:
    return new_event("users.created", key=key, source="test", data={"n": n})


@pytest.fixture(params=["sqlite in memory", *SQL[1:]])
async def database(request: pytest.FixtureRequest, tmp_path: Path, anyio_backend: str) -> AsyncGenerator[Database]:
    async for shop in opened(request.param, request, tmp_path):
        assert shop.database is not None
        async with shop.database.transaction() as session:
            for row in (OutgoingRow, RelayRow, EventRow, StreamRow):
                await session.execute(table_of(row).delete())
        yield shop.database


class Sent:
    """A broker's publish that remembers, and is away as often as it is told to."""

    def __init__(self, away: int = 0) -> None:
        self.numbers: list[object] = []
        self.away = away

    async def publish(self, events: Sequence[Event]) -> None:
        if self.away:
            self.away -= 1
            raise UnavailableError("Redis does not answer: ConnectionError")
        self.numbers += [each.data["n"] for each in events]


def relay(database: Database, sent: Sent) -> tuple[Outbox, Relay]:
    outbox = Outbox(database)
    return outbox, Relay(database, outbox, sent.publish, lease=5, poll=0.02)


async def test_an_event_is_published_exactly_when_its_transaction_commits(database: Database) -> None:
    sent = Sent()
    outbox, relaying = relay(database, sent)
    with pytest.raises(ZeroDivisionError):
        async with database.transaction():
            await outbox.add([event(1)])
            raise ZeroDivisionError
    async with database.transaction():
        await outbox.add([event(2), event(3)])
        assert not outbox.filled.is_set()
    assert outbox.filled.is_set()
    assert await outbox.count() == 2
    await relaying.drain()
    await relaying.drain()
    assert sent.numbers == [2, 3]
    assert await outbox.count() == 0


async def test_events_are_published_in_the_order_in_which_they_were_stored(database: Database) -> None:
    sent = Sent()
    outbox, relaying = relay(database, sent)
    for start in range(0, 500, 50):
        await outbox.add([event(n) for n in range(start, start + 50)])
    await relaying.drain()
    assert sent.numbers == list(range(500))


async def test_two_relays_publish_nothing_twice_and_keep_the_order(database: Database) -> None:
    sent = Sent()
    outbox, one = relay(database, sent)
    two = Relay(database, outbox, sent.publish, lease=5)
    for start in range(0, 400, 100):
        await outbox.add([event(n) for n in range(start, start + 100)])
        await asyncio.gather(one.drain(), two.drain())
    assert sent.numbers == list(range(400))


async def test_while_the_broker_is_away_events_wait_and_nobody_notices(database: Database) -> None:
    sent = Sent(away=1)
    outbox, relaying = relay(database, sent)
    await outbox.add([event(1)])
    with capture_logs() as logs:
        await relaying.start()
        await until(lambda: sent.numbers == [1])
        await relaying.stop()
    (line,) = [each for each in logs if each["event"] == "events wait to be published"]
    assert line["error"] == "Redis does not answer: ConnectionError"


async def test_what_keeps_events_from_being_published_is_told_once_until_it_changes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("kernel.event_outbox._PATIENCE", 0.01)
    database, sent = Database("sqlite://"), Sent(away=2)
    outbox, relaying = relay(database, sent)
    with capture_logs() as logs:
        await relaying.start()
        await asyncio.sleep(0.2)  # in which it tries many times
        told = list(logs)
        await database.create_tables()
        await outbox.add([event(1)])
        await until(lambda: sent.numbers == [1])
        await until(lambda: logs[-1]["event"] == "events are published again")
        await relaying.stop()
    await database.close()
    assert [each["event"] for each in told] == ["events cannot be published"]
    assert [each["event"] for each in logs[1:]] == ["events wait to be published", "events are published again"]


async def test_a_relay_keeps_its_turn_while_there_is_more_and_lets_go_of_it_when_there_is_not(
    database: Database,
) -> None:
    sent = Sent()
    outbox, relaying = relay(database, sent)

    async def holder() -> str:
        async with database.session() as session:
            return await session.scalar(select(table_of(RelayRow).c.holder)) or ""

    await relaying.start()
    for n in range(50):
        await outbox.add([event(n)])
    await until(lambda: sent.numbers == list(range(50)))
    async with asyncio.timeout(10):
        while await holder():  # noqa: ASYNC110  it tells nobody
            await asyncio.sleep(0.005)
    other = Sent()
    await outbox.add([event(50)])
    await Relay(database, outbox, other.publish, lease=5).drain()
    await relaying.stop()
    assert sent.numbers + other.numbers == list(range(51))


async def test_a_service_publishes_in_its_transaction_and_a_handler_hears_it() -> None:
    kernel, ear = Kernel(Settings.for_tests(database_url="sqlite://")), Ear()
    await kernel.database.create_tables()
    install(kernel, MemoryBroker())
    bus = kernel.adapter(EVENT_BUS)
    bus.subscribe("users.*", ear.hear, group="ears")
    async with running(kernel):
        with pytest.raises(ZeroDivisionError):
            async with kernel.database.transaction():
                await bus.publish(event(1))
                raise ZeroDivisionError
        async with kernel.database.transaction():
            await bus.publish(event(2))
            await bus.emit("users.created", {"n": 3}, key="k")
            await asyncio.sleep(0.05)
            assert ear.heard == []
        await until(lambda: len(ear.heard) == 2)
    assert ear.heard == [2, 3]


# The event store as the source


async def test_what_is_stored_is_published_in_order_from_the_first_start_on(database: Database) -> None:
    store, sent = DatabaseEvents(database), Sent()
    source = StoredEvents(store, database)
    one, two = Relay(database, source, sent.publish), Relay(database, source, sent.publish)
    await store.append("users-1", [event(0)], expected=StreamState.ANY)
    await readable(store, 1)
    await source.begin()  # what is there by now is history
    with pytest.raises(ZeroDivisionError):
        async with database.transaction():
            await store.append("users-1", [event(-1)], expected=StreamState.ANY)
            raise ZeroDivisionError
    for start in range(1, 601, 100):
        await store.append("users-1", [event(n) for n in range(start, start + 100)], expected=StreamState.ANY)
    await readable(store, 601)
    await source.begin()  # a second process starts
    await asyncio.gather(one.drain(), two.drain())
    await one.drain()
    assert sent.numbers == list(range(1, 601))


async def readable(store: DatabaseEvents, count: int) -> None:
    """Wait until readers may see so many: on PostgreSQL after every older transaction of the server."""
    async with asyncio.timeout(60):
        while len((await store.read_all(limit=1000)).events) < count:
            await store.changed(0.02)


async def test_history_is_published_when_it_is_asked_for_and_a_failure_repeats_nothing(database: Database) -> None:
    store, sent = DatabaseEvents(database), Sent(away=1)
    source = StoredEvents(store, database, history=True)
    await store.append("users-1", [event(1), event(2)], expected=StreamState.ANY)
    await readable(store, 2)
    await source.begin()
    relaying = Relay(database, source, sent.publish, poll=0.02)
    await relaying.start()
    await until(lambda: sent.numbers == [1, 2])
    await store.append("users-1", [event(3)], expected=StreamState.ANY)
    await until(lambda: sent.numbers == [1, 2, 3])
    await relaying.stop()


async def test_a_store_that_forgot_what_was_published_is_told_and_goes_on() -> None:
    database, sent = Database("sqlite://"), Sent()
    await database.create_tables()
    before, after = MemoryEvents(), MemoryEvents()
    await StoredEvents(before, database).begin()
    await before.append("users-1", [event(1), event(2)], expected=StreamState.ANY)
    await Relay(database, StoredEvents(before, database), sent.publish).drain()
    source = StoredEvents(after, database)
    with capture_logs() as logs:
        await source.begin()
    assert [each["event"] for each in logs] == [
        "the event store has less than was published; what comes from now on is published"
    ]
    await after.append("users-1", [event(3)], expected=StreamState.ANY)
    await Relay(database, source, sent.publish).drain()
    await database.close()
    assert sent.numbers == [1, 2, 3]


async def test_an_event_of_an_aggregate_reaches_a_handler() -> None:
    kernel, ear = Kernel(Settings.for_tests(database_url="sqlite://", event_store=EventStoreSettings())), Ear()
    await kernel.database.create_tables()
    install(kernel, MemoryBroker())
    provide_event_store(kernel)
    store = kernel.adapter(EVENT_STORE)
    use_event_relay(kernel)
    bus = kernel.adapter(EVENT_BUS)
    bus.subscribe("users.*", ear.hear, group="ears")
    async with running(kernel):
        await store.append("users-1", [event(1)], expected=StreamState.NO_STREAM)
        await until(lambda: ear.heard == [1])
        assert (await bus.metrics())[""]["published"] == 1


async def test_an_application_whose_tables_come_later_starts_and_relays_then() -> None:
    kernel, ear = Kernel(Settings.for_tests(database_url="sqlite://", event_store=EventStoreSettings())), Ear()
    install(kernel, MemoryBroker())
    provide_event_store(kernel)
    store = kernel.adapter(EVENT_STORE)
    use_event_relay(kernel, history=True)
    kernel.adapter(EVENT_BUS).subscribe("users.*", ear.hear, group="ears")
    async with running(kernel):
        await kernel.database.create_tables()
        await store.append("users-1", [event(1)], expected=StreamState.NO_STREAM)
        await until(lambda: ear.heard == [1])


# Metrics


async def test_what_the_bus_did_is_shown_as_json_and_to_prometheus_when_that_is_wanted() -> None:
    for wanted in (False, True):
        measured = EventBusSettings(metrics=wanted)
        kernel, ear = Kernel(Settings.for_tests(database_url="sqlite://", event_bus=measured)), Ear()
        await kernel.database.create_tables()
        install(kernel, MemoryBroker())
        bus = kernel.adapter(EVENT_BUS)
        bus.subscribe("users.*", ear.hear, group="ears")
        bus.subscribe("orders.*", ear.hear, group="idle")
        async with client(kernel) as http:
            await bus.publish(event(1))
            async with asyncio.timeout(10):
                while (await bus.metrics()).get("ears", {}).get("handled") != 1 or await bus.waiting():  # noqa: ASYNC110  it tells nobody
                    await asyncio.sleep(0.01)
            answers = [await http.get("/events/metrics"), await http.get("/events/metrics/prometheus")]
            assert [each.status_code for each in answers] == ([200, 200] if wanted else [404, 404])
    shown = answers[0].json()
    idle = dict.fromkeys(("handled", "repeated", "failed", "dead", "lettersWaiting", "lettersDead"), 0)
    assert shown == {"published": 1, "waiting": 0, "groups": {"ears": {**idle, "handled": 1}, "idle": idle}}
    assert answers[1].headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = answers[1].text.splitlines()
    assert {"events_published_total 1", 'events_handled_total{group="ears"} 1'} <= set(lines)
    assert 'event_letters{group="idle",status="dead"} 0' in lines


# Killed


@pytest.fixture(params=[pytest.param(("sqlite",), id="sqlite"), *SQL[1:]])
async def killing(request: pytest.FixtureRequest, tmp_path: Path, anyio_backend: str) -> AsyncGenerator[str]:
    """The URL of a database with the tables, on each engine."""
    name = request.param if isinstance(request.param, str) else "sqlite"
    fixtures = {"postgresql": "postgres_scratch", "mariadb": "mariadb_scratch"}
    url = request.getfixturevalue(fixtures[name]) if name in fixtures else f"sqlite:///{tmp_path}/kills.db"
    database = Database(url)
    await database.create_tables()
    async with database.transaction() as session:
        for table in (ORDERS, EFFECTS, table_of(EventRow), table_of(StreamRow), table_of(RelayRow)):
            await session.execute(table.delete())
    await database.close()
    yield url if isinstance(url, str) else url.render_as_string(hide_password=False)


@pytest.mark.redis
@pytest.mark.parametrize("source", SOURCES)
async def test_wherever_a_process_is_killed_every_effect_happens_once_and_in_order(
    source: str, killing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Without it the server that forks finds nothing to import, and each process imports everything again.
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    redis, prefix = redis_url(), f"test-{secrets.token_hex(6)}"
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([event_kills.__name__])
    points = POINTS if killing.startswith("sqlite") or ROUNDS > 1 else FEW
    count, deaths = 0, 0
    for turn in range(ROUNDS):
        for point in points:
            count += 8
            # Eight events may be published and acknowledged at once, so that only what is done to each is passed again.
            passes = 1 + turn % 5 if point in ("appended", "in the effect") else 0
            words = (source, killing, redis, prefix, count, point, passes)
            deaths += await asyncio.to_thread(ended, context, words) == -signal.SIGKILL
        # Lives are short and leave most of the work: without one that gets through, the next turns only add to it.
        assert await asyncio.to_thread(ended, context, (source, killing, redis, prefix, count, "", 0)) == 0
    await cleared(redis, f"{{{prefix}")
    assert deaths == ROUNDS * len(points)
    database = Database(killing)
    async with database.session() as session:
        rows = (await session.execute(select(EFFECTS.c.n, EFFECTS.c.key).order_by(EFFECTS.c.id))).all()
    await database.close()
    assert sorted(row.n for row in rows) == list(range(count))
    for key in range(KEYS):
        of_key = [row.n for row in rows if row.key == f"k{key}"]
        assert of_key == sorted(of_key)


def ended(context: multiprocessing.context.ForkServerContext, words: tuple[object, ...]) -> int | None:
    """Run a process to its end, and answer how it ended."""
    process = context.Process(target=event_kills.run, args=words)
    process.start()
    process.join(120)
    if process.is_alive():
        process.kill()
        process.join()
        return None
    return process.exitcode
