"""How long starting takes: Python, argparse and typer saying hello, and arckode. Prints ratios, asserts nothing.

Run it with `python -m tests.bench.bench_start_up [rounds]`. CPU time of the child, user and system, the median.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

HELLO = {
    "python": "pass",
    "argparse": "import argparse; p = argparse.ArgumentParser(); p.add_argument('--name'); print(p.parse_args().name)",
    "typer": "import typer; a = typer.Typer(); a.command()(lambda: print('hello')); a(standalone_mode=False)",
}
COMMANDS = ("--version", "nonsense", "list", "db:migrate --help", "make:module tags name:str --dry-run")
MAIN = (sys.executable, "-P", "-m", "arckode_gen")


def main(rounds: int) -> None:
    """Print a line for each program, beside how many times the bare interpreter it costs."""
    import typer

    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([*MAIN, "new", "shop", "--no-git"], cwd=folder, check=True, capture_output=True)
        root = Path(folder) / "shop"
        programs: dict[str, tuple[str, ...]] = {name: (sys.executable, "-c", code) for name, code in HELLO.items()}
        programs |= {f"arckode {words}": (*MAIN, *words.split()) for words in COMMANDS}
        times = {name: _cpu(words, root, rounds) for name, words in programs.items()}
    print(f"typer is {typer.__version__}")
    for name, milliseconds in times.items():
        print(f"{name:<44} {milliseconds:6.0f} ms   {milliseconds / times['python']:5.1f}x")


def _cpu(words: tuple[str, ...], root: Path, rounds: int) -> float:
    def once() -> float:
        before = _spent()
        subprocess.run(words, cwd=root, env=dict(os.environ), check=False, capture_output=True)
        return (_spent() - before) * 1000

    once()  # byte code is compiled the first time
    return statistics.median(once() for _ in range(rounds))


def _spent() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
