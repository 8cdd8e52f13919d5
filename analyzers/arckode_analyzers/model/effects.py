"""What each function costs, summarised from the leaves up: a query is found however many helpers hide it.

A breadth-first walk over reverse call edges visits each edge once, so the way to a query that is remembered is also a
shortest one. Remembered look-ups do not climb: calling them again is free.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from arckode_analyzers.facts.shapes import root_of
from arckode_analyzers.model.project import receiver_name
from arckode_analyzers.model.sinks import Effect

if TYPE_CHECKING:
    from collections.abc import Callable

    from arckode_analyzers.facts.shapes import Shape
    from arckode_analyzers.model.calls import CallAt, CallGraph, Target
    from arckode_analyzers.model.project import FunctionAt
    from arckode_analyzers.model.source import Source

_REMEMBER = frozenset(
    {
        "functools.cache",
        "functools.lru_cache",
        "functools.cached_property",
        "async_lru.alru_cache",
        "aiocache.cached",
        "cachetools.cached",
        "cachetools.cachedmethod",
        "cachetools.func.lru_cache",
        "cachetools.func.ttl_cache",
    }
)


class Reason(NamedTuple):
    """The call through which a function has its effect, and what that call reaches."""

    call: CallAt
    target: Target


class Edges(NamedTuple):
    """The calls whose result nobody remembers: those of each function of the project, and those that lead outside."""

    callers: dict[str, list[tuple[CallAt, Target]]]
    outside: list[tuple[CallAt, Target]]


def edges_of(graph: CallGraph) -> Edges:
    """Return the edges of a graph, which every summary climbs along; `graph.edges` finds them once."""
    edges = Edges({}, [])
    for call in (*graph.calls(), *graph.implied()):
        if not call.targets or remembered(call.source, call.record.function, call.record.memo):
            continue
        for target in call.targets:
            if target.symbol:
                edges.callers.setdefault(target.symbol, []).append((call, target))
            else:
                edges.outside.append((call, target))
    return edges


class Effects:
    """Which functions end in a wanted kind of call, and the way there."""

    def __init__(
        self,
        graph: CallGraph,
        wanted: Callable[[Target], bool] = lambda target: target.effect is Effect.QUERIES,
        stops: Callable[[FunctionAt], bool] = lambda _: False,
    ) -> None:
        self.graph = graph
        self._wanted = wanted
        self._stops = stops
        self.reasons: dict[str, Reason] = {}
        self._edges = graph.edges
        self._climb()

    def reaches(self, target: Target) -> bool:
        """Tell whether what a call reaches is, or leads to, a wanted call."""
        return target.symbol in self.reasons if target.symbol else self._wanted(target)

    def way(self, target: Target) -> list[Reason]:
        """Return the calls from a target down to the wanted one; none when it does not lead there."""
        steps: list[Reason] = []
        while target.symbol in self.reasons and len(steps) < 100:
            reason = self.reasons[target.symbol]
            steps.append(reason)
            target = reason.target
        return steps

    def end(self, target: Target) -> Target:
        """Return the wanted call that a target leads to."""
        steps = self.way(target)
        return steps[-1].target if steps else target

    def _climb(self) -> None:
        level = [Reason(call, target) for call, target in self._edges.outside if self._wanted(target)]
        while level:
            reached = [reason.call.caller for reason in level if self._settle(reason)]
            level = [
                Reason(call, target)
                for symbol in dict.fromkeys(reached)
                for call, target in self._edges.callers.get(symbol, ())
            ]

    def _settle(self, reason: Reason) -> bool:
        caller = reason.call.caller
        function = self.graph.project.functions.get(caller)
        if caller in self.reasons or function is None:
            return False
        if self._stops(function) or self._is_memoised(function):
            return False
        self.reasons[caller] = reason
        return True

    def _is_memoised(self, function: FunctionAt) -> bool:
        for shape in function.record.decorators:
            func = shape[1] if shape[0] == "call" and isinstance(shape[1], tuple) else shape
            value = self.graph.resolver.value(function.source, function.record.parent, func)
            if value is not None and (value.name in _REMEMBER or self._remembers(value.name)):
                return True
        return False

    def _remembers(self, decorator: str) -> bool:
        """Tell whether a decorator of the project's own stores what the decorated function answers."""
        found = self.graph.project.functions.get(decorator)
        if found is None:
            return False
        names = {row.name for row in found.source.parameters_of.get(found.index, ())}
        return any(
            call.memo is not None and call.func[0] == "name" and call.func[1] in names
            for call in found.source.facts.calls
            if _is_inside(found.source, call.function, found.index)
        )


def _is_inside(source: Source, function: int, outer: int) -> bool:
    while function > 0 and function != outer:
        function = source.facts.functions[function].parent
    return function == outer


def _start(shape: Shape) -> Shape:
    """Return what a chain of attributes and calls starts from."""
    while shape[0] in {"attr", "call"} and isinstance(shape[1], tuple):
        shape = shape[1]
    return shape


def _is_local(source: Source, function: int, root: Shape) -> bool:
    """Tell whether a name may be another thing at every call: a parameter, or something made on the spot."""
    if root == ("name", receiver_name(source, function)) or root[0] != "name":
        return False
    for definition in source.names.get((function, -1), {}).get(str(root[1]), ()):
        value = source.facts.bindings[definition.index].value if definition.what == "binding" else None
        if definition.what == "parameter" or (value is not None and value[0] in {"dict", "display", "comp"}):
            return True
    return False


def _is_request(source: Source, function: int, root: Shape) -> bool:
    """Tell whether a parameter is the request, which is the same one throughout a loop."""
    said = [row.annotation for row in source.parameters_of.get(function, ()) if ("name", row.name) == root]
    return any(shape is not None and str(shape[-1]).endswith("Request") for shape in said)


def remembered(source: Source, function: int, container: Shape | None) -> bool:
    """Tell whether a container outlives the function that fills it."""
    match container:
        case None:
            return False
        case ("once", tuple(holder)):
            root = root_of(holder)
            is_own = root == ("name", receiver_name(source, function))
            return holder[0] == "attr" and (is_own or not _is_local(source, function, root))
        case ("kept", tuple(store)):
            root = _start(store)
            return not _is_local(source, function, root) or _is_request(source, function, root)
        case ("name", name):
            definitions = source.names.get((function, -1), {}).get(str(name), ())
            return all(definition.what == "parameter" for definition in definitions)
    return True
