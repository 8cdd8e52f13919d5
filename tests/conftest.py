"""What tests of several folders share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests.generated import MODULES, arckode, must, new_project

if TYPE_CHECKING:
    from pathlib import Path

# A deadline measures the machine, not the code.
settings.register_profile("arckode", deadline=None)
settings.load_profile("arckode")


@pytest.fixture(scope="session")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a module for everything that `make:module` can make; tests only read it."""
    root = new_project(tmp_path_factory.mktemp("everything"))
    for words in MODULES:
        must(arckode(root, "make:module", *words))
    return root


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A new, empty project of the test's own."""
    return new_project(tmp_path)
