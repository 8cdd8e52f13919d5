"""`--against REF`: only what the branch added, from a whole-program analysis of both sides."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from arckode_analyzers import git_tree
from arckode_gen.errors import UsageError
from tests.rules.projects import CONTROLLER, LOOP, ORDERS, SERVICE, plant
from tests.rules.test_commands import Terminal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from arckode_gen.engine.spec import Value

START = {"pyproject.toml": "", SERVICE: LOOP, CONTROLLER: ""}
IDENTITY = ("-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false", "-c", "core.autocrlf=false")
HELPER = "src/shop/look.py"
CALLER = LOOP + (
    "    async def titles(self, ids):\n        from shop.look import look\n"
    "        return [await look(self._orders, key) for key in ids]\n"
)


def git(root: Path, *words: str) -> str:
    done = subprocess.run(["git", *IDENTITY, *words], cwd=root, capture_output=True, text=True, check=True)
    return done.stdout


def commit(root: Path, files: Mapping[str, str]) -> Path:
    if not (root / ".git").exists():
        root.mkdir(exist_ok=True)
        git(root, "init", "-q", "-b", "main")
    plant(root, files)
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "x")
    return root


def found(root: Path, **values: Value) -> list[tuple[str, str]]:
    terminal = Terminal(root)
    terminal.analyze(json=True, **{"against": "main", **values})
    return [(each["code"], each["path"]) for each in json.loads(terminal.written[0])["findings"]]


def test_what_was_there_before_does_not_count(tmp_path: Path) -> None:
    root = commit(tmp_path, START)
    assert found(root) == []
    terminal = Terminal(root)
    assert terminal.analyze(against="main") == 0
    assert terminal.written == ["0 findings in 2 files; 1 there before"]


def test_an_agreed_drop_that_is_shipped_already_needs_its_comment_still(tmp_path: Path) -> None:
    folder = "src/shop/migrations"
    made = {f"{folder}/202611220001_create_orders.py": 'UP = {"*": ["CREATE TABLE orders (id INT)"]}\nDOWN = {}\n'}
    agreed = "# arckode: ignore[ARC207] nobody reads it any more\n"
    drop = {f"{folder}/202611220002_drop_orders.py": f'{agreed}UP = {{"*": ["DROP TABLE orders"]}}\nDOWN = {{}}\n'}
    root = commit(tmp_path, {**START, **made, **drop})
    assert found(root) == []
    git(root, "checkout", "-q", "-b", "later")
    assert found(commit(root, {"src/shop/more.py": "x = 1\n"})) == []


@pytest.mark.parametrize(
    ("edit", "wanted"),
    [
        pytest.param({SERVICE: "\n\n# words\n" + LOOP}, [], id="lines that moved"),
        pytest.param(
            {SERVICE: LOOP + "            await self._orders.find_by_id(key)\n"}, [("ARC201", SERVICE)], id="a second"
        ),
        pytest.param({"src/shop/modules/notes/service.py": LOOP}, 1, id="a file that git does not know yet"),
        pytest.param({SERVICE: ORDERS}, [], id="one that was repaired"),
        pytest.param(
            {SERVICE: LOOP.replace("find_by_id(key)", "find_by_id(key)  # arckode: ignore[ARC201]")}, 1, id="x"
        ),
    ],
)
def test_what_the_work_tree_adds(tmp_path: Path, edit: dict[str, str], wanted: object) -> None:
    root = plant(commit(tmp_path, START), edit)
    rows = found(root)
    assert len(rows) == wanted if isinstance(wanted, int) else rows == wanted


def test_a_change_elsewhere_is_blamed_where_it_hurts(tmp_path: Path) -> None:
    root = commit(tmp_path, {**START, SERVICE: CALLER, HELPER: "async def look(rows, key):\n    return key\n"})
    git(root, "switch", "-q", "-c", "feature")
    commit(root, {HELPER: "async def look(rows, key):\n    return await rows.find_by_id(key)\n"})
    assert found(root) == [("ARC201", SERVICE)]


def test_what_others_did_on_the_branch_since_is_not_blamed_on_this_one(tmp_path: Path) -> None:
    root = commit(tmp_path, START)
    git(root, "switch", "-q", "-c", "feature")
    git(root, "switch", "-q", "main")
    commit(root, {SERVICE: ORDERS})
    git(root, "switch", "-q", "feature")
    assert found(root) == []


def test_a_renamed_file_is_the_same_file(tmp_path: Path) -> None:
    root = commit(tmp_path, START)
    (root / "src/shop/modules/sales").mkdir()
    git(root, "mv", SERVICE, SERVICE.replace("orders", "sales"))
    assert found(root) == []


def test_a_suppression_taken_away_counts(tmp_path: Path) -> None:
    quiet = LOOP.rstrip() + "  # arckode: ignore[ARC201] three at most\n"
    root = plant(commit(tmp_path, {**START, SERVICE: quiet}), {SERVICE: LOOP})
    assert found(root) == [("ARC201", SERVICE)]


def test_a_project_in_a_folder_of_its_repository(tmp_path: Path) -> None:
    commit(tmp_path, {"README.md": "", **{f"backend/{path}": text for path, text in START.items()}})
    assert found(tmp_path / "backend") == []
    assert found(plant(tmp_path / "backend", {"src/shop/modules/a/service.py": LOOP})) == [
        ("ARC201", "src/shop/modules/a/service.py")
    ]


def test_a_baseline_and_a_branch_are_both_left_out(tmp_path: Path) -> None:
    root = commit(tmp_path, START)
    plant(root, {"src/shop/modules/notes/service.py": LOOP})
    Terminal(root).analyze(baseline="known.json", update_baseline=True)
    assert found(root, baseline="known.json") == []


def test_odd_names_survive_the_way_through_git(tmp_path: Path) -> None:
    root = commit(tmp_path, {**START, 'src/ñ "x" y.py': "a = 1\n"})
    assert 'src/ñ "x" y.py' in git_tree.read(root, "main").files


def test_git_variables_of_a_hook_do_not_lead_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = commit(tmp_path, START)
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "nowhere"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "nothing"))
    assert found(root) == []


def error(root: Path, reference: str) -> tuple[str, str]:
    with pytest.raises(UsageError) as caught:
        Terminal(root).analyze(against=reference)
    return caught.value.message, caught.value.hint


def test_outside_a_repository(tmp_path: Path) -> None:
    message, hint = error(plant(tmp_path, START), "main")
    assert message == f"{tmp_path} is not in a git repository"
    assert hint == "--against compares with a commit: run it in a clone"


def test_before_the_first_commit(tmp_path: Path) -> None:
    plant(tmp_path, START)
    git(tmp_path, "init", "-q")
    assert error(tmp_path, "main")[0] == "the repository has no commit yet"


@pytest.mark.parametrize(
    ("reference", "hint"),
    [
        pytest.param("mian", "did you mean 'main'?", id="misspelt"),
        pytest.param("origin/develop", "fetch it first, with `git fetch origin develop`", id="not fetched"),
        pytest.param("zzz", "see `git branch --all`", id="nothing like a branch"),
        pytest.param("--output=x", "see `git branch --all`", id="a flag for git"),
    ],
)
def test_a_commit_that_git_does_not_know(tmp_path: Path, reference: str, hint: str) -> None:
    assert error(commit(tmp_path, START), reference) == (f"git knows no commit '{reference}'", hint)
    assert not (tmp_path / "x").exists()


def test_a_shallow_clone_says_how_to_get_the_rest(tmp_path: Path) -> None:
    origin = commit(tmp_path / "origin", START)
    git(origin, "switch", "-q", "-c", "feature")
    commit(origin, {"a.py": ""})
    git(origin, "switch", "-q", "main")
    commit(origin, {"b.py": ""})
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", "--depth", "1", "--no-single-branch", f"file://{origin}", str(clone))
    git(clone, "switch", "-q", "feature")
    message, hint = error(clone, "origin/main")
    assert message == "this shallow clone does not hold the commit where HEAD left 'origin/main'"
    assert "git fetch --unshallow" in hint
    assert "fetch-depth: 0" in hint


def test_histories_that_never_met(tmp_path: Path) -> None:
    root = commit(tmp_path, START)
    git(root, "switch", "-q", "--orphan", "other")
    commit(root, {**START, "a.py": ""})
    assert error(root, "main")[0] == "HEAD and 'main' share no history"


def test_without_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = commit(tmp_path, START)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert error(root, "main") == ("there is no git on this machine", "--against needs it; install git")


def test_a_content_that_the_clone_does_not_hold(tmp_path: Path) -> None:
    root = commit(tmp_path, START)
    name = git(root, "rev-parse", f"HEAD:{SERVICE}").strip()
    (root / ".git/objects" / name[:2] / name[2:]).unlink()
    message, hint = error(root, "main")
    assert message == f"this clone does not hold the file content {name[:12]}"
    assert hint == "fetch it with `git fetch --refetch`"


def test_a_name_taken_from_a_modules_door_is_seen_only_with_the_branch(tmp_path: Path) -> None:
    door = "src/shop/modules/orders/__init__.py"
    offered = 'from shop.modules.orders.service import OrdersService\n\n__all__ = ["OrdersService"]\n'
    root = plant(commit(tmp_path, {**START, door: offered}), {door: "__all__ = []\n"})
    assert ("ARC108", door) in found(root)
    assert ("ARC108", door) not in found(root, against="")


MORE = "src/shop/modules/notes/service.py"


def test_what_a_branch_and_its_uncommitted_files_added_is_found_by_changed(tmp_path: Path) -> None:
    root = commit(tmp_path, START)
    assert found(root, against="", changed=True) == []
    plant(root, {MORE: LOOP})
    assert found(root, against="", changed=True) == [("ARC201", MORE)]
    commit(root, {MORE: LOOP})
    assert found(root, against="", changed=True) == []  # main is compared with its last commit
    git(root, "switch", "-q", "-c", "topic", "HEAD~1")
    commit(root, {MORE: f"{LOOP}\n"})
    assert found(root, against="", changed=True) == [("ARC201", MORE)]


def test_the_branch_that_a_pull_request_is_for_comes_first(tmp_path: Path) -> None:
    root = commit(tmp_path, START)
    git(root, "update-ref", "refs/remotes/origin/next", "HEAD")
    commit(root, {MORE: LOOP})
    assert git_tree.first_known(root, ("origin/gone", "origin/next", "main")) == "origin/next"
    assert git_tree.first_known(root, ("origin/gone",)) == ""
    terminal = Terminal(root, environ={"GITHUB_BASE_REF": "next"})
    assert terminal.analyze(changed=True) == 1


def test_changed_says_what_it_cannot_go_with(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        Terminal(commit(tmp_path, START)).analyze(changed=True, against="main")
    assert caught.value.message == "--changed and --against both say what to compare with"
