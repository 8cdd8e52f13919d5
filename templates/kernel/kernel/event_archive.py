"""Old events in a table of their own, so that the one that is written stays small.

Nothing is lost and nothing is hidden: the event store finds archived events wherever one is asked for, in their order,
and a rebuild of a projection, a replay or a repeated append sees no difference. What goes is only what nobody needs at
every turn: events that are old, that a snapshot of their stream stands for (or that are of a stream to which nothing
has happened for as long), and that every projection and the relay have behind them. Nothing goes by itself.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

import structlog
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import (
    ColumnElement,
    Select,
    Table,
    and_,
    delete,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from .app import Kernel
from .database import Database
from .errors import WiringError
from .event_archive_table import ArchivedEventRow
from .event_store import EVENT_STORE, EventStoreSettings, Position
from .event_store_database import ARCHIVE, DatabaseEvents
from .event_table import EventRow, StreamRow
from .fields import table_of
from .ids import new_id
from .inserts import insert_unless_there
from .model import Entity

_EVENTS = table_of(EventRow)
_STREAMS = table_of(StreamRow)
_ARCHIVED = table_of(ArchivedEventRow)
_AT_ONCE: Final = 500
_RELAY: Final = "event store"
logger = structlog.get_logger("events")


class EventArchiveSettings(BaseModel):
    """Which events are old."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    after_days: int = Field(default=365, ge=0, description="Age in days from which events may be archived.")


@dataclass(frozen=True, slots=True)
class Archived:
    """How many events went, or would go, by category; how many as old had to stay, and what held them back.

    `unread` are those that a projection or the relay, named in `held_by`, has not come to yet; `unkept` those of
    streams that go on and have no snapshot so far.
    """

    moved: Mapping[str, int]
    unread: int
    held_by: tuple[str, ...]
    unkept: int

    @property
    def count(self) -> int:
        return sum(self.moved.values())

    def plain(self) -> Mapping[str, object]:
        """Answer it as JSON has it."""
        return {
            "events": self.count,
            "categories": dict(sorted(self.moved.items())),
            "unread": self.unread,
            "held_by": list(self.held_by),
            "unkept": self.unkept,
        }


class EventArchive:
    """Archives events of the project's database."""

    def __init__(
        self,
        database: Database,
        store: DatabaseEvents | None,
        settings: EventArchiveSettings,
        *,
        provider: str = "memory",
    ) -> None:
        self._database = database
        self._store = store
        self._settings = settings
        self._provider = provider

    async def archive(
        self,
        *,
        after_days: int | None = None,
        dry_run: bool = False,
        report: Callable[[int], None] = lambda _count: None,
    ) -> Archived:
        """Archive what may go, some at a time, and answer what went; a dry run only counts.

        It may be ended at any moment and begun again: each step is a transaction. Raises WiringError for events that
        are not in the project's database.
        """
        store = self._stored()
        days = self._settings.after_days if after_days is None else after_days
        old = _EVENTS.c.recorded_at < self._database.clock.now() - timedelta(days=days)
        reached, held_by = await self._reached(store)
        read = tuple_(_EVENTS.c.transaction_id, _EVENTS.c.position) <= tuple_(literal(reached[0]), literal(reached[1]))
        kept = _is_kept(self._database.clock.now() - timedelta(days=days))
        may_go = and_(old, read, kept)
        unread, unkept = await self._count(and_(old, kept, ~read)), await self._count(and_(old, ~kept))
        moved = await self._categories(may_go) if dry_run else await self._move(may_go, report)
        found = Archived(MappingProxyType(moved), unread, held_by if unread else (), unkept)
        if not dry_run:
            logger.info("events were archived", **found.plain())
        return found

    def _stored(self) -> DatabaseEvents:
        if self._store is None:
            raise WiringError(
                f"EVENT_STORE_PROVIDER is {self._provider}, and only events in the project's own database can be "
                "archived: elsewhere all events stay where they are. Choose EVENT_STORE_PROVIDER=database, or let "
                "`arckode make:snapshots` keep long streams quick to load"
            )
        return self._store

    async def _reached(self, store: DatabaseEvents) -> tuple[Position, tuple[str, ...]]:
        """Answer up to where everybody has read, and who has read no further."""
        places = {"a transaction that is still open": await store.head()}
        async with self._database.session() as session:
            for name, kind, narrowed in (
                ("event_projections", "the projection {}", None),
                ("event_relays", "the relay", ("name", _RELAY)),
            ):
                table = Entity.metadata.tables.get(name)
                if table is None:
                    continue
                wanted = select(table.c.name, table.c.position).where(table.c.position != "")
                wanted = wanted if narrowed is None else wanted.where(table.c[narrowed[0]] == narrowed[1])
                for row in await session.execute(wanted):
                    place, who = Position.parse(row.position), kind.format(row.name)
                    places[who] = min(place, places.get(who, place))
        least = min(places.values())
        return least, tuple(sorted(who for who, place in places.items() if place == least))

    async def _categories(self, which: ColumnElement[bool]) -> dict[str, int]:
        counted = select(_EVENTS.c.category, func.count()).where(which).group_by(_EVENTS.c.category)
        async with self._database.session() as session:
            return {row[0]: row[1] for row in await session.execute(counted)}

    async def _count(self, which: ColumnElement[bool]) -> int:
        async with self._database.session() as session:
            return await session.scalar(select(func.count()).select_from(_EVENTS).where(which)) or 0

    async def _move(self, which: ColumnElement[bool], report: Callable[[int], None]) -> dict[str, int]:
        moved: dict[str, int] = {}
        after = Position(-1, -1)
        while True:
            async with self._database.transaction() as session:
                await self._hold(session)
                rows = (await session.execute(_next(which, after))).all()
                if not rows:
                    return moved
                ids = [row.id for row in rows]
                await session.execute(insert(_ARCHIVED).from_select(_names(), self._copied(ids)))
                await session.execute(delete(_EVENTS).where(_EVENTS.c.id.in_(ids)))
                await self._tell(session)
            after = Position(rows[-1].transaction_id, rows[-1].position)
            for row in rows:
                moved[row.category] = moved.get(row.category, 0) + 1
            report(sum(moved.values()))

    async def _hold(self, session: AsyncSession) -> None:
        """Let one process at a time archive: the events themselves are not locked, since nobody else changes them."""
        row = {"id": new_id(), "name": ARCHIVE, "version": 0}
        await session.execute(insert_unless_there(self._database.dialect, _STREAMS, row, "name"))
        await session.execute(select(_STREAMS.c.id).where(_STREAMS.c.name == ARCHIVE).with_for_update())

    async def restore(self, report: Callable[[int], None] = lambda _count: None) -> int:
        """Bring all archived events back, some at a time, and answer how many there were."""
        self._stored()
        names, count = [column.name for column in _EVENTS.c], 0
        some = select(_ARCHIVED.c.id).order_by(_ARCHIVED.c.transaction_id, _ARCHIVED.c.position).limit(_AT_ONCE)
        while True:
            async with self._database.transaction() as session:
                await self._hold(session)
                ids = (await session.scalars(some)).all()
                back = select(*(_ARCHIVED.c[name] for name in names)).where(_ARCHIVED.c.id.in_(ids))
                await session.execute(insert(_EVENTS).from_select(names, back))
                await session.execute(delete(_ARCHIVED).where(_ARCHIVED.c.id.in_(ids)))
                await self._tell(session)
            if not ids:
                logger.info("archived events were brought back", events=count)
                return count
            count += len(ids)
            report(count)

    async def _tell(self, session: AsyncSession) -> None:
        """Let a program that does not know the archive find out that it would miss events."""
        there = select(func.count()).select_from(_ARCHIVED).scalar_subquery()
        await session.execute(update(_STREAMS).where(_STREAMS.c.name == ARCHIVE).values(version=there))

    def _copied(self, ids: list[Any]) -> Select[Any]:
        now = literal(self._database.clock.now(), _ARCHIVED.c.archived_at.type)
        return select(*(_EVENTS.c[column.name] for column in _EVENTS.c), now).where(_EVENTS.c.id.in_(ids))


def use_event_archive(kernel: Kernel) -> EventArchive:
    """Let the event store find archived events, and `arckode events:archive` archive some.

    Where EVENT_STORE_PROVIDER names another place than the project's database, the application runs as without, and
    the command says that there is nothing that it could archive.
    """
    store, settings = kernel.adapter(EVENT_STORE), kernel.settings.of(EventArchiveSettings)
    store = getattr(store, "stored", store)  # what seals personal data has the store that is meant inside of it
    stored = store if isinstance(store, DatabaseEvents) else None
    if stored is not None:
        stored.read_also(_ARCHIVED)
    provider = kernel.settings.of(EventStoreSettings).provider
    archive = EventArchive(kernel.database, stored, settings, provider=provider)
    kernel.share(archive)
    return archive


def _next(which: ColumnElement[bool], after: Position) -> Select[Any]:
    """Ask for some that may go, by position: the last event of a stream, which tells that it rests, goes last."""
    order = (_EVENTS.c.transaction_id, _EVENTS.c.position)
    wanted = select(_EVENTS.c.id, _EVENTS.c.category, *order).where(which, tuple_(*order) > tuple_(*after))
    return wanted.order_by(*order).limit(_AT_ONCE)


def _names() -> list[str]:
    return [*(column.name for column in _EVENTS.c), _ARCHIVED.c.archived_at.name]


def _is_kept(before: datetime) -> ColumnElement[bool]:
    """Tell which events are not read at every turn: a snapshot stands for them, or their stream has come to rest."""
    newer = _EVENTS.alias("newer")
    rests = ~exists().where(newer.c.stream == _EVENTS.c.stream, newer.c.recorded_at >= before)
    snapshots: Table | None = Entity.metadata.tables.get("event_snapshots")
    if snapshots is None:
        return rests
    of_stream = snapshots.c.stream == _EVENTS.c.stream
    # The event that a snapshot ends with stays: it tells whether the snapshot is of this stream's history.
    stands = exists().where(of_stream, snapshots.c.version > _EVENTS.c.number)
    return or_(stands, and_(rests, ~exists().where(of_stream)))
