"""Cuts a `.sql` migration into its halves and statements, each with the line it begins at.

sqlglot's tokens know strings, dollar quotes and comments; what it does not know is that a trigger or a routine holds
statements of its own.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_MARKER = re.compile(r"^--[ \t]*migrate:[ \t]*(\w+)[ \t]*.*$", re.MULTILINE)
_DELIMITER = re.compile(r"^[ \t]*DELIMITER[ \t]+\S+[ \t]*$", re.MULTILINE | re.IGNORECASE)
_ROUTINES = frozenset({"TRIGGER", "PROCEDURE", "FUNCTION", "EVENT"})
_OPENS = frozenset({"BEGIN", "CASE"})
_CONTROLS = frozenset({"IF", "LOOP", "WHILE", "REPEAT", "FOR"})
_HEAD = 8


def half(text: str, direction: str) -> tuple[str, int]:
    """Return the part of a file under `-- migrate:up` or `-- migrate:down` and the line it begins at.

    A file without these marks was written for another tool, and has neither.
    """
    marks = list(_MARKER.finditer(text))
    ends = [*(mark.start() for mark in marks[1:]), len(text)]
    for mark, end in zip(marks, ends, strict=False):
        if mark[1].lower() == direction:
            return text[mark.end() : end], text.count("\n", 0, mark.start()) + 1
    return "", 1


def split(text: str, dialect: str, first_line: int = 1) -> tuple[tuple[str, int], ...]:
    """Return the statements of a script with their lines; a script that cannot be cut is one statement."""
    if _DELIMITER.search(text):
        return ((text.strip(), first_line),)
    try:
        return tuple(_cut(text, dialect, first_line))
    except Exception:  # noqa: BLE001  # sqlglot raises more than it documents; what cannot be cut is read as a whole
        return ((text.strip(), first_line),) if text.strip() else ()


def _cut(text: str, dialect: str, first_line: int) -> Iterator[tuple[str, int]]:
    import sqlglot
    from sqlglot import TokenType

    tokens = [
        (token.text.upper(), token.start, token.end + 1, token.token_type == TokenType.SEMICOLON)
        for token in sqlglot.tokenize(text, read=dialect)
    ]
    pieces, is_balanced = _pieces(tokens, by_blocks=True)
    for start, end in pieces if is_balanced else _pieces(tokens, by_blocks=False)[0]:
        yield text[start:end], first_line + text.count("\n", 0, start)


def _pieces(tokens: Iterable[tuple[str, int, int, bool]], *, by_blocks: bool) -> tuple[list[tuple[int, int]], bool]:
    """Return where statements begin and end, and whether every block was closed: a guess must hide no statement."""
    found: list[tuple[int, int]] = []
    begun: list[str] = []
    depth, start, end = 0, 0, 0
    for word, first, last, is_semicolon in tokens:
        if is_semicolon and (depth <= 0 or not by_blocks):
            found += [(start, end)] if begun else []
            begun = []
            continue
        start = start if begun else first
        end = last
        begun.append(word)
        depth += _deeper(begun)
    found += [(start, end)] if begun else []
    return found, depth == 0


def _deeper(begun: list[str]) -> int:
    """Return how the last word changes the depth of a routine's body."""
    if begun[0] != "CREATE" or _ROUTINES.isdisjoint(begun[:_HEAD]):
        return 0
    word, before = begun[-1], begun[-2]
    if before == "END" and word in _CONTROLS:
        return 1  # the END was that of IF or LOOP, which opened nothing
    if before == "END" and word == "CASE":
        return 0
    return 1 if word in _OPENS else -1 if word == "END" else 0
