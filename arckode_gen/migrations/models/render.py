"""Turns steps into the statements of one dialect: SQLAlchemy's compiler writes the pieces, this puts them together."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    Column,
    Constraint,
    Enum,
    ForeignKeyConstraint,
    Index,
    Table,
    UniqueConstraint,
)
from sqlalchemy.schema import SetColumnComment, SetTableComment

from arckode_gen.migrations.connection import is_mysql
from arckode_gen.migrations.models.ddl import (
    column_spec,
    compile_ddl,
    constraint_text,
    create_index,
    create_table,
    default_text,
    name_of,
    quote,
    type_text,
)
from arckode_gen.migrations.models.filling import (
    becomes_required,
    is_constant,
    value_of,
    with_default,
    without_requirement,
)
from arckode_gen.migrations.models.named_types import type_statement
from arckode_gen.migrations.models.numbering import between, entered, left

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from arckode_gen.migrations.dialects import Dialect
    from arckode_gen.migrations.models.steps import Held, Step

_FAMILIES = {
    "text": {"VARCHAR", "CHAR", "TEXT"},
    "number": {"SMALLINT", "INTEGER", "BIGINT", "NUMERIC", "REAL", "FLOAT", "DOUBLE"},
    "truth": {"BOOLEAN"},
    "moment": {"DATE", "TIMESTAMP"},
    "time": {"TIME"},
    "document": {"JSON", "JSONB"},
}


def pairs(
    steps: Sequence[Step], models: Mapping[str, Table], dialect: Dialect
) -> Iterator[tuple[list[str], list[str]]]:
    """Yield for each step the way there and the way back; SQLite has its own in `sqlite_rebuild`.

    Raises:
        RefusedError: the dialect cannot say what a model says.
    """
    for step in steps:
        yield list(_all([step], models, dialect)), list(_all([step.back], models, dialect))


def _all(steps: Iterable[Step], models: Mapping[str, Table], dialect: Dialect) -> Iterator[str]:
    for step in steps:
        if is_mysql(dialect) and isinstance(step.item, Index | UniqueConstraint):
            yield from _beside_keys(step, models, dialect)
        else:
            yield from _one(step, models, dialect)


def _beside_keys(step: Step, models: Mapping[str, Table], dialect: Dialect) -> Iterator[str]:
    """Give a foreign key an index of its own before the one it leans on goes; take it away when that comes back."""
    key = _leaning(cast("Index | UniqueConstraint", step.item), models.get(step.table))
    table = f"ALTER TABLE {quote(step.table, dialect)}"
    if key is None:
        yield from _one(step, models, dialect)
    elif step.new is None:
        columns = ", ".join(quote(column.name, dialect) for column in key.columns)
        name = quote(name_of(key, dialect), dialect)
        yield f"{table} ADD INDEX {name} ({columns}), DROP INDEX {quote(step.name, dialect)}"
    else:
        yield from _one(step, models, dialect)
        if dialect == "mariadb":
            yield f"{table} DROP INDEX IF EXISTS {quote(name_of(key, dialect), dialect)}"


def _leaning(index: Index | UniqueConstraint, model: Table | None) -> ForeignKeyConstraint | None:
    if model is None:
        return None
    columns = [column.name for column in index.columns]
    for key in sorted(model.foreign_key_constraints, key=lambda key: str(key.name)):
        own = [column.name for column in key.columns]
        others = [[column.name for column in item.columns] for item in model.indexes if item.name != index.name]
        if key.name and columns[: len(own)] == own and not any(names[: len(own)] == own for names in others):
            return key
    return None


def _one(step: Step, models: Mapping[str, Table], dialect: Dialect) -> Iterator[str]:
    table = f"ALTER TABLE {quote(step.table, dialect)}"
    if step.kind == "rename table":
        yield f"ALTER TABLE {quote(str(step.old), dialect)} RENAME TO {quote(str(step.new), dialect)}"
    elif step.kind == "rename column":
        yield f"{table} RENAME COLUMN {quote(str(step.old), dialect)} TO {quote(str(step.new), dialect)}"
    elif step.kind == "comment":
        yield _table_comment(step, dialect)
    elif step.kind == "type":
        yield from type_statement(step) if dialect == "postgresql" else ()
    elif step.kind == "enum":
        yield from _enum(step, models, dialect)
    elif step.new is None:
        yield _gone(step, dialect)
    elif step.old is None:
        yield from _fresh(step, dialect)
    elif (chosen := _beside_enum(step)).facets:
        yield from _altered(chosen, cast("Column[object]", step.old), cast("Column[object]", step.new), dialect)


def _beside_enum(step: Step) -> Step:
    """Leave the type out where it is the same enumeration: what becomes of its members is a step of its own."""
    old, new = (getattr(column, "type", None) for column in (step.old, step.new))
    if isinstance(old, Enum) and isinstance(new, Enum) and old.name and old.name == new.name:
        return replace(step, facets=step.facets - {"column"})
    return step


def _fresh(step: Step, dialect: Dialect) -> Iterator[str]:
    table = f"ALTER TABLE {quote(step.table, dialect)}"
    match step.new:
        case Table() as new:
            yield from _new_table(new, step.late, dialect)
        case Column() as new:
            yield from _new_column(step, new, dialect)
            yield from _column_comment(new, dialect)
        case Index() as new:
            yield create_index(new, dialect)
        case Constraint() as new:
            yield f"{table} ADD {constraint_text(new, dialect)}"


def _new_column(step: Step, new: Column[object], dialect: Dialect) -> Iterator[str]:
    """Yield what adds a column and gives the rows there what they need; a constant is noted and writes no row."""
    table, name = f"ALTER TABLE {quote(step.table, dialect)}", quote(new.name, dialect)
    value = value_of(step, dialect) if becomes_required(step) else ""
    if value in ("", "DEFAULT"):
        yield f"{table} ADD COLUMN {column_spec(new, dialect)}"
    elif is_constant(value):
        yield f"{table} ADD COLUMN {column_spec(with_default(new, value), dialect)}"
        if step.fill and new.default is None:
            yield f"{table} ALTER COLUMN {name} DROP DEFAULT"
    else:
        yield f"{table} ADD COLUMN {column_spec(without_requirement(new), dialect)}"
        yield _update(step, value, dialect)
        if is_mysql(dialect):
            yield f"{table} MODIFY COLUMN {column_spec(new, dialect)}"
        else:
            yield f"{table} ALTER COLUMN {name} SET NOT NULL"


def _update(step: Step, value: str, dialect: Dialect) -> str:
    name = quote(step.name, dialect)
    return f"UPDATE {quote(step.table, dialect)} SET {name} = {value} WHERE {name} IS NULL"  # noqa: S608  # it is written, not run


def _gone(step: Step, dialect: Dialect) -> str:
    table = quote(step.table, dialect)
    match step.old:
        case Table():
            return f"DROP TABLE {table}"
        case Column():
            return f"ALTER TABLE {table} DROP COLUMN {quote(step.name, dialect)}"
        case Index():
            return f"DROP INDEX {quote(step.name, dialect)}" + (f" ON {table}" if is_mysql(dialect) else "")
        case _:
            return f"ALTER TABLE {table} DROP {_dropped(step, cast('Constraint', step.old), dialect)}"


def _new_table(table: Table, late: tuple[Constraint, ...], dialect: Dialect) -> Iterator[str]:
    """Yield what makes a table with its indexes and comments."""
    yield create_table(table, dialect, late)
    for index in sorted(table.indexes, key=lambda index: name_of(index, dialect)):
        yield create_index(index, dialect)
    if dialect == "postgresql":
        if table.comment:
            yield compile_ddl(SetTableComment(table), dialect)
        for column in table.columns:
            yield from _column_comment(column, dialect)


def _members(words: Iterable[str]) -> str:
    return ", ".join("'" + word.replace("'", "''") + "'" for word in words)


def _column_comment(column: Column[object], dialect: Dialect) -> Iterator[str]:
    if dialect == "postgresql" and column.comment:
        yield compile_ddl(SetColumnComment(column), dialect)


def _table_comment(step: Step, dialect: Dialect) -> str:
    text = step.new if isinstance(step.new, str) else ""
    literal = "'" + text.replace("'", "''") + "'"
    if is_mysql(dialect):
        return f"ALTER TABLE {quote(step.table, dialect)} COMMENT {literal}"
    return f"COMMENT ON TABLE {quote(step.table, dialect)} IS {literal if text else 'NULL'}"


def _dropped(step: Step, old: Constraint, dialect: Dialect) -> str:
    name = quote(step.name or name_of(old, dialect), dialect)
    if not is_mysql(dialect):
        return f"CONSTRAINT {name}"
    if isinstance(old, ForeignKeyConstraint):
        return f"FOREIGN KEY {name}"
    if isinstance(old, UniqueConstraint):
        return f"INDEX {name}"
    if isinstance(old, CheckConstraint):
        return f"{'CHECK' if dialect == 'mysql' else 'CONSTRAINT'} {name}"
    return "PRIMARY KEY"


def _altered(step: Step, old: Column[object], new: Column[object], dialect: Dialect) -> Iterator[str]:
    table = f"ALTER TABLE {quote(step.table, dialect)}"
    value = value_of(step, dialect) if becomes_required(step) else ""
    if value:
        yield _update(step, default_text(new, dialect) or "" if value == "DEFAULT" else value, dialect)
    if old.computed is not None or new.computed is not None:
        yield f"{table} DROP COLUMN {quote(step.name, dialect)}"
        yield f"{table} ADD COLUMN {column_spec(new, dialect)}"
    elif is_mysql(dialect):
        yield f"{table} MODIFY COLUMN {_renamed_spec(step, new, dialect)}"
    else:
        place = (step.table, step.name)
        yield from left(old, new, place)
        yield from (f"{table} ALTER COLUMN {quote(step.name, dialect)} {part}" for part in _parts(step, old, new))
        yield from entered(old, new, place)
        if "comment" in step.facets:
            literal = _members([new.comment]) if new.comment else "NULL"
            yield f"COMMENT ON COLUMN {quote(step.table, dialect)}.{quote(step.name, dialect)} IS {literal}"


def _renamed_spec(step: Step, column: Column[object], dialect: Dialect) -> str:
    """Return the whole column under the name it has when the statement runs."""
    spec = column_spec(column, dialect)
    own = quote(column.name, dialect)
    return f"{quote(step.name, dialect)}{spec.removeprefix(own)}"


def _parts(step: Step, old: Column[object], new: Column[object]) -> Iterator[str]:
    """Yield what ALTER COLUMN takes on PostgreSQL; a default goes away while its type changes."""
    counted = between(old, new)
    before = default_text(old, "postgresql") if counted[0] != "serial" else None
    after = default_text(new, "postgresql") if counted[1] != "serial" else None
    retyped = "column" in step.facets and not (any(counted) and _is_one_type(old, new))
    if before is not None and (retyped or after is None) and ("default" in step.facets or retyped):
        yield "DROP DEFAULT"
    if retyped:
        yield f"TYPE {_new_type(step, old, new)}"
    if "null" in step.facets:
        yield "DROP NOT NULL" if new.nullable else "SET NOT NULL"
    if after is not None and ("default" in step.facets or retyped):
        yield f"SET DEFAULT {after}"


def _is_one_type(old: Column[object], new: Column[object]) -> bool:
    return type_text(old, "postgresql") == type_text(new, "postgresql")


def _new_type(step: Step, old: Column[object], new: Column[object]) -> str:
    before, after = type_text(old, "postgresql"), type_text(new, "postgresql")
    family = before.partition("(")[0] == after.partition("(")[0]
    return after if family else f"{after} USING {quote(step.name, 'postgresql')}{_between(before, after)}::{after}"


def _between(before: str, after: str) -> str:
    """Return the cast in the middle where PostgreSQL has none between two types (the table pg_cast says which)."""
    old, new = _family(before), _family(after)
    if old == new or "text" in (old, new) or (old, new) == ("moment", "time"):
        return ""
    if {old, new} == {"number", "truth"}:
        return "" if "INTEGER" in (before, after) else "::INTEGER"
    return "::TEXT"


def _family(name: str) -> str:
    """Return the types among which PostgreSQL casts by itself; any other is a family of its own."""
    first = "" if name.endswith("]") else name.split(maxsplit=1)[0].partition("(")[0]
    return next((family for family, names in _FAMILIES.items() if first in names), name)


def _enum(step: Step, models: Mapping[str, Table], dialect: Dialect) -> Iterator[str]:
    """Change the members of a native enumeration; PostgreSQL adds one in place, and takes one away by a new type."""
    before, after = cast("Enum", step.old).enums, cast("Enum", step.new).enums
    if is_mysql(dialect):
        yield from (_with_members(column, after, models, dialect) for column in step.held)
        return
    name = quote(step.name, dialect)
    fresh = [word for word in after if word not in before]
    if [word for word in after if word in before] == before:
        for at, word in enumerate(after):
            if word in fresh:
                place = f" AFTER {_members([after[at - 1]])}" if at else f" BEFORE {_members([before[0]])}"
                yield f"ALTER TYPE {name} ADD VALUE {_members([word])}{place}"
        return
    old = quote(f"{step.name}_before", dialect)
    yield f"ALTER TYPE {name} RENAME TO {old}"
    yield f"CREATE TYPE {name} AS ENUM ({_members(after)})"
    for column in step.held:
        many = "[]" if isinstance(column.new.type, ARRAY) else ""
        alter = f"ALTER TABLE {quote(column.table, dialect)} ALTER COLUMN {quote(column.name, dialect)}"
        default = default_text(column.new, dialect)
        if default is not None:
            yield f"{alter} DROP DEFAULT"
        yield f"{alter} TYPE {name}{many} USING {quote(column.name, dialect)}::text{many}::{name}{many}"
        if default is not None:
            yield f"{alter} SET DEFAULT {default}"
    yield f"DROP TYPE {old}"


def _with_members(held: Held, members: Iterable[str], models: Mapping[str, Table], dialect: Dialect) -> str:
    """Write the column as the models have it, but empty places as they are: rows are filled by a step of its own."""
    model = held.new if models.get(held.new.table.name) is held.new.table else held.old
    chosen = without_requirement(model) if held.old.nullable or held.new.nullable else model
    spec = re.sub(
        r"ENUM\((?:'(?:[^']|'')*'[, ]*)*\)", lambda _: f"ENUM({_members(members)})", column_spec(chosen, dialect)
    )
    named = spec.removeprefix(quote(chosen.name, dialect))
    return f"ALTER TABLE {quote(held.table, dialect)} MODIFY COLUMN {quote(held.name, dialect)}{named}"
