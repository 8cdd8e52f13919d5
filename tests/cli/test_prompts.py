"""A terminal is asked, a pipe never is."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.cli.terminal import converse
from tests.commands.calls import ENVIRON, PROGRAM, arckode

if TYPE_CHECKING:
    from pathlib import Path

NEW = (*PROGRAM, "new", "shop", "--no-git")


def database(root: Path) -> object:
    return json.loads((root / "shop/.arckode/project.json").read_text())["options"]["database"]


def test_a_terminal_is_asked_for_the_database_and_enter_takes_the_default(tmp_path: Path) -> None:
    code, seen = converse(
        tmp_path, NEW, ("Database (sqlite, postgresql, mysql, mariadb) [sqlite]: ", "\n"), ("[en]: ", "\n")
    )
    assert code == 0, seen
    assert database(tmp_path) == "sqlite"


def test_a_wrong_answer_is_asked_again(tmp_path: Path) -> None:
    code, seen = converse(tmp_path, NEW, ("[sqlite]: ", "oracle\n"), ("[sqlite]: ", "mariadb\n"), ("[en]: ", "es\n"))
    assert code == 0, seen
    assert "'oracle' is not one of" in seen
    assert database(tmp_path) == "mariadb"


@pytest.mark.parametrize(
    "flags", [["--defaults"], ["--no-input"], ["--database", "mysql", "--lang", "en"]], ids=" ".join
)
def test_what_is_answered_is_not_asked(tmp_path: Path, flags: list[str]) -> None:
    code, seen = converse(tmp_path, (*NEW, *flags))
    assert code == 0, seen
    assert "]: " not in seen
    assert database(tmp_path) == (flags[1] if len(flags) > 1 else "sqlite")


def test_a_wrong_flag_is_said_before_anything_is_asked(tmp_path: Path) -> None:
    code, seen = converse(tmp_path, (*NEW, "--defaults", "--databse", "x"))
    assert (code, "did you mean '--database'?" in seen, "[sqlite]" in seen) == (2, True, False), seen


def test_a_question_that_is_interrupted_ends_with_130_and_nothing_made(tmp_path: Path) -> None:
    code, seen = converse(tmp_path, NEW, ("[sqlite]: ", "\x03"))
    assert (code, seen.rstrip().splitlines()[-1]) == (130, "interrupted")
    assert list(tmp_path.iterdir()) == []


def test_without_a_terminal_nothing_is_asked(tmp_path: Path) -> None:
    assert "Database" not in arckode(tmp_path, "new", "shop", "--no-git").out
    assert database(tmp_path) == "sqlite"


def test_standard_output_in_a_pipe_is_enough_not_to_ask(tmp_path: Path) -> None:
    done = subprocess.run(NEW, cwd=tmp_path, env=ENVIRON, stdin=subprocess.DEVNULL, capture_output=True, check=True)
    assert b"Database" not in done.stdout + done.stderr
