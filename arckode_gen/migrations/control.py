"""The control table `_arckode_migrations`: every run of every file, with the SQL as it was applied."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal, cast

from arckode_gen.migrations.connection import Failure, is_mysql

if TYPE_CHECKING:
    from collections.abc import Iterable

    from arckode_gen.migrations.connection import Connection, Row
    from arckode_gen.migrations.dialects import Dialect

TABLE = "_arckode_migrations"
# running/failed belong to `up`, reverting/revert_failed to `down`; only a journalled run leaves them behind.
# A forgotten row belongs to a file that is gone for good, and counts as never applied.
Status = Literal["running", "failed", "applied", "reverting", "revert_failed", "rolled_back", "forgotten"]

_KEYS: dict[Dialect, str] = {
    "sqlite": "INTEGER PRIMARY KEY",  # no row is ever deleted, so that no key comes back
    "postgresql": "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
    "mysql": "BIGINT AUTO_INCREMENT PRIMARY KEY",
    "mariadb": "BIGINT AUTO_INCREMENT PRIMARY KEY",
}
_LIST = (
    "SELECT entry, id, checksum, file_hash, status, statements_done, statements_total, batch, started_at, finished_at, "
    "error FROM _arckode_migrations ORDER BY entry"
)


def ddl(dialect: Dialect) -> str:
    """Return the statement that makes the control table when it is missing."""
    long_text = "LONGTEXT" if is_mysql(dialect) else "TEXT"
    suffix = " DEFAULT CHARSET=utf8mb4 COLLATE utf8mb4_bin" if is_mysql(dialect) else ""
    return (
        f"CREATE TABLE IF NOT EXISTS {TABLE} (\n"
        f"    entry {_KEYS[dialect]},\n"
        "    id VARCHAR(255) NOT NULL,\n"
        "    checksum VARCHAR(80) NOT NULL,\n"
        "    file_hash VARCHAR(64) NOT NULL,\n"
        f"    applied_sql {long_text} NOT NULL,\n"
        f"    reverted_sql {long_text},\n"
        "    status VARCHAR(16) NOT NULL,\n"
        "    statements_done INTEGER NOT NULL,\n"
        "    statements_total INTEGER NOT NULL,\n"
        "    batch INTEGER NOT NULL,\n"
        "    started_at VARCHAR(32) NOT NULL,\n"
        "    finished_at VARCHAR(32),\n"
        "    host VARCHAR(255) NOT NULL,\n"
        "    version VARCHAR(32) NOT NULL,\n"
        f"    error {long_text},\n"
        f"    checkpoint {long_text}\n"
        f"){suffix}"
    )


_COLUMNS = (
    "id, checksum, file_hash, applied_sql, status, statements_done, statements_total, batch, started_at, finished_at, "
    "host, version"
)
_MARKS = "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?"


@dataclass(frozen=True, slots=True)
class Entry:
    """One row, without the stored SQL."""

    entry: int
    name: str
    checksum: str
    file_hash: str
    status: Status
    done: int
    total: int
    batch: int
    started_at: str
    finished_at: str
    error: str


@dataclass(frozen=True, slots=True)
class Record:
    """What is written about a file when it is applied."""

    name: str
    checksum: str
    file_hash: str
    sql: str
    total: int
    batch: int
    version: str
    started_at: str


def now() -> str:
    """Return the time as it is stored: UTC, in an order that sorts."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def who() -> str:
    """Return this machine and process, as the control table and the lock name them."""
    node = os.uname().nodename if hasattr(os, "uname") else os.environ.get("COMPUTERNAME", "unknown")
    return f"{node} (process {os.getpid()})"


async def read(connection: Connection) -> tuple[Entry, ...]:
    """Return every row in the order it was written; a missing table is an empty one.

    Raises:
        Failure: the table cannot be read.
    """
    try:
        rows = await connection.fetch(_LIST)
    except Failure as failure:
        if failure.missing_table:
            return ()
        raise
    return tuple(_entry(row) for row in rows)


def _entry(row: Row) -> Entry:
    texts = {name: "" if value is None else str(value) for name, value in row.items()}
    return Entry(
        entry=int(texts["entry"]),
        name=texts["id"],
        checksum=texts["checksum"],
        file_hash=texts["file_hash"],
        status=cast("Status", texts["status"]),
        done=int(texts["statements_done"]),
        total=int(texts["statements_total"]),
        batch=int(texts["batch"]),
        started_at=texts["started_at"],
        finished_at=texts["finished_at"],
        error=texts["error"],
    )


def latest(entries: Iterable[Entry]) -> dict[str, Entry]:
    """Return the last row of every migration; those that were rolled back or forgotten count as never applied."""
    last = {entry.name: entry for entry in entries}
    return {name: entry for name, entry in last.items() if entry.status not in ("rolled_back", "forgotten")}


def _values(record: Record, status: Status, done: int) -> tuple[object, ...]:
    return (
        record.name,
        record.checksum,
        record.file_hash,
        record.sql,
        status,
        done,
        record.total,
        record.batch,
        record.started_at,
        now() if status == "applied" else None,
        who(),
        record.version,
    )


class Control:
    """Writes the control table, inside whatever transaction is open."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def prepare(self) -> None:
        await self._connection.execute(ddl(self._connection.dialect))

    async def insert(self, record: Record, status: Status, done: int) -> int:
        """Write a row and return its key; the lock that we hold makes the highest key ours."""
        await self._write(
            f"INSERT INTO _arckode_migrations ({_COLUMNS}) VALUES ({_MARKS})",  # noqa: S608 - constants
            *_values(record, status, done),
        )
        if status == "applied":
            return 0
        rows = await self._connection.fetch("SELECT MAX(entry) AS entry FROM _arckode_migrations")
        return int(str(rows[0]["entry"]))

    async def pass_on(self, entry: int, record: Record, following: Record, key: int) -> None:
        """Note that one file is applied and the next one begins, on MySQL and MariaDB, where each note is a commit."""
        finished = now()
        await self._write(
            f"INSERT INTO _arckode_migrations (entry, {_COLUMNS}) VALUES (?, {_MARKS}), (?, {_MARKS}) "  # noqa: S608 - constants
            "ON DUPLICATE KEY UPDATE status = 'applied', statements_done = ?, finished_at = ?, error = NULL, "
            "checkpoint = NULL",
            entry,
            *_values(record, "applied", record.total),
            key,
            *_values(following, "running", 0),
            record.total,
            finished,
        )

    async def resume(self, entry: int, record: Record) -> None:
        """Note that a broken run goes on, with the file as it is now."""
        await self._write(
            "UPDATE _arckode_migrations SET checksum = ?, file_hash = ?, applied_sql = ?, statements_total = ?, "
            "status = 'running', host = ?, version = ?, error = NULL WHERE entry = ?",
            record.checksum,
            record.file_hash,
            record.sql,
            record.total,
            who(),
            record.version,
            entry,
        )

    async def revert(self, entry: int, sql: str, total: int, done: int) -> None:
        """Note that the way back begins, or goes on; where it begins, how far the way there came counts no more."""
        # MySQL and MariaDB assign from left to right, so the status is read before it changes.
        await self._write(
            "UPDATE _arckode_migrations SET checkpoint = CASE WHEN status IN ('reverting', 'revert_failed') "
            "THEN checkpoint ELSE NULL END, reverted_sql = ?, statements_total = ?, statements_done = ?, "
            "status = 'reverting', host = ?, error = NULL WHERE entry = ?",
            sql,
            total,
            done,
            who(),
            entry,
        )

    async def advance(self, entry: int, done: int) -> None:
        await self._write("UPDATE _arckode_migrations SET statements_done = ? WHERE entry = ?", done, entry)

    async def finish(self, entry: int, status: Status, done: int) -> None:
        await self._write(
            "UPDATE _arckode_migrations SET status = ?, statements_done = ?, finished_at = ?, error = NULL, "
            "checkpoint = NULL WHERE entry = ?",
            status,
            done,
            now(),
            entry,
        )

    async def accept(self, entry: int, record: Record) -> None:
        """Note that the file as it is now is what the database holds."""
        await self._write(
            "UPDATE _arckode_migrations SET checksum = ?, file_hash = ?, applied_sql = ?, statements_done = ?, "
            "statements_total = ? WHERE entry = ?",
            record.checksum,
            record.file_hash,
            record.sql,
            record.total,
            record.total,
            entry,
        )

    async def settle(self, entry: int, status: Status, done: int) -> None:
        """Note what a person found out about a run that broke off."""
        await self._write(
            "UPDATE _arckode_migrations SET status = ?, statements_done = ? WHERE entry = ?", status, done, entry
        )

    async def mark(self, entry: int, checkpoint: str) -> None:
        """Note how far a function over many rows has come."""
        await self._write("UPDATE _arckode_migrations SET checkpoint = ? WHERE entry = ?", checkpoint, entry)

    async def mark_of(self, entry: int) -> str:
        """Return how far a function had come, or an empty text."""
        sql = _numbered("SELECT checkpoint FROM _arckode_migrations WHERE entry = ?", self._connection.dialect)
        rows = await self._connection.fetch(sql, (entry,))
        return str(rows[0]["checkpoint"] or "") if rows else ""

    async def fail(self, entry: int, status: Status, error: str) -> None:
        await self._write("UPDATE _arckode_migrations SET status = ?, error = ? WHERE entry = ?", status, error, entry)

    async def stored(self, entry: int, column: Literal["applied_sql", "reverted_sql"] = "applied_sql") -> str:
        """Return the SQL as it was applied, or as it was on its way back."""
        rows = await self._connection.fetch(
            _numbered(
                "SELECT applied_sql, reverted_sql FROM _arckode_migrations WHERE entry = ?", self._connection.dialect
            ),
            (entry,),
        )
        return str(rows[0][column] or "") if rows else ""

    async def _write(self, sql: str, *params: object) -> None:
        await self._connection.execute(_numbered(sql, self._connection.dialect), params)


def _numbered(sql: str, dialect: Dialect) -> str:
    if dialect == "sqlite":
        return sql
    if is_mysql(dialect):
        return sql.replace("?", "%s")
    first, *rest = sql.split("?")
    return first + "".join(f"${number}{part}" for number, part in enumerate(rest, 1))
