from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from arckode_gen.engine.plan import Change, Plan, Step
from arckode_gen.shell.present import plan_json, present_diff, present_tree
from tests.shell.trees import state

REPOSITORY = Path(__file__).parents[2]
PLAN = Plan(
    "make:module orders",
    (
        Change("src/b.py", state("x\n"), state("x\ny\n"), reason="wired"),
        Change("src/a.py", None, state("a" * 1234)),
        Change("src/old.py", state("xyz"), None),
        Change("run.sh", state("x"), state("x", executable=True)),
        Change(".arckode/base/src/a.py", None, state("x")),
        Change(".arckode/units/module.orders.json", None, state("x")),
    ),
    steps=(Step("apply the migration", "arckode db:migrate"), Step("read the module")),
    notes=("plural is orders",),
)


@pytest.fixture
def colourful(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "100")


def test_away_from_a_terminal_there_is_one_line_per_file() -> None:
    assert present_tree(PLAN).splitlines() == [
        "update  run.sh  now executable",
        "create  src/a.py  1.2 kB",
        "update  src/b.py  2 B -> 4 B  (wired)",
        "delete  src/old.py  3 B",
        ".arckode/  2 records kept by arckode",
        "note: plural is orders",
        "next: apply the migration: arckode db:migrate",
        "next: read the module",
    ]


@pytest.mark.usefixtures("colourful")
def test_a_terminal_gets_a_tree_in_colours() -> None:
    shown = present_tree(PLAN, terminal=True)
    assert "\x1b[32mcreate \x1b[0ma.py" in shown
    assert "└── " in shown
    assert shown.count("src/") == 1


@pytest.mark.usefixtures("colourful")
def test_no_color_takes_the_colours_and_leaves_the_tree(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    shown = present_tree(PLAN, terminal=True)
    assert "\x1b[3" not in shown
    assert "└── " in shown
    assert "\x1b" not in present_diff(PLAN, terminal=True)


@pytest.mark.usefixtures("colourful")
def test_the_diff_is_coloured_on_a_terminal_only() -> None:
    shown = present_diff(PLAN, terminal=True)
    assert "\x1b[32m+y\x1b[0m\n" in shown
    assert "\x1b[1m--- a/src/b.py\x1b[0m\n" in shown
    assert "\x1b" not in present_diff(PLAN)


def test_square_brackets_in_a_name_are_no_markup() -> None:
    planned = Plan("make:[red]x", (Change("src/[bold]a.py", None, state("x")),))
    assert "[bold]a.py" in present_tree(planned, terminal=True)


def test_a_plan_without_changes_says_so_and_keeps_its_notes() -> None:
    assert present_tree(Plan("x", (), notes=("all is there",))) == "nothing to do\nnote: all is there"


def test_json_names_every_file_with_its_digests() -> None:
    document = plan_json(PLAN)
    assert document["version"] == 1
    assert document["command"] == "make:module orders"
    assert document["changes"][1] == {
        "path": "src/a.py",
        "action": "create",
        "reason": "",
        "executable": False,
        "sha256_before": None,
        "sha256_after": "f10d3801d605d387b9256096aa406dd081618a208267074798e6ade22fba6f90",
    }
    assert [change["action"] for change in document["changes"]][:3] == ["update", "create", "delete"]
    assert document["steps"] == [
        {"description": "apply the migration", "command": "arckode db:migrate"},
        {"description": "read the module", "command": ""},
    ]
    assert document["notes"] == ["plural is orders"]


def test_rich_is_not_imported_away_from_a_terminal() -> None:
    script = (
        "import sys; from arckode_gen.engine.plan import Plan, Change, FileState\n"
        "from arckode_gen.shell.present import present_tree, present_diff\n"
        "plan = Plan('x', (Change('a', None, FileState(b'x')),)); present_tree(plan); present_diff(plan)\n"
        "print('rich' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
