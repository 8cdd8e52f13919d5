"""Old events in a table of their own: what may go goes, what must not stays, and nobody sees a difference."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, insert, select, update

from kernel.app import Kernel
from kernel.errors import ConflictError, WiringError
from kernel.event_archive import EventArchive, EventArchiveSettings, use_event_archive
from kernel.event_archive_table import ArchivedEventRow
from kernel.event_bus_table import RelayRow
from kernel.event_store import START, ConcurrencyError, EventStoreSettings, StreamState, subscribe
from kernel.event_store_database import DatabaseEvents, provide_event_store
from kernel.event_table import EventRow, StreamRow
from kernel.events import Event, new_event
from kernel.fields import table_of
from kernel.ids import new_id
from kernel.personal_data import use_personal_data
from kernel.projection_table import ProjectionRow
from kernel.settings import KernelSettings
from kernel.snapshot_table import SnapshotRow
from tests.kernel.conftest import SQL, opened
from tests.kernel.test_event_store import Place, settled

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence
    from pathlib import Path

    from kernel.clock import FixedClock
    from kernel.database import Database
    from kernel.event_store import Position

pytestmark = pytest.mark.anyio
EVENTS, ARCHIVED = table_of(EventRow), table_of(ArchivedEventRow)
ANY = StreamState.ANY
YEAR = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Shop:
    """A store with an archive, in which every event is a year old unless it says otherwise."""

    database: Database
    clock: FixedClock
    store: DatabaseEvents
    archive: EventArchive

    async def happen(self, stream: str, *numbers: int, type_: str = "orders.placed") -> list[Event]:
        made = [new_event(type_, key="k", source="t", data={"n": n}, clock=self.clock) for n in numbers]
        await self.store.append(stream, made, expected=ANY)
        return made

    async def age(self) -> None:
        """Let a year go by, and everybody who appended come to an end."""
        self.clock.advance(YEAR)
        await settled(Place(self.store, None, self.database))

    async def kept(self, stream: str, version: int) -> None:
        """Let a stream have a snapshot."""
        row = {"stream": stream, "version": version, "event_id": new_id(), "form": "f", "state": "{}"}
        async with self.database.transaction() as session:
            await session.execute(
                insert(table_of(SnapshotRow)), [{"id": new_id(), "taken_at": self.clock.now(), **row}]
            )

    async def there(self) -> tuple[int, int]:
        async with self.database.session() as session:
            counts = [await session.scalar(select(func.count()).select_from(each)) for each in (EVENTS, ARCHIVED)]
        return counts[0] or 0, counts[1] or 0

    async def everything(self, **options: object) -> list[object]:
        seen: list[object] = []
        after: Position = START
        while (page := await self.store.read_all(after, limit=2, **options)).events:  # type: ignore[arg-type]  # a test's
            seen += [each.event.data["n"] for each in page.events]
            after = page.reached
        return seen


@pytest.fixture(params=["sqlite in memory", *SQL[1:]])
async def shop(request: pytest.FixtureRequest, tmp_path: Path, anyio_backend: str) -> AsyncGenerator[Shop]:
    async for made in opened(request.param, request, tmp_path):
        assert made.database is not None
        async with made.database.transaction() as session:
            for row in (EventRow, StreamRow, ArchivedEventRow, SnapshotRow, ProjectionRow, RelayRow):
                await session.execute(table_of(row).delete())
        store = DatabaseEvents(made.database)
        store.read_also(ARCHIVED)
        yield Shop(made.database, made.clock, store, EventArchive(made.database, store, EventArchiveSettings()))


def numbers(events: Sequence[object]) -> list[object]:
    return [each.event.data["n"] for each in events]  # type: ignore[attr-defined]  # RecordedEvent, all of them


async def test_nobody_sees_that_events_were_archived(shop: Shop) -> None:
    stored = await shop.happen("orders-1", 1, 2, 3, 4, 5)
    await shop.happen("users-1", 6, type_="users.created")
    before = await shop.store.read_stream("orders-1")
    await shop.kept("orders-1", 4)
    await shop.age()
    await shop.happen("orders-1", 7)
    await settled(Place(shop.store, None, shop.database))
    done = await shop.archive.archive()
    assert (dict(done.moved), done.unread, done.held_by, done.unkept) == ({"orders": 3, "users": 1}, 0, (), 2)
    assert await shop.there() == (3, 4)
    assert await shop.everything() == [1, 2, 3, 4, 5, 6, 7]
    assert await shop.everything(category="users") == [6]
    assert await shop.everything(types=["orders.placed"]) == [1, 2, 3, 4, 5, 7]
    assert (await shop.store.read_stream("orders-1"))[:5] == before
    told = await shop.store.history("orders-1", last=5)
    assert (len(told.events), told.first_id, told.position) == (5, before[0].event.id, before[-1].position)
    assert numbers(await shop.store.read_stream("orders-1", first=3, backwards=True, limit=3)) == [7, 5, 4]
    assert numbers(await shop.store.read_stream("orders-1", first=2, last=4, limit=2)) == [2, 3]
    assert await shop.store.find(stored[0].id) == before[0]
    async with aclosing(subscribe(shop.store, before[1].position)) as events:
        assert numbers([await anext(events), await anext(events)]) == [3, 4]


async def test_streams_go_on_and_known_events_stay_known(shop: Shop) -> None:
    stored = await shop.happen("orders-1", 1, 2)
    await shop.age()
    assert (await shop.archive.archive()).count == 2
    assert await shop.there() == (0, 2)
    await shop.store.check()
    again = await shop.store.append("orders-1", stored, expected=StreamState.NO_STREAM)
    assert again == tuple(each.position for each in await shop.store.read_stream("orders-1"))
    with pytest.raises(ConflictError, match="are stored already"):
        await shop.store.append("orders-2", stored, expected=ANY)
    with pytest.raises(ConcurrencyError):
        await shop.store.append("orders-1", [new_event("orders.paid", key="k", source="t", data={})], expected=0)
    await shop.happen("orders-1", 3)
    await settled(Place(shop.store, None, shop.database))
    assert numbers(await shop.store.read_stream("orders-1")) == await shop.everything() == [1, 2, 3]


async def test_what_is_young_or_is_read_at_every_turn_stays(shop: Shop) -> None:
    await shop.happen("orders-1", 1, 2)  # goes on, and has no snapshot
    await shop.happen("orders-2", 3, 4, 5)  # rests, and has a snapshot: loading begins with its last event
    await shop.kept("orders-2", 3)
    await shop.age()
    await shop.happen("orders-1", 6)
    await shop.happen("orders-3", 7)
    await settled(Place(shop.store, None, shop.database))
    planned = await shop.archive.archive(dry_run=True)
    assert (planned.plain(), await shop.there()) == (
        {"events": 2, "categories": {"orders": 2}, "unread": 0, "held_by": [], "unkept": 3},
        (7, 0),
    )
    assert await shop.archive.archive() == planned
    assert await shop.there() == (5, 2)
    assert (await shop.archive.archive()).count == 0
    assert (await shop.archive.archive(after_days=0)).count == 0  # nothing is older than this moment
    shop.clock.advance(timedelta(seconds=1))
    assert (await shop.archive.archive(after_days=0)).count == 4


async def test_nothing_goes_that_a_projection_or_the_relay_has_not_read(shop: Shop) -> None:
    for n in range(1, 5):
        await shop.happen(f"orders-{n}", n)
    places = [
        each.position for each in (await (await settled(Place(shop.store, None, shop.database))).read_all()).events
    ]
    row = {"generation": 1, "version": 1, "state": "live", "error": None, "failing_since": None}
    names = {"overviews": places[1], "totals": places[2]}
    async with shop.database.transaction() as session:
        await session.execute(
            insert(table_of(ProjectionRow)),
            [
                {"id": new_id(), "name": name, "position": str(place), "updated_at": shop.clock.now(), **row}
                for name, place in names.items()
            ],
        )
        relays = [("event store", str(places[0])), ("outbox", "")]
        await session.execute(
            insert(table_of(RelayRow)),
            [
                {"id": new_id(), "name": name, "holder": "", "leased_until": shop.clock.now(), "position": position}
                for name, position in relays
            ],
        )
    await shop.age()
    done = await shop.archive.archive()
    assert (done.count, done.unread, done.held_by) == (1, 3, ("the relay",))
    async with shop.database.transaction() as session:
        await session.execute(update(table_of(RelayRow)).values(position=str(places[3])))
    done = await shop.archive.archive()
    assert (done.count, done.unread, done.held_by) == (1, 2, ("the projection overviews",))
    assert await shop.everything() == [1, 2, 3, 4]


async def test_readers_miss_nothing_while_two_processes_archive_and_others_append(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kernel.event_archive._AT_ONCE", 3)
    for n in range(12):
        await shop.happen(f"orders-{n}", n * 2, n * 2 + 1)
    await shop.age()
    ended = asyncio.Event()
    reading: list[int] = []

    async def read() -> None:
        while not ended.is_set():
            found = [n for n in await shop.everything() if isinstance(n, int) and n < 24]
            assert found == list(range(24))
            reading.append(len(await shop.store.read_stream("orders-3")))

    async def append() -> None:
        for n in range(24, 30):
            await shop.happen("orders-3", n)

    reader = asyncio.create_task(read())
    done = await asyncio.gather(shop.archive.archive(), shop.archive.archive(), append())
    ended.set()
    await reader
    assert min(reading) >= 2
    moved = done[0].count + done[1].count
    assert 22 <= moved <= 24  # one of the streams has woken up
    assert await shop.there() == (30 - moved, moved)
    await settled(Place(shop.store, None, shop.database))
    assert sorted(map(str, await shop.everything())) == sorted(map(str, range(30)))


async def test_a_program_without_the_archive_does_not_start_until_all_is_brought_back(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kernel.event_archive._AT_ONCE", 2)
    await shop.happen("orders-1", 1, 2, 3)
    await shop.happen("orders-2", 4, 5)
    await shop.age()
    assert (await shop.archive.archive()).count == 5
    await shop.happen("orders-1", 6)
    await settled(Place(shop.store, None, shop.database))
    without = DatabaseEvents(shop.database)
    with pytest.raises(WiringError, match="5 events are archived, and nothing would read them"):
        await without.check()
    told: list[int] = []
    assert (await shop.archive.restore(told.append), told) == (5, [2, 4, 5])
    assert await shop.there() == (6, 0)
    await without.check()
    assert numbers((await without.read_all()).events) == await shop.everything() == [1, 2, 3, 4, 5, 6]
    await shop.happen("orders-2", 7)
    assert numbers(await without.read_stream("orders-2")) == [4, 5, 7]


class Settings(KernelSettings):
    event_store: EventStoreSettings = EventStoreSettings()
    event_archive: EventArchiveSettings = EventArchiveSettings()


async def test_events_that_are_elsewhere_cannot_be_archived() -> None:
    kernel = Kernel(Settings.for_tests(database_url="sqlite://"))
    provide_event_store(kernel)
    assert use_event_archive(kernel) is kernel.resolve(EventArchive)
    sealing = Kernel(Settings.for_tests(database_url="sqlite://"))
    provide_event_store(sealing)
    use_personal_data(sealing)
    assert use_event_archive(sealing) is sealing.resolve(EventArchive)
    other = Kernel(Settings.for_tests(database_url="sqlite://", event_store=EventStoreSettings(provider="memory")))
    archive = use_event_archive(other)
    for refused in (archive.archive(), archive.restore()):
        with pytest.raises(WiringError, match="EVENT_STORE_PROVIDER is memory, and only events in the project's own"):
            await refused
