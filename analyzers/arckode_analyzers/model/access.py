"""Who may call each route: what routes, routers and the application demand, and what handlers let out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from arckode_analyzers.model.dependencies import Dependencies, Provider
from arckode_analyzers.model.flow import Exposure, Summary, Walk
from arckode_analyzers.model.ownership import Ownership
from arckode_analyzers.model.parts import PartsByFunction
from arckode_analyzers.model.project import grouped
from arckode_analyzers.model.provenance import CREDENTIAL_OWNERS, CREDENTIALS, PROOFS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.facts.shapes import Shape
    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.project import FunctionAt
    from arckode_analyzers.model.routes import Route
    from arckode_analyzers.model.source import Source
    from arckode_analyzers.model.values import Value

Decision = Literal["public", "authenticated", "none", "unknown"]
_Router = tuple[str, int, str]
_DEEPEST = 10
_KNOWN_MIDDLEWARE = frozenset({"starlette", "fastapi", "kernel"})
_AUTHENTICATING = "starlette.middleware.authentication.AuthenticationMiddleware"


@dataclass(frozen=True, slots=True)
class Judged:
    """One route with who may call it, and the rows it lets out uncompared."""

    route: Route
    decision: Decision
    is_kernel: bool
    exposures: tuple[Exposure, ...] = ()
    router: _Router | None = None


class Access:
    """Every route, walked once."""

    def __init__(self, analysis: Analysis) -> None:
        self._analysis = analysis
        self._resolver = analysis.resolver
        self._dependencies = Dependencies(analysis.graph)
        self._ownership = Ownership(analysis)
        self._compared: set[tuple[str, str, str]] = set()
        self._callers: set[str] = set()
        self._parts = PartsByFunction()
        self._shared: dict[tuple[object, ...], Summary] = {}
        self._includes = self._find_includes()
        self.routes = tuple(self._judge(route) for route in analysis.routes.all)
        del self._parts, self._shared  # they weigh as much as the facts, and every route has been walked
        self._registered_in = grouped((each.route.source.path, each) for each in self.routes)
        self._handled_in = grouped(
            (each.route.handler.source.path, each) for each in self.routes if each.route.handler is not None
        )
        self.guarded = frozenset(each.router for each in self.routes if each.decision == "authenticated")

    def registered_in(self, source: Source) -> list[Judged]:
        """Return the routes that a file registers."""
        return self._registered_in.get(source.path, [])

    def handled_in(self, source: Source) -> list[Judged]:
        """Return the routes whose handlers are in a file."""
        return self._handled_in.get(source.path, [])

    def columns(self, model: str) -> tuple[str, ...]:
        """Return the columns that say whose a row is; none when the runtime keeps tenants apart, or nothing does."""
        if self._ownership.is_scoped(model):
            return ()
        others = sorted(self._callers - {model})
        marked = self._ownership.marked(model, "owner", "tenant")
        referring = self._ownership.references(model, map(self._ownership.table, others))
        rows = sorted(self._compared) if model not in self._callers else []
        compared = [column for each, column, by in rows if each == model and (not by or by in self._callers)]
        return tuple(dict.fromkeys((*marked, *referring, *compared)))

    # One route

    def _judge(self, route: Route) -> Judged:
        is_kernel = self._is_kernel(route)
        stated = self._stated(route) if is_kernel else "none"
        if stated == "public" or route.handler is None:
            return Judged(route, stated if is_kernel else "unknown", is_kernel)
        walk = Walk(self._analysis, self._dependencies, self._ownership, self._parts, self._shared)
        listed, is_known = self._listed(route)
        try:
            proves = walk.handler(route.handler, listed).proves
        except RecursionError:  # code nested deeper than anybody writes by hand cannot be known
            return Judged(route, "unknown", is_kernel)
        self._compared |= walk.compared
        self._callers |= walk.callers
        decision: Decision = stated
        # The runtime's router takes no route without `access=`, whatever its handler asks for.
        if stated != "authenticated" and not (is_kernel and stated == "none"):
            is_clear = is_known and walk.is_certain
            silent: Decision = "public" if stated == "none" and self._says_public(route) else stated
            decision = "authenticated" if proves else silent if is_clear else "unknown"
        exposures = tuple(walk.exposures) if decision == "authenticated" else ()
        router = None if route.router is None else self._router(route.source, route.function, route.router)
        return Judged(route, decision, is_kernel, exposures, router)

    def _is_kernel(self, route: Route) -> bool:
        value = None if route.router is None else self._value(route, route.router)
        return value is not None and any(each.name == "kernel.ModuleRouter" for each in self._resolver.ancestors(value))

    def _stated(self, route: Route) -> Decision:
        """Return what `access=` says, following the name it is given."""
        shape = route.keyword("access")
        if shape is None:
            return "unknown" if route.keyword("**") is not None else "none"
        value = self._value(route, shape)
        if value is None:
            return "unknown"
        if value.name == "kernel.PUBLIC":
            return "public"
        is_access = value.name in {"kernel.SIGNED_IN", "kernel.require", "kernel.Access"}
        return "authenticated" if is_access else "unknown"

    def _says_public(self, route: Route) -> bool:
        """Tell whether a route outside the runtime's router says it: the mark that the runtime writes as well."""
        match route.keyword("openapi_extra"):
            case ("dict", tuple(keys), tuple(values)):
                return dict(zip(keys, values, strict=True)).get(("const", "x-access")) == ("const", "public")
        return False

    def _value(self, route: Route, shape: Shape) -> Value | None:
        return self._resolver.value(route.source, route.function, shape)

    # Dependencies of routes, routers and the application

    def _listed(self, route: Route) -> tuple[list[Provider], bool]:
        """Return what stands before a route, and whether all of it can be seen."""
        given = route.keyword("dependencies")
        found = list(self._dependencies.listed(route.source, route.function, given))
        is_known = given is None or bool(found) or given[0] == "display"
        router = None if route.router is None else self._router(route.source, route.function, route.router)
        if router is None:
            return found, False
        pending, seen = [router], {router}
        while pending:
            current = pending.pop(0)
            found += self._made_with(current)
            for parent, providers in self._includes.get(current, ()):
                found += providers
                if parent is None:
                    is_known = False
                elif parent not in seen:
                    seen.add(parent)
                    pending.append(parent)
        return found, is_known and not self._hidden

    def _router(self, source: Source, function: int, shape: Shape) -> _Router | None:
        """Return where a router was made, so that two names for one router meet."""
        for _ in range(_DEEPEST):
            match shape:
                case ("name", str(name)):
                    scope = function
                    while scope > 0 and name not in source.names.get((scope, -1), {}):
                        scope = source.facts.functions[scope].parent
                    definitions = source.names.get((max(scope, 0), -1), {}).get(name, ())
                    row = next(
                        (source.facts.imports[each.index] for each in definitions if each.what == "import"), None
                    )
                    if row is None:
                        return (source.path, max(scope, 0), name) if definitions else None
                    target = self._analysis.project.modules.get(source.target(row))
                    if target is None or not row.name:
                        return None
                    source, function, shape = target, 0, ("name", row.name)
                case ("attr", tuple(base), str(name)):
                    value = self._resolver.value(source, function, base)
                    module = None if value is None or value.kind != "module" else value.name
                    target = None if module is None else self._analysis.project.modules.get(module)
                    if target is None:
                        return None
                    source, function, shape = target, 0, ("name", name)
                case _:
                    return None
        return None

    def _made_with(self, router: _Router) -> Iterator[Provider]:
        """Yield the dependencies that a router or an application was made with."""
        path, scope, name = router
        source = self._analysis.project.sources[path]
        for definition in source.names.get((scope, -1), {}).get(name, ()):
            value = source.facts.bindings[definition.index].value if definition.what == "binding" else None
            match value:
                case ("call", tuple(func), _, tuple(pairs)):
                    yield from self._dependencies.listed(source, scope, dict(pairs).get("dependencies"))
                    yield from self._of_class(self._resolver.value(source, scope, func))

    def _of_class(self, value: Value | None) -> Iterator[Provider]:
        """Yield what a router class of the project's own hands to its base."""
        for ancestor in () if value is None else self._resolver.ancestors(value):
            klass = self._analysis.project.classes.get(ancestor.name)
            for _, method in () if klass is None else self._analysis.project.methods(klass):
                for call in method.source.calls_of.get(method.index, ()):
                    given = dict(call.keywords).get("dependencies")
                    yield from self._dependencies.listed(method.source, method.index, given)

    def _find_includes(self) -> dict[_Router, list[tuple[_Router | None, list[Provider]]]]:
        """Index what includes each router; one that cannot be seen may be any."""
        found: dict[_Router, list[tuple[_Router | None, list[Provider]]]] = {}
        self._hidden = False
        for source in self._analysis.project.sources.values():
            if "kernel" in source.layers:
                continue
            for call in source.facts.calls:
                match call.func:
                    case ("attr", tuple(parent), "include_router" | "mount"):
                        keywords = dict(call.keywords)
                        child = next(iter(call.args[:1]), keywords.get("router"))
                        providers = list(self._dependencies.listed(source, call.function, keywords.get("dependencies")))
                        router = None if child is None else self._router(source, call.function, child)
                        above = self._router(source, call.function, parent)
                        if router is not None:
                            found.setdefault(router, []).append((above, providers))
                        self._hidden |= router is None and bool(providers)
        return found

    # Middleware

    @cached_property
    def is_behind_middleware(self) -> bool:
        """Tell whether something around every route may authenticate: then no route can be called open."""
        return any(self._is_authenticating(source, call) for source, call in self._middleware())

    def _middleware(self) -> Iterator[tuple[Source, Shape]]:
        for source in self._analysis.project.sources.values():
            if "kernel" in source.layers:
                continue
            for call in source.facts.calls:
                is_added = call.func[-1] == "add_middleware" or call.func[-1] == "Middleware"
                if is_added and call.args:
                    yield source, call.args[0]
            for record in source.facts.functions:
                for decorator in record.decorators:
                    if decorator[0] == "call" and isinstance(decorator[1], tuple) and decorator[1][-1] == "middleware":
                        yield source, ("name", record.name)

    def _is_authenticating(self, source: Source, shape: Shape) -> bool:
        value = self._resolver.value(source, 0, shape)
        if value is None:
            return True
        klass = self._analysis.project.classes.get(value.name)
        if klass is None and value.name not in self._analysis.project.functions:
            return value.name == _AUTHENTICATING or value.name.partition(".")[0] not in _KNOWN_MIDDLEWARE
        methods = [] if klass is None else [method for _, method in self._analysis.project.methods(klass)]
        starts = [*methods, *([self._analysis.project.functions[value.name]] if klass is None else [])]
        return any(self._checks_a_credential(start) for start in starts)

    def _checks_a_credential(self, start: FunctionAt) -> bool:
        """Tell whether a function, or one it calls, looks at a credential."""
        pending, seen = [start], {start.symbol}
        while pending:
            function = pending.pop()
            for index, call in enumerate(function.source.facts.calls):
                if call.function != function.index:
                    continue
                value = self._analysis.callee(function.source.call(index))
                owner = "" if value is None or value.of is None else value.of.name
                if value is not None and (value.name in PROOFS | CREDENTIALS or owner in CREDENTIAL_OWNERS):
                    return True
                for target in self._analysis.reached(function.source.call(index)):
                    if target.symbol in self._analysis.project.functions and target.symbol not in seen:
                        seen.add(target.symbol)
                        pending.append(self._analysis.project.functions[target.symbol])
        return False
