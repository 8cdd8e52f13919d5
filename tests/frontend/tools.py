"""The packages of a generated front end and of its tests, installed once into `.cache/frontend-tools`."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

from arckode_gen import resources
from arckode_gen.engine import template_tree

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache" / "frontend-tools"
_TESTS = {"axe-core": "^4.11", "playwright-core": "^1.56"}


@cache
def node_modules() -> Path:
    """Answer the folder of packages, or skip the test (fail it when ARCKODE_REQUIRE_SERVICES=1)."""
    _or_skip(_install())
    return CACHE / "node_modules"


def chromium() -> str:
    """Answer the browser's path, or skip the test (fail it when ARCKODE_REQUIRE_SERVICES=1)."""
    found = next(
        (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), ""
    )
    _or_skip("" if found else "chromium not found: install Debian's package chromium")
    return found


def _or_skip(problem: str) -> None:
    if problem and os.environ.get("ARCKODE_REQUIRE_SERVICES") == "1":
        pytest.fail(problem, pytrace=False)
    if problem:
        pytest.skip(problem)


def _wanted() -> str:
    """Return the package.json of a front end, with what the tests need besides."""
    answers = {"name": "shop", "package": "shop"}
    files = template_tree.render(resources.folder("templates") / "frontend" / "project", answers)
    document = json.loads(files["package.json"].text)
    return json.dumps({**document, "devDependencies": {**document["devDependencies"], **_TESTS}}, indent=2)


def _install() -> str:
    """Install what is missing; answer what is in the way, if anything is."""
    missing = [program for program in ("node", "npm") if shutil.which(program) is None]
    if missing:
        return f"{' and '.join(missing)} not found: install Node 20 or newer"
    wanted, done = _wanted(), CACHE / "installed.json"
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if done.is_file() and done.read_text("utf-8") == wanted:
            return ""
        shutil.rmtree(CACHE / "node_modules", ignore_errors=True)
        (CACHE / "package.json").write_text(wanted, "utf-8")
        command = ["npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"]
        ran = subprocess.run(command, cwd=CACHE, capture_output=True, text=True, check=False)
        if ran.returncode:
            return f"npm cannot install the front end's packages: {ran.stderr.strip()[-400:]}"
        done.write_text(wanted, "utf-8")
        return ""
