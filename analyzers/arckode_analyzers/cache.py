"""What earlier runs learned about files and trees.

Facts are kept per content, so that a moved or touched file costs nothing; the verdict is kept for the whole tree.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, cast

from arckode_analyzers import signed
from arckode_analyzers.facts.records import VERSION
from arckode_analyzers.signed import digest
from arckode_analyzers.walk import is_environment, is_front

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from pathlib import Path

__all__ = ["Cache", "Indexed", "State", "content_name", "digest"]
State: TypeAlias = tuple[int, int, int, int]
Indexed: TypeAlias = tuple[State, str, bool]
_LAST = "last"
# Facts are kept in parts by how their names begin, so that a few of them are found without reading all.
_SHARD = 2


def content_name(content: bytes, path: str) -> str:
    """Name what a file holds; the ending is part of it where it says which language that is."""
    has_language = is_front(path) or is_environment(path)
    return digest(path.rpartition(".")[2].encode(), content) if has_language else digest(content)


@dataclass(frozen=True, slots=True)
class Cache:
    """A folder for one configuration; it ignores itself in git. Without a key there is no cache.

    With `keeps` off nothing is written: somebody asks about a file that is not saved, and nothing of it may stay.
    """

    folder: Path
    configuration: str = ""
    key: bytes | None = None
    keeps: bool = True

    def index(self) -> dict[str, Indexed]:
        """Return what files looked like, which content they had and where they belong, by path."""
        return cast("dict[str, Indexed]", self._loaded("index.bin"))

    def keep_index(self, index: dict[str, Indexed]) -> None:
        self._write("index.bin", index)

    def facts(self, digests: Iterable[str]) -> dict[str, bytes]:
        """Return the packed facts that are known of some contents."""
        known: dict[str, bytes] = {}
        for shard in sorted({each[:_SHARD] for each in digests}):
            known.update(cast("dict[str, bytes]", self._loaded(f"facts-{shard}.bin")))
        return known

    def facts_of(self, digests: Collection[str]) -> dict[str, bytes]:
        """Return the packed facts that are known of just these contents."""
        known: dict[str, bytes] = {}
        for shard in sorted({each[:_SHARD] for each in digests}):
            loaded = cast("dict[str, bytes]", self._loaded(f"facts-{shard}.bin"))
            known.update((each, loaded[each]) for each in digests if each in loaded)
        return known

    def keep_facts(self, facts: dict[str, bytes], changed: Iterable[str]) -> None:
        """Write the parts that something was added to or is no longer needed in."""
        shards: dict[str, dict[str, bytes]] = {each[:_SHARD]: {} for each in changed}
        for each, packed in facts.items():
            if each[:_SHARD] in shards:
                shards[each[:_SHARD]][each] = packed
        for shard in sorted(shards):
            self._write(f"facts-{shard}.bin", shards[shard])

    def exchange_facts(self, old: Iterable[str], new: Mapping[str, bytes]) -> None:
        """Put the facts of some contents in place of those of others."""
        gone = frozenset(old) - new.keys()
        for shard in sorted({each[:_SHARD] for each in (*gone, *new)}):
            kept = cast("dict[str, bytes]", self._loaded(f"facts-{shard}.bin"))
            left = {each: packed for each, packed in kept.items() if each not in gone}
            added = {each: packed for each, packed in new.items() if each[:_SHARD] == shard}
            self._write(f"facts-{shard}.bin", left | added)

    def links(self, stamp: str) -> Mapping[str, object]:
        """Return which files of the tree that was judged last are linked, by the same version of the analyzer."""
        return cast("Mapping[str, object]", self._loaded("links.bin").get(stamp, {}))

    def keep_links(self, stamp: str, links: Mapping[str, object]) -> None:
        self._write("links.bin", {stamp: links})

    def statements(self, stamp: str) -> dict[str, tuple[tuple[object, ...], ...]]:
        """Return what SQL statements were found to do, by the same version of the analyzer."""
        known = self._loaded("statements.bin").get(stamp, {})
        return cast("dict[str, tuple[tuple[object, ...], ...]]", known)

    def keep_statements(self, stamp: str, statements: Mapping[str, tuple[tuple[object, ...], ...]]) -> None:
        self._write("statements.bin", {stamp: dict(statements)})

    def verdict(self, key: str) -> object:
        """Return what was decided about exactly this tree, or None."""
        return self._loaded("verdict.bin").get(key)

    def keep_verdict(self, key: str, verdict: object, tree: object = None) -> None:
        """Keep a verdict, and beside it what describes the tree that it is about."""
        self._write("verdict.bin", {key: verdict, _LAST: (tree, verdict)})

    def last_verdict(self) -> tuple[object, object]:
        """Return the description of the tree that was judged last, and the verdict; None for what is not known."""
        return cast("tuple[object, object]", self._loaded("verdict.bin").get(_LAST, (None, None)))

    def _loaded(self, name: str) -> dict[str, object]:
        return signed.load(str(self.folder), name, self._stamp, self._key)

    def _write(self, name: str, document: Mapping[str, object]) -> None:
        if self.keeps:
            signed.store(str(self.folder), name, self._stamp, self._key, document)

    @property
    def _stamp(self) -> str:
        return f"{VERSION} {self.configuration}"

    @property
    def _key(self) -> bytes:
        return signed.own_key() if self.key is None else self.key
