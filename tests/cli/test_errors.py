"""Every wrong word has a message, a hint and an exit code; nothing but our own bugs has a traceback."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import chdir
from typing import TYPE_CHECKING

import pytest

from arckode_gen import cli
from tests.commands.calls import ENVIRON, PROGRAM
from tests.shell.trees import project

if TYPE_CHECKING:
    from pathlib import Path

WRONG = [
    pytest.param(["nwe"], "there is no command 'nwe'", "did you mean 'new'?", id="an unknown command has a neighbour"),
    pytest.param(["zzz"], "there is no command 'zzz'", "see `arckode list`", id="or the list of all"),
    pytest.param(["--json", "list"], "'--json' comes before a command", "arckode list --json", id="a flag comes first"),
    pytest.param(["new", "shop", "--databse", "x"], "no option '--databse'", "'--database'?", id="an unknown flag"),
    pytest.param(["new", "shop", "-x"], "new has no option '-x'", "new --help", id="an unknown short flag"),
    pytest.param(["new"], "new: Missing argument 'NAME'", "new --help", id="a missing argument"),
    pytest.param(["new", "a", "b"], "new: Got unexpected extra argument (b)", "new --help", id="one word too many"),
    pytest.param(["new", "a", "--database", "mysq"], "'mysq' is not one of", "'mysql'?", id="a word near a choice"),
    pytest.param(["new", "a", "--database", "zz"], "'zz' is not one of 'sqlite'", "new --help", id="a word like none"),
    pytest.param(["new", "a", "--database"], "'--database' requires an argument", "--help", id="no value at the end"),
    pytest.param(["new", "--package", "--json"], "--package needs a value", "new --help", id="a flag for a value"),
    pytest.param(["new", "a", "--json=1"], "'--json' does not take a value", "new --help", id="a value for a flag"),
    pytest.param(["db:migrate", "--lock-timeout", "x"], "'x' is not a valid integer", "--help", id="no number"),
    pytest.param(["db:migrate", "--rollback=x"], "'x' is not a valid integer", "--help", id="no number after equals"),
    pytest.param(["completion"], "completion: Missing argument 'SHELL", "--help", id="a missing choice"),
    pytest.param(
        ["completion", "bsh"],
        "completion: 'bsh' is not one of 'bash'",
        "did you mean 'bash'?",
        id="an argument near a choice",
    ),
    pytest.param(["help", "nwe"], "there is no command 'nwe'", "did you mean 'new'?", id="help for nothing"),
    pytest.param(["make:module", "x"], "not inside an arckode project", "arckode new NAME", id="no project here"),
]


@pytest.mark.parametrize(("argv", "message", "hint"), WRONG)
def test_a_wrong_word_is_explained(
    argv: list[str], message: str, hint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with chdir(tmp_path):
        assert cli.run(argv) == 2
    heard = capsys.readouterr()
    said, help_text = heard.err.splitlines()
    assert said.startswith("error: ")
    assert message in said
    assert hint in help_text
    assert "--json" in argv or heard.out == ""
    assert list(tmp_path.iterdir()) == []


def test_with_json_the_error_is_one_object(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with chdir(tmp_path):
        assert cli.run(["nwe", "--json"]) == 2
    document = json.loads(capsys.readouterr().out)
    said = {"message": "there is no command 'nwe'", "hint": "did you mean 'new'?", "exit_code": 2}
    assert document == {"version": 1, "error": said}


def test_a_refusal_ends_with_3(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "shop").write_text("mine")
    with chdir(tmp_path):
        assert cli.run(["new", "shop", "--json"]) == 3
    assert json.loads(capsys.readouterr().out)["error"]["exit_code"] == 3


def test_a_failure_outside_ends_with_5(capsys: pytest.CaptureFixture[str]) -> None:
    with chdir("/proc"):  # where nobody can make a folder
        assert cli.run(["new", "shop", "--no-git"]) == 5
    assert "cannot make /proc/shop" in capsys.readouterr().err


def test_a_folder_that_is_gone_is_said_to_be(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    with chdir(tmp_path):
        os.chdir(gone)
        gone.rmdir()
        assert cli.run(["list"]) == 5
    assert "does not exist any more" in capsys.readouterr().err


def test_a_broken_stub_ends_with_70(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project(tmp_path, {".arckode/stubs/bad/stub.yml": b"sumary: x\n"})
    with chdir(tmp_path):
        assert cli.run(["make:bad"]) == 70
    assert "unknown key 'sumary'" in capsys.readouterr().err


def run(cwd: Path, *argv: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PROGRAM, *argv], cwd=cwd, env={**ENVIRON, **environ}, capture_output=True, text=True, check=False
    )


def crashing(folder: Path) -> str:
    """Make a folder for PYTHONPATH in which every command fails as only a bug can."""
    (folder / "sitecustomize.py").write_text(
        "import pathlib\n\ndef broken(): raise RuntimeError('a bug')\n\npathlib.Path.cwd = broken\n"
    )
    return str(folder)


def test_a_bug_of_ours_is_called_one_and_has_no_traceback(tmp_path: Path) -> None:
    done = run(tmp_path, "list", "--json", PYTHONPATH=crashing(tmp_path))
    assert done.returncode == 70
    assert "error: arckode crashed: RuntimeError: a bug\n  this is a bug in arckode" in done.stderr
    assert "Traceback" not in done.stderr
    assert json.loads(done.stdout)["error"]["exit_code"] == 70


def test_debug_shows_where_and_keeps_the_exit_code(tmp_path: Path) -> None:
    done = run(tmp_path, "list", "--debug", PYTHONPATH=crashing(tmp_path))
    assert done.returncode == 70
    assert 'sitecustomize.py", line 3, in broken' in done.stderr
    assert run(tmp_path, "nwe", "--debug").stderr.count("UsageError: there is no command 'nwe'") == 1


def test_a_reader_that_leaves_is_no_error(tmp_path: Path) -> None:
    ours, theirs = os.pipe()
    os.close(ours)
    with os.fdopen(theirs, "w") as nobody:
        done = subprocess.run(
            [*PROGRAM, "list"], cwd=tmp_path, env=ENVIRON, stdout=nobody, stderr=subprocess.PIPE, check=False
        )
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_reader_that_leaves_before_an_error_is_told_gets_no_traceback(tmp_path: Path) -> None:
    ours, theirs = os.pipe()
    os.close(ours)
    with os.fdopen(theirs, "w") as nobody:
        command = [*PROGRAM, "nwe", "--json"]
        done = subprocess.run(
            command, cwd=tmp_path, env=ENVIRON, stdout=nobody, stderr=subprocess.PIPE, text=True, check=False
        )
    assert (done.returncode, done.stderr.splitlines()[0]) == (2, "error: there is no command 'nwe'")
    assert "BrokenPipe" not in done.stderr


def test_an_interruption_ends_with_130(tmp_path: Path) -> None:
    project(tmp_path, {})
    command = [*PROGRAM, "make:module", "--answers", "-"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=tmp_path, env=ENVIRON, stdin=pipe, stdout=pipe, stderr=pipe) as process:
        wait_until_it_reads(process.pid)
        process.send_signal(signal.SIGINT)
        assert process.stdin is not None
        said = process.communicate()[1]
    assert (process.returncode, said) == (130, b"interrupted\n")


def test_an_interruption_that_a_library_turns_into_another_error_ends_with_130_too(tmp_path: Path) -> None:
    disguise = b"""\
import os
import signal
import time


def derive(values, project):
    try:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(10)
    except KeyboardInterrupt as error:
        raise ValueError("KeyboardInterrupt, says the library") from error
"""
    stub = ".arckode/stubs/slow/"
    project(tmp_path, {f"{stub}stub.yml": b"command: make:slow\nsummary: Slow.\n", f"{stub}derive.py": disguise})
    ended = subprocess.run([*PROGRAM, "make:slow"], cwd=tmp_path, env=ENVIRON, capture_output=True, check=False)
    assert (ended.returncode, ended.stderr) == (130, b"interrupted\n")


def wait_until_it_reads(pid: int) -> None:
    """Wait until a process blocks in reading its standard input."""
    import time

    for _ in range(400):
        with open(f"/proc/{pid}/wchan") as where:  # noqa: PTH123  not a file on a disk
            if "pipe" in where.read():
                return
        time.sleep(0.025)


@pytest.mark.skipif(sys.platform == "win32", reason="no such signals")
@pytest.mark.parametrize("word", ["--version", "-V"])
def test_the_version_needs_no_project(tmp_path: Path, word: str) -> None:
    done = run(tmp_path, word)
    assert (done.returncode, done.stdout.split()[0], done.stderr) == (0, "arckode", "")
