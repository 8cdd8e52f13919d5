"""Every rule's own examples: the marked lines and no others."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import pytest

from arckode_analyzers import docs, engine
from arckode_analyzers.config import Config
from arckode_analyzers.registry import all_rules
from tests.rules.projects import expected, findings, places

if TYPE_CHECKING:
    from arckode_analyzers.rule import Example, Rule

BAD = [pytest.param(rule, each, id=f"{rule.code} {each.title}") for rule in all_rules() for each in rule.bad]
GOOD = [pytest.param(rule, each, id=f"{rule.code} {each.title}") for rule in all_rules() for each in rule.good]
RULES = [pytest.param(rule, id=rule.code) for rule in all_rules()]


@pytest.mark.parametrize(("rule", "example"), BAD)
def test_a_bad_example_is_reported_on_its_marked_lines(rule: Rule, example: Example) -> None:
    wanted = expected(example.files)
    assert wanted
    assert places(example.files, rule.code) == wanted


@pytest.mark.parametrize(("rule", "example"), GOOD)
def test_a_good_example_is_silent(rule: Rule, example: Example) -> None:
    assert places(example.files, rule.code) == []


@pytest.mark.parametrize(("rule", "example"), [*BAD, *GOOD])
def test_an_example_is_python(rule: Rule, example: Example) -> None:
    for path, text in example.files.items():
        if path.endswith(".py"):
            ast.parse(text)


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_brings_examples_words_and_a_code(rule: Rule) -> None:
    assert len(rule.bad) >= 2
    assert len(rule.good) >= 2
    assert all((rule.name, rule.summary, rule.why, rule.hint, rule.decides))
    assert rule.decides in docs.page(rule)
    assert rule.code.removeprefix("ARC").isdigit()


@pytest.mark.parametrize("rule", RULES)
def test_a_finding_says_what_where_and_what_to_do(rule: Rule) -> None:
    for example in rule.bad:
        for finding in findings(example.files, rule.code):
            assert finding.message
            assert finding.hint
            assert finding.symbol
            assert finding.text.strip()
            assert finding.column >= 1
            assert finding.severity in {rule.severity, "warning"}


def test_codes_and_names_are_unique() -> None:
    rules = all_rules()
    assert len({rule.code for rule in rules}) == len({rule.name for rule in rules}) == len(rules)


@pytest.mark.parametrize(("rule", "example"), BAD)
def test_the_order_in_which_files_are_read_changes_nothing(rule: Rule, example: Example) -> None:
    forwards = {path: text.encode() for path, text in sorted(example.files.items())}
    backwards = {path: text.encode() for path, text in sorted(example.files.items(), reverse=True)}
    assert engine.judge(forwards, Config()).findings == engine.judge(backwards, Config()).findings
