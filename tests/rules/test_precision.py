"""How often rules are right on code that people judged beforehand: the goals of the labelled benchmark."""

from __future__ import annotations

import pytest

from tests.bench.precision.benchmark import HALVES, Half, labels, projects, score

GOALS = {
    "ARC201": (0.95, 0.90),
    **dict.fromkeys(("ARC101", "ARC102", "ARC203", "ARC205", "ARC301", "ARC302"), (0.95, 0.85)),
}
CASES = [pytest.param(half, code, id=f"{code} {half}") for code in GOALS for half in HALVES]


@pytest.mark.parametrize(("half", "code"), CASES)
def test_a_rule_reaches_its_goals(half: Half, code: str) -> None:
    precision, recall = GOALS[code]
    result = score(half, code)
    assert result.sites
    assert result.precision >= precision, result.wrong
    assert result.recall >= recall, result.missed


def test_the_benchmark_is_large_and_has_both_kinds_of_sites_in_both_halves() -> None:
    for half in HALVES:
        bad, good = zip(*map(labels, projects(half)), strict=True)
        assert sum(map(len, bad)) >= 30
        assert sum(map(len, good)) >= 30
    assert sum(score(half, "ARC201").sites for half in HALVES) >= 200
