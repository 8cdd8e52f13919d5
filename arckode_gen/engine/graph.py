"""A project as a drawing: modules with their tables and routes, and what leads from one to another."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

from arckode_gen.engine import map_tables, project_map

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.source import Source
    from arckode_analyzers.rule import Finding
    from arckode_gen.engine.map_tables import MappedTable

Kind: TypeAlias = Literal["asks", "imports", "references", "tells"]
_NOT_DRAWN = frozenset({"kernel", "migrations", "seeds", "tests", "composition_root", "connectors"})


@dataclass(frozen=True, slots=True)
class Table:
    """A table and its columns, each as one line of text; `references` are the tables its foreign keys name."""

    name: str
    columns: tuple[str, ...]
    references: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Node:
    """A module, or a package where a project has no modules; `events` are those it declares or tells of."""

    name: str
    tables: tuple[Table, ...] = ()
    routes: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()
    events: tuple[str, ...] = ()

    @property
    def is_bad(self) -> bool:
        return bool(self.findings)


@dataclass(frozen=True, slots=True)
class Edge:
    """What joins two nodes: a connector asks, code imports, a foreign key references, an event tells."""

    source: str
    target: str
    kind: Kind
    labels: tuple[str, ...]
    findings: tuple[str, ...] = ()

    @property
    def is_bad(self) -> bool:
        return bool(self.findings)


@dataclass(frozen=True, slots=True)
class Graph:
    """Sorted by name; `elsewhere` are the findings of files that belong to no node, such as the composition root."""

    name: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    elsewhere: tuple[str, ...] = ()

    @property
    def bad(self) -> int:
        """Return how many findings are drawn."""
        texts = (*(node.findings for node in self.nodes), *(edge.findings for edge in self.edges), self.elsewhere)
        return len({text for found in texts for text in found})


@dataclass(slots=True)
class _Draft:
    labels: set[str] = field(default_factory=set)
    findings: set[str] = field(default_factory=set)


def draw(name: str, analysis: Analysis, findings: Iterable[Finding]) -> Graph:
    """Return the drawing of a project and of what the analyzer found in it."""
    drawing = _Drawing(analysis, findings)
    drawing.connect()
    drawing.join_imports()
    drawing.reference()
    drawing.tell()
    nodes = tuple(drawing.node(each) for each in drawing.place.names)
    return Graph(name, nodes, tuple(drawing.edges()), tuple(drawing.elsewhere()))


class _Places:
    """Which node a file belongs to: its module, or its package where no module is."""

    def __init__(self, analysis: Analysis) -> None:
        sources = [source for source in analysis.project.sources.values() if not source.layers & _NOT_DRAWN]
        self._has_modules = any(source.unit for source in sources)
        self._of = {source.path: self._name(source) for source in sources}
        self.names = tuple(sorted({name for name in self._of.values() if name}))

    def of(self, path: str) -> str:
        return self._of.get(path, "")

    def _name(self, source: Source) -> str:
        if self._has_modules:
            return source.unit
        parts = source.module.split(".")
        parts = parts if source.is_package else parts[:-1] or parts
        return ".".join(parts[:3])


class _Drawing:
    def __init__(self, analysis: Analysis, findings: Iterable[Finding]) -> None:
        self.analysis = analysis
        self.place = _Places(analysis)
        self.tables = map_tables.tables(analysis)
        self.drafts: dict[tuple[str, str, Kind], _Draft] = {}
        self.found: dict[str, list[Finding]] = {}
        self.on_edges: set[str] = set()
        self.events = self._events()
        for each in findings:
            self.found.setdefault(each.path, []).append(each)

    def connect(self) -> None:
        """Draw the connectors; what is wrong with one belongs to its line."""
        for connector in project_map.connectors(self.analysis):
            found = [_said(each) for each in self.found.get(connector["path"], ())]
            for asked in connector["asks"] if connector["module"] else ():
                draft = self._draft(connector["module"], asked, "asks")
                draft.labels.add(connector["name"])
                draft.findings.update(found)
                self.on_edges.add(connector["path"])

    def join_imports(self) -> None:
        """Draw the imports between nodes; one that passes a door is a bad line."""
        modules = self.analysis.project.modules
        for source in self.analysis.project.sources.values():
            asking = self.place.of(source.path)
            for row in source.facts.imports if asking else ():
                target = source.target(row)
                found = modules.get(f"{target}.{row.name}") or modules.get(target)
                asked = self.place.of(found.path) if found is not None else ""
                if found is None or not asked or asked == asking:
                    continue
                draft = self._draft(asking, asked, "imports")
                draft.labels.add(found.module.rpartition(".")[2])
                here = (each for each in self.found.get(source.path, ()) if each.line == row.line)
                draft.findings.update(_said(each) for each in here if each.code == "ARC103")

    def reference(self) -> None:
        """Draw the foreign keys between nodes."""
        owners = {table["name"]: self.place.of(table["path"]) for table in self.tables}
        for table in self.tables:
            source = owners[table["name"]]
            for column in table["columns"]:
                target = owners.get(column["references"].partition(".")[0], "")
                if target and source and target != source:
                    self._draft(source, target, "references").labels.add(f"{table['name']}.{column['name']}")

    def tell(self) -> None:
        """Draw the events that one module tells another."""
        for name, edge in self.analysis.module_graph.heard():
            self._draft(edge.start, edge.end, "tells").labels.add(name)

    def node(self, name: str) -> Node:
        routes = {
            f"{method} {project_map.path_of(route)}"
            for route in self.analysis.routes.all
            if self.place.of(route.source.path) == name
            for method in route.methods
        }
        found = (_said(each) for path, rows in self.found.items() if self.place.of(path) == name for each in rows)
        own = (_table(table) for table in self.tables if self.place.of(table["path"]) == name)
        return Node(
            name, tuple(own), tuple(sorted(routes)), tuple(sorted(found)), tuple(sorted(self.events.get(name, ())))
        )

    def _events(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for declared in self.analysis.declared_events.all:
            found.setdefault(self.place.of(declared.source.path), set()).add(declared.name)
        for module, event in self.analysis.module_graph.told():
            found.setdefault(module, set()).add(event)
        return found

    def edges(self) -> Iterator[Edge]:
        names = frozenset(self.place.names)
        for (source, target, kind), draft in sorted(self.drafts.items()):
            if source in names and target in names:
                yield Edge(source, target, kind, tuple(sorted(draft.labels)), tuple(sorted(draft.findings)))

    def elsewhere(self) -> Iterator[str]:
        for path, rows in sorted(self.found.items()):
            if not self.place.of(path) and path not in self.on_edges:
                yield from map(_said, rows)

    def _draft(self, source: str, target: str, kind: Kind) -> _Draft:
        return self.drafts.setdefault((source, target, kind), _Draft())


def _table(table: MappedTable) -> Table:
    columns = tuple(f"{column['name']} {column['type']}".rstrip() for column in table["columns"])
    references = {column["references"].partition(".")[0] for column in table["columns"] if column["references"]}
    return Table(table["name"], columns, tuple(sorted(references)))


def _said(finding: Finding) -> str:
    return f"{finding.code} {finding.path}:{finding.line} {finding.message}"
