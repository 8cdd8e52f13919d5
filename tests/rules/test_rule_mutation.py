"""The opposite of what a rule decides breaks an example or a test of its topic."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from arckode_analyzers.registry import all_rules
from tests.rules.mutation import score

if TYPE_CHECKING:
    from arckode_analyzers.rule import Rule

RULES = [pytest.param(rule, id=rule.code) for rule in all_rules()]
WHOLE = bool(os.environ.get("ARCKODE_MUTATE"))


@pytest.mark.parametrize("rule", RULES)
def test_no_condition_of_a_rule_can_be_turned_around_unnoticed(rule: Rule) -> None:
    outcome = score(rule, is_quick=True)
    assert [each.key for each in outcome.survivors] == []


@pytest.mark.skipif(not WHOLE, reason="ARCKODE_MUTATE=1 turns every decision around; `make soak` does")
@pytest.mark.parametrize("rule", RULES)
def test_most_decisions_of_a_rule_cannot_be_turned_around_unnoticed(rule: Rule) -> None:
    outcome = score(rule, is_quick=False)
    print(f"{rule.code}: {outcome.total - len(outcome.survivors)} of {outcome.total}")
    assert len(outcome.survivors) <= outcome.total * 3 // 4
