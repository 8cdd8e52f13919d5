"""The scheduler: dispatches jobs when they are due. It runs in every worker, and each moment counts once among them.

A due job and its next moment are stored in one transaction, by whoever locked the row first: there is no leader to be
chosen, and none to die.
"""

import secrets
from datetime import datetime, timedelta

import structlog
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from .app import Kernel
from .database import Database
from .errors import WiringError
from .fields import table_of
from .ids import new_id
from .queue import QUEUE, Queue
from .schedule_plans import Cron, Every, Missed, Plan, Scheduled
from .schedule_table import ScheduleRow

_ROWS = table_of(ScheduleRow)
logger = structlog.get_logger("scheduler")


def use_scheduler(kernel: Kernel) -> "Scheduler":
    """Give the application its scheduler, `kernel.resolve(Scheduler)`; the workers of its queue run it."""
    scheduler = Scheduler(kernel.adapter(QUEUE), kernel.database)
    kernel.share(scheduler)
    scheduler.queue.also(scheduler.tick)
    return scheduler


class Scheduler:
    """Knows which jobs are due when. A job is given `scheduled_for`, the moment it was due, as ISO 8601."""

    def __init__(self, queue: Queue, database: Database) -> None:
        self.queue = queue
        self._database = database
        self._scheduled: dict[str, Scheduled] = {}

    def every(self, name: str, interval: float | timedelta, *, jitter: float = 0, missed: Missed = "once") -> None:
        """Dispatch a job each `interval` seconds, up to `jitter` seconds late. Raises WiringError for a job twice."""
        span = interval if isinstance(interval, timedelta) else timedelta(seconds=interval)
        self._add(name, Every(span), jitter, missed)

    def cron(
        self, name: str, expression: str, *, zone: str = "UTC", jitter: float = 0, missed: Missed = "once"
    ) -> None:
        """Dispatch a job when cron says so, up to `jitter` seconds late.

        Raises WiringError for a job twice, and for what is no cron expression or no time zone.
        """
        self._add(name, Cron(expression, zone), jitter, missed)

    async def tick(self) -> int:
        """Dispatch what is due now, and answer how much that was."""
        if not self._scheduled:
            return 0
        now = self.queue.clock.now()
        rows = await self._rows()
        for name, scheduled in self._scheduled.items():
            if name not in rows or rows[name][0] != scheduled.plan.text:
                await self._plan(scheduled, now, known=name in rows)
        due = sorted(name for name, (_, next_at) in rows.items() if next_at <= now and name in self._scheduled)
        return sum([await self._dispatch(self._scheduled[name], now) for name in due])

    async def last_runs(self) -> dict[str, datetime | None]:
        """Answer when each job was dispatched last."""
        async with self._database.session() as session:
            rows = await session.execute(select(_ROWS.c.name, _ROWS.c.last_at))
            return {row.name: row.last_at for row in rows}

    def _add(self, name: str, plan: Plan, jitter: float, missed: Missed) -> None:
        if name in self._scheduled:
            raise WiringError(f"the job '{name}' is scheduled twice")
        self.queue.registration(name)
        self._scheduled[name] = Scheduled(name, plan, jitter, missed)

    async def _rows(self) -> dict[str, tuple[str, datetime]]:
        async with self._database.session() as session:
            rows = await session.execute(select(_ROWS.c.name, _ROWS.c.plan, _ROWS.c.next_at))
            return {row.name: (row.plan, row.next_at) for row in rows}

    async def _plan(self, scheduled: Scheduled, now: datetime, *, known: bool) -> None:
        """Begin to schedule a job, or begin anew after its plan was changed in the code."""
        values = {"plan": scheduled.plan.text, "next_at": scheduled.plan.after(now)}
        try:
            async with self._database.transaction() as session:
                if known:
                    changed = (_ROWS.c.name == scheduled.name, _ROWS.c.plan != scheduled.plan.text)
                    await session.execute(update(_ROWS).where(*changed).values(**values))
                else:
                    await session.execute(insert(_ROWS).values(id=new_id(), name=scheduled.name, **values))
        except IntegrityError:
            return  # another process was faster

    async def _dispatch(self, scheduled: Scheduled, now: datetime) -> int:
        mine = select(_ROWS).where(_ROWS.c.name == scheduled.name, _ROWS.c.next_at <= now)
        async with self._database.transaction() as session:
            row = (await session.execute(mine.with_for_update(skip_locked=True))).one_or_none()
            if row is None or row.plan != scheduled.plan.text:
                return 0
            moments = scheduled.due(row.next_at, now)
            for moment in moments:
                data = {"scheduled_for": moment.isoformat()}
                late = secrets.randbelow(int(scheduled.jitter * 1000) + 1) / 1000
                await self.queue.dispatch(
                    scheduled.name, data, delay=late, key=f"{scheduled.name}@{moment:%Y%m%d%H%M%S}"
                )
            planned = update(_ROWS).where(_ROWS.c.id == row.id)
            last = moments[-1] if moments else row.last_at
            # There may be more than are taken at a time; the next tick goes on after the last of them.
            seen = moments[-1] if scheduled.missed == "all" and moments else now
            await session.execute(planned.values(next_at=scheduled.plan.after(seen), last_at=last))
        if len(moments) != 1:
            logger.warning("a scheduled job was missed", job=scheduled.name, runs=len(moments))
        return len(moments)
