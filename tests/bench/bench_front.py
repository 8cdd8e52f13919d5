"""What `arckode analyze` costs on a front end of 450 files, with the whole front end changed and with nothing changed.

Run it with `python -m tests.bench.bench_front [rounds] [files]`. The front end is a generated one, its modules' pages,
services and stores copied until there are so many files, each copy with other bytes. Whole processes are measured:
start-up and the small backend beside it are in the figures. Prints, asserts nothing.
"""

from __future__ import annotations

import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from tests.bench.front_modules import MODULES, add_pages
from tests.bench.processes import ENVIRON, PYTHON, cpu
from tests.generated import new_project

_ANALYZE = (*PYTHON, "-m", "arckode_gen", "analyze")
_KINDS = {".ts", ".vue"}


class Cost(NamedTuple):
    """Seconds of CPU, children included, and of the clock."""

    cpu: float
    clock: float


def front_files(root: Path) -> list[Path]:
    """Return what the front-end rules read."""
    return [file for file in (root / "frontend/src").rglob("*") if file.suffix in _KINDS]


def write(folder: Path, count: int) -> Path:
    """Make a project whose front end has so many files."""
    root = new_project(folder)
    add_pages(root)
    copied = {
        module: [file for file in front_files(root) if module in file.as_posix() and "/api/" not in file.as_posix()]
        for module in MODULES
    }
    missing, number = count - len(front_files(root)), 0
    while missing > 0:
        number += 1
        for module, files in copied.items():
            for file in files[:missing]:
                _copy(file, root / "frontend/src", module, number)
            missing -= min(missing, len(files))
    return root


def _copy(file: Path, source: Path, module: str, number: int) -> None:
    def renamed(text: str) -> str:
        text = re.sub(rf"\b{module}(?=[./]|\b\.(?:service|store|test))", f"{module}{number}", text)
        return text.replace(f"{module.capitalize()}List", f"{module.capitalize()}{number}List")

    place = source / renamed(file.relative_to(source).as_posix())
    place.parent.mkdir(parents=True, exist_ok=True)
    lines = [line if "/api" in line else renamed(line) for line in file.read_text("utf-8").splitlines()]
    place.write_text("\n".join([*lines, ""]), "utf-8")


def measure(root: Path, rounds: int, *, cold: bool) -> Cost:
    """Return the medians of some runs."""
    found = []
    for _ in range(rounds):
        if cold:
            shutil.rmtree(root / ".arckode/cache", ignore_errors=True)
        began = time.perf_counter()
        taken = cpu(_ANALYZE, root)
        found.append(Cost(taken / 1000, time.perf_counter() - began))
    return Cost(statistics.median(each.cpu for each in found), statistics.median(each.clock for each in found))


def main(rounds: int, count: int) -> None:
    """Measure the project with the front end, and without it."""
    with tempfile.TemporaryDirectory() as name:
        root = write(Path(name), count)
        time.sleep(3)  # files this young are read again by anyone who looks at their dates
        said = subprocess.run(_ANALYZE, cwd=root, env=ENVIRON, capture_output=True, text=True, check=False)
        print(f"{len(front_files(root))} files of the front end; analyze says: {said.stdout.splitlines()[-1]}")
        print(f"{'':<24} {'s CPU':>7} {'s clock':>8}")
        whole = {"cold": measure(root, rounds, cold=True), "cached": measure(root, rounds, cold=False)}
        shutil.rmtree(root / "frontend")
        alone = {"cold": measure(root, rounds, cold=True), "cached": measure(root, rounds, cold=False)}
        for title, cost in whole.items():
            print(f"{title:<24} {cost.cpu:>7.2f} {cost.clock:>8.2f}")
            print(f"{'  without the front end':<24} {alone[title].cpu:>7.2f} {alone[title].clock:>8.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3, int(sys.argv[2]) if len(sys.argv) > 2 else 450)
