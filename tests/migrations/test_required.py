"""A required column comes to a table with rows: what they get is the model's own, or is named, or asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from arckode_gen.commands import make_migration
from arckode_gen.errors import OperationError, RefusedError, UsageError
from tests.migrations.workbench import Workbench

if TYPE_CHECKING:
    from collections.abc import Sequence

MODELS = """from sqlalchemy import Boolean, Column, Index, Integer, MetaData, String, Table, text

metadata = MetaData()
Table("orders", metadata, Column("id", Integer, primary_key=True, autoincrement=False), {more})
"""
NOTE = 'Column("note", String(40))'
SIZE = 'Column("size", Integer, nullable=False)'


@pytest.fixture(autouse=True)
def judged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the lint refuse what it would refuse a user."""
    monkeypatch.setattr(Workbench, "unsafe", None)


def _begun(bench: Workbench) -> Workbench:
    """Make a table with two rows, one of them without a note, in a project that arckode did not make."""
    (bench.root / ".arckode/project.json").unlink()
    (bench.root / "pyproject.toml").write_text(
        '[tool.arckode]\nmigrations = "src/shop/migrations"\nmetadata = "shop_models:metadata"\n'
    )
    _models(bench, NOTE)
    assert bench.diff(write="create_orders").code == 0
    assert bench.migrate().code == 0
    bench.execute("INSERT INTO orders (id, note) VALUES (1, 'a'), (2, NULL)")
    return bench


@pytest.fixture
def shop(bench: Workbench) -> Workbench:
    return _begun(bench)


def _models(bench: Workbench, *columns: str) -> None:
    (bench.root / "shop_models.py").write_text(MODELS.format(more=", ".join(columns)))


def _apply_all(bench: Workbench) -> None:
    """Apply what is there, then what waits for the release."""
    assert bench.migrate().code == 0
    for path in bench.folder.glob("_2*.py"):
        path.rename(path.with_name(path.name[1:]))
    assert bench.migrate().code == 0


def _agrees(bench: Workbench) -> None:
    said = bench.diff()
    assert said.code == 0, said.text


def _values(bench: Workbench, column: str) -> Sequence[object]:
    return [row["found"] for row in bench.fetch(f"SELECT {column} AS found FROM orders ORDER BY id")]


def test_without_a_value_nothing_is_written_and_the_word_is_named(sqlite: Workbench) -> None:
    shop = _begun(sqlite)
    _models(shop, NOTE, SIZE)
    assert shop.diff().text == "add column orders.size"
    before = sorted(shop.folder.iterdir())
    with pytest.raises(
        RefusedError, match=r"orders\.size is required, and rows that are there have no value"
    ) as caught:
        shop.diff(write="add_size")
    assert "--fill orders.size=VALUE" in (caught.value.hint or "")
    with pytest.raises(RefusedError, match="nothing was written"):
        shop.run(make_migration, {"name": "add_size", "auto": True})
    assert sorted(shop.folder.iterdir()) == before


def test_a_value_is_given_to_the_rows_and_to_no_later_one(shop: Workbench) -> None:
    _models(shop, NOTE, SIZE)
    shop.diff(write="add_size", fill=("orders.size=7",))
    assert shop.migrate().code == 0
    assert _values(shop, "size") == [7, 7]
    _agrees(shop)
    assert shop.migrate(rollback=1).code == 0


def test_a_value_is_computed_from_the_row(shop: Workbench) -> None:
    _models(shop, NOTE, SIZE)
    shop.diff(write="add_size", fill=("orders.size=id * 10",), safe=shop.dialect != "sqlite")
    _apply_all(shop)
    assert _values(shop, "size") == [10, 20]
    _agrees(shop)


def test_the_constant_of_the_model_serves(shop: Workbench) -> None:
    _models(shop, NOTE, 'Column("state", String(9), nullable=False, default="it\'s")')
    shop.diff(write="add_state")
    assert shop.migrate().code == 0
    assert _values(shop, "state") == ["it's", "it's"]
    _agrees(shop)


def test_a_required_column_that_was_dropped_comes_back_with_the_value_that_was_named(shop: Workbench) -> None:
    _models(shop, NOTE, SIZE)
    shop.diff(write="add_size", fill=("orders.size=7",))
    assert shop.migrate().code == 0
    _models(shop, NOTE)
    assert shop.diff(write="drop_size", fill=("orders.size=id * 10",), allow_drop=True).code == 0
    assert shop.migrate().code == 0
    shop.migrate(rollback=1)
    assert _values(shop, "size") == [10, 20]


def test_without_a_value_for_the_way_back_the_file_says_so(sqlite: Workbench) -> None:
    shop = _begun(sqlite)
    _models(shop, NOTE, SIZE)
    shop.diff(write="add_size", fill=("orders.size=7",))
    assert shop.migrate().code == 0
    _models(shop, NOTE)
    shop.diff(write="drop_size", allow_drop=True)
    (file,) = shop.folder.glob("*drop_size.py")
    said = "- going back, orders.size is required and a row without a value stops it: give DOWN one, or use --fill"
    assert said in file.read_text()
    assert shop.migrate().code == 0
    with pytest.raises(OperationError, match=r"NOT NULL constraint failed: .*size") as caught:
        shop.migrate(rollback=1)
    assert "nothing was taken back: the file is applied" in (caught.value.hint or "")
    file.write_text(file.read_text().replace("size INTEGER NOT NULL", "size INTEGER NOT NULL DEFAULT 3"))
    assert shop.migrate(rollback=1).code == 0
    assert _values(shop, "size") == [3, 3]


def test_a_column_that_may_be_empty_goes_back_with_a_value_for_the_empty_places(shop: Workbench) -> None:
    _models(shop, 'Column("note", String(40), nullable=False)')
    shop.diff(write="require_note", fill=("orders.note='none'",), safe=True)
    _apply_all(shop)
    _models(shop, NOTE)
    shop.diff(write="free_note", fill=("orders.note='was empty'",))
    assert shop.migrate().code == 0
    shop.execute("INSERT INTO orders (id, note) VALUES (3, NULL)")
    shop.migrate(rollback=1)
    assert _values(shop, "note") == ["a", "none", "was empty"]


def test_empty_places_are_filled_before_they_are_forbidden(shop: Workbench) -> None:
    _models(shop, 'Column("note", String(40), nullable=False)')
    shop.diff(write="require_note", fill=("orders.note='none'",), safe=True)
    _apply_all(shop)
    assert _values(shop, "note") == ["a", "none"]
    _agrees(shop)


def test_where_no_place_is_empty_no_value_is_asked_for(postgres: Workbench) -> None:
    shop = _begun(postgres)
    shop.execute("DELETE FROM orders WHERE id = 2")
    _models(shop, 'Column("note", String(40), nullable=False)')
    assert shop.diff(write="require_note").code == 0


def test_the_safe_form_waits_with_what_running_code_would_miss(shop: Workbench) -> None:
    _models(shop, SIZE, 'Index("ix_orders_size", "size")')
    said = shop.diff(write="size_for_note", fill=("orders.size=1",), allow_drop=True, safe=True)
    assert said.code == 0
    names = sorted(path.name for path in shop.folder.glob("*size_for_note*.py"))
    if shop.dialect == "sqlite":
        assert any(line.startswith("left as it is on sqlite") for line in said.err)
    (contract,) = [name for name in names if name.startswith("_")]
    assert f"after the release, take the `_` off src/shop/migrations/{contract}, then" in said.text
    assert shop.migrate().code == 0
    if shop.dialect != "sqlite":
        shop.execute("INSERT INTO orders (id, note) VALUES (3, 'from code that is not new')")
    _apply_all(shop)
    assert set(_values(shop, "size")) == {1}
    _agrees(shop)


def test_the_files_of_a_safe_form_go_back_and_up_again(postgres: Workbench) -> None:
    shop = _begun(postgres)
    _models(shop, NOTE, SIZE, 'Index("ix_orders_size", "size")')
    shop.diff(write="add_size", fill=("orders.size=1",), safe=True)
    for path in shop.folder.glob("_2*.py"):
        path.rename(path.with_name(path.name[1:]))
    assert shop.migrate(verify_down=True).text.count("end where they should") >= 2


def test_what_a_contract_drops_comes_back_with_it(shop: Workbench) -> None:
    _models(shop, NOTE, SIZE)
    shop.diff(write="add_size", fill=("orders.size=7",))
    assert shop.migrate().code == 0
    _models(shop, NOTE, 'Column("remark", String(9), nullable=False)')
    fills = ("orders.remark=upper('x')", "orders.size=3")
    shop.diff(write="remark_for_size", fill=fills, allow_drop=True, safe=True)
    texts = [path.read_text() for path in shop.folder.glob("_2*.py")]
    assert ["- going back, the column is there again and what it held is not\n" in text for text in texts] == [True]
    _apply_all(shop)
    _agrees(shop)
    count = len(list(shop.folder.glob("*remark_for_size*.py")))
    assert shop.migrate(rollback=count).code == 0
    assert _values(shop, "size") == [3, 3]


def test_a_contract_goes_back_to_a_column_that_may_be_empty_and_the_expand_says_which_value_it_wants(
    postgres: Workbench,
) -> None:
    shop = _begun(postgres)
    _models(shop, NOTE, SIZE)
    shop.diff(write="add_size", fill=("orders.size=7",))
    assert shop.migrate().code == 0
    _models(shop, NOTE)
    shop.diff(write="drop_size", allow_drop=True, safe=True)
    (expand,) = shop.folder.glob("*_drop_size.py")
    assert "- going back, orders.size is required and a row without a value stops it" in expand.read_text()
    _apply_all(shop)
    assert shop.migrate(rollback=1).code == 0
    assert _values(shop, "size") == [None, None]
    with pytest.raises(OperationError, match="contains null values"):
        shop.migrate(rollback=1)
    shop.execute("UPDATE orders SET size = 3")
    assert shop.migrate(rollback=1).code == 0


def test_what_is_safe_already_is_one_file(sqlite: Workbench) -> None:
    shop = _begun(sqlite)
    _models(shop, NOTE, 'Column("remark", String(40))')
    said = shop.diff(write="add_remark", safe=True)
    assert "--safe changes nothing: there is no form of it that is safer" in said.err
    assert [path.name[13:] for path in sorted(shop.folder.glob("*.py"))] == ["create_orders.py", "add_remark.py"]


def test_words_that_do_not_fit_are_refused(sqlite: Workbench) -> None:
    (sqlite.root / "shop_models.py").write_text(MODELS.format(more=NOTE))
    with pytest.raises(UsageError, match="--fill only means something with --write"):
        sqlite.diff(metadata="shop_models:metadata", fill=("orders.note='x'",))
    with pytest.raises(UsageError, match="--safe only means something with --auto"):
        sqlite.run(make_migration, {"name": "x", "safe": True})
    with pytest.raises(UsageError, match=r"--fill orders\.note: that column does not come or change to a required one"):
        sqlite.diff(metadata="shop_models:metadata", fill=("orders.note='x'",), write="x")
