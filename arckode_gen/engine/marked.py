"""Texts that are generated between two marks, and a person's own before and after them.

What is outside the marks never conflicts with what is generated inside, however close the lines are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from arckode_gen.engine.placing import Merge, Merged

BEGIN = b"<!-- arckode: begin"
END = b"<!-- arckode: end -->"


@dataclass(frozen=True, slots=True)
class _Whole:
    content: bytes
    conflicts: int


def merge(path: str, base: bytes, current: bytes, new: bytes, by_line: Merge) -> Merged:
    """Merge what is before, between and after the marks, each by itself; by lines alone where a text lacks them."""
    versions = [cut for cut in map(_cut, (base, current, new)) if cut is not None]
    if len(versions) < 3:
        return by_line(path, base, current, new)
    pieces = [_piece(path, *sides, by_line) for sides in zip(versions[0], versions[1], versions[2], strict=True)]
    return _Whole(b"".join(each.content for each in pieces), sum(each.conflicts for each in pieces))


def _piece(path: str, base: bytes, current: bytes, new: bytes, by_line: Merge) -> Merged:
    if new in (base, current):
        return _Whole(current, 0)
    return _Whole(new, 0) if current == base else by_line(path, base, current, new)


def _cut(text: bytes) -> tuple[bytes, bytes, bytes] | None:
    """Return the text before the marks, from mark to mark, and after them; None without exactly one pair."""
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        return None
    start, stop = text.index(BEGIN), text.index(END) + len(END)
    return text[:start], text[start:stop], text[stop:]
