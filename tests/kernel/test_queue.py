"""What every queue promises, wherever its jobs wait; a store of another kind joins by adding itself to `queue`."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from kernel.clock import FixedClock
from kernel.errors import NotFoundError, ProgrammingError, WiringError
from kernel.ids import new_id
from kernel.memory_database import MemoryDatabase
from kernel.queue import Job, JobStatus, NoRetryError, Queue, QueueSettings
from kernel.queue_database import DatabaseJobs
from kernel.queue_memory import MemoryJobs
from kernel.queue_redis import RedisJobs
from kernel.queue_table import JobRow
from kernel.queue_worker import Worker
from kernel.request_context import carried, current_correlation_id, handling
from tests.kernel.backends import START
from tests.kernel.conftest import SQL, opened
from tests.kernel.test_cache import cleared
from tests.services import redis_url

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from kernel.unit_of_work import UnitOfWork

pytestmark = pytest.mark.anyio
QUICK = QueueSettings(provider="memory", poll=0.01, lease=5, grace=5)


@dataclass(frozen=True, slots=True)
class Place:
    """A queue, the database whose transactions it takes part in, and the clock they read."""

    queue: Queue
    work: UnitOfWork
    clock: FixedClock

    def worker(self, **changes: object) -> Worker:
        return Worker(self.queue, QUICK.model_copy(update=changes))

    async def drain(self) -> tuple[int, int]:
        drained = await self.worker().drain()
        return drained.done, drained.failed


@pytest.fixture(params=["memory", "sqlite in memory", *SQL, pytest.param("redis", marks=pytest.mark.redis)])
async def place(request: pytest.FixtureRequest, tmp_path: Path, anyio_backend: str) -> AsyncGenerator[Place]:
    """Every store in turn."""
    if request.param == "memory":
        clock = FixedClock(START)
        memory = MemoryDatabase(clock=clock)
        yield Place(Queue(MemoryJobs(memory), clock), memory, clock)
        return
    kind = "sqlite in memory" if request.param == "redis" else request.param
    async for shop in opened(kind, request, tmp_path):
        assert shop.database is not None
        async with shop.database.transaction() as session:
            await session.execute(JobRow.__table__.delete())  # type: ignore[attr-defined]  # always a Table here
        if request.param != "redis":
            yield Place(Queue(DatabaseJobs(shop.database), shop.clock), shop.database, shop.clock)
            continue  # to the end of `opened`, which closes the database
        url, prefix = redis_url(), f"test-{secrets.token_hex(6)}"
        settings = QueueSettings(provider="redis", url=SecretStr(url))
        jobs = RedisJobs(settings, shop.database, prefix=prefix, relay_every=0)
        yield Place(Queue(jobs, shop.clock), shop.database, shop.clock)
        await jobs.close()
        await cleared(url, f"{{{prefix}")


class Hand:
    """A handler that remembers what it was given, and fails as often as it is told to."""

    def __init__(self, failures: int = 0, error: Exception | None = None) -> None:
        self.jobs: list[Job] = []
        self.failures = failures
        self.error = error or RuntimeError("the printer is on fire")

    async def run(self, job: Job) -> None:
        self.jobs.append(job)
        if len(self.jobs) <= self.failures:
            raise self.error

    @property
    def data(self) -> list[object]:
        return [job.data.get("n") for job in self.jobs]


async def status_of(place: Place, job: object) -> JobStatus:
    return (await place.queue.find(job)).status  # type: ignore[arg-type]


# Dispatching


async def test_what_is_dispatched_is_run_once_with_its_data(place: Place) -> None:
    hand = Hand()
    place.queue.register("print", hand.run)
    job = await place.queue.dispatch("print", {"n": 1, "names": ["Ada", "ü"], "none": None})
    assert await place.drain() == (1, 0)
    assert await place.drain() == (0, 0)
    given = hand.jobs[0]
    assert (given.id, given.name, dict(given.data)) == (job, "print", {"n": 1, "names": ["Ada", "ü"], "none": None})
    assert (given.attempts, given.max_attempts, given.last_error) == (1, 3, None)
    found = await place.queue.find(job)
    assert (found.status, found.percent, found.finished_at, found.worker) == (JobStatus.DONE, 100, START, None)


async def test_a_job_exists_when_its_transaction_commits_and_never_when_it_does_not(place: Place) -> None:
    hand = Hand()
    place.queue.register("print", hand.run)
    with pytest.raises(ZeroDivisionError):
        async with place.work.transaction():
            lost = await place.queue.dispatch("print", {"n": 1})
            raise ZeroDivisionError
    with pytest.raises(NotFoundError):
        await place.queue.find(lost)
    async with place.work.transaction():
        await place.queue.dispatch("print", {"n": 2})
    assert await place.drain() == (1, 0)
    assert hand.data == [2]


async def test_a_delayed_job_waits_for_its_time(place: Place) -> None:
    hand = Hand()
    place.queue.register("print", hand.run)
    await place.queue.dispatch("print", {"n": 30}, delay=30)
    await place.queue.dispatch("print", {"n": 60}, delay=timedelta(minutes=1))
    assert await place.drain() == (0, 0)
    place.clock.advance(timedelta(seconds=30))
    assert await place.drain() == (1, 0)
    place.clock.advance(timedelta(seconds=30))
    assert await place.drain() == (1, 0)
    assert hand.data == [30, 60]


async def test_the_highest_priority_is_first_and_then_the_longest_due(place: Place) -> None:
    hand = Hand()
    place.queue.register("print", hand.run)
    for number, priority in ((1, 0), (2, 5), (3, -1), (4, 5), (5, 0)):
        await place.queue.dispatch("print", {"n": number}, priority=priority)
        place.clock.advance(timedelta(seconds=1))
    await Worker(place.queue, QUICK, concurrency=1).drain()
    assert hand.data == [2, 4, 1, 5, 3]


async def test_a_key_is_there_once_until_its_job_is_forgotten(place: Place) -> None:
    hand = Hand()
    place.queue.register("print", hand.run)
    first = await place.queue.dispatch("print", {"n": 1}, key="invoice-7")
    assert await place.queue.dispatch("print", {"n": 2}, key="invoice-7") == first
    assert await place.queue.dispatch("print", {"n": 3}, key="invoice-8") != first
    assert (await place.drain())[0] == 2
    assert await place.queue.dispatch("print", {"n": 4}, key="invoice-7") == first
    assert await place.drain() == (0, 0)
    assert sorted(map(str, hand.data)) == ["1", "3"]
    assert await place.queue.store.prune(place.clock.now() + timedelta(seconds=1)) == 2
    assert await place.queue.dispatch("print", {"n": 5}, key="invoice-7") != first


async def test_a_key_dispatched_at_once_is_there_once(place: Place) -> None:
    hand = Hand()
    place.queue.register("print", hand.run)
    ids = await asyncio.gather(*(place.queue.dispatch("print", {"n": n}, key="one") for n in range(8)))
    assert len(set(ids)) == 1
    assert (await place.drain())[0] == 1


async def test_a_dead_job_gives_its_key_back(place: Place) -> None:
    hand = Hand(failures=1)
    place.queue.register("print", hand.run, max_attempts=1)
    first = await place.queue.dispatch("print", key="one")
    await place.drain()
    assert await place.queue.dispatch("print", key="one") != first


async def test_many_jobs_are_stored_together(place: Place) -> None:
    hand = Hand()
    place.queue.register("print", hand.run)
    ids = await place.queue.dispatch_many("print", [{"n": n} for n in range(25)])
    assert len(set(ids)) == 25
    assert await place.queue.dispatch_many("print", []) == []
    assert await place.drain() == (25, 0)
    assert sorted(map(str, hand.data)) == sorted(map(str, range(25)))


async def test_what_makes_no_sense_is_refused_in_words(place: Place) -> None:
    place.queue.register("print", Hand().run)
    with pytest.raises(ProgrammingError, match=r"no job 'prnt' is registered.*did you mean 'print'"):
        await place.queue.dispatch("prnt")
    with pytest.raises(ProgrammingError, match="the data of the job 'print' is not JSON"):
        await place.queue.dispatch("print", {"at": START})
    with pytest.raises(ProgrammingError, match="is not JSON"):
        await place.queue.dispatch("print", {"n": float("nan")})
    with pytest.raises(ProgrammingError, match="one attempt at least"):
        await place.queue.dispatch("print", max_attempts=0)
    with pytest.raises(ProgrammingError, match="1 to 200 characters"):
        await place.queue.dispatch("print", key="k" * 201)
    with pytest.raises(WiringError, match="'print' is registered twice"):
        place.queue.register("print", Hand().run)
    with pytest.raises(WiringError, match="no job's name"):
        place.queue.register("Print it", Hand().run)
    with pytest.raises(WiringError, match="makes no sense"):
        place.queue.register("other", Hand().run, max_attempts=0)
    assert await place.queue.counts() == {"waiting": 0, "running": 0, "done": 0, "dead": 0}


# Failing


async def test_a_failed_job_waits_a_second_then_two_and_is_dead_after_three(place: Place) -> None:
    hand = Hand(failures=9)
    place.queue.register("print", hand.run)
    job = await place.queue.dispatch("print", {"n": 1})
    for wait in (1.0, 2.0):
        assert await place.drain() == (0, 1)
        found = await place.queue.find(job)
        waits = (found.run_at - place.clock.now()).total_seconds()
        assert wait <= waits <= wait * 1.2
        assert (found.status, found.error) == (JobStatus.WAITING, "RuntimeError: the printer is on fire")
        place.clock.advance(timedelta(seconds=waits - 0.001))
        assert await place.drain() == (0, 0)
        place.clock.advance(timedelta(seconds=0.001))
    with capture_logs() as logs:
        assert await place.drain() == (0, 1)
    assert [(job.attempts, job.last_error) for job in hand.jobs] == [
        (1, None),
        (2, "RuntimeError: the printer is on fire"),
        (3, "RuntimeError: the printer is on fire"),
    ]
    found = await place.queue.find(job)
    assert (found.status, found.attempts, found.finished_at) == (JobStatus.DEAD, 3, place.clock.now())
    assert [(entry["event"], entry["job"], entry["log_level"]) for entry in logs] == [
        ("a job is dead", "print", "error")
    ]
    place.clock.advance(timedelta(days=1))
    assert await place.drain() == (0, 0)


async def test_it_succeeds_where_it_failed_before(place: Place) -> None:
    hand = Hand(failures=1)
    place.queue.register("print", hand.run, first_wait=0)
    job = await place.queue.dispatch("print")
    assert await place.drain() == (1, 1)
    found = await place.queue.find(job)
    assert (found.status, found.attempts, found.error) == (JobStatus.DONE, 2, None)


async def test_attempts_can_be_said_for_one_job(place: Place) -> None:
    hand = Hand(failures=9)
    place.queue.register("print", hand.run, first_wait=0)
    await place.queue.dispatch("print", max_attempts=5)
    assert await place.drain() == (0, 5)


async def test_a_handler_can_say_that_trying_again_is_no_use(place: Place) -> None:
    hand = Hand(failures=1, error=NoRetryError("the address does not exist"))
    place.queue.register("print", hand.run)
    job = await place.queue.dispatch("print")
    assert await place.drain() == (0, 1)
    found = await place.queue.find(job)
    assert (found.status, found.error) == (JobStatus.DEAD, "NoRetryError: the address does not exist")


async def test_what_takes_too_long_is_stopped_and_has_failed(place: Place) -> None:
    async def sleep(_job: Job) -> None:
        await asyncio.sleep(3600)

    place.queue.register("sleep", sleep, timeout=0.02)
    job = await place.queue.dispatch("sleep", max_attempts=1)
    assert await place.drain() == (0, 1)
    found = await place.queue.find(job)
    assert (found.status, found.error) == (JobStatus.DEAD, "it took longer than 0.02 seconds")


async def test_an_error_of_any_length_can_be_stored(place: Place) -> None:
    hand = Hand(failures=1, error=ValueError("ü\x00" * 5000))
    place.queue.register("print", hand.run, max_attempts=1)
    job = await place.queue.dispatch("print")
    await place.drain()
    error = (await place.queue.find(job)).error
    assert error is not None
    assert error.startswith("ValueError: üü")
    assert len(error) <= 2000


async def test_dead_jobs_can_be_listed_retried_and_dropped(place: Place) -> None:
    hand = Hand(failures=4)
    place.queue.register("print", hand.run, max_attempts=1)
    place.queue.register("scan", hand.run, max_attempts=1)
    ids = [await place.queue.dispatch(name) for name in ("print", "print", "scan", "scan")]
    assert await place.drain() == (0, 4)
    dead = await place.queue.list(status=JobStatus.DEAD)
    assert [job.id for job in dead] == sorted(ids, reverse=True)
    assert len(await place.queue.list(status=JobStatus.DEAD, name="scan", limit=1)) == 1
    assert await place.queue.drop(ids[:1]) == 1
    assert await place.queue.retry([ids[1], uuid4()]) == 1
    assert await place.queue.retry_all("scan") == 2
    assert await place.queue.retry_all() == 0
    assert await place.queue.counts() == {"waiting": 3, "running": 0, "done": 0, "dead": 0}
    assert await place.drain() == (3, 0)
    assert [job.attempts for job in hand.jobs[4:]] == [1, 1, 1]


# Running


async def test_progress_can_be_asked_for_while_it_runs(place: Place) -> None:
    seen: list[tuple[int, str, JobStatus]] = []

    async def export(job: Job) -> None:
        for percent in (0, 50):
            await job.report(percent, f"{percent} rows")
            found = await place.queue.find(job.id)
            seen.append((found.percent, found.note, found.status))
        with pytest.raises(ProgrammingError, match="between 0 and 100"):
            await job.report(101)

    place.queue.register("export", export)
    await place.queue.dispatch("export")
    assert await place.drain() == (1, 0)
    assert seen == [(0, "0 rows", JobStatus.RUNNING), (50, "50 rows", JobStatus.RUNNING)]


async def test_the_correlation_goes_from_the_request_into_the_job_and_into_what_it_dispatches(place: Place) -> None:
    seen: list[str | None] = []
    metadata: list[dict[str, str]] = []

    async def second(_job: Job) -> None:
        seen.append(current_correlation_id())

    async def first(job: Job) -> None:
        seen.append(job.correlation_id)
        metadata.append(dict((await place.queue.find(await place.queue.dispatch("second"))).metadata))
        metadata.append({"cause": str(job.id), **carried()})

    place.queue.register("first", first)
    place.queue.register("second", second)
    user, sent = new_id(), f"00-{'a' * 32}-{'b' * 16}-01"
    with handling("request-1", correlation="chain-1", cause=None, metadata={"user": str(user), "traceparent": sent}):
        await place.queue.dispatch("first")
    await place.drain()
    assert seen == ["chain-1", "chain-1"]
    dispatched, expected = metadata
    assert dispatched == expected
    assert (dispatched["user"], dispatched["traceparent"].split("-")[1]) == (str(user), "a" * 32)


async def test_two_workers_share_the_jobs_and_no_job_runs_twice(place: Place) -> None:
    hand = Hand()
    place.queue.register("print", hand.run)
    await place.queue.dispatch_many("print", [{"n": n} for n in range(60)])
    workers = [place.worker(concurrency=4) for _ in range(3)]
    running = [asyncio.create_task(worker.run()) for worker in workers]
    async with asyncio.timeout(30):
        while (await place.queue.counts())["done"] < 60:  # noqa: ASYNC110  the store tells nobody
            await asyncio.sleep(0.02)
    for worker in workers:
        worker.stop()
    await asyncio.gather(*running)
    assert len(hand.jobs) == 60
    assert len({job.id for job in hand.jobs}) == 60


async def test_a_worker_that_is_stopped_lets_its_jobs_end(place: Place) -> None:
    started, done = asyncio.Event(), []

    async def slow(job: Job) -> None:
        started.set()
        await asyncio.sleep(0.1)
        done.append(job.id)

    place.queue.register("slow", slow)
    job = await place.queue.dispatch("slow")
    worker = place.worker()
    running = asyncio.create_task(worker.run())
    await started.wait()
    worker.stop()
    await running
    assert done == [job]
    assert await status_of(place, job) is JobStatus.DONE


async def test_what_does_not_end_in_time_is_given_back_and_that_is_no_attempt(place: Place) -> None:
    started = asyncio.Event()

    async def endless(_job: Job) -> None:
        started.set()
        await asyncio.sleep(3600)

    place.queue.register("endless", endless)
    job = await place.queue.dispatch("endless")
    worker = place.worker(grace=0.05)
    running = asyncio.create_task(worker.run())
    await started.wait()
    worker.stop()
    await running
    found = await place.queue.find(job)
    assert (found.status, found.attempts, found.worker, found.error) == (JobStatus.WAITING, 0, None, None)


async def test_the_jobs_of_a_worker_that_died_are_taken_up_by_another(place: Place) -> None:
    hand = Hand()
    place.queue.register("print", hand.run)
    job = await place.queue.dispatch("print")
    now = place.clock.now()
    taken = await place.queue.store.claim("dead", ["print"], limit=5, now=now, until=now + timedelta(seconds=60))
    assert [each.id for each in taken] == [job]
    place.clock.advance(timedelta(seconds=60))
    assert await place.queue.store.recover(place.clock.now()) == 0
    place.clock.advance(timedelta(seconds=1))
    assert await place.queue.store.recover(place.clock.now()) == 1
    assert await place.drain() == (1, 0)
    assert (hand.jobs[0].attempts, hand.jobs[0].last_error) == (2, "the worker that ran it did not finish")


async def test_a_job_that_kills_its_workers_is_dead_in_the_end(place: Place) -> None:
    place.queue.register("bomb", Hand().run)
    job = await place.queue.dispatch("bomb")
    for _ in range(3):
        now = place.clock.now()
        assert await place.queue.store.claim("dead", ["bomb"], limit=5, now=now, until=now + timedelta(seconds=60))
        place.clock.advance(timedelta(seconds=61))
        await place.queue.store.recover(place.clock.now())
    found = await place.queue.find(job)
    assert (found.status, found.error) == (JobStatus.DEAD, "the worker that ran it did not finish")


async def test_what_a_worker_says_of_a_job_that_was_taken_away_is_not_taken(place: Place) -> None:
    place.queue.register("print", Hand().run)
    job = await place.queue.dispatch("print")
    now = place.clock.now()
    await place.queue.store.claim("slow", ["print"], limit=1, now=now, until=now + timedelta(seconds=1))
    place.clock.advance(timedelta(seconds=2))
    await place.queue.store.recover(place.clock.now())
    assert await place.queue.store.finish("slow", [job], place.clock.now()) == 0
    assert await place.queue.store.extend("slow", [job], place.clock.now() + timedelta(seconds=9)) == set()
    assert await status_of(place, job) is JobStatus.WAITING


async def test_a_lease_is_extended_while_the_job_runs(place: Place) -> None:
    place.queue.register("print", Hand().run)
    job = await place.queue.dispatch("print")
    now = place.clock.now()
    await place.queue.store.claim("busy", ["print"], limit=1, now=now, until=now + timedelta(seconds=1))
    assert await place.queue.store.extend("busy", [job, uuid4()], now + timedelta(seconds=60)) == {job}
    place.clock.advance(timedelta(seconds=30))
    assert await place.queue.store.recover(place.clock.now()) == 0
    assert await place.queue.store.finish("busy", [job], place.clock.now()) == 1


async def test_a_worker_leaves_jobs_alone_that_it_does_not_know(place: Place) -> None:
    place.queue.register("print", Hand().run)
    job = await place.queue.dispatch("print")
    other = Queue(place.queue.store, place.clock)
    other.register("scan", Hand().run)
    assert (await Worker(other, QUICK).drain()).done == 0
    assert await status_of(place, job) is JobStatus.WAITING


async def test_running_jobs_cannot_be_dropped(place: Place) -> None:
    place.queue.register("print", Hand().run)
    job = await place.queue.dispatch("print")
    now = place.clock.now()
    await place.queue.store.claim("busy", ["print"], limit=1, now=now, until=now + timedelta(seconds=1))
    assert await place.queue.drop([job]) == 0


# Redis


@pytest.mark.redis
@pytest.mark.parametrize("place", ["redis"], indirect=True)
async def test_what_a_transaction_dispatched_is_moved_to_redis_once(place: Place) -> None:
    hand = Hand()
    place.queue.register("print", hand.run)
    async with place.work.transaction():
        job = await place.queue.dispatch("print", {"n": 1}, key="one")
        later = await place.queue.dispatch("print", {"n": 2}, delay=60)
    assert (await place.queue.find(job)).status is JobStatus.WAITING
    assert await place.queue.counts() == {"waiting": 2, "running": 0, "done": 0, "dead": 0}
    assert {each.id for each in await place.queue.list()} == {job, later}
    assert await place.drain() == (1, 0)
    assert await place.queue.dispatch("print", key="one") == job
    place.clock.advance(timedelta(seconds=60))
    assert await place.drain() == (1, 0)
    assert hand.data == [1, 2]
