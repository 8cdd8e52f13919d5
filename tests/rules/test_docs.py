"""The reference pages: generated, and as committed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from arckode_analyzers import docs

if TYPE_CHECKING:
    import pytest

FOLDER = Path(__file__).parents[2] / "docs" / "reference" / "rules"


def test_the_committed_pages_are_the_generated_ones() -> None:
    committed = {file.name: file.read_text(encoding="utf-8") for file in FOLDER.glob("*.md")}
    assert committed == docs.pages(), "run `python -m arckode_analyzers.docs docs/reference/rules`"


def test_writing_the_pages_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    assert docs.main([str(tmp_path / "a")]) == docs.main([str(tmp_path / "b")]) == 0
    first, second = ({file.name: file.read_bytes() for file in (tmp_path / name).iterdir()} for name in "ab")
    assert first == second


def test_a_missing_folder_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert docs.main([]) == 2
    assert capsys.readouterr().err == "usage: python -m arckode_analyzers.docs OUTDIR\n"
