"""A long output is kept beside the key, and is shown only as it was written."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from arckode_analyzers import answers, long_outputs
from arckode_gen.__main__ import main
from tests.rules.projects import LOOP, SERVICE, plant

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(answers, "SETTLED", 0)
    monkeypatch.setattr(long_outputs, "_LONG", 10)
    root = plant(tmp_path / "root", {"pyproject.toml": "", SERVICE: LOOP.replace("for ", "for  ") + "# größer ☃\n"})
    monkeypatch.chdir(root)
    return root


def remembered() -> bool:
    cwd = os.getcwd()  # noqa: PTH109  # as the console script asks
    found = answers.answer(answers.question(["analyze"], cwd), cwd)
    return found is not None and not isinstance(found[1], str) and long_outputs.content(found[1]) is not None


def kept(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "home/arckode/outputs").iterdir())


@pytest.mark.parametrize("words", [["analyze"], ["analyze", "--json"], ["analyze", "--format", "sarif"]])
def test_a_long_output_is_the_same_the_second_time(
    project: Path, capfd: pytest.CaptureFixture[str], words: list[str]
) -> None:
    cold = (main(words), capfd.readouterr())
    assert (main(words), capfd.readouterr()) == cold
    assert cold[0] == 1


def test_it_is_not_in_the_project_and_nobody_else_may_read_it(project: Path, tmp_path: Path) -> None:
    main(["analyze"])
    assert remembered()
    (file,) = kept(tmp_path)
    assert file.stat().st_mode & 0o077 == 0
    assert file.parent.stat().st_mode & 0o077 == 0
    assert b"ARC201" not in (project / ".arckode/cache/answer.bin").read_bytes()


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda file: file.unlink(), id="gone"),
        pytest.param(lambda file: file.write_bytes(file.read_bytes()[:-9]), id="cut off"),
        pytest.param(lambda file: file.write_bytes(b"0" * file.stat().st_size), id="overwritten"),
        pytest.param(lambda file: (file.unlink(), file.mkdir()), id="a folder"),
    ],
)
def test_what_is_not_as_it_was_written_is_computed_again(
    project: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], damage: Callable[[Path], object]
) -> None:
    cold = (main(["analyze"]), capfd.readouterr())
    damage(kept(tmp_path)[0])
    assert not remembered()
    assert (main(["analyze"]), capfd.readouterr()) == cold


def test_a_place_that_cannot_be_written_is_no_reason_to_fail(
    project: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "home/arckode").mkdir(parents=True)
    (tmp_path / "home/arckode/outputs").write_text("in the way")
    cold = (main(["analyze"]), capfd.readouterr())
    assert not remembered()
    assert (main(["analyze"]), capfd.readouterr()) == cold


def test_the_outputs_of_many_projects_do_not_pile_up(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(long_outputs, "_MOST_FILES", 2)
    for number in range(4):
        assert long_outputs.keep(str(tmp_path / f"project{number}"), "x" * 20) is not None
        os.utime(kept(tmp_path)[0])
    assert len(kept(tmp_path)) == 2


def test_of_two_runs_at_once_none_takes_the_other_ones_output_for_its_own(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other run's file arrives between writing ours and looking at it."""
    replace = os.replace

    def overtaken(old: str, new: str) -> None:
        replace(old, new)
        Path(f"{new}.other").write_text("another output")
        replace(f"{new}.other", new)

    monkeypatch.setattr(os, "replace", overtaken)
    assert long_outputs.keep(str(project), "x" * 20) is None


def test_a_stream_that_is_not_utf_8_gets_its_own_encoding(project: Path) -> None:
    code = (
        "from arckode_analyzers import answers, long_outputs; answers.SETTLED = 0; long_outputs._LONG = 10\n"
        "from arckode_gen.__main__ import main; main(['analyze'])"
    )
    command = (sys.executable, "-c", code)
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "PYTHONIOENCODING": "utf-16"}
    said = [subprocess.run(command, env=environ, capture_output=True, check=True).stdout for _ in range(2)]
    assert said[0] == said[1]
    assert "ARC201" in said[1].decode("utf-16")
