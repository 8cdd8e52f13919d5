"""Writes the pending migrations as one SQL script for the person who may touch the database, control rows included."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_gen.errors import RefusedError
from arckode_gen.migrations.connection import is_mysql
from arckode_gen.migrations.control import TABLE, ddl
from arckode_gen.migrations.steps import Script

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from arckode_gen.migrations.dialects import Dialect
    from arckode_gen.migrations.work import Work

_MYSQL_NOW = (
    "CONCAT(DATE_FORMAT(UTC_TIMESTAMP(3), '%Y-%m-%dT%H:%i:%s.'), LEFT(DATE_FORMAT(UTC_TIMESTAMP(3), '%f'), 3), 'Z')"
)
_NOW: dict[Dialect, str] = {
    "sqlite": "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')",
    "postgresql": "to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')",
    "mysql": _MYSQL_NOW,
    "mariadb": _MYSQL_NOW,
}
_RUN_WITH: dict[Dialect, str] = {
    "sqlite": "sqlite3 -bail shop.db < script.sql",
    "postgresql": "psql -v ON_ERROR_STOP=1 -f script.sql",
    "mysql": "mysql shop < script.sql",
    "mariadb": "mariadb shop < script.sql",
}
_BODY = "//"


def render(works: Iterable[Work], dialect: Dialect, batch: int, version: str) -> str:
    """Return the script; it has no clock in it, so that the same files give the same bytes.

    Raises:
        RefusedError: a migration is a Python function, which no script can hold.
    """
    lines = [f"-- {dialect}; run it with: {_RUN_WITH[dialect]}", "", f"{ddl(dialect)};"]
    for work in works:
        lines += ["", f"-- {work.name} ({work.direction})", *_file(work, dialect, batch, version)]
    return "\n".join(lines) + "\n"


def _file(work: Work, dialect: Dialect, batch: int, version: str) -> Iterator[str]:
    if not isinstance(work.step, Script):
        raise RefusedError(
            f"{work.source.label} is a Python function; a SQL script cannot hold it",
            f"write the script up to the one before it (--to), or apply {work.name} with `arckode db:migrate`",
        )
    if work.entry is not None and work.entry.status not in ("applied", "rolled_back"):
        raise RefusedError(f"{work.name} is half applied", "finish it first: `arckode db:migrate`")
    whole = work.is_transactional(dialect, transactional_ddl=not is_mysql(dialect))
    if whole:
        yield "BEGIN;"
    for statement in work.step.statements:
        yield from _statement(statement.text, dialect)
    yield _row(work, dialect, batch, version)
    if whole:
        yield "COMMIT;"


def _statement(sql: str, dialect: Dialect) -> Iterator[str]:
    if is_mysql(dialect) and ";" in sql:
        yield from (f"DELIMITER {_BODY}", f"{sql}{_BODY}", "DELIMITER ;")
    else:
        yield f"{sql};"


def _row(work: Work, dialect: Dialect, batch: int, version: str) -> str:
    if work.direction == "down":
        assert work.entry is not None  # noqa: S101 - only applied files are rolled back
        return (
            f"UPDATE {TABLE} SET status = 'rolled_back', reverted_sql = {_quoted(work.text(), dialect)}, "  # noqa: S608 - quoted
            f"finished_at = {_NOW[dialect]} WHERE entry = {work.entry.entry};"
        )
    values = [_quoted(text, dialect) for text in (work.name, work.checksum, work.source.digest, work.text(), "applied")]
    numbers = [str(work.total), str(work.total), str(batch), _NOW[dialect], _NOW[dialect]]
    return (
        f"INSERT INTO {TABLE} (id, checksum, file_hash, applied_sql, status, statements_done, statements_total, batch, "  # noqa: S608 - quoted
        f"started_at, finished_at, host, version) VALUES ({', '.join(values + numbers)}, 'script', "
        f"{_quoted(version, dialect)});"
    )


def _quoted(text: str, dialect: Dialect) -> str:
    if is_mysql(dialect):
        text = text.replace("\\", "\\\\")
    return "'" + text.replace("'", "''") + "'"
