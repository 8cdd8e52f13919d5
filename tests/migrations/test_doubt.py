"""After a kill one statement is in doubt on MariaDB: the catalogue says whether it took effect."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from arckode_gen.errors import OperationError
from arckode_gen.migrations.connection import connect
from arckode_gen.migrations.doubt import took_effect
from arckode_gen.migrations.url import parse

if TYPE_CHECKING:
    from tests.migrations.workbench import Workbench

PREPARED = (
    "CREATE TABLE parent (id INT PRIMARY KEY)",
    "CREATE TABLE t (id INT, a INT, INDEX ix_a (a), CONSTRAINT fk_p FOREIGN KEY (id) REFERENCES parent (id))",
    "CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 1",
    "CREATE VIEW v AS SELECT 1 AS one",
)


@pytest.mark.mariadb
@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE x (id INT)",
        "create table `x` (id INT)",
        "DROP TABLE t",
        "CREATE UNIQUE INDEX ix_b ON t (a)",
        "CREATE INDEX ix_b USING BTREE ON `t` (a)",
        "DROP INDEX ix_a ON t",
        "ALTER TABLE t ADD b INT",
        "ALTER TABLE t ADD COLUMN b INT NOT NULL DEFAULT 3",
        "ALTER TABLE t DROP COLUMN a",
        "ALTER TABLE t RENAME COLUMN a TO c",
        "ALTER TABLE t ADD INDEX ix_b (a)",
        "ALTER TABLE t ADD UNIQUE KEY ix_b (a)",
        "ALTER TABLE t DROP KEY ix_a",
        "ALTER TABLE t ADD CONSTRAINT ck CHECK (a > 0)",
        "ALTER TABLE t ADD CONSTRAINT fk_q FOREIGN KEY (a) REFERENCES parent (id)",
        "ALTER TABLE t DROP FOREIGN KEY fk_p",
        "ALTER TABLE t RENAME TO u",
        "RENAME TABLE t TO u",
        "CREATE VIEW w AS SELECT 2 AS two",
        "DROP VIEW v",
        "CREATE TRIGGER tq BEFORE UPDATE ON t FOR EACH ROW SET NEW.a = 1",
        "DROP TRIGGER tr",
    ],
)
def test_the_catalogue_tells_before_from_after(mariadb: Workbench, sql: str) -> None:
    async def both() -> tuple[bool | None, bool | None]:
        connection = await connect(parse(mariadb.url), mariadb.root, "a test")
        try:
            for statement in PREPARED:
                await connection.execute(statement)
            before = await took_effect(connection, sql)
            await connection.execute(sql)
            return before, await took_effect(connection, sql)
        finally:
            await connection.close()

    assert asyncio.run(both()) == (False, True)


def _killed(bench: Workbench, up: str, done: int) -> None:
    """Apply one file, then make its row look as a kill around the last statement leaves it."""
    bench.write("202611220001_first", f'UP = {{"*": {up}}}\nDOWN = {{"*": []}}')
    bench.migrate()
    bench.fetch(f"UPDATE _arckode_migrations SET status = 'running', statements_done = {done}, finished_at = NULL")


@pytest.mark.mariadb
def test_a_statement_that_took_effect_is_not_run_again(mariadb: Workbench) -> None:
    _killed(mariadb, '["CREATE TABLE a (id INT)", "CREATE TABLE b (id INT)"]', done=1)
    assert mariadb.migrate().code == 0
    assert mariadb.rows()[0]["status"] == "applied"


@pytest.mark.mariadb
def test_a_statement_that_did_not_is_run(mariadb: Workbench) -> None:
    _killed(mariadb, '["CREATE TABLE a (id INT)", "CREATE TABLE b (id INT)"]', done=1)
    mariadb.fetch("DROP TABLE b")
    assert mariadb.migrate().code == 0
    assert mariadb.tables() == {"a", "b"}


@pytest.mark.mariadb
def test_what_the_catalogue_cannot_tell_is_asked_of_a_person(mariadb: Workbench) -> None:
    _killed(mariadb, '["CREATE TABLE a (id INT)", "CREATE SEQUENCE s"]', done=1)
    with pytest.raises(OperationError, match="the catalogue does not tell whether it took effect") as caught:
        mariadb.migrate()
    assert "CREATE SEQUENCE s" in caught.value.message
    assert "arckode db:repair 202611220001_first --done 2` if it took effect" in caught.value.hint


@pytest.mark.mariadb
@pytest.mark.parametrize(
    ("there", "sql"),
    [
        pytest.param("CREATE TABLE x (id BIGINT)", "CREATE TABLE x (id INT)", id="another type"),
        pytest.param("CREATE TABLE x (id INT)", "CREATE TABLE x (id INT, a INT)", id="a column that is missing"),
        pytest.param("ALTER TABLE t ADD b TEXT", "ALTER TABLE t ADD COLUMN b INT NOT NULL", id="another column"),
        pytest.param("CREATE INDEX ix_b ON t (id)", "CREATE INDEX ix_b ON t (a)", id="another index"),
        pytest.param("CREATE INDEX ix_b ON t (id)", "CREATE UNIQUE INDEX ix_b ON t (id)", id="an index not unique"),
    ],
)
def test_what_has_the_name_and_not_the_definition_is_asked_of_a_person(
    mariadb: Workbench, there: str, sql: str
) -> None:
    async def ask() -> bool | None:
        connection = await connect(parse(mariadb.url), mariadb.root, "a test")
        try:
            for statement in (*PREPARED, there):
                await connection.execute(statement)
            return await took_effect(connection, sql)
        finally:
            await connection.close()

    assert asyncio.run(ask()) is None


@pytest.mark.mariadb
def test_a_table_with_a_foreign_key_is_known_by_the_rest(mariadb: Workbench) -> None:
    sql = "CREATE TABLE x (id INT, p INT, CONSTRAINT fk_x FOREIGN KEY (p) REFERENCES parent (id))"
    _killed(mariadb, f'["{PREPARED[0]}", "{sql}"]', done=1)
    assert mariadb.migrate().code == 0
