"""Filters as plain data, checked against the model before any engine sees them.

    {"status": "paid", "total": {"gte": 10, "lt": 20}, "or": [{"note": None}, {"note": {"contains": "gift"}}]}

Entries are joined by AND. Null behaves as in SQL: it equals nothing and differs from nothing, so only a condition on
None itself (`None`, `{"ne": None}`, `is_null`) finds it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from . import text_match
from .errors import FilterError, ValidationError, suggestion
from .fields import Field, Fields
from .text_match import Pattern, Wild

Filters = Mapping[str, object]


class All(Enum):
    """The word for having no limit and no condition; it must be said, so that nobody gets there by accident."""

    ALL = "all"


ALL: Final = All.ALL


@dataclass(frozen=True, slots=True)
class Compare:
    """A field against one value: eq ne lt lte gt gte."""

    field: Field
    operator: str
    value: object


@dataclass(frozen=True, slots=True)
class Among:
    """A field against a list."""

    field: Field
    values: tuple[object, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class IsNull:
    """A field that holds nothing, or something."""

    field: Field
    expected: bool = True


@dataclass(frozen=True, slots=True)
class Matches:
    """A text field against a pattern."""

    field: Field
    pattern: Pattern
    folded: bool = False


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part holds; with no parts, always."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Some part holds; with no parts, never."""

    parts: tuple["Condition", ...]


Condition = Compare | Among | IsNull | Matches | AllOf | AnyOf

_COMPARISONS = ("lt", "lte", "gt", "gte")
_PATTERNS = ("like", "ilike", "contains", "icontains", "startswith")
OPERATORS: Final = ("eq", "ne", "in", "not_in", *_COMPARISONS, "between", *_PATTERNS, "is_null")


def parse(filters: Filters | None, fields: Fields) -> AllOf:
    """Check a filter against a model.

    Raises UnknownFieldError for a field, FilterError for an operator or a shape, ValidationError for a value that the
    column could never hold.
    """
    return AllOf(tuple(_entries(filters or {}, fields)))


def _entries(filters: Filters, fields: Fields) -> Iterable[Condition]:
    for name, value in filters.items():
        if name == "or":
            yield AnyOf(tuple(parse(choice, fields) for choice in _choices(value)))
        elif isinstance(value, Mapping):
            yield from (_condition(fields[name], str(operator), operand) for operator, operand in value.items())
        else:
            yield _condition(fields[name], "eq", value)


def _choices(value: object) -> Sequence[Filters]:
    if isinstance(value, Mapping | str) or not isinstance(value, Sequence):
        raise FilterError("'or' takes a list of filters")
    if not all(isinstance(choice, Mapping) for choice in value):
        raise FilterError("'or' takes a list of filters")
    return value


def _condition(field: Field, operator: str, value: object) -> Condition:
    if operator not in OPERATORS:
        raise FilterError(f"unknown operator '{operator}' on '{field.name}'{suggestion(operator, OPERATORS)}")
    if operator == "is_null":
        if not isinstance(value, bool):
            raise FilterError(f"'is_null' on '{field.name}' takes True or False, not {value!r}")
        return IsNull(field, value)
    if value is None and operator in {"eq", "ne"}:
        return IsNull(field, operator == "eq")
    if not field.is_comparable:
        raise FilterError(f"'{field.name}' holds JSON; it can only be compared with None")
    if operator in _PATTERNS:
        return _pattern(field, operator, value)
    if operator in {"in", "not_in"}:
        return Among(field, _list(field, operator, value), operator == "not_in")
    if operator == "between":
        return _between(field, value)
    return Compare(field, operator, _read(field, value))


def _between(field: Field, value: object) -> Condition:
    bounds = _list(field, "between", value)
    if len(bounds) != 2:
        raise FilterError(f"'between' on '{field.name}' takes two values, not {len(bounds)}")
    return AllOf((Compare(field, "gte", bounds[0]), Compare(field, "lte", bounds[1])))


def _pattern(field: Field, operator: str, value: object) -> Condition:
    if not field.is_text or not isinstance(value, str):
        raise FilterError(f"'{operator}' compares text with text; '{field.name}' and {value!r} are not both text")
    text = str(_read(field, value))
    return Matches(field, _shape(operator.removeprefix("i"), text), operator.startswith("i"))


def _shape(operator: str, text: str) -> Pattern:
    match operator:
        case "like":
            return text_match.parse(text)
        case "contains":
            return (Wild.MANY, text, Wild.MANY)
        case _:
            return (text, Wild.MANY)


def _list(field: Field, operator: str, value: object) -> tuple[object, ...]:
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
        raise FilterError(f"'{operator}' on '{field.name}' takes a list, not {value!r}")
    return tuple(_read(field, item) for item in value)


def _read(field: Field, value: object) -> object:
    if value is None:
        raise FilterError(f"'{field.name}' is compared with None inside another operator; say it with 'is_null'")
    try:
        return field.read_operand(value)
    except ValueError as error:
        raise ValidationError(f"filter on {field.name}: {error}", fields={field.name: str(error)}) from None
