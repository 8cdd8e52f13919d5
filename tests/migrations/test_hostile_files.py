"""Files that people write by mistake, on each engine: what is wrong and where, what to do, and nothing happened."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest

from arckode_gen.errors import OperationError, RefusedError, UsageError
from tests.migrations.workbench import ORDERS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.migrations.workbench import Workbench

FOLDER = "src/shop/migrations"
SHAPE = "write a dict: dialect -> list of statements"


class Wrong(NamedTuple):
    """A file beside a good one, what is said of it behind its name, and the beginning of what to do."""

    what: str
    text: str | bytes
    said: str
    todo: str
    file: str = "202611220002_wrong.py"


PYTHON = (
    Wrong("an empty file", "", " has neither UP nor `async def up(db)`", SHAPE),
    Wrong("only a DOWN", "DOWN = {}", " has neither UP nor `async def up(db)`", SHAPE),
    Wrong("a bracket that stays open", 'UP = {\n"*": ["SELECT 1"\n', ":2: not valid Python: '[' was never", "correct"),
    Wrong("a NUL byte", b"UP = {}\n\0", ":1: not valid Python: source code string cannot contain null", "correct"),
    Wrong("a list", '\nUP = ["SELECT 1"]', ":2: UP is not a dict", SHAPE),
    Wrong(
        "a key by another name", 'UP = {\n"postgres": []}', ":2: UP has an unknown key 'postgres'", "did you mean 'p"
    ),
    Wrong("a text in place of a list", 'UP = {\n"*": "SELECT 1"}', ":2: UP['*'] is not a list of statements", SHAPE),
    Wrong(
        "a number", 'UP = {"*": [\n"SELECT 1",\n3]}', ":3: UP['*'][1] is not a statement", "each is a non-empty text"
    ),
    Wrong("a statement of nothing", 'UP = {"*": [" ;"]}', ":1: UP['*'][0] is not a statement", "each is a non-empty"),
    Wrong(
        "two statements in one text",
        'UP = {"*": [\n"CREATE TABLE a (id INTEGER); CREATE TABLE b (id INTEGER)"]}',
        ":2: statement 1 is followed by another in the same text: CREATE TABLE b (id INTEGER)",
        "write each as a text of its own",
    ),
    Wrong(
        "a transaction that it ends itself",
        'UP = {"*": ["CREATE TABLE a (id INTEGER)",\n"COMMIT"]}',
        ":2: statement 2 controls the transaction itself: COMMIT",
        "remove it: a file is one transaction already",
    ),
    Wrong(
        "a quote that stays open",
        """UP = {"*": ["CREATE TABLE a (id INTEGER)",\n"INSERT INTO a VALUES ('x)"]}""",
        ":2: statement 2: the quote 'x that opens here is never closed",
        "close it",
    ),
    Wrong(
        "two ways up", 'UP = {"*": []}\nasync def up(db): ...', ":2: both UP and up(db) are here", "keep one of them"
    ),
    Wrong("a function that waits for nothing", "def up(db): ...", ":1: up must be `async def up(db)`", "write `async"),
    Wrong(
        "a function of nothing", "async def up(): ...", ":1: up must be `async def up(db)`", "write `async def up(db)"
    ),
    Wrong(
        "a reason that is none",
        'UP = {"*": []}\nIRREVERSIBLE = True',
        ":2: IRREVERSIBLE must be a text that says why",
        "write it like IRREVERSIBLE = 'the values are gone'",
    ),
    Wrong(
        "a switch that is none",
        'UP = {"*": []}\nTRANSACTION = "no"',
        ":2: TRANSACTION must be True or False",
        "write it like TRANSACTION = False",
    ),
    Wrong("a name that is nowhere", "X = 1\nUP = {'*': [y]}", ":2: NameError: name 'y' is not defined", "correct the"),
    Wrong(
        "an import of nothing", "import nowhere\nUP = dict()", ":1: No module named 'nowhere'", "a migration must go"
    ),
    Wrong("an end of the program", "import sys\nUP = sys.exit(3)", ":2: SystemExit: 3", "correct the file"),
    Wrong(
        "another encoding", "UP = {'*': []}\n# \xe9".encode("latin-1"), ":2: not UTF-8 (byte 17)", "save it as UTF-8"
    ),
)
SQL = tuple(
    each._replace(file="202611220002_wrong.sql")
    for each in (
        Wrong("an empty script", "", " has no `-- migrate:up`", "begin it with a `-- migrate:up` line"),
        Wrong(
            "a script without a mark", "\nSELECT 1;", ":2: this line belongs to no direction: SELECT 1;", "write `-- m"
        ),
        Wrong("only a way down", "-- migrate:down\nSELECT 1;", " has no `-- migrate:up`", "begin it with"),
        Wrong(
            "two ways up in a script", "-- migrate:up\n-- migrate:up\n", ":2: cannot follow `-- migrate:up`", "a file"
        ),
        Wrong("a mark that is none", "-- migrate:upp\n", ":1: cannot follow `-- migrate:upp`", "a file has one"),
        Wrong(
            "a quote that stays open in a script",
            "-- a\n\n-- migrate:up\nSELECT 1;\nSELECT 'a;\n",
            ":5: the quote 'a that opens here is never closed",
            "close it",
        ),
        Wrong(
            "a comment that stays open", "-- migrate:up\n/* a\n", ":2: the comment that opens here is never", "close"
        ),
        Wrong("UTF-16", "-- migrate:up\n".encode("utf-16"), ":1: not UTF-8 (byte 0)", "save it as UTF-8"),
    )
)
NAMES = (
    Wrong("a name that is none", "UP = {}", " is not named as a migration", "name it like 202611", "create-x.py"),
    Wrong(
        "a name that is taken",
        "-- migrate:up\n",
        f" and {FOLDER}/202611220001_create_orders.sql have the same name",
        "rename one of them",
        "202611220001_create_orders.sql",
    ),
)


@pytest.mark.parametrize("wrong", [pytest.param(each, id=each.what) for each in (*PYTHON, *SQL, *NAMES)])
def test_a_file_that_cannot_be_followed_stops_the_run_before_the_first_one(bench: Workbench, wrong: Wrong) -> None:
    bench.write("202611220001_create_orders", ORDERS)
    content = wrong.text if isinstance(wrong.text, bytes) else wrong.text.encode()
    (bench.folder / wrong.file).write_bytes(content)
    for values in ({}, {"dry_run": True}):
        with pytest.raises(RefusedError) as caught:
            bench.migrate(**values)
        shown = wrong.file if "same name" not in wrong.said else "202611220001_create_orders.py"
        assert caught.value.message.startswith(f"{FOLDER}/{shown}{wrong.said}")
        assert caught.value.hint.startswith(f"nothing was applied: {wrong.todo}")
    assert bench.tables() == set()


def test_what_has_nothing_for_the_engine_names_the_keys_that_it_has(bench: Workbench) -> None:
    bench.write("202611220001_create_orders", ORDERS)
    others = sorted({"sqlite", "postgresql", "mariadb"} - {bench.dialect})
    bench.write("202611220002_other", f"UP = { {name: [] for name in others}!r}")
    with pytest.raises(RefusedError) as caught:
        bench.migrate()
    keys = ", ".join(repr(name) for name in others)
    assert caught.value.message == (
        f"{FOLDER}/202611220002_other.py: UP has nothing for {bench.dialect}; its keys are {keys}"
    )
    assert caught.value.hint.startswith(f"nothing was applied: add a '{bench.dialect}' key, or '*'")
    assert bench.tables() == set()


@pytest.mark.parametrize("kind", ["a link to nothing", "a folder"])
def test_what_cannot_be_read_is_said(sqlite: Workbench, kind: str) -> None:
    sqlite.write("202611220001_create_orders", ORDERS)
    wrong = sqlite.folder / "202611220002_wrong.py"
    if kind == "a folder":
        wrong.mkdir()
    else:
        wrong.symlink_to("nowhere.py")
    reason = "Is a directory" if kind == "a folder" else "No such file or directory"
    with pytest.raises(RefusedError) as caught:
        sqlite.migrate()
    assert caught.value.message == f"{FOLDER}/202611220002_wrong.py cannot be read: {reason}"
    assert caught.value.hint == (
        "nothing was applied: make it a file that you may read, or let its name begin with `_` to keep it out"
    )


def test_a_folder_that_is_missing_is_said(sqlite: Workbench) -> None:
    sqlite.folder.rmdir()
    said = sqlite.migrate()
    assert f"there is no folder {FOLDER}: `arckode make:migration NAME` writes the first file there" in said.err
    assert said.text.startswith("nothing to do: 0 migrations applied on ")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        pytest.param("raise SystemExit(3)", "SystemExit: 3", id="it ends the program"),
        pytest.param(
            "await db.execute('DELETE FROM orders; COMMIT')",
            "db.execute runs one statement, and another follows: COMMIT",
            id="it runs two statements at once",
        ),
    ],
)
def test_a_function_that_ends_more_than_itself_leaves_nothing(bench: Workbench, line: str, said: str) -> None:
    bench.write("202611220001_create_orders", ORDERS)
    bench.write(
        "202611220002_fill",
        f"async def up(db):\n    await db.execute('INSERT INTO orders (id) VALUES (1)')\n    {line}\n",
    )
    with pytest.raises(OperationError) as caught:
        bench.migrate()
    assert caught.value.message == f"{FOLDER}/202611220002_fill.py:3: up(db) failed on {bench.dialect}: {said}"
    assert "nothing of this file was kept; before it 202611220001_create_orders was applied, and nothing else" in (
        caught.value.hint
    )
    assert bench.fetch("SELECT * FROM orders") == []
    if not bench.transactional:
        assert said in bench.status().text + "\n".join(bench.status().err)


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO orders (id, name) VALUES (1, 'a; b');",
        (
            "CREATE TRIGGER t AFTER INSERT ON orders FOR EACH ROW "
            "BEGIN INSERT INTO other VALUES (1); INSERT INTO other VALUES (2); END"
        ),
    ],
)
def test_a_semicolon_in_a_text_or_a_body_ends_no_statement(sqlite: Workbench, sql: str) -> None:
    sqlite.write("202611220001_create_orders", ORDERS)
    sqlite.write("202611220002_other", f'UP = {{"*": ["CREATE TABLE other (id INTEGER)", {sql!r}]}}')
    assert sqlite.migrate().code == 0


@pytest.mark.mariadb
def test_a_file_that_broke_off_and_is_gone_says_how_far_it_came(mariadb: Workbench) -> None:
    mariadb.write("202611220001_create_orders", ORDERS)
    path: Path = mariadb.write("202611220002_slip", 'UP = {"*": ["CREATE TABLE a (id INTEGER)", "CREATE TABEL b"]}')
    with pytest.raises(OperationError):
        mariadb.migrate()
    path.unlink()
    with pytest.raises(RefusedError) as caught:
        mariadb.migrate()
    assert caught.value.message.startswith(
        "an applied migration has changed: 202611220002_slip was removed after it broke off "
        "(1 of 2 statements had taken effect)\n--- 202611220002_slip (as applied)\n"
    )
    assert "`arckode db:repair 202611220002_slip --forget` counts it as never applied" in caught.value.hint


def test_a_script_of_a_rollback_needs_the_database(sqlite: Workbench) -> None:
    with pytest.raises(UsageError, match="--sql --rollback reads the control table, so it goes without --dialect"):
        sqlite.migrate(sql=True, rollback=1, dialect="postgresql")
