"""Makes a text that a regular expression matches, by walking what Python's own parser understood of it."""

from __future__ import annotations

import re
from importlib import import_module
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Sequence

# The parser behind re is the only exact reading of a pattern; no stub knows it.
parser, op = import_module("re._parser"), import_module("re._constants")

_CANDIDATES = "a1A_-. bcdefghijklmnopqrstuvwxyz0123456789" + "".join(chr(code) for code in range(33, 127))


def matching(pattern: str) -> str | None:
    """Return a text in which the pattern is found, or None: look-around and back references cannot be made up."""
    try:
        text = _made(parser.parse(pattern))
        return text if re.search(pattern, text) else None
    except (re.error, LookupError, TypeError, ValueError, OverflowError):
        return None


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
    negated = choices[0][0] is op.NEGATE
    for letter in _CANDIDATES:
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
