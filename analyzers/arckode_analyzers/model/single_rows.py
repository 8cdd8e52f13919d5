"""The local names of a function that hold one row, read there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_analyzers.facts.shapes import within

if TYPE_CHECKING:
    from arckode_analyzers.facts.shapes import Shape
    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.calls import CallAt

_BY_ID = frozenset({"find_by_id", "find_one", "get", "get_one", "get_one_or_none", "scalar"})
_ONE = frozenset({"first", "one", "one_or_none", "scalar", "scalar_one", "scalar_one_or_none"})


def single_rows(analysis: Analysis, call: CallAt) -> frozenset[Shape]:
    """Return the names that hold one row in the function that makes a call; rows of a circle's own calls are none."""
    function = call.record.function
    queries: dict[Shape, bool] = {}
    for other in analysis.calls_of(call.source, function):
        for each in analysis.reached(other):
            if analysis.effects.reaches(each) and not analysis.cycles.joins(call.caller, each.symbol):
                queries[other.record.shape] = analysis.effects.end(each).method in _BY_ID
    return frozenset(
        binding.target
        for binding in call.source.bindings_of.get(function, ())
        if binding.value is not None and _is_row(binding.value, queries)
    )


def _is_row(value: Shape, queries: dict[Shape, bool]) -> bool:
    """Tell whether a value is one row, by the query itself or by what is made of its result."""
    if queries.get(value, False):
        return True
    match value:
        case ("call", ("attr", _, str(name)), _, _):
            return name in _ONE and any(part in queries for part in within(value))
    return False
