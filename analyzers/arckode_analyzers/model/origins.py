"""Which library an expression comes from, when nothing says its exact type: `(await connect()).channel().exchange`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from arckode_analyzers.facts.shapes import Shape
    from arckode_analyzers.model.resolver import Resolver
    from arckode_analyzers.model.source import Source

_DEEPEST = 12


def package_of(resolver: Resolver, source: Source, function: int, shape: Shape, depth: int = 0) -> str:
    """Return the top-level package of the library an expression starts from, or nothing."""
    if depth > _DEEPEST:
        return ""
    value = resolver.value(source, function, shape)
    if value is not None and value.name.partition(".")[0] not in {"builtins", "typing", "collections"}:
        known = value.name in resolver.project.classes or value.name in resolver.project.functions
        if value.kind in {"external", "instance", "method"} and not known:
            return value.name.partition(".")[0]
    match shape:
        case ("attr", tuple(base), str(name)):
            return package_of(resolver, source, function, base, depth + 1) or _attribute(
                resolver, source, function, (base, name), depth
            )
        case ("call", tuple(func), _, _):
            return package_of(resolver, source, function, func, depth + 1)
        case ("name", str(name)):
            return _bound(resolver, source, function, name, depth)
    return ""


def _bound(resolver: Resolver, source: Source, function: int, name: str, depth: int) -> str:
    for scope in dict.fromkeys((function, 0)):
        for definition in source.names.get((scope, -1), {}).get(name, ()):
            if definition.what == "binding":
                value = source.facts.bindings[definition.index].value
                return "" if value is None else package_of(resolver, source, scope, value, depth + 1)
    return ""


def _attribute(resolver: Resolver, source: Source, function: int, of: tuple[Shape, str], depth: int) -> str:
    """Follow `self.x` to what the class assigns."""
    owner = resolver.value(source, function, of[0])
    rows = resolver.project.attributes.get((owner.name, of[1]), ()) if owner is not None else ()
    for where, index in rows:
        row = where.facts.bindings[index]
        if row.value is not None and row.value != ("const", None):
            return package_of(resolver, where, row.function, row.value, depth + 1)
    return ""
