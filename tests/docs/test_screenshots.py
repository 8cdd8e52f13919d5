"""Screenshots are few, small and shown with words; ARCKODE_SITE=1 takes them anew from a front end made now."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import pytest

from tests.docs import blocks, screenshots

if TYPE_CHECKING:
    from pathlib import Path

_MOST = 25_000
_PICTURE = re.compile(r"!\[([^\]]*)\]\(\S*pictures/(\w+)\.webp\)")


def test_each_is_small_and_shown_with_words() -> None:
    shown = {found[2]: found[1] for path in blocks.pages() for found in _PICTURE.finditer(path.read_text("utf-8"))}
    assert set(shown) == set(screenshots.NAMES) == {file.stem for file in screenshots.FOLDER.glob("*.webp")}
    assert all(len(words.split()) > 8 for words in shown.values())
    assert all((screenshots.FOLDER / f"{name}.webp").stat().st_size < _MOST for name in shown)


@pytest.mark.generates
@pytest.mark.skipif("ARCKODE_SITE" not in os.environ, reason="ARCKODE_SITE=1 builds a front end and shows it")
def test_they_can_be_taken_anew(tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.mkdir()
    screenshots.take(screenshots.shop(tmp_path), taken)
    assert {file.stem for file in taken.iterdir()} == set(screenshots.NAMES)
    assert all(file.read_bytes()[8:12] == b"WEBP" and file.stat().st_size < _MOST for file in taken.iterdir())
