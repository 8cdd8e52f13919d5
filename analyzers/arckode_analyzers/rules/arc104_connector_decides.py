"""ARC104: a connector that knows better than the modules it joins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from arckode_analyzers.facts.shapes import within
from arckode_analyzers.model.conditions import (
    Condition,
    asked_calls,
    atoms,
    conditions,
    holder,
    inner_calls,
    is_presence,
    is_setting,
    spelt,
    subject,
)
from arckode_analyzers.model.data_access import is_repository, is_session, is_statement
from arckode_analyzers.model.project import receiver_name
from arckode_analyzers.model.sinks import words
from arckode_analyzers.rule import Example, Rule, Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.facts.shapes import Shape
    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.calls import CallAt
    from arckode_analyzers.model.module_graph import Way
    from arckode_analyzers.model.project import FunctionAt
    from arckode_analyzers.model.source import Source

_ARITHMETIC = frozenset({"+", "-", "*", "/", "//", "%", "**"})
_COMPUTES = frozenset({f"builtins.{name}" for name in ("sum", "min", "max", "round", "any", "all")})
_OPERATORS = frozenset({"operator", "_operator"})
_ENVELOPE = words("type version source")
_DEEPEST = 6


@dataclass(frozen=True, slots=True)
class _Deed:
    """Something a connector may not do: where, and in which words."""

    function: int
    line: int
    column: int
    text: str


def check(analysis: Analysis, source: Source) -> Iterator[Spot]:
    """Report what connectors decide, compute and query, also in helpers that only they use."""
    if not _is_connector(source):
        return
    for deed in _deeds(analysis, source):
        symbol = source.symbol(deed.function)
        yield Spot(source, deed.line, deed.column, symbol, f"a connector {deed.text}", deed.text)
    for call in analysis.calls(source):
        way, text = _through(analysis, call, ())
        if way:
            record = call.record
            message = f"a connector {text} in a helper of its own"
            yield Spot(source, record.line, record.column, call.caller, message, text, chain=way)


def _is_connector(source: Source) -> bool:
    return "connectors" in source.layers and not source.unit


def _deeds(analysis: Analysis, source: Source) -> Iterator[_Deed]:
    """Yield what a file does that a connector may not do, once a line."""
    seen: set[int] = set()
    for deed in (*_decisions(analysis, source), *_computed(analysis, source), *_queries(analysis, source)):
        if deed.line not in seen:
            seen.add(deed.line)
            yield deed


def _decisions(analysis: Analysis, source: Source) -> Iterator[_Deed]:
    for condition in conditions(source):
        for atom in _questions(analysis, source, condition):
            if _decides(analysis, source, condition, atom):
                text = f"decides on `{spelt(subject(atom))}`"
                yield _Deed(condition.function, condition.line, condition.column, text)


def _questions(analysis: Analysis, source: Source, condition: Condition) -> Iterator[Shape]:
    match condition:
        case Condition(kind="case", test=("other", (tuple(matched), *values))):
            yield from ((("compare", ("==",), (matched, values[0])),) if values else ())
        case _:
            yield from atoms(analysis, source, condition.function, condition.test)


def _decides(analysis: Analysis, source: Source, condition: Condition, atom: Shape) -> bool:
    """Tell whether a question is one about the business, which a module has to answer."""
    if is_presence(atom) or any(_is_ours(analysis, source, condition.function, part) for part in _operands(atom)):
        return False
    if atom[0] == "compare":
        return not _looks_up(atom)
    if atom[0] == "attr":
        value = analysis.value(source, condition.function, atom)
        return value is not None and value.name == "builtins.bool"
    asked = asked_calls(analysis, source, condition.function, atom)
    return any(_enters(analysis, call) for call in asked) and any(
        _enters(analysis, call) for call in inner_calls(analysis, source, condition)
    )


def _operands(atom: Shape) -> tuple[Shape, ...]:
    match atom:
        case ("compare", _, tuple(operands)):
            return operands
    return (atom,)


def _looks_up(atom: Shape) -> bool:
    """Tell whether a comparison asks whether a container has a key, or anything at all: no value decides."""
    match atom:
        case ("compare", ("in" | "not in",), (_, ("display", _, _))):
            return False
        case ("compare", ("in" | "not in",), _):
            return True
        case ("compare", _, (("call", ("name", "len"), _, _), ("const", 0 | 1))):
            return True
    return False


def _is_ours(analysis: Analysis, source: Source, function: int, operand: Shape) -> bool:
    """Tell whether a value is the connector's own business: its settings, an error it translates, an event's type."""
    root = holder(operand)
    value = analysis.value(source, function, root)
    if operand[0] == "attr" and operand[1] == ("name", receiver_name(source, function)):
        return True
    if root[0] == "name" and value is None and not _is_known(source, function, str(root[1])):
        return True
    if operand[0] == "attr" and value is not None and value.name == "kernel.Event":
        return operand[2] in _ENVELOPE
    match operand:
        case ("attr", tuple(base), _) if is_setting(analysis, analysis.value(source, function, base)):
            return True
    return is_setting(analysis, value)


def _is_known(source: Source, function: int, name: str) -> bool:
    """Tell whether something binds a name; what `except ... as error` binds does not count."""
    scope = function
    while scope > 0:
        if name in source.names.get((scope, -1), {}):
            return True
        scope = source.facts.functions[scope].parent
    return name in source.names.get((0, -1), {})


def _enters(analysis: Analysis, call: CallAt) -> bool:
    """Tell whether a call leads into a module."""
    functions = (analysis.project.functions.get(target.symbol) for target in analysis.reached(call))
    return any(function is not None and bool(function.source.unit) for function in functions)


def _computed(analysis: Analysis, source: Source) -> Iterator[_Deed]:
    """Yield arithmetic and comparisons whose result is handed on."""
    facts = source.facts
    for binding in facts.bindings:
        if binding.function and binding.how == "+=" and binding.value is not None and not _is_text(binding.value):
            yield _Deed(binding.function, binding.line, binding.column, f"computes `{spelt(binding.target)}`")
    values = [(row.function, row.value, row.line, row.column) for row in facts.results]
    values += [(row.function, row.value, row.line, row.column) for row in facts.bindings if row.value is not None]
    values += [(row.function, row.shape, row.line, row.column) for row in facts.calls]
    for function, shape, line, column in values:
        for part in within(shape) if function else ():
            if _is_arithmetic(part):
                yield _Deed(function, line, column, f"computes `{spelt(part)}`")
            elif _is_judgement(analysis, source, function, part):
                yield _Deed(function, line, column, f"decides on `{spelt(subject(part))}`")
    for call in facts.calls:
        value = analysis.value(source, call.function, call.func) if call.function else None
        if value is not None and (value.name in _COMPUTES or value.name.partition(".")[0] in _OPERATORS):
            yield _Deed(call.function, call.line, call.column, f"computes with `{value.last}`")


def _is_arithmetic(part: Shape) -> bool:
    match part:
        case ("binary", str(operator), tuple(left), tuple(right)) if operator in _ARITHMETIC:
            are_written = left[0] == right[0] == "const"
            return not (are_written or _is_text(left) or _is_text(right))
    return False


def _is_text(shape: Shape) -> bool:
    """Tell whether an operand joins texts or lists, which is mapping and no arithmetic."""
    match shape:
        case ("const", value):
            return isinstance(value, str)
        case ("format" | "display" | "comp" | "dict", *_) | ("call", ("name", "str" | "list" | "repr"), _, _):
            return True
        case ("call", ("attr", _, "join" | "format"), _, _):
            return True
        case ("other", (tuple(inner),)):
            return _is_text(inner)
        case ("binary", _, tuple(left), tuple(right)):
            return _is_text(left) or _is_text(right)
    return False


def _is_judgement(analysis: Analysis, source: Source, function: int, part: Shape) -> bool:
    if part[0] != "compare" or is_presence(part) or _looks_up(part):
        return False
    return not any(_is_ours(analysis, source, function, operand) for operand in _operands(part))


def _queries(analysis: Analysis, source: Source) -> Iterator[_Deed]:
    for call in analysis.calls(source):
        record, value = call.record, analysis.callee(call)
        owner = None if value is None else value.of
        if is_statement(value) or is_session(analysis, owner) or is_repository(analysis, owner):
            yield _Deed(record.function, record.line, record.column, f"queries with `{spelt(record.func)}`")


def _through(analysis: Analysis, call: CallAt, way: Way) -> tuple[Way, str]:
    """Return the lines from a call to what a helper of connectors decides, and the words for it."""
    here = (*way, (call.source, call.record.line))
    for target in analysis.reached(call) if len(way) < _DEEPEST else ():
        function = analysis.project.functions.get(target.symbol)
        if function is None or not _is_helper(analysis, function):
            continue
        for deed in _deeds(analysis, function.source):
            if deed.function == function.index:
                return (*here, (function.source, deed.line)), deed.text
        for inner in analysis.calls(function.source):
            found = _through(analysis, inner, here) if inner.record.function == function.index else ((), "")
            if found[0]:
                return found
    return (), ""


def _is_helper(analysis: Analysis, function: FunctionAt) -> bool:
    """Tell whether a function serves connectors alone: it is theirs, wherever it is written."""
    source = function.source
    if source.unit or source.layers & {"kernel", "adapters", "connectors"}:
        return False
    callers = (call.source for call in analysis.callers.get(function.symbol, ()))
    return all(_is_connector(caller) or caller is source for caller in callers)


_CONNECTOR = "src/shop/connectors/orders_stock.py"
_MODULES = {
    "src/shop/modules/stock/__init__.py": "from .service import Item, StockService\n",
    "src/shop/modules/stock/service.py": """\
from dataclasses import dataclass

@dataclass
class Item:
    name: str
    price: int
    free: int
    is_rare: bool
    note: str | None

class StockService:
    async def get(self, key) -> Item:
        return self.items[key]
    async def find(self, key) -> Item | None:
        return self.items.get(key)
    async def has(self, key) -> bool:
        return key in self.items
    async def reserve(self, key) -> None:
        self.items[key].free -= 1
    async def reorder(self, key) -> None:
        self.items[key].free += 10
""",
}
_START = """\
from shop.kernel.errors import NotFoundError
from shop.modules.stock import Item, StockService

class OrdersStock:
    def __init__(self, stock: StockService) -> None:
        self._stock = stock

"""
RULE = Rule(
    code="ARC104",
    name="connector-decides",
    severity="error",
    summary="A connector holds business logic: it may call, map and delegate, not decide.",
    why=(
        "A rule in a connector belongs to no module: no service test covers it, nobody looks for it there, and the "
        "next connector to the same module does without it. Asking whether something is there, mapping fields and "
        "translating errors are what a connector is for."
    ),
    hint="move the decision into the service that owns the data, as a method, and let the connector call that",
    check=check,
    decides=(
        "Comparisons with data, tests of booleans, arithmetic, aggregates and queries are found in connectors and in "
        "helpers that only connectors call. Not decided: tests of values whose type nothing tells, a choice written as "
        "a dictionary, and a branch on presence that acts differently."
    ),
    bad=(
        Example(
            "branches, loops with conditions and arithmetic",
            {
                **_MODULES,
                _CONNECTOR: _START
                + """\
    async def take(self, key, amount):
        item = await self._stock.get(key)
        if item.free < amount:  # error: ARC104
            await self._stock.reorder(key)
        return item.price * amount  # error: ARC104

    async def rare(self, keys):
        items = [await self._stock.get(key) for key in keys]
        return [item.name for item in items if item.is_rare]  # error: ARC104
""",
            },
        ),
        Example(
            "decisions under another name: a variable, a flag, `operator`, `sum`, a ternary and an answer",
            {
                **_MODULES,
                _CONNECTOR: "import operator\n"
                + _START
                + """\
    async def take(self, key, amount):
        item = await self._stock.get(key)
        exists = item.free >= amount  # error: ARC104
        if exists:  # error: ARC104
            await self._stock.reserve(key)
        return operator.mul(item.price, amount)  # error: ARC104

    async def total(self, items: list[Item]):
        return sum(item.price for item in items)  # error: ARC104

    async def label(self, item: Item):
        return "rare" if item.free == 1 else "common"  # error: ARC104

    async def serve(self, key):
        if not await self._stock.has(key):  # error: ARC104
            await self._stock.reorder(key)

    async def is_available(self, item: Item):
        return item.free > 0  # error: ARC104
""",
            },
        ),
        Example(
            "a helper in another file that only this connector calls, and one called like a guard",
            {
                **_MODULES,
                _CONNECTOR: """\
from shop.helping import ensure_exists as mapped
"""
                + _START
                + """\
    async def take(self, key, amount):
        item = await self._stock.get(key)
        return mapped(item, amount)  # error: ARC104
""",
                "src/shop/helping.py": """\
def ensure_exists(item, amount):
    if item.free < amount:
        return None
    return item
""",
            },
        ),
        Example(
            "a query of its own",
            {
                **_MODULES,
                _CONNECTOR: """\
from shop.kernel.repository import RepositoryAdapter

class OrdersStock:
    def __init__(self, rows: RepositoryAdapter["Item"]) -> None:
        self._rows = rows

    async def find(self, key):
        return await self._rows.find_one({"key": key})  # error: ARC104
""",
            },
        ),
    ),
    good=(
        Example(
            "guards, mapping and the translation of errors",
            {
                **_MODULES,
                _CONNECTOR: _START
                + """\
    async def exists(self, key) -> bool:
        # if item.free < amount: the stock module decides
        try:
            await self._stock.get(key)
        except NotFoundError as error:
            if error.status == 404:
                return False
            raise
        return True

    async def names(self, keys):
        items = [await self._stock.find(key) for key in keys]
        return {item.name: f"{item.price} EUR" for item in items if item is not None}

    async def note(self, key):
        item = await self._stock.find(key)
        if not item:
            return None
        if not isinstance(item, Item):
            raise NotFoundError("price < 0")
        return "note: " + item.note if item.note else None

    async def require(self, key):
        if not await self._stock.has(key):
            raise NotFoundError("there is no such item")
""",
            },
        ),
        Example(
            "wiring by settings, and an event told apart by its type",
            {
                **_MODULES,
                _CONNECTOR: """\
from shop.kernel.app import Kernel
from shop.kernel.events import Event
from shop.modules.stock import StockService

def connect_orders_stock(kernel: Kernel) -> None:
    if kernel.settings.environment == "test":
        return
    stock = kernel.resolve(StockService)

    async def heard(event: Event) -> None:
        if event.type == "orders.placed":
            await stock.reserve(event.key)
""",
            },
        ),
        Example(
            "the decision in the module's service",
            {
                **_MODULES,
                "src/shop/modules/orders/service.py": """\
class OrdersService:
    async def take(self, item, amount):
        if item.free < amount:
            return None
        return item.price * amount
""",
                _CONNECTOR: """\
from shop.modules.orders import OrdersService

class StockOrders:
    def __init__(self, orders: OrdersService) -> None:
        self._orders = orders

    async def take(self, item, amount):
        return await self._orders.take(item, amount)
""",
            },
        ),
    ),
)
