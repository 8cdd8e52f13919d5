"""ARC602: a job that is dispatched and that nobody runs."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from arckode_analyzers.model.acts import calls_in
from arckode_analyzers.model.event_names import covers
from arckode_analyzers.model.leads import lines
from arckode_analyzers.rule import Example, Rule, Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.model.acts import Act
    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.calls import CallAt
    from arckode_analyzers.model.leads import Leads
    from arckode_analyzers.model.source import Source


def check(analysis: Analysis, source: Source) -> Iterator[Spot]:
    """Report dispatches of names that no registration takes, and registrations that come after the dispatch.

    Commands and queries are the same by their classes.
    """
    yield from _unhandled(analysis, source)
    if not analysis.acts.of("dispatch"):
        return
    yield from _unregistered(analysis, source)
    yield from _too_late(analysis, source)


def _unhandled(analysis: Analysis, source: Source) -> Iterator[Spot]:
    sent = [act for act in analysis.acts.of("send") if act.call.source is source]
    if not sent:
        return
    handled = [_message(analysis, act) for act in analysis.acts.of("handle")]
    if None in handled:
        return
    for act in sent:
        name = _message(analysis, act)
        if name is not None and name not in handled:
            own = name.rpartition(".")[2]
            bus = "QueryBus" if act.call.record.func[-1] == "asks" else "CommandBus"
            message = f"{own} is sent here and nobody handles it: the application refuses to start"
            hint = f"register its handler: `kernel.resolve({bus}).register({own}, handler)`"
            yield _spot(act.call, message, own, hint)


def _message(analysis: Analysis, act: Act) -> str | None:
    """Return the class of a command or query, None for one that cannot be known."""
    record = act.call.record
    given = record.args[0] if record.args else dict(record.keywords).get("kind")
    value = None if given is None else analysis.value(act.call.source, record.function, given)
    return value.name if value is not None and value.kind == "class" else None


def _unregistered(analysis: Analysis, source: Source) -> Iterator[Spot]:
    registered = [act.names for act in analysis.acts.of("register")]
    if None in registered:
        return
    known = tuple(dict.fromkeys(name for names in registered for name in names or ()))
    for act in analysis.acts.of("dispatch"):
        for name in (act.names or ()) if act.call.source is source else ():
            if not any(covers(each, name) for each in known):
                near = difflib.get_close_matches(name, known, 1)
                meant = f"; did you mean '{near[0]}'?" if near else ""
                message = f"the job '{name}' is dispatched here and no handler is registered for it{meant}"
                hint = f"register it in the composition root: `kernel.queue.register('{name}', handler)`"
                yield _spot(act.call, message, name, hint)


def _too_late(analysis: Analysis, source: Source) -> Iterator[Spot]:
    """Within one function of the start, look for a dispatch before the registration of the same job."""
    dispatches = analysis.leads("dispatches", lambda call: _kind(analysis, call, "dispatch"))
    registers = analysis.leads("registrations", lambda call: _kind(analysis, call, "register"))
    for index in range(len(source.facts.functions)):
        if source.symbol(index) in analysis.running:
            continue
        seen: list[tuple[tuple[str, ...], tuple[CallAt, ...]]] = []
        for call in calls_in(source, index):
            earlier = _first(analysis, registers, call, seen)
            if earlier is not None:
                name, way = earlier
                message = f"the handler of '{name}' is registered after the job is dispatched"
                hint = "register every handler before the first dispatch; dispatch at the start from `kernel.on_start`"
                yield _spot(call, message, name, hint, lines((*way, call)))
            way = dispatches.way(call)
            names = analysis.acts.at[way[-1].key].names if way else None
            if names:
                seen.append((names, way))


def _first(
    analysis: Analysis, registers: Leads, call: CallAt, seen: list[tuple[tuple[str, ...], tuple[CallAt, ...]]]
) -> tuple[str, tuple[CallAt, ...]] | None:
    """Return the name of a job that a call registers although an earlier call has dispatched it."""
    way = registers.way(call) if seen else ()
    names = (analysis.acts.at[way[-1].key].names or ()) if way else ()
    for name in names:
        for dispatched, earlier in seen:
            exclusive = _excludes(call, earlier[0])
            if not exclusive and any(covers(each, name) and "*" not in each for each in dispatched):
                return name, earlier
    return None


def _excludes(one: CallAt, other: CallAt) -> bool:
    """Tell whether two calls are in different branches, or the first one's branch never goes on to the second."""
    blocks = one.source.facts.blocks
    for at in other.record.blocks:
        if at not in one.record.blocks and (blocks[at].ends or blocks[at].kind in {"if", "else", "case", "except"}):
            return True
    return False


def _kind(analysis: Analysis, call: CallAt, kind: str) -> str:
    act: Act | None = analysis.acts.at.get(call.key)
    return kind if act is not None and act.kind == kind else ""


def _spot(call: CallAt, message: str, name: str, hint: str, chain: tuple[tuple[Source, int], ...] = ()) -> Spot:
    symbol = call.source.symbol(call.record.function)
    return Spot(call.source, call.record.line, call.record.column, symbol, message, name, hint, chain)


_ROOT = "src/shop/composition_root.py"
_SERVICE = "src/shop/modules/orders/service.py"
_DISPATCHES = """\
from shop.kernel.jobs import Queue

class OrdersService:
    def __init__(self, jobs: Queue) -> None:
        self._jobs = jobs

    async def pay(self, order_id):
        await self._jobs.dispatch("send-receipt", {"order_id": order_id})
"""
_MARKED = _DISPATCHES.replace("_id})\n", "_id})  # error: ARC602\n")
_EMPTY_ROOT = """\
from shop.kernel.app import Kernel

def compose(settings):
    kernel = Kernel(settings)
    return kernel
"""
_FULL_ROOT = """\
from shop.kernel.app import Kernel

async def receipt(job): ...

def compose(settings):
    kernel = Kernel(settings)
    kernel.queue.register("send-receipt", receipt)
    return kernel
"""
_COMMANDS = "src/shop/modules/orders/commands/pay.py"
_PAYS = """\
from shop.kernel.app import Kernel
from shop.kernel.commands import Command, CommandBus

class PayOrder(Command):
    order_id: int

class PayOrderController:
    def __init__(self, commands: CommandBus) -> None:
        self._commands = commands.sends(PayOrder, self)  # error: ARC602

def register_pay(kernel: Kernel) -> None:
    PayOrderController(kernel.resolve(CommandBus))
"""
_HANDLED = """\
    kernel.resolve(CommandBus).register(PayOrder, lambda command, context: None)
"""
_CHAINED = """\
from shop.kernel.app import Kernel
from shop.kernel.commands import Command, CommandBus
from shop.kernel.queries import Query, QueryBus

class PayOrder(Command):
    order_id: int

class ShipOrder(Command):
    order_id: int

class OrdersOf(Query[list[int]]):
    customer_id: int

class OrdersPaid(Query[int]):
    customer_id: int

class OrdersController:
    def __init__(self, commands: CommandBus, queries: QueryBus) -> None:
        self._commands = commands.sends(PayOrder, self).sends(ShipOrder, self)  # error: ARC602
        self._queries = queries.asks(OrdersOf, self).asks(OrdersPaid, self)  # error: ARC602

def register_orders(kernel: Kernel) -> None:
    commands, queries = kernel.resolve(CommandBus), kernel.resolve(QueryBus)
    commands.register(PayOrder, lambda command, context: None)
    queries.register(OrdersOf, lambda query, context: [])
    OrdersController(commands, queries)
"""
_MANY = _MARKED.replace('dispatch("send-receipt", {', 'dispatch_many("send-receipt", [{').replace("_id})", "_id}])")
RULE = Rule(
    code="ARC602",
    name="unregistered-job",
    severity="error",
    summary=(
        "A job is dispatched, or a command or query sent, that nobody registers; or a job's handler is registered "
        "after the first dispatch."
    ),
    why=(
        "A queue takes any name. A job without a handler is stored, retried and buried among the dead letters long "
        "after the request that wanted it was answered with 200; a typing error in the name does the same."
    ),
    hint="register the job's handler in the composition root before anything is dispatched",
    check=check,
    decides=(
        "Found: names written as texts, constants, enumerations or formats with known parts, also through helpers; "
        "classes of commands and queries. Not found: names that are computed; when a registration's name or class is "
        "computed, nothing is."
    ),
    bad=(
        Example("a job nobody registers", {_SERVICE: _MARKED, _ROOT: _EMPTY_ROOT}),
        Example("a command that nobody handles", {_COMMANDS: _PAYS, _ROOT: _EMPTY_ROOT}),
        Example("a command that nobody handles, all in one file", {_ROOT: _PAYS}),
        Example(
            "the second of two commands that are sent, and the second of two queries that are asked",
            {_COMMANDS: _CHAINED, _ROOT: _EMPTY_ROOT},
        ),
        Example(
            "another command of the same name is handled, and the right one in a comment",
            {
                _COMMANDS: _PAYS + "    # kernel.resolve(CommandBus).register(PayOrder, print)\n",
                "src/shop/modules/bills/commands/pay.py": """\
from shop.kernel.app import Kernel
from shop.kernel.commands import Command, CommandBus

class PayOrder(Command):
    bill_id: int

def register_pay(kernel: Kernel) -> None:
    kernel.resolve(CommandBus).register(PayOrder, lambda command, context: None)
""",
                _ROOT: _EMPTY_ROOT,
            },
        ),
        Example("many of them at once", {_SERVICE: _MANY, _ROOT: _EMPTY_ROOT}),
        Example(
            "a name that differs by a letter from the registered one, and a comment that says otherwise",
            {
                _SERVICE: _MARKED,
                _ROOT: _FULL_ROOT.replace(
                    '"send-receipt"', '"send-receipts"  # queue.register("send-receipt")'
                ).replace(", receipt)", "\n        , receipt)"),
            },
        ),
        Example(
            "a constant through a helper that only sounds like a registration",
            {
                _ROOT: _FULL_ROOT,
                "src/shop/modules/orders/jobs.py": """\
from enum import StrEnum

class Jobs(StrEnum):
    RECEIPT = "send-receipt"
    REFUND = "refund"

async def register(queue, name, body):
    await queue.dispatch(name, body)  # error: ARC602
""",
                _SERVICE: """\
from shop.kernel.jobs import Queue
from shop.modules.orders.jobs import Jobs, register

class OrdersService:
    def __init__(self, jobs: Queue) -> None:
        self._jobs = jobs

    async def pay(self, order_id):
        await register(self._jobs, Jobs.RECEIPT, {"order_id": order_id})
        await register(self._jobs, Jobs.REFUND.value, {"order_id": order_id})
""",
            },
        ),
        Example(
            "a handler registered after the first dispatch, which a helper makes",
            {
                _ROOT: """\
from shop.kernel.app import Kernel
from shop.warm_up import warm_up

async def refresh(job): ...

async def compose(settings):
    kernel = Kernel(settings)
    await warm_up(kernel)
    kernel.queue.register("refresh", refresh)  # error: ARC602
    return kernel
""",
                "src/shop/warm_up.py": """\
async def warm_up(kernel):
    await kernel.queue.dispatch("refresh", {})
""",
            },
        ),
    ),
    good=(
        Example(
            "a command that is handled",
            {_COMMANDS: _PAYS.replace("  # error: ARC602", "") + _HANDLED, _ROOT: _EMPTY_ROOT},
        ),
        Example(
            "commands whose handlers are registered from a table",
            {
                _COMMANDS: _PAYS.replace("  # error: ARC602", "")
                + "    for kind, handler in kernel.settings.handlers:\n"
                + "        kernel.resolve(CommandBus).register(kind, handler)\n",
                _ROOT: _EMPTY_ROOT,
            },
        ),
        Example("registered in the composition root", {_SERVICE: _DISPATCHES, _ROOT: _FULL_ROOT}),
        Example(
            "registered in a loop, by constants and a format",
            {
                _SERVICE: _DISPATCHES,
                _ROOT: """\
from shop.kernel.app import Kernel

AREA = "send"

async def handle(job): ...

def compose(settings):
    kernel = Kernel(settings)
    for name in (f"{AREA}-receipt", "refund"):
        kernel.queue.register(name, handle)
    return kernel
""",
            },
        ),
        Example(
            "names that cannot be known, on either side",
            {
                _SERVICE: _DISPATCHES.replace('"send-receipt"', "order_id.kind"),
                _ROOT: """\
from shop.kernel.app import Kernel

def compose(settings, handlers):
    kernel = Kernel(settings)
    for name, handler in handlers.items():
        kernel.queue.register(name, handler)
    return kernel
""",
            },
        ),
        Example(
            "dispatched by a start hook, which runs when everything is registered",
            {
                _ROOT: """\
from shop.kernel.app import Kernel

async def refresh(job): ...

def compose(settings):
    kernel = Kernel(settings)

    async def warm_up():
        await kernel.queue.dispatch("refresh", {})

    kernel.on_start(warm_up)
    kernel.queue.register("refresh", refresh)
    return kernel
""",
            },
        ),
        Example(
            "a dispatcher that is no queue",
            {_SERVICE: "class Desk:\n    def dispatch(self, name): ...\n\nDesk().dispatch('send-receipt')\n"},
        ),
    ),
)
