"""What a database says of a column that no migration has added yet, told as what to do about it instead of as SQL."""

import re
from typing import Final, NamedTuple

from sqlalchemy import MetaData, Table, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.ext.asyncio import AsyncEngine

from .errors import MissingColumnError

_POSTGRESQL, _MYSQL = "42703", 1054
_OF_SQLITE: Final = re.compile(r"(?:no such column: |table )(?:(\w+)(?:\.| has no column named ))?(\w+)")
_OF_MYSQL: Final = re.compile(r"[^']*'(?:(\w+)\.)?(\w+)'")
_TABLE: Final = re.compile(r'(?:\b(?:FROM|JOIN|INTO|UPDATE)\s+|,\s*)["`]?(\w+)["`]?(?![\w.`"])', re.IGNORECASE)


class _Said(NamedTuple):
    """What a driver names: of which table or alias, if it says so, and the words that may be the column."""

    table: str
    words: tuple[str, ...]


def name_missing_columns(engine: AsyncEngine, metadata: MetaData) -> None:
    """Let a statement raise MissingColumnError where one of these tables is there without a column that it has here."""

    def translate(context: ExceptionContext) -> MissingColumnError | None:
        return missing_column(context.original_exception, context.statement or "", metadata)

    event.listen(engine.sync_engine, "handle_error", translate)


def missing_column(error: BaseException, statement: str, metadata: MetaData) -> MissingColumnError | None:
    """Answer what to say of a driver's error where it asked for a column that one of these tables has only here.

    A statement that names a column which is in no model, or of a table that it does not read, is a mistake in itself.
    """
    said = _of_postgresql(error) or _of_mysql(error) or _of_sqlite(error)
    if said is None:
        return None
    tables = _tables(said, statement, metadata)
    found = {(table.name, word) for table in tables for word in said.words if word in {c.name for c in table.columns}}
    return MissingColumnError(*found.pop()) if len(found) == 1 else None


def _tables(said: _Said, statement: str, metadata: MetaData) -> list[Table]:
    """Answer the tables of a statement that may be the one that is meant."""
    named = {name: metadata.tables[name] for name in _TABLE.findall(statement) if name in metadata.tables}
    if not said.table:
        return [table for name, table in named.items() if name in said.words] or list(named.values())
    alias = re.search(rf'(\w+)["`]? AS ["`]?{said.table}\b', statement, re.IGNORECASE)
    name = alias[1] if alias else said.table
    return [named[name]] if name in named else []


def _of_sqlite(error: BaseException) -> _Said | None:
    found = _OF_SQLITE.fullmatch(str(error))
    return _Said(found[1] or "", (found[2],)) if found else None


def _of_mysql(error: BaseException) -> _Said | None:
    found = _OF_MYSQL.match(str(error.args[-1])) if error.args and error.args[0] == _MYSQL else None
    return _Said(found[1] or "", (found[2],)) if found else None


def _of_postgresql(error: BaseException) -> _Said | None:
    """Read what may be said in any language: `table.column`, or each name in quotes."""
    if getattr(error, "sqlstate", "") != _POSTGRESQL:
        return None
    line = next(iter(str(error.__cause__ or error).splitlines()), "")  # a hint that follows names other columns
    if dotted := re.search(r"(\w+)\.(\w+)", line):
        return _Said(dotted[1], (dotted[2],))
    return _Said("", tuple(re.findall(r'"(\w+)"', line) or re.findall(r"\w+", line)))
