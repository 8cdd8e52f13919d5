"""A file that sorts before an applied one is applied when it changes other tables, and an error when the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from arckode_gen.errors import RefusedError
from arckode_gen.migrations.touched import changed
from tests.migrations.workbench import ORDERS

if TYPE_CHECKING:
    from arckode_gen.migrations.dialects import Dialect
    from tests.migrations.workbench import Workbench

NOTE = 'UP = {"*": ["ALTER TABLE orders ADD COLUMN note VARCHAR(9)"]}\nDOWN = {"*": []}'
STATUS = 'UP = {"*": ["ALTER TABLE orders ADD COLUMN status VARCHAR(9)"]}\nDOWN = {"*": []}'


def _late(bench: Workbench, text: str) -> None:
    bench.write("202611220001_create_orders", ORDERS)
    bench.write("202611220003_status", STATUS)
    bench.migrate()
    bench.write("202611220002_note", text)


def test_both_change_the_same_table(bench: Workbench) -> None:
    _late(bench, NOTE)
    for words in ({}, {"dry_run": True}):
        with pytest.raises(RefusedError) as caught:
            bench.migrate(**words)
        assert caught.value.message == (
            "202611220002_note sorts before 202611220003_status, which is applied, and both change orders"
        )
        assert "give the file a newer number" in caught.value.hint
    assert bench.migrate(allow_late=True).code == 0
    assert bench.states()["202611220002"] == "applied"


def test_a_function_counts_by_the_statements_in_its_texts(bench: Workbench) -> None:
    _late(bench, 'async def up(db):\n    await db.execute("UPDATE orders SET name = ?", "x")\n')
    with pytest.raises(RefusedError, match="both change orders"):
        bench.migrate()


def test_another_table_is_no_obstacle(bench: Workbench) -> None:
    _late(bench, 'UP = {"*": ["CREATE TABLE customers (id INTEGER)"]}\nDOWN = {"*": []}')
    assert bench.migrate().code == 0


def test_the_same_file_is_no_obstacle_to_itself_once_renamed(bench: Workbench) -> None:
    _late(bench, NOTE)
    (bench.folder / "202611220002_note.py").rename(bench.folder / "202611220004_note.py")
    assert bench.migrate().code == 0


@pytest.mark.parametrize(
    ("sql", "dialect", "tables"),
    [
        ("CREATE TABLE IF NOT EXISTS Orders (id INT)", "sqlite", ["orders"]),
        ('CREATE TABLE public."Orders" (id INT REFERENCES customers (id))', "postgresql", ["orders"]),
        ("ALTER TABLE ONLY orders ADD note TEXT", "postgresql", ["orders"]),
        ("CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS ix ON orders (id)", "postgresql", ["orders"]),
        ("CREATE INDEX ON orders (id)", "postgresql", ["orders"]),
        ("DROP INDEX ix ON `orders`", "mariadb", ["orders"]),
        ("CREATE INDEX ix USING BTREE ON orders (id)", "mariadb", ["orders"]),
        ("INSERT OR IGNORE INTO orders SELECT * FROM customers", "sqlite", ["orders"]),
        ("UPDATE orders AS o SET id = 1 FROM customers", "postgresql", ["orders"]),
        ("DELETE FROM orders WHERE id IN (SELECT id FROM customers)", "sqlite", ["orders"]),
        ("WITH old AS (SELECT 1) UPDATE orders SET id = 2", "postgresql", ["orders"]),
        ("CREATE TRIGGER tr AFTER INSERT ON orders BEGIN DELETE FROM logs; END", "sqlite", ["orders", "logs"]),
        ("COMMENT ON TABLE orders IS 'mine'", "postgresql", ["orders"]),
        ("RENAME TABLE orders TO purchases", "mariadb", ["orders"]),
        ("SELECT * FROM orders WHERE note = 'DROP TABLE customers'", "sqlite", []),
        ("SET lock_timeout = '5s'", "postgresql", []),
        ("this is 'no SQL", "sqlite", []),
    ],
)
def test_the_tables_that_a_statement_changes(sql: str, dialect: Dialect, tables: list[str]) -> None:
    assert sorted(set(changed(sql, dialect))) == sorted(tables)
