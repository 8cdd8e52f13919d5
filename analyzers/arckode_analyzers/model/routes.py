"""Routes, however they are registered: decorators, `add_api_route`, the generated router, or a `Route` object."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from arckode_analyzers.facts.shapes import within
from arckode_analyzers.model.constants import constant_of, text_of
from arckode_analyzers.model.project import FunctionAt, grouped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.facts.shapes import Shape
    from arckode_analyzers.model.project import Project
    from arckode_analyzers.model.resolver import Resolver
    from arckode_analyzers.model.source import Source
    from arckode_analyzers.model.values import Value

VERBS = frozenset({"get", "post", "put", "patch", "delete"})
_REGISTER = VERBS | {"api_route", "route", "add_api_route", "add_route"}
_ROUTERS = frozenset({"APIRouter", "FastAPI", "ModuleRouter", "Router", "Starlette"})
_OBJECTS = frozenset({"Route", "APIRoute"})
_ROUTE_OBJECTS = frozenset({"fastapi.routing.APIRoute", "starlette.routing.Route", "fastapi.APIRoute"})
_Keywords = dict[str, "Shape"]


@dataclass(frozen=True, slots=True)
class Route:
    """One registration; `path` is None when it is not a literal, an `is_bare` handler gets only the request."""

    source: Source
    function: int
    line: int
    column: int
    methods: tuple[str, ...]
    path: str | None
    prefix: str | None
    handler: FunctionAt | None
    keywords: tuple[tuple[str, Shape], ...]
    is_bare: bool = False
    router: Shape | None = None

    def keyword(self, name: str) -> Shape | None:
        return dict(self.keywords).get(name)


class Routes:
    """Every route of the files that rules judge."""

    def __init__(self, project: Project, resolver: Resolver) -> None:
        self._project = project
        self._resolver = resolver
        self.all = tuple(route for source in project.judged() for route in self._of(source))
        self.handlers = {route.handler.symbol: route for route in self.all if route.handler is not None}
        self._registered_in = grouped((route.source.path, route) for route in self.all)
        self._handled_in = grouped(
            (route.handler.source.path, route) for route in self.all if route.handler is not None
        )

    def of(self, source: Source) -> list[Route]:
        """Return the routes that a file registers."""
        return self._registered_in.get(source.path, [])

    def handled_in(self, source: Source) -> list[Route]:
        """Return the routes whose handlers are in a file."""
        return self._handled_in.get(source.path, [])

    def _of(self, source: Source) -> Iterator[Route]:
        for index, record in enumerate(source.facts.functions):
            for shape in record.decorators:
                handler = FunctionAt(source, index)
                yield from self._registered(source, record.parent, shape, (record.line, record.column), handler)
        for call in source.facts.calls:
            func, where = call.func, (call.line, call.column)
            if func[0] == "call" and len(call.args) == 1:
                for found in self._handlers(source, call.function, call.args[0]) or (None,):
                    yield from self._registered(source, call.function, func, where, found)
            elif func[0] == "attr" and func[2] in _REGISTER:
                endpoint = _argument(call.args, dict(call.keywords), 1, "endpoint")
                for found in () if endpoint is None else self._handlers(source, call.function, endpoint):
                    yield from self._registered(source, call.function, call.shape, where, found)
            elif func[-1] in _OBJECTS:
                yield from self._object(source, call.function, call.shape, where)

    def _object(self, source: Source, function: int, shape: Shape, where: tuple[int, int]) -> Iterator[Route]:
        match shape:
            case ("call", tuple(func), tuple(args), tuple(pairs)) if func[-1] in _OBJECTS:
                value = self._resolver.value(source, function, func)
                if value is None or value.name not in _ROUTE_OBJECTS:
                    return
                keywords: _Keywords = dict(pairs)
                endpoint = _argument(args, keywords, 1, "endpoint")
                handler = None if endpoint is None else next(iter(self._handlers(source, function, endpoint)), None)
                path = self._text(source, function, _argument(args, keywords, 0, "path"))
                is_bare = not value.name.startswith("fastapi.")
                methods = self._methods(source, function, "route", keywords)
                yield Route(source, function, *where, methods, path, "", handler, tuple(pairs), is_bare)

    def _registered(
        self, source: Source, function: int, shape: Shape, where: tuple[int, int], handler: FunctionAt | None
    ) -> Iterator[Route]:
        match shape:
            case ("call", ("attr", tuple(router), str(verb)), tuple(args), tuple(pairs)) if verb in _REGISTER:
                keywords: _Keywords = dict(pairs)
                path = _argument(args, keywords, 0, "path")
                if path is None or not self._is_router(source, function, router, path):
                    return
                prefix = self._prefix(source, function, router)
                methods = self._methods(source, function, verb, keywords)
                is_bare = verb in {"route", "add_route"}
                text = self._text(source, function, path)
                yield Route(source, function, *where, methods, text, prefix, handler, tuple(pairs), is_bare, router)

    def _is_router(self, source: Source, function: int, router: Shape, path: Shape) -> bool:
        value = self._resolver.value(source, function, router)
        if value is None:
            text = self._text(source, function, path)
            return text is not None and (not text or text.startswith("/"))
        names = (ancestor.last for ancestor in self._resolver.ancestors(value))
        return value.kind == "instance" and any(name in _ROUTERS for name in names)

    def _prefix(self, source: Source, function: int, router: Shape) -> str | None:
        """Return what a router puts before every path, or None when that cannot be seen."""
        if router[0] != "name":
            return None
        for scope in (function, 0):
            for definition in source.names.get((scope, -1), {}).get(str(router[1]), ()):
                if definition.what == "binding":
                    return self._made_with(source, scope, source.facts.bindings[definition.index].value)
        return None

    def _made_with(self, source: Source, scope: int, shape: Shape | None) -> str | None:
        match shape:
            case ("call", tuple(func), tuple(args), tuple(pairs)):
                value = self._resolver.value(source, scope, func)
                if value is not None and value.last == "ModuleRouter":
                    given = dict(pairs).get("prefix", ("const", None))
                    if given != ("const", None):
                        return self._text(source, scope, given)
                    name = self._text(source, scope, _argument(args, dict(pairs), 0, "module"))
                    return None if name is None else f"/{name.replace('_', '-')}"
                return self._text(source, scope, dict(pairs).get("prefix", ("const", "")))
        return None

    def _handlers(self, source: Source, function: int, shape: Shape) -> tuple[FunctionAt, ...]:
        """Return the handlers an expression stands for: one, or those of the list that a loop registers."""
        listed = self._listed(source, function, shape)
        if listed:
            return listed
        value: Value | None = self._resolver.value(source, function, shape)
        found = self._project.functions.get(value.name) if value is not None and value.kind == "function" else None
        return () if found is None else (found,)

    def _listed(self, source: Source, function: int, shape: Shape) -> tuple[FunctionAt, ...]:
        """Return the functions in what a loop runs over, when it is the name of such a loop that is registered."""
        rows = source.facts.bindings
        loops = (row.value for row in rows if row.how == "for" and row.target == shape and row.function == function)
        written = (constant_of(self._project, source, function, _iterated(value)) for value in loops)
        values = (
            self._resolver.value(source, function, part)
            for each in written
            if each is not None and each[0] in {"display", "dict"}
            for part in within(each)
        )
        symbols = dict.fromkeys(value.name for value in values if value is not None and value.kind == "function")
        return tuple(self._project.functions[symbol] for symbol in symbols if symbol in self._project.functions)

    def _text(self, source: Source, function: int, shape: Shape | None) -> str | None:
        return text_of(self._project, source, function, shape)

    def _methods(self, source: Source, function: int, verb: str, keywords: _Keywords) -> tuple[str, ...]:
        if verb in VERBS:
            return (verb.upper(),)
        match constant_of(self._project, source, function, keywords.get("methods")):
            case ("display", _, tuple(elements)):
                names = (self._text(source, function, element) for element in elements)
                return tuple(sorted(name.upper() for name in names if name is not None))
        return ("GET",)


def _argument(args: tuple[Shape, ...], keywords: _Keywords, position: int, name: str) -> Shape | None:
    return args[position] if len(args) > position else keywords.get(name)


def _iterated(shape: Shape | None) -> Shape | None:
    """Return the collection behind a loop's value: a destructuring target holds a part of it, `.items()` all of it."""
    match shape:
        case ("other", (tuple(whole),)):
            return _iterated(whole)
        case ("call", ("attr", tuple(base), "items" | "values" | "keys"), _, _):
            return base
    return shape
