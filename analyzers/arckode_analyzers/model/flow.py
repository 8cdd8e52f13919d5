"""Follows what a request says through handlers, services and helpers, to where it leaves or changes something.

Values are followed without order, conditions with it: a comparison protects what comes after it, or stands inside it.
Each function is read once per meaning of its arguments.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from arckode_analyzers.model.frame import Frame
from arckode_analyzers.model.parts import Meaning, PartsByFunction, Place, Way
from arckode_analyzers.model.provenance import (
    CALLER,
    INCOMING,
    NOTHING,
    TRUSTED,
    UNKNOWN,
    Origin,
    Origins,
    is_vouched,
    kinds,
    rows_of,
)
from arckode_analyzers.model.values import instance

if TYPE_CHECKING:
    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.dependencies import Dependencies, Handed, Provider
    from arckode_analyzers.model.ownership import Ownership
    from arckode_analyzers.model.project import FunctionAt
    from arckode_analyzers.model.values import Value

_DEEPEST = 10
_MOST = 4000


@dataclass(frozen=True, slots=True)
class Summary:
    """What calling a function gives and proves; `proves` says that it looked at a credential itself."""

    result: Origins = NOTHING
    vouched: frozenset[str] = frozenset()
    when_true: frozenset[str] = frozenset()
    when_false: frozenset[str] = frozenset()
    proves: bool = False


class Exposure(NamedTuple):
    """A row that leaves or changes without having been compared."""

    model: str
    roots: frozenset[str]
    verb: str
    way: Way
    line: int
    column: int


@dataclass(slots=True)
class Walk:
    """One route, from its dependencies to everything its handler calls."""

    analysis: Analysis
    dependencies: Dependencies
    ownership: Ownership
    parts: PartsByFunction
    shared: dict[tuple[object, ...], Summary]
    exposures: list[Exposure] = field(default_factory=list)
    compared: set[tuple[str, str, str]] = field(default_factory=set)
    callers: set[str] = field(default_factory=set)
    found: dict[str, Way] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)
    is_certain: bool = True
    depth: int = 0
    _done: dict[tuple[object, ...], Summary] = field(default_factory=dict)
    _active: set[tuple[object, ...]] = field(default_factory=set)

    def handler(self, function: FunctionAt, listed: list[Provider]) -> Summary:
        """Walk a handler behind the dependencies of its route, its routers and its application."""
        vouched: frozenset[str] = frozenset()
        proves = False
        for provider in listed:
            summary = self.provided(provider, (), None)
            vouched |= summary.vouched
            proves |= summary.proves
            self.is_certain &= "unknown" not in kinds(summary.result)
        given, summary = self.handed(function, ())
        receiver = self._receiver(function)
        if receiver is not None:
            proves |= self._class_proves(receiver)
        inner = self.run(function, Meaning(given, vouched | summary.vouched, receiver))
        return Summary(inner.result, inner.vouched, proves=proves or summary.proves or inner.proves)

    def _receiver(self, function: FunctionAt) -> Value | None:
        if function.record.owner < 0:
            return None
        return instance(function.source.class_symbols[function.record.owner])

    def _class_proves(self, receiver: Value) -> bool:
        proves = False
        for name in sorted(set(self.dependencies.names_of_class(receiver))):
            provider = self.dependencies.of_class(receiver, name)
            if provider is not None:
                proves |= self.provided(provider, (), None).proves
        return proves

    # What the framework hands over

    def handed(self, function: FunctionAt, way: Way) -> tuple[dict[str, Origins], Summary]:
        """Return what each parameter receives, and what the dependencies behind them prove."""
        given: dict[str, Origins] = {}
        vouched: frozenset[str] = frozenset()
        proves = False
        for each in self.dependencies.handed(function):
            origins, summary = self._one(function, each, way)
            given[each.name] = origins
            vouched |= summary.vouched
            proves |= summary.proves
        return given, Summary(NOTHING, vouched, proves=proves)

    def _one(self, function: FunctionAt, each: Handed, way: Way) -> tuple[Origins, Summary]:
        if each.kind == "provider" and each.provider is not None:
            place = None if way else Place(each.row.line, each.row.column)
            summary = self.provided(each.provider, (*way, (function.source, each.row.line)), place)
            if "caller" in kinds(summary.result):
                self._remember_caller(self.analysis.resolver.parameter(function.source, each.row))
            return summary.result, summary
        if each.kind == "caller":
            return CALLER, Summary(CALLER, proves=True)
        if each.kind == "unknown":
            self.is_certain = False
        simple = {"incoming": INCOMING, "nothing": NOTHING, "unknown": UNKNOWN}
        return simple.get(each.kind, frozenset({Origin("request", each.name)})), Summary()

    def _remember_caller(self, said: Value | None) -> None:
        model = self.ownership.model_in(said)
        if model:
            self.callers.add(model)

    def provided(self, provider: Provider, way: Way, place: Place | None) -> Summary:
        """Return what a dependency answers and proves."""
        resolver = self.analysis.resolver
        value = resolver.value(provider.source, provider.function, provider.shape)
        if value is None or value.name.startswith(("typing.", "collections.abc.")):
            value = self._made(provider)
        if value is None:
            return Summary(UNKNOWN)
        if any(each.name.startswith("fastapi.security.") for each in resolver.ancestors(value)):
            return Summary(CALLER, proves=True)
        if value.name == "kernel.current_principal":
            return Summary(CALLER, proves=True)
        function = self.analysis.graph.function_of(value)
        if function is None:
            return Summary(UNKNOWN if value.kind != "class" else NOTHING)
        if "kernel" in function.source.layers and function.record.name == "current_principal":
            return Summary(CALLER, proves=True)  # the project's own copy, which asks what a guard has proven
        given, before = self.handed(function, way)
        receiver = value if value.kind == "instance" else value.of
        inner = self.run(function, Meaning(given, before.vouched, receiver, way, place))
        result = inner.result
        if value.kind == "class":
            result = frozenset().union(*given.values()) if given else NOTHING
        vouched = before.vouched | inner.vouched
        self.callers.update(each.model for each in result if each.kind == "caller" and each.model)
        return Summary(result, vouched, proves=before.proves or inner.proves)

    def _made(self, provider: Provider) -> Value | None:
        """Return the function that a factory such as `require_role("admin")` makes."""
        match provider.shape:
            case ("call", tuple(func), _, _):
                value = self.analysis.resolver.value(provider.source, provider.function, func)
                function = None if value is None else self.analysis.graph.function_of(value)
                for result in () if function is None else function.source.results_of.get(function.index, ()):
                    if function is None:
                        continue
                    made = self.analysis.resolver.value(function.source, function.index, result.value)
                    if made is not None and self.analysis.graph.function_of(made) is not None:
                        return made
        return None

    # Functions

    def run(self, function: FunctionAt, meaning: Meaning) -> Summary:
        """Read a function for one meaning of its arguments."""
        given, vouched, receiver, way, _ = meaning
        if "kernel" in function.source.layers:
            return Summary(frozenset().union(*given.values()) if given else NOTHING)
        is_own = not way or any(kinds(origins) & {"request", "row", "incoming"} for origins in given.values())
        vouched = vouched if is_own else frozenset()
        key = (function.symbol, tuple(sorted(given.items(), key=lambda pair: pair[0])), vouched, receiver)
        done = self._done if is_own else self.shared
        if key in done:
            return done[key]
        if key in self._active or len(self._active) > _DEEPEST or len(self._done) > _MOST:
            return Summary(frozenset().union(UNKNOWN, *given.values()), frozenset())
        self._active.add(key)
        frame = Frame(self, function, meaning._replace(vouched=vouched))
        summary = done[key] = frame.summary()
        frame.close()
        self._active.discard(key)
        return summary

    # Rows

    def row(self, name: str, model: str, roots: frozenset[str], way: Way, place: Place) -> Origin:
        """Remember a row that the request asked for, and the way to it."""
        self.found.setdefault(name, way)
        self.places.setdefault(name, place)
        return Origin("row", name, model, roots)

    def expose(self, row: Origin, verb: str, way: Way) -> None:
        """Note that a row leaves or changes; the way shows the look-up and then what is done."""
        place = self.places.get(row.name)
        if place is None:
            return
        whole = tuple(dict.fromkeys((*self.found[row.name], *way)))
        self.exposures.append(Exposure(row.model, row.roots, verb, whole, place.line, place.column))

    def compare(self, model: str, column: str, other: Origins) -> None:
        """Remember a column that is compared with the caller: it may say whose a row is."""
        if not self.ownership.identifies(model, column):
            self.compared.update((model, column, each.model) for each in other if each.kind == "caller")

    def trusted(self, origins: Origins, vouched: frozenset[str]) -> Origins:
        """Return some origins with the rows that were compared taken for the caller's own."""
        if not any(is_vouched(row, vouched) for row in rows_of(origins)):
            return origins
        return frozenset(each for each in origins if each.kind != "row" or not is_vouched(each, vouched)) | TRUSTED

    def looked_up(self, model: str, by: Origins) -> Origins:
        """Return what a row is that was not asked for by the request: the caller's, or one reached from another."""
        if "caller" in kinds(by):
            return frozenset({Origin("caller", model=model)})
        if "trusted" in kinds(by):
            return TRUSTED
        return by - {origin for origin in by if origin.kind == "request"} or UNKNOWN
