"""`make:auth` guards what is there and what comes later, goes without a trace, and its guards are what rules see."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.e2e.test_databases import scratch
from tests.generated import arckode, must, new_project, tool, tree
from tests.services import mariadb_url, postgres_url

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CONTROLLER = "src/shop/modules/notes/controller.py"
SERVICE = "src/shop/modules/notes/service.py"


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with modules and without a login."""
    root = new_project(tmp_path_factory.mktemp("auth"))
    must(arckode(root, "make:module", "notes", "owner_id:uuid:owner", "text:text"))
    must(arckode(root, "make:module", "rooms", "tenant_id:uuid:tenant", "label"))
    must(arckode(root, "make:aggregate", "accounts", "holder"))
    must(arckode(root, "make:audit"))
    return root


@pytest.fixture(scope="module")
def guarded(plain: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same project with a login, and a module that came later."""
    root = tmp_path_factory.mktemp("guarded") / "shop"
    shutil.copytree(plain, root)
    must(arckode(root, "make:auth"))
    must(arckode(root, "make:module", "tasks", "title", "user:belongs_to=users:owner"))
    return root


@pytest.fixture
def copied(plain: Path, tmp_path: Path) -> Path:
    return shutil.copytree(plain, tmp_path / "shop")


def test_modules_demand_permissions_from_then_on_and_so_do_later_ones(plain: Path, guarded: Path) -> None:
    assert "access=PUBLIC" in (plain / CONTROLLER).read_text()
    assert "access=PUBLIC" in (plain / "src/shop/modules/accounts/controller.py").read_text()
    for module, routes in (("notes", 5), ("rooms", 5), ("tasks", 5), ("accounts", 4)):
        text = (guarded / f"src/shop/modules/{module}/controller.py").read_text()
        assert "PUBLIC" not in text
        assert text.count("access=require(") == routes


def test_what_had_no_route_without_a_login_has_one_now(plain: Path, guarded: Path) -> None:
    assert "register_audit" not in (plain / "src/shop/composition_root.py").read_text()
    assert "register_audit(kernel)" in (guarded / "src/shop/composition_root.py").read_text()


def test_what_was_generated_has_no_finding_and_no_type_error(guarded: Path) -> None:
    must(arckode(guarded, "analyze"))
    must(tool(guarded, "ruff", "check"))
    must(tool(guarded, "ruff", "format", "--check"))
    must(tool(guarded, "mypy"))


def test_its_own_tests_of_guards_pass(guarded: Path) -> None:
    words = ("only_who_may", "somebody_elses", "without_signing_in", "without_the_permission", "claimed")
    files = [f"tests/modules/{module}/test_api.py" for module in ("notes", "rooms", "tasks")]
    done = must(tool(guarded, "pytest", "-q", "-k", " or ".join(words), *files, "tests/modules/audit"))
    assert "13 passed" in done.stdout


@pytest.mark.parametrize(
    "server",
    [
        pytest.param(postgres_url, marks=pytest.mark.postgres),
        pytest.param(mariadb_url, marks=pytest.mark.mariadb),
    ],
)
def test_its_own_tests_pass_on_a_server(guarded: Path, server: Callable[[], str]) -> None:
    """Those of what happens at once; all of them with `ARCKODE_AUTH=1` (`make soak`)."""
    chosen = () if os.environ.get("ARCKODE_AUTH") else ("-k", "at_once")
    folders = [f"tests/modules/{module}" for module in ("auth", "roles", "users")]
    with scratch(server(), " WITH (FORCE)" if server is postgres_url else "") as url:
        env = {"TEST_DATABASE_URL": url}
        done = must(tool(guarded, "pytest", "-q", "-p", "no:cacheprovider", *chosen, *folders, env=env))
    assert "skipped" not in done.stdout


def test_a_second_run_changes_nothing(guarded: Path) -> None:
    before = tree(guarded)
    assert "nothing to do" in must(arckode(guarded, "make:auth")).stdout
    assert tree(guarded) == before


def test_undo_and_destroy_take_all_of_it_back(copied: Path) -> None:
    before = tree(copied)
    must(arckode(copied, "make:auth"))
    must(arckode(copied, "undo"))
    assert tree(copied) == before
    must(arckode(copied, "make:auth"))
    must(arckode(copied, "destroy:auth"))
    assert tree(copied) == before


def test_what_a_person_wrote_into_a_module_stays(copied: Path) -> None:
    controller = copied / CONTROLLER
    controller.write_text(controller.read_text() + "\n\nWRITTEN = 1\n")
    must(arckode(copied, "make:auth", "--force"))
    assert "WRITTEN = 1" in controller.read_text()


def test_where_both_changed_the_same_line_nothing_is_written(copied: Path) -> None:
    controller = copied / CONTROLLER
    controller.write_text(controller.read_text().replace("self.show, access=PUBLIC", "self.show, access=SIGNED_IN"))
    before = tree(copied)
    refused = arckode(copied, "make:auth")
    assert refused.code == 3
    assert f"{CONTROLLER} was edited where the new text differs" in refused.stderr
    assert "--markers" in refused.stderr
    assert tree(copied) == before


def test_a_module_of_another_version_is_brought_up_to_date_first(copied: Path) -> None:
    unit = copied / ".arckode/units/module.notes.json"
    text = unit.read_text()
    start = text.index('"templates": "') + len('"templates": "')
    unit.write_text(f"{text[:start]}0000000000000000{text[start + 16 :]}")
    refused = arckode(copied, "make:auth")
    assert refused.code == 3
    assert "arckode upgrade" in refused.stderr


@pytest.mark.parametrize(("prefix", "said"), [("a-very-long-prefix", "longer than 12"), ("1st", "digit"), ("é", "")])
def test_a_prefix_that_cannot_be_one_is_refused(copied: Path, prefix: str, said: str) -> None:
    refused = arckode(copied, "make:auth", "--prefix", prefix)
    assert refused.code == 2
    assert said in refused.stderr


@pytest.mark.parametrize(
    ("file", "old", "new", "code"),
    [
        (CONTROLLER, ", access=require(READ)", "", "ARC303"),
        (SERVICE, "if found.owner_id != owner_id:", "if found is None:", "ARC302"),
        (CONTROLLER, "        await self._service.get_own(note_id, owner_id=principal.id)\n", "", "ARC302"),
        ("src/shop/modules/notes/permissions.py", "notes:read", "notes:reed", None),
        (CONTROLLER, "require(READ)", 'require("notes:raed")', "ARC304"),
        ("src/shop/modules/roles/roles.py", 'permissions=("*",)', "permissions=()", "ARC304"),
        ("src/shop/modules/auth/account_controller.py", ", access=IN_SESSION", "", "ARC303"),
        ("src/shop/modules/auth/controller.py", ", access=SIGNED_IN", "", "ARC303"),
    ],
)
def test_taking_a_guard_away_is_found(
    guarded: Path, tmp_path: Path, file: str, old: str, new: str, code: str | None
) -> None:
    root = shutil.copytree(guarded, tmp_path / "shop")
    text = (root / file).read_text()
    assert old in text
    (root / file).write_text(text.replace(old, new))
    found = arckode(root, "analyze", "--no-cache")
    assert (code or "0 findings") in found.stdout, found.text


@pytest.mark.parametrize(
    ("before", "prefix", "brought"),
    [
        (
            ("make:aggregate", "users", "name"),
            (),
            "the modules auth, roles, users, and this project has the aggregate 'users'",
        ),
        (
            ("make:module", "roles", "name"),
            (),
            "the modules auth, roles, users, and this project has the module 'roles'",
        ),
        (
            ("make:module", "staff_users", "name"),
            ("--prefix", "staff"),
            "the modules staff_auth, staff_roles, staff_users, and this project has the module 'staff_users'",
        ),
    ],
)
def test_a_module_of_the_same_name_is_left_alone_and_the_way_beside_it_told(
    tmp_path: Path, before: tuple[str, ...], prefix: tuple[str, ...], brought: str
) -> None:
    root = new_project(tmp_path)
    must(arckode(root, *before))
    kept = tree(root)
    refused = arckode(root, "make:auth", *prefix)
    assert refused.code == 2
    assert f"error: signing in brings {brought} already" in refused.text
    hint = "choose another prefix" if prefix else "`arckode make:auth --prefix staff` makes one beside it, with tables"
    assert f"\n  {hint}" in refused.text
    assert tree(root) == kept
