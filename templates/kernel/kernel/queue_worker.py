"""The worker: takes jobs that are due, runs them, and says what became of them."""

import asyncio
import logging
import os
import secrets
import socket
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import structlog

from .app import Kernel
from .clock import until_set
from .queue import Queue, QueueSettings
from .queue_values import Job, JobRecord, JobStatus, NoRetryError, Outcome, told
from .request_context import handling

if TYPE_CHECKING:
    from uuid import UUID

T = TypeVar("T")
logger = structlog.get_logger("queue")
_GATHER = 0.005  # jobs that end within this time are taken and finished together
_UPKEEP = 60.0
_BATCH = 1000
_TRIES = 5


def run_inside(kernel: Kernel, queue: Queue, settings: QueueSettings) -> None:
    """Run a worker inside the application when the settings say so, from its start to its end."""
    if not settings.run_in_app:
        return
    # The hook has to end in time, with what it still has to store, or it is cancelled in the middle of that.
    grace = min(settings.grace, kernel.settings.shutdown_timeout * 0.7)
    worker = Worker(queue, settings.model_copy(update={"grace": grace}))
    running: list[asyncio.Task[None]] = []

    async def start() -> None:
        running.append(asyncio.create_task(worker.run()))

    async def stop() -> None:
        worker.stop()
        await asyncio.gather(*running)

    kernel.on_ready(start)
    kernel.on_stop(stop)


@dataclass(frozen=True, slots=True)
class Drained:
    """What `Worker.drain` did: how many attempts ended in which way."""

    done: int
    failed: int


class Worker:
    """Runs the jobs of a queue, `concurrency` at a time; any number of workers can share one.

    It holds its jobs by a lease that it extends while they run. When it is killed, the lease ends, and another worker
    takes them up.
    """

    def __init__(self, queue: Queue, settings: QueueSettings, *, concurrency: int | None = None) -> None:
        self.name = f"{socket.gethostname()[:60]}:{os.getpid()}:{secrets.token_hex(4)}"
        self._queue = queue
        self._store = queue.store
        self._settings = settings
        self._concurrency = concurrency or settings.concurrency
        self._running: dict[UUID, asyncio.Task[None]] = {}
        self._done: list[UUID] = []
        self._failed = 0
        self._stopping = asyncio.Event()
        self._ended = asyncio.Event()
        self._has_done = asyncio.Event()

    @property
    def is_stopping(self) -> bool:
        return self._stopping.is_set()

    def stop(self) -> None:
        """Take no more jobs; those that run have the settings' grace to end."""
        self._stopping.set()
        self._ended.set()

    async def run(self) -> None:
        """Work until `stop`, and give back what has not ended by then, so that it is no failed attempt."""
        logger.info("the worker started", worker=self.name, concurrency=self._concurrency, jobs=self._queue.names)
        helping = [
            asyncio.create_task(self._again_and_again(self._flush_soon, 0)),
            asyncio.create_task(self._again_and_again(self._hold, self._settings.lease / 3)),
            asyncio.create_task(self._again_and_again(self._recover, self._settings.lease / 4)),
            asyncio.create_task(self._again_and_again(self._prune, _UPKEEP)),
            *(asyncio.create_task(self._again_and_again(chore, 1.0)) for chore in self._queue.chores),
        ]
        try:
            await self._take_jobs()
            await self._wind_up()
        finally:
            for task in (*helping, *self._running.values()):
                task.cancel()
            await asyncio.gather(*helping, *self._running.values(), return_exceptions=True)
            await self._last_words()
        logger.info("the worker stopped", worker=self.name)

    async def drain(self) -> Drained:
        """Run what is due until nothing is, for tests; what was dispatched for later stays."""
        done = failed = 0
        while claimed := await self._claim(self._concurrency):
            self._start(claimed)
            await asyncio.gather(*self._running.values())
            done, failed = done + len(self._done), failed + self._failed
            self._failed = 0
            await self._flush()
        return Drained(done, failed)

    async def _take_jobs(self) -> None:
        while not self._stopping.is_set():
            free = self._concurrency - len(self._running)
            nothing: list[JobRecord] = []
            claimed = await self._softly(partial(self._claim, free), nothing)
            self._start(claimed)
            if len(claimed) < free:
                await self._pause(self._settings.poll)
            await self._until_there_is_room()

    async def _until_there_is_room(self) -> None:
        """Wait for room; a moment longer, because jobs that end together can be replaced together."""
        if len(self._running) < self._concurrency:
            return
        while len(self._running) >= self._concurrency and not self._stopping.is_set():
            self._ended.clear()
            await self._ended.wait()
        await asyncio.sleep(_GATHER)

    async def _claim(self, limit: int) -> list[JobRecord]:
        now = self._queue.clock.now()
        until = now + timedelta(seconds=self._settings.lease)
        return await self._store.claim(self.name, self._queue.names, limit=limit, now=now, until=until)

    def _start(self, claimed: Iterable[JobRecord]) -> None:
        for job in claimed:
            if (lapsed := self._running.get(job.id)) is not None:
                lapsed.cancel()  # its lease ended, and what it says is not taken any more
            self._running[job.id] = asyncio.create_task(self._run(job))

    async def _run(self, job: JobRecord) -> None:
        cause = job.metadata.get("cause")
        try:
            with handling(str(job.id), correlation=job.correlation_id, cause=cause, metadata=job.metadata):
                outcome = await self._attempt(job)
                if outcome is None:
                    self._done.append(job.id)
                    self._has_done.set()
                elif await self._settled(job, outcome) is False:
                    logger.warning("a job was taken away while it ran", job=job.name, job_id=str(job.id))
        finally:
            if self._running.get(job.id) is asyncio.current_task():
                del self._running[job.id]
            self._ended.set()

    async def _settled(self, job: JobRecord, outcome: Outcome) -> bool | None:
        """Store how an attempt ended; None when the store cannot. The job counts as running, so its lease goes on."""
        held: bool | None = None
        for _ in range(_TRIES):
            held = await self._softly(partial(self._store.settle, job, outcome), default=held)
            if held is not None:
                break
        return held

    async def _attempt(self, job: JobRecord) -> Outcome | None:
        """Run the handler; answer what is to be stored, or None when the job is done."""
        registered = self._queue.registration(job.name)
        given = Job(
            job.id,
            job.name,
            job.data,
            job.attempts,
            job.max_attempts,
            job.error,
            job.correlation_id,
            self._store.report,
        )
        try:
            async with asyncio.timeout(registered.timeout) as deadline:
                await registered.handler(given)
        except asyncio.CancelledError:
            if self._stopping.is_set():
                await asyncio.shield(self._store.settle(job, self._given_back(job)))
            raise
        except Exception as error:
            late = isinstance(error, TimeoutError) and deadline.expired()
            reason = f"it took longer than {registered.timeout:g} seconds" if late else told(error)
            outcome = self._failure(job, reason, final=isinstance(error, NoRetryError))
            dead = outcome.status is JobStatus.DEAD
            logger.log(
                logging.ERROR if dead else logging.WARNING,
                "a job is dead" if dead else "a job failed and is tried again",
                job=job.name,
                job_id=str(job.id),
                attempts=job.attempts,
                max_attempts=job.max_attempts,
                reason=reason,
                exc_info=True,
            )
            return outcome
        return None

    def _failure(self, job: JobRecord, reason: str, *, final: bool) -> Outcome:
        self._failed += 1
        now = self._queue.clock.now()
        if final or job.attempts >= job.max_attempts:
            return Outcome(JobStatus.DEAD, now, job.attempts, reason)
        wait = self._queue.registration(job.name).wait_after(job.attempts)
        return Outcome(JobStatus.WAITING, now + wait, job.attempts, reason)

    def _given_back(self, job: JobRecord) -> Outcome:
        return Outcome(JobStatus.WAITING, self._queue.clock.now(), job.attempts - 1, job.error)

    async def _flush_soon(self) -> None:
        await self._has_done.wait()
        self._has_done.clear()
        await asyncio.sleep(_GATHER)
        try:
            await self._flush()
        finally:
            if self._done:
                self._has_done.set()

    async def _flush(self) -> None:
        """Store what is done, many at a time."""
        done, self._done = self._done, []
        if not done:
            return
        try:
            held = await self._store.finish(self.name, done, self._queue.clock.now())
        except BaseException:
            self._done = [*done, *self._done]
            raise
        if held < len(done):
            logger.warning("jobs were taken away while they ran", count=len(done) - held)

    async def _hold(self) -> None:
        """Extend the leases of what runs, and of what is done but not stored yet."""
        mine = {*self._running, *self._done}
        if not mine:
            return
        until = self._queue.clock.now() + timedelta(seconds=self._settings.lease)
        lost = mine - await self._store.extend(self.name, mine, until)
        if lost & {*self._running}:
            logger.warning("the lease of jobs ended while they ran", count=len(lost))

    async def _recover(self) -> None:
        count = await self._store.recover(self._queue.clock.now())
        if count:
            logger.warning("jobs of a worker that is gone were taken back", count=count)

    async def _prune(self) -> None:
        before = self._queue.clock.now() - timedelta(seconds=self._settings.keep_done)
        pruned = _BATCH
        while pruned == _BATCH:
            pruned = await self._store.prune(before, _BATCH)

    async def _wind_up(self) -> None:
        """Let what runs end, for a while."""
        if self._running:
            await asyncio.wait(self._running.values(), timeout=self._settings.grace)

    async def _last_words(self) -> None:
        """Store what is done, as often as it takes while the store is away for a moment."""
        for _ in range(3):
            await self._softly(self._flush, None)
            if not self._done:
                return
            await asyncio.sleep(1)

    async def _again_and_again(self, work: Callable[[], Awaitable[object]], seconds: float) -> None:
        while True:
            await self._softly(work, None)
            await asyncio.sleep(seconds)

    async def _softly(self, work: Callable[[], Awaitable[T]], default: T) -> T:
        """Do something with the store; when it is away, say so, and go on in a while."""
        try:
            return await work()
        except Exception:
            logger.exception("the queue's store failed", worker=self.name)
            await self._pause(1.0)
            return default

    async def _pause(self, seconds: float) -> None:
        await until_set(self._stopping, seconds)
