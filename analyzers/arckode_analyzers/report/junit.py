"""JUnit XML, for the many services that show test results: a rule is a test, a finding its failure."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from arckode_analyzers.meta import catalogue

if TYPE_CHECKING:
    from arckode_analyzers.rule import Finding
    from arckode_analyzers.run import Report


def render(report: Report) -> str:
    """Write one test case per finding, one per rule without findings, and one error per gap."""
    found = {finding.code for finding in report.findings}
    codes = (rule.code for rule in catalogue(report.own_rules))
    passed = [f'    <testcase classname="arckode" name="{code}"/>' for code in codes if code not in found]
    failed = [_finding(finding) for finding in report.findings]
    gaps = [_gap(gap) for gap in report.incomplete]
    tests = len(passed) + len(failed) + len(gaps)
    head = f'<testsuite name="arckode" tests="{tests}" failures="{len(failed)}" errors="{len(gaps)}">'
    lines = ['<?xml version="1.0" encoding="utf-8"?>', "<testsuites>", f"  {head}", *passed, *failed, *gaps]
    return "\n".join([*lines, "  </testsuite>", "</testsuites>"])


def _finding(finding: Finding) -> str:
    where = f"{finding.path}:{finding.line}:{finding.column}"
    way = "".join(f"\nvia {step.path}:{step.line}  {step.text}" for step in finding.chain)
    body = escape(f"{where}\n{finding.text.strip()}{way}\nfix: {finding.hint}")
    case = f"<testcase classname={quoteattr(finding.code)} name={quoteattr(where)} file={quoteattr(finding.path)}>"
    return f"    {case}<failure message={quoteattr(finding.message)}>{body}</failure></testcase>"


def _gap(gap: str) -> str:
    return f'    <testcase classname="arckode" name="incomplete"><error message={quoteattr(gap)}/></testcase>'
