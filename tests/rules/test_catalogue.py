"""The catalogue of dangerous operations: every example is told on its engine only, and none is fiction."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from arckode_analyzers.sql.catalogue import CHECKS
from arckode_analyzers.sql.catalogue.dialects import FOREIGN
from arckode_analyzers.sql.operations import ENGINES
from arckode_analyzers.sql.reserved import RESERVED
from tests.rules.catalogue_cases import NEAR, Near
from tests.rules.catalogue_mutation import CHAPTERS, EQUIVALENT, survivors
from tests.rules.engines import RUNS, Engines
from tests.rules.judging import told

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from arckode_analyzers.sql.script import Check, Sample


@pytest.fixture(scope="module")
def engines() -> Iterator[Engines]:
    """Give the engines, and take what was made there away again."""
    there = Engines()
    yield there
    there.close()


def _rows(which: str) -> list[object]:
    return list(_judged(which))


def _judged(which: str) -> Iterator[object]:
    for check in CHECKS:
        for sample in getattr(check, which):
            for engine in sorted(sample.engines or check.engines):
                yield pytest.param(check, sample, engine, id=f"{engine}: {check.name}: {sample.statements[-1][:60]}")


@pytest.mark.parametrize(("check", "sample", "engine"), _rows("bad"))
def test_a_bad_example_is_told(check: Check, sample: Sample, engine: str) -> None:
    found = told(engine, sample.statements, one_transaction=sample.one_transaction)
    assert check.name in found


@pytest.mark.parametrize(("check", "sample", "engine"), _rows("good"))
def test_a_good_example_is_not(check: Check, sample: Sample, engine: str) -> None:
    assert check.name not in told(engine, sample.statements, one_transaction=sample.one_transaction)


@pytest.mark.parametrize("check", [pytest.param(check, id=check.name) for check in CHECKS])
def test_an_engine_that_has_no_such_danger_is_left_alone(check: Check) -> None:
    for sample in check.bad:
        for engine in sorted(set(ENGINES) - check.engines):
            assert check.name not in told(engine, sample.statements, one_transaction=sample.one_transaction)


@pytest.mark.parametrize("near", [pytest.param(near, id=f"{near.check}: {near.statements[-1]}") for near in NEAR])
def test_its_neighbours_are_told_apart(near: Near) -> None:
    found = told(near.engine, near.statements, one_transaction=near.one_transaction)
    assert (near.check in found) == near.is_told


@pytest.mark.parametrize("chapter", [pytest.param(each, id=each.__name__.rpartition(".")[2]) for each in CHAPTERS])
def test_no_decision_can_be_turned_around_unnoticed(chapter: ModuleType) -> None:
    name = chapter.__name__.rpartition(".")[2]
    assert [each for each in survivors(chapter) if each not in EQUIVALENT.get(name, {})] == []


@pytest.mark.parametrize("check", [pytest.param(check, id=check.name) for check in CHECKS])
def test_a_check_says_what_it_is_about(check: Check) -> None:
    assert check.bad
    assert check.good
    assert check.danger.endswith(".")
    assert check.recipe
    assert not check.recipe.endswith(".")
    assert {engine for sample in check.bad for engine in sample.engines or check.engines} == check.engines


def test_names_are_given_once() -> None:
    names = [check.name for check in CHECKS]
    assert len(set(names)) == len(names) >= 30


def _runs(which: str) -> list[object]:
    return list(_run(which))


def _run(which: str) -> Iterator[object]:
    for check in CHECKS:
        for sample in getattr(check, which):
            for engine in sorted((sample.engines or check.engines) & set(RUNS)):
                yield pytest.param(sample, engine, id=f"{engine}: {check.name}: {sample.statements[-1][:60]}")


@pytest.mark.parametrize(("sample", "engine"), _runs("bad"))
def test_a_bad_example_is_no_fiction(sample: Sample, engine: str, engines: Engines) -> None:
    refused = engines.run(engine, sample.statements, one_transaction=sample.one_transaction)
    assert bool(refused) == sample.refused, refused


@pytest.mark.parametrize(("sample", "engine"), _runs("good"))
def test_a_good_example_runs(sample: Sample, engine: str, engines: Engines) -> None:
    assert engines.run(engine, sample.statements, one_transaction=sample.one_transaction) == ""


@pytest.mark.parametrize("each", [pytest.param(each, id=each.what) for each in FOREIGN])
def test_another_engines_words_are_understood_by_some_engine(each: object) -> None:
    assert each.engines < set(ENGINES)  # type: ignore[attr-defined]  # rows of one table


@pytest.mark.parametrize("engine", RUNS)
def test_reserved_words_are_those_that_the_engine_refuses(engine: str, engines: Engines) -> None:
    words = sorted(RESERVED[engine])
    for word in words[:: max(1, len(words) // 12)]:
        assert engines.run(engine, [f"CREATE TABLE parts (id BIGINT PRIMARY KEY, {word} BIGINT)"])
