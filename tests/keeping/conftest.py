"""Projects that the proofs change."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.commands.calls import call

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture(scope="session")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project in which nothing was made yet; leave it as it is."""
    folder = tmp_path_factory.mktemp("fresh")
    assert call(folder, "new", "shop", "--no-git", "--defaults").code == 0
    return folder / "shop"


@pytest.fixture
def copied(tmp_path: Path) -> Callable[[Path, str], Path]:
    """Copy a project under a name."""

    def copy(project: Path, name: str) -> Path:
        return Path(shutil.copytree(project, tmp_path / name))

    return copy
