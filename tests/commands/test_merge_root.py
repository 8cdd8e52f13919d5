"""Two branches that each make a module: their registrations meet in one sorted list."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from arckode_gen.engine import root_merge
from arckode_gen.engine.edits import Inserted
from arckode_gen.engine.edits_calls import insert_call
from arckode_gen.engine.edits_imports import insert_import
from arckode_gen.errors import UsageError
from arckode_gen.shell.merge import merge, merge_root
from arckode_gen.shell.merge_driver import COMMAND
from tests.commands.calls import ENVIRON, call

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

WORDS = (
    "accounts addresses alerts articles assets audits badges banners bills bookings boxes brands carts cards chats "
    "claims comments coupons customers deals devices documents drivers emails events exports files fleets forms gifts "
    "groups guests hotels images invoices items jobs keys labels leads letters lines locations logs mails meals "
    "meetings members menus messages metrics notes offers orders pages parts payments people permits pets phones "
    "plans plants points posts prices products profiles quotes rates reports returns reviews roles rooms routes sales "
    "seats shifts shops skills sources stocks stores tables tags tasks teams terms tickets tokens tours trips units "
    "users vans videos visits votes wards zones"
).split()
START = b"""\
from shop.kernel.app import Kernel


def compose(settings):
    kernel = Kernel(settings)
    return kernel
"""


def with_modules(source: bytes, *names: str) -> bytes:
    for name in names:
        for outcome in (insert_import(source, f"from shop.modules.{name} import register_{name}"), None):
            made = outcome or insert_call(source, "compose", f"register_{name}(kernel)")
            assert isinstance(made, Inserted)
            source = made.text
    return source


def with_connector(source: bytes, name: str, target: str) -> bytes:
    source = with_modules(source, name)
    line = f"from shop.connectors.{name}_{target} import connect_{name}_{target}"
    imported = insert_import(source, line)
    assert isinstance(imported, Inserted)
    called = insert_call(imported.text, "compose", f"connect_{name}_{target}(kernel)")
    assert isinstance(called, Inserted)
    return called.text


@pytest.mark.parametrize(
    ("connected", "least"), [pytest.param(0, 75, id="modules alone"), pytest.param(0.7, 30, id="most with a connector")]
)
def test_of_a_hundred_pairs_of_branches_git_merges_most_and_the_driver_all(connected: float, least: int) -> None:
    chance = random.Random(7)

    def made(source: bytes, name: str, target: str) -> bytes:
        return with_connector(source, name, target) if target else with_modules(source, name)

    plain = settled = 0
    for _ in range(100):
        *there, one, other = chance.sample(WORDS, 12)
        base = with_modules(START, *there)
        new = [(name, chance.choice(there) if chance.random() < connected else "") for name in (one, other)]
        ours, theirs = (made(base, *each) for each in new)
        plain += merge(base, ours, theirs).conflicts == 0
        merged = merge_root(base, ours, theirs)
        settled += merged.conflicts == 0 and merged.content == made(made(base, *new[0]), *new[1])
    assert settled == 100
    assert plain >= least, plain  # sorting ten names can give 83: 1 - 2/12


def test_two_generators_share_no_file_but_the_root(tmp_path: Path) -> None:
    call(tmp_path, "new", "shop", "--defaults", "--no-git")
    lines = (("pets", "name"), ("visits", "at:datetime", "--soft-delete"))
    paths = []
    for line in lines:
        document = json.loads(call(tmp_path / "shop", "make:module", *line, "--dry-run", "--json").out)
        paths.append({change["path"] for change in document["changes"]})
    assert paths[0] & paths[1] == {"src/shop/composition_root.py"}


def conflict(ours: str, base: str, theirs: str) -> str:
    return f"<<<<<<< ours\n{ours}||||||| before\n{base}=======\n{theirs}>>>>>>> theirs\n"


ROOT_LINES = "    register_{}(kernel)\n"
A, B, C = (ROOT_LINES.format(name) for name in "abc")
JOINED = "    connect_a_b(kernel)\n"


@pytest.mark.parametrize(
    ("text", "settled"),
    [
        pytest.param(conflict("import b\n", "", "import a\n"), "import a\nimport b\n", id="two imports"),
        pytest.param(
            conflict("from a import b\n", "", "import z\n"), "import z\nfrom a import b\n", id="as ruff sorts"
        ),
        pytest.param(
            "from x import (\n    a,\n" + conflict("    c,\n", "", "    b,\n") + "    d,\n)\n",
            "from x import (\n    a,\n    b,\n    c,\n    d,\n)\n",
            id="names in a list",
        ),
        pytest.param("if 1:\n" + conflict(B, "", A), f"if 1:\n{A}{B}", id="two registrations"),
        pytest.param("if 1:\n" + conflict(B, "", A + B), f"if 1:\n{A}{B}", id="the same line on both sides"),
        pytest.param("if 1:\n" + conflict(B + JOINED, "", C), f"if 1:\n{B}{C}{JOINED}", id="a connector stays behind"),
        pytest.param("if 1:\n" + conflict(A + B + C, A, ""), f"if 1:\n{B}{C}", id="one side takes its line out"),
        pytest.param("if 1:\n" + conflict(A + B, A + B + C, A + C), f"if 1:\n{A}", id="each takes one out"),
        pytest.param(conflict("f_a(k, 2)\n", "f_a(k)\n", "f_a(k, 3)\n"), None, id="both changed a line"),
        pytest.param(
            "if 1:\n" + conflict(A.replace("(k", "(2, k"), A, ""), None, id="one changed what the other took out"
        ),
        pytest.param(conflict("f_a(k, 2)\n", "", "f_a(k, 3)\n"), None, id="both call it in their way"),
        pytest.param(conflict("add_b(k)\n", "", "use_a(k)\n"), None, id="calls whose order may matter"),
        pytest.param("if 1:\n" + conflict(C + A, "", B), None, id="a list in an order of its own"),
        pytest.param("if 1:\n" + conflict(A + A, "", B), None, id="a line that is there twice"),
        pytest.param(conflict("import a\n", "", "f_a(k)\n"), None, id="lines of two kinds"),
        pytest.param(conflict("x = 1\n", "", "import a\n"), None, id="something else"),
        pytest.param(conflict("if x:\n", "", "import a\n"), None, id="half a statement"),
        pytest.param("import a\n", "import a\n", id="no conflict"),
    ],
)
def test_only_changes_of_a_sorted_list_are_settled(text: str, settled: str | None) -> None:
    assert root_merge.settle(text) == settled


def git(root: Path, *words: str, environ: Mapping[str, str] = ENVIRON) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["git", "-c", "user.name=a", "-c", "user.email=a@b.c", *words],
        cwd=root,
        env=dict(environ),
        capture_output=True,
        text=True,
        check=False,
    )


def branched(folder: Path) -> Path:
    """A project with two branches that each made a module; the second is checked out."""
    call(folder, "new", "shop", "--defaults")
    root = folder / "shop"
    git(root, "add", "-A")
    git(root, "commit", "-qm", "start")
    for branch, name in (("one", "orders"), ("other", "pets")):
        git(root, "checkout", "-q", "-b", branch, "main")
        call(root, "make:module", name, "name")
        git(root, "add", "-A")
        git(root, "commit", "-qm", name)
    return root


def program(folder: Path, script: str) -> dict[str, str]:
    """Return an environment in which `arckode` is this script."""
    folder.mkdir()
    file = folder / "arckode"
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    return {**ENVIRON, "PATH": f"{folder}:{ENVIRON['PATH']}"}


def test_git_itself_merges_two_branches_of_a_generated_project(tmp_path: Path) -> None:
    root = branched(tmp_path)
    environ = program(tmp_path / "bin", f'exec {sys.executable} -P -m arckode_gen "$@"')
    merged = git(root, "merge", "-q", "-m", "both", "one", environ=environ)
    assert merged.returncode == 0, merged.stdout
    text = (root / "src/shop/composition_root.py").read_text()
    assert text.index("register_orders(kernel)") < text.index("register_pets(kernel)")
    assert "<<<<<<<" not in text


@pytest.mark.parametrize("code", [127, 70, 5])
def test_where_arckode_is_not_there_or_fails_git_does_what_it_would_have_done(code: int, tmp_path: Path) -> None:
    root = branched(tmp_path)
    merged = git(root, "merge", "-q", "-m", "both", "one", environ=program(tmp_path / "bin", f"exit {code}"))
    assert merged.returncode == 1
    text = (root / "src/shop/composition_root.py").read_text()
    assert text.count("<<<<<<<") == 2
    assert text.count("register_orders(kernel)") == text.count("register_pets(kernel)") == 1


def test_a_clone_is_told_by_the_first_generator(tmp_path: Path) -> None:
    root = branched(tmp_path)
    git(tmp_path, "clone", "-q", str(root), "clone")
    clone = tmp_path / "clone"
    assert git(clone, "config", "merge.arckode.driver").returncode == 1
    assert "merge" not in call(clone, "make:module", "zones", "title", "--dry-run").said
    assert "how to merge the composition root" in call(clone, "make:module", "zones", "title").said
    assert git(clone, "config", "merge.arckode.driver").stdout.strip() == COMMAND
    assert "merge" not in call(clone, "make:module", "boxes", "title").said


def test_a_repository_above_the_project_is_told_too_and_so_are_its_other_work_trees(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "-b", "main")
    call(tmp_path, "new", "shop", "--defaults")
    assert git(tmp_path, "config", "merge.arckode.driver").stdout.strip() == COMMAND
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "start")
    git(tmp_path, "worktree", "add", "-q", str(tmp_path / "beside"))
    beside = tmp_path / "beside/shop"
    assert "merge" not in call(beside, "make:helper", "slugify").said
    git(tmp_path, "config", "--unset", "merge.arckode.driver")
    assert "how to merge the composition root" in call(beside, "make:helper", "shorten").said


def test_a_real_conflict_keeps_its_markers_and_tells_git(tmp_path: Path) -> None:
    for name, text in (("base", "f(k)\n"), ("ours", "f(k, 1)\n"), ("theirs", "f(k, 2)\n")):
        (tmp_path / name).write_text(text)
    assert call(tmp_path, "merge:root", "base", "ours", "theirs").code == 1
    assert "<<<<<<< ours" in (tmp_path / "ours").read_text()


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot read .*base: No such file or directory"):
        call(tmp_path, "merge:root", "base", "ours", "theirs")
