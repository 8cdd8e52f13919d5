"""What a model declares, read from its mapping: the one list against which every name and value is checked."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Any

from sqlalchemy import Column, Enum, String, Table, UniqueConstraint
from sqlalchemy import inspect as mapping_of
from sqlalchemy.orm import DeclarativeBase

from .columns import Json
from .errors import UnknownFieldError, ValidationError
from .values import Reader, reader_for


@dataclass(frozen=True, slots=True)
class Field:
    """One declared column under its Python name."""

    name: str
    column: Column[Any]
    read: Reader
    read_operand: Reader

    @property
    def nullable(self) -> bool:
        return bool(self.column.nullable)

    @property
    def is_text(self) -> bool:
        return self.stored_as_text and not isinstance(self.column.type, Enum)

    @property
    def stored_as_text(self) -> bool:
        return isinstance(self.column.type, String)

    @property
    def is_number(self) -> bool:
        return self.column.type.python_type in {int, float, Decimal}

    @property
    def is_comparable(self) -> bool:
        return not isinstance(self.column.type, type(Json))

    @property
    def optional(self) -> bool:
        """Say whether a new row may leave the field out."""
        return self.nullable or self.column.default is not None

    def sort_value(self, value: object) -> object:
        """Answer what the database sorts by: an enumeration is stored as its text."""
        return value.value if isinstance(value, StrEnum) else value


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of one model."""

    model: type[DeclarativeBase]
    by_name: Mapping[str, Field]
    unique: tuple[tuple[str, ...], ...]

    def __getitem__(self, name: str) -> Field:
        """Answer a field. Raises UnknownFieldError naming the nearest one."""
        try:
            return self.by_name[name]
        except KeyError:
            raise UnknownFieldError(name, self.model.__name__, self.by_name) from None

    def __contains__(self, name: str) -> bool:
        return name in self.by_name

    def read_all(self, values: Mapping[str, object]) -> dict[str, object]:
        """Check and convert the values of a create or an update.

        Raises UnknownFieldError for a name and ValidationError for values, all of them at once.
        """
        wrong: dict[str, str] = {}
        answer: dict[str, object] = {}
        for name, value in values.items():
            field = self[name]
            try:
                answer[name] = _read(field, value)
            except ValueError as error:
                wrong[name] = str(error)
        _refuse(self.model, wrong)
        return answer

    def refuse_missing(self, values: Mapping[str, object]) -> None:
        """Raise ValidationError for the fields a new row needs and does not have."""
        missing = {name for name, field in self.by_name.items() if name not in values and not field.optional}
        _refuse(self.model, dict.fromkeys(sorted(missing), "is required"))


def _read(field: Field, value: object) -> object:
    if value is not None:
        return field.read(value)
    if not field.nullable:
        raise ValueError("must not be null")
    return None


def _refuse(model: type[DeclarativeBase], wrong: Mapping[str, str]) -> None:
    if wrong:
        told = "; ".join(f"{name} {message}" for name, message in wrong.items())
        raise ValidationError(f"{model.__name__}: {told}", fields=wrong)


@cache
def fields_of(model: type[DeclarativeBase]) -> Fields:
    """Read the mapping of a model once."""
    names = {prop.columns[0]: prop.key for prop in mapping_of(model).column_attrs}
    by_name = {
        name: Field(name, column, reader_for(column.type), reader_for(column.type, bounded=False))
        for column, name in names.items()
        if isinstance(column, Column)
    }
    by_column = {field.column.name: field.name for field in by_name.values()}
    return Fields(model, by_name, tuple(sorted(_unique_groups(model, by_column))))


def _unique_groups(model: type[DeclarativeBase], names: Mapping[str, str]) -> Iterable[tuple[str, ...]]:
    table = table_of(model)
    constraints = [constraint for constraint in table.constraints if isinstance(constraint, UniqueConstraint)]
    indexes = [index for index in table.indexes if index.unique]
    groups = [rule.columns for rule in constraints] + [index.columns for index in indexes]
    for columns in groups:
        yield tuple(names[column.name] for column in columns)


def table_of(model: type[DeclarativeBase]) -> Table:
    """Answer the table a model is mapped to."""
    table = mapping_of(model).local_table
    if not isinstance(table, Table):
        raise TypeError(f"{model.__name__} is mapped to {table!r}, which is not a table")
    return table
