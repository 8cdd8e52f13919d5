"""Migrations: what is dangerous to run, and where models and migrations disagree."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from arckode_analyzers import engine, registry
from arckode_analyzers.cache import Cache
from arckode_analyzers.config import Config
from arckode_analyzers.sql.catalogue import CHECKS
from arckode_analyzers.sql.operations import pack, unpack
from arckode_analyzers.sql.reading import Reader
from tests.rules.judging import told
from tests.rules.projects import expected, findings, places

if TYPE_CHECKING:
    from pathlib import Path

_FOLDER = "src/shop/migrations"
_CREATE = "CREATE TABLE orders (id UUID PRIMARY KEY, note VARCHAR(100), total NUMERIC(12, 2) NOT NULL)"


_ERRORS = tuple(check for check in CHECKS if check.severity == "error")


def _dangers(engine: str, *statements: str, one_transaction: bool = False) -> list[str]:
    return told(engine, statements, one_transaction=one_transaction, stage=(_CREATE,), checks=_ERRORS)


DANGEROUS = [
    ("*", "drop-table", ("DROP TABLE orders",)),
    ("sqlite", "drop-table", ("DROP TABLE IF EXISTS orders",)),
    ("postgresql", "drop-schema", ("DROP SCHEMA shop",)),
    ("postgresql", "drop-column", ("ALTER TABLE orders DROP COLUMN note",)),
    ("sqlite", "drop-column", ("ALTER TABLE orders DROP note",)),
    ("postgresql", "rename-column", ("ALTER TABLE orders RENAME COLUMN note TO remark",)),
    ("mysql", "rename-column", ("ALTER TABLE orders CHANGE note remark VARCHAR(100)",)),
    ("mariadb", "rename-table", ("RENAME TABLE orders TO purchases",)),
    ("postgresql", "rename-table", ("ALTER TABLE orders SET SCHEMA old",)),
    ("*", "required-column", ("ALTER TABLE orders ADD COLUMN a INT NOT NULL",)),
    ("postgresql", "volatile-default", ("ALTER TABLE orders ADD COLUMN k UUID DEFAULT gen_random_uuid()",)),
    ("postgresql", "generated-column", ("ALTER TABLE orders ADD COLUMN n BIGSERIAL",)),
    ("postgresql", "generated-column", ("ALTER TABLE orders ADD COLUMN n INT GENERATED ALWAYS AS IDENTITY",)),
    ("mysql", "generated-column", ("ALTER TABLE orders ADD COLUMN n INT AS (total * 2) STORED",)),
    ("postgresql", "type-change", ("ALTER TABLE orders ALTER COLUMN note TYPE VARCHAR(50)",)),
    ("postgresql", "type-change", ("ALTER TABLE orders ALTER COLUMN total TYPE BIGINT USING total::bigint",)),
    ("mysql", "type-change", ("ALTER TABLE orders MODIFY COLUMN note INT",)),
    ("mysql", "type-change", ("ALTER TABLE orders MODIFY COLUMN note VARCHAR(30)",)),
    ("postgresql", "set-not-null", ("ALTER TABLE orders ALTER COLUMN note SET NOT NULL",)),
    ("postgresql", "locking-index", ("CREATE INDEX i ON orders (note)",)),
    ("postgresql", "locking-index", ("CREATE UNIQUE INDEX IF NOT EXISTS i ON orders (lower(note)) WHERE total > 0",)),
    ("postgresql", "locking-drop-index", ("DROP INDEX i",)),
    ("postgresql", "reindex", ("REINDEX TABLE orders",)),
    ("postgresql", "vacuum-full", ("VACUUM FULL orders",)),
    ("postgresql", "foreign-key", ("ALTER TABLE orders ADD CONSTRAINT f FOREIGN KEY (c) REFERENCES customers (id)",)),
    ("mysql", "foreign-key-copy", ("ALTER TABLE orders ADD FOREIGN KEY (c) REFERENCES customers (id)",)),
    (
        "mariadb",
        "foreign-key-copy",
        (
            "SET foreign_key_checks = 0",
            "SET foreign_key_checks = 1",
            "ALTER TABLE orders ADD FOREIGN KEY (c) REFERENCES customers (id)",
        ),
    ),
    ("postgresql", "check", ("ALTER TABLE orders ADD CONSTRAINT c CHECK (total > 0)",)),
    ("postgresql", "unique", ("ALTER TABLE orders ADD CONSTRAINT u UNIQUE (note)",)),
    ("postgresql", "primary-key", ("ALTER TABLE orders ADD PRIMARY KEY (note)",)),
    ("postgresql", "exclude", ("ALTER TABLE orders ADD CONSTRAINT e EXCLUDE USING gist (note WITH =)",)),
    ("postgresql", "reference-column", ("ALTER TABLE orders ADD COLUMN c UUID REFERENCES customers (id)",)),
    ("postgresql", "unique-column", ("ALTER TABLE orders ADD COLUMN c TEXT UNIQUE",)),
    ("*", "whole-table", ("UPDATE orders SET note = 'x'",)),
    ("mariadb", "whole-table", ("DELETE FROM orders",)),
    ("postgresql", "truncate", ("TRUNCATE orders",)),
    ("postgresql", "enum-rename", ("ALTER TYPE mood RENAME VALUE 'a' TO 'b'",)),
    ("postgresql", "mixed", ("ALTER TABLE orders ADD COLUMN a INT", "UPDATE orders SET a = 1 WHERE total = 2")),
    ("mysql", "charset-conversion", ("ALTER TABLE orders CONVERT TO CHARACTER SET utf8mb4",)),
    ("mysql", "table-copy", ("ALTER TABLE orders ADD INDEX i (note), ALGORITHM=COPY",)),
    ("postgresql", "lock-table", ("LOCK TABLE orders IN EXCLUSIVE MODE",)),
    ("postgresql", "timeout-off", ("SET lock_timeout = 0",)),
]
SAFE = [
    ("postgresql", (_CREATE.replace("orders", "parts"), "CREATE INDEX i ON parts (note)", "DROP TABLE parts")),
    ("postgresql", ("ALTER TABLE orders ADD COLUMN a INT",)),
    ("postgresql", ("ALTER TABLE orders ADD COLUMN a INT NOT NULL DEFAULT 0",)),
    ("postgresql", ("ALTER TABLE orders ADD COLUMN a TIMESTAMP DEFAULT now()",)),
    ("mysql", ("ALTER TABLE orders ADD COLUMN a INT AS (total * 2) VIRTUAL",)),
    ("postgresql", ("ALTER TABLE orders ALTER COLUMN note TYPE VARCHAR(200)",)),
    ("postgresql", ("ALTER TABLE orders ALTER COLUMN note TYPE TEXT",)),
    ("postgresql", ("ALTER TABLE orders ALTER COLUMN total TYPE NUMERIC(14, 2)",)),
    ("postgresql", ("ALTER TABLE orders ALTER COLUMN note DROP NOT NULL",)),
    ("postgresql", ("ALTER TABLE orders ALTER COLUMN note SET DEFAULT 'x'",)),
    (
        "postgresql",
        (
            "ALTER TABLE orders ADD CONSTRAINT n CHECK (note IS NOT NULL) NOT VALID",
            "ALTER TABLE orders VALIDATE CONSTRAINT n",
            "ALTER TABLE orders ALTER COLUMN note SET NOT NULL",
        ),
    ),
    ("postgresql", ("ALTER TABLE orders ADD CONSTRAINT f FOREIGN KEY (c) REFERENCES customers (id) NOT VALID",)),
    (
        "mysql",
        (
            "SET foreign_key_checks=OFF",
            "ALTER TABLE orders ADD FOREIGN KEY (c) REFERENCES customers (id)",
            "SET foreign_key_checks=ON",
        ),
    ),
    ("postgresql", ("ALTER TABLE orders ADD CONSTRAINT u UNIQUE USING INDEX i",)),
    ("postgresql", ("CREATE INDEX CONCURRENTLY i ON orders (note)", "DROP INDEX CONCURRENTLY j")),
    ("mysql", ("CREATE INDEX i ON orders (note)", "DROP INDEX j ON orders")),
    ("sqlite", ("CREATE INDEX i ON orders (note)",)),
    ("postgresql", ("REINDEX INDEX CONCURRENTLY i", "REFRESH MATERIALIZED VIEW CONCURRENTLY totals")),
    (
        "*",
        (
            "UPDATE orders SET note = 'x' WHERE id = 1",
            "DELETE FROM orders WHERE id = 1",
            "INSERT INTO orders VALUES (1)",
        ),
    ),
    ("postgresql", ("ALTER TYPE mood ADD VALUE 'new'", "SET LOCAL lock_timeout = '5s'")),
    ("postgresql", ("CREATE EXTENSION pg_trgm", "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'")),
    ("sqlite", ("CREATE TEMP TABLE t (a int)", "DROP TABLE t")),
    ("postgresql", ("ALTER TABLE orders RENAME CONSTRAINT a TO b", "ALTER TABLE orders OWNER TO shop")),
]


@pytest.mark.parametrize(
    ("engine", "name", "statements"), [pytest.param(*row, id=f"{row[0]} {row[2][0]}") for row in DANGEROUS]
)
def test_a_dangerous_statement_is_told(engine: str, name: str, statements: tuple[str, ...]) -> None:
    assert name in _dangers(engine, *statements)


@pytest.mark.parametrize(("engine", "statements"), [pytest.param(*row, id=f"{row[0]} {row[1][0]}") for row in SAFE])
def test_its_safe_neighbour_is_not(engine: str, statements: tuple[str, ...]) -> None:
    assert _dangers(engine, *statements) == []


def test_concurrently_is_refused_only_inside_a_transaction() -> None:
    statement = "CREATE INDEX CONCURRENTLY i ON orders (note)"
    assert _dangers("postgresql", statement, one_transaction=True) == ["concurrently-in-transaction"]


def test_cascade_is_told_beside_what_it_drops() -> None:
    assert "cascade" in _dangers("postgresql", "DROP TABLE orders CASCADE")


def test_what_was_read_survives_being_stored() -> None:
    reader = Reader()
    operations = reader.read(_CREATE, "postgresql")
    assert unpack(pack(operations)) == operations
    assert Reader(dict(reader.used)).read(_CREATE, "postgresql") == operations


@pytest.mark.parametrize("text", ["", "ALTER TABLE", "SELECT (", "'", "CREATE TABLE x (", "\x00", "ALTER TABLE x DROP"])
def test_a_statement_that_is_none_is_unknown_and_no_error(text: str) -> None:
    for on in ("*", "postgresql", "mysql", "sqlite"):
        assert all(each.kind in {"unknown", "other"} for each in Reader().read(text, on))


# Files

_ALEMBIC = "from alembic import op\nimport sqlalchemy as sa\nfrom sqlalchemy.dialects import postgresql\n"


def _alembic(revision: str, after: str | None, *lines: str) -> dict[str, str]:
    body = "".join(f"    {line}\n" for line in lines) or "    pass\n"
    head = f"{_ALEMBIC}revision = '{revision}'\ndown_revision = {after!r}\n"
    return {f"app/alembic/versions/{revision}_x.py": f"{head}def upgrade():\n{body}\ndef downgrade():\n    pass\n"}


def _up(name: str, *statements: str, key: str = "*") -> dict[str, str]:
    lines = "".join(f"        {statement},\n" for statement in statements)
    return {f"{_FOLDER}/{name}.py": f'UP = {{\n    "{key}": [\n{lines}    ],\n}}\n'}


_ORDERS = _up("202611220001_orders", f'"{_CREATE}"')
_BAD = "# error: ARC207"
FILES: dict[str, dict[str, str]] = {
    "one line of several is marked": {
        **_ORDERS,
        **_up(
            "202611220002_x", '"SELECT 1"', '"ALTER TABLE orders ADD COLUMN a INT"', f'"DROP TABLE orders"  {_BAD}\n'
        ),
    },
    "a triple-quoted statement is marked where it begins": {
        f"{_FOLDER}/202611220002_x.py": f'UP = {{"*": ["DROP TABLE orders"]}}  {_BAD}\n'
    },
    "statements in a constant": {
        f"{_FOLDER}/202611220002_x.py": f'GONE = ["DROP TABLE orders"]  {_BAD}\nUP = {{"*": GONE}}\n'.replace(
            f"  {_BAD}\n", "\n", 1
        ).replace('UP = {"*": GONE}', f'UP = {{"*": GONE}}  {_BAD}')
    },
    "DOWN may drop": {f"{_FOLDER}/202611220002_x.py": 'UP = {"*": []}\nDOWN = {"*": ["DROP TABLE orders"]}\n'},
    "an index for SQLite alone": {**_up("202611220002_x", '"CREATE INDEX i ON orders (note)"', key="sqlite")},
    "a drop in another folder": {"src/shop/sql/202611220002_x.py": 'UP = {"*": ["DROP TABLE orders"]}\n'},
    "a data migration says CONCURRENTLY": {
        **_up("202611220001_orders", f'"{_CREATE}"', key="postgresql"),
        f"{_FOLDER}/202611220002_x.py": (
            f'async def up(db):\n    await db.execute("CREATE INDEX CONCURRENTLY i ON orders (id)")  {_BAD}\n'
        ),
    },
    "a data migration that computes its statement": {
        f"{_FOLDER}/202611220002_x.py": (
            'async def up(db):\n    for t in ("a", "b"):\n        await db.execute(f"DROP TABLE {t}")\n'
        )
    },
    "Alembic's newest revision, the older ones being shipped": {
        **_alembic("a1", None, "op.create_table('items', sa.Column('id', sa.Integer(), primary_key=True))"),
        **_alembic("b2", "a1", "op.drop_column('items', 'id')"),
        **_alembic("c3", "b2", f"op.drop_table('items')  {_BAD}"),
    },
    "Alembic's concurrent index in its own block": {
        **_alembic(
            "a1",
            None,
            f"op.create_index('i', 'items', ['a'], postgresql_concurrently=True)  {_BAD}",
            "with op.get_context().autocommit_block():",
            "    op.create_index('j', 'items', ['b'], postgresql_concurrently=True)",
        )
    },
    "Alembic's execute, through a text and a helper": {
        "app/alembic/versions/a1.py": _ALEMBIC
        + "revision = 'a1'\ndown_revision = None\ndef fill(table):\n    op.drop_column('items', 'a')  # error: ARC207\n"
        + f"def upgrade():\n    fill('items')\n    op.execute(sa.text('UPDATE items SET a = 1'))  {_BAD}\n"
    },
    "two batches under one name": {
        **_alembic(
            "a1",
            None,
            "op.create_table('new', sa.Column('id', sa.Integer()))",
            "with op.batch_alter_table('new') as rows:",
            "    rows.drop_column('id')",
            "with op.batch_alter_table('old') as rows:",
            f"    rows.alter_column('a', existing_type=sa.String(), type_=sa.Integer())  {_BAD}",
        )
    },
    "Alembic changes a type to one that is computed": {
        **_alembic("a1", None, "op.alter_column('t', 'a', existing_type=sa.String(), type_=made[1])")
    },
    "Alembic drops an index of a new table": {
        **_alembic(
            "a1",
            None,
            "op.create_table('new', sa.Column('id', sa.BigInteger(), primary_key=True))",
            "op.drop_index('i', 'new')",
        )
    },
    "Alembic's tables under a prefix that is computed: which they are, and whether they are new, nobody knows": {
        **_alembic(
            "a1",
            None,
            "prefix = op.get_context().opts['table_prefix']",
            "op.create_table(f'{prefix}items', sa.Column('id', sa.Integer(), primary_key=True))",
            "with op.batch_alter_table(f'{prefix}items') as rows:",
            "    rows.create_unique_constraint('u', ['a'])",
            "op.create_index('i', f'{prefix}items', ['a'])",
            f"op.drop_table('other')  {_BAD}",
        )
    },
    "a value of an enumeration, used at once, outside of a transaction": {
        f"{_FOLDER}/202611220002_x.py": (
            "TRANSACTION = False\n"
            "UP = {'postgresql': [\"ALTER TYPE m ADD VALUE 'a'\", \"UPDATE t SET m = 'a' WHERE id = 1\"]}\n"
        )
    },
    "rows beside the schema, outside of a transaction": {
        f"{_FOLDER}/202611220002_x.py": (
            "TRANSACTION = False\n"
            'UP = {"postgresql": ["ALTER TABLE t ADD COLUMN a INT", "UPDATE t SET a = 1 WHERE id = 1"]}\n'
        )
    },
    "a SQL file, at the line of its statement": {
        **_ORDERS,
        f"{_FOLDER}/202611220002_x.sql": (
            f"-- migrate:up\nSELECT 1;\nDROP TABLE orders; -- {_BAD}\n-- migrate:down\nDROP TABLE parts;\n"
        ),
    },
    "a SQL file with a trigger, on its engine": {
        **_up("202611220001_orders", f'"{_CREATE}"', key="sqlite"),
        f"{_FOLDER}/202611220002_x.sql": (
            "-- migrate:up\nCREATE TRIGGER t AFTER INSERT ON orders BEGIN DELETE FROM x; DELETE FROM y; END;\n"
            f"DELETE FROM orders; -- {_BAD}\n"
        ),
    },
    "a SQL file without marks, which another tool runs": {
        **_ORDERS,
        f"{_FOLDER}/202611220002_x.sql": "-- +goose Up\nDROP TABLE orders;\n",
    },
    "an empty SQL file": {**_ORDERS, f"{_FOLDER}/202611220002_x.sql": ""},
    "a file that is kept out by its name": {f"{_FOLDER}/_202611220002_x.py": 'UP = {"*": ["DROP TABLE orders"]}\n'},
    "a statement longer than the facts keep": {
        **_ORDERS,
        f"{_FOLDER}/202611220002_x.py": 'UP = {"*": ["""INSERT INTO orders (note) VALUES\n'
        + ",\n".join(f"('{number:040}')" for number in range(120))
        + f'""",\n"DROP TABLE orders"]}}  {_BAD}\n',
    },
    "Alembic widens a text": {
        **_alembic("a1", None, "op.alter_column('t', 'a', existing_type=sa.String(10), type_=sa.String(length=20))")
    },
    "Alembic's op on another engine": {
        **_alembic("a1", None, "if op.get_bind().dialect.name == 'sqlite':", "    op.create_index('i', 'items', ['a'])")
    },
}


@pytest.mark.parametrize("files", [pytest.param(files, id=name) for name, files in FILES.items()])
def test_a_migration_file_is_told_at_its_lines(files: dict[str, str]) -> None:
    assert sorted(set(places(files, "ARC207"))) == expected(files)


def test_a_file_that_the_base_branch_has_is_shipped() -> None:
    old = _up("202611220002_x", '"DROP TABLE orders"')
    new = _up("202611220003_y", '"CREATE TABLE parts (id BIGINT PRIMARY KEY)"')
    later = _up("202611220004_z", '"CREATE INDEX i ON parts (id)"', key="postgresql")
    files = {**_ORDERS, **old, **new, **later}
    base = {f"@base/{path}": text for path, text in {**_ORDERS, **old}.items()}
    assert places({**files, **base}, "ARC207") == []
    assert {path for path, _, _ in places(files, "ARC207")} == {*old, *later}


def test_a_message_names_the_engine_and_the_safe_way() -> None:
    files = {**_ORDERS, **_up("202611220002_x", '"CREATE INDEX i ON orders (note)"', key="postgresql")}
    (found,) = findings(files, "ARC207")
    assert found.message == "creates `i` on `orders` while writes wait (on PostgreSQL)"
    assert "CONCURRENTLY" in found.hint


# Models and migrations

_MODEL = "src/shop/modules/orders/model.py"
_HEAD = """\
import datetime as dt
from typing import Optional
from uuid import UUID
from shop.kernel.model import Entity, Timestamped, SoftDeleted, LongText, UtcDateTime
from sqlalchemy import Boolean, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship, declared_attr

"""
_TABLE = """\
UP = {
    "*": [
        "CREATE TABLE orders (id CHAR(32) PRIMARY KEY, note TEXT, code VARCHAR(9) NOT NULL UNIQUE)",
    ],
}
"""
_CODE = "    code: Mapped[str] = mapped_column(unique=True)\n"
_SAME = "    note: Mapped[str | None]\n" + _CODE
_DRIFT = "# error: ARC208"


def _model(body: str, head: str = '    __tablename__ = "orders"\n', bases: str = "Entity") -> str:
    return f"{_HEAD}class Order({bases}):\n{head}{body}"


def _both(
    body: str, *statements: str, head: str = '    __tablename__ = "orders"\n', bases: str = "Entity"
) -> dict[str, str]:
    later = _up("202611220002_later", *(f'"{each}"' for each in statements)) if statements else {}
    return {f"{_FOLDER}/202611220001_orders.py": _TABLE, **later, _MODEL: _model(body, head, bases)}


_MARKED = f'    __tablename__ = "orders"  {_DRIFT}\n'
DRIFTS: dict[str, dict[str, str]] = {
    "they agree": _both(_SAME),
    "a column only in the model": _both(f"{_SAME}    more: Mapped[int]  {_DRIFT}\n"),
    "a column only in the migrations": _both(_CODE, head=_MARKED),
    "a column under another name": _both(
        "    remark: Mapped[str | None] = mapped_column('note')\n"
        "    code: Mapped[str] = mapped_column(name='code', unique=True)\n"
    ),
    "NULL in the model": _both(
        f"    note: Mapped[str | None]\n    code: Mapped[str | None] = mapped_column(unique=True)  {_DRIFT}\n"
    ),
    "NULL in the migrations": _both(f"    note: Mapped[str] = mapped_column(LongText)  {_DRIFT}\n" + _CODE),
    "NULL by Optional and by keyword": _both(
        "    note: Mapped[Optional[str]]\n    code: Mapped[str | None] = mapped_column(unique=True, nullable=False)\n"
    ),
    "unique in the model": _both(f"    note: Mapped[str | None] = mapped_column(unique=True)  {_DRIFT}\n" + _CODE),
    "unique in the migrations": _both(f"    note: Mapped[str | None]\n    code: Mapped[str]  {_DRIFT}\n"),
    "unique by a constraint in the table's arguments": _both(
        "    __table_args__ = (UniqueConstraint('code'),)\n    note: Mapped[str | None]\n    code: Mapped[str]\n"
    ),
    "unique by a later index": _both(
        "    note: Mapped[str | None] = mapped_column(unique=True)\n" + _CODE,
        "CREATE UNIQUE INDEX i ON orders (note)",
    ),
    "an index that is dropped again": _both(
        f"    note: Mapped[str | None] = mapped_column(unique=True)  {_DRIFT}\n" + _CODE,
        "CREATE UNIQUE INDEX i ON orders (note)",
        "DROP INDEX i",
    ),
    "a type that cannot hold the value": _both(f"    note: Mapped[int | None]  {_DRIFT}\n" + _CODE),
    "a type by name": _both(f"    note: Mapped[str | None] = mapped_column(Boolean)  {_DRIFT}\n" + _CODE),
    "a column added later": _both(
        f"{_SAME}    more: Mapped[int | None]\n", "ALTER TABLE orders ADD COLUMN more INTEGER"
    ),
    "a column added and dropped": _both(
        f"{_SAME}    more: Mapped[int | None]  {_DRIFT}\n",
        "ALTER TABLE orders ADD COLUMN more INTEGER",
        "ALTER TABLE orders DROP COLUMN more",
    ),
    "a column renamed": _both(
        "    remark: Mapped[str | None]\n" + _CODE,
        "ALTER TABLE orders RENAME COLUMN note TO remark",
    ),
    "a table renamed": _both(_SAME, "ALTER TABLE orders RENAME TO buys", head='    __tablename__ = "buys"\n'),
    "a table rebuilt as SQLite does": _both(
        f"{_SAME}    more: Mapped[int | None]\n",
        "CREATE TABLE new (id CHAR(32) PRIMARY KEY, note TEXT, code VARCHAR(9) NOT NULL UNIQUE, more INTEGER)",
        "INSERT INTO new SELECT id, note, code, NULL FROM orders",
        "DROP TABLE orders",
        "ALTER TABLE new RENAME TO orders",
    ),
    "a table nobody creates": {
        f"{_FOLDER}/202611220001_x.py": 'UP = {"*": ["SELECT 1"]}\n',
        _MODEL: _model(_SAME, _MARKED),
    },
    "no migrations at all": {_MODEL: _model(_SAME)},
    "a table nobody declares": {
        f"{_FOLDER}/202611220001_x.py": f'UP = {{"*": ["CREATE TABLE lost (id INT)"]}}  {_DRIFT}\n'
    },
    "a table that SQL mentions": {
        f"{_FOLDER}/202611220001_x.py": 'UP = {"*": ["CREATE TABLE lost (id INT)"]}\n',
        "src/shop/modules/orders/repository.py": 'QUERY = "SELECT * FROM lost"\n',
    },
    "the columns of mixins": _both(
        f"{_SAME}",
        "ALTER TABLE orders ADD COLUMN created_at TIMESTAMP NOT NULL",
        "ALTER TABLE orders ADD COLUMN updated_at TIMESTAMP NOT NULL",
        bases="Timestamped, Entity",
    ),
    "the columns of a mixin that are missing": {
        f"{_FOLDER}/202611220001_orders.py": _TABLE,
        _MODEL: f'{_HEAD}class Order(SoftDeleted, Entity):  {_DRIFT}\n    __tablename__ = "orders"\n{_SAME}',
    },
    "a relationship, a method and a constant are no columns": _both(
        f'{_SAME}    lines: Mapped[list["Line"]] = relationship()\n    LIMIT = 3\n    def total(self): ...\n'
    ),
    "a base that nothing is known of": _both(_CODE, bases="Entity, Unknown"),
    "a column that a function makes": _both("    note: Mapped[str] = made()\n" + _CODE),
    "a computed statement about another table": {
        **_both(f"{_SAME}    more: Mapped[int]  {_DRIFT}\n"),
        f"{_FOLDER}/202611220003_x.py": 'async def up(db):\n    await db.execute(f"ALTER TABLE other ADD {db}")\n',
    },
    "a computed statement about anything": {
        **_both(f"{_SAME}    more: Mapped[int]\n"),
        f"{_FOLDER}/202611220003_x.py": "async def up(db):\n    await db.execute(made())\n",
    },
    "one engine is forgotten": {
        f"{_FOLDER}/202611220001_orders.py": (
            'UP = {\n    "postgresql": ["CREATE TABLE orders (id UUID PRIMARY KEY, note TEXT)"],\n'
            '    "sqlite": ["CREATE TABLE orders (id CHAR(32) PRIMARY KEY)"],\n}\n'
        ),
        _MODEL: _model(f"    note: Mapped[str | None]  {_DRIFT}\n"),
    },
    "Alembic's tables and columns": {
        **_alembic(
            "a1",
            None,
            "op.create_table('orders', sa.Column('id', sa.Uuid(), nullable=False), sa.Column('note', sa.Text()))",
        ),
        **_alembic("b2", "a1", "op.add_column('orders', sa.Column('code', sa.String(9), nullable=False, unique=True))"),
        _MODEL: _model(f"{_SAME}    more: Mapped[int | None]  {_DRIFT}\n"),
    },
    "Alembic's tables under a prefix that is computed": {
        **_alembic(
            "a1",
            None,
            "prefix = op.get_context().opts['table_prefix']",
            "op.create_table('notes', sa.Column('id', sa.Uuid(), nullable=False))",
            "op.create_table(f'{prefix}orders', sa.Column('id', sa.Uuid(), nullable=False))",
        ),
        _MODEL: _model(_SAME),
    },
}


@pytest.mark.parametrize("files", [pytest.param(files, id=name) for name, files in DRIFTS.items()])
def test_models_and_migrations_are_compared(files: dict[str, str]) -> None:
    assert places(files, "ARC208") == expected(files)


@pytest.mark.parametrize("broken", [_MODEL, f"{_FOLDER}/202611220002_more.py"])
def test_what_a_file_that_cannot_be_read_declares_is_not_missed(broken: str) -> None:
    more = 'UP = {"*": ["ALTER TABLE orders ADD COLUMN more INTEGER"]}\n'
    files = {f"{_FOLDER}/202611220001_orders.py": _TABLE, f"{_FOLDER}/202611220002_more.py": more}
    files[_MODEL] = _model(f"{_SAME}    more: Mapped[int | None]\n")
    files[broken] += "def broken(:\n"
    rules = tuple(rule for rule in registry.all_rules() if rule.code == "ARC208")
    verdict = engine.judge({path: text.encode() for path, text in files.items()}, Config(), rules=rules)
    assert verdict.findings == ()
    assert [each.partition(":")[0] for each in verdict.incomplete] == [broken]


def test_an_edit_elsewhere_reads_no_statement_again(tmp_path: Path) -> None:
    files = {f"{_FOLDER}/202611220001_orders.py": _TABLE, _MODEL: _model(_SAME)}
    cache = Cache(tmp_path, key=b"k" * 32)
    stamp = registry.fingerprint()
    engine.judge({path: text.encode() for path, text in files.items()}, Config(), cache)
    kept = cache.statements(stamp)
    assert len(kept) >= 1
    reader = Reader(kept)
    assert reader.read("CREATE TABLE orders (id CHAR(32) PRIMARY KEY, note TEXT, code VARCHAR(9) NOT NULL UNIQUE)", "*")
    assert not reader.learnt


def test_an_engine_is_named_once_however_often_a_statement_does_the_same() -> None:
    twice = "op.execute('UPDATE widgets SET a = b::int; UPDATE widgets SET c = d::int')"
    told = [each.message for each in findings(_alembic("a1", None, twice), "ARC207")]
    named = [each.rpartition("(on ")[2].removesuffix(")").split(" and ") for each in told]
    assert named
    assert [each for each in named if len(set(each)) < len(each)] == []
