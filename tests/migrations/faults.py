"""Runs of twenty files that are killed at any moment, and what an uninterrupted run leaves."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING

from arckode_gen.migrations import catalogue
from arckode_gen.migrations.connection import connect
from arckode_gen.migrations.url import parse

if TYPE_CHECKING:
    from arckode_gen.migrations.catalogue import Catalogue
    from tests.migrations.forking import Forge
    from tests.migrations.workbench import Workbench

FILES = 20


def write_files(bench: Workbench) -> None:
    """Write files of several statements each: tables, rows, columns, indexes, keys and functions over rows.

    Every row is counted by the end state, so that a statement that ran twice shows.
    """
    bench.write("202611220001_ledger", 'UP = {"*": ["CREATE TABLE ledger (file INTEGER, step INTEGER)"]}')
    for number in range(2, FILES + 1):
        bench.write(f"20261122{number:04}_step", _function(number) if number % 5 == 0 else _statements(number))


def _statements(number: int) -> str:
    statements = [
        f"CREATE TABLE t{number} (id INTEGER PRIMARY KEY, name VARCHAR(40))",
        f"INSERT INTO ledger (file, step) VALUES ({number}, 1)",
        f"INSERT INTO t{number} (id, name) VALUES (1, 'a'), (2, 'b')",
        f"ALTER TABLE t{number} ADD COLUMN note VARCHAR(20)",
        f"UPDATE t{number} SET note = 'set' WHERE id = 1",
        f"CREATE INDEX ix_t{number} ON t{number} (name)",
        f"INSERT INTO ledger (file, step) VALUES ({number}, 2)",
        f"ALTER TABLE t{number} DROP COLUMN note",
        f"CREATE TABLE u{number} (id INTEGER PRIMARY KEY)",
    ]
    return f'UP = {{"*": {statements!r}}}\nDOWN = {{"*": []}}\n'


def _function(number: int) -> str:
    return f"""async def up(db):
    for step in range(3):
        await db.execute("INSERT INTO ledger (file, step) VALUES (?, ?)", {number}, step)
"""


def state(bench: Workbench) -> tuple[Catalogue, list[tuple[int, int]], list[tuple[str, str]]]:
    """Return the catalogue, every row that was written, and the control table."""

    async def ask() -> tuple[Catalogue, list[tuple[int, int]], list[tuple[str, str]]]:
        connection = await connect(parse(bench.url), bench.root, "a test")
        try:
            found = await catalogue.read(connection)
            rows = await connection.fetch("SELECT file, step FROM ledger ORDER BY file, step")
            control = await connection.fetch("SELECT id, status FROM _arckode_migrations ORDER BY id")
        finally:
            await connection.close()
        return (
            found,
            [(int(str(row["file"])), int(str(row["step"]))) for row in rows],
            [(str(row["id"]), str(row["status"])) for row in control],
        )

    return asyncio.run(ask())


def kill_and_finish(forge: Forge, moment: float) -> int:
    """Kill a run after so many seconds, let the next one finish, and return how many files were left for it to apply.

    None is left when the kill came too late to meet the run's work.
    """
    killed = forge.run(kill_after=moment)
    finished = forge.run()
    assert finished["code"] == 0, finished["said"]
    return finished["said"].count("applied 2026") if killed["code"] == -signal.SIGKILL else 0


def empty(bench: Workbench) -> None:
    """Take everything out of the database."""
    (bench.root / "shop.db").unlink(missing_ok=True)
    name = bench.url.rpartition("/")[2]
    if bench.dialect == "postgresql":
        bench.execute("DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
    elif bench.dialect == "mariadb":
        bench.execute(f"DROP DATABASE {name}", f"CREATE DATABASE {name}", f"USE {name}")
