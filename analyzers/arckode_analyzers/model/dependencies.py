"""What the framework hands to a handler: parts of the request, or what a dependency answers."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Literal, NamedTuple

from arckode_analyzers.facts.shapes import names_in, within
from arckode_analyzers.model.sinks import words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.facts.records import Parameter
    from arckode_analyzers.facts.shapes import Shape
    from arckode_analyzers.model.calls import CallGraph
    from arckode_analyzers.model.project import FunctionAt
    from arckode_analyzers.model.resolver import Resolver
    from arckode_analyzers.model.source import Source
    from arckode_analyzers.model.values import Value

Kind = Literal["provider", "caller", "incoming", "request", "nothing", "unknown"]

_PARTS = words("Path Query Body Form File Header Cookie")
_INJECTED = words("Response BackgroundTasks SecurityScopes HTTPConnection")
_PRINCIPAL = frozenset({"kernel.CurrentPrincipal"})
_PLAIN_PACKAGES = frozenset(sys.stdlib_module_names) | {
    "annotated_types",
    "fastapi",
    "kernel",
    "pydantic",
    "pydantic_extra_types",
    "sqlalchemy",
    "starlette",
    "typing_extensions",
    "uuid",
}
_ROUNDS = 10


class Provider(NamedTuple):
    """A dependency: the expression that names it, and where that is written."""

    source: Source
    function: int
    shape: Shape


class Handed(NamedTuple):
    """What one parameter of a handler or of a dependency receives."""

    name: str
    kind: Kind
    provider: Provider | None
    row: Parameter


class Dependencies:
    """Reads `Depends(...)` wherever it is written: in a default, an annotation, an alias in another file."""

    def __init__(self, graph: CallGraph) -> None:
        self._graph = graph
        self._resolver: Resolver = graph.resolver
        self._known: dict[tuple[Source, int], tuple[Handed, ...]] = {}

    def handed(self, function: FunctionAt) -> tuple[Handed, ...]:
        """Return what the framework gives to each parameter, but the receiver."""
        key = (function.source, function.index)
        if key not in self._known:
            self._known[key] = tuple(self._handed_to(function))
        return self._known[key]

    def _handed_to(self, function: FunctionAt) -> Iterator[Handed]:
        source, record = function.source, function.record
        rows = source.parameters_of.get(function.index, ())
        is_static = ("name", "staticmethod") in record.decorators
        for row in rows[1 if record.owner >= 0 and not is_static else 0 :]:
            yield self._handed(function, row)

    def _handed(self, function: FunctionAt, row: Parameter) -> Handed:
        source = function.source
        marks = list(self.marks(source, (row.default, row.annotation)))
        for where, func, args in marks:
            if self._is(where, func, "Depends", "Security"):
                shape = args[0] if args else row.annotation
                provider = None if shape is None else Provider(where, 0 if args else function.record.parent, shape)
                return Handed(row.name, "provider" if provider else "unknown", provider, row)
        part = next((self._part(where, func) for where, func, _ in marks if self._part(where, func)), "")
        said = self._resolver.annotation(source, max(0, function.record.parent), row.annotation)
        return Handed(row.name, self._kind(source, row, part, said), None, row)

    def _kind(self, source: Source, row: Parameter, part: str, said: Value | None) -> Kind:
        if part == "Cookie" or (part == "Header" and row.name == "authorization"):
            return "caller"
        if part:
            return "request"
        if row.annotation is not None and self._names_principal(source, row.annotation):
            return "caller"
        if said is None:
            return "request" if row.annotation is None or self._is_plain(source, row.annotation) else "unknown"
        names = {ancestor.name for ancestor in self._resolver.ancestors(said)}
        if any(name in {"fastapi.Request", "starlette.requests.Request"} for name in names):
            return "incoming"
        if said.name == "kernel.Principal":
            return "caller"
        if said.last in _INJECTED and said.name.startswith(("fastapi.", "starlette.")):
            return "nothing"
        is_known = said.name in self._graph.project.classes or said.name.partition(".")[0] in _PLAIN_PACKAGES
        return "request" if is_known else "unknown"

    def _names_principal(self, source: Source, annotation: Shape) -> bool:
        return any(
            value is not None and value.name in _PRINCIPAL
            for name in sorted(names_in(annotation))
            for value in (self._resolver.name(source, 0, name),)
        )

    def _is_plain(self, source: Source, annotation: Shape) -> bool:
        """Tell whether every name in an annotation is one whose package hides no dependency."""
        for name in sorted(names_in(annotation)):
            value = self._resolver.name(source, 0, name)
            if value is not None and value.kind == "external" and value.name.partition(".")[0] not in _PLAIN_PACKAGES:
                return False
        return True

    def marks(
        self, source: Source, shapes: tuple[Shape | None, ...]
    ) -> Iterator[tuple[Source, Shape, tuple[Shape, ...]]]:
        """Yield the calls in some expressions, such as `Depends(x)`, through the aliases they name."""
        pending = [(source, shape) for shape in shapes if shape is not None]
        seen: set[tuple[str, str]] = set()
        for _ in range(_ROUNDS):
            following: list[tuple[Source, Shape]] = []
            for where, shape in pending:
                for part in within(shape):
                    match part:
                        case ("call", tuple(func), tuple(args), _):
                            yield where, func, args
                        case ("name", str(name)) if (where.path, name) not in seen:
                            seen.add((where.path, name))
                            following += self._resolver.written(where, name)
                        case ("attr", ("name", str(base)), str(name)):
                            module = self._resolver.name(where, 0, base)
                            found = None if module is None else self._graph.project.modules.get(module.name)
                            if found is not None and module is not None and module.kind == "module":
                                following += self._resolver.written(found, name)
            pending = following

    def _part(self, source: Source, func: Shape) -> str:
        return next((part for part in sorted(_PARTS) if self._is(source, func, part)), "")

    def _is(self, source: Source, func: Shape, *names: str) -> bool:
        value = self._resolver.value(source, 0, func)
        return value is not None and value.name.startswith("fastapi.") and value.last in names

    def listed(self, source: Source, function: int, shape: Shape | None) -> Iterator[Provider]:
        """Yield the dependencies of a `dependencies=[...]` argument."""
        pending = [(source, shape)] if shape is not None else []
        for _ in range(_ROUNDS):
            following: list[tuple[Source, Shape]] = []
            for where, each in pending:
                for part in within(each):
                    match part:
                        case ("call", tuple(func), tuple(args), _) if args and self._is(
                            where, func, "Depends", "Security"
                        ):
                            yield Provider(where, function if where is source else 0, args[0])
                        case ("name", str(name)):
                            following += self._resolver.written(where, name)
            pending = following

    def of_class(self, owner: Value, name: str) -> Provider | None:
        """Return the dependency that a class-based view declares as an attribute."""
        for ancestor in self._resolver.ancestors(owner):
            klass = self._graph.project.classes.get(ancestor.name)
            rows = () if klass is None else klass.source.declared_in.get(klass.index, ())
            for row in rows:
                if klass is None or row.target != ("name", name):
                    continue
                for where, func, args in self.marks(klass.source, (row.value, row.annotation)):
                    if args and self._is(where, func, "Depends", "Security"):
                        return Provider(where, 0, args[0])
        return None

    def names_of_class(self, owner: Value) -> Iterator[str]:
        """Yield the attributes that a class-based view declares with a value."""
        for ancestor in self._resolver.ancestors(owner):
            klass = self._graph.project.classes.get(ancestor.name)
            for row in () if klass is None else klass.source.declared_in.get(klass.index, ()):
                if row.target[0] == "name":
                    yield str(row.target[1])
