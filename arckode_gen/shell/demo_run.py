"""Runs the steps of the demonstration as a user would type them."""

from __future__ import annotations

import shlex
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal

from arckode_gen.errors import OperationError
from arckode_gen.interruption import held

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_MOMENT: Final = 0.25  # seconds
_PATIENCE: Final = 5.0


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
        code, said = _ended(self.argv(step.words), folder, dict(self.environ))
        if code:
            raise StepFailedError(f"`{step.command}` ended with code {code}", said)
        return _summary(step, said)


def _ended(argv: list[str], folder: Path, environ: dict[str, str]) -> tuple[int, str]:
    """Run a program to its end; when we are interrupted, it has ended before that is passed on."""
    process: subprocess.Popen[str] | None = None
    try:
        with held():
            process = subprocess.Popen(
                argv,
                cwd=folder,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                encoding="utf-8",
                errors="replace",
            )
        said, _ = process.communicate()
    except BaseException:
        if process is not None:
            _end(process)
        raise
    return process.returncode, said


def _end(process: subprocess.Popen[str]) -> None:
    """Let it end by itself, for Ctrl-C reached it, too; then interrupt it, and then end it."""
    try:
        with suppress(subprocess.TimeoutExpired):
            process.wait(_MOMENT)
        if process.poll() is None and sys.platform != "win32":
            process.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                process.wait(_PATIENCE)
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _summary(step: Step, output: str) -> str:
    lines = [line for line in output.splitlines() if line.strip()]
    if step.shows == "files":
        created = sum(line.startswith("create ") for line in lines)
        updated = sum(line.startswith("update ") for line in lines)
        return f"{created} files created" + (f", {updated} updated" if updated else "")
    return lines[-1].strip() if lines else ""
