"""ARC111: raw SQL in a module outside its repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_analyzers.rule import Example, Rule, Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.calls import CallAt
    from arckode_analyzers.model.source import Source

_HERE = frozenset({"modules", "connectors", "controllers", "services"})
_RIGHT_PLACES = frozenset({"repositories", "migrations", "seeds", "kernel", "adapters", "tests"})


def check(analysis: Analysis, source: Source) -> Iterator[Spot]:
    """Report SQL texts that a module runs itself, and helpers outside the modules that run one for it."""
    if not source.layers & _HERE or source.layers & _RIGHT_PLACES:
        return
    seen: set[int] = set()
    for run in analysis.sql_texts.of(source):
        if run.call.at not in seen and analysis.sql_texts.is_raw(run):
            seen.add(run.call.at)
            yield _spot(run.call, f"`{run.label}` runs raw SQL outside the module's repository", run.label)
    helpers = analysis.sql_texts.leading_to_raw(_is_outside)
    for call in analysis.calls(source):
        for target in analysis.reached(call):
            there = helpers.get(target.symbol)
            if there is not None and call.at not in seen:
                seen.add(call.at)
                message = f"`{target.label}` runs raw SQL for this module, outside its repository"
                chain = ((source, call.record.line), (there.source, there.record.line))
                yield _spot(call, message, target.label, chain)


def _is_outside(source: Source) -> bool:
    return not source.layers & (_HERE | _RIGHT_PLACES)


def _spot(call: CallAt, message: str, callee: str, chain: tuple[tuple[Source, int], ...] = ()) -> Spot:
    return Spot(call.source, call.record.line, call.record.column, call.caller, message, callee, chain=chain)


_SERVICE = "src/shop/modules/orders/service.py"
_CONTROLLER = "src/shop/modules/orders/controller.py"
_SHARED = "src/shop/shared/rows.py"
RULE = Rule(
    code="ARC111",
    name="raw-sql-in-module",
    severity="error",
    summary="A module runs raw SQL outside its repository.",
    why=(
        "SQL in a service or a connector goes past soft delete, tenancy and the check of undeclared fields, reads "
        "tables that other modules own without anyone seeing it, and is found by nobody when a column is renamed."
    ),
    hint="make it a method of the module's repository, and let the service call that",
    check=check,
    decides=(
        "Found: a text that is handed to a session, connection, cursor or driver, directly, through `text(...)`, a "
        "name, or helpers outside the modules. Silent: repositories, adapters, migrations and seeds, a probe such as "
        "`SELECT 1`, settings of the session (`SET LOCAL`), statements built with `select(...)` alone, and receivers "
        "whose type nothing says."
    ),
    bad=(
        Example(
            "a session, under other names",
            {
                _SERVICE: """\
from sqlalchemy import text as words
from sqlalchemy.ext.asyncio import AsyncSession as Rows

class OrdersService:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    async def close(self, key):
        statement = words("UPDATE orders SET status = 'closed' WHERE id = :id")
        await self._rows.execute(statement, {"id": key})  # error: ARC111
"""
            },
        ),
        Example(
            "a driver in a controller, and text inside a select",
            {
                _CONTROLLER: """\
import sqlite3
from sqlalchemy import select, text
from sqlalchemy.orm import Session

QUERY = "SELECT count(*) FROM orders"

def count():
    with sqlite3.connect("shop.db") as connection:
        return connection.execute(QUERY).fetchone()  # error: ARC111

def late(session: Session):
    return session.scalars(select("orders").from_statement(text("SELECT * FROM orders")))  # error: ARC111
"""
            },
        ),
        Example(
            "a connector lets shared code do it, a function named like the repository's",
            {
                "src/shop/connectors/orders_customers.py": """\
from shop.shared.rows import OrdersRepository

async def total(repository: OrdersRepository):
    return await repository.total()  # error: ARC111
""",
                _SHARED: """\
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

class OrdersRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def total(self):
        return await self._scalar()

    async def _scalar(self):
        return await self._session.scalar(text("SELECT sum(total) FROM orders"))
""",
            },
        ),
    ),
    good=(
        Example(
            "the module's repository",
            {
                "src/shop/modules/orders/repository.py": """\
from shop.kernel.repository_sql import SqlRepository
from sqlalchemy import text

class OrdersRepository(SqlRepository["Order"]):
    async def total(self):
        async with self.database.session() as session:
            return await session.scalar(text("SELECT sum(total) FROM orders"))
""",
                _SERVICE: """\
from shop.modules.orders.repository import OrdersRepository

class OrdersService:
    def __init__(self, orders: OrdersRepository) -> None:
        self._orders = orders

    async def total(self):
        # session.execute(text("SELECT sum(total) FROM orders"))
        return await self._orders.total()
""",
            },
        ),
        Example(
            "text that looks like SQL and is not run",
            {
                _SERVICE: """\
import logging

HELP = "SELECT * FROM orders"

class Cursor:
    def execute(self, words): ...

def explain(cursor: Cursor):
    logging.info("UPDATE orders SET status = 'closed'")
    cursor.execute("SELECT one of the orders")
    return HELP
"""
            },
        ),
        Example(
            "a probe, and a migration",
            {
                _CONTROLLER: """\
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

async def ready(session: AsyncSession):
    await session.execute(text("SELECT 1"))
""",
                "src/shop/migrations/202611220001_fill.py": """\
async def up(db):
    await db.execute("UPDATE orders SET status = 'draft' WHERE status IS NULL")
""",
            },
        ),
    ),
)
