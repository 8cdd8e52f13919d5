"""What a statement is, as far as transactions and texts of several statements care."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from arckode_gen.migrations.effects import follows

if TYPE_CHECKING:
    from arckode_gen.migrations.dialects import Dialect


@pytest.mark.parametrize(
    ("dialect", "sql"),
    [
        ("mysql", "CREATE PROCEDURE p(a INT) IF a > 1 THEN SELECT 1; END IF"),
        ("mysql", "CREATE DEFINER = `me`@`here` PROCEDURE p() lab: LOOP SET @a = 1; LEAVE lab; END LOOP"),
        ("mysql", "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO IF 1 THEN SET @a = 1; END IF"),
        ("mariadb", "CREATE TRIGGER t BEFORE INSERT ON o FOR EACH ROW FOLLOWS y IF NEW.a THEN SET NEW.b = 1; END IF"),
        ("postgresql", "CREATE RULE r AS ON INSERT TO t DO ALSO (INSERT INTO a VALUES (1); INSERT INTO b VALUES (2))"),
        ("postgresql", "CREATE TABLE a (note TEXT DEFAULT ';')"),
        ("sqlite", "CREATE TRIGGER t AFTER INSERT ON a BEGIN DELETE FROM b; DELETE FROM c; END"),
        ("sqlite", "DELETE FROM a;"),
    ],
)
def test_nothing_follows_a_statement_that_holds_others(dialect: Dialect, sql: str) -> None:
    assert follows(sql, dialect) == ""


@pytest.mark.parametrize(
    ("sql", "second"),
    [
        ("CREATE TABLE a (id INTEGER); DROP TABLE b", "DROP TABLE b"),
        ("CREATE TABLE event (id INTEGER); DROP TABLE b", "DROP TABLE b"),
        ("DELETE FROM a; COMMIT", "COMMIT"),
        ("CREATE INDEX rule ON a (b); SELECT 1", "SELECT 1"),
    ],
)
def test_what_follows_is_named(sql: str, second: str) -> None:
    assert follows(sql, "postgresql") == second
