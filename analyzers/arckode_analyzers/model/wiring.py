"""What the composition root really runs: an import proves nothing, a call that is reached does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_analyzers.facts.shapes import within

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.facts.shapes import Shape
    from arckode_analyzers.model.calls import CallGraph
    from arckode_analyzers.model.project import FunctionAt
    from arckode_analyzers.model.source import Source


class Wiring:
    """The functions and classes used by code that the composition root reaches."""

    def __init__(self, graph: CallGraph) -> None:
        self._graph = graph
        self._project = graph.project
        self.roots = tuple(self._project.judged("composition_root"))
        self.used = self._reach()

    def entries(self, source: Source, prefixes: tuple[str, ...]) -> tuple[str, ...]:
        """Return the functions by which a file offers itself: those that take the kernel, or are named so."""
        found = []
        for name, definitions in source.names.get((0, -1), {}).items():
            value = self._graph.resolver.defined(source, definitions[-1])
            function = None if value is None else self._project.functions.get(value.name)
            is_own = function is not None and (function.source is source or function.source.unit == source.unit != "")
            if function is not None and is_own and self._is_entry(function, name, prefixes):
                found.append(function.symbol)
        return tuple(found)

    def _is_entry(self, function: FunctionAt, name: str, prefixes: tuple[str, ...]) -> bool:
        rows = function.source.parameters_of.get(function.index, ())
        values = (self._graph.resolver.parameter(function.source, row) for row in rows)
        takes_kernel = any(value is not None and value.name == "kernel.Kernel" for value in values)
        return not name.startswith("_") and (takes_kernel or name.startswith(prefixes))

    def _reach(self) -> frozenset[str]:
        used: set[str] = set()
        pending = [symbol for root in self.roots for symbol in self._starts(root)]
        visited: set[str] = set()
        while pending:
            symbol = pending.pop()
            if symbol in visited:
                continue
            visited.add(symbol)
            found = set(self._used_in(symbol))
            used |= found
            pending.extend(sorted(found))
        return frozenset(used)

    def _starts(self, root: Source) -> Iterator[str]:
        """Yield the root's own code: what others call, or every public function when nobody calls any."""
        own = {symbol for symbol in root.function_symbols[1:] if "@" not in symbol}
        called = {
            target.symbol
            for call in self._graph.calls()
            if call.source is not root
            for target in self._graph.reached(call)
            if target.symbol in own
        }
        public = {symbol for symbol in own if not symbol.rpartition(".")[2].startswith("_")}
        yield root.module
        yield from sorted(called or public)

    def _used_in(self, symbol: str) -> Iterator[str]:
        place = self._place(symbol)
        if place is None:
            return
        source, index = place
        for call in source.calls_of.get(index, ()):
            for shape in (call.func, *call.args, *(value for _, value in call.keywords)):
                yield from self._named(source, index, shape)
        for loop in source.facts.loops:
            if loop.function == index:
                yield from self._listed(source, index, loop.source)
        for binding in source.facts.bindings:
            if binding.function == index and binding.value is not None:
                yield from self._listed(source, index, binding.value)

    def _place(self, symbol: str) -> tuple[Source, int] | None:
        function = self._project.functions.get(symbol)
        if function is not None:
            return function.source, function.index
        klass = self._project.classes.get(symbol)
        if klass is not None:
            found = next((method for name, method in self._project.methods(klass) if name == "__init__"), None)
            return None if found is None else (found.source, found.index)
        root = self._project.modules.get(symbol)
        return None if root is None else (root, 0)

    def _named(self, source: Source, function: int, shape: Shape) -> Iterator[str]:
        value = self._graph.resolver.value(source, function, shape)
        if value is not None and value.kind in {"function", "class"}:
            yield value.name

    def _listed(self, source: Source, function: int, shape: Shape) -> Iterator[str]:
        """Yield the functions in a list or table of them, which somebody will call in turn."""
        parts = tuple(within(shape))
        is_added = shape[0] in {"binary", "other"} and any(part[0] == "display" for part in parts)
        if is_added or shape[0] in {"display", "dict"}:
            for part in parts:
                yield from self._named(source, function, part)
