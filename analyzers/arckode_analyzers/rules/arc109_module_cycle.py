"""ARC109: modules that make each other act, in a circle."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_analyzers.rule import Example, Rule, Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.module_graph import Edge, Way
    from arckode_analyzers.model.source import Source


def check(analysis: Analysis, source: Source) -> Iterator[Spot]:
    """Report each cycle once, where its first module leaves it to others to act."""
    for cycle in analysis.module_graph.cycles:
        place, line = _place(cycle[0])
        if place is source:
            names = [edge.start for edge in cycle]
            message = f"modules act on each other in a circle: {' -> '.join((*names, names[0]))}"
            function, column = _called_at(source, line)
            yield Spot(source, line, column, source.symbol(function), message, " ".join(names), chain=_chain(cycle))


def _place(edge: Edge) -> tuple[Source, int]:
    """Return where an edge is made: in the connector, else where the module's own code leaves it."""
    return next((step for step in edge.way if "connectors" in step[0].layers), edge.way[0])


def _called_at(source: Source, line: int) -> tuple[int, int]:
    return next((row.function, row.column) for row in source.facts.calls if row.line == line)


def _chain(cycle: tuple[Edge, ...]) -> Way:
    return tuple(dict.fromkeys(step for edge in cycle for step in edge.way))


_START = """\
from typing import Protocol

from shop.kernel.ports import Port
from shop.kernel.repository import RepositoryAdapter
"""


def _service(name: str, port: str, method: str, body: str) -> str:
    title = name.capitalize()
    return f"""\
{_START}
class {port.capitalize()}Port(Protocol):
    async def {method}(self, key): ...

class {title}Service:
    def __init__(self, rows: RepositoryAdapter["{title}"]) -> None:
        self._rows = rows
        self.{port}: Port[{port.capitalize()}Port] = Port("{name}.{port}")

{body}"""


def _connector(start: str, end: str, answers: str, calls: str) -> str:
    return f"""\
from shop.kernel.app import Kernel
from shop.modules.{start}.service import {start.capitalize()}Service
from shop.modules.{end}.service import {end.capitalize()}Service

class {start.capitalize()}{end.capitalize()}:
    def __init__(self, {end}: {end.capitalize()}Service) -> None:
        self._{end} = {end}

    async def {answers}(self, key):
        return await self._{end}.{calls}(key)

def connect(kernel: Kernel) -> None:
    {start} = kernel.resolve({start.capitalize()}Service)
    {start}.{end}.connect({start.capitalize()}{end.capitalize()}(kernel.resolve({end.capitalize()}Service)))
"""


_PLACE = """\
    async def place(self, key):
        await self._rows.create({"key": key})
        await self.stock.get().reserve(key)

    async def find(self, key):
        return await self._rows.find_by_id(key)

    async def close(self, key):
        await self._rows.update(key, {"open": False})
"""
_RESERVE = """\
    async def reserve(self, key):
        await self._rows.update(key, {"reserved": True})
        await self.orders.get().look(key)

    async def look(self, key):
        return await self._rows.find_by_id(key)
"""
_ORDERS = {"src/shop/modules/orders/service.py": _service("orders", "stock", "reserve", _PLACE)}
_STOCK = {"src/shop/modules/stock/service.py": _service("stock", "orders", "look", _RESERVE)}
_THERE = "return await self._stock.reserve(key)"
RULE = Rule(
    code="ARC109",
    name="module-cycle",
    severity="error",
    summary="Modules make each other act in a circle, through connectors, calls or events.",
    why=(
        "Two modules that act on each other are one module in two folders: neither can be understood, tested, changed "
        "or removed alone, and one day the circle runs for ever. Look-ups that change nothing are legal both ways: "
        "a parent may be asked whether it exists by the child that it counts."
    ),
    hint="let one side only ask, or move what both of them change into a third module that they share",
    check=check,
    decides=(
        "A circle is reported when at least one of its calls ends in a write of a repository or session, or passes an "
        "event on. Calls whose target no type tells, and events named by a computed text, are not followed."
    ),
    bad=(
        Example(
            "two connectors, one each way",
            {
                **_ORDERS,
                **_STOCK,
                "src/shop/connectors/orders_stock.py": _connector("orders", "stock", "reserve", "reserve").replace(
                    _THERE, f"{_THERE}  # error: ARC109"
                ),
                "src/shop/connectors/stock_orders.py": _connector("stock", "orders", "look", "find"),
            },
        ),
        Example(
            "through a helper of no module, under other names",
            {
                "src/shop/modules/orders/service.py": """\
from shop.kernel.repository import RepositoryAdapter
from shop.steps import forward as anything

class OrdersService:
    def __init__(self, rows: RepositoryAdapter["Order"]) -> None:
        self._rows = rows

    async def place(self, key):
        await anything(key)  # error: ARC109

    async def close(self, key):
        await self._rows.update(key, {"open": False})
""",
                "src/shop/modules/stock/service.py": """\
from shop.modules.orders.service import OrdersService

class StockService:
    def __init__(self, orders: OrdersService) -> None:
        self._orders = orders

    async def reserve(self, key):
        await self._orders.close(key)
""",
                "src/shop/steps.py": """\
from shop.modules.stock.service import StockService

stock: StockService

async def forward(key):
    await stock.reserve(key)
""",
            },
        ),
        Example(
            "there by a call, back by an event",
            {
                "src/shop/modules/orders/service.py": """\
from shop.kernel.events import new_event
from shop.kernel.repository import RepositoryAdapter

class OrdersService:
    def __init__(self, rows: RepositoryAdapter["Order"]) -> None:
        self._rows = rows

    async def place(self, key):
        await self._rows.create({"key": key})
        return new_event("orders.placed", key=key, source="orders", data={})  # error: ARC109
""",
                "src/shop/modules/stock/service.py": """\
from shop.modules.orders.service import OrdersService

class StockService:
    def __init__(self, orders: OrdersService) -> None:
        self._orders = orders

    async def reserve(self, event):
        await self._orders.place(event.key)
""",
                "src/shop/composition_root.py": """\
from shop.kernel.events import EventBus
from shop.modules.stock.service import StockService

def compose(bus: EventBus, stock: StockService):
    bus.on("orders.placed", stock.reserve)
""",
            },
        ),
    ),
    good=(
        Example(
            "both only ask whether something exists",
            {
                "src/shop/modules/orders/service.py": _service(
                    "orders", "stock", "look", _PLACE.replace(".reserve(", ".look(")
                ),
                **_STOCK,
                "src/shop/connectors/orders_stock.py": _connector("orders", "stock", "look", "look"),
                "src/shop/connectors/stock_orders.py": _connector("stock", "orders", "look", "find"),
            },
        ),
        Example(
            "one way only, and a port that nobody connects back",
            {
                **_ORDERS,
                **_STOCK,
                "src/shop/connectors/orders_stock.py": _connector("orders", "stock", "reserve", "reserve"),
            },
        ),
        Example(
            "an import for types, and two methods of one module that call each other",
            {
                "src/shop/modules/orders/service.py": """\
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    from shop.modules.stock.service import StockService

class OrdersService:
    def take(self, stock: "StockService") -> None:
        self.give(stock)

    def give(self, stock: "StockService") -> None:
        self.take(stock)
""",
                "src/shop/modules/stock/service.py": """\
from shop.modules.orders.service import OrdersService

class StockService:
    def __init__(self, orders: OrdersService) -> None:
        self._orders = orders

    async def reserve(self, key):
        return self._orders.take(self)
""",
            },
        ),
    ),
)
