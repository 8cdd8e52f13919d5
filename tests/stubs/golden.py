"""The golden examples of a stub: `examples/<case>.yml` says the words, `expected/<case>/` is what they make.

`python -m tests.stubs.golden --write` writes them anew; read the difference before committing it.
"""

from __future__ import annotations

import datetime as dt
import json
import shutil
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, cast

from arckode_gen import commands, resources
from arckode_gen.commands import _generate, make_field
from arckode_gen.engine import project_unit, stubs, units, words, yaml_text
from arckode_gen.engine.fields import parse_fields
from arckode_gen.engine.generate import How
from arckode_gen.engine.plan import FileState
from arckode_gen.engine.project import PROJECT_FILE, Memory, ProjectManifest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arckode_gen.engine.plan import Plan

TODAY = dt.date(2026, 11, 22)
_MANIFEST = ProjectManifest(arckode="0", format=1, name="shop", package="shop", options={"database": "sqlite"})
_NOT_RENDERED = (".arckode/", "src/shop/kernel/")
_ROOT = "def compose(settings):\n    kernel = Kernel(settings)\n    return kernel\n"


@dataclass(frozen=True, slots=True)
class Case:
    """One example: the command line that makes it, and those that come before it."""

    file: Path

    @property
    def name(self) -> str:
        return f"{self.file.parent.parent.name}-{self.file.stem}"

    @property
    def expected(self) -> Path:
        return self.file.parent / "expected" / self.file.stem

    def lines(self) -> list[list[str]]:
        """Return the command lines; the last one is the example."""
        document = cast("Mapping[str, object]", yaml_text.parse(self.file.read_text(encoding="utf-8")))
        before = cast("list[str]", document.get("after", []))
        return [line.split() for line in (*before, cast("str", document["words"]))]


def cases() -> list[Case]:
    return [Case(file) for file in sorted(resources.folder("stubs").glob("*/examples/*.yml"))]


@cache
def project() -> Mapping[str, FileState]:
    """Return a new project without its kernel, and with the shortest composition root there could be."""
    empty = units.Unit("project", "shop", project_unit.VERSION, {"database": "sqlite", "parts": []}, {})
    made = project_unit.rerender(empty, _MANIFEST, resources.folder("templates"))
    return {
        **made.files,
        **{units.BASE + path: state for path, state in made.files.items()},
        made.new.path: units.dump(made.new),
        PROJECT_FILE: FileState(json.dumps(_MANIFEST).encode()),
        "src/shop/composition_root.py": FileState(_ROOT.encode()),
    }


def render(case: Case) -> dict[str, str]:
    """Return the text of every file that the example creates or changes, but for records and copies of the kernel."""
    files = dict(project())
    before = dict(files)
    for command, *rest in case.lines():
        before = dict(files)
        files.update(_made(command, rest, Memory(before)))
    return {
        path: state.text
        for path, state in files.items()
        if before.get(path) != state and not path.startswith(_NOT_RENDERED)
    }


def _made(command: str, rest: list[str], snapshot: Memory) -> dict[str, FileState]:
    if command == "make:field":
        plan = _with_fields(rest, snapshot)
    else:
        folder = resources.folder("stubs") / command.removeprefix("make:").replace("-", "_")
        spec = commands.find(command, Path.cwd()).spec
        values = words.read(spec, words.normalise(spec, rest))
        if values is None:
            raise ValueError(f"not well-formed: {command} {' '.join(rest)}")
        plan = _generate.plan(stubs.load(folder), values, snapshot, TODAY)
    return {change.path: change.after for change in plan.changes if change.after is not None}


def _with_fields(rest: list[str], snapshot: Memory) -> Plan:
    stub = stubs.load(resources.folder("stubs") / "module")
    unit = units.load(snapshot, "module", rest[0])
    if unit is None:
        raise ValueError(f"no module: {rest[0]}")
    return make_field.plan(stub, unit, parse_fields(rest[1:]), snapshot, today=TODAY, how=How(grows=True))


def expected(case: Case) -> dict[str, str]:
    """Return the files as they were agreed on; `.txt` keeps tools and tests away from them."""
    return {
        path.relative_to(case.expected).as_posix().removesuffix(".txt"): path.read_text(encoding="utf-8")
        for path in sorted(case.expected.rglob("*.txt"))
    }


def write(case: Case) -> None:
    """Agree on what the example makes now."""
    shutil.rmtree(case.expected, ignore_errors=True)
    for path, text in render(case).items():
        file = case.expected / f"{path}.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode())


if __name__ == "__main__":
    if sys.argv[1:] != ["--write"]:
        sys.exit("usage: python -m tests.stubs.golden --write")
    for each in cases():
        write(each)
        print(f"written: {each.name}")
