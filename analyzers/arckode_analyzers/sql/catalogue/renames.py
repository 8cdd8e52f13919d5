"""What running code no longer finds under the name it knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_analyzers.sql.script import EVERY, MYSQL, POSTGRES, Check, sample

if TYPE_CHECKING:
    from arckode_analyzers.sql.operations import Operation
    from arckode_analyzers.sql.script import State

_EXPAND = "add the new one, write both, backfill in batches, switch the readers, and drop the old one later"


def _table(operation: Operation, state: State) -> str:
    if operation.kind not in {"rename_table", "move_table"} or state.is_new(operation):
        return ""
    what = "renames" if operation.kind == "rename_table" else "moves"
    return f"{what} the table `{operation.table}`, which running code still uses"


def _column(operation: Operation, state: State) -> str:
    if operation.kind != "rename_column" or state.is_added(operation):
        return ""
    return f"renames `{operation.table}.{operation.name}`, which running code still uses"


def _schema(operation: Operation, _: State) -> str:
    return (
        f"renames the schema `{operation.name}`, which running code still uses"
        if operation.kind == "rename_schema"
        else ""
    )


def _value(operation: Operation, _: State) -> str:
    if operation.kind != "rename_enum_value":
        return ""
    return f"renames a value of `{operation.table}`, which running code still writes"


CHECKS = (
    Check(
        "rename-table",
        EVERY,
        "error",
        danger="Every query of the code that is still running fails until the new code is everywhere.",
        recipe=f"{_EXPAND}; or leave a view under the old name until no code uses it",
        says=_table,
        bad=(
            sample("ALTER TABLE orders RENAME TO purchases"),
            sample("RENAME TABLE orders TO purchases", on=MYSQL),
            sample("ALTER TABLE orders SET SCHEMA archive", on=POSTGRES | {"*"}),
        ),
        good=(sample("CREATE TABLE parts (id BIGINT PRIMARY KEY)", "ALTER TABLE parts RENAME TO pieces"),),
    ),
    Check(
        "rename-column",
        EVERY,
        "error",
        danger="Every query that names the column fails until the new code is everywhere.",
        recipe=_EXPAND,
        says=_column,
        bad=(
            sample("ALTER TABLE orders RENAME COLUMN note TO remark"),
            sample("ALTER TABLE orders CHANGE note remark VARCHAR(100)", on=MYSQL),
        ),
        good=(
            sample("ALTER TABLE orders ADD COLUMN remark VARCHAR(100)"),
            sample(
                "ALTER TABLE orders ADD COLUMN remark VARCHAR(100)",
                "ALTER TABLE orders RENAME COLUMN remark TO comment_text",
            ),
            sample("ALTER TABLE orders CHANGE note note VARCHAR(200)", on=MYSQL),
        ),
    ),
    Check(
        "rename-schema",
        POSTGRES,
        "error",
        danger="Every query that names the schema, and every search_path, no longer finds its tables.",
        recipe="create the new schema and move one table at a time, leaving views behind",
        says=_schema,
        bad=(sample("ALTER SCHEMA archive RENAME TO attic"),),
        good=(sample("CREATE SCHEMA attic"),),
    ),
    Check(
        "enum-rename",
        POSTGRES,
        "error",
        danger="Running code goes on writing the old value, which the type no longer takes.",
        recipe="add the new value, rewrite the rows in batches, and leave the old one",
        says=_value,
        bad=(sample("ALTER TYPE mood RENAME VALUE 'calm' TO 'quiet'"),),
        good=(sample("ALTER TYPE mood ADD VALUE 'quiet'"),),
    ),
)
