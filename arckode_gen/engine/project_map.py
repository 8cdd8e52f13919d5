"""The state of a project, read from its files and never by running them; the analyzer's model does the reading."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

from arckode_gen.engine import map_tables, units

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arckode_analyzers.config import Config
    from arckode_analyzers.facts.shapes import Shape
    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.routes import Route
    from arckode_analyzers.model.source import Source
    from arckode_gen.engine.map_tables import MappedTable
    from arckode_gen.engine.project import ProjectManifest, Snapshot

MAP_FILE = ".arckode/map.json"
PARTS = ("controller", "service", "repository", "model", "schemas", "enums", "events", "usecases")
_CONVERTER = re.compile(r":\w+\}")
REQUIRED = ("controller", "service", "repository", "model", "schemas")


class MappedModule(TypedDict):
    """`parts` is part -> path; `missing` names the usual parts that are not there; `asks` goes through connectors."""

    name: str
    wired: bool
    parts: dict[str, str]
    missing: list[str]
    tests: list[str]
    seed: str
    migrations: list[str]
    asks: list[str]


class MappedRoute(TypedDict):
    """A registration in the code; `path` is empty where it is not written as a literal."""

    method: str
    path: str
    action: str
    access: str
    operation: str
    module: str


class MappedConnector(TypedDict):
    """`module` asks something of every module in `asks`."""

    name: str
    module: str
    asks: list[str]
    wired: bool
    path: str


class MappedSeed(TypedDict):
    """A seed and those that run before it."""

    name: str
    after: list[str]
    path: str


class ProjectMap(TypedDict):
    """`.arckode/map.json`: sorted, without lines, clock or absolute paths, so that it changes when the system does."""

    version: int
    name: str
    package: str
    modules: list[MappedModule]
    tables: list[MappedTable]
    routes: list[MappedRoute]
    connectors: list[MappedConnector]
    migrations: list[str]
    seeds: list[MappedSeed]
    unreadable: list[str]
    findings: dict[str, int]
    commands: dict[str, str]


@dataclass(frozen=True, slots=True)
class Reading:
    """What the map is drawn from; `unreadable` are the files that no parser understood."""

    manifest: ProjectManifest
    analysis: Analysis
    migrations: str
    unreadable: tuple[str, ...] = ()


def read(files: Mapping[str, bytes], config: Config, manifest: ProjectManifest, migrations: str) -> Reading:
    """Parse a project; `migrations` is the folder that holds them."""
    from arckode_analyzers.facts.reading import facts_or_none  # parsing is for this command only
    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.project import Project

    facts = {path: facts_or_none(content, path) for path, content in sorted(files.items())}
    unreadable = tuple(path for path, found in facts.items() if found is None)
    project = Project(((path, found, files[path]) for path, found in facts.items() if found is not None), config)
    return Reading(manifest, Analysis(project), migrations, unreadable)


def draw(
    reading: Reading, snapshot: Snapshot, *, findings: Mapping[str, int], commands: Mapping[str, str]
) -> ProjectMap:
    """Return the map; `findings` counts what the analyzer reports, `commands` are the ways to grow the project.

    Raises:
        UsageError: a unit's manifest is damaged.
    """
    joined = connectors(reading.analysis)
    return ProjectMap(
        version=1,
        name=reading.manifest["name"],
        package=reading.manifest["package"],
        modules=_modules(reading, snapshot, joined),
        tables=map_tables.tables(reading.analysis),
        routes=routes(reading.analysis),
        connectors=joined,
        migrations=[
            path for suffix in ("py", "sql") for path in snapshot.glob(f"{reading.migrations}/[0-9]*.{suffix}")
        ],
        seeds=_seeds(reading.analysis),
        unreadable=list(reading.unreadable),
        findings=dict(sorted(findings.items())),
        commands=dict(sorted(commands.items())),
    )


def _modules(reading: Reading, snapshot: Snapshot, joined: list[MappedConnector]) -> list[MappedModule]:
    sources: dict[str, list[Source]] = {}
    for source in reading.analysis.project.sources.values():
        if source.unit:
            sources.setdefault(source.unit, []).append(source)
    wired = {source.unit for source in _wired(reading.analysis)}
    migrations = {
        unit.name: sorted(path for path in unit.files if path.startswith(f"{reading.migrations}/"))
        for unit in units.of_kind(snapshot, "module")
    }
    seeds = {seed["name"]: seed["path"] for seed in _seeds(reading.analysis)}
    found: list[MappedModule] = []
    for name, files in sorted(sources.items()):
        parts = _parts(name, [source.path for source in files])
        found.append(
            MappedModule(
                name=name,
                wired=name in wired,
                parts=parts,
                missing=[part for part in REQUIRED if part not in parts],
                tests=list(snapshot.glob(f"tests/modules/{name}/test_*.py")),
                seed=seeds.get(name, ""),
                migrations=[path for path in migrations.get(name, ()) if snapshot.read(path) is not None],
                asks=sorted({asked for each in joined if each["module"] == name for asked in each["asks"]}),
            )
        )
    return found


def _parts(module: str, paths: list[str]) -> dict[str, str]:
    """Return part -> file, or the folder of a part that has grown into one."""
    found: dict[str, str] = {}
    for path in sorted(paths):
        folder, _, inside = path.rpartition(f"/modules/{module}/")
        part, nested, _ = inside.removesuffix(".py").partition("/")
        if part in PARTS:
            found.setdefault(part, f"{folder}/modules/{module}/{part}" if nested else path)
    return {part: found[part] for part in PARTS if part in found}


def _wired(analysis: Analysis) -> set[Source]:
    """Return the files whose functions a composition root calls."""
    found: set[Source] = set()
    for source in analysis.project.judged("composition_root"):
        for call in analysis.calls(source):
            callee = analysis.callee(call)
            function = analysis.project.functions.get(callee.name) if callee is not None else None
            if function is not None:
                found.add(function.source)
    return found


def routes(analysis: Analysis) -> list[MappedRoute]:
    """Return the routes that the code registers, by path and method."""
    found = [_route(route, method) for route in analysis.routes.all for method in route.methods]
    return sorted(found, key=lambda each: (each["path"], each["method"], each["module"], each["action"]))


def _route(route: Route, method: str) -> MappedRoute:
    action = route.handler.record.name if route.handler is not None else ""
    return MappedRoute(
        method=method,
        path=path_of(route),
        action=action,
        access=_access(route.keyword("access")),
        operation=f"{route.source.unit}_{action}" if route.source.unit and action else "",
        module=route.source.unit,
    )


def path_of(route: Route) -> str:
    """Return the path as OpenAPI writes it: without the converters, as in `/orders/{order_id}`."""
    if route.path is None or route.prefix is None:
        return ""
    return _CONVERTER.sub("}", f"{route.prefix}{route.path}") or "/"


def _access(shape: Shape | None) -> str:
    match shape:
        case ("name", "PUBLIC") | ("attr", _, "PUBLIC"):
            return "public"
        case ("name", "SIGNED_IN") | ("attr", _, "SIGNED_IN"):
            return "signed-in"
        case ("call", (_, *_, "require"), (("const", str(permission)), *_), _):
            return permission
    return "" if shape is None else "computed"


def connectors(analysis: Analysis) -> list[MappedConnector]:
    """Return the connectors by path: who asks whom."""
    wired = _wired(analysis)
    return [
        MappedConnector(
            name=_stem(source.path),
            module=(asking := _asking(analysis, source)),
            asks=sorted(_imported(analysis, source) - {asking}),
            wired=source in wired,
            path=source.path,
        )
        for source in analysis.project.judged("connectors")
        if not source.is_package
    ]


def _asking(analysis: Analysis, source: Source) -> str:
    """Return the module whose port a connector fills, as in `kernel.resolve(OrdersService).customers.connect(...)`.

    A connector that listens works for the module whose event it hears.
    """
    for call in source.facts.calls:
        match call.func:
            case ("attr", ("attr", tuple(owner), _), "connect"):
                value = analysis.value(source, call.function, owner)
                service = analysis.project.classes.get(value.name) if value is not None else None
                if service is not None and service.source.unit:
                    return service.source.unit
    heard = (name for act in analysis.acts.of("subscribe") if act.call.source is source for name in act.names or ())
    owners = (name.partition(".")[0] for name in heard)
    return next((owner for owner in owners if owner in analysis.modules.names), "")


def _imported(analysis: Analysis, source: Source) -> set[str]:
    modules = (analysis.project.modules.get(source.target(row)) for row in source.facts.imports)
    return {module.unit for module in modules if module is not None and module.unit}


def _seeds(analysis: Analysis) -> list[MappedSeed]:
    return [
        MappedSeed(name=_stem(source.path), after=_after(source), path=source.path)
        for source in analysis.project.sources.values()
        if "seeds" in source.layers and not _stem(source.path).startswith("_")
    ]


def _after(source: Source) -> list[str]:
    for binding in source.facts.bindings:
        if binding.function or binding.target != ("name", "AFTER"):
            continue
        match binding.value:
            case ("display", _, tuple(items)):
                return [str(item[1]) for item in items if isinstance(item, tuple) and item[0] == "const"]
    return []


def _stem(path: str) -> str:
    return path.rpartition("/")[2].removesuffix(".py")
