"""What the engines say when a constraint stops a write, translated into an error for the caller."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from sqlalchemy import ForeignKeyConstraint, Index, Table, UniqueConstraint
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase

from .errors import AppError, ConflictError, ValidationError
from .fields import fields_of, table_of

_UNIQUE = re.compile(r"UNIQUE constraint failed|duplicate key value|Duplicate entry", re.IGNORECASE)
_FOREIGN = re.compile(r"FOREIGN KEY constraint", re.IGNORECASE)
_SQLITE_COLUMNS = re.compile(r"constraint failed: ((?:\w+\.\w+(?:, )?)+)")
_NAMES = re.compile(r"""[`"'](?:\w+\.)?(\w+)[`"']""")


@contextmanager
def translated(model: type[DeclarativeBase], *, deleting: bool = False) -> Iterator[None]:
    """Turn a constraint's refusal into ConflictError (unique, still referenced) or ValidationError (the rest)."""
    try:
        yield
    except IntegrityError as error:
        raise _explain(model, str(error.orig), deleting=deleting) from error


def _explain(model: type[DeclarativeBase], told: str, *, deleting: bool) -> AppError:
    name = model.__name__
    if _UNIQUE.search(told):
        fields = _fields(model, told)
        what = " and ".join(fields) or "a unique value"
        return ConflictError(
            f"{name}: {what} is already taken", code="unique", fields=dict.fromkeys(fields, "is already taken")
        )
    if _FOREIGN.search(told):
        if deleting:
            return ConflictError(f"{name} is still referred to by other rows", code="referenced")
        fields = _fields(model, told)
        return ValidationError(
            f"{name} refers to something that does not exist",
            code="foreign_key",
            fields=dict.fromkeys(fields, "does not exist"),
        )
    fields = _fields(model, told)
    return ValidationError(
        f"{name} breaks a rule of the database", code="constraint", fields=dict.fromkeys(fields, "is not allowed")
    )


def _fields(model: type[DeclarativeBase], told: str) -> tuple[str, ...]:
    by_column = {field.column.name: field.name for field in fields_of(model).by_name.values()}
    listed = _SQLITE_COLUMNS.search(told)
    if listed:
        return tuple(by_column[part.split(".")[1]] for part in listed[1].split(", ") if part.split(".")[1] in by_column)
    constraints = _constraint_columns(table_of(model))
    for name in _NAMES.findall(told):
        if name in constraints:
            return tuple(by_column[column] for column in constraints[name])
    return ()


def _constraint_columns(table: Table) -> Mapping[str, tuple[str, ...]]:
    constraints = [rule for rule in table.constraints if isinstance(rule, UniqueConstraint | ForeignKeyConstraint)]
    indexes: list[Index] = [index for index in table.indexes if index.unique]
    named = {str(rule.name): tuple(column.name for column in rule.columns) for rule in (*constraints, *indexes)}
    # MySQL calls every primary key PRIMARY.
    primary = tuple(column.name for column in table.primary_key.columns)
    return named | {str(table.primary_key.name): primary, "PRIMARY": primary}
