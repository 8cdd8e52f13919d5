"""What coding agents are told is true: it is up to date, its commands run, its code passes every check."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, cast

import pytest
import yaml

from arckode_analyzers.registry import all_rules
from arckode_gen import commands, resources
from arckode_gen.engine import agents, marked, words
from kernel import filters
from tests.commands.calls import ENVIRON, call
from tests.docs import skills
from tests.docs.blocks import ROOT
from tests.generated import must, new_project, run, tool

if TYPE_CHECKING:
    from pathlib import Path

PAGES = skills.pages()
OURS = "arckode_gen/.agents/skills/arckode/SKILL.md"
SKILL_PAGES = [*sorted(path for path in PAGES if path.endswith("SKILL.md")), OURS]
AGENTS = PAGES["templates/agents/en/AGENTS.md"]
FIELDS = {"name", "description", "license", "compatibility", "metadata", "allowed-tools"}
HERE = {**ENVIRON, "PATH": f"{sys.prefix}/bin{os.pathsep}{ENVIRON['PATH']}"}
_FRONT = re.compile(r"---\n(.*?)\n---\n(.*)", re.DOTALL)


def text_of(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


@pytest.mark.parametrize("path", sorted(PAGES))
def test_a_text_is_as_its_sources_have_it(path: str) -> None:
    assert text_of(path) == PAGES[path], "run `python -m tests.docs.generate`"


def test_no_text_is_left_over() -> None:
    folder = resources.folder("templates") / agents.FOLDER
    there = {file.relative_to(ROOT).as_posix() for file in folder.rglob("*") if file.is_file()}
    assert there == set(PAGES)


@pytest.mark.parametrize("path", SKILL_PAGES)
def test_a_skill_is_one_by_the_specification(path: str) -> None:
    """The limits are those of https://agentskills.io/specification."""
    found = _FRONT.fullmatch(text_of(path))
    assert found is not None
    front = cast("dict[str, str]", yaml.safe_load(found[1]))
    assert {"name", "description"} <= set(front) <= FIELDS
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", front["name"])
    assert len(front["name"]) <= 64
    assert front["name"] == path.split("/")[-2]
    assert 0 < len(front["description"]) <= 1024
    assert found[2].count("\n") < 500


@pytest.mark.parametrize("path", [path for path in PAGES if not path.endswith("CLAUDE.md")])
def test_what_is_generated_is_between_marks(path: str) -> None:
    text = PAGES[path].encode()
    assert text.count(marked.BEGIN) == text.count(marked.END) == 1
    assert text.rstrip().endswith(marked.END)


@pytest.mark.parametrize("language", agents.LANGUAGES)
def test_agents_md_is_short_and_names_every_rule_whose_break_is_an_error(language: str) -> None:
    text = PAGES[f"templates/agents/{language}/AGENTS.md"]
    assert text.count("\n") <= 80
    errors = {rule.code for rule in all_rules() if rule.severity == "error" and rule.layers != ("frontend",)}
    assert set(re.findall(r"^- (ARC\d{3}):", text, re.MULTILINE)) == errors
    assert "ARC701-ARC708" in text
    assert set(skills.SKILLS) <= set(re.findall(r"\w+", text))


@pytest.mark.parametrize("path", [path for path in PAGES if "/en/" in path])
def test_both_languages_tell_the_same_commands_and_show_the_same_code(path: str) -> None:
    english, spanish = PAGES[path], PAGES[path.replace("/en/", "/es/")]
    assert skills.commands(english) == skills.commands(spanish)
    code = re.compile(r"```python\n.*?```", re.DOTALL)
    assert code.findall(english) == code.findall(spanish)
    assert re.findall(r"ARC\d{3}", english) == re.findall(r"ARC\d{3}", spanish)


@pytest.mark.parametrize("path", [path for path in (*PAGES, OURS) if "/es/" not in path])
def test_a_command_that_is_told_is_understood(path: str) -> None:
    for line in skills.commands(text_of(path)):
        program, *argv = shlex.split(line)
        if program == "arckode" and "&&" not in argv:
            spec = commands.find(argv[0], ROOT).spec
            assert words.read(spec, words.normalise(spec, argv[1:])) is not None, line


def test_every_operator_of_a_filter_is_told() -> None:
    told = set(re.findall(r"\w+", PAGES["templates/agents/en/.agents/skills/orm/SKILL.md"]))
    assert {*filters.OPERATORS} - {"eq"} <= told


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh project in which somebody did what its AGENTS.md says, knowing nothing else."""
    root = new_project(tmp_path_factory.mktemp("walked"))
    for line in skills.commands((root / "AGENTS.md").read_text(encoding="utf-8"))[:-1]:
        must(run(root, "bash", "-c", line, env=HERE))
    return root


@pytest.mark.generates
def test_who_knows_only_agents_md_ends_green(walked: Path) -> None:
    verify = skills.commands((walked / "AGENTS.md").read_text(encoding="utf-8"))[-1]
    done = must(run(walked, "bash", "-c", verify, env=HERE))
    assert "0 findings" in done.stdout


@pytest.mark.generates
def test_what_skills_generate_and_show_passes_every_check(walked: Path, tmp_path: Path) -> None:
    root = tmp_path / "shop"
    shutil.copytree(walked, root, symlinks=True)
    for name in ("services", *(name for name in skills.SKILLS if name != "services")):  # it makes what others use
        told = skills.commands((root / f".agents/skills/{name}/SKILL.md").read_text(encoding="utf-8"))
        for line in (line for line in told if line.startswith("arckode make:")):
            assert call(root, *shlex.split(line)[1:]).code == 0, line
    for file in sorted(skills.EXAMPLES.rglob("*.txt")):
        target = root / file.relative_to(skills.EXAMPLES).with_suffix("")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)
    must(tool(root, "ruff", "check", "--no-cache"))
    must(tool(root, "ruff", "format", "--check", "--no-cache"))
    must(tool(root, "mypy", "tests/modules/orders", "src/shop/modules/orders"))
    must(tool(root, "pytest", "-q", "-p", "no:cacheprovider", "tests/modules/orders/test_pay_orders.py"))
    assert call(root, "analyze").out.startswith("0 findings")


def test_a_project_is_told_about_its_own_package_in_its_language(tmp_path: Path) -> None:
    call(tmp_path, "new", "mi-tienda", "--lang", "es", "--no-git")
    root = tmp_path / "mi-tienda"
    assert (root / "CLAUDE.md").read_text() == "@AGENTS.md\n"
    told = (root / "AGENTS.md").read_text(encoding="utf-8")
    assert "# Trabajar en este proyecto" in told
    assert "`src/mi_tienda/modules/<nombre>/`" in told
    for name in skills.SKILLS:
        skill = (root / f".agents/skills/{name}/SKILL.md").read_text(encoding="utf-8")
        assert "## Antipatrones" in skill
        assert not re.search(r"\bshop\b", skill)


def test_generators_leave_it_alone_and_an_upgrade_changes_only_what_is_between_the_marks(tmp_path: Path) -> None:
    call(tmp_path, "new", "shop", "--lang", "es", "--no-git")
    root, mine = tmp_path / "shop", "Nuestra regla: los precios llevan IVA.\n"
    paths = ("AGENTS.md", ".agents/skills/orm/SKILL.md")
    generated = {path: (root / path).read_text(encoding="utf-8") for path in paths}
    for path, text in generated.items():
        (root / path).write_text(f"{text}{mine}", encoding="utf-8")
    call(root, "make:module", "orders", "total:int")
    assert all((root / path).read_text(encoding="utf-8") == f"{text}{mine}" for path, text in generated.items())

    unit = root / ".arckode/units/project.shop.json"
    unit.write_text(unit.read_text().replace('"templates": "', '"templates": "0'))
    for path, text in generated.items():  # as if an older version had ended otherwise, right above what is mine
        older = text.replace("<!-- arckode: end -->", "- an older line\n<!-- arckode: end -->")
        (root / path).write_text(f"{older}{mine}", encoding="utf-8")
        (root / f".arckode/base/{path}").write_text(older, encoding="utf-8")
    assert call(root, "upgrade").code == 0
    assert all((root / path).read_text(encoding="utf-8") == f"{text}{mine}" for path, text in generated.items())


def test_a_language_that_nobody_wrote_is_refused(tmp_path: Path) -> None:
    done = run(tmp_path, "bash", "-c", "arckode new shop --lang fr", env=HERE)
    assert done.code == 2
    assert "'fr' is not one of" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_commands_of_a_text_are_its_shell_lines_without_remarks() -> None:
    assert skills.commands("```sh\nls  # a remark\n\npwd\n```\n```python\nx = 1\n```\n") == ("ls", "pwd")
    assert subprocess.run(["bash", "-n", "-c", skills.commands(AGENTS)[-1]], check=False).returncode == 0
