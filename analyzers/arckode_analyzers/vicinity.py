"""What a proposed file can change, and what has to be known to say so: a small part of a large project.

The files that reach the proposed one by imports may act otherwise once it is saved; those that share a rare word with
it (a table, an event, a path) may agree with it no longer. What these import, in turn, says what their names mean.
What lies in one folder belongs together, and a table is named after its module, however common these words are.
A composition root imports everything: it is judged, and what it imports is looked at only where something else asks.
Where it is itself what is proposed, the lines that changed tell what of all that matters.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from arckode_analyzers.config import Globs
from arckode_analyzers.links import COMMON, endings, import_name, quoted_head, quoted_in, words_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from collections.abc import Set as AbstractSet

    from arckode_analyzers.config import Config
    from arckode_analyzers.facts.records import FileFacts
    from arckode_analyzers.links import Links

# More imports than this make a file that joins others, such as a composition root.
_HUB = 25
# In how many files a word may be that joins, and in which part of them: one of the path, one that was written or taken
# out, any other. In a migration and in a model a word is more often a table or a column.
_PLACES, _WRITTEN, _KEPT = (COMMON, 4), (40, 8), (6, 16)
_MOST = 400
_CHANGED = 40
# A folder of more files than this holds what is alike, not what belongs together.
_TOGETHER = 60
_MODULE = re.compile(r"(?:.*/)?modules/[^/]+/")
# Without one of these a file says nothing of a table.
_DECLARES = re.compile(rb"[Tt]able|[Cc]olumn|Mapped|MetaData")
_SPOKEN = re.compile(rb"[A-Za-z_][A-Za-z0-9_]+")


@dataclass(frozen=True, slots=True)
class Change:
    """The proposed file: what it holds now, None for a new one, and what it would hold."""

    path: str
    old: bytes | None
    new: bytes


@dataclass(frozen=True, slots=True)
class Vicinity:
    """The files to judge a change by, and those that have to be known for that.

    `is_stored` tells whether tables may be others, `is_partial` that not all is known which the proposal imports.
    """

    judged: frozenset[str]
    known: frozenset[str]
    is_stored: bool
    is_partial: bool


def changed(links: Links, digests: Mapping[str, str]) -> frozenset[str] | None:
    """Return the files that are not as they were when they were linked; None when these are too many."""
    if tuple(digests) == links.paths:  # nothing came or went
        pairs = zip(links.digests, digests.items(), strict=True)
        found = frozenset(path for before, (path, name) in pairs if before != name)
    else:
        known = dict(zip(links.paths, links.digests, strict=True))
        found = frozenset(path for path, name in digests.items() if known.get(path) != name)
    return None if len(found) > _CHANGED else found


def around(
    links: Links,
    config: Config,
    change: Change,
    facts: Mapping[str, FileFacts],
    texts: Mapping[str, bytes],
    *,
    read: Callable[[str], bytes],
) -> Vicinity | None:
    """Return what to judge a change beside, its own file included; None when that is no small part.

    `facts` and `texts` are those of the files that changed since they were linked, as they are now, and of the
    proposed one as it would be; `read` returns what any other holds.
    """
    return _Graph(links, config, facts).vicinity(change, texts, read)


@lru_cache(maxsize=4)  # a process that stays asks about the same tree again and again
def _numbers(paths: tuple[str, ...]) -> Mapping[str, int]:
    return {path: number for number, path in enumerate(paths)}


@lru_cache(maxsize=4)
def _first(paths: tuple[str, ...], patterns: tuple[str, ...]) -> str:
    return next(filter(Globs(patterns).match, paths), "")


class _Graph:
    """The graph as it is now: what is stored, and over it what changed."""

    def __init__(self, links: Links, config: Config, facts: Mapping[str, FileFacts]) -> None:
        self._links = links
        # Half of a tree is no small part: judging all of it once is as fast as judging that twice.
        self._most = min(_MOST, len(links.paths) // 2)
        self._kernel = Globs(config.layers["kernel"])
        self._controllers = config.layers["controllers"]
        self._migrations = Globs(config.layers["migrations"])
        self._stored = Globs((*config.layers["migrations"], *config.layers["models"]))
        roots, modules = config.layers["composition_root"], config.layers["modules"]
        self._roots, self._in_modules = Globs(roots), Globs(modules)
        self._numbers = _numbers(links.paths)
        self._sources = (*links.roots, *config.sources)
        self._joined = Globs((*modules, *config.layers["connectors"]))
        self._facts = facts
        self._modules = {import_name(path, self._sources): path for path in facts}
        self._imports = {path: frozenset(self._imported(path, each)) for path, each in facts.items()}

    def vicinity(self, change: Change, texts: Mapping[str, bytes], read: Callable[[str], bytes]) -> Vicinity | None:
        found = None if self._founds(change) else self._reaching(change.path)
        if found is None:
            return None
        found.update(self._into(change))
        is_partial = self._joins(change.path)
        said = _moved(change) if is_partial else change
        alike = set(self._alike(said, texts)) - found
        # A word of the runtime's may tell something of the proposal; what the runtime says itself stays as it was.
        apart = set() if self._kernel.match(change.path) else {each for each in alike if self._kernel.match(each)}
        reaching = frozenset(found)
        is_stored = self._is_stored(said, reaching)
        found |= alike - apart
        if is_stored:
            found.update(self._of_tables(change, alike, read))
        found.update(self._together(change.path, texts))
        found.update(self._spoken_of(said))
        if is_partial:
            self._imports = {**self._imports, change.path: self._of_lines(said)}
        known = self._with_imports(found | apart, change.path)
        if known is None:
            return None
        # They show of which kind a project is: some rules judge nothing where that is not to be seen.
        anchors = frozenset((*self._links.composing, *self._links.in_module))
        # What the runtime does is known; only a proposal of its own, or one that it imports, makes it act otherwise.
        judged = frozenset(each for each in known if each in found or not self._kernel.match(each))
        if not is_stored:  # its migrations are as good as they were
            judged = frozenset(each for each in judged if not self._migrations.match(each))
        return Vicinity(judged, known | anchors, is_stored, is_partial)

    def _joins(self, path: str) -> bool:
        """Tell whether the proposed file is one that joins many others, or was."""
        return path in self._facts and (self._is_hub(path) or len(self._linked(path)) > _HUB)

    def _of_lines(self, said: Change) -> frozenset[str]:
        """Return what a file imports, less the modules and connectors that the lines in question do not name."""
        facts = self._facts[said.path]
        spoken = {each.decode() for each in _SPOKEN.findall((said.old or b"") + b"\n" + said.new)}
        named = facts._replace(imports=tuple(row for row in facts.imports if row.local in spoken))
        others = (each for each in self._imports[said.path] if not self._joined.match(each))
        return frozenset((*others, *self._imported(said.path, named)))

    def _is_stored(self, change: Change, reaching: AbstractSet[str]) -> bool:
        """Tell whether the proposal says, or said, something of a table, by itself or to a model or migration."""
        said = _DECLARES.search(change.new) or (change.old is not None and _DECLARES.search(change.old))
        return bool(said) or any(self._stored.match(each) for each in reaching)

    def _founds(self, change: Change) -> bool:
        """Tell whether a new file makes the project one of another kind: with a root, settings, modules or routes."""
        if change.old is not None:
            return False
        is_first = self._links.composing and not self._links.in_module and self._in_modules.match(change.path)
        is_alone = self._roots.match(change.path) or change.path.endswith("/settings.py")
        return bool(is_first or is_alone or self._opens(change.path))

    def _opens(self, path: str) -> bool:
        """Tell whether a new file holds the first routes."""
        return Globs(self._controllers).match(path) and not _first(self._links.paths, self._controllers)

    def _into(self, change: Change) -> Iterator[str]:
        """Yield who reaches into a folder that becomes a package: what was a file there is internal to it now."""
        folder, _, name = change.path.rpartition("/")
        if change.old is None and name == "__init__.py":
            for path in self._links.paths:
                if path.startswith(f"{folder}/"):
                    yield from self._importers_of(path)

    def _of_tables(self, change: Change, alike: Iterable[str], read: Callable[[str], bytes]) -> Iterator[str]:
        """Yield the models and migrations that a name of a table leads to by way of a constant somewhere else."""
        for path in alike:
            if not self._is_hub(path):
                yield from filter(self._stored.match, self._importers_of(path))
        for path in self._imports_of(change.path):
            if not (self._is_hub(path) or self._kernel.match(path) or self._in_modules.match(path)):
                text = read(path)
                yield from self._spoken_of(Change(path, None, text))
                quoted = self._links.sharing(quoted_in(text), self._at_most(_WRITTEN))
                yield from filter(self._stored.match, (self._links.paths[number] for number in quoted))

    def _together(self, path: str, others: Iterable[str]) -> list[str]:
        """Return the files of one folder, or of a whole module."""
        module = _MODULE.match(path)
        folder = module[0] if module else f"{path.rpartition('/')[0]}/"
        found = [
            each
            for each in (*self._links.paths, *others)
            if each.startswith(folder) and (module or "/" not in each[len(folder) :])
        ]
        return found if len(found) <= _TOGETHER else []

    def _spoken_of(self, change: Change) -> Iterator[str]:
        """Yield the models and migrations that are named after something that the proposal or its path names."""
        spoken = {*_SPOKEN.findall(change.old or b""), *_SPOKEN.findall(change.new)}
        for name in {*(each.decode().lower() for each in spoken), *_names(change.path)} & self._links.stored_as.keys():
            yield from self._links.stored_as[name]

    def _imported(self, path: str, facts: FileFacts) -> Iterator[str]:
        links = self._links
        module = import_name(path, self._sources)
        yield from (links.paths[number] for number in links.imported_by(path, module, facts))
        if self._modules.keys() - links.modules.keys():  # files that are new
            from arckode_analyzers.model.front import possible_files
            from arckode_analyzers.model.source import target_of

            for row in facts.imports:
                target = target_of(row, module, is_package=path.endswith("__init__.py"))
                yield from (self._modules[name] for name in (target, f"{target}.{row.name}") if name in self._modules)
            meant = (possible_files(path, mark.name) for mark in facts.marks if mark.what == "import")
            yield from (self._modules[name] for names in meant for name in names if name in self._modules)

    def _imports_of(self, path: str) -> frozenset[str]:
        return self._imports[path] if path in self._imports else self._linked(path)

    def _linked(self, path: str) -> frozenset[str]:
        number = self._numbers.get(path)
        return frozenset() if number is None else frozenset(self._links.paths[at] for at in self._links.imports[number])

    def _importers_of(self, path: str) -> Iterator[str]:
        number = self._numbers.get(path)
        if number is not None:
            yield from (self._links.paths[at] for at in self._links.importers[number])
        else:
            awaited = self._links.awaited.get(import_name(path, self._sources), ())
            yield from (self._links.paths[at] for at in awaited)
        yield from (other for other, found in self._imports.items() if path in found)

    def _reaching(self, path: str) -> set[str] | None:
        """Return the files from which imports lead to one, no further than to the hubs among them."""
        found, pending = {path}, [path]
        while pending:
            each = pending.pop()
            if each != path and self._is_hub(each):
                continue
            for other in self._importers_of(each):
                if other not in found:
                    found.add(other)
                    pending.append(other)
            if len(found) > self._most:
                return None
        return found

    def _alike(self, change: Change, texts: Mapping[str, bytes]) -> Iterator[str]:
        """Yield the files that share what changed, where the file is, or what it says and hardly any other does."""
        old, new = change.old or b"", change.new
        before, after = frozenset(old.splitlines()), frozenset(new.splitlines())
        place = words_of(" ".join(_names(change.path)).encode())
        module = _MODULE.match(change.path)
        if change.old is None and module and not self._together(change.path, ()):  # what is named after it has an owner
            place.add(quoted_head(module[0].split("/")[-2].encode()))
        written = words_of(b"\n".join(sorted(before ^ after)))
        kept = words_of(old) | words_of(new)
        links = self._links
        numbers = {
            *links.sharing(place, self._at_most(_PLACES)),
            *links.sharing(written, self._at_most(_WRITTEN)),
            *links.sharing(quoted_in(b"\n".join(sorted(before ^ after))), self._at_most(_PLACES)),
            *links.sharing(kept, self._at_most(_WRITTEN if self._stored.match(change.path) else _KEPT)),
        }
        yield from (links.paths[number] for number in numbers)
        yield from (path for path, text in texts.items() if words_of(text) & (place | written))
        if change.old is None:  # nothing leads there yet
            yield from self._links.composing

    def _at_most(self, bounds: tuple[int, int]) -> int:
        most, part = bounds
        return min(most, len(self._links.paths) // part)

    def _with_imports(self, found: set[str], proposed: str) -> frozenset[str] | None:
        known, pending = set(found), list(found)
        while pending:
            each = pending.pop()
            if each != proposed and self._is_hub(each):
                continue
            for other in self._imports_of(each):
                if other not in known:
                    known.add(other)
                    pending.append(other)
            if len(known) > self._most:
                return None
        return frozenset(known)

    def _is_hub(self, path: str) -> bool:
        return len(self._imports_of(path)) > _HUB


def _moved(change: Change) -> Change:
    """Return the lines of a change that are not where they were, with those that came and went."""
    from difflib import SequenceMatcher  # for a file that joins others only

    old, new = (change.old or b"").splitlines(), change.new.splitlines()
    moved = [each for each in SequenceMatcher(None, old, new, autojunk=False).get_opcodes() if each[0] != "equal"]
    before = b"\n".join(line for _, start, end, _, _ in moved for line in old[start:end])
    after = b"\n".join(line for _, _, _, start, end in moved for line in new[start:end])
    return Change(change.path, None if change.old is None else before, after)


def _names(path: str) -> Iterator[str]:
    """Yield what a path may be named after."""
    for part in path.rpartition(".")[0].split("/"):
        yield from endings(part)
