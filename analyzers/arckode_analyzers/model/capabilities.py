"""Values that prove something by being known: fresh random ones, and digests of what was sent.

A row that is asked for by such a value is not asked for by its id: nobody guesses it, and who has it was given it. They
are known by what makes them, never by how they are called.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from arckode_analyzers.facts.shapes import within

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from arckode_analyzers.facts.shapes import Shape
    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.source import Source
    from arckode_analyzers.model.values import Value

_Place: TypeAlias = "tuple[Source, int, Shape]"
_RANDOM = frozenset({"secrets.token_urlsafe", "secrets.token_hex", "secrets.token_bytes", "kernel.new_token"})
_COMPARES = frozenset({"hmac.compare_digest"})
_DEEPEST = 4


def is_random(analysis: Analysis, source: Source, function: int, shape: Shape) -> bool:
    """Tell whether an expression makes a value that nobody can guess, or names what makes one."""
    return _Makers(analysis, lambda name: name in _RANDOM).made((source, function, shape))


def is_digest(analysis: Analysis, source: Source, function: int, shape: Shape) -> bool:
    """Tell whether an expression is made by hashing."""
    return _Makers(analysis, _digests).made((source, function, shape))


def _digests(name: str) -> bool:
    return name.startswith(("hashlib.", "hmac.")) and name not in _COMPARES


@dataclass(frozen=True, slots=True)
class _Makers:
    """Looks for functions of some names in what an expression is made of."""

    analysis: Analysis
    wanted: Callable[[str], bool]

    def made(self, place: _Place, depth: int = 0) -> bool:
        source, function, shape = place
        if depth > _DEEPEST:
            return False
        for part in within(shape):
            if part[0] not in {"name", "attr", "lambda"}:
                continue
            value = self.analysis.value(source, function, part)
            if value is not None and self.wanted(value.name):
                return True
            made_of = (*_bound(source, function, part), *_answered(self.analysis, value))
            if any(each[2] != shape and self.made(each, depth + 1) for each in made_of):
                return True
        return False


def _bound(source: Source, function: int, part: Shape) -> Iterator[_Place]:
    """Yield what a function's own name was given."""
    if part[0] != "name":
        return
    for each in source.names.get((function, -1), {}).get(str(part[1]), ()):
        row = source.facts.bindings[each.index] if each.what == "binding" else None
        if row is not None and row.how == "=" and row.value is not None:
            yield source, function, row.value


def _answered(analysis: Analysis, value: Value | None) -> Iterator[_Place]:
    """Yield what a function of the project answers."""
    found = None if value is None or value.kind != "function" else analysis.project.functions.get(value.name)
    if found is not None:
        yield from ((found.source, found.index, row.value) for row in found.source.results_of.get(found.index, ()))
