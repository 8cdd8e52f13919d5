"""Suppression comments, read from real comment tokens so that the same words in a string mean nothing.

But for the SQL of a migration: there a `-- arckode: ignore[ARC207] reason` inside a statement is a comment too.
"""

from __future__ import annotations

import io
import re
import tokenize

from arckode_analyzers.facts.records import Ignore

MARK = b"arckode:"
_FORM = re.compile(
    r"(?:#|--)\s*arckode:\s*ignore(?![\w`-])"
    r"(?:\s*\[(?P<codes>[^\]]*?)(?:\s+until\s+(?P<until>[\d-]+))?\s*\])?\s*(?P<reason>.*)$"
)
_LAYOUT = frozenset({tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING, tokenize.ENDMARKER})


def ignores(source: bytes) -> tuple[Ignore, ...]:
    """Return the suppressions of a file.

    Beside code, one covers its whole logical line; on a line of its own, the next logical line. Among the statements of
    a migration's UP or DOWN, it covers the statement beside it or below it.
    """
    if MARK not in source:
        return ()
    found: list[Ignore] = []
    waiting: list[tokenize.TokenInfo] = []
    beside: list[tokenize.TokenInfo] = []
    statements = _Statements()
    first = 0
    for token in tokenize.tokenize(io.BytesIO(source).readline):
        statements.see(token)
        if token.type == tokenize.COMMENT:
            alone = not token.line[: token.start[1]].strip() and not first
            (waiting if alone else beside).append(token)
        elif token.type == tokenize.NEWLINE:
            for comment in (*waiting, *beside):
                covered = statements.around(comment.start[0]) if comment in beside else None
                found.extend(_read(comment, *(covered or (first or token.start[0], token.end[0]))))
            found.extend(statements.comments())
            first, waiting, beside, statements = 0, [], [], _Statements()
        elif token.type not in _LAYOUT and not first:
            first = token.start[0]
    for comment in waiting:
        found.extend(_read(comment, 0, 0))
    return tuple(sorted(found))


def read_sql_comment(line: str, number: int, first: int, last: int) -> list[Ignore]:
    """Return what a line of SQL suppresses on the lines `first` to `last`."""
    at = line.find("--")
    return _ignore(line[at:], number, first, last) if at >= 0 else []


def read_hash_comment(comment: str, number: int, covered: int) -> list[Ignore]:
    """Return what a comment of a file of variables suppresses on a line."""
    return _ignore(comment, number, covered, covered)


def read_front_comment(comment: str, number: int, covered: tuple[int, int]) -> list[Ignore]:
    """Return what a comment of TypeScript or of a template suppresses on some lines."""
    inner = comment.removeprefix("<!--").removesuffix("-->").removeprefix("/*").removesuffix("*/").lstrip("/* ")
    return _ignore(f"# {inner.strip()}", number, *covered)


class _Statements:
    """The texts of one logical line that says what a migration runs, each with its lines."""

    def __init__(self) -> None:
        self._texts: list[tuple[int, int, str]] = []
        self._begins = ""
        self._runs = False
        self._joins = False

    def see(self, token: tokenize.TokenInfo) -> None:
        """Take the next token of the line."""
        if token.type in _LAYOUT or token.type == tokenize.COMMENT:
            return
        self._begins = self._begins or token.string
        self._runs = self._runs or token.string in {"UP", "DOWN", "execute"}
        is_text = token.type == tokenize.STRING
        if token.string == ":" and self._joins:
            self._texts.pop()  # the key of an engine
        if is_text and self._joins:
            first, _, text = self._texts.pop()
            self._texts.append((first, token.end[0], f"{text}\n{token.string}"))
        elif is_text:
            self._texts.append((token.start[0], token.end[0], token.string))
        self._joins = is_text

    def around(self, line: int) -> tuple[int, int] | None:
        """Return the lines of the statement beside a comment, or of the next one."""
        if self._begins not in {"UP", "DOWN"}:
            return None
        return next(((first, last) for first, last, _ in self._texts if line <= last), None)

    def comments(self) -> list[Ignore]:
        """Return the suppressions that are written in SQL."""
        return [
            ignore
            for first, last, text in self._texts
            if self._runs and "arckode:" in text
            for offset, line in enumerate(text.splitlines())
            for ignore in read_sql_comment(line.rstrip("'\""), first + offset, first, last)
        ]


def _read(comment: tokenize.TokenInfo, first: int, last: int) -> list[Ignore]:
    return _ignore(comment.string, comment.start[0], first, last)


def _ignore(text: str, line: int, first: int, last: int) -> list[Ignore]:
    match = _FORM.search(text)
    if match is None:
        return []
    codes = tuple(sorted({code.strip() for code in (match["codes"] or "").split(",") if code.strip()}))
    return [Ignore(line, first, last, codes, match["until"] or "", match["reason"].strip())]
