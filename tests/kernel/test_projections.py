"""Projections: what their rows are after anything that can happen to them, on every engine."""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, cast
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

from kernel.app import Kernel
from kernel.clock import FixedClock
from kernel.errors import (
    ConflictError,
    NotFoundError,
    ProgrammingError,
    UnavailableError,
    ValidationError,
    WiringError,
)
from kernel.event_catalogue import EventCatalogue
from kernel.event_store import EVENT_STORE, EventStoreSettings, Position, StreamState
from kernel.event_store_database import DatabaseEvents
from kernel.event_store_memory import MemoryEvents
from kernel.event_table import EventRow, StreamRow
from kernel.events import Event, new_event
from kernel.fields import table_of
from kernel.projection_table import ProjectionRow
from kernel.projections import Projection, ProjectionSettings, use_projections
from kernel.repository import ALL
from kernel.settings import KernelSettings
from kernel.testing import client
from tests.kernel.backends import START as NOW
from tests.kernel.conftest import SQL, opened
from tests.kernel.projection_load import Score, Scored, ScoreProjection, Scores, projections_on

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from kernel.database import Database
    from kernel.event_store import RecordedEvent
    from kernel.projections import Projections
    from kernel.row_changes import RowChange

pytestmark = pytest.mark.anyio
KILLS = int(os.environ.get("ARCKODE_FOLLOWER_KILLS", "2"))
ROOT = Path(__file__).parents[2]
ROWS = table_of(ProjectionRow)


@pytest.fixture(params=SQL)
async def database(request: pytest.FixtureRequest, tmp_path: Path, anyio_backend: str) -> AsyncGenerator[Database]:
    """Every engine in turn, without projections."""
    async for shop in opened(request.param, request, tmp_path):
        assert shop.database is not None
        await empty(shop.database)
        yield shop.database


async def empty(database: Database) -> None:
    async with database.transaction() as session:
        for model in (ProjectionRow, Score, EventRow, StreamRow):
            await session.execute(table_of(model).delete())


@pytest.fixture
def store(database: Database) -> MemoryEvents:
    """A store without the waits that PostgreSQL's readers have; where engines differ, tests take the engine's own."""
    return MemoryEvents(clock=FixedClock(NOW), poll=0.01)


def scored(player: UUID, points: int) -> Event:
    return new_event(
        Scored.type, key=str(player), source="test", data={"points": points}, version=2, clock=FixedClock(NOW)
    )


async def score(store: MemoryEvents | DatabaseEvents, player: UUID, *points: int) -> Position:
    events = [scored(player, each) for each in points]
    return (await store.append(f"players-{player}", events, expected=StreamState.ANY))[-1]


async def rows(database: Database) -> dict[UUID, tuple[int, int]]:
    found = await Scores(database).find_many(limit=ALL)
    return {each.id: (each.points, each.events) for each in found}


async def become(database: Database, expected: dict[UUID, tuple[int, int]]) -> None:
    async with asyncio.timeout(60):
        while await rows(database) != expected:  # noqa: ASYNC110  rows tell nobody
            await asyncio.sleep(0.01)


async def get_into(projections: Projections, state: str) -> None:
    async with asyncio.timeout(60):
        while (await projections.status())[0].state != state:  # noqa: ASYNC110  a state tells nobody
            await asyncio.sleep(0.01)


async def stored(database: Database) -> int:
    """Count the rows of all generations."""
    async with database.session() as session:
        return await session.scalar(select(func.count()).select_from(table_of(Score))) or 0


# Following


async def test_rows_follow_the_events_from_the_first_on(database: Database, store: MemoryEvents) -> None:
    ada, eva = uuid4(), uuid4()
    projections = projections_on(database, store)
    await projections.catch_up()
    assert await rows(database) == {}
    await score(store, ada, *range(1, 26))
    await score(store, eva, 7)
    await store.append("teams-1", [new_event("teams.made", key="1", source="t", data={})], expected=StreamState.ANY)
    await projections.catch_up("scores")
    assert await rows(database) == {ada: (325, 25), eva: (7, 1)}
    await score(store, eva, 5)
    await projections_on(database, store).catch_up()  # as after a restart
    assert (await rows(database))[eva] == (12, 2)
    (status,) = await projections.status()
    assert (status.state, status.behind, status.lag, status.generation) == ("live", 0, 0.0, 1)


async def test_nobody_is_told_of_rows_that_are_made_of_events(database: Database, store: MemoryEvents) -> None:
    told: list[RowChange] = []

    async def watch(change: RowChange) -> None:
        told.append(change)

    database.watcher = watch
    projections = projections_on(database, store)
    await score(store, uuid4(), 1, 2)
    await projections.catch_up()
    await projections.rebuild("scores")
    assert told == []


async def test_an_old_event_comes_in_its_newest_form(database: Database, store: MemoryEvents) -> None:
    player = uuid4()
    old = new_event(Scored.type, key=str(player), source="test", data={"score": 4}, version=1)
    await store.append("players-1", [old], expected=StreamState.NO_STREAM)
    await projections_on(database, store).catch_up()
    assert await rows(database) == {player: (4, 1)}


async def test_several_processes_share_the_work_and_count_nothing_twice(database: Database) -> None:
    store = DatabaseEvents(database, poll=0.01)
    player = uuid4()
    followers = [asyncio.create_task(projections_on(database, store, batch=3).run()) for _ in range(3)]
    try:
        last = Position(0, 0)
        for n in range(1, 9):
            last = await score(store, player, n, n)
        await projections_on(database, store, patience=300).wait_for("scores", last)
        assert (await rows(database))[player] == (72, 16)
    finally:
        for task in followers:
            task.cancel()
        await asyncio.gather(*followers, return_exceptions=True)


async def test_a_reader_waits_for_what_it_wrote_and_not_for_ever(database: Database, store: MemoryEvents) -> None:
    player = uuid4()
    projections = projections_on(database, store, patience=0.1)
    await projections.wait_for("scores", None)
    await projections.wait_for("scores", Position.parse("0-0"))  # before all there is
    position = await score(store, player, 1)
    with pytest.raises(UnavailableError, match="scores does not know yet what was done; ask again") as refused:
        await projections.wait_for("scores", position)
    assert (refused.value.status, refused.value.headers) == (503, {"Retry-After": "1"})
    await projections.catch_up()
    await projections.wait_for("scores", position)
    with pytest.raises(ValidationError, match="Nothing has happened at this position") as refused_too:
        await projections.wait_for("scores", Position(position.transaction, position.number + 1))
    assert refused_too.value.fields == {"event-position": "is not one that a write answered"}
    with pytest.raises(NotFoundError, match="there is no projection 'score'; did you mean 'scores'"):
        await projections.wait_for("score", position)


async def test_rows_are_written_by_their_projection_alone(database: Database, store: MemoryEvents) -> None:
    scores, player = Scores(database), uuid4()
    await score(store, player, 1)
    await projections_on(database, store).catch_up()
    assert (await scores.find_by_id(player)) is not None
    for write in (
        scores.create({"id": uuid4(), "points": 1, "events": 1}),
        scores.update(player, {"points": 2}),
        scores.delete_many(ALL),
    ):
        with pytest.raises(ProgrammingError, match="the rows of Score are made of events; append one"):
            await write
    assert await rows(database) == {player: (1, 1)}


# Failing


class Failing(ScoreProjection):
    """Fails at an event, until it is repaired."""

    broken = True

    async def apply(self, recorded: RecordedEvent) -> None:
        await super().apply(recorded)
        if self.broken and recorded.event.data["points"] == 13:
            raise ZeroDivisionError("unlucky")


async def test_an_event_that_fails_is_told_and_never_skipped(database: Database, store: MemoryEvents) -> None:
    player, failing = uuid4(), Failing(Scores(database))
    projections = projections_on(database, store, batch=2, projection=failing)
    await score(store, player, 1, 2, 3, 13, 5)
    with pytest.raises(ProgrammingError, match=r"scores fails at players\.scored .* ZeroDivisionError: unlucky"):
        await projections.catch_up()
    assert await rows(database) == {player: (3, 2)}  # what came with it in one transaction waits, too
    following = asyncio.create_task(projections.run())
    await get_into(projections, "failing")
    (status,) = await projections.status()
    assert (status.state, status.behind) == ("failing", 3)
    assert "unlucky" in status.error
    with pytest.raises(UnavailableError, match="failing: scores; see `arckode projection:status`"):
        await projections.ping()
    failing.broken = False
    await get_into(projections, "live")
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    assert await rows(database) == {player: (24, 5)}
    await projections.ping()


# Measuring


class MeasuredSettings(KernelSettings):
    event_store: EventStoreSettings = EventStoreSettings(provider="memory")
    projections: ProjectionSettings = ProjectionSettings(metrics=True)


async def test_how_far_they_are_is_served_as_json_and_for_prometheus(database: Database) -> None:
    kernel = Kernel(MeasuredSettings(environment="test", database_url="sqlite://"), database=database)
    EventCatalogue.of(kernel).add([Scored])
    projections = use_projections(kernel)
    projections.add(ScoreProjection(Scores(database)))
    store = cast("MemoryEvents", kernel.adapter(EVENT_STORE))
    async with client(kernel) as http:
        await score(store, uuid4(), 1)
        await projections.catch_up()
        await score(store, uuid4(), 2, 3)
        shown = (await http.get("/projections")).json()
        lines = (await http.get("/projections/prometheus")).text.splitlines()
        (status,) = await projections.status()
    assert [(each["name"], each["state"], each["version"], each["behind"]) for each in shown] == [
        ("scores", "behind", 1, 2)
    ]
    assert 0 <= shown[0]["lag"] <= status.lag
    assert sorted(shown[0]) == ["behind", "lag", "name", "state", "version"]  # and not why it fails
    assert 'projection_behind_events{projection="scores"} 2' in lines
    assert 'projection_state{projection="scores",state="behind"} 1' in lines
    assert 'projection_state{projection="scores",state="failing"} 0' in lines
    assert any(line.startswith('projection_lag_seconds{projection="scores"} ') for line in lines)


async def test_they_are_served_only_when_asked_for(database: Database) -> None:
    settings = MeasuredSettings(
        environment="test", database_url="sqlite://", projections=ProjectionSettings(metrics=False)
    )
    kernel = Kernel(settings, database=database)
    use_projections(kernel)
    async with client(kernel) as http:
        assert (await http.get("/projections")).status_code == 404


# Rebuilding


class Doubled(ScoreProjection):
    """What a later version of the program makes of the same events."""

    version = 2

    async def apply(self, recorded: RecordedEvent) -> None:
        await super().apply(recorded)
        await super().apply(recorded)


async def test_a_rebuild_takes_over_at_once_while_reads_go_on(database: Database, store: MemoryEvents) -> None:
    ada, eva = uuid4(), uuid4()
    old = projections_on(database, store)
    await score(store, ada, *range(1, 26))
    await old.catch_up()
    seen: list[dict[UUID, tuple[int, int]]] = []
    told: list[int] = []

    def report(count: int) -> None:
        told.append(count)

    async def read() -> None:
        while True:
            seen.append(await rows(database))
            await asyncio.sleep(0.005)

    reading = asyncio.create_task(read())
    new = projections_on(database, store, batch=10, projection=Doubled(Scores(database)))
    assert (await new.status())[0].state == "older"
    assert await new.rebuild("scores", report) == 25
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    assert {str(each) for each in seen} <= {str({ada: (325, 25)}), str({ada: (650, 50)})}
    assert told == [10, 20, 25]
    assert await rows(database) == {ada: (650, 50)}
    assert await stored(database) == 1  # the rows of the old generation are gone
    assert [each.state for each in await old.status()] == ["newer"]
    await score(store, eva, 1)
    await new.catch_up()
    assert (await rows(database))[eva] == (2, 2)


async def test_what_happens_during_a_rebuild_is_in_both_and_is_not_lost(database: Database) -> None:
    store, player = DatabaseEvents(database, poll=0.01), uuid4()
    old = projections_on(database, store, patience=300)
    await score(store, player, 1)
    await old.catch_up()
    following = asyncio.create_task(old.run())
    await old.wait_for("scores", await score(store, player, 1))
    rebuilding = asyncio.create_task(old.rebuild("scores"))
    last = Position(0, 0)
    for _ in range(10):
        last = await score(store, player, 1)
    assert await rebuilding >= 2
    await old.wait_for("scores", last)
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    assert await rows(database) == {player: (12, 12)}
    assert await stored(database) == 1


async def test_a_rebuild_that_fails_or_is_killed_changes_nothing(database: Database, store: MemoryEvents) -> None:
    player = uuid4()
    await score(store, player, 1, 13)
    await projections_on(database, store).catch_up()
    failing = projections_on(database, store, batch=1, projection=Failing(Scores(database)))
    with pytest.raises(ProgrammingError, match="unlucky"):
        await failing.rebuild("scores")
    assert await rows(database) == {player: (14, 2)}
    assert [each.state for each in await failing.status()] == ["live"]
    async with database.transaction() as session:  # what a kill leaves behind
        killed = {"name": "scores", "generation": 7, "version": 1, "state": "building", "position": "0-0"}
        await session.execute(ROWS.insert().values(id=uuid4(), updated_at=NOW, **killed))
        await session.execute(table_of(Score).insert().values(id=player, generation=7, points=9, events=9))
    projections = projections_on(database, store)
    assert [each.state for each in await projections.status()] == ["rebuilding"]
    assert await projections.rebuild("scores") == 2
    assert await rows(database) == {player: (14, 2)}
    assert [each.generation for each in await projections.status()] == [8]
    assert await stored(database) == 1


async def test_what_a_rebuild_left_that_gave_up_counts_for_nobody(database: Database, store: MemoryEvents) -> None:
    player = uuid4()
    await score(store, player, 1, 13)
    failing = projections_on(database, store, batch=1, projection=Failing(Scores(database)))
    with pytest.raises(ProgrammingError, match="unlucky"):
        await failing.rebuild("scores")
    assert await stored(database) == 1  # of one event, in a generation whose number is given anew
    projections = projections_on(database, store, batch=1)
    assert await projections.rebuild("scores") == 2
    assert await rows(database) == {player: (14, 2)}
    assert await stored(database) == 1


@pytest.mark.parametrize("turn", range(4))
async def test_of_two_rebuilds_the_later_one_goes_on(database: Database, store: MemoryEvents, turn: int) -> None:
    player = uuid4()
    await score(store, player, *range(1, turn + 2))
    projections = projections_on(database, store, batch=1)
    held = asyncio.Event()

    def hold(count: int) -> None:
        held.set()

    first = asyncio.create_task(projections.rebuild("scores", hold))
    await held.wait()
    second = await projections.rebuild("scores")
    outcome = (await asyncio.gather(first, return_exceptions=True))[0]
    count = turn + 1
    assert second == count
    assert isinstance(outcome, ConflictError) or outcome == count
    assert await rows(database) == {player: (sum(range(1, count + 1)), count)}
    assert await stored(database) == 1


async def test_a_newer_program_rebuilds_by_itself_and_an_older_one_stands_still(
    database: Database, store: MemoryEvents
) -> None:
    player = uuid4()
    await score(store, player, 3)
    old = projections_on(database, store)
    await old.catch_up()
    following = [
        asyncio.create_task(each.run())
        for each in (projections_on(database, store, projection=Doubled(Scores(database))), old)
    ]
    await become(database, {player: (6, 2)})
    await score(store, player, 1)
    await become(database, {player: (8, 4)})
    for task in following:
        task.cancel()
    await asyncio.gather(*following, return_exceptions=True)
    assert await rows(database) == {player: (8, 4)}


async def test_no_step_is_written_into_the_rows_of_another_version(database: Database, store: MemoryEvents) -> None:
    player = uuid4()
    await score(store, player, 3)
    new = projections_on(database, store, projection=Doubled(Scores(database)))
    await new.catch_up()
    await score(store, player, 1)
    # A program that looked before the new rows took over takes its step now.
    old = projections_on(database, store)
    assert not await old._runs.advance(old.named("scores"))
    assert await rows(database) == {player: (6, 2)}
    await new.catch_up()
    assert await rows(database) == {player: (8, 4)}


# Wiring


class Unheard(ScoreProjection):
    events = ("players.score",)


async def test_what_is_wired_wrongly_is_told_at_the_start(database: Database, store: MemoryEvents) -> None:
    projections = projections_on(database, store, projection=Unheard(Scores(database)))
    with pytest.raises(WiringError, match=r"'scores' waits for 'players\.score', which no aggregate declares"):
        await projections.check()
    with pytest.raises(WiringError, match="the projection 'scores' is added twice"):
        projections.add(ScoreProjection(Scores(database)))

    class Other(Projection):
        name = "others"
        events = ()

    with pytest.raises(WiringError, match="Scores is of the projection 'scores', and 'others' would write it"):
        projections.add(Other(Scores(database)))


# Kills


@pytest.mark.parametrize("kind", SQL)
async def test_nothing_is_lost_or_doubled_while_followers_are_killed(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Kill a follower again and again while events are stored; ARCKODE_FOLLOWER_KILLS says how often."""
    chance = random.Random(7)
    async for shop in opened(kind, request, tmp_path):
        database = shop.database
        assert database is not None
        await empty(database)
        store, player, stored_events = DatabaseEvents(database), uuid4(), 0
        for _ in range(KILLS):
            process = follower(database.url.render_as_string(hide_password=False))
            try:
                began = await rows(database)
                async with asyncio.timeout(300):
                    while await rows(database) == began:  # it works: from here on a kill may hit anything
                        await score(store, player, 1, 1, 1)
                        stored_events += 3
                        await asyncio.sleep(0.1)
                for _ in range(chance.randrange(20)):
                    await score(store, player, 1, 1, 1)
                    stored_events += 3
                await asyncio.sleep(chance.random() * 0.05)
            finally:
                process.kill()
                await asyncio.to_thread(process.wait)
        projections = projections_on(database, store, patience=300)
        following = asyncio.create_task(projections.run())
        await projections.wait_for("scores", await score(store, player, 1))
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        assert (await rows(database))[player] == (stored_events + 1, stored_events + 1)


def follower(url: str) -> subprocess.Popen[bytes]:
    path = os.pathsep.join((str(ROOT), str(ROOT / "templates/kernel")))
    command = [sys.executable, "-m", "tests.kernel.projection_load", url]
    return subprocess.Popen(command, env={**os.environ, "PYTHONPATH": path}, cwd=ROOT, stderr=subprocess.DEVNULL)
