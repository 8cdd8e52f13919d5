"""Which files belong to a project, in one stable order, with nothing of the machine in their names.

A file whose size, times and inode are those of the last run is not read again.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib.util import find_spec
from time import time_ns
from typing import TYPE_CHECKING

from arckode_analyzers.cache import content_name
from arckode_analyzers.config import Globs
from arckode_analyzers.walk import SETTLED, is_front, is_read, is_skipped, walk

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from arckode_analyzers.cache import Cache, Indexed
    from arckode_analyzers.config import Config


class Files(Mapping[str, bytes]):
    """Files by path, each read when it is asked for; `gaps` says what belongs here and cannot be read."""

    def __init__(
        self,
        root: Path,
        digests: Mapping[str, str],
        gaps: tuple[str, ...] = (),
        proposed: Mapping[str, bytes] | None = None,
    ) -> None:
        self.root = root
        self.digests = digests
        self.gaps = gaps
        self._proposed = proposed or {}

    def proposing(self, added: Mapping[str, bytes]) -> Files:
        """Return the files with some as they would be; nothing is written."""
        digests = {**self.digests, **{path: content_name(content, path) for path, content in added.items()}}
        is_ordered = added.keys() <= self.digests.keys()
        ordered = digests if is_ordered else {path: digests[path] for path in sorted(digests)}
        return Files(self.root, ordered, self.gaps, {**self._proposed, **added})

    def __getitem__(self, path: str) -> bytes:
        if path in self._proposed:
            return self._proposed[path]
        if path not in self.digests:
            raise KeyError(path)
        try:
            with open(f"{self.root}/{path}", "rb") as file:  # noqa: PTH123  # thousands of files: `Path` costs more than reading
                return file.read()
        except OSError:  # it was there a moment ago
            return b""

    def has_kind_of(self, path: str) -> bool:
        """Tell whether something of a name is there, whatever it is: a folder, a compiled module, a stub."""
        folder, _, name = path.rpartition("/")
        try:
            return any(each.partition(".")[0] == name for each in os.listdir(f"{self.root}/{folder}"))  # noqa: PTH208
        except OSError:
            return False

    def __contains__(self, path: object) -> bool:
        return path in self.digests

    def __iter__(self) -> Iterator[str]:
        return iter(self.digests)

    def __len__(self) -> int:
        return len(self.digests)


def with_content(files: Mapping[str, bytes], added: Mapping[str, bytes]) -> Mapping[str, bytes]:
    """Return files with some of them as they would be."""
    return files.proposing(added) if isinstance(files, Files) else {**files, **added}


def read_project(root: Path, config: Config, cache: Cache | None = None) -> Files:
    """Return every Python file that the rules judge: tests are not among them."""
    return read_all(root, config, cache)[0]


def read_tests(root: Path, config: Config, cache: Cache | None = None) -> Files:
    """Return the files of the tests."""
    return read_all(root, config, cache)[1]


def read_all(root: Path, config: Config, cache: Cache | None = None) -> tuple[Files, Files]:
    """Return the files of the program and those of its tests."""
    excluded, tests, front = (
        Globs(each) for each in (config.exclude, config.layers["tests"], config.layers["frontend"])
    )
    known = {} if cache is None else cache.index()
    index: dict[str, Indexed] = {}
    parts: tuple[dict[str, str], dict[str, str]] = ({}, {})
    gaps: list[str] = []
    settled = time_ns() - SETTLED
    found = [
        (path, state)
        for path, state in sorted(walk(str(root), gaps))
        if path in known or (not excluded.match(path) and (not is_front(path) or front.match(path)))
    ]
    unread = next((path for path, _ in found if is_front(path)), "")
    if unread and can_read_front():
        unread = ""
    for path, state in found:
        if unread and is_front(path):
            continue
        before = known.get(path)
        if before is not None and before[0] == state:
            index[path] = before
            parts[before[2]][path] = before[1]
            continue
        name, is_test = digest_of(f"{root}/{path}", path, gaps), tests.match(path)
        if name:
            parts[is_test][path] = name
            if state[0] < settled and state[3] < settled:
                index[path] = (state, name, is_test)
    if unread:
        gaps.append(f"{unread}: the front end is not judged; install what reads it: pip install 'arckode[frontend]'")
    if cache is not None and index != known:
        cache.keep_index(index)
    return Files(root, parts[0], tuple(sorted(gaps))), Files(root, parts[1])


def can_read_front() -> bool:
    """Tell whether the grammars of the extra `frontend` are installed."""
    return all(find_spec(name) is not None for name in ("tree_sitter", "tree_sitter_html", "tree_sitter_typescript"))


def digest_of(file: str, path: str, gaps: list[str]) -> str:
    """Return the digest of a file's content, or nothing when it has none to show."""
    try:
        with open(file, "rb") as stream:  # noqa: PTH123  # see above
            return content_name(stream.read(), path)
    except FileNotFoundError:
        return ""  # it vanished since the folder was listed: it is no part of the project any more
    except OSError as error:
        gaps.append(f"{path}: it cannot be read: {error.strerror}")
        return ""


def is_walked(path: str) -> bool:
    """Tell whether a file would be found where it is: it can be judged, and no folder on the way is left out."""
    *folders, name = path.split("/")
    return is_read(name, is_in_root=not folders) and not any(map(is_skipped, folders))


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
