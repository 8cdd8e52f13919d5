"""`arckode db:safe`: the files it writes are applied by the runner, pass the lint, and end where they should."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from arckode_gen.errors import OperationError, RefusedError, UsageError
from arckode_gen.migrations import catalogue
from arckode_gen.migrations.files import Source
from arckode_gen.migrations.reading import read
from arckode_gen.migrations.steps import Script
from tests.migrations.test_model_changes import read_catalogue
from tests.migrations.workbench import Workbench
from tests.rules.projects import findings

if TYPE_CHECKING:
    from arckode_gen.migrations.dialects import Dialect

ORDERS = """UP = {"*": ["CREATE TABLE orders (id BIGINT NOT NULL PRIMARY KEY, name VARCHAR(40), note VARCHAR(9))"]}
DOWN = {"*": ["DROP TABLE orders"]}
"""
ADD = 'UP = {"*": ["ALTER TABLE orders ADD COLUMN size INTEGER NOT NULL"]}\n'
RENAME = 'UP = {"*": ["ALTER TABLE orders RENAME COLUMN note TO remark"]}\n'
CHANGE = "202611220002_change"


@pytest.fixture(autouse=True)
def judged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the lint refuse: these tests are about that."""
    monkeypatch.setattr(Workbench, "unsafe", None)


def _orders(bench: Workbench) -> None:
    bench.write("202611220001_create_orders", ORDERS)
    assert bench.migrate().code == 0
    values = ", ".join(f"({number}, 'n{number}', 'a')" for number in range(1, 2502))
    bench.write("202611220001_fill_orders", f'UP = {{"*": ["INSERT INTO orders (id, name, note) VALUES {values}"]}}\n')
    assert bench.migrate().code == 0


def _written(bench: Workbench) -> list[str]:
    return sorted(path.stem for path in bench.folder.iterdir() if "change" in path.stem)


def _takes_no_null(bench: Workbench) -> bool:
    if bench.dialect == "sqlite":
        return bool(bench.fetch("SELECT * FROM pragma_table_info('orders') WHERE name = 'size' AND \"notnull\" = 1"))
    query = "SELECT is_nullable AS said FROM information_schema.columns WHERE table_name = 'orders'"
    schema = "current_schema()" if bench.dialect == "postgresql" else "database()"
    (row,) = bench.fetch(f"{query} AND table_schema = {schema} AND column_name = 'size'")
    return row["said"] == "NO"


def test_a_required_column_with_a_constant_is_one_statement(bench: Workbench) -> None:
    _orders(bench)
    bench.write(CHANGE, ADD)
    assert bench.migrate().code == 1
    assert bench.safe(name="change", fill=("orders.size=7",)).code == 0
    assert bench.migrate().code == 0
    assert bench.fetch("SELECT DISTINCT size FROM orders") == [{"size": 7}]
    assert _takes_no_null(bench)


def test_a_required_column_that_is_computed_is_filled_in_batches_and_switched_after_the_release(
    bench: Workbench,
) -> None:
    _orders(bench)
    bench.write(CHANGE, ADD)
    said = bench.safe(name=CHANGE, fill=("orders.size=length(name)",))
    if bench.dialect == "sqlite":
        assert "SQLite makes no column NOT NULL later" in said.err[-1]
        return
    expand, fill, contract = sorted(_written(bench), key=lambda name: ("contract" in name, name))
    assert (expand, fill[12:], contract[0], contract[13:]) == (CHANGE, "_change_fill", "_", "_change_contract")
    assert f"-- {fill} (up, statement by statement)" in bench.migrate(dry_run=True).text
    assert bench.migrate().code == 0
    assert bench.fetch("SELECT count(*) AS empty FROM orders WHERE size IS NULL OR size <> length(name)") == [
        {"empty": 0}
    ]
    assert not _takes_no_null(bench)
    (bench.folder / f"{contract}.py").rename(bench.folder / f"{contract[1:]}.py")
    assert bench.migrate().code == 0
    assert _takes_no_null(bench)


def test_a_renamed_column_is_kept_in_step_until_the_old_one_goes(bench: Workbench) -> None:
    _orders(bench)
    bench.write(CHANGE, RENAME)
    said = bench.safe(name=CHANGE)
    if bench.dialect == "sqlite":
        assert "SQLite has one process that writes" in said.err[-1]
        assert said.text == (
            f"{CHANGE}: nothing was written, and it is not safe on sqlite as it is: "
            "SQLite has one process that writes: stop it, migrate, start the new code"
        )
        return
    assert bench.migrate().code == 0
    assert bench.fetch("SELECT count(*) AS many FROM orders WHERE remark = 'a' AND note = 'a'") == [{"many": 2501}]
    (contract,) = [name for name in _written(bench) if name.startswith("_")]
    (bench.folder / f"{contract}.py").rename(bench.folder / f"{contract[1:]}.py")
    assert bench.migrate().code == 0
    (row,) = bench.fetch("SELECT * FROM orders WHERE id = 1")
    assert (row["remark"], "note" in row) == ("a", False)


REQUIRED = {
    "*": "CREATE TABLE orders (id BIGINT PRIMARY KEY, code VARCHAR(9) NOT NULL, status VARCHAR(9) NOT NULL)",
    "mysql": (
        "CREATE TABLE orders (id BIGINT PRIMARY KEY, code VARCHAR(9) NOT NULL, "
        "status ENUM('draft', 'Paid, late') CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL COMMENT 'it''s')"
    ),
}


def test_a_required_column_that_goes_lets_new_code_insert_before_it_is_gone(bench: Workbench) -> None:
    bench.write("202611220001_create_orders", f"UP = { {key: [sql] for key, sql in REQUIRED.items()}!r}\n")
    assert bench.migrate().code == 0
    bench.execute("INSERT INTO orders (id, code, status) VALUES (1, 'a', 'draft')")
    before = read_catalogue(bench)
    bench.write(
        CHANGE, 'UP = {"*": ["ALTER TABLE orders DROP COLUMN code", "ALTER TABLE orders DROP COLUMN status"]}\n'
    )
    said = bench.safe(name=CHANGE)
    if bench.dialect == "sqlite":
        assert "SQLite has one process that writes: stop it, migrate, start the new code" in said.err[-1]
        assert _written(bench) == [CHANGE]
        return
    run = bench.migrate()
    assert (run.code, [line for line in run.err if "ARC207" in line]) == (0, [])
    bench.execute(
        "INSERT INTO orders (id, code, status) VALUES (2, 'old', 'draft')", "INSERT INTO orders (id) VALUES (3)"
    )
    with pytest.raises(OperationError) as caught:
        bench.migrate(rollback=1)
    assert caught.value.hint.startswith("nothing was taken back")
    bench.execute("DELETE FROM orders WHERE id = 3")
    assert bench.migrate(rollback=1).code == 0
    assert list(catalogue.differences(before, read_catalogue(bench))) == []
    assert bench.migrate().code == 0
    bench.execute("INSERT INTO orders (id) VALUES (3)")
    (contract,) = [name for name in _written(bench) if name.startswith("_")]
    (bench.folder / f"{contract}.py").rename(bench.folder / f"{contract[1:]}.py")
    assert bench.migrate().code == 0
    assert bench.fetch("SELECT * FROM orders ORDER BY id") == [{"id": 1}, {"id": 2}, {"id": 3}]


@pytest.mark.parametrize(
    ("create", "said"),
    [
        pytest.param("", "whether orders.code is required is not known from the migrations", id="the table is unknown"),
        pytest.param(
            "CREATE TABLE orders (id BIGINT PRIMARY KEY, code REAL NOT NULL)",
            "orders.code is required, and its type cannot be repeated here",
            id="its type is one that is not read for certain",
        ),
    ],
)
def test_a_column_that_cannot_be_let_empty_for_certain_is_named(sqlite: Workbench, create: str, said: str) -> None:
    sqlite.write("202611220001_create_orders", f"UP = { {'mysql': [create] if create else [], '*': []}!r}\n")
    sqlite.write(CHANGE, 'UP = {"mysql": ["ALTER TABLE orders DROP COLUMN code"], "*": []}\n')
    told = sqlite.safe(name=CHANGE, dialect="mariadb")
    assert f"note: {said}: let it be NULL before code runs that does not write it" in told.err


def test_a_column_whose_default_is_gone_is_required_again(postgres: Workbench) -> None:
    create = "CREATE TABLE orders (id BIGINT PRIMARY KEY, code VARCHAR(9) DEFAULT 'x' NOT NULL)"
    statements = [create, "ALTER TABLE orders ALTER COLUMN code DROP DEFAULT"]
    postgres.write("202611220001_create_orders", f"UP = { {'*': statements}!r}\n")
    postgres.write(CHANGE, 'UP = {"*": ["ALTER TABLE orders DROP COLUMN code"]}\n')
    assert postgres.safe(name=CHANGE).code == 0
    assert "ALTER COLUMN code DROP NOT NULL" in (postgres.folder / f"{CHANGE}.py").read_text()


def test_white_space_inside_of_values_stays(bench: Workbench) -> None:
    _orders(bench)
    statements = ("INSERT INTO orders (id, name) VALUES (9001, 'a\n    b\r\n\tc')", "UPDATE orders SET note = 'x  \ty'")
    bench.write(CHANGE, f'UP = {{"*": {list(statements)!r}}}\n')
    assert bench.safe(name=CHANGE).code == 0
    assert bench.migrate().code == 0
    assert bench.fetch("SELECT name FROM orders WHERE id = 9001") == [{"name": "a\n    b\r\n\tc"}]
    assert bench.fetch("SELECT DISTINCT note FROM orders") == [{"note": "x  \ty"}]


def test_a_short_number_is_taken_off_the_name_too(sqlite: Workbench) -> None:
    sqlite.write("0001_create_orders", ORDERS)
    sqlite.write("0002_change_names", 'UP = {"*": ["UPDATE orders SET note = \'x\'"]}\n')
    assert sqlite.safe(name="change_names").code == 0
    expand, fill = _written(sqlite)
    assert (expand, fill.partition("_")[2]) == ("0002_change_names", "change_names_fill")
    assert (sqlite.folder / f"{fill}.py").read_text().startswith('"""Fill in batches: change names."""\n')


def test_a_second_run_has_nothing_to_do(postgres: Workbench) -> None:
    _orders(postgres)
    index = 'UP = {"*": ["CREATE INDEX ix ON orders (name)"]}\nDOWN = {"*": ["DROP INDEX ix"]}\n'
    postgres.write(CHANGE, index)
    assert postgres.safe(name=CHANGE).code == 0
    text = (postgres.folder / f"{CHANGE}.py").read_text()
    assert text == (
        '"""Expand: change."""\n\nUP = {\n    "*": [\n        "CREATE INDEX ix ON orders (name)",\n    ],\n'
        '    "postgresql": [\n        "CREATE INDEX CONCURRENTLY ix ON orders (name)",\n    ],\n}\n\n'
        'DOWN = {\n    "*": [\n        "DROP INDEX ix",\n    ],\n'
        '    "postgresql": [\n        "DROP INDEX CONCURRENTLY IF EXISTS ix",\n    ],\n}\n'
    )
    assert postgres.safe(name=CHANGE).text.startswith(f"{CHANGE}: nothing to do")
    assert postgres.migrate().code == 0


def test_a_dry_run_writes_nothing(postgres: Workbench) -> None:
    _orders(postgres)
    postgres.write(CHANGE, ADD)
    assert postgres.safe(name=CHANGE, fill=("orders.size=length(name)",), dry_run=True).code == 0
    assert _written(postgres) == [CHANGE]


def test_what_was_written_has_no_findings(sqlite: Workbench) -> None:
    sqlite.write("202611220001_create_orders", ORDERS)
    sqlite.write(CHANGE, RENAME)
    assert sqlite.safe(name=CHANGE, dialect="postgresql").code == 0
    files = {f"src/shop/migrations/{path.name}": path.read_text() for path in sqlite.folder.glob("*.py")}
    assert [each for each in findings(files, "ARC207") if "PostgreSQL" in each.message] == []
    assert findings(files, "ARC406") == ()


def test_a_value_that_is_missing_is_named(sqlite: Workbench) -> None:
    sqlite.write("202611220001_create_orders", ORDERS)
    sqlite.write(CHANGE, ADD)
    said = sqlite.safe(name=CHANGE)
    assert said.err[-1] == (
        "left as it is: ALTER TABLE orders ADD COLUMN size INTEGER NOT NULL\n"
        "    the rows there are need a value: --fill orders.size=VALUE"
    )
    assert said.text == (
        f"{CHANGE}: nothing was written, and it is not safe on sqlite as it is: "
        "the rows there are need a value: --fill orders.size=VALUE"
    )


def test_what_is_safe_already_has_nothing_to_do(sqlite: Workbench) -> None:
    sqlite.write(CHANGE, ORDERS)
    assert sqlite.safe(name=CHANGE).text == f"{CHANGE}: nothing to do, it has no other form that is safer on sqlite"


@pytest.mark.parametrize("word", ["size=1", "orders.size", "a.b.c=1", "orders.size="])
def test_a_fill_that_is_none_is_refused(sqlite: Workbench, word: str) -> None:
    sqlite.write(CHANGE, ADD)
    with pytest.raises(UsageError, match=r"is not TABLE\.COLUMN=SQL"):
        sqlite.safe(name=CHANGE, fill=(word,))


def test_an_applied_file_is_refused(sqlite: Workbench) -> None:
    _orders(sqlite)
    with pytest.raises(RefusedError, match="202611220001_create_orders is applied already"):
        sqlite.safe(name="create_orders")


def test_a_function_is_refused(sqlite: Workbench) -> None:
    sqlite.write(CHANGE, "async def up(db):\n    pass\n")
    with pytest.raises(RefusedError, match=r"has no UP = \{\.\.\.\} to be written anew"):
        sqlite.safe(name=CHANGE)


def test_a_comment_behind_a_statement_does_not_swallow_what_is_put_there(postgres: Workbench) -> None:
    from arckode_gen.commands._safe import form_of

    add = "ALTER TABLE orders ADD CONSTRAINT ck CHECK (size > 0); -- why"
    form = form_of([add, "/* the index */ CREATE INDEX i ON orders (size) -- how"], postgres.dialect, {}, {})
    assert [piece.up for piece in form.expand] == [
        "ALTER TABLE orders ADD CONSTRAINT ck CHECK (size > 0) NOT VALID",
        "CREATE INDEX CONCURRENTLY i ON orders (size)",
    ]


def test_an_operator_that_is_a_question_mark_is_no_parameter(postgres: Workbench) -> None:
    create = "CREATE TABLE docs (id BIGINT PRIMARY KEY, raw JSONB, has BOOLEAN)"
    postgres.write("202611220001_create", f'UP = {{"*": ["{create}"]}}\n')
    assert postgres.migrate().code == 0
    postgres.execute("""INSERT INTO docs VALUES (1, '{"a": 1}', NULL), (2, '{"b": 1}', NULL)""")
    postgres.write("202611220002_fill", """UP = {"*": ["UPDATE docs SET has = raw ? 'a'"]}\n""")
    assert postgres.safe(name="fill").code == 0
    assert len(list(postgres.folder.glob("*_fill_fill.py"))) == 1
    assert postgres.migrate().code == 0
    assert [row["has"] for row in postgres.fetch("SELECT has FROM docs ORDER BY id")] == [True, False]


EXPECTED = Path(__file__).parents[2] / "stubs/module/examples/expected/added_fields/src/shop/migrations"


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql", "mariadb", "mysql"])
def test_what_make_field_writes_is_the_safe_form_already(dialect: Dialect) -> None:
    from arckode_gen.commands._safe import form_of, is_other

    (file,) = EXPECTED.iterdir()
    step = read(Source(file.name[:-7], file.name[:-4], file.read_bytes())).step("up", dialect)
    assert isinstance(step, Script)
    statements = [each.text for each in step.statements]
    form = form_of(statements, dialect, {}, {})
    assert not is_other(form, statements, dialect)
    # The one that stays is a check on MySQL and MariaDB; the file says so beside it.
    assert all(left.statement.startswith("ALTER TABLE orders ADD CONSTRAINT ck_") for left in form.left)
