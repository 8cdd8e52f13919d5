"""What a failed run leaves, and how the next one goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from arckode_gen.errors import OperationError, RefusedError
from tests.migrations.workbench import ORDERS

if TYPE_CHECKING:
    from arckode_gen.engine.spec import Value
    from tests.migrations.workbench import Workbench

BROKEN = """UP = {"*": [
    "CREATE TABLE first (id INTEGER)",
    "INSERT INTO first VALUES (1)",
    "CREATE TABLE second (id INTEGER",
    "CREATE TABLE third (id INTEGER)",
]}
DOWN = {"*": ["DROP TABLE third", "DROP TABLE second", "DROP TABLE first"]}
"""
FIXED = BROKEN.replace("second (id INTEGER", "second (id INTEGER)")


def test_a_failing_statement_is_named_with_file_line_and_text(bench: Workbench) -> None:
    bench.write("202611220001_broken", BROKEN)
    with pytest.raises(OperationError) as caught:
        bench.migrate()
    assert caught.value.message.startswith(
        f"src/shop/migrations/202611220001_broken.py:4: statement 3 of 4 failed on {bench.dialect}: "
    )
    assert caught.value.message.endswith("\n    CREATE TABLE second (id INTEGER")
    kept = "nothing of this file was kept" if bench.transactional else "statements 1 to 2 have taken effect"
    assert caught.value.hint.startswith(kept)


def test_after_a_failure_the_corrected_file_runs_to_its_end(bench: Workbench) -> None:
    bench.write("202611220001_broken", BROKEN)
    with pytest.raises(OperationError):
        bench.migrate()
    assert bench.tables() == (set() if bench.transactional else {"first"})
    bench.write("202611220001_broken", FIXED)
    assert bench.migrate().code == 0
    assert bench.tables() == {"first", "second", "third"}
    assert bench.fetch("SELECT COUNT(*) AS n FROM first") == [{"n": 1}]
    (row,) = bench.rows()
    assert (row["status"], row["statements_done"], row["error"]) == ("applied", 4, None)


def test_files_before_the_failing_one_stay(bench: Workbench) -> None:
    bench.write("202611220001_create_orders", ORDERS)
    bench.write("202611220002_broken", BROKEN)
    with pytest.raises(OperationError):
        bench.migrate()
    assert bench.states()["202611220001"] == "applied"
    assert bench.states()["202611220002"] == ("pending" if bench.transactional else "unfinished")


@pytest.mark.mariadb
def test_mariadb_remembers_how_far_it_came_and_why_it_stopped(mariadb: Workbench) -> None:
    mariadb.write("202611220001_broken", BROKEN)
    with pytest.raises(OperationError):
        mariadb.migrate()
    (row,) = mariadb.rows()
    assert (row["status"], row["statements_done"], row["statements_total"]) == ("failed", 2, 4)
    assert "1064" in str(row["error"])
    assert "2/4" in mariadb.status().text
    assert mariadb.status().err[-1].startswith("finish what broke off with: arckode db:migrate; ")


@pytest.mark.mariadb
def test_mariadb_refuses_a_change_to_a_statement_that_took_effect(mariadb: Workbench) -> None:
    mariadb.write("202611220001_broken", BROKEN)
    with pytest.raises(OperationError):
        mariadb.migrate()
    mariadb.write("202611220001_broken", FIXED.replace("VALUES (1)", "VALUES (2)"))
    with pytest.raises(RefusedError, match="statement 2 has taken effect and was changed since"):
        mariadb.migrate()
    mariadb.write("202611220001_broken", FIXED.replace("VALUES (1)", "VALUES  (1)  /* twice as nice */"))
    assert mariadb.migrate().code == 0


@pytest.mark.mariadb
def test_mariadb_refuses_to_roll_back_what_is_half_applied(mariadb: Workbench) -> None:
    mariadb.write("202611220001_broken", BROKEN)
    with pytest.raises(OperationError):
        mariadb.migrate()
    with pytest.raises(RefusedError, match="half applied, so there is nothing whole to roll back"):
        mariadb.migrate(rollback=1)


@pytest.mark.mariadb
def test_mariadb_resumes_a_rollback_that_failed(mariadb: Workbench) -> None:
    wrong = FIXED.replace('"DROP TABLE second"', '"DROP TABLE sekond"')
    mariadb.write("202611220001_broken", wrong)
    mariadb.migrate()
    with pytest.raises(OperationError, match="statement 2 of 3 failed"):
        mariadb.migrate(rollback=1)
    assert mariadb.tables() == {"first", "second"}
    assert mariadb.states() == {"202611220001": "unfinished"}
    mariadb.write("202611220001_broken", FIXED)
    assert "1 migration rolled back" in mariadb.migrate(rollback=1).text
    assert mariadb.tables() == set()


@pytest.mark.mariadb
def test_a_plain_run_finishes_a_failed_rollback_and_applies_the_file_again(mariadb: Workbench) -> None:
    mariadb.write("202611220001_broken", FIXED.replace('"DROP TABLE second"', '"DROP TABLE sekond"'))
    mariadb.migrate()
    with pytest.raises(OperationError):
        mariadb.migrate(rollback=1)
    mariadb.write("202611220001_broken", FIXED)
    assert mariadb.migrate().code == 0
    assert mariadb.tables() == {"first", "second", "third"}
    assert [row["status"] for row in mariadb.rows()] == ["rolled_back", "applied"]


PROGRAM = """async def up(db):
    await db.execute("INSERT INTO orders (id, name) VALUES (1, 'kept only when all is well')")
    {rest}
"""


@pytest.mark.parametrize(
    ("rest", "said"),
    [
        pytest.param("raise ValueError('no such customer')", "ValueError: no such customer", id="it raises"),
        pytest.param("await db.execute('INSERT INTO nowhere VALUES (1)')", "nowhere", id="a statement fails"),
        pytest.param("await db.execute('COMMIT')", "one transaction already: COMMIT", id="it ends the transaction"),
    ],
)
def test_a_failing_data_migration_leaves_nothing_and_names_its_line(bench: Workbench, rest: str, said: str) -> None:
    bench.write("202611220001_create_orders", ORDERS)
    bench.write("202611220002_fill", PROGRAM.format(rest=rest))
    with pytest.raises(OperationError) as caught:
        bench.migrate(unsafe="the runner refuses it too")
    assert caught.value.message.startswith("src/shop/migrations/202611220002_fill.py:3: up(db) failed on ")
    assert said in caught.value.message
    assert bench.fetch("SELECT * FROM orders") == []
    bench.write("202611220002_fill", PROGRAM.format(rest="pass"))
    assert bench.migrate().code == 0
    assert len(bench.fetch("SELECT * FROM orders")) == 1


@pytest.mark.mariadb
def test_mariadb_refuses_ddl_in_a_data_migration(mariadb: Workbench) -> None:
    mariadb.write("202611220001_create_orders", ORDERS)
    mariadb.write("202611220002_fill", PROGRAM.format(rest="await db.execute('CREATE TABLE x (id INT)')"))
    with pytest.raises(OperationError, match="mariadb would commit half of the migration at: CREATE TABLE x") as caught:
        mariadb.migrate()
    assert "UP = {...}" in caught.value.hint
    assert mariadb.fetch("SELECT * FROM orders") == []


def test_rows_that_would_point_nowhere_are_refused_on_sqlite(sqlite: Workbench) -> None:
    sqlite.write("202611220001_create_orders", ORDERS)
    sqlite.write(
        "202611220002_lines",
        'UP = {"*": ["CREATE TABLE lines (o INTEGER REFERENCES orders (id))", "INSERT INTO lines VALUES (7)"]}',
    )
    with pytest.raises(OperationError, match=r"1 row\(s\) of lines would refer to rows that are not there"):
        sqlite.migrate()
    assert sqlite.tables() == {"orders"}


def test_dropping_a_parent_on_sqlite_does_not_cascade_into_its_children(sqlite: Workbench) -> None:
    sqlite.write("202611220001_create_orders", ORDERS)
    sqlite.write(
        "202611220002_lines",
        """UP = {"*": [
            "CREATE TABLE lines (o INTEGER REFERENCES orders (id) ON DELETE CASCADE)",
            "INSERT INTO orders VALUES (7, 'x')",
            "INSERT INTO lines VALUES (7)",
            "CREATE TABLE orders_new (id INTEGER PRIMARY KEY, name VARCHAR(40) NOT NULL)",
            "INSERT INTO orders_new SELECT * FROM orders",
            "DROP TABLE orders",
            "ALTER TABLE orders_new RENAME TO orders",
        ]}""",
    )
    sqlite.migrate()
    assert sqlite.fetch("SELECT o FROM lines") == [{"o": 7}]


@pytest.mark.postgres
def test_postgresql_builds_an_index_concurrently_outside_a_transaction(postgres: Workbench) -> None:
    postgres.write("202611220001_create_orders", ORDERS)
    postgres.write(
        "202611220002_index",
        'UP = {"*": ["CREATE INDEX CONCURRENTLY ix_name ON orders (name)", "INSERT INTO orders VALUES (1, NULL)"]}\n'
        'DOWN = {"*": ["DELETE FROM orders", "DROP INDEX CONCURRENTLY ix_name"]}',
    )
    assert "statement by statement" in postgres.migrate(dry_run=True).text
    assert postgres.migrate().code == 0
    assert postgres.migrate(rollback=1).code == 0
    assert postgres.states() == {"202611220001": "applied", "202611220002": "pending"}


@pytest.mark.postgres
def test_postgresql_replaces_the_invalid_index_that_a_failed_build_left(postgres: Workbench) -> None:
    postgres.write("202611220001_create_orders", ORDERS)
    postgres.write(
        "202611220002_twins",
        """UP = {"*": ["INSERT INTO orders VALUES (1, 'twin')", "INSERT INTO orders VALUES (2, 'twin')"]}""",
    )
    postgres.write("202611220003_index", 'UP = {"*": ["CREATE UNIQUE INDEX CONCURRENTLY ix_name ON orders (name)"]}')
    with pytest.raises(OperationError, match="could not create unique index"):
        postgres.migrate()
    assert postgres.fetch("SELECT indisvalid FROM pg_index WHERE indexrelid = 'ix_name'::regclass") == [
        {"indisvalid": False}
    ]
    postgres.fetch("UPDATE orders SET name = 'other' WHERE id = 2")
    assert postgres.migrate().code == 0
    assert postgres.fetch("SELECT indisvalid FROM pg_index WHERE indexrelid = 'ix_name'::regclass") == [
        {"indisvalid": True}
    ]


@pytest.mark.postgres
def test_postgresql_may_use_a_member_in_the_file_that_adds_it(postgres: Workbench) -> None:
    postgres.write(
        "202611220001_mood", """UP = {"*": ["CREATE TYPE mood AS ENUM ('calm')", "CREATE TABLE days (mood mood)"]}"""
    )
    postgres.write(
        "202611220002_busy", """UP = {"*": ["ALTER TYPE mood ADD VALUE 'busy'", "INSERT INTO days VALUES ('busy')"]}"""
    )
    assert "202611220002_busy (up, statement by statement)" in postgres.migrate(dry_run=True).text
    assert postgres.migrate().code == 0
    assert postgres.fetch("SELECT mood FROM days") == [{"mood": "busy"}]


def test_a_statement_that_controls_the_transaction_is_refused(bench: Workbench) -> None:
    bench.write("202611220001_commit", 'UP = {"*": ["CREATE TABLE x (id INTEGER)", "COMMIT"]}')
    with pytest.raises(RefusedError, match=r"202611220001_commit.py:1: statement 2 controls the transaction itself"):
        bench.migrate()
    assert bench.tables() == set()


@pytest.mark.parametrize(
    ("down", "message"),
    [
        pytest.param("", "has no way back: no DOWN", id="there is no DOWN"),
        pytest.param("DOWN = None", "has no way back: no DOWN", id="DOWN is None"),
        pytest.param(
            "IRREVERSIBLE = 'it drops a column'", "says it cannot be rolled back: it drops a column", id="it says so"
        ),
    ],
)
def test_what_has_no_way_back_stops_a_rollback_before_it_begins(bench: Workbench, down: str, message: str) -> None:
    bench.write("202611220001_one_way", f'UP = {{"*": ["CREATE TABLE x (id INTEGER)"]}}\n{down}')
    bench.write("202611220002_create_orders", ORDERS)
    bench.migrate()
    with pytest.raises(RefusedError, match=message) as caught:
        bench.migrate(rollback=2)
    assert caught.value.hint.startswith("nothing was rolled back: ")
    assert caught.value.hint.endswith(
        "--force-irreversible only takes it off the list; `arckode db:migrate --rollback 1` takes back only what was "
        "applied after it"
    )
    assert bench.tables() == {"x", "orders"}


@pytest.mark.parametrize(
    ("asked", "again"),
    [
        pytest.param({"rollback": 4}, "arckode db:migrate --rollback 2", id="a number goes on with what is left of it"),
        pytest.param({"rollback": 3}, "arckode db:migrate --rollback", id="one is the number without a number"),
        pytest.param(
            {"rollback": 1, "to": "202611220001"}, "arckode db:migrate --rollback --to 202611220001", id="to a file"
        ),
    ],
)
def test_a_way_back_that_fails_in_the_middle_says_what_was_rolled_back_before(
    bench: Workbench, asked: dict[str, Value], again: str
) -> None:
    bench.write("202611220001_create_orders", ORDERS)
    bench.write("202611220002_slip", 'UP = {"*": ["CREATE TABLE b (id INTEGER)"]}\nDOWN = {"*": ["DROP TABLE bb"]}\n')
    for name in ("202611220003_c", "202611220004_d"):
        table = name[-1]
        bench.write(
            name, f'UP = {{"*": ["CREATE TABLE {table} (id INTEGER)"]}}\nDOWN = {{"*": ["DROP TABLE {table}"]}}'
        )
    bench.migrate()
    with pytest.raises(OperationError, match=r"202611220002_slip\.py:2: statement 1 of 1 failed on ") as caught:
        bench.migrate(**asked)
    assert caught.value.hint.startswith("nothing was taken back")
    assert caught.value.hint.endswith(
        "; before it 202611220004_d, 202611220003_c were rolled back, and nothing else; correct it and run "
        f"`{again}` again"
    )
    assert bench.tables() == {"orders", "b"}


def test_a_file_that_fails_says_what_was_applied_before_it(bench: Workbench) -> None:
    for number in range(1, 15):
        bench.write(f"2026112200{number:02}_t{number}", f'UP = {{"*": ["CREATE TABLE t{number} (id INTEGER)"]}}')
    bench.write("202611220100_slip", 'UP = {"*": ["CREATE TABLE t1 (id INTEGER)"]}')
    with pytest.raises(OperationError) as caught:
        bench.migrate(to="202611220100")
    said = caught.value.hint
    assert "; before it 202611220003_t3, 202611220004_t4, " in said
    assert said.endswith(
        ", 202611220014_t14 and 2 before were applied, and nothing else; correct it and run "
        "`arckode db:migrate --to 202611220100` again"
    )
