"""CPU time of whole processes, taken in turns so that a busy machine slows all of them alike."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

PYTHON = (sys.executable, "-P")
# Compiled Python is what users run; a machine that forbids it would measure the compiler.
ENVIRON = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
PASS = ("python -c pass", (*PYTHON, "-c", "pass"))
ARGPARSE = (
    "argparse hello",
    (*PYTHON, "-c", "import argparse; p = argparse.ArgumentParser(); p.add_argument('name'); p.parse_args(['x'])"),
)


def cpu(command: Sequence[str], cwd: Path) -> float:
    """Return the milliseconds of CPU, user and system, that a command and its children took."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=cwd, env=ENVIRON, check=False, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000


def medians(runs: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """Return the median of every run after one that warms the caches up."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    for number in range(rounds + 1):
        for name, run in runs.items():
            taken = run()
            if number:
                times[name].append(taken)
    return {name: statistics.median(values) for name, values in times.items()}


def report(found: Mapping[str, float], yardstick: str) -> None:
    """Print every median and how many times the yardstick it is."""
    for name, value in found.items():
        print(f"{name:<44} {value:7.0f} ms CPU   {value / found[yardstick]:5.2f}x {yardstick}")
