"""`db:baseline` adopts a database that holds already what its migrations do, and runs nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from arckode_gen.errors import RefusedError
from tests.migrations.workbench import FILL, LINES, ORDERS

if TYPE_CHECKING:
    from tests.migrations.workbench import Workbench


def _by_hand(bench: Workbench) -> None:
    bench.fetch("CREATE TABLE orders (id INTEGER PRIMARY KEY, name VARCHAR(40))")
    bench.fetch("CREATE TABLE order_lines (id INTEGER PRIMARY KEY)")


def test_what_is_there_is_noted_and_nothing_is_run(bench: Workbench) -> None:
    _by_hand(bench)
    bench.usual()
    said = bench.baseline()
    assert said.out[:2] == [
        "noted 202611220001_create_orders as applied",
        "noted 202611220002_create_lines as applied",
    ]
    assert "3 noted as applied on " in said.text
    assert bench.fetch("SELECT * FROM orders") == []
    assert bench.migrate().text.startswith("nothing to do: 3 migrations applied")
    assert bench.baseline().text.startswith("nothing to note: 3 migrations applied")


def test_what_comes_after_the_named_file_stays_pending(bench: Workbench) -> None:
    _by_hand(bench)
    bench.usual()
    bench.baseline(to="create_lines")
    assert "1 migration applied" in bench.migrate().text
    assert bench.fetch("SELECT name FROM orders") == [{"name": "first 100%"}]


def test_a_table_that_is_missing_stops_it(bench: Workbench) -> None:
    bench.fetch("CREATE TABLE orders (id INTEGER PRIMARY KEY, name VARCHAR(40))")
    bench.usual()
    with pytest.raises(RefusedError) as caught:
        bench.baseline()
    assert "202611220002_create_lines makes the table order_lines, which this database does not have" in str(
        caught.value
    )
    assert bench.tables() == {"orders"}
    assert bench.baseline(unchecked=True, json=True).document["noted"] == [
        "202611220001_create_orders",
        "202611220002_create_lines",
        "202611220003_fill_orders",
    ]


def test_a_table_that_a_later_file_renames_or_drops_need_not_be_there(bench: Workbench) -> None:
    bench.fetch("CREATE TABLE purchases (id INTEGER PRIMARY KEY)")
    bench.write("202611220001_create_orders", ORDERS)
    bench.write("202611220002_create_lines", LINES)
    bench.write(
        "202611220003_rename", 'UP = {"*": ["ALTER TABLE orders RENAME TO purchases", "DROP TABLE order_lines"]}'
    )
    assert bench.baseline().code == 0


def test_a_baseline_can_be_rolled_back_like_any_other(bench: Workbench) -> None:
    _by_hand(bench)
    bench.write("202611220001_create_orders", ORDERS)
    bench.write("202611220002_create_lines", LINES)
    bench.write("202611220003_fill_orders", FILL)
    bench.baseline()
    assert bench.migrate(rollback=2).code == 0
    assert bench.tables() == {"orders"}
