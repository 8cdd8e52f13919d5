"""No common misspelling in what people read; words that only look like one are in pyproject.toml."""

from __future__ import annotations

import subprocess
import sys

from tests.docs import blocks


def test_nothing_is_misspelt() -> None:
    english = [path for path in blocks.pages() if blocks.original(path) is None]
    rules = sorted(blocks.RULES.glob("*.md"))
    command = [sys.executable, "-m", "codespell_lib", *map(str, (*english, *rules))]
    ran = subprocess.run(command, cwd=blocks.ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout or ran.stderr
