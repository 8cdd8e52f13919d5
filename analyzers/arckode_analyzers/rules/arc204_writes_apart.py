"""ARC204: writes that belong together succeed or fail together."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from arckode_analyzers.facts.shapes import root_of
from arckode_analyzers.model.sinks import words
from arckode_analyzers.model.trace import trace
from arckode_analyzers.model.units_of_work import can_follow, is_kernel_write
from arckode_analyzers.rule import Example, Rule, Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.facts.records import Call
    from arckode_analyzers.facts.shapes import Shape
    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.calls import CallAt, Target
    from arckode_analyzers.model.effects import Effects
    from arckode_analyzers.model.project import FunctionAt
    from arckode_analyzers.model.source import Source

_LATER = words("add_task add_job submit call_soon run_in_executor")
_CHANGES = words("update delete compare_and_set increment restore")
_ADDS = words("add add_all delete merge bulk_save_objects bulk_insert_mappings bulk_update_mappings")
_RUNS = words("execute scalars scalar exec")
_STORES = frozenset({"insert", "update", "delete"})
_TOGETHER = (
    "put the writes into one unit of work: `async with self._rows.transaction():` around them, which repositories on "
    "the same database share"
)
_COMMIT = "commit once, after the last write; `flush()` in between gives new rows their keys"


class Write(NamedTuple):
    """A call that stores something, itself or further down."""

    call: CallAt
    target: Target


def check(analysis: Analysis, source: Source) -> Iterator[Spot]:
    """Report, once per function, the first write that another one does not share a transaction with."""
    for index in source.calls_of:
        function = analysis.project.functions.get(source.symbol(index))
        spot = _between_commits(analysis, source, index)
        if spot is None and function is not None:
            spot = _apart(analysis, function)
        if spot is not None:
            yield spot


# The kernel's repositories: each call outside a transaction commits by itself


def _apart(analysis: Analysis, function: FunctionAt) -> Spot | None:
    effects = analysis.effects_stopping("kernel writes", lambda _: False, is_kernel_write)
    writes = list(_writes(analysis, effects, function))
    for at, second in enumerate(writes):
        for first in writes[:at]:
            one, other = first.call.record, second.call.record
            if _is_same_row(function.source, one, other) or not can_follow(function.source, one, other):
                continue
            return None if analysis.units_of_work.is_covered(function) else _spot(effects, first, second)
    return None


def _writes(analysis: Analysis, effects: Effects, function: FunctionAt) -> Iterator[Write]:
    for call in analysis.calls_in(function):
        if call.record.func[-1] in _LATER:
            continue
        target = next((each for each in analysis.reached(call) if effects.reaches(each)), None)
        if target is not None and not analysis.units_of_work.is_inside(call):
            yield Write(call, target)


def _is_same_row(source: Source, first: Call, second: Call) -> bool:
    """Tell whether both calls change one row: progress that is stored step by step is not one unit."""
    if first.func[0] != "attr" or second.func[0] != "attr" or first.func[1] != second.func[1] or not second.args:
        return False
    key = second.args[0]
    if first.args and first.args[0] == key and second.func[2] in _CHANGES:
        return True
    made = {row.target for row in source.facts.bindings if row.function == first.function and row.value == first.shape}
    return root_of(key) in made


def _spot(effects: Effects, first: Write, second: Write) -> Spot:
    call, record = second.call, second.call.record
    earlier = first.call.record
    message = (
        f"`{_label(second)}` and `{_label(first)}` (line {earlier.line}) are stored one without the other when "
        "something fails in between: no transaction holds them together"
    )
    chain = (*trace(effects, first.call, first.target), *trace(effects, call, second.target))
    return Spot(
        call.source,
        record.line,
        record.column,
        call.caller,
        message,
        callee=second.target.label,
        hint=_TOGETHER,
        chain=tuple(dict.fromkeys(chain)),
    )


def _label(write: Write) -> str:
    func = write.call.record.func
    base = func[1] if func[0] == "attr" and isinstance(func[1], tuple) else ()
    return f"{base[-1]}.{func[-1]}" if base and base[0] in {"attr", "name"} else str(func[-1])


# Sessions: what was written before a commit stays when what follows fails


def _between_commits(analysis: Analysis, source: Source, function: int) -> Spot | None:
    events = [
        (call, what, session) for call in source.calls_of[function] for what, session in _event(analysis, source, call)
    ]
    for at, (second, what, session) in enumerate(events):
        if what != "write":
            continue
        for first, commit in _committed(source, events[:at], session):
            if _is_one_unit(source, first, commit, second) or _is_known_row(events[:at], second):
                continue
            message = (
                f"`{_written(second)}` is a second unit of work: the commit on line {commit.line} has already made "
                f"`{_written(first)}` (line {first.line}) final, whatever happens to this one"
            )
            chain = ((source, first.line), (source, commit.line), (source, second.line))
            return Spot(
                source,
                second.line,
                second.column,
                source.symbol(function),
                message,
                callee=_written(second),
                hint=_COMMIT,
                chain=chain,
            )
    return None


def _event(analysis: Analysis, source: Source, call: Call) -> Iterator[tuple[str, Shape]]:
    if call.func[0] != "attr" or not isinstance(call.func[1], tuple):
        return
    value = analysis.value(source, call.function, call.func)
    if (
        value is None
        or value.kind != "method"
        or value.of is None
        or not value.of.last.endswith(("Session", "session"))
    ):
        return
    session = call.func[1]
    if value.last == "commit":
        yield "commit", session
    elif value.last in _ADDS:
        yield "write", session
    elif value.last in _RUNS and call.args:
        statement = analysis.statements.of(source, call.function, call.args[0])
        if statement is not None and statement.kind in _STORES:
            yield "write", session


def _committed(source: Source, events: list[tuple[Call, str, Shape]], session: Shape) -> Iterator[tuple[Call, Call]]:
    """Yield each earlier write with the commit that made it final."""
    same = [(call, what) for call, what, owner in events if owner == session]
    for at, (call, what) in enumerate(same):
        later = [each for each, kind in same[at + 1 :] if kind == "commit" and can_follow(source, call, each)]
        if what == "write" and later:
            yield call, later[0]


def _is_one_unit(source: Source, first: Call, commit: Call, second: Call) -> bool:
    """Tell whether the commit does not part the writes: another branch, the same row, or batches in a loop."""
    if not can_follow(source, first, second) or not can_follow(source, commit, second):
        return True
    if commit.loops or second.loops or first.loops:
        return True
    roots = [root_of(call.args[0]) for call in (first, second) if call.args]
    return len(roots) == 2 and roots[0] == roots[1]


def _is_known_row(events: list[tuple[Call, str, Shape]], write: Call) -> bool:
    """Tell whether a row was written before: storing it again is progress, not another half."""
    return any(what == "write" and call.args and call.args[:1] == write.args[:1] for call, what, _ in events)


def _written(call: Call) -> str:
    """Name a write the way the code does: the method and the row."""
    argument = call.args[0] if call.args else ()
    row = str(argument[1]) if argument and argument[0] == "name" else ""
    return f"{call.func[-1]}({row})" if row else str(call.func[-1])


_SERVICE = """\
from shop.kernel.repository import RepositoryAdapter
from shop.modules.orders.model import Line, Order

class OrdersService:
    def __init__(self, orders: RepositoryAdapter[Order], lines: RepositoryAdapter[Line]) -> None:
        self._orders = orders
        self._lines = lines

"""
_PATH = "src/shop/modules/orders/service.py"
RULE = Rule(
    code="ARC204",
    name="writes-apart",
    severity="error",
    summary="Several writes that must succeed together are outside one unit of work.",
    why=(
        "When the second write fails, or the process stops between the two, the first one stays: an order without its "
        "lines, money that left one account and reached no other. Each call of a repository outside a transaction "
        "commits by itself, and nothing undoes a commit."
    ),
    hint=_TOGETHER,
    decides=(
        "Two writes of different rows that one run of a function makes, directly or through helpers and connectors, "
        "with no transaction around them in the function or in all its callers; and a write after the commit of "
        "another one in the same function. Where a transaction is opened, its borders are taken as meant; one "
        "write in a loop is for ARC201 to find."
    ),
    check=check,
    bad=(
        Example(
            "an order and its lines",
            {
                _PATH: _SERVICE
                + """\
    async def create(self, values, lines):
        order = await self._orders.create(values)
        await self._lines.create_many([{**line, "order_id": order.id} for line in lines])  # error: ARC204
        return order
"""
            },
        ),
        Example(
            "the second write is a connector and a file away, and a wrapper is only called transaction",
            {
                _PATH: """\
from contextlib import asynccontextmanager
from shop.kernel.ports import Port
from shop.kernel.repository import RepositoryAdapter as Rows
from shop.modules.orders.model import Order
from typing import Protocol

class Stock(Protocol):
    async def take(self, key) -> None: ...

@asynccontextmanager
async def transaction():
    # async with self._orders.transaction():
    yield "async with self._orders.transaction()"

class OrdersService:
    def __init__(self, rows: Rows[Order]) -> None:
        self.rows = rows
        self.stock: Port[Stock] = Port("orders.stock")

    async def ship(self, key):
        async with transaction():
            await self.rows.update(key, {"status": "sent"})
            await self.stock.get().take(key)  # error: ARC204
""",
                "src/shop/connectors/orders_stock.py": """\
from shop.kernel.repository import RepositoryAdapter
from shop.modules.orders.service import OrdersService
from shop.modules.stock.model import Item

class OrdersStock:
    def __init__(self, items: RepositoryAdapter[Item]) -> None:
        self._items = items

    async def take(self, key) -> None:
        await self._items.increment(key, "count", -1)

def connect(orders: OrdersService, items: RepositoryAdapter[Item]) -> None:
    orders.stock.connect(OrdersStock(items))
""",
            },
        ),
        Example(
            "a commit between two rows",
            {
                "app/users.py": """\
from sqlalchemy.orm import Session
from app.models import Profile, User

def register(db: Session, values):
    user = User(**values)
    db.add(user)
    db.commit()
    db.refresh(user)
    profile = Profile(user_id=user.id)
    db.add(profile)  # error: ARC204
    db.commit()
"""
            },
        ),
    ),
    good=(
        Example(
            "one transaction, here, in the caller, or through the project's own helper",
            {
                _PATH: "from contextlib import asynccontextmanager\n"
                + _SERVICE
                + """\
    async def create(self, values, lines):
        async with self._orders.transaction():
            order = await self._orders.create(values)
            await self._lines.create_many(lines)
        return order

    async def copy(self, values, lines):
        async with self._lines.transaction():
            await self._both(values, lines)

    async def _both(self, values, lines):
        await self._orders.create(values)
        await self._lines.create_many(lines)

    @asynccontextmanager
    async def _together(self):
        async with self._orders.transaction():
            yield

    async def close(self, key, line):
        async with self._together():
            await self._orders.update(key, {"status": "closed"})
            await self._lines.delete(line)
"""
            },
        ),
        Example(
            "branches that exclude each other, and steps of one row",
            {
                _PATH: _SERVICE
                + """\
    async def save(self, key, values):
        if key is None:
            await self._orders.create(values)
        else:
            await self._orders.update(key, values)

    async def put(self, key, values):
        changed = await self._orders.update(key, values)
        if changed is None:
            return await self._lines.create(values)
        return changed

    async def move(self, key):
        if key:
            return await self._orders.delete(key)
        return await self._lines.delete(key)

    async def run(self, key):
        await self._orders.update(key, {"status": "running"})
        await self._orders.update(key, {"status": "done"})
"""
            },
        ),
        Example(
            "flush in between, one commit at the end",
            {
                "app/users.py": """\
from sqlalchemy.orm import Session
from app.models import Profile, User

def register(db: Session, values):
    user = User(**values)
    db.add(user)
    db.flush()
    db.add(Profile(user_id=user.id))
    db.commit()
    user.greeted = True
    db.add(user)
    db.commit()
"""
            },
        ),
    ),
)
