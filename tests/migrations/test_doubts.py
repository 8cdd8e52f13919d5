"""A dry run says which statements look like a slip of the hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from arckode_gen.commands._sql_doubts import doubts
from tests.generated import arckode, must

if TYPE_CHECKING:
    from pathlib import Path

    from arckode_gen.migrations.dialects import Dialect


@pytest.mark.parametrize(
    ("dialect", "statement"),
    [
        pytest.param("sqlite", "CREATE TABLE a (id INTEGER NOT NULL name TEXT)", id="a comma is missing"),
        pytest.param("postgresql", "CREATE TABLE a (id UUID NOT NULL", id="a bracket is not closed"),
        pytest.param("mariadb", "INSERT INTO a VALUES ('x)", id="a quote is not closed"),
        pytest.param("mysql", "DELETE FROM WHERE id = 1", id="a name is missing"),
    ],
)
def test_a_slip_of_the_hand_is_doubted(dialect: str, statement: str) -> None:
    assert list(doubts([statement], cast("Dialect", dialect))) == [statement]


@pytest.mark.parametrize(
    ("dialect", "statement"),
    [
        pytest.param("sqlite", "CREATE TABLE a (id CHAR(32) NOT NULL, CONSTRAINT pk_a PRIMARY KEY (id))", id="a table"),
        pytest.param("postgresql", "CREATE INDEX CONCURRENTLY ix ON a (b) WHERE c IS NULL", id="a partial index"),
        pytest.param("mariadb", "CREATE TABLE a (n LONGTEXT) CHARSET=utf8mb4 COLLATE utf8mb4_nopad_bin", id="options"),
        pytest.param("sqlite", "CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT 1; END", id="a body that is not read"),
        pytest.param("postgresql", "VACUUM FULL nonsense everywhere", id="a statement that is not known"),
    ],
)
def test_what_an_engine_understands_is_not_doubted(dialect: str, statement: str) -> None:
    assert doubts([statement], cast("Dialect", dialect)) == {}


def test_a_dry_run_names_the_file_and_the_place(shop: Path) -> None:
    broken = 'UP = {"*": ["CREATE TABLE a (id INTEGER NOT NULL name TEXT)"]}\nDOWN = {"*": ["DROP TABLE a"]}\n'
    (shop / "src/shop/migrations/202611220001_create_a.py").write_text(broken)
    said = must(arckode(shop, "db:migrate", "--dry-run")).stderr
    assert "doubtful: 202611220001_create_a, `CREATE TABLE a (id INTEGER NOT NULL name TEXT)`, line 1:" in said


def test_everything_that_is_generated_is_beyond_doubt(shop: Path) -> None:
    must(arckode(shop, "make:module", "orders", "total:decimal=12.2", "status:enum=a/b", "body:text", "raw:bytes:null"))
    for dialect in ("sqlite", "postgresql", "mysql", "mariadb"):
        script = must(arckode(shop, "db:migrate", "--sql", "--dialect", dialect)).stdout
        statements = [part for part in script.split(";") if "CREATE" in part and "orders" in part]
        assert statements
        assert doubts(statements, dialect) == {}
