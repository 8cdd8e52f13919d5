"""Functions that lead back to themselves, directly or through others."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from arckode_analyzers.model.calls import CallGraph


class Cycles:
    """Which functions call each other in a circle; each circle has a number."""

    def __init__(self, graph: CallGraph) -> None:
        edges: dict[str, dict[str, None]] = {}
        for call in graph.calls():
            for target in graph.reached(call):
                if target.symbol:
                    edges.setdefault(call.caller, {})[target.symbol] = None
        self._edges = edges
        self._circle = _Parts(edges).found

    def joins(self, caller: str, callee: str) -> bool:
        """Tell whether a call from one function to another can come back to where it started."""
        if caller == callee:
            return callee in self._edges.get(caller, ())
        circle = self._circle.get(caller)
        return circle is not None and circle == self._circle.get(callee)


class _Parts:
    """Numbers the strongly connected parts of a graph that have more than one member, without recursion."""

    def __init__(self, edges: Mapping[str, Mapping[str, None]]) -> None:
        self._edges = edges
        self._order: dict[str, int] = {}
        self._low: dict[str, int] = {}
        self._path: list[str] = []
        self._on_path: set[str] = set()
        self._work: list[tuple[str, Iterator[str]]] = []
        self.found: dict[str, int] = {}
        for start in edges:
            if start not in self._order:
                self._enter(start)
                self._finish()

    def _enter(self, node: str) -> None:
        self._order[node] = self._low[node] = len(self._order)
        self._path.append(node)
        self._on_path.add(node)
        self._work.append((node, iter(self._edges.get(node, {}))))

    def _finish(self) -> None:
        while self._work:
            node, rest = self._work[-1]
            following = next(rest, None)
            if following is None:
                self._leave(node)
            elif following not in self._order:
                self._enter(following)
            elif following in self._on_path:
                self._low[node] = min(self._low[node], self._order[following])

    def _leave(self, node: str) -> None:
        self._work.pop()
        if self._work:
            caller = self._work[-1][0]
            self._low[caller] = min(self._low[caller], self._low[node])
        if self._low[node] != self._order[node]:
            return
        members = self._path[self._place(node) :]
        del self._path[-len(members) :]
        self._on_path.difference_update(members)
        if len(members) > 1:
            self.found.update(dict.fromkeys(members, self._order[node]))

    def _place(self, node: str) -> int:
        at = len(self._path) - 1
        while self._path[at] != node:
            at -= 1
        return at
