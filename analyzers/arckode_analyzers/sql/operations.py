"""What a statement of a migration does, in one vocabulary for SQL texts and Alembic calls; data that can be cached."""

from __future__ import annotations

from typing import NamedTuple

ENGINES = ("mariadb", "mysql", "postgresql", "sqlite")
DATA = frozenset({"update", "delete", "insert", "truncate"})


class Column(NamedTuple):
    """A column as a statement declares it.

    `type` is upper case but for what its quotes hold, with its arguments, empty when it cannot be said. `default` is
    empty, `constant` or `volatile` (computed anew for every row). `generated` is empty, `identity`, `serial`, `stored`
    or `virtual`. `written` is the type as MySQL and MariaDB want it repeated, with its character set and its comment;
    empty when it cannot be said.
    """

    name: str
    type: str = ""
    nullable: bool = True
    default: str = ""
    unique: bool = False
    primary: bool = False
    generated: str = ""
    references: str = ""
    written: str = ""


class Operation(NamedTuple):
    """One thing that a statement does; `name` and `detail` mean what `kind` says.

    create_table (parts: the columns of each composite UNIQUE, `a,b`; flags: exists, temporary, unlogged, open,
    keyless, engine:NAME, charset:NAME), drop_table, rename_table (detail: the new name), truncate, move_table,
    rewrite_table, copy_table, convert_charset, detach_partition, add_column, drop_column, rename_column (detail: the
    new name), alter_type (detail: the new type), set_not_null, drop_not_null, set_default, drop_default, modify_column
    (columns: the new definition), add_constraint (detail: foreign key, check, unique, primary key, exclude),
    drop_constraint, drop_primary_key, validate, create_index (flags: concurrently, unique, partial, fulltext),
    drop_index, reindex, update, delete, insert, add_enum_value (name: the type, detail: the value), rename_enum_value,
    check_domain, trigger_off, keys_off, keys_on, create_object and drop_object (detail: its kind), rename_object
    (detail: the new name), drop_schema, rename_schema, set_timeout, vacuum, lock_table, refresh_view, transaction
    (detail: the word), names (parts: what is named anew, quoted as it is written), unknown (table: empty when any may
    be touched), other.
    """

    kind: str
    table: str = ""
    name: str = ""
    detail: str = ""
    columns: tuple[Column, ...] = ()
    parts: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()


def pack(operations: tuple[Operation, ...]) -> tuple[tuple[object, ...], ...]:
    """Return operations as plain tuples."""
    return tuple((*row[:4], tuple(tuple(each) for each in row.columns), *row[5:]) for row in operations)


def unpack(packed: tuple[tuple[object, ...], ...]) -> tuple[Operation, ...]:
    """Return the operations that `pack` flattened."""
    rows = (Operation._make(row) for row in packed)
    return tuple(row._replace(columns=tuple(Column._make(each) for each in row.columns)) for row in rows)
