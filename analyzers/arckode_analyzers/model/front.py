"""The front end: which files are what, who imports whom, and which requests they send."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from arckode_analyzers.facts.requests import LIBRARIES
from arckode_analyzers.rule import Spot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from arckode_analyzers.facts.records import Mark
    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.source import Source

_ENDS = ("", ".ts", ".tsx", ".vue", "/index.ts", "/index.tsx")
_ROUTER = re.compile(r"router(?:\.tsx?|/.*)")
_SENDERS = LIBRARIES | {"client", "fetch", "instance"}
_FILE = re.compile(r"/[^/]*\.[a-z0-9]{1,5}", re.IGNORECASE)


class Edge(NamedTuple):
    """An import that is there at run time; `target` is None for a package."""

    source: Source
    mark: Mark
    target: Source | None


class Request(NamedTuple):
    """A request that is written with a path; the method is `*` where it is computed."""

    mark: Mark
    method: str
    path: str
    is_generated: bool


class Front:
    """Every file of the front end by its path."""

    def __init__(self, analysis: Analysis) -> None:
        self._sources = {source.path: source for source in analysis.project.of_layers(("frontend",))}
        self._edges = {path: tuple(self._imports(source)) for path, source in self._sources.items()}

    def reached(self, source: Source, wanted: Callable[[Edge], bool]) -> tuple[Edge, ...]:
        """Return the shortest way over imports to something that is wanted, which is the last step; or nothing."""
        ways: deque[tuple[Edge, ...]] = deque((edge,) for edge in self._edges.get(source.path, ()))
        seen = {source.path}
        while ways:
            way = ways.popleft()
            if wanted(way[-1]):
                return way
            target = way[-1].target
            if target is not None and target.path not in seen:
                seen.add(target.path)
                ways.extend((*way, edge) for edge in self._edges[target.path])
        return ()

    def requests(self, source: Source) -> Iterator[Request]:
        """Yield the requests of a file, by whatever is known to send."""
        for mark in marks(source, "request"):
            method, _, sender = mark.detail.partition(" ")
            if sender in _SENDERS or self._sends(source, sender):
                yield Request(mark, method, mark.name, sender == "client")

    def _sends(self, source: Source, sender: str) -> bool:
        """Tell whether a constant of another file is one that sends."""
        module, _, name = sender.rpartition(":")
        target = self._resolved(source, module)
        return target is not None and any(mark.name == name for mark in marks(target, "client"))

    def _imports(self, source: Source) -> Iterator[Edge]:
        for mark in marks(source, "import"):
            if mark.detail != "type":
                yield Edge(source, mark, self._resolved(source, mark.name))

    def _resolved(self, source: Source, module: str) -> Source | None:
        found = (self._sources[path] for path in possible_files(source.path, module) if path in self._sources)
        return next(found, None)


def possible_files(path: str, module: str) -> tuple[str, ...]:
    """Return the files that an import of one file may mean, the first that is there; none for a package."""
    folder = path.rpartition("/")[0]
    if module.startswith("@/"):
        folder, module = _root(path), module[2:]
    elif not module.startswith("."):
        return ()
    meant = _joined(folder, module)
    return tuple(meant + end for end in _ENDS)


def marks(source: Source, *what: str) -> Iterator[Mark]:
    """Yield the marks of a file that are of some kinds."""
    return (mark for mark in source.facts.marks if mark.what in what)


def is_file(path: str) -> bool:
    """Tell whether a path ends as a file's name does: a server or a folder of the front end holds it as it is."""
    return _FILE.fullmatch(f"/{path.rpartition('/')[2]}") is not None


def place(source: Source) -> str:
    """Return a file's path below the folder that holds all of the front end."""
    return source.path.removeprefix(f"{_root(source.path)}/")


def is_in(source: Source, *folders: str) -> bool:
    """Tell whether a file lies in one of these folders, at any depth."""
    return not set(place(source).split("/")[:-1]).isdisjoint(folders)


def is_service(source: Source) -> bool:
    return is_in(source, "services") or source.path.endswith(".service.ts")


def is_door(source: Source) -> bool:
    """Tell whether what is outside of the page is asked here: by the client, by a service, or by what plays them."""
    return is_in(source, "api", "testing") or is_service(source)


def is_store(source: Source) -> bool:
    return is_in(source, "stores") or source.path.endswith(".store.ts")


def is_screen(edge: Edge) -> bool:
    """Tell whether an import brings the router or a component."""
    if edge.target is None:
        return edge.mark.name == "vue-router"
    return edge.target.path.endswith(".vue") or _ROUTER.fullmatch(place(edge.target)) is not None


def _root(path: str) -> str:
    """Return the folder `src` that a file is in."""
    head, found, _ = path.partition("/src/")
    return f"{head}/src" if found else path.rpartition("/")[0]


def _joined(folder: str, module: str) -> str:
    parts = folder.split("/")
    for part in module.split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part not in {"", "."}:
            parts.append(part)
    return "/".join(parts)


def spot(source: Source, mark: Mark, message: str, callee: str = "") -> Spot:
    """Report a mark."""
    return Spot(source, mark.line, mark.column, source.module, message, callee or mark.name)


def spot_of_way(source: Source, way: tuple[Edge, ...], who: str, what: str) -> Spot:
    """Report the import that a way to what must not be known begins with, and the rest of the way as the chain."""
    mark = way[0].mark
    where = "" if len(way) == 1 else f", through `{mark.name}`"
    found = spot(source, mark, f"this {who} imports {what}{where}", way[-1].mark.name)
    return replace(found, chain=tuple((edge.source, edge.mark.line) for edge in way[1:]))
