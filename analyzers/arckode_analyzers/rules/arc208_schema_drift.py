"""ARC208: models and migrations disagree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_analyzers.rule import Example, Rule, Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.source import Source


def check(analysis: Analysis, source: Source) -> Iterator[Spot]:
    """Report what this file's models declare and no migration brings, and what migrations leave undeclared."""
    for each in analysis.schema_drift.by_path.get(source.path, ()):
        yield Spot(source, each.line, each.column, each.symbol, each.message, each.callee, each.hint)


_MODEL = "src/shop/modules/orders/model.py"
_MIGRATION = "src/shop/migrations/202611220001_create_orders.py"
_SQL = """\
UP = {
    "*": [
        '''
        CREATE TABLE orders (
            id CHAR(32) NOT NULL,
            note VARCHAR(255),
            code VARCHAR(10) NOT NULL,
            total INTEGER NOT NULL,
            CONSTRAINT pk_orders PRIMARY KEY (id),
            CONSTRAINT uq_orders_code UNIQUE (code)
        )
        ''',
    ],
}
DOWN = {"*": ["DROP TABLE orders"]}
"""
RULE = Rule(
    code="ARC208",
    name="schema-drift",
    severity="error",
    summary="Models and migrations disagree about a table.",
    why=(
        "Tests that create their tables from the models pass, and the deployed database, which the migrations made, "
        "has no such column. The other way round a NOT NULL column that no model writes refuses every new row."
    ),
    hint="write the missing migration, or correct the model",
    check=check,
    layers=("*",),
    decides=(
        "Found, per engine that the migrations are written for: tables and columns that are declared and never "
        "migrated, or left by migrations and declared nowhere, different NULL and single-column UNIQUE, and types "
        "that cannot hold the value. Read: `UP`, literal statements of `up(db)`, and Alembic's `op.*`. Silent: a table "
        "that a computed statement touches, models whose bases or columns are computed, lengths, defaults, checks, "
        "foreign keys and indexes."
    ),
    bad=(
        Example(
            "a column nobody migrated, one that was dropped from the model, and NULL",
            {
                _MIGRATION: _SQL,
                _MODEL: """\
from shop.kernel.model import Entity
from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

class Order(Entity):
    __tablename__ = "orders"  # error: ARC208

    note: Mapped[str]  # error: ARC208
    code: Mapped[str] = mapped_column(String(10), unique=True)
    status: Mapped[str]  # error: ARC208
""",
            },
        ),
        Example(
            "a type and a uniqueness that changed in one place, under aliases and another attribute name",
            {
                _MIGRATION: _SQL,
                _MODEL: """\
from shop.kernel.model import Entity as Row
from sqlalchemy import Text as Words
from sqlalchemy.orm import Mapped as M, mapped_column as column

class Order(Row):
    __tablename__ = "orders"

    remark: M[str | None] = column("note", unique=True)  # error: ARC208
    code: M[str] = column(unique=True)
    total: M[str] = column(Words())  # error: ARC208
""".replace("M[", "Mapped[").replace("Mapped as M", "Mapped"),
            },
        ),
        Example(
            "a table that a later migration renames, and a table without a model",
            {
                _MIGRATION: _SQL,
                "src/shop/migrations/202611220002_notes.py": """\
UP = {
    "*": [
        "ALTER TABLE orders RENAME TO purchases",
        "CREATE TABLE notes (id INTEGER PRIMARY KEY)",  # error: ARC208
    ],
}
""",
                _MODEL: """\
from shop.kernel.model import Entity
from sqlalchemy.orm import Mapped, mapped_column

class Order(Entity):
    __tablename__ = "orders"  # error: ARC208

class Purchase(Entity):
    __tablename__ = "purchases"

    note: Mapped[str | None]
    code: Mapped[str] = mapped_column(unique=True)
    total: Mapped[int]
""",
            },
        ),
    ),
    good=(
        Example(
            "a model and what its migrations add up to",
            {
                _MIGRATION: _SQL,
                "src/shop/migrations/202611220002_status.py": """\
UP = {
    "*": [
        "ALTER TABLE orders ADD COLUMN status VARCHAR(20) NOT NULL DEFAULT 'draft'",
        "ALTER TABLE orders RENAME COLUMN note TO remark",
        "ALTER TABLE orders DROP COLUMN total",
    ],
}
""",
                _MODEL: """\
from shop.kernel.model import Entity
from sqlalchemy.orm import Mapped, mapped_column

class Order(Entity):
    __tablename__ = "orders"

    remark: Mapped[str | None]
    code: Mapped[str] = mapped_column(unique=True)
    status_: Mapped[str] = mapped_column("status")
""",
            },
        ),
        Example(
            "a statement that is computed leaves its table unknown",
            {
                _MIGRATION: _SQL,
                "src/shop/migrations/202611220002_status.py": """\
COLUMNS = ["status", "place"]

async def up(db):
    for name in COLUMNS:
        await db.execute(f"ALTER TABLE orders ADD COLUMN {name} VARCHAR(20)")
""",
                _MODEL: """\
from shop.kernel.model import Entity
from sqlalchemy.orm import Mapped

class Order(Entity):
    __tablename__ = "orders"

    status: Mapped[str | None]
""",
            },
        ),
        Example(
            "a project without migrations, and DDL in a text that is no migration",
            {
                "src/shop/modules/orders/notes.py": 'UP = {"*": ["CREATE TABLE orders (id CHAR(32))"]}\n',
                _MODEL: """\
from shop.kernel.model import Entity
from sqlalchemy.orm import Mapped

class Order(Entity):
    __tablename__ = "orders"

    status: Mapped[str | None]
""",
            },
        ),
    ),
)
