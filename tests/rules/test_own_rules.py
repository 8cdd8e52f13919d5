"""Rules that a project brings along: loaded by file, kept apart from the project's code, part of the cache's key."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from arckode_gen.errors import CrashError, UsageError
from tests.rules.projects import plant
from tests.rules.test_commands import Terminal

if TYPE_CHECKING:
    from pathlib import Path

RULE = """\
from arckode_analyzers.rule import Rule, Spot

def check(analysis, source):
    for call in analysis.calls(source):
        callee = analysis.callee(call)
        if callee is not None and callee.name == "builtins.print":
            yield Spot(source, call.record.line, call.record.column, "", "`print` in the program", "print")

RULE = Rule("SHOP001", "no-print", "error", "A print.", "Logs are read.", "log it", check, bad=(), good=())
"""
CONFIGURED = '[tool.arckode]\nrules = ["my_rules"]\npreset = "fastapi"\nlayers.controllers = []\n'
FILES = {"pyproject.toml": CONFIGURED, "my_rules.py": RULE, "app.py": "print(1)\n"}


def codes(root: Path) -> list[str]:
    terminal = Terminal(root)
    terminal.analyze(json=True)
    return [each["code"] for each in json.loads(terminal.written[0])["findings"]]


@pytest.mark.parametrize(
    "place",
    [
        pytest.param({"my_rules.py": RULE}, id="a module"),
        pytest.param({"src/my_rules.py": RULE}, id="a module in src"),
        pytest.param({"my_rules/__init__.py": RULE}, id="a package"),
        pytest.param({"my_rules/__init__.py": "", "my_rules/prints.py": RULE}, id="a module of a package"),
        pytest.param(
            {"my_rules/__init__.py": "from .prints import RULE\n", "my_rules/prints.py": RULE},
            id="one that is passed on",
        ),
        pytest.param(
            {"my_rules/__init__.py": "", "my_rules/a/__init__.py": "", "my_rules/a/b.py": RULE}, id="deeper down"
        ),
    ],
)
def test_a_rule_of_the_project_judges_like_ours(tmp_path: Path, place: dict[str, str]) -> None:
    root = plant(tmp_path, {"pyproject.toml": CONFIGURED, "app.py": "print(1)\n", **place})
    assert codes(root) == ["SHOP001"]
    assert codes(root) == ["SHOP001"]
    assert not list(root.rglob("__pycache__"))


def test_an_edit_of_a_rule_is_a_new_verdict(tmp_path: Path) -> None:
    root = plant(tmp_path, FILES)
    assert codes(root) == ["SHOP001"]
    plant(tmp_path, {"my_rules.py": RULE.replace("builtins.print", "builtins.open")})
    assert codes(root) == []


def test_its_code_may_be_named_everywhere_that_a_code_may(tmp_path: Path) -> None:
    root = plant(tmp_path, {**FILES, "app.py": "print(1)  # arckode: ignore[SHOP001] a script\n"})
    terminal = Terminal(root)
    assert terminal.analyze(select=("SHOP001",)) == 0
    assert terminal.analyze(ignore=("SHOP",)) == 0
    for name in ("sarif", "junit", "gitlab", "github"):
        plant(tmp_path, {"app.py": "print(1)\n"})
        assert terminal.analyze(format=name) == 1
        assert "SHOP001" in terminal.written[-1]
    terminal.explain(code="SHOP001")
    assert terminal.written[-1].startswith("# SHOP001: no-print")


def test_a_rule_does_not_see_the_project_it_judges(tmp_path: Path) -> None:
    root = plant(tmp_path, {**FILES, "my_rules.py": f"import app\n{RULE}"})
    with pytest.raises(UsageError) as caught:
        Terminal(root).analyze()
    assert caught.value.message == "my_rules.py:1: ModuleNotFoundError: No module named 'app'"
    assert str(root) not in sys.path
    assert "my_rules" not in sys.modules


OTHER = RULE.replace("SHOP001", "{}")


@pytest.mark.parametrize(
    ("files", "message"),
    [
        pytest.param({"my_rules.py": "x = 1\n1 / 0\n"}, "my_rules.py:2: ZeroDivisionError: division", id="it fails"),
        pytest.param({"my_rules.py": "def\n"}, "my_rules.py:1: SyntaxError: ", id="it is no Python"),
        pytest.param(
            {"my_rules.py": "raise SystemExit(3)\n"}, "my_rules.py:1: SystemExit: 3", id="it ends the program"
        ),
        pytest.param({"my_rules.py": ""}, "tool.arckode.rules: my_rules.py holds no rule", id="it is empty"),
        pytest.param(
            {"my_rules.py": OTHER.replace("{}", "ARC201")}, "my_rules.py: the code ARC201 is taken by", id="ours"
        ),
        pytest.param(
            {"my_rules.py": OTHER.replace("{}", "ARC899")}, "the code ARC899 may become one", id="perhaps ours one day"
        ),
        pytest.param({"my_rules.py": OTHER.replace("{}", "no print")}, "the code 'no print' is not one", id="no code"),
        pytest.param(
            {"my_rules.py": RULE.replace('"error"', '"fatal"')}, "the severity 'fatal' is not one", id="a severity"
        ),
        pytest.param(
            {"my_rules.py": RULE + RULE.replace("RULE =", "SECOND =")},
            "my_rules.py: the code SHOP001 is taken by my_rules.py",
            id="twice the same",
        ),
        pytest.param(
            {"pyproject.toml": '[tool.arckode]\nrules = ["nowhere"]\n'},
            "there is no nowhere.py and no nowhere/__init__.py",
            id="not there",
        ),
        pytest.param(
            {"pyproject.toml": '[tool.arckode]\nrules = ["../x"]\n'}, "'../x' is not a module's name", id="a path"
        ),
        pytest.param({"pyproject.toml": "[tool.arckode]\nrules = 3\n"}, "tool.arckode.rules must be a mod", id="3"),
    ],
)
def test_what_is_wrong_with_a_rule_is_said_with_its_file(tmp_path: Path, files: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        Terminal(plant(tmp_path, {**FILES, **files})).analyze()
    assert message in caught.value.message
    assert caught.value.hint


def test_a_rule_of_the_project_that_crashes_is_not_called_our_bug(tmp_path: Path) -> None:
    root = plant(tmp_path, {**FILES, "my_rules.py": RULE.replace("analysis.calls(source)", "1 // 0")})
    with pytest.raises(CrashError) as caught:
        Terminal(root).analyze()
    assert (
        caught.value.message == "rule SHOP001 failed on app.py: ZeroDivisionError: integer division or modulo by zero"
    )
    assert caught.value.hint == "it is a rule of the project's"


def test_a_warm_run_does_not_run_them(tmp_path: Path) -> None:
    root = plant(tmp_path, FILES)
    codes(root)
    before = {name for name in sys.modules if name.startswith("_arckode_rules_")}
    assert codes(root) == ["SHOP001"]
    assert {name for name in sys.modules if name.startswith("_arckode_rules_")} == before
