"""Near misses and dodges of the other rules, beyond the examples in their files."""

from __future__ import annotations

import pytest

from tests.rules.projects import CONTROLLER, SERVICE, expected, places

CASES: dict[str, tuple[str, dict[str, str]]] = {
    "bodies read in every way, each handler judged by itself": (
        "ARC301",
        {
            CONTROLLER: """\
from fastapi import APIRouter, Body, Depends, Request
from pydantic import BaseModel
router = APIRouter(prefix='/orders')
class In(BaseModel):
    a: int

import json, jsonschema
from typing import Any, Mapping, Annotated
@router.post("")
async def a(request: Request):
    d = In(**(await request.json()))
@router.post("")
async def b(request: Request):
    d = In(**json.loads(await request.body()))
@router.post("")
async def c(request: Request):
    d = await request.json()
    jsonschema.validate(d, {})
@router.post("")
async def d(request: Request):
    body = await request.json()  # error: ARC301
    In.model_construct(**body)
@router.post("")
async def e(request: Request):
    body = await request.json()  # error: ARC301
    print(In, "In.model_validate(body)")
    dict(body)
@router.post("")
async def f(request: Request):
    body = await request.json()
    rows = [In.model_validate(r) for r in body["rows"]]
@router.post("")
async def g(body: Mapping[str, Any]): pass  # error: ARC301
@router.post("")
async def h(body: dict[str, int]): pass
@router.post("")
async def i(body: Annotated[dict, Body()]): pass  # error: ARC301
@router.post("")
async def j(body: In | None = None, names: list[str] = Body()): pass
@router.post("")
async def k(body=Body(...)): pass  # error: ARC301
@router.post("")
async def l(file: bytes = Body()): pass
@router.post("")
async def m(request): pass
@router.post("")
async def n(request: Request):
    async for chunk in request.stream(): pass
@router.post("")
async def o(r: "Request"):
    return (await r.json())["x"]  # error: ARC301
@router.post("")
async def p(request: Request):
    body = await request.json()
    for row in body:
        In.model_validate(row)
@router.get("")
async def q(filters: dict): pass
""",
        },
    ),
    "bodies read by a helper method of the controller": (
        "ARC301",
        {
            CONTROLLER: """\
from fastapi import Request
from shop.kernel.http import ModuleRouter as MR
class X:
    def router(self):
        r = MR("orders")
        r.post("", self.store, access=1)
        r.patch("/{id}", self.update)
        for path, handler in (("/a", self.a),):
            r.post(path, handler)
        return r.router
    async def store(self, request: Request):
        return await self.parse(request)  # error: ARC301
    async def parse(self, request):
        return await request.json()
    async def update(self, request: Request):
        return self.check(await request.json())  # error: ARC301
    def check(self, data):
        return data
    async def a(self, request: Request):
        return 1
""",
        },
    ),
    "sessions of the database, quoted, and from a factory": (
        "ARC102",
        {
            SERVICE: """\
from sqlalchemy.orm import Session, sessionmaker
from shop.kernel.database import Database
Local = sessionmaker()
class A:
    def __init__(self, db: Database): self.db = db
    async def x(self):
        async with self.db.session() as s:
            await s.execute("x")  # error: ARC102
        async with self.db.transaction():
            pass
    def y(self, s: "Session | None" = None):  # error: ARC102
        with Local() as t:
            t.add(1)  # error: ARC102
""",
        },
    ),
    "models inside aliases, pages, dictionaries and lists": (
        "ARC107",
        {
            CONTROLLER: """\
from fastapi import APIRouter
from shop.kernel.http import PageOut
from shop.modules.orders.model import Order
from shop.modules.orders import model
router = APIRouter(prefix="/x")
Out = Order
@router.get("/a")
async def a() -> Out | None: pass  # error: ARC107
@router.get("/b")
async def b() -> PageOut["Order"]: pass  # error: ARC107
@router.get("/c")
async def c() -> dict[str, model.Order]: pass  # error: ARC107
@router.get("/d")
async def d():
    return [Order()]  # error: ARC107
@router.get("/e")
async def e() -> int: return Order()
@router.get("/f", response_model=None)
async def f():
    return {"a": 1}
""",
            "src/shop/modules/orders/model.py": """\
from sqlalchemy.orm import DeclarativeBase
class Base(DeclarativeBase): pass
class Order(Base): pass
""",
        },
    ),
    "a composition root that is a class": (
        "ARC105",
        {
            "src/shop/modules/orders/__init__.py": """\
from shop.kernel.app import Kernel
def register_orders(k: Kernel): k.add_module("orders")
def helper(): pass
""",
            "src/shop/composition_root.py": """\
from shop.modules.orders import register_orders
class Root:
    def __init__(self, kernel):
        register_orders(kernel)
def compose(kernel):
    Root(kernel)
""",
        },
    ),
    "a registration that is only renamed": (
        "ARC105",
        {
            "src/shop/modules/orders/__init__.py": """\
from shop.modules.orders.wiring import register_orders
""",
            "src/shop/modules/orders/wiring.py": """\
from shop.kernel.app import Kernel
def register_orders(k: Kernel): k.add_module("orders")
""",
            "src/shop/composition_root.py": """\
from shop.modules.orders import register_orders  # error: ARC105
REG = register_orders
def compose(kernel): return kernel
""",
        },
    ),
    "an import for types only counts, the door does not": (
        "ARC103",
        {
            "src/shop/modules/customers/__init__.py": """\

""",
            "src/shop/modules/customers/model.py": """\
class Customer: ...
""",
            SERVICE: """\
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    from shop.modules.customers.model import Customer  # error: ARC103
from shop.modules import customers
from shop.modules.customers import *
""",
        },
    ),
    "a name of its own is free beside the law's own": (
        "ARC401",
        {
            SERVICE: """\
from shop.kernel.repository import RepositoryAdapter
class OrdersService:
    def __init__(self, orders: RepositoryAdapter["Order"]) -> None:
        self._orders = orders
    async def get(self, key): return await self._orders.find_one({"key": key})
    async def list(self): ...
    async def find_all(self): ...
""",
        },
    ),
}


@pytest.mark.parametrize(("code", "files"), [pytest.param(*case, id=name) for name, case in CASES.items()])
def test_what_counts_is_what_the_code_does(code: str, files: dict[str, str]) -> None:
    assert places(files, code) == expected(files)
