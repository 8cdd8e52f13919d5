"""ARC101: a controller that reaches for the database itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_analyzers.model.data_access import is_orm_call, is_repository, is_session, is_statement, said_parameters
from arckode_analyzers.model.sinks import Effect
from arckode_analyzers.model.trace import trace
from arckode_analyzers.rule import Example, Rule, Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.calls import CallAt, Target
    from arckode_analyzers.model.effects import Effects
    from arckode_analyzers.model.project import FunctionAt
    from arckode_analyzers.model.source import Source
    from arckode_analyzers.model.values import Value

_BEHIND = frozenset({"services", "repositories", "connectors", "kernel"})


def check(analysis: Analysis, source: Source) -> Iterator[Spot]:
    """Report what a controller takes, calls, or reaches through helpers that are no service."""
    whole = "controllers" in source.layers
    if not whole and not analysis.routes.handled_in(source):
        return
    for row, value in said_parameters(analysis, source):
        if _is_controller(analysis, source, row.function, whole=whole) and (
            is_session(analysis, value) or is_repository(analysis, value)
        ):
            message = f"a controller takes `{row.name}`, a `{value.last}`"
            yield Spot(source, row.line, row.column, source.symbol(row.function), message, value.last)
    effects = _without_services(analysis)
    for call in analysis.calls(source):
        if _is_controller(analysis, source, call.record.function, whole=whole):
            spot = _called(analysis, effects, call)
            if spot is not None:
                yield spot


def _is_controller(analysis: Analysis, source: Source, function: int, *, whole: bool) -> bool:
    """Tell whether a function is a controller's: in its file, a route handler, or nested in one."""
    while function > 0:
        if whole or source.symbol(function) in analysis.routes.handlers:
            return True
        function = source.facts.functions[function].parent
    return whole


def _without_services(analysis: Analysis) -> Effects:
    """Summarise effects that stop at services: reaching the database through one is the way it should be."""
    return analysis.effects_stopping("services", lambda function: _is_behind(analysis, function))


def _is_behind(analysis: Analysis, function: FunctionAt) -> bool:
    """Tell whether a function belongs to a service: by its layer, or because its class takes a repository."""
    if function.source.layers & _BEHIND:
        return True
    owner = function.source.method_owner(function.index)
    if owner < 0 or function.symbol in analysis.routes.handlers:
        return False
    value = analysis.resolver.attribute(analysis.class_value(function.source, owner), "__init__")
    init = None if value is None else analysis.graph.function_of(value)
    rows = [] if init is None else init.source.parameters_of.get(init.index, ())
    if init is None:
        return False
    held = [analysis.resolver.parameter(init.source, row) for row in rows[1:]]
    if any(is_repository(analysis, value) for value in held):
        return True
    given = any(value is not None and value.name in analysis.project.classes for value in held)
    return (given or any(is_session(analysis, value) for value in held)) and not _queries_itself(
        analysis, analysis.class_value(function.source, owner)
    )


def _queries_itself(analysis: Analysis, klass: Value) -> bool:
    """Tell whether a class is where the database is used, rather than one that asks another for it."""
    for ancestor in analysis.resolver.ancestors(klass):
        known = analysis.project.classes.get(ancestor.name)
        if known is None:
            continue
        methods = {method.index for _, method in analysis.project.methods(known)}
        calls = (call for call in analysis.calls(known.source) if call.record.function in methods)
        if any(is_orm_call(target) for call in calls for target in analysis.reached(call)):
            return True
    return False


def _called(analysis: Analysis, effects: Effects, call: CallAt) -> Spot | None:
    record, value = call.record, analysis.callee(call)
    made = value if value is not None and value.kind in {"class", "external"} else None
    for target in analysis.reached(call):
        message = _message(effects, target)
        if message:
            chain = trace(effects, call, target) if target.symbol else ()
            return Spot(call.source, record.line, record.column, call.caller, message, target.label, chain=chain)
    if made is not None and (is_session(analysis, made) or is_repository(analysis, made)):
        message = f"a controller makes a `{made.last}`"
        return Spot(call.source, record.line, record.column, call.caller, message, made.last)
    if is_statement(value) and value is not None:
        message = f"a controller builds SQL with `{value.last}`"
        return Spot(call.source, record.line, record.column, call.caller, message, value.last)
    return None


def _message(effects: Effects, target: Target) -> str:
    if target.symbol:
        reached = effects.reaches(target)
        return f"a controller reaches `{effects.end(target).label}` through `{target.label}`" if reached else ""
    if target.effect is Effect.QUERIES or is_orm_call(target):
        return f"a controller calls `{target.label}`"
    return ""


_CONTROLLER = "src/shop/modules/orders/controller.py"
RULE = Rule(
    code="ARC101",
    name="orm-in-controller",
    severity="error",
    summary="A controller uses the ORM, a session or a repository.",
    why=(
        "A controller translates HTTP. Once it reads rows itself, the rules of the business exist twice: in the "
        "service and in the handler that went around it, and only one of them gets the next fix."
    ),
    hint="move the query into the service and call that",
    decides=(
        "Found: sessions, repositories and statements that a controller or route handler takes, makes or "
        "calls, under any name, and helpers of any file and depth that query without going through a service."
        " Not decided: receivers whose type nothing says."
    ),
    check=check,
    bad=(
        Example(
            "a repository in the constructor",
            {
                _CONTROLLER: """\
from shop.kernel.repository import RepositoryAdapter

class OrdersController:
    def __init__(self, orders: RepositoryAdapter["Order"]) -> None:  # error: ARC101
        self._orders = orders

    async def index(self):
        return await self._orders.find_many({})  # error: ARC101
"""
            },
        ),
        Example(
            "a session by another name in a handler that is in no controller file",
            {
                "src/shop/web.py": """\
from typing import Annotated
from fastapi import APIRouter, Depends
from sqlalchemy.ext.asyncio import AsyncSession as Anything
from sqlalchemy import select as choose

router = APIRouter(prefix="/orders")
Db = Annotated[Anything, Depends(object)]

@router.get("")
async def index(db: Db):  # error: ARC101
    return await db.scalars(choose("orders"))  # error: ARC101  # error: ARC101
"""
            },
        ),
        Example(
            "a helper in another file opens the session",
            {
                _CONTROLLER: """\
from shop.lookups import recent

class OrdersController:
    async def index(self):
        return await recent()  # error: ARC101
""",
                "src/shop/lookups.py": """\
from sqlalchemy.ext.asyncio import async_sessionmaker

sessions = async_sessionmaker()

async def recent():
    async with sessions() as session:
        return await session.execute("select 1")
""",
            },
        ),
        Example(
            "the service's own repository, reached through the service",
            {
                _CONTROLLER: """\
from shop.modules.orders.service import OrdersService

class OrdersController:
    def __init__(self, service: OrdersService) -> None:
        self._service = service

    async def show(self, order_id):
        return await self._service.orders.find_by_id(order_id)  # error: ARC101
""",
                "src/shop/modules/orders/service.py": """\
from shop.kernel.repository import RepositoryAdapter

class OrdersService:
    def __init__(self, orders: RepositoryAdapter["Order"]) -> None:
        self.orders = orders
""",
            },
        ),
    ),
    good=(
        Example(
            "a controller that calls its service",
            {
                _CONTROLLER: """\
from shop.modules.orders.service import OrdersService

class OrdersController:
    def __init__(self, service: OrdersService) -> None:
        self._service = service

    async def show(self, order_id):
        return await self._service.get_by_id(order_id)
""",
                "src/shop/modules/orders/service.py": """\
from shop.kernel.repository import RepositoryAdapter

class OrdersService:
    def __init__(self, orders: RepositoryAdapter["Order"]) -> None:
        self._orders = orders

    async def get_by_id(self, order_id):
        return await self._orders.find_by_id(order_id)
""",
            },
        ),
        Example(
            "words about sessions in comments, strings and names",
            {
                _CONTROLLER: """\
class Session:
    def execute(self, what):
        return what

class OrdersController:
    def show(self, session: Session):
        # session.execute(select(Order)), never here
        return session.execute("select(Order)")
"""
            },
        ),
        Example(
            "a part of the module that is a service under another file name",
            {
                _CONTROLLER: """\
from shop.modules.orders.pricing import Pricing

class OrdersController:
    def __init__(self, pricing: Pricing) -> None:
        self._pricing = pricing

    async def quote(self, order_id):
        return await self._pricing.quote(order_id)
""",
                "src/shop/modules/orders/pricing.py": """\
from shop.kernel.repository import RepositoryAdapter

class Pricing:
    def __init__(self, orders: RepositoryAdapter["Order"]) -> None:
        self._orders = orders

    async def quote(self, order_id):
        return await self._orders.find_by_id(order_id)
""",
            },
        ),
    ),
)
