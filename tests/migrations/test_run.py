"""The plain path on every database: up, down, up again, and what the control table says about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from arckode_gen.errors import RefusedError, UsageError
from tests.migrations.workbench import FILL, LINES, ORDERS

if TYPE_CHECKING:
    from tests.migrations.workbench import Workbench


def test_up_down_up_ends_where_up_ends(bench: Workbench) -> None:
    bench.usual()
    assert bench.migrate().code == 0
    assert bench.tables() == {"orders", "order_lines"}
    assert bench.migrate(rollback=99).code == 0
    assert bench.tables() == set()
    assert bench.migrate().code == 0
    assert bench.tables() == {"orders", "order_lines"}
    assert bench.fetch("SELECT name FROM orders") == [{"name": "first 100%"}]


def test_files_apply_in_order_of_name_and_each_run_is_a_batch(bench: Workbench) -> None:
    bench.write("202611220002_create_lines", LINES)
    bench.write("202611220001_create_orders", ORDERS)
    assert bench.migrate().text.splitlines()[-1].endswith("(batch 1)")
    bench.write("202611220003_fill_orders", FILL)
    assert bench.migrate().text.splitlines()[-1].endswith("(batch 2)")
    assert [(row["id"], row["batch"]) for row in bench.rows()] == [
        ("202611220001_create_orders", 1),
        ("202611220002_create_lines", 1),
        ("202611220003_fill_orders", 2),
    ]


def test_the_control_row_keeps_what_was_applied(bench: Workbench) -> None:
    bench.write("202611220002_create_lines", LINES)
    bench.migrate()
    (row,) = bench.rows()
    assert row["applied_sql"] == (
        "-- statement 1 of 2\nCREATE TABLE order_lines (id INTEGER PRIMARY KEY)\n"
        "-- statement 2 of 2\nCREATE INDEX ix_lines ON order_lines (id)"
    )
    assert (row["status"], row["statements_done"], row["statements_total"], row["error"]) == ("applied", 2, 2, None)
    assert str(row["checksum"]).startswith("1:")
    assert str(row["started_at"]) <= str(row["finished_at"])
    assert "process" in str(row["host"])


def test_every_file_of_a_run_has_one_row_with_times_of_its_own(bench: Workbench) -> None:
    bench.usual()
    bench.migrate()
    rows = bench.rows()
    assert [(row["entry"], row["status"], row["statements_done"], row["error"]) for row in rows] == [
        (1, "applied", 1, None),
        (2, "applied", 2, None),
        (3, "applied", 1, None),
    ]
    assert all("" < str(row["started_at"]) <= str(row["finished_at"]) for row in rows)
    assert {row["batch"] for row in rows} == {1}
    assert bench.migrate(rollback=3).code == 0
    assert [row["status"] for row in bench.rows()] == ["rolled_back"] * 3
    bench.migrate()
    assert [(row["entry"], row["batch"]) for row in bench.rows()][3:] == [(4, 2), (5, 2), (6, 2)]


@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_sqlite_keeps_its_journal_mode_and_no_journal_is_left(sqlite: Workbench, mode: str) -> None:
    sqlite.execute(f"PRAGMA journal_mode = {mode}")
    sqlite.usual()
    assert sqlite.migrate().code == 0
    assert sqlite.fetch("PRAGMA journal_mode") == [{"journal_mode": mode}]
    assert not (sqlite.root / "shop.db-journal").exists()


def test_a_second_run_finds_nothing_to_do(bench: Workbench) -> None:
    bench.usual()
    bench.migrate()
    said = bench.migrate()
    assert said.code == 0
    assert said.text.startswith("nothing to do: 3 migrations applied on ")


def test_a_rollback_takes_back_the_last_one_and_keeps_its_row(bench: Workbench) -> None:
    bench.usual()
    bench.migrate()
    said = bench.migrate(rollback=1)
    assert "rolled back 202611220003_fill_orders" in said.text
    assert bench.fetch("SELECT * FROM orders") == []
    last = bench.rows()[-1]
    assert last["status"] == "rolled_back"
    assert "DELETE FROM orders" in str(last["reverted_sql"])
    assert bench.states() == {"202611220001": "applied", "202611220002": "applied", "202611220003": "pending"}


def test_a_rollback_of_two_goes_backwards(bench: Workbench) -> None:
    bench.usual()
    bench.migrate()
    done = bench.migrate(rollback=2, json=True).document["done"]
    assert isinstance(done, list)
    assert [(item["name"], item["direction"]) for item in done] == [
        ("202611220003_fill_orders", "down"),
        ("202611220002_create_lines", "down"),
    ]


@pytest.mark.parametrize("word", ["202611220002_create_lines", "202611220002", "create_lines"])
def test_to_stops_after_the_named_file(bench: Workbench, word: str) -> None:
    bench.usual()
    bench.migrate(to=word)
    assert bench.states() == {"202611220001": "applied", "202611220002": "applied", "202611220003": "pending"}


def test_rollback_to_keeps_the_named_file(bench: Workbench) -> None:
    bench.usual()
    bench.migrate()
    bench.migrate(rollback=1, to="202611220001")
    assert bench.states() == {"202611220001": "applied", "202611220002": "pending", "202611220003": "pending"}


@pytest.mark.parametrize(
    ("word", "message", "hint"),
    [
        pytest.param("invoices", "no migration is called 'invoices'", "for the names", id="a word that no name has"),
        pytest.param(
            "2026112200", "'2026112200' could be any of", "write more of its name", id="a beginning that three share"
        ),
        pytest.param(
            "202611220001_create_odrers", "no migration is called", "did you mean '202611220001_create", id="a typo"
        ),
    ],
)
def test_a_name_that_means_nothing_is_refused(sqlite: Workbench, word: str, message: str, hint: str) -> None:
    sqlite.usual()
    with pytest.raises(UsageError) as caught:
        sqlite.migrate(to=word)
    assert message in caught.value.message
    assert hint in caught.value.hint


def test_a_file_that_sorts_before_an_applied_one_is_applied_and_marked(bench: Workbench) -> None:
    bench.write("202611220002_create_lines", LINES)
    bench.migrate()
    bench.write("202611220001_create_orders", ORDERS)
    assert "(late)" in bench.status().text
    assert bench.migrate().code == 0
    assert bench.states() == {"202611220001": "applied", "202611220002": "applied"}
    bench.migrate(rollback=1)
    assert bench.states() == {"202611220001": "pending", "202611220002": "applied"}


def test_dry_run_prints_the_sql_of_this_database_and_writes_nothing(bench: Workbench) -> None:
    bench.usual()
    said = bench.migrate(dry_run=True)
    assert "CREATE INDEX ix_lines ON order_lines (id);" in said.text
    assert "-- runs up(db)" in said.text
    assert "nothing was changed" in said.err[-1]
    if bench.dialect == "sqlite":
        assert not (bench.root / "shop.db").exists()
    assert bench.fetch("SELECT 1 AS one") == [{"one": 1}]
    assert bench.tables() == set()


def test_dry_run_of_a_rollback_prints_the_way_back(bench: Workbench) -> None:
    bench.usual()
    bench.migrate()
    said = bench.migrate(rollback=2, dry_run=True)
    assert "DROP TABLE order_lines;" in said.text
    assert bench.tables() == {"orders", "order_lines"}


DIALECTS = """UP = {
    "*": ["CREATE TABLE of_any (id INTEGER)"],
    "sqlite": ["CREATE TABLE of_sqlite (id INTEGER)"],
    "mysql": ["CREATE TABLE of_mysql (id INTEGER)"],
    "mariadb": ["CREATE TABLE of_mariadb (id INTEGER)"],
}
"""


def test_the_most_exact_key_applies(bench: Workbench) -> None:
    bench.write("202611220001_dialects", DIALECTS)
    bench.migrate()
    expected = {"sqlite": "of_sqlite", "postgresql": "of_any", "mariadb": "of_mariadb"}
    assert bench.tables() == {expected[bench.dialect]}


@pytest.mark.mariadb
def test_mariadb_falls_back_to_its_family(mariadb: Workbench) -> None:
    mariadb.write("202611220001_dialects", DIALECTS.replace('"mariadb"', '"postgresql"'))
    mariadb.migrate()
    assert mariadb.tables() == {"of_mysql"}


def test_a_file_with_nothing_for_this_database_is_refused_before_anything_runs(bench: Workbench) -> None:
    bench.write("202611220001_create_orders", ORDERS)
    other = "postgresql" if bench.dialect != "postgresql" else "sqlite"
    bench.write("202611220002_other", f'UP = {{"{other}": ["CREATE TABLE x (id INTEGER)"]}}')
    with pytest.raises(RefusedError, match=f"UP has nothing for {bench.dialect}; its keys are '{other}'"):
        bench.migrate()
    assert bench.tables() == set()


def test_an_empty_list_is_nothing_to_do_on_this_database(bench: Workbench) -> None:
    bench.write("202611220001_nothing", 'UP = {"*": []}\nDOWN = {"*": []}')
    assert bench.migrate().code == 0
    assert bench.states() == {"202611220001": "applied"}
    assert bench.migrate(rollback=1).code == 0
    assert bench.states() == {"202611220001": "pending"}


SQL = """-- Two statements and a way back.
-- migrate:up
CREATE TABLE notes (id INTEGER, body VARCHAR(40)); -- a comment; with a semicolon
INSERT INTO notes VALUES (1, 'a;b -- c');
-- migrate:down
DROP TABLE notes;
"""


def test_a_sql_file_goes_up_and_down(bench: Workbench) -> None:
    bench.write("202611220001_notes.sql", SQL)
    bench.migrate()
    assert bench.fetch("SELECT body FROM notes") == [{"body": "a;b -- c"}]
    bench.migrate(rollback=1)
    assert bench.tables() == set()


def test_a_folder_of_ones_own_is_read_from_pyproject(sqlite: Workbench) -> None:
    sqlite.usual()
    sqlite.folder.rename(sqlite.root / "changes")
    (sqlite.root / "pyproject.toml").write_text('[tool.arckode]\nmigrations = "changes"\n')
    assert "3 migrations applied" in sqlite.migrate().text


@pytest.mark.parametrize("value", ['"/etc"', '"../x"', "3", '""'])
def test_a_folder_outside_of_the_project_is_refused(sqlite: Workbench, value: str) -> None:
    (sqlite.root / "pyproject.toml").write_text(f"[tool.arckode]\nmigrations = {value}\n")
    with pytest.raises(UsageError, match="is not a folder of the project"):
        sqlite.migrate()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        pytest.param({"dialect": "mysql"}, "--dialect only means something with --sql", id="--dialect alone"),
        pytest.param({"sql": True, "dry_run": True}, "exclude each other", id="--sql with --dry-run"),
        pytest.param({"rollback": 0}, "nothing to take back", id="--rollback 0"),
        pytest.param({"lock_timeout": -1}, "time does not run backwards", id="--lock-timeout -1"),
        pytest.param({"python": "nowhere"}, "--python nowhere: there is no interpreter", id="--python without a file"),
        pytest.param({"sql": True, "dialect": "sqlite", "rollback": 1}, "without --dialect", id="--rollback offline"),
    ],
)
def test_words_that_make_no_sense_are_refused(sqlite: Workbench, values: dict[str, str | int], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        sqlite.migrate(**values)
