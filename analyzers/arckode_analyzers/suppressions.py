"""`# arckode: ignore[ARC201] reason`: what it silences, and what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from arckode_analyzers.rule import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable

    from arckode_analyzers.facts.records import Ignore

NO_REASON, UNUSED, EXPIRED = "ARC001", "ARC002", "ARC003"
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


def apply(findings: Iterable[Finding], suppressions: Iterable[Suppression], today: str) -> Outcome:
    """Silence findings; a comment without a reason, past its date or without effect silences nothing unnoticed."""
    by_line = _by_line(suppressions, today)
    used: dict[tuple[str, Ignore], set[str]] = {}
    silenced: dict[tuple[str, Ignore], int] = {}
    left: list[Finding] = []
    for finding in findings:
        ignore = next((row for row in by_line.get((finding.path, finding.line), ()) if finding.code in row.codes), None)
        if ignore is None:
            left.append(finding)
            continue
        used.setdefault((finding.path, ignore), set()).add(finding.code)
        silenced[finding.path, ignore] = silenced.get((finding.path, ignore), 0) + 1
    listed: list[Suppression] = []
    for row in suppressions:
        key = (row.path, row.ignore)
        listed.append(Suppression(row.path, row.ignore, row.text, silenced.get(key, 0)))
        left.extend(_complaints(row, used.get(key, set()), today))
    return Outcome(tuple(sorted(left, key=lambda finding: finding.order)), tuple(listed))


def _by_line(suppressions: Iterable[Suppression], today: str) -> dict[tuple[str, int], list[Ignore]]:
    lines: dict[tuple[str, int], list[Ignore]] = {}
    for row in suppressions:
        if row.ignore.reason and not _is_expired(row.ignore, today):
            for line in range(row.ignore.first, row.ignore.last + 1):
                lines.setdefault((row.path, line), []).append(row.ignore)
    return lines


def _is_expired(ignore: Ignore, today: str) -> bool:
    return bool(ignore.until) and ignore.until < today


def _complaints(row: Suppression, used: set[str], today: str) -> list[Finding]:
    codes = ", ".join(row.ignore.codes)
    if not row.ignore.reason:
        return [_complaint(row, NO_REASON, f"a suppression of {codes or 'nothing'} without a reason", _EXAMPLE)]
    if _is_expired(row.ignore, today):
        hint = "fix what it hides, or give it a new date and say why"
        return [_complaint(row, EXPIRED, f"the suppression of {codes} expired on {row.ignore.until}", hint)]
    unused = [code for code in row.ignore.codes if code not in used]
    if unused or not row.ignore.codes:
        message = f"the suppression of {', '.join(unused) or 'nothing'} silences nothing"
        return [_complaint(row, UNUSED, message, "remove it")]
    return []


def _complaint(row: Suppression, code: str, message: str, hint: str) -> Finding:
    return Finding(code, "error", row.path, row.ignore.line, 1, "", message, hint, row.text, ",".join(row.ignore.codes))
