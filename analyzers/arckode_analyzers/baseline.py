"""Findings a project lives with for now, known by what they are and never by line numbers. The list may only shrink."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from arckode_analyzers.rule import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable

STALE = "ARC004"


class BaselineError(Exception):
    """The baseline file cannot be used; the message says why."""


class Entry(NamedTuple):
    """What identifies a finding: `ordinal` tells equal ones in one symbol apart."""

    code: str
    symbol: str
    callee: str
    ordinal: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """Findings that are new, how many were known, and entries that no longer match anything."""

    new: tuple[Finding, ...]
    known: int
    stale: tuple[Entry, ...]


def entries(findings: Iterable[Finding]) -> list[tuple[Entry, Finding]]:
    """Pair findings, in their order, with what identifies them."""
    seen: dict[tuple[str, str, str], int] = {}
    paired = []
    for finding in findings:
        key = (finding.code, finding.symbol or finding.path, finding.callee)
        ordinal = seen.get(key, 0)
        seen[key] = ordinal + 1
        paired.append((Entry(*key, ordinal), finding))
    return paired


def compare(findings: Iterable[Finding], known: frozenset[Entry]) -> Comparison:
    """Split findings into new and known ones."""
    paired = entries(findings)
    new = tuple(finding for entry, finding in paired if entry not in known)
    stale = tuple(sorted(known.difference(entry for entry, _ in paired)))
    return Comparison(new, len(paired) - len(new), stale)


def complaint(entry: Entry, path: str) -> Finding:
    """Return the finding for an entry that is no longer needed."""
    what = f"{entry.code} in {entry.symbol}" + (f" ({entry.callee})" if entry.callee else "")
    message = f"the baseline still lists {what}, which is gone"
    hint = f"run `arckode analyze --baseline {path} --update-baseline`"
    return Finding(STALE, "error", path, 1, 1, entry.symbol, message, hint, "", f"{entry.callee}#{entry.ordinal}")


def parse(text: str) -> frozenset[Entry]:
    """Read a baseline file.

    Raises:
        BaselineError: it is not one.
    """
    try:
        rows = json.loads(text)["entries"]
        return frozenset(
            Entry(str(row["code"]), str(row["symbol"]), str(row["callee"]), int(row["ordinal"])) for row in rows
        )
    except (ValueError, KeyError, TypeError) as error:
        raise BaselineError(f"it is not a baseline: {type(error).__name__}: {error}") from error


def render(known: Iterable[Entry]) -> str:
    """Write a baseline file: sorted, without dates."""
    document = {"version": 1, "entries": [entry._asdict() for entry in sorted(known)]}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
