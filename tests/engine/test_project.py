"""A project is seen alike on the disk and in memory, and what cannot be read is said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from arckode_gen.engine.plan import FileState
from arckode_gen.engine.project import PROJECT_FILE, Disk, Memory, Snapshot, find_root, manifest
from arckode_gen.errors import UsageError
from tests.shell.trees import MANIFEST, plant

if TYPE_CHECKING:
    from pathlib import Path

FILES = {"a/one.py": b"1", "a/two.py": b"2", "a/b/three.py": b"3", "four.txt": b"4"}


@pytest.fixture(params=["disk", "memory"])
def snapshot(request: pytest.FixtureRequest, tmp_path: Path) -> Snapshot:
    if request.param == "memory":
        return Memory({path: FileState(content) for path, content in FILES.items()})
    return Disk(plant(tmp_path, FILES))


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        pytest.param("a/*.py", ("a/one.py", "a/two.py"), id="a star stays within a folder"),
        pytest.param("*/*/*.py", ("a/b/three.py",), id="a star stands for a folder"),
        pytest.param("*", ("four.txt",), id="folders are no files"),
        pytest.param("a/[ot]*.py", ("a/one.py", "a/two.py"), id="a set of letters"),
        pytest.param("nothing/*", (), id="nothing at all"),
    ],
)
def test_patterns(snapshot: Snapshot, pattern: str, found: tuple[str, ...]) -> None:
    assert snapshot.glob(pattern) == found


def test_reading(snapshot: Snapshot) -> None:
    assert snapshot.read("a/one.py") == FileState(b"1")
    assert snapshot.read("a") is None
    assert snapshot.read("none") is None
    assert (snapshot.is_folder("a"), snapshot.is_folder("four.txt"), snapshot.is_folder("none")) == (True, False, False)


def test_an_executable_file_is_seen_as_one(tmp_path: Path) -> None:
    (tmp_path / "run").write_bytes(b"x")
    (tmp_path / "run").chmod(0o755)
    assert Disk(tmp_path).read("run") == FileState(b"x", executable=True)


def test_the_nearest_project_is_the_root(tmp_path: Path) -> None:
    outer, inner = tmp_path / "outer", tmp_path / "outer/apps/inner"
    for root in (outer, inner):
        plant(root, {PROJECT_FILE: MANIFEST, "src/x.py": b""})
    assert find_root(inner / "src") == inner
    assert find_root(outer / "apps") == outer
    with pytest.raises(UsageError, match="not inside an arckode project"):
        find_root(tmp_path)


DAMAGED = [
    pytest.param(None, "is missing", id="it is gone"),
    pytest.param(b"{", "is damaged", id="it is cut off"),
    pytest.param(b"[]", "is damaged", id="it is a list"),
    pytest.param(b'{"arckode": "0"}', "KeyError: 'format'", id="a key is missing"),
    pytest.param(MANIFEST.replace(b"1", b'"one"'), "ValueError", id="a number in words"),
    pytest.param(MANIFEST.replace(b"{}", b"3"), "AttributeError", id="options that are none"),
    pytest.param(b"\xff", "UnicodeDecodeError", id="it is not text"),
]


@pytest.mark.parametrize(("content", "said"), DAMAGED)
def test_a_damaged_manifest_is_said_to_be(content: bytes | None, said: str) -> None:
    with pytest.raises(UsageError) as refused:
        manifest(Memory({} if content is None else {PROJECT_FILE: FileState(content)}))
    assert said in refused.value.message
    assert PROJECT_FILE in refused.value.message
    assert refused.value.hint


def test_a_manifest_is_read_as_it_was_written() -> None:
    read = manifest(Memory({PROJECT_FILE: FileState(MANIFEST)}))
    assert (read["name"], read["package"], read["format"], read["options"]) == ("shop", "shop", 1, {})
