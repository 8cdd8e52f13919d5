"""Events, jobs, settings and event sourcing (ARC601-ARC606): near misses and dodges beyond the rules' own examples."""

from __future__ import annotations

import pytest

from tests.rules.projects import expected, places

ROOT = "src/shop/composition_root.py"
SERVICE = "src/shop/modules/orders/service.py"
EVENTS = "src/shop/modules/orders/events.py"
AGGREGATE = "src/shop/modules/orders/aggregate.py"
SETTINGS = "src/shop/settings.py"
COMPOSE = "from shop.kernel.app import Kernel\n\ndef compose(settings):\n    return Kernel(settings)\n"
TYPED = """\
from shop.kernel.settings import KernelSettings

class Settings(KernelSettings):
    app_name: str = "shop"
"""

CASES: dict[str, tuple[str, dict[str, str]]] = {
    "a subscription is one under every spelling": (
        "ARC601",
        {
            ROOT: COMPOSE,
            "src/shop/adapters/bus.py": """\
from shop.kernel.bus import EventBus

class OwnBus(EventBus):
    def on(self, name, handler):
        return super().on(name, handler)
""",
            SERVICE: """\
from functools import partial
from shop.adapters.bus import OwnBus
from shop.kernel import bus as kernel_bus
from shop.kernel.app import Kernel
from shop.kernel.bus import DistributedEventBus, EventBus as Bus

class A:
    def __init__(self, bus: Bus, far: DistributedEventBus, own: OwnBus, other: kernel_bus.EventBus) -> None:
        bus.once("a", print)  # error: ARC601
        far.subscribe("a", print)  # error: ARC601
        own.on("a", print)  # error: ARC601
        other.on(handler=print, name="a")  # error: ARC601
        self._bus = bus

    async def later(self):
        self._bus.on("a", partial(print, 1))  # error: ARC601
        self._bus.off("a", print)
        await self._bus.emit("a", {})

    def nested(self):
        def inner():
            return self._bus.on("a", print)  # error: ARC601
        return inner

def late(kernel: Kernel) -> None:
    kernel.events.on("a", print)  # error: ARC601

late(Kernel(None))
""",
        },
    ),
    "whom the root hands the kernel or the bus may subscribe, classes and loops included": (
        "ARC601",
        {
            ROOT: """\
from shop.kernel.app import Kernel
from shop.modules.orders import wiring
from shop.modules.orders.wiring import Wiring, listen

PARTS = [wiring.register]

class Root:
    def __init__(self, settings):
        self.kernel = Kernel(settings)
        self.wire()

    def wire(self):
        wiring.register(self.kernel)
        Wiring().attach(kernel=self.kernel)
        listen(self.kernel.events)
        self.kernel.events.on("a", print)
""",
            "src/shop/modules/orders/wiring.py": """\
from shop.kernel.app import Kernel
from shop.kernel.bus import EventBus

class Wiring:
    def attach(self, kernel: Kernel) -> None:
        kernel.events.on("a", print)

def register(kernel: Kernel) -> None:
    for name in ("a", "b"):
        kernel.events.on(name, print)

def listen(events: EventBus) -> None:
    def one(name):
        events.on(name, print)
    one("a")
""",
        },
    ),
    "a project without a composition root has no law about subscriptions": (
        "ARC601",
        {SERVICE: "from shop.kernel.bus import EventBus\n\nbus = EventBus()\nbus.on('a', print)\n"},
    ),
    "job names in every spelling": (
        "ARC602",
        {
            ROOT: """\
from shop.kernel.app import Kernel
from shop.modules.orders.jobs import AREA, Job, PREFIX

def handle(job): ...

def compose(settings):
    kernel = Kernel(settings)
    kernel.queue.register(Job.PAID, handle)
    kernel.queue.register(PREFIX + "sent", handle)
    kernel.queue.register(name=f"{AREA}.closed", handler=handle)
    return kernel
""",
            "src/shop/modules/orders/jobs.py": """\
from enum import Enum

AREA = "orders"
PREFIX = "orders."

class Job(str, Enum):
    PAID = "orders.paid"
    LOST = "orders.lost"
""",
            SERVICE: """\
from shop.kernel.jobs import Queue
from shop.modules.orders import jobs
from shop.modules.orders.jobs import AREA, Job as Anything, PREFIX

class OrdersService:
    def __init__(self, queue: Queue) -> None:
        self._queue = queue
        self._name = "orders.nobody"

    async def work(self, order, quiet):
        await self._queue.dispatch("orders.paid", {})
        await self._queue.dispatch(Anything.PAID, {})
        await self._queue.dispatch(jobs.Job.PAID.value, {})
        await self._queue.dispatch(f"{AREA}.sent", {})
        await self._queue.dispatch(PREFIX + "closed", {})
        await self._queue.dispatch(f"orders.{order.kind}", {})
        await self._queue.dispatch(order.kind, {})
        await self._queue.dispatch(Anything.LOST, {})  # error: ARC602
        await self._queue.dispatch(PREFIX + "lost", {})  # error: ARC602
        await self._queue.dispatch(name=f"{AREA}.lost")  # error: ARC602
        await self._queue.dispatch(self._name, {})  # error: ARC602
        await self._queue.dispatch(f"customers.{order.kind}", {})  # error: ARC602
        await self._queue.dispatch("orders.sent" if quiet else "orders.loud", {})  # error: ARC602
        for name in ("orders.paid", "orders.other"):
            await self._queue.dispatch(name, {})  # error: ARC602
""",
        },
    ),
    "the order of registration and dispatch counts within the start": (
        "ARC602",
        {
            ROOT: """\
from shop.kernel.app import Kernel

def handle(job): ...

def register(kernel: Kernel, name):
    kernel.queue.register(name, handle)

async def early(settings):
    kernel = Kernel(settings)
    await kernel.queue.dispatch("a", {})
    kernel.queue.register("b", handle)
    kernel.queue.register("a", handle)  # error: ARC602

async def in_order(settings):
    kernel = Kernel(settings)
    kernel.queue.register("a", handle)
    await kernel.queue.dispatch("a", {})

async def either(settings):
    kernel = Kernel(settings)
    if settings.production:
        await kernel.queue.dispatch("b", {})
    else:
        kernel.queue.register("b", handle)
""",
        },
    ),
    "events declared by constants, enumerations and classes": (
        "ARC603",
        {
            EVENTS: """\
from dataclasses import dataclass
from enum import StrEnum
from shop.kernel.events import Event, new_event

AREA = "orders"
SENT = f"{AREA}.sent"
_HIDDEN = "orders.hidden"
LIMIT = 5

class Names(StrEnum):
    PAID = "orders.paid"
    IDLE = "orders.idle"  # error: ARC603

class Base(Event): ...

@dataclass(frozen=True)
class Closed(Base):
    type = "orders.closed"

@dataclass(frozen=True)
class Ignored(Base):  # error: ARC603
    type = "orders.ignored"

@dataclass(frozen=True)
class Matched(Base):
    type = "orders.matched"

@dataclass(frozen=True)
class Unnamed(Base): ...

def closed() -> Closed:
    return Closed()

def sent(order):
    return new_event(SENT, key=order.id, source="orders", data={})
""",
            SERVICE: """\
from shop.kernel.bus import EventBus
from shop.kernel.events import new_event
from shop.modules.orders import events
from shop.modules.orders.events import Ignored, Names, Unnamed

class OrdersService:
    def __init__(self, bus: EventBus) -> None:
        self._bus = bus

    async def work(self, order):
        await self._bus.emit(Names.PAID, {})
        await self._bus.emit(events.closed())
        await self._bus.emit(events.sent(order))
        await self._bus.emit(Ignored())
        await self._bus.emit(Unnamed())
        await self._bus.emit("system.started", {})
        await self._bus.emit(order.event, {})
        await self._bus.emit(new_event("orders.gone", key="1", source="orders", data={}))  # error: ARC603
        await self._bus.emit("orders.hidden", {})  # error: ARC603
        await self._bus.emit(f"customers.{order.kind}", {})  # error: ARC603
        event = new_event(type_="orders.made", key="1", source="orders", data={})
        await self._bus.emit(event)  # error: ARC603
""",
            ROOT: """\
from shop.kernel.app import Kernel
from shop.modules.orders.events import Closed, Matched, Names, Unnamed

def audit(event):
    match event:
        case Matched():
            print(event)

def compose(settings):
    kernel = Kernel(settings)
    kernel.events.on(Names.PAID, print)
    kernel.events.on("orders.s*", print)
    kernel.events.on(Closed, print)
    kernel.events.on(Unnamed, print)
    return kernel
""",
        },
    ),
    "files called events say nothing where there is no bus": (
        "ARC603",
        {
            EVENTS: 'PAID = "orders.paid"\n',
            SERVICE: "class Desk:\n    def emit(self, name): ...\n\nDesk().emit('x.y')\n",
        },
    ),
    "what decides in production, in every spelling": (
        "ARC604",
        {
            SETTINGS: TYPED
            + """\
    use_memory: bool = False
    backend: str = "memory"
    other: str = "database"
""",
            ROOT: """\
import os
from shop.kernel import jobs
from shop.kernel.bus import EventBus, MemoryEventBus
from shop.kernel.jobs import DatabaseJobs, MemoryJobs as Queue
from shop.settings import Settings

BACKEND = "memory"

def compose(settings: Settings, *, given: EventBus | None = None):
    one = jobs.MemoryJobs()  # error: ARC604
    two = Queue() if settings.production else DatabaseJobs()  # error: ARC604
    three = DatabaseJobs() if settings.environment == "production" else Queue()
    four = Queue() if settings.environment != "production" else DatabaseJobs()
    five = Queue() if settings.environment in ("development", "test") else DatabaseJobs()
    six = Queue() if settings.environment not in ("test",) else DatabaseJobs()  # error: ARC604
    seven = Queue() if os.environ["ENV"] == "production" else DatabaseJobs()  # error: ARC604
    eight = Queue() if settings.use_memory else DatabaseJobs()
    nine = Queue() if settings.backend == "memory" else DatabaseJobs()  # error: ARC604
    ten = Queue() if settings.other == "memory" else DatabaseJobs()
    eleven = Queue() if BACKEND == settings.backend else DatabaseJobs()  # error: ARC604
    is_live = settings.environment == "production"
    twelve = Queue() if not is_live else DatabaseJobs()
    bus = given or MemoryEventBus()  # error: ARC604
    return one, two, three, four, five, six, seven, eight, nine, ten, eleven, twelve, bus

def guarded(settings: Settings):
    if settings.production:
        raise SystemExit("no queue")
    return Queue()

def asserted(settings: Settings):
    assert not settings.production
    return Queue()

def wrong_way(settings: Settings):
    if not settings.production:
        return DatabaseJobs()
    return Queue()  # error: ARC604

def chosen(settings: Settings):
    match settings.backend:
        case "memory":
            return Queue()
        case _:
            return DatabaseJobs()
""",
            "src/shop/main.py": """\
from shop.composition_root import asserted, chosen, compose, guarded, wrong_way
from shop.settings import Settings

settings = Settings()
parts = compose(settings), guarded(settings), asserted(settings), wrong_way(settings), chosen(settings)
""",
        },
    ),
    "default secrets by type and by use": (
        "ARC604",
        {
            "src/app/config.py": """\
import os
import secrets
from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings

DEFAULT = "change-me"

class Config(BaseSettings):
    one: SecretStr = SecretStr("one")  # error: ARC604
    two: SecretStr = Field(default=SecretStr("two"))  # error: ARC604
    three: SecretStr = Field(SecretStr(DEFAULT))  # error: ARC604
    four: SecretStr
    five: SecretStr | None = None
    six: SecretStr = SecretStr("")
    seven: SecretStr = Field(default_factory=lambda: SecretStr(secrets.token_hex()))
    eight: SecretStr = SecretStr("eight")
    signing: str = os.getenv("SIGNING", "nine")  # error: ARC604
    session: str = "ten"  # error: ARC604
    other: str = "eleven"  # error: ARC604
    helped: str = "twelve"  # error: ARC604
    secret_key: str = "a name proves nothing"

    @field_validator("eight")
    @classmethod
    def _is_set(cls, value):
        if value.get_secret_value() == "eight":
            raise ValueError("set it")
        return value

config = Config()
""",
            "src/app/tokens.py": """\
import hmac
import jwt
from itsdangerous import URLSafeSerializer as Anything
from app.config import config

SIGNING = config.signing
KEY = "written down"

def sign(payload, given):
    jwt.encode(payload, SIGNING)
    jwt.encode([payload], config.signing)
    Anything(config.session)
    jwt.encode(payload, given)
    hmac.new("WebAppData".encode(), payload)
    hmac.new(config.other.encode(), payload)
    jwt.decode(payload, key="-----BEGIN PUBLIC KEY-----")
    jwt.encode(payload, KEY.encode())  # error: ARC604
    jwt.encode(payload, key="also written")  # error: ARC604
    helped(payload, key=config.helped)

def helped(payload, key):
    return jwt.encode(payload, key)

def more(config, payload):
    print(config.secret_key)
""",
        },
    ),
    "writes and events under one transaction or apart": (
        "ARC605",
        {
            "src/shop/modules/orders/model.py": "class Order: ...\n",
            SERVICE: """\
from shop.kernel.bus import EventBus
from shop.kernel.database import Database
from shop.kernel.jobs import Queue
from shop.kernel.outbox import Outbox
from shop.kernel.repository import RepositoryAdapter
from shop.modules.orders.model import Order

class OrdersService:
    def __init__(
        self, rows: RepositoryAdapter[Order], bus: EventBus, queue: Queue, db: Database, outbox: Outbox
    ) -> None:
        self._rows, self._anything = rows, bus
        self._orders = rows
        self._bus = bus
        self._queue = queue
        self._db = db
        self._outbox = outbox

    async def bulk(self, ids):
        await self._orders.update_many(ids, {"paid": True})
        for one in ids:
            await self._bus.emit("orders.paid", {"id": one})  # error: ARC605

    async def job(self, key):
        await self._orders.delete(key)
        await self._queue.dispatch("tidy", {})  # error: ARC605

    async def lambda_like(self, key):
        row = await self._orders.create({"id": key})
        if row:
            await self._tell(row)  # error: ARC605

    async def _tell(self, row):
        await self._bus.emit("orders.made", {"id": row.id})

    async def two_transactions(self, key):
        async with self._db.transaction():
            await self._orders.delete(key)
        async with self._db.transaction():
            await self._bus.emit("orders.gone", {})  # error: ARC605

    async def emitted_inside_only(self, key):
        await self._orders.delete(key)
        async with self._db.transaction():
            await self._bus.emit("orders.gone", {})  # error: ARC605

    async def a_with_that_is_no_transaction(self, key, lock):
        async with lock:
            await self._orders.delete(key)
            await self._bus.emit("orders.gone", {})  # error: ARC605

    async def together(self, key):
        async with self._db.transaction(savepoint=True):
            async with self._db.session():
                await self._orders.delete(key)
            if key:
                await self._tell(key)

    async def recorded(self, key):
        await self._orders.delete(key)
        await self._outbox.add("orders.gone", {})

    async def early_return(self, key):
        if not key:
            await self._bus.emit("orders.nothing", {})
            return
        await self._orders.delete(key)

    async def counted(self, key):
        rows = await self._orders.find_many({"key": key})
        await self._bus.emit("orders.read", {"rows": len(rows)})

    async def matched(self, key):
        match key:
            case 1:
                await self._orders.delete(key)
            case _:
                await self._bus.emit("orders.kept", {})

    async def own_block(self, key):
        async with self.work():
            await self._orders.delete(key)
            await self._bus.emit("orders.gone", {})

    def work(self):
        return self._db.transaction()
""".replace("        self._rows, self._anything = rows, bus\n", ""),
        },
    ),
    "handlers run in a transaction of the runtime's": (
        "ARC605",
        {
            "src/shop/modules/orders/model.py": "class Order: ...\n",
            ROOT: """\
from shop.kernel.app import Kernel
from shop.modules.orders.repository import OrdersRepository

def compose(settings):
    kernel = Kernel(settings)
    rows = OrdersRepository(kernel.database)

    async def handle(event):
        await rows.create({})
        await kernel.events.emit("orders.made", {})

    kernel.events.on("orders.asked", handle)
    return kernel
""",
            "src/shop/modules/orders/repository.py": """\
from shop.kernel.repository_sql import SqlRepository
from shop.modules.orders.model import Order

class OrdersRepository(SqlRepository[Order]):
    model = Order
""",
        },
    ),
    "brokers and task libraries beside a session": (
        "ARC605",
        {
            "src/app/tasks.py": """\
import dramatiq
from celery import Celery

app = Celery("app")

@app.task(bind=True)
def one(self, key): ...

@dramatiq.actor
def two(key): ...

class Letter:
    def send(self, key): ...
    def delay(self, key): ...

letter = Letter()
""",
            "src/app/work.py": """\
from aiokafka import AIOKafkaProducer
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from app.tasks import letter, one, two

def before_commit(session: Session, row):
    session.add(row)
    session.flush()
    one.delay(row.id)  # error: ARC605
    two.send(row.id)  # error: ARC605
    letter.send(row.id)
    letter.delay(row.id)
    session.commit()

def after_commit(session: Session, row):
    session.add(row)
    session.commit()
    one.apply_async(args=[row.id])
    two.send(row.id)

def without_commit(session: Session, row):
    session.add(row)
    one.delay(row.id)

def in_block(session: Session, row):
    with session.begin():
        session.execute(update(row))
        one.delay(row.id)  # error: ARC605
    with session.begin():
        session.execute(select(row))
        one.delay(row.id)

async def kafka(session: Session, producer: AIOKafkaProducer, row):
    session.merge(row)
    session.commit()
    await producer.send_and_wait("orders", b"made")  # error: ARC605

async def only_told(producer: AIOKafkaProducer):
    await producer.send_and_wait("orders", b"made")
""",
        },
    ),
    "what evolve, decide and projections may ask": (
        "ARC606",
        {
            AGGREGATE: """\
import datetime
import random
import secrets
import time as t
import uuid
from datetime import datetime as when
from shop.kernel.aggregate import Aggregate, Decider
from shop.kernel.bus import EventBus
from shop.kernel.clock import Clock, utc_now
from shop.kernel.ids import new_id

class Base(Aggregate):
    def later(self):
        return t.time()

class Order(Base):
    def __init__(self, clock: Clock, bus: EventBus) -> None:
        self.clock = clock
        self.bus = bus
        self.made = when.now()

    def evolve(self, state, event):
        a = when.now()  # error: ARC606
        b = datetime.datetime.utcnow()  # error: ARC606
        c = utc_now()  # error: ARC606
        d = self.clock.now()  # error: ARC606
        e = self.later()  # error: ARC606
        f = [random.random() for _ in range(3)]  # error: ARC606
        g = open("/tmp/x")  # error: ARC606
        h = when.fromisoformat(event.data["at"])
        i = event.now()
        j = random.Random(event.data["seed"]).random()
        k = uuid.UUID(event.data["id"])
        l = uuid.uuid5(k, "x")
        def inner():
            return secrets.token_hex()  # error: ARC606
        return state

    def decide(self, state, command):
        return [new_id(), uuid.uuid4()]  # error: ARC606 # error: ARC606

    def title(self):
        return when.now()

def pure(state, command):
    return []

def impure(state, event):
    return t.monotonic()  # error: ARC606

orders = Decider(lambda: {}, decide=pure, evolve=impure)
""",
            "src/shop/modules/orders/projection.py": """\
import datetime
import smtplib
from shop.kernel.bus import EventBus
from shop.kernel.jobs import Queue
from shop.kernel.projection import Projection
from shop.kernel.repository import RepositoryAdapter
from shop.modules.orders.letters import letter

class Listing(Projection):
    def __init__(self, rows: RepositoryAdapter["Row"], bus: EventBus, queue: Queue) -> None:
        self.rows = rows
        self.bus = bus
        self.queue = queue

    async def on_paid(self, event):
        await self.rows.update(event.key, {"at": datetime.datetime.now()})
        await self.bus.emit("orders.listed", {})  # error: ARC606
        await self.queue.dispatch("tell", {})  # error: ARC606
        letter(event)  # error: ARC606
""",
            "src/shop/modules/orders/letters.py": """\
import smtplib

def letter(event):
    _deliver(event)

def _deliver(event):
    with smtplib.SMTP("localhost") as server:
        server.send_message(event)
""",
        },
    ),
}


@pytest.mark.parametrize(("code", "files"), [pytest.param(*case, id=name) for name, case in CASES.items()])
def test_what_counts_is_what_a_call_does(code: str, files: dict[str, str]) -> None:
    assert places(files, code) == expected(files)


ROUND_AND_ROUND = {
    SERVICE: """\
from shop.kernel.bus import EventBus
from shop.kernel.events import Event
from shop.kernel.jobs import MemoryJobs, Queue
from shop.settings import Settings

class Own(Event):
    type = Own()

class OrdersService:
    def __init__(self, bus: EventBus, queue: Queue, settings: Settings) -> None:
        self._bus = bus
        self._queue = queue
        self._name = self._name
        bus.on(self, self)

    async def work(self, name, *rest, **more):
        await self._bus.emit(self)
        await self._bus.emit(self._name)
        await self._bus.emit(Own())
        await self._bus.emit(*rest)
        await self._bus.emit()
        await self._queue.dispatch(**more)
        await self.work(name, *rest)
        again = not again
        loop = loop + "x"
        return MemoryJobs() if again else loop

    def same(self):
        return self.same()
""",
    ROOT: """\
from shop.kernel.app import Kernel
from shop.modules.orders.service import OrdersService, Own

x = y
y = x

def compose(settings):
    kernel = Kernel(settings)
    kernel.events.on(x, compose)
    kernel.events.on("*" * 500, compose)
    kernel.events.emit("a" * 4000)
    return compose(compose(settings))
""",
    SETTINGS: "from pydantic import Field, SecretStr\n" + TYPED + "    again: SecretStr = KEY\n\nKEY = Field(KEY)\n",
}


@pytest.mark.parametrize("code", ["ARC305", "ARC306", *(f"ARC60{number}" for number in range(1, 8))])
def test_names_that_lead_back_to_themselves_end_nowhere(code: str) -> None:
    assert len(places(ROUND_AND_ROUND, code)) < 4
