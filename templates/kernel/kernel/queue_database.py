"""Jobs in the project's own database: a job is stored in the transaction of the rows it is about.

Workers take jobs with SELECT ... FOR UPDATE SKIP LOCKED (PostgreSQL, MariaDB 10.6, MySQL 8), so that none waits for
another; SQLite has one writer at a time and needs no lock of a row.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    Delete,
    Row,
    Update,
    delete,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from .app import Kernel
from .database import Database
from .fields import table_of
from .inserts import insert_unless_there
from .queue import QUEUE, Queue, QueueSettings
from .queue_table import JobRow
from .queue_values import LOST, JobRecord, JobStatus, Outcome
from .queue_worker import run_inside

_JOBS = table_of(JobRow)
# A queue fills and empties faster than PostgreSQL's statistics follow. Believing it to be short, the planner would sort
# all of it for every claim; kept from sorting it reads the index, which is in order, and stops after a few rows.
_IN_ORDER = text("SELECT set_config('enable_sort', 'off', true), set_config('enable_bitmapscan', 'off', true)")
# With the data, because tables that were made before jobs said what set them off have no column for it.
_ABOUT = "$metadata"
_NOBODY: dict[str, object] = {"worker": None, "leased_until": None}


def provide_database_queue(kernel: Kernel) -> None:
    """Keep jobs in the project's database, which is where they are unless QUEUE__PROVIDER says otherwise."""
    settings = kernel.settings.of(QueueSettings)
    if settings.provider != "database":
        return
    queue = Queue(DatabaseJobs(kernel.database), kernel.clock)
    kernel.provide(QUEUE, queue)
    run_inside(kernel, queue, settings)


class DatabaseJobs:
    """Implements JobStore with the table `queue_jobs`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, jobs: Sequence[JobRecord]) -> list[UUID]:
        plain = [_row(job) for job in jobs if job.key is None]
        async with self._database.transaction() as session:
            if plain:
                await session.execute(insert(_JOBS), plain)
            return [job.id if job.key is None else await self._add_once(session, job) for job in jobs]

    async def claim(
        self, worker: str, names: Collection[str], *, limit: int, now: datetime, until: datetime
    ) -> list[JobRecord]:
        due = (_JOBS.c.status == JobStatus.WAITING, _JOBS.c.run_at <= now, _JOBS.c.name.in_(sorted(names)))
        if self._database.dialect == "sqlite" and not await self._any(*due):
            return []  # looking for nothing must not take the turn of a writer
        wanted = select(_JOBS).where(*due).order_by(_JOBS.c.turn, _JOBS.c.run_at).limit(limit)
        async with self._database.transaction() as session:
            if self._database.dialect == "postgresql":
                await session.execute(_IN_ORDER)
            rows = (await session.execute(wanted.with_for_update(skip_locked=True))).all()
            if not rows:
                return []
            taken = update(_JOBS).where(_JOBS.c.id.in_([row.id for row in rows]))
            changes = {"status": JobStatus.RUNNING, "worker": worker, "leased_until": until}
            await session.execute(taken.values(attempts=_JOBS.c.attempts + 1, **changes))
        return [_record(row, attempts=row.attempts + 1, **changes) for row in rows]

    async def extend(self, worker: str, ids: Collection[UUID], until: datetime) -> set[UUID]:
        held = _held(worker, ids)
        async with self._database.transaction() as session:
            await session.execute(update(_JOBS).where(*held).values(leased_until=until))
            return set(await session.scalars(select(_JOBS.c.id).where(*held)))

    async def finish(self, worker: str, ids: Collection[UUID], at: datetime) -> int:
        done = {"status": JobStatus.DONE, "percent": 100, "error": None, "finished_at": at, **_NOBODY}
        return await self._change(update(_JOBS).where(*_held(worker, ids)).values(**done))

    async def settle(self, job: JobRecord, outcome: Outcome) -> bool:
        held = (*_held(str(job.worker), [job.id]), _JOBS.c.attempts == job.attempts)
        return await self._change(update(_JOBS).where(*held).values(**_settled(outcome))) == 1

    async def report(self, job: UUID, percent: int, note: str) -> None:
        running = (_JOBS.c.id == job, _JOBS.c.status == JobStatus.RUNNING)
        # Apart from the handler's transaction, whose lock on the row would keep the worker from extending its leases.
        apart = self._database.dialect != "sqlite"
        async with self._database.transaction(new=apart) as session:
            await session.execute(update(_JOBS).where(*running).values(percent=percent, note=note[:255]))

    async def recover(self, now: datetime, limit: int = 1000) -> int:
        ended = (_JOBS.c.status == JobStatus.RUNNING, _JOBS.c.leased_until < now)
        if not await self._any(*ended):
            return 0
        wanted = select(_JOBS.c.id, _JOBS.c.attempts, _JOBS.c.max_attempts).where(*ended).limit(limit)
        async with self._database.transaction() as session:
            rows = (await session.execute(wanted.with_for_update(skip_locked=True))).all()
            for status, ids in _by_fate(rows).items():
                outcome = _settled(Outcome(status, now, 0, LOST))
                del outcome["attempts"]
                await session.execute(update(_JOBS).where(_JOBS.c.id.in_(ids)).values(**outcome))
        return len(rows)

    async def prune(self, before: datetime, limit: int = 1000) -> int:
        old = (_JOBS.c.status == JobStatus.DONE, _JOBS.c.finished_at < before)
        if not await self._any(*old):
            return 0
        async with self._database.transaction() as session:
            wanted = select(_JOBS.c.id).where(*old).limit(limit).with_for_update(skip_locked=True)
            ids = list(await session.scalars(wanted))
            await session.execute(delete(_JOBS).where(_JOBS.c.id.in_(ids)))
        return len(ids)

    async def find(self, job: UUID) -> JobRecord | None:
        async with self._database.session() as session:
            row = (await session.execute(select(_JOBS).where(_JOBS.c.id == job))).one_or_none()
        return None if row is None else _record(row)

    async def list(self, status: JobStatus | None, name: str | None, limit: int) -> tuple[JobRecord, ...]:
        wanted = select(_JOBS).order_by(_JOBS.c.created_at.desc(), _JOBS.c.id.desc()).limit(limit)
        wanted = wanted if status is None else wanted.where(_JOBS.c.status == status)
        wanted = wanted if name is None else wanted.where(_JOBS.c.name == name)
        async with self._database.session() as session:
            return tuple(_record(row) for row in await session.execute(wanted))

    async def counts(self) -> Mapping[JobStatus, int]:
        async with self._database.session() as session:
            rows = await session.execute(select(_JOBS.c.status, func.count()).group_by(_JOBS.c.status))
            return {JobStatus(status): count for status, count in rows}

    async def revive(self, ids: Collection[UUID] | None, name: str | None, now: datetime) -> int:
        dead = [_JOBS.c.status == JobStatus.DEAD]
        dead += [] if ids is None else [_JOBS.c.id.in_(ids)]
        dead += [] if name is None else [_JOBS.c.name == name]
        anew = {"status": JobStatus.WAITING, "attempts": 0, "run_at": now, "finished_at": None}
        return await self._change(update(_JOBS).where(*dead).values(**anew))

    async def drop(self, ids: Collection[UUID]) -> int:
        return await self._change(delete(_JOBS).where(_JOBS.c.id.in_(ids), _JOBS.c.status != JobStatus.RUNNING))

    async def give_back_moved(self, now: datetime) -> None:
        """Let another relay have what one took and did not move: that was no attempt, and nothing is due earlier."""
        ended = (_JOBS.c.status == JobStatus.RUNNING, _JOBS.c.leased_until < now)
        if await self._any(*ended):
            await self._change(update(_JOBS).where(*ended).values(status=JobStatus.WAITING, attempts=0, **_NOBODY))

    async def settle_moved(self, ids: Collection[UUID]) -> None:
        """Forget jobs that were moved elsewhere, whoever claimed them."""
        await self._change(delete(_JOBS).where(_JOBS.c.id.in_(ids)))

    async def close(self) -> None:
        """Do nothing: the database is the kernel's to close."""

    async def _add_once(self, session: AsyncSession, job: JobRecord) -> UUID:
        while True:  # whoever had the key may give it up in between
            await session.execute(insert_unless_there(self._database.dialect, _JOBS, _row(job), "job_key"))
            found: UUID | None = await session.scalar(select(_JOBS.c.id).where(_JOBS.c.job_key == job.key))
            if found is not None:
                return found

    async def _any(self, *conditions: ColumnElement[bool]) -> bool:
        async with self._database.session() as session:
            return await session.scalar(select(_JOBS.c.id).where(*conditions).limit(1)) is not None

    async def _change(self, statement: Update | Delete) -> int:
        async with self._database.transaction() as session:
            return cast("CursorResult[Any]", await session.execute(statement)).rowcount


def _held(worker: str, ids: Collection[UUID]) -> tuple[ColumnElement[bool], ...]:
    return (_JOBS.c.status == JobStatus.RUNNING, _JOBS.c.worker == worker, _JOBS.c.id.in_(ids))


def _settled(outcome: Outcome) -> dict[str, object]:
    values = {"status": outcome.status, "attempts": outcome.attempts, "error": outcome.error, **_NOBODY}
    if outcome.status is JobStatus.DEAD:
        return {**values, "finished_at": outcome.at, "job_key": None}
    return {**values, "run_at": outcome.at}


def _by_fate(rows: Iterable[Any]) -> dict[JobStatus, list[UUID]]:  # rows, whose type names each column
    """Sort jobs that were lost into those that have attempts left and those that have not."""
    fates: dict[JobStatus, list[UUID]] = {}
    for row in rows:
        status = JobStatus.DEAD if row.attempts >= row.max_attempts else JobStatus.WAITING
        fates.setdefault(status, []).append(row.id)
    return fates


def _row(job: JobRecord) -> dict[str, object]:
    return {
        "id": job.id,
        "name": job.name,
        "data": {**job.data, **({_ABOUT: dict(job.metadata)} if job.metadata else {})},
        "job_key": job.key,
        "turn": -job.priority,
        "status": job.status,
        "run_at": job.run_at,
        "attempts": job.attempts,
        "max_attempts": job.max_attempts,
        "error": job.error,
        "percent": job.percent,
        "note": job.note,
        "correlation_id": job.correlation_id,
        "created_at": job.created_at,
        "finished_at": job.finished_at,
        "worker": job.worker,
        "leased_until": job.leased_until,
    }


def _record(row: Row[Any], **changes: object) -> JobRecord:
    values: dict[str, Any] = {**row._asdict(), **changes}
    key, turn, status = values.pop("job_key"), values.pop("turn"), values.pop("status")
    data = dict(values.pop("data"))
    about = data.pop(_ABOUT, {})
    return JobRecord(key=key, priority=-turn, status=JobStatus(status), data=data, metadata=about, **values)
