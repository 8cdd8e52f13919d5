"""Values that generated tests and seeds use: valid for the field, and different for every number where it matters.

The expressions are Python over a variable `number` that counts from 1; `body` makes what JSON carries, `value` what
the service takes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from re import _constants as op  # type: ignore[attr-defined]  # the parser behind re: the only exact reading of a pattern
from re import _parser as parser  # type: ignore[attr-defined]
from typing import TYPE_CHECKING, cast

from arckode_gen.engine.python_code import quote
from arckode_gen.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

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
        "url": 'f"https://example.com/{number}"',
        "token": 'f"token-{number}"',
        "file": 'f"files/{number}.txt"',
        "password": _password(field),
    }.get(field.type, "")
    return Example(text, text)


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
    """Make a text that the pattern matches.

    Raises:
        UsageError: the pattern needs something (look-around, back references) that cannot be made up.
    """
    try:
        text = _made(parser.parse(field.pattern))
        shortest = field.len or (field.min if isinstance(field.min, int) else 0)
        longest = field.db_length or len(text)
        if re.search(field.pattern, text) and shortest <= len(text) <= longest:
            return text
    except (re.error, LookupError, TypeError, ValueError, OverflowError):
        pass
    raise UsageError(
        f"'{field.name}': no example text could be made for the pattern {field.pattern}",
        "write it without look-around and back references, and so that it fits the length",
    )


def _made(parts: Sequence[tuple[object, object]]) -> str:
    return "".join(_made_one(code, argument) for code, argument in parts)


def _made_one(code: object, argument: object) -> str:
    match code:
        case op.LITERAL:
            return chr(cast("int", argument))
        case op.ANY | op.NOT_LITERAL:
            return "a" if argument != ord("a") else "b"
        case op.IN:
            return _one_of(cast("Sequence[tuple[object, object]]", argument))
        case op.MAX_REPEAT | op.MIN_REPEAT | op.POSSESSIVE_REPEAT:
            least, most, inner = cast("tuple[int, int, Sequence[tuple[object, object]]]", argument)
            return _made(inner) * (least or min(1, int(most)))
        case op.SUBPATTERN:
            return _made(cast("tuple[Sequence[tuple[object, object]], ...]", argument)[-1])
        case op.BRANCH:
            return _made(cast("tuple[object, list[Sequence[tuple[object, object]]]]", argument)[1][0])
        case op.AT:
            return ""
    raise LookupError(str(code))


def _one_of(choices: Sequence[tuple[object, object]]) -> str:
    candidates = "a1A_-. bcdefghijklmnopqrstuvwxyz0123456789"
    negated = choices[0][0] is op.NEGATE
    for letter in candidates + "".join(chr(code) for code in range(33, 127)):
        if any(_in(letter, code, argument) for code, argument in choices) is not negated:
            return letter
    raise LookupError("no printable character")


def _in(letter: str, code: object, argument: object) -> bool:
    if code is op.LITERAL:
        return ord(letter) == argument
    if code is op.RANGE:
        low, high = cast("tuple[int, int]", argument)
        return low <= ord(letter) <= high
    if code is op.CATEGORY:
        tests = {op.CATEGORY_DIGIT: letter.isdigit(), op.CATEGORY_WORD: letter.isalnum() or letter == "_"}
        tests |= {op.CATEGORY_SPACE: letter.isspace(), op.CATEGORY_NOT_SPACE: not letter.isspace()}
        return bool(tests[argument])
    return False
