"""ARC405: an event whose name does not say whose it is and what happened."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from arckode_analyzers.model.module_graph import MADE
from arckode_analyzers.model.sinks import words
from arckode_analyzers.model.vocabulary import STORED_EVENT
from arckode_analyzers.rule import Example, Rule, Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.calls import CallAt
    from arckode_analyzers.model.source import Source

_NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*){1,2}$")
# The name of an event's class: what it is called outside the program is written elsewhere.
_CLASS = re.compile(r"[A-Z][a-z0-9]+([A-Z][a-z0-9]*)*$")
# What a verb is called before it happened; what may be a noun or a past form as well (`set`, `read`) is not here.
_NOT_YET = words(
    "activate add approve archive assign book cancel capture change charge check close complete confirm create"
    " deactivate decline delete deliver delivering destroy disable dispatch edit enable expire fail finish insert"
    " invite login logout notify open pay place process publish receive refund register reject release remove"
    " rename replace reserve resolve restore retry revoke save schedule send ship start store submit subscribe"
    " unsubscribe update upload validate verify void withdraw"
    " creates updates deletes removes pays sends ships cancels publishes registers"
    " creating updating deleting removing paying sending shipping cancelling publishing registering"
    " crear actualizar borrar eliminar pagar enviar cancelar aprobar registrar publicar confirmar rechazar"
)
_HAPPENED = words(
    "begun bought bound broken built caught chosen done drawn driven fallen found forgotten frozen given gone held kept"
    " known laid left lent lost made met overdrawn overridden paid put quit read rebuilt resent reset risen run said"
    " seen sent set shown shut sold spent split stolen sunk taken taught thrown told undone understood unpaid"
    " withdrawn won written"
)


def check(analysis: Analysis, source: Source) -> Iterator[Spot]:
    """Report the names of events, where they are made, sent or listened to."""
    yield from _stored(analysis, source)
    for call in analysis.calls(source):
        names, is_own = _named(analysis, call)
        for name in names:
            problem = problem_of(name) or (_foreign(analysis, source, name) if is_own else "")
            if problem:
                record = call.record
                yield Spot(source, record.line, record.column, call.caller, f"the event '{name}' {problem}", name)


def _stored(analysis: Analysis, source: Source) -> Iterator[Spot]:
    """Report the names that the events of an aggregate are stored under."""
    for index, record in enumerate(source.facts.classes):
        value = analysis.class_value(source, index)
        if not any(ancestor.name == STORED_EVENT for ancestor in analysis.resolver.ancestors(value)):
            continue
        for name in analysis.acts.names.type_of(value) or ():
            problem = problem_of(name) or _foreign(analysis, source, name)
            if problem:
                message = f"the event '{name}' {problem}"
                yield Spot(source, record.line, record.column, value.name, message, name)


def _named(analysis: Analysis, call: CallAt) -> tuple[tuple[str, ...], bool]:
    """Return the events that a call names, and whether the caller says that they happened."""
    acts, value = analysis.acts, analysis.callee(call)
    if value is not None and value.name in MADE:
        return acts.names.of(call.source, call.record.function, call.record.shape) or (), True
    act = acts.at.get(call.key)
    if act is None or act.kind not in {"emit", "publish", "record", "subscribe"} or _is_made_elsewhere(analysis, call):
        return (), False
    return act.names or (), act.kind != "subscribe"


def _is_made_elsewhere(analysis: Analysis, call: CallAt) -> bool:
    """Tell whether an event that is sent was given its name where it was made."""
    shapes = call.record.args[:1]
    values = (analysis.value(call.source, call.record.function, shape) for shape in shapes)
    return any(value is not None and value.name in MADE for value in values)


def problem_of(name: str) -> str:
    if not name or "*" in name or "#" in name or _CLASS.match(name):
        return ""
    if not _NAME.match(name):
        return "is not called `module.action` or `module.entity.action`"
    parts = name.rpartition(".")[2].split("_")
    if any(_is_past(part) for part in parts):
        return ""
    verb = next((part for part in (parts[0], parts[-1]) if part in _NOT_YET), "")
    return f"does not say that something happened: `{verb}` is no past tense" if verb else ""


def _is_past(word: str) -> bool:
    return word in _HAPPENED or (word.endswith("ed") and len(word) > 3)


def _foreign(analysis: Analysis, source: Source, name: str) -> str:
    """Say whose an event is when a module makes one that is not its own."""
    prefix = name.partition(".")[0]
    if not source.unit or prefix == source.unit:
        return ""
    if prefix == "system":
        return f"is the kernel's by its name, and the module '{source.unit}' makes it"
    if prefix in analysis.modules.names:
        return f"belongs to the module '{prefix}' by its name, and '{source.unit}' makes it"
    return ""


_SERVICE = "src/shop/modules/orders/service.py"
_START = """\
from shop.kernel.events import new_event

"""
RULE = Rule(
    code="ARC405",
    name="event-names",
    severity="warning",
    summary="An event is not named `module.action` in the past tense.",
    why=(
        "The name is all that a subscriber, a log line and a stored event know. It says who can change it, the module, "
        "and that it is a fact: `orders.pay` reads as a command that somebody may refuse, `orders.paid` happened."
    ),
    hint="call it `module.action` or `module.entity.action` in the past tense, such as `orders.paid`",
    check=check,
    decides=(
        "Names are read where the kernel makes, stores, sends or hears an event, as a literal or a constant. Verbs of "
        "a table are known to be no past tense, in English and Spanish; of any other word nothing is said."
    ),
    bad=(
        Example(
            "a command, a shout, and a name without a module",
            {
                _SERVICE: _START
                + """\
def paid(order):
    new_event("orders.pay", key=order, source="orders", data={})  # error: ARC405
    new_event("orders.status_update", key=order, source="orders", data={})  # error: ARC405
    new_event("ORDER_PAID", key=order, source="orders", data={})  # error: ARC405
    new_event("paid", key=order, source="orders", data={})  # error: ARC405
"""
            },
        ),
        Example(
            "through an alias, a constant of another file, and the envelope itself",
            {
                _SERVICE: """\
from shop.kernel.events import Event as Fact, new_event as tell
from shop.names import CREATE

def create(order, now):
    tell(CREATE, key=order, source="orders", data={})  # error: ARC405
    return Fact(id=order, type="pedidos.crear", version=1, occurred_at=now)  # error: ARC405
""",
                "src/shop/names.py": 'CREATE = "orders.create"\n',
            },
        ),
        Example(
            "on a bus, sent and heard, and as the type of a class",
            {
                _SERVICE: """\
from shop.kernel.events import Event, EventBus

class OrderPaid(Event):
    type = "orders.pay"

class OrdersService:
    def __init__(self, anything: EventBus) -> None:
        self._anything = anything

    async def pay(self, order):
        await self._anything.emit("orders.pay", order)  # error: ARC405
        await self._anything.emit(OrderPaid(order))  # error: ARC405
        self._anything.on("customers.register", self.pay)  # error: ARC405
"""
            },
        ),
        Example(
            "what an aggregate's events are stored under",
            {
                "src/shop/modules/orders/aggregate.py": """\
from typing import ClassVar
from shop.kernel.aggregates import EventData as Fact

class Placing(Fact):  # error: ARC405
    type: ClassVar[str] = "orders.place"

class OrderPaid(Placing):
    type: ClassVar[str] = "orders.paid"

class Shown:
    type: ClassVar[str] = "orders.show"
"""
            },
        ),
        Example(
            "somebody else's event, and the kernel's",
            {
                "src/shop/modules/customers/service.py": "class CustomersService: ...\n",
                _SERVICE: _START
                + """\
def create(order):
    new_event("customers.created", key=order, source="orders", data={})  # error: ARC405
    new_event("system.started", key=order, source="orders", data={})  # error: ARC405
""",
            },
        ),
    ),
    good=(
        Example(
            "what happened, regular, irregular and in Spanish",
            {
                _SERVICE: _START
                + """\
def tell(order):
    new_event("orders.created", key=order, source="orders", data={})
    new_event("orders.line.sent", key=order, source="orders", data={})
    new_event("orders.payment_failed", key=order, source="orders", data={})
    new_event("orders.checked_out", key=order, source="orders", data={})
    new_event("orders.creado", key=order, source="orders", data={})
    new_event("orders.out_of_stock", key=order, source="orders", data={})
"""
            },
        ),
        Example(
            "a name that is computed, a function of the same name, and the word in a comment",
            {
                _SERVICE: """\
from shop.kernel.events import new_event as tell
from shop.mail import new_event

def create(order, name):
    tell(f"orders.{name}", key=order, source="orders", data={})  # not "orders.create"
    new_event("orders.create")
""",
                "src/shop/mail.py": "def new_event(name): ...\n",
            },
        ),
    ),
)
