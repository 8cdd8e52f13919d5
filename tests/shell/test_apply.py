from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from arckode_gen.engine.plan import Change, Plan
from arckode_gen.errors import CrashError, OperationError, RefusedError
from arckode_gen.shell.apply import apply, recover
from arckode_gen.shell.files import draft_of
from arckode_gen.shell.journal import entries
from tests.shell.trees import MANIFEST, plan, plant, project, state, tree

REPOSITORY = Path(__file__).parents[2]


def mode(file: Path) -> str:
    return f"{file.stat().st_mode & 0o7777:o}"


def test_files_are_created_updated_and_deleted_and_the_journal_has_an_entry(tmp_path: Path) -> None:
    root = project(tmp_path, {"a.txt": b"a\n", "gone/deep/b.txt": b"b\n"})
    applied = apply(root, plan(root, {"a.txt": b"A\n", "gone/deep/b.txt": None, "new/c.txt": b"c\n"}))
    assert applied.id == "0001-make-module-orders"
    assert [entry.state for entry in entries(root)] == ["applied"]
    assert tree(root) == {
        ".arckode/project.json": f"644 {MANIFEST!r}",
        "a.txt": "644 b'A\\n'",
        "new": "folder",
        "new/c.txt": "644 b'c\\n'",
    }


def test_a_plan_that_changes_nothing_writes_nothing_at_all(tmp_path: Path) -> None:
    root = project(tmp_path, {"a.txt": b"a\n"})
    assert apply(root, plan(root, {"a.txt": b"a\n"})).id == ""
    assert sorted(path.name for path in (root / ".arckode").iterdir()) == ["project.json"]


def test_unchanged_files_of_a_plan_are_neither_written_nor_journalled(tmp_path: Path) -> None:
    root = project(tmp_path, {"a.txt": b"a\n"})
    touched = (root / "a.txt").stat().st_mtime_ns
    applied = apply(root, plan(root, {"a.txt": b"a\n", "b.txt": b"b\n"}))
    assert [change.path for change in applied.plan.changes] == ["b.txt"]
    assert (root / "a.txt").stat().st_mtime_ns == touched


@pytest.mark.parametrize(
    ("existing", "executable", "expected"),
    [
        pytest.param(0o640, False, "640", id="a private file stays private"),
        pytest.param(0o664, False, "664", id="a shared file stays shared"),
        pytest.param(0o750, True, "750", id="an executable file keeps its bits"),
        pytest.param(0o640, True, "750", id="a file made executable is so for those who may read it"),
        pytest.param(0o755, False, "644", id="a file no longer executable is so for nobody"),
    ],
)
def test_permission_bits_are_kept(existing: int, executable: bool, expected: str, tmp_path: Path) -> None:
    root = project(tmp_path, {"run.sh": b"old\n"})
    (root / "run.sh").chmod(existing)
    apply(root, plan(root, {"run.sh": state("new\n", executable=executable)}))
    assert mode(root / "run.sh") == expected


def test_new_files_follow_the_umask(tmp_path: Path) -> None:
    root = project(tmp_path)
    old = os.umask(0o027)
    try:
        apply(root, plan(root, {"run.sh": state("x", executable=True), "plain": b"x"}))
    finally:
        os.umask(old)
    assert (mode(root / "run.sh"), mode(root / "plain")) == ("750", "640")


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        pytest.param("../out.txt", "is not a plain path", id="a path that climbs out"),
        pytest.param("src/../../out.txt", "is not a plain path", id="a path that climbs out further down"),
        pytest.param("/tmp/out.txt", "is not a plain path", id="an absolute path"),
        pytest.param("src//a.py", "is not a plain path", id="a path with an empty part"),
        pytest.param("", "is not a plain path", id="no path"),
        pytest.param("..\\out.txt", "means different files", id="a Windows path that climbs out"),
        pytest.param("C:/out.txt", "means different files", id="a Windows drive"),
        pytest.param("link/out.txt", "leads out of the project through a link", id="a folder that links elsewhere"),
        pytest.param("alias.txt", "is a symbolic link", id="a file that links elsewhere"),
        pytest.param("dangling.txt", "is a symbolic link", id="a link to nothing"),
        pytest.param(".arckode/history/0001-x/state", "arckode's own records", id="the journal"),
        pytest.param(".arckode/lock", "arckode's own records", id="the lock"),
        pytest.param("n" * 256, "longer than 255 bytes", id="a name no file system takes"),
    ],
)
def test_a_path_that_must_not_be_written_is_refused_before_anything_is(path: str, reason: str, tmp_path: Path) -> None:
    outside = plant(tmp_path / "outside", {"alias.txt": b"theirs\n"})
    root = project(tmp_path / "shop")
    (root / "link").symlink_to(outside)
    (root / "alias.txt").symlink_to(outside / "alias.txt")
    (root / "dangling.txt").symlink_to(root / "nothing")
    changes = (Change("fine.txt", None, state("x")), Change(path, None, state("x")))
    with pytest.raises(RefusedError) as caught:
        apply(root, Plan("make:x", changes))
    assert f"  {path!r} " in caught.value.message
    assert reason in caught.value.message
    assert "fine.txt" not in caught.value.message
    assert not (root / "fine.txt").exists()
    assert tree(outside) == {"alias.txt": "644 b'theirs\\n'"}


def test_a_link_between_folders_of_the_project_is_followed(tmp_path: Path) -> None:
    root = project(tmp_path, {"real/a.txt": b"a\n"})
    (root / "link").symlink_to("real")
    apply(root, plan(root, {"link/a.txt": b"A\n"}))
    assert (root / "real/a.txt").read_bytes() == b"A\n"


@pytest.mark.parametrize(
    ("planned", "edit", "said"),
    [
        pytest.param({"a.txt": b"A"}, {"a.txt": b"mine"}, "a.txt was edited", id="an edited file"),
        pytest.param({"a.txt": b"A"}, {"a.txt": None}, "a.txt is gone", id="a deleted file"),
        pytest.param({"a.txt": None}, {"a.txt": b"mine"}, "a.txt was edited", id="an edited file that would go"),
        pytest.param({"n.txt": b"N"}, {"n.txt": b"mine"}, "n.txt exists already", id="a file in a new one's place"),
        pytest.param({"n.txt": b"N"}, {"n.txt/x": b"mine"}, "n.txt is a folder", id="a folder in a new file's place"),
        pytest.param(
            {"n/x": b"N"}, {"n": b"mine"}, "n/x cannot be there: n is a file", id="a file in a folder's place"
        ),
        pytest.param(
            {"a.txt": b"A"}, {"a.txt": state("a\n", executable=True)}, "a.txt was made executable", id="another mode"
        ),
    ],
)
def test_a_stale_plan_is_refused_and_touches_no_file(
    planned: dict[str, bytes | None], edit: dict[str, bytes | None], said: str, tmp_path: Path
) -> None:
    root = project(tmp_path, {"a.txt": b"a\n", "b.txt": b"b\n"})
    stale = plan(root, {**planned, "b.txt": b"B"})
    for path, content in edit.items():
        (root / path).unlink() if content is None else plant(root, {path: content})
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*")}
    with pytest.raises(RefusedError) as caught:
        apply(root, stale)
    assert said in caught.value.message
    assert "b.txt" not in caught.value.message
    assert "run the command again" in caught.value.hint
    assert {path: path.stat().st_mtime_ns for path in root.rglob("*")} == before


def test_every_stale_file_is_named(tmp_path: Path) -> None:
    root = project(tmp_path, {f"{name}.txt": b"x" for name in "abc"})
    stale = plan(root, {f"{name}.txt": b"y" for name in "abc"})
    plant(root, {"a.txt": b"mine", "c.txt": b"mine"})
    with pytest.raises(RefusedError, match=r"so nothing was written:\n  a.txt was edited\n  c.txt was edited\n"):
        apply(root, stale)


def test_a_plan_that_names_a_file_twice_is_a_bug_of_the_command(tmp_path: Path) -> None:
    change = Change("a.txt", None, state("a"))
    with pytest.raises(CrashError, match=r"changes a\.txt twice"):
        apply(project(tmp_path), Plan("make:x", (change, change)))


@pytest.mark.parametrize(
    ("left", "expected"),
    [
        pytest.param("orders/__pycache__/model.cpython-311.pyc", False, id="Python's cache of what is gone goes too"),
        pytest.param("orders/notes.txt", True, id="a folder that holds something else stays"),
    ],
)
def test_folders_that_the_plan_emptied_go(left: str, expected: bool, tmp_path: Path) -> None:
    root = project(tmp_path, {"orders/model.py": b"x\n", left: b"x"})
    apply(root, plan(root, {"orders/model.py": None}))
    assert (root / "orders").exists() is expected


def test_an_empty_folder_that_the_plan_does_not_concern_stays(tmp_path: Path) -> None:
    root = project(tmp_path, {"a/x.txt": b"x"})
    (root / "empty").mkdir()
    apply(root, plan(root, {"a/x.txt": None}))
    assert (root / "empty").is_dir()


def test_what_stands_in_the_way_of_writing_and_of_putting_back_is_said_and_retried(tmp_path: Path) -> None:
    root = project(tmp_path, {"a.txt": b"a\n", "b.txt": b"b\n"})
    old = tree(root)
    obstacle = draft_of(root / "b.txt")
    obstacle.mkdir()
    with pytest.raises(OperationError) as caught:
        apply(root, plan(root, {"a.txt": b"A\n", "b.txt": b"B\n"}))
    assert "cannot write" in caught.value.message
    assert "the next arckode command finishes rolling back" in caught.value.hint
    with pytest.raises(OperationError, match="cannot be rolled back yet"):
        recover(root)
    obstacle.rmdir()
    recovery = recover(root)
    assert recovery is not None
    assert recovery.restored == ("a.txt",)
    assert tree(root) == old


def test_a_pipe_in_the_place_of_a_new_file_is_not_replaced(tmp_path: Path) -> None:
    root = project(tmp_path)
    planned = plan(root, {"a.txt": b"A\n"})
    os.mkfifo(root / "a.txt")
    with pytest.raises(RefusedError, match=r"a\.txt is not a regular file"):
        apply(root, planned)


def test_a_project_cannot_be_made_where_a_file_is(tmp_path: Path) -> None:
    plant(tmp_path, {"shop": b"a file"})
    with pytest.raises(RefusedError, match="shop is not a folder"):
        apply(tmp_path / "shop", Plan("new shop", (Change("a.txt", None, state("a")),)))


def test_a_new_project_leaves_neither_journal_nor_anything_beside_it(tmp_path: Path) -> None:
    root = tmp_path / "deep" / "shop"
    applied = apply(root, plan(root, {".arckode/project.json": MANIFEST, "bin/x": state("x", executable=True)}))
    assert applied.id == ""
    assert not (root / ".arckode/history").exists()
    assert mode(root / "bin/x") == "755"
    assert [path.name for path in root.parent.iterdir()] == ["shop"]


def test_two_processes_that_make_the_same_change_at_once_make_it_once(tmp_path: Path) -> None:
    root = project(tmp_path, {"root.py": b"one\n"})
    script = (
        "import sys; from pathlib import Path; from arckode_gen.errors import ArckodeError\n"
        "from arckode_gen.shell.apply import apply; from tests.shell.trees import plan\n"
        "root = Path(sys.argv[1]); planned = plan(root, {'root.py': b'one two', 'big.bin': b'x' * 3_000_000})\n"
        "print('ready', flush=True); sys.stdin.readline()\n"
        "try: print(apply(root, planned).id)\n"
        "except ArckodeError as error: print(error.exit_code, error.message)\n"
    )
    running = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(root)],
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for process in running:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in running:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    said = sorted(process.communicate(timeout=60)[0] for process in running)
    assert said[0] == "0001-make-module-orders\n"
    assert said[1].startswith("3 these files are not what the plan was made from")
    assert (root / "root.py").read_bytes() == b"one two"
