"""What generating costs, beside copier on the same skeleton. Prints medians and ratios, asserts nothing.

Run it with `python -m tests.bench.bench_generate [rounds]`.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

from arckode_gen import __version__, resources
from tests.bench.processes import ENVIRON, PASS, PYTHON, cpu, medians, report

ARCKODE = (*PYTHON, "-m", "arckode_gen")
FIELDS = (
    "total:decimal=12.2:min=0",
    "status:enum=draft/paid:default=draft",
    "note:text:null",
    "sku:str:unique",
    "size:int",
)
MODULE = (*ARCKODE, "make:module", "orders", *FIELDS)
NEW = (*ARCKODE, "new", "shop", "--no-git")


def copier() -> tuple[str, ...]:
    """Return the command with which copier itself renders our skeleton."""
    answers = {"name": "shop", "package": "shop", "database": "sqlite", "arckode_version": __version__}
    flags = [word for name, value in answers.items() for word in ("-d", f"{name}={value}")]
    template = str(resources.folder("templates") / "backend")
    return (*PYTHON, "-m", "copier", "copy", "--quiet", "--defaults", *flags, template, "shop")


def afresh(command: tuple[str, ...], folder: Path) -> float:
    """Run something that makes the folder `shop`."""
    shutil.rmtree(folder / "shop", ignore_errors=True)
    return cpu(command, folder)


def in_copy(command: tuple[str, ...], project: Path, folder: Path) -> float:
    """Run something in a fresh copy of a project."""
    shutil.rmtree(folder / "copy", ignore_errors=True)
    shutil.copytree(project, folder / "copy")
    return cpu(command, folder / "copy")


def main(rounds: int) -> None:
    """Measure every generator in turns."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "ready").mkdir()
        subprocess.run(NEW, cwd=folder / "ready", env=ENVIRON, check=True, capture_output=True)
        project = folder / "ready/shop"
        runs = {
            PASS[0]: partial(cpu, PASS[1], folder),
            "make:module, five fields": partial(in_copy, MODULE, project, folder),
            "make:module --dry-run": partial(cpu, (*MODULE, "--dry-run"), project),
            "copier copy (the skeleton alone)": partial(afresh, copier(), folder),
            "arckode new (skeleton, kernel and records)": partial(afresh, NEW, folder),
        }
        report(medians(runs, rounds), "copier copy (the skeleton alone)")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
