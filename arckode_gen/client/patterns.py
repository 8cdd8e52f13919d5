"""A text for a regular expression: what an example has where a schema gives nothing but a pattern.

Patterns are those of ECMA 262, as JSON Schema has them. What is made is a guess, kept only when the pattern matches it.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

_CLASSES = {"d": "0123456789", "w": "abcxyzABC0123456789_", "s": " "}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v", "0": "\0"}
_PRINTABLE = "".join(map(chr, range(32, 127)))
_LIKELY = tuple("aA0")
_LONGEST = 2000
_DEEPEST = 40
# What a property of Unicode stands for is guessed, too: a letter, a digit, or a sign.
_PROPERTIES = {"N": "0", "P": "-", "S": "+", "Z": " "}


class _CannotReadError(ValueError):
    """The pattern has what is not read here."""


class _Chars(NamedTuple):
    """One of some characters."""

    chars: str


class _Repeat(NamedTuple):
    item: _Node
    least: int
    most: int | None


class _Sequence(NamedTuple):
    items: tuple[_Node, ...]


class _Choice(NamedTuple):
    branches: tuple[_Node, ...]


_Node = _Chars | _Repeat | _Sequence | _Choice
_NOTHING = _Sequence(())


@cache
def compiled(pattern: str) -> re.Pattern[str] | None:
    """Return a pattern for Python; None when Python does not know what is in it."""
    spelled = re.sub(r"\(\?<(?![=!])", "(?P<", pattern)
    spelled = re.sub(r"\\u\{([0-9a-fA-F]{1,6})\}", lambda found: re.escape(_character(found[1])), spelled)
    # `$` of ECMA 262 is the end; Python's also matches before a line end, and its \d takes the digits of all scripts.
    spelled = re.sub(r"(\\.|\[(?:\\.|[^\]\\])*\])|\$", lambda found: found[1] or r"\Z", spelled, flags=re.DOTALL)
    try:
        return re.compile(spelled, re.ASCII)
    except (re.error, OverflowError, RecursionError):
        return None


def _character(code: str) -> str:
    return chr(min(int(code, 16), 0x10FFFF))


def texts(pattern: str) -> Iterator[str]:
    """Yield texts that may match: with repetitions as short as they can be first, then longer ones."""
    try:
        node = _Parser(pattern).parse()
    except (_CannotReadError, RecursionError):
        return
    for times in (1, 0, 2, 3, 8):
        for branch in (0, 1):
            found = _text(node, times, branch)
            if len(found) <= _LONGEST:
                yield found


def _text(node: _Node, times: int, branch: int) -> str:
    if isinstance(node, _Chars):
        return next((each for each in _LIKELY if each in node.chars), node.chars[:1])
    if isinstance(node, _Sequence):
        return "".join(_text(each, times, branch) for each in node.items)
    if isinstance(node, _Choice):
        return _text(node.branches[min(branch, len(node.branches) - 1)], times, branch)
    is_optional = (node.least, node.most) == (0, 1)
    wanted = 0 if is_optional else max(node.least, times)
    wanted = min(wanted, _LONGEST) if node.most is None else min(wanted, node.most, _LONGEST)
    return (_text(node.item, times, branch) * wanted)[: _LONGEST + 1]


class _Parser:
    def __init__(self, pattern: str) -> None:
        self._text = pattern
        self._at = 0
        self._depth = 0

    def parse(self) -> _Node:
        found = self._choice()
        if self._at < len(self._text):
            raise _CannotReadError(self._text)
        return found

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _take(self, wanted: str = "") -> str:
        found = self._text[self._at : self._at + (len(wanted) or 1)]
        if not found or (wanted and found != wanted):
            raise _CannotReadError(self._text)
        self._at += len(found)
        return found

    def _choice(self) -> _Node:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise _CannotReadError(self._text)
        branches = [self._sequence()]
        while self._peek() == "|":
            self._take()
            branches.append(self._sequence())
        self._depth -= 1
        return branches[0] if len(branches) == 1 else _Choice(tuple(branches))

    def _sequence(self) -> _Node:
        items: list[_Node] = []
        while self._peek() not in {"", "|", ")"}:
            items.append(self._repeated(self._atom()))
        return _Sequence(tuple(items))

    def _repeated(self, item: _Node) -> _Node:
        found = re.compile(r"([*+?])|\{(\d{1,4})(,?)(\d{0,4})\}").match(self._text, self._at)
        if found is None:
            return item
        self._at = found.end()
        if self._peek() == "?":
            self._take()
        if found[1]:
            least, most = {"*": (0, None), "+": (1, None), "?": (0, 1)}[found[1]]
            return _Repeat(item, least, most)
        least = int(found[2])
        return _Repeat(item, least, least if not found[3] else int(found[4]) if found[4] else None)

    def _atom(self) -> _Node:
        char = self._take()
        if char in "^$":
            return _NOTHING
        if char == ".":
            return _Chars(_PRINTABLE)
        if char == "[":
            return self._class()
        if char == "\\":
            return self._escape()
        return self._group() if char == "(" else _Chars(char)

    def _group(self) -> _Node:
        found = re.compile(r"\?(?:(:)|(<?[=!])|P?<\w+>)").match(self._text, self._at)
        if found is not None:
            self._at = found.end()
        elif self._peek() == "?":
            raise _CannotReadError(self._text)
        inner = self._choice()
        self._take(")")
        return _NOTHING if found is not None and found[2] else inner

    def _escape(self) -> _Node:
        char = self._take()
        if char in "bB":
            return _NOTHING
        if char.lower() in _CLASSES:
            inside = _CLASSES[char.lower()]
            return _Chars(inside if char.islower() else "".join(each for each in _PRINTABLE if each not in inside))
        if char in "pP":
            found = re.compile(r"\{(\w+=)?(\w+)\}").match(self._text, self._at)
            if found is None:
                raise _CannotReadError(self._text)
            self._at = found.end()
            return _Chars(_PROPERTIES.get(found[2][0], "aA") if char == "p" else "-")
        return _Chars(self._literal(char))

    def _literal(self, char: str) -> str:
        """Return the character that an escape stands for."""
        found = re.compile(r"x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|u\{([0-9a-fA-F]{1,6})\}").match(
            self._text, self._at - 1
        )
        if found is not None:
            self._at = found.end()
            return _character(found[1] or found[2] or found[3])
        if char.isdecimal() and char != "0":
            raise _CannotReadError(self._text)  # it says again what a group matched
        return _ESCAPES.get(char, char)

    def _class(self) -> _Node:
        is_negated = self._peek() == "^"
        if is_negated:
            self._take()
        chars: list[str] = []
        while self._peek() != "]":
            first = self._member()
            is_range = self._peek() == "-" and self._text[self._at + 1 : self._at + 2] not in {"]", ""}
            if is_range and len(first) == 1:
                self._take()
                last = self._member()
                span = range(ord(first), min(ord(last[:1] or first), ord(first) + 200) + 1)
                chars += map(chr, span)
            else:
                chars.append(first)
        self._take("]")
        inside = "".join(chars)
        return _Chars("".join(each for each in _PRINTABLE if each not in inside) if is_negated else inside)

    def _member(self) -> str:
        char = self._take()
        if char != "\\":
            return char
        found = self._escape()
        return found.chars if isinstance(found, _Chars) else ""
