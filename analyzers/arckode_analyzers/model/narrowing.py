"""Whether something on the way limits a value: a closed set, a pattern, a validator, or a function that refuses it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_analyzers.facts.shapes import within
from arckode_analyzers.model.passing import arguments
from arckode_analyzers.model.sinks import words

if TYPE_CHECKING:
    from arckode_analyzers.facts.records import Parameter
    from arckode_analyzers.facts.shapes import Shape
    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.calls import CallAt
    from arckode_analyzers.model.given import Place
    from arckode_analyzers.model.source import Source

_TESTS = words("isidentifier isalnum isalpha isdigit isdecimal isnumeric isascii")
_MATCHES = words("match fullmatch")
_VALIDATORS = words("Predicate AfterValidator BeforeValidator PlainValidator WrapValidator")


class Narrowing:
    """Reads conditions, annotations and the project's own checks."""

    def __init__(self, analysis: Analysis) -> None:
        self._analysis = analysis

    def is_checked(self, place: Place, shape: Shape) -> bool:
        if shape[0] not in {"name", "attr", "item"}:
            return False
        facts = place.source.facts
        for index, block in enumerate(facts.blocks):
            if block.function != place.function or block.line > place.line:
                continue
            around = index in place.blocks and block.kind in {"if", "case", "then"}
            earlier = block.blocks == place.blocks[: len(block.blocks)] and (block.ends or block.kind == "assert")
            chosen = block.kind == "then" and block.line == place.line
            if (around or earlier or chosen) and _limits(block.test, shape, inside=around):
                return True
        return any(
            call.record.line <= place.line and shape in call.record.args and self._validates(call, shape)
            for call in self._analysis.calls(place.source)
            if call.record.function == place.function
        )

    def _validates(self, call: CallAt, shape: Shape) -> bool:
        """Tell whether a call goes to a function of the project that ends unless the argument is in a closed set."""
        for target in self._analysis.reached(call):
            function = self._analysis.project.functions.get(target.symbol)
            if function is None:
                continue
            names = [name for name, passed in arguments(self._analysis, call, function).items() if passed == shape]
            blocks = [block for block in function.source.facts.blocks if block.function == function.index]
            if any(
                (block.ends or block.kind == "assert") and _limits(block.test, ("name", name), inside=False)
                for name in names
                for block in blocks
            ):
                return True
        return False

    def is_narrowed(self, source: Source, row: Parameter) -> bool:
        """Tell whether a pattern or a validator limits a parameter, or its annotation means nothing known."""
        shapes = [shape for shape in (row.annotation, row.default) if shape is not None]
        if any(_is_limit(part) for shape in shapes for part in within(shape)):
            return True
        names = [part for part in within(row.annotation or ("const", None)) if part[0] == "name"]
        for name_ in names:
            aliases = list(self._analysis.resolver.aliased(source, str(name_[1])))
            if any(_is_limit(part) for alias in aliases for part in within(alias)):
                return True
            if not aliases and self._analysis.value(source, 0, name_) is None:
                return True
        return False


def _is_limit(part: Shape) -> bool:
    match part:
        case ("call", (*_, str(name)), _, tuple(keywords)):
            return name in _VALIDATORS or any(key in {"pattern", "regex"} for key, _ in keywords)
    return False


def _limits(test: Shape, shape: Shape, *, inside: bool) -> bool:
    """Tell whether a condition compares an expression with a closed set or a pattern."""
    for part in within(test):
        match part:
            case ("compare", ("in" | "not in",), (tuple(left), (str(kind), *_))) if left == shape:
                return kind != "const"
            case ("compare", ("==",), (tuple(left), ("const", _))) if left == shape and inside:
                return True
            case ("compare", ("<=" | "<",), (("call", ("name", "set"), (tuple(left),), _), _)) if left == shape:
                return True
            case ("call", ("attr", tuple(base), str(method)), tuple(args), _):
                if (method in _MATCHES and shape in args) or (method in _TESTS and base == shape):
                    return True
    return False
