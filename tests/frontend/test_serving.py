"""Both sides of a project at one address: while it is developed, and from the steps of the image for production."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import urllib.request
import venv
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.commands.calls import call
from tests.commands.test_dev import OPENER, PATIENCE, dev, status, within
from tests.frontend.tools import node_modules
from tests.generated import arckode, must
from tests.own_servers import free_port

if TYPE_CHECKING:
    from collections.abc import Mapping

pytestmark = pytest.mark.generates

# The user that owns the process and its folders belongs to the image; a test must not make one on the machine.
_MACHINE = "useradd"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    packages = node_modules()
    folder = tmp_path_factory.mktemp("serving")
    call(folder, "new", "shop", "--no-git")
    root = folder / "shop"
    call(root, "make:module", "orders", "number:str:unique", "--fullstack")
    call(root, "db:migrate")
    (root / "frontend/node_modules").symlink_to(packages)
    return root


def read(url: str, accept: str = "*/*") -> str:
    with OPENER.open(urllib.request.Request(url, headers={"accept": accept}), timeout=20) as answer:
        return str(answer.read().decode())


def test_one_command_serves_both_sides_at_one_address(shop: Path) -> None:
    with dev(shop) as running:
        app = running.read()["urls"]["app"]
        running.wait_until_ready(app)
        for path in ("/", "/orders", "/orders/new"):
            page = read(app + path, "text/html")
            assert '<div id="app">' in page, path
            assert '"/src/main.ts"' in page, path
        assert "createApp" in read(f"{app}/src/main.ts")
        assert json.loads(read(f"{app}/api/orders"))["data"] == []
        assert "/orders" in json.loads(read(f"{app}/openapi.json"))["paths"]
        assert status(f"{app}/docs") == 200
        running.process.send_signal(signal.SIGINT)
        assert running.process.wait(timeout=PATIENCE) == 0, running.said
        assert within(lambda: not running.alive), running.alive


class _Image:
    """Carries the steps of a Dockerfile out in folders: COPY, RUN, WORKDIR and ENV, one folder for each stage."""

    def __init__(self, context: Path, folder: Path) -> None:
        self._context = context
        self._folder = folder
        self._stages: dict[str, Path] = {}
        self._work = Path()
        self.root = folder
        self.environ: dict[str, str] = {}
        self.command: list[str] = []

    def build(self, file: Path, environs: Mapping[str, Mapping[str, str]]) -> None:
        """Build all stages; `environs` are the variables of a stage by the first word of its base image."""
        for line in re.sub(r"\\\n", " ", file.read_text("utf-8")).splitlines():
            word, _, rest = line.partition(" ")
            if word == "FROM":
                base, _, name = rest.partition(" AS ")
                self.root = self._folder / (name or "last")
                self._stages[name] = self.root
                self.environ = dict(environs[base.partition(":")[0]])
            elif word == "WORKDIR":
                self._work = self.root / rest.lstrip("/")
                self._work.mkdir(parents=True)
            elif word == "COPY":
                self._copy(shlex.split(rest))
            elif word == "RUN" and _MACHINE not in rest:
                words = ["sh", "-c", rest]
                ran = subprocess.run(
                    words, cwd=self._work, env=self.environ, capture_output=True, text=True, check=False
                )
                assert ran.returncode == 0, f"{line}\n{ran.stdout}{ran.stderr}"
            elif word == "ENV":
                name, _, value = rest.partition("=")
                self.environ[name] = value
            elif word == "CMD":
                self.command = json.loads(rest)
            else:
                assert word in {"", "#", "RUN", "USER", "EXPOSE"}, line

    @property
    def work(self) -> Path:
        return self._work

    def _copy(self, words: list[str]) -> None:
        source = self._context
        if words[0].startswith("--from="):
            source = self._stages[words.pop(0).removeprefix("--from=")]
        *wanted, target = words
        place = self._work / target
        for pattern in wanted:
            found = sorted(source.glob(pattern.lstrip("/")))
            assert found, pattern
            for each in found:
                if each.is_dir():
                    # `frontend/Dockerfile.dockerignore` keeps these out.
                    ignored = shutil.ignore_patterns("node_modules", "dist", "__pycache__")
                    shutil.copytree(each, place, dirs_exist_ok=True, ignore=ignored)
                else:
                    place.mkdir(parents=True, exist_ok=True)
                    shutil.copy(each, place / each.name)


@pytest.mark.skipif(os.environ.get("ARCKODE_IMAGE") != "1", reason="installs everything anew: ARCKODE_IMAGE=1")
def test_the_steps_of_the_image_give_an_application_that_serves_both_sides(shop: Path, tmp_path: Path) -> None:
    ignored = (shop / "frontend/Dockerfile.dockerignore").read_text("utf-8")
    assert {".env", ".venv", "frontend/node_modules", "frontend/dist"} <= set(ignored.split())
    venv.create(tmp_path / "venv", with_pip=True, symlinks=True)
    ours = ("ARCKODE_", "PYTHON", "VIRTUAL_ENV")
    machine = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    python = {**machine, "PATH": f"{tmp_path}/venv/bin:{machine['PATH']}"}
    image = _Image(shop, tmp_path / "image")
    image.build(shop / "frontend/Dockerfile", {"node": machine, "python": python})
    port = free_port()
    command = [str(port) if word == "8000" else word.replace("0.0.0.0", "127.0.0.1") for word in image.command]
    settings = {"DATABASE_URL": f"sqlite:///{tmp_path}/shop.db"}
    must(arckode(shop, "db:migrate", env=settings))
    environ = {**image.environ, **settings}
    with subprocess.Popen(command, cwd=image.work, env=environ) as server:
        try:
            app = f"http://127.0.0.1:{port}"
            assert within(lambda: status(f"{app}/health/ready") == 200)
            page = read(f"{app}/orders/new", "text/html")
            script = re.findall(r'src="(/assets/[^"]+\.js)"', page)[0]
            assert len(read(app + script)) > 1_000
            assert json.loads(read(f"{app}/api/orders"))["data"] == []
        finally:
            server.terminate()
    assert server.returncode == -signal.SIGTERM  # it ends by what ended it, once its work is done
