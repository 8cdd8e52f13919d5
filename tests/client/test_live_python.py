"""The Python client against real servers: a generated project, and an API that does the rest."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from arckode_gen.client import document
from tests.client.python_tools import lint_errors, type_errors, write
from tests.client.test_live import served
from tests.generated import arckode, must, new_project

if TYPE_CHECKING:
    from collections.abc import Iterator

_HERE = Path(__file__).parent
_DRIVER = _HERE / "fixtures/live_python.py"
_MODULES = (
    ("orders", "total:decimal=12.2", "status:enum=draft/paid:default=draft", "note:text:null"),
    ("tags", "label:str:unique"),
)


@pytest.fixture(scope="module")
def clients(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Path]]:
    """Answer a project, and a folder with a client of it, clients of two constructs and the driver."""
    root = new_project(tmp_path_factory.mktemp("live"))
    for words in _MODULES:
        must(arckode(root, "make:module", *words))
    must(arckode(root, "db:migrate"))
    must(arckode(root, "generate:api-client", "--lang", "python", "--out", "clients/shop"))
    folder = tmp_path_factory.mktemp("clients")
    shutil.copytree(root / "clients/shop", folder / "shop")
    code = "import json; from live_app import app; print(json.dumps(app.openapi()))"
    done = subprocess.run([sys.executable, "-c", code], cwd=_HERE, capture_output=True, text=True, check=True)
    write(json.loads(done.stdout), folder / "live")
    for name in ("bodies", "parameters"):
        write(document.parse((_HERE / f"constructs/{name}.yml").read_text("utf-8"), name), folder / name)
    shutil.copy(_DRIVER, folder)
    yield root, folder


def test_every_way_a_call_can_go(clients: tuple[Path, Path]) -> None:
    root, folder = clients
    with served(root, "shop.main:app", root / "src") as first, served(_HERE, "live_app:app", _HERE) as second:
        environ = {**os.environ, "SHOP": first, "LIVE": second, "PYTHONWARNINGS": "error"}
        words = [sys.executable, "live_python.py"]
        ran = subprocess.run(words, cwd=folder, env=environ, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert not ran.stderr
    assert ran.stdout.count("ok ") == _DRIVER.read_text("utf-8").count("async def check_")


def test_the_clients_and_who_uses_them_are_typed(clients: tuple[Path, Path]) -> None:
    _, folder = clients
    assert type_errors(folder) == []


def test_the_client_of_a_project_passes_the_checks_of_the_project(clients: tuple[Path, Path]) -> None:
    root, _ = clients
    shutil.copytree(root / "clients/shop", root / "src/shop_client")
    try:
        for command in (("ruff", "check", "src"), ("ruff", "format", "--check", "src")):
            ran = subprocess.run(
                [sys.executable, "-m", *command], cwd=root, capture_output=True, text=True, check=False
            )
            assert ran.returncode == 0, ran.stdout
    finally:
        shutil.rmtree(root / "src/shop_client")
    assert lint_errors(root / "clients/shop") == []
