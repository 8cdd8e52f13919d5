"""ARC601: a subscription that the composition root does not make."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_analyzers.model.leads import lines
from arckode_analyzers.rule import Example, Rule, Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.model.acts import Act
    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.calls import CallAt
    from arckode_analyzers.model.source import Source


def check(analysis: Analysis, source: Source) -> Iterator[Spot]:
    """Report subscriptions in code that nobody handed the kernel or the bus for that purpose."""
    if not analysis.boot.roots or not analysis.acts.of("subscribe"):
        return
    for call in analysis.calls(source):
        if analysis.boot.is_wiring(source, call.record.function):
            continue
        act = analysis.acts.at.get(call.key)
        if act is not None and act.kind == "subscribe":
            yield _spot(analysis, act, call, ())
        elif source.unit:
            yield from _through_wiring(analysis, call)


def _through_wiring(analysis: Analysis, call: CallAt) -> Iterator[Spot]:
    """Report a module that calls a wiring function of others to subscribe itself."""
    for target in analysis.reached(call):
        function = analysis.project.functions.get(target.symbol)
        if function is None or not analysis.boot.is_wiring(function.source, function.index):
            continue
        reach = analysis.leads("subscriptions", lambda each: _is_subscription(analysis, each))
        way = reach.inside(target.symbol)
        if way:
            yield _spot(analysis, analysis.acts.at[way[-1].key], call, way)


def _is_subscription(analysis: Analysis, call: CallAt) -> str:
    act = analysis.acts.at.get(call.key)
    return act.kind if act is not None and act.kind == "subscribe" else ""


def _spot(analysis: Analysis, act: Act, call: CallAt, way: tuple[CallAt, ...]) -> Spot:
    name = f"'{act.names[0]}'" if act.names and len(act.names) == 1 else "an event"
    place = call.source.symbol(call.record.function)
    own = place if call.record.function == 0 else ".".join(place.rsplit(".", 2)[-2:])
    message = f"{own} subscribes to {name} by itself: the composition root does not show who listens"
    root = analysis.boot.roots[0].path
    hint = f"subscribe in {root}, or in a registration that it calls with the kernel: `kernel.events.on({name}, ...)`"
    chain = (*lines((call, *way)),) if way else ()
    return Spot(call.source, call.record.line, call.record.column, place, message, "subscribe", hint, chain)


_ROOT = "src/shop/composition_root.py"
_SERVICE = "src/shop/modules/mailing/service.py"
_LISTENS = """\
from shop.kernel.bus import EventBus

class MailingService:
    def __init__(self, events: EventBus) -> None:
        events.on("orders.paid", self.thank)  # error: ARC601

    async def thank(self, event) -> None: ...
"""
_QUIET = """\
class MailingService:
    async def thank(self, event) -> None: ...
"""
_COMPOSE = """\
from shop.kernel.app import Kernel
from shop.modules.mailing.service import MailingService

def compose(settings):
    kernel = Kernel(settings)
    kernel.add_module("mailing", service=MailingService(kernel.events))
    return kernel
"""
RULE = Rule(
    code="ARC601",
    name="subscription-outside-root",
    severity="error",
    summary="A module subscribes to an event by itself instead of through the composition root.",
    why=(
        "Who reacts to what is the part of an event-driven program that no call shows. When every subscription is in "
        "the composition root, one file answers it; a service that subscribes while it is built, or later, is a "
        "dependency that nobody sees, made once per instance."
    ),
    hint="move the subscription to the composition root",
    check=check,
    decides=(
        "Found: subscriptions on the runtime's buses, under any name, through subclasses, decorators and helpers. Not "
        "found: buses whose type nothing says."
    ),
    bad=(
        Example("a service that subscribes while it is built", {_ROOT: _COMPOSE, _SERVICE: _LISTENS}),
        Example(
            "a decorator in a module, run by importing it",
            {
                _ROOT: "from shop.shared.bus import bus\n\ndef compose(kernel):\n    return bus\n",
                "src/shop/shared/bus.py": "from shop.kernel.bus import EventBus\n\nbus = EventBus()\n",
                "src/shop/modules/mailing/handlers.py": """\
from shop.shared.bus import bus as anything

@anything.on("orders.paid")  # error: ARC601
async def thank(event) -> None: ...
""",
            },
        ),
        Example(
            "a helper in another file that looks like wiring, called by a service",
            {
                _ROOT: _COMPOSE,
                "src/shop/shared/composition_root_helpers.py": """\
def wire_in_composition_root(bus, name, handler):
    bus.on(name, handler)  # error: ARC601
""",
                _SERVICE: """\
from shop.kernel.bus import EventBus
from shop.shared.composition_root_helpers import wire_in_composition_root

class MailingService:
    def __init__(self, events: EventBus) -> None:
        wire_in_composition_root(events, "orders.paid", self.thank)

    async def thank(self, event) -> None: ...
""",
            },
        ),
        Example(
            "a wiring function that the root uses, called once more by a service",
            {
                _ROOT: """\
from shop.kernel.app import Kernel
from shop.wiring import listen

def compose(settings):
    kernel = Kernel(settings)
    listen(kernel.events, print)
    return kernel
""",
                "src/shop/wiring.py": """\
from shop.kernel.bus import EventBus

def listen(events: EventBus, handler) -> None:
    events.on("orders.paid", handler)
""",
                _SERVICE: """\
from shop.kernel.bus import EventBus
from shop.wiring import listen

class MailingService:
    def __init__(self, events: EventBus) -> None:
        listen(events, self.thank)  # error: ARC601

    async def thank(self, event) -> None: ...
""",
            },
        ),
    ),
    good=(
        Example(
            "the composition root subscribes",
            {
                _ROOT: """\
from shop.kernel.app import Kernel
from shop.modules.mailing.service import MailingService

def compose(settings):
    kernel = Kernel(settings)
    mailing = MailingService()
    kernel.events.on("orders.paid", mailing.thank)
    return kernel
""",
                _SERVICE: _QUIET,
            },
        ),
        Example(
            "a module's registration that the root hands the kernel to",
            {
                _ROOT: """\
from shop.kernel.app import Kernel
from shop.modules.mailing import register_mailing as add

def compose(settings):
    kernel = Kernel(settings)
    add(kernel)
    return kernel
""",
                "src/shop/modules/mailing/__init__.py": """\
from shop.kernel.app import Kernel
from shop.modules.mailing.service import MailingService
from shop.modules.mailing.subscriptions import subscribe

def register_mailing(kernel: Kernel) -> None:
    subscribe(kernel, MailingService())
""",
                "src/shop/modules/mailing/subscriptions.py": """\
from shop.kernel.app import Kernel

def subscribe(kernel: Kernel, service) -> None:
    kernel.events.on("orders.paid", service.thank)
""",
                _SERVICE: _QUIET,
            },
        ),
        Example(
            "a connector that connects by an event",
            {
                _ROOT: """\
from shop.connectors.orders_mailing import connect_orders_mailing
from shop.kernel.app import Kernel

def compose(settings):
    kernel = Kernel(settings)
    connect_orders_mailing(kernel)
    return kernel
""",
                "src/shop/connectors/orders_mailing.py": """\
from shop.kernel.app import Kernel
from shop.modules.mailing.service import MailingService

def connect_orders_mailing(kernel: Kernel) -> None:
    kernel.events.on("orders.paid", kernel.resolve(MailingService).thank)
""",
                _SERVICE: _QUIET,
            },
        ),
        Example(
            "something else with a method called on, a comment, and a word in a text",
            {
                _ROOT: "def compose(kernel):\n    return kernel\n",
                _SERVICE: """\
class Switch:
    def on(self, name, handler): ...

class MailingService:
    def __init__(self) -> None:
        Switch().on("orders.paid", self.thank)  # events.on("orders.paid", self.thank)
        self.help = "events.on('orders.paid', thank)"

    async def thank(self, event) -> None: ...
""",
            },
        ),
    ),
)
