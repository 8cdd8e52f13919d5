"""Reads without an end, beside reads that end: by a limit, a key, a caller's choice or what they count."""

from __future__ import annotations

import pytest

from tests.rules.projects import CONTROLLER, SERVICE, expected, findings, places

_ROUTES = """\
from typing import Annotated
from fastapi import APIRouter, Depends
from app import orders

router = APIRouter()

@router.get("/orders")
def index(rows: Annotated[list, Depends(orders.depended)]):
    return orders.a(), orders.b(), orders.c()

@router.post("/orders/close")
def close():
    return orders.command()
"""
_MODELS = """\
from enum import StrEnum
from sqlalchemy import ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

class Base(DeclarativeBase): ...

class Status(StrEnum):
    PAID = "paid"

class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    status: Mapped[Status]
    total: Mapped[int]
    deleted: Mapped[bool]
"""
_HEAD = """\
from sqlalchemy import and_, exists, func, not_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session, selectinload
from app.models import Order, Status

"""


def app(body: str) -> dict[str, str]:
    return {"app/api.py": _ROUTES, "app/models.py": _MODELS, "app/orders.py": _HEAD + body}


def kernel(body: str) -> dict[str, str]:
    return {
        "src/shop/modules/orders/model.py": """\
from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column
from shop.kernel.model import Entity

class Order(Entity):
    __tablename__ = "orders"
    status: Mapped[str]
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"))
""",
        SERVICE: """\
from shop.kernel.filters import ALL
from shop.kernel.repository import ListQuery, RepositoryAdapter
from shop.modules.orders.model import Order

class OrdersService:
    def __init__(self, orders: RepositoryAdapter[Order]) -> None:
        self._orders = orders

"""
        + body,
        CONTROLLER: """\
from shop.kernel.http.routing import ModuleRouter
from shop.modules.orders.service import OrdersService

class OrdersController:
    def __init__(self, service: OrdersService) -> None:
        self._service = service

    def router(self):
        routes = ModuleRouter("orders")
        routes.get("", self.index)
        return routes.router

    async def index(self, status: str, ids: list[str]):
        return await self._service.list(status, ids)
""",
    }


CASES: dict[str, dict[str, str]] = {
    "statements in one piece and in several": app("""\
def a(db: Session):
    db.scalars(select(Order)).all()  # error: ARC202
    db.execute(select(Order)).scalars().all()  # error: ARC202
    db.execute(select(Order)).scalars().unique().all()  # error: ARC202
    db.execute(select(Order.id, Order.total)).fetchall()  # error: ARC202
    db.query(Order).all()  # error: ARC202
    db.query(Order).order_by(Order.total).all()  # error: ARC202
    list(db.scalars(select(Order)))  # error: ARC202
    tuple(db.query(Order))  # error: ARC202
    db.scalars(select(Order).options(selectinload(Order.lines))).all()  # error: ARC202
    for order in db.scalars(select(Order)):  # error: ARC202
        print(order)
    return [order.id for order in db.query(Order)]  # error: ARC202

async def b(db: AsyncSession):
    statement = select(Order)
    statement = statement.order_by(Order.total.desc())
    result = await db.execute(statement)
    return result.scalars().all()  # error: ARC202

def c(db: Session):
    return db.scalars(built()).all()  # error: ARC202

def built():
    return select(Order).order_by(Order.id)
"""),
    "conditions that are fixed in the code": app("""\
def a(db: Session):
    db.scalars(select(Order).where(Order.status == Status.PAID)).all()  # error: ARC202
    db.scalars(select(Order).where(Order.deleted.is_(False))).all()  # error: ARC202
    db.scalars(select(Order).where(~Order.deleted)).all()  # error: ARC202
    db.scalars(select(Order).where(not_(Order.deleted), Order.total != 0)).all()  # error: ARC202
    db.scalars(select(Order).where(or_(Order.deleted, Order.status == "paid"))).all()  # error: ARC202
    db.query(Order).filter_by(deleted=False).all()  # error: ARC202
    return db.query(Order).filter(and_(Order.total == 0)).all()  # error: ARC202
"""),
    "conditions that narrow, or may": app("""\
def a(db: Session, status=None, wanted=None):
    db.scalars(select(Order).where(Order.status == status)).all()
    db.scalars(select(Order).where(Order.id.in_(wanted))).all()
    db.scalars(select(Order).where(Order.customer_id == 3)).all()
    db.scalars(select(Order).where(Order.number == "7")).all()
    db.scalars(select(Order).where(Order.total > 100)).all()
    db.query(Order).filter_by(status=status).all()
    db.query(Order).filter_by(customer_id=1).all()
    statement = select(Order)
    if wanted:
        statement = statement.where(Order.total == wanted)
    return db.scalars(statement).all()
"""),
    "reads that end by themselves": app("""\
def a(db: Session, page=1):
    db.scalars(select(Order).limit(20)).all()
    db.query(Order).limit(20).all()
    db.query(Order).slice(0, 20).all()
    db.query(Order).first(), db.query(Order).count(), db.query(Order).one_or_none()
    db.scalars(select(Order)).first()
    db.scalar(select(func.count()).select_from(Order))
    db.execute(select(func.sum(Order.total))).all()
    db.execute(select(Order.status, func.count(Order.id)).group_by(Order.status)).all()
    db.scalars(select(Order.status).distinct()).all()
    db.scalars(select(exists().where(Order.id == 1))).all()
    db.scalars(select(Order).execution_options(yield_per=100)).all()
    statement = select(Order)
    statement = statement.offset(20 * page).limit(20)
    return db.scalars(statement).all()
"""),
    "what nobody can know": app("""\
def a(db: Session, statement=None, model=None):
    db.scalars(statement).all()
    db.scalars(select(model)).all()
    db.scalars(paged(select(Order))).all()
    print(select(Order), [].all())
    return Shelf().all()

class Shelf:
    def all(self): ...

def paged(statement):
    from elsewhere import paginate
    return paginate(statement)
"""),
    "dependencies of a route, commands, and code no route leads to": app("""\
def depended(db: Session):
    return db.scalars(select(Order)).all()  # error: ARC202

def command(db: Session):
    return db.scalars(select(Order)).all()

def nightly(db: Session):
    return db.scalars(select(Order)).all()
"""),
    "the repositories of the runtime": kernel("""\
    async def list(self, status, ids):
        await self._orders.find_many(limit=ALL)  # error: ARC202
        await self._orders.find_many({}, limit=ALL)  # error: ARC202
        await self._orders.find_many({"status": "paid"}, limit=EVERYTHING)  # error: ARC202
        await self._orders.find_many({"status": {"ne": "paid"}}, limit=ALL)  # error: ARC202
        await self._orders.find_many({"status": status}, limit=ALL)
        await self._orders.find_many({"id": {"in": ids}}, limit=ALL)
        await self._orders.find_many({"customer_id": "1"}, limit=ALL)
        await self._orders.find_many({"or": ids}, limit=ALL)
        await self._orders.find_many(ids, limit=ALL)
        await self._orders.find_many(limit=500)
        await self._orders.update_many(ALL, {"status": "paid"})
        await self._listed(ids)
        return await self._orders.find_many()

    async def _listed(self, query: ListQuery):
        return await self._orders.find_many(query.filters, limit=ALL)  # error: ARC202

    async def nightly(self):
        return await self._orders.find_many(limit=ALL)

EVERYTHING = ALL
"""),
}


@pytest.mark.parametrize("files", CASES.values(), ids=CASES)
def test_reads_without_an_end_are_found(files: dict[str, str]) -> None:
    assert places(files, "ARC202") == expected(files)


def test_the_way_from_the_route_is_shown() -> None:
    files = app(
        "def a(db: Session):\n    return rows(db)\n\ndef rows(db: Session):\n    return db.query(Order).all()\n"
    )
    (found,) = findings(files, "ARC202")
    assert "every row of `Order`" in found.message
    assert [step.line for step in found.chain] == [8, 9, 7, 10]
    assert found.severity == "warning"
