"""The events that aggregates store: which classes declare them, which deciders list those, and who waits for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from arckode_analyzers.model.declared_events import Declared
from arckode_analyzers.model.project import is_judged
from arckode_analyzers.model.values import Value
from arckode_analyzers.model.vocabulary import DECIDER, DISTRIBUTED_BUSES, PROJECTIONS, STORED_EVENT, WIDER_CATALOGUE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.facts.shapes import Shape
    from arckode_analyzers.model.acts import Acts
    from arckode_analyzers.model.calls import CallGraph
    from arckode_analyzers.model.source import Source

_EVENTS = DECIDER.index("events")


@dataclass(frozen=True, slots=True)
class Awaited:
    """An event that a projection or a handler of the bus between processes waits for, by its name."""

    source: Source
    line: int
    column: int
    symbol: str
    name: str
    by: str


class StoredEvents:
    """Every class of a stored event; `listed` are those of deciders, None when one of the lists cannot be known."""

    def __init__(self, graph: CallGraph, acts: Acts) -> None:
        self._graph = graph
        self._acts = acts
        sources = [source for source in graph.project.sources.values() if is_judged(source)]
        bases = {above.name for klass in graph.project.classes for above in self._above(klass)}
        self.all = tuple(each for source in sources for each in self._declared(source, bases))
        lists = [found for source in sources for found in self._lists(source)]
        known = [each for each in lists if each is not None]
        self.listed = frozenset().union(*known) if known and len(known) == len(lists) else None
        self.names = frozenset(each.name for each in self.all)
        self.awaited = (*(each for source in sources for each in self._projected(source)), *self._heard())

    @property
    def is_whole(self) -> bool:
        """Tell whether every stored event's name is known, so that another name is no stored event's."""
        return not any("*" in name for name in self.names)

    def _above(self, symbol: str) -> tuple[Value, ...]:
        return self._graph.resolver.ancestors(Value("class", symbol))[1:]

    def _declared(self, source: Source, bases: set[str]) -> Iterator[Declared]:
        for index, record in enumerate(source.facts.classes):
            symbol = source.class_symbols[index]
            if symbol in bases or not any(above.name == STORED_EVENT for above in self._above(symbol)):
                continue
            for name in self._acts.names.type_of(Value("class", symbol)) or ():
                if "." in name:
                    yield Declared(source, record.line, record.column, symbol, name, symbol)

    def _lists(self, source: Source) -> Iterator[frozenset[str] | None]:
        """Yield what each decider lists, and None for what nobody can know."""
        for written in source.written_calls:
            value, call = written.value, written.record
            if value is None or (value.kind == "external" and not value.name.startswith("kernel.")):
                continue
            if value.name in WIDER_CATALOGUE:
                yield None
            elif value.kind in {"external", "class"} and self._is(value, frozenset({"Decider"})):
                given = dict(call.keywords).get("events") or (call.args[_EVENTS] if len(call.args) > _EVENTS else None)
                yield None if given is None else self._classes(source, call.function, given)

    def _classes(self, source: Source, function: int, shape: Shape) -> frozenset[str] | None:
        match shape:
            case ("display", _, tuple(elements)):
                values = [self._graph.resolver.value(source, function, element) for element in elements]
                if all(value is not None and value.kind == "class" for value in values):
                    return frozenset(value.name for value in values if value is not None)
        return None

    def _is(self, value: Value, kinds: frozenset[str]) -> bool:
        names = (each.name for each in self._graph.resolver.ancestors(value))
        return any(name.startswith("kernel.") and name.removeprefix("kernel.") in kinds for name in names)

    def _projected(self, source: Source) -> Iterator[Awaited]:
        for row in source.facts.bindings:
            if row.owner < 0 or row.function or row.target != ("name", "events") or row.value is None:
                continue
            symbol = source.class_symbols[row.owner]
            if not self._is(Value("class", symbol), PROJECTIONS):
                continue
            match row.value:
                case ("display", _, tuple(elements)):
                    for element in elements:
                        for name in self._acts.names.of(source, 0, element) or ():
                            by = f"the projection {symbol.rpartition('.')[2]}"
                            yield Awaited(source, row.line, row.column, symbol, name, by)

    def _heard(self) -> Iterator[Awaited]:
        for act in self._acts.of("subscribe"):
            callee = self._graph.callee(act.call)
            if callee is None or callee.of is None or not self._is(callee.of, DISTRIBUTED_BUSES):
                continue
            record, source = act.call.record, act.call.source
            for name in act.names or ():
                symbol = source.symbol(record.function)
                yield Awaited(source, record.line, record.column, symbol, name, "a handler")
