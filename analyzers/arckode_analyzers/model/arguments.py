"""What callers give a parameter, as the expressions they wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from arckode_analyzers.model.library import SAYS_NOTHING
from arckode_analyzers.model.project import FunctionAt, self_attribute
from arckode_analyzers.model.values import Value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from arckode_analyzers.facts.records import Parameter
    from arckode_analyzers.facts.shapes import Shape
    from arckode_analyzers.model.calls import CallAt, CallGraph
    from arckode_analyzers.model.source import Source

_DEEPEST = 8


class Given(NamedTuple):
    """An expression and the call that hands it over."""

    call: CallAt
    shape: Shape


class Arguments:
    """Calls by what they reach, and arguments by the parameter that receives them."""

    def __init__(self, graph: CallGraph) -> None:
        self._graph = graph
        self.callers: Mapping[str, list[CallAt]] = self._index()

    def _index(self) -> dict[str, list[CallAt]]:
        found: dict[str, list[CallAt]] = {}
        for call in self._graph.calls():
            for target in self._graph.reached(call):
                if target.symbol and target.through is None:
                    found.setdefault(target.symbol, []).append(call)
        return found

    def of(self, function: FunctionAt, name: str) -> Iterator[Given]:
        """Yield what each caller gives a parameter; callers that leave it out give nothing."""
        for call in self.callers.get(function.symbol, ()):
            shape = self.given(call, function).get(name)
            if shape is not None:
                yield Given(call, shape)

    def given(self, call: CallAt, function: FunctionAt) -> Mapping[str, Shape]:
        """Return the arguments of a call by the names of the parameters of a function it reaches."""
        record = call.record
        rows = [row for row in self._parameters(function) if row.kind == "positional"]
        rows = rows[self._bound(call, function) :]
        pairs = {}
        for row, shape in zip(rows, record.args, strict=False):
            if shape[0] == "star":
                break
            pairs[row.name] = shape
        names = {row.name for row in self._parameters(function) if row.kind != "rest"}
        return pairs | {name: shape for name, shape in record.keywords if name in names}

    def is_certain(self, source: Source, function: int, shape: Shape, depth: int = 0) -> bool:
        """Tell whether what an expression stands for is the same for every caller."""
        while shape[0] == "attr" and isinstance(shape[1], tuple):
            place = self_attribute(source, function, shape)
            if place is not None:
                return self._is_certain_attribute(source.class_symbols[place[0]], place[1], depth)
            shape = shape[1]
        if shape[0] != "name" or depth > _DEEPEST:
            return shape[0] != "name"
        while function > 0 and shape[1] not in source.names.get((function, -1), {}):
            function = source.facts.functions[function].parent
        definitions = source.names.get((function, -1), {}).get(str(shape[1]), ())
        for definition in definitions:
            if definition.what == "parameter":
                row = source.facts.parameters[definition.index]
                if not self._is_certain_parameter(source, row):
                    return False
            if definition.what == "binding":
                binding = source.facts.bindings[definition.index]
                is_known = binding.value is not None and binding.how == "="
                if is_known and binding.value is not None and binding.value != shape:
                    return self.is_certain(source, function, binding.value, depth + 1)
        return True

    def _is_certain_attribute(self, symbol: str, name: str, depth: int) -> bool:
        owners = (each.name for each in self._graph.resolver.ancestors(Value("instance", symbol)))
        rows = [row for owner in owners for row in self._graph.project.attributes.get((owner, name), ())]
        return all(self._is_certain_binding(source, index, depth) for source, index in rows)

    def _is_certain_binding(self, source: Source, index: int, depth: int) -> bool:
        row = source.facts.bindings[index]
        said = self._graph.resolver.annotation(source, row.function, row.annotation)
        if said is not None and said.name not in SAYS_NOTHING:
            return True
        return row.value is not None and self.is_certain(source, row.function, row.value, depth + 1)

    def _is_certain_parameter(self, source: Source, row: Parameter) -> bool:
        said = self._graph.resolver.annotation(source, 0, row.annotation)
        if said is not None and said.name not in SAYS_NOTHING:
            return True
        function = FunctionAt(source, row.function)
        given = (
            self._graph.resolver.value(each.call.source, each.call.record.function, each.shape)
            for each in self.of(function, row.name)
        )
        return len({(value.name, value.args) if value is not None else None for value in given}) <= 1

    def _parameters(self, function: FunctionAt) -> tuple[Parameter, ...]:
        return function.source.parameters_of.get(function.index, ())

    def _bound(self, call: CallAt, function: FunctionAt) -> int:
        """Return how many leading parameters the call itself does not write."""
        record = function.record
        if record.owner < 0 or ("name", "staticmethod") in record.decorators:
            return 0
        value = self._graph.callee(call)
        is_unbound = value is not None and value.kind == "function" and (value.of is None or value.of.kind == "class")
        return 0 if is_unbound and ("name", "classmethod") not in record.decorators else 1
