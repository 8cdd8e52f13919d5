"""What each file of a code base does: declares routes, stores, describes data, queries, or stands in between.

Names say nothing here; a role is what a file's calls and classes are, resolved through its imports.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from arckode_analyzers.model.sinks import Effect

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from arckode_analyzers.facts.shapes import Shape
    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.calls import Target
    from arckode_analyzers.model.source import Source
    from arckode_analyzers.model.values import Value

_SCHEMAS = frozenset({"pydantic.BaseModel", "sqlalchemy.SQLModel", "msgspec.Struct", "marshmallow.Schema"})
_DJANGO_SCHEMAS = ("rest_framework.serializers.", "django.forms.")
_DJANGO_VIEWS = ("rest_framework.", "django.views.")
_DJANGO_PATHS = frozenset({"django.urls.path", "django.urls.re_path", "django.urls.url", "django.conf.urls.url"})
_LITESTAR_VERBS = frozenset({"get", "post", "put", "patch", "delete", "head", "route"})
_MOSTLY = 2


@dataclass(frozen=True, slots=True)
class Roles:
    """Files by role, with how often each does what the role is about."""

    routes: Mapping[str, int]
    models: Mapping[str, int]
    schemas: Mapping[str, int]
    queries: Mapping[str, int]
    between: Mapping[str, int]


def roles_of(analysis: Analysis) -> Roles:
    """Look at every file that rules would judge."""
    routes = Counter(route.source.path for route in analysis.routes.all) + _declared_elsewhere(analysis)
    models, schemas = _classes(analysis)
    models += Counter(table.source.path for table in analysis.tables.all if not table.model)
    queries, edges = _calls(analysis)
    bases = _bases(analysis)
    queries += _inherited(analysis, queries, bases)
    edges = Counter({edge: count for edge, count in edges.items() if edge not in bases})
    called = {callee for _, callee in edges}
    apart = (queries.keys() & called) - routes.keys() - models.keys() - schemas.keys()
    between = _between(edges, apart, routes)
    data = Counter({path: count for path, count in queries.items() if path in apart and path not in between})
    return Roles(routes, models, schemas, data, between)


def _declared_elsewhere(analysis: Analysis) -> Counter[str]:
    """Count the handlers of Litestar and Django, whose routes are declared by what decorates or lists them."""
    found: Counter[str] = Counter()
    for source in analysis.project.judged():
        for record in source.facts.functions[1:]:
            for shape in record.decorators:
                value = analysis.value(source, record.parent, _called(shape))
                found[source.path] += value is not None and _is_litestar(value)
        for call in source.facts.calls:
            value = analysis.value(source, call.function, call.func)
            if value is not None and value.name in _DJANGO_PATHS and len(call.args) > 1:
                found.update(_listed(analysis, source, call.function, call.args[1]))
    found.update(path for path, name in _class_bases(analysis) if name.startswith(_DJANGO_VIEWS) and _is_view(name))
    return +found


def _is_view(name: str) -> bool:
    return name.endswith(("View", "ViewSet", "ViewSetMixin"))


def _is_litestar(value: Value) -> bool:
    return value.name.startswith("litestar.") and value.last in _LITESTAR_VERBS


def _listed(analysis: Analysis, source: Source, function: int, shape: Shape) -> list[str]:
    """Return the file of a view that a Django pattern names."""
    value = analysis.value(source, function, shape)
    found = analysis.project.functions.get(value.name) if value is not None and value.kind == "function" else None
    return [] if found is None else [found.source.path]


def _called(shape: Shape) -> Shape:
    return shape[1] if shape[0] == "call" and isinstance(shape[1], tuple) else shape


def _classes(analysis: Analysis) -> tuple[Counter[str], Counter[str]]:
    models: Counter[str] = Counter()
    schemas: Counter[str] = Counter()
    for source in analysis.project.judged():
        for index in range(len(source.facts.classes)):
            value = analysis.class_value(source, index)
            names = [ancestor.name for ancestor in analysis.resolver.ancestors(value)]
            if _is_stored(analysis, value, names) or any(name.startswith("django.db.models.") for name in names[1:]):
                models[source.path] += 1
            elif any(name in _SCHEMAS or name.startswith(_DJANGO_SCHEMAS) for name in names[1:]):
                schemas[source.path] += 1
    return models, schemas


def _is_stored(analysis: Analysis, value: Value, names: list[str]) -> bool:
    """Tell a stored class from the base that all of them share: that one has no table and no base of the project's."""
    tables, known = analysis.tables, analysis.project.classes
    has_table = value.name in tables.by_model or ("table", ("const", True)) in known[value.name].record.keywords
    return has_table or (tables.is_model(value) and any(name in known for name in names[1:]))


def _class_bases(analysis: Analysis) -> Iterator[tuple[str, str]]:
    for source in analysis.project.judged():
        for index in range(len(source.facts.classes)):
            for ancestor in analysis.resolver.ancestors(analysis.class_value(source, index))[1:]:
                yield source.path, ancestor.name


def _calls(analysis: Analysis) -> tuple[Counter[str], Counter[tuple[str, str]]]:
    """Count the queries that each file makes itself, and the calls from file to file."""
    queries: Counter[str] = Counter()
    edges: Counter[tuple[str, str]] = Counter()
    for source in analysis.project.judged():
        for call in analysis.calls(source):
            targets = analysis.reached(call)
            queries[source.path] += any(target.effect is Effect.QUERIES for target in targets if not target.symbol)
            for path in {_file(analysis, target) for target in targets if target.symbol} - {"", source.path}:
                edges[source.path, path] += 1
    return +queries, edges


def _bases(analysis: Analysis) -> frozenset[tuple[str, str]]:
    """Return which file's classes inherit from which other file's: such calls stay within one thing."""
    known = analysis.project.classes
    return frozenset(
        (path, known[base].source.path)
        for path, base in _class_bases(analysis)
        if base in known and known[base].source.path != path
    )


def _inherited(analysis: Analysis, queries: Counter[str], bases: frozenset[tuple[str, str]]) -> Counter[str]:
    """Count the methods of files whose classes leave the querying to a base class elsewhere."""
    heirs = {path for path, home in bases if queries[home]}
    facts = {path: analysis.project.sources[path].facts for path in heirs}
    return +Counter({path: sum(record.owner >= 0 for record in found.functions) for path, found in facts.items()})


def _file(analysis: Analysis, target: Target) -> str:
    found = analysis.project.functions.get(target.symbol)
    return "" if found is None else found.source.path


def _between(edges: Counter[tuple[str, str]], querying: set[str], routes: Counter[str]) -> Counter[str]:
    """Return the files that routes call and that leave the data to others of another kind.

    A kind is a file name that occurs in many folders, or else a folder: services may query now and then and stay
    services when their calls mostly go to the files that do nothing else.
    """
    named = Counter(_name(path) for path in {path for edge in edges for path in edge})
    kind = {path: _kind(path, named) for edge in edges for path in edge}
    flows: Counter[tuple[str, str]] = Counter()
    for (caller, callee), count in edges.items():
        if callee in querying and kind[caller] != kind[callee]:
            flows[kind[caller], kind[callee]] += count
    above = {one for (one, other), count in flows.items() if count > _MOSTLY * flows[other, one] and count >= _MOSTLY}
    called = {callee for caller, callee in edges if caller in routes and callee not in routes}
    found = {path for path in called if kind[path] in above}
    kinds = {kind[path] for path in found}
    members = {path for path in kind if kind[path] in kinds and path not in routes}
    return Counter({path: sum(edges[edge] for edge in edges if edge[0] == path) for path in sorted(members)})


def _kind(path: str, named: Counter[str]) -> str:
    return _name(path) if named[_name(path)] > _MOSTLY and _name(path) != "__init__.py" else path.rpartition("/")[0]


def _name(path: str) -> str:
    return path.rpartition("/")[2]
