"""The functions of event sourcing that must be repeatable, and the calls that make one run differ from the next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from arckode_analyzers.facts.shapes import within
from arckode_analyzers.model.project import FunctionAt, is_judged
from arckode_analyzers.model.sinks import Effect
from arckode_analyzers.model.values import Value
from arckode_analyzers.model.vocabulary import (
    AGGREGATES,
    DECIDER,
    IMPURE,
    NETWORK,
    PROJECTIONS,
    SIDE_EFFECTS,
    STORED_EVENT,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.facts.shapes import Shape
    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.calls import CallAt
    from arckode_analyzers.model.leads import Leads
    from arckode_analyzers.model.source import Source

Role = Literal["evolve", "decide", "projection", "upcaster"]
_PARTS = frozenset({"decide", "evolve"})
_REQUESTS = frozenset({"get", "post", "put", "patch", "delete", "request", "head", "send", "sendmail", "send_message"})
_TOLD = {"emit": "publishes an event", "publish": "publishes a message", "dispatch": "dispatches a job"}


@dataclass(frozen=True, slots=True)
class Repeatable:
    """A function that is run again whenever events are replayed."""

    function: FunctionAt
    role: Role


class Purity:
    """Finds aggregates and projections by what they are built on or handed to."""

    def __init__(self, analysis: Analysis) -> None:
        self._analysis = analysis
        found = [each for source in analysis.project.sources.values() for each in self._of(source)]
        self.functions = {each.function.symbol: each for each in found}

    @property
    def impure(self) -> Leads:
        return self._analysis.leads("impure", self._impure)

    @property
    def effects(self) -> Leads:
        return self._analysis.leads("side effects", self._side_effect)

    def role(self, source: Source, function: int) -> Repeatable | None:
        """Return the repeatable function that a function is, or is nested in."""
        while function > 0:
            found = self.functions.get(source.symbol(function))
            if found is not None:
                return found
            function = source.facts.functions[function].parent
        return None

    def _of(self, source: Source) -> Iterator[Repeatable]:
        if not is_judged(source):
            return
        for index, record in enumerate(source.facts.functions):
            if record.owner < 0:
                continue
            kind = self._kind(Value("class", source.class_symbols[record.owner]))
            if kind == "aggregate" and record.name in _PARTS:
                yield Repeatable(FunctionAt(source, index), "evolve" if record.name == "evolve" else "decide")
            if kind == "projection" and record.name != "__init__":
                yield Repeatable(FunctionAt(source, index), "projection")
        for written in source.written_calls:
            value, call = written.value, written.record
            kind = "" if value is None or value.kind == "method" else self._kind(value)
            if not kind:
                continue
            positions = DECIDER if kind == "aggregate" else ()
            given = [(positions[at] if at < len(positions) else "", shape) for at, shape in enumerate(call.args)]
            for name, shape in (*given, *call.keywords):
                yield from self._handed(source, call.function, kind, (name, shape))
        yield from self._upcasters(source)

    def _upcasters(self, source: Source) -> Iterator[Repeatable]:
        """Yield what brings stored events up to date: it runs whenever one is read."""
        for row in source.facts.bindings:
            if row.owner < 0 or row.target != ("name", "upcasters") or row.value is None:
                continue
            stored = self._analysis.resolver.ancestors(Value("class", source.class_symbols[row.owner]))
            if not any(each.name == STORED_EVENT for each in stored):
                continue
            yield from (Repeatable(found, "upcaster") for found in self._named(source, row.function, row.value))

    def _kind(self, value: Value) -> str:
        if value.kind == "external" and not value.name.startswith("kernel."):
            return ""
        names = (each.name for each in self._analysis.resolver.ancestors(value))
        parts = {name.removeprefix("kernel.") for name in names if name.startswith("kernel.")}
        return "aggregate" if parts & AGGREGATES else "projection" if parts & PROJECTIONS else ""

    def _handed(self, source: Source, function: int, kind: str, given: tuple[str, Shape]) -> Iterator[Repeatable]:
        name, shape = given
        if kind == "aggregate" and name not in _PARTS:
            return
        role: Role = "projection" if kind == "projection" else "evolve" if name == "evolve" else "decide"
        yield from (Repeatable(found, role) for found in self._named(source, function, shape))

    def _named(self, source: Source, function: int, shape: Shape) -> Iterator[FunctionAt]:
        """Yield the project's functions that an expression names."""
        for part in within(shape):
            value = self._analysis.value(source, function, part) if part[0] in {"name", "attr", "lambda"} else None
            found = None if value is None else self._analysis.project.functions.get(value.name)
            if found is not None:
                yield found

    def _impure(self, call: CallAt) -> str:
        value = self._analysis.callee(call)
        if value is not None and value.name in IMPURE:
            return f"asks {IMPURE[value.name]}"
        if any(target.effect is Effect.QUERIES for target in self._analysis.reached(call)):
            return "asks the database"
        return self._side_effect(call)

    def _side_effect(self, call: CallAt) -> str:
        act = self._analysis.acts.at.get(call.key)
        if act is not None:
            return _TOLD.get(act.kind, "")
        value = self._analysis.callee(call)
        if value is not None and value.kind in {"method", "external"}:
            known = SIDE_EFFECTS.get(value.name)
            if known is not None:
                return known
            if value.name.partition(".")[0] in NETWORK and value.last in _REQUESTS:
                return "calls another system"
        told = self._analysis.transactions.tells.own.get(call.key)
        return "publishes a message" if told == "publish" else "starts a task" if told == "task" else ""
