"""undo(apply(x)) == x: bytes, permission bits and folders."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from arckode_gen.engine.plan import FileState
from arckode_gen.engine.project import Disk
from arckode_gen.shell.apply import apply
from arckode_gen.shell.inverse import decide
from arckode_gen.shell.journal import entries
from tests.shell.trees import plan, project, tree

PATHS = ["a.txt", "src/b.py", "src/c/d.py", "src/c/e/f.bin", "tests/g.py", ".arckode/units/h.json"]
FOLDERS = ["empty", "src/c", "src/c/e", "tests"]

states = st.builds(FileState, st.binary(max_size=12), executable=st.booleans())
files = st.dictionaries(st.sampled_from(PATHS), states)
wanted = st.dictionaries(st.sampled_from(PATHS), st.none() | states, min_size=1)
modes = st.dictionaries(st.sampled_from(PATHS), st.sampled_from([0o600, 0o640, 0o664]))


def undo_last(root: Path, entry_id: str) -> str:
    history = entries(root)
    entry = next(entry for entry in history if entry.id == entry_id)
    return apply(root, decide(entry, history, Disk(root)), undoing=entry).id


@settings(max_examples=150, deadline=None)
@given(before=files, folders=st.sets(st.sampled_from(FOLDERS)), bits=modes, after=wanted)
def test_undo_is_the_exact_inverse_and_undoing_it_comes_back(
    before: dict[str, FileState], folders: set[str], bits: dict[str, int], after: dict[str, FileState | None]
) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        root = project(Path(scratch), before)
        for folder in folders:
            (root / folder).mkdir(parents=True, exist_ok=True)
        for path, mode in bits.items():
            if (root / path).exists() and not before[path].executable:
                (root / path).chmod(mode)
        old = tree(root)
        applied = apply(root, plan(root, after))
        if not applied.id:
            assert tree(root) == old
            return
        new = tree(root)
        undone = undo_last(root, applied.id)
        assert tree(root) == old
        undo_last(root, undone)
        assert tree(root) == new


@settings(max_examples=60, deadline=None)
@given(before=files, steps=st.lists(wanted, min_size=2, max_size=4))
def test_undoing_commands_from_the_last_to_the_first_comes_back_to_the_start(
    before: dict[str, FileState], steps: list[dict[str, FileState | None]]
) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        root = project(Path(scratch), before)
        trees = [tree(root)]
        done = []
        for step in steps:
            done.append(apply(root, plan(root, step)).id)
            trees.append(tree(root))
        for entry_id, expected in zip(reversed(done), reversed(trees[:-1]), strict=True):
            if entry_id:
                undo_last(root, entry_id)
            assert tree(root) == expected
