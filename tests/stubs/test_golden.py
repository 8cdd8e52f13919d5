"""What a stub renders changes only on purpose: see `tests/stubs/golden.py`."""

from __future__ import annotations

import pytest

from tests.stubs.golden import Case, cases, expected, render

CASES = cases()


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_an_example_renders_as_agreed(case: Case) -> None:
    made, agreed = render(case), expected(case)
    assert sorted(made) == sorted(agreed), "other files: run `python -m tests.stubs.golden --write` and read the diff"
    for path, text in made.items():
        assert text == agreed[path], path


def test_the_module_has_its_examples() -> None:
    assert {"module-customers", "module-orders", "module-pedidos"} <= {case.name for case in CASES}
