"""Events in the project's own database, stored in the transaction of what they are about.

The order of all events must be one that a reader can follow: what becomes visible later has to come later. A sequence
alone is not enough, because a transaction may take its number early and commit late.

- PostgreSQL: events are ordered by their transaction's id first, and read only below the oldest transaction that is
  still open (`pg_snapshot_xmin`). No writer waits for another stream's; one long transaction that writes, anywhere in
  the cluster, delays readers, and loses nothing. Those of one stream keep its order, whichever transaction began first.
- SQLite, MariaDB, MySQL: transactions that append take turns, on the one writer that SQLite has or on a counter's row,
  so that positions are given in the order of the commits. SQLite counts nothing: its last event tells which is next.
"""

import asyncio
import gc
from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from itertools import repeat
from types import MappingProxyType
from typing import Any, Final, TypeVar, cast
from uuid import UUID

import structlog
from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Connection,
    CursorResult,
    FromClause,
    Select,
    Table,
    Text,
    bindparam,
    case,
    func,
    insert,
    select,
    tuple_,
    type_coerce,
    union_all,
    update,
)
from sqlalchemy import cast as sql_cast
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import NULLTYPE

from .app import Kernel
from .clock import until_set
from .database import Database
from .errors import WiringError, told_in_a_line
from .event_append import postgresql_statements, postgresql_words, sqlite_append, sqlite_asks_last, sqlite_last
from .event_store import EVENT_STORE, EventStoreSettings
from .event_table import EventRow, StreamRow
from .event_values import (
    ALL,
    START,
    Expected,
    History,
    Page,
    Position,
    RecordedEvent,
    already_there,
    category_of,
    check_expected,
    checked_events,
    checked_stream,
    json_object,
)
from .events import Event
from .fields import table_of
from .ids import new_id
from .inserts import insert_unless_there

T = TypeVar("T")
_EVENTS = table_of(EventRow)
_STREAMS = table_of(StreamRow)
_LAST = 2**63 - 1
_FEW: Final = 128  # events that SQLite stores in about a millisecond
_LITTLE: Final = 500  # events that are made of rows in about two milliseconds, in which nobody else is at work anyway
_FRESH: Final = 10_000  # events that are a few megabytes
_OF_EVENT: Final = (
    "id",
    "type",
    "version",
    "occurred_at",
    "event_key",
    "correlation_id",
    "causation_id",
    "source",
    "data",
    "details",
)
_NAMES: Final = (*_OF_EVENT, "stream", "number", "transaction_id", "position", "recorded_at")
_HANDED_ON: Final = (*_OF_EVENT, "transaction_id", "position")
_TOLD: Final = (
    "type",
    "version",
    "data",
    "occurred_at",
    "causation_id",
    "number",
    "transaction_id",
    "position",
)
_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})
ARCHIVE: Final = "$archive"
"""The row of the streams' table that counts the archived events."""
_OUTSIDE = ("memory", "redis", "mongodb")
logger = structlog.get_logger("events")


def provide_event_store(kernel: Kernel) -> None:
    """Store events in the project's database, unless EVENT_STORE_PROVIDER names something outside of it.

    Raises WiringError when the settings name another database than DATABASE_URL does.
    """
    settings = kernel.settings.of(EventStoreSettings)
    if settings.provider in _OUTSIDE:
        return
    dialect = kernel.database.dialect
    if settings.provider not in ("database", dialect):
        raise WiringError(
            f"EVENT_STORE_PROVIDER is {settings.provider}, and DATABASE_URL names a {dialect} database; events are "
            "stored in the project's database, so let both say the same, or write EVENT_STORE_PROVIDER=database"
        )
    store = DatabaseEvents(kernel.database, poll=settings.poll)
    kernel.provide(EVENT_STORE, store)
    kernel.add_probe("event store", store.ping)
    kernel.on_start(store.check)


class DatabaseEvents:
    """Implements EventStore with the tables `stored_events` and, where several write at once, `event_streams`."""

    def __init__(self, database: Database, *, poll: float = 0.2) -> None:
        self.poll = poll
        self._database = database
        self._by_transaction = database.dialect == "postgresql"
        self._by_itself = database.dialect == "sqlite"
        self._reader = _Reader(database.dialect)
        self._appended = asyncio.Event()
        self._fresh = _LAST  # on SQLite the position behind which all was stored a moment ago
        self._tables: tuple[Table, ...] = (_EVENTS,)
        self._histories: dict[bool, Select[Any]] = {}
        self._all: Select[Any] | None = None
        self._handed_on: Select[Any] | None = None

    def read_also(self, archive: Table) -> None:
        """Find events in another table of that shape, too, wherever one is asked for."""
        self._tables = (_EVENTS, archive)
        self._histories.clear()
        self._all = self._handed_on = None

    async def append(self, stream: str, events: Sequence[Event], *, expected: Expected) -> tuple[Position, ...]:
        checked_stream(stream)
        checked_events(events)
        now = self._database.clock.now()
        match self._database.dialect:
            case "postgresql":
                positions = await self._append_by_transaction(stream, events, expected, now)
            case "sqlite":
                append = partial(
                    sqlite_append, stream=stream, events=events, expected=expected, now=now, tables=self._tables
                )
                positions = await self._database.in_sqlite(append, is_short=len(events) <= _FEW)
                self._fresh = positions[-1].number - _FRESH
            case _:
                positions = await self._append_in_turn(stream, events, expected, now)
        await self._database.after_commit(self._wake)
        return positions

    async def read_stream(
        self, stream: str, *, first: int = 1, last: int | None = None, backwards: bool = False, limit: int | None = None
    ) -> tuple[RecordedEvent, ...]:
        def of_stream(table: Table) -> Select[Any]:
            wanted = self._reader.of(table).where(table.c.stream == stream, table.c.number >= first)
            return wanted if last is None else wanted.where(table.c.number <= last)

        wanted = self._read(of_stream, ("number",), limit, backwards=backwards)
        return await self._database.together(
            lambda connection: self._reader.read(connection.execute(wanted)), writes=False
        )

    async def history(self, stream: str, *, first: int = 1, last: int | None = None) -> History:
        wanted = self._asked_for_history(up_to=last is not None)
        values = {"of_stream": stream, "first": first} | ({} if last is None else {"last": last})
        return await self._database.together(
            lambda connection: self._reader.history(connection.execute(wanted, values)), writes=False
        )

    def _asked_for_history(self, *, up_to: bool) -> Select[Any]:
        """Ask for a history in words that are made once: to make them takes longer than to read a few events."""
        if up_to not in self._histories:

            def of_stream(table: Table) -> Select[Any]:
                wanted = self._reader.told_by(table)
                wanted = wanted.where(table.c.stream == bindparam("of_stream"), table.c.number >= bindparam("first"))
                return wanted.where(table.c.number <= bindparam("last")) if up_to else wanted

            self._histories[up_to] = self._read(of_stream, ("number",), None)
        return self._histories[up_to]

    async def read_all(
        self, after: Position = START, *, types: Collection[str] = (), category: str = "", limit: int = 500
    ) -> Page:
        wanted = self._asked_for_all(tuple(sorted(types)), category)

        def read(found: CursorResult[Any]) -> tuple[tuple[RecordedEvent, ...], Position]:
            recorded = self._reader.read(found)
            return recorded, recorded[-1].position if recorded else after

        return Page(*await self._read_after(after, wanted, read, limit))

    async def events_after(self, after: Position, /, *, limit: int) -> tuple[tuple[Event, ...], Position]:
        if self._handed_on is None:
            self._handed_on = self._in_order(lambda table: self._reader.of(table, _HANDED_ON))
        return await self._read_after(after, self._handed_on, self._reader.events, limit)

    async def _read_after(
        self,
        after: Position,
        wanted: Select[Any],
        read: Callable[[CursorResult[Any]], tuple[tuple[T, ...], Position]],
        limit: int,
    ) -> tuple[tuple[T, ...], Position]:
        """Answer what is read, and how far that is; `read` answers where the last event is as well."""

        def read_up_to_head(connection: Connection) -> tuple[tuple[T, ...], Position]:
            # Asked before the events: all that lies below is there by now, and stays as it is.
            head = self._head(connection)
            values = {
                "after_transaction": after.transaction,
                "after_number": after.number,
                "up_to": head.transaction if self._by_transaction else head.number,
                "most": limit,
            }
            found, last = read(connection.execute(wanted, values))
            return found, last if len(found) == limit else max(after, head)

        is_short = self._is_in_memory(after, limit)
        return await self._database.together(read_up_to_head, writes=False, is_short=is_short)

    def _is_in_memory(self, after: Position, limit: int) -> bool:
        """Tell whether what is read is little, and was stored here a moment ago: no disk has to be waited for."""
        return limit <= _LITTLE and after.number >= self._fresh

    def _asked_for_all(self, types: tuple[str, ...], category: str) -> Select[Any]:
        """Ask for events of all streams; for those of every kind in words that are made once: the relay asks often."""
        if not types and not category and self._all is not None:
            return self._all

        def of_all(table: Table) -> Select[Any]:
            wanted = self._reader.of(table)
            wanted = wanted.where(table.c.type.in_(types)) if types else wanted
            return wanted.where(table.c.category == category) if category else wanted

        wanted = self._in_order(of_all)
        if not types and not category:
            self._all = wanted
        return wanted

    def _in_order(self, asked: Callable[[Table], Select[Any]]) -> Select[Any]:
        """Ask for events of all streams that come after one position and not after another."""

        def between(table: Table) -> Select[Any]:
            return asked(table).where(self._after(table), self._up_to(table))

        return self._read(between, ("transaction_id", "position"), bindparam("most", type_=BigInteger))

    async def find(self, event_id: UUID) -> RecordedEvent | None:
        known = self._read(lambda table: self._reader.of(table).where(table.c.id == event_id), ("number",), 1)
        found = await self._database.together(
            lambda connection: self._reader.read(connection.execute(known)), writes=False
        )
        return found[0] if found else None

    async def version(self, stream: str) -> int:
        if self._by_itself:
            return (await self._database.together(partial(self._last, stream=stream), writes=False))[1]
        return await self._counted(stream)

    async def head(self) -> Position:
        return await self._database.together(self._head, writes=False)

    async def may_hold(self, position: Position) -> bool:
        if position.number > _LAST or position.transaction > _LAST:
            return False
        async with self._database.session() as session:
            if not self._by_transaction:
                return position <= await (await session.connection()).run_sync(self._head)
            return position.transaction < await self._next_transaction(session)

    async def changed(self, seconds: float) -> None:
        if await until_set(self._appended, seconds):
            self._appended.clear()

    async def ping(self) -> None:
        async with self._database.session() as session:
            await session.execute(select(_STREAMS.c.id).limit(1))

    async def close(self) -> None:
        """Do nothing: the connections are the database's."""

    async def check(self) -> None:
        """Refuse a PostgreSQL that the events were copied to, whose transactions begin below theirs.

        Raises WiringError: readers would take new events for old ones. And where events are archived and not read.
        """
        try:
            archived = await self._counted(ARCHIVE) if len(self._tables) == 1 else 0
        except SQLAlchemyError as error:  # where tables are missing it starts, and there is nothing to miss
            logger.warning("the event store could not be checked", error=told_in_a_line(error) or type(error).__name__)
            return
        if archived:
            raise WiringError(
                f"{archived} events are archived, and nothing would read them; call use_event_archive(kernel) in the "
                "composition root, or bring them back with `arckode events:archive --restore` before it is taken out"
            )
        if not self._by_transaction:
            return
        async with self._database.session() as session:
            found = [await session.scalar(select(func.max(table.c.transaction_id))) for table in self._tables]
            now = await self._next_transaction(session)
        newest = max((each for each in found if each is not None), default=0)
        if newest >= now:
            raise WiringError(
                f"the newest event was stored by transaction {newest}, and this PostgreSQL is at {now}: the events "
                "were copied from another server. Before anything is appended, raise its counter above theirs with "
                "`pg_resetwal --next-transaction-id` or a physical restore"
            )

    async def _wake(self) -> None:
        self._appended.set()

    async def _append_by_transaction(
        self, stream: str, events: Sequence[Event], expected: Expected, now: datetime
    ) -> tuple[Position, ...]:
        """Append in one statement where that can be; what it could not store is looked into, and the row is locked."""
        common, words = postgresql_words(stream, events, expected=expected, now=now)
        alone, inside = postgresql_statements(self._tables, common)
        if not self._database.in_transaction() and (positions := await self._append_alone(alone, words)):
            return positions
        async with self._database.transaction() as session:
            connection = await session.connection()
            found = await connection.exec_driver_sql(inside, words)
            stored = {row.id: Position(row.transaction_id, row.position) for row in found}
            if len(stored) == len(events):
                return tuple(stored[event.id] for event in events)
            there = await self._found(session, events)
            known = already_there(stream, events, {key: place for key, place in there.items() if key not in stored})
            actual = await connection.run_sync(_version, stream) - len(events)
            if known:
                await self._count(session, stream, actual)
                return known
            check_expected(stream, expected, actual)
            behind = insert(_EVENTS).values(transaction_id=_transaction(stream, actual))
            # In the order of the rows, in which the server numbers them as well.
            new = [{"number": number, **_row(stream, event, now)} for number, event in enumerate(events, actual + 1)]
            answered = behind.returning(_EVENTS.c.transaction_id, _EVENTS.c.position, sort_by_parameter_order=True)
            return tuple(Position(*place) for place in await session.execute(answered, new))

    async def _append_alone(self, statement: str, words: Sequence[Any]) -> tuple[Position, ...]:
        """Append without a transaction around it, in one way to the server and back; nothing when nothing is stored.

        Why that is finds out who appends again, whatever it was: an event is stored once.
        """
        with suppress(Exception):
            async with self._database.driver() as driver:
                transaction, numbers = await driver.fetchrow(statement, *words)
                return tuple(map(Position, repeat(transaction), sorted(numbers or ())))  # numbered in their order
        return ()

    async def _append_in_turn(
        self, stream: str, events: Sequence[Event], expected: Expected, now: datetime
    ) -> tuple[Position, ...]:
        """Append while no other transaction does; turns begin with the counter, so that no two wait for each other."""
        async with self._database.transaction() as session:
            last, actual = await self._locked(session, ALL), await self._locked(session, stream)
            if known := already_there(stream, events, await self._found(session, events)):
                return known
            check_expected(stream, expected, actual)
            count = len(events)
            await self._count(session, ALL, last + count)
            await self._count(session, stream, actual + count)
            rows = [
                {"number": actual + place, "transaction_id": 0, "position": last + place, **_row(stream, event, now)}
                for place, event in enumerate(events, 1)
            ]
            await session.execute(insert(_EVENTS), rows)
            return tuple(Position(0, last + place) for place in range(1, count + 1))

    async def _counted(self, name: str) -> int:
        """Answer what a row of the streams' table counts."""
        return await self._database.together(lambda connection: _version(connection, name), writes=False)

    async def _count(self, session: AsyncSession, stream: str, version: int) -> None:
        """Write down how many events a stream has that this transaction holds."""
        await session.execute(update(_STREAMS).where(_STREAMS.c.name == stream).values(version=version))

    async def _locked(self, session: AsyncSession, stream: str) -> int:
        """Hold the row of a stream until the transaction ends, and answer how many events it has."""
        wanted = select(_STREAMS.c.version).where(_STREAMS.c.name == stream).with_for_update()
        found = await session.scalar(wanted)
        if found is None:
            new = {"id": new_id(), "name": stream, "version": 0}
            await session.execute(insert_unless_there(self._database.dialect, _STREAMS, new, "name"))
            found = await session.scalar(wanted)
        return cast("int", found)

    def _last(self, connection: Connection, stream: str) -> tuple[int, int]:
        """Answer on SQLite, which counts nothing, what its events say: the last position, and a stream's version."""
        return sqlite_last(connection.exec_driver_sql(*sqlite_asks_last(stream, self._tables)).all())

    def _head(self, connection: Connection) -> Position:
        if self._by_itself:
            return Position(0, self._last(connection, "")[0])
        if not self._by_transaction:
            return Position(0, _version(connection, ALL))
        oldest = connection.scalar(select(_as_number(func.pg_snapshot_xmin(func.pg_current_snapshot()))))
        return Position(cast("int", oldest) - 1, _LAST)

    async def _next_transaction(self, session: AsyncSession) -> int:
        upcoming = select(_as_number(func.pg_snapshot_xmax(func.pg_current_snapshot())))
        return cast("int", await session.scalar(upcoming))

    def _read(
        self,
        narrowed: Callable[[Table], Select[Any]],
        order: Sequence[str],
        limit: int | BindParameter[int] | None,
        *,
        backwards: bool = False,
    ) -> Select[Any]:
        """Ask for events wherever they are, in one statement: what is being archived is in one place or the other."""

        def sorted_(wanted: Select[Any], source: FromClause) -> Select[Any]:
            columns = [source.c[name].desc() if backwards else source.c[name] for name in order]
            return wanted.order_by(*columns).limit(limit)

        parts = [sorted_(narrowed(table), table) for table in self._tables]
        if len(parts) == 1:
            return parts[0]
        both = union_all(*(select(part.subquery()) for part in parts)).subquery()
        return sorted_(select(both), both)

    async def _found(self, session: AsyncSession, events: Sequence[Event]) -> dict[Any, tuple[str, Position]]:
        ids, names = [event.id for event in events], ("id", "stream", "transaction_id", "position")
        parts = [select(*(table.c[name] for name in names)).where(table.c.id.in_(ids)) for table in self._tables]
        rows = await session.execute(union_all(*parts) if len(parts) > 1 else parts[0])
        return {row.id: (row.stream, Position(row.transaction_id, row.position)) for row in rows}

    def _after(self, table: FromClause) -> ColumnElement[bool]:
        number = bindparam("after_number", type_=BigInteger)
        if self._by_transaction:
            place = tuple_(bindparam("after_transaction", type_=BigInteger), number)
            return tuple_(table.c.transaction_id, table.c.position) > place
        return (table.c.transaction_id == 0) & (table.c.position > number)

    def _up_to(self, table: FromClause) -> ColumnElement[bool]:
        head = bindparam("up_to", type_=BigInteger)
        return (table.c.transaction_id if self._by_transaction else table.c.position) <= head


def _version(connection: Connection, stream: str) -> int:
    return connection.scalar(select(_STREAMS.c.version).where(_STREAMS.c.name == stream)) or 0


def _transaction(stream: str, version: int) -> ColumnElement[int]:
    """Answer the id to order new events by: the running transaction's, and never one below the stream's last event.

    Of two transactions the older one may append later. While it runs, no reader gets as far as either of them.
    """
    before = _EVENTS.alias()
    last = select(before.c.transaction_id).where(before.c.stream == stream, before.c.number == version)
    return func.greatest(_as_number(func.pg_current_xact_id()), last.scalar_subquery())


def _as_number(transaction: ColumnElement[Any]) -> ColumnElement[int]:
    """Read an xid8, which no driver knows, as the number that it is."""
    return sql_cast(sql_cast(transaction, Text), BigInteger)


def _row(stream: str, event: Event, now: datetime) -> dict[str, object]:
    return {
        "stream": stream,
        "category": category_of(stream),
        "recorded_at": now,
        "id": event.id,
        "type": event.type,
        "version": event.version,
        "event_key": event.key,
        "correlation_id": event.correlation_id,
        "causation_id": event.causation_id,
        "source": event.source,
        "data": dict(event.data),
        "details": dict(event.metadata),
        "occurred_at": event.occurred_at,
    }


@contextmanager
def _no_search_for_garbage() -> Generator[None]:
    """Spare Python to look through all that it holds, again and again, while nothing is made that could be garbage."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class _Reader:
    """Makes events of rows as the driver gives them: a list of ten thousand is read in a fraction of the time.

    What SQLAlchemy makes of a column's value, here and there by way of two functions of Python, is made here at once.
    """

    def __init__(self, dialect: str) -> None:
        self._by_text = dialect == "postgresql"
        self._asked: dict[tuple[Table, Sequence[str]], Select[Any]] = {}
        match dialect:
            case "postgresql":
                self._id: Callable[[Any], UUID] = lambda value: value
                self._moment: Callable[[Any], datetime] = lambda value: value
            case "sqlite":
                self._id = lambda value: UUID(int=int(value, 16))
                self._moment = lambda value: datetime.fromisoformat(f"{value}+00:00")
            case _:
                self._id = UUID
                self._moment = lambda value: value.replace(tzinfo=UTC)

    def of(self, table: Table, names: Sequence[str] = _NAMES) -> Select[Any]:
        """Ask for the columns of an event, in the one order that every table's have here, and untouched."""
        if (table, names) not in self._asked:
            self._asked[table, names] = select(*[self._untouched(name, table.c[name]).label(name) for name in names])
        return self._asked[table, names]

    def told_by(self, table: Table) -> Select[Any]:
        """Ask for what a history is made of, and for the id of the event with the number that is called `first`."""
        columns = [self._untouched(name, table.c[name]).label(name) for name in _TOLD]
        first_id = case((table.c.number == bindparam("first"), self._untouched("id", table.c.id)))
        return select(*columns, first_id.label("first_id"))

    def _untouched(self, name: str, column: ColumnElement[Any]) -> ColumnElement[Any]:
        if self._by_text and name in {"data", "details"}:
            return sql_cast(column, Text)  # else SQLAlchemy lets the driver read it, with the slower of two readers
        return type_coerce(column, NULLTYPE)

    def history(self, found: CursorResult[Any]) -> History:
        cursor = cast("Any", found.cursor)
        moment = self._moment
        with _no_search_for_garbage():
            rows = cursor.fetchall()
            if not rows:
                return History()
            number, transaction, position = rows[-1][5:8]
            return History(
                [(type_, version, data, moment(at)) for type_, version, data, at, *_ in rows],
                None if rows[0][-1] is None else self._id(rows[0][-1]),
                number,
                Position(transaction, position),
                frozenset([row[4] for row in rows]),
            )

    def read(self, found: CursorResult[Any]) -> tuple[RecordedEvent, ...]:
        cursor = cast("Any", found.cursor)  # what SQLAlchemy's rows are made of: they are taken apart at once
        with _no_search_for_garbage():
            return tuple(
                [
                    RecordedEvent(
                        Event(
                            self._id(id_),
                            type_,
                            version,
                            self._moment(at),
                            key,
                            correlation,
                            causation,
                            source,
                            MappingProxyType(json_object(data)),
                            _NOTHING if details == "{}" else MappingProxyType(json_object(details)),
                        ),
                        stream,
                        number,
                        Position(transaction, position),
                        self._moment(stored),
                    )
                    for (
                        id_,
                        type_,
                        version,
                        at,
                        key,
                        correlation,
                        causation,
                        source,
                        data,
                        details,
                        stream,
                        number,
                        transaction,
                        position,
                        stored,
                    ) in cursor.fetchall()
                ]
            )

    def events(self, found: CursorResult[Any]) -> tuple[tuple[Event, ...], Position]:
        """Make events alone, and answer where the last one is; START where there is none."""
        with _no_search_for_garbage():
            rows = cast("Any", found.cursor).fetchall()
            events = tuple(
                [
                    Event(
                        self._id(id_),
                        type_,
                        version,
                        self._moment(at),
                        key,
                        correlation,
                        causation,
                        source,
                        MappingProxyType(json_object(data)),
                        _NOTHING if details == "{}" else MappingProxyType(json_object(details)),
                    )
                    for (
                        id_,
                        type_,
                        version,
                        at,
                        key,
                        correlation,
                        causation,
                        source,
                        data,
                        details,
                        _transaction,
                        _position,
                    ) in rows
                ]
            )
        return events, Position(*rows[-1][-2:]) if rows else START
