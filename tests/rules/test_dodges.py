"""Ways to spell what the other rules forbid, each beside a spelling that is right."""

from __future__ import annotations

import pytest

from tests.rules.projects import CONTROLLER, REPOSITORY, SERVICE, expected, places

_MODULE = {
    "src/shop/modules/customers/__init__.py": "from .service import CustomersService\n__all__ = ['CustomersService']\n",
    "src/shop/modules/customers/service.py": "class CustomersService: ...\n",
    "src/shop/modules/customers/model.py": (
        "from shop.kernel.model import Entity\nclass Customer(Entity):\n    __tablename__ = 'customers'\n"
    ),
}
_ROOT = "src/shop/composition_root.py"
_PARTS = {
    f"src/shop/modules/{name}/__init__.py": f"def register_{name}(kernel): kernel.add_module('{name}')\n"
    for name in ("customers", "orders")
}

CASES: dict[str, tuple[str, dict[str, str]]] = {
    "handlers registered in a loop over a literal": (
        "ARC301",
        {
            CONTROLLER: """\
from fastapi import APIRouter
from pydantic import BaseModel
router = APIRouter()
class In(BaseModel):
    a: int
async def one(body: dict): ...  # error: ARC301
async def two(body: In): ...
async def three(body: dict): ...  # error: ARC301
async def four(body: dict): ...  # error: ARC301
async def five(body: dict): ...
for path, handler in [("/one", one), ("/two", two)]:
    router.post(path)(handler)
TABLE = {"/three": three}
for path, handler in TABLE.items():
    router.add_api_route(path, handler, methods=["POST"])
METHODS = ["PUT"]
router.add_api_route("/four", four, methods=METHODS)
router.add_api_route("/five", five, methods=["GET"])
"""
        },
    ),
    "a body read under another name, through a subclass, and in pieces": (
        "ARC301",
        {
            CONTROLLER: """\
import json
from fastapi import APIRouter, Request
router = APIRouter()
class Mine(Request): ...
@router.post("/a")
async def a(request: Request):
    read = request.json
    return await read()  # error: ARC301
@router.post("/b")
async def b(request: Mine):
    return await request.json()  # error: ARC301
@router.post("/c")
async def c(request: Request):
    raw = await request.body()
    text = raw.decode()
    return json.loads(text)  # error: ARC301
@router.post("/d")
async def d(request: Request):
    return json.loads(b"".join([part async for part in request.stream()]))  # error: ARC301
@router.post("/e")
async def e(request: Request):
    return await getattr(request, "json")()  # error: ARC301
"""
        },
    ),
    "a body that is only awaited, and schemas nothing is known about": (
        "ARC301",
        {
            CONTROLLER: """\
import json, unknown
from fastapi import APIRouter, Request
from pydantic import BaseModel
router = APIRouter()
class Event(BaseModel):
    payload: str
@router.post("/a")
async def a(request: Request):
    await request.form()
@router.post("/b")
async def b(request: Request, schemas):
    schemas["x"].model_validate(await request.json())
@router.post("/c")
async def c(request: Request):
    event = Event.model_validate_json(await request.body())
    return json.loads(event.payload)
"""
        },
    ),
    "a module's internals by attribute, in annotations, bases and assignments": (
        "ARC103",
        {
            **_MODULE,
            SERVICE: """\
from shop.modules import customers
from shop.modules.customers import __all__ as names
class Mine(customers.service.CustomersService): ...  # error: ARC103
def look(row: customers.model.Customer) -> customers.CustomersService: ...  # error: ARC103
kept = customers.model  # error: ARC103
fine = customers.CustomersService
""",
        },
    ),
    "internals imported by a name that is written down, or from here": (
        "ARC103",
        {
            **_MODULE,
            SERVICE: """\
from importlib import import_module as load
NAME = "shop.modules.customers.model"
def a(chosen):
    local = "shop.modules.customers.service"
    load(NAME)  # error: ARC103
    load(local)  # error: ARC103
    load("..customers.model", __package__)  # error: ARC103
    load("shop.modules.customers")
    load(chosen)
""",
        },
    ),
    "registrations that can never run": (
        "ARC105",
        {
            **_PARTS,
            _ROOT: """\
from shop.modules.customers import register_customers  # error: ARC105
from shop.modules.orders import register_orders  # error: ARC105
def compose(kernel):
    while False:
        register_orders(kernel)
    if not True:
        register_orders(kernel)
    False and register_customers(kernel)
    return kernel
""",
        },
    ),
    "registrations that depend on settings, and a list that grows": (
        "ARC105",
        {
            **_PARTS,
            _ROOT: """\
from shop.modules.customers import register_customers
from shop.modules.orders import register_orders
def compose(kernel):
    steps = []
    steps += [register_orders]
    for step in steps:
        step(kernel)
    kernel.settings.customers and register_customers(kernel)
""",
        },
    ),
    "writes in every dialect, and through the bare table": (
        "ARC106",
        {
            **_MODULE,
            REPOSITORY: """\
from sqlalchemy import text, update
from sqlalchemy.orm import Session
from shop.modules.customers.model import Customer
def a(session: Session):
    for statement in (
        text("TRUNCATE TABLE customers"),  # error: ARC106
        text("REPLACE INTO customers VALUES (1)"),  # error: ARC106
        text("INSERT OR IGNORE INTO customers VALUES (1)"),  # error: ARC106
        text('UPDATE "public"."customers" SET name = 1'),  # error: ARC106
        text("WITH old AS (SELECT 1) DELETE FROM customers"),  # error: ARC106
    ):
        session.execute(statement)
    sql = "DELETE FROM customers"
    session.execute(text(sql))  # error: ARC106
    session.execute(update(Customer.__table__))  # error: ARC106
    session.execute(Customer.__table__.insert())  # error: ARC106
""",
        },
    ),
    "texts that read a foreign table, and write one's own": (
        "ARC106",
        {
            **_MODULE,
            REPOSITORY: """\
from sqlalchemy import text
from sqlalchemy.orm import Session
def a(session: Session):
    session.execute(text("SELECT * FROM customers FOR UPDATE"))
    session.execute(text("WITH c AS (SELECT 1 FROM customers FOR UPDATE OF customers) UPDATE orders SET note = 1"))
    session.execute(text("INSERT INTO orders SELECT name FROM customers ON CONFLICT DO UPDATE SET note = 1"))
    session.execute(text("-- update customers"))
    session.execute(text("select 'delete from customers'"))
""",
        },
    ),
    "a row in a dictionary or handed to the encoder, but not one that is mapped": (
        "ARC107",
        {
            **_MODULE,
            CONTROLLER: """\
from fastapi import APIRouter
from fastapi.encoders import jsonable_encoder
from fastapi.responses import JSONResponse
from shop.modules.customers.model import Customer
from shop.view import CustomerOut
router = APIRouter()
@router.get("/a")
async def a():
    return {"customer": Customer()}  # error: ARC107
@router.get("/b")
async def b():
    return JSONResponse(jsonable_encoder(Customer()))  # error: ARC107
@router.get("/c")
async def c():
    customer = Customer()
    customer = CustomerOut.model_validate(customer)
    return customer
@router.get("/d")
async def d():
    customer = Customer()
    return {"name": customer.name, "out": CustomerOut.model_validate(customer)}
@router.get("/e")
async def e(x: bool):
    customer = Customer()
    if x:
        customer = Customer(name="x")
    return customer  # error: ARC107
""",
            "src/shop/view.py": "from pydantic import BaseModel\nclass CustomerOut(BaseModel): ...\n",
        },
    ),
    "a session that the repository's transaction hands out": (
        "ARC102",
        {
            SERVICE: """\
from shop.kernel.repository import RepositoryAdapter
class OrdersService:
    def __init__(self, orders: RepositoryAdapter["Order"]) -> None:
        self._orders = orders
    async def a(self):
        async with self._orders.transaction() as session:
            await session.execute("x")  # error: ARC102
        async with self._orders.transaction():
            await self._orders.create({})
""",
        },
    ),
    "a repository that is a field, inherited, or made by the service": (
        "ARC401",
        {
            SERVICE: """\
from dataclasses import dataclass
from shop.kernel.repository import RepositoryAdapter
from shop.kernel.repository_sql import SqlRepository
@dataclass
class Field:
    rows: RepositoryAdapter["Order"]
    async def get_all(self): ...  # error: ARC401
class Base:
    def __init__(self, rows: RepositoryAdapter["Order"]) -> None: ...
class Inherited(Base):
    async def get_all(self): ...  # error: ARC401
class Made:
    def __init__(self, kernel) -> None:
        self.rows = SqlRepository(kernel.database)
    async def get_all(self): ...  # error: ARC401
@dataclass
class Basket:
    rows: list[int]
    def get_all(self): ...
""",
        },
    ),
    "paths and prefixes that are constants, and a look-up that is no member": (
        "ARC402",
        {
            CONTROLLER: """\
from fastapi import APIRouter
PREFIX, ONE = "/orders", "/{key}"
router = APIRouter(prefix=PREFIX)
@router.get("")
async def everything(): ...  # error: ARC402
@router.get(ONE)
async def one(key: str): ...  # error: ARC402
@router.get("/by-slug/{slug}")
async def by_slug(slug: str): ...
@router.get("/lines")
async def index(): ...
@router.get("/lines/{key}")
async def line(key: str): ...  # error: ARC402
""",
        },
    ),
    "collective words": (
        "ARC403",
        {
            "src/shop/modules/orders/model.py": """\
from shop.kernel.model import Entity
class OrderLog(Entity):
    __tablename__ = "order_log"
class AuditTrail(Entity):
    __tablename__ = "audit_trail"
class Outbox(Entity):
    __tablename__ = "outbox"
class Sheep(Entity):
    __tablename__ = "sheep"
class Dialogue(Entity):
    __tablename__ = "dialogue"  # error: ARC403
""",
        },
    ),
}


@pytest.mark.parametrize(("code", "files"), [pytest.param(*case, id=name) for name, case in CASES.items()])
def test_what_is_forbidden_is_found_in_any_spelling_and_nothing_else(code: str, files: dict[str, str]) -> None:
    assert places(files, code) == expected(files)
