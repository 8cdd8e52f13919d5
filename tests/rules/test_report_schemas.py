"""Machine formats against their published schemas, with every rule's bad examples as what is reported."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest

from arckode_analyzers import report
from arckode_analyzers.registry import all_rules
from arckode_analyzers.run import Wanted, analyse
from tests import json_answers
from tests.rules.projects import plant

if TYPE_CHECKING:
    from arckode_analyzers.rule import Rule

SARIF = Path(__file__).parent / "schemas/sarif-2.1.0.json"


@pytest.mark.parametrize("rule", [pytest.param(rule, id=rule.code) for rule in all_rules()])
def test_a_report_of_a_rules_findings_follows_its_schemas(rule: Rule, tmp_path: Path) -> None:
    plant(tmp_path, rule.bad[0].files)
    found = analyse(Wanted(tmp_path, "2026-11-22", use_cache=False))
    json_answers.check("analyze", report.render("json", found))
    jsonschema.validate(json.loads(report.render("sarif", found)), json.loads(SARIF.read_text(encoding="utf-8")))


def test_a_sarif_result_carries_its_way_and_its_rules_page(tmp_path: Path) -> None:
    helped = next(each for rule in all_rules() if rule.code == "ARC201" for each in rule.bad if len(each.files) > 1)
    plant(tmp_path, helped.files)
    found = analyse(Wanted(tmp_path, "2026-11-22", use_cache=False))
    (run,) = json.loads(report.render("sarif", found))["runs"]
    result = next(each for each in run["results"] if each["ruleId"] == "ARC201")
    steps = result["codeFlows"][0]["threadFlows"][0]["locations"]
    assert len(steps) == len(next(each for each in found.findings if each.code == "ARC201").chain) > 1
    rule = run["tool"]["driver"]["rules"][result["ruleIndex"]]
    assert rule["id"] == "ARC201"
    assert rule["help"]["markdown"].startswith("# ARC201")
