"""What people run into: each says what was applied, what was not and what to do, and nothing says a password."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from arckode_gen.errors import OperationError, RefusedError
from tests.migrations.workbench import ORDERS, Workbench

if TYPE_CHECKING:
    from pathlib import Path

GOOD = [f"CREATE TABLE t{number} (id INTEGER PRIMARY KEY)" for number in range(1, 5)]
SECRET = "hunter2-hunter2"


def test_a_slip_in_the_fifth_statement_says_what_the_four_before_it_left(bench: Workbench) -> None:
    bench.write("202611220001_create_orders", ORDERS)
    path = bench.write("202611220002_slip", f'UP = {{"*": {[*GOOD, "CREATE TABEL t5 (id INTEGER)"]!r}}}\n')
    with pytest.raises(OperationError) as caught:
        bench.migrate(unsafe="the slip is what is tested")
    assert f"{path.name}:1: statement 5 of 5 failed on {bench.dialect}: " in caught.value.message
    assert "CREATE TABEL t5" in caught.value.message
    kept = set() if bench.transactional else {"t1", "t2", "t3", "t4"}
    assert bench.tables() == {"orders"} | kept
    said = (
        "nothing of this file was kept" if bench.transactional else "statements 1 to 4 have taken effect and will not"
    )
    assert said in caught.value.hint
    path.write_text(f'UP = {{"*": {[*GOOD, "CREATE TABLE t5 (id INTEGER)"]!r}}}\n')
    assert bench.migrate().code == 0
    assert bench.tables() == {"orders", "t1", "t2", "t3", "t4", "t5"}


def test_two_files_with_one_number_are_both_applied_in_order_of_name(bench: Workbench) -> None:
    bench.write("202611220001_b_of_one_branch", 'UP = {"*": ["CREATE TABLE b (id INTEGER PRIMARY KEY)"]}\n')
    bench.write("202611220001_a_of_another", 'UP = {"*": ["CREATE TABLE a (id INTEGER PRIMARY KEY)"]}\n')
    assert bench.migrate().code == 0
    assert [row["id"] for row in bench.rows()] == ["202611220001_a_of_another", "202611220001_b_of_one_branch"]


def test_two_files_with_one_name_are_refused(bench: Workbench) -> None:
    bench.write("202611220001_create_orders", ORDERS)
    bench.write("202611220001_create_orders.sql", "-- migrate:up\nCREATE TABLE orders (id INTEGER);\n")
    with pytest.raises(Exception, match="have the same name"):
        bench.migrate()
    assert bench.tables() == set()


def test_a_file_that_is_not_utf8_stops_the_run_before_the_first_file(bench: Workbench) -> None:
    bench.write("202611220001_create_orders", ORDERS)
    bench.write("202611220002_latin", "").write_bytes('UP = {"*": ["SELECT \'é\'"]}\n'.encode("latin-1"))
    with pytest.raises(RefusedError) as caught:
        bench.migrate()
    assert caught.value.message == "src/shop/migrations/202611220002_latin.py:1: not UTF-8 (byte 21)"
    assert caught.value.hint == "nothing was applied: save it as UTF-8"
    assert bench.tables() == set()


def test_a_way_back_that_fails_says_what_stayed_and_goes_on_once_it_is_right(bench: Workbench) -> None:
    text = ORDERS.replace('"DROP TABLE orders"', '"CREATE TABLE gone (id INTEGER)", "DROP TABLE ordres"')
    path = bench.write("202611220001_create_orders", text)
    bench.migrate()
    with pytest.raises(OperationError) as caught:
        bench.migrate(rollback=1)
    assert f"{path.name}:2: statement 2 of 2 failed on {bench.dialect}: " in caught.value.message
    assert caught.value.message.endswith("\n    DROP TABLE ordres")
    said = (
        "nothing was taken back: the file is applied; correct it and run `arckode db:migrate --rollback`"
        if bench.transactional
        else "statement 1 has taken effect and will not run twice"
    )
    assert caught.value.hint.startswith(said)
    assert bench.states() == {"202611220001": "applied" if bench.transactional else "unfinished"}
    assert bench.tables() == ({"orders"} if bench.transactional else {"orders", "gone"})
    path.write_text(text.replace("ordres", "orders"))
    assert bench.migrate(rollback=1).code == 0
    assert bench.tables() == {"gone"}
    assert bench.states() == {"202611220001": "pending"}


USERS = {
    "postgresql": (
        "DROP ROLE IF EXISTS arckode_reader",
        f"CREATE ROLE arckode_reader LOGIN PASSWORD '{SECRET}'",
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
        "GRANT USAGE ON SCHEMA public TO arckode_reader",
    ),
    "mariadb": (
        "DROP USER IF EXISTS arckode_reader@'%', arckode_reader@localhost",
        f"CREATE USER arckode_reader@'%' IDENTIFIED BY '{SECRET}'",
        f"CREATE USER arckode_reader@localhost IDENTIFIED BY '{SECRET}'",
        "GRANT SELECT ON *.* TO arckode_reader@'%'",
        "GRANT SELECT ON *.* TO arckode_reader@localhost",
    ),
}
GONE = {
    "postgresql": ("DROP OWNED BY arckode_reader", "DROP ROLE arckode_reader"),
    "mariadb": ("DROP USER arckode_reader@'%', arckode_reader@localhost",),
}


@pytest.mark.parametrize(
    "name", [pytest.param("postgres", marks=pytest.mark.postgres), pytest.param("mariadb", marks=pytest.mark.mariadb)]
)
def test_a_user_who_may_not_create_tables_is_told_so_without_the_password(
    name: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    bench: Workbench = request.getfixturevalue(name)
    bench.execute(*USERS[bench.dialect])
    scheme, _, rest = bench.url.partition("://")
    reader = Workbench(
        tmp_path / "reader", f"{scheme}://arckode_reader:{SECRET}@{rest.partition('@')[2]}", bench.dialect
    )
    reader.write("202611220001_create_orders", ORDERS)
    try:
        with pytest.raises(OperationError) as caught:
            reader.migrate()
    finally:
        bench.execute(*GONE[bench.dialect])
    assert "denied" in caught.value.message
    assert "check that the user of DATABASE_URL may create and write tables" in caught.value.hint
    assert SECRET not in str(caught.value)
    assert bench.tables() == set()
