"""What says who is calling, or how the program is set up, rather than what the business knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_analyzers.facts.shapes import within
from arckode_analyzers.model.conditions import holder, is_setting, receives
from arckode_analyzers.model.project import FunctionAt, receiver_name
from arckode_analyzers.model.values import Value

if TYPE_CHECKING:
    from arckode_analyzers.facts.records import Parameter
    from arckode_analyzers.facts.shapes import Shape
    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.source import Source

_INJECTED = frozenset({"fastapi.Depends", "fastapi.Security", "fastapi.params.Depends"})
_DEEPEST = 3
_REQUEST = frozenset({"kernel.QueryModel", "kernel.Principal", "kernel.ListQuery"})


def is_callers(analysis: Analysis, source: Source, function: int, operand: Shape, depth: int = 0) -> bool:
    """Tell whether a value says who is calling, or how the program is set up: comparing with it is no business."""
    root = holder(operand)
    value = analysis.value(source, function, root)
    if is_setting(analysis, value):
        return True
    if value is not None and any(ancestor.name in _REQUEST for ancestor in analysis.resolver.ancestors(value)):
        return True
    rows = [row for row in source.parameters_of.get(function, ()) if ("name", row.name) == root]
    shapes = [shape for row in rows for shape in (row.default, _meaning(analysis, source, row.annotation))]
    if any(_injects(analysis, source, part) for shape in shapes if shape is not None for part in within(shape)):
        return True
    if root == ("name", receiver_name(source, function)):
        return _is_injected_member(analysis, source, function, operand)
    return depth < _DEEPEST and any(_is_given_caller(analysis, source, row, depth) for row in rows)


def _is_given_caller(analysis: Analysis, source: Source, row: Parameter, depth: int) -> bool:
    """Tell whether somebody passes who is calling for a parameter."""
    function = FunctionAt(source, row.function)
    for call in analysis.callers.get(function.symbol, ()):
        passed = receives(call, function, row.name)
        if passed is not None and is_callers(analysis, call.source, call.record.function, passed, depth + 1):
            return True
    return False


def _is_injected_member(analysis: Analysis, source: Source, function: int, operand: Shape) -> bool:
    """Tell whether an attribute of a controller class is filled by `Depends`: `self.user.id`."""
    name = next((part[2] for part in within(operand) if part[0] == "attr" and part[1] == holder(operand)), None)
    owner = Value("class", source.class_symbols[source.method_owner(function)])
    for ancestor in analysis.resolver.ancestors(owner):
        klass = analysis.project.classes.get(ancestor.name)
        for row in () if klass is None else klass.source.facts.bindings:
            if (
                klass is not None
                and row.owner == klass.index
                and row.target == ("name", name)
                and row.value is not None
            ):
                return any(_injects(analysis, klass.source, part) for part in within(row.value))
    return False


def _meaning(analysis: Analysis, source: Source, annotation: Shape | None) -> Shape | None:
    """Return an annotation, or what its alias stands for: `CurrentUser = Annotated[User, Depends(...)]`."""
    if annotation is None or annotation[0] != "name":
        return annotation
    definitions = source.names.get((0, -1), {}).get(str(annotation[1]), ())
    for definition in definitions:
        if definition.what == "binding":
            return source.facts.bindings[definition.index].value
        if definition.what == "import":
            row = source.facts.imports[definition.index]
            target = analysis.project.modules.get(source.target(row))
            if target is not None and target is not source:
                return _meaning(analysis, target, ("name", row.name))
    return annotation


def _injects(analysis: Analysis, source: Source, part: Shape) -> bool:
    match part:
        case ("call", tuple(func), _, _):
            value = analysis.value(source, 0, func)
            return func[-1] in {"Depends", "Security"} if value is None else value.name in _INJECTED
    return False
