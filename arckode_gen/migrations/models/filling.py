"""What the rows that are there get in a column that must have a value."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from sqlalchemy import Column, DefaultClause, Table, literal, text
from sqlalchemy.exc import SQLAlchemyError

from arckode_gen.errors import UsageError
from arckode_gen.migrations.models.ddl import sql_dialect

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from arckode_gen.migrations.dialects import Dialect
    from arckode_gen.migrations.models.steps import Step

_CONSTANT = re.compile(r"-?\d+(\.\d+)?|'(?:[^']|'')*'|true|false", re.IGNORECASE)


def filled(steps: Sequence[Step], values: Mapping[str, str]) -> tuple[Step, ...]:
    """Give each step the SQL that was named for its column.

    Raises:
        UsageError: a value is for a column that does not become required, on the way there or back.
    """
    asking = {_place(step) for step in steps if _can_be_filled(step)}
    for place in values:
        if place not in asking:
            known = ", ".join(sorted(asking)) or "none does"
            raise UsageError(
                f"--fill {place}: that column does not come or change to a required one",
                f"these do: {known}; write it like --fill \"orders.status='draft'\"",
            )
    return tuple(
        replace(step, fill=values[_place(step)]) if _can_be_filled(step) and _place(step) in values else step
        for step in steps
    )


def _can_be_filled(step: Step) -> bool:
    return becomes_required(step) or becomes_required(step.back)


def _place(step: Step) -> str:
    return f"{step.table}.{step.name}".lower()


def becomes_required(step: Step) -> bool:
    """Tell whether a column comes to a table that is there, or loses its NULLs, and so needs values."""
    column = step.new
    if step.kind != "column" or not isinstance(column, Column) or column.nullable:
        return False
    if column.computed is not None or column.identity is not None:
        return False
    return step.old is None or "null" in step.facets


def unreturned(steps: Sequence[Step], here: Dialect) -> Iterator[str]:
    """Yield what a person has to know about columns that the way back makes required and has no value for."""
    for step in unfilled([step.back for step in steps], here):
        yield (
            f"going back, {step.table}.{step.name} is required and a row without a value stops it: give DOWN one, "
            "or use --fill"
        )


def unfilled(steps: Sequence[Step], here: Dialect) -> Iterator[Step]:
    """Yield the columns that need a value and have none, from the model or by name."""
    for step in steps:
        if becomes_required(step) and not value_of(step, here):
            yield step


def value_of(step: Step, dialect: Dialect) -> str:
    """Return the SQL that the rows there get: what was named, the server's default, or the model's own constant."""
    column = cast("Column[object]", step.new)
    if step.fill:
        return step.fill
    if column.server_default is not None:
        return "DEFAULT"
    return constant_of(column, dialect)


def constant_of(column: Column[object], dialect: Dialect) -> str:
    """Return the constant with which the models fill a column, as SQL; empty when there is none."""
    default = column.default
    if default is None or not default.is_scalar:
        return ""
    try:
        value = literal(getattr(default, "arg", None), column.type)
        return str(value.compile(dialect=sql_dialect(dialect), compile_kwargs={"literal_binds": True}))
    except (SQLAlchemyError, TypeError, ValueError, LookupError):
        return ""  # a value that cannot be written down is one that nobody gave


def is_constant(sql: str) -> bool:
    """Tell whether every engine only notes it, without writing a row."""
    return _CONSTANT.fullmatch(sql.strip()) is not None


def with_default(column: Column[object], sql: str) -> Column[object]:
    """Return a copy of a column that has a default in the database."""
    found = column._copy()  # noqa: SLF001 - the column as it is, in no table
    found.server_default = DefaultClause(text(sql.replace(":", "\\:")))
    return found


def without_requirement(column: Column[object]) -> Column[object]:
    """Return a copy of a column that may be empty."""
    found = column._copy()  # noqa: SLF001 - the column as it is, in no table
    found.nullable = True
    if isinstance(getattr(column, "table", None), Table):
        found.table = column.table  # a comment names it
    return found
