"""Values of the field language in canonical form: the same number or moment is always the same text."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import TYPE_CHECKING

from arckode_gen.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from arckode_gen.engine.field_types import FieldType

_INTEGER = re.compile(r"-?\d{1,19}")
_NUMBER = re.compile(r"-?\d{1,18}(\.\d{1,15})?")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_TIME = re.compile(r"\d\d:?\d\d(:?\d\d)?")
_BITS: dict[str, int] = {"int": 32, "bigint": 64}


def whole(text: str, *, bits: int = 32) -> int:
    """Read a whole number that fits so many bits.

    Raises:
        UsageError: it is none, or too large.
    """
    if not _INTEGER.fullmatch(text):
        raise UsageError(f"{text!r} is not a whole number", "write digits, as in `min=0`")
    number = int(text)
    if not -(2 ** (bits - 1)) <= number < 2 ** (bits - 1):
        raise UsageError(f"{text} does not fit {bits} bits", "use the type `bigint`" if bits == 32 else "use `decimal`")
    return number


def exact(text: str, precision: int, scale: int) -> str:
    """Write a decimal number with all the digits of its scale.

    Raises:
        UsageError: it is none, or has more digits than the column keeps.
    """
    if not _NUMBER.fullmatch(text):
        raise UsageError(f"{text!r} is not a decimal number", "write digits and a point, as in `default=9.50`")
    value = Decimal(text)
    rounded = value.quantize(Decimal(1).scaleb(-scale))
    if rounded != value:
        raise UsageError(f"{text} has more than {scale} decimals", f"write a number with at most {scale} decimals")
    if abs(value) >= Decimal(10) ** (precision - scale):
        raise UsageError(f"{text} does not fit decimal={precision}.{scale}", "make the precision larger")
    return format(rounded.copy_abs() if rounded.is_zero() else rounded, "f")


def approximate(text: str) -> str:
    """Write a float the shortest way that reads back the same.

    Raises:
        UsageError: it is no number.
    """
    if not _NUMBER.fullmatch(text):
        raise UsageError(f"{text!r} is not a number", "write digits and a point, as in `min=0.5`")
    plain = format(Decimal(repr(float(text) + 0.0)), "f")
    return plain if "." in plain else f"{plain}.0"


def truth(text: str) -> bool:
    """Read `true` or `false`.

    Raises:
        UsageError: it is neither.
    """
    if text not in {"true", "false"}:
        raise UsageError(f"{text!r} is neither true nor false", "write `default=true` or `default=false`")
    return text == "true"


def day(text: str) -> str:
    """Read `today` or a date.

    Raises:
        UsageError: it is neither.
    """
    if text == "today":
        return text
    try:
        if _DATE.fullmatch(text):
            return dt.date.fromisoformat(text).isoformat()
    except ValueError:
        pass
    raise UsageError(f"{text!r} is not a date", "write `today` or a day such as 2026-01-31")


def clock(text: str) -> str:
    """Read a time of day with or without colons, which a field given as one word cannot hold.

    Raises:
        UsageError: it is none.
    """
    try:
        if _TIME.fullmatch(text):
            return dt.time.fromisoformat(text).isoformat()
    except ValueError:
        pass
    raise UsageError(f"{text!r} is not a time of day", "write hours and minutes, as in `default=0930`")


def moment(text: str) -> str:
    """Read `now` or a moment in UTC.

    Raises:
        UsageError: it is neither.
    """
    if text == "now":
        return text
    day_text, _, clock_text = text.removesuffix("Z").partition("T")
    try:
        if text.endswith("Z") and _DATE.fullmatch(day_text):
            return f"{day(day_text)}T{clock(clock_text)}Z"
    except UsageError:
        pass
    raise UsageError(f"{text!r} is not a moment in UTC", "write `now` or a moment such as 2026-01-31T0930Z")


def canonical(kind: FieldType, text: str, size: tuple[int, int]) -> str | int | bool:
    """Read a value of a type; `size` is the precision and scale of a decimal.

    Raises:
        UsageError: the text is no such value.
    """
    if kind in _BITS:
        return whole(text, bits=_BITS[kind])
    if kind == "decimal":
        return exact(text, *size)
    readers: dict[str, Callable[[str], str | bool]] = {
        "float": approximate,
        "bool": truth,
        "date": day,
        "time": clock,
        "datetime": moment,
    }
    reader = readers.get(kind)
    return reader(text) if reader else text


_READERS: dict[str, Callable[[str], str | bool]] = {
    "float": approximate,
    "bool": truth,
    "date": day,
    "time": clock,
    "datetime": moment,
}
