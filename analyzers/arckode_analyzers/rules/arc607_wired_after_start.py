"""ARC607: something that is put together when the program already runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_analyzers.facts.shapes import within
from arckode_analyzers.model.acts import calls_in
from arckode_analyzers.model.leads import lines
from arckode_analyzers.model.transactions import exclude_each_other
from arckode_analyzers.rule import Example, Rule, Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.calls import CallAt
    from arckode_analyzers.model.source import Source

_WHAT = {
    "subscribe": "a handler is subscribed",
    "register": "the handler of a job is registered",
    "schedule": "a job is scheduled",
    "attach": "a socket is attached",
    "sync": "the schema is synced",
    "define": "a part is registered",
    "handle": "a part is registered",
}
_TOO_LATE_IN_HOOKS = frozenset({"add_module", "authenticate_with", "on_start"})


def check(analysis: Analysis, source: Source) -> Iterator[Spot]:
    """Report wiring in code that serves requests, in start hooks where it is too late, and after `asgi()`."""
    yield from _late_models(analysis, source)
    if not any(act.kind in _WHAT for act in analysis.acts.all):
        return
    hooks = _hooks(analysis)
    for call in analysis.calls(source):
        kind = _kind(analysis, call)
        way = analysis.running.get(call.caller)
        if kind and way is not None:
            yield _spot(call, kind, "while requests are served", (*way, call))
        elif kind and call.caller in hooks and call.record.func[-1] in _TOO_LATE_IN_HOOKS:
            yield _spot(call, kind, "by a start hook, when the application is already made", (call,))
    yield from _after_the_start(analysis, source)


def _kind(analysis: Analysis, call: CallAt) -> str:
    act = analysis.acts.at.get(call.key)
    return act.kind if act is not None and act.kind in _WHAT else ""


def _late_models(analysis: Analysis, source: Source) -> Iterator[Spot]:
    """Report a mapped class that is made by code which serves requests."""
    for index, record in enumerate(source.facts.classes):
        if record.function == 0 or source.symbol(record.function) not in analysis.running:
            continue
        way = analysis.running[source.symbol(record.function)]
        if analysis.columns.of(analysis.class_value(source, index)) is not None:
            symbol = source.class_symbols[index]
            message = f"the model `{record.name}` is registered while requests are served: the second time it fails"
            yield Spot(source, record.line, record.column, symbol, message, record.name, "", lines(way))


def _hooks(analysis: Analysis) -> frozenset[str]:
    handlers = (act.handler for act in analysis.acts.of("define") if act.call.record.func[-1] == "on_start")
    return frozenset(handler.symbol for handler in handlers if handler is not None)


def _after_the_start(analysis: Analysis, source: Source) -> Iterator[Spot]:
    """Within one function, look for wiring behind the call that makes the application."""
    starts = analysis.leads("starts", lambda call: "start" if _is_start(analysis, call) else "")
    wires = analysis.leads("wires", lambda call: _kind(analysis, call))
    if not starts.own:
        return
    for index in range(len(source.facts.functions)):
        if source.symbol(index) in analysis.running:
            continue
        started: list[tuple[CallAt, tuple[CallAt, ...]]] = []
        for call in calls_in(source, index):
            way = starts.way(call)
            if way:
                started.append((call, way))
                continue
            wiring = wires.way(call) if started else ()
            before = next((each for each in started if _is_before(each[0], call)), None)
            if wiring and before is not None:
                place = f"after `{before[0].record.func[-1]}` in line {before[0].record.line} has made the application"
                yield _spot(call, wires.what(wiring), place, (*before[1], *wiring))


def _is_before(start: CallAt, call: CallAt) -> bool:
    """Tell whether one call runs before another: what a call is made on or given runs first."""
    is_inside = any(part == call.record.shape for part in within(start.record.shape))
    return not is_inside and not exclude_each_other(start, call)


def _is_start(analysis: Analysis, call: CallAt) -> bool:
    act = analysis.acts.at.get(call.key)
    return act is not None and act.kind == "start"


def _spot(call: CallAt, kind: str, when: str, way: tuple[CallAt, ...]) -> Spot:
    message = f"{_WHAT[kind]} {when}: what came before never sees it"
    chain = lines(way) if len(way) > 1 else ()
    record = call.record
    return Spot(call.source, record.line, record.column, call.caller, message, kind, "", chain)


_ROOT = "src/shop/composition_root.py"
_CONTROLLER = "src/shop/modules/orders/controller.py"
RULE = Rule(
    code="ARC607",
    name="wired-after-start",
    severity="error",
    summary="A module, a handler, a socket or the schema is set up after the start.",
    why=(
        "Routes, ports and subscriptions are read once, when the application is made. What is added later is not "
        "there for whoever came first, is added once per request or per process, and makes two instances of the same "
        "program behave differently. The kernel refuses it when it runs; this finds it before."
    ),
    hint="do it in the composition root, before `kernel.asgi()`",
    check=check,
    decides=(
        "Found: the runtime's registrations, FastAPI's (`include_router`, `add_middleware`, `mount`), `create_all` and "
        "mapped classes in what routes and handlers call, and behind `kernel.asgi()`. Not found: wiring in "
        "dependencies, in threads and tasks that nothing calls, and models that are computed."
    ),
    bad=(
        Example(
            "a handler subscribed by every request, two calls deep",
            {
                _CONTROLLER: """\
from fastapi import APIRouter
from shop.modules.orders.startup import compose

router = APIRouter(prefix="/orders")

@router.post("/watch")
async def watch(name: str):
    compose(name)
""",
                "src/shop/modules/orders/startup.py": """\
from shop.kernel.bus import EventBus

bus = EventBus()

def compose(name):
    at_boot(name)

def at_boot(name):
    bus.on(name, print)  # error: ARC607
""",
            },
        ),
        Example(
            "a module added when the application is made, and a comment that says before",
            {
                _ROOT: """\
from shop.kernel.app import Kernel
from shop.modules.orders import register_orders
from shop.modules.orders.service import OrdersService

def compose(settings):
    kernel = Kernel(settings)
    app = kernel.asgi()
    register_orders(kernel)  # error: ARC607
    kernel.sockets.attach(app)  # before kernel.asgi()  # error: ARC607
    return app
""",
                "src/shop/modules/orders/__init__.py": """\
from shop.kernel.app import Kernel
from shop.modules.orders.service import OrdersService

def register_orders(kernel: Kernel) -> None:
    kernel.add_module("orders", service=OrdersService())
""",
                "src/shop/modules/orders/service.py": "class OrdersService: ...\n",
            },
        ),
        Example(
            "the schema synced by a job, a module added by a start hook",
            {
                _ROOT: """\
from shop.kernel.app import Kernel

def compose(settings):
    kernel = Kernel(settings)

    async def tidy(job):
        await kernel.schema.sync()  # error: ARC607

    async def late():
        kernel.add_module("late", service=object())  # error: ARC607

    kernel.queue.register("tidy", tidy)
    kernel.on_start(late)
    return kernel
""",
            },
        ),
        Example(
            "a router included by a request of a plain FastAPI application",
            {
                "src/app/main.py": """\
from fastapi import APIRouter, FastAPI

anything = FastAPI()

@anything.post("/plugins/{name}")
async def enable(name: str):
    anything.include_router(APIRouter(prefix=name))  # error: ARC607
""",
            },
        ),
    ),
    good=(
        Example(
            "everything before the application is made",
            {
                _ROOT: """\
from shop.kernel.app import Kernel

def compose(settings):
    kernel = Kernel(settings)
    kernel.add_module("orders", service=object())
    kernel.events.on("orders.paid", print)
    kernel.sockets.attach(kernel)
    return kernel.asgi()
""",
            },
        ),
        Example(
            "the schema synced and work begun by a start hook",
            {
                _ROOT: """\
from shop.kernel.app import Kernel

def compose(settings):
    kernel = Kernel(settings)

    async def prepare():
        await kernel.schema.sync()
        await kernel.queue.dispatch("warm-up", {})

    kernel.on_start(prepare)
    return kernel
""",
            },
        ),
        Example(
            "a FastAPI application put together at import, in a factory and in its lifespan",
            {
                "src/app/main.py": """\
from contextlib import asynccontextmanager
from fastapi import APIRouter, FastAPI

router = APIRouter()

@asynccontextmanager
async def lifespan(app: FastAPI):
    app.include_router(router, prefix="/late")
    yield

def create() -> FastAPI:
    app = FastAPI(lifespan=lifespan)
    app.include_router(router)
    return app

app = create()
app.mount("/static", create())
""",
            },
        ),
        Example(
            "a request that emits, dispatches and turns on something that is no bus",
            {
                _CONTROLLER: """\
from fastapi import APIRouter
from shop.kernel.bus import EventBus
from shop.kernel.jobs import Queue

router = APIRouter(prefix="/orders")
bus, queue = EventBus(), Queue()

class Lamp:
    def on(self, name, handler): ...

@router.post("/watch")
async def watch(name: str):
    await bus.emit("orders.watched", {})
    await queue.dispatch("watch", {})
    Lamp().on(name, print)
""",
                _ROOT: """\
from shop.kernel.app import Kernel

def compose(settings):
    kernel = Kernel(settings)
    kernel.events.on("orders.watched", print)
    return kernel
""",
            },
        ),
    ),
)
