"""Same words, same bytes, on every machine and in every folder, whoever runs it; and a formatter is no author."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from arckode_gen.engine import units
from tests.commands.calls import ENVIRON, call
from tests.generated import must, tool
from tests.shell.trees import tree

REPOSITORY = Path(__file__).parents[2]
# The first two are as far from here as it gets; `ARCKODE_PLACES=1` tries the others too (`make soak`).
ELSEWHERE = [
    pytest.param(
        "ein Ördner/x", "022", {"LC_ALL": "tr_TR.UTF-8", "TZ": "Pacific/Kiritimati"}, id="in Turkish, at UTC+14"
    ),
    pytest.param("b", "077", {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, id="in ASCII, privately"),
    pytest.param("c", "000", {"LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "4711", "TZ": "America/Adak"}, id="open to all"),
    pytest.param("d/d/d", "027", {"HOME": "/nonexistent", "USER": "nobody", "COLUMNS": "40"}, id="as somebody else"),
][: None if "ARCKODE_PLACES" in os.environ else 2]


def made(folder: Path, umask: str, environ: dict[str, str]) -> dict[str, str]:
    """Return every file of the project that is made there, without its permission bits."""
    folder.mkdir(parents=True)
    words = [sys.executable, "-m", "tests.keeping.making", str(folder), umask]
    done = subprocess.run(
        words, cwd=REPOSITORY, env={**ENVIRON, **environ}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    files = {path: said.partition(" ")[2] for path, said in tree(folder / "shop").items() if said != "folder"}
    assert all(str(folder) not in said for said in files.values())
    return {**files, "what it said": done.stdout}


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return made(tmp_path_factory.mktemp("a") / "a", "022", {"LC_ALL": "C.UTF-8", "TZ": "UTC", "PYTHONHASHSEED": "0"})


@pytest.mark.parametrize(("folder", "umask", "environ"), ELSEWHERE)
def test_what_is_made_is_the_same_everywhere(
    folder: str, umask: str, environ: dict[str, str], here: dict[str, str], tmp_path: Path
) -> None:
    assert made(tmp_path / folder, umask, environ) == here


@pytest.mark.generates
@pytest.mark.parametrize(
    "style",
    [
        pytest.param({"line-length": "79"}, id="79 columns"),
        pytest.param({"line-length": "120"}, id="120 columns"),
        pytest.param({"line-length": "88", "format.quote-style": '"single"'}, id="88 columns and single quotes"),
    ],
)
def test_a_project_that_is_formatted_otherwise_has_no_conflicts(
    style: dict[str, str], fresh: Path, tmp_path: Path
) -> None:
    root = Path(shutil.copytree(fresh, tmp_path / "shop"))
    call(root, "make:module", "customers", "name:str:max=120", "email:email:unique")
    call(root, "make:module", "orders", "customer:belongs_to=customers", "total:decimal=12.2", "note:text:null")
    older(root)
    flags = [word for key, value in style.items() for word in ("--config", f"{key}={value}")]
    must(tool(root, "ruff", "format", "--quiet", *flags))
    settle(root / "pyproject.toml", style)
    must(tool(root, "ruff", "format", "--check"))
    heard = call(root, "upgrade")
    assert heard.code == 0, heard.out
    assert "<<<<<<<" not in "".join(tree(root).values())
    assert not any("OLDER = 1" in file.read_text() for file in root.glob("src/**/*.py"))
    must(tool(root, "ruff", "format", "--check"))
    assert call(root, "upgrade").out.endswith("nothing to do, everything is there already")
    assert call(root, "destroy:module", "orders").code == 0
    assert not any("orders" in path for path in tree(root))


def older(root: Path) -> None:
    """Make every generated file and its baseline what an older version would have made, at both ends."""
    base = root / units.BASE
    for file in sorted(base.rglob("*.py")):
        path = file.relative_to(base).as_posix()
        if "/migrations/2" in path or path.endswith("composition_root.py") or not file.read_text().strip():
            continue
        for place in (file, root / path):
            first, _, rest = place.read_text().partition("\n")
            first = '"""As it was."""' if first.startswith('"""') and first.endswith('"""') else first
            place.write_text(f"{first}\n{rest}\n\nOLDER = 1\n")
    for unit in root.glob(f"{units.UNITS}*.json"):
        unit.write_text(unit.read_text().replace('"templates": "', '"templates": "0'))


def settle(config: Path, style: dict[str, str]) -> None:
    """Write a style into the project's own configuration, as its people would."""
    text = config.read_text()
    start = text.index("line-length")
    text = text[:start] + f"line-length = {style['line-length']}" + text[text.index("\n", start) :]
    quote = style.get("format.quote-style")
    config.write_text(text + (f"\n[tool.ruff.format]\nquote-style = {quote}\n" if quote else ""))
