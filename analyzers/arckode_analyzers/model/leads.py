"""Which calls lead to a call of a wanted kind, however many helpers are between, and what that call does.

`Effects` answers this for what methods of libraries cost; here the call itself is asked, so that functions of
libraries (`datetime.now`) and calls with a meaning of their own (a subscription) count as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from arckode_analyzers.model.calls import CallAt, CallGraph
    from arckode_analyzers.model.source import Source


class Leads:
    """A breadth-first climb over reverse call edges, so that the way that is remembered is a shortest one."""

    def __init__(self, graph: CallGraph, wanted: Callable[[CallAt], str]) -> None:
        self._graph = graph
        self._wanted = wanted
        self._through: dict[str, CallAt] = {}
        self.own: dict[tuple[str, int], str] = {}
        self._climb()

    def way(self, call: CallAt) -> tuple[CallAt, ...]:
        """Return the calls from this one down to a wanted one; empty when it does not lead there."""
        if call.key in self.own:
            return (call,)
        for target in self._graph.reached(call):
            if target.symbol in self._through:
                return (call, *self.inside(target.symbol))
        return ()

    def inside(self, symbol: str) -> tuple[CallAt, ...]:
        """Return the calls from a function's body down to a wanted one."""
        steps: list[CallAt] = []
        while symbol in self._through and len(steps) < 100:
            call = self._through[symbol]
            steps.append(call)
            if call.key in self.own:
                break
            symbol = next(each.symbol for each in self._graph.reached(call) if each.symbol in self._through)
        return tuple(steps)

    def what(self, way: tuple[CallAt, ...]) -> str:
        """Return what the call at the end of a way does."""
        return self.own[way[-1].key] if way else ""

    def _climb(self) -> None:
        callers: dict[str, list[CallAt]] = {}
        level: list[CallAt] = []
        for call in self._graph.calls():
            what = self._wanted(call)
            if what:
                self.own[call.key] = what
                level.append(call)
            for target in self._graph.reached(call):
                if target.symbol:
                    callers.setdefault(target.symbol, []).append(call)
        while level:
            settled = [call.caller for call in level if self._settle(call)]
            level = [call for symbol in dict.fromkeys(settled) for call in callers.get(symbol, ())]

    def _settle(self, call: CallAt) -> bool:
        symbol = call.caller
        if symbol in self._through or symbol not in self._graph.project.functions:
            return False
        self._through[symbol] = call
        return True


def lines(way: tuple[CallAt, ...]) -> tuple[tuple[Source, int], ...]:
    """Return a way as the lines a person reads."""
    return tuple(dict.fromkeys((call.source, call.record.line) for call in way))
