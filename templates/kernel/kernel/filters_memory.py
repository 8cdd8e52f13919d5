"""Answers checked filters in Python exactly as SQL would, its third truth value included."""

import operator
from collections.abc import Callable, Mapping
from typing import Any

from . import text_match
from .fields import Field
from .filters import AllOf, Among, AnyOf, Compare, Condition, IsNull, Matches
from .ordering import Order

Row = Mapping[str, object]

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "lte": operator.le,
    "gt": operator.gt,
    "gte": operator.ge,
}


def holds(condition: Condition, row: Row) -> bool:
    """Say whether a row passes; unknown is no, as in WHERE."""
    match condition:
        case AllOf(parts):
            return all(holds(part, row) for part in parts)
        case AnyOf(parts):
            return any(holds(part, row) for part in parts)
        case IsNull(field, expected):
            return (row[field.name] is None) is expected
        case Among(field, values, negated):
            return _among(_stored(field, row), [field.sort_value(value) for value in values], negated=negated)
        case Matches(field, pattern, folded):
            return _matches(_stored(field, row), pattern, folded=folded)
        case Compare(field, name, value):
            stored = _stored(field, row)
            return stored is not None and _COMPARE[name](stored, field.sort_value(value))


def sort_key(order: Order, row: Row) -> tuple[bool, Any]:
    """Answer what one order compares; use it with `reverse=order.descending` and nulls still come last."""
    value = _stored(order.field, row)
    missing = value is None
    return (missing is not order.descending, 0 if missing else value)


def _stored(field: Field, row: Row) -> object:
    return field.sort_value(row[field.name])


def _among(stored: object, values: list[object], *, negated: bool) -> bool:
    if not values:
        return negated
    return stored is not None and (stored in values) is not negated


def _matches(stored: object, pattern: text_match.Pattern, *, folded: bool) -> bool:
    if not isinstance(stored, str):
        return False
    if folded:
        pattern = text_match.fold_pattern(pattern)
        stored = text_match.fold(stored) or ""
    return text_match.to_regex(pattern).fullmatch(stored) is not None
