"""Jobs in Redis (7 or newer), for more of them than the database should carry.

Redis takes part in no transaction of the database, so what is dispatched inside one is stored there first, and a worker
moves it over: it still exists exactly when the rows do. Redis must keep what it is given: `appendonly yes`, and
`maxmemory-policy noeviction`.
"""

import builtins
import json
import secrets
import time
from collections.abc import Awaitable, Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID

from redis.asyncio import BlockingConnectionPool, Redis

from . import queue_redis_scripts as scripts
from .app import Kernel
from .database import Database
from .queue import QUEUE, Queue, QueueSettings
from .queue_database import DatabaseJobs
from .queue_values import LOST, JobRecord, JobStatus, Outcome
from .queue_worker import run_inside
from .redis_client import answered, namespace

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOMENTS = ("run_at", "created_at", "finished_at", "leased_until")
_BATCH = 100


def provide_redis_queue(kernel: Kernel) -> None:
    """Keep jobs in Redis when QUEUE__PROVIDER says redis."""
    settings = kernel.settings.of(QueueSettings)
    if settings.provider != "redis":
        return
    jobs = RedisJobs(settings, kernel.database, prefix=namespace(kernel), relay_every=settings.poll)
    queue = Queue(jobs, kernel.clock)
    kernel.provide(QUEUE, queue)
    kernel.add_probe("queue", jobs.ping)
    kernel.on_stop(jobs.close)
    run_inside(kernel, queue, settings)


class RedisJobs:
    """Implements JobStore; what is dispatched in a transaction waits in the table `queue_jobs` until it is moved."""

    def __init__(
        self, settings: QueueSettings, database: Database, *, prefix: str, relay_every: float, timeout: float = 5.0
    ) -> None:
        pool = BlockingConnectionPool.from_url(
            settings.url.get_secret_value(),
            max_connections=settings.concurrency + 10,
            timeout=timeout,
            socket_timeout=timeout,
            socket_connect_timeout=timeout,
        )
        self._redis: Redis = Redis.from_pool(pool)
        self._prefix = f"{{{prefix}:queue}}"  # the braces keep all of it on one node of a cluster
        self._database = database
        self._outbox = DatabaseJobs(database)
        self._relay_every = relay_every
        self._relayed = 0.0
        self._relay_name = f"relay:{secrets.token_hex(4)}"

    async def add(self, jobs: Sequence[JobRecord]) -> list[UUID]:
        if self._database.in_transaction():
            return await self._outbox.add(jobs)
        return await self._push(jobs)

    async def claim(
        self, worker: str, names: Collection[str], *, limit: int, now: datetime, until: datetime
    ) -> list[JobRecord]:
        if time.monotonic() - self._relayed >= self._relay_every:
            self._relayed = time.monotonic()
            await self._relay(names, now)
        moments = (_micro(now), _micro(until))
        rows = cast("list[list[bytes]]", await self._run(scripts.CLAIM, worker, *moments, limit, *sorted(names)))
        return [_record(dict(zip(row[::2], row[1::2], strict=True))) for row in rows]

    async def extend(self, worker: str, ids: Collection[UUID], until: datetime) -> set[UUID]:
        held = cast("list[bytes]", await self._run(scripts.EXTEND, worker, _micro(until), *map(str, ids)))
        return {UUID(each.decode()) for each in held}

    async def finish(self, worker: str, ids: Collection[UUID], at: datetime) -> int:
        return await self._count(scripts.FINISH, worker, _micro(at), *map(str, ids))

    async def settle(self, job: JobRecord, outcome: Outcome) -> bool:
        held: tuple[str | int, ...] = (str(job.id), str(job.worker), job.attempts)
        said: tuple[str | int, ...] = (outcome.status.value, _micro(outcome.at), outcome.attempts, outcome.error or "")
        return await self._count(scripts.SETTLE, *held, *said) == 1

    async def report(self, job: UUID, percent: int, note: str) -> None:
        await self._run(scripts.REPORT, str(job), percent, note)

    async def recover(self, now: datetime, limit: int = 1000) -> int:
        await self._outbox.give_back_moved(now)
        return await self._count(scripts.RECOVER, _micro(now), limit, LOST)

    async def prune(self, before: datetime, limit: int = 1000) -> int:
        return await self._count(scripts.PRUNE, _micro(before), limit)

    async def find(self, job: UUID) -> JobRecord | None:
        found = await cast("Awaitable[dict[bytes, bytes]]", self._redis.hgetall(self._job(str(job))))
        return _record(found) if found else await self._outbox.find(job)

    async def list(self, status: JobStatus | None, name: str | None, limit: int) -> tuple[JobRecord, ...]:
        listed: list[JobRecord] = []
        start = 0
        while ids := await self._newest(start):
            start += _BATCH
            async with self._redis.pipeline(transaction=False) as pipeline:
                for each in ids:
                    pipeline.hgetall(self._job(each))
                rows = await pipeline.execute()
            found = [_record(row) for row in rows if row]
            listed += [job for job in found if status in (None, job.status) and name in (None, job.name)]
            if len(listed) >= limit:
                break
        moving = await self._outbox.list(status, name, limit)
        return tuple(sorted([*listed, *moving], key=lambda job: (job.created_at, job.id), reverse=True)[:limit])

    async def counts(self) -> Mapping[JobStatus, int]:
        async with self._redis.pipeline(transaction=True) as pipeline:
            for name in ("all", "running", "done", "dead"):
                pipeline.zcard(f"{self._prefix}:{name}")
            every, running, done, dead = await pipeline.execute()
        moving = sum((await self._outbox.counts()).values())
        waiting = every - running - done - dead + moving
        return {
            JobStatus.WAITING: waiting,
            JobStatus.RUNNING: running,
            JobStatus.DONE: done,
            JobStatus.DEAD: dead,
        }

    async def revive(self, ids: Collection[UUID] | None, name: str | None, now: datetime) -> int:
        which = "all" if ids is None else "these"
        return await self._count(scripts.REVIVE, _micro(now), which, name or "", *map(str, ids or ()))

    async def drop(self, ids: Collection[UUID]) -> int:
        return await self._count(scripts.DROP, *map(str, ids)) + await self._outbox.drop(ids)

    async def ping(self) -> None:
        """Raise UnavailableError unless Redis answers."""
        await answered(self._redis.ping())

    async def close(self) -> None:
        await self._redis.aclose()

    async def _newest(self, start: int) -> builtins.list[str]:
        found = await self._redis.zrange(f"{self._prefix}:all", start, start + _BATCH - 1, desc=True)
        return [each.decode() for each in cast("builtins.list[bytes]", found)]

    async def _relay(self, names: Collection[str], now: datetime) -> None:
        """Move what was dispatched in transactions; moved twice it is there once, because it keeps its id."""
        far = now + timedelta(days=36_500)  # what is delayed waits over there
        until = now + timedelta(seconds=60)
        while moved := await self._outbox.claim(self._relay_name, names, limit=_BATCH, now=far, until=until):
            await self._push(moved)
            await self._outbox.settle_moved([job.id for job in moved])

    async def _push(self, jobs: Sequence[JobRecord]) -> builtins.list[UUID]:
        async with self._redis.pipeline(transaction=False) as pipeline:
            for job in jobs:
                words = (str(job.id), job.key or "", _micro(job.created_at), _micro(job.run_at), *_fields(job))
                pipeline.eval(scripts.ADD, 1, self._prefix, *words)
            return [UUID(each.decode()) for each in await pipeline.execute()]

    async def _run(self, script: str, *words: str | int) -> object:
        return await self._redis.register_script(script)(keys=[self._prefix], args=list(words))

    async def _count(self, script: str, *words: str | int) -> int:
        return cast("int", await self._run(script, *words))

    def _job(self, job: str) -> str:
        return f"{self._prefix}:job:{job}"


def _micro(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _fields(job: JobRecord) -> list[str | int]:
    """Write a job that waits as names and values."""
    values: dict[str, str | int | None] = {
        "id": str(job.id),
        "name": job.name,
        "data": json.dumps(dict(job.data)),
        "key": job.key,
        "priority": job.priority,
        "status": JobStatus.WAITING.value,
        "run_at": _micro(job.run_at),
        "attempts": 0,
        "max_attempts": job.max_attempts,
        "percent": 0,
        "note": "",
        "correlation_id": job.correlation_id,
        "metadata": json.dumps(dict(job.metadata)),
        "created_at": _micro(job.created_at),
    }
    return [word for name, value in values.items() if value is not None for word in (name, value)]


def _record(stored: Mapping[bytes, bytes]) -> JobRecord:
    texts = {name.decode(): value.decode() for name, value in stored.items()}
    moments = {name: _EPOCH + timedelta(microseconds=int(texts[name])) if name in texts else None for name in _MOMENTS}
    numbers = {name: int(texts[name]) for name in ("priority", "attempts", "max_attempts", "percent")}
    values: dict[str, Any] = {
        **moments,
        **numbers,
        "id": UUID(texts["id"]),
        "name": texts["name"],
        "data": json.loads(texts["data"]),
        "key": texts.get("key"),
        "status": JobStatus(texts["status"]),
        "error": texts.get("error"),
        "note": texts["note"],
        "correlation_id": texts["correlation_id"],
        "metadata": json.loads(texts.get("metadata", "{}")),
        "worker": texts.get("worker"),
    }
    return JobRecord(**values)
