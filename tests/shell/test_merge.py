from __future__ import annotations

import pytest

from arckode_gen.errors import OperationError
from arckode_gen.shell.merge import merge

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


def test_binary_files_are_not_merged() -> None:
    with pytest.raises(OperationError, match=r"git cannot merge: .*[Bb]inary"):
        merge(b"\0", b"\0a", b"\0b")


def test_without_git_the_message_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(OperationError, match="merging needs git"):
        merge(BASE, b"a", b"b")
