"""A generated project, broken in every way there is a name for: what a rule says it decides, it finds, alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from arckode_analyzers.registry import all_rules
from tests.generated import arckode, must, new_project
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


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Clean:
    """A project with a front end, for the rules that look at one."""
    root = new_project(tmp_path_factory.mktemp("front"))
    must(arckode(root, "make:module", "orders", "total:decimal=12.2", "note:text:null"))
    must(arckode(root, "make:frontend", "orders"))
    return Clean(root)


def _judged(request: pytest.FixtureRequest, code: str) -> Clean:
    found: Clean = request.getfixturevalue("front" if RULES[code].layers == ("frontend",) else "clean")
    return found


@pytest.mark.generates
@pytest.mark.parametrize("mutant", DECIDABLE)
def test_a_mutant_is_found_where_it_is_and_nowhere_else(request: pytest.FixtureRequest, mutant: Mutant) -> None:
    found = _judged(request, mutant.code).findings(RULES[mutant.code], mutant.edits)
    assert {each.path for each in found} == {mutant.path}


@pytest.mark.generates
@pytest.mark.parametrize("code", sorted({each.code for each in MUTANTS}))
def test_the_project_itself_is_clean(request: pytest.FixtureRequest, code: str) -> None:
    assert _judged(request, code).findings(RULES[code]) == ()


@pytest.mark.parametrize("code", sorted({each.code for each in MUTANTS}))
def test_a_rule_is_broken_in_many_ways(code: str) -> None:
    assert len({each.way for each in MUTANTS if each.code == code and each.decidable}) >= FEWEST


def test_the_ways_to_break_a_rule_have_names_of_their_own() -> None:
    assert len({(each.code, each.way) for each in MUTANTS}) == len(MUTANTS)
