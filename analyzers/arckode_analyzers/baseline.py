"""Findings a project lives with for now, known by what they are and never by line numbers. The list may only shrink."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from arckode_analyzers.rule import Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

STALE = "ARC004"
_VERSION = 1
_PLACE = re.compile(r"@\d+:\d+")


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
    """Pair findings, in their order, with what identifies them.

    Lambdas and second definitions are told apart by their place in the file; here only their order counts.
    """
    seen: dict[tuple[str, str, str], int] = {}
    paired = []
    for finding in findings:
        symbol, callee = (_PLACE.sub("", name) for name in (finding.symbol or finding.path, finding.callee))
        key = (finding.code, symbol, callee)
        ordinal = seen.get(key, 0)
        seen[key] = ordinal + 1
        paired.append((Entry(*key, ordinal), finding))
    return paired


def compare(findings: Iterable[Finding], known: frozenset[Entry]) -> Comparison:
    """Split findings into new and known ones."""
    if not known:
        return Comparison(tuple(findings), 0, ())
    paired = entries(findings)
    new = tuple(finding for entry, finding in paired if entry not in known)
    stale = tuple(sorted(known.difference(entry for entry, _ in paired)))
    return Comparison(new, len(paired) - len(new), stale)


def shrunk(known: frozenset[Entry], findings: Iterable[Finding], runs: Callable[[str], bool]) -> frozenset[Entry]:
    """Take out what is gone; about rules that did not run, nothing is known."""
    current = frozenset(entry for entry, _ in entries(findings))
    return frozenset(entry for entry in known if entry in current or not runs(entry.code))


def complaint(entry: Entry, path: str) -> Finding:
    """Return the finding for an entry that is no longer needed."""
    what = f"{entry.code} in {entry.symbol}" + (f" ({entry.callee})" if entry.callee else "")
    message = f"the baseline still lists {what}, which is gone"
    hint = f"run `arckode analyze --baseline {path} --update-baseline`"
    return Finding(STALE, "error", path, 1, 1, entry.symbol, message, hint, "", f"{entry.callee}#{entry.ordinal}")


def parse(text: str) -> frozenset[Entry]:
    """Read a baseline file.

    Raises:
        BaselineError: it is not one, or one of another version.
    """
    try:
        document = json.loads(text)
        if document["version"] != _VERSION:
            raise BaselineError(f"its version is {document['version']!r}, and this arckode reads version {_VERSION}")
        return frozenset(
            Entry(str(row["code"]), str(row["symbol"]), str(row["callee"]), int(row["ordinal"]))
            for row in document["entries"]
        )
    except (ValueError, KeyError, TypeError) as error:
        raise BaselineError(f"it is not a baseline: {type(error).__name__}: {error}") from error


def render(known: Iterable[Entry]) -> str:
    """Write a baseline file: sorted, without dates."""
    document = {"version": _VERSION, "entries": [entry._asdict() for entry in sorted(known)]}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
