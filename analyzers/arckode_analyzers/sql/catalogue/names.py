"""Names that an engine refuses, cuts off or spells in another way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_analyzers.sql.operations import ENGINES
from arckode_analyzers.sql.reserved import RESERVED
from arckode_analyzers.sql.script import MYSQL, POSTGRES, SERVERS, SQLITE, Check, sample

if TYPE_CHECKING:
    from arckode_analyzers.sql.operations import Operation
    from arckode_analyzers.sql.script import State

_LONGEST = 63
"""Bytes on PostgreSQL (NAMEDATALEN less one); MySQL and MariaDB count 64 characters."""
_LONGEST_ON_MYSQL = 64
_LONG = "a_column_whose_name_says_everything_about_the_value_that_it_keeps"


def _reserved(operation: Operation, state: State) -> str:
    words = RESERVED[state.script.engine]
    named = [name for name in _names(operation) if name.lower() in words]  # the quotes are a part of a quoted name
    return f"names something `{named[0]}` without quotes, which is a word of the language" if named else ""


def _long(operation: Operation, state: State) -> str:
    for name in _names(operation):
        bare = name.strip('"')
        if state.script.engine in MYSQL and len(bare) > _LONGEST_ON_MYSQL:
            return f"`{bare}` has {len(bare)} characters: the server refuses more than {_LONGEST_ON_MYSQL}"
        if state.script.engine in POSTGRES and len(bare.encode()) > _LONGEST:
            return f"`{bare}` has {len(bare.encode())} bytes: PostgreSQL cuts it to {_LONGEST} without an error"
    return ""


def _folded(operation: Operation, _: State) -> str:
    for name in _names(operation):
        bare = name.strip('"')
        if bare == bare.lower():
            continue
        if _is_quoted(name):
            return f"keeps the capitals of `{bare}`: it has to be quoted wherever it is used"
        return f"writes `{bare}` without quotes, which PostgreSQL keeps as `{bare.lower()}`"
    return ""


def _names(operation: Operation) -> tuple[str, ...]:
    return operation.parts if operation.kind == "names" else ()


def _is_quoted(name: str) -> bool:
    return name.startswith('"')


CHECKS = (
    Check(
        "reserved-name",
        frozenset(ENGINES),
        "error",
        danger="The engine reads the name as its own word and refuses the statement.",
        recipe="choose another name, or quote it wherever it is used",
        says=_reserved,
        bad=(
            sample("CREATE TABLE parts (id BIGINT PRIMARY KEY, user TEXT)", on=POSTGRES, refused=True),
            sample("CREATE TABLE parts (id BIGINT PRIMARY KEY, rows INTEGER)", on=MYSQL, refused=True),
            sample("CREATE TABLE parts (id BIGINT PRIMARY KEY, transaction TEXT)", on=SQLITE, refused=True),
            sample("CREATE TABLE parts (id BIGINT PRIMARY KEY, rank INTEGER)", on={"mysql"}, refused=True),
        ),
        good=(
            sample('CREATE TABLE parts (id BIGINT PRIMARY KEY, "user" TEXT)', on=POSTGRES | SQLITE),
            sample("CREATE TABLE parts (id BIGINT PRIMARY KEY, `rows` INTEGER)", on=MYSQL),
        ),
    ),
    Check(
        "long-name",
        SERVERS,
        "error",
        danger="PostgreSQL cuts the name off with a notice nobody reads, and two long names may become one.",
        recipe="shorten it to 63 letters",
        says=_long,
        bad=(
            sample(f"ALTER TABLE orders ADD COLUMN {_LONG} BIGINT", on=POSTGRES),
            sample(f"ALTER TABLE orders ADD COLUMN {_LONG} BIGINT", on=MYSQL, refused=True),
        ),
        good=(sample(f"ALTER TABLE orders ADD COLUMN {_LONG[:63]} BIGINT"),),
    ),
    Check(
        "folded-name",
        POSTGRES,
        "warning",
        danger="PostgreSQL folds names to lower case, other engines do not: the same text finds different names.",
        recipe="write it in lower case with underscores",
        says=_folded,
        bad=(
            sample("ALTER TABLE orders ADD COLUMN placedAt DATE"),
            sample('ALTER TABLE orders ADD COLUMN "placedAt" DATE'),
        ),
        good=(sample('ALTER TABLE orders ADD COLUMN "placed_at" DATE'),),
    ),
)
