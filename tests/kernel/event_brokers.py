"""Every broker of the bus's tests: the memory, the servers that are there, and servers of a test's own."""

from __future__ import annotations

import asyncio
import secrets
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import aiormq
import pytest
from pydantic import SecretStr

from kernel.clock import SystemClock
from kernel.event_bus import DistributedEventBus, EventBusSettings
from kernel.event_bus_kafka import KafkaBroker
from kernel.event_bus_memory import MemoryBroker, MemoryInbox, MemoryLetters
from kernel.event_bus_rabbitmq import RabbitBroker
from kernel.event_bus_redis import RedisBroker
from tests.kernel.test_cache import cleared
from tests.services import kafka_brokers, rabbitmq_url, redis_url

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from kernel.event_bus_values import Broker, Inbox, Letters
    from kernel.events import Event

PATIENCE = 90.0
QUICK = EventBusSettings(poll=0.05, lease=1.0, grace=5.0, prefetch=20, rabbitmq_queues="classic")


@dataclass(slots=True)
class Place:
    """A broker's server, and what the processes that share it are made with."""

    broker: Callable[[EventBusSettings], Broker]
    settings: EventBusSettings
    letters: Letters = field(default_factory=MemoryLetters)
    inbox: Inbox = field(default_factory=MemoryInbox)
    made: list[DistributedEventBus] = field(default_factory=list)

    def bus(self, **changes: object) -> DistributedEventBus:
        """Make a bus as one process has it."""
        settings = self.settings.model_copy(update=changes)
        bus = DistributedEventBus(
            self.broker(settings), self.letters, self.inbox, clock=SystemClock(), settings=settings, source="shop"
        )
        self.made.append(bus)
        return bus


@asynccontextmanager
async def opened_broker(kind: str) -> AsyncGenerator[Place]:
    """Open a place on a server that is there, with names of its own."""
    prefix = f"test-{secrets.token_hex(6)}"
    if kind == "memory":
        shared = MemoryBroker()
        place = Place(lambda _: shared, QUICK)
    elif kind == "redis":
        url = redis_url()
        place = redis_place(url, prefix)
    elif kind == "rabbitmq":
        url = rabbitmq_url()
        place = rabbitmq_place(url, prefix)
    else:
        place = kafka_place(await asyncio.to_thread(kafka_brokers), prefix)
    try:
        yield place
    finally:
        for bus in place.made:
            await bus.stop()
        if kind == "redis":
            await cleared(url, f"{{{prefix}")
        if kind == "rabbitmq":
            await without_queues(url, prefix, place)


def redis_place(url: str, prefix: str) -> Place:
    settings = QUICK.model_copy(update={"provider": "redis", "redis_url": SecretStr(url)})
    return Place(lambda chosen: RedisBroker(chosen, prefix=prefix), settings)


def rabbitmq_place(url: str, prefix: str) -> Place:
    settings = QUICK.model_copy(update={"provider": "rabbitmq", "rabbitmq_url": SecretStr(url)})
    return Place(lambda chosen: RabbitBroker(chosen, prefix=prefix), settings)


def kafka_place(address: str, prefix: str) -> Place:
    # A lease below six seconds is what genuine Kafka refuses, and so is another number of replicas than it has servers.
    settings = QUICK.model_copy(update={"provider": "kafka", "kafka_brokers": address, "lease": 6.0})
    return Place(lambda chosen: KafkaBroker(chosen, prefix=prefix), settings)


async def without_queues(url: str, prefix: str, place: Place) -> None:
    """Remove what a test made in RabbitMQ."""
    connection = await aiormq.connect(url)
    channel = await connection.channel()
    groups = {each.group for bus in place.made for each in bus.subscriptions}
    for group in groups:
        for partition in range(place.settings.partitions):
            await channel.queue_delete(f"{prefix}:events:{group}:{partition}")
    await channel.exchange_delete(f"{prefix}:events")
    await connection.close()


class Ear:
    """A handler that remembers what it was given, and fails as often as it is told to."""

    def __init__(self, name: str = "ear", *, failing: Callable[[Event, int], bool] | None = None) -> None:
        self.name = name
        self.events: list[Event] = []
        self.tried: list[object] = []
        self._failing = failing or (lambda _event, _times: False)

    async def hear(self, event: Event) -> None:
        n = event.data.get("n")
        self.tried.append(n)
        if self._failing(event, self.tried.count(n)):
            raise RuntimeError("the printer is on fire")
        self.events.append(event)

    @property
    def heard(self) -> list[object]:
        return [event.data.get("n") for event in self.events]


async def until(true: Callable[[], object]) -> None:
    """Wait until something is the case."""
    async with asyncio.timeout(PATIENCE):
        while not true():  # noqa: ASYNC110  what is waited for tells nobody
            await asyncio.sleep(0.01)


BROKERS = (
    "memory",
    pytest.param("redis", marks=pytest.mark.redis),
    pytest.param("rabbitmq", marks=pytest.mark.rabbitmq),
    pytest.param("kafka", marks=pytest.mark.kafka),
)
