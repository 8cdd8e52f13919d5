"""What runs while the program is put together, in the composition root and in what it calls for that purpose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_analyzers.model.acts import calls_in
from arckode_analyzers.model.vocabulary import BROKERS, BUSES, DISTRIBUTED_BUSES

if TYPE_CHECKING:
    from arckode_analyzers.model.calls import CallAt, CallGraph
    from arckode_analyzers.model.source import Source
    from arckode_analyzers.model.values import Value
    from arckode_analyzers.model.wiring import Wiring

WIRING_LAYERS = frozenset({"composition_root", "connectors", "adapters"})
_HANDED = frozenset({"kernel.Kernel", *(f"kernel.{name}" for name in BUSES | BROKERS | DISTRIBUTED_BUSES)})


class Boot:
    """The functions that the composition root hands the kernel or a bus to, and those they hand it to in turn."""

    def __init__(self, graph: CallGraph, wiring: Wiring) -> None:
        self._graph = graph
        self.roots = wiring.roots
        self.functions = self._climb()

    def is_wiring(self, source: Source, function: int) -> bool:
        """Tell whether a function is part of putting the program together."""
        if source.layers & WIRING_LAYERS:
            return True
        while function > 0:
            if source.symbol(function) in self.functions:
                return True
            function = source.facts.functions[function].parent
        return False

    def _climb(self) -> frozenset[str]:
        found: dict[str, None] = {}
        pending = [(root, index) for root in self.roots for index in range(len(root.facts.functions))]
        while pending:
            source, function = pending.pop()
            for call in calls_in(source, function):
                value = self._graph.callee(call)
                if value is None or value.kind != "function" or not self._hands_over(call):
                    continue
                for target in self._graph.reached(call):
                    if target.symbol and target.symbol not in found:
                        found[target.symbol] = None
                        place = self._graph.project.functions[target.symbol]
                        pending.append((place.source, place.index))
        return frozenset(found)

    def _hands_over(self, call: CallAt) -> bool:
        shapes = (*call.record.args, *(shape for _, shape in call.record.keywords))
        values = (self._graph.resolver.value(call.source, call.record.function, shape) for shape in shapes)
        return any(self._is_handed(value) for value in values)

    def _is_handed(self, value: Value | None) -> bool:
        if value is None or value.kind != "instance":
            return False
        return any(ancestor.name in _HANDED for ancestor in self._graph.resolver.ancestors(value))
