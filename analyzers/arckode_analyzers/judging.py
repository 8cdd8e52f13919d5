"""One tree judged with its suppressions and a choice of rules: the work tree, a proposed one, or another branch's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from arckode_analyzers import engine, files, meta, signed, suppressions
from arckode_analyzers.config import Globs

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from arckode_analyzers.cache import Cache
    from arckode_analyzers.config import Config
    from arckode_analyzers.engine import Verdict
    from arckode_analyzers.rule import Finding
    from arckode_analyzers.selection import Selection
    from arckode_analyzers.suppressions import Outcome

_OF_THE_BRANCH = frozenset({"ARC108", "ARC207"})


@dataclass(frozen=True, slots=True)
class Tree:
    """The files that rules judge, and those that show what is tested."""

    files: Mapping[str, bytes]
    tests: Mapping[str, bytes]

    def with_file(self, path: str, content: bytes, config: Config) -> Tree:
        """Put a file in its place: among the tests, among the others, or nowhere when it is excluded."""
        placed = sorted_out({path: content}, config)
        return Tree(files.with_content(self.files, placed.files), files.with_content(self.tests, placed.tests))


@dataclass(frozen=True, slots=True)
class Judged:
    """What rules said, what suppressions left of it, and what of that was asked for."""

    verdict: Verdict
    outcome: Outcome
    kept: tuple[Finding, ...]


def read(root: Path, config: Config, cache: Cache | None = None) -> Tree:
    """Find the work tree's files; each is read when its content is needed."""
    if cache is not None and not cache.keeps and signed.is_kept():
        from arckode_analyzers import seen  # only a process that stays has seen anything

        return Tree(*seen.read(root, config, cache))
    return Tree(*files.read_all(root, config, cache))


def sorted_out(content: Mapping[str, bytes], config: Config) -> Tree:
    """Sort files that are not on the disk as those on the disk are."""
    excluded, is_test = Globs(config.exclude), Globs(config.layers["tests"])
    wanted = {path: text for path, text in content.items() if not excluded.match(path) and files.is_walked(path)}
    tests = {path: text for path, text in wanted.items() if is_test.match(path)}
    return Tree({path: text for path, text in wanted.items() if path not in tests}, tests)


def judge(
    tree: Tree,
    config: Config,
    cache: Cache | None,
    selection: Selection | None,
    today: str,
    *,
    base: Mapping[str, bytes] | None = None,
) -> Judged:
    """Judge a tree; every rule runs, so that the verdict is remembered for any choice of rules.

    Raises:
        ConfigurationError: one of the project's own rules cannot be loaded.
        RuleCrash: a rule failed.
    """
    verdict = engine.judge(tree.files, config, cache, tests=tree.tests, base=base)
    return settled(verdict, config, selection, today, has_base=base is not None)


def settled(
    verdict: Verdict, config: Config, selection: Selection | None, today: str, *, has_base: bool = False
) -> Judged:
    """Apply suppressions and the choice of rules."""
    # Beside a base they judge only what the branch added: their suppression in an older file has nothing to silence.
    idle = _OF_THE_BRANCH if has_base else frozenset[str]()
    rules = suppressions.Rules(
        lambda: meta.codes(config.own_rules),
        lambda code: code not in idle and (selection is None or selection.runs(code)),
    )
    outcome = suppressions.apply(verdict.findings, verdict.suppressions, today, rules)
    return Judged(verdict, outcome, outcome.findings if selection is None else selection.kept(outcome.findings))
