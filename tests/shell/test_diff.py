"""`git apply` is the judge: what it makes of the diff is what the command would make."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arckode_gen.engine.plan import Change, FileState, Plan
from arckode_gen.shell.apply import apply
from arckode_gen.shell.diff import unified_diff
from tests.shell.trees import plan, project, state, tree

if TYPE_CHECKING:
    from pathlib import Path

Contents = dict[str, bytes | FileState]
Wanted = dict[str, bytes | FileState | None]

CASES = [
    pytest.param({}, {"src/a.py": b"x = 1\ny = 2\n"}, id="a new file"),
    pytest.param({}, {"empty/__init__.py": b""}, id="a new empty file"),
    pytest.param({}, {"run.sh": state("echo\n", executable=True)}, id="a new executable file"),
    pytest.param({}, {"x": b"no line end"}, id="a new file without a final line end"),
    pytest.param({"a": b"1\n2\n3\n"}, {"a": b"1\n2b\n3\n"}, id="a changed line"),
    pytest.param({"a": b"1\n" * 50}, {"a": b"0\n" + b"1\n" * 50 + b"2\n"}, id="changes far from each other"),
    pytest.param({"a": b"1\n2"}, {"a": b"1\n2\n"}, id="a final line end that was missing"),
    pytest.param({"a": b"1\n2\n"}, {"a": b"1\n2"}, id="a final line end that goes"),
    pytest.param({"a": b"1\n2"}, {"a": b"0\n2"}, id="no final line end before and after"),
    pytest.param({"a": b"1\r\n2\r\n"}, {"a": b"1\r\n2\r\n3\r\n"}, id="Windows line ends"),
    pytest.param({"a": b"1\r\n"}, {"a": b"1\n"}, id="other line ends"),
    pytest.param({"a": "x\u2028y\x0bz\rw\n".encode()}, {"a": "x\u2028Y\x0bz\rw\n".encode()}, id="odd separators"),
    pytest.param({"a": b"\xef\xbb\xbfx\n"}, {"a": b"\xef\xbb\xbfy\n"}, id="a byte order mark"),
    pytest.param({"a": b"x\n"}, {"a": None}, id="a deleted file"),
    pytest.param({"a": b""}, {"a": None}, id="a deleted empty file"),
    pytest.param({"a": state("x\n", executable=True)}, {"a": None}, id="a deleted executable file"),
    pytest.param({"a": b"x\n"}, {"a": b""}, id="an emptied file"),
    pytest.param({"a": b""}, {"a": b"x"}, id="a filled file"),
    pytest.param({"a": b"x\n"}, {"a": state("x\n", executable=True)}, id="a file made executable"),
    pytest.param({"a": state("x\n", executable=True)}, {"a": b"y\n"}, id="other bytes and another mode"),
    pytest.param({}, {"icon.png": bytes(range(256)) * 3}, id="a new binary file"),
    pytest.param({"i": b"\0" * 51}, {"i": state(b"\0" * 53, executable=True)}, id="a changed binary file"),
    pytest.param({"i": b"\xe9t\xe9\n"}, {"i": b"\xe9t\xe9 \n"}, id="text that is not UTF-8"),
    pytest.param({"i": b"\0"}, {"i": None}, id="a deleted binary file"),
    pytest.param({"i": b"text\n"}, {"i": b"\0"}, id="a text that becomes binary"),
    pytest.param({}, {"with space/é.txt": b"x\n", 'quo"te\t.txt': b"x\n", "-- a": b"y\n"}, id="names git quotes"),
    pytest.param({"a b": b"x\n"}, {"a b": b"-- y\n++ z\n"}, id="lines that look like headings"),
    pytest.param({}, {".arckode/base/x": b"x\n", ".arckode/units/u.json": b"{}\n"}, id="arckode's records"),
]


def git(root: Path, *words: str, stdin: str = "") -> subprocess.CompletedProcess[bytes]:
    command = ["git", "-C", str(root), "-c", "core.autocrlf=false", *words]
    return subprocess.run(command, input=stdin.encode(), capture_output=True, check=False)


@pytest.mark.parametrize(("before", "after"), CASES)
def test_git_makes_of_the_diff_what_the_command_makes(before: Contents, after: Wanted, tmp_path: Path) -> None:
    ours, theirs = project(tmp_path / "ours", before), project(tmp_path / "theirs", before)
    planned = plan(ours, after)
    git(theirs, "init", "-q")
    done = git(theirs, "apply", "--whitespace=nowarn", stdin=unified_diff(planned))
    assert done.returncode == 0, done.stderr.decode()
    apply(ours, planned)
    assert tree(theirs) == tree(ours)


@pytest.mark.parametrize(("before", "after"), CASES)
def test_git_takes_the_diff_back(before: Contents, after: Wanted, tmp_path: Path) -> None:
    root = project(tmp_path, before)
    old, planned = tree(root), plan(root, after)
    apply(root, planned)
    done = git(root, "apply", "--reverse", "--whitespace=nowarn", stdin=unified_diff(planned))
    assert done.returncode == 0, done.stderr.decode()
    assert tree(root) == old


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(["a", "b\r", "", "\\ x", "-", "+y"])), st.lists(st.sampled_from(["a", "", "-", "c"])))
def test_any_two_texts(tmp_path_factory: pytest.TempPathFactory, one: list[str], two: list[str]) -> None:
    root = project(tmp_path_factory.mktemp("texts"), {"a": "\n".join(one).encode()})
    planned = plan(root, {"a": "\n".join(two).encode()})
    if planned.changes[0].is_noop:
        return
    done = git(root, "apply", "--whitespace=nowarn", stdin=unified_diff(planned))
    assert done.returncode == 0, done.stderr.decode()
    assert (root / "a").read_bytes() == "\n".join(two).encode()


def test_for_a_person_binary_files_are_only_said_to_differ() -> None:
    planned = Plan("x", (Change("i", state(b"\0"), state(b"\0\0")), Change("n", None, state(b"\0"))))
    assert unified_diff(planned, binary=False) == (
        "diff --git a/i b/i\nBinary files a/i and b/i differ\n"
        "diff --git a/n b/n\nnew file mode 100644\nBinary files /dev/null and b/n differ\n"
    )


def test_the_headings_are_gits_own(tmp_path: Path) -> None:
    root = project(tmp_path, {"a.txt": b"1\n2\n3\n4\n5\n"})
    git(root, "init", "-q")
    git(root, "add", ".")
    planned = plan(root, {"a.txt": b"1\n2\n3\n4 and\n5\n"})
    apply(root, planned)
    assert unified_diff(planned) == git(root, "diff", "--abbrev=7").stdout.decode()
