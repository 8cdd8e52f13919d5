"""One analysis as a command asks for it: the verdict, less suppressions and baseline, of what is to be shown."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from arckode_analyzers import baseline, config, gate, judging, layout_note, meta
from arckode_analyzers.cache import Cache

if TYPE_CHECKING:
    from pathlib import Path

    from arckode_analyzers.against import Base
    from arckode_analyzers.baseline import Entry
    from arckode_analyzers.config import Config
    from arckode_analyzers.judging import Judged, Tree
    from arckode_analyzers.own_rules import OwnRules
    from arckode_analyzers.rule import Finding
    from arckode_analyzers.selection import Selection
    from arckode_analyzers.suppressions import Suppression

CACHE = ".arckode/cache"
_MANIFEST = ".arckode/project.json"


@dataclass(frozen=True, slots=True)
class Proposal:
    """A file as somebody is about to save it; with `only_added`, what it has already does not count."""

    path: str
    content: bytes
    only_added: bool = False


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to analyse and what to show; paths are relative to the root, `today` is an ISO date.

    `selection` holds the command line's words over the configuration's. `against` is the branch whose findings do not
    count. With a `proposal`, what it causes is shown and nothing is written.
    """

    root: Path
    today: str
    paths: tuple[str, ...] = ()
    selection: Selection | None = None
    baseline_file: str = ""
    known: frozenset[Entry] = frozenset()
    use_cache: bool = True
    against: str = ""
    proposal: Proposal | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What is shown; `all_findings` is the whole tree's, before the baseline and the choice of paths.

    `known` are in the baseline, `before` on the branch compared with. `foreign` says that the layout is not arckode's
    and nobody configured another.
    """

    findings: tuple[Finding, ...]
    all_findings: tuple[Finding, ...]
    suppressions: tuple[Suppression, ...]
    incomplete: tuple[str, ...]
    files: int
    calls: int
    unresolved: int
    known: int = 0
    parsed: int = 0
    before: int = 0
    foreign: str = ""
    selection: Selection | None = None
    own_rules: OwnRules | None = None

    @property
    def suppressed(self) -> int:
        return sum(row.silenced for row in self.suppressions)

    def count(self, severity: str) -> int:
        return sum(finding.severity == severity for finding in self.findings)

    def without_stale(self) -> Report:
        """Leave out what the baseline lists in vain, for when it is being taken out."""
        return replace(self, findings=tuple(each for each in self.findings if each.code != baseline.STALE))

    def runs(self, code: str) -> bool:
        """Tell whether a rule counted in this run."""
        return self.selection is None or self.selection.runs(code)


def analyse(wanted: Wanted) -> Report:
    """Run the analysis.

    Raises:
        ConfigurationError: `[tool.arckode]` or a chosen rule is wrong, or there is nothing to compare with.
        RuleCrash: a rule failed.
    """
    chosen = config.load(wanted.root)
    selection = _selection(chosen, wanted.selection)
    cache = _cache(wanted, chosen)
    tree = judging.read(wanted.root, chosen, cache)
    proposal = wanted.proposal
    if cache is not None and proposal is not None and proposal.only_added:
        seen = gate.judge(tree, chosen, cache, selection, wanted)
        if seen is None and len(tree.files) >= gate.LEAST:
            # What is on the disk has to be judged as a whole anyway: whoever asks next need not wait for that again.
            keeping = replace(cache, keeps=True)
            judging.judge(judging.read(wanted.root, chosen, keeping), chosen, keeping, selection, wanted.today)
            seen = gate.judge(tree, chosen, cache, selection, wanted)
        if seen is not None:
            paths = tuple(tree.files)
            return _report(wanted, chosen, selection, seen.after, before=seen.known, gaps=(), paths=paths)
    proposed = tree if proposal is None else tree.with_file(proposal.path, proposal.content, chosen)
    base = _base(wanted, chosen)
    judged = judging.judge(proposed, chosen, cache, selection, wanted.today, base=base.files if base else None)
    before = base.entries if base else frozenset()
    if proposal is not None:
        before |= _elsewhere(judging.judge(tree, chosen, cache, selection, wanted.today), proposal)
    gaps = (*judged.verdict.incomplete, *_unmatched(selection, proposed))
    return _report(wanted, chosen, selection, judged, before=before, gaps=gaps, paths=tuple(proposed.files))


def _report(
    wanted: Wanted,
    chosen: Config,
    selection: Selection | None,
    judged: Judged,
    *,
    before: frozenset[Entry],
    gaps: tuple[str, ...],
    paths: tuple[str, ...],
) -> Report:
    """Take out what is known. An analysis with gaps, or of a part, cannot say that something is gone."""
    found = judged.outcome.findings
    kept = set(judged.kept)
    compared = baseline.compare(found, wanted.known)
    unlisted = [each for each in compared.new if each in kept]
    added = [each for each in baseline.compare(found, wanted.known | before).new if each in kept]
    shown = [each for each in added if _is_under(each.path, wanted.paths)]
    if not (wanted.paths or gaps or wanted.proposal):
        stale = (entry for entry in compared.stale if selection is None or selection.runs(entry.code))
        shown += [baseline.complaint(entry, wanted.baseline_file) for entry in stale]
    return Report(
        tuple(sorted(shown, key=lambda each: each.order)),
        judged.kept,
        judged.outcome.suppressions,
        gaps,
        judged.verdict.files,
        judged.verdict.calls,
        judged.verdict.unresolved,
        len(judged.kept) - len(unlisted),
        judged.verdict.parsed,
        len(unlisted) - len(added),
        "" if (wanted.root / _MANIFEST).is_file() else layout_note.note(chosen, paths, wanted.root),
        selection,
        chosen.own_rules,
    )


def _selection(chosen: Config, named: Selection | None) -> Selection | None:
    if chosen.selection is None and named is None:
        return None
    from arckode_analyzers.selection import Selection, combined, refuse_unknown  # only where somebody chose

    selection = combined(chosen.selection or Selection(), named or Selection())
    refuse_unknown(selection.words(), meta.codes(chosen.own_rules))
    return selection


def _unmatched(selection: Selection | None, tree: Tree) -> tuple[str, ...]:
    if selection is None:
        return ()
    patterns = selection.unmatched((*tree.files, *tree.tests))
    return tuple(f"the per-path pattern '{pattern}' matches no file" for pattern in patterns)


def _cache(wanted: Wanted, chosen: Config, folder: str = CACHE) -> Cache | None:
    if not wanted.use_cache:
        return None
    return Cache(wanted.root / folder, chosen.digest, keeps=wanted.proposal is None)


def _base(wanted: Wanted, chosen: Config) -> Base | None:
    if not wanted.against:
        return None
    from arckode_analyzers.against import base_of  # starting git is for this flag only

    cache = _cache(wanted, chosen, f"{CACHE}/base")
    return base_of(wanted.root, wanted.against, chosen, cache, wanted.today)


def _elsewhere(judged: Judged, proposal: Proposal) -> frozenset[Entry]:
    """Return what is found, in the other files at least, whether or not the proposed one is saved."""
    found = (each for each in judged.outcome.findings if proposal.only_added or each.path != proposal.path)
    return frozenset(entry for entry, _ in baseline.entries(found))


def _is_under(path: str, wanted: tuple[str, ...]) -> bool:
    return not wanted or any(part in {"", "."} or path == part or path.startswith(f"{part}/") for part in wanted)
