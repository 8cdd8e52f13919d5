"""What keeps jobs: the port behind the queue. One suite of tests holds every implementation to it."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from .queue_values import JobRecord, JobStatus, Outcome


class JobStore(Protocol):
    """Keeps jobs and hands each to one worker at a time.

    A worker holds what it claimed until the lease ends; what it says of a job after that is not taken.
    """

    async def add(self, jobs: Sequence[JobRecord]) -> list[UUID]:
        """Store jobs, in the running transaction, and answer their ids.

        Where a job that waits, runs or is done has the same key, nothing is stored and that one's id is answered.
        """
        ...

    async def claim(
        self, worker: str, names: Collection[str], *, limit: int, now: datetime, until: datetime
    ) -> list[JobRecord]:
        """Take jobs that are due, the highest priority first and then the longest due; each counts an attempt."""
        ...

    async def extend(self, worker: str, ids: Collection[UUID], until: datetime) -> set[UUID]:
        """Hold jobs longer, and answer those the worker still holds."""
        ...

    async def finish(self, worker: str, ids: Collection[UUID], at: datetime) -> int:
        """Mark jobs that a worker holds as done, and answer how many it did hold."""
        ...

    async def settle(self, job: JobRecord, outcome: Outcome) -> bool:
        """Store what became of a claimed job, and answer whether the worker still held it."""
        ...

    async def report(self, job: UUID, percent: int, note: str) -> None:
        """Store how far a running job is."""
        ...

    async def recover(self, now: datetime, limit: int = 1000) -> int:
        """Take back jobs whose lease has ended: they wait again, or are dead when that was their last attempt."""
        ...

    async def prune(self, before: datetime, limit: int = 1000) -> int:
        """Forget jobs that were done before a moment, and answer how many."""
        ...

    async def find(self, job: UUID) -> JobRecord | None: ...

    async def list(self, status: JobStatus | None, name: str | None, limit: int) -> tuple[JobRecord, ...]:
        """Answer jobs, the newest first."""
        ...

    async def counts(self) -> Mapping[JobStatus, int]: ...

    async def revive(self, ids: Collection[UUID] | None, name: str | None, now: datetime) -> int:
        """Let dead jobs begin anew, those named or all of a name, and answer how many."""
        ...

    async def drop(self, ids: Collection[UUID]) -> int:
        """Forget jobs that do not run, and answer how many."""
        ...

    async def close(self) -> None: ...
