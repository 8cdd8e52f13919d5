"""A rule as a value, and what it finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.source import Source

Severity = Literal["error", "warning"]
_Plain: TypeAlias = "tuple[str, Severity, str, int, int, str, str, str, str, str]"
_Order: TypeAlias = "tuple[str, int, int, str, str, str, str, tuple[tuple[str, int, str], ...]]"
Packed: TypeAlias = "tuple[_Plain, tuple[tuple[str, int, str], ...]]"


class RuleCrash(Exception):  # noqa: N818  # it is our bug, not an error of the user's
    """A rule failed on a file; the message names both."""

    def __init__(self, code: str, path: str, error: Exception) -> None:
        super().__init__(f"rule {code} failed on {path}: {type(error).__name__}: {error}")
        self.code = code
        self.path = path


@dataclass(frozen=True, slots=True)
class Step:
    """One station on the way from the finding to its cause."""

    path: str
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Spot:
    """What a rule reports about one place; the engine adds the rule's own words.

    `callee` names what is misused, without line numbers: baselines recognise a finding by it. `severity` is for a rule
    whose findings are not all equally bad.
    """

    source: Source
    line: int
    column: int
    symbol: str
    message: str
    callee: str = ""
    hint: str = ""
    chain: tuple[tuple[Source, int], ...] = ()
    severity: Severity | None = None


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
    def order(self) -> _Order:
        """What findings are sorted by: no two that differ in what is printed are alike in it."""
        chain = tuple((step.path, step.line, step.text) for step in self.chain)
        return (self.path, self.line, self.column, self.code, self.message, self.hint, self.symbol, chain)


@dataclass(frozen=True, slots=True)
class Example:
    """A small project; a line that must be reported ends in a comment that says `error: CODE`."""

    title: str
    files: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Edit:
    """Put `text` in place of the lines `first` to `last` of a file, without the line end; none at all deletes them."""

    path: str
    first: int
    last: int
    text: str | None


@dataclass(frozen=True, slots=True)
class Registration:
    """One more call `name(kernel)` in a function of the composition root at `path`, with its import from `module`."""

    path: str
    function: str
    module: str
    name: str


Repair: TypeAlias = Edit | Registration


@dataclass(frozen=True, slots=True)
class Rule:
    """Everything about one rule: tests, the reference page, `explain` and SARIF come from here.

    `fix` is for rules whose answer is mechanical: what a machine may change without asking what the code is for.
    `check` looks at one file in the light of the whole project. `layers` names the layers it looks at; by default that
    is every file but the runtime, migrations, seeds and tests. `decides` says what is found for certain, and what not.
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
    layers: tuple[str, ...] = ()
    decides: str = ""
    fix: Callable[[Analysis, Spot], Iterable[Repair]] | None = None


def finding(rule: Rule, spot: Spot) -> Finding:
    """Turn a spot into a finding."""
    chain = tuple(Step(source.path, line, source.line(line).strip()) for source, line in spot.chain)
    return Finding(
        rule.code,
        spot.severity or rule.severity,
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


def packed(found: Finding) -> Packed:
    """Return a finding as plain tuples, which is all that a cache and a pipe carry."""
    plain = tuple(getattr(found, name) for name in _PLAIN)
    return cast("_Plain", plain), tuple((step.path, step.line, step.text) for step in found.chain)


def unpacked(row: Packed) -> Finding:
    """Return the finding that `packed` flattened."""
    plain, chain = row
    return Finding(*plain, chain=tuple(Step(*step) for step in chain))


_PLAIN = tuple(name for name in Finding.__slots__ if name != "chain")
