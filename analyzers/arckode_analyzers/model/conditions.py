"""What code asks before it goes one way or another: whether there is something, or what it says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from arckode_analyzers.facts.shapes import root_of, within
from arckode_analyzers.model.constants import constant_of
from arckode_analyzers.model.sinks import words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.facts.shapes import Shape
    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.calls import CallAt
    from arckode_analyzers.model.project import FunctionAt
    from arckode_analyzers.model.source import Source
    from arckode_analyzers.model.values import Value

_TESTED = frozenset({"if", "filter", "then", "assert", "case"})
_ASKS_FOR_TYPE = words("isinstance issubclass callable hasattr type")
_SETTINGS = words("pydantic_settings.BaseSettings pydantic.BaseSettings")
_DEEPEST = 20


@dataclass(frozen=True, slots=True)
class Condition:
    """One place where the way forks; `block` is -1 for the test of a loop, `ends` says that its body never goes on."""

    function: int
    kind: str
    test: Shape
    line: int
    column: int
    block: int = -1
    ends: bool = False


def conditions(source: Source) -> Iterator[Condition]:
    """Yield the conditions of a file in source order."""
    found = [
        Condition(row.function, row.kind, row.test, row.line, row.column, index, row.ends)
        for index, row in enumerate(source.facts.blocks)
        if row.kind in _TESTED
    ]
    found += [
        Condition(row.function, "while", row.source, row.line, row.column)
        for row in source.facts.loops
        if row.kind == "while"
    ]
    return iter(sorted(found, key=lambda each: (each.line, each.column, each.block)))


def atoms(analysis: Analysis, source: Source, function: int, test: Shape, depth: int = 0) -> Iterator[Shape]:
    """Yield the questions of a test, a name that holds an answer replaced by its question."""
    match test:
        case ("either", tuple(choices)):
            for choice in choices:
                yield from atoms(analysis, source, function, choice, depth)
        case ("not", tuple(inner)) | ("call", ("name", "bool"), (tuple(inner),), ()):
            yield from atoms(analysis, source, function, inner, depth)
        case ("name", _) if depth < _DEEPEST:
            held = constant_of(analysis.project, source, function, test)
            is_question = held is not None and held[0] in {"compare", "not", "either"}
            if held is not None and is_question:
                yield from atoms(analysis, source, function, held, depth + 1)
            else:
                yield test
        case _:
            yield test


def is_presence(atom: Shape) -> bool:
    """Tell whether a question only asks if there is something, or of which type it is."""
    match atom:
        case ("name", _) | ("const", _):
            return True
        case ("call", ("name", str(name)), _, _):
            return name in _ASKS_FOR_TYPE
        case ("compare", tuple(operators), tuple(operands)):
            is_identity = {"is", "is not"}.issuperset(operators)
            if is_identity and any(part[0] == "name" and str(part[1]).isupper() for part in operands):
                return True  # a sentinel for what was not sent: `body.title is UNSET`
            return any(_says_nothing(part) for part in operands) or all(part[0] == "const" for part in operands)
    return False


def _says_nothing(operand: Shape) -> bool:
    """Tell whether a comparison with this asks for presence or type: `x is None`, `x == ""`, `type(x) is Y`."""
    match operand:
        case ("const", None | "") | ("display", _, ()):
            return True
        case ("call", ("name", str(name)), _, _):
            return name in _ASKS_FOR_TYPE
    return False


def subject(atom: Shape) -> Shape:
    """Return what a question is about: the first operand that is not written out."""
    match atom:
        case ("compare", _, tuple(operands)):
            return next((part for part in operands if part[0] not in {"const", "display"}), operands[0])
    return atom


def spelt(shape: Shape) -> str:
    """Write a name, an attribute or a call as code, shortened."""
    match shape:
        case ("name", str(name)):
            return name
        case ("attr", tuple(base), str(name)):
            return f"{spelt(base)}.{name}"
        case ("call", tuple(func), _, _):
            return f"{spelt(func)}()"
        case ("item", tuple(base), ("const", key)):
            return f"{spelt(base)}[{key!r}]"
        case ("compare", _, _):
            return spelt(subject(shape))
        case ("binary", str(operator), tuple(left), tuple(right)):
            return f"{spelt(left)} {operator} {spelt(right)}"
        case ("const", value):
            return repr(value)
    return "..."


def holder(shape: Shape) -> Shape:
    """Return the name that an attribute, an item or a call starts from: `a` of `a.b["c"].d()`."""
    while True:
        match shape:
            case ("attr" | "item", tuple(base), _) | ("call", tuple(base), _, _):
                shape = base
            case _:
                return root_of(shape)


def is_setting(analysis: Analysis, value: Value | None) -> bool:
    """Tell whether a value is configuration: it was decided before the program started."""
    if value is None:
        return False
    names = {ancestor.name for ancestor in analysis.resolver.ancestors(value)}
    return bool(names & _SETTINGS) or value.name in {"kernel.Kernel", "kernel.KernelSettings", "os.environ"}


def inner_calls(analysis: Analysis, source: Source, condition: Condition) -> Iterator[CallAt]:
    """Yield the calls that run only when a condition holds."""
    return (call for call in analysis.calls(source) if condition.block in call.record.blocks)


def receives(call: CallAt, function: FunctionAt, name: str) -> Shape | None:
    """Return what a call passes to a parameter of a function it reaches."""
    rows = [row for row in function.source.parameters_of.get(function.index, ()) if row.kind != "rest"]
    said = dict(call.record.keywords)
    if name in said:
        return said[name]
    is_bound = function.record.owner >= 0 and ("name", "staticmethod") not in function.record.decorators
    names = [row.name for row in rows if row.kind == "positional"][1 if is_bound else 0 :]
    return dict(zip(names, call.record.args, strict=False)).get(name)


def asked_calls(analysis: Analysis, source: Source, function: int, atom: Shape) -> Iterator[CallAt]:
    """Yield the calls that answer a question."""
    parts = [part for part in within(atom) if part[0] == "call"]
    for call in analysis.calls_of(source, function):
        if call.record.shape in parts:
            yield call
