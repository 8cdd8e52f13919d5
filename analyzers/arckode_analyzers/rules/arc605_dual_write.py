"""ARC605: the database says one thing and the bus another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_analyzers.model.acts import calls_in
from arckode_analyzers.model.leads import lines
from arckode_analyzers.model.transactions import exclude_each_other
from arckode_analyzers.rule import Example, Rule, Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.calls import CallAt
    from arckode_analyzers.model.source import Source

_WORDS = {"emit": "emitted", "dispatch": "dispatched", "publish": "published", "task": "started"}


def check(analysis: Analysis, source: Source) -> Iterator[Spot]:
    """Look at each function that both writes and tells, itself or through what it calls."""
    transactions = analysis.transactions
    if not transactions.tells.own:
        return
    for index in range(1, len(source.facts.functions)):
        calls = list(calls_in(source, index))
        told = [(call, way) for call in calls if (way := transactions.tells.way(call))]
        if not told:
            continue
        writes = [call for call in calls if transactions.writes.way(call)]
        telling = {call.key for call, _ in told}
        pure = [call for call in writes if call.key not in telling]
        both = {call.key for call in writes}
        for call, way in told:
            if call.key not in both:
                yield from _judge(analysis, call, way, [each for each in pure if _follow(each, call)])


def _follow(write: CallAt, told: CallAt) -> bool:
    first, second = (write, told) if _place(write) < _place(told) else (told, write)
    return not exclude_each_other(first, second)


def _place(call: CallAt) -> tuple[int, int]:
    return (call.record.line, call.record.column)


def _judge(analysis: Analysis, call: CallAt, way: tuple[CallAt, ...], writes: list[CallAt]) -> Iterator[Spot]:
    if not writes:
        return
    kind = analysis.transactions.tells.what(way)
    if kind == "publish":
        yield from _to_a_broker(analysis, call, way, writes)
    elif kind == "task":
        yield from _too_early(analysis, call, way, writes)
    elif not _is_together(analysis, call, writes):
        yield from _apart(call, way, _nearest(call, writes), f"{_what(analysis, way)} is {_WORDS[kind]}")


def _is_together(analysis: Analysis, call: CallAt, writes: list[CallAt]) -> bool:
    return any(_share(analysis, call, write) for write in writes) or analysis.transactions.is_inside(call.caller)


def _apart(call: CallAt, way: tuple[CallAt, ...], write: CallAt, what: str) -> Iterator[Spot]:
    order = "after" if _place(write) < _place(call) else "before"
    message = (
        f"{what} {order} {_label(write)} and not in its transaction: a crash between the two keeps one and loses the "
        "other"
    )
    hint = "put both into one `async with ....transaction()`: the event is then stored with the rows"
    yield _spot(call, way, write, message, hint)


def _to_a_broker(analysis: Analysis, call: CallAt, way: tuple[CallAt, ...], writes: list[CallAt]) -> Iterator[Spot]:
    """A broker joins no transaction: before the commit it may announce what is rolled back, after it nothing."""
    before = [write for write in writes if _place(write) < _place(call)]
    shared = [write for write in writes if _share(analysis, call, write)]
    if not before and (not shared or call.record.loops):
        return
    write = _nearest(call, before or shared)
    place = "inside the transaction of" if write in shared else "after"
    end = "the rows may still be rolled back" if write in shared else "a crash between the two loses the message"
    message = f"{_what(analysis, way)} is published to the broker {place} {_label(write)}: {end}"
    yield _spot(
        call, way, write, message, "write it to the outbox in the same transaction, and let the relay publish it"
    )


def _too_early(analysis: Analysis, call: CallAt, way: tuple[CallAt, ...], writes: list[CallAt]) -> Iterator[Spot]:
    """A task that is started before the commit may run before its rows exist, or without them."""
    before = [write for write in writes if _place(write) < _place(call)]
    shared = [write for write in before if _share(analysis, call, write)]
    if not shared and not (before and _commits_after(call)):
        return
    write = _nearest(call, shared or before)
    message = f"{_what(analysis, way)} is started before {_label(write)} is committed: it may run without the row"
    yield _spot(
        call,
        way,
        write,
        message,
        "start the task after the commit, or store it in the same transaction and let a relay start it",
    )


def _commits_after(call: CallAt) -> bool:
    """Tell whether a session is committed behind the call and not between."""
    commits = [each for each in calls_in(call.source, call.record.function) if each.record.func[-1] == "commit"]
    later = [each for each in commits if _place(each) > _place(call) and not exclude_each_other(call, each)]
    return bool(later) and all(_place(each) > _place(call) for each in commits)


def _share(analysis: Analysis, one: CallAt, other: CallAt) -> bool:
    return bool(set(analysis.transactions.around(one)) & set(analysis.transactions.around(other)))


def _nearest(call: CallAt, writes: list[CallAt]) -> CallAt:
    return min(writes, key=lambda write: (abs(write.at - call.at), _place(write)))


def _what(analysis: Analysis, way: tuple[CallAt, ...]) -> str:
    act = analysis.acts.at.get(way[-1].key)
    if act is not None and act.names and len(act.names) == 1:
        return f"'{act.names[0]}'"
    func = way[-1].record.func
    base = func[1] if isinstance(func[1], tuple) else func
    is_task = act is None and analysis.transactions.tells.what(way) == "task"
    return f"the task {base[-1]}" if is_task else "a message"


def _label(call: CallAt) -> str:
    parts: list[str] = []
    shape: object = call.record.func
    while isinstance(shape, tuple) and shape[0] == "attr":
        parts.append(str(shape[2]))
        shape = shape[1]
    if isinstance(shape, tuple) and shape[0] == "name":
        parts.append(str(shape[1]))
    return f"`{'.'.join(reversed(parts[:3]))}`"


def _spot(call: CallAt, way: tuple[CallAt, ...], write: CallAt, message: str, hint: str) -> Spot:
    chain = lines((write, *way))
    record = call.record
    return Spot(call.source, record.line, record.column, call.caller, message, "publish", hint, chain)


_SERVICE = "src/shop/modules/orders/service.py"
_HEAD = """\
from shop.kernel.bus import EventBus
from shop.kernel.database import Database
from shop.kernel.repository import RepositoryAdapter
from shop.modules.orders.model import Order

class OrdersService:
    def __init__(self, orders: RepositoryAdapter[Order], bus: EventBus, database: Database) -> None:
        self._orders = orders
        self._bus = bus
        self._database = database

"""
_MODEL = {"src/shop/modules/orders/model.py": "class Order: ...\n"}
RULE = Rule(
    code="ARC605",
    name="dual-write",
    severity="error",
    summary="An event, a job or a message is sent outside the transaction that makes it true.",
    why=(
        "Rows and messages that are sent separately disagree after the first crash, time-out or rollback between them: "
        "a paid order that nobody ships, a mail about an order that was rolled back. Tests never stop at that line. "
        "Stored in the same transaction and delivered by a relay, both happen or neither."
    ),
    hint="write the event in the same transaction as the rows (the outbox does the rest)",
    check=check,
    decides=(
        "Found: a write of a repository, a session or the event store and an emission in one function, directly or "
        "through helpers, without a common transaction; publishing to a broker after a write; a task started before "
        "the commit. Silent where some caller holds a transaction, and in handlers, which run in one."
    ),
    bad=(
        Example(
            "saved, then announced",
            {
                **_MODEL,
                _SERVICE: _HEAD
                + """\
    async def pay(self, order_id):
        order = await self._orders.update(order_id, {"status": "paid"})
        await self._bus.emit("orders.paid", {"id": order.id})  # error: ARC605
        return order
""",
            },
        ),
        Example(
            "a transaction that ends before the event, with helpers named like the right thing",
            {
                **_MODEL,
                _SERVICE: _HEAD
                + """\
    async def _in_transaction(self, order_id):
        async with self._database.transaction():
            await self._orders.update(order_id, {"status": "paid"})

    async def _to_outbox(self, name, order_id):
        await self._bus.emit(name, {"id": order_id})

    async def pay(self, order_id):
        await self._in_transaction(order_id)
        await self._to_outbox("orders.paid", order_id)  # error: ARC605  (same transaction)
""",
            },
        ),
        Example(
            "what happened to an aggregate is stored, then announced apart",
            {
                _SERVICE: """\
from shop.kernel.aggregates import Aggregates
from shop.kernel.bus import EventBus

class OrdersService:
    def __init__(self, orders: Aggregates, bus: EventBus) -> None:
        self._orders = orders
        self._bus = bus

    async def pay(self, order_id, command):
        found = await self._orders.execute(order_id, command)
        await self._bus.emit("orders.paid", {"id": order_id})  # error: ARC605
        return found
""",
            },
        ),
        Example(
            "announced before it is true",
            {
                **_MODEL,
                _SERVICE: _HEAD
                + """\
    async def remove(self, order_id):
        await self._bus.emit("orders.removed", {"id": order_id})  # error: ARC605
        await self._orders.delete(order_id)
""",
            },
        ),
        Example(
            "a broker and a task library beside a session",
            {
                "src/app/orders.py": """\
import aio_pika
from sqlalchemy.ext.asyncio import AsyncSession
from app.tasks import receipt as anything

async def pay(session: AsyncSession, order, url):
    connection = await aio_pika.connect_robust(url)
    channel = await connection.channel()
    async with session.begin():
        session.add(order)
        await channel.default_exchange.publish(aio_pika.Message(b"paid"), "orders")  # error: ARC605
        anything.delay(order.id)  # error: ARC605
""",
                "src/app/tasks.py": """\
from celery import Celery

app = Celery("shop")

@app.task
def receipt(order_id): ...
""",
            },
        ),
    ),
    good=(
        Example(
            "both in one transaction",
            {
                **_MODEL,
                _SERVICE: _HEAD
                + """\
    async def pay(self, order_id):
        async with self._database.transaction():
            order = await self._orders.update(order_id, {"status": "paid"})
            await self._announce("orders.paid", order)
        return order

    async def _announce(self, name, order):
        await self._bus.emit(name, {"id": order.id})
""",
            },
        ),
        Example(
            "the caller holds the transaction",
            {
                **_MODEL,
                _SERVICE: _HEAD
                + """\
    async def pay(self, order_id):
        async with self._orders.transaction():
            await self._pay(order_id)

    async def _pay(self, order_id):
        await self._orders.update(order_id, {"status": "paid"})
        await self._bus.emit("orders.paid", {"id": order_id})
""",
            },
        ),
        Example(
            "an event about what was only read, one for a failure, and one of another branch",
            {
                **_MODEL,
                _SERVICE: _HEAD
                + """\
    async def show(self, order_id):
        order = await self._orders.find_by_id(order_id)
        await self._bus.emit("orders.shown", {"id": order_id})
        return order

    async def pay(self, order_id):
        try:
            await self._orders.update(order_id, {"status": "paid"})
        except ValueError:
            await self._bus.emit("orders.refused", {"id": order_id})
            raise

    async def close(self, order_id, quiet):
        if quiet:
            await self._orders.update(order_id, {"status": "closed"})
        else:
            await self._bus.emit("orders.asked", {"id": order_id})
""",
            },
        ),
        Example(
            "a task after the commit, a relay that publishes what is stored, and an emitter that is no bus",
            {
                "src/app/orders.py": """\
import aio_pika
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from app.tasks import Row, receipt

async def pay(session: AsyncSession, order, signal):
    async with session.begin():
        session.add(order)
        signal.emit("orders.paid")
    receipt.delay(order.id)

async def relay(session: AsyncSession, exchange: aio_pika.Exchange):
    async with session.begin():
        for row in await session.scalars(select(Row)):
            await exchange.publish(row.message, row.key)
        await session.execute(delete(Row))
""",
                "src/app/tasks.py": """\
from celery import shared_task

class Row: ...

@shared_task
def receipt(order_id): ...
""",
            },
        ),
    ),
)
