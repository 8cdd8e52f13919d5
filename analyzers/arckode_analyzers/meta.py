"""The findings that are about the analysis itself: suppressions and baseline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from arckode_analyzers.baseline import STALE
from arckode_analyzers.registry import all_rules
from arckode_analyzers.registry import codes as rule_codes
from arckode_analyzers.suppressions import EXPIRED, NO_REASON, NO_RULE, UNKNOWN_RULE, UNUSED

if TYPE_CHECKING:
    from arckode_analyzers.own_rules import OwnRules
    from arckode_analyzers.rule import Rule, Severity


@dataclass(frozen=True, slots=True)
class Notice:
    """What `explain` and the reports say about such a finding."""

    code: str
    name: str
    summary: str
    why: str
    hint: str
    severity: Severity = "error"


NOTICES = (
    Notice(
        NO_REASON,
        "suppression-without-reason",
        "A suppression gives no reason.",
        "Whoever meets it next cannot tell whether it still holds, so it stays for ever.",
        "write why after the bracket: `# arckode: ignore[ARC201] three rows at most`",
    ),
    Notice(
        UNUSED,
        "unused-suppression",
        "A suppression silences nothing.",
        "What it was for is gone, and it waits to hide the next, different finding on that line.",
        "remove the comment, or the code that no longer applies",
    ),
    Notice(
        EXPIRED,
        "expired-suppression",
        "A suppression's date has passed.",
        "`# arckode: ignore[ARC201 until 2027-01-31] reason` was a promise to come back by then.",
        "fix what it hides, or give it a new date and say why",
    ),
    Notice(
        STALE,
        "stale-baseline",
        "The baseline lists a finding that is gone.",
        "A baseline may only shrink. An entry left behind would let the same mistake come back unseen.",
        "run `arckode analyze --baseline FILE --update-baseline` and commit the shorter file",
    ),
    Notice(
        NO_RULE,
        "suppression-without-rule",
        "A suppression names no rule.",
        "`# arckode: ignore` alone silences nothing. Whoever wrote it believes that it does.",
        "name the rule in brackets: `# arckode: ignore[ARC201] three rows at most`",
    ),
    Notice(
        UNKNOWN_RULE,
        "suppression-of-unknown-rule",
        "A suppression names a rule that does not exist.",
        "A misspelt code silences nothing, and the code it was meant for stays open or is fixed by luck.",
        "correct the code; `arckode explain` lists them all",
    ),
)


def catalogue(own: OwnRules | None = None) -> tuple[Rule | Notice, ...]:
    """Return everything that can be reported, by code; a project's own rules included when they are given."""
    found: list[Rule | Notice] = [*all_rules(), *NOTICES, *(own.load() if own is not None else ())]
    return tuple(sorted(found, key=lambda rule: rule.code))


def codes(own: OwnRules | None = None) -> frozenset[str]:
    """Return the code of everything that can be reported, without importing arckode's own rules."""
    brought = (rule.code for rule in own.load()) if own is not None else ()
    return frozenset({*rule_codes(), *(notice.code for notice in NOTICES), *brought})
