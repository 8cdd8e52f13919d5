"""The queue: work that outlives the request, is tried again when it fails, and is never lost.

`dispatch` stores a job in the running transaction, so that it exists exactly when the rows it is about do. A worker
(`arckode queue:work`, or `python -m <package>.kernel.worker`) runs it at least once.
"""

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import ClassVar, Final, Literal
from uuid import UUID

from pydantic import Field, SecretStr, field_validator

from .clock import Clock
from .errors import NotFoundError, ProgrammingError, WiringError, suggestion
from .ids import new_id
from .ports import AdapterPort
from .queue_memory import MemoryJobs
from .queue_store import JobStore
from .queue_values import Handler, Job, JobRecord, JobStatus, NoRetryError, Registration, checked
from .request_context import carried, current_cause, current_correlation_id
from .settings import PortSettings

__all__ = ["QUEUE", "Job", "JobRecord", "JobStatus", "NoRetryError", "Queue", "QueueSettings"]

_NAME = re.compile(r"[a-z][a-z0-9_.-]{0,99}")
_LONGEST_KEY = 200
_NOTHING: Mapping[str, object] = MappingProxyType({})


class QueueSettings(PortSettings):
    """Where jobs wait, and how a worker works."""

    added_by: ClassVar[Mapping[str, str]] = MappingProxyType(
        {"database": "make:job NAME", "redis": "make:adapter redis-queue"}
    )

    provider: Literal["memory", "database", "redis"] = "database"
    url: SecretStr = Field(default=SecretStr("redis://127.0.0.1:6379/0"), description="redis://, rediss:// or unix://")
    concurrency: int = Field(default=10, ge=1, description="Jobs that one worker runs at a time.")
    poll: float = Field(default=0.5, gt=0, description="Seconds between two looks for work when there was none.")
    lease: float = Field(default=60.0, gt=0, description="Seconds of silence until a worker counts as dead.")
    grace: float = Field(default=25.0, ge=0, description="Seconds that running jobs have when a worker is stopped.")
    keep_done: float = Field(default=86_400.0, ge=0, description="Seconds until a job that is done is forgotten.")
    run_in_app: bool = Field(default=False, description="Run a worker inside each process of the application, too.")

    @field_validator("url")
    @classmethod
    def _is_redis(cls, value: SecretStr) -> SecretStr:
        if not value.get_secret_value().startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("write redis://host:6379/0, rediss:// for TLS, or unix://")
        return value


class Queue:
    """Takes jobs, and knows who runs them; where they wait is the store's business."""

    def __init__(self, store: JobStore, clock: Clock) -> None:
        self.store = store
        self.clock = clock
        self._registered: dict[str, Registration] = {}
        self._chores: list[Callable[[], Awaitable[object]]] = []

    def also(self, chore: Callable[[], Awaitable[object]]) -> None:
        """Let every worker do something else about once a second; several may do it at the same time."""
        self._chores.append(chore)

    @property
    def chores(self) -> tuple[Callable[[], Awaitable[object]], ...]:
        return tuple(self._chores)

    def register(
        self,
        name: str,
        handler: Handler,
        *,
        max_attempts: int = 3,
        timeout: float = 300.0,
        first_wait: float = 1.0,
        longest_wait: float = 3600.0,
    ) -> None:
        """Say who runs the jobs of a name; after a failure it waits `first_wait` seconds, doubled each time.

        Raises WiringError for a name that is taken or no name, and for numbers that make no sense.
        """
        if _NAME.fullmatch(name) is None:
            raise WiringError(f"'{name}' is no job's name; write it in small letters, such as send_receipt")
        if name in self._registered:
            raise WiringError(f"the job '{name}' is registered twice")
        if max_attempts < 1 or timeout <= 0 or first_wait < 0 or longest_wait < first_wait:
            raise WiringError(f"the job '{name}' has a number of attempts, a time-out or a wait that makes no sense")
        self._registered[name] = Registration(handler, max_attempts, timeout, first_wait, longest_wait)

    async def dispatch(
        self,
        name: str,
        data: Mapping[str, object] = _NOTHING,
        *,
        delay: float | timedelta = 0,
        priority: int = 0,
        max_attempts: int | None = None,
        key: str | None = None,
    ) -> UUID:
        """Store a job and answer its id; it is run `delay` seconds later, a higher `priority` first.

        While a job of the same `key` waits, runs or was done lately, nothing is stored and that one's id is answered.
        Raises ProgrammingError for a job that nobody registered, and for data that is not JSON.
        """
        self._check(key, max_attempts)
        made = self._made(name, data, delay=delay, priority=priority, max_attempts=max_attempts, key=key)
        return (await self.store.add([made]))[0]

    async def dispatch_many(
        self,
        name: str,
        items: Iterable[Mapping[str, object]],
        *,
        delay: float | timedelta = 0,
        priority: int = 0,
        max_attempts: int | None = None,
    ) -> list[UUID]:
        """Store a job for each item with as few statements as there can be. Raises ProgrammingError as `dispatch`."""
        self._check(None, max_attempts)
        made = [self._made(name, data, delay=delay, priority=priority, max_attempts=max_attempts) for data in items]
        return await self.store.add(made) if made else []

    async def find(self, job: UUID) -> JobRecord:
        """Answer a job as it is now. Raises NotFoundError; a job that is done is forgotten after a while."""
        found = await self.store.find(job)
        if found is None:
            raise NotFoundError("there is no such job")
        return found

    async def list(
        self, *, status: JobStatus | None = None, name: str | None = None, limit: int = 100
    ) -> tuple[JobRecord, ...]:
        """Answer jobs, the newest first."""
        return await self.store.list(status, name, limit)

    async def counts(self) -> dict[str, int]:
        """Count the jobs by their status, those that there are none of included."""
        found = await self.store.counts()
        return {status.value: found.get(status, 0) for status in JobStatus}

    async def retry(self, ids: Sequence[UUID]) -> int:
        """Let dead jobs begin anew, with all their attempts, and answer how many there were."""
        return await self.store.revive(ids, None, self.clock.now())

    async def retry_all(self, name: str | None = None) -> int:
        """Let every dead job begin anew, or those of a name."""
        return await self.store.revive(None, name, self.clock.now())

    async def drop(self, ids: Sequence[UUID]) -> int:
        """Forget jobs that do not run, and answer how many there were."""
        return await self.store.drop(ids)

    @property
    def names(self) -> tuple[str, ...]:
        """Answer the names of the jobs that somebody runs."""
        return tuple(sorted(self._registered))

    def registration(self, name: str) -> Registration:
        """Answer who runs a job. Raises ProgrammingError when nobody does."""
        found = self._registered.get(name)
        if found is None:
            hint = suggestion(name, self._registered) if self._registered else ""
            raise ProgrammingError(f"no job '{name}' is registered; register it in the composition root{hint}")
        return found

    def _check(self, key: str | None, max_attempts: int | None) -> None:
        if key is not None and not 0 < len(key) <= _LONGEST_KEY:
            raise ProgrammingError(f"the key of a job has 1 to {_LONGEST_KEY} characters")
        if max_attempts is not None and max_attempts < 1:
            raise ProgrammingError("a job needs one attempt at least")

    def _made(
        self,
        name: str,
        data: Mapping[str, object],
        *,
        delay: float | timedelta,
        priority: int,
        max_attempts: int | None,
        key: str | None = None,
    ) -> JobRecord:
        registered = self.registration(name)
        now, job, cause = self.clock.now(), new_id(), current_cause()
        return JobRecord(
            id=job,
            name=name,
            data=checked(name, data),
            key=key,
            priority=priority,
            status=JobStatus.WAITING,
            run_at=_due(now, delay),
            attempts=0,
            max_attempts=max_attempts or registered.max_attempts,
            error=None,
            percent=0,
            note="",
            correlation_id=current_correlation_id() or str(job),
            metadata={**carried(), **({"cause": cause} if cause else {})},
            created_at=now,
            finished_at=None,
            worker=None,
            leased_until=None,
        )


def _due(now: datetime, delay: float | timedelta) -> datetime:
    return now + (delay if isinstance(delay, timedelta) else timedelta(seconds=delay))


QUEUE: Final[AdapterPort[Queue]] = AdapterPort(QueueSettings, lambda clock: Queue(MemoryJobs(clock=clock), clock))
