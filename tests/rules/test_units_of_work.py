"""Writes that belong together, beside writes that are one, exclude each other or are already together."""

from __future__ import annotations

import pytest

from tests.rules.projects import SERVICE, expected, findings, places

_HEAD = """\
import asyncio
from contextlib import asynccontextmanager
from functools import wraps
from shop.kernel.repository import RepositoryAdapter
from shop.modules.orders.model import Line, Order

class OrdersService:
    def __init__(self, orders: RepositoryAdapter[Order], lines: RepositoryAdapter[Line]) -> None:
        self._orders = orders
        self._lines = lines

"""
_SESSION = """\
from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session
from app.models import Profile, User

"""


def service(body: str, **files: str) -> dict[str, str]:
    return {SERVICE: _HEAD + body} | files


CASES: dict[str, dict[str, str]] = {
    "two repositories, in every order and spelling": service("""\
    async def a(self, values):
        await self._orders.create(values)
        await self._lines.create(values)  # error: ARC204

    async def b(self, key):
        await self._lines.delete_many({"order_id": key})
        if not await self._orders.delete(key):  # error: ARC204
            raise KeyError

    async def c(self, key, values):
        order = await self._orders.create(values)
        for line in values:
            await self._lines.create(line)  # error: ARC204
        return order

    async def d(self, key):
        await asyncio.gather(self._orders.update(key, {}), self._lines.update(key, {}))  # error: ARC204

    async def e(self, source, target, amount):
        await self._orders.increment(source, "total", -amount)
        await self._orders.increment(target, "total", amount)  # error: ARC204

    async def f(self, rows):
        store = self._orders.create_many
        await store(rows)
        await self._lines.create_many(rows)  # error: ARC204

    async def g(self, key):
        try:
            await self._orders.update(key, {})
        finally:
            await self._lines.update(key, {})  # error: ARC204

    async def h(self, key, wanted):
        if wanted:
            await self._orders.update(key, {})
        await self._lines.delete(key)  # error: ARC204
"""),
    "through helpers, other files and other names": service(
        """\
    async def a(self, key):
        await self._close(key)
        await self._lines.delete(key)  # error: ARC204

    async def _close(self, key):
        await self._orders.update(key, {"status": "closed"})

    async def b(self, key):
        await self._orders.update(key, {})
        await log(self._lines, key)  # error: ARC204

from shop.modules.orders.audit import log
""",
        **{"src/shop/modules/orders/audit.py": "async def log(rows, key):\n    await rows.create({'key': key})\n"},
    ),
    "wrappers that only sound like a transaction": service("""\
    async def a(self, key):
        async with transaction():
            await self._orders.update(key, {})
            await self._lines.delete(key)  # error: ARC204

    async def b(self, key):
        async with asyncio.Lock():
            await self._orders.update(key, {})
            await self._lines.delete(key)  # error: ARC204

    @transactional
    async def c(self, key):
        await self._orders.update(key, {})
        await self._lines.delete(key)  # error: ARC204

@asynccontextmanager
async def transaction():
    yield

def transactional(work):
    @wraps(work)
    async def inner(*args):
        return await work(*args)
    return inner
"""),
    "transactions, however they are opened": service("""\
    async def a(self, key):
        async with self._orders.transaction():
            await self._orders.update(key, {})
            await self._lines.delete(key)

    async def b(self, key):
        async with self._lines.transaction(savepoint=True), asyncio.Lock():
            await self._both(key)

    async def _both(self, key):
        await self._orders.update(key, {})
        await self._lines.delete(key)

    @asynccontextmanager
    async def _unit(self):
        async with self._orders.transaction():
            yield

    async def c(self, key):
        async with self._unit():
            await self._orders.update(key, {})
            await self._lines.delete(key)

    def _begun(self):
        return self._orders.transaction()

    async def d(self, key):
        async with self._begun():
            await self._orders.update(key, {})
            await self._lines.delete(key)

    async def e(self, key, database):
        async with database.unit():
            await self._orders.update(key, {})
            await self._lines.delete(key)
"""),
    "a decorator that opens one, and one nobody knows": service("""\
    @in_transaction
    async def a(self, key):
        await self._orders.update(key, {})
        await self._lines.delete(key)

    @unknown
    async def b(self, key):
        await self._orders.update(key, {})
        await self._lines.delete(key)

from elsewhere import unknown

def in_transaction(work):
    async def inner(self, key):
        async with self._orders.transaction():
            return await work(self, key)
    return inner
"""),
    "a helper that one caller leaves without a transaction": service("""\
    async def a(self, key):
        async with self._orders.transaction():
            await self._both(key)

    async def b(self, key):
        await self._both(key)

    async def _both(self, key):
        await self._orders.update(key, {})
        await self._lines.delete(key)  # error: ARC204
"""),
    "one or the other": service("""\
    async def a(self, key, values):
        if key:
            await self._orders.update(key, values)
        elif values:
            await self._orders.create(values)
        else:
            await self._lines.create({})

    async def b(self, key, values):
        if key:
            return await self._orders.update(key, values)
        return await self._lines.create(values)

    async def c(self, key, values):
        match key:
            case 1:
                await self._orders.create(values)
            case _:
                await self._lines.create(values)

    async def d(self, key, values):
        try:
            await self._orders.create(values)
        except ValueError:
            await self._lines.create(values)

    async def e(self, key, values):
        return await (self._orders.create(values) if key else self._lines.create(values))

    async def f(self, key, values):
        found = await self._orders.update(key, values)
        if found:
            return found
        return await self._lines.create(values)

    async def g(self, key, values):
        if not await self._orders.compare_and_set(key, {}, values):
            await self._lines.create(values)
"""),
    "one row, read in between, and steps that are meant": service("""\
    async def a(self, key):
        await self._orders.update(key, {"status": "running"})
        await self._orders.find_many({})
        await self._orders.update(key, {"status": "done"})

    async def b(self, values):
        order = await self._orders.create(values)
        await self._orders.update(order.id, {"number": 3})

    async def c(self, key):
        await self._orders.find_by_id(key)
        await self._lines.delete(key)

    async def d(self, key):
        async with self._orders.transaction():
            await self._orders.delete(key)
        await self._lines.count()

    async def e(self, key, tasks):
        await self._orders.delete(key)
        tasks.add_task(self._lines.delete, key)

    async def f(self, shelf):
        shelf.create(1)
        shelf.delete(2)
"""),
    "a commit between rows": {
        "app/users.py": _SESSION
        + """\
def a(db: Session, user, profile):
    db.add(user)
    db.commit()
    db.add(profile)  # error: ARC204
    db.commit()

async def b(session: AsyncSession, user, rows):
    session.add(user)
    await session.commit()
    await session.refresh(user)
    await session.execute(insert(Profile).values(user_id=user.id))  # error: ARC204
    await session.commit()

async def c(session: AsyncSession, key):
    await session.execute(delete(Profile).where(Profile.user_id == key))
    await session.commit()
    await session.execute(delete(User).where(User.id == key))  # error: ARC204
    await session.commit()

def d(db: Session, user, profile):
    if user:
        db.add(user)
        db.commit()
    db.delete(profile)  # error: ARC204
    db.commit()
"""
    },
    "one commit, other sessions, other branches, the same row and batches": {
        "app/users.py": _SESSION
        + """\
def a(db: Session, user, profile):
    db.add(user)
    db.flush()
    db.add(profile)
    db.commit()

def b(db: Session, other: Session, user, profile):
    db.add(user)
    db.commit()
    other.add(profile)
    other.commit()

def c(db: Session, user, profile):
    if user:
        db.add(user)
        db.commit()
        return
    db.add(profile)
    db.commit()

def d(db: Session, user):
    db.add(user)
    db.commit()
    user.name = "x"
    db.add(user)
    db.commit()

def e(db: Session, users):
    for at, user in enumerate(users):
        db.add(user)
        if at % 100 == 0:
            db.commit()
    db.commit()

def f(db: Session, user):
    db.add(user)
    db.commit()
    return db.scalars(select(Profile)).all()
"""
    },
}


@pytest.mark.parametrize("files", CASES.values(), ids=CASES)
def test_writes_that_no_transaction_holds_together_are_found(files: dict[str, str]) -> None:
    assert places(files, "ARC204") == expected(files)


def test_a_connector_that_writes_is_part_of_the_unit() -> None:
    files = {
        SERVICE: """\
from typing import Protocol
from shop.kernel.ports import Port
from shop.kernel.repository import RepositoryAdapter
from shop.modules.orders.model import Order

class Stock(Protocol):
    async def take(self, key) -> None: ...

class OrdersService:
    def __init__(self, orders: RepositoryAdapter[Order]) -> None:
        self._orders = orders
        self.stock: Port[Stock] = Port("orders.stock")

    async def ship(self, key):
        await self.stock.get().take(key)
        await self._orders.update(key, {"status": "sent"})  # error: ARC204
""",
        "src/shop/connectors/orders_stock.py": """\
from shop.kernel.repository import RepositoryAdapter
from shop.modules.orders.service import OrdersService
from shop.modules.stock.model import Item

class OrdersStock:
    def __init__(self, items: RepositoryAdapter[Item]) -> None:
        self._items = items

    async def take(self, key) -> None:
        await self._items.increment(key, "count", -1)

def connect(orders: OrdersService, items: RepositoryAdapter[Item]) -> None:
    orders.stock.connect(OrdersStock(items))
""",
    }
    assert places(files, "ARC204") == expected(files)
    (found,) = findings(files, "ARC204")
    assert [step.path.rsplit("/", 1)[-1] for step in found.chain] == ["service.py", "orders_stock.py", "service.py"]
    assert "`_orders.update` and `take`" in found.message.replace("stock.get().take", "take")
