"""A read-only view of a project, on the disk or in memory, that every decision is made from."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Protocol, TypedDict, cast

from arckode_gen.engine.plan import FileState
from arckode_gen.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PROJECT_FILE = ".arckode/project.json"


class ProjectManifest(TypedDict):
    """`.arckode/project.json`: what `arckode new` was told, in canonical form."""

    arckode: str
    format: int
    name: str
    package: str
    options: dict[str, str]


class Snapshot(Protocol):
    """What a decision may ask of a project; paths are relative to its root, with forward slashes."""

    def read(self, path: str) -> FileState | None:
        """Return the file, or None when there is none."""
        ...

    def glob(self, pattern: str) -> tuple[str, ...]:
        """Return the sorted paths of files that match; `*` stays within a folder, as in a shell, `**/` does not."""
        ...

    def is_folder(self, path: str) -> bool:
        """Tell whether a folder with at least one file is there."""
        ...


@dataclass(frozen=True, slots=True)
class Memory:
    """A project that exists only in a test or in a plan."""

    files: Mapping[str, FileState] = field(default_factory=dict)

    def read(self, path: str) -> FileState | None:
        return self.files.get(path)

    def glob(self, pattern: str) -> tuple[str, ...]:
        if "**/" in pattern:
            return tuple(sorted(path for path in self.files if fnmatchcase(path, pattern.replace("**/", ""))))
        depth = pattern.count("/")
        return tuple(sorted(path for path in self.files if path.count("/") == depth and fnmatchcase(path, pattern)))

    def is_folder(self, path: str) -> bool:
        return any(name.startswith(f"{path}/") for name in self.files)


@dataclass(frozen=True, slots=True)
class Disk:
    """A project in a folder; nothing is cached, so a decision sees what is there now."""

    root: Path

    def read(self, path: str) -> FileState | None:
        file = self.root / path
        if not file.is_file():
            return None
        return FileState(file.read_bytes(), executable=bool(file.stat().st_mode & 0o100))

    def glob(self, pattern: str) -> tuple[str, ...]:
        return tuple(
            sorted(path.relative_to(self.root).as_posix() for path in self.root.glob(pattern) if path.is_file())
        )

    def is_folder(self, path: str) -> bool:
        folder = self.root / path
        return folder.is_dir() and any(folder.iterdir())


def find_root(start: Path) -> Path:
    """Return the nearest folder at or above `start` that holds an arckode project.

    Raises:
        UsageError: there is none.
    """
    for folder in (start, *start.parents):
        if (folder / PROJECT_FILE).is_file():
            return folder
    message = f"{start} is not inside an arckode project: no {PROJECT_FILE} here or above"
    raise UsageError(message, "change into a project, or make one with `arckode new NAME`")


def manifest(snapshot: Snapshot) -> ProjectManifest:
    """Read the project's manifest.

    Raises:
        UsageError: it is missing or damaged.
    """
    state = snapshot.read(PROJECT_FILE)
    if state is None:
        raise UsageError(f"{PROJECT_FILE} is missing", "run this inside a project made with `arckode new`")
    try:
        loaded = json.loads(state.text)
        return ProjectManifest(
            arckode=str(loaded["arckode"]),
            format=int(loaded["format"]),
            name=str(loaded["name"]),
            package=str(loaded["package"]),
            options={str(key): str(value) for key, value in cast("dict[str, object]", loaded["options"]).items()},
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        message = f"{PROJECT_FILE} is damaged: {type(error).__name__}: {error}"
        raise UsageError(message, f"restore it: `git checkout -- {PROJECT_FILE}`") from error
