"""What a person at a terminal sees of a long run: one line that moves, and is gone when something lasting is said."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from tests.cli.terminal import converse
from tests.migrations.workbench import ORDERS

if TYPE_CHECKING:
    from tests.migrations.workbench import Workbench

COMMAND = [sys.executable, "-m", "arckode_gen", "db:migrate"]
ERASE = "\r\x1b[2K"
BATCHES = """TRANSACTION = False


async def up(db):
    for number in range(1, 8):
        await db.execute("INSERT INTO orders (id, name) VALUES (?, ?)", number, "")
    async for rows in db.batches("SELECT id FROM orders", size=3):
        pass
"""


def test_statements_and_rows_are_counted_in_a_line_that_goes_away(bench: Workbench) -> None:
    bench.write("202611220001_create_orders", ORDERS)
    bench.write("202611220002_batches", BATCHES)
    code, seen = converse(bench.root, COMMAND, timeout=60, DATABASE_URL=bench.url)
    assert code == 0, seen
    assert f"{ERASE}202611220001_create_orders: statement 1 of 1" in seen
    assert "202611220002_batches: 6 rows" in seen
    assert f"{ERASE}applied 202611220002_batches (" in seen
    assert seen.rstrip().splitlines()[-1].startswith("2 migrations applied on ")


def test_without_a_terminal_nothing_moves(sqlite: Workbench) -> None:
    sqlite.write("202611220001_create_orders", ORDERS)
    out, err = sqlite.start().communicate(timeout=60)
    assert "statement 1 of 1" not in out + err
    assert "\x1b" not in out + err
