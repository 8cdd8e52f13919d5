"""What a word asked for is applied without another one: the written migration says the word beside the statement."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from arckode_gen.commands import analyze
from tests.migrations.workbench import Workbench

if TYPE_CHECKING:
    from arckode_gen.engine.spec import Value

MODELS = """from sqlalchemy import Column, Computed, Enum, Integer, MetaData, String, Table

metadata = MetaData()
Table(
    "orders",
    metadata,
    Column("id", Integer, primary_key=True),
    {columns}
)
{more}
"""
BEFORE = 'Column("note", String(40)), Column("old", String(9)), Column("size", String(9)),'
LINES = 'Table("lines", metadata, Column("id", Integer, primary_key=True))'
CONFIGURATION = '[tool.arckode]\nmigrations = "src/shop/migrations"\nmetadata = "shop_models:metadata"\n'


@pytest.fixture(autouse=True)
def judged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the lint refuse: these tests are about that."""
    monkeypatch.setattr(Workbench, "unsafe", None)


def _models(bench: Workbench, columns: str, more: str = "") -> None:
    (bench.root / "pyproject.toml").write_text(CONFIGURATION)
    (bench.root / "shop_models.py").write_text(MODELS.format(columns=columns, more=more))


def _created(bench: Workbench) -> None:
    _models(bench, BEFORE, LINES)
    assert bench.diff(write="create").code == 0
    assert bench.migrate().code == 0


def _last(bench: Workbench) -> str:
    return max(bench.folder.glob("*.py")).read_text()


def _findings(bench: Workbench) -> list[str]:
    """Return what `analyze` says about the last file, about its suppressions too."""
    values: dict[str, Value] = {"select": ("ARC0", "ARC207"), "no_cache": True, "format": "json", "paths": ()}
    found = cast("list[dict[str, str]]", bench.run(analyze, values).document["findings"])
    return [each["message"] for each in found if max(bench.folder.glob("*.py")).name in each["path"]]


def test_a_rename_and_drops_that_were_asked_for_are_applied(bench: Workbench) -> None:
    _created(bench)
    _models(bench, 'Column("remark", String(40)), Column("size", String(9)),')
    assert bench.diff(write="tidy_up", rename=("orders.note:orders.remark",), allow_drop=True).code == 0
    text = _last(bench)
    assert "# arckode: ignore[ARC207] asked for with --rename orders.note:orders.remark\n" in text
    assert "# arckode: ignore[ARC207] asked for with --allow-drop\n" in text
    assert "ignore" not in text[text.index("DOWN") :]
    said = bench.migrate()
    assert (said.code, [line for line in said.err if "ARC207" in line]) == (0, [])
    assert bench.tables() == {"orders"}
    assert bench.diff().code == 0
    assert _findings(bench) == []


def test_what_is_dangerous_and_was_not_asked_for_stays_refused(postgres: Workbench) -> None:
    _created(postgres)
    _models(postgres, 'Column("note", String(40)), Column("size", Integer),', LINES)
    assert postgres.diff(write="drop_old", allow_drop=True).code == 0
    (name,) = [path.stem for path in postgres.folder.glob("*_drop_old.py")]
    said = postgres.migrate()
    assert said.code == 1
    assert [line.partition("ARC207 ")[2].partition(":")[0] for line in said.out if "ARC207" in line] == ["type-change"]
    assert f"Have the safe form written, `arckode db:safe {name}`, or write why it is right as it is: " in said.err[-1]


def test_a_member_less_is_told_for_the_table_it_rewrites_and_not_for_the_type_it_replaces(postgres: Workbench) -> None:
    column = 'Column("status", Enum({}, name="order_status"), server_default="draft"),'
    _models(postgres, column.format('"draft", "paid"'))
    assert postgres.diff(write="created").code == 0
    assert postgres.migrate().code == 0
    _models(postgres, column.format('"draft"'))
    assert postgres.diff(write="fewer").code == 0
    assert '"DROP TYPE order_status_before"' in _last(postgres)
    said = postgres.migrate()
    told = [line.partition("ARC207 ")[2].partition("\n")[0] for line in (*said.out, *said.err) if "ARC207 " in line]
    assert said.code == 1
    assert told == ["type-change: changes `orders.status` to a new type ORDER_STATUS, which rewrites the table locked"]


def test_nothing_is_written_beside_what_no_word_asked_for(sqlite: Workbench) -> None:
    _created(sqlite)
    _models(sqlite, BEFORE.replace("String(40)", "String(80)"), LINES)
    assert sqlite.diff(write="longer", allow_drop=True).code == 0
    assert "arckode: ignore" not in _last(sqlite)
