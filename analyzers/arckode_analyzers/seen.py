"""The tree as a process that stays saw it last: what has not changed since is neither listed nor read again.

A folder's own state tells whether something came into it or went, and each file's whether it was written. What is
younger than the clock's tick can tell is looked at again the next time.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter
from time import time_ns
from typing import TYPE_CHECKING, TypeAlias

from arckode_analyzers.files import Files, digest_of, read_all
from arckode_analyzers.walk import ENVIRONMENT, SETTLED, is_read, is_skipped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from arckode_analyzers.cache import Cache
    from arckode_analyzers.config import Config

_State: TypeAlias = tuple[int, int, int, int, int]
_Names: TypeAlias = frozenset[tuple[str, bool]]
_Looking: TypeAlias = "Callable[[Path, Config, Cache], tuple[Files, Files]]"
_told: Callable[[os.stat_result], _State] = attrgetter("st_mtime_ns", "st_ctime_ns", "st_size", "st_ino", "st_mode")
# More than this is a switch of branches, not somebody's work.
_FEW = 50


@dataclass(frozen=True, slots=True)
class _Look:
    """One look at all of it: folders and files with their states, None where the next look cannot trust one.

    Both are by the place on the disk, so that nothing is put together for each of thousands.
    """

    folders: Mapping[str, tuple[_State | None, _Names]]
    files: Mapping[str, _State | None]
    trees: tuple[Files, Files]
    # The folders and the files again, as the system takes them: encoding thousands at each look costs.
    ways: tuple[Sequence[bytes], Sequence[bytes]]


class Seen:
    """What is known of one project's files under one configuration.

    A state younger than `settle` nanoseconds is not trusted the next time; `look` is what looks at everything.
    """

    def __init__(self, root: Path, settle: int = SETTLED, look: _Looking = read_all) -> None:
        self._root, self._settle, self._look = root, settle, look
        self._last: _Look | None = None

    def read(self, config: Config, cache: Cache) -> tuple[Files, Files]:
        """Return the files of the program and those of its tests, as `files.read_all` does."""
        look = self._again() or self._anew(config, cache)
        self._last = look if isinstance(look, _Look) else None
        return look.trees if isinstance(look, _Look) else look

    def _anew(self, config: Config, cache: Cache) -> _Look | tuple[Files, Files]:
        """Look at everything; where it has what no state tells of, nothing is to be relied on later."""
        settled, root = time_ns() - self._settle, str(self._root)
        folders = _listed(root, settled)
        before = {file: _state(file) for file in _files_in(folders or {})}
        trees = self._look(self._root, config, cache)
        wanted = {f"{root}/{path}" for tree in trees for path in tree}
        if folders is None or not before.keys() >= wanted:
            return trees
        wanted.update(filter(os.path.islink, before))  # that one leads elsewhere now, its folder does not tell
        states = {file: _settled(before[file], settled) for file in sorted(wanted)}
        return _Look(folders, states, trees, (list(map(os.fsencode, folders)), list(map(os.fsencode, states))))

    def _again(self) -> _Look | None:
        """Look at what changed; None where files came or went, or many changed."""
        if self._last is None:
            return None
        settled = time_ns() - self._settle
        folders, files, ways = self._last.folders, self._last.files, self._last.ways
        try:
            moved = _changed(ways[0], folders, [state for state, _ in folders.values()])
            edited = _changed(ways[1], files, list(files.values()))
        except OSError:
            return None
        if not moved and not edited:
            return self._last
        if len(moved) + len(edited) > _FEW:
            return None
        listed = {folder: _list(folder, settled, is_root=folder == str(self._root)) for folder in moved}
        if any(found is None or found[1] != folders[folder][1] for folder, found in listed.items()):
            return None
        if not all(stat.S_ISREG(state[-1]) for state in edited.values()):
            return None
        start = len(f"{self._root}/")
        names = {file: digest_of(file, file[start:], []) for file in edited}
        if not all(names.values()):
            return None
        program, tests = (_with(tree, names) for tree in self._last.trees)
        return _Look(
            {**folders, **{folder: found for folder, found in listed.items() if found}},
            {**files, **{file: _settled(state, settled) for file, state in edited.items()}},
            (program, tests),
            ways,
        )


def read(root: Path, config: Config, cache: Cache) -> tuple[Files, Files]:
    """Return the files of the program and those of its tests, from what this process saw before."""
    return _seen(root, config.digest).read(config, cache)


@lru_cache(maxsize=4)
def _seen(root: Path, digest: str) -> Seen:  # noqa: ARG001  # another configuration, other files
    return Seen(root)


def _changed(ways: Iterable[bytes], places: Iterable[str], known: Sequence[_State | None]) -> dict[str, _State]:
    """Return what is not as it was known, and how it is."""
    now = list(map(_told, map(os.stat, ways)))
    if now == known:
        return {}
    return {place: state for place, state, before in zip(places, now, known, strict=True) if state != before}


def _with(tree: Files, names: Mapping[str, str]) -> Files:
    start = len(f"{tree.root}/")
    mine = {file[start:]: name for file, name in names.items() if file[start:] in tree}
    return Files(tree.root, {**tree.digests, **mine}, tree.gaps) if mine else tree


def _state(file: str) -> _State | None:
    try:
        return _told(os.stat(file))  # noqa: PTH116  # thousands of files
    except OSError:
        return None


def _settled(state: _State | None, settled: int) -> _State | None:
    return None if state is None or max(state[:2]) > settled else state


def _listed(root: str, settled: int) -> dict[str, tuple[_State | None, _Names]] | None:
    found: dict[str, tuple[_State | None, _Names]] = {}
    pending = [root]
    while pending:
        folder = pending.pop()
        listed = _list(folder, settled, is_root=folder == root)
        if listed is None:
            return None
        found[folder] = listed
        pending += [f"{folder}/{name}" for name, is_folder in listed[1] if is_folder]
    return found


def _list(folder: str, settled: int, *, is_root: bool) -> tuple[_State | None, _Names] | None:
    """Return a folder's state and what of it may count, folders marked; None for what no state tells enough of."""
    state = _state(folder)
    names: set[tuple[str, bool]] = set()
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                name, is_folder = entry.name, entry.is_dir(follow_symlinks=False)
                if is_read(name, is_in_root=is_root):
                    if not entry.is_file() or not _is_text(name):  # a link may lead to a file later on
                        return None
                    names.add((name, False))
                elif name == ENVIRONMENT or (is_folder and not is_skipped(name)):
                    names.add((name, is_folder))
    except OSError:
        return None
    if (ENVIRONMENT, False) in names and not is_root:  # what is below is nobody's, as long as it is one
        names = {(ENVIRONMENT, False)}
    return _settled(state, settled), frozenset(names)


def _files_in(folders: Mapping[str, tuple[_State | None, _Names]]) -> Iterator[str]:
    for folder, (_, names) in folders.items():
        yield from (f"{folder}/{name}" for name, is_folder in names if not is_folder)


def _is_text(name: str) -> bool:
    return not any("\ud800" <= letter <= "\udfff" for letter in name)
