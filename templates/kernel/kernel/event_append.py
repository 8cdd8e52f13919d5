"""Appending events with as few ways to the database as each engine allows: what SQLAlchemy would need several for.

On SQLite every call of the driver goes to its thread and back, on PostgreSQL to the server. So the statements are
written out here, and hold for any number of events, which keeps them prepared.
"""

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple, Protocol, cast
from uuid import UUID

from sqlalchemy import Table
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from .event_values import ALL, Expected, Position, StreamState, category_of, json_text
from .events import Event
from .ids import new_id

_MOST: Final = 2**63 - 1
_SQLITE: Final = """
INSERT INTO stored_events (
  id, stream, number, transaction_id, position, category, type, version, event_key, correlation_id, causation_id,
  source, data, details, occurred_at, recorded_at
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_SQLITE_COUNTED: Final = """
INSERT INTO event_streams (id, name, version) VALUES (?, ?, ?), (?, ?, ?)
ON CONFLICT (name) DO UPDATE SET version = excluded.version
"""
# Counts the events into the stream first, which locks its row, and stores them when it is as expected and its last
# event is seen; one that was committed while the row was waited for is not, and the next statement does.
_POSTGRESQL: Final = """
WITH counted AS (
  INSERT INTO event_streams AS there (id, name, version) VALUES ($1::uuid, $2::varchar, $3::bigint)
  ON CONFLICT (name) DO UPDATE SET version = there.version + $3::bigint
  RETURNING version - $3::bigint AS before
), last AS (
  SELECT counted.before, stored.transaction_id
  FROM counted LEFT JOIN stored_events AS stored ON stored.stream = $2::varchar AND stored.number = counted.before
)
INSERT INTO stored_events (
  id, stream, number, transaction_id, category, type, version, event_key, correlation_id, causation_id, source, data,
  details, occurred_at, recorded_at
)
SELECT new.id, $2::varchar, last.before + new.place,
  greatest(pg_current_xact_id()::text::bigint, last.transaction_id),
  $4::varchar, new.type, new.version, new.event_key, new.correlation_id, new.causation_id, new.source, new.data,
  new.details, new.occurred_at, $5::timestamptz
FROM last, unnest(
  $8::uuid[], $9::varchar[], $10::int[], $11::varchar[], $12::varchar[], $13::varchar[], $14::varchar[], $15::jsonb[],
  $16::jsonb[], $17::timestamptz[]
) WITH ORDINALITY AS new (
  id, type, version, event_key, correlation_id, causation_id, source, data, details, occurred_at, place
)
WHERE last.before BETWEEN $6::bigint AND $7::bigint AND (last.before = 0 OR last.transaction_id IS NOT NULL){nowhere}
ORDER BY new.place
ON CONFLICT (id) DO NOTHING
RETURNING id, transaction_id, position
"""


class _Driver(Protocol):
    """What is used of aiosqlite; each call is one way to its thread and back."""

    async def execute_fetchall(self, sql: str, parameters: Iterable[object]) -> Iterable[tuple[Any, ...]]: ...

    async def executemany(self, sql: str, parameters: Iterable[Iterable[object]]) -> object: ...

    async def execute(self, sql: str, parameters: Iterable[object]) -> object: ...


class Held(NamedTuple):
    """What a transaction that may append finds: how many events there are in all and in the stream, and which of its.

    `known` has those of the events that are stored already, by id: in which stream, and where.
    """

    last: int
    actual: int
    known: Mapping[UUID, tuple[str, Position]]


_STORED_ALREADY: Final = (
    " UNION ALL SELECT stream, id, transaction_id, position FROM {table} WHERE id IN (SELECT value FROM json_each(?))"
)


async def sqlite_held(session: AsyncSession, tables: Sequence[Table], stream: str, events: Sequence[Event]) -> Held:
    """Look up in one statement what decides on an append; a transaction that writes is the only one."""
    ids = {event.id.hex: event.id for event in events}
    asked = "SELECT name, NULL, 0, version FROM event_streams WHERE name IN (?, ?)"
    asked += "".join(_STORED_ALREADY.format(table=table.name) for table in tables)
    driver = await _driver(session)
    try:
        rows = await driver.execute_fetchall(asked, (ALL, stream, *[json.dumps(list(ids))] * len(tables)))
    except sqlite3.Error as error:
        raise OperationalError(asked, None, error) from error
    versions = {name: version for name, found, _, version in rows if found is None}
    known = {ids[found]: (name, Position(*place)) for name, found, *place in rows if found is not None}
    return Held(versions.get(ALL, 0), versions.get(stream, 0), known)


async def sqlite_insert(
    session: AsyncSession, stream: str, events: Sequence[Event], held: Held, now: datetime
) -> tuple[Position, ...]:
    """Store events behind the last one, and count them."""
    category, recorded = category_of(stream), _sqlite_time(now)
    rows = [
        (
            event.id.hex,
            stream,
            held.actual + place,
            0,
            held.last + place,
            category,
            event.type,
            event.version,
            event.key,
            event.correlation_id,
            event.causation_id,
            event.source,
            json_text(event.data),
            json_text(event.metadata),
            _sqlite_time(event.occurred_at),
            recorded,
        )
        for place, event in enumerate(events, 1)
    ]
    count = len(events)
    versions = (new_id().hex, ALL, held.last + count, new_id().hex, stream, held.actual + count)
    driver = await _driver(session)
    try:
        await driver.executemany(_SQLITE, rows)
        await driver.execute(_SQLITE_COUNTED, versions)
    except sqlite3.Error as error:
        raise OperationalError(_SQLITE, None, error) from error
    return tuple(Position(0, held.last + place) for place in range(1, count + 1))


def postgresql_statement(tables: Sequence[Table]) -> str:
    """Write the statement that `postgresql_append` sends, for events that are in all of these tables."""
    # Where events go from one table to the other, no index of one of them tells that an event is in neither.
    nowhere = [f"\n  AND NOT EXISTS (SELECT FROM {table.name} WHERE id = ANY ($8::uuid[]))" for table in tables]
    return _POSTGRESQL.format(nowhere="".join(nowhere) if len(tables) > 1 else "")


async def postgresql_append(
    session: AsyncSession, statement: str, stream: str, events: Sequence[Event], *, expected: Expected, now: datetime
) -> dict[UUID, Position]:
    """Count events into a stream, store those that can be at once, and answer where they are, by id.

    None is stored when the stream is not as expected, or its last event cannot be seen yet; and none that is there.
    """
    columns = [
        (
            event.id,
            event.type,
            event.version,
            event.key,
            event.correlation_id,
            event.causation_id,
            event.source,
            json_text(event.data),
            json_text(event.metadata),
            event.occurred_at,
        )
        for event in events
    ]
    words = (new_id(), stream, len(events), category_of(stream), now, *_bounds(expected))
    connection = await session.connection()
    found = await connection.exec_driver_sql(statement, (*words, *map(list, zip(*columns, strict=True))))
    stored = cast("Sequence[tuple[UUID, int, int]]", found.all())
    return {event: Position(transaction, number) for event, transaction, number in stored}


def _bounds(expected: Expected) -> tuple[int, int]:
    """Answer how many events a stream may have that is as expected, at least and at most."""
    match expected:
        case StreamState.ANY:
            return 0, _MOST
        case StreamState.NO_STREAM:
            return 0, 0
        case StreamState.EXISTS:
            return 1, _MOST
        case _:
            number = min(max(expected, -1), _MOST)
            return number, number


def _sqlite_time(moment: datetime) -> str:
    """Write a moment as the columns have it: in UTC, and always with microseconds."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


async def _driver(session: AsyncSession) -> _Driver:
    connection = await session.connection()
    return cast("_Driver", (await connection.get_raw_connection()).driver_connection)
