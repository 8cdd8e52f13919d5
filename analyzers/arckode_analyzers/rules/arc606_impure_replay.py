"""ARC606: a replay that would not give the same again, or do again what was done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_analyzers.model.leads import lines
from arckode_analyzers.rule import Example, Rule, Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.calls import CallAt
    from arckode_analyzers.model.purity import Repeatable
    from arckode_analyzers.model.source import Source

_HINTS = {
    "evolve": "put the value into the event when it is decided; `evolve` only copies it into the state",
    "decide": "pass the value in with the command: who calls `decide` asks for it",
    "upcaster": "derive the value from the stored event: it is brought up to date whenever it is read",
    "projection": "do it in a handler, which a replay never runs; the projection only writes its own rows",
}


def check(analysis: Analysis, source: Source) -> Iterator[Spot]:
    """Report calls in repeatable functions that lead to the clock, to chance or out of the program."""
    if not analysis.purity.functions:
        return
    for call in analysis.calls(source):
        found = analysis.purity.role(source, call.record.function)
        if found is None or _leads_to_another(analysis, call):
            continue
        reach = analysis.purity.effects if found.role == "projection" else analysis.purity.impure
        way = reach.way(call)
        if way:
            yield _spot(analysis, found, call, way, reach.what(way))


def _leads_to_another(analysis: Analysis, call: CallAt) -> bool:
    """Tell whether a call leads to a repeatable function, where the cause is reported."""
    return any(target.symbol in analysis.purity.functions for target in analysis.reached(call))


def _spot(analysis: Analysis, found: Repeatable, call: CallAt, way: tuple[CallAt, ...], what: str) -> Spot:
    name = ".".join(found.function.symbol.rsplit(".", 2)[-2:])
    helper = "" if len(way) == 1 else f" through {_called(analysis, call)}"
    if found.role == "projection":
        message = f"the projection {name} {what}{helper}: a rebuild does it again for every event there ever was"
    else:
        message = f"{name} {what}{helper}: the same events no longer give the same state"
        if found.role == "decide":
            message = f"{name} {what}{helper}: the same command on the same state no longer gives the same events"
    record = call.record
    chain = lines(way) if len(way) > 1 else ()
    return Spot(call.source, record.line, record.column, call.caller, message, what, _HINTS[found.role], chain)


def _called(analysis: Analysis, call: CallAt) -> str:
    return next(target.label for target in analysis.reached(call) if target.symbol)


_AGGREGATE = "src/shop/modules/orders/aggregate.py"
_PROJECTION = "src/shop/modules/orders/projection.py"
RULE = Rule(
    code="ARC606",
    name="impure-replay",
    severity="error",
    summary="Clock, randomness or I/O in an aggregate's decide or evolve, or a projection with side effects.",
    why=(
        "Event sourcing rests on one promise: the same events give the same state, today and in three years. A clock "
        "in `evolve` breaks it silently, at the next restart; a projection that sends mail sends it again to everybody "
        "when it is rebuilt."
    ),
    hint="keep evolve and decide pure and projections free of effects",
    check=check,
    decides=(
        "Found: methods of classes built on the runtime's Aggregate, Decider and Projection, functions handed to them, "
        "and the upcasters of stored events, through any number of helpers. Not found: effects of libraries that are "
        "not known."
    ),
    bad=(
        Example(
            "the clock in evolve, chance in decide",
            {
                _AGGREGATE: """\
import datetime as dt
from uuid import uuid4 as anything
from shop.kernel.aggregate import Aggregate

class Order(Aggregate):
    def evolve(self, state, event):
        return {**state, "paid_at": dt.datetime.now(dt.UTC)}  # error: ARC606

    def decide(self, state, command):
        return [{"id": anything(), "type": "orders.paid"}]  # error: ARC606
""",
            },
        ),
        Example(
            "a helper in another file that only sounds pure",
            {
                _AGGREGATE: """\
from shop.kernel.aggregate import Decider
from shop.modules.orders.pure import copied

def decide(state, command):
    return []

def on_event(state, event):
    return copied(state, event)  # error: ARC606

orders = Decider(initial={}, decide=decide, evolve=on_event)
""",
                "src/shop/modules/orders/pure.py": """\
from time import time

def copied(state, event):
    return _stamped({**state, **event.data})

def _stamped(state):
    return state | {"seen": time()}
""",
            },
        ),
        Example(
            "rules given by position, and an upcaster that asks the clock what the event did not say",
            {
                _AGGREGATE: """\
import datetime as dt
from uuid import uuid4
from shop.kernel.aggregates import Decider, EventData

def _dated(data):
    return {**data, "on": dt.date.today()}  # error: ARC606

class OrderPaid(EventData):
    type = "orders.paid"
    version = 2
    upcasters = {1: _dated}

def choose(state, command):
    return [OrderPaid(number=uuid4())]  # error: ARC606

def become(state, event, at):
    return {**state, "seen": dt.datetime.now()}  # error: ARC606

ORDERS = Decider("order", "orders", (OrderPaid,), choose, become)
""",
            },
        ),
        Example(
            "a projection that sends mail and asks another system",
            {
                _PROJECTION: """\
import httpx
from shop.kernel.mail import Mail
from shop.kernel.projection import Projection

class OrderList(Projection):
    def __init__(self, mail: Mail) -> None:
        self._mail = mail

    async def on_paid(self, event):
        await self._thank(event)  # error: ARC606
        async with httpx.AsyncClient() as client:
            await client.post("https://example.test", json=event.data)  # error: ARC606

    async def _thank(self, event):
        await self._mail.send(event.data["email"], "thanks")  # error: ARC606
""".replace("        await self._thank(event)  # error: ARC606\n", "        await self._thank(event)\n"),
            },
        ),
        Example(
            "an aggregate that looks something up and announces it by itself",
            {
                _AGGREGATE: """\
from shop.kernel.aggregate import Aggregate
from shop.kernel.bus import EventBus
from shop.kernel.repository import RepositoryAdapter

class Order(Aggregate):
    def __init__(self, rows: RepositoryAdapter["Row"], bus: EventBus) -> None:
        self._rows = rows
        self._bus = bus

    async def decide(self, state, command):
        row = await self._rows.find_by_id(command.id)  # error: ARC606
        return [row]

    async def evolve(self, state, event):
        await self._bus.emit("orders.seen", {})  # error: ARC606
        return state
""",
            },
        ),
    ),
    good=(
        Example(
            "time and identity come in with the command and travel in the event",
            {
                _AGGREGATE: """\
import datetime as dt
from shop.kernel.aggregate import Aggregate

class Order(Aggregate):
    def evolve(self, state, event):
        # not dt.datetime.now(): the event knows
        return {**state, "paid_at": dt.datetime.fromisoformat(event.data["at"]), "note": "datetime.now()"}

    def decide(self, state, command):
        return [{"id": command.id, "at": command.at + dt.timedelta(days=1)}]
""",
            },
        ),
        Example(
            "the time that an event is given, an upcaster that computes, and a function of that name elsewhere",
            {
                _AGGREGATE: """\
import datetime as dt
from shop.kernel.aggregates import Decider, EventData

def _in_cents(data):
    return {**data, "total": data["total"] * 100}

class OrderPaid(EventData):
    type = "orders.paid"
    version = 2
    upcasters = {1: _in_cents}

class Report:
    upcasters = {1: dt.date.today}

def decide(state, command):
    return [OrderPaid(total=command.total)]

def evolve(state, event, at):
    return {**state, "paid_at": at}

ORDERS = Decider(one="order", category="orders", events=(OrderPaid,), decide=decide, evolve=evolve)
""",
            },
        ),
        Example(
            "the service asks the clock, and hands it in",
            {
                _AGGREGATE: """\
from shop.kernel.aggregate import Aggregate

class Order(Aggregate):
    def decide(self, state, command, now):
        return [{"at": now}]
""",
                "src/shop/modules/orders/service.py": """\
from shop.kernel.clock import Clock
from shop.modules.orders.aggregate import Order

class OrdersService:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def pay(self, state, command):
        return Order().decide(state, command, self._clock.now())
""",
            },
        ),
        Example(
            "a projection that writes its own rows, and a handler that sends the mail",
            {
                _PROJECTION: """\
from shop.kernel.mail import Mail
from shop.kernel.projection import Projection
from shop.kernel.repository import RepositoryAdapter

class OrderList(Projection):
    def __init__(self, rows: RepositoryAdapter["Row"]) -> None:
        self._rows = rows

    async def on_paid(self, event):
        await self._rows.create({"id": event.key})

class Thanks:
    def __init__(self, mail: Mail) -> None:
        self._mail = mail

    async def on_paid(self, event):
        await self._mail.send(event.data["email"], "thanks")
""",
            },
        ),
        Example(
            "classes that are called so and are something else",
            {
                _AGGREGATE: """\
import datetime as dt

class Projection: ...

class Aggregate:
    def evolve(self, state, event):
        return dt.datetime.now()

class Map(Projection):
    def draw(self):
        print(dt.date.today())
""",
            },
        ),
    ),
)
