"""The findings that are about the analysis itself: suppressions and baseline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from arckode_analyzers.baseline import STALE
from arckode_analyzers.registry import all_rules
from arckode_analyzers.suppressions import EXPIRED, NO_REASON, UNUSED

if TYPE_CHECKING:
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
)


def catalogue() -> tuple[Rule | Notice, ...]:
    """Return everything that can be reported, by code."""
    found: list[Rule | Notice] = [*all_rules(), *NOTICES]
    return tuple(sorted(found, key=lambda rule: rule.code))
