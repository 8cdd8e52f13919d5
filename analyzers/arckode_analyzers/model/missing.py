"""Imports of modules that the project should have and does not: what they would say, nobody has judged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_analyzers.config import Globs
from arckode_analyzers.files import module_name
from arckode_analyzers.model.project import is_judged

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from arckode_analyzers.facts.records import Import
    from arckode_analyzers.model.project import Project

# Files that a build writes and version control leaves out.
_WRITTEN = ("_version", "version", "_pb2", "_pb2_grpc", "_rc", "_generated")


def missing_modules(project: Project, paths: Collection[str], exists: Callable[[str], bool]) -> Iterator[str]:
    """Yield a sentence for each module that is imported from a package of the project and is not there.

    Silent about an import that expects to fail, one for the type checker only, one of a compiled or generated module,
    and about modules that the configuration leaves out. `paths` are all files, also those that cannot be parsed;
    `exists` answers for what is no Python file.
    """
    sources = project.config.sources
    known = _with_parents(module_name(path, sources) for path in paths)
    # The folder that imports start from has no name: an `__init__.py` in it makes nothing a part of it.
    packages = frozenset(module_name(path, sources) for path in paths if path.endswith("__init__.py")) - {""}
    tests = _with_parents(module_name(path, sources) for path in project.tests)
    excluded = Globs(project.config.exclude)
    for source in project.sources.values():
        if not is_judged(source):
            continue
        seen: set[str] = set()
        for row in source.facts.imports:
            target = source.target(row)
            if target in known or target in tests or target in seen or not _must_exist(row, target, packages):
                continue
            seen.add(target)
            places = [*_paths(target, sources)]
            left_out = any(excluded.match(f"{place}{end}") for place in places for end in (".py", "/__init__.py"))
            if not left_out and not any(map(exists, places)):
                yield f"{source.path}: it imports {target} (line {row.line}), which is not there"


def _must_exist(row: Import, target: str, packages: frozenset[str]) -> bool:
    """Tell whether a package of the project has to hold a module; a bare folder may be named like a library."""
    parent, _, name = target.rpartition(".")
    return row.kind != "typing" and not row.is_tried and parent in packages and not name.endswith(_WRITTEN)


def _paths(module: str, sources: tuple[str, ...]) -> Iterator[str]:
    path = module.replace(".", "/")
    return (f"{source}/{path}" if source else path for source in sources)


def _with_parents(modules: Iterator[str]) -> frozenset[str]:
    """Return modules and the packages they are in, those without an `__init__.py` included."""
    found: set[str] = set()
    for module in modules:
        name = module
        while name and name not in found:
            found.add(name)
            name = name.rpartition(".")[0]
    return frozenset(found)
