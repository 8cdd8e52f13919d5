"""The words of events, jobs, sockets and event sourcing: the one table that the runtime's parts keep in step with.

A call is known by the canonical name of the method it reaches, `kernel.EventBus.emit`, whatever the variable is called
and whichever subclass holds it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from arckode_analyzers.model.sinks import words

if TYPE_CHECKING:
    from collections.abc import Mapping

Kind = Literal[
    "subscribe",
    "emit",
    "publish",
    "record",
    "register",
    "dispatch",
    "schedule",
    "attach",
    "sync",
    "define",
    "handle",
    "send",
    "start",
]


@dataclass(frozen=True, slots=True)
class Word:
    """What a call does, and at which positions it takes the name and the handler; -1 where it takes none.

    An `emit` goes through the runtime's own bus, which joins the running transaction; a `publish` goes straight to a
    broker; a `record` writes to the outbox.
    """

    kind: Kind
    name: int = -1
    handler: int = -1


BUSES = words("EventBus MemoryEventBus RecordingBus")
# Between processes; what it publishes goes through the outbox, in the transaction that is running.
DISTRIBUTED_BUSES = words("DistributedEventBus")
BROKERS = words("RedisBroker RabbitBroker KafkaBroker MemoryBroker")
QUEUES = words("Queue")
OUTBOXES = words("Outbox DatabaseOutbox MemoryOutbox")
SCHEDULERS = words("Scheduler")
SOCKETS = words("WebSockets Streams")
MAILERS = words("Mail Mailer SmtpMail OutboxMail MemoryMail RecordingMail")
PUSHERS = words("Push MemoryPush OutboxPush")
COMMAND_BUSES = words("CommandBus QueryBus")
CLOCKS = words("Clock SystemClock FakeClock")
AGGREGATES = words("Aggregate Decider")
# Where a Decider takes its functions when they are given by position.
DECIDER = ("one", "category", "events", "decide", "evolve")
PROJECTIONS = words("Projection")
# What the events of an aggregate are built on; they are stored, not sent.
STORED_EVENT = "kernel.EventData"
# Calls that let the application know events which no decider lists.
WIDER_CATALOGUE = frozenset({"kernel.EventCatalogue.add"})
# What stores an aggregate's events, in the transaction that is running if one is.
APPENDS = frozenset({"kernel.Aggregates.execute", "kernel.EventStore.append"})
EVENT_CLASSES = words("Event DomainEvent")
# What forgets everything when the process ends, and what to put in its place.
VOLATILE: Mapping[str, str] = {
    "kernel.MemoryJobs": "the queue on the project's own database",
    "kernel.MemoryEventBus": "a durable bus behind the outbox",
    "kernel.MemoryBroker": "Redis Streams, RabbitMQ or Kafka",
    "kernel.MemoryEvents": "the event store on the project's own database",
    "kernel.MemoryInbox": "the inbox on the project's own database",
    "kernel.MemoryLetters": "the dead letters on the project's own database",
    "kernel.MemoryTokens": "signed tokens, which every process can check",
    "kernel.MemoryOutbox": "the outbox on the project's own database",
    "kernel.MemoryRepository": "SqlRepository",
    "kernel.MemoryDatabase": "Database",
    "kernel.MemoryMail": "SMTP",
    "kernel.MemoryPush": "a service of yours, with PUSH__PROVIDER=own",
    "kernel.MemoryStorage": "local or S3 storage",
}


def _of(owners: frozenset[str], methods: str, word: Word) -> dict[str, Word]:
    return {f"kernel.{owner}.{method}": word for owner in owners for method in methods.split()}


CALLS: Mapping[str, Word] = {
    **_of(BUSES, "on once subscribe", Word("subscribe", 0, 1)),
    **_of(DISTRIBUTED_BUSES, "subscribe", Word("subscribe", 0, 1)),
    **_of(DISTRIBUTED_BUSES, "emit publish", Word("record", 0)),
    **_of(BUSES, "emit publish", Word("emit", 0)),
    **_of(BROKERS, "publish", Word("publish", 0)),
    **_of(OUTBOXES, "add", Word("record", 0)),
    **_of(QUEUES, "register", Word("register", 0, 1)),
    **_of(QUEUES, "dispatch dispatch_many", Word("dispatch", 0)),
    **_of(COMMAND_BUSES, "register", Word("handle", -1, 1)),
    **_of(words("CommandBus QueuedCommands"), "sends", Word("send")),
    "kernel.QueryBus.asks": Word("send"),
    **_of(SCHEDULERS, "every cron at register", Word("schedule", -1, 1)),
    **_of(SOCKETS, "attach", Word("attach")),
    "kernel.Schema.sync": Word("sync"),
    "kernel.sync_schema": Word("sync"),
    "sqlalchemy.MetaData.create_all": Word("sync"),
    "kernel.Database.create_tables": Word("sync"),
    "kernel.Schema.define": Word("define"),
    "kernel.Kernel.add_module": Word("define"),
    "kernel.Kernel.add_projection": Word("define"),
    "kernel.Kernel.authenticate_with": Word("define"),
    "kernel.Kernel.add_middleware": Word("define"),
    "kernel.Kernel.add_probe": Word("define"),
    "kernel.Kernel.declare": Word("define"),
    "kernel.Kernel.describe_with": Word("define"),
    "kernel.Kernel.provide": Word("define"),
    "kernel.Kernel.wrap": Word("define"),
    "kernel.Kernel.on_drain": Word("define", -1, 0),
    "kernel.Kernel.on_start": Word("define", -1, 0),
    "kernel.Kernel.on_ready": Word("define", -1, 0),
    "kernel.Kernel.on_stop": Word("define", -1, 0),
    "kernel.Kernel.share": Word("define"),
    "kernel.Kernel.asgi": Word("start"),
    "fastapi.FastAPI.include_router": Word("define"),
    "fastapi.FastAPI.add_middleware": Word("define"),
    "fastapi.FastAPI.mount": Word("define"),
    "fastapi.FastAPI.add_event_handler": Word("define", -1, 1),
}

SYNC: Final = CALLS["sqlalchemy.MetaData.create_all"]

# Attributes of the runtime's objects that hold one of the parts above.
MEMBERS: Mapping[str, str] = {
    "kernel.Kernel.events": "kernel.EventBus",
    "kernel.Kernel.bus": "kernel.EventBus",
    "kernel.Kernel.queue": "kernel.Queue",
    "kernel.Kernel.scheduler": "kernel.Scheduler",
    "kernel.Kernel.sockets": "kernel.WebSockets",
    "kernel.Kernel.schema": "kernel.Schema",
    "kernel.Kernel.outbox": "kernel.Outbox",
    "kernel.Kernel.commands": "kernel.CommandBus",
    "kernel.Kernel.queries": "kernel.QueryBus",
    "kernel.Kernel.mail": "kernel.Mail",
    "kernel.Kernel.clock": "kernel.Clock",
}

# What `kernel.adapter(PORT)` answers.
ADAPTERS: Mapping[str, str] = {
    "kernel.CACHE": "kernel.Cache",
    "kernel.EVENT_BUS": "kernel.DistributedEventBus",
    "kernel.EVENT_STORE": "kernel.EventStore",
    "kernel.MAIL": "kernel.Mail",
    "kernel.PUSH": "kernel.Push",
    "kernel.QUEUE": "kernel.Queue",
    "kernel.SOCKETS": "kernel.WebSockets",
    "kernel.STORAGE": "kernel.Storage",
    "kernel.STREAMS": "kernel.Streams",
    "kernel.TOKENS": "kernel.AccessTokens",
}

# By the settings of a port: the provider that they choose unless they say one, and who provides each.
PROVIDERS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "kernel.CacheSettings": ("memory", {"redis": "provide_redis_cache"}),
    "kernel.EventBusSettings": (
        "memory",
        {"redis": "provide_redis_bus", "rabbitmq": "provide_rabbitmq_bus", "kafka": "provide_kafka_bus"},
    ),
    "kernel.EventStoreSettings": (
        "database",
        {
            **dict.fromkeys(("database", "sqlite", "postgresql", "mariadb", "mysql"), "provide_event_store"),
            "redis": "provide_redis_event_store",
            "mongodb": "provide_mongodb_event_store",
        },
    ),
    "kernel.MailSettings": ("memory", {"smtp": "provide_smtp_mail"}),
    "kernel.QueueSettings": ("database", {"database": "provide_database_queue", "redis": "provide_redis_queue"}),
    "kernel.StorageSettings": ("memory", {"local": "provide_local_storage", "s3": "provide_s3_storage"}),
    "kernel.TokenSettings": ("memory", {"jwt": "provide_jwt_tokens"}),
}
# Variables that choose a provider and are not named after the setting.
PROVIDER_VARIABLES: Mapping[str, str] = {
    "EVENT_BUS_PROVIDER": "kernel.EventBusSettings",
    "EVENT_STORE_PROVIDER": "kernel.EventStoreSettings",
}

# Brokers that keep what they are given, by the package their objects come from and the methods that hand it over.
EXTERNAL_PUBLISH: Mapping[str, frozenset[str]] = {
    "aio_pika": words("publish"),
    "aiokafka": words("send send_and_wait"),
    "aiormq": words("basic_publish"),
    "confluent_kafka": words("produce"),
    "faststream": words("publish"),
    "kafka": words("send"),
    "nats": words("publish"),
    "pika": words("basic_publish"),
    "redis": words("xadd"),
}
# Task libraries: the decorators that make a function a task, and the methods of a task that start it.
TASK_DECORATORS = frozenset({"task", "shared_task", "actor", "periodic_task"})
TASK_PACKAGES: Mapping[str, frozenset[str]] = {
    "celery": words("delay apply_async"),
    "dramatiq": words("send send_with_options"),
    "taskiq": words("kiq"),
    "huey": words("schedule"),
}
TRANSACTIONS = frozenset(
    {
        *(f"kernel.{owner}.transaction" for owner in ("Database", "MemoryDatabase", "UnitOfWork")),
        *(f"kernel.{owner}.transaction" for owner in ("RepositoryAdapter", "SqlRepository", "MemoryRepository")),
        *(f"sqlalchemy.{owner}.begin" for owner in ("Session", "AsyncSession", "Connection", "AsyncConnection")),
        *(f"sqlalchemy.{owner}.begin" for owner in ("Engine", "AsyncEngine", "sessionmaker", "async_sessionmaker")),
        *(f"sqlalchemy.{owner}.begin" for owner in ("create_engine", "create_async_engine")),
    }
)

# What a pure function must not ask, by canonical name, with the word for it in a message.
IMPURE: Mapping[str, str] = {
    **dict.fromkeys(
        words(
            "datetime.datetime.now datetime.datetime.utcnow datetime.datetime.today datetime.date.today time.time"
            " time.time_ns time.monotonic time.perf_counter time.localtime time.gmtime kernel.utc_now kernel.utc_today"
            " django.utils.timezone.now pendulum.now arrow.now arrow.utcnow whenever.Instant.now"
        ),
        "the clock",
    ),
    **dict.fromkeys((f"kernel.{clock}.{method}" for clock in CLOCKS for method in ("now", "today")), "the clock"),
    **dict.fromkeys(
        words(
            "uuid.uuid1 uuid.uuid4 uuid.uuid6 uuid.uuid7 os.urandom kernel.new_id kernel.new_token"
            " random.random random.randint random.choice random.choices random.shuffle random.sample random.uniform"
            " random.randrange random.getrandbits random.gauss secrets.token_hex secrets.token_urlsafe"
            " secrets.token_bytes secrets.choice secrets.randbelow"
        ),
        "randomness",
    ),
    **dict.fromkeys(
        words(
            "builtins.open builtins.input os.getenv os.environ.get os.remove os.listdir subprocess.run subprocess.Popen"
            " time.sleep asyncio.sleep anyio.sleep socket.create_connection urllib.request.urlopen"
        ),
        "the outside world",
    ),
}
NETWORK = frozenset({"requests", "httpx", "httpx2", "aiohttp", "urllib3", "smtplib", "aiosmtplib", "boto3", "redis"})
SIDE_EFFECTS: Mapping[str, str] = {
    **{f"kernel.{pusher}.send": "sends a push notification" for pusher in PUSHERS},
    **{f"kernel.{mailer}.{method}": "sends mail" for mailer in MAILERS for method in ("send", "send_later", "deliver")},
    **{f"kernel.{owner}.{method}": "pushes to clients" for owner in SOCKETS for method in ("broadcast", "send_to")},
    "kernel.Streams.publish": "pushes to clients",
    "smtplib.SMTP.send_message": "sends mail",
    "smtplib.SMTP.sendmail": "sends mail",
    "aiosmtplib.send": "sends mail",
    "subprocess.run": "starts a program",
    "subprocess.Popen": "starts a program",
    **{
        f"{package}.{owner}{method}": "calls another system"
        for package, owners in (
            ("requests", ("", "Session.")),
            ("httpx", ("", "Client.", "AsyncClient.")),
            ("httpx2", ("", "Client.", "AsyncClient.")),
            ("aiohttp", ("ClientSession.",)),
        )
        for owner in owners
        for method in words("get post put patch delete request head")
    },
}
