"""Appending events with as few ways to the database as each engine allows: what SQLAlchemy would need several for.

On SQLite every call of the driver goes to its thread and back, on PostgreSQL to the server. So the statements are
written out here, and hold for any number of events, which keeps them prepared.
"""

import json
import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache, partial
from itertools import repeat
from typing import Any, Final

from sqlalchemy import Table

from .event_values import (
    Expected,
    Position,
    StreamState,
    already_there,
    category_of,
    check_expected,
    json_text,
)
from .events import Event
from .ids import new_id

_MOST: Final = 2**63 - 1
_SQLITE: Final = """
INSERT INTO stored_events (
  number, position, transaction_id, id, stream, category, type, version, event_key, correlation_id, causation_id,
  source, data, details, occurred_at, recorded_at
) VALUES (?, ?, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
# Where one transaction writes at a time the events themselves tell how many there are: a counter would be one more row
# to write, and to lock what is locked already.
_SQLITE_LAST: Final = (
    "SELECT (SELECT position FROM {table} WHERE transaction_id = 0 ORDER BY position DESC LIMIT 1),"
    " (SELECT number FROM {table} WHERE stream = ? ORDER BY number DESC LIMIT 1)"
)
_SQLITE_TAKEN_BACK: Final = "DELETE FROM stored_events WHERE stream = ? AND number > ?"
_SQLITE_FOUND: Final = (
    "SELECT id, stream, transaction_id, position FROM {table} WHERE id IN (SELECT value FROM json_each(?))"
)
# Counts events into a stream, which locks its row, and stores them behind its last one. What is unpacked side by side
# comes in the order of the arrays, row by row, where a function in FROM would have all rows written down first.
_POSTGRESQL: Final = """
WITH counted AS (
  INSERT INTO event_streams AS there (id, name, version)
  SELECT $1::uuid, $2::varchar, $3::bigint{countable}
  ON CONFLICT (name) DO UPDATE SET version = there.version + $3::bigint{still_countable}
  RETURNING version - $3::bigint AS before
), last AS MATERIALIZED (
  SELECT counted.before, CASE
    WHEN counted.before BETWEEN $6::bigint AND $7::bigint AND (counted.before = 0 OR stored.transaction_id IS NOT NULL)
    THEN greatest(pg_current_xact_id()::text::bigint, stored.transaction_id) END AS seen
  FROM counted LEFT JOIN stored_events AS stored ON stored.stream = $2::varchar AND stored.number = counted.before
){stored}
INSERT INTO stored_events (
  id, stream, number, transaction_id, category, recorded_at, data, {columns}
)
SELECT unnest($8::uuid[]), $2::varchar, generate_series(last.before + 1, last.before + $3::bigint), last.seen,
  $4::varchar, $5::timestamptz, unnest($9::jsonb[]), {values}
FROM last
{storable}{unless_there}RETURNING transaction_id, position{answer}
"""
# What events of one append mostly have in common is sent once then: a value for each of them is written by the driver,
# read by the server and unpacked, and all that takes a sixth of the time of an append.
_COMMON: Final = {
    "type": "varchar",
    "version": "int",
    "event_key": "varchar",
    "correlation_id": "varchar",
    "causation_id": "varchar",
    "source": "varchar",
    "details": "jsonb",
    "occurred_at": "timestamptz",
}
_FIRST_COMMON: Final = 10
_NOWHERE: Final = "\n  AND NOT EXISTS (SELECT FROM {table} WHERE id = ANY ($8::uuid[]))"


def sqlite_append(
    connection: sqlite3.Connection,
    stream: str,
    events: Sequence[Event],
    *,
    expected: Expected,
    now: datetime,
    tables: Sequence[Table],
) -> tuple[Position, ...]:
    """Append in the running transaction, which is the only one that writes; raises what `EventStore.append` does."""
    last, actual = sqlite_last(connection.execute(*sqlite_asks_last(stream, tables)).fetchall())
    # Where the number is right nothing is looked up: an event that is there already violates the primary key. Only
    # what is in the archive would not.
    if (actual == expected or (actual == 0 and expected is StreamState.NO_STREAM)) and len(tables) == 1:
        try:
            return _sqlite_store(connection, stream, events, now, last=last, actual=actual)
        except sqlite3.IntegrityError:
            connection.execute(_SQLITE_TAKEN_BACK, (stream, actual))  # those before the one that is there
            if not (known := _sqlite_known(connection, stream, events, tables)):
                raise
            return known
    if known := _sqlite_known(connection, stream, events, tables):
        return known
    check_expected(stream, expected, actual)
    return _sqlite_store(connection, stream, events, now, last=last, actual=actual)


def sqlite_asks_last(stream: str, tables: Sequence[Table]) -> tuple[str, tuple[str, ...]]:
    """Ask each table for the position of its last event, and for the number of its last one of a stream."""
    return _asking_last(tuple(tables)), (stream,) * len(tables)


@lru_cache
def _asking_last(tables: tuple[Table, ...]) -> str:
    return " UNION ALL ".join([_SQLITE_LAST.format(table=table.name) for table in tables])


def sqlite_last(found: Sequence[Sequence[int | None]]) -> tuple[int, int]:
    """Answer the position of the last event that there is anywhere, and its stream's last number; 0 for none."""
    return max(row[0] or 0 for row in found), max(row[1] or 0 for row in found)


def _sqlite_store(
    connection: sqlite3.Connection, stream: str, events: Sequence[Event], now: datetime, *, last: int, actual: int
) -> tuple[Position, ...]:
    category, recorded = category_of(stream), _sqlite_time(now)
    rows = [
        (
            actual + place,
            last + place,
            event.id.hex,
            stream,
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
    connection.executemany(_SQLITE, rows)
    return tuple(map(Position, repeat(0), range(last + 1, last + 1 + len(rows))))


def _sqlite_known(
    connection: sqlite3.Connection, stream: str, events: Sequence[Event], tables: Sequence[Table]
) -> tuple[Position, ...]:
    """Answer the positions of events that are all stored in this stream; raises as `already_there` does."""
    ids = {event.id.hex: event.id for event in events}
    asked = " UNION ALL ".join(_SQLITE_FOUND.format(table=table.name) for table in tables)
    found = connection.execute(asked, [json.dumps(list(ids))] * len(tables)).fetchall()
    return already_there(stream, events, {ids[text]: (where, Position(*place)) for text, where, *place in found})


@lru_cache
def postgresql_statements(tables: Sequence[Table], common: Sequence[bool]) -> tuple[str, str]:
    """Write the statements that append to the first of these tables: by itself, and in a transaction.

    The first stores all events or none, and fails where the last one of the stream was committed after it began, and
    cannot be seen. The second counts them in any case, which holds the row of the stream until the transaction ends,
    and stores those that it can: none when the stream is not as expected, or its last event is not seen; and none that
    is there. `common` is what `postgresql_words` answers.
    """
    # Where events go from one table to the other, no index of one of them tells that an event is in neither.
    nowhere = "".join(_NOWHERE.format(table=table.name) for table in tables) if len(tables) > 1 else ""
    values = [
        f"${place}::{kind}" if is_common else f"unnest(${place}::{kind}[])"
        for place, (kind, is_common) in enumerate(zip(_COMMON.values(), common, strict=True), _FIRST_COMMON)
    ]
    write = partial(_POSTGRESQL.format, columns=", ".join(_COMMON), values=", ".join(values))
    alone = write(
        countable="\n  WHERE ($6::bigint = 0 OR EXISTS (SELECT FROM event_streams WHERE name = $2::varchar))" + nowhere,
        still_countable="\n  WHERE there.version BETWEEN $6::bigint AND $7::bigint",
        storable="",
        unless_there="",
        stored=", stored AS (",
        # One row for all: what a driver does for each takes a part of what storing it did.
        answer="\n)\nSELECT min(transaction_id), array_agg(position) FROM stored",
    )
    inside = write(
        countable="",
        still_countable="",
        storable=f"WHERE last.seen IS NOT NULL{nowhere}\n",
        unless_there="ON CONFLICT (id) DO NOTHING\n",
        stored="",
        answer=", id",
    )
    return alone, inside


def postgresql_words(
    stream: str, events: Sequence[Event], *, expected: Expected, now: datetime
) -> tuple[tuple[bool, ...], tuple[Any, ...]]:
    """Answer which values all events have in common, and what the statements for these are given."""
    rows = [
        (
            event.type,
            event.version,
            event.key,
            event.correlation_id,
            event.causation_id,
            event.source,
            json_text(event.metadata),
            event.occurred_at,
        )
        for event in events
    ]
    columns = list(zip(*rows, strict=True))
    common = tuple([column.count(column[0]) == len(column) for column in columns])
    return common, (
        new_id(),
        stream,
        len(events),
        category_of(stream),
        now,
        *_bounds(expected),
        [event.id for event in events],
        [json_text(event.data) for event in events],
        *[column[0] if is_common else column for column, is_common in zip(columns, common, strict=True)],
    )


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
    at = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return _second((at.year, at.month, at.day, at.hour, at.minute, at.second)) + f"{at.microsecond:06}"


@lru_cache(maxsize=64)
def _second(parts: tuple[int, ...]) -> str:
    """Write a second, which events of one append share: to write it for each takes as long as to store the event."""
    year, month, day, hour, minute, second = parts
    return f"{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}."
