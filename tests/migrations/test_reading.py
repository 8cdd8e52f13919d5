"""What a migration file may not say, each with the message that a person reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from arckode_gen.errors import RefusedError
from arckode_gen.migrations.files import Source, find
from arckode_gen.migrations.reading import read

if TYPE_CHECKING:
    from pathlib import Path


def _read(text: str, name: str = "202611220001_x.py") -> object:
    return read(Source(name.split(".", maxsplit=1)[0], name, text.encode()))


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        pytest.param("", "202611220001_x.py has neither UP nor", "write a dict", id="an empty file"),
        pytest.param("UP = {", "202611220001_x.py:1: not valid Python", "correct", id="broken Python"),
        pytest.param("UP = 3", "202611220001_x.py:1: UP is not a dict", "write a dict", id="a number"),
        pytest.param(
            "\nUP = {'*': 'SELECT 1'}", "x.py:2: UP['*'] is not a list", "write a dict", id="a text for a list"
        ),
        pytest.param("UP = {'*': [1]}", "x.py:1: UP['*'][0] is not a statement", "non-empty", id="a number in a list"),
        pytest.param("UP = {'*': [\n'SELECT 1',\n' ; ']}", "x.py:3: UP['*'][1] is not", "non-empty", id="an empty one"),
        pytest.param(
            "UP = {'postgres': []}", "UP has an unknown key 'postgres'", "did you mean 'postgresql'?", id="a near key"
        ),
        pytest.param("UP = {'oracle': []}", "UP has an unknown key 'oracle'", "the keys are '*'", id="a far key"),
        pytest.param(
            "def up(db): ...", "x.py:1: up must be `async def up(db)`", "async", id="a function that waits not"
        ),
        pytest.param("async def up(): ...", "x.py:1: up must be `async def up(db)`", "async", id="no parameter"),
        pytest.param("UP = {}\nasync def up(db): ...", "both UP and up(db) are here", "keep one", id="both"),
        pytest.param("UP = {}\nTRANSACTION = 'no'", "TRANSACTION must be True or False", "", id="TRANSACTION as text"),
        pytest.param(
            "UP = {}\nIRREVERSIBLE = True", "IRREVERSIBLE must be a text", "", id="IRREVERSIBLE without reason"
        ),
        pytest.param("import nowhere\nUP = dict()", "No module named 'nowhere'", "must go on working", id="an import"),
        pytest.param(
            "1 / 0\nUP = dict()", "ZeroDivisionError: division by zero", "correct", id="it fails when it runs"
        ),
    ],
)
def test_a_python_file_that_is_no_migration_is_refused(text: str, message: str, hint: str) -> None:
    with pytest.raises(RefusedError) as caught:
        _read(text)
    assert message in caught.value.message
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("", "x.sql has no `-- migrate:up`", id="an empty file"),
        pytest.param("SELECT 1;\n-- migrate:up\n", "x.sql:1: this line belongs to no direction", id="SQL before up"),
        pytest.param("-- migrate:down\nSELECT 1", "x.sql has no `-- migrate:up`", id="only down"),
        pytest.param("-- migrate:up\n-- migrate:up\n", "x.sql:2: cannot follow `-- migrate:up`", id="up twice"),
        pytest.param("-- migrate:sideways\n", "x.sql:1: cannot follow `-- migrate:sideways`", id="a third direction"),
        pytest.param("-- migrate:up now\n", "x.sql:1: cannot follow `-- migrate:up now`", id="an unknown option"),
    ],
)
def test_a_sql_file_that_is_no_migration_is_refused(text: str, message: str) -> None:
    with pytest.raises(RefusedError) as caught:
        _read(text, "202611220001_x.sql")
    assert message in caught.value.message


def test_a_file_that_is_not_utf8_is_refused() -> None:
    with pytest.raises(RefusedError, match=r"x.py:1: not UTF-8 \(byte 1\)"):
        read(Source("x", "x.py", b"#\xff"))


def test_a_literal_file_is_never_run() -> None:
    _read("raise SystemExit('it ran')\nUP = {'*': ['SELECT 1']}")


def test_a_computed_dict_is_taken_from_the_module() -> None:
    migration = read(Source("x", "x.py", b"UP = {'*': [f'CREATE TABLE t{n} (id INT)' for n in range(2)]}"))
    step = migration.step("up", "sqlite")
    assert migration.text(step).count("CREATE TABLE") == 2


def test_windows_line_ends_and_a_byte_order_mark_change_nothing() -> None:
    plain = read(Source("x", "x.sql", b"-- migrate:up\nSELECT 1;\n"))
    other = read(Source("x", "x.sql", b"\xef\xbb\xbf-- migrate:up\r\nSELECT 1;\r\n"))
    assert plain.step("up", "sqlite") == other.step("up", "sqlite")


def test_names_order_the_files_and_others_stay_out(tmp_path: Path) -> None:
    for name in ("202611220002_b.py", "202611220001_a.sql", "__init__.py", "_notes.py", ".x.py", "README.md"):
        (tmp_path / name).write_text("")
    assert [source.name for source in find(tmp_path, ".")] == ["202611220001_a", "202611220002_b"]


@pytest.mark.parametrize("name", ["helpers.py", "create_orders.sql", "20261122-orders.py"])
def test_a_file_that_is_not_named_as_a_migration_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("")
    with pytest.raises(RefusedError, match=f"{name} is not named as a migration") as caught:
        find(tmp_path, ".")
    assert "let its name begin with `_`" in caught.value.hint


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    for name in ("202611220001_a.py", "202611220001_a.sql"):
        (tmp_path / name).write_text("")
    with pytest.raises(RefusedError, match="have the same name"):
        find(tmp_path, ".")
