"""Which events a program declares and what consumes them.

A declaration is a class built on the runtime's event, or a text or member of an enumeration in a file named `events`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from arckode_analyzers.facts.shapes import within
from arckode_analyzers.model.project import is_judged
from arckode_analyzers.model.values import Value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.facts.shapes import Shape
    from arckode_analyzers.model.acts import Acts
    from arckode_analyzers.model.calls import CallGraph
    from arckode_analyzers.model.source import Source


@dataclass(frozen=True, slots=True)
class Declared:
    """One declaration; `model` is the symbol of an event class, empty for a text."""

    source: Source
    line: int
    column: int
    symbol: str
    name: str
    model: str = ""


class DeclaredEvents:
    """Every declaration in order of path and line, and the event classes that somebody takes."""

    def __init__(self, graph: CallGraph, acts: Acts) -> None:
        self._graph = graph
        self._acts = acts
        sources = [source for source in graph.project.sources.values() if is_judged(source)]
        self.all = tuple(each for source in sources for each in (*self._classes(source), *self._texts(source)))
        self.taken = frozenset(symbol for source in sources for symbol in self._taken_in(source))

    def _classes(self, source: Source) -> Iterator[Declared]:
        bases = {ancestor.name for klass in self._graph.project.classes for ancestor in self._above(klass)}
        for index, record in enumerate(source.facts.classes):
            symbol = source.class_symbols[index]
            value = Value("class", symbol)
            if symbol in bases or not self._acts.names.is_event(value):
                continue
            for name in self._acts.names.type_of(value) or ():
                yield Declared(source, record.line, record.column, symbol, name, symbol)

    def _above(self, symbol: str) -> tuple[Value, ...]:
        return self._graph.resolver.ancestors(Value("class", symbol))[1:]

    def _texts(self, source: Source) -> Iterator[Declared]:
        if "events" not in source.module.split(".")[-2:]:
            return
        for row in source.facts.bindings:
            is_event_class = row.owner >= 0 and self._acts.names.is_event(
                Value("class", source.class_symbols[row.owner])
            )
            if row.function or row.how != "=" or row.target[0] != "name" or is_event_class:
                continue
            if str(row.target[1]).startswith("_"):
                continue
            for name in self._acts.names.of(source, 0, row.value) or ():
                if "." in name and "*" not in name and " " not in name:
                    yield Declared(source, row.line, row.column, f"{source.module}.{row.target[1]}", name)

    def _taken_in(self, source: Source) -> Iterator[str]:
        """Yield the classes that a file names without only making them: in parameters, patterns and comparisons."""
        for row in source.facts.parameters:
            value = self._graph.resolver.parameter(source, row)
            if value is not None and value.name in self._graph.project.classes:
                yield value.name
                yield from (argument.name for argument in value.args)
        matches = any(_may_name(block.kind, block.test) for block in source.facts.blocks)
        made = {value.name for value in self._made(source)}
        for imported in source.facts.imports:
            value = self._graph.resolver.dotted(source.target(imported), imported.name) if imported.name else None
            if value is not None and value.kind == "class" and (matches or value.name not in made):
                yield value.name
        if matches:
            yield from source.class_symbols

    def _made(self, source: Source) -> Iterator[Value]:
        for call in source.facts.calls:
            value = self._graph.resolver.value(source, call.function, call.func)
            if value is not None and value.kind == "class":
                yield value


def _may_name(kind: str, test: Shape) -> bool:
    """Tell whether a condition may ask for a class: facts do not hold the classes of patterns."""
    if kind == "case":
        return True
    return any(part[0] == "call" and part[1] == ("name", "isinstance") for part in within(test))
