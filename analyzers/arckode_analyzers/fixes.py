"""What rules would change to make their findings go away; whoever asked turns it into a plan."""

from __future__ import annotations

import io
import tokenize
from dataclasses import dataclass
from typing import TYPE_CHECKING

from arckode_analyzers.facts.extract import extract
from arckode_analyzers.model.analysis import Analysis
from arckode_analyzers.model.project import Project
from arckode_analyzers.registry import all_rules, rules_for
from arckode_analyzers.rule import Edit, finding
from arckode_analyzers.suppressions import UNUSED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from arckode_analyzers.config import Config
    from arckode_analyzers.facts.records import FileFacts
    from arckode_analyzers.rule import Finding, Repair, Rule
    from arckode_analyzers.suppressions import Suppression


@dataclass(frozen=True, slots=True)
class Proposal:
    """A finding and what would repair it."""

    finding: Finding
    repairs: tuple[Repair, ...]


def proposals(
    files: Mapping[str, bytes],
    config: Config,
    findings: Iterable[Finding],
    suppressions: Iterable[Suppression],
    rules: tuple[Rule, ...] | None = None,
) -> tuple[Proposal, ...]:
    """Return what can be repaired of some findings, in their order."""
    wanted = frozenset(findings)
    repaired = {
        **_of_rules(files, config, wanted, rules or rules_for(config)),
        **_comments(files, wanted, suppressions),
    }
    return tuple(Proposal(each, repaired[each]) for each in sorted(repaired, key=lambda each: each.order))


def fixable(rules: Iterable[Rule] | None = None) -> frozenset[str]:
    """Return the codes that have a fix."""
    return frozenset({UNUSED, *(rule.code for rule in rules or all_rules() if rule.fix is not None)})


def _of_rules(
    files: Mapping[str, bytes], config: Config, wanted: frozenset[Finding], rules: tuple[Rule, ...]
) -> dict[Finding, tuple[Repair, ...]]:
    codes = {each.code for each in wanted}
    able = [rule for rule in rules if rule.fix is not None and rule.code in codes]
    if not able:
        return {}
    analysis = Analysis(Project(((path, facts, files[path]) for path, facts in _facts(files)), config))
    found: dict[Finding, tuple[Repair, ...]] = {}
    for rule in able:
        for source in analysis.project.judged():
            for spot in rule.check(analysis, source):
                each = finding(rule, spot)
                repairs = tuple(rule.fix(analysis, spot)) if each in wanted and rule.fix is not None else ()
                if repairs:
                    found[each] = repairs
    return found


def _facts(files: Mapping[str, bytes]) -> Iterator[tuple[str, FileFacts]]:
    for path in sorted(files):
        try:
            yield path, extract(files[path])
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue


def _comments(
    files: Mapping[str, bytes], wanted: frozenset[Finding], suppressions: Iterable[Suppression]
) -> dict[Finding, tuple[Repair, ...]]:
    """Take out the suppressions that silence nothing at all."""
    idle = {(row.path, row.ignore.line) for row in suppressions if not row.silenced}
    found: dict[Finding, tuple[Repair, ...]] = {}
    for each in wanted:
        if each.code == UNUSED and (each.path, each.line) in idle and each.path in files:
            edit = _without_comment(each.path, files[each.path], each.line)
            if edit is not None:
                found[each] = (edit,)
    return found


def _without_comment(path: str, content: bytes, line: int) -> Edit | None:
    try:
        tokens = list(tokenize.tokenize(io.BytesIO(content).readline))
    except (tokenize.TokenError, SyntaxError, ValueError):
        return None
    comment = next((each for each in tokens if each.type == tokenize.COMMENT and each.start[0] == line), None)
    if comment is None:
        return None
    return Edit(path, line, line, comment.line[: comment.start[1]].rstrip() or None)
