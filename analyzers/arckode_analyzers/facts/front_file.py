"""A file of the front end: TypeScript, or a Vue component cut into its parts by the grammar of HTML.

Never by a regular expression: `<script>` also occurs in comments and in texts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_analyzers.facts.comments import MARK, read_front_comment
from arckode_analyzers.facts.component import Component
from arckode_analyzers.facts.extract import extract
from arckode_analyzers.facts.script import Script

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from arckode_analyzers.facts.records import FileFacts, Ignore
    from arckode_analyzers.facts.script import Comment


def extract_front(content: bytes, kind: str) -> FileFacts:
    """Read one file; `kind` is ts, tsx or vue.

    Raises:
        UnreadError: its script cannot be parsed.
        UnicodeDecodeError: it is not UTF-8.
    """
    lines = content.decode("utf-8-sig").splitlines()
    part = Component(content) if kind == "vue" else Script(content, kind)
    marks = tuple(sorted(part.marks()))
    ignores = tuple(sorted(_ignores(part.comments(), lines))) if MARK in content else ()
    return extract(b"")._replace(ignores=ignores, marks=marks)


def _ignores(comments: Sequence[Comment], lines: list[str]) -> Iterator[Ignore]:
    """Yield suppressions: beside code one covers its line, alone the next line of code, and the rest of its tag."""
    for comment in comments:
        first, last = comment.line, comment.line
        if not lines[first - 1][: comment.column].strip():
            first = next((at for at in range(comment.last + 1, len(lines) + 1) if lines[at - 1].strip()), 0)
            last = max(first, comment.covers)
        yield from read_front_comment(comment.text, comment.line, (first, last))
