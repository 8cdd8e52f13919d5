"""What keeps a whole table, or everybody behind it, waiting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_analyzers.sql.script import EVERY, MYSQL, POSTGRES, SERVERS, Check, sample

if TYPE_CHECKING:
    from arckode_analyzers.sql.operations import Operation
    from arckode_analyzers.sql.script import State

_GHOST = "use gh-ost or pt-online-schema-change, or a new table filled in batches"
_OFF = frozenset({"0", "default"})


def _vacuumed(operation: Operation, _: State) -> str:
    return f"rewrites `{operation.table}` while nobody can read it" if operation.kind == "vacuum" else ""


def _refreshed(operation: Operation, _: State) -> str:
    return f"refreshes `{operation.table}` while its readers wait" if operation.kind == "refresh_view" else ""


def _rewritten(operation: Operation, state: State) -> str:
    if operation.kind != "rewrite_table" or state.is_new(operation):
        return ""
    return f"rewrites the table `{operation.table}` while nobody can use it"


def _copied(operation: Operation, state: State) -> str:
    if operation.kind != "copy_table" or state.is_new(operation):
        return ""
    return f"copies the table `{operation.table}` while writes wait"


def _converted(operation: Operation, state: State) -> str:
    if operation.kind != "convert_charset" or state.is_new(operation):
        return ""
    return f"converts every text of `{operation.table}`, which copies the table while writes wait"


def _locked(operation: Operation, state: State) -> str:
    if operation.kind != "lock_table" or state.is_new(operation):
        return ""
    return f"locks `{operation.table}` until the file is done"


def _no_timeout(operation: Operation, _: State) -> str:
    if operation.kind != "set_timeout" or operation.detail not in _OFF:
        return ""
    if operation.name == "lock_timeout":
        return "turns lock_timeout off: a waiting ALTER TABLE blocks every query behind it"
    return f"turns {operation.name} off: nothing ends a statement that hangs with its locks"


def _detached(operation: Operation, state: State) -> str:
    if operation.kind != "detach_partition" or state.is_new(operation):
        return ""
    return f"detaches `{operation.name}` from `{operation.table}` while nobody can use either"


def _concurrently_inside(operation: Operation, state: State) -> str:
    if not state.script.one_transaction or state.script.steps[state.at].outside:
        return ""
    return (
        "says CONCURRENTLY inside a transaction, which PostgreSQL refuses" if "concurrently" in operation.flags else ""
    )


def _transaction(operation: Operation, _: State) -> str:
    if operation.kind != "transaction":
        return ""
    return f"says {operation.detail}: a file is one transaction already, and this ends or nests it"


def _enum_value(operation: Operation, state: State) -> str:
    if not state.script.one_transaction or state.script.steps[state.at].outside:
        return ""  # `db:migrate` takes such a file out of its transaction by itself
    if operation.kind != "add_enum_value":
        return ""
    later = state.script.steps[state.at + 1 :]
    if not any(f"'{operation.detail}'" in step.text for step in later):
        return ""
    return (
        f"adds '{operation.detail}' to `{operation.name}` and uses it in the same transaction, which PostgreSQL refuses"
    )


CHECKS = (
    Check(
        "vacuum-full",
        POSTGRES,
        "error",
        danger="The table is written anew, and nobody can even read it until that is done.",
        recipe="let autovacuum work, or use pg_repack",
        says=_vacuumed,
        bad=(sample("VACUUM FULL orders"), sample("CLUSTER orders USING orders_pkey")),
        good=(sample("VACUUM orders"),),
    ),
    Check(
        "refresh-view",
        POSTGRES,
        "warning",
        danger="Whoever reads the view waits until it is computed.",
        recipe="REFRESH MATERIALIZED VIEW CONCURRENTLY, which needs a unique index on the view",
        says=_refreshed,
        bad=(sample("REFRESH MATERIALIZED VIEW totals"),),
        good=(sample("REFRESH MATERIALIZED VIEW CONCURRENTLY totals"),),
    ),
    Check(
        "rewrite",
        POSTGRES,
        "error",
        danger="Every row is written anew under a lock that even readers wait for.",
        recipe="a new table filled in batches, then a switch",
        says=_rewritten,
        bad=(
            sample("ALTER TABLE orders SET UNLOGGED"),
            sample("ALTER TABLE orders SET TABLESPACE pg_default"),
        ),
        good=(sample("ALTER TABLE orders SET (fillfactor = 70)"),),
    ),
    Check(
        "table-copy",
        MYSQL,
        "error",
        danger="Every row is copied into a new table, and writes wait until the copy is complete.",
        recipe=f"leave ALGORITHM and LOCK to the server, which takes the lightest that works; else {_GHOST}",
        says=_copied,
        bad=(
            sample("ALTER TABLE orders ADD INDEX ix_code (code), ALGORITHM=COPY"),
            sample("ALTER TABLE orders ADD INDEX ix_code (code), LOCK=SHARED"),
            sample("ALTER TABLE orders PARTITION BY HASH (id) PARTITIONS 2"),
        ),
        good=(sample("ALTER TABLE orders ADD INDEX ix_code (code), ALGORITHM=INPLACE, LOCK=NONE"),),
    ),
    Check(
        "charset-conversion",
        MYSQL,
        "error",
        danger="Every row is copied while writes wait, and comparisons of text may change their meaning.",
        recipe=_GHOST,
        says=_converted,
        bad=(sample("ALTER TABLE orders CONVERT TO CHARACTER SET utf8mb4"),),
        good=(sample("ALTER TABLE orders DEFAULT CHARACTER SET utf8mb4"),),
    ),
    Check(
        "lock-table",
        SERVERS,
        "error",
        danger="Everybody who needs the table waits until the file is done.",
        recipe="take row locks, or split the work so that no table lock is needed",
        says=_locked,
        bad=(
            sample("LOCK TABLE orders IN EXCLUSIVE MODE", on=POSTGRES, one_transaction=True),
            sample("LOCK TABLES orders WRITE", on=MYSQL),
        ),
        good=(sample("SELECT id FROM orders WHERE id = 1 FOR UPDATE"),),
    ),
    Check(
        "timeout-off",
        POSTGRES,
        "error",
        danger=(
            "A change that waits for its lock makes every later query of the table wait behind it; the timeout is what "
            "lets them pass. The runner sets lock_timeout and tries again."
        ),
        recipe="leave the runner's lock_timeout, or set one of a few seconds",
        says=_no_timeout,
        bad=(
            sample("SET lock_timeout = 0"),
            sample("SET LOCAL statement_timeout TO 0"),
            sample("SET lock_timeout TO DEFAULT"),
        ),
        good=(sample("SET lock_timeout = '5s'"), sample("SET LOCAL statement_timeout TO '15min'")),
    ),
    Check(
        "detach-partition",
        POSTGRES,
        "error",
        danger="Both the table and the partition are locked against everybody.",
        recipe="DETACH PARTITION ... CONCURRENTLY, in a statement of its own",
        says=_detached,
        bad=(sample("ALTER TABLE visits DETACH PARTITION visits_2026"),),
        good=(sample("ALTER TABLE visits DETACH PARTITION visits_2026 CONCURRENTLY"),),
    ),
    Check(
        "concurrently-in-transaction",
        POSTGRES,
        "error",
        danger="PostgreSQL refuses it, so that the file never gets past this statement.",
        recipe="run it outside: an UP statement of its own, or `with op.get_context().autocommit_block():`",
        says=_concurrently_inside,
        bad=(sample("CREATE INDEX CONCURRENTLY ix_code ON orders (code)", refused=True, one_transaction=True),),
        good=(sample("CREATE INDEX CONCURRENTLY ix_code ON orders (code)"),),
    ),
    Check(
        "transaction-control",
        EVERY,
        "error",
        danger="What was to happen together is torn apart: after a failure half of the file has taken effect.",
        recipe="remove it; `TRANSACTION = False` runs a file without a transaction",
        says=_transaction,
        bad=(
            sample("BEGIN"),
            sample("COMMIT", one_transaction=True),
            sample("ROLLBACK", one_transaction=True),
        ),
        good=(sample("INSERT INTO customers (id, name) VALUES (2, 'Grace')"),),
    ),
    Check(
        "enum-value",
        POSTGRES,
        "error",
        danger="PostgreSQL refuses a value of the type before the transaction that added it is over.",
        recipe="add the value in a file of its own, and use it in the next one",
        says=_enum_value,
        bad=(
            sample(
                "ALTER TYPE mood ADD VALUE 'sad'",
                "UPDATE orders SET mood = 'sad' WHERE id = 1",
                refused=True,
                one_transaction=True,
            ),
        ),
        good=(
            sample("ALTER TYPE mood ADD VALUE 'sad'", one_transaction=True),
            sample("ALTER TYPE mood ADD VALUE 'sad'", "UPDATE orders SET mood = 'sad' WHERE id = 1"),
        ),
    ),
)
