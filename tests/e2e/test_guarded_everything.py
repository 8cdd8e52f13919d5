"""`make:auth` on a project with everything: it is clean, and all of its own tests pass on each database."""

from __future__ import annotations

import os
import shutil
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from tests.e2e.test_databases import scratch
from tests.generated import arckode, must, tool
from tests.services import mariadb_url, postgres_url

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.generates


@pytest.fixture(scope="module")
def guarded(everything: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("guarded") / "shop"
    shutil.copytree(everything, root)
    must(arckode(root, "make:auth"))
    return root


def test_it_is_clean_and_every_route_of_a_module_is_guarded(guarded: Path) -> None:
    must(arckode(guarded, "analyze"))
    must(tool(guarded, "ruff", "check"))
    must(tool(guarded, "ruff", "format", "--check"))
    controllers = [path.read_text() for path in guarded.glob("src/shop/modules/*/controller.py")]
    assert sum("access=PUBLIC" in text for text in controllers) == 1  # signing in
    # What was made last, so that a word that is the same in both would be met.
    must(tool(guarded, "pytest", "-q", "-p", "no:cacheprovider", "tests/modules/accounts", "tests/modules/replies"))


@pytest.mark.skipif(not os.environ.get("ARCKODE_AUTH"), reason="set ARCKODE_AUTH=1 (`make soak`)")
@pytest.mark.parametrize(
    "dialect",
    [
        "sqlite",
        pytest.param("postgresql", marks=pytest.mark.postgres),
        pytest.param("mariadb", marks=pytest.mark.mariadb),
    ],
)
def test_all_of_its_own_tests_pass(guarded: Path, dialect: str) -> None:
    with ExitStack() as stack:
        env = {}
        if dialect == "postgresql":
            env["TEST_DATABASE_URL"] = stack.enter_context(scratch(postgres_url(), " WITH (FORCE)"))
        elif dialect == "mariadb":
            env["TEST_DATABASE_URL"] = stack.enter_context(scratch(mariadb_url()))
        must(tool(guarded, "mypy"))
        must(tool(guarded, "pytest", "-q", "-p", "no:cacheprovider", env=env))
