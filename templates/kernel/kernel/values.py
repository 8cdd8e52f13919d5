"""Turning what code or a query string says into what a column holds, or refusing it with a sentence.

The engines differ in what they let through: SQLite stores any length, PostgreSQL refuses NUL characters, MySQL rounds.
What passes here means the same on all of them.
"""

import math
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, cast
from uuid import UUID

from sqlalchemy import JSON, BigInteger, Enum, SmallInteger, String
from sqlalchemy.types import TypeEngine

from .columns import ExactNumeric, UtcDateTime, fit


class RefusedValueError(ValueError):
    """A value a column cannot hold; the message goes on after the name of the field."""


Reader = Callable[[object], object]
"""Converts one non-null value, or raises RefusedValueError."""


def reader_for(kind: TypeEngine[Any], *, bounded: bool = True) -> Reader:
    """Choose how values of a column are read; unbounded for comparing, where text too long to store never matches."""
    if isinstance(kind, Enum):
        return _choice(cast("type[StrEnum]", kind.enum_class))
    if isinstance(kind, ExactNumeric):
        return _decimal(kind.precision, kind.scale)
    if isinstance(kind, UtcDateTime):
        return _moment
    if isinstance(kind, JSON):
        return _json
    if isinstance(kind, String):
        return _text(kind.length if bounded else None)
    python_type = _python_type(kind)
    if python_type is int:
        return _integer(_bits(kind))
    return _BY_TYPE.get(python_type, _anything)


def _python_type(kind: TypeEngine[Any]) -> type[Any]:
    try:
        return kind.python_type
    except NotImplementedError:
        return object


def _bits(kind: TypeEngine[Any]) -> int:
    if isinstance(kind, BigInteger):
        return 64
    return 16 if isinstance(kind, SmallInteger) else 32


def _anything(value: object) -> object:
    return value


def _text(length: int | None) -> Reader:
    def read(value: object) -> object:
        if not isinstance(value, str) or isinstance(value, StrEnum):
            raise RefusedValueError(f"must be text, not {_kind(value)}")
        _refuse_odd_text(value)
        if length is not None and len(value) > length:
            raise RefusedValueError(f"must have at most {length} characters")
        return value

    return read


def _json(value: object) -> object:
    """Refuse what JSON can say and some engine cannot keep, such as NUL or an integer of more than 64 bits."""
    pending = [value]
    while pending:
        part = pending.pop()
        if isinstance(part, dict):
            pending += [*part.keys(), *part.values()]
        elif isinstance(part, list | tuple):
            pending += part
        elif isinstance(part, str):
            _refuse_odd_text(part)
        elif isinstance(part, bool) or part is None:
            continue
        elif isinstance(part, int):
            _refuse_large(part, 64)
        elif isinstance(part, float):
            _float(part)
        else:
            raise RefusedValueError(f"must be what JSON can hold, not {_kind(part)}")
    return value


def _choice(choices: type[StrEnum]) -> Reader:
    def read(value: object) -> object:
        for choice in choices:
            if choice == value:
                return choice
        raise RefusedValueError(f"must be one of: {', '.join(choice.value for choice in choices)}")

    return read


def _decimal(precision: int, scale: int) -> Reader:
    def read(value: object) -> object:
        if isinstance(value, bool | float) or not isinstance(value, Decimal | int | str):
            raise RefusedValueError(f"must be an exact number (Decimal, int or text), not {_kind(value)}")
        try:
            number = Decimal(value)
        except InvalidOperation:
            raise RefusedValueError("must be a number") from None
        try:
            return fit(number, precision, scale)
        except ValueError as error:
            raise RefusedValueError(f"must have {error}") from None

    return read


def _integer(bits: int) -> Reader:
    def read(value: object) -> object:
        if isinstance(value, bool) or not isinstance(value, int):
            raise RefusedValueError(f"must be a whole number, not {_kind(value)}")
        _refuse_large(value, bits)
        return value

    return read


def _refuse_large(value: int, bits: int) -> None:
    limit = 2 ** (bits - 1)
    if not -limit <= value < limit:
        raise RefusedValueError(f"must be between {-limit} and {limit - 1}")


def _refuse_odd_text(value: str) -> None:
    if "\x00" in value:
        raise RefusedValueError("must not contain a NUL character")
    if any("\ud800" <= letter <= "\udfff" for letter in value):
        raise RefusedValueError("must not contain half a character (a lone surrogate)")


def _float(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RefusedValueError(f"must be a number, not {_kind(value)}")
    if not math.isfinite(value):
        raise RefusedValueError("must be a finite number")
    return float(value)


def _moment(value: object) -> object:
    moment = _parsed(datetime.fromisoformat, value)
    if not isinstance(moment, datetime):
        raise RefusedValueError(f"must be a date and time, not {_kind(value)}")
    if moment.tzinfo is None:
        raise RefusedValueError("must say its time zone")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise RefusedValueError("must be between the years 1 and 9999 in UTC") from None


def _date(value: object) -> object:
    day = _parsed(date.fromisoformat, value)
    if not isinstance(day, date) or isinstance(day, datetime):
        raise RefusedValueError(f"must be a date, not {_kind(value)}")
    return day


def _time(value: object) -> object:
    moment = _parsed(time.fromisoformat, value)
    if not isinstance(moment, time) or moment.tzinfo is not None:
        raise RefusedValueError(f"must be a time of day without a zone, not {_kind(value)}")
    return moment


def _parsed(parse: Callable[[str], object], value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return parse(value)
    except ValueError:
        raise RefusedValueError("must be written as in ISO 8601") from None


def _uuid(value: object) -> object:
    if isinstance(value, UUID):
        return value
    if not isinstance(value, str):
        raise RefusedValueError(f"must be a UUID, not {_kind(value)}")
    try:
        return UUID(value)
    except ValueError:
        raise RefusedValueError("must be a UUID") from None


def _boolean(value: object) -> object:
    if not isinstance(value, bool):
        raise RefusedValueError(f"must be true or false, not {_kind(value)}")
    return value


def _bytes(value: object) -> object:
    if not isinstance(value, bytes):
        raise RefusedValueError(f"must be bytes, not {_kind(value)}")
    return value


def _kind(value: object) -> str:
    return type(value).__name__


_BY_TYPE: dict[type[Any], Reader] = {
    float: _float,
    date: _date,
    time: _time,
    UUID: _uuid,
    bool: _boolean,
    bytes: _bytes,
}
