"""A command that is killed at any moment: the next one finds the old tree or the new one, and can do it again."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from arckode_gen.shell.journal import unfinished
from tests.commands.calls import call
from tests.keeping.thing import ROOT, publish
from tests.shell.faults import CALLS
from tests.shell.trees import plant, project, tree

if TYPE_CHECKING:
    from tests.keeping.makers import Words

REPOSITORY = Path(__file__).parents[2]
LONG = bool(os.environ.get("ARCKODE_KILLS"))
# In small: the calls that put a file in its place or take it away. Of all calls to the disk: `ARCKODE_KILLS=1`.
MOVES = CALLS if LONG else ("replace", "unlink")

ONE = {"a.py": "A = 1\n\nB = 1\n", "b.py": "B = 1\n", "gone.py": "G = 1\n", "deep/c.py": "C = 1\n"}
TWO = {"a.py": "A = 2\n\nB = 1\n", "b.py": "B = 2\n", "deep/er/d.py": "D = 1\n", "deep/c.py": "C = 2\n"}


@dataclass(frozen=True, slots=True)
class Killed:
    """A command and what comes before it; in between the stub changes and a person edits."""

    name: str
    line: Words
    before: tuple[Words, ...] = ()
    changed: bool = False


MADE: Words = ("make:thing", "one")
COMMANDS = (
    Killed("upgrade", ("upgrade",), (MADE,), changed=True),
    Killed("destroy", ("destroy:thing", "one"), (MADE,)),
    Killed("undo of a destroy", ("undo", "2"), (MADE, ("destroy:thing", "one"))),
)
MORE = (
    Killed("make again, merging", (*MADE, "--markers"), (MADE,), changed=True),
    Killed("make", MADE),
    Killed("destroy what was edited", ("destroy:thing", "one"), (MADE,), changed=True),
    Killed("undo of a make", ("undo",), (MADE,)),
    Killed("undo of an undo", ("undo", "2"), (MADE, ("undo",))),
)
MODULE: tuple[Words, ...] = (("make:module", "pets", "name"), ("destroy:module", "orders"), ("undo",))


@pytest.mark.parametrize("killed", (*COMMANDS, *MORE) if LONG else COMMANDS, ids=lambda killed: killed.name)
def test_the_tree_is_the_old_one_or_the_new_one(killed: Killed, tmp_path: Path) -> None:
    source = project(tmp_path / "source", {"root.py": ROOT})
    publish(source, ONE, 1, wired=True)
    for line in killed.before:
        call(source, *line)
    if killed.changed:
        publish(source, TWO, 2, wired=True)
        plant(source, {"out/a.py": b"A = 1\n\nB = 1\nMINE = 1\n", "out/b.py": b"B = 3\n"})
    prove(source, tmp_path, killed.line)


@pytest.mark.parametrize("line", MODULE if LONG else MODULE[1:2], ids=" ".join)
def test_so_it_is_of_a_module(line: Words, fresh: Path, tmp_path: Path) -> None:
    source = Path(shutil.copytree(fresh, tmp_path / "source"))
    call(source, "make:module", "orders", "total:int")
    prove(source, tmp_path, line)


def prove(source: Path, folder: Path, line: Words) -> None:
    """Kill the command at each of its moves; look, and run it again."""
    old = tree(source)
    out = folder / "out"
    out.mkdir()
    words = [sys.executable, "-m", "tests.keeping.kills", str(source), str(out), ",".join(MOVES), *line]
    done = subprocess.run(words, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    count = int(done.stdout)
    new = tree(out / str(count - 1))
    assert new != old
    seen = set()
    for number in range(count):
        root = out / str(number)
        call(root, "undo", "--list")
        assert unfinished(root) == ""
        found = tree(root)
        assert found in (old, new), f"neither, when killed at {number}"
        seen.add("new" if found == new else "old")
        if found == old and number % 5 == 0:
            call(root, *line)
            assert tree(root) == new
    assert seen == {"old", "new"}
