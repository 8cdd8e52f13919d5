"""Snapshots: states of aggregates that are kept, so that a long stream is not read from its beginning every time.

They are a cache and nothing else. Without them, or with one that cannot be read, the events say the same.
"""

import asyncio
from collections.abc import Collection
from typing import Any, Final, Generic, TypeVar
from uuid import UUID

import structlog
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import bindparam, delete, or_, select, update

from .aggregate_parts import AggregateParts, Snapshot
from .app import Kernel
from .database import Database
from .deciders import Decider, StateForm
from .errors import ProgrammingError
from .event_personal import StateSeals, is_personal, tells_of_others
from .fields import table_of
from .ids import new_id
from .inserts import insert_unless_there
from .snapshot_table import SnapshotRow

S = TypeVar("S")
_ROWS = table_of(SnapshotRow)
_KEPT: Final = select(_ROWS).where(_ROWS.c.stream == bindparam("of_stream"), _ROWS.c.form == bindparam("of_form"))
_PATIENCE: Final = 2.0
logger = structlog.get_logger("snapshots")


class SnapshotSettings(BaseModel):
    """When the state of an aggregate is kept."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    every: int = Field(default=100, ge=1, description="Events of an aggregate between two of its snapshots.")


class DatabaseSnapshots:
    """Keeps snapshots in the project's database; implements Snapshots."""

    def __init__(self, database: Database, *, every: int = 100, parts: AggregateParts | None = None) -> None:
        self.every = every
        self.database = database
        self._parts = parts or AggregateParts()

    def of(self, decider: Decider[S, Any]) -> "KindSnapshots[S]":
        # What is said about somebody else could be forgotten in no snapshot, which has one key: of those none is kept.
        kept = not tells_of_others(decider.events)
        seals = self._parts.seals if is_personal(decider.events) else None
        return KindSnapshots(self, StateForm(decider), seals=seals, kept=kept)

    async def forget(self, streams: Collection[str]) -> None:
        async with self.database.transaction() as session:
            await session.execute(delete(_ROWS).where(_ROWS.c.stream.in_(sorted(streams))))

    async def clear(self) -> int:
        """Remove all snapshots, and answer how many; they are made anew as events happen."""
        async with self.database.transaction() as session:
            count = len((await session.scalars(select(_ROWS.c.id))).all())
            await session.execute(delete(_ROWS))
        return count


class KindSnapshots(Generic[S]):
    """Those of one kind of aggregate; implements StateSnapshots."""

    def __init__(
        self, snapshots: DatabaseSnapshots, form: StateForm[S], *, seals: StateSeals | None = None, kept: bool = True
    ) -> None:
        self._database = snapshots.database
        self._every = snapshots.every
        self._form = form
        self._seals = seals
        self._kept = kept

    async def find(self, stream: str) -> Snapshot[S] | None:
        wanted = {"of_stream": stream, "of_form": self._form.key}
        row = await self._database.together(
            lambda connection: connection.execute(_KEPT, wanted).one_or_none(), writes=False
        )
        if row is None:
            return None
        try:
            state = row.state if self._seals is None else await self._seals.open(stream, row.state)
            return None if state is None else Snapshot(self._form.read(state), row.version, row.event_id)
        except (ProgrammingError, ValueError):
            logger.warning("a snapshot cannot be read and is not used", stream=stream, version=row.version)
            return None

    async def offer(self, stream: str, made: Snapshot[S], *, since: int, instead_of: UUID | None = None) -> None:
        # How many events it is since the last one that is of use, not which number this is: a commit of several steps
        # over no number, and a snapshot that was lost comes back.
        if not self._kept or made.version - since < self._every:
            return

        async def keep() -> None:
            try:
                async with asyncio.timeout(_PATIENCE):
                    await self._keep(stream, made, instead_of)
            except Exception:
                logger.exception("a snapshot could not be kept", stream=stream, version=made.version)

        await self._database.after_commit(keep)

    async def _keep(self, stream: str, made: Snapshot[S], instead_of: UUID | None) -> None:
        text = self._form.write(made.state)
        state = text if self._seals is None else await self._seals.seal(stream, text)
        if state is None:
            return
        row = {
            "version": made.version,
            "event_id": made.event_id,
            "form": self._form.key,
            "state": state,
            "taken_at": self._database.clock.now(),
        }
        # Of two that are kept at once the later one stays, unless another program wrote it in a form of its own.
        older = or_(_ROWS.c.version < made.version, _ROWS.c.form != self._form.key, _ROWS.c.event_id == instead_of)
        there = select(_ROWS.c.id).where(_ROWS.c.stream == stream)
        async with self._database.transaction() as session:
            if await session.scalar(there) is None:
                new = {"id": new_id(), "stream": stream, **row}
                await session.execute(insert_unless_there(self._database.dialect, _ROWS, new, "stream"))
            await session.execute(update(_ROWS).where(_ROWS.c.stream == stream, older).values(row))


def use_snapshots(kernel: Kernel) -> DatabaseSnapshots:
    """Let every aggregate of the application have snapshots, by SNAPSHOTS__EVERY."""
    parts = AggregateParts.of(kernel)
    snapshots = DatabaseSnapshots(kernel.database, every=kernel.settings.of(SnapshotSettings).every, parts=parts)
    parts.snapshots = snapshots
    kernel.share(snapshots)

    async def check() -> None:
        """Raises WiringError for a state that cannot be written."""
        for decider in parts.deciders:
            snapshots.of(decider)

    kernel.on_start(check)
    return snapshots
