"""What the tests really exercise: which services they call and which paths they request, with an assertion.

A test file that imports a module, or mentions it, shows nothing; a test that calls and asserts does.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from arckode_analyzers.facts.shapes import within
from arckode_analyzers.model.constants import constant_of
from arckode_analyzers.model.project import FunctionAt, Project
from arckode_analyzers.model.resolver import Resolver
from arckode_analyzers.model.sinks import words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.facts.records import Call
    from arckode_analyzers.facts.shapes import Shape
    from arckode_analyzers.model.source import Source
    from arckode_analyzers.model.values import Value

_VERBS = words("get post put patch delete head options request stream")
_CHECKS = words("raises warns fail")
_DEEPEST = 5
_HOLE = "{}"


class Evidence:
    """The functions that asserting tests call, and the paths they request."""

    def __init__(self, project: Project) -> None:
        rows = [(path, source.facts, b"") for path, source in project.sources.items()]
        tests = [(path, facts, b"") for path, facts in sorted(project.tests.items()) if path not in project.sources]
        self._project = Project([*rows, *tests], project.config, given=project.sources)
        self._resolver = Resolver(self._project)
        self._files = {path: self._project.sources[path] for path, _, _ in tests}
        self._fixtures = self._find_fixtures()

    @cached_property
    def called(self) -> frozenset[str]:
        """Return the symbols of what tests call: functions, and the classes whose methods they call."""
        found: set[str] = set()
        for function, call in self._calls:
            value = self._callee(function, call)
            if value is not None and value.kind in {"function", "method"}:
                found.update((value.name, value.of.name if value.of is not None else value.name))
        return frozenset(found)

    def calls_blindly(self, package: str, method: str) -> bool:
        """Tell whether a test that imports from a package calls a method on something nothing is known of."""
        return any(
            call.func[0] == "attr"
            and call.func[2] == method
            and self._callee(function, call) is None
            and _imports(function.source, package)
            for function, call in self._calls
        )

    def requests(self, route: tuple[str, ...], package: str) -> bool:
        """Tell whether a test requests a route; of a path nothing is known of, only where the package is imported."""
        return any(
            fits(path, route) and (path != (_HOLE,) or _imports(source, package)) for path, source in self._requested
        )

    @cached_property
    def _requested(self) -> tuple[tuple[tuple[str, ...], Source], ...]:
        """Return the paths that tests request, in segments; a hole stands for what is computed."""
        found: dict[tuple[tuple[str, ...], Source], None] = {}
        for function, call in self._calls:
            if call.func[0] != "attr" or call.func[2] not in _VERBS or self._is_look_up(function, call):
                continue
            at = 1 if call.func[2] in {"request", "stream"} else 0
            said = dict(call.keywords)
            shape = call.args[at] if len(call.args) > at else said.get("url", said.get("path"))
            for path in () if shape is None else self._paths(function, shape):
                found[path, function.source] = None
        return tuple(found)

    @cached_property
    def _calls(self) -> tuple[tuple[FunctionAt, Call], ...]:
        """Return the calls of the tests that assert something, and of the fixtures and helpers they use."""
        found: dict[str, FunctionAt] = {}
        for source in self._files.values():
            for index, record in enumerate(source.facts.functions):
                test = FunctionAt(source, index)
                if index and record.name.startswith("test") and not self._is_skipped(test):
                    used = dict(self._used(test, 0))
                    if any(self._asserts(each) for each in used.values()):
                        found.update(used)
        return tuple((each, call) for each in found.values() for call in each.source.calls_of.get(each.index, ()))

    def _used(self, function: FunctionAt, depth: int) -> Iterator[tuple[str, FunctionAt]]:
        yield function.symbol, function
        for helper in (*self._helpers(function), *self._given(function)) if depth < _DEEPEST else ():
            if helper.symbol != function.symbol:
                yield from self._used(helper, depth + 1)

    def _helpers(self, function: FunctionAt) -> Iterator[FunctionAt]:
        for index, record in enumerate(function.source.facts.functions):
            if index and record.parent == function.index and record.owner < 0:
                yield FunctionAt(function.source, index)
        for call in function.source.calls_of.get(function.index, ()):
            value = self._callee(function, call)
            found = None if value is None else self._project.functions.get(value.name)
            if found is not None and found.source.path in self._files:
                yield found

    def _given(self, function: FunctionAt) -> Iterator[FunctionAt]:
        """Yield the fixtures that a function asks for by the names of its parameters."""
        for row in function.source.parameters_of.get(function.index, ()):
            fixture = self._fixture(function.source, row.name)
            if fixture is not None:
                yield fixture

    def _fixture(self, source: Source, name: str) -> FunctionAt | None:
        """Return the nearest fixture of a name: of the file, else of a conftest above it."""
        near = [
            each
            for each in self._fixtures.get(name, ())
            if each.source is source
            or (
                each.source.path.endswith("conftest.py")
                and source.path.startswith(each.source.path.removesuffix("conftest.py"))
            )
        ]
        return max(near, key=lambda each: (each.source is source, len(each.source.path)), default=None)

    def _find_fixtures(self) -> dict[str, list[FunctionAt]]:
        found: dict[str, list[FunctionAt]] = {}
        for source in self._files.values():
            for index, record in enumerate(source.facts.functions):
                if any(_last(decorator) == "fixture" for decorator in record.decorators):
                    found.setdefault(record.name, []).append(FunctionAt(source, index))
        return found

    def _callee(self, function: FunctionAt, call: Call) -> Value | None:
        value = self._resolver.value(function.source, function.index, call.func)
        match call.func:
            case ("attr", ("name", str(name)), str(method)) if value is None:
                fixture = self._fixture(function.source, name)
                made = None if fixture is None else self._made(fixture)
                return None if made is None else self._resolver.attribute(made, method)
        return value

    def _made(self, fixture: FunctionAt) -> Value | None:
        values = (
            self._resolver.value(fixture.source, fixture.index, result.value)
            for result in fixture.source.results_of.get(fixture.index, ())
        )
        return next((value for value in values if value is not None), None)

    def _is_look_up(self, function: FunctionAt, call: Call) -> bool:
        """Tell whether a `get` looks up a key or a `delete` is the program's own, which request nothing."""
        match call.func:
            case ("attr", tuple(base), _):
                value = self._resolver.value(function.source, function.index, base)
                written = constant_of(self._project, function.source, function.index, base)
                is_table = written is not None and written[0] in {"dict", "display", "comp"}
                klass = None if value is None else self._project.classes.get(value.name)
                is_own = klass is not None and klass.source.path not in self._files
                return is_table or is_own or (value is not None and value.name.startswith("builtins."))
        return False

    def _asserts(self, function: FunctionAt) -> bool:
        rows = [row for row in function.source.facts.blocks if row.function == function.index]
        if any(row.kind == "assert" and row.test[0] != "const" for row in rows):
            return True
        calls = function.source.calls_of.get(function.index, ())
        return any(_last(call.func) in _CHECKS or _last(call.func).startswith("assert") for call in calls)

    def _is_skipped(self, function: FunctionAt) -> bool:
        facts, owner = function.source.facts, function.record.owner
        marks = [*function.record.decorators, *(facts.classes[owner].decorators if owner >= 0 else ())]
        marks += [row.value for row in facts.bindings if row.target == ("name", "pytestmark") and row.value is not None]
        return any(_last(part) == "skip" for mark in marks for part in within(mark) if part[0] in {"attr", "call"})

    def _paths(self, function: FunctionAt, shape: Shape) -> Iterator[tuple[str, ...]]:
        texts = [self._text(function, shape, 0)]
        if texts == [_HOLE]:
            texts += [
                str(part[1]) for each in function.record.decorators for part in within(each) if part[0] == "const"
            ]
        yield from (segments(text) for text in texts if text.startswith(("/", _HOLE, "http")))

    def _text(self, function: FunctionAt, shape: Shape, depth: int) -> str:
        """Return an expression as text, with holes for what is computed."""
        match constant_of(self._project, function.source, function.index, shape):
            case ("const", str(text)):
                return text
            case ("format", tuple(parts)):
                return "".join(self._text(function, part, depth) for part in parts)
            case ("binary", "+", tuple(left), tuple(right)):
                return self._text(function, left, depth) + self._text(function, right, depth)
            case ("call", tuple(func), _, _) if depth < _DEEPEST:
                return self._answered(function, func, depth)
        return _HOLE

    def _answered(self, function: FunctionAt, func: Shape, depth: int) -> str:
        value = self._resolver.value(function.source, function.index, func)
        helper = None if value is None else self._project.functions.get(value.name)
        results = () if helper is None else helper.source.results_of.get(helper.index, ())
        texts = [self._text(helper, row.value, depth + 1) for row in results if helper is not None]
        return texts[0] if texts else _HOLE


def _imports(source: Source, package: str) -> bool:
    return any(f"{source.target(row)}.{row.name}.".startswith(f"{package}.") for row in source.facts.imports)


def _last(shape: Shape) -> str:
    """Return the last name of a decorator or a called expression."""
    func = shape[1] if shape[0] == "call" else shape
    return str(func[-1]) if isinstance(func, tuple) and func[0] in {"name", "attr"} else ""


def segments(path: str) -> tuple[str, ...]:
    """Return the parts of a path; a parameter is a hole, whatever it is called."""
    plain = path.partition("?")[0].partition("#")[0]
    if "://" in plain:
        plain = plain.partition("://")[2].partition("/")[2]
    return tuple(_HOLE if "{" in part else part for part in plain.split("/") if part)


def fits(requested: tuple[str, ...], route: tuple[str, ...]) -> bool:
    """Tell whether a requested path is that of a route, also below a prefix that is not known.

    What is computed stands for a parameter of the route; at the start of a path it may stand for anything.
    """
    if not route or len(requested) < len(route):
        return not route and not requested
    tail = requested[len(requested) - len(route) :]
    is_open = requested[0] == _HOLE
    return all(
        there in {_HOLE, here} or (here == _HOLE and is_open and position == 0)
        for position, (here, there) in enumerate(zip(tail, route, strict=True))
    )
