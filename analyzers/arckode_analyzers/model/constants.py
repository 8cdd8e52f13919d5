"""Texts written down somewhere: a literal, or a name that is given one once, here or in another file."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from arckode_analyzers.facts.shapes import Shape
    from arckode_analyzers.model.project import Project
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


def _given(project: Project, source: Source, function: int, name: str) -> tuple[Source, int, Shape | None]:
    scope = function
    while scope > 0 and name not in source.names.get((scope, -1), {}):
        scope = source.facts.functions[scope].parent
    definitions = source.names.get((max(scope, 0), -1), {}).get(name, [])
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
