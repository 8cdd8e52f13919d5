"""ARC102: a service that works on the ORM instead of a repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_analyzers.model.data_access import is_orm_call, is_session, is_statement, said_parameters
from arckode_analyzers.model.trace import trace
from arckode_analyzers.rule import Example, Rule, Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.calls import CallAt
    from arckode_analyzers.model.effects import Effects
    from arckode_analyzers.model.project import FunctionAt
    from arckode_analyzers.model.source import Source

_ELSEWHERE = frozenset({"repositories", "services", "connectors", "controllers", "kernel"})


def check(analysis: Analysis, source: Source) -> Iterator[Spot]:
    """Report sessions a service or use case takes, uses, or reaches through helpers that are no repository."""
    if "services" not in source.layers:
        return
    for row, value in said_parameters(analysis, source):
        if is_session(analysis, value):
            message = f"a service takes `{row.name}`, a `{value.last}`, instead of a RepositoryAdapter"
            yield Spot(source, row.line, row.column, source.symbol(row.function), message, value.last)
    effects = analysis.effects_stopping("orm", _stops, is_orm_call)
    for call in analysis.calls(source):
        spot = _called(analysis, effects, call)
        if spot is not None:
            yield spot


def _stops(function: FunctionAt) -> bool:
    return bool(function.source.layers & _ELSEWHERE)


def _called(analysis: Analysis, effects: Effects, call: CallAt) -> Spot | None:
    record, value = call.record, analysis.callee(call)
    for target in analysis.reached(call):
        if effects.reaches(target):
            end = effects.end(target).label
            message = (
                f"a service reaches `{end}` through `{target.label}`" if target.symbol else f"a service calls `{end}`"
            )
            chain = trace(effects, call, target) if target.symbol else ()
            return Spot(call.source, record.line, record.column, call.caller, message, target.label, chain=chain)
    if is_statement(value) and value is not None:
        message = f"a service builds SQL with `{value.last}`"
        return Spot(call.source, record.line, record.column, call.caller, message, value.last)
    return None


_SERVICE = "src/shop/modules/orders/service.py"
RULE = Rule(
    code="ARC102",
    name="orm-in-service",
    severity="error",
    summary="A service takes the ORM or a session instead of a RepositoryAdapter.",
    why=(
        "A service on a session cannot be tested with the memory repository, forgets soft delete, tenancy and the "
        "check of undeclared fields, and ties the rules of the business to one library. Use cases and helpers count: "
        "moving the query into the next file changes nothing."
    ),
    hint="take a RepositoryAdapter, and put what it cannot say into the module's repository as a method",
    decides=(
        "Found: sessions and statements in services and use cases, as parameters, from a transaction or "
        "through helpers in any file. Repositories of the module may be called. Not decided: receivers whose "
        "type nothing says."
    ),
    check=check,
    bad=(
        Example(
            "a session in the constructor",
            {
                _SERVICE: """\
from sqlalchemy.ext.asyncio import AsyncSession

class OrdersService:
    def __init__(self, session: AsyncSession) -> None:  # error: ARC102
        self._session = session

    async def delete(self, order):
        await self._session.delete(order)  # error: ARC102
"""
            },
        ),
        Example(
            "a use case with a session of another name, behind a renamed class",
            {
                "src/shop/modules/orders/usecases/close.py": """\
from shop.storage import Rows

async def close(rows: Rows, order):  # error: ARC102
    await rows.flush()  # error: ARC102
""",
                "src/shop/storage.py": """\
from sqlalchemy.ext.asyncio import AsyncSession

class Rows(AsyncSession):
    pass
""",
            },
        ),
        Example(
            "a helper in another file does it for the service",
            {
                _SERVICE: """\
from shop.modules.orders.storage import remove

class OrdersService:
    async def delete(self, order):
        await remove(order)  # error: ARC102
""",
                "src/shop/modules/orders/storage.py": """\
from sqlalchemy.orm import sessionmaker

sessions = sessionmaker()

async def remove(order):
    with sessions() as session:
        session.delete(order)
        session.commit()
""",
            },
        ),
        Example(
            "a look-alike protocol instead of the session's type",
            {
                _SERVICE: """\
from typing import Protocol
from sqlalchemy import select

class RepositoryAdapter(Protocol):
    async def execute(self, statement): ...

class OrdersService:
    def __init__(self, orders: RepositoryAdapter) -> None:
        self._orders = orders

    async def list(self):
        return await self._orders.execute(select("orders"))  # error: ARC102
"""
            },
        ),
    ),
    good=(
        Example(
            "a repository adapter, and the database only for a transaction",
            {
                _SERVICE: """\
from shop.kernel.database import Database
from shop.kernel.repository import RepositoryAdapter

class OrdersService:
    def __init__(self, orders: RepositoryAdapter["Order"], database: Database) -> None:
        self._orders = orders
        self._database = database

    async def delete(self, order_id):
        async with self._database.transaction():
            await self._orders.delete(order_id)
"""
            },
        ),
        Example(
            "SQL where it belongs, in the module's repository",
            {
                "src/shop/modules/orders/repository.py": """\
from shop.kernel.repository import SqlRepository
from sqlalchemy import select

class OrdersRepository(SqlRepository["Order"]):
    async def late(self):
        async with self.database.session() as session:
            return await session.scalars(select("orders"))
""",
                _SERVICE: """\
from shop.modules.orders.repository import OrdersRepository

class OrdersService:
    def __init__(self, orders: OrdersRepository) -> None:
        self._orders = orders

    async def late(self):
        # not session.execute(select(Order))
        return await self._orders.late()
""",
            },
        ),
        Example(
            "a session that is one of requests, not of a database",
            {
                _SERVICE: """\
from requests import Session

class Rates:
    def __init__(self, session: Session) -> None:
        self._session = session

    def current(self):
        return self._session.get("https://rates.example")
"""
            },
        ),
    ),
)
