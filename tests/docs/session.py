"""Runs a page as its reader would: one shell from the first block to the last, in an empty folder."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.docs import blocks
from tests.docs.normalise import difference
from tests.generated import PYTEST

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.docs.blocks import Block

_PYTHON = Path(__file__).with_name("run_python.py")
_STATUS = "echo $?"
_FOREIGN = ("PYTEST_", "COV_", "DATABASE_", "TEST_DATABASE_", "ARCKODE_", "LOG_", "ENVIRONMENT", "VIRTUAL_ENV", "GIT_")


@dataclass(frozen=True, slots=True)
class Step:
    """A piece of shell; `expected` is None where the page shows no output, `may_fail` where it asks for the code."""

    where: str
    script: str
    expected: str | None = None
    may_fail: bool = False


def steps(page: Sequence[Block]) -> tuple[Step, ...]:
    """Return what a page makes its reader do."""
    return tuple(step for block in page if not block.not_run for step in _steps_of(block))


def play(page_steps: Sequence[Step], folder: Path) -> list[str]:
    """Do them all in `folder` and return what did not go as the page says; what follows a failure is not tried."""
    home, logs = folder / "home", folder / "logs"
    home.mkdir()
    logs.mkdir()
    lines: list[str] = []
    for number, step in enumerate(page_steps):
        log = logs / str(number)
        strict = "" if step.may_fail or step.script.strip() == _STATUS else "set -e\n"
        log.with_suffix(".sh").write_text(f"{strict}{step.script}", encoding="utf-8")
        lines += [
            "set +e; (exit ${code:-0})",
            f". {log}.sh >{log}.out 2>{log}.err",
            f"code=$?; echo $code >{log}.code",
        ]
    (logs / "page.sh").write_text("\n".join(lines), encoding="utf-8")
    subprocess.run(
        ["bash", str(logs / "page.sh")], cwd=home, env=environment(home), check=False, stdin=subprocess.DEVNULL
    )
    return [problem for number, step in enumerate(page_steps) for problem in _judge(step, logs / str(number))][:1]


def _steps_of(block: Block) -> Iterator[Step]:
    if block.file:
        yield Step(block.where, _writing(block))
    elif block.language == "sh":
        yield Step(block.where, block.text)
    elif block.language == "console":
        yield from _dialogue(block)
    elif block.language == "python":
        yield Step(block.where, f"python {_PYTHON} <<'END_OF_BLOCK'\n{block.text}END_OF_BLOCK\n")


def _writing(block: Block) -> str:
    folder = Path(block.file).parent.as_posix()
    return f"mkdir -p {folder}\ncat >{block.file} <<'END_OF_BLOCK'\n{block.text}END_OF_BLOCK\n"


def _dialogue(block: Block) -> Iterator[Step]:
    said = blocks.entries(block)
    for entry, following in zip(said, (*said[1:], None), strict=True):
        asked = following is not None and following.command == _STATUS
        yield Step(f"{block.where}: {entry.command}", f"{entry.command}\n", entry.expected, may_fail=asked)


def _judge(step: Step, log: Path) -> Iterator[str]:
    code, out, error = (_text(log, ending) for ending in (".code", ".out", ".err"))
    if not code.strip() or (code.strip() != "0" and not step.may_fail):
        yield f"{step.where} failed\n{out}{error}"
    elif step.expected is not None and (found := difference(step.expected, out)):
        yield f"{step.where}\n{found}\n{error}"


def _text(log: Path, ending: str) -> str:
    file = log.with_suffix(ending)
    return file.read_text(encoding="utf-8") if file.is_file() else ""


def environment(home: Path) -> dict[str, str]:
    """Return the reader's environment: this one's virtual environment activated, and nothing of this test run."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
    programs = Path(sys.executable).parent
    return {
        **kept,
        "HOME": str(home),
        "NO_COLOR": "1",
        "PATH": f"{programs}{os.pathsep}{kept.get('PATH', '')}",
        **PYTEST,
        "VIRTUAL_ENV": str(programs.parent),
    }
