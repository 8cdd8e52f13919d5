"""An unchanged tree is answered at once, and only an unchanged one."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from arckode_analyzers import answers
from arckode_gen.__main__ import main
from tests.rules.projects import LOOP, SERVICE, plant

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

OTHER = "src/shop/other.py"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(answers, "SETTLED", 0)
    root = plant(tmp_path / "root", {"pyproject.toml": "", SERVICE: LOOP, OTHER: "x = 1\n", "baseline.json": "{}"})
    monkeypatch.chdir(root)
    return root


def known(*words: str) -> bool:
    cwd = os.getcwd()  # noqa: PTH109  # as the console script asks
    return answers.answer(answers.question(["analyze", *words], cwd), cwd) is not None


def test_the_same_question_gets_the_same_answer(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert not known()
    cold = (main(["analyze"]), capsys.readouterr())
    assert known()
    assert (main(["analyze"]), capsys.readouterr()) == cold
    assert cold[0] == 1


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda root: (root / OTHER).write_text("y = 2\n"), id="an edit of the same size"),
        pytest.param(lambda root: (root / OTHER).unlink(), id="a file that is gone"),
        pytest.param(lambda root: (root / "src/shop/new.py").write_text(""), id="a new file"),
        pytest.param(lambda root: (root / "src/shop/test_new.py").write_text(""), id="a new test"),
        pytest.param(lambda root: (root / OTHER).rename(root / "src/shop/moved.py"), id="another name"),
        pytest.param(lambda root: (root / "pyproject.toml").write_text("[tool.arckode]\n"), id="a setting"),
        pytest.param(lambda root: plant(root, {".arckode/project.json": "{}"}), id="a manifest"),
        pytest.param(lambda root: (root / "src/shop/pyvenv.cfg").write_text(""), id="an environment"),
    ],
)
def test_a_change_makes_it_another_question(project: Path, change: Callable[[Path], object]) -> None:
    main(["analyze"])
    assert known()
    change(project)
    assert not known()


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(["--strict"], id="strict"),
        pytest.param(["--json"], id="another format"),
        pytest.param(["--select", "ARC201"], id="some rules"),
        pytest.param(["src"], id="some paths"),
    ],
)
def test_other_words_are_another_question(project: Path, words: list[str]) -> None:
    main(["analyze"])
    assert not known(*words)
    main(["analyze", *words])
    assert known(*words)


@pytest.mark.parametrize("words", [["--no-cache"], ["--against", "main"], ["--watch"], ["--nonsense"]])
def test_what_depends_on_more_than_the_files_is_never_remembered(project: Path, words: list[str]) -> None:
    assert answers.question(["analyze", *words], str(project)) == ""


def test_a_baseline_is_part_of_the_question(project: Path) -> None:
    words = ["analyze", "--baseline", "baseline.json"]
    before = answers.question(words, str(project))
    (project / "baseline.json").write_text("{ }")
    assert answers.question(words, str(project)) not in {"", before}


def test_files_that_were_written_just_now_are_not_trusted(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "SETTLED", 60_000_000_000)
    assert answers.question(["analyze"], str(project)) == ""


def test_an_answer_loads_nothing_heavy(project: Path) -> None:
    code = (
        "import sys; from arckode_analyzers import answers; answers.SETTLED = 0\n"
        "from arckode_gen.__main__ import main; main(['analyze'])\n"
        "print(*sorted({'ast', 'dataclasses', 'json', 'pathlib', 'tomllib', 'typer', 'rich'} & set(sys.modules)))\n"
    )
    command = (sys.executable, "-S", "-c", code)
    said = [subprocess.run(command, env=paths(), capture_output=True, check=True) for _ in range(2)]
    assert said[1].stdout.splitlines()[-1] == b""


def paths() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
