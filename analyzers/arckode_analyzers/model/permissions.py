"""Permissions: where they are declared, which roles hold them, and where one is demanded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from arckode_analyzers.facts.shapes import children, within
from arckode_analyzers.model.constants import text_of
from arckode_analyzers.model.provenance import PERMISSIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.facts.shapes import Shape
    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.source import Source

_OAUTH = frozenset({"OAuth2", "OAuth2PasswordBearer", "OAuth2AuthorizationCodeBearer"})
_CONTAINERS = frozenset({"display", "star", "binary", "either"})
_DEEPEST = 10


@dataclass(frozen=True, slots=True)
class Named:
    """A permission by name, and where it is written; `what` is how: `permission` or `scope`."""

    name: str
    source: Source
    function: int
    line: int
    column: int
    what: str = "permission"


class Permissions:
    """What the runtime's `Permission`, `Role` and `require` say, and the scopes of OAuth2 schemes."""

    def __init__(self, analysis: Analysis) -> None:
        self._analysis = analysis
        self.demanded: list[Named] = []
        self.declared: list[Named] = []
        self.scopes: set[str] = set()
        self.held: set[str] = set()
        self.has_roles = False
        self.knows_roles = True
        self.knows_scopes = True
        self.has_scopes = False
        for source in analysis.project.sources.values():
            if "kernel" not in source.layers:
                self._read(source)

    def _read(self, source: Source) -> None:
        for written in source.written_calls:
            value, call = written.value, written.record
            if value is None or not value.name.startswith(("kernel.", "fastapi.")):
                continue
            where = (source, call.function, call.line, call.column)
            keywords = dict(call.keywords)
            first = next(iter(call.args[:1]), None)
            if value.name == "kernel.require":
                self.demanded += self._named(first or keywords.get("permission"), where)
            elif value.name == "kernel.Permission":
                self.declared += self._named(first or keywords.get("name"), where)
            elif value.name == "kernel.Role":
                self.has_roles = True
                self._holds(source, call.function, keywords.get("permissions", next(iter(call.args[1:2]), None)))
            elif value.name == "fastapi.Security":
                self.demanded += self._scopes_of(keywords.get("scopes"), where)
            elif value.name.startswith("fastapi.security.") and value.last in _OAUTH:
                self._offers(keywords.get("scopes"))
        for row in source.facts.blocks:
            self.demanded += self._asked(source, row.function, row.test, row.line, row.column)

    def _named(self, shape: Shape | None, where: tuple[Source, int, int, int]) -> Iterator[Named]:
        source, function, line, column = where
        name = None if shape is None else self.text(source, function, shape)
        if name is not None:
            yield Named(name, source, function, line, column)

    def text(self, source: Source, function: int, shape: Shape) -> str | None:
        """Return the name that a literal, a constant or a declared permission stands for."""
        written = text_of(self._analysis.project, source, function, shape)
        if written is not None:
            return written
        for where, each in self._followed(source, function, shape):
            match each:
                case ("call", tuple(func), tuple(args), tuple(pairs)):
                    value = self._analysis.value(where, 0, func)
                    given = next(iter(args[:1]), dict(pairs).get("name"))
                    if value is not None and value.name == "kernel.Permission" and given is not None:
                        return text_of(self._analysis.project, where, 0, given)
        return None

    def _followed(self, source: Source, function: int, shape: Shape) -> Iterator[tuple[Source, Shape]]:
        """Yield what a name was given, here or in the file or module it comes from."""
        match shape:
            case ("call", _, _, _):
                yield source, shape
            case ("name", str(name)):
                yield from self._analysis.resolver.written(source, name)
            case ("attr", tuple(base), str(name)):
                value = self._analysis.value(source, function, base)
                module = None if value is None else self._analysis.project.modules.get(value.name)
                if module is not None:
                    yield from self._analysis.resolver.written(module, name)

    def _holds(self, source: Source, function: int, shape: Shape | None, depth: int = 0) -> None:
        """Remember what a role holds; one that computes it may hold anything."""
        if shape is None:
            return
        name = self.text(source, function, shape)
        if name is not None:
            self.held.add(name)
            return
        if shape[0] in _CONTAINERS or _is_collection(shape):
            for part in children(("other", shape[2]) if shape[0] == "call" else shape):
                self._holds(source, function, part, depth + 1)
            return
        found = list(self._followed(source, function, shape)) if shape[0] in {"name", "attr"} else []
        self.knows_roles &= bool(found) and depth < _DEEPEST
        for where, each in found if depth < _DEEPEST else ():
            self._holds(where, 0, each, depth + 1)

    def _scopes_of(self, shape: Shape | None, where: tuple[Source, int, int, int]) -> Iterator[Named]:
        source, function, line, column = where
        match shape:
            case ("display", _, tuple(elements)):
                for element in elements:
                    name = text_of(self._analysis.project, source, function, element)
                    if name is not None:
                        yield Named(name, source, function, line, column, "scope")

    def _offers(self, shape: Shape | None) -> None:
        if shape is None:
            return
        self.has_scopes = True
        match shape:
            case ("dict", tuple(keys), _) if all(key[0] == "const" for key in keys):
                self.scopes.update(str(key[1]) for key in keys)
            case _:
                self.knows_scopes = False

    def _asked(self, source: Source, function: int, test: Shape, line: int, column: int) -> Iterator[Named]:
        """Yield the permissions that a condition looks for among those of the caller."""
        for part in within(test):
            match part:
                case ("compare", ("in" | "not in",), (tuple(left), tuple(right))):
                    value = self._analysis.value(source, function, right)
                    if value is not None and value.name in PERMISSIONS:
                        yield from self._named(left, (source, function, line, column))

    def holds(self, name: str) -> bool:
        """Tell whether some role holds a permission, by its name, its module's `orders:*`, or `*`."""
        module = name.partition(":")[0]
        return bool(self.held & {name, f"{module}:*", "*"})


def _is_collection(shape: Shape) -> bool:
    match shape:
        case ("call", ("name", "frozenset" | "set" | "tuple" | "list"), _, ()):
            return True
    return False
