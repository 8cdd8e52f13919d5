"""Calls that are not written as calls: a property that is read, `rows[key]`, `key in rows`.

Only names that some class of the project gives a body with calls in it are looked at: everything else costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_analyzers.facts.records import Call

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.facts.records import Read
    from arckode_analyzers.facts.shapes import Shape
    from arckode_analyzers.model.project import Project
    from arckode_analyzers.model.source import Source

_PROPERTIES = frozenset({"property", "cached_property", "hybrid_property"})
_OPERATORS = frozenset({"__getitem__", "__contains__"})


class Implied:
    """Answers for one file at a time."""

    def __init__(self, project: Project) -> None:
        self._properties: set[str] = set()
        self._operators: set[str] = set()
        for function in project.functions.values():
            record, source = function.record, function.source
            if record.owner < 0 or "kernel" in source.layers:
                continue
            if record.name in _OPERATORS:
                names = self._operators
            elif any(decorator[-1] in _PROPERTIES for decorator in record.decorators):
                names = self._properties
            else:
                continue
            if self._works(source, function.index):
                names.add(record.name)

    def _works(self, source: Source, function: int) -> bool:
        return bool(source.calls_of.get(function)) or function in source.readers

    def calls(self, source: Source) -> Iterator[Call]:
        """Yield what a file calls without saying so."""
        if self._operators:
            yield from (call for call in source.facts.implied if call.func[2] in self._operators)
        if self._properties:
            for read in source.facts.reads:
                yield from self._read(read)

    def _read(self, read: Read) -> Iterator[Call]:
        part: object = read.value
        while isinstance(part, tuple) and part[0] == "attr":
            if part[2] in self._properties:
                yield _call(read, part)
            part = part[1]


def _call(read: Read, func: Shape) -> Call:
    row = (func, (), (), read.loops, None, False)
    return Call(read.function, *row, read.line, read.column, read.blocks)
