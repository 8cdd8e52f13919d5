"""Which files belong to a project, in one stable order, with nothing of the machine in their names."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from arckode_analyzers.config import Globs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.config import Config

_SKIPPED = frozenset({"__pycache__", "node_modules", "site-packages", "build", "dist", "venv", "env"})


def read_project(root: Path, config: Config) -> dict[str, bytes]:
    """Return every Python file that the rules judge: tests are not among them."""
    unwanted = Globs((*config.exclude, *config.layers["tests"]))
    return {path: (root / path).read_bytes() for path in sorted(_walk(root)) if not unwanted.match(path)}


def _walk(root: Path) -> Iterator[str]:
    pending = [""]
    while pending:
        folder = pending.pop()
        with os.scandir(root / folder) as entries:
            for entry in entries:
                path = f"{folder}/{entry.name}" if folder else entry.name
                if entry.is_dir(follow_symlinks=False):
                    if not _is_skipped(entry):
                        pending.append(path)
                elif entry.name.endswith(".py") and entry.is_file():
                    yield path


def _is_skipped(entry: os.DirEntry[str]) -> bool:
    return entry.name.startswith(".") or entry.name in _SKIPPED or (Path(entry.path) / "pyvenv.cfg").is_file()


def find_root(start: Path) -> Path:
    """Return the nearest folder at or above `start` with a pyproject.toml or a manifest, else `start`."""
    for folder in (start, *start.parents):
        if (folder / "pyproject.toml").is_file() or (folder / ".arckode" / "project.json").is_file():
            return folder
    return start


def module_name(path: str, sources: tuple[str, ...]) -> str:
    """Return the dotted name a file is imported by."""
    for source in sources:
        if source and path.startswith(f"{source}/"):
            path = path[len(source) + 1 :]
            break
    parts = path.removesuffix(".py").split("/")
    if parts[-1] == "__init__":
        parts.pop()
    return ".".join(parts)
