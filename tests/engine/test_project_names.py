"""Names of projects: what they become, and that no package hides another."""

from __future__ import annotations

import sys

import pytest

from arckode_gen.engine.project_names import ProjectName, parse
from arckode_gen.errors import UsageError


@pytest.mark.parametrize(
    ("word", "package"),
    [
        pytest.param("shop", "shop", id="as it is"),
        pytest.param("my-shop", "my_shop", id="hyphens become underscores"),
        pytest.param("My--Shop_2", "my_shop_2", id="capitals and doubles go"),
        pytest.param("match", "match", id="a word that is a keyword only sometimes"),
    ],
)
def test_the_package_follows_from_the_name(word: str, package: str) -> None:
    assert parse(word) == ProjectName(word, package)
    assert parse("other", package) == ProjectName("other", package)


@pytest.mark.parametrize("word", sorted(name for name in sys.stdlib_module_names if name.islower() and name[0] != "_"))
def test_no_package_hides_pythons_own(word: str) -> None:
    with pytest.raises(UsageError):
        parse(word)
