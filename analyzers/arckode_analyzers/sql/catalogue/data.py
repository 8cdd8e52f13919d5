"""Changes of rows: how many at once, and beside what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_analyzers.sql.operations import DATA
from arckode_analyzers.sql.script import EVERY, POSTGRES, Check, sample

if TYPE_CHECKING:
    from arckode_analyzers.sql.operations import Operation
    from arckode_analyzers.sql.script import State

_BATCHES = "change rows in batches by key, in a file of its own (`async for rows in db.batches(...)`)"
_SCHEMA = frozenset("add_column drop_column rename_column rename_table alter_type set_not_null add_constraint".split())


def _whole_table(operation: Operation, state: State) -> str:
    if operation.kind not in {"update", "delete"} or "where" in operation.flags or state.is_new(operation):
        return ""
    what = "updates" if operation.kind == "update" else "deletes"
    return f"{what} every row of `{operation.table}` in one statement"


def _mixed(operation: Operation, state: State) -> str:
    """A change of data after a change of the same transaction's schema holds the lock until the last row."""
    moves = operation.kind in DATA - {"insert", "truncate"} or "select" in operation.flags
    if not moves or state.is_new(operation) or _whole_table(operation, state):
        return ""
    if state.script.steps[state.at].outside:
        return ""
    locked = [each.table for each in state.earlier() if each.kind in _SCHEMA and each.table not in state.new]
    if not locked:
        return ""
    return f"changes rows of `{operation.table}` while `{locked[0]}` stays locked by the change of its schema"


CHECKS = (
    Check(
        "whole-table",
        EVERY,
        "error",
        danger=(
            "One statement locks every row it has changed until it is done, fills the log, and cannot be stopped half "
            "way; without a WHERE it is often a slip."
        ),
        recipe=_BATCHES,
        says=_whole_table,
        bad=(sample("UPDATE orders SET note = 'none'"), sample("DELETE FROM orders")),
        good=(
            sample("UPDATE orders SET note = 'none' WHERE id BETWEEN 1 AND 1000"),
            sample("DELETE FROM orders WHERE id = 1"),
        ),
    ),
    Check(
        "mixed",
        POSTGRES,
        "error",
        danger="The lock of the change of the schema is held until the last row is changed: nobody can use the table.",
        recipe=f"{_BATCHES}, after the schema",
        says=_mixed,
        bad=(
            sample("ALTER TABLE orders ADD COLUMN flag INTEGER", "UPDATE orders SET flag = 1 WHERE total > 0"),
            sample(
                "ALTER TABLE orders ADD COLUMN flag INTEGER", "INSERT INTO parcels SELECT id + 10, NULL FROM orders"
            ),
        ),
        good=(
            sample("UPDATE orders SET note = 'none' WHERE id = 1"),
            sample(
                "ALTER TABLE orders ADD COLUMN flag INTEGER", "INSERT INTO customers (id, name) VALUES (2, 'Grace')"
            ),
        ),
    ),
)
