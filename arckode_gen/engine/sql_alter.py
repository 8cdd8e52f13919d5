"""The DDL that adds fields to a table with rows, and takes them away again, as each engine can do it in use.

SQLite adds no UNIQUE and no key that may not be NULL; PostgreSQL would check foreign keys and build indexes under a
lock; MySQL and MariaDB copy the table for a foreign key unless told not to check it. Rows that are there get the
default. It stays with the column, so that the old code, which is still running then, can go on inserting.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_gen.engine import sql_types

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from arckode_gen.engine.fields import Field
    from arckode_gen.engine.sql_types import Dialect

_NOW = {
    ("datetime", "postgresql"): "CURRENT_TIMESTAMP",
    ("date", "postgresql"): "CAST(timezone('utc', CURRENT_TIMESTAMP) AS DATE)",
    ("datetime", "sqlite"): "strftime('%Y-%m-%d %H:%M:%f000', 'now')",
    ("date", "sqlite"): "date('now')",
    ("datetime", "mysql"): "(UTC_TIMESTAMP(6))",
    ("date", "mysql"): "(UTC_DATE())",
}


def add_columns(table: str, fields: Sequence[Field], dialect: Dialect, day: str) -> tuple[str, ...]:
    """Return the statements that add columns; `day` is an ISO date, where only a constant can stand for `now`."""
    columns = [line for field in fields for line in _column(table, field, dialect, day)]
    limits = [line for field in fields for line in _limits(table, field, dialect)]
    indexes = [line for field in fields for line in _indexes(table, field, dialect)]
    if dialect in {"mysql", "mariadb"}:
        return (*columns, *indexes, *_unchecked(limits))  # a foreign key without an index would make one of its own
    return (*columns, *limits, *indexes)


def drop_columns(table: str, fields: Sequence[Field], dialect: Dialect) -> tuple[str, ...]:
    """Return the statements that take the columns away again, the last one first."""
    return tuple(line for field in reversed(fields) for line in _dropped(table, field, dialect))


def literal(field: Field, dialect: Dialect, day: str = "") -> str:
    """Write a field's default as a constant of SQL, in the form in which the kernel's column types store it."""
    value = str(field.default)
    if field.default in {"now", "today"}:
        value = day if field.type == "date" else f"{day}T00:00:00Z"
    if field.type in {"int", "bigint", "float"}:
        return value
    if field.type == "decimal":
        return str(int(value.replace(".", ""))) if dialect == "sqlite" else value
    if field.type == "bool":
        return str(int(field.default is True)) if dialect == "sqlite" else str(field.default is True).lower()
    if field.type == "datetime":
        moment = value.removesuffix("Z").replace("T", " ")
        value = f"{moment}+00:00" if dialect == "postgresql" else f"{moment}.000000"
    if field.type == "time":
        value = f"{value}.000000"
    escaped = value.replace("\\", "\\\\") if dialect in {"mysql", "mariadb"} else value
    return f"'{escaped.replace(chr(39), chr(39) * 2)}'"


def _column(table: str, field: Field, dialect: Dialect, day: str) -> Iterable[str]:
    parts = [f"ALTER TABLE {table} ADD COLUMN {field.column} {sql_types.column_type(field, dialect)}"]
    if field.default is not None:
        parts.append(f"DEFAULT {_default(field, dialect, day)}")
    if not field.null:
        parts.append("NOT NULL")
    if dialect == "sqlite":
        parts += _inline(table, field)
    yield " ".join(parts)
    if dialect == "sqlite" and field.default in {"now", "today"}:
        now, then = _NOW[field.type, "sqlite"], literal(field, dialect, day)
        yield f"UPDATE {table} SET {field.column} = {now} WHERE {field.column} = {then}"  # noqa: S608  identifiers


def _default(field: Field, dialect: Dialect, day: str) -> str:
    if field.default in {"now", "today"} and dialect != "sqlite":
        return _NOW[field.type, "mysql" if dialect == "mariadb" else dialect]
    written = literal(field, dialect, day)
    return f"({written})" if field.type == "text" and dialect in {"mysql", "mariadb"} else written


def _inline(table: str, field: Field) -> Iterable[str]:
    """Write on the column what SQLite cannot add to a table afterwards."""
    if field.type == "belongs_to":
        rule = sql_types.on_delete(field)
        yield f"CONSTRAINT fk_{table}_{field.column} REFERENCES {field.target} (id) ON DELETE {rule}"
    if field.type == "enum":
        yield f"CONSTRAINT ck_{table}_{field.column} CHECK ({sql_types.allowed(field)})"


def _limits(table: str, field: Field, dialect: Dialect) -> Iterable[str]:
    """Add the constraints; PostgreSQL is told to check the rows afterwards, when others may write again."""
    for name, rule in sql_types.constraints(table, field):
        if dialect == "sqlite":
            continue
        if name.startswith("uq_"):
            yield from _unique(table, field, dialect)
        elif dialect == "postgresql":
            yield f"ALTER TABLE {table} ADD CONSTRAINT {name} {rule} NOT VALID"
            yield f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}"
        else:
            yield f"ALTER TABLE {table} ADD CONSTRAINT {name} {rule}"


def _unique(table: str, field: Field, dialect: Dialect) -> Iterable[str]:
    name = f"uq_{table}_{field.column}"
    if dialect == "postgresql":
        yield f"CREATE UNIQUE INDEX CONCURRENTLY {name} ON {table} ({field.column})"
        yield f"ALTER TABLE {table} ADD CONSTRAINT {name} UNIQUE USING INDEX {name}"
    else:
        yield f"ALTER TABLE {table} ADD CONSTRAINT {name} UNIQUE ({field.column})"


def _indexes(table: str, field: Field, dialect: Dialect) -> Iterable[str]:
    if field.unique and dialect == "sqlite":
        yield f"CREATE UNIQUE INDEX uq_{table}_{field.column} ON {table} ({field.column})"
    if field.indexed:
        how = "INDEX CONCURRENTLY" if dialect == "postgresql" else "INDEX"
        yield f"CREATE {how} ix_{table}_{field.column} ON {table} ({field.column})"


def _unchecked(limits: Sequence[str]) -> Iterable[str]:
    """Add foreign keys last and without reading the rows: their columns are new, and so empty."""
    keys = [line for line in limits if " FOREIGN KEY" in line]
    yield from (line for line in limits if line not in keys)
    if keys:
        yield from ("SET foreign_key_checks = 0", *keys, "SET foreign_key_checks = 1")


def _dropped(table: str, field: Field, dialect: Dialect) -> Iterable[str]:
    if dialect in {"mysql", "mariadb"}:
        for name, _ in sql_types.constraints(table, field):
            if name.startswith("fk_"):
                yield f"ALTER TABLE {table} DROP FOREIGN KEY {name}"
            if name.startswith("ck_"):
                yield f"ALTER TABLE {table} DROP CONSTRAINT {name}"
    if dialect == "sqlite":
        for kind, wanted in (("uq", field.unique), ("ix", field.indexed)):
            if wanted:
                yield f"DROP INDEX {kind}_{table}_{field.column}"
    yield f"ALTER TABLE {table} DROP COLUMN {field.column}"
