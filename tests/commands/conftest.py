"""Projects that the command line itself has generated."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.commands.calls import arckode

if TYPE_CHECKING:
    from pathlib import Path

ORDERS = ("customer:belongs_to=customers", "total:decimal=12.2:min=0", "status:enum=draft/paid:default=draft")


@pytest.fixture(scope="session")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with two modules, one asking the other; leave it as it is."""
    folder = tmp_path_factory.mktemp("generated")
    arckode(folder, "new", "shop", "--no-git")
    arckode(folder / "shop", "make:module", "customers", "name:str:max=120", "email:email:unique")
    arckode(folder / "shop", "make:module", "orders", *ORDERS)
    return folder / "shop"


@pytest.fixture
def shop(generated: Path, tmp_path: Path) -> Path:
    """A copy of that project, to change."""
    return shutil.copytree(generated, tmp_path / "shop")
