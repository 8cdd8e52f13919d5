"""A run that something outside ends: what was applied is said, and the next run goes on."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from arckode_gen.errors import OperationError
from arckode_gen.migrations.connection import connect
from arckode_gen.migrations.url import parse
from tests.migrations.workbench import ORDERS

if TYPE_CHECKING:
    from tests.migrations.workbench import Workbench

WAITS = """import asyncio


async def up(db):
    await db.execute("INSERT INTO orders (id, name) VALUES (1, 'never')")
    await asyncio.sleep({seconds})
"""


def _until(bench: Workbench, name: str) -> None:
    end = time.monotonic() + 30
    while bench.states().get(name) != "applied":
        assert time.monotonic() < end, f"{name} was never applied"
        time.sleep(0.1)


def test_ctrl_c_says_what_was_done_and_the_next_run_goes_on(bench: Workbench) -> None:
    bench.write("202611220001_create_orders", ORDERS)
    bench.write("202611220002_waits", WAITS.format(seconds=60))
    process = bench.start()
    _until(bench, "202611220001")
    time.sleep(0.3)
    os.kill(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "interrupted: 1 migration done, and none after; `arckode db:status` shows where it stands" in err
    assert bench.fetch("SELECT * FROM orders") == []
    bench.write("202611220002_waits", WAITS.format(seconds=0))
    assert bench.migrate().code == 0
    assert bench.fetch("SELECT name FROM orders") == [{"name": "never"}]


# Only sessions of this test's own database: others use the same servers.
ENDS = {
    "postgresql": (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND application_name LIKE 'arckode db:mig%'"
    ),
    "mariadb": (
        "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND info LIKE 'CREATE TABLE slow%'"
    ),
}
SLOW = {
    "postgresql": "CREATE TABLE slow AS SELECT pg_sleep(20)::text AS slept",
    "mariadb": "CREATE TABLE slow AS SELECT SLEEP(20) AS slept",
}


@pytest.mark.parametrize(
    "name", [pytest.param("postgres", marks=pytest.mark.postgres), pytest.param("mariadb", marks=pytest.mark.mariadb)]
)
def test_a_connection_that_is_lost_is_said_and_the_next_run_goes_on(name: str, request: pytest.FixtureRequest) -> None:
    bench: Workbench = request.getfixturevalue(name)
    bench.write("202611220001_create_orders", ORDERS)
    bench.write("202611220002_slow", f'UP = {{"*": ["INSERT INTO orders VALUES (1, NULL)", "{SLOW[bench.dialect]}"]}}')

    async def lose() -> OperationError:
        run = asyncio.create_task(asyncio.to_thread(bench.migrate))
        other = await connect(parse(bench.url), bench.root, "somebody else")
        try:
            await asyncio.sleep(1.5)
            rows = await other.fetch(ENDS[bench.dialect])
            for row in rows if bench.dialect == "mariadb" else []:
                await other.execute(f"KILL {row['id']}")
            with pytest.raises(OperationError) as caught:
                await run
        finally:
            await other.close()
        return caught.value

    error = asyncio.run(lose())
    assert "202611220002_slow.py:1: statement 2 of 2 failed on " in error.message
    if bench.dialect == "postgresql":
        assert "the file is applied whole or not at all: `arckode db:status` says which" in error.hint
    else:
        assert error.hint == (
            "statement 1 has taken effect and will not run twice; the next run looks up whether statement 2 did; "
            "before it 202611220001_create_orders was applied, and nothing else; run `arckode db:migrate` again"
        )
    bench.write(
        "202611220002_slow",
        f'UP = {{"*": ["INSERT INTO orders VALUES (1, NULL)", "{SLOW[bench.dialect].replace("20", "0")}"]}}',
    )
    assert bench.migrate(lock_timeout=60).code == 0
    assert bench.fetch("SELECT COUNT(*) AS n FROM orders") == [{"n": 1}]
    assert "slow" in bench.tables()


FULL = """import resource, signal, sys
from arckode_gen.__main__ import main

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
sys.exit(main(["db:migrate", "--no-input"]))
"""


def test_a_full_disk_leaves_nothing_of_the_file_and_says_so(sqlite: Workbench) -> None:
    sqlite.write("202611220001_create_orders", ORDERS)
    sqlite.write(
        "202611220002_much",
        """async def up(db):
    for number in range(400):
        await db.execute("INSERT INTO orders (id, name) VALUES (?, ?)", number, "x" * 2000)
""",
    )
    environ = {**os.environ, "DATABASE_URL": sqlite.url}
    done = subprocess.run(
        [sys.executable, "-c", FULL], cwd=sqlite.root, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 5, done.stderr
    assert "202611220002_much.py" in done.stderr
    assert "nothing of this file was kept" in done.stderr
    assert sqlite.states() == {"202611220001": "applied", "202611220002": "pending"}
    assert sqlite.migrate().code == 0
    assert sqlite.fetch("SELECT COUNT(*) AS n FROM orders") == [{"n": 400}]


@pytest.mark.mariadb
def test_on_mariadb_a_table_that_is_full_keeps_what_took_effect_and_room_is_asked_for(mariadb: Workbench) -> None:
    """A disk that is full is the same error of the server; a table in memory has a size that a session may choose."""
    statements = [
        "CREATE TABLE orders (id INTEGER PRIMARY KEY)",
        "SET SESSION max_heap_table_size = 16384",
        "CREATE TABLE much (id INTEGER PRIMARY KEY, name CHAR(200)) ENGINE = MEMORY",
        "INSERT INTO much SELECT seq, 'x' FROM seq_1_to_5000",
    ]
    file = mariadb.write("202611220001_much", f"UP = {{'mariadb': {statements!r}}}")
    with pytest.raises(OperationError, match=r"statement 4 of 4 failed on mariadb: .*is full \(error 1114\)") as caught:
        mariadb.migrate()
    assert caught.value.hint == (
        "statements 1 to 3 have taken effect and will not run twice; make room and run `arckode db:migrate` again"
    )
    file.write_text(file.read_text().replace(statements[3], "INSERT INTO orders (id) VALUES (1)"))
    assert mariadb.migrate().code == 0
    assert mariadb.fetch("SELECT id FROM orders") == [{"id": 1}]


def test_a_batch_that_was_committed_is_not_worked_on_again(bench: Workbench) -> None:
    bench.write("202611220001_create_orders", ORDERS)
    bench.write(
        "202611220002_rows",
        """async def up(db):
    for number in range(1, 11):
        await db.execute("INSERT INTO orders (id, name) VALUES (?, ?)", number, "")
""",
    )
    bench.migrate()
    text = """TRANSACTION = False


async def up(db):
    async for rows in db.batches("SELECT id, name FROM orders", size=3):
        for row in rows:
            if row["id"] == {stop}:
                raise RuntimeError("enough")
            await db.execute("UPDATE orders SET name = ? WHERE id = ?", row["name"] + "!", row["id"])
"""
    bench.write("202611220003_batches", text.format(stop=8))
    with pytest.raises(OperationError, match="RuntimeError: enough") as caught:
        bench.migrate()
    assert caught.value.hint == (
        "the batches that were done stay, and the next run goes on after them; "
        "correct it and run `arckode db:migrate` again"
    )
    marked = bench.fetch("SELECT id FROM orders WHERE name = '!' ORDER BY id")
    assert [row["id"] for row in marked] == [1, 2, 3, 4, 5, 6]
    assert bench.states()["202611220003"] == "unfinished"
    bench.write("202611220003_batches", text.format(stop=-1))
    assert bench.migrate().code == 0
    assert bench.fetch("SELECT DISTINCT name FROM orders") == [{"name": "!"}]


def test_batches_back_start_at_the_first_row_and_go_on_where_they_stopped(bench: Workbench) -> None:
    bench.write("202611220001_create_orders", ORDERS)
    bench.write(
        "202611220002_rows",
        """async def up(db):
    for number in range(1, 11):
        await db.execute("INSERT INTO orders (id, name) VALUES (?, ?)", number, "")
""",
    )
    text = """TRANSACTION = False


async def up(db):
    async for rows in db.batches("SELECT id, name FROM orders", size=3):
        for row in rows:
            await db.execute("UPDATE orders SET name = ? WHERE id = ?", "up", row["id"])


async def down(db):
    async for rows in db.batches("SELECT id, name FROM orders", size=3):
        for row in rows:
            if row["id"] == {stop}:
                raise RuntimeError("enough")
            await db.execute("UPDATE orders SET name = ? WHERE id = ?", row["name"] + " down", row["id"])
"""
    bench.write("202611220003_batches", text.format(stop=8))
    assert bench.migrate().code == 0
    with pytest.raises(OperationError, match="RuntimeError: enough") as caught:
        bench.migrate(rollback=1)
    assert caught.value.hint.startswith("the batches that were done stay, and the next run goes on after them; ")
    assert len(bench.fetch("SELECT id FROM orders WHERE name = 'up down'")) == 6
    bench.write("202611220003_batches", text.format(stop=-1))
    assert bench.migrate(rollback=1).code == 0
    assert bench.fetch("SELECT DISTINCT name FROM orders") == [{"name": "up down"}]
    assert bench.migrate().code == 0
    assert bench.fetch("SELECT DISTINCT name FROM orders") == [{"name": "up"}]


def test_a_key_that_cannot_be_noted_is_refused(sqlite: Workbench) -> None:
    sqlite.write("202611220001_create_orders", ORDERS)
    sqlite.write(
        "202611220002_batches",
        """TRANSACTION = False


async def up(db):
    await db.execute("INSERT INTO orders (id) VALUES (1)")
    async for rows in db.batches("SELECT 1.5 AS id FROM orders"):
        pass
""",
    )
    with pytest.raises(OperationError, match=r"db.batches cannot go on after a key like 1\.5"):
        sqlite.migrate()
