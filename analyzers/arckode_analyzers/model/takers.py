"""What a call on something unknown must be, by what it is given: who takes a statement or a mapped class is a session.

A session often comes from where nothing is declared: `request.db`, `async with context.db() as session`. A name would
prove nothing; a `select(...)` handed to `execute` does, and so does a mapped class handed to `query` or `get`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_analyzers.model.sinks import words
from arckode_analyzers.model.values import Value, instance

if TYPE_CHECKING:
    from arckode_analyzers.facts.shapes import Shape
    from arckode_analyzers.model.resolver import Resolver
    from arckode_analyzers.model.source import Source

_RUN = words("execute scalar scalars stream stream_scalars exec")
_STATEMENTS = words("sqlalchemy.select sqlalchemy.insert sqlalchemy.update sqlalchemy.delete sqlalchemy.text")
_BASES = words("kernel.Entity sqlalchemy.DeclarativeBase sqlalchemy.DeclarativeBaseNoMeta sqlalchemy.declarative_base")
_SESSION = instance("sqlalchemy.Session")


def taker(resolver: Resolver, source: Source, function: int, func: Shape, args: tuple[Shape, ...]) -> Value | None:
    """Return the session's method that a call on something unknown must be, or None."""
    if func[0] != "attr" or not args:
        return None
    method = str(func[2])
    if method not in _RUN and method != "query" and (method != "get" or len(args) < 2):
        return None
    first = resolver.value(source, function, args[0])
    if first is None or (method not in _RUN and _is_passed(source, function, args[0])):
        return None
    is_told = first.kind == "instance" and first.name in _STATEMENTS if method in _RUN else _is_mapped(resolver, first)
    return Value("method", f"{_SESSION.name}.{method}", (), _SESSION) if is_told else None


def _is_mapped(resolver: Resolver, value: Value) -> bool:
    """Tell whether a value is a class of the project that is stored."""
    if value.kind != "class":
        return False
    for ancestor in resolver.ancestors(value):
        klass = resolver.project.classes.get(ancestor.name)
        if ancestor.name in _BASES:
            return True
        if klass is not None and "__tablename__" in klass.source.names.get((klass.record.function, klass.index), {}):
            return True
    return False


def _is_passed(source: Source, function: int, shape: Shape) -> bool:
    """Tell whether a name is a parameter: what callers pass for it is no proof of what it always is."""
    definitions = source.names.get((function, -1), {}).get(str(shape[1]), ()) if shape[0] == "name" else ()
    return any(definition.what == "parameter" for definition in definitions)
