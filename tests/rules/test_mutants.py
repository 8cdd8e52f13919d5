"""A generated project, broken in every way there is a name for: what a rule says it decides, it finds, alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from arckode_analyzers.registry import all_rules
from tests.rules.mutants.seeded import Clean
from tests.rules.mutants.table import MUTANTS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.rules.mutants.seeded import Mutant

RULES = {rule.code: rule for rule in all_rules()}
DECIDABLE = [pytest.param(each, id=f"{each.code} {each.way}") for each in MUTANTS if each.decidable]
FEWEST = 5


@pytest.fixture(scope="module")
def clean(modules: Path) -> Clean:
    return Clean(modules)


@pytest.mark.generates
@pytest.mark.parametrize("mutant", DECIDABLE)
def test_a_mutant_is_found_where_it_is_and_nowhere_else(clean: Clean, mutant: Mutant) -> None:
    found = clean.findings(RULES[mutant.code], mutant.edits)
    assert {each.path for each in found} == {mutant.path}


@pytest.mark.generates
@pytest.mark.parametrize("code", sorted({each.code for each in MUTANTS}))
def test_the_project_itself_is_clean(clean: Clean, code: str) -> None:
    assert clean.findings(RULES[code]) == ()


@pytest.mark.parametrize("code", sorted({each.code for each in MUTANTS}))
def test_a_rule_is_broken_in_many_ways(code: str) -> None:
    assert len({each.way for each in MUTANTS if each.code == code and each.decidable}) >= FEWEST


def test_the_ways_to_break_a_rule_have_names_of_their_own() -> None:
    assert len({(each.code, each.way) for each in MUTANTS}) == len(MUTANTS)
