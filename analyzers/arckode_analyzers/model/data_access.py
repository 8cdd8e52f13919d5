"""What counts as the ORM, a session or a repository, by type and never by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_analyzers.model.sinks import REPOSITORIES, SESSIONS, STATEMENTS, Effect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.facts.records import Parameter
    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.calls import Target
    from arckode_analyzers.model.source import Source
    from arckode_analyzers.model.values import Value

_FACTORIES = frozenset(
    {
        "sqlalchemy.sessionmaker",
        "sqlalchemy.async_sessionmaker",
        "sqlalchemy.create_engine",
        "sqlalchemy.create_async_engine",
        "sqlalchemy.Query",
    }
)


def is_session(analysis: Analysis, value: Value | None) -> bool:
    """Tell whether a value is a session, a connection, an engine, or makes one."""
    if value is None:
        return False
    names = {ancestor.name for ancestor in analysis.resolver.ancestors(value)}
    return bool(names & SESSIONS or names & _FACTORIES)


def is_repository(analysis: Analysis, value: Value | None) -> bool:
    """Tell whether a value reads and writes rows: the kernel's repositories and every class built on them."""
    if value is None:
        return False
    for ancestor in analysis.resolver.ancestors(value):
        if ancestor.name.startswith("kernel.") and ancestor.last in REPOSITORIES:
            return True
        klass = analysis.project.classes.get(ancestor.name)
        if klass is not None and "repositories" in klass.source.layers:
            return True
    return False


def is_orm_call(target: Target) -> bool:
    """Tell whether a target is the ORM itself: a session's method, not a repository's."""
    return not target.symbol and target.owner in SESSIONS and target.effect >= Effect.ADDS


def is_statement(value: Value | None) -> bool:
    """Tell whether a call builds SQL: `select(...)`, `text(...)`."""
    return value is not None and value.kind in {"external", "method"} and value.name in STATEMENTS


def said_parameters(analysis: Analysis, source: Source) -> Iterator[tuple[Parameter, Value]]:
    """Yield the parameters of a file whose annotation or default says what they hold."""
    for row in source.facts.parameters:
        value = analysis.resolver.parameter(source, row)
        if value is not None and (row.annotation is not None or row.default is not None):
            yield row, value
