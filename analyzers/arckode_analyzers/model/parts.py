"""A function taken apart once, and the meaning it is read for."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arckode_analyzers.facts.records import Binding, Call
    from arckode_analyzers.facts.shapes import Shape
    from arckode_analyzers.model.project import FunctionAt
    from arckode_analyzers.model.provenance import Origins
    from arckode_analyzers.model.source import Source
    from arckode_analyzers.model.values import Value

Way = tuple[tuple["Source", int], ...]


class Place(NamedTuple):
    """Where in the handler something started: reported places must be in its file."""

    line: int
    column: int


class Meaning(NamedTuple):
    """What a function is called with, what was compared before, and the calls that lead to it."""

    given: Mapping[str, Origins]
    vouched: frozenset[str] = frozenset()
    receiver: Value | None = None
    way: Way = ()
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Parts:
    """What a function is made of: its calls by shape, what its names are given, and the attributes it sets."""

    calls: Mapping[Shape, tuple[int, Call]]
    names: Mapping[str, list[Shape]]
    targets: tuple[Binding, ...]
    blocks: tuple[int, ...]


class PartsByFunction:
    """Takes each file apart once."""

    def __init__(self) -> None:
        self._known: dict[str, dict[int, Parts]] = {}

    def of(self, function: FunctionAt) -> Parts:
        path = function.source.path
        if path not in self._known:
            self._known[path] = _apart(function.source)
        return self._known[path].get(function.index) or Parts({}, {}, (), ())


def _apart(source: Source) -> dict[int, Parts]:
    calls: dict[int, dict[Shape, tuple[int, Call]]] = defaultdict(dict)
    names: dict[int, dict[str, list[Shape]]] = defaultdict(dict)
    targets: dict[int, list[Binding]] = defaultdict(list)
    blocks: dict[int, list[int]] = defaultdict(list)
    for index, record in enumerate(source.facts.calls):
        calls[record.function].setdefault(record.shape, (index, record))
    for row in source.facts.bindings:
        if row.target[0] == "name" and row.value is not None:
            names[row.function].setdefault(str(row.target[1]), []).append(row.value)
        elif row.target[0] in {"attr", "item"}:
            targets[row.function].append(row)
    for index, block in enumerate(source.facts.blocks):
        blocks[block.function].append(index)
    return {
        index: Parts(calls[index], names[index], tuple(targets[index]), tuple(blocks[index]))
        for index in range(len(source.facts.functions))
    }
