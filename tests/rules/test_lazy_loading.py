"""Relationships that load themselves, beside those that came with their rows."""

from __future__ import annotations

import pytest

from tests.rules.projects import expected, findings, places

_MODELS = """\
from sqlalchemy import ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

class Base(DeclarativeBase): ...

class Customer(Base):
    __tablename__ = "customers"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]

class Line(Base):
    __tablename__ = "lines"
    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))

class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    status: Mapped[str]
    customer: Mapped[Customer] = relationship()
    lines: Mapped[list[Line]] = relationship("Line")
    seller: Mapped[Customer] = relationship(lazy="selectin")
    buyer = relationship("Customer", lazy="joined")
    strict: Mapped[Customer] = relationship(lazy="raise")

    @property
    def size(self):
        return len(self.lines)

    def label(self):
        return f"{self.id} {self.customer.name}"

    def plain(self):
        return f"{self.id}"
"""
_HEAD = """\
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from sqlalchemy.orm import Session, contains_eager, joinedload, load_only, selectinload, sessionmaker, subqueryload
from app.models import Customer, Line, Order
from app.shown import shown

"""
_SHOWN = "def shown(row):\n    return row.customer.name\n\ndef number(row):\n    return row.id\n"


def app(body: str, **files: str) -> dict[str, str]:
    return {"app/models.py": _MODELS, "app/shown.py": _SHOWN, "app/orders.py": _HEAD + body} | files


CASES: dict[str, dict[str, str]] = {
    "loops and comprehensions over a query": app("""\
def a(db: Session):
    for order in db.scalars(select(Order)):
        print(order.customer.name)  # error: ARC205
    for order in db.query(Order).all():
        print(order.lines)  # error: ARC205
    for order in db.execute(select(Order)).scalars().unique().all():
        for line in order.lines:  # error: ARC205
            print(line)
    names = [each.customer.name for each in db.query(Order).limit(20)]  # error: ARC205
    sizes = {order.id: len(order.lines) for order in db.query(Order)}  # error: ARC205
    late = [order for order in db.query(Order).all() if order.customer is None]  # error: ARC205
    return names, sizes, late

def b(db: Session):
    statement = select(Order).where(Order.status == "paid")
    statement = statement.order_by(Order.id)
    orders = db.scalars(statement).all()
    return sum(len(order.lines) for order in orders)  # error: ARC205
"""),
    "options for another relationship": app("""\
def a(db: Session):
    for order in db.scalars(select(Order).options(selectinload(Order.lines))):
        print(order.lines, order.customer)  # error: ARC205
    for order in db.scalars(select(Order).options(load_only(Order.id))):
        print(order.customer)  # error: ARC205
    for order in db.scalars(select(Order).join(Order.customer)):
        print(order.customer)  # error: ARC205
"""),
    "helpers, methods and properties of the model": app("""\
def a(db: Session):
    for order in db.query(Order).all():
        shown(order)  # error: ARC205
    for order in db.query(Order).all():
        order.label()  # error: ARC205
    for order in db.query(Order).all():
        print(order.size)  # error: ARC205
    for order in found(db):
        print(order.customer)  # error: ARC205
    return total(db.query(Order).all())

def found(db: Session):
    return db.scalars(select(Order)).all()

def total(orders):
    return [order.lines for order in orders]  # error: ARC205
"""),
    "helpers and methods that read columns": app("""\
from app.shown import number

def a(db: Session):
    for order in db.query(Order).all():
        number(order), order.plain(), print(order.customer_id)
    for order in loaded(db):
        shown(order), order.label()
    return total(loaded(db))

def loaded(db: Session):
    return db.scalars(select(Order).options(joinedload(Order.customer), selectinload(Order.lines))).all()

def total(orders):
    return [order.lines for order in orders]
"""),
    "everything that loads with the rows": app("""\
def a(db: Session, options):
    for order in db.scalars(select(Order).options(selectinload(Order.customer))):
        print(order.customer)
    for order in db.scalars(select(Order).options(joinedload(Order.customer), subqueryload(Order.lines))):
        print(order.customer, order.lines)
    for order in db.scalars(select(Order).join(Order.customer).options(contains_eager(Order.customer))):
        print(order.customer)
    for order in db.query(Order).options(joinedload("*")):
        print(order.customer)
    for order in db.query(Order).options(options):
        print(order.customer)
    for order in db.query(Order):
        print(order.seller, order.buyer, order.strict, order.status, order.nope)
    for order in db.query(Order).filter(Order.customer_id == 1):
        print(order.customer)
    for order in db.query(Order):
        order.customer = None
        print(order.customer)
    one = db.query(Order).first()
    return one.customer
"""),
    "an asynchronous session, many rows and one": app("""\
async def a(db: AsyncSession, key):
    order = await db.get(Order, key)
    print(order.customer)  # error: ARC205
    found = (await db.execute(select(Order).where(Order.id == key))).scalar_one()
    print(found.lines)  # error: ARC205
    other = await db.scalar(select(Order))
    shown(other)  # error: ARC205
    result = await db.execute(select(Order))
    for each in result.scalars().all():
        print(each.customer)  # error: ARC205

async def b(db: AsyncSession, key):
    order = await db.get(Order, key, options=[selectinload(Order.customer)])
    print(order.customer, order.seller, order.id)
    other = await db.get(Order, key)
    await db.refresh(other, ["lines"])
    print(other.lines)
    third = await db.get(Order, key)
    print(await third.awaitable_attrs.lines)
    made = Order(id=1)
    return made.customer
"""),
    "a session that has ended": app("""\
def a(factory: sessionmaker[Session], key):
    with Session(key) as db:
        order = db.get(Order, key)
        print(order.customer)
    return order.lines  # error: ARC205

def b(key):
    with Session(key) as db:
        order = db.get(Order, key)
        inside = order.lines
    return order.status, inside

def c(key):
    order = fetched(key)
    return order.customer  # error: ARC205

def fetched(key):
    with Session(key) as session:
        return session.scalars(select(Order)).first()
"""),
    "responses that read relationships": app(
        "",
        **{
            "app/api.py": """\
from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session, selectinload
from app.models import Order

router = APIRouter()

class CustomerOut(BaseModel):
    name: str

class Plain(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    id: int
    customer_id: int

class OrderOut(Plain):
    customer: CustomerOut | None = None
    lines: list[Plain]

@router.get("/a", response_model=list[OrderOut])
def a(db: Session):
    return db.scalars(select(Order)).all()  # error: ARC205

@router.get("/b")
def b(db: Session) -> list[OrderOut]:
    orders = db.query(Order).all()
    return orders  # error: ARC205

@router.get("/c", response_model=OrderOut)
async def c(db: AsyncSession, key: int):
    return await db.get(Order, key)  # error: ARC205

@router.get("/d")
def d(db: Session) -> list[OrderOut]:
    return [OrderOut.model_validate(order) for order in db.query(Order)]  # error: ARC205

@router.get("/e", response_model=list[Plain])
def e(db: Session):
    return db.scalars(select(Order)).all()

@router.get("/f", response_model=OrderOut)
def f(db: Session, key: int):
    return db.get(Order, key)

@router.get("/g", response_model=list[OrderOut])
def g(db: Session):
    return db.scalars(select(Order).options(selectinload(Order.customer), selectinload(Order.lines))).all()
"""
        },
    ),
    "a session that nothing but the statement tells": app("""\
from pyramid.request import Request

def a(db, request: Request, context):
    for order in db.query(Order).all():
        print(order.customer)  # error: ARC205
    orders = request.db.scalars(select(Order).where(Order.status == "paid")).all()
    for order in orders:
        print(order.lines)  # error: ARC205
    with context.session() as session:
        for order in session.execute(select(Order).options(joinedload(Order.customer))).scalars():
            print(order.customer, order.strict)
        for order in request.shelf.scalars(request.wanted):
            print(order.customer)
"""),
    "rows of unknown origin, and things that are no rows": app("""\
class Shelf:
    customer = None

def a(rows, db, shelves: list[Shelf], orders: list[Order]):
    for row in rows:
        print(row.customer)
    for row in db.rows(Order):
        print(row.customer)
    for shelf in shelves:
        print(shelf.customer)
    for order in orders:
        print(order.customer)
    for order in [Order(), Order()]:
        print(order.customer)
"""),
    "the runtime hands out rows without a session": {
        "src/shop/modules/orders/model.py": """\
from sqlalchemy.orm import Mapped, relationship
from shop.kernel.model import Entity

class Order(Entity):
    __tablename__ = "orders"
    status: Mapped[str]
    lines: Mapped[list["Line"]] = relationship()

class Line(Entity):
    __tablename__ = "lines"
""",
        "src/shop/modules/orders/service.py": """\
from shop.kernel.repository import RepositoryAdapter
from shop.modules.orders.model import Order

class OrdersService:
    def __init__(self, orders: RepositoryAdapter[Order]) -> None:
        self._orders = orders

    async def a(self, key):
        order = await self._orders.find_by_id(key)
        return order.lines  # error: ARC205

    async def b(self):
        return [order.lines for order in await self._orders.find_many()]  # error: ARC205

    async def c(self):
        return [order.status for order in await self._orders.find_many()]
""",
    },
}


@pytest.mark.parametrize("files", CASES.values(), ids=CASES)
def test_relationships_that_load_themselves_are_found(files: dict[str, str]) -> None:
    assert places(files, "ARC205") == expected(files)


def test_the_message_says_what_happens() -> None:
    told = {each.text.strip(): each.message for each in findings(CASES["an asynchronous session, many rows and one"])}
    assert "raises MissingGreenlet" in next(iter(told.values()))
    ended = findings(CASES["a session that has ended"], "ARC205")
    assert all("raises DetachedInstanceError" in each.message for each in ended)
    loop = findings(CASES["loops and comprehensions over a query"], "ARC205")[0]
    assert (
        loop.message
        == "`order.customer`: the query did not load it, and each is another query once per turn of this for"
    )
    assert loop.hint == "load it with the rows: `.options(selectinload(Order.customer))`"


def test_the_way_ends_at_the_relationship() -> None:
    found = findings(CASES["helpers, methods and properties of the model"], "ARC205")[0]
    assert [step.path for step in found.chain][-2:] == ["app/shown.py", "app/models.py"]
