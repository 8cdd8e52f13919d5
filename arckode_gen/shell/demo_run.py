"""Runs the steps of the demonstration as a user would type them."""

from __future__ import annotations

import shlex
import subprocess
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from arckode_gen.errors import OperationError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Step:
    """One command: `words` start with `arckode` or `python`; `shows` says what of its output is told."""

    title: str
    words: tuple[str, ...]
    shows: Literal["files", "last"] = "last"

    @property
    def command(self) -> str:
        return shlex.join(self.words)

    def with_words(self, more: tuple[str, ...]) -> Step:
        return replace(self, words=(*self.words, *more))


@dataclass(frozen=True, slots=True)
class Done:
    """A step that went well, with what it said in one line."""

    step: Step
    summary: str
    seconds: float


class StepFailedError(OperationError):
    """A step ended with an error; `output` is everything it said."""

    def __init__(self, message: str, output: str) -> None:
        super().__init__(message)
        self.output = output


@dataclass(frozen=True, slots=True)
class Workshop:
    """Where commands run: arckode in the interpreter that is running now, `python` in the project's."""

    python: Path
    environ: Mapping[str, str]

    def argv(self, words: tuple[str, ...]) -> list[str]:
        program, *rest = words
        if program == "arckode":
            return [sys.executable, "-P", "-m", "arckode_gen", *rest]
        return [str(self.python), *rest] if program == "python" else [program, *rest]

    def run(self, step: Step, folder: Path) -> str:
        """Run a step to its end and return what it said, in one line.

        Raises:
            StepFailedError: it ended with another code than 0.
        """
        ended = subprocess.run(
            self.argv(step.words),
            cwd=folder,
            env=dict(self.environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
        if ended.returncode:
            raise StepFailedError(f"`{step.command}` ended with code {ended.returncode}", ended.stdout)
        return _summary(step, ended.stdout)


def _summary(step: Step, output: str) -> str:
    lines = [line for line in output.splitlines() if line.strip()]
    if step.shows == "files":
        created = sum(line.startswith("create ") for line in lines)
        updated = sum(line.startswith("update ") for line in lines)
        return f"{created} files created" + (f", {updated} updated" if updated else "")
    return lines[-1].strip() if lines else ""
