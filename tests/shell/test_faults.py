"""A process that dies, or a disk that fills, at every call to the disk: the tree is the old one or the new one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from arckode_gen.shell.apply import apply, recover
from arckode_gen.shell.formats import pack_plan
from arckode_gen.shell.journal import entries, unfinished
from tests.shell.trees import MANIFEST, plan, plant, project, state, tree

if TYPE_CHECKING:
    from collections.abc import Callable

    from arckode_gen.engine.plan import FileState, Plan

REPOSITORY = Path(__file__).parents[2]
BEFORE: dict[str, bytes | FileState] = {
    "pyproject.toml": b"[project]\n",
    "src/shop/composition_root.py": b"one\r\ntwo\r\n",
    "src/shop/old/service.py": b"\xff\x00 not text",
    "src/shop/old/deep/model.py": b"x = 1\n",
    "run.sh": state("echo\n", executable=True),
}
AFTER: dict[str, bytes | FileState | None] = {
    "src/shop/composition_root.py": b"one\r\ntwo\r\nthree\r\n",
    "src/shop/modules/orders/service.py": b"class Service: ...\n",
    "src/shop/modules/orders/model.py": b"",
    "src/shop/old/service.py": None,
    "src/shop/old/deep/model.py": None,
    "bin/tool": state("#!/bin/sh\n", executable=True),
    "run.sh": state("echo\n", executable=False),
    ".arckode/base/bin/tool": b"#!/bin/sh\n",
}


def planted(root: Path) -> Path:
    """Return the old project; one file that goes is private."""
    project(root, BEFORE)
    (root / "src/shop/old/deep/model.py").chmod(0o600)
    return root


def run(kind: str, action: str, source: Path, planned: Plan, out: Path, name: str = "") -> list[str]:
    """Return how each attempt ended; the last is the one that no fault reached."""
    out.mkdir()
    plan_file = out.parent / f"{out.name}.json"
    plan_file.write_text(json.dumps(pack_plan(planned)))
    words = [sys.executable, "-m", "tests.shell.faults", kind, action, source, plan_file, out, name]
    done = subprocess.run(list(map(str, words)), cwd=REPOSITORY, capture_output=True, text=True, check=True)
    said: list[str] = json.loads(done.stdout)
    return said


def test_a_kill_at_any_call_leaves_what_the_next_command_rolls_back(tmp_path: Path) -> None:
    source = planted(tmp_path / "source")
    old, planned = tree(source), plan(source, AFTER)
    attempts = run("kill", "apply", source, planned, tmp_path / "out")
    assert attempts[-1] == "untouched"
    assert set(attempts[:-1]) == {"killed"}
    assert len(attempts) > 60
    new = tree(tmp_path / "out" / str(len(attempts) - 1))
    assert new != old

    seen = set()
    for attempt in range(len(attempts)):
        root = tmp_path / "out" / str(attempt)
        recover(root)
        seen.add("new" if tree(root) == new else "old" if tree(root) == old else f"neither, at {attempt}")
        assert unfinished(root) == ""
        assert recover(root) is None
    assert seen == {"old", "new"}


def test_after_a_rollback_the_same_command_works(tmp_path: Path) -> None:
    source = planted(tmp_path / "source")
    planned = plan(source, AFTER)
    attempts = run("kill", "apply", source, planned, tmp_path / "out")
    new = tree(tmp_path / "out" / str(len(attempts) - 1))
    for attempt in range(0, len(attempts) - 1, 5):
        root = tmp_path / "out" / str(attempt)
        recover(root)
        if tree(root) != new:
            apply(root, planned)
        assert tree(root) == new


def test_a_rollback_that_is_killed_is_finished_by_the_next_command(tmp_path: Path) -> None:
    source = planted(tmp_path / "source")
    old, planned = tree(source), plan(source, AFTER)
    attempts = run("kill", "apply", source, planned, tmp_path / "out")
    for attempt in range(30, len(attempts) - 5, 17):
        out = tmp_path / f"again-{attempt}"
        again = run("kill", "recover", tmp_path / "out" / str(attempt), planned, out)
        for number in range(len(again)):
            recover(out / str(number))
            assert tree(out / str(number)) == old, f"killed at {attempt}, then at {number}"


def test_a_failing_call_puts_every_file_back_and_says_so(tmp_path: Path) -> None:
    source = planted(tmp_path / "source")
    old, planned = tree(source), plan(source, AFTER)
    attempts = run("full", "apply", source, planned, tmp_path / "out")
    new = tree(tmp_path / "out" / str(len(attempts) - 1))
    for attempt, said in enumerate(attempts[:-1]):
        root = tmp_path / "out" / str(attempt)
        if said == "survived":
            assert tree(root) == new
            continue
        assert tree(root) == old, f"at {attempt}: {said}"
        assert said.startswith("5 cannot "), said
        assert "No space left on device" in said
        assert unfinished(root) == ""
    assert any("every file is as it was before" in said for said in attempts)


@pytest.mark.parametrize("kind", ["kill", "full"])
def test_a_new_folder_appears_whole_or_not_at_all(kind: str, tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    fresh = plan(tmp_path / "source" / "shop", {".arckode/project.json": MANIFEST, "src/shop/main.py": b"app = 1\n"})
    attempts = run(kind, "apply", tmp_path / "source", fresh, tmp_path / "out", "shop")
    whole = tree(tmp_path / "out" / str(len(attempts) - 1) / "shop")
    for attempt in range(len(attempts) - 1):
        parent = tmp_path / "out" / str(attempt)
        made = (parent / "shop").exists()
        assert not made or tree(parent / "shop") == whole
        if not made:
            apply(parent / "shop", fresh)
            assert tree(parent / "shop") == whole
        left = [path for path in parent.rglob("*") if path.is_file() and not path.is_relative_to(parent / "shop")]
        assert left == []


def test_an_edit_made_while_a_command_writes_is_lost_only_within_the_write_of_that_very_file(tmp_path: Path) -> None:
    source = project(tmp_path / "source", {f"{name}.txt": b"old" for name in "abcdefg"} | {"edited.txt": b"old"})
    new = {f"{name}.txt": b"new" for name in "abcdefg"} | {"edited.txt": b"new"}
    attempts = run("edit", "apply", source, plan(source, new), tmp_path / "out")
    found = [(tmp_path / "out" / str(n) / "edited.txt").read_bytes() for n in range(len(attempts) - 1)]
    assert found.count(b"edited") + found.count(b"new") == len(found)
    assert found.count(b"new") <= len(("mkdir", "unlink the draft", "open", "fsync", "replace"))
    for attempt, said in enumerate(attempts[:-1]):
        if said.startswith("3 "):
            assert "edited.txt was edited" in said
            assert (tmp_path / "out" / str(attempt) / "a.txt").read_bytes() == b"old"
    assert sum(said.startswith("3 ") for said in attempts) > 20


def test_a_killed_creation_in_an_empty_folder_is_no_project_and_is_rolled_back(tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    fresh = plan(tmp_path / "source", {".arckode/project.json": MANIFEST, "src/shop/main.py": b"app = 1\n"})
    attempts = run("kill", "apply", tmp_path / "source", fresh, tmp_path / "out")
    whole = tree(tmp_path / "out" / str(len(attempts) - 1))
    for attempt in range(len(attempts) - 1):
        root = tmp_path / "out" / str(attempt)
        assert not (root / ".arckode/project.json").exists() or (root / "src/shop/main.py").exists()
        recover(root)
        assert tree(root) in ({}, whole)


Interrupted = tuple[Path, dict[str, str]]


@pytest.fixture
def interrupted(tmp_path: Path) -> Callable[[], Interrupted]:
    """Return a project whose command was killed after its last write and before it said so, and its old tree."""

    def make() -> Interrupted:
        source = planted(tmp_path / "source")
        old = tree(source)
        attempts = run("kill", "apply", source, plan(source, AFTER), tmp_path / "out")
        pending = [n for n in range(len(attempts)) if unfinished(tmp_path / "out" / str(n))]
        return tmp_path / "out" / str(pending[-1]), old

    return make


def test_an_edit_made_after_the_kill_is_left_and_reported(interrupted: Callable[[], Interrupted]) -> None:
    root, old = interrupted()
    plant(root, {"src/shop/composition_root.py": b"mine\n"})
    recovery = recover(root)
    assert recovery is not None
    assert recovery.left == ("src/shop/composition_root.py",)
    assert "rolled back" in str(recovery)
    assert "edited meanwhile and left alone: src/shop/composition_root.py" in str(recovery)
    assert tree(root) == {**old, "src/shop/composition_root.py": "644 b'mine\\n'"}


def test_a_plan_made_from_a_half_written_tree_is_refused(interrupted: Callable[[], Interrupted]) -> None:
    root, old = interrupted()
    with pytest.raises(Exception, match=r"0001-make-module-orders was interrupted and has been rolled back") as caught:
        apply(root, plan(root, {"pyproject.toml": b"new"}))
    assert "run it again" in str(caught.value)
    assert tree(root) == old
    assert [entry.state for entry in entries(root)] == ["undone"]


def test_a_damaged_journal_of_an_interrupted_command_is_a_clear_error(interrupted: Callable[[], Interrupted]) -> None:
    root, _ = interrupted()
    (root / ".arckode/history/0001-make-module-orders/plan.json").write_bytes(b'{"version": 1, "plan": {')
    with pytest.raises(Exception, match=r"0001-make-module-orders/plan\.json is damaged: JSONDecodeError") as caught:
        recover(root)
    assert "compare with git, then delete .arckode/history/0001-make-module-orders" in str(caught.value)
