"""Indexes: which are built or dropped while somebody waits, and which are of little use."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from arckode_analyzers.sql.script import MYSQL, POSTGRES, SERVERS, Check, sample

if TYPE_CHECKING:
    from arckode_analyzers.sql.operations import Operation
    from arckode_analyzers.sql.script import State

_LONG = re.compile(r"(TINY|MEDIUM|LONG)?(TEXT|BLOB)$")
_WIDE = 3


def _created(operation: Operation, state: State) -> str:
    if operation.kind != "create_index" or state.is_new(operation) or "concurrently" in operation.flags:
        return ""
    return f"creates `{operation.name or 'an index'}` on `{operation.table}` while writes wait"


def _dropped(operation: Operation, state: State) -> str:
    if operation.kind != "drop_index" or "concurrently" in operation.flags or operation.table in state.new:
        return ""
    if state.indexes.get(operation.name) in state.new:
        return ""
    return f"drops the index `{operation.name}` while every query of its table waits"


def _rebuilt(operation: Operation, _: State) -> str:
    return f"rebuilds `{operation.table}` while writes wait" if operation.kind == "reindex" else ""


def _fulltext(operation: Operation, state: State) -> str:
    if "fulltext" not in operation.flags or state.is_new(operation):
        return ""
    return f"builds a full-text or spatial index on `{operation.table}` while writes wait"


def _wide(operation: Operation, _: State) -> str:
    if operation.kind != "create_index" or "unique" in operation.flags or len(operation.parts) <= _WIDE:
        return ""
    return f"indexes {len(operation.parts)} columns of `{operation.table}`: every write pays, few queries gain"


def _text_key(operation: Operation, state: State) -> str:
    """MariaDB hashes a unique text and cuts a plain index, so that only its primary keys are refused."""
    is_strict = state.script.engine == "mysql"
    for column in operation.columns if operation.kind in {"create_table", "add_column"} else ():
        if (column.primary or (column.unique and is_strict)) and _LONG.match(column.type):
            return f"makes `{operation.table}.{column.name}` a key: MySQL indexes no {column.type} without a length"
    is_plain = operation.kind == "create_index" and "fulltext" not in operation.flags
    is_key = operation.detail == "primary key" or (is_strict and (is_plain or operation.detail == "unique"))
    for part in operation.parts if is_key else ():
        known = state.column(operation.table, part)
        if known is not None and _LONG.match(known.type):
            return f"indexes `{operation.table}.{part}`: MySQL indexes no {known.type} without a length"
    return ""


CHECKS = (
    Check(
        "locking-index",
        POSTGRES,
        "error",
        danger="Every write waits until the index is built.",
        recipe="under 'postgresql' write CREATE INDEX CONCURRENTLY; other engines keep the plain statement",
        says=_created,
        bad=(
            sample("CREATE INDEX ix_code ON orders (code)"),
            sample("CREATE UNIQUE INDEX IF NOT EXISTS uq_code ON orders (lower(code)) WHERE total > 0"),
        ),
        good=(
            sample("CREATE INDEX CONCURRENTLY ix_code ON orders (code)"),
            sample("CREATE TABLE parts (id BIGINT PRIMARY KEY)", "CREATE INDEX ix_parts ON parts (id)"),
        ),
    ),
    Check(
        "locking-drop-index",
        POSTGRES,
        "error",
        danger="The drop waits for the longest query, and every query after it waits for the drop.",
        recipe="under 'postgresql' write DROP INDEX CONCURRENTLY",
        says=_dropped,
        bad=(sample("DROP INDEX ix_orders_note"),),
        good=(
            sample("DROP INDEX CONCURRENTLY ix_orders_note"),
            sample(
                "CREATE TABLE parts (id BIGINT PRIMARY KEY)",
                "CREATE INDEX ix_parts ON parts (id)",
                "DROP INDEX ix_parts",
            ),
        ),
    ),
    Check(
        "reindex",
        POSTGRES,
        "error",
        danger="Writes to the table wait, and so does every query that would use the index.",
        recipe="REINDEX ... CONCURRENTLY, in a statement of its own",
        says=_rebuilt,
        bad=(sample("REINDEX TABLE orders"), sample("REINDEX INDEX ix_orders_note")),
        good=(sample("REINDEX INDEX CONCURRENTLY ix_orders_note"),),
    ),
    Check(
        "fulltext-index",
        MYSQL,
        "error",
        danger="Neither server builds one while rows change: writes wait until it is done.",
        recipe="build it on a copy and switch (gh-ost, pt-online-schema-change), or search elsewhere",
        says=_fulltext,
        bad=(
            sample("CREATE FULLTEXT INDEX ft_note ON orders (note)"),
            sample("ALTER TABLE orders ADD FULLTEXT INDEX ft_note (note)"),
        ),
        good=(sample("CREATE INDEX ix_code ON orders (code)"),),
    ),
    Check(
        "wide-index",
        SERVERS,
        "warning",
        danger="Each further column makes the index larger and every write slower, and seldom helps a query.",
        recipe="index the two or three columns that queries compare, the most selective first",
        says=_wide,
        bad=(
            sample("CREATE INDEX CONCURRENTLY ix_all ON orders (customer_id, code, note, total)", on=POSTGRES),
            sample("CREATE INDEX ix_all ON orders (customer_id, code, note, total)", on=MYSQL),
        ),
        good=(
            sample("CREATE INDEX CONCURRENTLY ix_three ON orders (customer_id, code, total)", on=POSTGRES),
            sample("CREATE INDEX ix_three ON orders (customer_id, code, total)", on=MYSQL),
        ),
    ),
    Check(
        "text-key",
        MYSQL,
        "error",
        danger="The server refuses it: an index needs a length for a column without one (MariaDB hashes a unique one).",
        recipe="use VARCHAR(n), or index a prefix: (note(100))",
        says=_text_key,
        bad=(
            sample("CREATE TABLE parts (name TEXT NOT NULL, PRIMARY KEY (name))", refused=True),
            sample("ALTER TABLE orders ADD PRIMARY KEY (body)", refused=True),
            sample("CREATE TABLE parts (id BIGINT PRIMARY KEY, name TEXT UNIQUE)", on={"mysql"}, refused=True),
            sample("CREATE INDEX ix_body ON orders (body)", on={"mysql"}, refused=True),
            sample("ALTER TABLE orders ADD CONSTRAINT uq_body UNIQUE (body)", on={"mysql"}, refused=True),
        ),
        good=(
            sample("CREATE TABLE parts (name VARCHAR(100) NOT NULL, PRIMARY KEY (name))"),
            sample("CREATE INDEX ix_body ON orders (body(50))"),
            sample("CREATE TABLE parts (id BIGINT PRIMARY KEY, name TEXT UNIQUE)", on={"mariadb"}),
            sample("CREATE UNIQUE INDEX uq_body ON orders (body)", on={"mariadb"}),
            sample("ALTER TABLE orders ADD CONSTRAINT uq_body UNIQUE (body)", on={"mariadb"}),
        ),
    ),
)
