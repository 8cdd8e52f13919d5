"""Two runs at once, a run that is killed, and a lock that somebody holds for too long."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from typing import TYPE_CHECKING

import pytest

from arckode_gen.errors import OperationError
from arckode_gen.migrations.connection import connect
from arckode_gen.migrations.url import parse
from tests.migrations.workbench import ORDERS

if TYPE_CHECKING:
    import subprocess

    from tests.migrations.workbench import Workbench

SLOW = """import time


async def up(db):
    await db.execute("INSERT INTO orders (id, name) VALUES (1, 'slow')")
    time.sleep({seconds})
"""


WAITING = """import pathlib
import time


async def up(db):
    await db.execute("INSERT INTO orders (id, name) VALUES (1, 'slow')")
    while not pathlib.Path({gate!r}).exists():
        time.sleep(0.05)
"""


def _wait_until_applied(bench: Workbench, name: str) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        if bench.states().get(name) == "applied":
            return
        time.sleep(0.05)
    pytest.fail(f"{name} was never applied")


def _end(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def test_of_two_runs_one_migrates_and_the_other_waits_and_finds_nothing(bench: Workbench) -> None:
    gate = bench.root / "gate"
    bench.write("202611220001_create_orders", ORDERS)
    bench.write("202611220002_slow", WAITING.format(gate=str(gate)))
    first = bench.start()
    _wait_until_applied(bench, "202611220001")
    second = bench.start()
    assert second.stderr is not None
    said = ""
    while "waiting for another migration run: " not in said:
        line = second.stderr.readline()
        assert line, said
        said += line
    gate.touch()
    first_code, first_out, _ = _end(first)
    second_code, second_out, _ = _end(second)
    assert (first_code, second_code) == (0, 0)
    assert "2 migrations applied" in first_out
    assert "nothing to do: 2 migrations applied" in second_out
    assert [row["status"] for row in bench.rows()] == ["applied", "applied"]


def test_six_runs_from_an_empty_database_apply_everything_once(bench: Workbench) -> None:
    for number in range(1, 9):
        bench.write(f"20261122{number:04}_t{number}", f'UP = {{"*": ["CREATE TABLE t{number} (id INTEGER)"]}}')
    codes = [_end(process)[0] for process in [bench.start() for _ in range(6)]]
    assert codes == [0] * 6
    assert [row["status"] for row in bench.rows()] == ["applied"] * 8


def test_a_run_that_waits_too_long_names_the_holder(bench: Workbench) -> None:
    bench.write("202611220001_create_orders", ORDERS)

    async def hold_and_migrate() -> str:
        holder = await connect(parse(bench.url), bench.root, "arckode db:migrate on web-1 (process 4711)")
        try:
            assert await holder.try_lock()
            with pytest.raises(OperationError) as caught:
                await asyncio.to_thread(bench.migrate, lock_timeout=0)
            await holder.unlock()
        finally:
            await holder.close()
        return str(caught.value)

    said = asyncio.run(hold_and_migrate())
    assert "another migration run did not end within 0 s: " in said
    assert ("connection " if bench.dialect == "mariadb" else "web-1 (process 4711)") in said
    assert "--lock-timeout SECONDS waits longer" in said
    assert bench.migrate().code == 0


def test_a_killed_run_leaves_no_lock_and_the_next_one_finishes(bench: Workbench) -> None:
    bench.write("202611220001_create_orders", ORDERS)
    bench.write("202611220002_slow", SLOW.format(seconds=60))
    process = bench.start()
    _wait_until_applied(bench, "202611220001")
    time.sleep(0.3)
    os.kill(process.pid, signal.SIGKILL)
    _end(process)
    bench.write("202611220002_slow", SLOW.format(seconds=0))
    assert bench.migrate(lock_timeout=10).code == 0
    assert bench.fetch("SELECT name FROM orders") == [{"name": "slow"}]
    assert bench.states() == {"202611220001": "applied", "202611220002": "applied"}


STATEMENTS = {
    "postgresql": "SELECT pg_sleep(2)",
    "mariadb": "CREATE TABLE copied AS SELECT SLEEP(2) AS slept",
}


@pytest.mark.parametrize(
    "name", [pytest.param("postgres", marks=pytest.mark.postgres), pytest.param("mariadb", marks=pytest.mark.mariadb)]
)
def test_the_next_run_waits_until_the_server_has_ended_the_killed_runs_statement(
    name: str, request: pytest.FixtureRequest
) -> None:
    bench: Workbench = request.getfixturevalue(name)
    bench.write("202611220001_create_orders", ORDERS)
    bench.write("202611220002_slow", f'UP = {{"*": ["{STATEMENTS[bench.dialect]}", "CREATE TABLE last (id INTEGER)"]}}')
    process = bench.start()
    _wait_until_applied(bench, "202611220001")
    time.sleep(0.5)
    os.kill(process.pid, signal.SIGKILL)
    _end(process)
    said = bench.migrate(lock_timeout=20)
    assert said.code == 0
    assert "waiting for another migration run" in said.err[-1]
    assert "last" in bench.tables()


@pytest.mark.postgres
def test_postgresql_gives_up_on_a_busy_table_and_tries_again(
    postgres: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("arckode_gen.migrations.engines.postgresql.LOCK_TIMEOUT", "200ms")
    monkeypatch.setattr("arckode_gen.migrations.transactional.FIRST_WAIT", 0.3)
    postgres.write("202611220001_create_orders", ORDERS)
    postgres.migrate()
    postgres.write("202611220002_add", 'UP = {"*": ["ALTER TABLE orders ADD COLUMN note TEXT"]}')

    async def read_for_a_while() -> list[str]:
        reader = await connect(parse(postgres.url), postgres.root, "a long report")
        await reader.begin()
        await reader.fetch("SELECT * FROM orders")
        run = asyncio.create_task(asyncio.to_thread(postgres.migrate))
        await asyncio.sleep(0.5)
        await reader.rollback()
        await reader.close()
        return (await run).err

    said = asyncio.run(read_for_a_while())
    assert "202611220002_add: a table is in use (canceling statement due to lock timeout" in said[-1]
    assert postgres.states()["202611220002"] == "applied"
