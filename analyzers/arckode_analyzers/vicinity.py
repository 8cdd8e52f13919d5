"""What a proposed file can change, and what has to be known to say so: a small part of a large project.

The files that reach the proposed one by imports may act otherwise once it is saved; those that share a rare word with
it (a table, an event, a path) may agree with it no longer. What these import, in turn, says what their names mean.
A composition root imports everything: it is judged, and what it imports is looked at only where something else asks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from arckode_analyzers.config import Globs
from arckode_analyzers.files import module_name
from arckode_analyzers.links import COMMON, words_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

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


@dataclass(frozen=True, slots=True)
class Change:
    """The proposed file: what it holds now, None for a new one, and what it would hold."""

    path: str
    old: bytes | None
    new: bytes


@dataclass(frozen=True, slots=True)
class Vicinity:
    """The files to judge a change by, and those that have to be known for that."""

    judged: frozenset[str]
    known: frozenset[str]


def changed(links: Links, digests: Mapping[str, str]) -> frozenset[str] | None:
    """Return the files that are not as they were when they were linked; None when these are too many."""
    known = dict(zip(links.paths, links.digests, strict=True))
    found = frozenset(path for path, name in digests.items() if known.get(path) != name)
    return None if len(found) > _CHANGED else found


def around(
    links: Links, config: Config, change: Change, facts: Mapping[str, FileFacts], texts: Mapping[str, bytes]
) -> Vicinity | None:
    """Return what to judge a change beside, its own file included; None when that is no small part.

    `facts` and `texts` are those of the files that changed since they were linked, as they are now, and of the
    proposed one as it would be.
    """
    return _Graph(links, config, facts).vicinity(change, texts)


class _Graph:
    """The graph as it is now: what is stored, and over it what changed."""

    def __init__(self, links: Links, config: Config, facts: Mapping[str, FileFacts]) -> None:
        self._links = links
        # Half of a tree is no small part: judging all of it once is as fast as judging that twice.
        self._most = min(_MOST, len(links.paths) // 2)
        self._numbers = {path: number for number, path in enumerate(links.paths)}
        self._kernel = Globs(config.layers["kernel"])
        self._stored = Globs((*config.layers["migrations"], *config.layers["models"]))
        self._roots = Globs(config.layers["composition_root"])
        self._sources = (*links.roots, *config.sources)
        self._modules = {module_name(path, self._sources): path for path in facts}
        self._imports = {path: frozenset(self._imported(path, each)) for path, each in facts.items()}

    def vicinity(self, change: Change, texts: Mapping[str, bytes]) -> Vicinity | None:
        found = self._reaching(change.path)
        if found is None:
            return None
        found.update(self._alike(change, texts))
        known = self._with_imports(found, change.path)
        if known is None:
            return None
        # What the runtime does is known; only a proposal of its own, or one that it imports, makes it act otherwise.
        return Vicinity(frozenset(each for each in known if each in found or not self._kernel.match(each)), known)

    def _imported(self, path: str, facts: FileFacts) -> Iterator[str]:
        links = self._links
        module = module_name(path, self._sources)
        yield from (links.paths[number] for number in links.imported_by(path, module, facts))
        if self._modules.keys() - links.modules.keys():  # files that are new
            from arckode_analyzers.model.source import target_of

            for row in facts.imports:
                target = target_of(row, module, is_package=path.endswith("__init__.py"))
                yield from (self._modules[name] for name in (target, f"{target}.{row.name}") if name in self._modules)

    def _imports_of(self, path: str) -> frozenset[str]:
        if path in self._imports:
            return self._imports[path]
        number = self._numbers.get(path)
        return frozenset() if number is None else frozenset(self._links.paths[at] for at in self._links.imports[number])

    def _importers_of(self, path: str) -> Iterator[str]:
        number = self._numbers.get(path)
        if number is not None:
            yield from (self._links.paths[at] for at in self._links.importers[number])
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
        written = words_of(b"\n".join(sorted(before ^ after)))
        kept = words_of(old) | words_of(new)
        links = self._links
        numbers = {
            *links.sharing(place, self._at_most(_PLACES)),
            *links.sharing(written, self._at_most(_WRITTEN)),
            *links.sharing(kept, self._at_most(_WRITTEN if self._stored.match(change.path) else _KEPT)),
        }
        yield from (links.paths[number] for number in numbers)
        yield from (path for path, text in texts.items() if words_of(text) & (place | written))
        if change.old is None:  # nothing leads there yet
            yield from filter(self._roots.match, links.paths)

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


def _names(path: str) -> Iterator[str]:
    """Yield what a path may be named after: `create_line_items` is about `line_items`, and about `items`."""
    for part in path.rpartition(".")[0].split("/"):
        words = part.split("_")
        yield from ("_".join(words[at:]) for at in range(len(words)))
