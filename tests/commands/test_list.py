from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from arckode_gen import commands, resources
from arckode_gen.engine import stubs
from arckode_gen.engine.spec import CommandSpec, Param
from arckode_gen.engine.spec_schema import schema
from tests.commands.calls import call, on_terminal
from tests.shell.trees import plant, project

if TYPE_CHECKING:
    from pathlib import Path

STUB = b"summary: Make an invoice.\nparams:\n  - {name: number, kind: argument, type: int, required: true}\n"


def test_every_command_is_on_a_line_of_its_own_with_its_group_and_its_summary(tmp_path: Path) -> None:
    lines = call(tmp_path, "list").out.splitlines()
    assert [line.split()[0] for line in lines] == [line.split()[0] for line in sorted(lines, key=_order)]
    assert {line.split()[0] for line in lines} == set(commands.names(tmp_path))
    assert next(line for line in lines if line.startswith("db:migrate")).split(maxsplit=2) == [
        "db:migrate",
        "db",
        "Apply the pending migrations, or roll back.",
    ]


def _order(line: str) -> tuple[bool, str, str]:
    name, group = line.split()[:2]
    return group != "project", group, name


def test_a_projects_own_stub_is_listed(tmp_path: Path) -> None:
    project(tmp_path, {".arckode/stubs/invoice/stub.yml": STUB})
    lines = [line.split(maxsplit=2) for line in call(tmp_path, "list").out.splitlines()]
    assert ["make:invoice", "make", "Make an invoice."] in lines
    assert ["destroy:invoice", "destroy", "Take out what `arckode make:invoice` made, unless it was edited."] in lines


def test_a_broken_stub_is_listed_with_what_is_wrong_and_spoils_nothing(tmp_path: Path) -> None:
    project(tmp_path, {".arckode/stubs/invoice/stub.yml": b"sumary: typo\n"})
    listed = {each["name"]: each for each in json.loads(call(tmp_path, "list", "--json").out)["commands"]}
    assert listed["make:invoice"]["error"].endswith("stub.yml: unknown key 'sumary'")
    assert listed["make:invoice"]["parameters"] == {}
    assert listed["make:module"]["error"] == ""
    lines = [line.split(maxsplit=2) for line in call(tmp_path, "list").out.splitlines()]
    assert any(line[0] == "make:invoice" and line[2].startswith("cannot be loaded: ") for line in lines)


def test_json_says_everything_about_a_command(tmp_path: Path) -> None:
    plant(tmp_path, {".arckode/stubs/invoice/stub.yml": STUB})
    document = json.loads(call(tmp_path, "list", "--json").out)
    assert document["version"] == 1
    found = next(each for each in document["commands"] if each["name"] == "make:invoice")
    assert (found["group"], found["summary"], found["examples"]) == ("make", "Make an invoice.", [])
    assert found["parameters"]["required"] == ["number"]
    assert found["parameters"]["properties"]["number"] == {"type": "integer", "x-position": 0}
    assert found["parameters"]["properties"]["dry_run"]["x-flag"] == "--dry-run"


@pytest.mark.parametrize(
    ("param", "expected"),
    [
        pytest.param(Param("to"), {"type": "string", "x-flag": "--to"}, id="an option is a string"),
        pytest.param(Param("to", type="path"), {"type": "string", "x-flag": "--to"}, id="a path is a string"),
        pytest.param(
            Param("lock_wait", type="int", default=0, help="Seconds."),
            {"type": "integer", "description": "Seconds.", "default": 0, "x-flag": "--lock-wait"},
            id="help and default are told, zero too",
        ),
        pytest.param(
            Param("sql", choices=("a", "b")),
            {"type": "string", "enum": ["a", "b"], "x-flag": "--sql"},
            id="choices are an enum",
        ),
        pytest.param(
            Param("names", kind="argument", many=True, choices=("a",)),
            {"type": "array", "items": {"type": "string", "enum": ["a"]}, "x-position": 0},
            id="many words are an array of choices",
        ),
    ],
)
def test_a_parameter_as_json_schema(param: Param, expected: dict[str, object]) -> None:
    properties = schema(CommandSpec("x", "X.", params=(param,)))["properties"]
    assert isinstance(properties, dict)
    assert properties[param.name] == expected


def test_a_terminal_shows_groups_and_no_colours_where_they_are_not_wanted(tmp_path: Path) -> None:
    assert "\x1b[36mlist" in on_terminal(tmp_path, "list", NO_COLOR="")
    seen = on_terminal(tmp_path, "list")
    assert "\x1b[3" not in seen
    assert "Make a project: FastAPI" in seen


def test_a_command_that_has_a_stub_as_well_says_the_same_in_both(tmp_path: Path) -> None:
    folders = [file.parent for file in resources.folder("stubs").glob("*/stub.yml")]
    told = {stubs.command_name(folder): stubs.load(folder) for folder in folders}
    assert "make:migration" in told
    for name, stub in told.items():
        assert commands.find(name, tmp_path).spec.summary == stub.spec.summary, name
