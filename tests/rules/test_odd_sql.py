"""SQL that nobody expected: it crashes nothing, is never silently safe, and blocks no migration that is valid."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arckode_analyzers.sql.catalogue import CHECKS
from arckode_analyzers.sql.operations import ENGINES
from arckode_analyzers.sql.reading import DIALECTS, Reader
from arckode_analyzers.sql.splitting import split
from arckode_gen.migrations import splitter
from tests.migrations.test_splitter import EVERYWHERE, MYSQL_PROCEDURE, PG_ATOMIC, PG_FUNCTION, SQLITE_TRIGGER
from tests.rules.judging import told

if TYPE_CHECKING:
    from arckode_gen.migrations.dialects import Dialect

_FILE = Path(__file__).parent / "fixtures/ddl.tsv"
_ROWS = tuple(csv.DictReader(_FILE.read_text(encoding="utf-8").splitlines(), delimiter="\t"))
"""103 statements that PostgreSQL runs, how sqlglot writes them for two others, and whether those run that."""
_SYNTAX = frozenset({"foreign-dialect", "reserved-name", "long-name", "sqlite-column", "text-key"})
_REFUSED = tuple(check for check in CHECKS if check.name in _SYNTAX)
_PLACES = (("sqlite", "sqlite_result", "sqlite_sql"), ("mariadb", "mariadb_result", "mysql_sql"))


@pytest.mark.parametrize("row", [pytest.param(row, id=row["id"]) for row in _ROWS])
def test_a_statement_that_the_engine_runs_is_not_called_foreign(row: dict[str, str]) -> None:
    assert told("postgresql", [row["statement_postgres"]], stage=(), checks=_REFUSED) == []
    for on, result, text in _PLACES:
        if row[result] == "OK":
            assert told(on, [row[text]], stage=(), checks=_REFUSED) == []


@pytest.mark.parametrize(("on", "least"), [("sqlite", 41), ("mariadb", 33)])
def test_most_of_what_an_engine_refuses_is_called_foreign(on: str, least: int) -> None:
    result, text = next(place[1:] for place in _PLACES if place[0] == on)
    refused = [row[text] for row in _ROWS if row[result] == "EXEC_FAIL"]
    assert sum(bool(told(on, [each], stage=(), checks=_REFUSED)) for each in refused) >= least


def test_what_cannot_be_read_is_a_warning_and_refuses_nothing() -> None:
    unread = [
        row["statement_postgres"]
        for row in _ROWS
        if "unread" in told("postgresql", [row["statement_postgres"]], stage=())
    ]
    assert len(unread) <= 2
    errors = tuple(check for check in CHECKS if check.severity == "error")
    assert [each for each in unread if told("postgresql", [each], stage=(), checks=errors)] == []


_TEXTS = st.sampled_from([row["statement_postgres"] for row in _ROWS])
_PIECES = st.sampled_from(
    ["'", '"', "`", "$$", "(", ")", ";", "--", "/*", "\x00", "é", " DROP ", " TABLE ", ",", "::", "[", "\\"]
)


@st.composite
def _damaged(draw: st.DrawFn) -> str:
    """Return a statement with a piece cut out and another put in."""
    text: str = draw(_TEXTS)
    first, last = sorted(draw(st.tuples(st.integers(0, len(text)), st.integers(0, len(text)))))
    piece: str = draw(_PIECES)
    return text[:first] + piece + text[last:]


@pytest.mark.parametrize("text", ["ALTER TABLE orders DROP COLUMN", "ALTER TABLE orders RENAME", "DELETE FROM"])
def test_a_statement_that_ends_too_early_is_unread(text: str) -> None:
    assert "unread" in told("postgresql", [text], stage=())


@settings(max_examples=150, deadline=None)
@given(text=_damaged(), on=st.sampled_from(ENGINES))
def test_damaged_statements_are_read_as_something_or_called_unread(text: str, on: str) -> None:
    kinds = {operation.kind for operation in Reader().read(text, on)}
    assert kinds or not text.strip() or text.strip().startswith(("--", "/*"))
    if kinds == {"unknown"} and text:
        assert "unread" in told(on, [text], stage=())
    split(text, DIALECTS[on])


@pytest.mark.parametrize("on", ENGINES)
@pytest.mark.parametrize(("sql", "expected"), EVERYWHERE)
def test_a_script_is_cut_as_the_runner_cuts_it(on: Dialect, sql: str, expected: list[str]) -> None:
    assert [text for text, _ in split(sql, DIALECTS[on])] == expected


@pytest.mark.parametrize(
    ("on", "body"),
    [("sqlite", SQLITE_TRIGGER), ("mysql", MYSQL_PROCEDURE), ("postgresql", PG_FUNCTION), ("postgresql", PG_ATOMIC)],
)
def test_what_follows_a_routine_is_seen(on: Dialect, body: str) -> None:
    script = f"{body};\n\nDROP TABLE orders;"
    cut = split(script, DIALECTS[on])
    assert [text for text, _ in cut] == [each.text for each in splitter.split(script, on)]
    assert cut[-1] == ("DROP TABLE orders", script.count("\n") + 1)


@pytest.mark.parametrize("text", ["CREATE TRIGGER t BEGIN a; DROP TABLE b; c;", "CREATE FUNCTION f END; DROP TABLE b"])
def test_a_block_that_does_not_close_hides_no_statement(text: str) -> None:
    assert "DROP TABLE b" in [each for each, _ in split(text, "sqlite")]


@pytest.mark.parametrize("text", ["SELECT 'a; DROP TABLE b", "DELIMITER //\nDROP TABLE b //"])
def test_a_script_that_cannot_be_cut_is_one_statement(text: str) -> None:
    assert split(text, "mysql") == ((text, 1),)
