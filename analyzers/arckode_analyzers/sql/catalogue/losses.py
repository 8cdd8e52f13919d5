"""What is gone afterwards: rows, columns, guarantees."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_analyzers.sql.script import EVERY, MYSQL, POSTGRES, SERVERS, SQLITE, Check, sample

if TYPE_CHECKING:
    from arckode_analyzers.sql.operations import Operation
    from arckode_analyzers.sql.script import State

_TWO_RELEASES = "release code that no longer uses it first, and drop it in a later migration"


def _table(operation: Operation, state: State) -> str:
    if operation.kind != "drop_table" or state.is_new(operation) or "temporary" in operation.flags:
        return ""
    if state.is_rebuilt(operation.table):
        return ""
    return f"drops the table `{operation.table}`: its rows are gone, and running code still reads it"


def _column(operation: Operation, state: State) -> str:
    if operation.kind == "drop_table":
        return _left_out(operation, state)
    if operation.kind != "drop_column" or state.is_added(operation):
        return ""
    return f"drops `{operation.table}.{operation.name}`: its values are gone, and running code still selects it"


def _left_out(operation: Operation, state: State) -> str:
    """Return what a rebuilt table no longer has."""
    place = state.is_rebuilt(operation.table)
    kept = {name for table, name in state.added if table == place}
    renamed = {each.name for each in state.all() if each.kind == "rename_column" and each.table == operation.table}
    lost = [
        name
        for table, name in sorted(state.script.columns)
        if kept and table == operation.table and name not in kept | renamed
    ]
    return f"rebuilds `{operation.table}` without `{'`, `'.join(lost)}`, whose values are gone" if lost else ""


def _schema(operation: Operation, _: State) -> str:
    if operation.kind != "drop_schema":
        return ""
    return f"drops `{operation.name}` with everything in it"


def _object(operation: Operation, state: State) -> str:
    if operation.kind != "drop_object":
        return ""
    made = {each.name for each in state.all() if each.kind == "create_object"}
    if operation.name in made | _replaced(made, state):
        return ""
    return f"drops the {operation.detail.lower()} `{operation.name}`, which running code still uses"


def _replaced(made: set[str], state: State) -> set[str]:
    """Return what was moved out of the way of a new one, under the name it has since: no code knows that name."""
    return {each.detail for each in state.earlier() if each.kind == "rename_object" and each.name in made}


def _truncated(operation: Operation, state: State) -> str:
    if operation.kind != "truncate" or state.is_new(operation):
        return ""
    return f"empties the table `{operation.table}`"


def _cascade(operation: Operation, _: State) -> str:
    if "cascade" not in operation.flags:
        return ""
    what = "empties" if operation.kind == "truncate" else "drops"
    return f"{what} with CASCADE whatever refers to `{operation.name or operation.table}`, which no file names"


def _constraint(operation: Operation, state: State) -> str:
    if operation.kind != "drop_constraint" or state.is_new(operation):
        return ""
    if any(each.kind in {"add_constraint", "validate"} and each.name == operation.name for each in state.all()):
        return ""
    what = "foreign key" if operation.detail else "constraint"
    return f"drops the {what} `{operation.name}`: rows that break it can come in from now on"


def _nullable(operation: Operation, state: State) -> str:
    if operation.kind == "drop_not_null" and not state.is_added(operation):
        return f"lets `{operation.table}.{operation.name}` be NULL, which running code does not expect"
    return ""


def _keys_off(operation: Operation, state: State) -> str:
    if operation.kind == "trigger_off":
        on_again = f"alter table {operation.table} enable trigger"
        if any(on_again in " ".join(step.text.lower().split()) for step in state.script.steps[state.at :]):
            return ""
        return f"switches triggers of `{operation.table}` off, foreign keys among them, and not on again"
    if operation.kind == "keys_off" and not any(each.kind == "keys_on" for each in state.later()):
        return "switches foreign keys off, and not on again"
    return ""


CHECKS = (
    Check(
        "drop-table",
        EVERY,
        "error",
        danger="The rows are gone, and code that still runs while the migration does fails on every query.",
        recipe=_TWO_RELEASES,
        says=_table,
        bad=(sample("DROP TABLE parcels"), sample("DROP TABLE IF EXISTS parcels")),
        good=(
            sample("CREATE TABLE parts (id BIGINT PRIMARY KEY)", "DROP TABLE parts"),
            sample("CREATE TEMPORARY TABLE batch (id BIGINT PRIMARY KEY)", "DROP TABLE batch"),
            sample(
                "CREATE TABLE fresh (id BIGINT PRIMARY KEY, customer_id BIGINT)",
                "INSERT INTO fresh SELECT id, customer_id FROM parcels",
                "DROP TABLE parcels",
                "ALTER TABLE fresh RENAME TO parcels",
            ),
        ),
    ),
    Check(
        "drop-column",
        EVERY,
        "error",
        danger="The values are gone, and running code that still selects the column fails.",
        recipe=_TWO_RELEASES,
        says=_column,
        bad=(
            sample("ALTER TABLE orders DROP COLUMN body"),
            sample(
                "CREATE TABLE fresh (id BIGINT PRIMARY KEY)",
                "INSERT INTO fresh SELECT id FROM parcels",
                "DROP TABLE parcels",
                "ALTER TABLE fresh RENAME TO parcels",
            ),
        ),
        good=(sample("ALTER TABLE orders ADD COLUMN flag INTEGER", "ALTER TABLE orders DROP COLUMN flag"),),
    ),
    Check(
        "drop-schema",
        SERVERS | {"*"},
        "error",
        danger="Everything in it is gone at once, whoever put it there.",
        recipe="drop what is yours by name, and the schema when it is empty",
        says=_schema,
        bad=(
            sample("DROP SCHEMA archive", on=POSTGRES | {"*"}),
            sample("CREATE DATABASE {database}_old", "DROP DATABASE {database}_old", on=MYSQL),
        ),
        good=(sample("CREATE SCHEMA later", on=POSTGRES | {"*"}),),
    ),
    Check(
        "drop-object",
        EVERY,
        "warning",
        danger="A view, function or type that running code still calls is an error in it.",
        recipe=_TWO_RELEASES,
        says=_object,
        bad=(
            sample("DROP VIEW order_codes"),
            sample("DROP MATERIALIZED VIEW totals", on=POSTGRES | {"*"}),
            sample("DROP DOMAIN amount", on=POSTGRES | {"*"}),
            sample("ALTER DOMAIN amount RENAME TO price", "DROP DOMAIN price", on=POSTGRES | {"*"}),
        ),
        good=(
            sample("DROP VIEW order_codes", "CREATE VIEW order_codes AS SELECT id, code, note FROM orders"),
            sample(
                "ALTER TYPE mood RENAME TO mood_before",
                "CREATE TYPE mood AS ENUM ('calm')",
                "ALTER TABLE orders ALTER COLUMN mood TYPE mood USING mood::text::mood",
                "DROP TYPE mood_before",
                on=POSTGRES | {"*"},
            ),
        ),
    ),
    Check(
        "truncate",
        SERVERS | {"*"},
        "error",
        danger="Every row is gone; on MySQL and MariaDB not even a transaction brings them back.",
        recipe="delete in batches what is no longer needed, or say why losing it is right",
        says=_truncated,
        bad=(sample("TRUNCATE TABLE orders"),),
        good=(
            sample("DELETE FROM orders WHERE id = 1"),
            sample("CREATE TABLE parts (id BIGINT PRIMARY KEY)", "TRUNCATE TABLE parts"),
        ),
    ),
    Check(
        "cascade",
        POSTGRES | {"*"},
        "error",
        danger="CASCADE takes along whatever depends on it, also what was added since anybody looked.",
        recipe="name what is to be dropped, one statement each",
        says=_cascade,
        bad=(
            sample("DROP TABLE orders CASCADE"),
            sample("TRUNCATE customers CASCADE"),
            sample("ALTER TABLE orders DROP COLUMN code CASCADE"),
            sample("DROP TYPE mood CASCADE"),
        ),
        good=(sample("DROP VIEW order_codes", "CREATE VIEW order_codes AS SELECT id FROM orders"),),
    ),
    Check(
        "drop-constraint",
        SERVERS,
        "warning",
        danger="Rows that break the constraint come in unnoticed, and keep it from being added again.",
        recipe="add what replaces it first, or say why it no longer holds",
        says=_constraint,
        bad=(
            sample("ALTER TABLE orders DROP CONSTRAINT ck_orders_total"),
            sample("ALTER TABLE parcels DROP FOREIGN KEY fk_parcels_customer", on=MYSQL),
        ),
        good=(
            sample(
                "ALTER TABLE orders DROP CONSTRAINT ck_orders_total",
                "ALTER TABLE orders ADD CONSTRAINT ck_orders_total CHECK (total >= -1) NOT VALID",
                on=POSTGRES,
            ),
            sample(
                "ALTER TABLE orders ADD CONSTRAINT ck_note CHECK (note IS NOT NULL) NOT VALID",
                "ALTER TABLE orders VALIDATE CONSTRAINT ck_note",
                "ALTER TABLE orders ALTER COLUMN note SET NOT NULL",
                "ALTER TABLE orders DROP CONSTRAINT ck_note",
                on=POSTGRES,
            ),
            sample(
                "CREATE TABLE parts (id BIGINT PRIMARY KEY, CONSTRAINT ck_parts CHECK (id > 0))",
                "ALTER TABLE parts DROP CONSTRAINT ck_parts",
            ),
        ),
    ),
    Check(
        "drop-not-null",
        POSTGRES,
        "warning",
        danger="Code that is still running reads a NULL where its types say there is none.",
        recipe="release code that takes NULL first",
        says=_nullable,
        bad=(sample("ALTER TABLE orders ALTER COLUMN code DROP NOT NULL"),),
        good=(
            sample(
                "ALTER TABLE orders ADD COLUMN flag INTEGER DEFAULT 0 NOT NULL",
                "ALTER TABLE orders ALTER COLUMN flag DROP NOT NULL",
            ),
        ),
    ),
    Check(
        "keys-off",
        EVERY,
        "error",
        danger="Rows without their parents come in until somebody notices, and nothing finds them afterwards.",
        recipe="switch them on again in the same file, and look for orphans before that",
        says=_keys_off,
        bad=(
            sample("ALTER TABLE parcels DISABLE TRIGGER ALL", on=POSTGRES | {"*"}),
            sample("SET FOREIGN_KEY_CHECKS = 0", on=MYSQL),
            sample("PRAGMA foreign_keys = OFF", on=SQLITE),
        ),
        good=(
            sample(
                "ALTER TABLE parcels DISABLE TRIGGER ALL", "ALTER TABLE parcels ENABLE TRIGGER ALL", on=POSTGRES | {"*"}
            ),
            sample("SET FOREIGN_KEY_CHECKS = 0", "SET FOREIGN_KEY_CHECKS = 1", on=MYSQL),
            sample("PRAGMA foreign_keys = OFF", "PRAGMA foreign_keys = ON", on=SQLITE),
        ),
    ),
)
