"""Fields that exist and fields that do not, in every place that names one."""

from __future__ import annotations

import pytest

from tests.rules.projects import CONTROLLER, SERVICE, expected, findings, places

_MODEL = "src/shop/modules/orders/model.py"
_SCHEMAS = "src/shop/modules/orders/schemas.py"
MODEL = """\
from sqlalchemy import ForeignKey
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship, synonym
from shop.kernel.model import Entity, SoftDeleted, Timestamped, Versioned
from shop.mixins import Noted

class Order(Noted, Timestamped, SoftDeleted, Versioned, Entity):
    __tablename__ = "orders"

    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"))
    status: Mapped[str]
    total: Mapped[int]
    metadata_: Mapped[object] = mapped_column("metadata")
    password_hash: Mapped[str | None]
    lines: Mapped[list["Line"]] = relationship(backref="parent")
    state = synonym("status")

    @hybrid_property
    def is_paid(self):
        return self.status == "paid"

class Line(Entity):
    __tablename__ = "lines"
    order_id: Mapped[str] = mapped_column(ForeignKey("orders.id"))
    amount: Mapped[int]
"""
MIXINS = "from sqlalchemy.orm import Mapped\n\nclass Noted:\n    note: Mapped[str | None]\n"
ORDERS = """\
from shop.kernel.repository import RepositoryAdapter
from shop.modules.orders.model import Line, Order

class OrdersService:
    def __init__(self, orders: RepositoryAdapter[Order], lines: RepositoryAdapter[Line]) -> None:
        self._orders = orders
        self._lines = lines

"""
CONTROLS = """\
from shop.modules.orders.schemas import OrderCreate, OrderQuery
from shop.modules.orders.service import OrdersService

class OrdersController:
    def __init__(self, service: OrdersService) -> None:
        self._service = service

"""


def project(body: str, **files: str) -> dict[str, str]:
    return {_MODEL: MODEL, "src/shop/mixins.py": MIXINS, SERVICE: ORDERS + body} | files


CASES: dict[str, dict[str, str]] = {
    "values of a create, an update and their plural forms": project("""\
    async def much(self, key, rows):
        await self._orders.create({"status": "paid", "totals": 3})  # error: ARC203
        await self._orders.create(values={"notes": "x"})  # error: ARC203
        await self._orders.create(dict(status="paid", paid=True))  # error: ARC203
        await self._orders.create_many([{"status": "paid"}, {"stat": "paid"}])  # error: ARC203
        await self._orders.create_many([{"sum": row} for row in rows])  # error: ARC203
        await self._orders.update(key, {"deleted": True})  # error: ARC203
        await self._orders.update_many({"status": "paid"}, {"closed": True})  # error: ARC203
        await self._orders.compare_and_set(key, {"status": "paid"}, {"phase": 2})  # error: ARC203
        await self._orders.compare_and_set(key, {"phase": 1}, {"status": "paid"})  # error: ARC203
        await self._orders.increment(key, "totl")  # error: ARC203
        await self._lines.create({"total": 1})  # error: ARC203
"""),
    "the same with fields that exist": project("""\
    async def much(self, key, rows):
        await self._orders.create({"status": "paid", "total": 3, "note": "x", "version": 1})
        await self._orders.create(dict(status="paid", metadata_={}))
        await self._orders.create_many([{"total": row} for row in rows])
        await self._orders.update(key, {"deleted_at": None})
        await self._orders.update_many({"status": "paid"}, {"updated_at": None})
        await self._orders.compare_and_set(key, {"status": "paid"}, {"customer_id": key})
        await self._orders.increment(key, "total")
        await self._lines.create({"amount": 1, "order_id": key})
"""),
    "filters with operators, alternatives, constants and names": project("""\
    async def much(self, key, wanted):
        await self._orders.find_many({"totals": {"gt": 3}})  # error: ARC203
        await self._orders.find_one(filters={"or": [{"status": "a"}, {"or": [{"kind": 1}]}]})  # error: ARC203
        await self._orders.exists(OPEN)
        await self._orders.count({FIELD: 1})  # error: ARC203
        filters = {"status": "paid"}
        if wanted:
            filters["priority"] = wanted  # error: ARC203
        await self._orders.paginate(filters)
        await self._orders.delete_many({"metadata": None})  # error: ARC203
        await self._orders.find_many({"or": [{"status": "a"}, {"is_paid": True}], "total": {"gt": 3, "lt": 9}})
        await self._orders.find_many({wanted: 3, **wanted})

OPEN = {"open": True}  # error: ARC203
FIELD = "colour"
"""),
    "orders, in both directions": project("""\
    async def much(self, by):
        await self._orders.find_many({}, order_by=["-created_at", "placed_at"])  # error: ARC203
        await self._orders.find_page({}, order_by=("-price",))  # error: ARC203
        await self._orders.find_many({}, order_by=NEWEST)  # error: ARC203
        await self._orders.find_many({}, order_by=["-created_at", "id"])
        await self._orders.find_many({}, order_by=[by])

NEWEST = ["-made_at"]
"""),
    "merges, spreads, updates and what is taken out": project("""\
    async def much(self, key, other):
        values = {"status": "paid", "gift": True, "wrapped": True}
        values.pop("gift")
        del values["wrapped"]
        await self._orders.create(values)
        more = {**other, "status": "paid"} | {"colour": "red"}  # error: ARC203
        await self._orders.create(more)
        late = {"status": "paid"}
        late.update({"late": True}, fee=3)  # error: ARC203  # error: ARC203
        await self._orders.create(late)
        unknown = {"nope": 1}
        for name in other:
            unknown.pop(name)
        await self._orders.create(unknown)
"""),
    "helpers that add, helpers that clean, and helpers that only sound like it": project("""\
    async def much(self, body):
        await self._orders.create(with_fee({"status": "paid"}))
        await self._orders.create(clean({"status": "paid", "fee": 1}))
        await self._orders.create(cleaned({"status": "paid", "fees": 1}))  # error: ARC203
        await self._store({"status": "paid", "coupon": 3})  # error: ARC203

    async def _store(self, values):
        return await self._orders.create(values)

def with_fee(values):
    return {**values, "fee": 3}  # error: ARC203

def clean(values):
    values.pop("fee")
    return values

def cleaned(values):
    # values.pop("fees")
    return values
"""),
    "helpers that add what a caller asks for, and what they always add": project("""\
    async def much(self, body):
        await self._orders.create(measured(body, with_fee=False))
        await self._orders.create(stamped(body))

def measured(body, with_fee):
    found = {"status": "paid"}
    if with_fee:
        found["fee"] = 3
        found.update({"fees": 4})
    found["late"] = True  # error: ARC203
    return found

def stamped(body):
    found = {"status": "paid"}
    if NIGHT:
        found["night"] = True  # error: ARC203
    return found
"""),
    "a body schema through the whole stack": project(
        """\
    async def create(self, values):
        return await self._orders.create(values)

    async def change(self, key, values):
        secret = values.pop("password", None)
        return await self._orders.update(key, values | {"password_hash": secret})
""",
        **{
            _SCHEMAS: """\
from typing import ClassVar
from pydantic import Field, computed_field
from shop.kernel.http.query import QueryModel
from shop.kernel.http.schema import ApiModel, unchanged

class Base(ApiModel):
    note: str | None = None
    flavour: str = ""  # error: ARC203

class OrderCreate(Base):
    example: ClassVar[str] = ""
    status: str
    total: int = Field(alias="sum")
    hidden: str = Field("", exclude=True)

class OrderChange(ApiModel):
    status: str = unchanged()
    password: str = unchanged()
    speed: int = unchanged()  # error: ARC203

class OrderQuery(QueryModel):
    filterable: ClassVar[tuple[str, ...]] = ("status", "colour")
    sortable: ClassVar[tuple[str, ...]] = ("total",)
    status: str | None = None
""",
            CONTROLLER: CONTROLS
            + """\
    async def store(self, body: OrderCreate):
        return await self._service.create(body.values())

    async def update(self, key, body: "OrderChange"):
        return await self._service.change(key, body.model_dump(exclude_unset=True))

from shop.modules.orders.schemas import OrderChange
""",
        },
    ),
    "what a list may be filtered and sorted by": project(
        """\
    async def list(self, query):
        return await self._orders.paginate(query.filters, page=query.page, order_by=query.order_by)
""",
        **{
            _SCHEMAS: """\
from typing import ClassVar
from shop.kernel.http.query import QueryModel

class OrderCreate: ...

class OrderQuery(QueryModel):
    filterable: ClassVar[tuple[str, ...]] = ("status", "colour")  # error: ARC203
    sortable: ClassVar[tuple[str, ...]] = ("total", "created_at", "size")  # error: ARC203
    status: str | None = None
""",
            CONTROLLER: CONTROLS
            + """\
    async def index(self, query: OrderQuery):
        listing = query.listing()
        return await self._service.list(listing)
""",
        },
    ),
    "schemas that decide themselves what they give": project(
        """\
    async def create(self, body: "OrderCreate", other: "Other", third: "OrderCreate"):
        await self._orders.create(body.model_dump(include={"status"}))
        await self._orders.create(body.model_dump(exclude={"coupon": True}))
        await self._orders.create(body.model_dump(by_alias=True))
        await self._orders.create(other.model_dump())
        await self._orders.create({"status": third.status})

from shop.modules.orders.schemas import OrderCreate, Other
""",
        **{
            _SCHEMAS: """\
from pydantic import BaseModel, model_serializer

class OrderCreate(BaseModel):
    status: str
    coupon: str

class Other(OrderCreate):
    @model_serializer
    def plain(self):
        return {"status": self.status}
"""
        },
    ),
    "attributes of a class": project("""\
    def much(self, other):
        print(Order.placed_at)  # error: ARC203
        print(Order.total, Order.created_at, Order.is_paid, Order.state, Order.note, Order.lines, Line.parent)
        print(Order.__table__, Order.metadata, Order.total.label("x"))
        if hasattr(Order, "tenant_id"):
            print(Order.tenant_id)
        return getattr(Order, other)
"""),
    "SQLAlchemy by itself": {
        "app/models.py": """\
from sqlalchemy import Column, Integer, String
from sqlalchemy.orm import declarative_base

Base = declarative_base()

class User(Base):
    __tablename__ = "users"
    id = Column(Integer, primary_key=True)
    name = Column("user_name", String)

class Made(Base):
    __tablename__ = "made"
    id = Column(Integer, primary_key=True)

    def __init__(self, **values):
        self.id = values["key"]

class Late(Base):
    __tablename__ = "late"
    id = Column(Integer, primary_key=True)

Late.extra = Column(Integer)
""",
        "app/users.py": """\
import sqlalchemy as sa
from sqlalchemy.orm import Session
from app import models
from app.models import Late, Made, User

def much(db: Session, values, model):
    User(name="a", mail="b")  # error: ARC203
    models.User(**{"name": "a", "age": 3})  # error: ARC203
    db.query(User).filter_by(nick="x")  # error: ARC203
    db.query(User).filter(User.nick == "x")  # error: ARC203
    db.query(User).filter_by(name="x").update({"nick": 1})  # error: ARC203
    db.execute(sa.update(User).where(User.id == 1).values(age=3))  # error: ARC203
    db.execute(sa.insert(models.User).values([{"name": "a"}, {"mail": "b"}]))  # error: ARC203
    db.scalars(sa.select(User).order_by(User.born.desc()))  # error: ARC203
    db.execute(sa.insert(User).values(user_name="a"))
    User(name="a", **values), Made(key=3), Late(extra=1), model(nope=1), print(Late.extra)
    db.query(User).join(Made).filter_by(key=1)
    db.query(model).filter_by(nope=1)
""",
    },
    "models whose members cannot all be seen": {
        "app/models.py": """\
from elsewhere import Base, decorated
from sqlalchemy import MetaData, Table
from sqlalchemy.orm import DeclarativeBase, Mapped

class Own(DeclarativeBase): ...

class A(Base):
    __tablename__ = "a"

@decorated
class B(Own):
    __tablename__ = "b"

class C(Own):
    __table__ = Table("c", MetaData())

class Meta(type): ...

class D(Own, metaclass=Meta):
    __tablename__ = "d"
""",
        "app/use.py": """\
from app.models import A, B, C, D

def much():
    return A(x=1), B(x=1), C(x=1), D(x=1), A.x, B.x, C.x, D.x
""",
    },
    "SQLModel, with schemas that share its fields": {
        "app/models.py": """\
from sqlmodel import Field, SQLModel

class ItemBase(SQLModel):
    title: str

class ItemCreate(ItemBase):
    owner: str
    tags: list[str]  # error: ARC203

class Item(ItemBase, table=True):
    id: int = Field(primary_key=True)
    owner: str

def much(body: ItemCreate):
    Item(**body.model_dump())
    Item.model_validate(body, update={"nope": 1})
    return Item.title, Item.nope  # error: ARC203
"""
    },
    "one helper for several models": {
        "app/models.py": """\
from sqlalchemy.orm import DeclarativeBase, Mapped
class Base(DeclarativeBase): ...
class A(Base):
    __tablename__ = "a"
    one: Mapped[int]
class B(Base):
    __tablename__ = "b"
    two: Mapped[int]
""",
        "app/use.py": """\
from sqlalchemy import select
from app.models import A, B

class Rows:
    def __init__(self, model):
        self.model = model

    def find(self, two):
        return select(self.model).filter_by(two=two), self.model.two, self.model(two=two)

def much():
    return Rows(A), Rows(B).find(2)
""",
    },
}


@pytest.mark.parametrize("files", CASES.values(), ids=CASES)
def test_fields_that_no_model_declares_are_found(files: dict[str, str]) -> None:
    assert places(files, "ARC203") == expected(files)


def test_there_are_enough_labelled_sites() -> None:
    assert sum(len(expected(files)) for files in CASES.values()) >= 30


def test_the_message_names_the_field_the_model_and_the_nearest_right_one() -> None:
    files = project("    async def much(self, key):\n        await self._orders.increment(key, 'totl')\n")
    (found,) = findings(files, "ARC203")
    assert found.message == "this call increments `totl`, which `Order` does not declare"
    assert found.hint == "write `total`, or declare `totl` on `Order`"


def test_the_way_from_a_schema_to_the_store_is_shown() -> None:
    files = CASES["a body schema through the whole stack"]
    found = next(each for each in findings(files, "ARC203") if "flavour" in each.message)
    assert found.symbol == "shop.modules.orders.schemas.OrderCreate.flavour"
    assert [step.path.rsplit("/", 1)[-1] for step in found.chain] == ["schemas.py", "controller.py", "service.py"]
