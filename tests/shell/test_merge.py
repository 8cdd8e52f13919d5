from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arckode_gen.errors import OperationError
from arckode_gen.shell.merge import Merged, _spliced, merge

BASE = b"one\ntwo\nthree\nfour\nfive\n"


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        pytest.param(
            b"ONE\ntwo\nthree\nfour\nfive\n", b"one\ntwo\nthree\nfour\n", b"ONE\ntwo\nthree\nfour\n", id="apart"
        ),
        pytest.param(BASE, b"other\n", b"other\n", id="only theirs changed"),
        pytest.param(b"same\n", b"same\n", b"same\n", id="both made the same change"),
    ],
)
def test_changes_that_do_not_overlap_are_both_there(ours: bytes, theirs: bytes, expected: bytes) -> None:
    merged = merge(BASE, ours, theirs)
    assert (merged.content, merged.conflicts) == (expected, 0)


def test_an_overlap_is_marked_with_all_three_versions() -> None:
    merged = merge(b"a\n", b"b\n", b"c\n")
    assert merged.conflicts == 1
    assert merged.content == (b"<<<<<<< yours\nb\n||||||| generated before\na\n=======\nc\n>>>>>>> generated now\n")


LINES = st.lists(st.sampled_from([b"a\n", b"b\n", b"c\n", b"d\n", b"e\n"]), max_size=8)


@settings(max_examples=150)
@given(LINES, LINES, LINES, st.booleans())
def test_what_is_apart_is_spliced_as_git_would_merge_it(
    base: list[bytes],
    ours: list[bytes],
    theirs: list[bytes],
    unended: bool,
) -> None:
    end = b"end" if unended else b"end\n"
    versions = [[*side, end] for side in (base, base[:2] + ours + base[2:], theirs + base[5:])]
    spliced = _spliced(*versions)
    if spliced is None:
        return
    merged = by_git(*(b"".join(side) for side in versions))
    assert merged.conflicts or merged.content == spliced


def by_git(base: bytes, ours: bytes, theirs: bytes) -> Merged:
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder, name) for name in ("ours", "base", "theirs")]
        for file, text in zip(files, (ours, base, theirs), strict=True):
            file.write_bytes(text)
        done = subprocess.run(["git", "merge-file", "-p", *map(str, files)], capture_output=True, check=False)
    return Merged(done.stdout, done.returncode)


def test_binary_files_are_not_merged() -> None:
    with pytest.raises(OperationError, match=r"git cannot merge: .*[Bb]inary"):
        merge(b"\0", b"\0a", b"\0b")


def test_without_git_the_message_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(OperationError, match="merging needs git"):
        merge(BASE, b"a", b"b")
    assert merge(BASE, b"ONE\n" + BASE[4:], BASE + b"six\n").content == b"ONE\n" + BASE[4:] + b"six\n"
