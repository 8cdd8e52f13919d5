"""What the gate for coding agents costs on a project of 500 modules, beside Python's start and ruff on the same tree.

`python -m tests.bench.bench_hook [MODULES]`; the project is made by `arckode new` and `make:module`, and analysed once.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from arckode_analyzers import signed
from tests.bench.processes import ENVIRON, PASS, PYTHON, medians, report
from tests.commands.calls import call

MODULES = 500
ROUNDS = 7
# CPU is what can be compared on a busy machine; an idle one with pages in memory waits for nothing else.
COLD, RESIDENT = 400, 75

_GOOD = "\n    async def named(self, name: str) -> int:\n        return len(name)\n"
_BAD = (
    "\n    async def look(self, ids: list[UUID]) -> list[object]:\n"
    "        return [await self.get_by_id(each) for each in ids]\n"
)


def grow(root: Path, modules: int) -> None:
    """Add modules to a project; every fifth refers to the one before it."""
    for number in range(modules):
        relation = [f"parent:belongs_to=things{number - 1:03d}s"] if number % 5 == 4 else []
        fields = ("name:str:max=80", "total:decimal=12.2", "status:enum=draft/paid:default=draft", "note:text:null")
        call(root, "make:module", f"things{number:03d}s", *fields, *relation)


def proposal(root: Path, added: str) -> bytes:
    """Return what an agent sends before it writes one more method into a service."""
    file = root / "src/mall/modules/things007s/service.py"
    return json.dumps(
        {
            "tool_name": "Write",
            "tool_input": {"file_path": str(file), "content": file.read_text().rstrip() + "\n" + added},
        }
    ).encode()


def cpu(command: tuple[str, ...], cwd: Path, sent: bytes = b"") -> float:
    """Return the milliseconds of CPU that a command took with something on its standard input."""
    import resource

    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=cwd, env=ENVIRON, input=sent, check=False, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000


def resident(root: Path, sent: bytes) -> float:
    """Return the milliseconds of CPU that one more answer takes in a process that has answered before."""
    from arckode_gen.commands import _mcp_tools

    signed.keep_loaded()
    tools = {tool.name: tool for tool in _mcp_tools.tools(root, dict(ENVIRON), read_only=True)}
    arguments = json.loads(sent)["tool_input"]
    before = time.process_time()
    tools[_mcp_tools.CHECK_WRITE].answer(arguments)
    return (time.process_time() - before) * 1000


def main() -> None:
    """Measure."""
    modules = int(sys.argv[1]) if len(sys.argv) > 1 else MODULES
    with tempfile.TemporaryDirectory() as folder:
        call(Path(folder), "new", "mall", "--no-git")
        root = Path(folder, "mall")
        grow(root, modules)
        subprocess.run(
            (*PYTHON, "-m", "arckode_gen", "analyze"), cwd=root, env=ENVIRON, check=True, capture_output=True
        )
        hook = (*PYTHON, "-m", "arckode_gen", "hook", "pre-write")
        good, bad = proposal(root, _GOOD), proposal(root, _BAD)
        found = medians(
            {
                PASS[0]: lambda: cpu(PASS[1], root),
                "ruff check --no-cache": lambda: cpu((*PYTHON, "-m", "ruff", "check", "--no-cache", "-q"), root),
                "hook pre-write, a good file": lambda: cpu(hook, root, good),
                "hook pre-write, a bad file": lambda: cpu(hook, root, bad),
                "check_write of arckode mcp, a good file": lambda: resident(root, good),
                "check_write of arckode mcp, a bad file": lambda: resident(root, bad),
            },
            ROUNDS,
        )
    print(f"{modules} modules; the bounds are {COLD} ms for hook and {RESIDENT} ms for a process that stays")
    report(found, PASS[0])


if __name__ == "__main__":
    main()
