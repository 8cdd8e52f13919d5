"""A process that stays sees the tree as a look at all of it would, whatever changed since it looked last."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from arckode_analyzers import files, seen
from arckode_analyzers.cache import Cache
from arckode_analyzers.config import Config
from tests.rules.projects import plant

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CONFIG = Config()
A, B, TEST = "src/shop/a.py", "src/shop/deep/b.py", "tests/test_a.py"
# One of each kind that the analyzer reads.
FILES = {
    "pyproject.toml": "",
    A: "a = 1\n",
    B: "b = 1\n",
    TEST: "t = 1\n",
    ".env": "A=1\n",
    "compose.yaml": "services: {}\n",
    "frontend/src/main.ts": "export const a = 1;\n",
    "src/shop/migrations/202611220001_a.sql": "SELECT 1;\n",
}


def age(root: Path) -> None:
    """Let everything be older than what a clock may miss."""
    for place in (root, *root.rglob("*")):
        if not place.is_symlink():
            os.utime(place, ns=(1, 1))


# A state that was changed just now is trusted, or no test could change a thing twice.
AT_ONCE = -10_000_000_000


class Process:
    """One that stays, and what a fresh look says beside it."""

    def __init__(self, root: Path, settle: int = AT_ONCE) -> None:
        self.root, self.seen = root, seen.Seen(root, settle, self._counted)
        self.cache = Cache(root / ".arckode/cache", CONFIG.digest, keeps=False)
        self.looks = 0

    def _counted(self, root: Path, config: Config, cache: Cache) -> tuple[files.Files, files.Files]:
        self.looks += 1
        return files.read_all(root, config, cache)

    def agrees(self) -> bool:
        ours = self.seen.read(CONFIG, self.cache)
        fresh = files.read_all(self.root, CONFIG)
        assert [list(tree.digests.items()) for tree in ours] == [list(tree.digests.items()) for tree in fresh]
        assert ours[0].gaps == fresh[0].gaps
        return True


@pytest.fixture
def process(tmp_path: Path) -> Process:
    root = plant(tmp_path, FILES)
    age(root)
    found = Process(root)
    assert found.agrees()
    return found


def write(path: str, text: str) -> Callable[[Path], object]:
    def act(root: Path) -> None:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)

    return act


def renamed_over(root: Path) -> None:
    (root / "new").write_text("a = 3\n")
    (root / "new").rename(root / A)


def same_size_and_time(root: Path) -> None:
    """A tool that sets the time back: the state's own time tells."""
    before = (root / A).stat()
    (root / A).write_text("a = 2\n")
    os.utime(root / A, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize(
    ("change", "anew"),
    [
        pytest.param(lambda root: None, False, id="nothing"),
        pytest.param(write(A, "a = 22\n"), False, id="a file is edited"),
        pytest.param(write(TEST, "t = 22\n"), False, id="a test is edited"),
        pytest.param(write(".env", "A=22\n"), False, id="a variable is edited"),
        pytest.param(write(".env.example", "A=1\n"), True, id="variables come"),
        pytest.param(renamed_over, False, id="a file is put in the place of another"),
        pytest.param(same_size_and_time, False, id="an edit that sets size and time back"),
        pytest.param(write("README.md", "# shop\n"), False, id="a file that is none of ours"),
        pytest.param(write("src/shop/c.py", "c = 1\n"), True, id="a file comes"),
        pytest.param(lambda root: (root / B).unlink(), True, id="a file goes"),
        pytest.param(write("src/shop/new/deeper/d.py", "d = 1\n"), True, id="a folder comes"),
        pytest.param(lambda root: shutil.rmtree(root / "src/shop/deep"), True, id="a folder goes"),
        pytest.param(lambda root: (root / A).rename(root / "src/shop/z.py"), True, id="a file is renamed"),
        pytest.param(write("src/shop/deep/pyvenv.cfg", ""), True, id="a folder becomes an environment"),
        pytest.param(lambda root: (root / "src/shop/l.py").symlink_to("/nowhere"), True, id="a link comes"),
    ],
)
def test_what_changed_is_seen(process: Process, change: Callable[[Path], object], *, anew: bool) -> None:
    change(process.root)
    assert process.agrees()
    assert process.looks == (2 if anew else 1)
    assert process.agrees()


def test_a_link_that_leads_nowhere_is_followed_every_time(tmp_path: Path) -> None:
    root = plant(tmp_path, FILES)
    (root / "src/shop/linked.py").symlink_to(root / "later")
    process = Process(root)
    assert process.agrees()
    (root / "later").write_text("x = 1\n")
    assert process.agrees()
    assert process.looks == 2


def elsewhere(root: Path) -> None:
    link(root).unlink()
    link(root).symlink_to(root / "other")


def into_a_folder(root: Path) -> None:
    (root / "target").unlink()
    (root / "target").mkdir()


def into_a_pipe(root: Path) -> None:
    (root / "target").unlink()
    os.mkfifo(root / "target")


def link(root: Path) -> Path:
    return root / "src/shop/linked.py"


@pytest.mark.parametrize(
    ("change", "anew"),
    [
        pytest.param(lambda root: None, False, id="nothing"),
        pytest.param(write("target", "x = 22\n"), False, id="what it leads to is edited"),
        pytest.param(elsewhere, False, id="it leads elsewhere"),
        pytest.param(lambda root: (root / "target").unlink(), True, id="it leads nowhere"),
        pytest.param(into_a_folder, True, id="it leads to a folder"),
        pytest.param(into_a_pipe, True, id="it leads to a pipe"),
        pytest.param(lambda root: link(root).unlink(), True, id="it goes"),
    ],
)
def test_a_link_is_as_good_as_a_file(tmp_path: Path, change: Callable[[Path], object], *, anew: bool) -> None:
    root = plant(tmp_path, {**FILES, "target": "x = 1\n", "other": "x = 3\n"})
    link(root).symlink_to(root / "target")
    age(root)
    process = Process(root)
    assert process.agrees()
    assert process.agrees()
    assert process.looks == 1
    change(root)
    assert process.agrees()
    assert process.looks == (2 if anew else 1)
    assert process.agrees()


def test_an_environment_that_is_one_no_more_is_read(process: Process) -> None:
    write("src/shop/deep/pyvenv.cfg", "")(process.root)
    assert process.agrees()
    (process.root / "src/shop/deep/pyvenv.cfg").unlink()
    assert process.agrees()
    assert process.looks == 3


def test_what_is_as_young_as_the_clock_is_looked_at_again(tmp_path: Path) -> None:
    root = plant(tmp_path, FILES)
    process = Process(root, settle=10_000_000_000)
    assert process.agrees()
    before = (root / A).stat()
    (root / A).write_text("a = 2\n")
    os.utime(root / A, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert process.agrees()
    assert process.looks == 1


def test_a_switch_of_branches_is_looked_at_as_a_whole(process: Process) -> None:
    for number in range(60):
        write(f"src/shop/many/m{number}.py", f"m = {number}\n")(process.root)
    assert process.agrees()
    for number in range(60):
        write(f"src/shop/many/m{number}.py", f"m = {number * 1000}\n")(process.root)
    assert process.agrees()
    assert process.looks == 3
