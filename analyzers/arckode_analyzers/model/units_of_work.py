"""Which code runs inside a transaction, and which two calls can happen in one run of a function."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from arckode_analyzers.facts.shapes import Shape, within
from arckode_analyzers.model.sinks import REPOSITORIES, REPOSITORY_WRITES

if TYPE_CHECKING:
    from arckode_analyzers.facts.records import Call
    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.calls import CallAt, Target
    from arckode_analyzers.model.project import FunctionAt
    from arckode_analyzers.model.source import Source
    from arckode_analyzers.model.values import Value

_OPENS = frozenset({"transaction", "begin", "begin_nested"})
_HARMLESS = frozenset({"fastapi", "starlette", "structlog", "pytest", "httpx", "anyio"}) | sys.stdlib_module_names
_PLAIN_DECORATORS = frozenset(
    {"staticmethod", "classmethod", "property", "override", "abstractmethod", "cached_property"}
)
_DEEPEST = 4


def is_kernel_write(target: Target) -> bool:
    """Tell whether a target is a repository of the runtime storing something; outside a transaction it commits."""
    is_repository = target.owner.startswith("kernel.") and target.owner.rpartition(".")[2] in REPOSITORIES
    return is_repository and target.method in REPOSITORY_WRITES


class UnitsOfWork:
    """Answers about transactions; what cannot be known counts as inside one."""

    def __init__(self, analysis: Analysis) -> None:
        self._analysis = analysis
        self._covered: dict[str, bool] = {}

    def is_inside(self, call: CallAt) -> bool:
        """Tell whether a call stands in a transaction that its own function opens."""
        facts = call.source.facts
        return any(
            facts.blocks[at].kind == "with" and self.opens(call.source, call.record.function, facts.blocks[at].test, 0)
            for at in call.record.blocks
        )

    def is_covered(self, function: FunctionAt) -> bool:
        """Tell whether a function always runs in somebody's transaction: its decorator's, or each of its callers'."""
        symbol = function.symbol
        if symbol not in self._covered:
            self._covered[symbol] = True  # callers in a circle prove nothing against each other
            self._covered[symbol] = self._is_wrapped(function) or self._is_called_inside(symbol)
        return self._covered[symbol]

    def _is_called_inside(self, symbol: str) -> bool:
        callers = self._analysis.arguments.callers.get(symbol, [])
        return bool(callers) and all(self.is_inside(call) or self._is_from_inside(call) for call in callers)

    def _is_from_inside(self, call: CallAt) -> bool:
        caller = self._analysis.project.functions.get(call.caller)
        return caller is not None and self.is_covered(caller)

    def _is_wrapped(self, function: FunctionAt) -> bool:
        source, record = function.source, function.record
        for shape in record.decorators:
            func = shape[1] if shape[0] == "call" and isinstance(shape[1], tuple) else shape
            if func[-1] in _PLAIN_DECORATORS or function.symbol in self._analysis.routes.handlers:
                continue
            value = self._analysis.value(source, record.parent, func)
            found = None if value is None else self._analysis.graph.function_of(value)
            if found is None:
                if value is None or not _is_harmless(value):
                    return True
            elif self._does_open(found, 0):
                return True
        return False

    # What opens a transaction

    def opens(self, source: Source, function: int, test: Shape, depth: int) -> bool:
        """Tell whether entering a context manager opens or joins a transaction, by what it does."""
        if depth > _DEEPEST:
            return True
        func = test[1] if test[0] == "call" and isinstance(test[1], tuple) else None
        value = self._analysis.value(source, function, test if func is None else func)
        if value is None:
            return True
        if value.kind == "method":
            owner = "" if value.of is None else value.of.name
            return value.last in _OPENS if owner.startswith(("kernel.", "sqlalchemy.")) else not _is_harmless(value)
        if value.kind == "function":
            found = self._analysis.project.functions.get(value.name)
            return found is None or self._does_open(found, depth + 1)
        if value.name in self._analysis.project.classes:
            klass = self._analysis.project.classes[value.name]
            return any(self._does_open(method, depth + 1) for _, method in self._analysis.project.methods(klass))
        if value.name.startswith("sqlalchemy."):
            return value.kind != "instance" or value.last.endswith(("begin", "transaction"))
        return not _is_harmless(value)

    def _does_open(self, function: FunctionAt, depth: int) -> bool:
        """Tell whether a function, or one nested in it, opens a transaction: in a `with`, or as its answer."""
        source = function.source
        inner = {function.index} | {
            index for index, row in enumerate(source.facts.functions) if row.parent == function.index and index
        }
        if function.record.is_stub:
            return True
        for block in source.facts.blocks:
            is_own = block.function in inner and block.kind == "with"
            if is_own and self.opens(source, block.function, block.test, depth + 1):
                return True
        for call in source.facts.calls:
            if call.function in inner and call.func[-1] in _OPENS:
                value = self._analysis.value(source, call.function, call.func)
                if value is None or value.kind != "function" or self._opens_further(value, depth):
                    return True
        return False

    def _opens_further(self, value: Value, depth: int) -> bool:
        found = self._analysis.project.functions.get(value.name)
        return found is None or depth > _DEEPEST or self._does_open(found, depth + 1)


def _is_harmless(value: Value) -> bool:
    return value.name.partition(".")[0] in _HARMLESS or value.name.startswith("builtins.")


# What can happen in one run


def can_follow(source: Source, first: Call, second: Call) -> bool:
    """Tell whether one run of a function can make both calls, the second after the first and not instead of it."""
    shared = 0
    while shared < min(len(first.blocks), len(second.blocks)) and first.blocks[shared] == second.blocks[shared]:
        shared += 1
    mine, others = first.blocks[shared:], second.blocks[shared:]
    blocks = source.facts.blocks
    if any(blocks[at].ends for at in mine):
        return False
    if mine and others:
        one, other = blocks[mine[0]], blocks[others[0]]
        kinds = {one.kind, other.kind}
        if kinds in ({"if", "else"}, {"then", "otherwise"}) and one.line == other.line and one.test == other.test:
            return False
        if kinds <= {"case"} or "except" in kinds:
            return False
    return not _is_second_try(source, first, second)


def _is_second_try(source: Source, first: Call, second: Call) -> bool:
    """Tell whether the second call runs only because the first changed nothing, as in "update or create"."""
    names = {
        row.target
        for row in source.facts.bindings
        if row.function == first.function and row.value is not None and first.shape == row.value
    }
    answers = [*names, first.shape]
    blocks = source.facts.blocks
    for at in second.blocks:
        if at not in first.blocks and _says_empty(blocks[at].test, answers, blocks[at].kind in {"else", "otherwise"}):
            return True
    return any(
        block.function == first.function
        and block.ends
        and block.kind == "if"
        and first.line <= block.line <= second.line
        and index not in second.blocks
        and set(block.blocks) <= set(second.blocks)
        and _says_empty(block.test, answers, negated=True)
        for index, block in enumerate(blocks)
    )


def _says_empty(test: Shape, answers: list[Shape], negated: bool) -> bool:
    """Tell whether a condition holds when an answer is empty; `negated` asks for the opposite condition."""
    match test:
        case ("not", tuple(inner)):
            return _says_empty(inner, answers, not negated)
        case ("compare", ("is" | "==" | "<" | "<=" as operator,), (tuple(left), tuple(right))):
            is_empty = operator in {"is", "=="} and right[0] == "const" and not right[1]
            return is_empty and not negated and _holds(left, answers)
        case ("compare", ("is not" | "!=" | ">" | ">=",), (tuple(left), _)):
            return negated and _holds(left, answers)
    return negated and _holds(test, answers)


def _holds(shape: Shape, answers: list[Shape]) -> bool:
    return any(answer == part for part in within(shape) for answer in answers)
