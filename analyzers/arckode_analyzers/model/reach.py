"""Which functions end in a wanted call, and the way there: a rule says which calls it wants."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from arckode_analyzers.model.calls import CallAt, CallGraph
    from arckode_analyzers.model.source import Source


class Reach:
    """Climbs from the wanted calls to everything that leads to them; it does not climb past what `stops`."""

    def __init__(
        self, graph: CallGraph, wanted: Callable[[CallAt], str], stops: Callable[[str], bool] = lambda _: False
    ) -> None:
        self._graph = graph
        self._stops = stops
        kinds = ((call, wanted(call)) for call in graph.calls())
        self.own: dict[tuple[str, int], str] = {call.key: kind for call, kind in kinds if kind}
        self._next: dict[str, CallAt] = {}
        self._climb()

    def way(self, call: CallAt) -> tuple[CallAt, ...]:
        """Return the calls from one down to the wanted one, itself included; none when it does not lead there."""
        if call.key in self.own:
            return (call,)
        for target in self._graph.reached(call):
            inner = self.inside(target.symbol)
            if inner:
                return (call, *inner)
        return ()

    def what(self, way: tuple[CallAt, ...]) -> str:
        """Return the kind of the wanted call that a way ends in."""
        return self.own.get(way[-1].key, "") if way else ""

    def inside(self, symbol: str) -> tuple[CallAt, ...]:
        """Return the calls from inside a function down to the wanted one."""
        steps: list[CallAt] = []
        while symbol in self._next and len(steps) < 100:
            call = self._next[symbol]
            steps.append(call)
            if call.key in self.own:
                return tuple(steps)
            symbol = next(target.symbol for target in self._graph.reached(call) if target.symbol in self._next)
        return ()

    def _climb(self) -> None:
        callers: dict[str, list[CallAt]] = {}
        level: list[CallAt] = []
        for call in self._graph.calls():
            if call.key in self.own:
                level.append(call)
            for target in self._graph.reached(call):
                if target.symbol:
                    callers.setdefault(target.symbol, []).append(call)
        while level:
            settled: list[str] = []
            for call in level:
                if call.caller not in self._next and not self._stops(call.caller):
                    self._next[call.caller] = call
                    settled.append(call.caller)
            level = [call for symbol in settled for call in callers.get(symbol, ())]


def lines(calls: Iterable[CallAt]) -> tuple[tuple[Source, int], ...]:
    """Return the places of calls, each once."""
    return tuple(dict.fromkeys((call.source, call.record.line) for call in calls))
