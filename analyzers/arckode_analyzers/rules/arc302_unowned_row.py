"""ARC302: a row that anybody may ask for by its id."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_analyzers.rule import Example, Rule, Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.model.access import Judged
    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.flow import Exposure
    from arckode_analyzers.model.source import Source


def check(analysis: Analysis, source: Source) -> Iterator[Spot]:
    """Report each handler's look-ups of rows that have an owner nobody asked about, one for each kind of row."""
    for judged in analysis.access.handled_in(source):
        seen: set[tuple[str, frozenset[str]]] = set()
        for exposure in judged.exposures:
            columns = analysis.access.columns(exposure.model)
            if columns and (exposure.model, exposure.roots) not in seen:
                seen.add((exposure.model, exposure.roots))
                yield _spot(source, judged, exposure, columns)


def _spot(source: Source, judged: Judged, exposure: Exposure, columns: tuple[str, ...]) -> Spot:
    handler = judged.route.handler
    symbol = handler.symbol if handler is not None else ""
    name = handler.record.name if handler is not None else ""
    model = exposure.model.rpartition(".")[2]
    asked = " and ".join(f"`{root}`" for root in sorted(exposure.roots))
    message = (
        f"`{name}` {exposure.verb} the `{model}` that {asked} asks for, and nothing compares its `{columns[0]}` with "
        "the caller"
    )
    hint = f"look it up with `{columns[0]}` of the caller in the filter, or compare it and raise before it is used"
    chain = exposure.way if len(exposure.way) > 1 else ()
    return Spot(source, exposure.line, exposure.column, symbol, message, f"{model} by {asked}", hint, chain)


_ORDERS = "src/shop/modules/orders"
_MODEL = {
    f"{_ORDERS}/model.py": """\
from uuid import UUID
from sqlalchemy.orm import Mapped, mapped_column
from shop.kernel.model import Entity

class Order(Entity):
    __tablename__ = "orders"
    customer_id: Mapped[UUID] = mapped_column(index=True, info={"owner": True})
"""
}
_CONTROLLER = """\
from uuid import UUID
from shop.kernel.access import PUBLIC, require
from shop.kernel.http.routing import CurrentPrincipal, ModuleRouter
from shop.modules.orders.service import OrdersService

class OrdersController:
    def __init__(self, service: OrdersService) -> None:
        self._service = service

"""
_ROUTER = """\
    def router(self):
        routes = ModuleRouter("orders")
        routes.get("/{order_id:uuid}", self.show, access=require("orders:read"))
        return routes.router

"""
_SERVICE = """\
from shop.kernel.errors import ForbiddenError, NotFoundError
from shop.kernel.repository import RepositoryAdapter
from shop.modules.orders.model import Order

class OrdersService:
    def __init__(self, orders: RepositoryAdapter[Order]) -> None:
        self._orders = orders

"""
_FOUND = """\
    async def get_by_id(self, order_id):
        found = await self._orders.find_by_id(order_id)
        if found is None:
            raise NotFoundError("there is no such order")
        return found
"""
_ITEMS = "app/items.py"
_APP = """\
import jwt
from fastapi import APIRouter, Depends, HTTPException
from fastapi.security import OAuth2PasswordBearer
from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

class Base(DeclarativeBase): ...

class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    is_superuser: Mapped[bool]

class Item(Base):
    __tablename__ = "items"
    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("users.id"))

def get_db():
    with Session() as session:
        yield session

def get_current_user(db: Session = Depends(get_db), token: str = Depends(OAuth2PasswordBearer("login"))) -> User:
    return db.get(User, jwt.decode(token, "secret", ["HS256"])["sub"])

router = APIRouter()

"""
RULE = Rule(
    code="ARC302",
    name="unowned-row",
    severity="error",
    summary="A row asked for by its id is returned, changed or sent on, and nobody compared its owner with the caller.",
    why=(
        "Being signed in, or holding a permission, says what kind of thing somebody may see, not whose: with another "
        "id in the address they read and change the rows of others. Comparing with an owner that the request itself "
        "names proves nothing; it has to come from the token."
    ),
    hint="put the caller into the filter of the look-up, or compare the owner and raise before the row is used",
    check=check,
    decides=(
        "Found: rows of models that have an owner or tenant column (a mark in `info`, a reference to the caller's "
        "table, a column compared with the caller elsewhere), looked up by key through sessions, statements, "
        "repositories and any number of the project's own functions, on routes that authenticate. A guard counts by "
        "what it does; a permission is none, a condition on a role of the caller is one. Not judged: rows asked for by "
        "a random token or by a digest of what was sent, rows reached through another row, lists, "
        "websockets, and whatever passes through a function nobody can look into."
    ),
    bad=(
        Example(
            "the service looks the order up by id and the controller shows it to whoever may read orders",
            {
                **_MODEL,
                f"{_ORDERS}/controller.py": _CONTROLLER
                + _ROUTER
                + """\
    async def show(self, order_id: UUID):
        return await self._service.get_by_id(order_id)  # error: ARC302
""",
                f"{_ORDERS}/service.py": _SERVICE + _FOUND,
            },
        ),
        Example(
            "a helper that is named like the check and compares nothing, and a comparison with the request's own word",
            {
                **_MODEL,
                f"{_ORDERS}/controller.py": _CONTROLLER
                + """\
    def router(self):
        routes = ModuleRouter("orders")
        routes.get("/{order_id:uuid}", self.show, access=require("orders:read"))
        routes.delete("/{order_id:uuid}", self.destroy, access=require("orders:write"))
        return routes.router

    async def show(self, order_id: UUID, principal: CurrentPrincipal):
        order = await self._service.get_by_id(order_id)  # error: ARC302
        self._service.assert_ownership(order, principal)
        return order

    async def destroy(self, order_id: UUID, customer_id: UUID):
        order = await self._service.get_by_id(order_id)
        if order.customer_id != customer_id:
            raise PermissionError
        await self._service.delete(order_id)  # error: ARC302
""",
                f"{_ORDERS}/service.py": _SERVICE
                + _FOUND
                + """\

    def assert_ownership(self, order, principal):
        # order.customer_id == principal.id
        return "order.customer_id != principal.id"

    async def delete(self, order_id):
        await self._orders.delete(order_id)
""",
            },
        ),
        Example(
            "a plain FastAPI application: found in the session, deleted by a statement, compared the wrong way round",
            {
                _ITEMS: _APP
                + """\
@router.get("/items/{id}")
def read(id: int, db: Session = Depends(get_db), user: User = Depends(get_current_user)):
    item = db.get(Item, id)  # error: ARC302
    if item is None:
        raise HTTPException(404)
    return item

@router.put("/items/{id}")
def replace(id: int, db: Session = Depends(get_db), user: User = Depends(get_current_user)):
    item = db.scalars(select(Item).where(Item.id == id)).one()  # error: ARC302
    if item.owner_id == user.id:
        raise HTTPException(403)
    item.owner_id = user.id
"""
            },
        ),
    ),
    good=(
        Example(
            "the caller is in the filter of the look-up",
            {
                **_MODEL,
                f"{_ORDERS}/controller.py": _CONTROLLER
                + _ROUTER
                + """\
    async def show(self, order_id: UUID, principal: CurrentPrincipal):
        return await self._service.get_by_id(order_id, principal)
""",
                f"{_ORDERS}/service.py": _SERVICE
                + """\
    async def get_by_id(self, order_id, principal):
        found = await self._orders.find_one({"id": order_id, "customer_id": principal.id})
        if found is None:
            raise NotFoundError("there is no such order")
        return found
""",
            },
        ),
        Example(
            "a helper of any name that compares and raises, in another file",
            {
                **_MODEL,
                f"{_ORDERS}/controller.py": _CONTROLLER
                + _ROUTER
                + """\
    async def show(self, order_id: UUID, principal: CurrentPrincipal):
        return await self._service.get_by_id(order_id, principal)
""",
                f"{_ORDERS}/service.py": "from shop.rights import look\n"
                + _SERVICE
                + """\
    async def get_by_id(self, order_id, principal):
        return look(await self._orders.find_by_id(order_id), principal)
""",
                "src/shop/rights.py": """\
from shop.kernel.errors import ForbiddenError

def look(row, principal):
    if row.customer_id != principal.id:
        raise ForbiddenError("this is not yours")
    return row
""",
            },
        ),
        Example(
            "a public route, and a model that says whose tenant it belongs to",
            {
                f"{_ORDERS}/model.py": _MODEL[f"{_ORDERS}/model.py"].replace("owner", "tenant"),
                f"{_ORDERS}/controller.py": _CONTROLLER
                + _ROUTER
                + """\
    async def show(self, order_id: UUID):
        return await self._service.get_by_id(order_id)
""",
                f"{_ORDERS}/service.py": _SERVICE + _FOUND,
                "src/shop/modules/pages/model.py": _MODEL[f"{_ORDERS}/model.py"].replace("orders", "pages"),
                "src/shop/modules/pages/controller.py": _CONTROLLER
                + """\
    def router(self):
        routes = ModuleRouter("pages")
        routes.get("/{page_id:uuid}", self.show, access=PUBLIC)
        return routes.router

    async def show(self, page_id: UUID):
        return await self._service.get_by_id(page_id)
""",
            },
        ),
        Example(
            "the owner or an administrator, and the caller's own profile",
            {
                _ITEMS: _APP
                + """\
@router.get("/items/{id}")
def read(id: int, db: Session = Depends(get_db), user: User = Depends(get_current_user)):
    item = db.get(Item, id)
    if not user.is_superuser and item.owner_id != user.id:
        raise HTTPException(403)
    return item

@router.get("/me")
def me(db: Session = Depends(get_db), user: User = Depends(get_current_user)):
    return db.get(User, user.id)
"""
            },
        ),
    ),
)
