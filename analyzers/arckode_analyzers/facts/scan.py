"""Tokens of any Python's source text, also of one newer than this one: enough to see where strings and statements are.

A formatted string is split into its text and its expressions as PEP 701 reads it: whatever is in braces is code again,
with quotes, comments and line ends of its own.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

_TOKEN = re.compile(
    r"""(?P<space>[ \t\f]+|\\\n|\#[^\n]*)|(?P<end>\n)|"""
    r"""(?P<string>[a-zA-Z]{0,2}(?:\"{3}|'{3}|"|'))|(?P<name>\w+)|(?P<op>[^\n])"""
)
_PLAIN = {
    quote: re.compile(rf"(?:[^\\]|\\.)*?{quote}" if len(quote) > 1 else rf"(?:[^\\\n{quote}]|\\.)*{quote}", re.DOTALL)
    for quote in ('"', "'", '"""', "'''")
}
_PREFIXES = frozenset({"", "r", "b", "u", "br", "rb", "f", "fr", "rf", "t", "tr", "rt"})
_CLOSES = {")": "(", "]": "[", "}": "{"}
_DEEPEST = 40


class UnreadableError(Exception):
    """This is no Python of any version that is known here."""


class Part(NamedTuple):
    """A piece of a formatted string: its text, or an expression with the parts of its format."""

    is_code: bool
    start: int
    end: int
    tokens: tuple[Token, ...] = ()
    format: tuple[Part, ...] = ()
    shows_itself: bool = False


class Token(NamedTuple):
    """A name, an operator, a string or the end of a line; `depth` counts the brackets around it."""

    kind: str
    text: str
    start: int
    end: int
    depth: int
    quote: str = ""
    is_raw: bool = False
    parts: tuple[Part, ...] | None = None


def tokens(text: str) -> tuple[Token, ...]:
    """Read a whole file.

    Raises:
        UnreadableError: strings or brackets do not end.
    """
    found, _ = _Scanner(text).code(0, inside=False)
    return found


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.nested = 0

    def code(self, at: int, *, inside: bool) -> tuple[tuple[Token, ...], int]:
        """Read tokens to the end, or in a formatted string to what ends its expression."""
        found: list[Token] = []
        opened: list[str] = []
        while at < len(self.text):
            match = _TOKEN.match(self.text, at)
            if match is None:
                raise UnreadableError
            kind, word = str(match.lastgroup), match.group()
            if inside and not opened and kind == "op" and self._ends_expression(word, at):
                return tuple(found), at
            if kind == "string":
                token = self.string(at, word, len(opened))
                found.append(token)
                at = token.end
                continue
            if word in _CLOSES and (not opened or opened.pop() != _CLOSES[word]):
                raise UnreadableError
            if kind != "space" and not (kind == "end" and (opened or inside)):
                found.append(Token(kind, word, at, match.end(), len(opened)))
            if kind == "op" and word in "([{":
                opened.append(word)
            at = match.end()
        if opened or inside:
            raise UnreadableError
        return tuple(found), at

    def _ends_expression(self, word: str, at: int) -> bool:
        following = self.text[at + 1 : at + 2]
        return word in {"}", ":"} or (word == "!" and following != "=") or (word == "=" and self._shows(at))

    def _shows(self, at: int) -> bool:
        """Tell whether this is the `=` of `{value=}`."""
        before = self.text[at - 1]
        return before not in "=!<>" and re.match(r"=\s*[}!:]", self.text[at : at + 40]) is not None

    def string(self, at: int, opening: str, depth: int) -> Token:
        prefix, quote = _split(opening)
        start = at + len(opening)
        if not {"f", "t"} & set(prefix):
            match = _PLAIN[quote].match(self.text, start)
            if match is None:
                raise UnreadableError
            return Token("string", self.text[at : match.end()], at, match.end(), depth, quote, "r" in prefix)
        self.nested += 1
        if self.nested > _DEEPEST:
            raise UnreadableError
        parts, end = self.formatted(start, quote, is_raw="r" in prefix)
        self.nested -= 1
        return Token(
            "string", self.text[at : end + len(quote)], at, end + len(quote), depth, quote, "r" in prefix, parts
        )

    def formatted(self, at: int, quote: str, *, is_raw: bool, in_format: bool = False) -> tuple[tuple[Part, ...], int]:
        """Read the inside of a formatted string, or of the format behind a `:`, up to what closes it."""
        text, start, parts = self.text, at, list[Part]()
        while True:
            here = text[at : at + 1]
            if not here or (here == "\n" and len(quote) == 1):
                raise UnreadableError
            if text.startswith(quote, at) or (in_format and here == "}"):
                break
            if not in_format and text[at : at + 2] in {"{{", "}}"}:
                at += 2
            elif here == "\\":
                at = _after_escape(text, at, is_raw=is_raw)
            elif here == "{":
                parts.extend(_text(start, at))
                part, at = self.expression(at + 1, quote, is_raw=is_raw)
                parts.append(part)
                start = at
            else:
                at += 1
        return (*parts, *_text(start, at)), at

    def expression(self, start: int, quote: str, *, is_raw: bool) -> tuple[Part, int]:
        found, end = self.code(start, inside=True)
        at, shows_itself = end, self.text[end] == "="
        if not found:
            raise UnreadableError
        if shows_itself:
            at = len(self.text) - len(self.text[end + 1 :].lstrip())
        if self.text[at] == "!":
            at = self._after_conversion(at)
        parts: tuple[Part, ...] = ()
        if self.text[at : at + 1] == ":":
            parts, at = self.formatted(at + 1, quote, is_raw=is_raw, in_format=True)
        if self.text[at : at + 1] != "}":
            raise UnreadableError
        return Part(True, start, end, found, parts, shows_itself), at + 1  # noqa: FBT003  # a record's field

    def _after_conversion(self, at: int) -> int:
        match = re.compile(r"!\s*[rsa]\s*").match(self.text, at)
        if match is None:
            raise UnreadableError
        return match.end()


def _text(start: int, end: int) -> Iterator[Part]:
    if end > start:
        yield Part(False, start, end)  # noqa: FBT003  # a record's field


def _split(opening: str) -> tuple[str, str]:
    prefix = opening.rstrip("\"'")
    if prefix.lower() not in _PREFIXES:
        raise UnreadableError
    return prefix.lower(), opening[len(prefix) :]


def _after_escape(text: str, at: int, *, is_raw: bool) -> int:
    if not is_raw and text.startswith("\\N{", at):
        return text.find("}", at) + 1 or len(text)
    return at + (1 if text[at + 1 : at + 2] in {"{", "}"} else 2)
