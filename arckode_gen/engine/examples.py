"""Values that generated tests and seeds use: valid for the field, and different for every number where it matters.

The expressions are Python over a variable `number` that counts from 1; `body` makes what JSON carries, `value` what
the service takes.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, cast

from arckode_gen.engine.pattern_examples import matching
from arckode_gen.engine.python_code import quote
from arckode_gen.errors import UsageError

if TYPE_CHECKING:
    from arckode_gen.engine.fields import Field

_FEWEST = 20


@dataclass(frozen=True, slots=True)
class Example:
    """Two Python expressions for one field: as JSON carries it, and as Python holds it."""

    body: str
    value: str
    varies: bool = True


def example_of(field: Field) -> Example:
    """Return expressions for valid values of a field.

    Raises:
        UsageError: a unique field has too few values, or no text can be made for a pattern.
    """
    if field.pattern:
        return _constant(field, quote(_from_pattern(field)))
    if field.type in {"str", "text", "slug"}:
        return _text(field)
    if field.type in {"int", "bigint"}:
        return _integer(field)
    if field.type in {"decimal", "float"}:
        return _fraction(field)
    if field.type == "enum":
        return _constant(field, quote(field.values[0]))
    if field.type in {"date", "datetime", "time"}:
        return _moment(field)
    return _simple(field)


def _simple(field: Field) -> Example:
    """Return the example of a type whose values need no reckoning."""
    if field.type == "uuid":
        return Example("str(UUID(int=number))", "UUID(int=number)")
    if field.type == "bytes":
        small = isinstance(field.max, int) and field.max < 5
        return Example('"AA=="' if small else '"aGVsbG8="', 'b"\\x00"' if small else 'b"hello"', varies=False)
    if field.type == "list":
        return _list(field)
    fixed = {"bool": "True", "json": '{"key": "value"}'}
    if field.type in fixed:
        return Example(fixed[field.type], fixed[field.type], varies=False)
    text = {
        "email": 'f"person{number}@example.com"',
        "url": f'f"{url_start(field)}{{number}}"',
        "token": 'f"token-{number}"',
        "file": 'f"files/{number}.txt"',
        "password": _password(field),
    }.get(field.type, "")
    return Example(text, text)


def url_start(field: Field) -> str:
    """Return what the example of a URL begins with, so that a number of four digits fits behind it."""
    longest = field.max if isinstance(field.max, int) else 2048
    return "https://example.com/" if longest >= 24 else "http://a/"


def _constant(field: Field, text: str) -> Example:
    if field.unique:
        message = f"'{field.name}' is unique, so its tests need {_FEWEST} different values, and it has too few"
        raise UsageError(message, "leave out `unique`, or the pattern or enum")
    return Example(text, text, varies=False)


def _text(field: Field) -> Example:
    label = (
        field.name.replace("_", "-") + "-" if field.type == "slug" else field.name.replace("_", " ").capitalize() + " "
    )
    shortest = field.len or (field.min if isinstance(field.min, int) else 0)
    longest = field.len or (field.max if isinstance(field.max, int) else 160)
    if field.unique and longest < 2:
        return _constant(field, "")
    if longest < 3:
        expression = f'f"{{number % 10:0>{max(1, shortest)}}}"'
    elif len(label) + 4 <= longest and len(label) + 1 >= shortest:
        expression = f'f"{label}{{number}}"'
    else:
        expression = f'f"{{number:0>{shortest}}}"' if shortest > 1 else "str(number)"
    return Example(expression, expression)


def _integer(field: Field) -> Example:
    low = field.min if isinstance(field.min, int) else None
    high = field.max if isinstance(field.max, int) else None
    if low is not None and high is not None and high - low < _FEWEST:
        return _constant(field, str(low))
    if low is None and high is None:
        return Example("number", "number")
    expression = f"{low} + number" if low else "number" if low is not None else f"{cast('int', high) - 1000} + number"
    return Example(expression.replace("0 + number", "number") if low == 0 else expression, expression)


def _fraction(field: Field) -> Example:
    unit = Decimal(1).scaleb(-field.scale) if field.type == "decimal" else Decimal("0.5")
    low = Decimal(str(field.min)) if field.min is not None else None
    high = Decimal(str(field.max)) if field.max is not None else None
    if low is None:
        low = min(Decimal(0), high - 1000 * unit) if high is not None else Decimal(0)
    largest = Decimal(10) ** (field.precision - field.scale) if field.type == "decimal" else Decimal(10**9)
    room = min(high, largest) if high is not None else largest
    if room - low <= _FEWEST * unit:
        return _number(field, low, None)
    step = Decimal(1) if room - low > 1000 else unit
    return _number(field, low, step)


def _number(field: Field, low: Decimal, step: Decimal | None) -> Example:
    if step is None and field.unique:
        return _constant(field, "")
    if field.type == "float":
        text = f"{float(low)}" if step is None else f"{float(low)} + {float(step)} * number"
        return Example(text, text, varies=step is not None)
    start = low.quantize(Decimal(1).scaleb(-field.scale))
    if step is None:
        return Example(f'"{start}"', f'Decimal("{start}")', varies=False)
    grown = f'Decimal("{start}") + number' if step == 1 else f'Decimal("{start}") + number * Decimal("{step}")'
    return Example(f"str({grown})", grown)


def _moment(field: Field) -> Example:
    value = {
        "date": "dt.date(2026, 1, 1) + dt.timedelta(days=number)",
        "datetime": "dt.datetime(2026, 1, 1, tzinfo=dt.UTC) + dt.timedelta(minutes=number)",
        "time": "dt.time(8, number % 60, number // 60)",
    }[field.type]
    body = f"({value}).isoformat()" if " + " in value else f"{value}.isoformat()"
    return Example(body, value)


def _list(field: Field) -> Example:
    item, value = {
        "str": ('"one"', '"one"'),
        "int": ("1", "1"),
        "float": ("0.5", "0.5"),
        "bool": ("True", "True"),
        "uuid": ('"00000000-0000-0000-0000-000000000001"', '"00000000-0000-0000-0000-000000000001"'),
    }[field.element]
    most = field.max if isinstance(field.max, int) else 1
    count = max(int(field.min or 0), min(1, most))
    if count > 3:
        return Example(f"[{item}] * {count}", f"[{value}] * {count}", varies=False)
    return Example(f"[{', '.join([item] * count)}]", f"[{', '.join([value] * count)}]", varies=False)


def _password(field: Field) -> str:
    shortest = max(int(field.min or 0), 8) if field.min is not None or field.max is None else int(field.max)
    longest = int(field.max) if field.max is not None else shortest + 16
    if len("password-") + 4 <= longest and len("password-") + 1 >= shortest:
        return 'f"password-{number}"'
    return f'f"{{number:0>{max(1, min(shortest, longest))}}}"'


def _from_pattern(field: Field) -> str:
    """Make a text that the pattern and the length allow.

    Raises:
        UsageError: none could be made.
    """
    shortest = field.len or (field.min if isinstance(field.min, int) else 0)
    text = matching(field.pattern)
    if text is not None and shortest <= len(text) <= (field.db_length or len(text)):
        return text
    raise UsageError(
        f"'{field.name}': no example text could be made for the pattern {field.pattern}",
        "write it without look-around and back references, and so that it fits the length",
    )
