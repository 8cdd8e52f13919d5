"""The gate's quick look: a proposal is judged beside the files that it can have to do with, not beside all.

That is done where an earlier `analyze` of the project left word of which those are. What a rule finds missing there may
be in a file that was left out: then the whole tree is asked what that rule says of that file, and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from arckode_analyzers import baseline, engine, judging, links, registry, vicinity
from arckode_analyzers.suppressions import UNUSED
from arckode_analyzers.walk import is_environment, is_front

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from arckode_analyzers.baseline import Entry
    from arckode_analyzers.cache import Cache
    from arckode_analyzers.config import Config
    from arckode_analyzers.engine import Verdict
    from arckode_analyzers.facts.records import FileFacts
    from arckode_analyzers.judging import Judged, Tree
    from arckode_analyzers.rule import Finding
    from arckode_analyzers.run import Proposal, Wanted
    from arckode_analyzers.selection import Selection
    from arckode_analyzers.vicinity import Vicinity

# What these report is that something is nowhere.
ABSENCE = frozenset(
    {"ARC002", "ARC105", "ARC208", "ARC304", "ARC503", "ARC504", "ARC602", "ARC603", "ARC604", "ARC706"}
)

# What no test shows: no other rule asks what tests do.
_SHOWN = "ARC503"

# What these compare is nothing but models and migrations.
STORED = frozenset({"ARC207", "ARC208"})

# So begin the codes of the rules that look at the front end only.
FRONT = "ARC7"

# A smaller tree is judged as a whole as fast.
LEAST = 150


@dataclass(frozen=True, slots=True)
class Compared:
    """The vicinity with the proposal in place, and what was known of it without."""

    after: Judged
    known: frozenset[Entry]


def judge(
    tree: Tree, config: Config, cache: Cache, selection: Selection | None, wanted: Wanted, *, least: int = LEAST
) -> Compared | None:
    """Judge what a proposal adds; None where only a look at the whole tree can tell.

    Raises:
        RuleCrash: a rule failed.
    """
    proposal = wanted.proposal
    if proposal is None or config.own_rules is not None or len(tree.files) < least:
        return None
    if is_environment(proposal.path):  # no import and no word leads from there to what reads it
        return None
    known = links.restored(cache.links(registry.fingerprint()))
    if known is None:
        return None
    part = _part(tree, config, cache, known, proposal)
    if part is None:
        return None
    return _compared(part, config, cache, lambda said: judging.settled(said, config, selection, wanted.today))


def _compared(part: _Part, config: Config, cache: Cache, settled: Callable[[Verdict], Judged]) -> Compared:
    verdict = part.verdict(config, cache, proposed=True)
    after = settled(verdict)
    if not after.kept:
        return Compared(after, frozenset())
    whole = engine.remembered(part.before.files, part.before.tests, config, cache)
    if whole is not None and not part.vicinity.is_partial:
        entries = _entries(settled(whole))
        if not _Doubts.of(after, entries).paths:  # where nothing seems to be missing, what was said of all is enough
            return Compared(after, entries)
    before = part.verdict(config, cache, proposed=False)
    entries = _entries(settled(before))
    doubts = _Doubts.of(after, entries)
    if doubts.paths:
        after = settled(doubts.settled(verdict, part.certainly(doubts.codes, config, cache, proposed=True)))
        if _Doubts.of(after, entries).paths:
            said = whole.findings if whole else part.certainly(doubts.codes, config, cache, proposed=False)
            entries = _entries(settled(doubts.settled(before, said)))
    return Compared(after, entries)


def _entries(judged: Judged) -> frozenset[Entry]:
    return frozenset(entry for entry, _ in baseline.entries(judged.outcome.findings))


@dataclass(frozen=True, slots=True)
class _Doubts:
    """The rules that find something missing, and where they do: only the whole tree tells whether it is."""

    codes: frozenset[str]
    paths: frozenset[str]

    @classmethod
    def of(cls, judged: Judged, known: frozenset[Entry]) -> _Doubts:
        """Return what a verdict on a part leaves in doubt: what is new in it, and asked for."""
        shown = frozenset(each for each in judged.kept if each.code in ABSENCE)
        found = [each for each in baseline.compare(judged.outcome.findings, known).new if each in shown]
        return cls(frozenset(code for each in found for code in _meant(each)), frozenset(each.path for each in found))

    def settled(self, verdict: Verdict, said: Iterable[Finding]) -> Verdict:
        """Put what the whole tree says in place of what is in doubt."""
        left = [each for each in verdict.findings if not self._concern(each)]
        found = sorted((*left, *filter(self._concern, said)), key=lambda each: each.order)
        return replace(verdict, findings=tuple(found))

    def _concern(self, found: Finding) -> bool:
        return found.code in self.codes and found.path in self.paths


def _meant(found: Finding) -> Iterable[str]:
    """Return the rules that a finding depends on: an idle suppression on those that it names."""
    return found.callee.split(",") if found.code == UNUSED else (found.code,)


@dataclass(frozen=True, slots=True)
class _Part:
    """The vicinity of a proposal: the trees without and with it, and the facts of both."""

    vicinity: Vicinity
    roots: tuple[str, ...]
    before: Tree
    after: Tree
    facts: Mapping[str, FileFacts]
    fresh: Mapping[str, FileFacts]

    def verdict(self, config: Config, cache: Cache, *, proposed: bool) -> engine.Verdict:
        tree = self.after if proposed else self.before
        facts = {**self.facts, **self.fresh} if proposed else self.facts
        paths = sorted(self.vicinity.known)
        files = {each: tree.files[each] for each in paths if each in tree.files}
        known = (
            {each: facts[each] for each in files if each in facts},
            {each: facts[each] for each in paths if each in tree.tests and each in facts},
        )
        wanted, idle = self.vicinity.judged, self._idle()
        return engine.judge_part(files, known, config=config, cache=cache, roots=self.roots, wanted=wanted, idle=idle)

    def _idle(self) -> frozenset[str]:
        """Return the rules that have nothing to look at, or say what they said before."""
        idle = frozenset() if self.vicinity.is_stored else STORED
        if any(map(is_front, self.vicinity.judged)):
            return idle
        return idle | {code for code in registry.codes() if code.startswith(FRONT)}

    def certainly(self, codes: frozenset[str], config: Config, cache: Cache, *, proposed: bool) -> tuple[Finding, ...]:
        """Return what some rules find when they look at the same files in the light of all."""
        tree = self.after if proposed else self.before
        trees = (tree.files, tree.tests if _SHOWN in codes else {})
        return engine.judge_certainly(trees, config, cache, codes=codes, wanted=self.vicinity.judged)


def _part(tree: Tree, config: Config, cache: Cache, known: links.Links, proposal: Proposal) -> _Part | None:
    path, content = proposal.path, proposal.content
    digests = {**engine.digests_of(tree.files), **engine.digests_of(tree.tests)}
    changed = vicinity.changed(known, digests)
    if changed is None:
        return None
    texts = {each: _text(tree, each) for each in changed}
    old = _text(tree, path) if path in digests else None
    facts = _parsed({**texts, **({} if old is None else {path: old})})
    fresh = _parsed({path: content})
    now = {**{each: facts[each] for each in changed if each in facts}, **fresh}
    change = vicinity.Change(path, old, content)
    found = vicinity.around(known, config, change, now, texts, read=lambda other: _text(tree, other))
    if found is None:
        return None
    wanted = {each: digests[each] for each in found.known if each in digests and each not in facts}
    packed = cache.facts_of(frozenset(wanted.values()))
    if any(name not in packed for each, name in wanted.items() if each not in changed):
        return None
    stored = {each: _unpacked(name, packed[name]) for each, name in wanted.items() if name in packed}
    return _Part(found, known.roots, tree, tree.with_file(path, content, config), {**stored, **facts}, fresh)


def _text(tree: Tree, path: str) -> bytes:
    return tree.files[path] if path in tree.files else tree.tests[path]


def _parsed(texts: Mapping[str, bytes]) -> dict[str, FileFacts]:
    """Return the facts of files that can be read."""
    found = {path: _read(path, text) for path, text in texts.items()}
    return {path: facts for path, facts in found.items() if facts is not None}


# A process that stays is asked about the same files again and again.
@lru_cache(maxsize=64)
def _read(path: str, text: bytes) -> FileFacts | None:
    from arckode_analyzers.facts.reading import facts_of, read_facts  # the parser: only once something is judged

    _, packed, problem = read_facts({path: text}, [path], lambda _content, _path: "")[path]
    return None if problem else facts_of(packed)


@lru_cache(maxsize=2000)
def _unpacked(name: str, packed: bytes) -> FileFacts:  # noqa: ARG001  # the name is what tells them apart at once
    from arckode_analyzers.facts.reading import facts_of

    return facts_of(packed)
