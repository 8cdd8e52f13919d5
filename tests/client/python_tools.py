"""Python clients for tests: written as packages beside each other, and judged by the tools that Python people use."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from arckode_gen import resources
from arckode_gen.client import document, generate

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# What a generated project asks of its own code.
_RUFF = """
line-length = 120
target-version = "py311"
[lint]
select = ["A", "ANN", "ASYNC", "B", "C4", "DTZ", "E", "F", "I", "N", "PIE", "PTH", "RUF", "SIM", "T20", "UP", "W"]
ignore = ["ANN401"]
"""


def client_of(made: Mapping[str, object]) -> dict[str, str]:
    """Return the files of a document's client."""
    files = generate.files(document.checked(made, "the test"), resources.folder("stubs"), "python")
    return {name: state.text for name, state in files.items()}


def write(made: Mapping[str, object], folder: Path) -> dict[str, str]:
    """Write a document's client into a folder."""
    files = client_of(made)
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, "utf-8", newline="\n")
    return files


def type_errors(folder: Path, *paths: str) -> list[str]:
    """Check files below a folder as `mypy --strict` does, and return what it says."""
    words = ["--strict", "--no-error-summary", "--warn-unreachable", "--cache-dir", str(folder / ".mypy_cache")]
    command = [sys.executable, "-m", "mypy", *words, *(paths or ["."])]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert ran.returncode in (0, 1), ran.stdout + ran.stderr
    return ran.stdout.splitlines()


def lint_errors(folder: Path) -> list[str]:
    """Return what ruff finds in the files below a folder, and the files that it would lay out otherwise."""
    config = folder / "ruff.toml"
    config.write_text(_RUFF, "utf-8")
    words = ["--config", str(config), "--no-cache", "--quiet", "."]
    found: list[str] = []
    for verb in (("check", "--output-format", "concise"), ("format", "--diff")):
        command = [sys.executable, "-m", "ruff", *verb, *words]
        found += subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout.splitlines()
    return found
