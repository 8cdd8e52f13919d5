"""What was wrong already where a branch started, so that only what the branch added is reported."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from arckode_analyzers import baseline, git_tree, judging
from arckode_analyzers.files import module_name

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from arckode_analyzers.baseline import Entry
    from arckode_analyzers.cache import Cache
    from arckode_analyzers.config import Config
    from arckode_analyzers.rule import Finding


@dataclass(frozen=True, slots=True)
class Base:
    """The files of the branch's start, and what was found there under the names that files have today."""

    files: Mapping[str, bytes]
    entries: frozenset[Entry]


def base_of(root: Path, reference: str, config: Config, cache: Cache | None, today: str) -> Base:
    """Judge the commit where HEAD left `reference`, by today's rules and configuration.

    Raises:
        ConfigurationError: git cannot say what that commit held.
        RuleCrash: a rule failed.
    """
    found = git_tree.read(root, reference)
    tree = judging.sorted_out(found.files, config)
    judged = judging.judge(tree, config, cache, None, today)
    moved = {
        old: (new, module_name(old, config.sources), module_name(new, config.sources))
        for old, new in found.renames.items()
    }
    renamed = (_renamed(each, moved) for each in judged.outcome.findings)
    return Base(tree.files, frozenset(entry for entry, _ in baseline.entries(renamed)))


def _renamed(finding: Finding, moved: Mapping[str, tuple[str, str, str]]) -> Finding:
    if finding.path not in moved:
        return finding
    path, old, new = moved[finding.path]
    inside = finding.symbol == old or finding.symbol.startswith(f"{old}.")
    return replace(finding, path=path, symbol=f"{new}{finding.symbol[len(old) :]}" if inside else finding.symbol)
