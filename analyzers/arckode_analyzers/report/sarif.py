"""SARIF 2.1.0, with the way to each finding as a code flow."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import quote

from arckode_analyzers import docs
from arckode_analyzers.meta import catalogue
from arckode_analyzers.report.fingerprint import named

if TYPE_CHECKING:
    from arckode_analyzers.meta import Notice
    from arckode_analyzers.rule import Finding, Rule
    from arckode_analyzers.run import Report


def render(report: Report) -> str:
    """Write the report as one run; what was not judged is a notification of the tool."""
    rules = catalogue(report.own_rules)
    places = {rule.code: index for index, rule in enumerate(rules)}
    gaps = [{"level": "warning", "message": {"text": gap}} for gap in report.incomplete]
    run = {
        "tool": {"driver": {"name": "arckode", "rules": [_rule(rule) for rule in rules]}},
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": gaps}],
        "results": [_result(name, each, places[each.code]) for name, each in named(report.findings)],
    }
    document = {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}
    return json.dumps(document, indent=2, ensure_ascii=False)


def _rule(rule: Rule | Notice) -> dict[str, object]:
    return {
        "id": rule.code,
        "name": "".join(word.capitalize() for word in rule.name.split("-")),
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": rule.why},
        "help": {"text": rule.hint, "markdown": docs.page(rule)},
        "defaultConfiguration": {"level": rule.severity},
    }


def _result(name: str, finding: Finding, place: int) -> dict[str, object]:
    result: dict[str, object] = {
        "ruleId": finding.code,
        "ruleIndex": place,
        "level": finding.severity,
        "message": {"text": f"{finding.message}. {_sentence(finding.hint)}".rstrip()},
        "locations": [_location(finding.path, finding.line, finding.column)],
        "partialFingerprints": {"arckode/v1": name},
    }
    if finding.symbol:
        result["properties"] = {"symbol": finding.symbol}
    if finding.chain:
        steps = [
            {"location": {**_location(step.path, step.line), "message": {"text": step.text}}} for step in finding.chain
        ]
        result["codeFlows"] = [{"threadFlows": [{"locations": steps}]}]
    return result


def _sentence(hint: str) -> str:
    return f"{hint[:1].upper()}{hint[1:]}." if hint else ""


def _location(path: str, line: int, column: int | None = None) -> dict[str, object]:
    region = {"startLine": line} if column is None else {"startLine": line, "startColumn": column}
    return {"physicalLocation": {"artifactLocation": {"uri": quote(path), "uriBaseId": "%SRCROOT%"}, "region": region}}
