"""What `db` offers to a data migration, the same on every database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.migrations.workbench import ORDERS

if TYPE_CHECKING:
    import pytest

    from tests.migrations.workbench import Workbench


def test_batches_visit_every_row_once_while_rows_change(bench: Workbench) -> None:
    bench.write("202611220001_create_orders", ORDERS)
    bench.write(
        "202611220002_batches",
        """async def up(db):
    for number in range(1, 26):
        await db.execute("INSERT INTO orders (id, name) VALUES (?, ?)", number, f"n{number}")
    sizes = []
    async for rows in db.batches("SELECT id, name FROM orders WHERE name <> ?", "n3", size=10):
        sizes.append(len(rows))
        for row in rows:
            changed = await db.execute("UPDATE orders SET name = ? WHERE id = ?", row["name"] + "!", row["id"])
            assert changed == 1
    assert sizes == [10, 10, 4], sizes
""",
    )
    assert bench.migrate().code == 0
    assert bench.fetch("SELECT COUNT(*) AS n FROM orders WHERE name LIKE '%!'") == [{"n": 24}]


def test_question_marks_in_texts_and_percent_signs_are_left_alone(bench: Workbench) -> None:
    bench.write("202611220001_create_orders", ORDERS)
    bench.write(
        "202611220002_marks",
        """async def up(db):
    await db.execute("INSERT INTO orders (id, name) VALUES (?, 'why? 5%')", 1)
    rows = await db.fetch("SELECT name FROM orders WHERE name LIKE '%?%' AND id = ?", 1)
    assert rows == [{"name": "why? 5%"}], rows
    assert await db.fetch("SELECT name FROM orders WHERE name LIKE '%5%'")
""",
    )
    assert bench.migrate().code == 0


def test_what_a_migration_prints_is_conversation(sqlite: Workbench, capfd: pytest.CaptureFixture[str]) -> None:
    sqlite.write("202611220001_prints", "print('read')\n\n\nasync def up(db):\n    print('run')\n")
    sqlite.migrate(json=True)
    assert capfd.readouterr() == ("", "read\nrun\n")


def test_the_dialect_is_the_servers(bench: Workbench) -> None:
    bench.write("202611220001_create_orders", ORDERS)
    bench.write(
        "202611220002_dialect",
        'async def up(db):\n    await db.execute("INSERT INTO orders (id, name) VALUES (?, ?)", 1, db.dialect)\n',
    )
    bench.migrate()
    assert bench.fetch("SELECT name FROM orders") == [{"name": bench.dialect}]


def test_a_caught_failure_on_sqlite_does_not_stop_the_migration(sqlite: Workbench) -> None:
    sqlite.write("202611220001_create_orders", ORDERS)
    sqlite.write(
        "202611220002_try",
        """import asyncio

async def up(db):
    await asyncio.sleep(0)
    try:
        await db.execute("INSERT INTO nowhere VALUES (1)")
    except Exception as failure:
        await db.execute("INSERT INTO orders (id, name) VALUES (1, ?)", str(failure))
""",
    )
    sqlite.migrate()
    assert sqlite.fetch("SELECT name FROM orders") == [{"name": "no such table: nowhere (SQLITE_ERROR)"}]
