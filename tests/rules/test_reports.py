"""Reports: each format as its readers expect it, the same bytes every time."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import pytest

from arckode_analyzers import report
from arckode_analyzers.run import Wanted, analyse
from tests.rules.projects import ORDERS, SERVICE, plant

if TYPE_CHECKING:
    from pathlib import Path

    from arckode_analyzers.run import Report

HELPED = ORDERS + (
    "    async def names(self, ids):\n        from shop.look import look\n"
    "        return [await look(self._orders, key) for key in ids]\n"
)
LOOK = "async def look(rows, key):\n    return await rows.find_by_id(key)\n"


@pytest.fixture
def found(tmp_path: Path) -> Report:
    plant(tmp_path, {"pyproject.toml": "", SERVICE: HELPED, "src/shop/look.py": LOOK, "src/shop/bad.py": "def"})
    return analyse(Wanted(tmp_path, "2026-11-22"))


TEXT = """\
src/shop/modules/orders/service.py:9:23: ARC201 error: `look.look`, which ends in \
`RepositoryAdapter.find_by_id`, runs once per turn of this comprehension
    9 | return [await look(self._orders, key) for key in ids]
    via src/shop/modules/orders/service.py:9  return [await look(self._orders, key) for key in ids]
    via src/shop/look.py:2  return await rows.find_by_id(key)
    fix: read all rows first: `find_many({'id': {'in': ids}})` once, then look them up in a dict

incomplete: src/shop/bad.py: this Python cannot parse it: invalid syntax (line 1)
1 finding in 3 files (1 error, 0 warnings); incomplete: 1 gap"""


def test_text_shows_the_line_the_way_the_fix_and_the_sum(found: Report) -> None:
    assert report.render("text", found) == TEXT


def test_json_is_the_documented_object(found: Report) -> None:
    document = json.loads(report.render("json", found))
    assert list(document) == ["version", "findings", "summary"]
    (finding,) = document["findings"]
    keys = ["code", "severity", "path", "line", "column", "symbol", "message", "hint", "chain"]
    assert list(finding) == keys
    assert finding["symbol"] == "shop.modules.orders.service.OrdersService.names"
    assert [list(step) for step in finding["chain"]] == [["path", "line", "text"]] * 2
    assert document["summary"]["incomplete"] == [
        "src/shop/bad.py: this Python cannot parse it: invalid syntax (line 1)"
    ]
    assert {key: value for key, value in document["summary"].items() if key != "incomplete"} == {
        "files": 3,
        "findings": 1,
        "errors": 1,
        "warnings": 0,
        "suppressed": 0,
        "baseline": 0,
        "calls": 2,
        "unresolved_calls": 0,
    }


def test_sarif_carries_the_rule_the_way_and_the_gaps(found: Report) -> None:
    document = json.loads(report.render("sarif", found))
    assert document["version"] == "2.1.0"
    (run,) = document["runs"]
    (result,) = run["results"]
    rule = run["tool"]["driver"]["rules"][result["ruleIndex"]]
    assert (rule["id"], result["ruleId"], result["level"]) == ("ARC201", "ARC201", "error")
    assert set(rule) >= {"name", "shortDescription", "fullDescription", "help", "defaultConfiguration"}
    region = result["locations"][0]["physicalLocation"]["region"]
    assert region == {"startLine": 9, "startColumn": 23}
    steps = result["codeFlows"][0]["threadFlows"][0]["locations"]
    uris = [step["location"]["physicalLocation"]["artifactLocation"]["uri"] for step in steps]
    assert uris == [SERVICE, "src/shop/look.py"]
    assert steps[-1]["location"]["message"]["text"] == "return await rows.find_by_id(key)"
    (notice,) = run["invocations"][0]["toolExecutionNotifications"]
    assert "src/shop/bad.py" in notice["message"]["text"]
    assert len(result["partialFingerprints"]["arckode/v1"]) == 32


def test_github_escapes_what_its_runner_would_read(found: Report) -> None:
    (finding,) = found.findings
    changed = replace(found, findings=(replace(finding, path="a,b:c.py", message="50% of\nthem"),))
    lines = report.render("github", changed).splitlines()
    assert lines[0].startswith("::error file=a%2Cb%3Ac.py,line=9,col=23,title=ARC201::50%25 of%0Athem%0Avia src/")
    assert lines[1].startswith("::warning title=incomplete::src/shop/bad.py")
    assert lines[-1] == "1 finding in 3 files (1 error, 0 warnings); incomplete: 1 gap"


def test_gitlab_lists_issues_with_fingerprints(found: Report) -> None:
    (issue,) = json.loads(report.render("gitlab", found))
    assert set(issue) == {"description", "check_name", "fingerprint", "severity", "location"}
    assert (issue["check_name"], issue["severity"]) == ("ARC201", "major")
    assert issue["location"] == {"path": SERVICE, "lines": {"begin": 9}}


def test_junit_counts_what_failed_and_what_was_not_judged(found: Report) -> None:
    root = ElementTree.fromstring(report.render("junit", found))
    (suite,) = root
    assert (suite.get("failures"), suite.get("errors")) == ("1", "1")
    assert suite.get("tests") == str(len(suite))
    (failure,) = suite.iter("failure")
    assert "via src/shop/look.py:2" in (failure.text or "")


@pytest.mark.parametrize("name", report.FORMATS)
def test_a_second_run_writes_the_same_bytes(tmp_path: Path, found: Report, name: str) -> None:
    again = analyse(Wanted(tmp_path, "2026-11-22"))
    fresh = analyse(Wanted(tmp_path, "2026-11-22", use_cache=False))
    assert (again.parsed, fresh.parsed) == (0, 3)
    assert report.render(name, found) == report.render(name, again) == report.render(name, fresh)
    assert str(tmp_path) not in report.render(name, found)


def test_a_clean_project_says_so_in_one_line(tmp_path: Path) -> None:
    plant(tmp_path, {"src/a.py": ""})
    assert report.render("text", analyse(Wanted(tmp_path, "2026-11-22"))) == "0 findings in 1 file"
