"""What `arckode analyze` costs beside ruff, import-linter and tach, on one tree and in turns. Prints, asserts nothing.

Make an environment with the other tools (`pip install ruff import-linter tach`), then run
`python -m tests.bench.bench_analyze ENVIRONMENT [rounds] [files] [lines]`. A tool that is not there is left out.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tests.bench.processes import ENVIRON, PYTHON
from tests.bench.trees import FILES, LINES, write

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_CONTRACT = """\
[importlinter]
root_package = mall

[importlinter:contract:1]
name = the runtime knows no module
type = forbidden
source_modules = mall.kernel
forbidden_modules = mall.modules
"""
_MODULES = 'exclude = []\nsource_roots = ["src"]\n\n[[modules]]\npath = "mall.kernel"\ndepends_on = []\n'
_ARCKODE = (*PYTHON, "-m", "arckode_gen", "analyze", "--json")
_CACHES = {"arckode": ".arckode", "lint-imports": ".import_linter_cache", "tach check": ".tach"}


_EDITS = 2


class Cost(NamedTuple):
    """What a process and its children took: CPU and wall in milliseconds, memory of all at their largest in MB."""

    cpu: float
    wall: float
    memory: float


def main(environment: Path, rounds: int, files: int, lines: int) -> None:
    """Write the tree and measure each tool warm, after an edit, and cold."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write(root, files, lines)
        (root / ".importlinter").write_text(_CONTRACT)
        (root / "tach.toml").write_text(_MODULES)
        time.sleep(3)  # files this young are read again by anyone who looks at their dates
        tools = _tools(environment / "bin")
        cold = {name: _cold(name, command, root) for name, command in tools.items()}
        _report("cold", cold, "ruff, default rules")
        for name, command in tools.items():
            if name != "arckode":  # which has its cache: nobody else's cold run took it away
                _run(command, root)
        _report("unchanged", _medians(tools, root, rounds), "ruff F")
        _report("a comment added to one file", {"arckode": _edited(root, rounds, _commented)}, "arckode")
        _report("a function added to one file", {"arckode": _edited(root, min(rounds, _EDITS), _extended)}, "arckode")
        (root / "pyproject.toml").write_text('[project]\nname = "mall"\nversion = "1"\n')  # nothing is left out
        time.sleep(3)
        _run(_ARCKODE, root)
        _report("unchanged, about 8 findings a file", _medians(tools, root, rounds), "ruff F")


def _tools(folder: Path) -> dict[str, tuple[str, ...]]:
    tools: dict[str, tuple[str, ...]] = {
        "ruff F": (str(folder / "ruff"), "check", "--select", "F", "."),
        "ruff, default rules": (str(folder / "ruff"), "check", "."),
        "lint-imports": (str(folder / "lint-imports"),),
        "tach check": (str(folder / "tach"), "check"),
    }
    there = {name: command for name, command in tools.items() if Path(command[0]).is_file()}
    return {"arckode": _ARCKODE, **there}


def _medians(tools: dict[str, tuple[str, ...]], root: Path, rounds: int) -> dict[str, Cost]:
    """Take turns, so that a busy machine slows all of them alike."""
    taken: dict[str, list[Cost]] = {name: [] for name in tools}
    for _ in range(rounds):
        for name, command in tools.items():
            taken[name].append(_run(command, root))
    return {name: Cost(*map(statistics.median, zip(*costs, strict=True))) for name, costs in taken.items()}


def _cold(name: str, command: Sequence[str], root: Path) -> Cost:
    shutil.rmtree(root / _CACHES.get(name, ".ruff_cache"), ignore_errors=True)
    return _run(command, root)


def _edited(root: Path, rounds: int, edit: Callable[[str], str]) -> Cost:
    """Edit another file before each run."""
    costs = []
    for file in sorted(root.glob("src/mall/modules/*/service.py"))[:rounds]:
        file.write_text(edit(file.read_text()))
        costs.append(_run(_ARCKODE, root))
    return Cost(*map(statistics.median, zip(*costs, strict=True)))


def _commented(text: str) -> str:
    return text.replace("    async def", "    # what this is for\n\n    async def", 3)


def _extended(text: str) -> str:
    return f"{text}\n\ndef edited() -> int:\n    return 1\n"


def _run(command: Sequence[str], root: Path) -> Cost:
    """Run once; `wait4` tells what this process and the children it waited for took."""
    environ = {**ENVIRON, "PYTHONPATH": os.pathsep.join(["src", *filter(None, [ENVIRON.get("PYTHONPATH")])])}
    start = time.perf_counter()
    process = subprocess.Popen(command, cwd=root, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    family = _Family(process.pid)
    family.start()
    _, _, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    process.returncode = 0  # it was waited for above
    family.ended.set()
    family.join()
    memory = max(usage.ru_maxrss / 1024, family.largest)
    return Cost((usage.ru_utime + usage.ru_stime) * 1000, wall * 1000, memory)


class _Family(threading.Thread):
    """Watches how much memory a process and its children hold together; pages that they share count once."""

    def __init__(self, parent: int) -> None:
        super().__init__(daemon=True)
        self.ended = threading.Event()
        self.largest = 0.0
        self._parent = parent

    def run(self) -> None:
        while not self.ended.wait(1):
            self.largest = max(self.largest, sum(map(_memory, _descendants(self._parent))))


def _descendants(parent: int) -> list[int]:
    found = [parent]
    for pid in found:
        with contextlib.suppress(OSError):
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
            found += map(int, children.split())
    return found


def _memory(pid: int) -> float:
    """Return a process's share of memory in MB, 0 when it ended or the system does not say."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def _report(title: str, costs: dict[str, Cost], yardstick: str) -> None:
    print(title)
    for name, cost in costs.items():
        line = f"  {name:<22} {cost.cpu:8.0f} ms CPU {cost.wall:8.0f} ms wall {cost.memory:6.0f} MB"
        base = costs.get(yardstick)
        print(line if base is None else f"{line}   {cost.cpu / base.cpu:6.2f}x CPU {cost.wall / base.wall:6.2f}x wall")
    ours = costs["arckode"]
    for name in ("lint-imports", "tach check"):
        if name in costs:
            cpu, wall = ours.cpu / costs[name].cpu, ours.wall / costs[name].wall
            print(f"  arckode is {cpu:.2f}x CPU, {wall:.2f}x wall of {name}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), *[*map(int, sys.argv[2:]), *(5, FILES, LINES)[len(sys.argv) - 2 :]])
