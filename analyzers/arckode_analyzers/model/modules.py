"""The modules of a project: their folders and their doors, and whether something composes them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from arckode_analyzers.facts.shapes import within
from arckode_analyzers.model.project import is_judged

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.facts.records import Binding
    from arckode_analyzers.model.project import Project
    from arckode_analyzers.model.source import Source

_FOLDER = re.compile(r"(?:^|.*/)modules/[^/]+/")


@dataclass(frozen=True, slots=True)
class Module:
    """One folder under `modules/`; without an `__init__.py` it has no door."""

    name: str
    folder: str
    sources: tuple[Source, ...]

    @property
    def door(self) -> Source | None:
        return next((source for source in self.sources if source.path == f"{self.folder}__init__.py"), None)

    @property
    def front(self) -> Source:
        """Return the file where the module as a whole is reported."""
        return self.door or self.sources[0]

    def of(self, *layers: str) -> Iterator[Source]:
        return (source for source in self.sources if source.layers.intersection(layers))


class Modules:
    """Every module by folder, in order; `is_composed` says that a kernel or a composition root joins them.

    `named` holds the folders by the file where their name is reported.
    """

    def __init__(self, project: Project) -> None:
        folders: dict[str, list[Source]] = {}
        for source in project.sources.values():
            match = _FOLDER.match(source.path) if source.unit and is_judged(source) else None
            if match:
                folders.setdefault(match[0], []).append(source)
        self.all = tuple(Module(sources[0].unit, folder, tuple(sources)) for folder, sources in sorted(folders.items()))
        self.names = frozenset(module.name for module in self.all)
        self.by_path = {source.path: module for module in self.all for source in module.sources}
        self.named = {module.front.path: module for module in _folders(project)}
        self.roots = tuple(project.judged("composition_root"))
        has_kernel = any(
            klass.name == "Kernel" for source in project.of_layers(("kernel",)) for klass in source.facts.classes
        )
        self.is_composed = bool(self.all) and bool(self.roots or has_kernel)

    def reported_in(self, source: Source) -> Module | None:
        """Return the module that is reported in a file."""
        module = self.by_path.get(source.path)
        return module if module is not None and module.front is source else None


def _folders(project: Project) -> tuple[Module, ...]:
    """Return every folder under `modules/`, also one whose name makes it look like another part of the project."""
    found: dict[str, list[Source]] = {}
    for source in project.of_layers(("modules",)):
        match = _FOLDER.match(source.path) if source.unit and "tests" not in source.layers else None
        if match:
            found.setdefault(match[0], []).append(source)
    return tuple(Module(sources[0].unit, folder, tuple(sources)) for folder, sources in sorted(found.items()))


def said_names(door: Source) -> tuple[frozenset[str], Binding] | None:
    """Return the names in a door's `__all__` and where it stands; None when there is none that can be read."""
    rows = [row for row in door.facts.bindings if row.function == 0 and row.target == ("name", "__all__")]
    if len(rows) != 1 or rows[0].value is None:
        return None
    match rows[0].value:
        case ("display", _, tuple(elements)):
            texts = [part[1] for part in elements if part[0] == "const" and isinstance(part[1], str)]
            return (frozenset(texts), rows[0]) if len(texts) == len(elements) else None
    return None


def bound_names(door: Source) -> frozenset[str]:
    """Return the public names that a file binds at its top level."""
    return frozenset(name for name in door.names.get((0, -1), {}) if not name.startswith("_"))


def is_computed(door: Source) -> bool:
    """Tell whether a door's names cannot be read: it answers by `__getattr__`, or takes all of another's names."""
    has_hook = any(row.name == "__getattr__" and row.parent == 0 for row in door.facts.functions[1:])
    writes_globals = any(("name", "globals") in within(call.func) for call in door.facts.calls)
    return has_hook or writes_globals or bool(door.stars)
