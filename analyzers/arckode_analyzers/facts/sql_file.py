"""A migration written in SQL: no facts of Python's, only the suppressions in its comments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_analyzers.facts.comments import MARK, read_sql_comment
from arckode_analyzers.facts.extract import extract

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.facts.records import FileFacts, Ignore


def extract_sql(content: bytes) -> FileFacts:
    """Read one file.

    Raises:
        UnicodeDecodeError: it is not UTF-8.
    """
    text = content.decode("utf-8-sig")
    return extract(b"")._replace(ignores=tuple(_ignores(text.splitlines())) if MARK in content else ())


def _ignores(lines: list[str]) -> Iterator[Ignore]:
    """Yield suppressions: one beside code covers its statement, one on a line of its own the next statement."""
    for number, line in enumerate(lines, 1):
        code, mark, _ = line.partition("--")
        if not mark:
            continue
        first = number
        if not code.strip():
            first = next((at for at in range(number + 1, len(lines) + 1) if _is_code(lines[at - 1])), number)
        while first > 1 and _is_code(lines[first - 2]) and not _ends(lines[first - 2]):
            first -= 1
        last = next((at for at in range(first, len(lines) + 1) if _ends(lines[at - 1])), len(lines))
        yield from read_sql_comment(line, number, first, last)


def _is_code(line: str) -> bool:
    return bool(line.partition("--")[0].strip())


def _ends(line: str) -> bool:
    return line.partition("--")[0].rstrip().endswith(";")
