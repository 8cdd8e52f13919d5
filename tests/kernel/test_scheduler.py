"""Scheduled jobs: each moment counts once, however many workers look, and whatever was missed."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import delete

from kernel.clock import FixedClock
from kernel.database import Database
from kernel.errors import ProgrammingError, WiringError
from kernel.fields import table_of
from kernel.queue import Job, Queue
from kernel.queue_database import DatabaseJobs
from kernel.queue_table import JobRow
from kernel.schedule_plans import Cron, Every
from kernel.schedule_table import ScheduleRow
from kernel.scheduler import Scheduler
from tests.kernel.conftest import SQL, opened

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

pytestmark = pytest.mark.anyio
NOON = datetime(2026, 3, 1, 12, 0, 30, tzinfo=UTC)


@pytest.fixture(params=SQL)
async def database(request: pytest.FixtureRequest, tmp_path: Path, anyio_backend: str) -> AsyncGenerator[Database]:
    async for shop in opened(request.param, request, tmp_path):
        assert shop.database is not None
        async with shop.database.transaction() as session:
            await session.execute(delete(table_of(JobRow)))
            await session.execute(delete(table_of(ScheduleRow)))
        yield shop.database


async def nothing(_job: Job) -> None: ...


def process(database: Database, clock: FixedClock) -> Scheduler:
    """Answer the scheduler of one more process."""
    queue = Queue(DatabaseJobs(database), clock)
    for name in ("tidy", "report"):
        queue.register(name, nothing)
    return Scheduler(queue, database)


async def dispatched(scheduler: Scheduler) -> list[str]:
    return [str(job.data["scheduled_for"])[11:16] for job in reversed(await scheduler.queue.list())]


async def test_a_job_is_dispatched_at_each_of_its_moments(database: Database) -> None:
    clock = FixedClock(NOON)
    scheduler = process(database, clock)
    scheduler.every("tidy", 600)
    assert await scheduler.tick() == 0
    for minutes, expected in ((9, 0), (1, 1), (0, 0), (10, 1)):
        clock.advance(timedelta(minutes=minutes))
        assert await scheduler.tick() == expected
    assert await dispatched(scheduler) == ["12:10", "12:20"]
    assert await scheduler.last_runs() == {"tidy": NOON.replace(minute=20, second=0)}


async def test_among_many_processes_each_moment_counts_once(database: Database) -> None:
    clock = FixedClock(NOON)
    processes = [process(database, clock) for _ in range(4)]
    for scheduler in processes:
        scheduler.every("tidy", 60)
        scheduler.cron("report", "*/5 * * * *")
    await asyncio.gather(*(scheduler.tick() for scheduler in processes))
    found = 0
    for _ in range(5):
        clock.advance(timedelta(minutes=1))
        found += sum(await asyncio.gather(*(scheduler.tick() for scheduler in processes)))
    assert found == 6
    assert len(await processes[0].queue.list()) == 6


async def test_a_restart_forgets_nothing_and_what_was_missed_runs_once(database: Database) -> None:
    clock = FixedClock(NOON)
    before = process(database, clock)
    before.cron("tidy", "0 * * * *")
    await before.tick()
    clock.advance(timedelta(hours=5))
    after = process(database, clock)
    after.cron("tidy", "0 * * * *")
    assert await after.tick() == 1
    assert await after.tick() == 0
    assert await dispatched(after) == ["17:00"]


async def test_what_was_missed_can_run_each_time_or_never(database: Database) -> None:
    clock = FixedClock(NOON)
    scheduler = process(database, clock)
    scheduler.cron("tidy", "0 * * * *", missed="all")
    scheduler.cron("report", "0 * * * *", missed="skip")
    await scheduler.tick()
    clock.advance(timedelta(hours=3, minutes=10))
    assert await scheduler.tick() == 3
    assert await dispatched(scheduler) == ["13:00", "14:00", "15:00"]
    clock.advance(timedelta(minutes=49, seconds=40))
    assert await scheduler.tick() == 2


async def test_another_plan_in_the_code_counts_from_now_on(database: Database) -> None:
    clock = FixedClock(NOON)
    before = process(database, clock)
    before.every("tidy", 3600)
    await before.tick()
    after = process(database, clock)
    after.every("tidy", 60)
    await after.tick()
    clock.advance(timedelta(minutes=1))
    assert await after.tick() == 1
    assert await before.tick() == 0


async def test_jitter_makes_it_late_and_never_early(database: Database) -> None:
    clock = FixedClock(NOON)
    scheduler = process(database, clock)
    scheduler.every("tidy", 60, jitter=30)
    await scheduler.tick()
    for _ in range(12):
        clock.advance(timedelta(minutes=1))
        await scheduler.tick()
    late = {(job.run_at - job.created_at).total_seconds() for job in await scheduler.queue.list()}
    assert len(late) > 3
    assert min(late) >= 0
    assert max(late) <= 30


@pytest.mark.parametrize(
    ("at", "due"),
    [
        ("2026-03-28T00:00", "2026-03-28T01:30"),
        ("2026-03-28T12:00", "2026-03-29T01:00"),  # 02:30 does not exist that night
        ("2026-10-24T12:00", "2026-10-25T00:30"),  # and is there twice that one
        ("2026-10-25T00:30", "2026-10-26T01:30"),
    ],
)
def test_cron_knows_that_clocks_are_changed(at: str, due: str) -> None:
    plan = Cron("30 2 * * *", "Europe/Madrid")
    assert plan.after(datetime.fromisoformat(f"{at}+00:00")) == datetime.fromisoformat(f"{due}+00:00")


def test_the_last_moment_is_the_one_before_the_next() -> None:
    moment = datetime(2026, 5, 4, 10, 0, tzinfo=UTC)
    for plan in (Every(timedelta(minutes=7)), Cron("*/7 * * * *", "UTC"), Cron("0 9 * * 1", "America/New_York")):
        for second in (0, 1, 59, 3600, 86400):
            at = moment + timedelta(seconds=second)
            assert plan.until(at) <= at < plan.after(at)
            assert plan.after(plan.until(at)) == plan.after(at)


def test_what_makes_no_sense_is_refused_in_words() -> None:
    database = Database("sqlite://")
    scheduler = process(database, FixedClock(NOON))
    with pytest.raises(WiringError, match=r"'61 \* \* \* \*' is no cron expression: bad minute"):
        scheduler.cron("tidy", "61 * * * *")
    with pytest.raises(WiringError, match="is never due"):
        scheduler.cron("tidy", "* * */20 * 1L")
    with pytest.raises(WiringError, match="no time zone 'Europe/Barcelonia'"):
        scheduler.cron("tidy", "0 0 * * *", zone="Europe/Barcelonia")
    with pytest.raises(WiringError, match="once a second at most"):
        scheduler.every("tidy", 0)
    with pytest.raises(ProgrammingError, match="no job 'tidi' is registered"):
        scheduler.every("tidi", 60)
    scheduler.every("tidy", 60)
    with pytest.raises(WiringError, match="'tidy' is scheduled twice"):
        scheduler.cron("tidy", "0 0 * * *")
