"""How a handler gets at the body of its request, and whether anything checks it on the way.

A read counts as checked when what was read reaches a schema: in the handler, or in any helper it is handed to. A
function of the project that is merely called `validate` is followed like any other.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from arckode_analyzers.facts.shapes import Shape, children, within
from arckode_analyzers.model.sinks import words
from arckode_analyzers.model.values import Value

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from arckode_analyzers.facts.records import Parameter
    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.calls import CallAt
    from arckode_analyzers.model.project import FunctionAt
    from arckode_analyzers.model.source import Source

_MAPPINGS = words("dict Dict Mapping MutableMapping defaultdict OrderedDict")
_LISTS = words("list List Sequence tuple Tuple set Iterable")
_SAYS_NOTHING = frozenset({"typing.Any", "builtins.object"})
_ELSEWHERE = words("Depends Security Query Path Header Cookie File Form")
_DECODERS = words("json.loads orjson.loads ujson.loads simplejson.loads yaml.safe_load")
_SCHEMAS = words(
    "pydantic.BaseModel pydantic.RootModel pydantic.TypeAdapter msgspec.Struct marshmallow.Schema kernel.ApiModel"
    " kernel.QueryModel kernel.Schema sqlalchemy.SQLModel typing.TypedDict"
)
_CHECKS = words(
    "model_validate model_validate_json model_validate_strings validate_python validate_json parse_obj parse_raw load"
)
_HARMLESS = sys.stdlib_module_names | {
    "fastapi",
    "starlette",
    "sqlalchemy",
    "orjson",
    "ujson",
    "simplejson",
    "structlog",
}
_REQUEST = "fastapi.Request"
_DEEPEST = 8


@dataclass(frozen=True, slots=True)
class BodyRead:
    """An unchecked read: where, how, and the lines that lead there."""

    line: int
    column: int
    how: str
    chain: tuple[tuple[Source, int], ...] = ()


class Bodies:
    """Answers for one handler at a time."""

    def __init__(self, analysis: Analysis) -> None:
        self._analysis = analysis
        self._value = analysis.resolver.value

    def unchecked(self, handler: FunctionAt) -> Iterator[BodyRead]:
        """Yield how a handler takes a body that nothing checks."""
        for row in handler.source.parameters_of.get(handler.index, ()):
            yield from self._parameter(handler, row)
        yield from self._reads(handler, 0)

    # What the signature takes

    def _parameter(self, handler: FunctionAt, row: Parameter) -> Iterator[BodyRead]:
        source = handler.source
        marks = tuple(self._marks(source, row))
        for mark in marks:
            match mark:
                case ("call", tuple(func), (tuple(provider), *_), _) if self._is(source, func, "Depends"):
                    yield from self._dependency(handler, row, provider)
        if any(self._is(source, mark[1], *_ELSEWHERE) for mark in marks if isinstance(mark[1], tuple)):
            return
        is_body = any(self._is(source, mark[1], "Body") for mark in marks if isinstance(mark[1], tuple))
        said = self._analysis.resolver.annotation(source, handler.record.parent, row.annotation)
        if self._is_open(said) or (is_body and (row.annotation is None or _is_anything(said))):
            what = "nothing" if said is None else f"`{said.last}`"
            yield BodyRead(row.line, row.column, f"takes its body as `{row.name}`, typed {what}")

    def _marks(self, source: Source, row: Parameter) -> Iterator[Shape]:
        """Yield the calls in a parameter's default and annotation, such as `Body()`, through aliases too."""
        pending = [shape for shape in (row.default, row.annotation) if shape is not None]
        for _ in range(10):
            found = [part for shape in pending for part in within(shape)]
            yield from (part for part in found if part[0] == "call")
            names = [str(part[1]) for part in found if part[0] == "name"]
            pending = [value for name in names for value in self._analysis.resolver.aliased(source, name)]

    def _is(self, source: Source, func: object, *names: str) -> bool:
        value = self._value(source, 0, func) if isinstance(func, tuple) else None
        return value is not None and value.name.startswith("fastapi.") and value.last in names

    def _is_open(self, said: Value | None) -> bool:
        """Tell whether a type accepts any object: a bare dict, a list of them, a schema that declares nothing."""
        if said is None or said.kind != "instance":
            return False
        if said.last in _MAPPINGS:
            return not said.args or _is_anything(said.args[-1])
        if said.last in _LISTS and said.args:
            return self._is_open(said.args[0])
        return self._is_empty_schema(said)

    def _is_empty_schema(self, said: Value) -> bool:
        if said.name not in self._analysis.project.classes or not self._is_schema(said):
            return False
        config = self._analysis.resolver.allows_extra(said)
        return config and not self._analysis.resolver.declares_fields(said)

    def _dependency(self, handler: FunctionAt, row: Parameter, provider: Shape) -> Iterator[BodyRead]:
        value = self._value(handler.source, 0, provider)
        function = None if value is None else self._analysis.graph.function_of(value)
        if function is None or self._is_checked(handler, {row.name}, (), 0):
            return
        for read in self._reads(function, 1):
            chain = ((handler.source, row.line), *(read.chain or ((function.source, read.line),)))
            yield BodyRead(row.line, row.column, f"takes `{row.name}` from `{function.record.name}`", chain)

    # What the code reads

    def _reads(self, function: FunctionAt, depth: int) -> Iterator[BodyRead]:
        if depth > _DEEPEST:
            return
        source = function.source
        for call in self._analysis.calls_in(function):
            if self._is_dropped(function, call):
                continue
            found = self._read(function, call.record.shape, depth)
            if found is not None and not self._is_checked(function, self._holding(function, found), found, depth):
                place = (source, call.record.line)
                chain = (place, *(self._inside(function, call.record.shape, depth)))
                yield BodyRead(call.record.line, call.record.column, "reads its body", chain)

    def _is_dropped(self, function: FunctionAt, call: CallAt) -> bool:
        """Tell whether the body is read for its side effect only: the framework keeps it for whoever comes next."""
        return call.record.discarded and self._is_request_method(function, call.record.func, "json", "form")

    def _read(self, function: FunctionAt, shape: Shape, depth: int) -> Shape | None:
        """Return a call that gives what the body says, or None."""
        match shape:
            case ("call", tuple(func), tuple(args), _):
                value = self._value(function.source, function.index, func)
                if self._is_request_method(function, func, "json", "form"):
                    return shape
                if value is not None and value.name in _DECODERS and args and self._is_raw(function, args[0]):
                    return shape
                helper = self._helper(function, value, args)
                return shape if helper is not None and any(self._reads(helper, depth + 1)) else None
        return None

    def _inside(self, function: FunctionAt, shape: Shape, depth: int) -> tuple[tuple[Source, int], ...]:
        args = shape[2] if isinstance(shape[2], tuple) else ()
        func = shape[1] if isinstance(shape[1], tuple) else ()
        helper = self._helper(function, self._value(function.source, function.index, func), args)
        first = next(self._reads(helper, depth + 1), None) if helper is not None else None
        return first.chain if first is not None else ()

    def _helper(self, function: FunctionAt, value: Value | None, args: tuple[Shape, ...]) -> FunctionAt | None:
        """Return the project's function that is handed the request."""
        found = None if value is None else self._analysis.graph.function_of(value)
        if found is None or found.symbol == function.symbol:
            return None
        return found if any(self._is_request(function, arg) for arg in args) else None

    def _is_request(self, function: FunctionAt, shape: Shape) -> bool:
        value = self._value(function.source, function.index, shape)
        if value is not None:
            kinds = self._analysis.resolver.ancestors(value)
            return any(kind.last == "Request" and kind.name.startswith(("fastapi.", "starlette.")) for kind in kinds)
        return self._is_bare_handler(function) and shape in self._first_parameter(function)

    def _is_bare_handler(self, function: FunctionAt) -> bool:
        """Tell whether the framework calls this function with the request alone."""
        route = self._analysis.routes.handlers.get(function.symbol)
        return route is not None and route.is_bare

    def _first_parameter(self, function: FunctionAt) -> Sequence[Shape]:
        return [("name", row.name) for row in function.source.parameters_of.get(function.index, ())][:2]

    def _is_request_method(self, function: FunctionAt, func: Shape, *names: str) -> bool:
        if (
            func[0] == "attr"
            and func[2] in names
            and isinstance(func[1], tuple)
            and self._is_request(function, func[1])
        ):
            return True
        value = self._value(function.source, function.index, func)
        return value is not None and value.kind == "method" and value.name in {f"{_REQUEST}.{name}" for name in names}

    def _is_raw(self, function: FunctionAt, shape: Shape, depth: int = 0) -> bool:
        """Tell whether an expression is the raw body: as read, under a name, decoded, or joined from its chunks."""
        if depth > _DEEPEST:
            return False
        match shape:
            case ("call", tuple(func), _, _) if self._is_request_method(function, func, "body", "stream"):
                return True
            case ("call", ("attr", tuple(base), "decode" | "strip"), _, _):
                return self._is_raw(function, base, depth + 1)
            case ("call", ("attr", _, "join"), (tuple(first), *_), _):
                return self._is_raw(function, first, depth + 1)
            case ("comp", _, (tuple(first), *_)):
                return self._is_raw(function, first, depth + 1)
            case ("name", _):
                rows = function.source.bindings_of.get(function.index, ())
                values = (row.value for row in rows if row.target == shape)
                return any(value is not None and self._is_raw(function, value, depth + 1) for value in values)
        return False

    # What is checked

    def _holding(self, function: FunctionAt, read: Shape) -> set[str]:
        """Return the names that hold what was read, or something made of it."""
        names: set[str] = set()
        rows = [row for row in function.source.bindings_of.get(function.index, ()) if row.value is not None]
        for _ in range(5):
            for row in rows:
                value = row.value or ()
                if row.target[0] == "name" and self._holds(function, value, names, read):
                    names.add(str(row.target[1]))
        return names

    def _is_checked(self, function: FunctionAt, names: set[str], read: Shape, depth: int) -> bool:
        """Tell whether a value reaches something that checks it."""
        return depth <= _DEEPEST and any(
            self._checks(function, call.shape, names, read, depth)
            for call in function.source.calls_of.get(function.index, ())
        )

    def _checks(self, function: FunctionAt, shape: Shape, names: set[str], read: Shape, depth: int) -> bool:
        match shape:
            case ("call", tuple(func), tuple(args), tuple(pairs)):
                given = [*enumerate(args), *pairs]
                handed = [where for where, arg in given if self._holds(function, arg, names, read)]
                if not handed or read == shape:
                    return False
                value = self._value(function.source, function.index, func)
                return _sounds_like_a_check(func) if value is None else self._is_check(value, handed, depth)
        return False

    def _holds(self, function: FunctionAt, shape: Shape, names: set[str], read: Shape) -> bool:
        """Tell whether an expression holds a body, rather than what a service answered to it."""
        if shape == read or (shape[0] == "name" and shape[1] in names):
            return True
        if shape[0] == "call" and isinstance(shape[1], tuple) and self._asks_service(function, shape[1]):
            return False
        return any(self._holds(function, part, names, read) for part in children(shape))

    def _asks_service(self, function: FunctionAt, func: Shape) -> bool:
        value = self._value(function.source, function.index, func)
        found = None if value is None else self._analysis.graph.function_of(value)
        return found is not None and bool(found.source.layers & {"services", "repositories", "adapters"})

    def _is_check(self, value: Value, handed: list[int | str], depth: int) -> bool:
        if value.kind == "class" or value.name in _SCHEMAS:
            return self._is_schema(value) and not self._is_empty_schema(value)
        if value.kind == "method" and value.of is not None:
            known = value.of.name in _SCHEMAS or not _is_harmless(value.of)
            return known and value.last in _CHECKS
        if value.kind == "external":
            return not _is_harmless(value)
        found = self._analysis.graph.function_of(value)
        if found is None:
            return False
        return self._checks_itself(found) or self._checks_parameter(found, value, handed, depth)

    def _checks_itself(self, found: FunctionAt) -> bool:
        """Tell whether a method that a schema adds ends in the schema's own check: `cls.model_validate(parsed)`."""
        owner = found.record.owner
        if owner < 0 or not self._is_schema(Value("class", found.source.class_symbols[owner])):
            return False
        receiver = {("name", name) for name in ("cls", "self")}
        return any(
            call.func[0] == "attr" and call.func[1] in receiver and call.func[2] in _CHECKS and bool(call.args)
            for call in found.source.calls_of.get(found.index, ())
        )

    def _checks_parameter(self, found: FunctionAt, value: Value, handed: list[int | str], depth: int) -> bool:
        rows = found.source.parameters_of.get(found.index, ())
        rows = rows[1 if value.of is not None else 0 :]
        by_place: dict[int | str, str] = {at: row.name for at, row in enumerate(rows)}
        names = {by_place.get(where, str(where)) for where in handed}
        return self._is_checked(found, names, (), depth + 1)

    def _is_schema(self, value: Value) -> bool:
        return any(ancestor.name in _SCHEMAS for ancestor in self._analysis.resolver.ancestors(value))


def _is_anything(said: Value | None) -> bool:
    return said is None or said.name in _SAYS_NOTHING or (said.last in _MAPPINGS and not said.args)


def _sounds_like_a_check(func: Shape) -> bool:
    """Tell whether what nothing is known about may be a schema's own method: we cannot know, so it counts as one."""
    return func[0] == "attr" and str(func[2]).startswith(("model_validate", "validate", "parse_obj"))


def _is_harmless(value: Value) -> bool:
    """Tell whether a library's function certainly checks nothing; of others we cannot know."""
    return value.name.partition(".")[0] in _HARMLESS or value.name.startswith("builtins.")
