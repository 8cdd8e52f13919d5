"""Which functions a route that answers a read leads to, and the way there."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from arckode_analyzers.facts.shapes import within

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.calls import CallAt
    from arckode_analyzers.model.project import FunctionAt
    from arckode_analyzers.model.source import Source


class RouteReach:
    """The functions that run while a GET is answered, dependencies included: a command may mean a whole table."""

    def __init__(self, analysis: Analysis) -> None:
        self._analysis = analysis
        self._calls: dict[str, list[CallAt]] = {}
        for call in analysis.graph.calls():
            self._calls.setdefault(call.caller, []).append(call)
        self._from: dict[str, tuple[str, CallAt | None]] = {}
        self._spread()

    def way(self, symbol: str) -> tuple[tuple[Source, int], ...] | None:
        """Return the lines from a route's handler to a function, or None when no route leads there."""
        if symbol not in self._from:
            return None
        places: list[tuple[Source, int]] = []
        current = symbol
        while True:
            origin, call = self._from[current]
            if call is None:
                function = self._analysis.project.functions[current]
                return ((function.source, function.record.line), *reversed(places))
            places.append((call.source, call.record.line))
            current = origin

    def _spread(self) -> None:
        pending: deque[str] = deque()
        reading = (route for route in self._analysis.routes.all if "GET" in route.methods)
        for symbol in sorted({route.handler.symbol for route in reading if route.handler is not None}):
            self._from[symbol] = (symbol, None)
            pending.append(symbol)
        while pending:
            symbol = pending.popleft()
            for target, call in self._next(symbol):
                if target not in self._from and target in self._analysis.project.functions:
                    self._from[target] = (symbol, call)
                    pending.append(target)

    def _next(self, symbol: str) -> Iterator[tuple[str, CallAt | None]]:
        for call in self._calls.get(symbol, ()):
            yield from ((target.symbol, call) for target in self._analysis.reached(call) if target.symbol)
        function = self._analysis.project.functions[symbol]
        yield from ((found, None) for found in self._dependencies(function))

    def _dependencies(self, function: FunctionAt) -> Iterator[str]:
        """Yield the functions that FastAPI runs for the parameters."""
        source = function.source
        for row in source.parameters_of.get(function.index, ()):
            for shape in (row.default, row.annotation):
                for part in within(shape) if shape is not None else ():
                    match part:
                        case ("call", tuple(func), (tuple(provider), *_), _) if func[-1] in {"Depends", "Security"}:
                            value = self._analysis.value(source, 0, provider)
                            found = None if value is None else self._analysis.graph.function_of(value)
                            if found is not None:
                                yield found.symbol
