"""A rule as a value, and what it finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.source import Source

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Step:
    """One station on the way from the finding to its cause."""

    path: str
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Spot:
    """What a rule reports about one place; the engine adds the rule's own words.

    `callee` names what is misused, without line numbers: baselines recognise a finding by it.
    """

    source: Source
    line: int
    column: int
    symbol: str
    message: str
    callee: str = ""
    hint: str = ""
    chain: tuple[tuple[Source, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """One violation, ready to print; `line` and `column` count from 1."""

    code: str
    severity: Severity
    path: str
    line: int
    column: int
    symbol: str
    message: str
    hint: str
    text: str = ""
    callee: str = ""
    chain: tuple[Step, ...] = ()

    @property
    def order(self) -> tuple[str, int, int, str, str]:
        return (self.path, self.line, self.column, self.code, self.message)


@dataclass(frozen=True, slots=True)
class Example:
    """A small project; a line that must be reported ends in `# error: CODE`."""

    title: str
    files: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Rule:
    """Everything about one rule: tests, the reference page, `explain` and SARIF come from here.

    `check` looks at one file in the light of the whole project.
    """

    code: str
    name: str
    severity: Severity
    summary: str
    why: str
    hint: str
    check: Callable[[Analysis, Source], Iterable[Spot]]
    bad: tuple[Example, ...]
    good: tuple[Example, ...]


def finding(rule: Rule, spot: Spot) -> Finding:
    """Turn a spot into a finding."""
    chain = tuple(Step(source.path, line, source.line(line).strip()) for source, line in spot.chain)
    return Finding(
        rule.code,
        rule.severity,
        spot.source.path,
        spot.line,
        spot.source.column(spot.line, spot.column),
        spot.symbol,
        spot.message,
        spot.hint or rule.hint,
        spot.source.line(spot.line),
        spot.callee,
        chain,
    )
