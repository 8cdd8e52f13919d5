"""Types that do not hold, one day, what they are for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from arckode_analyzers.sql.script import MYSQL, POSTGRES, SERVERS, Check, sample

if TYPE_CHECKING:
    from collections.abc import Callable

    from arckode_analyzers.sql.operations import Column, Operation
    from arckode_analyzers.sql.script import State

_SMALL = re.compile(r"(SMALL|MEDIUM|TINY)?(INT|INTEGER|SERIAL)\b")
_JSON, _CHAR, _MONEY = re.compile(r"JSON$"), re.compile(r"(CHAR|BPCHAR)\("), re.compile(r"MONEY$")
_NAIVE, _SHORT_TIME = re.compile(r"TIMESTAMP(\(\d\))?$"), re.compile(r"TIMESTAMPTZ")
_NO_ENGINES = frozenset({"myisam", "memory", "heap", "csv", "archive", "merge", "aria", "blackhole"})
_SHORT_CHARSETS = frozenset({"utf8", "utf8mb3", "latin1", "ucs2", "ascii"})


def _typed(pattern: re.Pattern[str], why: str) -> Callable[[Operation, State], str]:
    """Report the columns that are declared with a type."""

    def says(operation: Operation, _: State) -> str:
        named = [each for each in _declared(operation) if pattern.match(each.type)]
        return f"gives `{operation.table}.{named[0].name}` the type {named[0].type}, {why}" if named else ""

    return says


def _declared(operation: Operation) -> tuple[Column, ...]:
    return operation.columns if operation.kind in {"create_table", "add_column", "modify_column"} else ()


def _small_key(operation: Operation, _: State) -> str:
    for column in _declared(operation):
        is_counted = column.generated in {"serial", "identity"}
        if (column.primary or is_counted) and _SMALL.match(column.type):
            return f"counts `{operation.table}.{column.name}` as {column.type}, which ends at 2147483647 or sooner"
    return ""


def _serial(operation: Operation, _: State) -> str:
    named = [column.name for column in _declared(operation) if column.generated == "serial"]
    if not named:
        return ""
    return f"numbers `{operation.table}.{named[0]}` by SERIAL, whose sequence has its own owner and permissions"


def _engine(operation: Operation, _: State) -> str:
    chosen = {flag.removeprefix("engine:") for flag in operation.flags if flag.startswith("engine:")} & _NO_ENGINES
    if not chosen:
        return ""
    return f"keeps `{operation.table}` in {chosen.pop().upper()}, which has neither transactions nor foreign keys"


def _charset(operation: Operation, _: State) -> str:
    chosen = {
        flag.removeprefix("charset:") for flag in operation.flags if flag.startswith("charset:")
    } & _SHORT_CHARSETS
    if not chosen:
        return ""
    return f"keeps the texts of `{operation.table}` in {chosen.pop()}, which lacks many characters"


def _unlogged(operation: Operation, _: State) -> str:
    if "unlogged" not in operation.flags:
        return ""
    return f"creates `{operation.table}` UNLOGGED: it is empty after a crash"


CHECKS = (
    Check(
        "json-column",
        POSTGRES,
        "warning",
        danger="JSON has no equality: SELECT DISTINCT, GROUP BY and UNION over the row fail, and it cannot be indexed.",
        recipe="use JSONB",
        says=_typed(_JSON, "which has no equality and no index"),
        bad=(
            sample("ALTER TABLE orders ADD COLUMN extra JSON"),
            sample("CREATE TABLE parts (id BIGINT PRIMARY KEY, extra JSON)"),
        ),
        good=(sample("ALTER TABLE orders ADD COLUMN extra JSONB"),),
    ),
    Check(
        "char-column",
        POSTGRES,
        "warning",
        danger="The value is padded with spaces, which come back, count in some comparisons and not in others.",
        recipe="use VARCHAR(n) or TEXT",
        says=_typed(_CHAR, "which is padded with spaces"),
        bad=(sample("ALTER TABLE orders ADD COLUMN country CHAR(2)"),),
        good=(sample("ALTER TABLE orders ADD COLUMN country VARCHAR(2)"),),
    ),
    Check(
        "money-column",
        POSTGRES,
        "warning",
        danger="What it means and how it is read depends on the server's lc_monetary; it has no currency.",
        recipe="use NUMERIC(12, 2)",
        says=_typed(_MONEY, "whose meaning depends on the server's locale"),
        bad=(sample("ALTER TABLE orders ADD COLUMN price MONEY"),),
        good=(sample("ALTER TABLE orders ADD COLUMN price NUMERIC(12, 2)"),),
    ),
    Check(
        "naive-timestamp",
        POSTGRES,
        "warning",
        danger="The moment is lost: the value means another time for each session's time zone.",
        recipe="use TIMESTAMP WITH TIME ZONE",
        says=_typed(_NAIVE, "which forgets the time zone"),
        bad=(sample("ALTER TABLE orders ADD COLUMN placed TIMESTAMP"),),
        good=(sample("ALTER TABLE orders ADD COLUMN placed TIMESTAMP WITH TIME ZONE"),),
    ),
    Check(
        "timestamp-2038",
        MYSQL,
        "warning",
        danger="It ends in January 2038 (MariaDB 11.5: in 2106), and its value changes with the session's time zone.",
        recipe="use DATETIME(6), in UTC",
        says=_typed(_SHORT_TIME, "which ends in 2038"),
        bad=(sample("ALTER TABLE orders ADD COLUMN placed TIMESTAMP NULL"),),
        good=(sample("ALTER TABLE orders ADD COLUMN placed DATETIME(6)"),),
    ),
    Check(
        "small-key",
        SERVERS,
        "warning",
        danger="A busy table uses up its numbers, rolled back inserts included, and then no row can be added.",
        recipe="use BIGINT, or a UUID",
        says=_small_key,
        bad=(
            sample("CREATE TABLE parts (id INTEGER PRIMARY KEY)"),
            sample("CREATE TABLE parts (id SERIAL, name TEXT, PRIMARY KEY (name))", on=POSTGRES),
            sample("CREATE TABLE parts (id INTEGER AUTO_INCREMENT PRIMARY KEY)", on=MYSQL),
        ),
        good=(
            sample("CREATE TABLE parts (id BIGINT PRIMARY KEY, pieces INTEGER)"),
            sample("CREATE TABLE parts (id UUID PRIMARY KEY)", on=POSTGRES),
        ),
    ),
    Check(
        "serial",
        POSTGRES,
        "warning",
        danger="The sequence stays another object: its rights are granted apart, and a copied table shares it.",
        recipe="use GENERATED BY DEFAULT AS IDENTITY, in a model `mapped_column(Identity())`",
        says=_serial,
        bad=(sample("CREATE TABLE parts (id BIGSERIAL PRIMARY KEY)"),),
        good=(sample("CREATE TABLE parts (id BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY)"),),
    ),
    Check(
        "engine-without-transactions",
        MYSQL,
        "error",
        danger="A rollback rolls nothing back, foreign keys are read and forgotten, a crash may damage the table.",
        recipe="leave ENGINE out: InnoDB is the default",
        says=_engine,
        bad=(sample("CREATE TABLE parts (id BIGINT PRIMARY KEY) ENGINE=MyISAM"),),
        good=(sample("CREATE TABLE parts (id BIGINT PRIMARY KEY) ENGINE=InnoDB"),),
    ),
    Check(
        "short-charset",
        MYSQL,
        "warning",
        danger="utf8 has three bytes on these servers: names with rarer letters, and every emoji, are refused or cut.",
        recipe="say CHARSET=utf8mb4",
        says=_charset,
        bad=(sample("CREATE TABLE parts (id BIGINT PRIMARY KEY) DEFAULT CHARSET=utf8"),),
        good=(sample("CREATE TABLE parts (id BIGINT PRIMARY KEY) DEFAULT CHARSET=utf8mb4"),),
    ),
    Check(
        "unlogged-table",
        POSTGRES,
        "warning",
        danger="It is written nowhere that survives a crash, and no replica has it.",
        recipe="leave UNLOGGED out, unless every row can be made again",
        says=_unlogged,
        bad=(sample("CREATE UNLOGGED TABLE parts (id BIGINT PRIMARY KEY)"),),
        good=(sample("CREATE TABLE parts (id BIGINT PRIMARY KEY)"),),
    ),
)
