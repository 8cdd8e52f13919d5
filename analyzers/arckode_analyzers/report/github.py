"""Annotations of GitHub Actions, in the escaping its runner documents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_analyzers.report.text import summary

if TYPE_CHECKING:
    from arckode_analyzers.rule import Finding
    from arckode_analyzers.run import Report


def render(report: Report) -> str:
    """Write one workflow command per finding and gap, and the summary."""
    gaps = (f"::warning title=incomplete::{_text(gap)}" for gap in report.incomplete)
    return "\n".join([*map(_finding, report.findings), *gaps, summary(report)])


def _finding(finding: Finding) -> str:
    way = "".join(f"\nvia {step.path}:{step.line}  {step.text}" for step in finding.chain)
    fix = f"\nfix: {finding.hint}" if finding.hint else ""
    where = f"file={_property(finding.path)},line={finding.line},col={finding.column},title={_property(finding.code)}"
    return f"::{finding.severity} {where}::{_text(f'{finding.message}{way}{fix}')}"


def _text(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _text(text).replace(":", "%3A").replace(",", "%2C")
