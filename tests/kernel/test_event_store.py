"""What every event store promises; a store of another kind joins by adding itself to `place`."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select, text

from kernel.clock import FixedClock
from kernel.engine import writing
from kernel.errors import ConflictError, ProgrammingError, ValidationError, WiringError
from kernel.event_store import (
    START,
    ConcurrencyError,
    EventStore,
    Position,
    StreamState,
    events_after,
    history_of,
    subscribe,
)
from kernel.event_store_database import DatabaseEvents
from kernel.event_store_memory import MemoryEvents
from kernel.event_table import EventRow, StreamRow
from kernel.event_values import History, json_object
from kernel.events import Event, new_event
from kernel.fields import table_of
from kernel.memory_database import MemoryDatabase
from tests.kernel.backends import START as NOW
from tests.kernel.backends import sql_shop
from tests.kernel.conftest import SQL, opened
from tests.kernel.event_stores import OUTSIDE, OUTSIDE_KINDS, opened_store

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence
    from pathlib import Path

    from sqlalchemy import URL

    from kernel.database import Database
    from kernel.unit_of_work import UnitOfWork

pytestmark = pytest.mark.anyio
ANY, NO_STREAM, EXISTS = StreamState.ANY, StreamState.NO_STREAM, StreamState.EXISTS
EVENTS = table_of(EventRow)


@dataclass(frozen=True, slots=True)
class Place:
    """A store and the database whose transactions it takes part in, if there is one."""

    store: EventStore
    work: UnitOfWork | None
    database: Database | None


@pytest.fixture(params=["memory", "sqlite in memory", *SQL, *OUTSIDE])
async def place(request: pytest.FixtureRequest, tmp_path: Path, anyio_backend: str) -> AsyncGenerator[Place]:
    """Every store in turn, empty."""
    if request.param == "memory":
        memory = MemoryDatabase(clock=FixedClock(NOW))
        yield Place(MemoryEvents(memory), memory, None)
        return
    if request.param in OUTSIDE_KINDS:
        async with opened_store(request.param, clock=FixedClock(NOW)) as store:
            yield Place(store, None, None)
        return
    async for shop in opened(request.param, request, tmp_path):
        assert shop.database is not None
        async with shop.database.transaction() as session:
            await session.execute(EVENTS.delete())
            await session.execute(table_of(StreamRow).delete())
        yield Place(DatabaseEvents(shop.database), shop.database, shop.database)


@pytest.fixture
def store(place: Place) -> EventStore:
    return place.store


async def settled(place: Place) -> EventStore:
    """Answer the store when readers may see all of it: on PostgreSQL after every older transaction of the server."""
    if place.database is not None and place.database.dialect == "postgresql":
        own, oldest = "pg_current_xact_id()", "pg_snapshot_xmin(pg_current_snapshot())"
        mine = await number_of(place.database, own)
        async with asyncio.timeout(60):
            while await number_of(place.database, oldest) <= mine:  # noqa: ASYNC110  the server tells nobody
                await asyncio.sleep(0.02)
    return place.store


async def number_of(database: Database, transaction: str) -> int:
    async with database.transaction() as session:
        return int(str(await session.scalar(text(f"SELECT {transaction}::text"))))


def event(n: object = 1, type_: str = "users.created") -> Event:
    return new_event(type_, key="k", source="test", data={"n": n}, clock=FixedClock(NOW))


def several(count: int) -> list[Event]:
    return [event(n) for n in range(1, count + 1)]


def name() -> str:
    return f"users-{uuid4()}"


def numbers(events: Sequence[object]) -> list[object]:
    return [each.event.data["n"] for each in events]  # type: ignore[attr-defined]  # RecordedEvent, all of them


# Appending


async def test_an_event_comes_back_as_it_was(place: Place) -> None:
    store = place.store
    data = {"n": 1, "text": "ü ☃ 'q' \\", "none": None, "list": [1, 2.5, {"a": True}], "big": 2**53}
    given = replace(event(), data=data, causation_id="c", metadata={"user": "u", "traceparent": "00-a-b-01"}, version=3)
    stream = name()
    (position,) = await store.append(stream, [given], expected=NO_STREAM)
    (found,) = await store.read_stream(stream)
    assert (found.event, dict(found.event.data)) == (given, data)
    assert (found.stream, found.number, found.position, found.recorded_at) == (stream, 1, position, NOW)
    assert (await (await settled(place)).read_all()).events == (found,)


async def test_an_event_is_found_by_its_id(store: EventStore) -> None:
    stored = several(2)
    await store.append(stream := name(), stored, expected=NO_STREAM)
    found = await store.find(stored[1].id)
    assert (found, await store.find(uuid4())) == ((await store.read_stream(stream))[1], None)


async def test_several_events_are_stored_together_and_in_order(place: Place) -> None:
    stream = name()
    positions = await place.store.append(stream, several(100), expected=0)
    assert list(positions) == sorted(set(positions))
    found = await place.store.read_stream(stream)
    assert [each.number for each in found] == numbers(found) == list(range(1, 101))
    assert tuple(each.position for each in found) == positions
    if place.work is None:
        return
    with pytest.raises(ZeroDivisionError):
        async with place.work.transaction():
            await place.store.append(stream, several(2), expected=100)
            await place.store.append(name(), several(2), expected=NO_STREAM)
            raise ZeroDivisionError
    assert await place.store.version(stream) == 100
    assert len((await (await settled(place)).read_all(limit=1000)).events) == 100


async def test_what_only_some_events_of_an_append_have_in_common_comes_back(place: Place) -> None:
    others: dict[str, Any] = {
        "type": "users.renamed",
        "version": 2,
        "occurred_at": NOW + timedelta(microseconds=1),
        "key": "l",
        "correlation_id": "other",
        "causation_id": "cause",
        "source": "other",
        "metadata": {"user": "u"},
    }
    for field, other in others.items():
        first, second, third = (replace(event(n), correlation_id="c") for n in range(3))
        for given in (
            [first, second, replace(third, **{field: other})],
            [replace(first, id=uuid4(), **{field: other}), replace(second, id=uuid4())],
        ):
            stream = name()
            await place.store.append(stream, given, expected=NO_STREAM)
            assert [each.event for each in await place.store.read_stream(stream)] == given
            if place.work is not None:
                again = [replace(each, id=uuid4()) for each in given]
                async with place.work.transaction():
                    await place.store.append(stream, again, expected=len(given))
                assert [each.event for each in await place.store.read_stream(stream, first=len(given) + 1)] == again


async def test_events_of_two_streams_can_share_a_transaction(place: Place) -> None:
    if place.work is None:
        return
    one, other = name(), name()
    async with place.work.transaction():
        await place.store.append(one, several(2), expected=NO_STREAM)
        await place.store.append(other, [event(3)], expected=NO_STREAM)
        await place.store.append(one, [event(4)], expected=2)
    assert numbers((await (await settled(place)).read_all()).events) == [1, 2, 3, 4]


FITS = ((0, 0), (0, NO_STREAM), (0, ANY), (2, 2), (2, EXISTS), (2, ANY))
CONFLICTS = ((0, EXISTS), (0, 1), (2, NO_STREAM), (2, 0), (2, 1), (2, 3))


async def test_an_append_is_refused_unless_the_stream_is_as_expected(store: EventStore) -> None:
    for there, expected in FITS:
        stream = await stream_of(store, there)
        await store.append(stream, several(2), expected=expected)
        assert await store.version(stream) == there + 2
    for there, expected in CONFLICTS:
        stream = await stream_of(store, there)
        with pytest.raises(ConcurrencyError) as refused:
            await store.append(stream, several(2), expected=expected)
        assert (refused.value.expected, refused.value.actual, refused.value.status) == (expected, there, 409)
        assert await store.version(stream) == len(await store.read_stream(stream)) == there


async def stream_of(store: EventStore, count: int) -> str:
    stream = name()
    if count:
        await store.append(stream, several(count), expected=NO_STREAM)
    return stream


async def test_the_refusal_says_what_was_expected(store: EventStore) -> None:
    stream = name()
    with pytest.raises(ConcurrencyError, match=f"the stream {stream} was expected to have an event, and has no event"):
        await store.append(stream, [event()], expected=EXISTS)
    await store.append(stream, several(2), expected=0)
    with pytest.raises(ConcurrencyError, match="was expected to have 1 event, and has 2 events"):
        await store.append(stream, [event()], expected=1)


async def test_of_fifty_writers_at_once_exactly_one_wins(store: EventStore) -> None:
    stream = name()
    await store.append(stream, [event(0)], expected=NO_STREAM)

    async def write(n: int) -> int | None:
        try:
            await store.append(stream, [event(n), event(n)], expected=1)
        except ConcurrencyError as error:
            assert (error.expected, error.actual) == (1, 3)
            return None
        return n

    winners = [n for n in await asyncio.gather(*map(write, range(1, 51))) if n is not None]
    assert len(winners) == 1
    assert numbers(await store.read_stream(stream)) == [0, winners[0], winners[0]]


async def test_of_fifty_writers_that_begin_a_stream_one_wins_and_those_that_expect_nothing_all_do(
    store: EventStore,
) -> None:
    stream, free = name(), name()

    async def begin(n: int) -> bool:
        try:
            await store.append(stream, [event(n)], expected=NO_STREAM)
        except ConcurrencyError:
            return False
        return True

    assert sum(await asyncio.gather(*map(begin, range(50)))) == 1
    await asyncio.gather(*(store.append(free, [event(n)], expected=ANY) for n in range(25)))
    found = await store.read_stream(free)
    assert [each.number for each in found] == list(range(1, 26))
    assert sorted(map(str, numbers(found))) == sorted(map(str, range(25)))


async def test_the_same_events_again_are_not_stored_again(store: EventStore) -> None:
    stream, events = name(), several(3)
    first = await store.append(stream, events, expected=NO_STREAM)
    for expected in (NO_STREAM, 0, 3, ANY, EXISTS):
        assert await store.append(stream, events, expected=expected) == first
    assert await store.append(stream, events[1:2], expected=ANY) == first[1:2]
    again = await asyncio.gather(*(store.append(stream, events, expected=ANY) for _ in range(10)))
    assert set(again) == {first}
    assert len(await store.read_stream(stream)) == 3


async def test_the_same_new_events_at_once_are_stored_once(store: EventStore) -> None:
    stream, events = name(), several(3)
    answers = await asyncio.gather(*(store.append(stream, events, expected=NO_STREAM) for _ in range(10)))
    assert len(set(answers)) == 1
    assert numbers(await store.read_stream(stream)) == [1, 2, 3]


async def test_an_id_that_is_used_elsewhere_is_no_repetition(place: Place) -> None:
    store = place.store
    stream, events = name(), several(2)
    await store.append(stream, events, expected=NO_STREAM)
    with pytest.raises(ConflictError, match="2 of 2 events are stored already, and not as these of users-other"):
        await store.append("users-other", events, expected=ANY)
    with pytest.raises(ConflictError, match="1 of 2 events are stored already"):
        await store.append(stream, [events[0], event()], expected=ANY)
    for expected in (2, ANY):
        with pytest.raises(ConflictError, match="1 of 2 events are stored already"):
            await store.append(stream, [event(), events[0]], expected=expected)  # the one that is new comes first
    assert await store.version(stream) == 2
    assert len((await (await settled(place)).read_all()).events) == 2


REFUSED = [
    ("users", [], "there is nothing to append"),
    ("Users-1", [event()], "'Users-1' is no stream's name; write category-id"),
    ("users-" + "x" * 195, [event()], "with at most 200 characters"),
    ("$all", [event()], r"'\$all' is no stream's name"),
    ("users-1", [event(type_="created")], "'created' is no event's name; write module.action"),
    ("users-1", [event({1: 2})], "the data of users.created cannot be stored: it would not come back as it is"),
    ("users-1", [event((1,))], "it would not come back as it is"),
    ("users-1", [event(NOW)], "Object of type datetime is not JSON serializable"),
    ("users-1", [event(float("nan"))], "Out of range float values are not JSON compliant"),
    ("users-1", [replace(event(), occurred_at=NOW.replace(tzinfo=None))], "the time at which it happened has no zone"),
]


@pytest.mark.parametrize(("stream", "events", "message"), REFUSED, ids=[row[2][:40] for row in REFUSED])
async def test_what_could_not_come_back_is_refused(stream: str, events: list[Event], message: str) -> None:
    store = MemoryEvents()
    with pytest.raises(ProgrammingError, match=message):
        await store.append(stream, events, expected=ANY)
    assert await store.head() == START


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("\x00", "must not contain a NUL character"),
        ("\ud800", "must not contain half a character (a lone surrogate)"),
        (2**70, f"must be between {-(2**63)} and {2**63 - 1}"),
        ({"deep": ["\x00"]}, "must not contain a NUL character"),
    ],
)
async def test_what_somebody_sent_and_no_database_takes_is_named(value: object, said: str) -> None:
    store = MemoryEvents()
    with pytest.raises(ValidationError, match="cannot be stored") as refused:
        await store.append("users-1", [event(value)], expected=ANY)
    assert list(refused.value.fields.values()) == [said]
    assert await store.head() == START


async def test_a_position_beyond_the_last_one_was_made_up(place: Place) -> None:
    last = (await place.store.append(name(), [event(), event()], expected=ANY))[-1]
    assert await place.store.may_hold(START)
    assert await place.store.may_hold(last)
    for made_up in (Position(last.transaction + 2**40, 1), Position(10**19 - 1, 0), Position(0, 10**19 - 1)):
        assert not await place.store.may_hold(made_up)


async def test_a_position_may_be_held_while_an_older_transaction_keeps_readers_back(place: Place) -> None:
    if place.database is None or place.database.dialect != "postgresql":
        return  # elsewhere writers take turns
    async with place.database.engine.connect() as older:
        await older.execute(select(func.pg_current_xact_id()))
        last = (await place.store.append(name(), [event()], expected=ANY))[-1]
        assert await place.store.head() < last
        assert await place.store.may_hold(last)


async def test_an_event_twice_at_once_is_a_mistake(store: EventStore) -> None:
    one = event()
    with pytest.raises(ProgrammingError, match="an event is appended twice at once"):
        await store.append(name(), [one, one], expected=ANY)


# Reading a stream


RANGES: list[tuple[dict[str, int], list[int]]] = [
    ({}, [1, 2, 3, 4, 5]),
    ({"first": 3}, [3, 4, 5]),
    ({"first": 2, "last": 4}, [2, 3, 4]),
    ({"first": 4, "last": 4}, [4]),
    ({"first": 4, "last": 3}, []),
    ({"first": 6}, []),
    ({"last": 9}, [1, 2, 3, 4, 5]),
    ({"limit": 2}, [1, 2]),
    ({"first": 2, "limit": 2}, [2, 3]),
    ({"backwards": True}, [5, 4, 3, 2, 1]),
    ({"backwards": True, "limit": 1}, [5]),
    ({"backwards": True, "first": 2, "last": 4, "limit": 2}, [4, 3]),
]


async def test_a_range_holds_both_its_ends(store: EventStore) -> None:
    stream, _ = await stream_of(store, 5), await stream_of(store, 2)
    for options, found in RANGES:
        events = await store.read_stream(stream, **options)  # type: ignore[arg-type]  # as the table says
        assert numbers(events) == found, options


async def test_a_history_says_what_its_events_do(store: EventStore) -> None:
    stream, _ = await stream_of(store, 5), await stream_of(store, 2)
    for options, _ in RANGES:
        if options.keys() <= {"first", "last"}:
            told = await history_of(store, stream, **options)
            assert plainly(told) == plainly(History.of(await store.read_stream(stream, **options))), options  # type: ignore[arg-type]  # as the table says
    assert (await history_of(store, stream)).number == 5
    assert await history_of(store, name()) == History()


def plainly(history: History) -> History:
    """Answer a history whose JSON is read: a database may write the same one otherwise."""
    return replace(
        history, events=[(type_, version, str(json_object(data)), at) for type_, version, data, at in history.events]
    )


async def test_a_stream_that_does_not_exist_is_empty(store: EventStore) -> None:
    assert await store.read_stream(name()) == ()
    assert await store.version(name()) == 0


# Reading all


async def test_all_events_come_in_one_order_page_by_page(place: Place) -> None:
    store = place.store
    assert (await store.read_all()).events == ()
    for n in range(1, 8):
        await store.append(name(), [event(n)], expected=NO_STREAM)
    await settled(place)
    seen, after = [], START
    while (page := await store.read_all(after, limit=3)).events:
        seen += numbers(page.events)
        after = Position.parse(str(page.reached))
    assert seen == [1, 2, 3, 4, 5, 6, 7]
    assert page.reached >= after
    await store.append(name(), [event(8)], expected=NO_STREAM)
    assert numbers((await (await settled(place)).read_all(page.reached)).events) == [8]


async def test_what_is_handed_on_are_the_events_that_a_reader_gets(place: Place) -> None:
    store = place.store
    assert (await events_after(store, START, limit=3))[0] == ()
    for n in range(1, 8):
        await store.append(name(), [replace(event(n), metadata={"user": "ü"} if n % 2 else {})], expected=NO_STREAM)
    await settled(place)
    seen: list[Event] = []
    after = START
    while (found := await events_after(store, after, limit=3))[0]:
        seen += found[0]
        after = Position.parse(str(found[1]))
        assert (await store.read_all(after, limit=1)).events[:1] == (await store.read_all()).events[len(seen) :][:1]
    assert seen == [each.event for each in (await store.read_all()).events]
    assert len(seen) == 7
    await store.append(name(), [event(8)], expected=NO_STREAM)
    await settled(place)
    assert [each.data for each in (await events_after(store, found[1], limit=3))[0]] == [event(8).data]


async def test_a_reader_of_some_types_or_of_a_category_gets_on_also_where_nothing_is_for_it(place: Place) -> None:
    store = place.store
    for n, type_ in enumerate(("users.created", "orders.paid", "users.renamed", "orders.paid"), 1):
        await store.append(f"{type_.partition('.')[0]}-{uuid4()}", [event(n, type_)], expected=NO_STREAM)
    await settled(place)
    found = await store.read_all(types=["orders.paid", "users.renamed"])
    assert numbers(found.events) == [2, 3, 4]
    assert numbers((await store.read_all(category="users")).events) == [1, 3]
    assert numbers((await store.read_all(category="users", types=["users.renamed"], limit=1)).events) == [3]
    nothing = await store.read_all(types=["users.removed"])
    assert (nothing.events, nothing.reached >= found.events[-1].position) == ((), True)
    assert (await store.read_all(nothing.reached)).events == ()


# Readers and slow writers, and subscriptions


class Readers:
    """Two that follow what is stored: ours, and one that trusts the sequence, as anybody would at first."""

    def __init__(self, database: Database, after: Position, last: int) -> None:
        self._database, self._store = database, DatabaseEvents(database)
        self._after, self._last = after, last
        self.ours: list[UUID] = []
        self.naive: list[UUID] = []

    async def read(self) -> None:
        page = await self._store.read_all(self._after)
        self.ours.extend(each.event.id for each in page.events)
        self._after = page.reached
        above = select(EVENTS.c.position, EVENTS.c.id).where(EVENTS.c.position > self._last)
        async with self._database.session() as session:
            for row in await session.execute(above.order_by(EVENTS.c.position)):
                self.naive.append(row.id)
                self._last = row.position


async def write(database: Database, store: EventStore, written: list[UUID], *, slow: bool) -> None:
    for n in range(6):
        made = [event(n), event(n)]
        async with database.transaction():
            await store.append(name(), made, expected=NO_STREAM)
            await asyncio.sleep(0.02 if slow else 0)
        written.extend(each.id for each in made)


@pytest.mark.parametrize("kind", SQL)
async def test_a_reader_never_skips_a_slow_writer_as_a_naive_one_does(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Let writers commit, a third of them late, while two readers follow."""
    async for shop in opened(kind, request, tmp_path):
        assert shop.database is not None
        store, written = DatabaseEvents(shop.database), list[UUID]()
        readers = Readers(shop.database, await store.head(), await _highest(shop.database))
        for _ in range(20):  # on a busy machine no commit may be late enough in one round
            writing_ = asyncio.gather(*(write(shop.database, store, written, slow=n % 3 == 0) for n in range(9)))
            while not writing_.done():
                await readers.read()
                await asyncio.sleep(0.001)
            await writing_
            await settled(Place(store, shop.database, shop.database))
            await readers.read()
            if kind != "postgresql" or len(readers.naive) < len(written):
                break
        assert sorted(readers.ours) == sorted(written)  # none is lost, and none comes twice
        lost = len(written) - len(readers.naive)
        assert (lost > 0) == (kind == "postgresql")  # where writers do not wait, this test notices who skips


async def _highest(database: Database) -> int:
    async with database.session() as session:
        return await session.scalar(select(func.max(EVENTS.c.position))) or 0


@pytest.mark.postgres
async def test_events_of_one_stream_come_in_its_order_whichever_transaction_began_first(
    postgres_scratch: URL,
) -> None:
    async with sql_shop(postgres_scratch) as shop:
        assert shop.database is not None
        database, stream, began, appended = shop.database, name(), asyncio.Event(), asyncio.Event()
        store = DatabaseEvents(database)
        start = await store.head()

        async def begin_first_and_append_last() -> None:
            async with database.transaction() as session:
                await session.execute(text("SELECT pg_current_xact_id()::text"))
                began.set()
                await appended.wait()
                await store.append(stream, [event(2)], expected=1)

        first = asyncio.create_task(begin_first_and_append_last())
        await began.wait()
        await store.append(stream, [event(1)], expected=NO_STREAM)
        assert numbers((await store.read_all(start)).events) == []  # the older transaction may still append
        appended.set()
        await first
        await settled(Place(store, database, database))
        assert numbers((await store.read_all(start)).events) == [1, 2]


async def test_a_subscription_catches_up_and_then_hears_what_is_new(store: EventStore) -> None:
    for n in range(1, 6):
        await store.append(name(), [event(n)], expected=NO_STREAM)
    heard: list[object] = []

    async def listen() -> None:
        async with aclosing(subscribe(store, batch=2, poll=0.02)) as events:
            async for each in events:
                heard.append(each.event.data["n"])
                if each.event.data["n"] == 8:
                    return

    async def tell() -> None:
        for n in range(6, 9):
            await asyncio.sleep(0.01)
            await store.append(name(), [event(n)], expected=NO_STREAM)

    async with asyncio.timeout(5):
        await asyncio.gather(listen(), tell())
    assert heard == list(range(1, 9))


async def test_a_subscription_goes_on_where_it_stopped_and_hears_what_it_asked_for(store: EventStore) -> None:
    await store.append("users-1", several(3), expected=NO_STREAM)
    await store.append("orders-1", [event(4, "orders.paid"), event(5, "orders.sent")], expected=NO_STREAM)
    async with aclosing(subscribe(store)) as events:
        second = [await anext(events), await anext(events)][-1]
    async with aclosing(subscribe(store, second.position, types=["orders.sent"], batch=1)) as events:
        assert (await anext(events)).event.data["n"] == 5
    async with aclosing(subscribe(store, second.position, category="users")) as events:
        assert (await anext(events)).event.data["n"] == 3


@pytest.mark.postgres
async def test_events_copied_to_a_postgresql_that_is_behind_them_are_refused(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    async for shop in opened("postgresql", request, tmp_path):
        assert shop.database is not None
        store, stream = DatabaseEvents(shop.database), name()
        await store.append(stream, [event()], expected=NO_STREAM)
        await store.check()
        async with writing(shop.database.engine).begin() as connection:
            ahead = EVENTS.update().where(EVENTS.c.stream == stream).values(transaction_id=2**50)
            await connection.execute(ahead)
        with pytest.raises(WiringError, match="the events were copied from another server"):
            await store.check()
        async with writing(shop.database.engine).begin() as connection:
            await connection.execute(EVENTS.delete().where(EVENTS.c.stream == stream))


@pytest.mark.parametrize("text", ["", "1", "1-", "-1-2", "1-2-3", "01-2", "a-b", "1 -2"])
def test_text_that_is_no_position_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no position of an event store"):
        Position.parse(text)
