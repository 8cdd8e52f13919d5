"""Jobs in this process: for tests of services. With their database they roll back as rows do."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from .clock import Clock
from .memory_database import MemoryDatabase, Row, Workspace
from .queue_values import LOST, JobRecord, JobStatus, Outcome

_TABLE = "queue_jobs"
_FIELDS = tuple(field.name for field in fields(JobRecord))


class MemoryJobs:
    """Implements JobStore in a MemoryDatabase: the one whose transactions `dispatch` is to take part in."""

    def __init__(self, database: MemoryDatabase | None = None, *, clock: Clock | None = None) -> None:
        self._database = database or MemoryDatabase(clock=clock)

    async def add(self, jobs: Sequence[JobRecord]) -> list[UUID]:
        async with self._database.transaction() as work:
            return [_add(work, job) for job in jobs]

    async def claim(
        self, worker: str, names: Collection[str], *, limit: int, now: datetime, until: datetime
    ) -> list[JobRecord]:
        async with self._database.transaction() as work:
            due = [job for job in _all(work, JobStatus.WAITING) if job.run_at <= now and job.name in names]
            due.sort(key=lambda job: (-job.priority, job.run_at, job.id))
            taken = [
                replace(job, status=JobStatus.RUNNING, attempts=job.attempts + 1, worker=worker, leased_until=until)
                for job in due[:limit]
            ]
            for job in taken:
                _put(work, job)
            return taken

    async def extend(self, worker: str, ids: Collection[UUID], until: datetime) -> set[UUID]:
        async with self._database.transaction() as work:
            held = [job for job in _all(work, JobStatus.RUNNING) if job.worker == worker and job.id in ids]
            for job in held:
                _put(work, replace(job, leased_until=until))
            return {job.id for job in held}

    async def finish(self, worker: str, ids: Collection[UUID], at: datetime) -> int:
        async with self._database.transaction() as work:
            held = [job for job in _all(work, JobStatus.RUNNING) if job.worker == worker and job.id in ids]
            for job in held:
                _put(work, _freed(job, JobStatus.DONE, percent=100, error=None, finished_at=at))
            return len(held)

    async def settle(self, job: JobRecord, outcome: Outcome) -> bool:
        async with self._database.transaction() as work:
            found = _find(work, job.id)
            if found is None or (found.worker, found.attempts) != (job.worker, job.attempts):
                return False
            _put(work, _settled(found, outcome))
            return True

    async def report(self, job: UUID, percent: int, note: str) -> None:
        async with self._database.transaction() as work:
            found = _find(work, job)
            if found is not None and found.status is JobStatus.RUNNING:
                _put(work, replace(found, percent=percent, note=note))

    async def recover(self, now: datetime, limit: int = 1000) -> int:
        async with self._database.transaction() as work:
            ended = [job for job in _all(work, JobStatus.RUNNING) if job.leased_until and job.leased_until < now]
            for job in ended[:limit]:
                last = job.attempts >= job.max_attempts
                status = JobStatus.DEAD if last else JobStatus.WAITING
                _put(work, _settled(job, Outcome(status, now, job.attempts, LOST)))
            return len(ended[:limit])

    async def prune(self, before: datetime, limit: int = 1000) -> int:
        async with self._database.transaction() as work:
            old = [job for job in _all(work, JobStatus.DONE) if job.finished_at and job.finished_at < before]
            for job in old[:limit]:
                work.remove(_TABLE, job.id)
            return len(old[:limit])

    async def find(self, job: UUID) -> JobRecord | None:
        return _find(self._database.reading(), job)

    async def list(self, status: JobStatus | None, name: str | None, limit: int) -> tuple[JobRecord, ...]:
        found = [job for job in _all(self._database.reading(), status) if name in (None, job.name)]
        return tuple(sorted(found, key=lambda job: (job.created_at, job.id), reverse=True)[:limit])

    async def counts(self) -> Mapping[JobStatus, int]:
        return Counter(job.status for job in _all(self._database.reading(), None))

    async def revive(self, ids: Collection[UUID] | None, name: str | None, now: datetime) -> int:
        async with self._database.transaction() as work:
            dead = [job for job in _all(work, JobStatus.DEAD) if ids is None or job.id in ids]
            dead = [job for job in dead if name in (None, job.name)]
            for job in dead:
                _put(work, replace(job, status=JobStatus.WAITING, attempts=0, run_at=now, finished_at=None))
            return len(dead)

    async def drop(self, ids: Collection[UUID]) -> int:
        async with self._database.transaction() as work:
            idle = [job for job in _all(work, None) if job.id in ids and job.status is not JobStatus.RUNNING]
            for job in idle:
                work.remove(_TABLE, job.id)
            return len(idle)

    async def close(self) -> None:
        """Do nothing: there is no connection."""


def _settled(job: JobRecord, outcome: Outcome) -> JobRecord:
    ended = outcome.status in (JobStatus.DONE, JobStatus.DEAD)
    return _freed(
        job,
        outcome.status,
        attempts=outcome.attempts,
        error=outcome.error,
        run_at=job.run_at if ended else outcome.at,
        finished_at=outcome.at if ended else None,
        key=None if outcome.status is JobStatus.DEAD else job.key,
    )


def _freed(job: JobRecord, status: JobStatus, **changes: object) -> JobRecord:
    values: dict[str, Any] = {**changes, "status": status, "worker": None, "leased_until": None}
    return replace(job, **values)


def _add(work: Workspace, job: JobRecord) -> UUID:
    if job.key is not None:
        for other in _all(work, None):
            if other.key == job.key:
                return other.id
    _put(work, job)
    return job.id


def _all(work: Workspace, status: JobStatus | None) -> Iterator[JobRecord]:
    """Yield jobs; the rows are listed first, because whoever goes through them changes some."""
    return (job for job in map(_record, list(work.rows(_TABLE).values())) if status in (None, job.status))


def _find(work: Workspace, job: UUID) -> JobRecord | None:
    row = work.rows(_TABLE).get(job)
    return None if row is None else _record(row)


def _put(work: Workspace, job: JobRecord) -> None:
    work.put(_TABLE, job.id, {name: getattr(job, name) for name in _FIELDS})


def _record(row: Row) -> JobRecord:
    values: dict[str, Any] = dict(row)
    return JobRecord(**values)
