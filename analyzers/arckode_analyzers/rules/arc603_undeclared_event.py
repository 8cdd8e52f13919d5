"""ARC603: an event that is emitted and not declared, or declared and never consumed."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from arckode_analyzers.model.event_names import covers
from arckode_analyzers.rule import Example, Rule, Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.declared_events import Declared
    from arckode_analyzers.model.source import Source

_OF_THE_RUNTIME = "system."


def check(analysis: Analysis, source: Source) -> Iterator[Spot]:
    """Report emissions without a declaration and declarations without a consumer, where buses are used at all.

    Stored events are judged wherever there are aggregates: those that no decider lists, and who waits for none of them.
    """
    yield from _unlisted(analysis, source)
    yield from _awaited(analysis, source)
    if not analysis.acts.of("emit", "publish", "record", "subscribe"):
        return
    yield from _undeclared(analysis, source)
    yield from _unconsumed(analysis, source)


def _unlisted(analysis: Analysis, source: Source) -> Iterator[Spot]:
    listed = analysis.stored_events.listed
    for each in analysis.stored_events.all if listed is not None else ():
        if each.source is source and listed is not None and each.model not in listed:
            message = f"the event '{each.name}' is declared and no decider lists it: it can be neither stored nor read"
            hint = f"write {each.model.rpartition('.')[2]} into the `events` of its decider, or remove it"
            yield Spot(source, each.line, each.column, each.symbol, message, each.name, hint)


def _awaited(analysis: Analysis, source: Source) -> Iterator[Spot]:
    stored = analysis.stored_events
    sent = [act.names for act in analysis.acts.of("record", "publish")]
    if not stored.names or not stored.is_whole or None in sent:
        return
    known = (*sorted(stored.names), *(name for names in sent for name in names or ()))
    modules = {name.partition(".")[0] for name in stored.names}
    for each in stored.awaited:
        if each.source is not source or any(covers(each.name, name) for name in known):
            continue
        near = difflib.get_close_matches(each.name, known, 1, 0.8)
        # A handler may wait for what another program publishes; a projection reads this one's store and nothing else.
        if each.by == "a handler" and not near and each.name.partition(".")[0] not in modules:
            continue
        meant = f"; did you mean '{near[0]}'?" if near else ""
        message = f"{each.by} waits for '{each.name}', which nothing declares{meant}"
        hint = "wait for an event that there is, or declare it in its aggregate"
        yield Spot(source, each.line, each.column, each.symbol, message, each.name, hint)


def _undeclared(analysis: Analysis, source: Source) -> Iterator[Spot]:
    every = (*analysis.declared_events.all, *analysis.stored_events.all)
    declared = tuple(dict.fromkeys(each.name for each in every))
    for act in analysis.acts.of("emit", "publish", "record"):
        if act.call.source is not source:
            continue
        for name in act.names or ():
            if name.startswith(_OF_THE_RUNTIME) or any(covers(each, name) for each in declared):
                continue
            near = difflib.get_close_matches(name, declared, 1)
            meant = f"; did you mean '{near[0]}'?" if near else ""
            message = f"the event '{name}' is emitted and no module declares it{meant}"
            where = f"modules/{source.unit}/events.py" if source.unit else "the events.py of the module it belongs to"
            symbol = source.symbol(act.call.record.function)
            hint = f"declare '{name}' in {where} and emit the declared name"
            yield Spot(source, act.call.record.line, act.call.record.column, symbol, message, name, hint)


def _unconsumed(analysis: Analysis, source: Source) -> Iterator[Spot]:
    heard = [act.names for act in analysis.acts.of("subscribe")]
    if None in heard:
        return
    leaves = [act.names for act in analysis.acts.of("record", "publish")]
    if None in leaves:
        return
    taken = tuple(dict.fromkeys(name for names in (*heard, *leaves) for name in names or ()))
    for each in analysis.declared_events.all:
        if each.source is source and not _is_consumed(analysis, each, taken):
            message = f"the event '{each.name}' is declared and nothing consumes it"
            hint = f"subscribe to '{each.name}' in the composition root, or remove the event and what emits it"
            yield Spot(source, each.line, each.column, each.symbol, message, each.name, hint)


def _is_consumed(analysis: Analysis, event: Declared, taken: tuple[str, ...]) -> bool:
    return event.model in analysis.declared_events.taken or any(covers(name, event.name) for name in taken)


_ROOT = "src/shop/composition_root.py"
_EVENTS = "src/shop/modules/orders/events.py"
_SERVICE = "src/shop/modules/orders/service.py"
_EMITS = """\
from shop.kernel.bus import EventBus
from shop.modules.orders import events

class OrdersService:
    def __init__(self, bus: EventBus) -> None:
        self._bus = bus

    async def pay(self, order):
        await self._bus.emit(events.PAID, {"id": order.id})
"""
_LISTENS = """\
from shop.kernel.app import Kernel

def compose(settings):
    kernel = Kernel(settings)
    kernel.events.on("orders.paid", print)
    return kernel
"""
_CLASSES = """\
from dataclasses import dataclass
from shop.kernel.events import Event

@dataclass(frozen=True)
class OrderPaid(Event):
    type = "orders.paid"
"""
_AGGREGATE = "src/shop/modules/accounts/aggregate.py"
_DECIDER = """\
from typing import ClassVar
from shop.kernel.aggregates import Decider, EventData

class AccountOpened(EventData):
    type: ClassVar[str] = "accounts.opened"

class AccountClosed(EventData):
    type: ClassVar[str] = "accounts.closed"

def decide(state, command):
    return [AccountOpened(), AccountClosed()]

def evolve(state, event, at):
    return state

ACCOUNTS = Decider(
    one="account", category="accounts", events=(AccountOpened, AccountClosed), decide=decide, evolve=evolve
)
"""
_PROJECTION = """\
from shop.kernel.projections import Projection

class Overviews(Projection):
    name = "overviews"
    events = ("accounts.opened", "accounts.closed")

    async def apply(self, recorded): ...
"""
_SUBSCRIBES = """\
from shop.kernel.app import Kernel
from shop.kernel.event_bus import EVENT_BUS

async def hear(event): ...

def compose(settings):
    kernel = Kernel(settings)
    bus = kernel.adapter(EVENT_BUS)
    bus.subscribe("accounts.opened", hear, group="hear")
    return kernel
"""
RULE = Rule(
    code="ARC603",
    name="undeclared-event",
    severity="error",
    summary="An event is emitted or waited for that nobody declares, or declared with no consumer or decider.",
    why=(
        "An event's name is a contract between modules that know nothing of each other. An undeclared name is a typing "
        "error that no test of either side notices; a declared event without a consumer is work that ends nowhere, or "
        "a subscription that somebody lost."
    ),
    hint="declare the event in its module's events.py and subscribe to it in the composition root",
    check=check,
    decides=(
        "Found: names written as texts, constants, enumerations, formats with known parts or event classes. An event "
        "that goes to the outbox or a broker may have consumers elsewhere and counts as consumed; so does every event "
        "when the name of one subscription is computed. Of stored events: a class that no decider lists, where the "
        "lists of all deciders are known; a projection that waits for a name that no class has; a handler of the bus "
        "between processes that does so, when the name is nearly another's or of a module whose events are known: "
        "other programs may publish there."
    ),
    bad=(
        Example(
            "a stored event that no decider lists, though a function makes it",
            {
                _AGGREGATE: _DECIDER.replace(
                    "class AccountClosed(EventData):", "class AccountClosed(EventData):  # error: ARC603"
                ).replace("events=(AccountOpened, AccountClosed)", "events=(AccountOpened,)"),
            },
        ),
        Example(
            "a projection that waits for an event that nobody declares",
            {
                _AGGREGATE: _DECIDER,
                "src/shop/modules/overviews/projection.py": _PROJECTION.replace(
                    '"accounts.closed")', '"accounts.ended")  # error: ARC603  (accounts.closed)'
                ),
            },
        ),
        Example(
            "a handler of the bus between processes that misspells the module, or what happened to it",
            {
                _AGGREGATE: _DECIDER,
                _ROOT: _SUBSCRIBES.replace(
                    '    bus.subscribe("accounts.opened", hear, group="hear")\n',
                    '    bus.subscribe("acounts.opened", hear, group="hear")  # error: ARC603\n'
                    '    bus.subscribe("accounts.vanished", hear, group="gone")  # error: ARC603\n',
                ),
            },
        ),
        Example(
            "a typing error in the name, and a comment with the right one",
            {
                _EVENTS: 'PAID = "orders.paid"\n',
                _SERVICE: _EMITS.replace("events.PAID", '"orders.payed"').replace(
                    "order.id})", "order.id})  # error: ARC603  (orders.paid)"
                ),
                _ROOT: _LISTENS,
            },
        ),
        Example(
            "declared and emitted, and nobody listens",
            {
                _EVENTS: 'PAID = "orders.paid"  # error: ARC603\n',
                _SERVICE: _EMITS,
                _ROOT: "def compose(kernel):\n    return kernel\n",
            },
        ),
        Example(
            "an event class without a consumer, among classes that have one",
            {
                _EVENTS: f"{_CLASSES}\n@dataclass(frozen=True)\nclass OrderLost(Event):  # error: ARC603\n"
                '    type = "orders.lost"\n',
                _SERVICE: """\
from shop.kernel.bus import EventBus
from shop.modules.orders.events import OrderLost, OrderPaid as Anything

class OrdersService:
    def __init__(self, bus: EventBus) -> None:
        self._bus = bus

    async def pay(self, order):
        await self._bus.emit(Anything())
        await self._bus.emit(OrderLost())
""",
                _ROOT: _LISTENS,
            },
        ),
        Example(
            "a helper that emits what it is given, and a declaration that only a text mentions",
            {
                _EVENTS: 'PAID = "orders.paid"\nHELP = "orders.sent is emitted when an order is sent"\n',
                _SERVICE: """\
from shop.kernel.bus import EventBus
from shop.modules.orders.events import PAID

class OrdersService:
    def __init__(self, bus: EventBus) -> None:
        self._bus = bus

    async def _declared(self, name, order):
        await self._bus.emit(name, {"id": order.id})  # error: ARC603

    async def pay(self, order):
        await self._declared(PAID, order)

    async def send(self, order):
        await self._declared("orders.sent", order)
""",
                _ROOT: _LISTENS,
            },
        ),
    ),
    good=(
        Example(
            "every stored event is listed, and waited for by its name, a pattern, or by another program's",
            {
                _AGGREGATE: _DECIDER,
                "src/shop/modules/overviews/projection.py": _PROJECTION,
                _ROOT: _SUBSCRIBES.replace(
                    "    return kernel",
                    '    bus.subscribe("accounts.*", hear, group="all")\n'
                    '    bus.subscribe("weather.changed", hear, group="weather")\n'
                    "    return kernel",
                ),
            },
        ),
        Example(
            "what a handler waits for is published by its name",
            {
                _AGGREGATE: _DECIDER,
                _EVENTS: 'PAID = "accounts.paid"\n',
                _ROOT: _SUBSCRIBES.replace('"accounts.opened"', '"accounts.paid"').replace(
                    "    return kernel",
                    '    kernel.on_start(lambda: bus.emit("accounts.paid", {}, key="1"))\n    return kernel',
                ),
            },
        ),
        Example(
            "an event that is published only, and that the root lets the catalogue know",
            {
                _AGGREGATE: _DECIDER,
                _EVENTS: """\
from typing import ClassVar
from shop.kernel.aggregates import EventData

class OrderSeen(EventData):
    type: ClassVar[str] = "orders.seen"
""",
                _ROOT: _SUBSCRIBES.replace("accounts.opened", "orders.seen")
                .replace("    bus.subscribe", "    EventCatalogue.of(kernel).add([OrderSeen])\n    bus.subscribe")
                .replace(
                    "from shop.kernel.event_bus import EVENT_BUS\n",
                    "from shop.kernel.event_bus import EVENT_BUS\n"
                    "from shop.kernel.event_catalogue import EventCatalogue\n"
                    "from shop.modules.orders.events import OrderSeen\n",
                ),
            },
        ),
        Example(
            "a decider whose list is made elsewhere, and a base of events",
            {
                _AGGREGATE: _DECIDER.replace("events=(AccountOpened, AccountClosed)", "events=known()").replace(
                    "def decide",
                    "class Base(EventData):\n    note: str\n\ndef known():\n    return [AccountOpened]\n\ndef decide",
                ),
            },
        ),
        Example(
            "declared, emitted and heard",
            {_EVENTS: 'PAID = "orders.paid"\n', _SERVICE: _EMITS, _ROOT: _LISTENS},
        ),
        Example(
            "heard by a pattern",
            {
                _EVENTS: 'PAID = "orders.paid"\n',
                _SERVICE: _EMITS,
                _ROOT: _LISTENS.replace("orders.paid", "orders.*"),
            },
        ),
        Example(
            "event classes: emitted by a factory, subscribed by class, read by a projection",
            {
                _EVENTS: f'{_CLASSES}\n@dataclass(frozen=True)\nclass OrderLost(Event):\n    type = "orders.lost"\n\n'
                "def paid(order) -> OrderPaid:\n    return OrderPaid(order)\n",
                _SERVICE: """\
from shop.kernel.bus import EventBus
from shop.modules.orders.events import OrderLost, paid

class OrdersService:
    def __init__(self, bus: EventBus) -> None:
        self._bus = bus

    async def pay(self, order):
        await self._bus.emit(paid(order))
        await self._bus.emit(OrderLost())
""",
                "src/shop/modules/orders/projection.py": """\
from shop.modules.orders.events import OrderLost

def count_lost(event: OrderLost) -> None: ...
""",
                _ROOT: _LISTENS.replace('"orders.paid"', "OrderPaid").replace(
                    "from shop.kernel.app import Kernel\n",
                    "from shop.kernel.app import Kernel\nfrom shop.modules.orders.events import OrderPaid\n",
                ),
            },
        ),
        Example(
            "a subscription whose name is computed may take anything",
            {
                _EVENTS: 'PAID = "orders.paid"\n',
                _SERVICE: _EMITS,
                _ROOT: """\
from shop.kernel.app import Kernel

def compose(settings):
    kernel = Kernel(settings)
    for name in settings.audited:
        kernel.events.on(name, print)
    return kernel
""",
            },
        ),
        Example(
            "an event that leaves the process through the outbox",
            {
                _EVENTS: 'PAID = "orders.paid"\n',
                _SERVICE: _EMITS.replace("EventBus", "Outbox")
                .replace("kernel.bus", "kernel.outbox")
                .replace(".emit(", ".add("),
            },
        ),
    ),
)
