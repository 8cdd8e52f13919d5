"""Suppression comments, read from real comment tokens so that the same words in a string mean nothing."""

from __future__ import annotations

import io
import re
import tokenize

from arckode_analyzers.facts.records import Ignore

_MARK = b"arckode:"
_FORM = re.compile(r"#\s*arckode:\s*ignore\[(?P<codes>[^\]]*?)(?:\s+until\s+(?P<until>[\d-]+))?\s*\]\s*(?P<reason>.*)$")
_LAYOUT = frozenset({tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING, tokenize.ENDMARKER})


def ignores(source: bytes) -> tuple[Ignore, ...]:
    """Return the suppressions of a file.

    Beside code, one covers its whole logical line; on a line of its own, the next logical line.
    """
    if _MARK not in source:
        return ()
    found: list[Ignore] = []
    waiting: list[tokenize.TokenInfo] = []
    beside: list[tokenize.TokenInfo] = []
    first = 0
    for token in tokenize.tokenize(io.BytesIO(source).readline):
        if token.type == tokenize.COMMENT:
            alone = not token.line[: token.start[1]].strip() and not first
            (waiting if alone else beside).append(token)
        elif token.type == tokenize.NEWLINE:
            for comment in (*waiting, *beside):
                found.extend(_read(comment, first or token.start[0], token.end[0]))
            first, waiting, beside = 0, [], []
        elif token.type not in _LAYOUT and not first:
            first = token.start[0]
    for comment in waiting:
        found.extend(_read(comment, 0, 0))
    return tuple(sorted(found))


def _read(comment: tokenize.TokenInfo, first: int, last: int) -> list[Ignore]:
    match = _FORM.search(comment.string)
    if match is None:
        return []
    codes = tuple(sorted({code.strip() for code in match["codes"].split(",") if code.strip()}))
    return [Ignore(comment.start[0], first, last, codes, match["until"] or "", match["reason"].strip())]
