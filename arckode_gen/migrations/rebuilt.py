"""Watches tables of SQLite that are built anew: their rows, indexes and triggers must be there before the commit."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from arckode_gen.migrations.sqltext import normalised

if TYPE_CHECKING:
    import sqlite3

# The name a table has while it is being built; a rename from it is what is watched.
PREFIX = "_arckode_new_"
_N = r"(\"(?:[^\"]|\"\")+\"|`[^`]+`|\[[^\]]+\]|\w+)"
_DROP = re.compile(rf"DROP TABLE {_N}", re.IGNORECASE)
_RENAME = re.compile(rf"ALTER TABLE \"?{PREFIX}[^ ]+ RENAME TO {_N}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Before:
    rows: int
    belongings: frozenset[str]


class Rebuilt:
    """The tables that one transaction drops, and those of them that came back."""

    def __init__(self, raw: sqlite3.Connection) -> None:
        self._raw = raw
        self._before: dict[str, _Before] = {}
        self._again: set[str] = set()

    def watch(self, sql: str) -> None:
        """Take note of a statement that is about to run."""
        head = sql[:40].lstrip()[:11].upper()
        if head not in ("DROP TABLE ", "ALTER TABLE"):
            return
        text = normalised(sql, "sqlite")
        if dropped := _DROP.fullmatch(text):
            name = _bare(dropped[1])
            if self._exists(name):
                self._before[name] = _Before(self._rows(name), self._belongings(name))
        elif (renamed := _RENAME.fullmatch(text)) and _bare(renamed[1]) in self._before:
            self._again.add(_bare(renamed[1]))

    def loss(self) -> str:
        """Say what a table lost on the way, or nothing."""
        for name in sorted(self._again):
            before = self._before[name]
            rows = self._rows(name)
            if rows != before.rows:
                return f"{name} had {before.rows} rows and would have {rows}"
            lost = sorted(before.belongings - self._belongings(name))
            if lost:
                return f"{name} would lose {', '.join(lost)}: the file drops the table and does not make it again"
        return ""

    def _exists(self, name: str) -> bool:
        found = self._raw.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND lower(name) = ?", (name,))
        return found.fetchone() is not None

    def _rows(self, name: str) -> int:
        quoted = name.replace('"', '""')
        return int(self._raw.execute(f'SELECT COUNT(*) FROM "{quoted}"').fetchone()[0])  # noqa: S608 - a quoted name

    def _belongings(self, name: str) -> frozenset[str]:
        found = self._raw.execute(
            "SELECT type || ' ' || name FROM sqlite_master "
            "WHERE lower(tbl_name) = ? AND type IN ('index', 'trigger') AND sql IS NOT NULL",
            (name,),
        )
        return frozenset(str(row[0]) for row in found.fetchall())


def _bare(text: str) -> str:
    return text.strip('"`[]').replace('""', '"').lower()
