"""Merges two changes to one sorted list of lines, such as the imports and registrations of the composition root.

git calls changes in the same place a conflict, because it cannot know their order. Here it is known: imports are
sorted, and so are registrations, with connectors after them. What a side added is added, what it took out is taken out;
anything else stays a conflict.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from arckode_gen.engine.edits_calls import PHASES, prefix
from arckode_gen.engine.edits_source import natural
from arckode_gen.engine.placing import is_python

if TYPE_CHECKING:
    from collections.abc import Iterator

_OURS, _BASE, _THEIRS, _END = "<<<<<<<", "|||||||", "=======", ">>>>>>>"


@dataclass(frozen=True, slots=True, order=True)
class _Place:
    """Where a line belongs: `kind` says in which list, `rank` where in it."""

    kind: str
    rank: str


@dataclass(frozen=True, slots=True)
class _Conflict:
    ours: tuple[str, ...]
    base: tuple[str, ...]
    theirs: tuple[str, ...]

    def settled(self) -> list[str] | None:
        """Return the one list that both sides mean, or None where they are not sorted lists of one kind."""
        places = {line: place for line in (*self.ours, *self.base, *self.theirs) if (place := _place(line))}
        if len({place.kind for place in places.values()}) != 1:
            return None
        for side in (self.ours, self.base, self.theirs):
            known = [places.get(line) for line in side]
            ranks = [place.rank for place in known if place is not None]
            if len(set(ranks)) < len(side) or ranks != sorted(ranks):
                return None
        ours, base, theirs = set(self.ours), set(self.base), set(self.theirs)
        added = (ours | theirs) - base
        if len({places[line].rank for line in base | added}) < len(base | added):
            return None  # a line was changed, or is there in two ways
        return sorted((base & ours & theirs) | added, key=lambda line: places[line].rank)


def settle(text: str) -> str | None:
    """Return a text with diff3 markers without them, or None where a person has to decide."""
    pieces: list[str] = []
    for piece in _pieces(text.splitlines(keepends=True)):
        if isinstance(piece, str):
            pieces.append(piece)
            continue
        lines = piece.settled()
        if lines is None:
            return None
        pieces.extend(lines)
    settled = "".join(pieces)
    return settled if is_python(settled.encode()) else None


def _pieces(lines: list[str]) -> Iterator[str | _Conflict]:
    side = ""
    parts: dict[str, list[str]] = {}
    for line in lines:
        mark = line[:7]
        if mark == _OURS and not side:
            side, parts = _OURS, {_OURS: [], _BASE: [], _THEIRS: []}
        elif side and mark in {_BASE, _THEIRS}:
            side = mark
        elif side and mark == _END:
            yield _Conflict(tuple(parts[_OURS]), tuple(parts[_BASE]), tuple(parts[_THEIRS]))
            side = ""
        elif side:
            parts[side].append(line)
        else:
            yield line


def _place(line: str) -> _Place | None:
    """Return the place of an import, of the call of a plain name or of a name in a list of imports, if on one line."""
    try:
        body = ast.parse(line.strip()).body
    except (SyntaxError, ValueError):
        return None
    match body:
        case [ast.Import() | ast.ImportFrom() as node]:
            return _Place("import", natural(f"{int(isinstance(node, ast.ImportFrom))} {line.strip()}"))
        case [ast.Expr(value=ast.Call(func=ast.Name(id=name)))]:
            phase = prefix(name)
            if phase in PHASES:
                return _Place("wire", natural(f"{PHASES.index(phase)} {name}"))
            return _Place(f"call of {phase}", natural(name))
        case [ast.Expr(value=ast.Tuple(elts=[ast.Name(id=name)]))]:
            kind = 0 if name.isupper() else 1 if name[:1].isupper() else 2
            return _Place("name", natural(f"{kind} {name}"))
    return None
