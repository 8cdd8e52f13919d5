"""`--watch`: again after every change, past mistakes, until Ctrl-C."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from typing import IO, TYPE_CHECKING

from tests.rules.projects import CONTROLLER, LOOP, ORDERS, SERVICE, plant

if TYPE_CHECKING:
    from pathlib import Path


def until(lines: IO[str], words: str) -> list[str]:
    """Read on until a line holds the words."""
    read = []
    for line in lines:
        read.append(line)
        if words in line:
            return read
    raise AssertionError(f"{words!r} never came: {''.join(read)}")


def test_it_runs_again_after_a_change_and_ends_quietly(tmp_path: Path) -> None:
    plant(tmp_path, {"pyproject.toml": "", SERVICE: ORDERS, CONTROLLER: ""})
    command = [sys.executable, "-u", "-m", "arckode_gen", "analyze", "--watch"]
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8"
    ) as process:
        assert process.stdout is not None
        assert "0 findings in 2 files\n" in until(process.stdout, "Ctrl-C ends")
        plant(tmp_path, {SERVICE: LOOP})
        assert "1 finding in 2 files (1 error, 0 warnings)\n" in until(process.stdout, "Ctrl-C ends")
        plant(tmp_path, {"pyproject.toml": "["})
        assert "error: pyproject.toml cannot be read" in "".join(until(process.stdout, "Ctrl-C ends"))
        plant(tmp_path, {"pyproject.toml": ""})
        assert "1 finding in 2 files (1 error, 0 warnings)\n" in until(process.stdout, "Ctrl-C ends")
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        # A file may be seen while it is being written: that is one more run, and no word about the end.
        said = process.stdout.read()
        assert said.endswith("Ctrl-C ends\n") or not said
        assert process.wait(timeout=10) == 130
