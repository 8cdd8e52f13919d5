"""The safe form of a dangerous statement: it does the same, and code of before and after works on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest

from arckode_analyzers.sql.catalogue import CHECKS
from arckode_analyzers.sql.catalogue.stage import STAGE
from arckode_analyzers.sql.reading import Reader
from arckode_analyzers.sql.replay import Schema
from arckode_analyzers.sql.safe_form import Fill, SafeForm, safe_form
from tests.rules.engines import Engines
from tests.rules.judging import told

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from arckode_analyzers.sql.operations import Column

_ERRORS = tuple(check for check in CHECKS if check.severity == "error")
_OLD = "INSERT INTO orders (id, customer_id, code, note, total) VALUES ({id}, 1, 'B-{id}', 'old', 1)"
_ROWS = "SELECT id, {columns} FROM orders ORDER BY id"


class Case(NamedTuple):
    """Statements, the columns that are looked at afterwards, and what code of after the release writes."""

    engine: str
    statements: tuple[str, ...]
    looks: str
    values: Mapping[str, str] = {}
    new: str = ""
    is_released: bool = False
    ready: tuple[str, ...] = ()


_NEW_FLAG = "INSERT INTO orders (id, code, total, flag) VALUES (30, 'C', 1, 5)"
_NEW_REMARK = "INSERT INTO orders (id, code, total, remark) VALUES (30, 'C', 1, 'new')"
_NEW_TITLE = "INSERT INTO orders (id, title, total) VALUES (30, 'C', 1)"
_NEW_CODELESS = "INSERT INTO orders (id, total) VALUES (30, 1)"
_NEW_MOODLESS = "INSERT INTO orders (id, code, total) VALUES (30, 'C', 1)"
CASES = [
    Case("postgresql", ("CREATE UNIQUE INDEX uq ON orders (code)",), "code"),
    Case("postgresql", ("DROP INDEX ix_orders_note",), "note"),
    Case(
        "postgresql", ("ALTER TABLE orders ADD COLUMN flag INTEGER NOT NULL",), "flag", {"orders.flag": "0"}, _NEW_FLAG
    ),
    Case(
        "postgresql",
        ("ALTER TABLE orders ADD COLUMN flag INTEGER NOT NULL",),
        "flag",
        {"orders.flag": "length(code)"},
        _NEW_FLAG,
        is_released=True,
    ),
    Case(
        "postgresql",
        ("ALTER TABLE orders ADD COLUMN flag INTEGER DEFAULT (random() * 0)::int NOT NULL",),
        "flag",
        {},
        _NEW_FLAG,
    ),
    Case(
        "postgresql",
        ("ALTER TABLE orders ADD COLUMN flag BIGINT REFERENCES customers (id)",),
        "flag",
        {},
        _NEW_FLAG.replace("5", "1"),
    ),
    Case("postgresql", ("ALTER TABLE orders ADD COLUMN flag BIGINT UNIQUE",), "flag", {}, _NEW_FLAG),
    Case(
        "postgresql",
        ("ALTER TABLE orders ADD CONSTRAINT fk FOREIGN KEY (customer_id) REFERENCES customers (id)",),
        "customer_id",
    ),
    Case("postgresql", ("ALTER TABLE orders ADD CONSTRAINT ck CHECK (total < 100)",), "total"),
    Case("postgresql", ("ALTER TABLE orders ADD CONSTRAINT uq UNIQUE (code)",), "code"),
    Case("postgresql", ("ALTER TABLE orders ALTER COLUMN note SET NOT NULL",), "note", {"orders.note": "''"}),
    Case("postgresql", ("UPDATE orders SET note = 'x'",), "note"),
    Case("postgresql", ("ALTER TABLE orders RENAME COLUMN note TO remark",), "remark", {}, _NEW_REMARK),
    Case(
        "postgresql",
        ("ALTER TABLE orders RENAME COLUMN code TO title",),
        "title",
        {},
        _NEW_TITLE,
        ready=("DROP VIEW order_codes",),
    ),
    Case("postgresql", ("ALTER TABLE orders DROP COLUMN body",), "note"),
    Case(
        "postgresql",
        ("ALTER TABLE orders DROP COLUMN code",),
        "note",
        {},
        _NEW_CODELESS,
        ready=("DROP VIEW order_codes",),
    ),
    Case("postgresql", ("ALTER TABLE orders DROP COLUMN mood", "DROP TYPE mood"), "note", {}, _NEW_MOODLESS),
    Case("mariadb", ("ALTER TABLE orders ADD COLUMN flag INTEGER NOT NULL",), "flag", {"orders.flag": "0"}, _NEW_FLAG),
    Case(
        "mariadb",
        ("ALTER TABLE orders ADD COLUMN flag INTEGER NOT NULL",),
        "flag",
        {"orders.flag": "length(code)"},
        _NEW_FLAG,
        is_released=True,
    ),
    Case(
        "mariadb",
        ("ALTER TABLE orders ADD COLUMN flag VARCHAR(36) DEFAULT (uuid()) NOT NULL",),
        "length(flag) > 0",
        {},
        _NEW_FLAG,
    ),
    Case(
        "mariadb",
        ("ALTER TABLE orders ADD COLUMN flag BIGINT REFERENCES customers (id)",),
        "flag",
        {},
        _NEW_FLAG.replace("5", "1"),
    ),
    Case(
        "mariadb",
        ("ALTER TABLE orders ADD CONSTRAINT fk FOREIGN KEY (customer_id) REFERENCES customers (id)",),
        "customer_id",
    ),
    Case("mariadb", ("UPDATE orders SET note = 'x'",), "note"),
    Case("mariadb", ("ALTER TABLE orders RENAME COLUMN note TO remark",), "remark", {}, _NEW_REMARK),
    Case("mariadb", ("ALTER TABLE orders RENAME COLUMN code TO title",), "title", {}, _NEW_TITLE),
    Case("mariadb", ("ALTER TABLE orders DROP COLUMN body",), "note"),
    Case(
        "mariadb", ("ALTER TABLE orders DROP COLUMN code",), "note", {}, _NEW_CODELESS, ready=("DROP VIEW order_codes",)
    ),
    Case("mariadb", ("ALTER TABLE orders DROP COLUMN mood",), "note", {}, _NEW_MOODLESS),
    Case("sqlite", ("ALTER TABLE orders ADD COLUMN flag INTEGER NOT NULL",), "flag", {"orders.flag": "0"}, _NEW_FLAG),
    Case("sqlite", ("UPDATE orders SET note = 'x'",), "note"),
]
_IDS = [f"{case.engine}: {case.statements[0]} {dict(case.values)}" for case in CASES]


@pytest.fixture(scope="module")
def engines() -> Iterator[Engines]:
    """Give the engines, and take what was made there away again."""
    there = Engines()
    yield there
    there.close()


def _columns(engine: str) -> Mapping[tuple[str, str], Column]:
    reader, schema = Reader(), Schema()
    for text in STAGE[engine]:
        schema.apply(reader.read(text, engine))
    return schema.columns()


def _form(case: Case) -> SafeForm:
    return safe_form(case.statements, case.engine, _columns(case.engine), case.values)


def _rows_changed(fill: Fill) -> str:
    return f"UPDATE {fill.table} SET {fill.assignment}" + (f" WHERE {fill.where}" if fill.where else "")


def _ups(form: SafeForm) -> list[str]:
    first = [piece.up for piece in form.expand]
    return [*first, *map(_rows_changed, form.fills), *(piece.up for piece in form.settle)]


@pytest.mark.parametrize("case", CASES, ids=_IDS)
def test_nothing_dangerous_is_left_in_what_runs_at_once(case: Case) -> None:
    assert told(case.engine, case.statements, checks=_ERRORS)
    form = _form(case)
    assert form.left == []
    for phase in (form.expand, [*form.expand, *form.settle]):
        assert told(case.engine, [piece.up for piece in phase], checks=_ERRORS) == []


@pytest.mark.parametrize("case", CASES, ids=_IDS)
def test_code_of_before_and_of_after_works_on_the_way(case: Case, engines: Engines) -> None:
    form = _form(case)
    before = [_OLD.format(id=10), *(piece.up for piece in form.expand), _OLD.format(id=11)]
    between = [*([case.new] if case.new else []), *map(_rows_changed, form.fills), *(piece.up for piece in form.settle)]
    assert engines.run(case.engine, [*before, *between, _OLD.format(id=12)]) == ""


@pytest.mark.parametrize("case", CASES, ids=_IDS)
def test_in_the_end_it_is_what_the_dangerous_form_makes(case: Case, engines: Engines) -> None:
    form = _form(case)
    released = [_rows_changed(each) for each in form.fills] if case.is_released else []
    assert engines.run(case.engine, [*case.ready, *_ups(form), *released, *(piece.up for piece in form.contract)]) == ""
    safe, shape = engines.fetch(case.engine, _ROWS.format(columns=case.looks)), _shape(case.engine, engines)
    direct = [*case.ready, *_direct(case)]
    assert engines.run(case.engine, direct) == ""
    assert safe == engines.fetch(case.engine, _ROWS.format(columns=case.looks))
    assert shape == _shape(case.engine, engines)


def _direct(case: Case) -> list[str]:
    """Return what the dangerous statements do on a database that stands still: all at once."""
    rows = []
    for text in case.statements:
        if text.endswith("NOT NULL") and case.values and " ADD " in text:
            name, value = next(iter(case.values.items()))
            column = name.partition(".")[2]
            plain = text.replace(" NOT NULL", "")
            after = {
                "postgresql": f"ALTER TABLE orders ALTER COLUMN {column} SET NOT NULL",
                "mariadb": f"ALTER TABLE orders MODIFY COLUMN {plain.partition('COLUMN ')[2]} NOT NULL",
                "sqlite": "",
            }[case.engine]
            is_sqlite = case.engine == "sqlite"
            rows += (
                [f"{plain} DEFAULT {value} NOT NULL"]
                if is_sqlite
                else [plain, f"UPDATE orders SET {column} = {value}", after]
            )
        else:
            rows.append(text)
    return rows


def _shape(engine: str, engines: Engines) -> object:
    if engine == "sqlite":
        return [
            (row["name"], row["notnull"]) for row in engines.fetch(engine, "SELECT * FROM pragma_table_info('orders')")
        ]
    schema = "current_schema()" if engine == "postgresql" else "database()"
    query = (
        "SELECT column_name AS name, is_nullable AS nullable, data_type AS kind FROM information_schema.columns "
        f"WHERE table_name = 'orders' AND table_schema = {schema} ORDER BY column_name"
    )
    rows = [tuple(row.values()) for row in engines.fetch(engine, query)]
    constraints = (
        "SELECT constraint_type AS kind, count(*) AS many FROM information_schema.table_constraints "
        f"WHERE table_name = 'orders' AND table_schema = {schema} AND constraint_name NOT LIKE '%_not_null' "
        "GROUP BY constraint_type ORDER BY constraint_type"
    )
    return rows, [tuple(row.values()) for row in engines.fetch(engine, constraints)]


@pytest.mark.parametrize(
    "case", [case for case in CASES if case.engine != "sqlite"], ids=[i for i in _IDS if "sqlite:" not in i]
)
def test_the_way_back_runs(case: Case, engines: Engines) -> None:
    form = _form(case)
    back = [piece.down for phase in (form.settle, form.expand) for piece in reversed(phase) if piece.down]
    assert engines.run(case.engine, [*_ups(form), *back]) == ""


@pytest.mark.parametrize(
    ("engine", "statement", "said"),
    [
        ("postgresql", "ALTER TABLE orders ADD COLUMN flag INTEGER NOT NULL", "--fill orders.flag=VALUE"),
        ("postgresql", "ALTER TABLE orders ADD CHECK (total < 9)", "the constraint has no name"),
        ("postgresql", "ALTER TABLE orders ADD COLUMN n BIGSERIAL", "each row needs a value of its own"),
        ("postgresql", "ALTER TABLE orders DROP COLUMN note, DROP COLUMN body", "one change per statement"),
        ("postgresql", "VACUUM FULL orders", "there is no safe form"),
        (
            "postgresql",
            "ALTER TABLE orders RENAME COLUMN nothing TO something",
            "the type of orders.nothing is not known",
        ),
        ("mariadb", "ALTER TABLE orders ADD CONSTRAINT ck CHECK (total < 9)", "there is no safe form"),
        ("postgresql", "ALTER TABLE orders DROP COLUMN id", "orders.id is in the primary key and cannot be empty"),
        ("sqlite", "ALTER TABLE orders RENAME COLUMN note TO remark", "SQLite has one process that writes"),
        ("sqlite", "ALTER TABLE orders DROP COLUMN code", "SQLite has one process that writes"),
        ("sqlite", "ALTER TABLE orders ADD COLUMN t TEXT UNIQUE", "SQLite adds no such column"),
    ],
)
def test_what_has_no_safe_form_is_left_with_the_reason(engine: str, statement: str, said: str) -> None:
    form = safe_form([statement], engine, _columns(engine))
    (left,) = form.left
    assert said in left.reason
    assert [piece.up for piece in form.expand] == [statement]


_TWO = "CREATE TABLE lines (a INTEGER NOT NULL, b INTEGER NOT NULL, note TEXT, PRIMARY KEY (a, b))"


@pytest.mark.parametrize("table", ["", _TWO, _TWO.replace(", PRIMARY KEY (a, b)", "")])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE lines SET note = 'x'",
        "ALTER TABLE lines ADD COLUMN size INTEGER NOT NULL",
        "ALTER TABLE lines ADD COLUMN size INTEGER DEFAULT (random() * 9)::int NOT NULL",
        "ALTER TABLE lines ALTER COLUMN note SET NOT NULL",
        "ALTER TABLE lines RENAME COLUMN note TO remark",
    ],
)
def test_rows_without_a_key_of_one_column_are_left(table: str, statement: str) -> None:
    schema = Schema()
    if table:
        schema.apply(Reader().read(table, "postgresql"))
    values = {"lines.size": "length(note)", "lines.note": "''"}
    form = safe_form([statement], "postgresql", schema.columns(), values)
    (left,) = form.left
    is_unknown = not table and "RENAME" in statement
    assert ("the type of lines.note is not known" if is_unknown else "give lines no primary key of one") in left.reason
    assert ([piece.up for piece in form.expand], form.fills, form.settle, form.contract) == ([statement], [], [], [])


def test_a_constant_needs_no_key() -> None:
    added = "ALTER TABLE lines ADD COLUMN size INTEGER NOT NULL"
    assert safe_form([added], "postgresql", {}, {"lines.size": "7"}).left == []


def test_what_is_safe_already_stays_word_for_word() -> None:
    statements = ("CREATE TABLE parts (id BIGINT PRIMARY KEY)", "CREATE INDEX ix ON parts (id)")
    form = safe_form(statements, "postgresql")
    assert tuple(piece.up for piece in form.expand) == statements
    assert (form.fills, form.settle, form.contract, form.left) == ([], [], [], [])
