"""A server that is stopped with SIGTERM and started again in the middle of a stream costs nobody an event."""

from __future__ import annotations

import asyncio
import os
import secrets
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from kernel.errors import UnavailableError
from kernel.events import new_event
from tests.kernel.event_brokers import Ear, kafka_place, rabbitmq_place, redis_place, until
from tests.own_servers import OwnKafka, OwnRabbit, OwnRedis

if TYPE_CHECKING:
    from kernel.event_bus import DistributedEventBus
    from kernel.events import Event
    from tests.kernel.event_brokers import Place
    from tests.own_servers import OwnServer

pytestmark = pytest.mark.anyio
COUNT = int(os.environ.get("ARCKODE_EVENTS", "300"))
KINDS = (
    pytest.param("redis", marks=pytest.mark.redis),
    pytest.param("kafka", marks=pytest.mark.kafka),
    # A RabbitMQ takes half a minute to start and to stop.
    *([pytest.param("rabbitmq", marks=pytest.mark.rabbitmq)] if "ARCKODE_EVENTS" in os.environ else ()),
)


def made(kind: str) -> tuple[OwnServer, Place]:
    prefix = f"test-{secrets.token_hex(4)}"
    if kind == "redis":
        redis = OwnRedis()
        return redis, redis_place(redis.url, prefix)
    if kind == "kafka":
        kafka = OwnKafka()
        return kafka, kafka_place(kafka.address, prefix)
    rabbit = OwnRabbit()
    place = rabbitmq_place(rabbit.url, prefix)
    place.settings = place.settings.model_copy(update={"rabbitmq_queues": "quorum"})
    return rabbit, place


async def published(bus: DistributedEventBus, events: list[Event]) -> None:
    """Publish as whoever has to does: again, until the broker has confirmed."""
    for start in range(0, len(events), 10):
        while True:
            try:
                await bus.publish(*events[start : start + 10])
                break
            except UnavailableError:
                await asyncio.sleep(0.1)
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("kind", KINDS)
async def test_no_event_is_lost_or_doubled_when_the_server_is_restarted(kind: str) -> None:
    server, place = made(kind)
    await asyncio.to_thread(server.start)
    ears = (Ear("one"), Ear("two"))
    events = [new_event("users.created", key=f"k{n % 7}", source="t", data={"n": n}) for n in range(COUNT)]
    buses = [place.bus() for _ in ears]
    try:
        with capture_logs():
            for bus, ear in zip(buses, ears, strict=True):
                bus.subscribe("users.*", ear.hear, group="ears")
                await bus.start()
            publishing = asyncio.create_task(published(place.bus(), events))
            await until(lambda: sum(len(ear.heard) for ear in ears) >= COUNT // 4)
            await asyncio.to_thread(server.stop)
            await asyncio.sleep(0.5)
            await asyncio.to_thread(server.start)
            await publishing
            await until(lambda: sum(len(ear.heard) for ear in ears) >= COUNT)
            await asyncio.sleep(0.3)
    finally:
        for bus in place.made:
            await bus.stop()
        await asyncio.to_thread(server.remove)
    assert sorted(n for ear in ears for n in ear.heard) == list(range(COUNT))  # type: ignore[type-var]  # numbers
