"""Which module makes which other one do something: calls through connectors and helpers, and events."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

from arckode_analyzers.model.event_names import covers
from arckode_analyzers.model.project import is_judged
from arckode_analyzers.model.sinks import REPOSITORY_WRITES, SESSIONS, words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.calls import CallAt, Target
    from arckode_analyzers.model.project import FunctionAt
    from arckode_analyzers.model.source import Source

Way: TypeAlias = "tuple[tuple[Source, int], ...]"

_WRITES = words("add add_all delete flush commit merge bulk_save_objects bulk_insert_mappings bulk_update_mappings")
_TELLS = words("emit publish dispatch enqueue")
MADE = frozenset({"kernel.new_event", "kernel.Event"})


@dataclass(frozen=True, slots=True)
class Edge:
    """One module makes another do something; `acts` says that something changes, a look-up changes nothing."""

    start: str
    end: str
    way: Way
    acts: bool


class ModuleGraph:
    """The edges between modules, one for each pair: the acting one where there are several."""

    def __init__(self, analysis: Analysis) -> None:
        self._analysis = analysis
        self._effects = analysis.effects_stopping("acts", lambda _: False, _acts)
        self.edges: dict[str, dict[str, Edge]] = {}
        for edge in (*self._calls(), *self._events()):
            known = self.edges.setdefault(edge.start, {}).get(edge.end)
            if known is None or (edge.acts and not known.acts):
                self.edges[edge.start][edge.end] = edge

    @cached_property
    def cycles(self) -> tuple[tuple[Edge, ...], ...]:
        """Return the shortest cycle through each acting edge, each cycle once."""
        found: dict[frozenset[str], tuple[Edge, ...]] = {}
        for start in sorted(self.edges):
            for end, edge in sorted(self.edges[start].items()):
                back = self._path(end, start) if edge.acts else ()
                if back:
                    cycle = (edge, *back)
                    found.setdefault(frozenset(each.start for each in cycle), cycle)
        return tuple(found.values())

    def _path(self, start: str, end: str) -> tuple[Edge, ...]:
        queue: deque[tuple[str, tuple[Edge, ...]]] = deque([(start, ())])
        seen = {start}
        while queue:
            here, path = queue.popleft()
            for name, edge in sorted(self.edges.get(here, {}).items()):
                if name == end:
                    return (*path, edge)
                if name not in seen:
                    seen.add(name)
                    queue.append((name, (*path, edge)))
        return ()

    def _calls(self) -> Iterator[Edge]:
        for source in self._analysis.project.sources.values():
            if source.unit and is_judged(source):
                for call in self._analysis.calls(source):
                    yield from self._from(source.unit, call, (), set())

    def _from(self, unit: str, call: CallAt, way: Way, seen: set[str]) -> Iterator[Edge]:
        """Yield the modules that a call leads to, through code that belongs to none."""
        here = (*way, (call.source, call.record.line))
        for target in self._analysis.reached(call):
            function = self._analysis.project.functions.get(target.symbol)
            if function is None or target.symbol in seen or "kernel" in function.source.layers:
                continue
            if function.source.unit and function.source.unit != unit:
                yield Edge(unit, function.source.unit, here, self._effects.reaches(target))
            elif not function.source.unit:
                seen.add(target.symbol)
                for inner in self._inside(function):
                    yield from self._from(unit, inner, here, seen)

    def _inside(self, function: FunctionAt) -> Iterator[CallAt]:
        return self._analysis.calls_in(function)

    def told(self) -> Iterator[tuple[str, str]]:
        """Yield the events that modules tell of, each with its module."""
        for call, names in self._told():
            yield from ((call.source.unit, name) for name in names)

    def heard(self) -> Iterator[tuple[str, Edge]]:
        """Yield each event that one module tells another, if need be through code of no module."""
        listeners = self._analysis.acts.of("subscribe")
        for call, names in self._told():
            for act in listeners:
                for name in names:
                    if act.handler is not None and any(covers(each, name) for each in act.names or ()):
                        way = ((call.source, call.record.line), (act.call.source, act.call.record.line))
                        for edge in self._handled(call.source.unit, act.handler, way):
                            yield name, edge

    def _events(self) -> Iterator[Edge]:
        return (edge for _, edge in self.heard())

    def _told(self) -> Iterator[tuple[CallAt, tuple[str, ...]]]:
        """Yield the calls of modules that make or send an event whose whole name is known."""
        acts = self._analysis.acts
        for call in self._analysis.graph.calls():
            value = self._analysis.callee(call)
            if not call.source.unit or not is_judged(call.source) or value is None:
                continue
            act = acts.at.get(call.key)
            names = act.names if act is not None and act.kind in {"emit", "publish", "record"} else ()
            if value.name in MADE:
                names = acts.names.of(call.source, call.record.function, call.record.shape)
            known = tuple(name for name in names or () if "*" not in name)
            if known:
                yield call, known

    def _handled(self, unit: str, handler: FunctionAt, way: Way) -> Iterator[Edge]:
        if handler.source.unit and handler.source.unit != unit:
            yield Edge(unit, handler.source.unit, way, acts=True)
        elif not handler.source.unit:
            for call in self._inside(handler):
                for edge in self._from(unit, call, way, set()):
                    yield Edge(unit, edge.end, edge.way, acts=True)


def _acts(target: Target) -> bool:
    """Tell whether a library's call changes something: rows, or what is told to others."""
    if target.symbol:
        return False
    if target.owner.startswith("kernel."):
        return target.method in REPOSITORY_WRITES or target.method in _TELLS
    return target.owner in SESSIONS and target.method in _WRITES
