"""The client against real servers, driven by Node: a generated project, and an API that does the rest."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from arckode_gen.client import document
from tests.client.documents import write
from tests.client.tools import bundle, compile_errors, node_tools
from tests.generated import arckode, must, new_project
from tests.own_servers import free_port, is_listening

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


_HERE = Path(__file__).parent
_MODULES = (
    ("orders", "total:decimal=12.2", "status:enum=draft/paid:default=draft", "note:text:null"),
    ("tags", "label:str:unique"),
)


@contextmanager
def served(folder: Path, app: str, source: Path, env: Mapping[str, str] | None = None) -> Iterator[str]:
    """Serve an application on a free port until the block ends, and give its address."""
    port = free_port()
    words = ["-m", "uvicorn", app, "--app-dir", str(source), "--port", str(port), "--log-level", "critical"]
    environ = {**os.environ, **(env or {})}
    process = subprocess.Popen(
        [sys.executable, *words], cwd=folder, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        for _ in range(600):
            if is_listening(port):
                break
            assert process.poll() is None, "the server ended"
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = new_project(tmp_path_factory.mktemp("live"))
    for words in _MODULES:
        must(arckode(root, "make:module", *words))
    must(arckode(root, "db:migrate"))
    return root


def test_every_way_a_call_can_go(shop: Path, tmp_path: Path) -> None:
    node_tools()
    must(arckode(shop, "generate:api-client", "--out", "frontend/src/api"))
    shutil.copytree(shop / "frontend/src/api", tmp_path / "shop")
    code = "import json; from live_app import app; print(json.dumps(app.openapi()))"
    done = subprocess.run([sys.executable, "-c", code], cwd=_HERE, capture_output=True, text=True, check=True)
    write(json.loads(done.stdout), tmp_path / "live")
    for name in ("bodies", "parameters"):
        made = document.parse((_HERE / f"constructs/{name}.yml").read_text("utf-8"), name)
        write(made, tmp_path / name)
    for name in ("live.ts", "checks.ts", "live_globals.d.ts"):
        (tmp_path / name).write_text((_HERE / name).read_text("utf-8"), "utf-8")
    assert not (said := compile_errors(tmp_path, "7.0")), "\n".join(said)
    driver = bundle((_HERE / "live.ts").read_text("utf-8"), tmp_path, "--platform=node")
    with served(shop, "shop.main:app", shop / "src") as first, served(_HERE, "live_app:app", _HERE) as second:
        environ = {**os.environ, "SHOP": first, "LIVE": second}
        ran = subprocess.run(["node", str(driver)], env=environ, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stdout.count("ok ") == (_HERE / "live.ts").read_text("utf-8").count("\n  async "), ran.stdout


def test_a_generated_project_with_accounts_files_and_a_stream(tmp_path: Path) -> None:
    node_tools()
    root = new_project(tmp_path)
    for words in (
        ("make:auth",),
        ("make:adapter", "local"),
        ("make:stream", "news", "--access", "signed-in"),
        ("make:module", "tags", "label:str:unique"),
    ):
        must(arckode(root, *words))
    shutil.copy(_HERE / "live_papers.py", root / "src/shop/papers.py")
    wiring = root / "src/shop/composition_root.py"
    text = wiring.read_text("utf-8").replace("    return kernel", "    register_papers(kernel)\n    return kernel")
    wiring.write_text(text.replace("from shop.settings", "from shop.papers import register_papers\nfrom shop.settings"))
    environ = {"STORAGE__PROVIDER": "local", "STORAGE__FOLDER": str(tmp_path / "stored")}
    must(arckode(root, "db:migrate", env=environ))
    must(arckode(root, "db:seed", env=environ))
    must(arckode(root, "generate:api-client", "--out", "frontend/src/api", env=environ))
    driven = tmp_path / "driven"
    shutil.copytree(root / "frontend/src/api", driven / "shop")
    for name in ("live_accounts.ts", "checks.ts", "live_globals.d.ts"):
        shutil.copy(_HERE / name, driven / name)
    assert not (said := compile_errors(driven, "7.0")), "\n".join(said)
    source = (_HERE / "live_accounts.ts").read_text("utf-8")
    driver = bundle(source, driven, "--platform=node")
    with served(root, "shop.main:app", root / "src", environ) as address:
        ran = subprocess.run(
            ["node", str(driver)],
            env={**os.environ, "SHOP": address},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stdout.count("ok ") == source.count("\n  async "), ran.stdout
