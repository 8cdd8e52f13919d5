"""Texts written down somewhere: a literal, or a name that is given one once, here or in another file."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.facts.shapes import Shape
    from arckode_analyzers.model.project import Project
    from arckode_analyzers.model.resolver import Resolver
    from arckode_analyzers.model.source import Source


def text_of(project: Project, source: Source, function: int, shape: Shape | None) -> str | None:
    """Return the text an expression stands for, or None when it is computed or given more than once."""
    written = constant_of(project, source, function, shape)
    match written:
        case ("const", str(text)):
            return text
    return None


def constant_of(project: Project, source: Source, function: int, shape: Shape | None) -> Shape | None:
    """Return what an expression is written as, following names and imports."""
    for _ in range(10):
        match shape:
            case ("name", str(name)):
                source, function, shape = _given(project, source, function, name)
            case _:
                return shape
    return None


def tabled(resolver: Resolver, source: Source, function: int, table: Shape) -> Iterator[tuple[Source, int, Shape]]:
    """Yield the values of a dictionary that is written down, each with the place it is written at."""
    for where, scope, shape in _tables(resolver, source, function, table):
        match shape:
            case ("dict", _, tuple(values)):
                yield from ((where, scope, value) for value in values if isinstance(value, tuple))


def _tables(
    resolver: Resolver, source: Source, function: int, table: Shape
) -> Iterator[tuple[Source, int, Shape | None]]:
    match table:
        case ("name", str(name)):
            where, scope, shape = _given(resolver.project, source, function, name)
            for _ in range(10):
                if shape is None or shape[0] != "name":
                    break
                where, scope, shape = _given(resolver.project, where, scope, str(shape[1]))
            yield where, scope, shape
        case ("attr", tuple(base), str(name)):
            owner = resolver.value(source, function, base)
            for klass in () if owner is None else resolver.ancestors(owner):
                yield from _kept(resolver.project, klass.name, name)
        case ("dict", *_):
            yield source, function, table


def _kept(project: Project, symbol: str, name: str) -> Iterator[tuple[Source, int, Shape | None]]:
    """Yield what a class or its methods assign to an attribute."""
    rows = list(project.attributes.get((symbol, name), ()))
    klass = project.classes.get(symbol)
    if klass is not None:
        own = klass.source.names.get((klass.record.function, klass.index), {}).get(name, ())
        rows += [(klass.source, each.index) for each in own if each.what == "binding"]
    for where, index in rows:
        binding = where.facts.bindings[index]
        yield where, binding.function, binding.value


def _given(project: Project, source: Source, function: int, name: str) -> tuple[Source, int, Shape | None]:
    scope = function
    while scope > 0 and name not in source.names.get((scope, -1), {}):
        scope = source.facts.functions[scope].parent
    definitions = source.names.get((max(scope, 0), -1), {}).get(name, ())
    if len(definitions) != 1:
        return source, 0, None
    only = definitions[0]
    if only.what == "binding":
        binding = source.facts.bindings[only.index]
        return source, max(scope, 0), binding.value if binding.how == "=" else None
    if only.what == "import":
        row = source.facts.imports[only.index]
        target = project.modules.get(source.target(row))
        return (source, 0, None) if target is None else (target, 0, ("name", row.name))
    return source, 0, None
