"""What is dangerous in the migrations of a project, by file: each told once, with the engines it concerns."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from arckode_analyzers.model.migrations import Statement
from arckode_analyzers.sql.catalogue import CHECKS
from arckode_analyzers.sql.replay import Schema
from arckode_analyzers.sql.script import Script, Step, dangers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arckode_analyzers.model.migrations import Migration, Migrations
    from arckode_analyzers.sql.script import Check

_COMPUTED = "-- computed"
_TOLD = {"postgresql": "PostgreSQL", "mysql": "MySQL", "mariadb": "MariaDB", "sqlite": "SQLite"}


@dataclass(frozen=True, slots=True)
class Danger:
    """A dangerous statement; `engines` says where, empty when everywhere."""

    statement: Statement
    check: Check
    message: str
    engines: str


class Dangers:
    """Judges every migration that is not shipped yet, after replaying those before it.

    `engine` and `pending` are known when a database is about to be migrated: the files it does not have, each with the
    statements that it runs there.
    """

    def __init__(
        self, migrations: Migrations, engine: str = "", pending: Mapping[str, tuple[str, ...]] | None = None
    ) -> None:
        self._migrations = migrations
        self._engines = (engine,) if engine else migrations.engines
        self._pending = pending

    @cached_property
    def by_path(self) -> dict[str, list[Danger]]:
        """Index what was found by file, in the order of the lines."""
        engines = self._engines
        found: dict[tuple[str, int, int, str, str], dict[str, None]] = {}
        statements: dict[tuple[str, int, int, str, str], tuple[Statement, Check]] = {}
        for engine in engines:
            for migration, statement, check, message in self._on(engine):
                key = (migration.source.path, statement.line, statement.column, check.name, message)
                found.setdefault(key, {})[engine] = None  # a statement may do the same twice
                statements[key] = (statement, check)
        index: dict[str, list[Danger]] = {}
        for key in sorted(found):
            statement, check = statements[key]
            where = "" if "*" in found[key] or self._pending is not None else _listed(tuple(found[key]), engines)
            index.setdefault(key[0], []).append(Danger(statement, check, key[4], where))
        return index

    def _on(self, engine: str) -> list[tuple[Migration, Statement, Check, str]]:
        schema, checked = Schema(), set[tuple[str, str]]()
        found: list[tuple[Migration, Statement, Check, str]] = []
        fresh = self._fresh(engine)
        for migration in self._migrations.all:
            is_judged = self._is_judged(migration)
            rows = [
                (row, self._migrations.operations(row, engine))
                for row in self._rows(migration, engine)
                if is_judged or self._matters(row)
            ]
            if is_judged:
                apart = migration.is_apart
                steps = tuple(Step(operations, row.text, row.outside or apart) for row, operations in rows)
                script = Script(engine, steps, fresh, schema.columns(), frozenset(checked), migration.one_transaction)
                found += [(migration, rows[each.step][0], each.check, each.message) for each in dangers(script, CHECKS)]
            for _, operations in rows:
                schema.apply(operations)
                checked.update(
                    (each.table, part)
                    for each in operations
                    if each.kind == "add_constraint" and each.detail == "check not null"
                    for part in each.parts
                )
        return found

    def _is_judged(self, migration: Migration) -> bool:
        if self._pending is not None:
            return migration.source.path in self._pending
        return not self._migrations.is_shipped(migration)

    def _matters(self, statement: Statement) -> bool:
        """Tell whether an applied statement may have made something that a pending one changes: few do."""
        return self._pending is None or not statement.text or not self._touched.isdisjoint(_words(statement.text))

    @cached_property
    def _touched(self) -> frozenset[str]:
        """Return the tables that pending statements name."""
        return frozenset(
            operation.table
            for engine in self._engines
            for each in self._migrations.all
            if self._is_judged(each)
            for row in self._rows(each, engine)
            for operation in self._migrations.operations(row, engine)
        )

    def _rows(self, migration: Migration, engine: str) -> tuple[Statement, ...]:
        """Return what a file runs; what it computes is known when somebody has computed it."""
        rows = migration.on(engine)
        if self._pending is None or migration.is_alembic or migration.source.path not in self._pending:
            return rows
        texts = self._pending[migration.source.path]
        is_cut_otherwise = migration.is_script and tuple(row.text for row in rows) != texts
        if texts and (is_cut_otherwise or not all(row.text for row in rows)):
            line = rows[0].line if rows else 1
            return tuple(Statement(line, 0, text) for text in texts)
        return tuple(row if row.text else replace(row, text=_COMPUTED) for row in rows)

    def _fresh(self, engine: str) -> frozenset[str]:
        """Return the tables that nobody uses yet; without a base branch or a database, none are known to be."""
        if not self._migrations.has_base and self._pending is None:
            return frozenset()
        unshipped = [each for each in self._migrations.all if self._is_judged(each)]
        return frozenset(
            operation.table
            for each in unshipped
            for row in self._rows(each, engine)
            for operation in self._migrations.operations(row, engine)
            if operation.kind == "create_table"
        )


def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", text.lower()))


def _listed(found: tuple[str, ...], engines: tuple[str, ...]) -> str:
    """Name the engines that something concerns; all that the project has, when there are several, need no names."""
    return "" if len(found) == len(engines) > 1 else " and ".join(_TOLD[each] for each in found)
