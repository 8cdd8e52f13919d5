"""The one tokenizer for SQL text: it splits scripts, strips comments and finds words, and never changes a statement.

A statement ends at a `;` outside strings, quoted names, comments, dollar quotes and the BEGIN ... END of a trigger or
routine. What does not close is refused, because a guess here would send half a statement to a database.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from arckode_gen.errors import RefusedError
from arckode_gen.migrations.dialects import family

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_gen.migrations.dialects import Dialect, Family


class UnclosedError(RefusedError):
    """Something that opens on a line of the text, counted from 1, and is never closed."""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(f"line {line}: {what}", "close it, then run this again")
        self.line = line
        self.what = what


class Token(NamedTuple):
    """A piece of SQL; `kind` is one of space, comment, code, quoted, word, number, mark."""

    kind: str
    text: str
    start: int

    @property
    def word(self) -> str:
        return self.text.upper() if self.kind == "word" else ""

    @property
    def is_silent(self) -> bool:
        return self.kind in ("space", "comment")


_PLAIN = r"'[^']*(?:''[^']*)*'"
_ESCAPED = r"'[^'\\]*(?:(?:\\.|'')[^'\\]*)*'"
_NAME = r'"[^"]*(?:""[^"]*)*"'
_ESCAPED_DOUBLE = r'"[^"\\]*(?:(?:\\.|"")[^"\\]*)*"'
_TICK = r"`[^`]*(?:``[^`]*)*`"
_BLOCK = r"/\*.*?\*/"

_RULES: dict[Family, tuple[tuple[str, str], ...]] = {
    "sqlite": (
        ("comment", rf"--[^\n]*|{_BLOCK}"),
        ("quoted", rf"{_PLAIN}|{_NAME}|{_TICK}|\[[^\]]*\]"),
        ("open", r"['\"`\[]|/\*"),
        ("word", r"[^\W\d][\w$]*"),
    ),
    "postgresql": (
        ("comment", r"--[^\n]*"),
        ("block", r"/\*"),
        ("quoted", rf"[eE]{_ESCAPED}|{_PLAIN}|{_NAME}|\$(?P<tag>(?:[^\W\d]\w*)?)\$.*?\$(?P=tag)\$"),
        ("open", r"[eE]?'|\"|\$(?:[^\W\d]\w*)?\$"),
        ("word", r"[^\W\d][\w$]*"),
        ("number", r"\$\d+"),
    ),
    "mysql": (
        ("code", r"/\*M?!.*?\*/"),
        ("comment", rf"--(?=[\s\x00-\x1f]|\Z)[^\n]*|\#[^\n]*|{_BLOCK}"),
        ("quoted", rf"{_ESCAPED}|{_ESCAPED_DOUBLE}|{_TICK}"),
        ("open", r"['\"`]|/\*"),
        ("word", r"[^\W\d]\w*"),
    ),
}
_COMMENT_EDGE = re.compile(r"/\*|\*/")


@cache
def _lexer(name: Family) -> re.Pattern[str]:
    rules = (("space", r"\s+"), *_RULES[name], ("number", r"\d[\w.]*"), ("mark", "."))
    seen: dict[str, list[str]] = {}
    for kind, pattern in rules:
        seen.setdefault(kind, []).append(pattern)
    ordered = [(kind, "|".join(patterns)) for kind, patterns in seen.items()]
    return re.compile("|".join(f"(?P<{kind}>{pattern})" for kind, pattern in ordered), re.DOTALL)


def _end_of_nested(sql: str, start: int) -> int:
    depth = 0
    for edge in _COMMENT_EDGE.finditer(sql, start):
        depth += 1 if edge.group() == "/*" else -1
        if depth == 0:
            return edge.end()
    raise _unterminated(sql, start)


def _unterminated(sql: str, start: int) -> UnclosedError:
    opener = "comment" if sql.startswith("/*", start) else f"quote {sql[start : start + 2].strip()}"
    return UnclosedError(sql.count("\n", 0, start) + 1, f"the {opener} that opens here is never closed")


def tokens(sql: str, dialect: Dialect) -> Iterator[Token]:
    """Yield every piece of `sql`, silent ones included.

    Raises:
        RefusedError: a string, a quoted name or a comment is never closed.
    """
    for kind, start, end in _pieces(sql, dialect):
        yield Token(kind, sql[start:end], start)


def _pieces(sql: str, dialect: Dialect) -> Iterator[tuple[str, int, int]]:
    lexer, position = _lexer(family(dialect)), 0
    while match := lexer.match(sql, position):
        kind, end = match.lastgroup or "mark", match.end()
        if kind == "open":
            raise _unterminated(sql, position)
        if kind == "block":
            kind, end = "comment", _end_of_nested(sql, position)
        yield kind, position, end
        position = end


@cache
def loud(sql: str, dialect: Dialect) -> tuple[Token, ...]:
    """Return every piece of `sql` that is neither white space nor a comment; a run asks this of a statement often.

    Raises:
        RefusedError: a string, a quoted name or a comment is never closed.
    """
    return tuple(
        Token(kind, sql[start:end], start)
        for kind, start, end in _pieces(sql, dialect)
        if kind not in ("space", "comment")
    )


@cache
def normalised(sql: str, dialect: Dialect) -> str:
    """Return the statement without comments and with one space between tokens: equal text means an equal statement."""
    texts = [token.text for token in loud(sql, dialect)]
    while texts and texts[-1] == ";":
        texts.pop()
    return " ".join(texts)


@cache
def words(sql: str, dialect: Dialect) -> tuple[str, ...]:
    """Return the bare words of a statement in capitals; what is quoted is not a word."""
    return tuple(token.text.upper() for token in loud(sql, dialect) if token.kind == "word")
