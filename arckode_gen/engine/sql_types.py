"""The DDL of generated tables: what SQLAlchemy's compiler writes for the generated model, without importing it.

`make:module` must stay fast, so its migration comes from this table; a test compiles the generated model with
SQLAlchemy for every field type and dialect and holds the two equal.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from arckode_gen.engine.fields import Field

Dialect = Literal["sqlite", "postgresql", "mysql", "mariadb"]
DIALECTS: tuple[Dialect, ...] = ("mariadb", "mysql", "postgresql", "sqlite")

_SAME_EVERYWHERE = {"int": "INTEGER", "bigint": "BIGINT", "date": "DATE"}
_BY_DIALECT: Mapping[str, Mapping[str, str]] = {
    "bool": {"mysql": "BOOL", "*": "BOOLEAN"},
    "bytes": {"mysql": "LONGBLOB", "postgresql": "BYTEA", "sqlite": "BLOB"},
    "datetime": {"mysql": "DATETIME(6)", "postgresql": "TIMESTAMP WITH TIME ZONE", "sqlite": "DATETIME"},
    "float": {"postgresql": "DOUBLE PRECISION", "*": "DOUBLE"},
    "json": {"postgresql": "JSONB", "*": "JSON"},
    "text": {"mysql": "LONGTEXT", "*": "TEXT"},
    "time": {"mysql": "TIME(6)", "postgresql": "TIME WITHOUT TIME ZONE", "sqlite": "TIME"},
    "uuid": {"postgresql": "UUID", "*": "CHAR(32)"},
}
_LIKE = {"list": "json", "belongs_to": "uuid"}
_TABLE_OPTIONS = {
    "mariadb": "CHARSET=utf8mb4 COLLATE utf8mb4_nopad_bin",
    "mysql": "CHARSET=utf8mb4 COLLATE utf8mb4_0900_bin",
}
_INDENT = "    "


@dataclass(frozen=True, slots=True)
class Table:
    """A table as `make:module` knows it; the rows of a `read_model` belong to generations."""

    name: str
    fields: tuple[Field, ...]
    timestamps: bool = True
    soft_delete: bool = False
    read_model: bool = False


@dataclass(frozen=True, slots=True)
class LinkTable:
    """A table of pairs: which row of one table is linked to which of another; each pair is there once."""

    name: str
    own_column: str
    own_table: str
    other_column: str
    other_table: str


def create_links(links: LinkTable, dialect: Dialect) -> tuple[str, ...]:
    """Return CREATE TABLE and its CREATE INDEX for the way back; the unique pair is the index for the way there."""
    kind, name = _pick(_BY_DIALECT["uuid"], dialect), links.name
    columns = (links.own_column, links.other_column)
    targets = zip(columns, (links.own_table, links.other_table), strict=True)
    lines = [
        *(f"{column} {kind} NOT NULL" for column in ("id", *columns)),
        f"CONSTRAINT pk_{name} PRIMARY KEY (id)",
        *(
            f"CONSTRAINT fk_{name}_{column} FOREIGN KEY({column}) REFERENCES {target} (id) ON DELETE CASCADE"
            for column, target in targets
        ),
        f"CONSTRAINT uq_{name}_{'_'.join(columns)} UNIQUE ({', '.join(columns)})",
    ]
    return (
        _create(name, lines, dialect),
        f"CREATE INDEX ix_{name}_{links.other_column} ON {name} ({links.other_column})",
    )


def create_table(table: Table, dialect: Dialect) -> tuple[str, ...]:
    """Return CREATE TABLE and then its CREATE INDEX statements."""
    return (_create(table.name, [*_columns(table, dialect), *_constraints(table)], dialect), *_indexes(table))


def _create(name: str, lines: Sequence[str], dialect: Dialect) -> str:
    body = ",\n".join(_INDENT + line for line in lines)
    options = _TABLE_OPTIONS.get(dialect, "")
    return f"CREATE TABLE {name} (\n{body}\n)" + (f" {options}" if options else "")


def drop_table(table: str) -> tuple[str, ...]:
    return (f"DROP TABLE {table}",)


def column_type(field: Field, dialect: Dialect) -> str:
    """Return the type of a field's column."""
    kind = _LIKE.get(field.type, field.type)
    if kind in _SAME_EVERYWHERE:
        return _SAME_EVERYWHERE[kind]
    if kind in _BY_DIALECT:
        return _pick(_BY_DIALECT[kind], dialect)
    if kind == "decimal":
        return "BIGINT" if dialect == "sqlite" else f"NUMERIC({field.precision}, {field.scale})"
    return f"VARCHAR({length(field)})"


def length(field: Field) -> int | None:
    """Return the length of a VARCHAR column; an enumeration's leaves room for members that come later."""
    return max(32, *(len(value) for value in field.values)) if field.type == "enum" else field.db_length


def _pick(types: Mapping[str, str], dialect: Dialect) -> str:
    family = "mysql" if dialect == "mariadb" else dialect
    return types.get(dialect) or types.get(family) or types["*"]


def _columns(table: Table, dialect: Dialect) -> Iterable[str]:
    moment = _pick(_BY_DIALECT["datetime"], dialect)
    yield f"id {_pick(_BY_DIALECT['uuid'], dialect)} NOT NULL"
    for field in table.fields:
        yield f"{field.column} {column_type(field, dialect)}" + ("" if field.null else " NOT NULL")
    if table.timestamps:
        yield f"created_at {moment} NOT NULL"
        yield f"updated_at {moment} NOT NULL"
    if table.soft_delete:
        yield f"deleted_at {moment}"
    if table.read_model:
        yield "generation BIGINT NOT NULL"


def _constraints(table: Table) -> Iterable[str]:
    key = "id, generation" if table.read_model else "id"
    yield f"CONSTRAINT pk_{table.name} PRIMARY KEY ({key})"
    for field in table.fields:
        for name, rule in constraints(table.name, field):
            yield f"CONSTRAINT {name} {rule}"


def constraints(table: str, field: Field) -> Iterable[tuple[str, str]]:
    """Yield the names and rules of a field's constraints."""
    if field.type == "belongs_to":
        rule = f"FOREIGN KEY({field.column}) REFERENCES {field.target} (id) ON DELETE {on_delete(field)}"
        yield f"fk_{table}_{field.column}", rule
    if field.type == "enum":
        yield f"ck_{table}_{field.column}", f"CHECK ({allowed(field)})"
    if field.unique:
        yield f"uq_{table}_{field.column}", f"UNIQUE ({field.column})"


def allowed(field: Field) -> str:
    """Return the condition that keeps an enumeration's column to its values."""
    values = ", ".join(f"'{value}'" for value in field.values)
    return f"{field.column} IN ({values})"


def on_delete(field: Field) -> str:
    return (field.on_delete or "restrict").upper().replace("_", " ")


def indexed(table: Table) -> Sequence[str]:
    """Return the columns that have an index of their own, in order; a unique column needs no second one."""
    return sorted(
        [field.column for field in table.fields if field.indexed] + (["deleted_at"] if table.soft_delete else [])
    )


def _indexes(table: Table) -> Iterable[str]:
    for column in indexed(table):
        yield f"CREATE INDEX ix_{table.name}_{column} ON {table.name} ({column})"
