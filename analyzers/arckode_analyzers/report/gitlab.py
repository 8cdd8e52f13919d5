"""GitLab's code quality report."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from arckode_analyzers.report.fingerprint import named

if TYPE_CHECKING:
    from arckode_analyzers.run import Report

_SEVERITIES = {"error": "major", "warning": "minor"}


def render(report: Report) -> str:
    """Write the findings as a list of issues."""
    issues = [
        {
            "description": f"{finding.message}: {finding.hint}" if finding.hint else finding.message,
            "check_name": finding.code,
            "fingerprint": name,
            "severity": _SEVERITIES[finding.severity],
            "location": {"path": finding.path, "lines": {"begin": finding.line}},
        }
        for name, finding in named(report.findings)
    ]
    return json.dumps(issues, indent=2, ensure_ascii=False)
