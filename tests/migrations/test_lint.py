"""The lint before `db:migrate`: what is pending is judged on the engine it is about to run on."""

from __future__ import annotations

from typing import cast

import pytest

from arckode_gen.errors import RefusedError, UsageError
from tests.migrations.test_start_up import HEAVY, modules
from tests.migrations.workbench import ORDERS, Workbench

FOLDER = "src/shop/migrations"


@pytest.fixture(autouse=True)
def judged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the lint refuse: these tests are about that."""
    monkeypatch.setattr(Workbench, "unsafe", None)


def _orders(bench: Workbench) -> None:
    bench.write("202611220001_create_orders", ORDERS.replace("INTEGER", "BIGINT"))
    assert bench.migrate().code == 0


def _drop(bench: Workbench, beside: str = "", inside: str = "") -> None:
    bench.write(
        "202611220002_drop",
        f'UP = {{\n    "*": [\n        """\n        {inside}\n        DROP TABLE orders""",{beside}\n    ],\n}}\n',
    )


def test_an_unsafe_statement_is_refused_with_the_safe_way(bench: Workbench) -> None:
    _orders(bench)
    _drop(bench)
    said = bench.migrate()
    assert said.code == 1
    assert said.text.splitlines() == [
        (
            f"{FOLDER}/202611220002_drop.py:5: error ARC207 drop-table: drops the table `orders`: its rows are gone, "
            "and running code still reads it"
        ),
        "    safe: release code that no longer uses it first, and drop it in a later migration",
    ]
    assert "nothing was applied: 1 unsafe statement in what is pending on " in said.err[-1]
    assert said.err[-1].endswith(
        ". Have the safe form written, `arckode db:safe 202611220002_drop`, or write why it is right as it is: beside "
        "the statement, `# arckode: ignore[ARC207] reason`, which stays, or `--unsafe 'reason'`, which lets all that "
        "is pending pass this once"
    )
    assert bench.tables() == {"orders"}
    assert bench.states()["202611220002"] == "pending"


def test_a_reason_applies_it_once_and_is_said(bench: Workbench) -> None:
    _orders(bench)
    _drop(bench)
    said = bench.migrate(unsafe="the shop is closed")
    assert said.code == 0
    assert "applying 1 unsafe statement all the same, as --unsafe says: the shop is closed" in said.err
    assert any("error ARC207 drop-table: drops the table `orders`" in line for line in said.err)
    assert bench.tables() == set()


def test_a_reason_permits_nothing_but_what_the_lint_refuses(sqlite: Workbench) -> None:
    _orders(sqlite)
    sqlite.write("202611220001_create_orders", ORDERS.replace("40", "41"))
    _drop(sqlite)
    with pytest.raises(RefusedError, match="202611220001_create_orders was edited"):
        sqlite.migrate(unsafe="the shop is closed")
    assert sqlite.tables() == {"orders"}


def test_a_reason_without_words_is_none(sqlite: Workbench) -> None:
    with pytest.raises(UsageError, match="--unsafe says no reason"):
        sqlite.migrate(unsafe=" ")


@pytest.mark.parametrize(
    ("said", "option"),
    [
        ({"rollback": 1}, "--rollback"),
        ({"sql": True}, "--sql"),
        ({"dry_run": True}, "--dry-run"),
        ({"verify_down": True}, "--verify-down"),
    ],
)
def test_a_reason_where_nothing_is_applied_is_refused(
    sqlite: Workbench, said: dict[str, bool | int], option: str
) -> None:
    with pytest.raises(UsageError, match=f"only means something where files are applied, and {option} applies none"):
        sqlite.migrate(unsafe="the shop is closed", **said)


@pytest.mark.parametrize(
    ("beside", "inside"),
    [
        pytest.param("  # arckode: ignore[ARC207] nobody ever wrote to it", "", id="beside it, in Python"),
        pytest.param("", "-- arckode: ignore[ARC207] nobody ever wrote to it", id="inside it, in SQL"),
    ],
)
def test_a_suppressed_statement_is_applied(sqlite: Workbench, beside: str, inside: str) -> None:
    _orders(sqlite)
    _drop(sqlite, beside, inside)
    assert sqlite.migrate().code == 0
    assert sqlite.tables() == set()


@pytest.mark.parametrize("mark", ["# arckode: ignore[ARC207]", "# arckode: ignore[ARC206] other", "# ignore"])
def test_a_suppression_that_says_nothing_silences_nothing(sqlite: Workbench, mark: str) -> None:
    _orders(sqlite)
    _drop(sqlite, f"  {mark}")
    assert sqlite.migrate().code == 1


def test_a_sql_file_is_told_at_its_line_and_suppressed_above_it(sqlite: Workbench) -> None:
    _orders(sqlite)
    text = "-- migrate:up\nSELECT 1;\n{0}\nDROP TABLE\n  orders;\n-- migrate:down\nDROP TABLE others;\n"
    sqlite.write("202611220002_drop.sql", text.format(""))
    said = sqlite.migrate()
    assert said.text.startswith(f"{FOLDER}/202611220002_drop.sql:4: error ARC207 drop-table:")
    assert len(said.out) == 1
    assert ". Write why it is right as it is: beside the statement, `-- arckode: ignore[ARC207] reason`" in said.err[-1]
    sqlite.write("202611220002_drop.sql", text.format("-- arckode: ignore[ARC207] it was never used"))
    assert sqlite.migrate().code == 0


def test_warnings_are_said_and_refuse_nothing(sqlite: Workbench) -> None:
    _orders(sqlite)
    sqlite.write("202611220002_index", 'UP = {"*": ["CREATE UNIQUE INDEX uq ON orders (name)"]}\n')
    said = sqlite.migrate()
    assert said.code == 0
    assert any(": warning ARC207 duplicates: makes `orders` unique by name" in line for line in said.err)


def test_what_cannot_be_read_is_said(postgres: Workbench) -> None:
    _orders(postgres)
    postgres.write("202611220002_do", 'UP = {"*": ["DO $$ BEGIN DELETE FROM orders; END $$"]}\n')
    said = postgres.migrate()
    assert said.code == 0
    assert any("unread: cannot be read as a whole" in line for line in said.err)


def test_statements_that_python_computes_are_judged_as_they_run(sqlite: Workbench) -> None:
    _orders(sqlite)
    sqlite.write("202611220002_drop", 'UP = {"*": [f"DROP TABLE {name}" for name in ("orders",)]}\n')
    assert "drops the table `orders`" in sqlite.migrate().text


def test_a_data_migration_that_computes_its_statement_is_said_to_be_unread(sqlite: Workbench) -> None:
    _orders(sqlite)
    loop = '    for name in ("orders",):\n        await db.execute(f"DELETE FROM {name} WHERE id = 1")\n'
    text = f"async def up(db):\n{loop}"
    sqlite.write("202611220002_fill", text)
    said = sqlite.migrate()
    assert said.code == 0
    assert any(":3: warning ARC207 unread:" in line for line in said.err)


def test_a_table_of_the_same_run_may_change_in_a_later_file(bench: Workbench) -> None:
    bench.write("202611220001_create_orders", ORDERS)
    bench.write("202611220002_change", 'UP = {"*": ["UPDATE orders SET name = \'x\'", "DROP TABLE orders"]}\n')
    assert bench.migrate().code == 0


def test_the_engine_decides(bench: Workbench) -> None:
    _orders(bench)
    bench.write("202611220002_index", 'UP = {"*": ["CREATE INDEX ix ON orders (name)"]}\n')
    said = bench.migrate()
    assert said.code == (1 if bench.dialect == "postgresql" else 0)


def test_another_engines_words_are_named(sqlite: Workbench) -> None:
    sqlite.write("202611220001_parts", 'UP = {"*": ["CREATE TABLE parts (id BIGSERIAL PRIMARY KEY)"]}\n')
    said = sqlite.migrate()
    assert said.code == 1
    assert "foreign-dialect: says SERIAL, which this engine takes for something else" in said.text


def test_a_rollback_is_not_judged(sqlite: Workbench) -> None:
    _orders(sqlite)
    assert sqlite.migrate(rollback=1).code == 0


def test_a_dry_run_shows_what_would_be_refused(sqlite: Workbench) -> None:
    _orders(sqlite)
    _drop(sqlite)
    said = sqlite.migrate(dry_run=True)
    assert said.code == 0
    assert any("error ARC207 drop-table" in line for line in said.err)


def test_json_lists_the_findings_of_a_refusal(sqlite: Workbench) -> None:
    _orders(sqlite)
    _drop(sqlite)
    said = sqlite.migrate(json=True)
    (finding,) = cast("list[dict[str, object]]", said.document["findings"])
    assert said.code == 1
    assert said.document["done"] == []
    assert (finding["check"], finding["severity"], finding["line"]) == ("drop-table", "error", 5)


def test_a_run_that_only_makes_tables_reads_no_sql(sqlite: Workbench) -> None:
    sqlite.write("202611220001_create_orders", ORDERS)
    sqlite.write("202611220002_index", 'UP = {"*": ["CREATE INDEX ix ON orders (name)"]}\n')
    assert not modules(sqlite) & HEAVY
    assert sqlite.states() == {"202611220001": "applied", "202611220002": "applied"}


def test_comments_and_schemas_do_not_make_it_read(sqlite: Workbench) -> None:
    sqlite.write(
        "202611220001_lines", 'UP = {"*": ["/* why */ CREATE TABLE main.order_lines (id INTEGER PRIMARY KEY)"]}\n'
    )
    sqlite.write(
        "202611220002_index", 'UP = {"*": ["-- why\\nCREATE INDEX IF NOT EXISTS \\"ix\\" ON order_lines (id)"]}\n'
    )
    assert not modules(sqlite) & HEAVY
    assert sqlite.states() == {"202611220001": "applied", "202611220002": "applied"}
