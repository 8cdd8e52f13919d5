"""ARC107: the database row as an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_analyzers.rule import Example, Rule, Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.facts.shapes import Shape
    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.routes import Route
    from arckode_analyzers.model.source import Source
    from arckode_analyzers.model.values import Value


def check(analysis: Analysis, source: Source) -> Iterator[Spot]:
    """Report routes that answer with a model and schemas that are built on one."""
    for route in analysis.routes.handled_in(source):
        yield from _answers(analysis, route)
    if "schemas" in source.layers:
        yield from _schemas(analysis, source)


def _answers(analysis: Analysis, route: Route) -> Iterator[Spot]:
    handler = route.handler
    if handler is None:
        return
    said = route.keyword("response_model")
    if said is not None and said != ("const", None):
        leaked = _model_in(analysis, analysis.resolver.annotation(route.source, route.function, said))
        if leaked:
            message = f"`response_model` is the database model `{leaked}`"
            yield Spot(route.source, route.line, route.column, handler.symbol, message, leaked)
        return
    source, record = handler.source, handler.record
    if record.returns is not None:
        leaked = _model_in(analysis, analysis.resolver.annotation(source, record.parent, record.returns))
        if leaked:
            message = f"`{record.name}` answers with the database model `{leaked}`"
            yield Spot(source, record.line, record.column, handler.symbol, message, leaked)
        return
    for result in source.results_of.get(handler.index, ()):
        leaked = _leaked(analysis, source, handler.index, result.value)
        if leaked:
            message = f"`{record.name}` answers with the database model `{leaked}`"
            yield Spot(source, result.line, result.column, handler.symbol, message, leaked)


def _leaked(analysis: Analysis, source: Source, function: int, shape: Shape) -> str:
    """Return the model that an undeclared answer hands out; a name given several values must hold one each time."""
    match shape:
        case ("dict", _, tuple(values)):
            return next(filter(None, (_leaked(analysis, source, function, value) for value in values)), "")
        case ("call", tuple(func), (tuple(first), *_), _):
            value = analysis.value(source, function, func)
            if value is not None and value.name.startswith(("fastapi.", "starlette.")):
                return _leaked(analysis, source, function, first)
        case ("name", str(name)):
            given = _given(source, function, name)
            found = [_model_in(analysis, analysis.value(source, function, each)) for each in given]
            if len(found) > 1:
                return found[0] if all(found) else ""
    return _model_in(analysis, analysis.value(source, function, shape))


def _given(source: Source, function: int, name: str) -> list[Shape]:
    rows = source.facts.bindings
    return [
        value
        for row in rows
        if row.function == function and row.target == ("name", name) and (value := row.value) is not None
        if row.how == "="
    ]


def _model_in(analysis: Analysis, value: Value | None) -> str:
    """Return the name of a model that a type is or contains."""
    pending = [] if value is None else [value]
    while pending:
        current = pending.pop()
        if analysis.tables.is_model(current):
            return current.last
        pending.extend(current.args)
    return ""


def _schemas(analysis: Analysis, source: Source) -> Iterator[Spot]:
    for row in source.facts.imports:
        value = analysis.resolver.dotted(source.target(row), row.name) if row.name and row.kind != "typing" else None
        if value is not None and value.kind == "class" and analysis.tables.is_model(value):
            message = f"a schema imports the database model `{row.name}`"
            yield Spot(source, row.line, row.column, source.symbol(row.function), message, row.name)
    imported = _imported(analysis, source)
    for binding in source.facts.bindings:
        value = analysis.resolver.annotation(source, 0, binding.annotation) if binding.owner >= 0 else None
        if value is not None and not _comes_from(value, imported):
            leaked = _model_in(analysis, value)
            if leaked:
                message = f"a schema's field is the database model `{leaked}`"
                yield Spot(source, binding.line, binding.column, source.class_symbols[binding.owner], message, leaked)


def _imported(analysis: Analysis, source: Source) -> frozenset[str]:
    rows = (row for row in source.facts.imports if row.name and row.kind != "typing")
    found = (analysis.resolver.dotted(source.target(row), row.name) for row in rows)
    return frozenset(value.name for value in found if value is not None)


def _comes_from(value: Value, imported: frozenset[str]) -> bool:
    """Tell whether an import at run time, which is reported itself, brings a field's type."""
    return value.name in imported or any(arg.name in imported for arg in value.args)


_MODEL = {
    "src/shop/modules/orders/model.py": """\
from enum import StrEnum
from shop.kernel.model import Entity

class OrderStatus(StrEnum):
    DRAFT = "draft"

class Order(Entity):
    __tablename__ = "orders"
""",
}
_CONTROLLER = "src/shop/modules/orders/controller.py"
_SCHEMAS = "src/shop/modules/orders/schemas.py"
RULE = Rule(
    code="ARC107",
    name="model-in-api",
    severity="error",
    summary="The database model leaks into the API: a route answers with it, or a schema is built on it.",
    why=(
        "Every column becomes a promise to clients, the password hash included. With the row as the answer, a column "
        "added for a job tomorrow is public the day after, and a renamed one breaks every client."
    ),
    hint="declare what clients may see as a schema, and answer `OrderOut.model_validate(row)`",
    decides=(
        "Found: models as declared or inferred answers of routes, also in lists, unions, pages and "
        "dictionaries, and as imports, bases or fields of schemas. Not decided: values whose type nothing "
        "says."
    ),
    check=check,
    bad=(
        Example(
            "the model as the declared answer, plain and in a list",
            {
                **_MODEL,
                _CONTROLLER: """\
from fastapi import APIRouter
from shop.modules.orders.model import Order as OrderOut

router = APIRouter(prefix="/orders")

@router.get("")
async def index() -> list[OrderOut]:  # error: ARC107
    return []

@router.get("/{key}", response_model=OrderOut)
async def show(key: str):  # error: ARC107
    return None
""",
            },
        ),
        Example(
            "nothing declared, and a service that answers with the row",
            {
                **_MODEL,
                "src/shop/modules/orders/service.py": """\
from shop.kernel.repository import RepositoryAdapter
from shop.modules.orders.model import Order

class OrdersService:
    def __init__(self, orders: RepositoryAdapter[Order]) -> None:
        self._orders = orders

    async def get_by_id(self, key):
        return await self._orders.find_by_id(key)
""",
                _CONTROLLER: """\
from shop.kernel.http import ModuleRouter
from shop.modules.orders.service import OrdersService

class OrdersController:
    def __init__(self, service: OrdersService) -> None:
        self._service = service

    def router(self):
        routes = ModuleRouter("orders")
        routes.get("/{key}", self.show)
        return routes.router

    async def show(self, key: str):
        order = await self._service.get_by_id(key)
        return order  # error: ARC107
""",
            },
        ),
        Example(
            "a schema built on the model, and a model called OrderOut",
            {
                **_MODEL,
                _SCHEMAS: """\
from shop.modules.orders.model import Order  # error: ARC107

class OrderOut(Order):
    pass
""",
                _CONTROLLER: """\
from fastapi import APIRouter
from shop.modules.orders.schemas import OrderOut

router = APIRouter(prefix="/orders")

@router.get("")
async def index() -> OrderOut:  # error: ARC107
    return None
""",
            },
        ),
    ),
    good=(
        Example(
            "a schema as the answer, and the model's enum in the schema",
            {
                **_MODEL,
                _SCHEMAS: """\
from shop.kernel.http import ApiModel
from shop.modules.orders.model import OrderStatus

class OrderOut(ApiModel):
    status: OrderStatus
""",
                _CONTROLLER: """\
from shop.kernel.http import ModuleRouter
from shop.modules.orders.model import Order
from shop.modules.orders.schemas import OrderOut

class OrdersController:
    def router(self):
        routes = ModuleRouter("orders")
        routes.get("/{key}", self.show)
        return routes.router

    async def show(self, key: str) -> OrderOut:
        return OrderOut.model_validate(self._load(key))

    def _load(self, key: str) -> Order:
        return Order(id=key)
""",
            },
        ),
        Example(
            "the framework turns the row into the declared schema",
            {
                **_MODEL,
                _SCHEMAS: "from pydantic import BaseModel\n\nclass Out(BaseModel):\n    id: str\n",
                _CONTROLLER: """\
from fastapi import APIRouter
from shop.modules.orders.model import Order
from shop.modules.orders.schemas import Out

router = APIRouter(prefix="/orders")

@router.get("", response_model=list[Out])
async def index():
    # answers with Order, says list[Out]
    return [Order()]
""",
            },
        ),
        Example(
            "a class called Order that no table stores",
            {
                _CONTROLLER: """\
from fastapi import APIRouter
from pydantic import BaseModel

router = APIRouter(prefix="/orders")

class Order(BaseModel):
    id: str

@router.get("")
async def index() -> list[Order]:
    return []
"""
            },
        ),
    ),
)
