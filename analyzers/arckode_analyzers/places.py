"""Patterns for a set of files: by name (`**/endpoints.py`), by folder, by ending; the fewest that fit well."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from arckode_analyzers.config import Globs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_PURE = 0.6
_ENOUGH_FILES = 3
_ENOUGH_PART = 0.1
_ENOUGH_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class Place:
    """A pattern, how many of the wanted files it matches, and how many others."""

    pattern: str
    hits: int
    others: int


@dataclass(frozen=True, slots=True)
class Found:
    """The patterns, and the files that share no place with others of their kind."""

    places: tuple[Place, ...]
    left: tuple[str, ...]


def find(wanted: Mapping[str, int], everything: Iterable[str]) -> Found:
    """Cover files with patterns, the one that gains most first; a package's `__init__.py` counts neither way.

    A place counts when several files are there, or much of what the layer is about happens there.
    """
    left = {path for path in wanted if not path.endswith("__init__.py")}
    enough, files = sum(wanted.values()) * _ENOUGH_SHARE, max(_ENOUGH_FILES, len(left) * _ENOUGH_PART)
    role, known = frozenset(left), tuple(path for path in everything if not path.endswith("__init__.py"))
    matched = {pattern: frozenset(filter(Globs((pattern,)).match, known)) for pattern in sorted(_candidates(role))}
    places: list[Place] = []
    while left and matched:
        pattern = max(matched, key=lambda each: (_gain(matched[each], role, left), each[0] != "*", -len(each), each))
        gained = matched.pop(pattern)
        if _gain(gained, role, left) <= 0:
            break
        new = gained & left
        if len(new) < files and sum(wanted[path] for path in new) < enough:
            continue
        places.append(Place(pattern, len(gained & role), len(gained - role)))
        left -= gained
    places.sort(key=lambda place: (-place.hits, place.pattern))
    return Found(tuple(places), tuple(sorted(left)))


def _gain(matched: frozenset[str], role: frozenset[str], left: set[str]) -> float:
    hits = len(matched & role)
    if not matched or hits / len(matched) < _PURE:
        return 0
    return len(matched & left) - len(matched - role) * 0.5


def _candidates(role: frozenset[str]) -> Iterator[str]:
    for path in role:
        folder, _, name = path.rpartition("/")
        yield path
        yield f"**/{name}"
        stem = name.removesuffix(".py")
        for separator in ("_", "."):
            first, _, last = stem.partition(separator)
            if last:
                yield f"**/*{separator}{stem.rpartition(separator)[2]}.py"
                yield f"**/{first}{separator}*.py"
        parts = folder.split("/") if folder else []
        for at in range(1, len(parts) + 1):
            yield f"{'/'.join(parts[:at])}/**"
            yield f"**/{parts[at - 1]}/**"
