"""ARC302, ARC303 and ARC304 on the generated layout: what a route states, what its service does, who holds what."""

from __future__ import annotations

import pytest

from tests.rules.projects import CONTROLLER, SERVICE, expected, places

_MODEL = "src/shop/modules/orders/model.py"
_ENTITY = """\
from uuid import UUID
from sqlalchemy.orm import Mapped, mapped_column
from shop.kernel.model import Entity
class Order(Entity):
    __tablename__ = "orders"
    owner_id: Mapped[UUID] = mapped_column(index=True, info={"owner": True})
    status: Mapped[str]
"""
_CONTROLLER = """\
from uuid import UUID
from fastapi import Request
from shop.kernel.access import PUBLIC, SIGNED_IN, Principal, require
from shop.kernel.http.routing import CurrentPrincipal, ModuleRouter, current_principal
from shop.modules.orders.service import OrdersService
class OrdersController:
    def __init__(self, service: OrdersService) -> None:
        self._service = service
    def router(self):
        routes = ModuleRouter("orders")
        routes.get("/{order_id:uuid}", self.show, access=ACCESS)
        return routes.router
"""
_SERVICE = """\
from shop.kernel.repository import RepositoryAdapter
from shop.modules.orders.model import Order
class OrdersService:
    def __init__(self, orders: RepositoryAdapter[Order]) -> None:
        self._orders = orders
"""


def shop(show: str, service: str = "", access: str = 'require("orders:read")', model: str = _ENTITY) -> dict[str, str]:
    """Return the orders module with one route."""
    return {
        _MODEL: model,
        CONTROLLER: _CONTROLLER.replace("ACCESS", access) + show,
        SERVICE: _SERVICE + service,
    }


_BY_ID = "    async def get_by_id(self, key):\n        return await self._orders.find_by_id(key)\n"
_OPEN = "    async def show(self, order_id: UUID):\n        return await self._service.get_by_id(order_id)"
_MARKED = f"{_OPEN}  # error: ARC302\n"
_WITH = "    async def show(self, order_id: UUID, principal: CurrentPrincipal):\n"

CASES: dict[str, tuple[str, dict[str, str]]] = {
    "a permission is not an owner": ("ARC302", shop(_MARKED, _BY_ID)),
    "being signed in is not an owner": ("ARC302", shop(_MARKED, _BY_ID, "SIGNED_IN")),
    "a public route": ("ARC302", shop(_OPEN + "\n", _BY_ID, "PUBLIC")),
    "an access that cannot be followed": ("ARC302", shop(_OPEN + "\n", _BY_ID, "unknown()")),
    "a model without an owner": (
        "ARC302",
        shop(_OPEN + "\n", _BY_ID, model=_ENTITY.replace(', info={"owner": True}', "")),
    ),
    "a declared tenant": ("ARC302", shop(_OPEN + "\n", _BY_ID, model=_ENTITY.replace('"owner"', '"tenant"'))),
    "a filter without the caller": (
        "ARC302",
        shop(
            _MARKED,
            "    async def get_by_id(self, key):\n"
            '        return await self._orders.find_one({"id": key, "status": "paid"})\n',
        ),
    ),
    "a filter with the caller": (
        "ARC302",
        shop(
            _WITH + "        return await self._service.get_by_id(order_id, principal.id)\n",
            "    async def get_by_id(self, key, who):\n"
            '        return await self._orders.find_one({"id": key, "owner_id": who})\n',
        ),
    ),
    "a filter by keywords with the caller from the request": (
        "ARC302",
        shop(
            "    async def show(self, order_id: UUID, request: Request):\n"
            "        return await self._service.get_by_id(order_id, current_principal(request))\n",
            "    async def get_by_id(self, key, who):\n"
            "        return await self._orders.find_one(id=key, owner_id=who.id)\n",
        ),
    ),
    "a principal made of the request's own words": (
        "ARC302",
        shop(
            "    async def show(self, order_id: UUID, owner: UUID):\n"
            "        return await self._service.get_by_id(order_id, Principal(owner))  # error: ARC302\n",
            "    async def get_by_id(self, key, who):\n"
            '        return await self._orders.find_one({"id": key, "owner_id": who.id})\n',
        ),
    ),
    "a delete and an update by id": (
        "ARC302",
        shop(
            "    async def show(self, order_id: UUID):\n"
            "        await self._service.delete(order_id)  # error: ARC302\n",
            "    async def delete(self, key):\n        await self._orders.delete(key)\n",
        ),
    ),
    "checked by existence before the delete": (
        "ARC302",
        shop(
            _WITH + "        await self._service.delete(order_id, principal)\n",
            "    async def delete(self, key, who):\n"
            '        if not await self._orders.exists({"id": key, "owner_id": who.id}):\n'
            "            raise LookupError\n"
            "        await self._orders.delete(key)\n",
        ),
    ),
    "a permission in a condition is not an owner either": (
        "ARC302",
        shop(
            _WITH + '        if "orders:all" not in principal.permissions:\n            raise PermissionError\n'
            "        return await self._service.get_by_id(order_id)  # error: ARC302\n",
            _BY_ID,
        ),
    ),
    "the owner, or a permission to see all": (
        "ARC302",
        shop(
            _WITH + "        order = await self._service.get_by_id(order_id)\n"
            '        if order.owner_id != principal.id and "orders:all" not in principal.permissions:\n'
            "            raise PermissionError\n"
            "        return order\n",
            _BY_ID,
        ),
    ),
    "a route that refuses by itself, and what has the request and cannot be looked into": (
        "ARC303",
        {
            "app/main.py": """\
from typing import TypeVar
from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request, status
from fastapi.security import OAuth2PasswordBearer
from sqlalchemy.orm import Session
from company import load

T = TypeVar("T")
router = APIRouter()

def get_db():
    with Session() as session:
        yield session

def chosen(base: type[T]) -> type[T]:
    return load(base)

class Identity: ...

async def who(request: Request):
    return await chosen(Identity).of(request)

async def key(x_key: str):
    if x_key != load("key"):
        raise HTTPException(status_code=status.HTTP_403_FORBIDDEN)

@router.get("/a")
def guarded(db: Session = Depends(get_db), token: str = Depends(OAuth2PasswordBearer("login"))):
    return db.execute("x").all()

@router.get("/b")
def refuses(user: str, db: Session = Depends(get_db)):
    if not load(user):
        raise HTTPException(401)
    return db.execute("x").all()

@router.get("/c")
async def hidden(request: Request, db: Session = Depends(get_db)):
    if await who(request):
        return db.execute("x").all()

@router.get("/d", dependencies=[Depends(key)])
def keyed(db: Session = Depends(get_db)):
    return db.execute("x").all()

@router.get("/e")
def not_there(user: str, db: Session = Depends(get_db)):  # error: ARC303
    if not load(user):
        raise HTTPException(404)
    return db.execute("x").all()

@router.get("/f")
async def told(request: Request, db: Session = Depends(get_db)):  # error: ARC303
    print(request)
    return db.execute("x").all()

app = FastAPI()
app.include_router(router)
"""
        },
    ),
    "a route registered on the framework's own router beside the generated one": (
        "ARC303",
        {
            CONTROLLER: """\
from shop.kernel.http.routing import ModuleRouter as Routes
def router(self):
    routes = Routes("orders")
    routes.post("", store)  # error: ARC303
    routes.get("", store, **options)
    return routes.router
async def store(): ...
"""
        },
    ),
    "a scope under a constant, and one that is computed": (
        "ARC304",
        {
            "app/main.py": """\
from fastapi import FastAPI, Security
from fastapi.security import OAuth2PasswordBearer
SCOPE = "itmes"
scheme = OAuth2PasswordBearer(tokenUrl="token", scopes={"items": "See items"})
app = FastAPI()
@app.get("/a")
def a(token: str = Security(scheme, scopes=[SCOPE])): ...  # error: ARC304
@app.get("/b")
def b(token: str = Security(scheme, scopes=[str(app)])): ...
"""
        },
    ),
    "a role that takes a permission from another module's file": (
        "ARC304",
        {
            "src/shop/modules/orders/permissions.py": """\
from shop.kernel.access import Permission as Declared
READ = Declared("orders:read", "See orders")
DROP = Declared(name="orders:drop", label="Drop orders")  # error: ARC304
""",
            "src/shop/roles.py": """\
import shop.modules.orders.permissions as orders
from shop.kernel.access import Role
CLERK = Role("clerk", permissions=(orders.READ,))
# Role("boss", permissions=("orders:drop",))
""",
        },
    ),
}


@pytest.mark.parametrize(("code", "files"), [pytest.param(*case, id=name) for name, case in CASES.items()])
def test_access_is_judged_by_what_is_done(code: str, files: dict[str, str]) -> None:
    assert places(files, code) == expected(files)
