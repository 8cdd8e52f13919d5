"""Completion: the candidates, and the bash script in a real bash."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from contextlib import chdir
from pathlib import Path

import pytest

from arckode_gen import cli, commands
from arckode_gen.engine.completion import candidates
from arckode_gen.engine.spec import CommandSpec, Param
from tests.cli.terminal import converse
from tests.commands.calls import ENVIRON, arckode
from tests.shell.trees import project

SPEC = CommandSpec(
    "paint",
    "Paint.",
    params=(
        Param("room", kind="argument"),
        Param("shade", kind="argument", choices=("red", "blue")),
        Param("brush", choices=("flat", "round"), short="-b"),
        Param("coats", type="int", optional_value=1),
        Param("tag", many=True),
    ),
)
ALWAYS = ("--json", "--no-input", "--debug", "--schema", "--help")
ALL = ("--brush", "--coats", "--tag", *ALWAYS)

OFFERED = [
    pytest.param([], "", ALL, id="an empty word offers the flags"),
    pytest.param([], "--b", ("--brush",), id="the beginning of a flag"),
    pytest.param([], "ki", (), id="a free word leaves the shell to offer files"),
    pytest.param(["kitchen"], "", ("red", "blue"), id="an argument's choices"),
    pytest.param(["kitchen"], "b", ("blue",), id="the beginning of a choice"),
    pytest.param(["--coats", "kitchen"], "b", ("blue",), id="an option that may stand alone takes no word"),
    pytest.param(["--brush", "flat", "kitchen"], "b", ("blue",), id="an option's value is no argument"),
    pytest.param(["--brush=flat", "kitchen"], "b", ("blue",), id="nor is one after an equals sign"),
    pytest.param(["--brush"], "", ("flat", "round"), id="an option's choices"),
    pytest.param(["-b"], "r", ("round",), id="those of a short option"),
    pytest.param([], "--brush=", ("--brush=flat", "--brush=round"), id="choices after an equals sign"),
    pytest.param(["--tag"], "", (), id="a free value leaves the shell to offer files"),
    pytest.param(["--brush", "flat"], "--", ("--coats", "--tag", *ALWAYS), id="a flag that is given is not offered"),
    pytest.param(["-b", "flat"], "--b", (), id="nor by its other name"),
    pytest.param(["--tag", "x"], "--t", ("--tag",), id="one that may be repeated is"),
    pytest.param(["kitchen", "red"], "", ALL, id="flags after all arguments"),
]


@pytest.mark.parametrize(("before", "current", "offered"), OFFERED)
def test_what_may_come_next(before: list[str], current: str, offered: tuple[str, ...]) -> None:
    assert candidates(SPEC, before, current) == offered


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        pytest.param([], [*commands.names(Path.cwd()), "--help", "--version"], id="nothing typed yet"),
        pytest.param(
            ["db:"],
            ["db:baseline", "db:diff", "db:migrate", "db:repair", "db:safe", "db:seed", "db:status"],
            id="the beginning of commands",
        ),
        pytest.param(["new", "shop", "--database", "my"], ["mysql"], id="a choice of a real command"),
        pytest.param(["nothing", "--"], [], id="an unknown command"),
        pytest.param(["make:bad", "--"], [], id="a broken stub"),
    ],
)
def test_the_words_are_printed_one_a_line(
    words: list[str], offered: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project(tmp_path, {".arckode/stubs/bad/stub.yml": b"sumary: x\n"})
    with chdir(tmp_path):
        assert cli.complete(words) == 0
    heard = capsys.readouterr()
    assert (set(heard.out.splitlines()) - {"make:bad", "destroy:bad"}, heard.err) == (set(offered), "")


@pytest.mark.parametrize("shell", ["bash", "fish", "zsh"])
def test_every_script_asks_arckode(tmp_path: Path, shell: str) -> None:
    script = arckode(tmp_path, "completion", shell).out
    assert "_ARCKODE_COMPLETE" in script
    document = json.loads(arckode(tmp_path, "completion", shell, "--json").out)
    assert document == {"version": 1, "shell": shell, "script": script.rstrip("\n")}


@pytest.mark.parametrize("shell", ["bash", "fish", "zsh"])
def test_every_script_is_well_formed(tmp_path: Path, shell: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    script = tmp_path / "script"
    script.write_text(arckode(tmp_path, "completion", shell).out)
    subprocess.run([shell, "-n", script], check=True, capture_output=True)


TYPED = [
    pytest.param("arckode comp", ["completion"], id="a command"),
    pytest.param("arckode make:mo", ["module"], id="readline replaces only what follows the colon"),
    pytest.param("arckode new shop --database=ma", ["mariadb"], id="and what follows the equals sign"),
    pytest.param("arckode new shop --database ", ["sqlite", "postgresql", "mysql", "mariadb"], id="an empty word"),
    pytest.param("arckode new shop --no-g", ["--no-git"], id="a flag"),
    pytest.param("arckode zzz", [], id="nothing"),
]


@pytest.mark.parametrize(("line", "offered"), TYPED)
def test_bash_completes(tmp_path: Path, line: str, offered: list[str]) -> None:
    script = (
        f'eval "$(arckode completion bash)"; COMP_LINE={line!r}; COMP_POINT=${{#COMP_LINE}}; '
        'COMP_WORDBREAKS=$\' \\t\\n"><=;|&(:\'; _arckode_complete arckode; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    environ = {**ENVIRON, "PATH": f"{Path(sys.executable).parent}:{ENVIRON['PATH']}"}
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, env=environ, capture_output=True, text=True, check=True)
    assert done.stdout.split() == offered
    assert done.stderr == ""


def test_the_tabulator_works_in_a_bash_that_someone_sits_at(tmp_path: Path) -> None:
    path = f"{Path(sys.executable).parent}:{ENVIRON['PATH']}"
    turns = (
        ("typing> ", 'eval "$(arckode completion bash)"; echo re""ady\n'),
        ("ready", "arckode make:mod\t --help\n"),
    )
    code, seen = converse(
        tmp_path,
        ["bash", "--norc", "-i"],
        *turns,
        ("--debug", "exit\n"),
        PATH=path,
        INPUTRC="/dev/null",
        PS1="typing> ",
    )
    assert code == 0, seen
    assert "usage: arckode make:module NAME" in seen
