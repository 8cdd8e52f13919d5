"""`make:migration --auto`: what differs becomes a file that `destroy:migration` knows; the words that do not fit."""

from __future__ import annotations

import pytest

from arckode_gen.commands import find, make_migration
from arckode_gen.errors import RefusedError, UsageError
from tests.migrations.workbench import ORDERS, Said, Workbench

MODELS = """from sqlalchemy import Column, Integer, MetaData, String, Table

metadata = MetaData()
Table("orders", metadata, Column("id", Integer, primary_key=True, autoincrement=False), Column("{column}", String(40)))
"""
METADATA = "shop_models:metadata"


@pytest.fixture(autouse=True)
def judged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the lint refuse: what was asked for by a word passes it."""
    monkeypatch.setattr(Workbench, "unsafe", None)


def _model(bench: Workbench, column: str) -> None:
    (bench.root / "shop_models.py").write_text(MODELS.format(column=column))


def _orders(bench: Workbench) -> None:
    bench.write("202611220001_create_orders", ORDERS)
    assert bench.migrate().code == 0


def _auto(bench: Workbench, name: str, **values: str | bool | tuple[str, ...]) -> Said:
    return bench.run(make_migration, {"name": name, "auto": True, "metadata": METADATA, **values})


def _destroy(bench: Workbench, name: str) -> Said:
    command = find("destroy:migration", bench.root)

    class Module:
        SPEC = command.spec
        run = staticmethod(command.run)

    return bench.run(Module(), {"name": name})


def _files(bench: Workbench) -> list[str]:
    return sorted(path.stem[13:] for path in bench.folder.glob("*.py"))


def test_a_rename_is_written_applied_and_leaves_nothing_that_differs(bench: Workbench) -> None:
    _orders(bench)
    _model(bench, "remark")
    said = _auto(bench, "call it remark", rename=("orders.name:orders.remark",))
    assert (said.code, _files(bench)) == (0, ["call_it_remark", "create_orders"])
    assert max(bench.folder.glob("*.py")).read_text().startswith('"""Call it remark.\n\n- rename column orders.name')
    assert bench.migrate().code == 0
    assert bench.diff(metadata=METADATA).code == 0
    assert "nothing to do" in _auto(bench, "again").text
    assert bench.migrate(rollback=1).code == 0


def test_what_is_not_applied_is_taken_out_again(sqlite: Workbench) -> None:
    _orders(sqlite)
    _model(sqlite, "remark")
    _auto(sqlite, "drop_name", allow_drop=True)
    assert _files(sqlite) == ["create_orders", "drop_name"]
    assert _destroy(sqlite, "drop_name").code == 0
    assert _files(sqlite) == ["create_orders"]
    assert not [path for path in (sqlite.root / ".arckode").rglob("*drop_name*") if "history" not in path.parts]


def test_what_is_applied_is_taken_back_by_another_file(sqlite: Workbench) -> None:
    _orders(sqlite)
    _model(sqlite, "remark")
    _auto(sqlite, "add_remark", rename=("orders.name:orders.remark",))
    sqlite.migrate()
    assert _destroy(sqlite, "add_remark").code == 0
    assert _files(sqlite) == ["add_remark", "create_orders", "remove_remark"]
    assert sqlite.migrate().code == 0
    assert sqlite.fetch("SELECT name FROM orders") == []


def test_what_would_lose_data_is_left_alone_and_said(sqlite: Workbench) -> None:
    _orders(sqlite)
    _model(sqlite, "remark")
    said = _auto(sqlite, "add_remark")
    assert "left alone, because it would lose data: drop column orders.name; --allow-drop does it" in said.err
    assert "if orders.name was renamed to orders.remark: --rename orders.name:orders.remark" in said.err
    assert "DROP COLUMN" not in max(sqlite.folder.glob("*.py")).read_text().partition("DOWN")[0]


def test_a_name_is_used_once(sqlite: Workbench) -> None:
    _orders(sqlite)
    _model(sqlite, "remark")
    with pytest.raises(RefusedError, match=r"202611220001_create_orders\.py is called so already"):
        _auto(sqlite, "create orders")
    _auto(sqlite, "add_remark")
    sqlite.migrate()
    with pytest.raises(RefusedError, match="the migration 'add_remark' was made from the models already"):
        sqlite.run(make_migration, {"name": "add_remark"})


def test_one_by_hand_is_empty_as_before(sqlite: Workbench) -> None:
    assert sqlite.run(make_migration, {"name": "by hand"}).code == 0
    assert '"*": [],' in max(sqlite.folder.glob("*.py")).read_text()
    assert sqlite.run(make_migration, {"name": "by hand"}).text.endswith("nothing to do, everything is there already")


def test_a_project_that_arckode_did_not_make_has_no_manifest(sqlite: Workbench) -> None:
    (sqlite.root / ".arckode/project.json").unlink()
    (sqlite.root / "pyproject.toml").write_text(f'[tool.arckode]\nmigrations = "db"\nmetadata = "{METADATA}"\n')
    _model(sqlite, "remark")
    assert sqlite.run(make_migration, {"name": "create_orders", "auto": True}).code == 0
    assert [path.name[12:] for path in (sqlite.root / "db").iterdir()] == ["_create_orders.py"]
    assert not (sqlite.root / ".arckode/units").exists()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"auto": True, "sql": True}, "--sql and --auto exclude each other"),
        ({"rename": ("a.b:a.c",)}, "--rename only means something with --auto"),
        ({"allow_drop": True}, "--allow-drop only means something with --auto"),
        ({"dialect": ("sqlite",)}, "--dialect only means something with --auto"),
        ({"metadata": METADATA}, "--metadata only means something with --auto"),
    ],
)
def test_words_that_do_not_fit_are_refused(sqlite: Workbench, values: dict[str, bool], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        sqlite.run(make_migration, {"name": "x", **values})
