"""What a queue keeps and what a handler is given."""

import json
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeAlias, TypeVar, cast
from uuid import UUID

from pydantic import BaseModel, ValidationError

from .errors import ProgrammingError

M = TypeVar("M", bound=BaseModel)

LOST = "the worker that ran it did not finish"
_LONGEST_ERROR = 2000


class JobStatus(StrEnum):
    """Where a job is. One that failed for good is dead, and stays until a person retries or drops it."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    DEAD = "dead"


class NoRetryError(Exception):
    """A handler raises it when trying again cannot help: the job is dead at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRecord:
    """A job as it is stored.

    `attempts` counts the one that runs; `run_at` is when it may run (again). While it runs, `worker` has it until
    `leased_until`: a worker that dies says nothing, so that silence has to be enough. `metadata` says what set it off
    (`cause`), for whom (`user`), and in which trace (`traceparent`).
    """

    id: UUID
    name: str
    data: Mapping[str, object]
    key: str | None
    priority: int
    status: JobStatus
    run_at: datetime
    attempts: int
    max_attempts: int
    error: str | None
    percent: int
    note: str
    correlation_id: str
    metadata: Mapping[str, str]
    created_at: datetime
    finished_at: datetime | None
    worker: str | None
    leased_until: datetime | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of a job that was run: done, dead, or waiting to be tried again."""

    status: JobStatus
    at: datetime
    attempts: int
    error: str | None = None


Report: TypeAlias = Callable[[UUID, int, str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Job:
    """What a handler is given. It may be given the same job twice, so its effect must bear that.

    `attempts` is 1 the first time; `last_error` says what the attempt before failed with.
    """

    id: UUID
    name: str
    data: Mapping[str, object]
    attempts: int
    max_attempts: int
    last_error: str | None
    correlation_id: str
    _report: Report

    def read(self, model: type[M]) -> M:
        """Read the data as a model. Raises NoRetryError, since data that does not fit will never do."""
        try:
            return model.model_validate(dict(self.data))
        except ValidationError as error:
            found = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
            raise NoRetryError(f"the job cannot be read as {model.__name__}: {found}") from None

    async def report(self, percent: int, note: str = "") -> None:
        """Say how far it is, for whoever asks `Queue.find`. Raises ProgrammingError outside of 0 to 100."""
        if not 0 <= percent <= 100:
            raise ProgrammingError(f"a job is between 0 and 100 percent done, not {percent}")
        await self._report(self.id, percent, note)


Handler: TypeAlias = Callable[[Job], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Registration:
    """Who runs the jobs of a name, and what happens when that fails."""

    handler: Handler
    max_attempts: int
    timeout: float
    first_wait: float
    longest_wait: float

    def wait_after(self, attempts: int) -> timedelta:
        """Answer how long to wait after a failed attempt: doubled each time, and up to a fifth more.

        Without the fifth, jobs that failed together would come back together.
        """
        doubled = self.first_wait * 2 ** min(attempts - 1, 32)
        return timedelta(seconds=min(doubled, self.longest_wait) * (1 + secrets.randbelow(201) / 1000))


def checked(name: str, data: Mapping[str, object]) -> dict[str, object]:
    """Answer the data as it comes back from a queue. Raises ProgrammingError for what is not JSON."""
    try:
        text = json.dumps(dict(data), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ProgrammingError(f"the data of the job '{name}' is not JSON: {error}") from error
    return cast("dict[str, object]", json.loads(text))


def told(error: BaseException) -> str:
    """Say what went wrong in a line that fits a column."""
    return f"{type(error).__name__}: {error}".replace("\x00", "")[:_LONGEST_ERROR]
