"""The model that rules read: built once per run, each expensive part when the first rule asks for it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from arckode_analyzers.model.calls import CallAt, CallGraph
from arckode_analyzers.model.effects import Effects
from arckode_analyzers.model.loops import Loops
from arckode_analyzers.model.resolver import Resolver
from arckode_analyzers.model.routes import Routes
from arckode_analyzers.model.tables import Tables
from arckode_analyzers.model.values import Value
from arckode_analyzers.model.wiring import Wiring

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from arckode_analyzers.facts.shapes import Shape
    from arckode_analyzers.model.calls import Target
    from arckode_analyzers.model.project import FunctionAt, Project
    from arckode_analyzers.model.source import Source


class Analysis:
    """What rules may ask about a project."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.resolver = Resolver(project)
        self.graph = CallGraph(project, self.resolver)
        self._stopping: dict[str, Effects] = {}

    @cached_property
    def effects(self) -> Effects:
        """Which functions end in a query."""
        return Effects(self.graph)

    def effects_stopping(
        self, name: str, stops: Callable[[FunctionAt], bool], wanted: Callable[[Target], bool] | None = None
    ) -> Effects:
        """Return a summary that does not climb past some functions; a rule names its own, computed once."""
        if name not in self._stopping:
            given = {} if wanted is None else {"wanted": wanted}
            self._stopping[name] = Effects(self.graph, stops=stops, **given)
        return self._stopping[name]

    @cached_property
    def loops(self) -> Loops:
        return Loops(self.graph)

    @cached_property
    def routes(self) -> Routes:
        return Routes(self.project, self.resolver)

    @cached_property
    def tables(self) -> Tables:
        return Tables(self.project, self.resolver)

    @cached_property
    def wiring(self) -> Wiring:
        return Wiring(self.graph)

    def calls(self, source: Source) -> Iterator[CallAt]:
        """Yield the calls of one file in source order."""
        return (CallAt(source, at) for at in range(len(source.facts.calls)))

    def callee(self, call: CallAt) -> Value | None:
        return self.graph.callee(call)

    def reached(self, call: CallAt) -> tuple[Target, ...]:
        return self.graph.reached(call)

    def class_value(self, source: Source, index: int) -> Value:
        """Return a class of a file as a value."""
        return Value("class", source.class_symbols[index])

    def value(self, source: Source, function: int, shape: Shape) -> Value | None:
        return self.resolver.value(source, function, shape)
