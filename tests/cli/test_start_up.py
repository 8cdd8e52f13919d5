"""What is fast stays fast: no command imports what only another one needs."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.commands.calls import ENVIRON
from tests.generated import arckode, must, new_project

if TYPE_CHECKING:
    from pathlib import Path

HEAVY = frozenset("copier libcst pydantic rich sqlalchemy sqlglot typer click prompt_toolkit fastapi".split())
PROBE = """
import sys
from arckode_gen.__main__ import main
code = main(sys.argv[1:])
print("code", code, *sorted({name.partition(".")[0] for name in sys.modules}), file=sys.stderr)
"""

CASES = [
    pytest.param(["--version"], HEAVY | {"yaml", "jinja2", "dataclasses", "pathlib", "json", "re"}, id="the version"),
    pytest.param(["list"], HEAVY | {"jinja2"}, id="the list of commands"),
    pytest.param(["--help"], HEAVY | {"jinja2"}, id="the overview"),
    pytest.param(["make:module", "--help"], HEAVY | {"jinja2"}, id="the help of a generator"),
    pytest.param(["completion", "bash"], HEAVY | {"jinja2", "yaml"}, id="the completion script"),
    pytest.param(["make:module", "orders", "total:decimal=12.2", "note:text:null"], HEAVY, id="a new module"),
    pytest.param(["make:migration", "add_index"], HEAVY, id="a migration to write by hand"),
    pytest.param(["make:adapter", "redis-cache"], HEAVY, id="an adapter"),
    pytest.param(["make:adapter", "postgres"], HEAVY, id="another database"),
    pytest.param(["make:module", "articles", "x", "--dry-run", "--json"], HEAVY, id="a module that is only shown"),
    pytest.param(["new", "store", "--no-git"], HEAVY - {"copier", "pydantic", "prompt_toolkit"}, id="a new project"),
]


def probe(cwd: Path, argv: list[str], **environ: str) -> tuple[str, set[str]]:
    done = subprocess.run(
        [sys.executable, "-P", "-c", PROBE, *argv],
        cwd=cwd, env={**ENVIRON, **environ}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    _, code, *modules = done.stderr.splitlines()[-1].split()
    return code, set(modules)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return new_project(tmp_path_factory.mktemp("start_up"))


@pytest.mark.parametrize(("argv", "unwanted"), CASES)
def test_nothing_heavy_is_imported(shop: Path, argv: list[str], unwanted: frozenset[str]) -> None:
    code, modules = probe(shop, argv)
    assert code == "0"
    assert modules & unwanted == set()


def test_to_take_something_out_reads_no_yaml_and_renders_nothing(tmp_path: Path) -> None:
    root = new_project(tmp_path)
    must(arckode(root, "make:helper", "slugify", env={"PYTHONDONTWRITEBYTECODE": ""}))
    code, modules = probe(root, ["destroy:helper", "slugify"])
    assert code == "0"
    assert modules & {*HEAVY, "yaml", "jinja2", "shutil", "tempfile", "random"} == set()


@pytest.mark.parametrize("word", ["", "make:", "new"])
def test_completing_a_command_reads_no_stub(shop: Path, word: str) -> None:
    code, modules = probe(shop, [word], _ARCKODE_COMPLETE="1")
    assert code == "0"
    assert modules & (HEAVY | {"jinja2", "yaml", "json"}) == set()


def test_completing_a_generators_flags_needs_no_template_engine(shop: Path) -> None:
    code, modules = probe(shop, ["make:module", "--"], _ARCKODE_COMPLETE="1")
    assert code == "0"
    assert modules & (HEAVY | {"jinja2"}) == set()


def test_an_unknown_command_is_answered_without_typer(shop: Path) -> None:
    code, modules = probe(shop, ["mak:module", "--json"])
    assert code == "2"
    assert modules & HEAVY == set()
