"""`# arckode: ignore[ARC201] reason`: what it silences, and what is wrong with it."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from arckode_analyzers.config import nearest
from arckode_analyzers.rule import Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from arckode_analyzers.facts.records import Ignore

NO_REASON, UNUSED, EXPIRED, NO_RULE, UNKNOWN_RULE = "ARC001", "ARC002", "ARC003", "ARC005", "ARC006"
# Somebody wants it to end, and it never would.
_ENDS_OUTSIDE = re.compile(r"\W*until\b\W*(\d{4}-\d\d-\d\d)")
_EXAMPLE = "write `# arckode: ignore[ARC201] why this one is right`"


@dataclass(frozen=True, slots=True)
class Suppression:
    """One comment of one file, with what it silenced."""

    path: str
    ignore: Ignore
    text: str
    silenced: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is left after suppressions, and the suppressions themselves."""

    findings: tuple[Finding, ...]
    suppressions: tuple[Suppression, ...]


@dataclass(frozen=True, slots=True)
class Rules:
    """What suppressions may name: the rules there are, and those that count in this run.

    `known` is asked only when there is a suppression to check; of a rule that was left out nothing can be unused.
    """

    known: Callable[[], frozenset[str]]
    runs: Callable[[str], bool] = lambda _: True


def apply(
    findings: Iterable[Finding], suppressions: Iterable[Suppression], today: str, rules: Rules | None = None
) -> Outcome:
    """Silence findings; a comment without a reason, past its date or without effect silences nothing unnoticed."""
    rows = tuple(suppressions)
    by_line = _by_line(rows, today)
    used: dict[tuple[str, Ignore], list[str]] = {}
    left: list[Finding] = []
    for finding in findings:
        ignore = next((row for row in by_line.get((finding.path, finding.line), ()) if finding.code in row.codes), None)
        if ignore is None:
            left.append(finding)
        else:
            used.setdefault((finding.path, ignore), []).append(finding.code)
    known = rules.known() if rows and rules is not None else None
    listed: list[Suppression] = []
    for row in rows:
        codes = used.get((row.path, row.ignore), [])
        listed.append(Suppression(row.path, row.ignore, row.text, len(codes)))
        unknown = [] if known is None else [code for code in row.ignore.codes if code not in known]
        unused = [code for code in row.ignore.codes if code not in codes and code not in unknown]
        left += _unknown(row, unknown, known)
        left += _complaints(row, [code for code in unused if rules is None or rules.runs(code)], unknown, today)
    return Outcome(tuple(sorted(left, key=lambda finding: finding.order)), tuple(listed))


def _by_line(suppressions: Iterable[Suppression], today: str) -> dict[tuple[str, int], list[Ignore]]:
    lines: dict[tuple[str, int], list[Ignore]] = {}
    for row in suppressions:
        if row.ignore.reason and not _is_expired(row.ignore, today):
            for line in range(row.ignore.first, row.ignore.last + 1):
                lines.setdefault((row.path, line), []).append(row.ignore)
    return lines


def _is_expired(ignore: Ignore, today: str) -> bool:
    if not ignore.until:
        return _ENDS_OUTSIDE.match(ignore.reason) is not None
    return ignore.until < today or not _is_date(ignore.until)


def _is_date(text: str) -> bool:
    try:
        return datetime.date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _complaints(row: Suppression, unused: list[str], unknown: list[str], today: str) -> Iterator[Finding]:
    """Say the one thing that is wrong first: a comment without effect is not also called unused."""
    codes = ", ".join(row.ignore.codes)
    if not row.ignore.codes:
        yield _complaint(row, NO_RULE, "this suppression names no rule and silences nothing", _EXAMPLE)
    elif not row.ignore.reason:
        yield _complaint(row, NO_REASON, f"a suppression of {codes} without a reason", _EXAMPLE)
    elif _is_expired(row.ignore, today):
        hint = "fix what it hides, or give it a new date (2027-01-31) and say why"
        outside = None if row.ignore.until else _ENDS_OUTSIDE.match(row.ignore.reason)
        if outside is not None:
            message = f"the suppression of {codes} says outside the brackets when it ends, where it never would"
            hint = f"write `# arckode: ignore[{codes} until {outside[1]}]` and the reason behind it"
        elif _is_date(row.ignore.until):
            message = f"the suppression of {codes} expired on {row.ignore.until}"
        else:
            message = f"the suppression of {codes} ends on {row.ignore.until}, which is no date"
        yield _complaint(row, EXPIRED, message, hint)
    elif unused:
        others = len(unused) + len(unknown) < len(row.ignore.codes)
        hint = f"take {', '.join(unused)} out of the brackets" if others else "remove it"
        yield _complaint(row, UNUSED, f"the suppression of {', '.join(unused)} silences nothing", hint)


def _unknown(row: Suppression, unknown: list[str], known: frozenset[str] | None) -> Iterator[Finding]:
    for code in unknown:
        hint = nearest(code.upper(), known or ()) or _EXAMPLE
        yield _complaint(row, UNKNOWN_RULE, f"the suppression names '{code}', and there is no such rule", hint, code)


def _complaint(row: Suppression, code: str, message: str, hint: str, callee: str = "") -> Finding:
    about = callee or ",".join(row.ignore.codes)
    return Finding(code, "error", row.path, row.ignore.line, 1, "", message, hint, row.text, about)
