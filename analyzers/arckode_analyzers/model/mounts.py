"""The routes of each application in the order in which they are matched, with everything that was put before them.

Routers are followed from `include_router`, `mount` and `add_module` to where they are made. What is included by code
that cannot be followed stays a tree of its own; where the order of two registrations cannot be known, it is not said.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from arckode_analyzers.model.constants import text_of
from arckode_analyzers.model.project import grouped, is_judged

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.facts.records import Call
    from arckode_analyzers.facts.shapes import Shape
    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.project import FunctionAt
    from arckode_analyzers.model.routes import Route
    from arckode_analyzers.model.source import Source

_INCLUDES = frozenset({"include_router", "mount"})
_CONDITIONS = frozenset({"if", "else", "case"})
_DEEPEST = 8


class Router(NamedTuple):
    """A router or application by the name it is bound to."""

    path: str
    function: int
    name: str


class Spot(NamedTuple):
    """Where something is registered: registrations of the same group follow each other by line."""

    group: str
    line: int
    column: int


_KERNEL = Router("", -1, "kernel")


@dataclass(frozen=True, slots=True)
class Mounted:
    """A route under its full path; `order` is the way from the application to it.

    One is `optional` where some router on that way is only included under a condition.
    """

    route: Route
    path: str
    order: tuple[Spot, ...]
    optional: bool = False

    def comes_before(self, other: Mounted) -> bool | None:
        """Tell which of two routes is matched first, or None when that cannot be seen."""
        for own, its in zip(self.order, other.order, strict=False):
            if own.group != its.group:
                return None
            if own != its:
                return own < its
        return None


@dataclass(frozen=True, slots=True)
class _Included:
    child: Router
    prefix: str
    spot: Spot
    optional: bool


class _Index:
    """Routes by how many parts their paths have and how these begin, so that not every two of them are compared."""

    def __init__(self, application: tuple[Mounted, ...]) -> None:
        self._by_path: dict[str, list[int]] = {}
        self._by_start: dict[tuple[int, str], list[int]] = {}
        self._of_any_length: list[int] = []
        for at, mounted in enumerate(application):
            self._by_path.setdefault(mounted.path, []).append(at)
            if ":path}" in mounted.path:
                self._of_any_length.append(at)
            elif "{" in mounted.path:
                length, start = _start(mounted.path)
                self._by_start.setdefault((length, "" if "{" in start else start), []).append(at)

    def rivals(self, path: str, request: str) -> list[int]:
        length, start = _start(request)
        found = {*self._by_path.get(path, ()), *self._of_any_length}
        return sorted(found.union(self._by_start.get((length, start), ()), self._by_start.get((length, ""), ())))


def _start(path: str) -> tuple[int, str]:
    """Return how many parts a path has, and the first two: before the first slash there is mostly nothing."""
    parts = path.split("/")
    return len(parts), "/".join(parts[:2])


class Mounts:
    """Every application with its routes."""

    def __init__(self, analysis: Analysis) -> None:
        self._analysis = analysis
        self._project = analysis.project
        self._routes: dict[Router, list[Route]] = {}
        self._includes: dict[Router, list[_Included]] = {}
        for route in analysis.routes.all:
            router = None if route.router is None else self._router(route.source, route.function, route.router)
            if router is not None and route.path is not None:
                self._routes.setdefault(router, []).append(route)
        for source in self._project.sources.values():
            for call in source.facts.calls if is_judged(source) else ():
                self._include(source, call)
        children = {each.child for group in self._includes.values() for each in group}
        known = dict.fromkeys((*self._includes, *self._routes))
        self.applications = tuple(tuple(self._flatten(router, "", ())) for router in known if router not in children)
        self._indexes: dict[int, _Index] = {}
        self._registered_in = grouped(
            (mounted.route.source.path, (application, mounted))
            for application in self.applications
            for mounted in application
        )

    def rivals(self, application: tuple[Mounted, ...], path: str, request: str) -> Iterator[Mounted]:
        """Yield the routes of an application, in order, that have a path or may take a request, and few others."""
        index = self._indexes.get(id(application))
        if index is None:
            index = self._indexes[id(application)] = _Index(application)
        yield from (application[at] for at in index.rivals(path, request))

    def of(self, source: Source) -> list[tuple[tuple[Mounted, ...], Mounted]]:
        """Return the routes that a file registers, each with those of the application that serves it."""
        return self._registered_in.get(source.path, [])

    def _flatten(
        self, router: Router, prefix: str, order: tuple[Spot, ...], *, optional: bool = False
    ) -> Iterator[Mounted]:
        if len(order) > _DEEPEST:
            return
        own = prefix + self._prefix(router)
        for route in self._routes.get(router, ()):
            spot = Spot(self._group(route.source, route.function), *_place(route))
            yield Mounted(route, own + str(route.path), (*order, spot), optional)
        for each in self._includes.get(router, ()):
            way = (*order, each.spot)
            yield from self._flatten(each.child, own + each.prefix, way, optional=optional or each.optional)

    def _group(self, source: Source, function: int) -> str:
        return source.symbol(function)

    # Who includes whom

    def _include(self, source: Source, call: Call) -> None:
        if call.func[0] != "attr" or not isinstance(call.func[1], tuple):
            return
        keywords = dict(call.keywords)
        if call.func[2] == "add_module":
            value = self._analysis.value(source, call.function, call.func)
            if value is not None and value.name == "kernel.Kernel.add_module" and "router" in keywords:
                self._add(source, call, _KERNEL, (keywords["router"], ""))
        elif call.func[2] in _INCLUDES:
            parent = self._router(source, call.function, call.func[1])
            is_mount = call.func[2] == "mount"
            position = 1 if is_mount else 0
            child = call.args[position] if len(call.args) > position else keywords.get("app" if is_mount else "router")
            said = keywords.get("path", call.args[0] if call.args else None) if is_mount else keywords.get("prefix")
            if parent is not None and child is not None:
                self._add(source, call, parent, (child, self._text(source, call.function, said)))

    def _add(self, source: Source, call: Call, parent: Router, included: tuple[Shape, str]) -> None:
        child, prefix = included
        spot = self._registered(source, call) if parent is _KERNEL else None
        spot = spot or Spot(self._group(source, call.function), call.line, call.column)
        optional = any(source.facts.blocks[at].kind in _CONDITIONS for at in call.blocks)
        for index, router in enumerate(self._routers(source, call.function, child)):
            place = spot._replace(column=spot.column + index)
            self._includes.setdefault(parent, []).append(_Included(router, prefix, place, optional))

    def _registered(self, source: Source, call: Call) -> Spot | None:
        """Return where the composition root calls the registration around an `add_module`."""
        symbol = source.symbol(call.function)
        for root in self._analysis.boot.roots:
            for at in self._analysis.calls(root):
                if any(target.symbol == symbol for target in self._analysis.reached(at)):
                    return Spot(self._group(root, at.record.function), at.record.line, at.record.column)
        return None

    def _text(self, source: Source, function: int, shape: Shape | None) -> str:
        """Return a prefix; one that is computed becomes a segment that equals only itself."""
        if shape in {None, ("const", None)}:
            return ""
        text = text_of(self._project, source, function, shape)
        return f"/<{shape}>".replace("/", "|").replace("{", "(") if text is None else text.rstrip("/")

    def _prefix(self, router: Router) -> str:
        match self._made(router):
            case ("call", tuple(func), tuple(args), tuple(pairs)):
                source = self._project.sources[router.path]
                given = dict(pairs).get("prefix", ("const", None))
                if source.last(func) == "ModuleRouter" and given == ("const", None) and args:
                    name = text_of(self._project, source, router.function, args[0])
                    return "/?" if name is None else f"/{name.replace('_', '-')}"
                return self._text(source, router.function, given)
        return ""

    def _made(self, router: Router) -> Shape | None:
        source = self._project.sources.get(router.path)
        if source is None:
            return None
        definitions = source.names.get((router.function, -1), {}).get(router.name, ())
        values = (source.facts.bindings[each.index].value for each in definitions if each.what == "binding")
        return next((value for value in values if value is not None and value[0] == "call"), None)

    # Which router an expression is

    def _routers(self, source: Source, function: int, shape: Shape) -> tuple[Router, ...]:
        """Return the routers an expression stands for: one, or those that a loop runs over."""
        rows = (row for row in source.facts.bindings if row.target == shape and row.function == function)
        looped = next((row.value for row in rows if row.how == "for"), None)
        match looped:
            case ("display", _, tuple(elements)):
                found = [self._router(source, function, each) for each in elements]
                return tuple(each for each in found if each is not None)
        only = self._router(source, function, shape)
        return () if only is None else (only,)

    def _router(self, source: Source, function: int, shape: Shape, depth: int = 0) -> Router | None:
        if depth > _DEEPEST:
            return None
        match shape:
            case ("name", str(name)):
                return self._named(source, function, name, depth)
            case ("attr", tuple(base), "router") if self._is_module_router(source, function, base):
                return self._router(source, function, base, depth + 1)
            case ("attr", tuple(base), str(name)):
                value = self._analysis.value(source, function, base)
                module = self._project.modules.get(value.name) if value is not None and value.kind == "module" else None
                return None if module is None else self._named(module, 0, name, depth + 1)
            case ("call", tuple(func), _, _):
                value = self._analysis.value(source, function, func)
                made = None if value is None else self._project.functions.get(value.name)
                return None if made is None else self._returned(made, depth)
        return None

    def _is_module_router(self, source: Source, function: int, base: Shape) -> bool:
        value = self._analysis.value(source, function, base)
        return value is not None and value.name == "kernel.ModuleRouter"

    def _returned(self, function: FunctionAt, depth: int) -> Router | None:
        results = function.source.results_of.get(function.index, ())
        found = [self._router(function.source, function.index, row.value, depth + 1) for row in results]
        return found[0] if len(found) == 1 else None

    def _named(self, source: Source, function: int, name: str, depth: int) -> Router | None:
        scope = function
        while scope > 0 and name not in source.names.get((scope, -1), {}):
            scope = source.facts.functions[scope].parent
        scope = max(scope, 0)
        for definition in source.names.get((scope, -1), {}).get(name, ()):
            if definition.what == "import":
                row = source.facts.imports[definition.index]
                target = self._project.modules.get(source.target(row))
                known = target is not None and target is not source and depth < _DEEPEST
                return self._named(target, 0, row.name, depth + 1) if known and target is not None else None
            if definition.what == "binding":
                value = source.facts.bindings[definition.index].value
                if value is not None and value[0] in {"name", "attr"}:
                    return self._router(source, scope, value, depth + 1)
                return Router(source.path, scope, name) if value is not None else None
        return None


def _place(route: Route) -> tuple[int, int]:
    return (route.line, route.column)
