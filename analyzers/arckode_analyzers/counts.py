"""Findings counted by rule and by module, for those who plan the repair."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import TYPE_CHECKING

from arckode_analyzers.meta import catalogue

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from arckode_analyzers.run import Report

_MODULE = re.compile(r"(?:.*/)?modules/[^/]+(?=/)")


def as_text(report: Report) -> str:
    """Write two tables, the most frequent first, and the sum."""
    names = {rule.code: rule.name for rule in catalogue(report.own_rules)}
    rules = [(str(count), code, names[code]) for code, count in _ranked(each.code for each in report.findings)]
    modules = [(str(count), name) for name, count in _ranked(module_of(each.path) for each in report.findings)]
    gaps = [f"incomplete: {gap}" for gap in report.incomplete]
    total = (
        f"{_many(len(report.findings), 'finding')} by {_many(len(rules), 'rule')} in {_many(len(modules), 'module')}"
    )
    tables = [*_table("by rule", rules), *_table("by module", modules)] if rules else []
    return "\n".join([*tables, *gaps, total])


def as_json(report: Report) -> str:
    """Write one object with the same counts."""
    rules = {rule.code: rule for rule in catalogue(report.own_rules)}
    document = {
        "version": 1,
        "rules": [
            {"code": code, "name": rules[code].name, "severity": rules[code].severity, "findings": count}
            for code, count in _ranked(each.code for each in report.findings)
        ],
        "modules": [
            {"module": name, "findings": count, "rules": _rules_of(report, name)}
            for name, count in _ranked(module_of(each.path) for each in report.findings)
        ],
        "summary": {
            "files": report.files,
            "findings": len(report.findings),
            "errors": report.count("error"),
            "warnings": report.count("warning"),
            "suppressed": report.suppressed,
            "baseline": report.known,
            "incomplete": list(report.incomplete),
        },
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


def module_of(path: str) -> str:
    """Return the module's folder, or the folder of a file that is in none."""
    found = _MODULE.match(path)
    return found[0] if found else path.rpartition("/")[0] or "."


def _rules_of(report: Report, module: str) -> dict[str, int]:
    return dict(_ranked(each.code for each in report.findings if module_of(each.path) == module))


def _ranked(names: Iterable[str]) -> list[tuple[str, int]]:
    return sorted(Counter(names).items(), key=lambda pair: (-pair[1], pair[0]))


def _many(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _table(title: str, rows: Sequence[tuple[str, ...]]) -> list[str]:
    width = max(len(row[0]) for row in rows)
    return [title, *(f"  {row[0].rjust(width)}  {'  '.join(row[1:])}" for row in rows), ""]
