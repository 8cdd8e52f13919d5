"""Help: what a person reads on a terminal, and what a program reads in a pipe."""

from __future__ import annotations

import re
import shutil
from contextlib import chdir
from pathlib import Path

import pytest

from arckode_gen import cli, commands, resources
from tests.cli.terminal import converse
from tests.commands.calls import ENVIRON, PROGRAM, arckode
from tests.shell.trees import project

NAMES = commands.names(Path.cwd())


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("width", [60, 100])
def test_every_command_explains_itself(
    name: str, width: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    assert cli.run([name, "--help"]) == 0
    lines = capsys.readouterr().out.splitlines()
    spec = commands.find(name, Path.cwd()).spec
    assert spec.examples, "an example says more than a description"
    assert {f"  {example}" for example in spec.examples} < set(lines), "every example is whole on a line of its own"
    assert all(any(param.flag in line.split() for line in lines) for param in spec.options)
    assert all(param.help for param in spec.params), "no word is left unexplained"
    examples = {f"  {example}" for example in spec.examples}
    assert [line for line in lines if len(line) > width and line not in examples] == []
    assert [line for line in lines if line != line.rstrip()] == []


@pytest.mark.parametrize("name", NAMES)
def test_the_overview_reads_summaries_as_they_are_declared(name: str) -> None:
    assert commands.summary(name, Path.cwd()) == commands.find(name, Path.cwd()).spec.summary


@pytest.mark.parametrize("name", NAMES)
def test_every_example_is_understood(name: str) -> None:
    import shlex

    from arckode_gen.engine import words

    for example in commands.find(name, Path.cwd()).spec.examples:
        for part in example.split(" | ")[0].split(" > ")[0].split(" && "):
            program, *rest = shlex.split(part.removeprefix('eval "$(').removesuffix(')"'))
            if program == "arckode":
                spec = commands.find(rest[0], Path.cwd()).spec
                assert words.read(spec, words.normalise(spec, rest[1:])) is not None, example


@pytest.mark.parametrize(
    ("argv", "first"),
    [
        pytest.param([], "arckode ", id="nothing at all"),
        pytest.param(["--help"], "arckode ", id="the flag alone"),
        pytest.param(["help"], "arckode ", id="the word alone"),
        pytest.param(["help", "new"], "Make a project", id="the word and a command"),
        pytest.param(["new", "-h"], "Make a project", id="the short flag after a command"),
        pytest.param(["new", "shop", "--help"], "Make a project", id="the flag after other words"),
    ],
)
def test_help_is_found_wherever_people_look(argv: list[str], first: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(argv) == 0
    assert capsys.readouterr().out.startswith(first)


def test_a_broken_stub_does_not_spoil_the_overview(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project(tmp_path, {".arckode/stubs/bad/stub.yml": b"sumary: x\n"})
    with chdir(tmp_path):
        assert cli.run(["--help"]) == 0
    assert re.search(r"make:bad +cannot be loaded:", capsys.readouterr().out)


def test_a_terminal_has_colours_and_the_same_words(tmp_path: Path) -> None:
    plain = arckode(tmp_path, "new", "--help", environ={**ENVIRON, "COLUMNS": "100"}).out
    _, coloured = converse(tmp_path, (*PROGRAM, "new", "--help"), NO_COLOR="")
    _, quiet = converse(tmp_path, (*PROGRAM, "new", "--help"), NO_COLOR="1")
    assert "\x1b[36m" in coloured
    assert "\x1b" not in plain + quiet
    assert plain == quiet


def test_a_pipe_has_no_colours(tmp_path: Path) -> None:
    environ = {key: value for key, value in ENVIRON.items() if key != "NO_COLOR"}
    for argv in (["--help"], ["list"], ["new", "shop", "--dry-run"], ["new", "shop", "--dry-run", "--diff"]):
        assert "\x1b" not in arckode(tmp_path, *argv, environ=environ).out


def test_a_copied_stub_folder_is_a_command_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project(tmp_path)
    target = tmp_path / ".arckode/stubs/thing"
    shutil.copytree(resources.folder("stubs") / "module", target, ignore=shutil.ignore_patterns("__pycache__"))
    text = (target / "stub.yml").read_text()
    (target / "stub.yml").write_text(text.replace("command: make:module\n", "").replace("Add a module", "Add a thing"))
    with chdir(tmp_path):
        assert cli.run(["make:thing", "--help"]) == 0
        assert "Add a thing with controller" in capsys.readouterr().out
        assert cli.run(["--help"]) == 0
        assert "make:thing" in capsys.readouterr().out
        assert cli.run(["list"]) == 0
        assert "make:thing" in capsys.readouterr().out
        assert cli.complete(["make:th"]) == 0
        assert capsys.readouterr().out == "make:thing\n"
