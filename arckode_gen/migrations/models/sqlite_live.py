"""What a SQLite database holds, in its own words, and how those words change when something is renamed.

Only SQLite knows which words of a trigger, a view or a check are a name and which are a text or the column of another
table: so it renames in a database in memory that has the same definitions and no rows.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from arckode_gen.errors import RefusedError
from arckode_gen.migrations.sqlite_table import bare
from arckode_gen.migrations.sqltext import tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet

Named = tuple[tuple[str, str], ...]
_Row = tuple[str, str, str, str]
MASTER = "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL"


@dataclass(frozen=True, slots=True)
class Live:
    """The text of every table and view, and of the indexes and triggers that belong to each table."""

    tables: Mapping[str, str]
    indexes: Mapping[str, Named]
    triggers: Mapping[str, Named]
    views: Named = ()


def live(rows: Iterable[Sequence[object]]) -> Live:
    """Put the rows of `MASTER` in order."""
    tables: dict[str, str] = {}
    views: list[tuple[str, str]] = []
    owned: dict[str, dict[str, Named]] = {"index": {}, "trigger": {}}
    for row in rows:
        kind, name, table, sql = (str(value) for value in row)
        if kind == "table":
            tables[name] = sql
        elif kind == "view":
            views.append((name, sql))
        elif kind in owned:
            owned[kind][table] = (*owned[kind].get(table, ()), (name, sql))
    return Live(tables, owned["index"], owned["trigger"], tuple(views))


def renamed(before: Live, statements: Sequence[str], names: Iterable[str]) -> Live:
    """Return what the database holds once the statements have renamed something that was called `names`.

    Raises:
        RefusedError: SQLite does not rename it, because a trigger or a view would not work any more.
    """
    if not statements:
        return before
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as memory:
        apart = _made(memory, before, {name.lower() for name in names})
        for sql in statements:
            try:
                memory.execute(sql)
            except sqlite3.Error as error:
                raise RefusedError(
                    f"SQLite cannot run `{sql}`: {error}", "correct or drop what it names, then compare again"
                ) from error
        return live([*memory.execute(MASTER).fetchall(), *apart])


def _made(memory: sqlite3.Connection, before: Live, names: AbstractSet[str]) -> list[_Row]:
    """Make everything anew, and return what needs an extension that is not loaded here: it stays as it is."""
    apart: list[_Row] = []
    for row in _rows(before):
        try:
            memory.execute(row[3])
        except sqlite3.Error as error:
            if names & {bare(token.text).lower() for token in tokens(row[3], "sqlite")}:
                raise RefusedError(
                    f"a rename cannot be prepared: {error} in `{' '.join(row[3].split())[:100]}`",
                    "write this migration by hand: `arckode make:migration NAME`",
                ) from error
            apart.append(row)
    return apart


def _rows(before: Live) -> Iterator[_Row]:
    yield from (("table", name, name, sql) for name, sql in before.tables.items() if not name.startswith("sqlite_"))
    yield from (("view", name, name, sql) for name, sql in before.views)
    for kind, owned in (("index", before.indexes), ("trigger", before.triggers)):
        yield from ((kind, name, table, sql) for table, named in owned.items() for name, sql in named)
