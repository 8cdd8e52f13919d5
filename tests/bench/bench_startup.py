"""What starting costs, beside the least that Python itself can do. Prints medians and ratios, asserts nothing.

Run it with `python -m tests.bench.bench_startup [rounds]`.
"""

from __future__ import annotations

import sys
import tempfile
from functools import partial
from pathlib import Path

from tests.bench.processes import ARGPARSE, ENVIRON, PASS, PYTHON, cpu, medians, report

ARCKODE = (*PYTHON, "-m", "arckode_gen")
HELLO = {
    "click hello": "import click; click.command()(lambda: None)(args=[])",
    "typer hello": "import typer; app = typer.Typer(); app.command()(lambda: None); app(args=[])",
}
COMMANDS = (
    ("arckode --version", "--version"),
    ("arckode nonsense", "nonsense"),
    ("arckode --help", "--help"),
    ("arckode list", "list"),
    ("arckode new --help", "new", "--help"),
    ("arckode make:module --help", "make:module", "--help"),
    ("arckode new --nonsense (typer explains)", "new", "--nonsense"),
)


def main(rounds: int) -> None:
    """Measure every command in turns."""
    with tempfile.TemporaryDirectory() as folder:
        cwd = Path(folder)
        completing = ("env", "_ARCKODE_COMPLETE=1", *ARCKODE)
        commands: dict[str, tuple[str, ...]] = dict([PASS, ARGPARSE])
        commands |= {name: (*PYTHON, "-c", script) for name, script in HELLO.items()}
        commands |= {name: (*ARCKODE, *words) for name, *words in COMMANDS}
        commands |= {
            "completing a command": (*completing, "make:"),
            "completing a flag": (*completing, "make:module", "--"),
        }
        found = medians({name: partial(cpu, command, cwd) for name, command in commands.items()}, rounds)
    report(found, ARGPARSE[0])


if __name__ == "__main__":
    ENVIRON["NO_COLOR"] = "1"
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
