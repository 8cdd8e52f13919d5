"""How far projections are, and the steps that bring them further.

A step reads events, lets the projection write its rows, and stores how far it is, all in one transaction that holds the
projection's own row: whatever is killed, and however many processes take part, no event is lost and none counts twice.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Literal, TypeAlias

from sqlalchemy import ColumnElement, Row, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from .database import Database
from .errors import ConflictError, ProgrammingError
from .event_catalogue import EventCatalogue
from .event_store import START, EventStore, Position, RecordedEvent
from .fields import table_of
from .ids import new_id
from .projection_table import ProjectionRow
from .read_models import BUILDING, LIVE, ReadModelRepository, writing_generation

_ROWS = table_of(ProjectionRow)
_LAST = 2**63 - 1
State: TypeAlias = Literal["new", "live", "behind", "rebuilding", "failing", "older", "newer"]


class Projection:
    """Makes a read model of events. A subclass says what it is called, which events it needs and what they change.

    `apply` only writes rows of `tables` (ARC606): a rebuild lets every event there ever was happen to it again. Raise
    `version` when old rows would be wrong; the application then rebuilds them at its next start.
    """

    name: ClassVar[str]
    version: ClassVar[int] = 1
    events: ClassVar[tuple[str, ...]]

    def __init__(self, *tables: ReadModelRepository[Any]) -> None:
        self.tables = tables

    async def apply(self, recorded: RecordedEvent) -> None:
        """Write what an event changes, in the running transaction."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How far a generation of a projection is, and since when and why it gets no further."""

    generation: int
    version: int
    position: Position
    error: str
    failing_since: datetime | None
    updated_at: datetime


class ProjectionRuns:
    """Steps of projections on one database."""

    def __init__(self, store: EventStore, database: Database, catalogue: EventCatalogue, *, batch: int) -> None:
        self._store = store
        self._database = database
        self._catalogue = catalogue
        self._batch = batch

    async def live(self, projection: Projection) -> Checkpoint | None:
        """Answer how far the rows are that are read; None before the first step."""
        return await self._find(projection, LIVE)

    async def building(self, projection: Projection) -> Checkpoint | None:
        """Answer how far a rebuild is; None when there is none."""
        return await self._find(projection, BUILDING)

    async def advance(self, projection: Projection) -> bool:
        """Go one step on, and say whether there may be another right behind it."""
        at = await self.live(projection)
        if at is None:
            await self._begin(projection)
            return True
        if at.version != projection.version:
            return False  # another program's rows; they may have taken over a moment ago
        page = await self._store.read_all(at.position, types=projection.events, limit=self._batch)
        if not page.events and not (await self._store.read_all(at.position, limit=1)).events:
            return False
        async with self._database.transaction() as session:
            there = await _locked(session, projection, at.generation)
            if there is None or there.position != at.position:
                return False  # another process is at it
            await self._write(session, projection, at.generation, page.events, page.reached)
        return bool(page.events)

    async def rebuild(self, projection: Projection, report: Callable[[int], None] = lambda _count: None) -> int:
        """Make all rows anew beside those that are read, take over, and answer how many events that took.

        Raises ConflictError when another rebuild of it began meanwhile. When it ends early, what is read stays.
        """
        generation = await self._begin_building(projection)
        try:
            count = await self._build(projection, generation, report)
        finally:
            await self._give_up(projection, generation)
        await self.sweep(projection)
        return count

    async def _build(self, projection: Projection, generation: int, report: Callable[[int], None]) -> int:
        await self._clear(projection, generation)
        after, count, swapped = START, 0, False
        while not swapped:
            page = await self._store.read_all(after, types=projection.events, limit=self._batch)
            async with self._database.transaction() as session:
                await _hold(session, projection, generation)
                await self._write(session, projection, generation, page.events, page.reached)
                if len(page.events) < self._batch:
                    swapped = await self._take_over(session, projection, generation, page.reached)
            after, count = page.reached, count + len(page.events)
            report(count)
        return count

    async def _clear(self, projection: Projection, generation: int) -> None:
        """Delete what rebuilds that gave up have left under numbers that are given anew."""
        for table in projection.tables:
            left = 1
            while left:
                async with self._database.transaction() as session:
                    await _hold(session, projection, generation)
                    left = await table.forget(generation, _LAST)

    async def _give_up(self, projection: Projection, generation: int) -> None:
        """Forget a rebuild that has not taken over."""
        async with self._database.transaction() as session:
            own = (*_of(projection, BUILDING), _ROWS.c.generation == generation)
            await session.execute(delete(_ROWS).where(*own))

    async def sweep(self, projection: Projection) -> None:
        """Delete the rows of generations before the one that is read, some at a time: nobody builds those any more."""
        at = await self.live(projection)
        read = 0 if at is None else at.generation
        for table in projection.tables:
            while await table.forget(0, read - 1):
                pass

    async def fail(self, projection: Projection, error: str, now: datetime) -> None:
        """Remember why a projection gets no further."""
        since = func.coalesce(_ROWS.c.failing_since, now)
        async with self._database.transaction() as session:
            failed = update(_ROWS).where(*_of(projection, LIVE)).values(error=error, failing_since=since)
            await session.execute(failed)

    async def behind(self, projection: Projection, after: Position, limit: int) -> Sequence[RecordedEvent]:
        """Answer the events that a projection has still before it, so many at most."""
        return (await self._store.read_all(after, types=projection.events, limit=limit)).events

    async def _write(
        self,
        session: AsyncSession,
        projection: Projection,
        generation: int,
        events: Sequence[RecordedEvent],
        reached: Position,
    ) -> None:
        with writing_generation(projection.name, generation):
            for recorded in events:
                await _apply(projection, self._catalogue.newest(recorded))
        values = {
            "position": str(reached),
            "error": None,
            "failing_since": None,
            "updated_at": self._database.clock.now(),
        }
        own = (_ROWS.c.name == projection.name, _ROWS.c.generation == generation)
        await session.execute(update(_ROWS).where(*own).values(values))

    async def _begin(self, projection: Projection) -> None:
        try:
            async with self._database.transaction() as session:
                await session.execute(insert(_ROWS), self._row(projection, 1, LIVE))
        except IntegrityError:
            return  # another process was faster

    async def _begin_building(self, projection: Projection) -> int:
        if await self.live(projection) is None:
            await self._begin(projection)
        try:
            return await self._next_generation(projection)
        except IntegrityError:
            raise ConflictError(f"another rebuild of {projection.name} began at this moment") from None

    async def _next_generation(self, projection: Projection) -> int:
        async with self._database.transaction() as session:
            # A rebuild that is at it holds its row from step to step: at the next one it finds that it is gone.
            highest = select(func.max(_ROWS.c.generation)).where(_ROWS.c.name == projection.name)
            generation: int = (await session.scalar(highest) or 0) + 1
            await session.execute(delete(_ROWS).where(*_of(projection, BUILDING)))
            await session.execute(insert(_ROWS), self._row(projection, generation, BUILDING))
        return generation

    async def _take_over(
        self, session: AsyncSession, projection: Projection, generation: int, reached: Position
    ) -> bool:
        """Let the rebuilt rows be read, once they are as far as those that are read now."""
        live = select(_ROWS).where(*_of(projection, LIVE)).with_for_update()
        row = (await session.execute(live)).one()
        if _checkpoint(row).position > reached:
            return False
        await session.execute(delete(_ROWS).where(_ROWS.c.id == row.id))
        own = (_ROWS.c.name == projection.name, _ROWS.c.generation == generation)
        await session.execute(update(_ROWS).where(*own).values(state=LIVE))
        return True

    async def _find(self, projection: Projection, state: str) -> Checkpoint | None:
        async with self._database.session() as session:
            row = (await session.execute(select(_ROWS).where(*_of(projection, state)))).one_or_none()
            return None if row is None else _checkpoint(row)

    def _row(self, projection: Projection, generation: int, state: str) -> dict[str, object]:
        return {
            "id": new_id(),
            "name": projection.name,
            "generation": generation,
            "version": projection.version,
            "state": state,
            "position": str(START),
            "error": None,
            "failing_since": None,
            "updated_at": self._database.clock.now(),
        }


async def _apply(projection: Projection, recorded: RecordedEvent) -> None:
    try:
        await projection.apply(recorded)
    except Exception as error:
        told = f"{projection.name} fails at {recorded.event.type} {recorded.event.id} of {recorded.stream}"
        raise ProgrammingError(f"{told}: {type(error).__name__}: {error}") from error


async def _hold(session: AsyncSession, projection: Projection, generation: int) -> None:
    """Hold a rebuild until the transaction ends. Raises ConflictError when another took its place.

    All rows of the projection are held, by generation: whoever begins another rebuild goes through them in that order.
    """
    rows = select(_ROWS).where(_ROWS.c.name == projection.name).order_by(_ROWS.c.generation).with_for_update()
    held = (await session.execute(rows)).all()
    if not any(row.generation == generation and row.state == BUILDING for row in held):
        raise ConflictError(f"another rebuild of {projection.name} began, and takes the place of this one")


async def _locked(session: AsyncSession, projection: Projection, generation: int) -> Checkpoint | None:
    """Hold the row that is read until the transaction ends; None when it is another by now, or somebody has it."""
    own = select(_ROWS).where(*_of(projection, LIVE), _ROWS.c.generation == generation)
    row = (await session.execute(own.with_for_update(skip_locked=True))).one_or_none()
    return None if row is None else _checkpoint(row)


def _of(projection: Projection, state: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return _ROWS.c.name == projection.name, _ROWS.c.state == state


def _checkpoint(row: Row[Any]) -> Checkpoint:
    position = Position.parse(row.position)
    return Checkpoint(row.generation, row.version, position, row.error or "", row.failing_since, row.updated_at)
