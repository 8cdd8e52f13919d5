"""Which argument of which call fills which parameter of the project's functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from arckode_analyzers.facts.shapes import Shape
    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.calls import CallAt
    from arckode_analyzers.model.project import FunctionAt


class Passed(NamedTuple):
    """A call and the expression it passes."""

    call: CallAt
    shape: Shape


class Passing:
    """Every argument that reaches a parameter of a function of the project, by the function's symbol and its name."""

    def __init__(self, analysis: Analysis) -> None:
        self.by_parameter: dict[tuple[str, str], list[Passed]] = {}
        self._surplus: dict[str, list[tuple[str, Passed]]] = {}
        for source in analysis.project.sources.values():
            if "kernel" in source.layers:
                continue
            for call in analysis.calls(source):
                for function in _reached(analysis, call):
                    self._add(call, function.symbol, arguments(analysis, call, function))

    def _add(self, call: CallAt, symbol: str, given: Mapping[str, Shape]) -> None:
        for name, shape in given.items():
            self.by_parameter.setdefault((symbol, name), []).append(Passed(call, shape))
        surplus = self._surplus.setdefault(symbol, [])
        surplus += [(name, Passed(call, shape)) for name, shape in call.record.keywords if name not in given]

    def to(self, symbol: str, parameter: str) -> list[Passed]:
        return self.by_parameter.get((symbol, parameter), [])

    def to_rest(self, symbol: str, key: str) -> list[tuple[str, Passed]] | None:
        """Return what callers pass under a name that `**rest` takes, and as `**more`; None when nobody calls it."""
        surplus = self._surplus.get(symbol)
        return None if surplus is None else [each for each in surplus if each[0] in {key, "**"}]


def _reached(analysis: Analysis, call: CallAt) -> Iterator[FunctionAt]:
    for target in analysis.reached(call):
        function = analysis.project.functions.get(target.symbol) if target.through is None else None
        if function is not None:
            yield function


def arguments(analysis: Analysis, call: CallAt, function: FunctionAt) -> Mapping[str, Shape]:
    """Return what a call passes to a function it reaches, by the names of the parameters."""
    rows = function.source.parameters_of.get(function.index, ())
    positional = [row.name for row in rows if row.kind == "positional"]
    if function.record.owner >= 0 and ("name", "staticmethod") not in function.record.decorators:
        value = analysis.callee(call)
        is_unbound = (
            value is not None and value.kind == "function" and value.of is not None and value.of.kind == "class"
        )
        is_class_method = ("name", "classmethod") in function.record.decorators
        positional = positional if is_unbound and not is_class_method else positional[1:]
    given = call.record.args
    fixed = next((at for at, shape in enumerate(given) if shape[0] == "star"), len(given))
    found = dict(zip(positional, given[:fixed], strict=False))
    names = {row.name for row in rows if row.kind != "rest"}
    return found | {name: shape for name, shape in call.record.keywords if name in names}
