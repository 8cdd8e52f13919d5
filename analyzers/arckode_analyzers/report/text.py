"""For people: the line, the way there, the fix, and the summary last."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.rule import Finding
    from arckode_analyzers.run import Report


def render(report: Report) -> str:
    """Write the findings, what was not judged, and one line that sums up."""
    lines: list[str] = []
    for finding in report.findings:
        lines.extend((*_finding(finding), ""))
    lines.extend(f"incomplete: {gap}" for gap in report.incomplete)
    return "\n".join([*lines, summary(report)])


def summary(report: Report) -> str:
    """Sum a report up in one line."""
    parts = [f"{_count(len(report.findings), 'finding')} in {_count(report.files, 'file')}"]
    if report.findings:
        errors, warnings = report.count("error"), report.count("warning")
        parts[0] += f" ({_count(errors, 'error')}, {_count(warnings, 'warning')})"
    if report.suppressed:
        parts.append(f"{report.suppressed} suppressed")
    if report.known:
        parts.append(f"{report.known} in the baseline")
    if report.before:
        parts.append(f"{report.before} there before")
    if report.unresolved:
        parts.append(f"{report.unresolved} of {_count(report.calls, 'call')} could not be resolved")
    if report.incomplete:
        parts.append(f"incomplete: {_count(len(report.incomplete), 'gap')}")
    return "; ".join(parts)


def _finding(finding: Finding) -> Iterator[str]:
    yield f"{finding.path}:{finding.line}:{finding.column}: {finding.code} {finding.severity}: {finding.message}"
    if finding.text.strip():
        yield f"    {finding.line} | {finding.text.strip()}"
    for step in finding.chain:
        yield f"    via {step.path}:{step.line}  {step.text}"
    if finding.hint:
        yield f"    fix: {finding.hint}"


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
