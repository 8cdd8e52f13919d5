"""Which files of a tree may have to do with each other, kept beside the verdict: a gate asks about one file at a time.

Two files are linked where one imports the other, and where they share a word that few files have: a table, an event, a
path or a permission joins what no import does. Words are kept as numbers that two may share, which links too much and
never too little.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, cast
from zlib import crc32

from arckode_analyzers.config import Globs
from arckode_analyzers.files import module_name
from arckode_analyzers.model.front import possible_files
from arckode_analyzers.model.source import target_of
from arckode_analyzers.walk import is_environment, is_front

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from arckode_analyzers.config import Config
    from arckode_analyzers.facts.records import FileFacts

# A word in more files than this says nothing about any of them.
COMMON = 200
_STILL_SERVES = 3
_GENERIC = frozenset({"model", "models", "migrations", "versions"})
_WORD = re.compile(rb"[A-Za-z_][A-Za-z0-9_]+")
_QUOTED = re.compile(rb"""["'`]([^"'`\s]{2,80})["'`]""")


@dataclass(frozen=True, slots=True)
class Links:
    """The files by number; `imports` and `importers` hold numbers, `heads`, `starts` and `places` the words.

    `awaited` are the files that import a module of the project which is not there yet. Paths alone tell what is last:
    the composition roots, one file of some module, and the models and migrations by what they may be named after.
    """

    paths: tuple[str, ...]
    digests: tuple[str, ...]
    roots: tuple[str, ...]
    modules: Mapping[str, int]
    imports: tuple[tuple[int, ...], ...]
    importers: tuple[tuple[int, ...], ...]
    awaited: Mapping[str, tuple[int, ...]]
    heads: bytes
    starts: bytes
    places: bytes
    composing: tuple[str, ...]
    in_module: tuple[str, ...]
    stored_as: Mapping[str, tuple[str, ...]]

    def sharing(self, words: Iterable[int], most: int) -> Iterator[int]:
        """Yield the files that hold one of some words, leaving out words that more than so many hold."""
        heads, starts, places = (memoryview(each).cast("I") for each in (self.heads, self.starts, self.places))
        for word in words:
            at = bisect_left(heads, word)
            if at < len(heads) and heads[at] == word and starts[at + 1] - starts[at] <= most:
                yield from places[starts[at] : starts[at + 1]]

    def imported_by(self, path: str, module: str, facts: FileFacts) -> Iterator[int]:
        """Yield the files that one file imports, as it is now."""
        yield from _imported(path, module, facts, self.modules)

    def stored(self) -> dict[str, object]:
        """Return plain values, which is all that a cache holds."""
        return {name: getattr(self, name) for name in self.__slots__}


def restored(document: Mapping[str, object]) -> Links | None:
    """Return what was stored, or None."""
    return Links(**cast("dict[str, tuple[str, ...]]", document)) if document else None  # type: ignore[arg-type]  # signed


def serves(links: Links | None, trees: Sequence[tuple[object, Mapping[str, str]]], roots: tuple[str, ...]) -> bool:
    """Tell whether links still do: who asks takes a few changed files as they are now, but no other files."""
    if links is None or links.roots != roots:
        return False
    digests = {path: name for _, names in trees for path, name in names.items()}
    if links.paths != tuple(digests):
        return False
    return sum(one != other for one, other in zip(links.digests, digests.values(), strict=True)) <= _STILL_SERVES


def build(
    trees: Sequence[tuple[Mapping[str, bytes], Mapping[str, str]]],
    facts: Mapping[str, FileFacts],
    roots: tuple[str, ...],
    config: Config,
) -> Links:
    """Link the files of some trees, each with its digests; `facts` is what is known of those that could be read."""
    texts = {path: files for files, digests in trees for path in digests}
    digests = {path: name for _, names in trees for path, name in names.items()}
    paths = tuple(digests)
    modules = {path: import_name(path, (*roots, *config.sources)) for path in paths}
    numbers = {module: number for number, module in enumerate(modules.values())}
    imports = tuple(
        tuple(sorted(set(_imported(path, modules[path], facts[path], numbers)))) if path in facts else ()
        for path in paths
    )
    importers: list[list[int]] = [[] for _ in paths]
    for number, found in enumerate(imports):
        for other in found:
            importers[other].append(number)
    awaited: dict[str, list[int]] = {}
    heads_of = {name.partition(".")[0] for name in numbers}
    for number, path in enumerate(paths):
        for name in _awaited(path, modules[path], facts.get(path), numbers, heads_of):
            awaited.setdefault(name, []).append(number)
    heads, starts, places = _postings(_said(path, texts[path]) | words_of(path.encode()) for path in paths)
    return Links(
        paths,
        tuple(digests.values()),
        roots,
        numbers,
        imports,
        tuple(map(tuple, importers)),
        {name: tuple(found) for name, found in awaited.items()},
        heads,
        starts,
        places,
        tuple(filter(Globs(config.layers["composition_root"]).match, paths)),
        tuple(islice(filter(Globs(config.layers["modules"]).match, paths), 1)),
        _stored_as(paths, config),
    )


def _stored_as(paths: tuple[str, ...], config: Config) -> dict[str, tuple[str, ...]]:
    is_stored = Globs((*config.layers["migrations"], *config.layers["models"]))
    found: dict[str, list[str]] = {}
    for path in filter(is_stored.match, paths):
        folder, _, stem = path.rpartition(".")[0].rpartition("/")
        for name in {folder.rpartition("/")[2], *endings(stem)} - _GENERIC:
            found.setdefault(name, []).append(path)
    return {name: tuple(each) for name, each in found.items()}


def endings(name: str) -> Iterator[str]:
    """Yield what a name may be about: `create_line_items` is about `line_items`, and about `items`."""
    words = name.split("_")
    yield from ("_".join(words[at:]) for at in range(len(words)))


def words_of(text: bytes) -> set[int]:
    """Return the words of a text, and what stands in quotes, which is rarer than the same words outside of them."""
    return {crc32(word) for word in _WORD.findall(text)} | quoted_in(text)


def quoted_in(text: bytes) -> set[int]:
    """Return what stands in quotes: all of it, and the first word of a name with dots, as of an event."""
    quoted = _QUOTED.findall(text)
    heads = {each.partition(b".")[0] for each in quoted if b"." in each}
    return {crc32(b'"' + each) for each in quoted} | set(map(quoted_head, heads))


def quoted_head(word: bytes) -> int:
    """Return what stands for the names in quotes that begin with a word and a dot."""
    return crc32(b'"' + word + b".")


def _said(path: str, files: Mapping[str, bytes]) -> set[int]:
    """Return the words of a file; not of one of the environment, which may be secret."""
    return set() if is_environment(path) else words_of(files[path])


def import_name(path: str, sources: tuple[str, ...]) -> str:
    """Return what a file is imported as: its module, or in the front end its path."""
    return path if is_front(path) else module_name(path, sources)


def _imported(path: str, module: str, facts: FileFacts, numbers: Mapping[str, int]) -> Iterator[int]:
    for row in facts.imports:
        target = target_of(row, module, is_package=path.endswith("__init__.py"))
        for name in (target, f"{target}.{row.name}"):
            if name in numbers:
                yield numbers[name]
    for mark in facts.marks:
        meant = possible_files(path, mark.name) if mark.what == "import" else ()
        yield from (numbers[name] for name in meant if name in numbers)


def _awaited(
    path: str, module: str, facts: FileFacts | None, numbers: Mapping[str, int], heads: AbstractSet[str]
) -> set[str]:
    """Return the names that a file imports from the project, and that are no file of it: some may become one."""
    if facts is None:
        return set()
    found: set[str] = set()
    for row in facts.imports:
        target = target_of(row, module, is_package=path.endswith("__init__.py"))
        if target.partition(".")[0] in heads and target not in numbers:
            found |= {target, f"{target}.{row.name}"}
        elif target in numbers and f"{target}.{row.name}" not in numbers:
            found.add(f"{target}.{row.name}")
    for mark in facts.marks:
        if mark.what == "import":
            found.update(name for name in possible_files(path, mark.name) if name not in numbers)
    return found


def _postings(files: Iterable[set[int]]) -> tuple[bytes, bytes, bytes]:
    found: dict[int, list[int]] = {}
    for number, words in enumerate(files):
        for word in words:
            found.setdefault(word, []).append(number)
    kept: Sequence[tuple[int, list[int]]] = sorted(
        (word, numbers) for word, numbers in found.items() if len(numbers) <= COMMON
    )
    starts, places = array("I", [0]), array("I")
    for _, numbers in kept:
        places.extend(numbers)
        starts.append(len(places))
    return array("I", (word for word, _ in kept)).tobytes(), starts.tobytes(), places.tobytes()
