"""Scripts are cut where the database would cut them, and refused where something never closes."""

from __future__ import annotations

import pytest

from arckode_gen.errors import RefusedError
from arckode_gen.migrations.dialects import DIALECTS, Dialect
from arckode_gen.migrations.splitter import split
from arckode_gen.migrations.sqltext import normalised

EVERYWHERE = [
    pytest.param("SELECT 1; SELECT 2", ["SELECT 1", "SELECT 2"], id="two statements"),
    pytest.param("SELECT 1;", ["SELECT 1"], id="one with its semicolon"),
    pytest.param(" ;; ; SELECT 1 ;; ", ["SELECT 1"], id="empty statements"),
    pytest.param("", [], id="nothing"),
    pytest.param("-- only a comment; here", [], id="only a comment"),
    pytest.param("SELECT 'a;b'; SELECT 2", ["SELECT 'a;b'", "SELECT 2"], id="a semicolon in a string"),
    pytest.param("SELECT 'it''s;'; SELECT 2", ["SELECT 'it''s;'", "SELECT 2"], id="a doubled quote"),
    pytest.param("SELECT '-- no;'; SELECT 2", ["SELECT '-- no;'", "SELECT 2"], id="a comment in a string"),
    pytest.param("SELECT 1 -- it's; fine\n; SELECT 2", ["SELECT 1", "SELECT 2"], id="a quote in a line comment"),
    pytest.param("SELECT 1 /* it's; fine */; SELECT 2", ["SELECT 1", "SELECT 2"], id="a quote in a block comment"),
    pytest.param('SELECT "a;b" FROM t; SELECT 2', ['SELECT "a;b" FROM t', "SELECT 2"], id="a quoted name"),
    pytest.param(
        "SELECT CASE WHEN a THEN b END; SELECT 2", ["SELECT CASE WHEN a THEN b END", "SELECT 2"], id="CASE outside"
    ),
    pytest.param(
        "CREATE TABLE t (begin_at INT); SELECT 2", ["CREATE TABLE t (begin_at INT)", "SELECT 2"], id="begin_at"
    ),
]


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(("sql", "expected"), EVERYWHERE)
def test_every_dialect_cuts(dialect: Dialect, sql: str, expected: list[str]) -> None:
    assert [statement.text for statement in split(sql, dialect)] == expected


SQLITE_TRIGGER = """CREATE TRIGGER t AFTER INSERT ON a WHEN (CASE WHEN NEW.x THEN 1 END) BEGIN
  INSERT INTO b VALUES ('x;');
  UPDATE b SET y = CASE WHEN y > 1 THEN 2 ELSE 3 END;
END"""
MYSQL_PROCEDURE = """CREATE DEFINER = `root`@`localhost` PROCEDURE p()
BEGIN
  DECLARE i INT DEFAULT 0;
  WHILE i < 3 DO
    IF i = 2 THEN INSERT INTO a VALUES (i); END IF;
    SET i = i + 1;
  END WHILE;
  again: LOOP LEAVE again; END LOOP again;
  REPEAT SET i = i - 1; UNTIL i = 0 END REPEAT;
  CASE i WHEN 0 THEN SELECT 1; ELSE BEGIN END; END CASE;
END"""
PG_FUNCTION = """CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
  NEW.x := 'a;b'; -- it's
  RETURN NEW;
END;
$body$"""
PG_ATOMIC = """CREATE FUNCTION g(a int) RETURNS int LANGUAGE sql
BEGIN ATOMIC
  SELECT CASE WHEN a > 1 THEN 2 ELSE 3 END;
  SELECT a;
END"""


@pytest.mark.parametrize(
    ("dialect", "statements"),
    [
        pytest.param("sqlite", [SQLITE_TRIGGER], id="a trigger with CASE in its WHEN and its body"),
        pytest.param("sqlite", ["SELECT [a;b] FROM `c;d`"], id="names in brackets and ticks"),
        pytest.param(
            "sqlite", ["CREATE TEMP TRIGGER t AFTER INSERT ON a BEGIN SELECT 1; END"], id="a temporary trigger"
        ),
        pytest.param("mysql", [MYSQL_PROCEDURE], id="a procedure with every kind of block"),
        pytest.param("mysql", [r"SELECT 'it\'s;'", r'SELECT "a\";b"'], id="backslashes in both kinds of string"),
        pytest.param("mysql", ["SELECT 1 # it's; fine\n+ 1"], id="a hash comment"),
        pytest.param("mysql", ["SELECT 5--1", "SELECT 2"], id="two minus signs that are no comment"),
        pytest.param(
            "mysql", ["CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW SET NEW.x = 1"], id="a body without BEGIN"
        ),
        pytest.param(
            "mariadb",
            ["CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW IF NEW.x THEN SET NEW.y = 1; END IF"],
            id="a body that is one IF",
        ),
        pytest.param("mariadb", ["BEGIN NOT ATOMIC SELECT 1; SELECT 2; END"], id="a compound statement"),
        pytest.param(
            "mariadb",
            ["CREATE TRIGGER IF NOT EXISTS t BEFORE INSERT ON a FOR EACH ROW BEGIN SET @a = IF(1, 2, 3); END"],
            id="the function IF",
        ),
        pytest.param("postgresql", [PG_FUNCTION], id="a function in dollar quotes"),
        pytest.param("postgresql", ["DO $$ BEGIN PERFORM 1; END $$"], id="an anonymous block"),
        pytest.param("postgresql", ["SELECT $a$ $$;$$ ; $b$ $a$"], id="dollar quotes in dollar quotes"),
        pytest.param("postgresql", [PG_ATOMIC], id="a function with BEGIN ATOMIC"),
        pytest.param("postgresql", [r"SELECT E'it\'s;'", r"SELECT 'a\'"], id="backslashes only in E strings"),
        pytest.param("postgresql", ["SELECT 1 /* a /* nested; */ comment; */ + 1"], id="nested comments"),
        pytest.param("postgresql", ["SELECT a[1], b$c FROM t WHERE x = $1"], id="arrays, dollars in names, parameters"),
    ],
)
def test_what_only_one_dialect_knows(dialect: Dialect, statements: list[str]) -> None:
    script = ";\n".join([*statements, "SELECT 'last'"]) + ";"
    assert [item.text for item in split(script, dialect)] == [*statements, "SELECT 'last'"]


def test_delimiter_lines_are_obeyed_as_the_mysql_client_does() -> None:
    body = "CREATE PROCEDURE p() BEGIN SELECT 'a//b'; SELECT 2; END"
    script = f"DELIMITER //\n{body}//\nDELIMITER ;\nSELECT 3;\ndelimiter $$\nSELECT 4$$\n"
    assert [item.text for item in split(script, "mysql")] == [body, "SELECT 3", "SELECT 4"]


def test_statements_know_their_lines() -> None:
    script = "-- a\nSELECT 1;\n\n/* b\n*/ SELECT\n2;\nSELECT 3"
    assert [item.line for item in split(script, "postgresql", first_line=10)] == [11, 14, 16]


@pytest.mark.parametrize(
    ("dialect", "sql", "message"),
    [
        pytest.param("sqlite", "SELECT 1;\nSELECT 'a", "line 2: the quote 'a that opens here", id="a string"),
        pytest.param("sqlite", "SELECT [a", "line 1: the quote [a that opens here", id="a bracket"),
        pytest.param("mysql", "SELECT `a", "line 1: the quote `a that opens here", id="a tick"),
        pytest.param("mysql", "/* a", "line 1: the comment that opens here is never closed", id="a comment"),
        pytest.param("postgresql", "\n\n/* /* */", "line 3: the comment that opens here", id="a nested comment"),
        pytest.param("postgresql", "DO $x$ BEGIN END $y$", "line 1: the quote $x that opens here", id="a dollar quote"),
        pytest.param(
            "sqlite", "CREATE TRIGGER t BEGIN SELECT 1;", "line 1: the BEGIN of this statement", id="a trigger"
        ),
        pytest.param("postgresql", "SELECT 1;\n\\d t", "line 2: this is for the psql client", id="a psql command"),
        pytest.param("postgresql", "COPY t FROM stdin;", "line 1: this is for the psql client", id="COPY FROM stdin"),
    ],
)
def test_what_cannot_be_cut_safely_is_refused(dialect: Dialect, sql: str, message: str) -> None:
    with pytest.raises(RefusedError) as caught:
        split(sql, dialect)
    assert message in caught.value.message


@pytest.mark.parametrize(
    ("one", "other", "dialect"),
    [
        pytest.param("SELECT a,b", "SELECT a , b -- both\n;", "sqlite", id="spaces, a comment, the semicolon"),
        pytest.param("SELECT 1", "SELECT /* /* x */ */ 1", "postgresql", id="a nested comment"),
    ],
)
def test_equal_statements_normalise_to_the_same(one: str, other: str, dialect: Dialect) -> None:
    assert normalised(one, dialect) == normalised(other, dialect)


@pytest.mark.parametrize(
    ("one", "other", "dialect"),
    [
        pytest.param("SELECT 'a  b'", "SELECT 'a b'", "sqlite", id="spaces in a string"),
        pytest.param("SELECT '--x'", "SELECT ''", "sqlite", id="a comment in a string"),
        pytest.param("SELECT /*!80000 1 */ + 2", "SELECT + 2", "mysql", id="a comment that MySQL executes"),
    ],
)
def test_different_statements_stay_different(one: str, other: str, dialect: Dialect) -> None:
    assert normalised(one, dialect) != normalised(other, dialect)
