"""Whether the last verdict still stands after an edit that changed nothing that rules read.

Comments, docstrings, empty lines and the like are what a file's facts leave out. Where the facts of every changed file
say the same as before, no rule can say anything else: only lines may have moved. What cannot be carried over for
certain is judged again.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from arckode_analyzers.model.credentials import HINTS
from arckode_analyzers.walk import is_environment, is_front, is_sql_migration

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from arckode_analyzers.cache import Cache
    from arckode_analyzers.config import Config
    from arckode_analyzers.engine import Verdict
    from arckode_analyzers.rule import Finding
    from arckode_analyzers.suppressions import Suppression

Tree: TypeAlias = "tuple[Mapping[str, bytes], Mapping[str, str]]"
_MOST = 12
# A line number in the middle of a sentence, or in the name of a function that has no other.
_NUMBERED = re.compile(r"line \d|[:@]\d")


class _Again(Exception):  # noqa: N818  # no error: what it stops is a shortcut
    """The tree has to be judged again."""


def carried_over(
    cache: Cache, verdict: Verdict, before: Sequence[Mapping[str, str]], trees: Sequence[Tree], config: Config
) -> Verdict | None:
    """Return the last verdict as it is after small edits, or None.

    `before` holds the digests that the trees had, `trees` what they are now: the program, then its tests.
    """
    changed = _changed(before, [digests for _, digests in trees])
    if changed is None:
        return None
    try:
        moves = _moves(cache, changed, trees, config)
        return _Carrier(trees[0][0], moves).carried(verdict)
    except _Again:
        return None


def _changed(
    before: Sequence[Mapping[str, str]], now: Sequence[Mapping[str, str]]
) -> dict[str, tuple[int, str, str]] | None:
    """Return which files changed, each with its tree and its digests; None when there are too many, or others."""
    found: dict[str, tuple[int, str, str]] = {}
    for at, (old, new) in enumerate(zip(before, now, strict=True)):
        if list(old) != list(new):
            return None
        found |= {path: (at, old[path], name) for path, name in new.items() if old[path] != name}
    return found if 0 < len(found) <= _MOST else None


def _moves(
    cache: Cache, changed: Mapping[str, tuple[int, str, str]], trees: Sequence[Tree], config: Config
) -> dict[str, Mapping[int, int]]:
    from arckode_analyzers.cache import content_name  # like the parser below, only where something changed
    from arckode_analyzers.config import Globs
    from arckode_analyzers.facts.moved import same_meaning
    from arckode_analyzers.facts.reading import facts_of, read_facts

    read_as_text = Globs(config.layers["migrations"])
    if any(
        read_as_text.match(path) or is_sql_migration(path.rpartition("/")[2]) or is_front(path) or is_environment(path)
        for path in changed
    ):
        return _again()
    known = cache.facts({old for _, old, _ in changed.values()})
    moves: dict[str, Mapping[int, int]] = {}
    fresh: dict[str, bytes] = {}
    for path, (at, old, new) in changed.items():
        name, packed, problem = read_facts(trees[at][0], [path], content_name)[path]
        if problem or name != new or old not in known or HINTS.search(trees[at][0][path]):
            return _again()
        lines = same_meaning(facts_of(known[old]), facts_of(packed))
        if lines is None:
            return _again()
        moves[path], fresh[new] = lines, packed
    in_use = {name for _, digests in trees for name in digests.values()}
    cache.exchange_facts({old for _, old, _ in changed.values()} - in_use, fresh)
    return moves


def _again() -> dict[str, Mapping[int, int]]:
    raise _Again


class _Carrier:
    """Puts findings and suppressions where their lines are now; what they show must be there."""

    def __init__(self, files: Mapping[str, bytes], moves: Mapping[str, Mapping[int, int]]) -> None:
        self._moves = moves
        self._texts = {path: files[path].splitlines() for path in moves if path in files}
        self._moved = frozenset(path for path, lines in moves.items() if any(a != b for a, b in lines.items()))

    def carried(self, verdict: Verdict) -> Verdict:
        """Return a verdict as it is now."""
        if any(path in gap for gap in verdict.incomplete for path in self._moved):
            _again()
        return replace(
            verdict,
            findings=tuple(sorted((self._finding(each) for each in verdict.findings), key=lambda each: each.order)),
            suppressions=tuple(map(self._suppression, verdict.suppressions)),
            parsed=len(self._moves),
        )

    def _finding(self, found: Finding) -> Finding:
        if self._moved:
            text = f"{found.message} {found.hint} {found.symbol} {found.callee}"
            if _NUMBERED.search(text) and (found.path in self._moved or any(path in text for path in self._moved)):
                _again()
        if found.path in self._moves:
            found = replace(found, line=self._line(found.path, found.line, found.text))
        if any(step.path in self._moves for step in found.chain):
            chain = (
                replace(step, line=self._line(step.path, step.line, step.text, is_stripped=True))
                if step.path in self._moves
                else step
                for step in found.chain
            )
            found = replace(found, chain=tuple(chain))
        return found

    def _suppression(self, row: Suppression) -> Suppression:
        if row.path not in self._moves:
            return row
        old = row.ignore
        line = self._line(row.path, old.line, row.text)
        lines = self._moves[row.path]
        first, last = (lines.get(number, 0) for number in (old.first, old.last))
        return replace(row, ignore=old._replace(line=line, first=first, last=last))

    def _line(self, path: str, line: int, text: str, *, is_stripped: bool = False) -> int:
        """Return where a line is now, if the same is written there."""
        now = self._moves[path].get(line, 0)
        there = self._text(path, now)
        if not now or text != (there.strip() if is_stripped else there):
            _again()
        return now

    def _text(self, path: str, line: int) -> str:
        lines = self._texts.get(path, [])
        if not 0 < line <= len(lines):
            return ""
        return lines[line - 1].decode("utf-8", "replace").removeprefix("\ufeff").rstrip()
