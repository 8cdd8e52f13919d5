"""`--sql` writes a script that the database's own client can run, and that leaves the same control rows."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from arckode_gen.errors import RefusedError
from arckode_gen.migrations.url import parse
from tests.migrations.workbench import FILL, LINES, ORDERS

if TYPE_CHECKING:
    from tests.migrations.workbench import Workbench

QUOTES = """UP = {"*": ["INSERT INTO orders VALUES (1, 'it''s; -- fine')"], "mysql": [
    r"INSERT INTO orders VALUES (1, 'it\\'s; -- fine')",
    "CREATE TRIGGER t BEFORE INSERT ON orders FOR EACH ROW BEGIN SET @a = 1; SET @b = 2; END",
]}
DOWN = {"*": ["DELETE FROM orders"]}
"""


def _client(bench: Workbench, script: str) -> None:
    url = parse(bench.url)
    if bench.dialect == "sqlite":
        import sqlite3

        connection = sqlite3.connect(bench.root / "shop.db")
        connection.executescript(script)
        connection.close()
        return
    commands = {
        "postgresql": [
            "psql",
            "-qX",
            "-v",
            "ON_ERROR_STOP=1",
            f"-h{url.host}",
            f"-p{url.port}",
            f"-U{url.user}",
            url.database,
        ],
        "mariadb": ["mysql", f"-h{url.host}", f"-P{url.port}", f"-u{url.user}", url.database],
    }
    command = commands[bench.dialect]
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    subprocess.run(command, input=script, text=True, check=True, capture_output=True)


def _files(bench: Workbench) -> None:
    bench.write("202611220001_create_orders", ORDERS)
    bench.write("202611220002_create_lines", LINES)
    bench.write("202611220003_quotes", QUOTES)


def test_the_script_migrates_and_the_next_run_finds_nothing_to_do(bench: Workbench) -> None:
    _files(bench)
    _client(bench, bench.migrate(sql=True).text)
    assert bench.fetch("SELECT name FROM orders") == [{"name": "it's; -- fine"}]
    assert bench.migrate().text.startswith("nothing to do: 3 migrations applied")
    (row,) = [row for row in bench.rows() if row["id"] == "202611220003_quotes"]
    assert str(row["finished_at"])[10] == "T"
    assert str(row["finished_at"]).endswith("Z")
    assert len(str(row["finished_at"])) == 24


def test_the_script_holds_only_what_is_pending(bench: Workbench) -> None:
    _files(bench)
    bench.migrate(to="202611220001")
    script = bench.migrate(sql=True, to="202611220002").text
    assert "CREATE TABLE orders " not in script
    assert "ix_lines" in script
    assert "202611220003" not in script


def test_a_rollback_can_be_a_script_too(bench: Workbench) -> None:
    _files(bench)
    bench.migrate()
    _client(bench, bench.migrate(sql=True, rollback=1).text)
    assert bench.fetch("SELECT name FROM orders") == []
    assert bench.states()["202611220003"] == "pending"


def test_with_a_dialect_no_database_is_needed_and_the_bytes_are_the_same_every_time(sqlite: Workbench) -> None:
    _files(sqlite)
    sqlite.url = "postgresql://nowhere.invalid/shop"
    first, second = (sqlite.migrate(sql=True, dialect="postgresql").text for _ in range(2))
    assert first == second
    assert first.startswith("-- postgresql; run it with: psql ")
    assert first.count("BEGIN;") == first.count("COMMIT;") == 3


def test_a_data_migration_cannot_be_in_a_script(sqlite: Workbench) -> None:
    sqlite.write("202611220001_create_orders", ORDERS)
    sqlite.write("202611220002_fill", FILL)
    with pytest.raises(RefusedError, match=r"202611220002_fill\.py is a Python function; a SQL script cannot hold it"):
        sqlite.migrate(sql=True)
