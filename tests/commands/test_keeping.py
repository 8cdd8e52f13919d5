"""Keeping a project: upgrade, doctor, published stubs, destroy, as they are called."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from arckode_gen.engine import units
from arckode_gen.errors import RefusedError, UsageError
from tests.commands.calls import ENVIRON, call

if TYPE_CHECKING:
    from pathlib import Path

SERVICE = "src/shop/modules/orders/service.py"
ROOT = "src/shop/composition_root.py"
TREE = ".arckode/stubs/module/tree/module/service.py.jinja"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    call(tmp_path, "new", "shop", "--defaults")
    call(tmp_path / "shop", "make:module", "customers", "name")
    call(tmp_path / "shop", "make:module", "orders", "customer:belongs_to=customers", "total:int")
    return tmp_path / "shop"


def contents(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and not {".git", "history", "cache"} & set(path.parts) and path.name != "lock"
    }


def as_if_older(shop: Path, path: str, new: str, old: str) -> None:
    """Make a file and its baseline what an older version would have generated."""
    for file in (shop / path, shop / units.BASE / path):
        text = file.read_text()
        assert new in text
        file.write_text(text.replace(new, old))
    unit = shop / ".arckode/units/module.orders.json"
    unit.write_text(unit.read_text().replace('"templates": "', '"templates": "0'))


def test_what_was_just_made_is_not_stale_and_an_upgrade_changes_nothing(shop: Path) -> None:
    before = contents(shop)
    checked = call(shop, "upgrade", "--check")
    assert (checked.code, checked.out) == (0, "3 generated parts, 0 stale")
    heard = call(shop, "upgrade")
    assert (heard.code, heard.out) == (0, "upgrade: nothing to do, everything is there already")
    assert contents(shop) == before


def test_an_upgrade_brings_what_is_new_and_keeps_what_a_person_wrote(shop: Path) -> None:
    as_if_older(shop, SERVICE, "there is no such order", "no order")
    mine = (shop / SERVICE).read_text().replace("class OrdersService:", "class OrdersService:\n    mine = 1\n")
    (shop / SERVICE).write_text(mine)
    kernel = shop / "src/shop/kernel/ids.py"
    kernel.write_text(f"{kernel.read_text()}\n# mine\n")
    before = contents(shop)
    assert call(shop, "upgrade", "--check").code == 4
    assert json.loads(call(shop, "upgrade", "--check", "--json").out)["stale"] == ["module.orders"]
    call(shop, "upgrade", "--dry-run", "--diff")
    assert contents(shop) == before
    assert call(shop, "upgrade").code == 0
    text = (shop / SERVICE).read_text()
    assert "there is no such order" in text
    assert "    mine = 1\n" in text
    assert kernel.read_text().endswith("\n# mine\n")
    assert call(shop, "upgrade", "--check").code == 0
    call(shop, "undo")
    assert contents(shop) == before


def test_a_conflict_holds_both_sides_and_the_exit_code_tells(shop: Path) -> None:
    as_if_older(shop, SERVICE, "there is no such order", "no order")
    (shop / SERVICE).write_text((shop / SERVICE).read_text().replace("no order", "nothing here"))
    heard = call(shop, "upgrade")
    text = (shop / SERVICE).read_text()
    assert heard.code == 3
    assert f"settle the conflict in {SERVICE}" in heard.out
    assert all(word in text for word in ("<<<<<<< yours", "||||||| generated before", ">>>>>>> generated now"))
    assert all(word in text for word in ("nothing here", "no order", "there is no such order"))
    found = next(row for row in json.loads(call(shop, "doctor", "--json").out)["checks"] if row["check"] == "conflicts")
    assert found["state"] == "wrong"
    assert found["found"] == f"1 with conflict markers: {SERVICE}"


def test_a_conflict_that_is_not_settled_is_named_until_it_is(shop: Path) -> None:
    as_if_older(shop, SERVICE, "there is no such order", "no order")
    (shop / SERVICE).write_text((shop / SERVICE).read_text().replace("no order", "nothing here"))
    call(shop, "upgrade")
    marked = contents(shop)
    with pytest.raises(RefusedError, match=f"{SERVICE} holds conflict markers of an earlier merge; nothing was chang"):
        call(shop, "upgrade")
    assert contents(shop) == marked
    checked = call(shop, "upgrade", "--check")
    assert checked.code == 4
    assert f"not settled: {SERVICE} holds conflict markers" in checked.out
    assert "take the markers out" in checked.said
    assert json.loads(call(shop, "upgrade", "--check", "--json").out)["unsettled"] == [SERVICE]
    (shop / SERVICE).write_bytes((shop / ".arckode/base" / SERVICE).read_bytes())
    assert call(shop, "upgrade").code == call(shop, "upgrade", "--check").code == 0


def test_a_module_made_again_with_markers_says_that_conflicts_are_left(shop: Path) -> None:
    text = (shop / SERVICE).read_text()
    as_if_older(shop, SERVICE, "class ", "klass ")
    (shop / SERVICE).write_text(text.replace("class ", "mine "))
    heard = call(shop, "make:module", "orders", "customer:belongs_to=customers", "total:int", "--markers")
    assert heard.code == 3
    assert f"settle the conflict in {SERVICE}" in f"{heard.out}\n{heard.said}"


def test_an_applied_migration_is_never_changed(shop: Path) -> None:
    (migration,) = (path for path in contents(shop) if path.endswith("_create_orders.py") and "base" not in path)
    as_if_older(shop, migration, "Create orders.", "Make orders.")
    assert call(shop, "upgrade").code == 0
    assert "Make orders." in (shop / migration).read_text()


def test_destroy_is_the_inverse_of_make_and_is_refused_while_something_needs_it(shop: Path) -> None:
    before = contents(shop)
    call(shop, "make:module", "pets", "name", "age:int")
    call(shop, "make:module", "visits", "pet:belongs_to=pets")
    with pytest.raises(RefusedError, match="is needed by the module 'visits'"):
        call(shop, "destroy:module", "pets")
    call(shop, "destroy:module", "visits")
    assert call(shop, "destroy:module", "Pet").code == 0
    assert contents(shop) == before


def test_what_was_edited_is_kept_and_the_exit_code_tells(shop: Path) -> None:
    (shop / SERVICE).write_text((shop / SERVICE).read_text() + "\n# mine\n")
    heard = call(shop, "destroy:module", "orders")
    assert heard.code == 3
    assert f"kept: {SERVICE}: edited since it was generated" in heard.out
    assert (shop / SERVICE).is_file()


@pytest.mark.parametrize(
    ("made", "folder"),
    [
        (("make:middleware", "request_timer"), "src/shop"),
        (("make:module", "pets", "name"), "src/shop/modules/pets"),
        (("make:module", "datum", "name", "--plural", "data"), "src/shop/modules/data"),
    ],
)
def test_what_is_told_about_a_kept_file_works(shop: Path, made: tuple[str, ...], folder: str) -> None:
    before = contents(shop)
    call(shop, *made)
    name = "request_timer.py" if "middleware" in made[0] else "service.py"
    file = next((shop / folder).rglob(name))
    file.write_text(f"{file.read_text()}\n# mine\n")
    heard = call(shop, made[0].replace("make:", "destroy:"), made[-1] if "--plural" in made else made[1])
    assert heard.code == 3
    told = heard.out.partition("`arckode undo` and then `arckode ")[2].partition("`")[0]
    call(shop, "undo")
    assert call(shop, *told.split()).code == 0
    assert contents(shop) == before


def test_with_force_what_was_edited_goes_as_well_and_an_undo_brings_it_back(shop: Path) -> None:
    (shop / SERVICE).write_text((shop / SERVICE).read_text() + "\n# mine\n")
    before = contents(shop)
    assert call(shop, "destroy:module", "orders", "--force").code == 0
    assert not (shop / SERVICE).exists()
    call(shop, "undo")
    assert contents(shop) == before


def test_a_word_that_the_manifest_has_needs_no_explanation(shop: Path) -> None:
    before = contents(shop)
    call(shop, "make:module", "data", "name", "--singular", "datum", "--plural", "data")
    assert call(shop, "destroy:module", "data").code == 0
    assert contents(shop) == before


def test_a_committed_migration_stays_and_its_inverse_is_written(shop: Path) -> None:
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b.c"]
    subprocess.run([*git, "add", "-A"], cwd=shop, check=True)
    subprocess.run([*git, "commit", "-qm", "all"], cwd=shop, check=True)
    heard = call(shop, "destroy:module", "orders")
    names = sorted(path.name for path in (shop / "src/shop/migrations").glob("2*.py"))
    assert [name[13:] for name in names] == ["create_customers.py", "create_orders.py", "drop_orders.py"]
    assert "arckode db:migrate" in heard.out
    assert call(shop, "db:migrate").code == 0
    assert call(shop, "db:migrate", "--rollback", "3").code == 0


def test_nothing_of_that_name_names_the_nearest(shop: Path) -> None:
    with pytest.raises(UsageError, match="there is no module 'ordes'") as caught:
        call(shop, "destroy:module", "ordes", "--singular", "orde")
    assert caught.value.hint == "did you mean 'orders'?"


def test_a_published_stub_is_used_shown_and_merged(shop: Path) -> None:
    call(shop, "stub:publish", "make:module")
    tree = shop / TREE
    tree.write_text(tree.read_text().replace("What can be done with", "All of"))
    assert call(shop, "stub:diff", "module").said == "nothing changed"
    assert "+" in call(shop, "stub:diff", "module", "--mine").out
    call(shop, "make:module", "pets", "name")
    assert (shop / "src/shop/modules/pets/service.py").read_text().startswith('"""All of pets')
    for file in (shop / units.BASE / TREE, tree):
        file.write_text(file.read_text().replace("Raises NotFoundError.", "May raise NotFoundError."))
    unit = shop / ".arckode/units/stub.module.json"
    unit.write_text(unit.read_text().replace('"templates": "', '"templates": "0'))
    assert "+" in json.loads(call(shop, "stub:diff", "module", "--json").out)["diff"]
    call(shop, "upgrade")
    assert "All of {{ words }}" in tree.read_text()
    assert "May raise" not in tree.read_text()
    with pytest.raises(RefusedError, match="there and not as shipped"):
        call(shop, "stub:publish", "module")


def test_a_stub_that_is_not_there_names_the_nearest(shop: Path) -> None:
    with pytest.raises(UsageError, match="there is no stub 'modul'") as caught:
        call(shop, "stub:publish", "modul")
    assert caught.value.hint == "did you mean 'module'?"
    with pytest.raises(UsageError, match="was not published here"):
        call(shop, "stub:diff", "module")


def states(shop: Path) -> dict[str, str]:
    return {row["check"]: row["state"] for row in json.loads(call(shop, "doctor", "--json").out)["checks"]}


def test_a_new_project_is_well(shop: Path) -> None:
    call(shop, "db:migrate")
    assert set(states(shop).values()) == {"ok"}
    assert call(shop, "doctor").code == 0


def test_the_doctor_finds_code_that_cannot_start(shop: Path) -> None:
    root = (shop / ROOT).read_text()
    (shop / SERVICE).write_text("def (\n")
    heard = call(shop, "doctor")
    assert heard.code == 1
    assert f"{SERVICE} cannot be read: line 1: " in heard.out
    (shop / SERVICE).write_text("from shop.modules.gone.service import Gone\n")
    heard = call(shop, "doctor")
    assert heard.code == 1
    assert f"{SERVICE}:1 imports shop.modules.gone.service, which is not there" in heard.out
    (shop / ROOT).write_text(f"{root}\ndef (\n")
    heard = call(shop, "doctor")
    assert f"{ROOT} cannot be read: line " in heard.out
    assert f"undecided while {ROOT} cannot be read" in heard.out
    assert "lacks" not in heard.out


def test_the_doctor_finds_what_is_broken_and_says_what_to_do(shop: Path) -> None:
    (shop / SERVICE).unlink()
    (shop / units.BASE / "src/shop/seeds/orders.py").unlink()
    root = (shop / ROOT).read_text()
    (shop / ROOT).write_text(root.replace("    register_orders(kernel)\n", ""))
    heard = call(shop, "doctor", environ={**ENVIRON, "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"})
    assert heard.code == 1
    assert f"1 generated file is gone: {SERVICE}" in heard.out
    assert "1 are missing: src/shop/seeds/orders.py" in heard.out
    assert f"module 'orders': {ROOT} lacks `register_orders(kernel)`" in heard.out
    assert "arckode destroy:module orders" in heard.said
    assert "wrong  database" in heard.out


DAMAGES = [
    pytest.param("pyproject.toml", b"x = [", "pyproject.toml", "it cannot be read", id="a configuration that is none"),
    pytest.param("pyproject.toml", None, "pyproject.toml", "it is gone", id="no configuration"),
    pytest.param(".arckode/units/module.orders.json", None, "records", "belong to nothing", id="a lost record"),
]


@pytest.mark.parametrize(("path", "content", "check", "found"), DAMAGES)
def test_doctor_sees_what_is_damaged(shop: Path, path: str, content: bytes | None, check: str, found: str) -> None:
    (shop / path).unlink() if content is None else (shop / path).write_bytes(content)
    heard = call(shop, "doctor", "--json")
    row = next(row for row in json.loads(heard.out)["checks"] if row["check"] == check)
    assert heard.code == 1
    assert row["state"] == "wrong"
    assert found in row["found"]
    assert "git" in row["advice"] or "put it right" in row["advice"]


def test_doctor_sees_a_merge_that_is_not_ended(shop: Path) -> None:
    root = shop / "src/shop/composition_root.py"
    text = root.read_text()
    root.write_text(text.replace("    register_orders(kernel)\n", "<<<<<<< HEAD\n=======\n>>>>>>> other\n"))
    rows = {row["check"]: row for row in json.loads(call(shop, "doctor", "--json").out)["checks"]}
    assert rows["conflicts"]["found"].endswith("composition_root.py")
    assert rows["wiring"]["state"] == "note"
    record = shop / ".arckode/units/module.orders.json"
    record.write_text(f"<<<<<<< HEAD\n{record.read_text()}=======\n>>>>>>> other\n")
    with pytest.raises(UsageError, match="both branches changed the module 'orders'"):
        call(shop, "doctor")


def test_doctor_sees_that_a_database_has_no_folder(shop: Path) -> None:
    environ = {**ENVIRON, "DATABASE_URL": "sqlite:////nonexistent/shop.db"}
    rows = json.loads(call(shop, "doctor", "--json", environ=environ).out)["checks"]
    assert next(row["found"] for row in rows if row["check"] == "database").startswith("the folder /nonexistent ")


def test_an_environment_that_is_not_there_is_named(shop: Path) -> None:
    heard = call(shop, "doctor", "--json", environ={**ENVIRON, "VIRTUAL_ENV": "/nonexistent"})
    found = next(row["found"] for row in json.loads(heard.out)["checks"] if row["check"] == "python")
    assert "VIRTUAL_ENV is /nonexistent, which has no bin/python" in found


def test_a_package_stays_with_the_file_in_it_that_was_edited(shop: Path) -> None:
    call(shop, "make:usecase", "orders", "ship_order")
    case = shop / "src/shop/modules/orders/usecases/ship_order.py"
    case.write_text(f"{case.read_text()}\n# mine\n")
    assert call(shop, "destroy:usecase", "orders", "ship_order").code == 3
    assert case.with_name("__init__.py").is_file()


def test_without_a_baseline_nobody_is_told_to_have_edited_a_file(shop: Path) -> None:
    (shop / ".arckode/base" / SERVICE).unlink()
    heard = call(shop, "destroy:module", "orders", "--dry-run")
    assert f"{SERVICE}: whether it was edited is not known without its baseline" in heard.out


def test_an_applied_migration_without_statements_has_nothing_to_take_back(shop: Path) -> None:
    call(shop, "make:migration", "clean_up")
    call(shop, "db:migrate")
    heard = call(shop, "destroy:migration", "clean_up")
    assert heard.code == 3
    assert "so it stays; there is nothing to take back" in heard.out
    assert "take the tables away" not in heard.out


def test_why_an_upgrade_changed_a_file_is_not_why_it_is_taken_back(shop: Path) -> None:
    as_if_older(shop, SERVICE, "there is no such order", "no order")
    call(shop, "upgrade")
    assert "(" not in call(shop, "undo", "--dry-run").out.partition("service.py")[2].partition("\n")[0]


def test_the_place_of_a_published_stub_is_said(shop: Path) -> None:
    assert "the copy to change is .arckode/stubs/helper/" in call(shop, "stub:publish", "helper").out


def test_what_is_not_there_is_named_as_it_was_typed(shop: Path) -> None:
    with pytest.raises(UsageError, match="there is no module 'nope' or 'nopes'"):
        call(shop, "destroy:module", "nope")
