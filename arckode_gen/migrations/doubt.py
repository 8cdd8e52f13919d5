"""Finds out from the catalogue whether a statement took effect, when a kill left that open."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from arckode_gen.migrations.connection import is_mysql
from arckode_gen.migrations.defined import as_defined
from arckode_gen.migrations.sqltext import normalised

if TYPE_CHECKING:
    from collections.abc import Sequence

    from arckode_gen.migrations.connection import Connection

_N = r"((?:`[^`]+`|\"[^\"]+\"|\w+)(?: \. (?:`[^`]+`|\"[^\"]+\"|\w+))?)"
_TABLES = "SELECT 1 FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = %s"
_COLUMNS = (
    "SELECT 1 FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = %s AND column_name = %s"
)
_INDEXES = (
    "SELECT 1 FROM information_schema.statistics "
    "WHERE table_schema = DATABASE() AND table_name = %s AND index_name = %s"
)
_CONSTRAINTS = (
    "SELECT 1 FROM information_schema.table_constraints "
    "WHERE table_schema = DATABASE() AND table_name = %s AND constraint_name = %s"
)
_TRIGGERS = "SELECT 1 FROM information_schema.triggers WHERE trigger_schema = DATABASE() AND trigger_name = %s"
_ROUTINES = "SELECT 1 FROM information_schema.routines WHERE routine_schema = DATABASE() AND routine_name = %s"

# pattern, catalogue query over its groups, whether the statement makes (True) or removes (False) what is looked up
_MYSQL: tuple[tuple[str, str, bool], ...] = (
    (rf"CREATE TABLE {_N}", _TABLES, True),
    (rf"DROP TABLE {_N}", _TABLES, False),
    (
        rf"CREATE (?:(?:UNIQUE|FULLTEXT|SPATIAL) )?INDEX (?P<index>{_N}) (?:USING \w+ )?ON (?P<table>{_N})",
        _INDEXES,
        True,
    ),
    (rf"DROP INDEX (?P<index>{_N}) ON (?P<table>{_N})", _INDEXES, False),
    (
        rf"ALTER TABLE {_N} ADD (?:CONSTRAINT|FOREIGN KEY) (?!(?:FOREIGN|UNIQUE|CHECK|PRIMARY)\b){_N}",
        _CONSTRAINTS,
        True,
    ),
    (rf"ALTER TABLE {_N} DROP (?:CONSTRAINT|FOREIGN KEY) {_N}", _CONSTRAINTS, False),
    (rf"ALTER TABLE {_N} ADD (?:(?:UNIQUE|FULLTEXT|SPATIAL) )?(?:INDEX|KEY) {_N}", _INDEXES, True),
    (rf"ALTER TABLE {_N} DROP (?:INDEX|KEY) {_N}", _INDEXES, False),
    (rf"ALTER TABLE {_N} ADD (?:COLUMN )?(?!(?:UNIQUE|PRIMARY|CHECK|PARTITION)\b){_N}", _COLUMNS, True),
    (rf"ALTER TABLE {_N} DROP (?:COLUMN )?(?!(?:PRIMARY|CHECK|PARTITION)\b){_N}", _COLUMNS, False),
    (rf"ALTER TABLE {_N} RENAME COLUMN {_N}", _COLUMNS, False),
    (rf"ALTER TABLE {_N} RENAME (?:TO |AS )?(?!COLUMN\b|INDEX\b|KEY\b)", _TABLES, False),
    (rf"RENAME TABLE {_N} TO", _TABLES, False),
    (rf"CREATE VIEW {_N}", _TABLES, True),
    (rf"DROP VIEW {_N}", _TABLES, False),
    (rf"CREATE (?:DEFINER = .+? )?TRIGGER {_N}", _TRIGGERS, True),
    (rf"DROP TRIGGER {_N}", _TRIGGERS, False),
    (rf"CREATE (?:DEFINER = .+? )?(?:PROCEDURE|FUNCTION) {_N}", _ROUTINES, True),
    (rf"DROP (?:PROCEDURE|FUNCTION) {_N}", _ROUTINES, False),
)
# Running these twice ends where running them once does.
_REPEATABLE = re.compile(
    r"CREATE OR REPLACE |.*\bIF (?:NOT )?EXISTS\b|TRUNCATE |SET |ANALYZE |OPTIMIZE "
    rf"|ALTER TABLE {_N} (?:MODIFY|ALTER|CONVERT|COMMENT|ENGINE|AUTO_INCREMENT)\b",
    re.IGNORECASE,
)
_POSTGRESQL_INDEX = re.compile(
    rf"(?P<verb>CREATE|DROP) (?:UNIQUE )?INDEX CONCURRENTLY (?:IF (?:NOT )?EXISTS )?{_N}", re.IGNORECASE
)
_INDEX_STATE = "SELECT indisvalid AS valid FROM pg_index WHERE indexrelid = to_regclass($1)"


async def took_effect(connection: Connection, sql: str) -> bool | None:
    """Answer whether the statement is done, or None when the catalogue cannot tell, or has something else of the name.

    False also when running it again does no harm.

    Raises:
        Failure: the catalogue cannot be read.
    """
    text = normalised(sql, connection.dialect)
    if connection.dialect == "postgresql":
        return await _postgresql(connection, text)
    if not is_mysql(connection.dialect):
        return None
    if _REPEATABLE.match(text):
        return False
    for pattern, query, makes in _MYSQL:
        if match := re.match(pattern, text, re.IGNORECASE):
            there = bool(await connection.fetch(query, _names(match)))
            if there and makes and not await as_defined(connection, text, tuple(_names(match))):
                return None
            return there is makes
    return None


def _names(match: re.Match[str]) -> Sequence[str]:
    named = match.groupdict()
    found = (named["table"], named["index"]) if named else match.groups()
    return tuple(name.rsplit(" . ", 1)[-1].strip('`"') for name in found)


async def _postgresql(connection: Connection, text: str) -> bool | None:
    match = _POSTGRESQL_INDEX.match(text)
    if match is None:
        return False if re.match(r"VACUUM|ANALYZE|REINDEX|CLUSTER|ALTER SYSTEM", text, re.IGNORECASE) else None
    rows = await connection.fetch(_INDEX_STATE, (match[2].replace(" ", ""),))
    if match["verb"].upper() == "DROP":
        return not rows
    return bool(rows) and rows[0]["valid"] is True


async def prepare(connection: Connection, sql: str) -> None:
    """Drop the invalid index that a failed CREATE INDEX CONCURRENTLY of the same name left behind, on PostgreSQL.

    Raises:
        Failure: it cannot be dropped.
    """
    match = _POSTGRESQL_INDEX.match(normalised(sql, "postgresql"))
    if match is None or match["verb"].upper() == "DROP":
        return
    rows = await connection.fetch(_INDEX_STATE, (match[2].replace(" ", ""),))
    if rows and rows[0]["valid"] is False:
        await connection.execute(f"DROP INDEX CONCURRENTLY {match[2]}")
