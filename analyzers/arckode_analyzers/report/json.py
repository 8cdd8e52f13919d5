"""For programs: one documented object."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from arckode_analyzers.rule import Finding
    from arckode_analyzers.run import Report


def render(report: Report) -> str:
    """Write the report as JSON; lines and columns count from 1."""
    document = {
        "version": 1,
        "findings": [_finding(each) for each in report.findings],
        "summary": {
            "files": report.files,
            "findings": len(report.findings),
            "errors": report.count("error"),
            "warnings": report.count("warning"),
            "suppressed": report.suppressed,
            "baseline": report.known,
            "calls": report.calls,
            "unresolved_calls": report.unresolved,
            "incomplete": list(report.incomplete),
        },
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


def _finding(finding: Finding) -> dict[str, object]:
    return {
        "code": finding.code,
        "severity": finding.severity,
        "path": finding.path,
        "line": finding.line,
        "column": finding.column,
        "symbol": finding.symbol,
        "message": finding.message,
        "hint": finding.hint,
        "chain": [{"path": step.path, "line": step.line, "text": step.text} for step in finding.chain],
    }
