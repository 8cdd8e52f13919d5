"""Which rules count where: on the command line, in the configuration, under paths; and the counts of what is left."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from arckode_analyzers.config import ConfigurationError
from arckode_analyzers.selection import Selection, combined, parse_per_path
from arckode_gen.errors import UsageError
from tests.rules.projects import CONTROLLER, LOOP, SERVICE, plant
from tests.rules.test_commands import Terminal

if TYPE_CHECKING:
    from pathlib import Path

    from arckode_gen.engine.spec import Value

OTHER = "src/shop/modules/notes/service.py"
NAMED = LOOP.replace("async def names", "async def fetch_all")
FILES = {"pyproject.toml": "", SERVICE: NAMED, OTHER: NAMED.replace("Orders", "Notes"), CONTROLLER: ""}
BOTH = ["ARC201", "ARC201", "ARC401", "ARC401"]


def codes(root: Path, **values: Value) -> list[str]:
    terminal = Terminal(root)
    terminal.analyze(json=True, **values)
    return sorted(each["code"] for each in json.loads(terminal.written[0])["findings"])


@pytest.mark.parametrize(
    ("select", "ignore", "runs"),
    [
        pytest.param((), (), True, id="nothing said is everything"),
        pytest.param(("ARC2",), (), True, id="a prefix"),
        pytest.param(("ARC1",), (), False, id="another prefix"),
        pytest.param((), ("ARC2",), False, id="a prefix left out"),
        pytest.param(("ARC2",), ("ARC201",), False, id="the longer word leaves out"),
        pytest.param(("ARC201",), ("ARC2",), True, id="the longer word chooses"),
        pytest.param(("ARC201",), ("ARC201",), False, id="of two equal words the one that leaves out"),
    ],
)
def test_the_longer_word_decides(select: tuple[str, ...], ignore: tuple[str, ...], *, runs: bool) -> None:
    assert Selection(select, ignore).runs("ARC201") is runs


@pytest.mark.parametrize(
    ("table", "values", "wanted"),
    [
        pytest.param("", {}, BOTH, id="everything"),
        pytest.param("", {"select": ("arc2",)}, ["ARC201", "ARC201"], id="a prefix in small letters"),
        pytest.param("", {"ignore": ("ARC4",)}, ["ARC201", "ARC201"], id="a prefix left out"),
        pytest.param("", {"select": ("ARC2", "ARC4")}, BOTH, id="two prefixes"),
        pytest.param("", {"select": ("ARC2, ARC4",)}, BOTH, id="two prefixes in one word"),
        pytest.param("", {"ignore": ("arc201,ARC4,",)}, [], id="two words left out in one"),
        pytest.param("", {"per_path": ("src/shop/modules/notes/**:ARC2",)}, BOTH[1:], id="a path left out"),
        pytest.param("", {"per_path": ("**/notes/**:ARC201,ARC401",)}, ["ARC201", "ARC401"], id="two codes of a path"),
        pytest.param('select = ["ARC2"]', {}, ["ARC201", "ARC201"], id="configured"),
        pytest.param('select = ["ARC2"]', {"select": ("ARC4",)}, ["ARC401", "ARC401"], id="the command line replaces"),
        pytest.param('ignore = ["ARC4"]', {"select": ("ARC4",)}, ["ARC401", "ARC401"], id="and is not left out again"),
        pytest.param('ignore = ["ARC4"]', {"ignore": ("ARC201",)}, [], id="what is left out adds up"),
        pytest.param('per-path = { "**/notes/**" = ["ARC2"] }', {}, BOTH[1:], id="a configured path"),
        pytest.param(
            'per-path = { "**/notes/**" = "ARC2" }', {"select": ("ARC201",)}, ["ARC201"], id="a path under --select"
        ),
    ],
)
def test_what_is_left_of_a_choice(tmp_path: Path, table: str, values: dict[str, Value], wanted: list[str]) -> None:
    root = plant(tmp_path, {**FILES, "pyproject.toml": f"[tool.arckode]\n{table}\n"})
    assert codes(root, **values) == wanted


@pytest.mark.parametrize(
    ("table", "values", "message", "hint"),
    [
        pytest.param("", {"select": ("ARC9",)}, "there is no rule 'ARC9'", "did you mean 'ARC", id="a prefix of none"),
        pytest.param(
            "", {"select": ("ARC2001",)}, "there is no rule 'ARC2001'", "mean 'ARC201'", id="a digit too many"
        ),
        pytest.param("", {"ignore": ("ARC20A",)}, "there is no rule 'ARC20A'", "did you mean", id="a letter"),
        pytest.param("", {"select": ("ARC201,ARC9",)}, "there is no rule 'ARC9'", "did you mean", id="one of two"),
        pytest.param("", {"ignore": ("201",)}, "there is no rule '201'", "mean 'ARC201'", id="a number"),
        pytest.param(
            "", {"per_path": ("a/**:ARC200",)}, "there is no rule 'ARC200'", "did you mean", id="a path's rule"
        ),
        pytest.param(
            "", {"per_path": ("a/**",)}, "--per-path: 'a/**' is no PATTERN:CODE", "like 'src/", id="a path without rule"
        ),
        pytest.param(
            "", {"per_path": (":ARC201",)}, "--per-path: ':ARC201' is no PATTERN:CODE", "like", id="a rule without path"
        ),
        pytest.param('select = ["ARC200"]', {}, "there is no rule 'ARC200'", "mean 'ARC20", id="configured"),
        pytest.param(
            "select = 3", {}, "tool.arckode.select must be a code or a list", "correct", id="a number, written"
        ),
        pytest.param("selct = []", {}, "[tool.arckode] does not know 'selct'", "mean 'select'", id="a key misspelt"),
        pytest.param('preset = "fastapy"', {}, "tool.arckode.preset does not know", "mean 'fastapi'", id="a preset"),
        pytest.param("layers.modls = []", {}, "does not know 'modls'", "mean 'models'?", id="a layer"),
        pytest.param("per-path = 3", {}, "[tool.arckode.per-path] must be a table", "correct", id="paths as a number"),
    ],
)
def test_a_word_that_is_no_rule_is_refused(
    tmp_path: Path, table: str, values: dict[str, Value], message: str, hint: str
) -> None:
    root = plant(tmp_path, {**FILES, "pyproject.toml": f"[tool.arckode]\n{table}\n"})
    with pytest.raises(UsageError) as caught:
        Terminal(root).analyze(**values)
    assert message in caught.value.message
    assert hint in caught.value.hint


def test_a_preset_leaves_out_the_names_that_only_our_projects_have(tmp_path: Path) -> None:
    table = '[tool.arckode]\npreset = "fastapi"\nlayers.controllers = ["**/controller.py"]\n'
    root = plant(tmp_path, {**FILES, "pyproject.toml": table})
    assert codes(root) == ["ARC201", "ARC201"]
    assert codes(root, select=("ARC401",)) == ["ARC401", "ARC401"]


def test_patterns_and_codes_are_parted_at_the_last_colon() -> None:
    assert parse_per_path(["c:/x/**:ARC201, arc4"]) == (("c:/x/**", ("ARC201", "ARC4")),)
    with pytest.raises(ConfigurationError):
        parse_per_path(["a:"])


def test_nothing_combined_with_nothing_is_everything() -> None:
    assert combined(Selection(), Selection()) == Selection()


COUNTS = """\
by rule
  2  ARC201  query-in-loop
  2  ARC401  service-names

by module
  2  src/shop/modules/notes
  2  src/shop/modules/orders

4 findings by 2 rules in 2 modules"""


def test_statistics_count_by_rule_and_by_module(tmp_path: Path) -> None:
    terminal = Terminal(plant(tmp_path, FILES))
    assert terminal.analyze(statistics=True) == 1
    assert terminal.written == [COUNTS]
    terminal.analyze(statistics=True, json=True)
    document = json.loads(terminal.written[1])
    assert [(row["code"], row["findings"]) for row in document["rules"]] == [("ARC201", 2), ("ARC401", 2)]
    assert document["modules"][0] == {
        "module": "src/shop/modules/notes",
        "findings": 2,
        "rules": {"ARC201": 1, "ARC401": 1},
    }
    assert document["summary"]["findings"] == 4


def test_statistics_of_a_clean_project_are_one_line(tmp_path: Path) -> None:
    terminal = Terminal(plant(tmp_path, FILES))
    assert terminal.analyze(statistics=True, select=("ARC101",)) == 0
    assert terminal.written == ["0 findings by 0 rules in 0 modules"]
    terminal.analyze(statistics=True, select=("ARC201",), paths=("src/shop/modules/notes",))
    assert terminal.written[1].endswith("\n1 finding by 1 rule in 1 module")


@pytest.mark.parametrize(("preset", "found"), [('preset = "fastapi"\n', 0), ("", 2)])
def test_two_tables_in_the_singular_are_the_convention_of_a_project_with_another_layout(
    tmp_path: Path, preset: str, found: int
) -> None:
    rows = "".join(f"class {name.title()}(Base):\n    __tablename__ = '{name}'\n" for name in ("order", "user"))
    models = f"from sqlalchemy.orm import DeclarativeBase\nclass Base(DeclarativeBase): ...\n{rows}"
    root = plant(tmp_path, {"app/models.py": models, "pyproject.toml": f"[tool.arckode]\n{preset}"})
    assert codes(root, select=("ARC403",)) == ["ARC403"] * found
