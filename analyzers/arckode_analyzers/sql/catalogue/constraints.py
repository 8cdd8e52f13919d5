"""Constraints on a table that has rows, and keys that do not hold what they promise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_analyzers.sql.script import EVERY, MYSQL, POSTGRES, SERVERS, Check, sample

if TYPE_CHECKING:
    from collections.abc import Callable

    from arckode_analyzers.sql.operations import Operation
    from arckode_analyzers.sql.script import State

_NOT_VALID = "add it NOT VALID, and VALIDATE CONSTRAINT in a later file, which lets writers pass"
_GHOST = "use gh-ost or pt-online-schema-change"


def _adds(kind: str, what: str) -> Callable[[Operation, State], str]:
    def says(operation: Operation, state: State) -> str:
        if operation.kind != "add_constraint" or not operation.detail.startswith(kind) or state.is_new(operation):
            return ""
        if "not valid" in operation.flags:
            return ""
        article = "an" if kind[0] in "aeio" else "a"
        return f"adds {article} {kind} constraint to `{operation.table}`, which {what}"

    return says


def _copying_key(operation: Operation, state: State) -> str:
    """MySQL and MariaDB add a foreign key in place when they need not check it."""
    switched = [each.kind for each in state.earlier() if each.kind in {"keys_off", "keys_on"}]
    if switched and switched[-1] == "keys_off":
        return ""
    return _adds("foreign key", "copies the table while writes wait")(operation, state)


def _duplicates(operation: Operation, state: State) -> str:
    is_unique = operation.detail == "unique" or "unique" in operation.flags
    if not is_unique or state.is_new(operation):
        return ""
    if all((operation.table, part) in state.added for part in operation.parts):
        return ""
    named = ", ".join(part for part in operation.parts if part) or "an expression"
    return f"makes `{operation.table}` unique by {named}, which fails at the first two rows that are alike"


def _nullable(operation: Operation, state: State) -> str:
    keys = [each.split(",") for each in operation.parts] if operation.kind == "create_table" else []
    if operation.detail == "unique" and len(operation.parts) > 1:
        keys = [list(operation.parts)]
    here = {column.name: column for column in operation.columns}
    for key in keys:
        known = [here.get(part) or state.column(operation.table, part) for part in key]
        names = [column.name for column in known if column is not None and column.nullable]
        if names:
            return f"makes ({', '.join(key)}) unique, but rows with NULL in `{names[0]}` never count as alike"
    return ""


def _domain(operation: Operation, _: State) -> str:
    if operation.kind != "check_domain":
        return ""
    return f"restricts the domain `{operation.name}`, which reads every table that uses it while writes wait"


def _no_key(operation: Operation, state: State) -> str:
    if "keyless" not in operation.flags or "temporary" in operation.flags:
        return ""
    for each in state.later():
        if each.table == operation.table and (each.kind, each.detail) == ("add_constraint", "primary key"):
            return ""
    return f"creates `{operation.table}` without a primary key"


def _drops_key(operation: Operation, state: State) -> str:
    if operation.kind != "drop_primary_key" or state.is_new(operation):
        return ""
    at_once = [each for step in [state.script.steps[state.at]] for each in step.operations]
    if any((each.kind, each.detail) == ("add_constraint", "primary key") for each in at_once):
        return ""
    return f"drops the primary key of `{operation.table}`, which copies the table while writes wait"


CHECKS = (
    Check(
        "foreign-key",
        POSTGRES,
        "error",
        danger="Every row is checked while both tables are locked against writers.",
        recipe=_NOT_VALID,
        says=_adds("foreign key", "locks both tables while every row is checked"),
        bad=(sample("ALTER TABLE orders ADD CONSTRAINT fk_buyer FOREIGN KEY (customer_id) REFERENCES customers (id)"),),
        good=(
            sample(
                "ALTER TABLE orders ADD CONSTRAINT fk FOREIGN KEY (customer_id) REFERENCES customers (id) NOT VALID",
                "ALTER TABLE orders VALIDATE CONSTRAINT fk",
            ),
        ),
    ),
    Check(
        "foreign-key-copy",
        MYSQL,
        "error",
        danger="The table is copied while writers wait, unless the server is told not to check the rows.",
        recipe="look for orphans, then SET foreign_key_checks = 0, add it with ALGORITHM=INPLACE, and switch back; or "
        + _GHOST,
        says=_copying_key,
        bad=(sample("ALTER TABLE orders ADD CONSTRAINT fk_buyer FOREIGN KEY (customer_id) REFERENCES customers (id)"),),
        good=(
            sample(
                "SET foreign_key_checks = 0",
                "ALTER TABLE orders ADD CONSTRAINT fk_buyer FOREIGN KEY (customer_id) REFERENCES customers (id), "
                "ALGORITHM=INPLACE",
                "SET foreign_key_checks = 1",
            ),
        ),
    ),
    Check(
        "check",
        POSTGRES,
        "error",
        danger="Every row is checked while the table is locked against readers and writers.",
        recipe=_NOT_VALID,
        says=_adds("check", "locks the table while every row is checked"),
        bad=(sample("ALTER TABLE orders ADD CONSTRAINT ck_code CHECK (code <> '')"),),
        good=(
            sample(
                "ALTER TABLE orders ADD CONSTRAINT ck_code CHECK (code <> '') NOT VALID",
                "ALTER TABLE orders VALIDATE CONSTRAINT ck_code",
            ),
        ),
    ),
    Check(
        "check-copy",
        MYSQL,
        "error",
        danger="The table is copied while writers wait: neither server can add a CHECK in place.",
        recipe=f"check it where the rows are written, or {_GHOST}",
        says=_adds("check", "copies the table while writes wait"),
        bad=(sample("ALTER TABLE orders ADD CONSTRAINT ck_code CHECK (code <> '')"),),
        good=(sample("CREATE TABLE parts (id BIGINT PRIMARY KEY)", "ALTER TABLE parts ADD CHECK (id > 0)"),),
    ),
    Check(
        "unique",
        POSTGRES,
        "error",
        danger="The index behind the constraint is built while the table is locked against readers and writers.",
        recipe="CREATE UNIQUE INDEX CONCURRENTLY, then ADD CONSTRAINT ... UNIQUE USING INDEX",
        says=_adds("unique", "builds its index while the table is locked"),
        bad=(sample("ALTER TABLE orders ADD CONSTRAINT uq_code UNIQUE (code)"),),
        good=(
            sample(
                "CREATE UNIQUE INDEX CONCURRENTLY uq_code ON orders (code)",
                "ALTER TABLE orders ADD CONSTRAINT uq_code UNIQUE USING INDEX uq_code",
            ),
        ),
    ),
    Check(
        "primary-key",
        POSTGRES,
        "error",
        danger="The index behind the key is built, and its columns are made NOT NULL, while the table is locked.",
        recipe="CREATE UNIQUE INDEX CONCURRENTLY, then ADD CONSTRAINT ... PRIMARY KEY USING INDEX",
        says=_adds("primary key", "builds its index while the table is locked"),
        bad=(sample("ALTER TABLE orders DROP CONSTRAINT orders_pkey", "ALTER TABLE orders ADD PRIMARY KEY (code)"),),
        good=(
            sample(
                "ALTER TABLE orders DROP CONSTRAINT orders_pkey",
                "CREATE UNIQUE INDEX CONCURRENTLY pk_code ON orders (code)",
                "ALTER TABLE orders ADD CONSTRAINT pk_code PRIMARY KEY USING INDEX pk_code",
            ),
        ),
    ),
    Check(
        "exclude",
        POSTGRES,
        "error",
        danger="Every row is compared while the table is locked, and there is no NOT VALID for it.",
        recipe="create the constraint with a new table and move rows in batches",
        says=_adds("exclude", "reads every row while the table is locked"),
        bad=(sample("ALTER TABLE orders ADD CONSTRAINT ex_code EXCLUDE USING btree (code WITH =)"),),
        good=(
            sample(
                "CREATE TABLE parts (id BIGINT PRIMARY KEY, code TEXT)",
                "ALTER TABLE parts ADD CONSTRAINT ex_code EXCLUDE USING btree (code WITH =)",
            ),
        ),
    ),
    Check(
        "duplicates",
        EVERY,
        "warning",
        danger="Two rows that are alike stop the statement; a concurrent index is left behind INVALID.",
        recipe="find and merge the rows that are alike first: GROUP BY ... HAVING count(*) > 1",
        says=_duplicates,
        bad=(
            sample("CREATE UNIQUE INDEX uq_code ON orders (code)"),
            sample("ALTER TABLE orders ADD CONSTRAINT uq_code UNIQUE (code)", on=SERVERS | {"*"}),
            sample("ALTER TABLE orders ADD UNIQUE INDEX uq_code (code)", on=MYSQL),
        ),
        good=(
            sample("CREATE INDEX ix_code ON orders (code)"),
            sample("ALTER TABLE orders ADD COLUMN barcode VARCHAR(9)", "CREATE UNIQUE INDEX uq ON orders (barcode)"),
        ),
    ),
    Check(
        "nullable-unique",
        EVERY,
        "warning",
        danger="NULL is never equal to NULL, so that two rows alike in everything else are both let in.",
        recipe="make every column of the key NOT NULL, or on PostgreSQL 15 say UNIQUE NULLS NOT DISTINCT",
        says=lambda operation, state: "" if "NULLS NOT DISTINCT" in state.text.upper() else _nullable(operation, state),
        bad=(
            sample(
                "CREATE TABLE seats (id BIGINT PRIMARY KEY, hall INTEGER NOT NULL, seat INTEGER, UNIQUE (hall, seat))"
            ),
            sample("ALTER TABLE orders ADD CONSTRAINT uq_note UNIQUE (code, note)", on=SERVERS | {"*"}),
        ),
        good=(
            sample(
                "CREATE TABLE seats (id BIGINT PRIMARY KEY, hall INTEGER NOT NULL, seat INTEGER NOT NULL, "
                "UNIQUE (hall, seat))"
            ),
            sample(
                "CREATE TABLE seats (id BIGINT PRIMARY KEY, hall INTEGER, seat INTEGER, "
                "UNIQUE NULLS NOT DISTINCT (hall, seat))",
                on=POSTGRES,
            ),
        ),
    ),
    Check(
        "domain-check",
        POSTGRES,
        "error",
        danger="Every column of the domain is read, in every table, while writes to all of them wait.",
        recipe="ALTER DOMAIN ... ADD CONSTRAINT ... NOT VALID, and VALIDATE CONSTRAINT in a later file",
        says=_domain,
        bad=(
            sample("ALTER DOMAIN amount ADD CONSTRAINT positive CHECK (VALUE > 0)"),
            sample("ALTER DOMAIN amount SET NOT NULL"),
        ),
        good=(
            sample(
                "ALTER DOMAIN amount ADD CONSTRAINT positive CHECK (VALUE > 0) NOT VALID",
                "ALTER DOMAIN amount VALIDATE CONSTRAINT positive",
            ),
        ),
    ),
    Check(
        "no-primary-key",
        EVERY,
        "warning",
        danger="A row cannot be told from its twin: no replication by row, no resumable batches, no safe repair.",
        recipe="give it a primary key",
        says=_no_key,
        bad=(sample("CREATE TABLE parts (name VARCHAR(20) NOT NULL)"),),
        good=(
            sample("CREATE TABLE parts (name VARCHAR(20) NOT NULL, PRIMARY KEY (name))"),
            sample("CREATE TEMPORARY TABLE batch (id BIGINT)"),
            sample(
                "CREATE TABLE parts (id BIGINT NOT NULL)", "ALTER TABLE parts ADD PRIMARY KEY (id)", on=SERVERS | {"*"}
            ),
        ),
    ),
    Check(
        "drop-primary-key",
        MYSQL,
        "error",
        danger="The rows lie in the order of the key: without it the whole table is copied while writers wait.",
        recipe="drop and add in one statement, which can be done in place",
        says=_drops_key,
        bad=(sample("ALTER TABLE orders DROP PRIMARY KEY"),),
        good=(sample("ALTER TABLE orders DROP PRIMARY KEY, ADD PRIMARY KEY (id, code)"),),
    ),
)
