"""What the engines say when a constraint stops a write, translated into an error for the caller."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from sqlalchemy import ForeignKeyConstraint, Index, Table, UniqueConstraint
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase

from .errors import AppError, ConflictError, ValidationError
from .fields import fields_of, table_of

# PostgreSQL's SQLSTATE, MySQL's error numbers; SQLite says it in words, which it never translates. The servers do.
_UNIQUE = ("23505", 1062, "UNIQUE constraint failed")
_FOREIGN = ("23503", 1216, 1217, 1451, 1452, "FOREIGN KEY constraint failed")
_SQLITE_COLUMNS = re.compile(r"constraint failed: ((?:\w+\.\w+(?:, )?)+)")
_NAMES = re.compile(r"""[`"'](?:\w+\.)?(\w+)[`"']""")


@contextmanager
def translated(model: type[DeclarativeBase], *, deleting: bool = False) -> Iterator[None]:
    """Turn a constraint's refusal into ConflictError (unique, still referenced) or ValidationError (the rest)."""
    try:
        yield
    except IntegrityError as error:
        raise _explain(model, error, deleting=deleting) from error


def _explain(model: type[DeclarativeBase], error: IntegrityError, *, deleting: bool) -> AppError:
    name, code, told = model.__name__, _code(error), _told(error)
    if code in _UNIQUE:
        fields = _fields(model, told)
        what = " and ".join(fields) or "a unique value"
        return ConflictError(
            f"{name}: {what} is already taken", code="unique", fields=dict.fromkeys(fields, "is already taken")
        )
    if code in _FOREIGN:
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


def _code(error: IntegrityError) -> object:
    state = getattr(error.orig, "sqlstate", None)
    number = error.orig.args[0] if error.orig and error.orig.args else None
    if isinstance(number, str) and state is None:
        return number.partition(":")[0]
    return number if isinstance(number, int) else state


def _told(error: IntegrityError) -> str:
    """Answer what the engine said; PostgreSQL quotes the constraint as its language does, and names it apart."""
    constraint = getattr(error.orig and error.orig.__cause__, "constraint_name", None)
    return f'"{constraint}"' if constraint else str(error.orig)


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
