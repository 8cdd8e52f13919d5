"""Tricky `.sql` files on the real databases, because what counts is what the server makes of the pieces."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.migrations.workbench import Workbench

SQLITE = """-- migrate:up
CREATE TABLE a (id INTEGER, x TEXT);
CREATE TABLE seen (text TEXT);
CREATE TRIGGER on_a AFTER INSERT ON a BEGIN
    INSERT INTO seen VALUES ('one;' || NEW.x);
    INSERT INTO seen VALUES (CASE WHEN NEW.id > 1 THEN 'big' ELSE 'small' END);
END;
INSERT INTO a VALUES (2, 'it''s -- not a comment');
-- migrate:down
DROP TRIGGER on_a; DROP TABLE seen; DROP TABLE a;
"""
POSTGRESQL = """-- migrate:up
CREATE TABLE a (id INTEGER, x TEXT);
CREATE TABLE seen (text TEXT);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $fn$
BEGIN
    INSERT INTO seen VALUES ('one;' || NEW.x); -- it's fine
    INSERT INTO seen VALUES (CASE WHEN NEW.id > 1 THEN 'big' ELSE $$small$$ END);
    RETURN NEW;
END;
$fn$;
CREATE TRIGGER on_a AFTER INSERT ON a FOR EACH ROW EXECUTE FUNCTION note();
INSERT INTO a VALUES (2, 'it''s -- not a comment');
-- migrate:down
DROP TABLE seen; DROP TABLE a; DROP FUNCTION note();
"""
MARIADB = """-- migrate:up
CREATE TABLE a (id INTEGER, x TEXT);
CREATE TABLE seen (text TEXT);
DELIMITER //
CREATE TRIGGER on_a AFTER INSERT ON a FOR EACH ROW BEGIN
    INSERT INTO seen VALUES (CONCAT('one;', NEW.x)); # it's fine
    IF NEW.id > 1 THEN INSERT INTO seen VALUES ('big'); ELSE INSERT INTO seen VALUES ('small'); END IF;
END//
DELIMITER ;
INSERT INTO a VALUES (2, 'it\\'s -- not a comment');
-- migrate:down
DROP TABLE seen; DROP TABLE a;
"""
FILES = {"sqlite": SQLITE, "postgresql": POSTGRESQL, "mariadb": MARIADB}


def test_triggers_strings_and_comments_survive(bench: Workbench) -> None:
    bench.write("202611220001_trigger.sql", FILES[bench.dialect])
    assert bench.migrate().code == 0
    assert [row["text"] for row in bench.fetch("SELECT text FROM seen")] == ["one;it's -- not a comment", "big"]
    assert bench.migrate(rollback=1).code == 0
    assert bench.tables() == set()
    assert bench.migrate().code == 0


@pytest.mark.postgres
def test_transaction_false_runs_each_statement_by_itself(postgres: Workbench) -> None:
    postgres.write(
        "202611220001_loose.sql",
        "-- migrate:up transaction:false\nCREATE TABLE a (id INTEGER);\nCREATE TABLE b (id INTEGER);\n",
    )
    assert "statement by statement" in postgres.migrate(dry_run=True).text
    assert postgres.migrate().code == 0
    assert postgres.rows()[0]["statements_done"] == 2
