"""`--verify-down` proves each way back in a database of its own and leaves the project's alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from arckode_gen.errors import OperationError, RefusedError, UsageError
from arckode_gen.migrations.inside import other_databases

if TYPE_CHECKING:
    from tests.migrations.workbench import Workbench


def test_ways_back_that_lead_back_are_said_to(bench: Workbench) -> None:
    bench.usual()
    said = bench.migrate(verify_down=True)
    assert said.code == 0
    assert said.text.count(": up, down and up again end where they should") == 3
    assert bench.tables() == set()
    assert bench.states() == {"202611220001": "pending", "202611220002": "pending", "202611220003": "pending"}


def test_what_a_way_back_leaves_behind_is_listed(bench: Workbench) -> None:
    bench.usual()
    bench.write(
        "202611220004_forgetful",
        """UP = {"*": ["CREATE TABLE notes (id INTEGER)", "CREATE TABLE tags (id INTEGER)"]}
DOWN = {"*": ["DROP TABLE notes", "ALTER TABLE tags RENAME TO old_tags"]}
""",
    )
    said = bench.migrate(verify_down=True)
    assert said.code == 1
    assert "202611220004_forgetful: the way back does not lead back" in said.text
    assert "  after down: + column old_tags.id: " in said.text.lower()


def test_a_way_back_that_takes_too_little_makes_up_fail(bench: Workbench) -> None:
    bench.write("202611220001_half", 'UP = {"*": ["CREATE TABLE a (id INTEGER)"]}\nDOWN = {"*": []}')
    with pytest.raises(OperationError, match=r"202611220001_half.py: after down, up fails: ") as caught:
        bench.migrate(verify_down=True)
    assert caught.value.hint == "make DOWN take back all that UP does"


def test_what_is_irreversible_is_said_and_passed(bench: Workbench) -> None:
    bench.write("202611220001_one_way", 'UP = {"*": ["CREATE TABLE a (id INTEGER)"]}\nIRREVERSIBLE = "why not"\n')
    said = bench.migrate(verify_down=True, json=True)
    assert said.code == 0
    assert said.document["verified"] == [{"name": "202611220001_one_way", "outcome": "irreversible", "differences": []}]


def test_it_goes_with_nothing_else(sqlite: Workbench) -> None:
    with pytest.raises(UsageError, match="--verify-down runs in a database of its own"):
        sqlite.migrate(verify_down=True, rollback=1)


@pytest.mark.mariadb
def test_a_file_that_names_its_database_is_not_verified_on_the_real_one(mariadb: Workbench) -> None:
    own = mariadb.url.rpartition("/")[2]
    mariadb.write("202611220001_named", f'UP = {{"*": ["CREATE TABLE {own}.a (id INTEGER)"]}}\nDOWN = {{"*": []}}')
    with pytest.raises(RefusedError, match=f"it names the database {own} and would change it"):
        mariadb.migrate(verify_down=True)
    assert mariadb.tables() == set()


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ("ALTER TABLE `shop` . `orders` ADD x INT", ["shop"]),
        ("CREATE INDEX i ON shop.orders (id)", ["shop"]),
        ("INSERT INTO audit.log VALUES (1)", ["audit"]),
        ("USE audit", ["audit"]),
        ("UPDATE orders o JOIN lines l ON o.id = l.id SET o.n = l.n", []),
        ("SELECT table_name FROM information_schema.tables", []),
        ("INSERT INTO t VALUES ('TABLE shop.orders')", []),
    ],
)
def test_a_database_is_told_from_a_table(sql: str, found: list[str]) -> None:
    assert list(other_databases(sql, "shop")) == found
