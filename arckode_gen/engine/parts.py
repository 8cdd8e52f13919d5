"""The parts of the kernel: a project carries the files of the parts that it uses and no others."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, TypedDict, cast

from arckode_gen.engine.plan import FileState
from arckode_gen.errors import CrashError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from arckode_gen.engine.project import Snapshot


class _Part(TypedDict, total=False):
    files: list[str]
    needs: list[str]
    dependencies: list[str]
    migrations: list[str]


@dataclass(frozen=True, slots=True)
class Carried:
    """Some parts with all that they need: files below `kernel/`, and requirements."""

    files: Mapping[str, FileState]
    dependencies: tuple[str, ...]


def carried(folder: Path, parts: Iterable[str], prefix: str) -> Carried:
    """Return what some parts, and the parts that they need, put into a project, byte for byte, below `prefix`.

    Raises:
        CrashError: `parts.yml` does not know a part.
    """
    found = _wanted(folder, parts)
    paths = [path for part in found for path in part["files"]]
    files = {prefix + path: FileState((folder / "kernel" / path).read_bytes()) for path in paths}
    return Carried(files, tuple(sorted({line for part in found for line in part.get("dependencies", [])})))


def migrations(
    folder: Path, parts: Iterable[str], snapshot: Snapshot, place: str, stamp: str
) -> Mapping[str, FileState]:
    """Return the migrations of the tables that some parts have: the one that is there, else a new one from `stamp` on.

    A table is created once however many generators need it, so a migration is known by its name behind the stamp.
    """
    slugs = list(dict.fromkeys(slug for part in _wanted(folder, parts) for slug in part.get("migrations", [])))
    files: dict[str, FileState] = {}
    new = count()
    for slug in slugs:
        there = [path for path in snapshot.glob(f"{place}/*_{slug}.py") if path.rpartition("/")[2][13:-3] == slug]
        path = there[0] if there else f"{place}/{int(stamp) + next(new)}_{slug}.py"
        files[path] = FileState((folder / "migrations" / f"{slug}.py").read_bytes())
    return files


def tables(folder: Path) -> frozenset[str]:
    """Return the names behind their stamps of all migrations that parts have."""
    return frozenset(path.stem for path in (folder / "migrations").glob("*.py"))


def _wanted(folder: Path, parts: Iterable[str]) -> list[_Part]:
    """Return parts, and those that they need."""
    wanted = list(parts)
    if not wanted:
        return []
    from arckode_gen.engine import yaml_text  # to take something out reads no YAML

    document = yaml_text.parse((folder / "parts.yml").read_text(encoding="utf-8"))
    known = cast("dict[str, dict[str, _Part]]", document)["parts"]
    for part in wanted:  # grows while it is gone through
        if part not in known:
            raise CrashError(f"the kernel has no part '{part}'")
        wanted += [need for need in known[part].get("needs", []) if need not in wanted]
    return [known[part] for part in wanted]
