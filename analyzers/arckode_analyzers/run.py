"""One analysis as a command asks for it: the verdict, less suppressions and baseline, of what is to be shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from arckode_analyzers import baseline, config, engine, files, suppressions
from arckode_analyzers.cache import Cache

if TYPE_CHECKING:
    from pathlib import Path

    from arckode_analyzers.rule import Finding
    from arckode_analyzers.suppressions import Suppression

CACHE = ".arckode/cache"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to analyse and what to show; paths are relative to the root, `today` is an ISO date."""

    root: Path
    today: str
    paths: tuple[str, ...] = ()
    codes: frozenset[str] = frozenset()
    baseline_file: str = ""
    known: frozenset[baseline.Entry] = frozenset()
    use_cache: bool = True


@dataclass(frozen=True, slots=True)
class Report:
    """What is shown; `all_findings` is the whole tree's, before the baseline and the choice of paths."""

    findings: tuple[Finding, ...]
    all_findings: tuple[Finding, ...]
    suppressions: tuple[Suppression, ...]
    incomplete: tuple[str, ...]
    files: int
    calls: int
    unresolved: int
    known: int = 0
    parsed: int = 0

    @property
    def suppressed(self) -> int:
        return sum(row.silenced for row in self.suppressions)

    def count(self, severity: str) -> int:
        return sum(finding.severity == severity for finding in self.findings)


def analyse(wanted: Wanted) -> Report:
    """Run the analysis.

    Raises:
        ConfigurationError: `[tool.arckode]` is wrong.
        RuleCrash: a rule failed.
    """
    chosen = config.load(wanted.root)
    cache = Cache(wanted.root / CACHE, chosen.digest) if wanted.use_cache else None
    verdict = engine.judge(files.read_project(wanted.root, chosen), chosen, cache)
    outcome = suppressions.apply(verdict.findings, verdict.suppressions, wanted.today)
    selected = tuple(each for each in outcome.findings if not wanted.codes or each.code in wanted.codes)
    compared = baseline.compare(selected, wanted.known)
    shown = [each for each in compared.new if _is_under(each.path, wanted.paths)]
    if not wanted.paths:
        stale = (entry for entry in compared.stale if not wanted.codes or entry.code in wanted.codes)
        shown += [baseline.complaint(entry, wanted.baseline_file) for entry in stale]
    return Report(
        tuple(sorted(shown, key=lambda each: each.order)),
        selected,
        outcome.suppressions,
        verdict.incomplete,
        verdict.files,
        verdict.calls,
        verdict.unresolved,
        compared.known,
        verdict.parsed,
    )


def _is_under(path: str, wanted: tuple[str, ...]) -> bool:
    return not wanted or any(part in {"", "."} or path == part or path.startswith(f"{part}/") for part in wanted)
