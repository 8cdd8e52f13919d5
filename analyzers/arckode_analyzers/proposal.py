"""A configuration for a code base nobody has configured yet, from what its files do and import."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from arckode_analyzers import places
from arckode_analyzers.config import Config, Globs
from arckode_analyzers.customs import unusual
from arckode_analyzers.presets import LAYOUT, PRESETS
from arckode_analyzers.roles import roles_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from arckode_analyzers.customs import Unusual
    from arckode_analyzers.facts.records import FileFacts
    from arckode_analyzers.model.project import Project
    from arckode_analyzers.model.source import Source
    from arckode_analyzers.places import Found
    from arckode_analyzers.roles import Roles

_FRAMEWORKS = ("fastapi", "litestar", "django", "flask")
_STORES = ("sqlalchemy", "sqlmodel", "django")
_SHARE = 10
_SEVERAL = 3
_PLAYED = ("controllers", "models", "repositories", "schemas", "services")


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer: where its files are, why they belong there, and which others do the same without a common place."""

    name: str
    found: Found
    files: int
    why: str


@dataclass(frozen=True, slots=True)
class Proposed:
    """What to write under `[tool.arckode]`; `said` are the frameworks that were seen."""

    preset: str
    sources: tuple[str, ...]
    layers: tuple[Layer, ...]
    said: tuple[str, ...]
    files: int
    unreadable: tuple[str, ...]
    tests: tuple[str, ...] = ()
    left_out: tuple[Unusual, ...] = ()
    none: tuple[str, ...] = ()

    def toml(self) -> str:
        """Write the two tables."""
        return "\n".join(["[tool.arckode]", *self.settings(), "", *self.table(), ""])

    def settings(self) -> list[str]:
        """Return the lines of `[tool.arckode]` itself."""
        lines = [f'preset = "{self.preset}"'] if self.preset else []
        if self.sources:
            lines.append(f"source = {_written(self.sources)}")
        if self.left_out:
            codes, why = (
                tuple(each.code for each in self.left_out),
                "; ".join(dict.fromkeys(each.why for each in self.left_out)),
            )
            lines.append(f"ignore = {_written(codes, always=True)}  # {why}")
        return lines

    def table(self) -> list[str]:
        """Return `[tool.arckode.layers]`, or nothing when no layer was found."""
        rows = [f"{each.name} = {_list(each)}" for each in self.layers]
        rows += [f"{name} = []" for name in self.none]
        rows += [f"tests = {_written(self.tests)}"] if self.tests else []
        return ["[tool.arckode.layers]", *rows] if rows else []


def propose(files: Mapping[str, bytes]) -> Proposed:
    """Inspect a code base; `files` are those that are no tests."""
    from arckode_analyzers.facts.reading import facts_of, read_facts
    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.project import Project

    read = read_facts(files, sorted(files), lambda _content, _path: "")
    facts = {path: facts_of(packed) for path, (_, packed, problem) in sorted(read.items()) if not problem}
    tests = {path: 1 for path, found in facts.items() if _is_test(found)}
    facts = {path: found for path, found in facts.items() if path not in tests}
    imported = Counter((row.module, path) for path, found in facts.items() for row in found.imports if not row.level)
    sources = source_folders(imported, facts)
    preset = _preset(imported)
    migrations = _migrations(facts)
    layers = {**PRESETS[preset].layers, "modules": (), "kernel": (), "migrations": migrations}
    config = Config(layers=layers, sources=(*sources, ""))
    project = Project(((path, found, files[path]) for path, found in facts.items()), config)
    chosen = _layers(roles_of(Analysis(project)), project, migrations)
    shared = tuple(place.pattern for place in places.find(tests, files).places if place.hits >= _SEVERAL)
    none = _taken(PRESETS[preset].layers, chosen, tuple(facts))
    layered = {**PRESETS[preset].layers, **dict.fromkeys(none, ()), **{each.name: _patterns(each) for each in chosen}}
    config = Config(layers=layered, sources=(*sources, ""))
    left_out = tuple(unusual(Project(((path, found, files[path]) for path, found in facts.items()), config)))
    said = tuple(name for name in (*_FRAMEWORKS, *_STORES) if _importing(imported, name))
    unreadable = tuple(sorted(path for path, (_, _, problem) in read.items() if problem))
    shown = tuple(folder for folder in sources if folder)
    patterns = (*PRESETS[preset].layers["tests"], *shared) if shared else ()
    return Proposed(preset, shown, chosen, tuple(dict.fromkeys(said)), len(files), unreadable, patterns, left_out, none)


def _taken(layers: Mapping[str, tuple[str, ...]], chosen: tuple[Layer, ...], paths: tuple[str, ...]) -> tuple[str, ...]:
    """Return the layers that no file plays and whose usual places belong to other layers here."""
    named = {layer.name for layer in chosen}
    files = {path for layer in chosen for path in paths if Globs(_patterns(layer)).match(path)}
    return tuple(name for name in _PLAYED if name not in named and any(map(Globs(layers[name]).match, files)))


def _is_test(found: FileFacts) -> bool:
    """Tell whether a file is made of tests: it imports what runs them."""
    return any(row.module.partition(".")[0] == "pytest" or row.module == "unittest" for row in found.imports)


def is_ours(paths: Iterable[str]) -> bool:
    """Tell whether a tree is laid out as `arckode new` lays it out."""
    return not Config(layers=LAYOUT, preset="arckode").empty_layers(paths)


def weight(files: Mapping[str, bytes]) -> int:
    """Return how many files name a web framework or a store: a rough look before anything is parsed."""
    return sum(any(name.encode() in content for name in (*_FRAMEWORKS, *_STORES)) for content in files.values())


def source_folders(imported: Mapping[tuple[str, str], int], paths: Iterable[str]) -> tuple[str, ...]:
    """Return the folders that absolute imports start from, by whose packages are imported how often."""
    homes: dict[str, set[str]] = {}
    known = set[str]()
    for path in paths:
        known.update(path[:end] for end, letter in enumerate(path) if letter in "/.")
        parts = path.split("/")
        for at, part in enumerate(parts):
            homes.setdefault(part.removesuffix(".py"), set()).add("/".join(parts[:at]))
    starts: dict[tuple[str, str], Counter[bool]] = {}
    chosen: list[tuple[tuple[str, str], int]] = []
    modules: set[tuple[str, str]] = set()
    for (module, path), count in imported.items():
        package = module.partition(".")[0]
        above = [home for home in homes.get(package, ()) if not home or path.startswith(f"{home}/")]
        whole = [home for home in above if f"{home}/{module.replace('.', '/')}".lstrip("/") in known]
        if above:
            home = max(whole or above, key=len)
            chosen.append(((home, package), count))
            if (home, module) not in modules:
                modules.add((home, module))
                starts.setdefault((home, package), Counter())[bool(whole)] += 1
    votes: Counter[str] = Counter()
    for start, count in chosen:
        if starts[start][True] >= starts[start][False]:  # else a library that a folder happens to be named like
            votes[start[0]] += count
    enough = sum(votes.values()) / _SHARE
    return tuple(
        sorted((home for home, count in votes.items() if count >= enough), key=lambda home: (-len(home), home))
    )


def _preset(imported: Mapping[tuple[str, str], int]) -> str:
    """Return the framework that most files import, or the preset for none of them."""
    counts = {name: _importing(imported, name) for name in _FRAMEWORKS}
    best = max(_FRAMEWORKS, key=lambda name: counts[name])
    return best if counts[best] else "plain"


def _importing(imported: Mapping[tuple[str, str], int], name: str) -> int:
    return len({path for module, path in imported if module.partition(".")[0].partition("_")[0] == name})


def _migrations(facts: Mapping[str, FileFacts]) -> tuple[str, ...]:
    """Return the files that alembic runs: those that use its operations or its context, and Django's migrations."""
    names = {("alembic", "op"), ("alembic", "context"), ("alembic.op", ""), ("alembic.context", "")}
    return tuple(
        path
        for path, found in facts.items()
        if any((row.module, row.name) in names or row.module == "alembic.op" for row in found.imports)
        or any(("attr", ("name", "migrations"), "Migration") in row.bases for row in found.classes)
    )


def _layers(roles: Roles, project: Project, migrations: tuple[str, ...]) -> tuple[Layer, ...]:
    everything = tuple(project.sources)
    found = (
        ("migrations", dict.fromkeys(migrations, 1), "are migrations"),
        ("controllers", roles.routes, "declare routes"),
        ("models", roles.models, "declare stored models"),
        ("repositories", roles.queries, "query the database, and neither route nor store"),
        ("schemas", _apart(roles.schemas, roles, project), "describe data that comes in or goes out"),
        ("services", roles.between, "are called by routes and leave the queries to others"),
    )
    layers = (
        Layer(name, places.find(files, everything), len(files), _why(why, sum(files.values()), len(files)))
        for name, files, why in found
    )
    return tuple(layer for layer in layers if layer.found.places)


def _why(what: str, times: int, files: int) -> str:
    return what if times == files else f"{what}, {times} times"


def _apart(schemas: Mapping[str, int], roles: Roles, project: Project) -> dict[str, int]:
    """Return the files that only describe data: a route's file with two schemas in it is a route's file.

    So is one with more functions than schemas, of a framework whose routes are not known.
    """
    taken = {*roles.routes, *roles.models, *roles.queries, *roles.between}
    return {
        path: count
        for path, count in schemas.items()
        if path not in taken and count >= _functions(project.sources[path])
    }


def _functions(source: Source) -> int:
    """Count the functions of a file that stand in no class and in no other function."""
    return sum(row.owner < 0 and row.parent == 0 and row.name != "<lambda>" for row in source.facts.functions[1:])


def _patterns(layer: Layer) -> tuple[str, ...]:
    return tuple(place.pattern for place in layer.found.places)


def _list(layer: Layer) -> str:
    return _written(_patterns(layer), always=True)


def _written(values: tuple[str, ...], *, always: bool = False) -> str:
    quoted = [f'"{value}"' for value in values]
    return quoted[0] if len(quoted) == 1 and not always else f"[{', '.join(quoted)}]"
