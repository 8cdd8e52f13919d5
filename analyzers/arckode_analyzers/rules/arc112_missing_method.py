"""ARC112: a connector, or the composition root, asks a module for something that its service does not have."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from arckode_analyzers.facts.records import Binding
from arckode_analyzers.facts.shapes import within
from arckode_analyzers.model.project import self_attribute
from arckode_analyzers.rule import Example, Rule, Spot

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from arckode_analyzers.facts.records import Call, Parameter, Read
    from arckode_analyzers.facts.shapes import Shape
    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.project import ClassAt
    from arckode_analyzers.model.source import Source
    from arckode_analyzers.model.values import Value

_DEEPEST = 6
_PLAIN_BASES = frozenset({"builtins.object", "typing.Protocol", "typing.Generic", "abc.ABC"})
_DYNAMIC = frozenset({"__getattr__", "__getattribute__"})


def check(analysis: Analysis, source: Source) -> Iterator[Spot]:
    """Report attributes of a module's objects that their class, known in full, does not declare."""
    seen: set[tuple[int, int, str]] = set()
    for row, shape in _expressions(source):
        for part in within(shape):
            match part:
                case ("attr", tuple(base), str(name)) if not name.startswith("__"):
                    spot = _missing(analysis, source, row, base, name)
                    if spot is not None and (row.line, row.column, name) not in seen:
                        seen.add((row.line, row.column, name))
                        yield spot


def _expressions(source: Source) -> Iterator[tuple[Call | Read, Shape]]:
    for call in source.facts.calls:
        yield call, call.func
    for read in source.facts.reads:
        yield read, read.value


def _missing(analysis: Analysis, source: Source, row: Call | Read, base: Shape, name: str) -> Spot | None:
    value = analysis.value(source, row.function, base)
    if value is None or value.kind != "instance" or _is_guarded(source, row):
        return None
    chain = [analysis.project.classes.get(each.name) for each in analysis.resolver.ancestors(value)]
    klass = chain[0]
    if klass is None or not klass.source.unit or _may_be_another(analysis, source, row.function, base):
        return None
    members = _members(analysis, value)
    if members is None or name in members:
        return None
    near = get_close_matches(name, sorted(members), 1)
    meant = f"; did you mean `{near[0]}`?" if near else ""
    message = f"`{klass.record.name}` of the module '{klass.source.unit}' has no `{name}`{meant}"
    hint = f"call what {klass.source.path} declares, or declare `{name}` there"
    symbol = source.symbol(row.function)
    return Spot(source, row.line, row.column, symbol, message, f"{klass.record.name}.{name}", hint)


def _members(analysis: Analysis, value: Value) -> frozenset[str] | None:
    """Return every name that instances have, or None where a base or a method can add what nobody sees."""
    names: set[str] = set()
    for each in analysis.resolver.ancestors(value):
        klass = analysis.project.classes.get(each.name)
        if klass is None:
            if each.name in _PLAIN_BASES:
                continue
            return None
        if len(analysis.resolver.bases(each)) < len(klass.record.bases) or klass.record.keywords:
            return None
        own = {name for name, _ in analysis.project.methods(klass)} | _assigned(klass)
        if own & _DYNAMIC or not all(_is_dataclass(klass.source, decorator) for decorator in klass.record.decorators):
            return None
        names |= own | set(analysis.project.attributes_of.get(each.name, ()))
    return frozenset(names)


def _assigned(klass: ClassAt) -> set[str]:
    """Return the names that a class's body binds, and those of classes in it."""
    bound = {
        str(row.target[1])
        for row in klass.source.facts.bindings
        if row.owner == klass.index and row.target[0] == "name"
    }
    return bound | {row.name for row in klass.source.facts.classes if row.owner == klass.index}


def _is_dataclass(source: Source, decorator: Shape) -> bool:
    return source.last(decorator[1] if decorator[0] == "call" else decorator) == "dataclass"


def _is_guarded(source: Source, row: Call | Read) -> bool:
    """Tell whether a condition asks for the attribute first, or a missing one is caught."""
    blocks = [source.facts.blocks[at] for at in row.blocks]
    return any("hasattr" in repr(block.test) or block.kind == "try" for block in blocks)


def _may_be_another(analysis: Analysis, source: Source, function: int, shape: Shape, depth: int = 0) -> bool:
    """Tell whether the object is of one of several classes, or whether callers decide what it is."""
    if not analysis.arguments.is_certain(source, function, shape):
        return True
    return any(_is_choice(source, said) for said in _annotations(analysis, source, function, shape, depth))


def _is_choice(source: Source, annotation: Shape) -> bool:
    match annotation:
        case ("either", tuple(choices)):
            return len([choice for choice in choices if choice != ("const", None)]) > 1
        case ("item", base, _):
            return source.last(base) == "Union"
    return False


def _annotations(analysis: Analysis, source: Source, function: int, shape: Shape, depth: int) -> Iterator[Shape]:
    """Yield the annotations that say what a name or an attribute of `self` is."""
    place = self_attribute(source, function, shape)
    if depth > _DEEPEST or (place is None and shape[0] != "name"):
        return
    bound = _bindings(source, function, str(shape[-1]))
    if place is not None:
        rows = analysis.project.attributes.get((source.class_symbols[place[0]], place[1]), ())
        bound = [(where, where.facts.bindings[index]) for where, index in rows]
    for where, row in bound:
        if row.annotation is not None:
            yield row.annotation
        elif isinstance(row, Binding) and row.value is not None and row.value != shape:
            yield from _annotations(analysis, where, row.function, row.value, depth + 1)


def _bindings(source: Source, function: int, name: str) -> list[tuple[Source, Binding | Parameter]]:
    """Return what gives a name its value, from the innermost function outwards."""
    scope = function
    while scope > 0 and name not in source.names.get((scope, -1), {}):
        scope = source.facts.functions[scope].parent
    rows: dict[str, Sequence[Binding | Parameter]] = {
        "parameter": source.facts.parameters,
        "binding": source.facts.bindings,
    }
    found = source.names.get((max(scope, 0), -1), {}).get(name, ())
    return [(source, rows[each.what][each.index]) for each in found if each.what in rows]


_DOOR = "src/shop/modules/inventory/__init__.py"
_CONNECTOR = "src/shop/connectors/orders_inventory.py"
_MODULES = {
    _DOOR: "from shop.modules.inventory.service import InventoryService, Shelf, StockRow\n",
    "src/shop/modules/inventory/service.py": """\
from dataclasses import dataclass
from typing import Protocol

@dataclass(frozen=True)
class StockRow:
    amount: int

@dataclass
class Shelf(object):
    place: str

class Counted(Protocol):
    async def count(self) -> int:
        return 0

class InventoryService(Counted):
    limit: int = 10

    class Full(Exception): ...

    def __init__(self, rows) -> None:
        self.rows = rows

    async def reserve(self, key: str) -> StockRow:
        return self.rows[key]
""",
    "src/shop/modules/orders/__init__.py": "from shop.modules.orders.service import OrdersService\n",
    "src/shop/modules/orders/service.py": """\
from shop.kernel.ports import Port

class OrdersService:
    def __init__(self) -> None:
        self.inventory: Port[object] = Port("orders.inventory")
""",
}
_START = """\
from shop.kernel.app import Kernel
from shop.kernel.bus import EventBus
from shop.modules.inventory import InventoryService, Shelf
from shop.modules.orders import OrdersService

"""
_CLASS = f"""\
{_START}class OrdersInventory:
    def __init__(self, inventory: InventoryService) -> None:
        self._inventory = inventory

"""
RULE = Rule(
    code="ARC112",
    name="missing-method",
    severity="error",
    summary="A connector calls a method that the other module's service does not have.",
    why=(
        "A connector is the one place that knows two modules, and no test of either module runs it. When a method is "
        "renamed, both modules stay green and the call between them fails in production, or, in an event handler, does "
        "nothing but fill the log."
    ),
    hint="call what the other module's service declares",
    check=check,
    layers=("connectors", "composition_root"),
    decides=(
        "Methods and attributes of objects whose class belongs to a module and is known in full, bases included. Not "
        "decided: values of several types, and classes with bases from elsewhere, `__getattr__` or decorators of "
        "their own."
    ),
    bad=(
        Example(
            "a method that was renamed, among those that are there",
            {
                **_MODULES,
                _CONNECTOR: _CLASS
                + """\
    async def take(self, key: str) -> int:
        await self._inventory.count()
        row = await self._inventory.reserve_stock(key)  # error: ARC112
        if key == "AttributeErrors":
            await self._inventory.amount()  # error: ARC112
        return row.amount

    def place(self, shelf: Shelf, missing: InventoryService | None) -> str:
        missing.place()  # error: ARC112
        return shelf.room  # error: ARC112
""",
            },
        ),
        Example(
            "a method that is handed on to the bus, and one of what a service answers",
            {
                **_MODULES,
                _CONNECTOR: _CLASS
                + """\
    async def take(self, key: str) -> int:
        row = await self._inventory.reserve(key)
        return row.total  # error: ARC112

def connect_orders_inventory(kernel: Kernel) -> None:
    # kernel.resolve(InventoryService).reserve is what was meant
    kernel.resolve(EventBus).on("orders.confirmed", kernel.resolve(InventoryService).reserved)  # error: ARC112
    kernel.resolve(OrdersService).stock.connect(OrdersInventory(kernel.resolve(InventoryService)))  # error: ARC112
""",
            },
        ),
        Example(
            "behind other names, in the composition root, with the right word in a text",
            {
                **_MODULES,
                "src/shop/composition_root.py": """\
from shop.kernel.app import Kernel
from shop.modules import inventory as anything

def compose(settings):
    kernel = Kernel(settings)
    service = kernel.resolve(anything.InventoryService)
    other = service
    other.prepare("count")  # error: ARC112
    return kernel
""",
            },
        ),
    ),
    good=(
        Example(
            "methods of the class and of its bases, attributes, fields, and a check for what may be missing",
            {
                **_MODULES,
                _CONNECTOR: _CLASS
                + """\
    async def take(self, key: str) -> int:
        row = await self._inventory.reserve(key)
        if hasattr(self._inventory, "refill"):
            await self._inventory.refill(key)
        try:
            await self._inventory.refill(key)
        except AttributeError:
            raise self._inventory.Full from None
        return row.amount + await self._inventory.count() + self._inventory.limit + len(self._inventory.rows)

def connect_orders_inventory(kernel: Kernel) -> None:
    kernel.resolve(OrdersService).inventory.connect(OrdersInventory(kernel.resolve(InventoryService)))
""",
            },
        ),
        Example(
            "one of several types, nothing said about it, and classes that are not known in full",
            {
                **_MODULES,
                "src/shop/modules/inventory/remote.py": """\
from somewhere import Client

class RemoteInventory(Client): ...

class Anything:
    def __getattr__(self, name: str) -> object: ...

class All:
    def __getattribute__(self, name: str) -> object: ...

class Made(metaclass=type):
    pass

@register
class Decorated:
    pass

class Unknown(undefined):
    pass
""",
                _DOOR: """\
from shop.modules.inventory.remote import All, Anything, Decorated, Made, RemoteInventory, Unknown
from shop.modules.inventory.service import InventoryService, StockRow
""",
                _CONNECTOR: """\
from typing import Union
from shop.modules.inventory import All, Anything, Decorated, InventoryService, Made, RemoteInventory, StockRow, Unknown
from shop.shared.clocks import Watch

class OrdersInventory:
    def __init__(self, inventory: InventoryService | StockRow, other: Union[InventoryService, StockRow]) -> None:
        self._inventory = inventory
        self._other = other

    async def take(self, remote: RemoteInventory, anything: Anything, bare) -> None:
        self._inventory.amount
        self._other.amount
        await remote.fetch()
        anything.goes()
        bare.goes()

    def more(self, every: All, made: Made, decorated: Decorated, unknown: Unknown, watch: Watch) -> None:
        every.goes()
        made.goes()
        decorated.goes()
        unknown.goes()
        watch.goes()
        InventoryService.goes()
        choice: InventoryService | StockRow = self._other
        choice.amount

    def call(self, one) -> None:
        one.goes()

def both(connector: OrdersInventory, row: StockRow, service: InventoryService) -> None:
    connector.call(row)
    connector.call(service)
""",
                "src/shop/shared/clocks.py": "class Watch: ...\n",
            },
        ),
        Example(
            "a service's own mistake, which the type checker of the module finds",
            {
                **_MODULES,
                "src/shop/modules/inventory/usecases.py": """\
from shop.modules.inventory.service import InventoryService

async def clear(inventory: InventoryService) -> None:
    await inventory.remove_all()
""",
            },
        ),
    ),
)
