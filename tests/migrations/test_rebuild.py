"""SQLite builds a table anew around its rows: triggers, indexes, checks, views and child rows survive."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest
from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, MetaData, Table, Text, text

from arckode_gen.errors import OperationError
from arckode_gen.migrations.sqlite_table import parse
from tests.migrations.models import CHANGES, Change, apply, diff

if TYPE_CHECKING:
    from tests.migrations.workbench import Workbench

KEPT = (
    ("trigger", "tr_orders"),
    ("index", "ix_orders_lower"),
    ("index", "ix_orders_open"),
    ("view", "v_orders"),
    ("trigger", "tr_customers"),
)


def _with_more(metadata: MetaData) -> MetaData:
    """Give the models what only a definition's text tells of, and a table whose rows would go with their parents."""
    orders = metadata.tables["orders"]
    orders.append_constraint(CheckConstraint("length(number) < 30", name="short"))
    Index("ix_orders_lower", text("lower(number)"), _table=orders)
    Table(
        "lines",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("order_id", Integer, ForeignKey("orders.id", ondelete="CASCADE"), nullable=False),
    )
    return metadata


def _fill(bench: Workbench) -> None:
    bench.fetch("INSERT INTO customers (id, email) VALUES (1, 'a@b.c')")
    bench.fetch(
        "INSERT INTO orders (id, customer_id, number, note, paid, kind, amount) "
        "VALUES (1, 1, 'one', 'n', 1, 'a', 5), (2, 1, 'two', NULL, 0, 'b', 5)"
    )
    bench.fetch("INSERT INTO lines (id, order_id) VALUES (1, 1), (2, 1), (3, 2)")
    bench.fetch("CREATE TRIGGER tr_orders AFTER DELETE ON orders BEGIN DELETE FROM lines WHERE order_id = old.id; END")
    bench.fetch("CREATE VIEW v_orders AS SELECT o.id, o.number FROM orders AS o")
    bench.fetch("CREATE TRIGGER tr_customers AFTER DELETE ON customers BEGIN DELETE FROM orders; END")


def _has_index(metadata: MetaData, name: str) -> bool:
    return any(index.name == name for index in metadata.tables["orders"].indexes)


ALTERING = [change for change in CHANGES if "table" not in change.what and "sqlite" not in change.not_on]


@pytest.mark.parametrize("change", ALTERING, ids=[change.what for change in ALTERING])
def test_everything_around_a_table_survives_its_change(sqlite: Workbench, change: Change) -> None:
    apply(sqlite, diff(sqlite, _with_more(change.before())), 1)
    _fill(sqlite)
    after = _with_more(change.after())
    kept = {item for item in KEPT if item[0] != "index" or _has_index(after, item[1])}
    apply(sqlite, diff(sqlite, after, *change.renames), 2)
    objects = {(row["type"], row["name"]) for row in sqlite.fetch("SELECT type, name FROM sqlite_master")}
    assert kept <= objects
    assert sqlite.fetch("SELECT COUNT(*) AS n FROM lines") == [{"n": 3}]
    assert sqlite.fetch("SELECT number FROM v_orders ORDER BY id") == [{"number": "one"}, {"number": "two"}]
    (definition,) = sqlite.fetch("SELECT sql FROM sqlite_master WHERE name = 'orders'")
    assert "length(number) < 30" in str(definition["sql"])
    assert "arckode_new" not in str(objects)
    sqlite.migrate(rollback=1)
    assert kept <= {(row["type"], row["name"]) for row in sqlite.fetch("SELECT type, name FROM sqlite_master")}
    assert sqlite.fetch("SELECT COUNT(*) AS n FROM lines") == [{"n": 3}]


BY_HAND = """UP = {{"*": [
    "CREATE TABLE _arckode_new_orders (id INTEGER PRIMARY KEY, name VARCHAR(40) NOT NULL)",
    "INSERT INTO _arckode_new_orders SELECT * FROM orders {where}",
    "DROP TABLE orders",
    "ALTER TABLE _arckode_new_orders RENAME TO orders",
]}}
"""


def _orders(sqlite: Workbench) -> None:
    sqlite.usual()
    sqlite.migrate()


def test_a_rebuild_that_loses_rows_is_refused(sqlite: Workbench) -> None:
    _orders(sqlite)
    sqlite.write("202611220004_rebuild", BY_HAND.format(where="WHERE id > 1"))
    with pytest.raises(OperationError, match="orders had 1 rows and would have 0"):
        sqlite.migrate()
    assert sqlite.fetch("SELECT COUNT(*) AS n FROM orders") == [{"n": 1}]


def test_a_rebuild_that_loses_a_trigger_is_refused(sqlite: Workbench) -> None:
    _orders(sqlite)
    sqlite.fetch("CREATE TRIGGER tr AFTER DELETE ON orders BEGIN SELECT 1; END")
    sqlite.write("202611220004_rebuild", BY_HAND.format(where=""))
    with pytest.raises(OperationError, match="orders would lose trigger tr: the file drops the table"):
        sqlite.migrate()
    assert sqlite.fetch("SELECT name FROM sqlite_master WHERE type = 'trigger'") == [{"name": "tr"}]


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE t (a INT)",
        "CREATE TABLE \"we ird\" ([a b] VARCHAR(3) COLLATE NOCASE NOT NULL DEFAULT 'x,(y', `c` TEXT)",
        "CREATE TABLE t (a INTEGER PRIMARY KEY AUTOINCREMENT, b INT CONSTRAINT ck CHECK (b > 0) DEFAULT (1 + 2))",
        "CREATE TABLE t (a INT REFERENCES p (a) ON DELETE SET NULL NOT DEFERRABLE, b INT NOT NULL DEFAULT NULL)",
        "CREATE TABLE t (a INT, b INT GENERATED ALWAYS AS (a * 2) STORED, PRIMARY KEY (a), UNIQUE (a, b)) STRICT",
        "CREATE TABLE t (a INT, CONSTRAINT fk FOREIGN KEY (a) REFERENCES p (a)) WITHOUT ROWID, STRICT",
        "CREATE TABLE t (a, b DEFAULT CURRENT_TIMESTAMP, c DEFAULT -1)",
    ],
)
def test_a_definition_is_taken_apart_and_put_together_again(sql: str) -> None:
    once = parse(sql)
    assert parse(once.sql()) == once
    assert [column.name for column in once.columns]


def test_comments_in_a_definition_do_not_end_up_in_the_wrong_place() -> None:
    table = parse("CREATE TABLE t (\n  a INT, -- the first, of (two)\n  b TEXT /* last */\n)")
    assert [(column.name, column.type) for column in table.columns] == [("a", "INT"), ("b", "TEXT")]


def test_the_plan_is_what_runs_byte_for_byte(bench: Workbench) -> None:
    apply(bench, diff(bench, CHANGES[0].before()), 1)
    bench.write("202611220002_change", diff(bench, CHANGES[6].after())["text"])
    shown = [item["statements"] for item in _plan(bench)]
    bench.migrate()
    stored = str(bench.rows()[-1]["applied_sql"])
    total = len(shown[0])
    assert stored == "\n".join(f"-- statement {n} of {total}\n{sql}" for n, sql in enumerate(shown[0], 1))


def _plan(bench: Workbench) -> list[dict[str, list[str]]]:
    return cast("list[dict[str, list[str]]]", bench.migrate(dry_run=True, json=True).document["plan"])


def test_keys_of_deleted_rows_do_not_come_again_after_a_rebuild(sqlite: Workbench) -> None:
    def models(kind: type[Integer | Text]) -> MetaData:
        metadata = MetaData()
        columns = Column("id", Integer, primary_key=True), Column("note", kind)
        Table("orders", metadata, *columns, sqlite_autoincrement=True)
        return metadata

    apply(sqlite, diff(sqlite, models(Integer)), 1)
    sqlite.fetch("INSERT INTO orders (id, note) VALUES (7, 1)")
    sqlite.fetch("DELETE FROM orders")
    apply(sqlite, diff(sqlite, models(Text)), 2)
    assert sqlite.fetch("SELECT name, seq FROM sqlite_sequence WHERE name LIKE '%orders'") == [
        {"name": "orders", "seq": 7}
    ]


def test_a_rename_leaves_texts_and_other_tables_alone(sqlite: Workbench) -> None:
    def models(name: str, kind: type[Integer | Text]) -> MetaData:
        metadata = MetaData()
        Table("orders", metadata, Column("id", Integer, primary_key=True), Column(name, kind))
        Table("log", metadata, Column("id", Integer, primary_key=True), Column("note", Text))
        return metadata

    apply(sqlite, diff(sqlite, models("note", Integer)), 1)
    sqlite.execute(
        "CREATE TRIGGER tr AFTER UPDATE ON orders WHEN NEW.note > 0 "
        "BEGIN INSERT INTO log (note) VALUES ('the note of \"note\"'); END",
        "CREATE VIEW noted AS SELECT note FROM orders",
    )
    apply(sqlite, diff(sqlite, models("remark", Text), "orders.note:orders.remark"), 2)
    sqlite.execute("INSERT INTO orders (remark) VALUES (1)", "UPDATE orders SET remark = 2")
    assert sqlite.fetch("SELECT note FROM log") == [{"note": 'the note of "note"'}]
    assert sqlite.migrate(rollback=1).code == 0
    sqlite.execute("UPDATE orders SET note = 3")
    assert sqlite.fetch("SELECT COUNT(*) AS n FROM log") == [{"n": 2}]
    assert sqlite.fetch("SELECT note FROM noted") == [{"note": 3}]


def test_the_word_autoincrement_in_a_text_is_no_counter(sqlite: Workbench) -> None:
    def models(kind: type[Integer | Text]) -> MetaData:
        metadata = MetaData()
        columns = Column("id", Integer, primary_key=True), Column("note", kind, server_default="AUTOINCREMENT")
        Table("orders", metadata, *columns)
        return metadata

    apply(sqlite, diff(sqlite, models(Integer)), 1)
    apply(sqlite, diff(sqlite, models(Text)), 2)
    assert diff(sqlite, models(Text))["differences"] == []
