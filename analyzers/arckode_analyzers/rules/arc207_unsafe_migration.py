"""ARC207: a migration that is not safe to run on a database in use."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from arckode_analyzers.rule import Example, Rule, Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.source import Source


def check(analysis: Analysis, source: Source) -> Iterator[Spot]:
    """Report the statements of one migration that block, break or lose something, with the safe way."""
    if source.path not in analysis.migrations.by_path:
        return
    for each in analysis.dangers.by_path.get(source.path, ()):
        where = f" (on {each.engines})" if each.engines else ""
        row = each.statement
        message = f"{each.message}{where}"
        found = Spot(source, row.line, row.column, source.module, message, each.check.name, each.check.recipe)
        yield replace(found, severity=each.check.severity)


_FOLDER = "src/shop/migrations"
_CREATED = {
    f"{_FOLDER}/202611220001_create_orders.py": """\
UP = {
    "postgresql": ["CREATE TABLE orders (id UUID PRIMARY KEY, note VARCHAR(100), total NUMERIC(12, 2))"],
    "*": ["CREATE TABLE orders (id CHAR(32) PRIMARY KEY, note VARCHAR(100), total NUMERIC(12, 2))"],
}
DOWN = {"*": ["DROP TABLE orders"]}
""",
}
RULE = Rule(
    code="ARC207",
    name="unsafe-migration",
    severity="error",
    summary="A migration blocks, breaks or loses something when it runs on a database that is in use.",
    why=(
        "A migration runs while the old code still serves. A column that it renames is an error in every request, an "
        "index that is built under a lock stops every write, a value that it drops does not come back; and none of it "
        "shows on the empty database of a test."
    ),
    hint="split it into steps that running code survives",
    check=check,
    layers=("*",),
    decides=(
        "Read: `UP` and `async def up(db)` of arckode's migrations, `-- migrate:up` of `.sql` files, and the `op.*` "
        "calls of Alembic's `upgrade()`, per engine that the project names. A table that the same file creates, or "
        "with `--against` the same branch, is new. A statement that sqlglot cannot read is said to be unread. Silent: "
        "statements that are computed, what a rollback does, files that the base branch has already, and "
        "without `--against` the Alembic revisions that a later one builds on: that history is older than the gate. "
        "How large a table is cannot be seen: on a small one, suppress with that reason."
    ),
    bad=(
        Example(
            "columns dropped, renamed, required and retyped",
            {
                **_CREATED,
                f"{_FOLDER}/202611220002_change_orders.py": """\
UP = {
    "*": [
        "ALTER TABLE orders DROP COLUMN note",  # error: ARC207
        "ALTER TABLE orders RENAME COLUMN total TO amount",  # error: ARC207
        "ALTER TABLE orders ADD COLUMN status VARCHAR(20) NOT NULL",  # error: ARC207
    ],
    "postgresql": [
        "ALTER TABLE orders ALTER COLUMN total TYPE BIGINT",  # error: ARC207
        "ALTER TABLE orders ALTER COLUMN note SET NOT NULL",  # error: ARC207
        "CREATE INDEX ix_orders_note ON orders (note)",  # error: ARC207
    ],
}
""",
            },
        ),
        Example(
            "a data migration that touches every row, hidden behind a constant",
            {
                **_CREATED,
                f"{_FOLDER}/202611220003_fill.py": """\
SAFE = "UPDATE orders SET note = 'none'"

async def up(db):
    # WHERE id > ?
    await db.execute(SAFE)  # error: ARC207
    await db.execute("DELETE FROM orders WHERE note = ?", "x")
""",
            },
        ),
        Example(
            "Alembic's calls, under another name and in a batch",
            {
                "backend/alembic/versions/2f1_items.py": """\
from alembic import op as change
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

revision = "2f1"
down_revision = None

def upgrade():
    change.create_table("parts", sa.Column("id", sa.BigInteger(), primary_key=True))
    change.create_index("ix_parts_id", "parts", ["id"])
    change.add_column("items", sa.Column("size", sa.Integer(), nullable=False))  # error: ARC207
    change.create_foreign_key("fk_items", "items", "parts", ["part_id"], ["id"])  # error: ARC207
    with change.batch_alter_table("items") as rows:
        rows.drop_column("weight")  # error: ARC207

def downgrade():
    change.drop_table("parts")
""",
            },
        ),
    ),
    good=(
        Example(
            "a table that the same file creates",
            {
                f"{_FOLDER}/202611220001_create_orders.py": """\
UP = {
    "postgresql": [
        "CREATE TABLE orders (id UUID PRIMARY KEY, note TEXT NOT NULL, customer_id UUID)",
        "CREATE INDEX ix_orders_note ON orders (note)",
        "ALTER TABLE orders ADD CONSTRAINT fk FOREIGN KEY (customer_id) REFERENCES customers (id)",
    ],
}
DOWN = {"*": ["DROP TABLE orders"]}
"""
            },
        ),
        Example(
            "the safe forms, per engine",
            {
                **_CREATED,
                f"{_FOLDER}/202611220002_change_orders.py": """\
UP = {
    "*": [
        "ALTER TABLE orders ADD COLUMN status VARCHAR(20) NOT NULL DEFAULT 'draft'",
    ],
    "postgresql": [
        "ALTER TABLE orders ADD COLUMN status VARCHAR(20) NOT NULL DEFAULT 'draft'",
        "ALTER TABLE orders ADD COLUMN customer_id UUID",
        "ALTER TABLE orders ADD CONSTRAINT fk FOREIGN KEY (customer_id) REFERENCES customers (id) NOT VALID",
        "ALTER TABLE orders ADD CONSTRAINT ck CHECK (note IS NOT NULL) NOT VALID",
        "ALTER TABLE orders ALTER COLUMN note TYPE VARCHAR(200)",
    ],
}
""",
                f"{_FOLDER}/202611220003_validate.py": """\
UP = {
    "postgresql": [
        "ALTER TABLE orders VALIDATE CONSTRAINT fk",
        "ALTER TABLE orders VALIDATE CONSTRAINT ck",
        "ALTER TABLE orders ALTER COLUMN note SET NOT NULL",
        "CREATE INDEX CONCURRENTLY ix_orders_note ON orders (note)",
    ],
    "*": [],
}
""",
            },
        ),
        Example(
            "the words outside a migration",
            {
                "src/shop/modules/orders/notes.py": """\
# ALTER TABLE orders DROP COLUMN note
UP = {"*": ["ALTER TABLE orders DROP COLUMN note"]}
""",
                "src/shop/migrations/README.py": 'ADVICE = "DROP TABLE orders"\n',
            },
        ),
    ),
)
