"""A process that publishes and handles events, and is killed at a point that a test names.

It is forked off a server that has imported everything, so that hundreds of deaths are cheap.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog
from pydantic import SecretStr
from sqlalchemy import BigInteger, String, func, insert, select
from sqlalchemy.orm import Mapped, mapped_column

from kernel.app import Kernel
from kernel.event_bus import EVENT_BUS, EventBusSettings, install
from kernel.event_bus_redis import RedisBroker
from kernel.event_outbox import Outbox, Outgoing
from kernel.event_store import EventStoreSettings, StreamState
from kernel.event_store_database import DatabaseEvents, provide_event_store
from kernel.event_store_relay import StoredEvents, use_event_relay
from kernel.events import new_event
from kernel.fields import table_of
from kernel.ids import new_id
from kernel.model import Entity
from kernel.settings import KernelSettings
from kernel.testing import running

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from kernel.event_bus_values import Delivery, Intake
    from kernel.events import Event

KEYS = 5
SOURCES = {"outbox": Outbox, "event store": StoredEvents}
POINTS = ("appended", "before publish", "published", "marked", "in the effect", "before ack", "acknowledged")


class OrderRow(Entity):
    """What an event is about, stored in the same transaction."""

    __tablename__ = "kill_orders"
    n: Mapped[int] = mapped_column(BigInteger)


class EffectRow(Entity):
    """What a handler did; `place` is the order in which it did it."""

    __tablename__ = "kill_effects"
    n: Mapped[int] = mapped_column(BigInteger)
    key: Mapped[str] = mapped_column(String(10))


ORDERS, EFFECTS = table_of(OrderRow), table_of(EffectRow)


class Settings(KernelSettings):
    event_bus: EventBusSettings = EventBusSettings()
    event_store: EventStoreSettings = EventStoreSettings(provider="memory")


@dataclass(slots=True)
class Fuse:
    """Kills the process the nth time that it comes to a point."""

    point: str
    passes: int

    def at(self, point: str) -> None:
        if point == self.point:
            self.passes -= 1
            if self.passes < 0:
                os.kill(os.getpid(), signal.SIGKILL)


class FusedBroker(RedisBroker):
    """Redis, with the places where a process may die around a publication and an acknowledgement."""

    fuse: Fuse

    async def publish(self, events: Sequence[Event]) -> None:
        self.fuse.at("before publish")
        await super().publish(events)
        self.fuse.at("published")

    async def consume(self, intake: Intake) -> None:
        original = intake.settle

        async def settle(deliveries: Sequence[Delivery], settled: Callable[[int], Awaitable[object]]) -> bool:
            async def fused(count: int) -> None:
                self.fuse.at("before ack")
                await settled(count)
                self.fuse.at("acknowledged")

            return await original(deliveries, fused)

        intake.settle = settle  # type: ignore[method-assign]  # this one only
        await super().consume(intake)


def run(source: str, url: str, redis: str, prefix: str, count: int, point: str, passes: int) -> None:
    """Publish what is not published yet, handle it, and end when all has had its effect; or die on the way."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    logging.disable(logging.CRITICAL)
    asyncio.run(_run(source, url, redis, prefix, count, Fuse(point, passes)))


def fuse_marks(kind: type[Outbox | StoredEvents], fuse: Fuse) -> None:
    """Let the process die after it noted that something was published."""
    original = kind.next

    async def next_outgoing(self: Any, position: str, /) -> Outgoing | None:
        outgoing = await original(self, position)
        if outgoing is None:
            return None

        async def published() -> None:
            await outgoing.published()
            fuse.at("marked")

        return Outgoing(outgoing.events, published)

    kind.next = next_outgoing  # type: ignore[method-assign]  # in this process only


async def _run(source: str, url: str, redis: str, prefix: str, count: int, fuse: Fuse) -> None:
    bus_settings = EventBusSettings(
        provider="redis", redis_url=SecretStr(redis), lease=0.6, poll=0.05, prefetch=5, partitions=2
    )
    stored = EventStoreSettings(provider="database" if source == "event store" else "memory", poll=0.05)
    kernel = Kernel(Settings.for_tests(database_url=url, event_bus=bus_settings, event_store=stored))
    broker = FusedBroker(bus_settings, prefix=prefix)
    broker.fuse = fuse
    install(kernel, broker)
    if source == "event store":
        provide_event_store(kernel)
        use_event_relay(kernel)
    fuse_marks(SOURCES[source], fuse)
    bus, database = kernel.adapter(EVENT_BUS), kernel.database
    store = DatabaseEvents(database)

    async def effect(event: Event) -> None:
        async with database.transaction() as session:
            await session.execute(insert(EFFECTS), [{"id": new_id(), "n": event.data["n"], "key": event.key}])
            fuse.at("in the effect")

    bus.subscribe(
        "orders.*", effect, group="effects", max_attempts=100, first_wait=0.01, longest_wait=0.01, timeout=0.5
    )
    async with running(kernel):
        async with database.session() as session:
            there = await session.scalar(select(func.count()).select_from(ORDERS)) or 0
        for n in range(there, count):
            async with database.transaction() as session:
                await session.execute(insert(ORDERS), [{"id": new_id(), "n": n}])
                placed = new_event("orders.placed", key=f"k{n % KEYS}", source="t", data={"n": n})
                if source == "outbox":
                    await bus.publish(placed)
                else:
                    await store.append(f"orders-{placed.key}", [placed], expected=StreamState.ANY)
            fuse.at("appended")
        while True:
            async with database.session() as session:
                if (await session.scalar(select(func.count(EFFECTS.c.n.distinct()))) or 0) >= count:
                    return
            await asyncio.sleep(0.02)
