"""No byte that a person typed is ever lost: it is in the project, between the markers of a conflict or not.

Only what `--force` was told to overwrite is not: that is in the history, where `arckode undo` finds it.
Every typed line is a word of its own, so that it can be looked for after each command.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from arckode_gen.errors import ArckodeError
from arckode_gen.shell.journal import entries
from tests.commands.calls import call
from tests.keeping.makers import makers
from tests.keeping.thing import publish
from tests.shell.trees import project, tree

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.keeping.makers import Words

ROUNDS = int(os.environ.get("ARCKODE_EDITS", "20"))
FILES = ("a.py", "b.py", "c.md", "d/e.py", "f.txt")
COMMANDS: tuple[Words, ...] = (
    ("make:thing", "one"),
    ("make:thing", "one", "--markers"),
    ("make:thing", "one", "--force"),
    ("upgrade",),
    ("destroy:thing", "one"),
    ("undo",),
)


@dataclass(slots=True)
class Person:
    """Someone who edits a project's files at random and remembers every line."""

    data: st.DataObject
    typed: list[str] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=count)

    def word(self) -> str:
        self.typed.append(f"typed_{next(self.numbers)}_")
        return f"{self.typed[-1]} = 1"

    def edit(self, file: Path) -> None:
        """Add lines, or do anything else to a file: what is taken out of it is not missed, unless it was typed."""
        raw = file.read_bytes().decode() if file.is_file() else ""
        end = "\r\n" if "\r\n" in raw else "\n"
        lines = raw.split(end)
        at = self.data.draw(st.integers(0, len(lines)), label="at")
        match self.data.draw(
            st.sampled_from(("add", "add", "add", "replace", "remove", "crlf", "unfinished", "delete"))
        ):
            case "add":
                lines[at:at] = [self.word() for _ in range(self.data.draw(st.integers(1, 3), label="lines"))]
            case "replace":
                self.forget("\n".join(lines[at : at + 2]))
                lines[at : at + 2] = [self.word()]
            case "remove":
                self.forget("\n".join(lines[at : at + 2]))
                lines[at : at + 2] = []
            case "crlf":
                lines, end = [*lines, self.word(), ""], "\r\n" if end == "\n" else "\n"
            case "unfinished":
                lines = [*lines, self.word()]
            case "delete":
                self.forget(raw)
                file.unlink(missing_ok=True)
                return
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(end.join(lines).encode())

    def forget(self, text: str) -> None:
        """A person may take their own lines out again."""
        self.typed = [word for word in self.typed if word not in text]

    def misses(self, root: Path, *, forced: bool) -> list[str]:
        """Return the typed lines that are not in the project; those that --force overwrote may be in the history."""
        there = "\n".join(tree(root).values())
        missed = [word for word in self.typed if word not in there]
        kept = "\n".join(_history(root)) if missed and forced else ""
        self.typed = [word for word in self.typed if word not in missed]
        return [word for word in missed if word not in kept]


def _history(root: Path) -> Iterator[str]:
    for entry in entries(root):
        for change in entry.plan.changes:
            yield from (state.content.decode("utf-8", "replace") for state in (change.before, change.after) if state)


def attempt(root: Path, line: Words) -> int:
    """Run a command; a refusal must not change anything."""
    before = tree(root)
    try:
        return call(root, *line).code
    except ArckodeError as error:
        assert tree(root) == before, line
        return error.exit_code


@st.composite
def versions(draw: st.DrawFn) -> dict[str, str]:
    """Return what a version of the stub makes: always something, of lines that versions share or change."""
    names = draw(st.lists(st.sampled_from(FILES), min_size=1, unique=True))
    return {name: "".join(f"line_{n} = {draw(st.integers(0, 2))}\n" for n in range(8)) for name in sorted(names)}


@settings(
    max_examples=ROUNDS,
    derandomize="ARCKODE_EDITS" not in os.environ,
    suppress_health_check=list(HealthCheck),
)
@given(st.data())
def test_of_a_stub_that_changes_under_ones_feet(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = project(Path(folder))
        publish(root, data.draw(versions()), 1)
        person = Person(data)
        assert attempt(root, ("make:thing", "one")) == 0
        for version in range(2, 5):
            for name in data.draw(st.lists(st.sampled_from(FILES), max_size=3)):
                person.edit(root / "out" / name)
            publish(root, data.draw(versions()), version)
            line = data.draw(st.sampled_from(COMMANDS))
            code = attempt(root, line)
            note(f"{' '.join(line)} -> {code}")
            assert code in {0, 2, 3}
            assert person.misses(root, forced="--force" in line) == [], line


MODULE = "src/shop/modules/orders"
EDITED = (
    f"{MODULE}/service.py",
    f"{MODULE}/model.py",
    f"{MODULE}/schemas.py",
    f"{MODULE}/repository.py",
    f"{MODULE}/controller.py",
    "src/shop/composition_root.py",
    "src/shop/kernel/ids.py",
    "tests/modules/orders/test_api.py",
)
CHANGING = [maker.words for maker in makers() if maker.words[0] == "make:field"]
REAL: tuple[Words, ...] = (
    *CHANGING,
    ("make:module", "orders", "customer:belongs_to=customers", "total:int", "note:text:null", "--force"),
    ("upgrade",),
    ("destroy:module", "orders"),
    ("undo",),
    ("undo", "2"),
)


@pytest.fixture(scope="module")
def orders(fresh: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with two modules, made from templates that have changed since."""
    root = Path(shutil.copytree(fresh, tmp_path_factory.mktemp("orders") / "shop"))
    call(root, "make:module", "customers", "name:str:max=120")
    call(root, "make:module", "orders", "customer:belongs_to=customers", "total:int")
    for path in EDITED:
        for place in (root / path, root / ".arckode/base" / path):
            lines = place.read_text().splitlines(keepends=True) if place.is_file() else []
            if lines and "composition_root" not in path:
                place.write_text("".join([*lines[:1], "# as it was\n", *lines[1:-2], *lines[-1:]]))
    for file in root.glob(".arckode/units/*.json"):
        file.write_text(file.read_text().replace('"templates": "', '"templates": "0'))
    return root


@settings(
    max_examples=max(1, ROUNDS // 8),
    derandomize="ARCKODE_EDITS" not in os.environ,
    suppress_health_check=list(HealthCheck),
)
@given(st.data())
def test_of_a_module_and_the_kernel(orders: Path, data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(shutil.copytree(orders, f"{folder}/shop"))
        person = Person(data)
        for _ in range(3):
            for name in data.draw(st.lists(st.sampled_from(EDITED), max_size=3)):
                person.edit(root / name)
            line = data.draw(st.sampled_from(REAL))
            code = attempt(root, line)
            note(f"{' '.join(line)} -> {code}")
            assert code in {0, 2, 3}
            assert person.misses(root, forced="--force" in line) == [], line
