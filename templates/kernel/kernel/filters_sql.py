"""Writes checked filters and orders as SQL that means the same on every engine."""

import operator
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, collate, false, func, literal, or_, true

from . import text_match
from .fields import Field
from .filters import AllOf, Among, AnyOf, Compare, Condition, IsNull, Matches
from .ordering import Order

_COMPARE: dict[str, Callable[[Any, Any], ColumnElement[bool]]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "lte": operator.le,
    "gt": operator.gt,
    "gte": operator.ge,
}


def where(condition: Condition, dialect: str) -> ColumnElement[bool]:
    """Write one condition for a dialect."""
    match condition:
        case AllOf((part,)):
            return where(part, dialect)
        case AllOf(parts):
            return and_(true(), *(where(part, dialect) for part in parts))
        case AnyOf(parts):
            return or_(false(), *(where(part, dialect) for part in parts))
        case IsNull(field, expected):
            return field.column.is_(None) if expected else field.column.is_not(None)
        case Among(field, values, negated):
            return _among(field, values, negated=negated)
        case Matches(field, pattern, folded):
            return _matches(field, pattern, dialect, folded=folded)
        case Compare(field, name, value):
            ranked = name not in {"eq", "ne"}
            # A bound value, typed: SQLAlchemy would write True and False out and then refuse to order by them.
            bound = literal(value, field.column.type)
            return _COMPARE[name](_ranked(field, dialect) if ranked else field.column, bound)


def order(orders: Sequence[Order], dialect: str) -> list[ColumnElement[Any]]:
    """Write ORDER BY with nulls last, which MySQL cannot say and the others default differently."""
    terms: list[ColumnElement[Any]] = []
    for term in orders:
        if term.field.nullable:
            terms.append(term.field.column.is_(None))
        ranked = _ranked(term.field, dialect)
        terms.append(ranked.desc() if term.descending else ranked.asc())
    return terms


def _among(field: Field, values: tuple[object, ...], *, negated: bool) -> ColumnElement[bool]:
    if not values:
        return true() if negated else false()
    return field.column.not_in(values) if negated else field.column.in_(values)


def _ranked(field: Field, dialect: str) -> ColumnElement[Any]:
    """Compare text by code point: PostgreSQL would follow the language the database was created with."""
    by_language = dialect == "postgresql" and field.stored_as_text
    return collate(field.column, "C") if by_language else field.column


def _matches(field: Field, pattern: text_match.Pattern, dialect: str, *, folded: bool) -> ColumnElement[bool]:
    if folded:
        pattern = text_match.fold_pattern(pattern)
    if dialect == "sqlite":
        text = func.unicode_fold(field.column) if folded else field.column
        return text.op("GLOB", is_comparison=True)(text_match.to_glob(pattern))
    text = func.lower(field.column) if folded else field.column
    return text.like(text_match.to_like(pattern), escape="/")
