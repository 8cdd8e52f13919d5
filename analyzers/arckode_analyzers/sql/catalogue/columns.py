"""Columns added or changed on a table that has rows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from arckode_analyzers.sql.script import MYSQL, POSTGRES, SERVERS, SQLITE, Check, sample
from arckode_analyzers.sql.widening import is_widening

if TYPE_CHECKING:
    from arckode_analyzers.sql.operations import Column, Operation
    from arckode_analyzers.sql.script import State

_EXPAND = "add a new column, write both, backfill in batches, switch the readers, and drop the old one later"
_NOT_VALID = "add it NOT VALID, and VALIDATE CONSTRAINT in a later file, which lets writers pass"
_UNBOUNDED = frozenset({"TEXT", "VARCHAR"})
_MOMENT = re.compile(r"\b(current_timestamp|current_date|current_time|now\s*\()", re.IGNORECASE)


def _added(operation: Operation, state: State) -> Column | None:
    """Return the column that a statement adds to a table in use."""
    if operation.kind != "add_column" or state.is_new(operation):
        return None
    return operation.columns[0]


def _has_none(column: Column) -> bool:
    return not (column.nullable or column.default or column.generated or column.primary)


def _required(operation: Operation, state: State) -> str:
    column = _added(operation, state)
    if column is None or not _has_none(column):
        return ""
    return f"adds `{operation.table}.{column.name}` NOT NULL without a default: it fails as soon as there are rows"


def _implicit(operation: Operation, state: State) -> str:
    column = _added(operation, state)
    if column is None or not _has_none(column):
        return ""
    return (
        f"adds `{operation.table}.{column.name}` NOT NULL without a default: every row gets an empty value nobody chose"
    )


def _volatile(operation: Operation, state: State) -> str:
    column = _added(operation, state)
    if column is None or column.default != "volatile":
        return ""
    return f"adds `{operation.table}.{column.name}` with a default computed per row, which rewrites the table locked"


def _generated(operation: Operation, state: State) -> str:
    column = _added(operation, state)
    kinds = {"serial": "a sequence", "identity": "an identity", "stored": "a stored generated value"}
    kind = kinds.get(column.generated, "") if column is not None else ""
    return f"adds `{operation.table}.{operation.name}` with {kind}, which rewrites the table locked" if kind else ""


def _reference(operation: Operation, state: State) -> str:
    column = _added(operation, state)
    if column is None or not column.references:
        return ""
    return f"adds `{operation.table}.{operation.name}` with a foreign key, which locks `{column.references}` too"


def _ignored(operation: Operation, _: State) -> str:
    named = [column.name for column in operation.columns if column.references]
    if not named:
        return ""
    return (
        f"says REFERENCES beside `{operation.table}.{named[0]}`, which MySQL reads and forgets: there is no foreign key"
    )


def _unique(operation: Operation, state: State) -> str:
    column = _added(operation, state)
    if column is None or not column.unique:
        return ""
    return f"adds `{operation.table}.{operation.name}` UNIQUE, which builds its index while the table is locked"


def _type(operation: Operation, state: State) -> str:
    if operation.kind not in {"alter_type", "modify_column"} or state.is_added(operation):
        return ""
    before = state.column(operation.table, operation.name)
    old = (operation.parts[0] if operation.parts else "") or (before.type if before is not None else "")
    new = operation.detail
    if _is_made_anew(new, state):
        return f"changes `{operation.table}.{operation.name}` to a new type {new}, which rewrites the table locked"
    if not new or old == new or is_widening(old, new, state.script.engine):
        return ""
    if not old and (new in _UNBOUNDED or operation.kind == "modify_column"):
        return ""
    told = f"from {old} to {new}" if old else f"to {new}"
    return f"changes the type of `{operation.table}.{operation.name}` {told}, which may rewrite the table locked"


def _is_made_anew(kind: str, state: State) -> bool:
    """Tell whether a name means another type than before, as when an enumeration loses a member."""
    return any(each.kind == "create_object" and each.name == kind.lower() for each in state.earlier())


def _not_null(operation: Operation, state: State) -> str:
    if operation.kind != "set_not_null" or state.is_added(operation):
        return ""
    if (operation.table, operation.name) in state.checked:
        return ""
    return f"sets `{operation.table}.{operation.name}` NOT NULL, which reads every row while nobody can write"


def _null_rows(operation: Operation, state: State) -> str:
    if operation.kind != "modify_column" or state.is_added(operation):
        return ""
    before = state.column(operation.table, operation.name)
    if before is None or not before.nullable or operation.columns[0].nullable:
        return ""
    if any(each.kind == "update" and each.table == operation.table for each in state.earlier()):
        return ""
    return f"makes `{operation.table}.{operation.name}` NOT NULL, which fails at the first row that holds NULL"


def _sqlite_column(operation: Operation, state: State) -> str:
    """SQLite adds no column that every row would have to be read or rewritten for, not even to an empty table."""
    if operation.kind != "add_column":
        return ""
    column = operation.columns[0]
    wrong = (
        "UNIQUE"
        if column.unique
        else "PRIMARY KEY"
        if column.primary
        else "stored"
        if column.generated == "stored"
        else "a default that is computed"
        if column.default == "volatile" or _MOMENT.search(state.text)
        else ""
    )
    return f"adds `{operation.table}.{column.name}` as {wrong}, which SQLite refuses" if wrong else ""


CHECKS = (
    Check(
        "required-column",
        POSTGRES | SQLITE | {"*"},
        "error",
        danger="There is no value for the rows that are there: the statement fails on every database but an empty one.",
        recipe="add it with a constant default, or nullable and fill it in batches",
        says=_required,
        bad=(sample("ALTER TABLE orders ADD COLUMN flag INTEGER NOT NULL", refused=True),),
        good=(
            sample("ALTER TABLE orders ADD COLUMN flag INTEGER"),
            sample("ALTER TABLE orders ADD COLUMN flag INTEGER DEFAULT 0 NOT NULL"),
        ),
    ),
    Check(
        "implicit-default",
        MYSQL,
        "error",
        danger=(
            "Every row gets 0, an empty text or a zero date, in silence, and running code that does not know it "
            "fails on its next INSERT."
        ),
        recipe="add it with a default that somebody chose, or nullable and fill it in batches",
        says=_implicit,
        bad=(sample("ALTER TABLE orders ADD COLUMN flag INTEGER NOT NULL"),),
        good=(
            sample("ALTER TABLE orders ADD COLUMN flag INTEGER"),
            sample("ALTER TABLE orders ADD COLUMN flag INTEGER DEFAULT 0 NOT NULL"),
        ),
    ),
    Check(
        "volatile-default",
        SERVERS,
        "error",
        danger="A constant is only noted; a value that differs per row makes the server rewrite the locked table.",
        recipe="add it without a default, set the default, then fill in batches",
        says=_volatile,
        bad=(
            sample("ALTER TABLE orders ADD COLUMN token UUID DEFAULT gen_random_uuid()", on=POSTGRES),
            sample("ALTER TABLE orders ADD COLUMN token CHAR(36) DEFAULT (uuid())", on=MYSQL),
        ),
        good=(
            sample(
                "ALTER TABLE orders ADD COLUMN token UUID",
                "ALTER TABLE orders ALTER COLUMN token SET DEFAULT gen_random_uuid()",
                on=POSTGRES,
            ),
            sample("ALTER TABLE orders ADD COLUMN placed TIMESTAMP WITH TIME ZONE DEFAULT now()", on=POSTGRES),
            sample("ALTER TABLE orders ADD COLUMN placed DATETIME DEFAULT CURRENT_TIMESTAMP", on=MYSQL),
        ),
    ),
    Check(
        "generated-column",
        SERVERS,
        "error",
        danger="Each row needs a value of its own, so the whole table is rewritten while writers wait.",
        recipe="add a plain column, fill it in batches and by trigger, then switch; or compute it when it is read",
        says=_generated,
        bad=(
            sample("ALTER TABLE orders ADD COLUMN number BIGSERIAL", on=POSTGRES),
            sample("ALTER TABLE orders ADD COLUMN number BIGINT GENERATED ALWAYS AS IDENTITY", on=POSTGRES),
            sample("ALTER TABLE orders ADD COLUMN twice NUMERIC GENERATED ALWAYS AS (total * 2) STORED", on=POSTGRES),
            sample("ALTER TABLE orders ADD COLUMN twice INTEGER AS (total * 2) STORED", on=MYSQL),
            sample("ALTER TABLE orders ADD COLUMN number BIGINT AUTO_INCREMENT UNIQUE", on=MYSQL),
        ),
        good=(
            sample("ALTER TABLE orders ADD COLUMN twice INTEGER AS (total * 2) VIRTUAL", on=MYSQL),
            sample("ALTER TABLE orders ADD COLUMN number BIGINT"),
        ),
    ),
    Check(
        "reference-column",
        SERVERS,
        "error",
        danger="The foreign key takes a lock on both tables, and MySQL and MariaDB copy the table to add it.",
        recipe=f"add the column alone; for the foreign key, {_NOT_VALID}",
        says=_reference,
        bad=(sample("ALTER TABLE orders ADD COLUMN buyer_id BIGINT REFERENCES customers (id)"),),
        good=(
            sample(
                "ALTER TABLE orders ADD COLUMN buyer_id BIGINT",
                "ALTER TABLE orders ADD CONSTRAINT fk_buyer FOREIGN KEY (buyer_id) REFERENCES customers (id) NOT VALID",
                on=POSTGRES,
            ),
            sample("ALTER TABLE orders ADD COLUMN buyer_id BIGINT", on=MYSQL),
        ),
    ),
    Check(
        "ignored-reference",
        frozenset({"mysql"}),
        "error",
        danger="MySQL parses REFERENCES beside a column and drops it, so that no row is ever checked.",
        recipe="write it as a constraint of the table: CONSTRAINT ... FOREIGN KEY (column) REFERENCES table (id)",
        says=_ignored,
        bad=(sample("CREATE TABLE parts (id BIGINT PRIMARY KEY, order_id BIGINT REFERENCES orders (id))"),),
        good=(
            sample(
                "CREATE TABLE parts (id BIGINT PRIMARY KEY, order_id BIGINT, "
                "CONSTRAINT fk_parts FOREIGN KEY (order_id) REFERENCES orders (id))"
            ),
        ),
    ),
    Check(
        "unique-column",
        POSTGRES,
        "error",
        danger="The index of the constraint is built while the table is locked.",
        recipe="add the column alone, then CREATE UNIQUE INDEX CONCURRENTLY",
        says=_unique,
        bad=(sample("ALTER TABLE orders ADD COLUMN barcode TEXT UNIQUE"),),
        good=(
            sample(
                "ALTER TABLE orders ADD COLUMN barcode TEXT",
                "CREATE UNIQUE INDEX CONCURRENTLY uq_barcode ON orders (barcode)",
            ),
        ),
    ),
    Check(
        "type-change",
        SERVERS | {"*"},
        "error",
        danger="The table is rewritten under a lock, a shorter type may refuse a row, running code reads another type.",
        recipe=_EXPAND,
        says=_type,
        bad=(
            sample("ALTER TABLE orders ALTER COLUMN note TYPE VARCHAR(50)", on=POSTGRES | {"*"}),
            sample("ALTER TABLE orders ALTER COLUMN total TYPE BIGINT USING total::bigint", on=POSTGRES | {"*"}),
            sample(
                "ALTER TYPE mood RENAME TO mood_before",
                "CREATE TYPE mood AS ENUM ('calm')",
                "ALTER TABLE orders ALTER COLUMN mood TYPE mood USING mood::text::mood",
                on=POSTGRES | {"*"},
            ),
            sample("ALTER TABLE orders MODIFY COLUMN note VARCHAR(30)", on=MYSQL),
            sample("ALTER TABLE orders MODIFY COLUMN note TEXT", on=MYSQL),
            sample("ALTER TABLE orders MODIFY COLUMN total DECIMAL(14, 2) DEFAULT 0 NOT NULL", on=MYSQL),
            sample("ALTER TABLE orders MODIFY COLUMN mood ENUM('sad', 'calm', 'busy')", on=MYSQL),
        ),
        good=(
            sample("ALTER TABLE orders ALTER COLUMN note TYPE VARCHAR(200)", on=POSTGRES | {"*"}),
            sample("ALTER TABLE orders ALTER COLUMN note TYPE TEXT", on=POSTGRES | {"*"}),
            sample("ALTER TABLE orders ALTER COLUMN total TYPE NUMERIC(14, 2)", on=POSTGRES | {"*"}),
            sample("ALTER TABLE orders ALTER COLUMN mood TYPE mood", on=POSTGRES | {"*"}),
            sample("ALTER TABLE orders MODIFY COLUMN note VARCHAR(200)", on=MYSQL),
            sample("ALTER TABLE orders MODIFY COLUMN mood ENUM('calm', 'busy', 'sad')", on=MYSQL),
        ),
    ),
    Check(
        "set-not-null",
        POSTGRES,
        "error",
        danger="Every row is read while the table is locked against readers and writers.",
        recipe="CHECK (... IS NOT NULL) NOT VALID, VALIDATE it, then SET NOT NULL, which then reads nothing",
        says=_not_null,
        bad=(sample("ALTER TABLE orders ALTER COLUMN note SET NOT NULL"),),
        good=(
            sample(
                "ALTER TABLE orders ADD CONSTRAINT ck_note CHECK (note IS NOT NULL) NOT VALID",
                "ALTER TABLE orders VALIDATE CONSTRAINT ck_note",
                "ALTER TABLE orders ALTER COLUMN note SET NOT NULL",
            ),
        ),
    ),
    Check(
        "null-rows",
        MYSQL,
        "warning",
        danger="One NULL among the rows stops the statement, and the file with it.",
        recipe="fill what is NULL first, in batches",
        says=_null_rows,
        bad=(sample("ALTER TABLE orders MODIFY COLUMN note VARCHAR(100) NOT NULL"),),
        good=(
            sample(
                "UPDATE orders SET note = '' WHERE note IS NULL",
                "ALTER TABLE orders MODIFY COLUMN note VARCHAR(100) NOT NULL",
            ),
            sample("ALTER TABLE orders MODIFY COLUMN code VARCHAR(20) NOT NULL"),
        ),
    ),
    Check(
        "sqlite-column",
        SQLITE,
        "error",
        danger="SQLite adds a column by noting it, and refuses one that needs an index or a value per row.",
        recipe="add a plain column and then an index; what cannot be added needs the table rebuilt",
        says=_sqlite_column,
        bad=(
            sample("ALTER TABLE orders ADD COLUMN barcode TEXT UNIQUE", refused=True),
            sample("ALTER TABLE orders ADD COLUMN number INTEGER PRIMARY KEY", refused=True),
            sample("ALTER TABLE orders ADD COLUMN twice INTEGER AS (total * 2) STORED", refused=True),
            sample("ALTER TABLE orders ADD COLUMN placed DATETIME DEFAULT CURRENT_TIMESTAMP", refused=True),
            sample("ALTER TABLE orders ADD COLUMN dice INTEGER DEFAULT (random())", refused=True),
        ),
        good=(
            sample("ALTER TABLE orders ADD COLUMN barcode TEXT", "CREATE UNIQUE INDEX uq_barcode ON orders (barcode)"),
            sample("ALTER TABLE orders ADD COLUMN twice INTEGER AS (total * 2) VIRTUAL"),
        ),
    ),
)
