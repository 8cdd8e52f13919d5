"""What is published: the wheel and the sdist hold exactly what they should; the wheel works without the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from arckode_gen import __version__
from tests.commands.calls import ENVIRON
from tests.generated import arckode, must, tree

ROOT = Path(__file__).resolve().parents[2]
BUNDLED = "arckode_gen/_bundled/"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build both from the working tree, as `python -m build` does, without the network."""
    out = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--sdist", "--wheel", "--outdir", str(out), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return out


@pytest.fixture(scope="module")
def wheel(built: Path) -> list[str]:
    (file,) = built.glob("*.whl")
    with zipfile.ZipFile(file) as archive:
        return archive.namelist()


@pytest.fixture(scope="module")
def installed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel alone into a folder, byte-compiled as pip does, and return that folder."""
    target = tmp_path_factory.mktemp("installed") / "site"
    (file,) = built.glob("*.whl")
    flags = ["--quiet", "--no-deps", "--no-index", "--target", str(target)]
    pip = [sys.executable, "-m", "pip", "install", *flags, str(file)]
    environ = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    subprocess.run(pip, env=environ, check=True, capture_output=True)
    return target


def git_files(*folders: str) -> set[str]:
    """Return the files that git tracks or would; one that was deleted and not committed yet is not there."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z", "--", *folders],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split("\0")  # fmt: skip
    return {path for path in listed if path and (ROOT / path).is_file()}


def test_the_wheel_bundles_the_templates_and_stubs_that_git_tracks(wheel: list[str]) -> None:
    bundled = {path.removeprefix(BUNDLED) for path in wheel if path.startswith(BUNDLED)}
    assert bundled == git_files("templates", "stubs")


def test_the_wheel_has_our_packages_and_no_others(wheel: list[str]) -> None:
    names = {path.partition("/")[0] for path in wheel}
    assert names == {"arckode_gen", "arckode_analyzers", f"arckode-{__version__}.dist-info"}


def test_the_wheel_has_every_source_file_and_nothing_compiled(wheel: list[str]) -> None:
    sources = git_files("arckode_gen") | {path.removeprefix("analyzers/") for path in git_files("analyzers")}
    ours = {path for path in wheel if path.endswith(".py") and not path.startswith(BUNDLED)}
    assert ours == {path for path in sources if path.endswith(".py")}
    assert [path for path in wheel if "__pycache__" in path] == []


def test_the_wheel_has_a_skill_of_its_own(wheel: list[str]) -> None:
    assert "arckode_gen/.agents/skills/arckode/SKILL.md" in wheel


def test_both_packages_are_typed(wheel: list[str]) -> None:
    assert {"arckode_gen/py.typed", "arckode_analyzers/py.typed"} <= set(wheel)


def test_the_sdist_builds_the_same_wheel_and_carries_no_environment(built: Path, wheel: list[str]) -> None:
    (file,) = built.glob("*.tar.gz")
    with tarfile.open(file) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"pyproject.toml", "README.md", "LICENSE"} <= names
    assert git_files("templates", "stubs", "arckode_gen", "analyzers") <= names
    assert [
        name for name in names if name.startswith((".venv", ".git/", ".mypy_cache", "dist")) or "pycache" in name
    ] == []
    assert {path for path in wheel if path.endswith(".py")}


PATH_FILE = """
import sys
sys.path[:] = [path for path in sys.path if not path.startswith({root!r}) or "site-packages" in path]
sys.meta_path[:] = [finder for finder in sys.meta_path if "editable" not in str(finder)]
"""


def environ(installed: Path) -> dict[str, str]:
    """Return an environment in which the checkout cannot be imported: only the wheel can answer."""
    startup = installed.parent / "startup"
    startup.mkdir(exist_ok=True)
    (startup / "sitecustomize.py").write_text(PATH_FILE.format(root=str(ROOT)))
    return {**ENVIRON, "PYTHONPATH": f"{startup}{os.pathsep}{installed}"}


def run(installed: Path, cwd: Path, *words: str) -> str:
    return must(arckode(cwd, *words, env=environ(installed))).stdout


def test_the_wheel_is_what_runs(installed: Path, tmp_path: Path) -> None:
    script = "import arckode_gen, arckode_gen.resources as r; print(arckode_gen.__file__, r.folder('stubs'))"
    done = subprocess.run(
        [sys.executable, "-P", "-c", script],
        cwd=tmp_path, env=environ(installed), capture_output=True, text=True, check=True,
    )  # fmt: skip
    for path in done.stdout.split():
        assert Path(path).is_relative_to(installed)
    assert list((installed / BUNDLED).rglob("*.pyc")), "pip compiled what the wheel bundles"


def test_an_installed_arckode_generates_what_the_checkout_does(installed: Path, tmp_path: Path) -> None:
    assert run(installed, tmp_path, "--version") == f"arckode {__version__}\n"
    assert "make:module" in run(installed, tmp_path, "list")
    words = ("make:module", "orders", "total:decimal=12.2:min=0", "note:text:null")
    for who in ("wheel", "checkout"):
        (tmp_path / who).mkdir()
    run(installed, tmp_path / "wheel", "new", "shop", "--no-git")
    run(installed, tmp_path / "wheel/shop", *words)
    must(arckode(tmp_path / "checkout", "new", "shop", "--no-git"))
    must(arckode(tmp_path / "checkout/shop", *words))
    assert tree(tmp_path / "wheel/shop") == tree(tmp_path / "checkout/shop")
    assert [path for path in tree(tmp_path / "wheel/shop") if path.endswith(".pyc")] == []
