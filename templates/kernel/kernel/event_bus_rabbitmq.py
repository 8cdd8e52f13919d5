"""Events through RabbitMQ (3.10 or newer): a topic exchange, and a queue for each partition of each group.

A queue has one active consumer, so that a partition is in one process at a time; processes leave queues to each other
until each has its share. Messages are persistent and confirmed.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Sequence
from contextlib import suppress
from math import ceil
from typing import TYPE_CHECKING, Final, TypeVar

import aiormq
from aiormq.abc import AbstractChannel, AbstractConnection, DeliveredMessage
from pamqp.commands import Basic

from .app import Kernel
from .errors import UnavailableError
from .event_bus import install, namespace
from .event_bus_settings import EventBusSettings
from .event_bus_values import Delivery, Intake, partition_of, read, written
from .events import Event

if TYPE_CHECKING:
    from pamqp.common import FieldValue

T = TypeVar("T")
_TIMEOUT: Final = 10.0
_AT_ONCE: Final = 1000
_PERSISTENT: Final = 2
# Newer servers drop what was handed over twenty times; here that is decided by attempts, and nothing is dropped.
_NO_LIMIT: Final = 1_000_000_000


def provide_rabbitmq_bus(kernel: Kernel) -> None:
    """Carry events through RabbitMQ when EVENT_BUS_PROVIDER says rabbitmq."""
    settings = kernel.settings.of(EventBusSettings)
    if settings.provider == "rabbitmq":
        install(kernel, RabbitBroker(settings, prefix=namespace(kernel)))


class RabbitBroker:
    """Implements Broker."""

    def __init__(self, settings: EventBusSettings, *, prefix: str) -> None:
        self._settings = settings
        self._prefix = f"{prefix}:events"
        self._opening = asyncio.Lock()
        self._publishing: AbstractChannel | None = None

    async def publish(self, events: Sequence[Event]) -> None:
        channel = await self._channel()
        try:
            for start in range(0, len(events), _AT_ONCE):
                async with asyncio.timeout(_TIMEOUT):
                    await _answered(self._publish_some(channel, events[start : start + _AT_ONCE]))
        except UnavailableError:
            self._publishing = None
            await _closed(channel.connection)
            raise

    async def consume(self, intake: Intake) -> None:
        await _answered(_RabbitGroup(self._settings, self._prefix, intake).run())

    async def ping(self) -> None:
        await self._channel()

    async def close(self) -> None:
        channel, self._publishing = self._publishing, None
        if channel is not None:
            await _closed(channel.connection)

    async def _publish_some(self, channel: AbstractChannel, events: Sequence[Event]) -> None:
        partitions = self._settings.partitions
        await asyncio.gather(
            *(
                channel.basic_publish(
                    written(event),
                    exchange=self._prefix,
                    routing_key=f"{partition_of(event, partitions)}.{event.type}",
                    properties=Basic.Properties(
                        content_type="application/json", delivery_mode=_PERSISTENT, message_id=str(event.id)
                    ),
                )
                for event in events
            )
        )

    async def _channel(self) -> AbstractChannel:
        """Answer the channel that publishes, a new one when there is none or its connection has ended."""
        async with self._opening:
            if self._publishing is None or self._publishing.is_closed or self._publishing.connection.is_closed:
                self._publishing = await _answered(self._opened())
            return self._publishing

    async def _opened(self) -> AbstractChannel:
        connection = await _connected(self._settings)
        channel = await connection.channel(publisher_confirms=True)
        await channel.exchange_declare(self._prefix, exchange_type="topic", durable=True)
        return channel


class _RabbitGroup:
    """What one process does for one group: hold its share of the queues, and read each of them."""

    def __init__(self, settings: EventBusSettings, prefix: str, intake: Intake) -> None:
        self._settings = settings
        self._exchange = prefix
        self._intake = intake
        self._members = f"{prefix}:{intake.group}:members"
        self._readers: dict[int, tuple[asyncio.Event, asyncio.Task[None]]] = {}
        self._heard: set[int] = set()

    async def run(self) -> None:
        """Hold queues and read them until the end."""
        connection = await _connected(self._settings)
        try:
            control = await connection.channel()
            await self._declare(control)
            while not self._intake.stopping.is_set():
                await self._share(connection, control)
                self._intake.begin()
                await self._wait(connection)
            await asyncio.gather(*(task for _, task in self._readers.values()))
        finally:
            for _, task in self._readers.values():
                task.cancel()
            await asyncio.gather(*(task for _, task in self._readers.values()), return_exceptions=True)
            await _closed(connection)

    async def _declare(self, channel: AbstractChannel) -> None:
        kind = self._settings.rabbitmq_queues
        arguments: dict[str, FieldValue] = {"x-queue-type": kind, "x-single-active-consumer": True}
        arguments |= {"x-delivery-limit": _NO_LIMIT} if kind == "quorum" else {}
        await channel.exchange_declare(self._exchange, exchange_type="topic", durable=True)
        for partition in range(self._settings.partitions):
            name = self._queue(partition)
            await channel.queue_declare(name, durable=True, arguments=arguments)
            # It may match more than the pattern does, which is looked at again when the event arrives.
            key = f"{partition}.{self._intake.pattern.replace('*', '#')}"
            await channel.queue_bind(name, self._exchange, routing_key=key)
        # Nothing is ever sent there: whoever consumes it is a process of the group, and they can be counted.
        await channel.queue_declare(self._members, auto_delete=True)
        await channel.basic_consume(self._members, _ignore, no_ack=True)

    async def _share(self, connection: AbstractConnection, control: AbstractChannel) -> None:
        """Read what is free up to my share; leave the rest to others when what is being handled has been."""
        for partition in [each for each, (_, task) in self._readers.items() if task.done()]:
            self._readers.pop(partition)[1].result()  # raises what ended it
        partitions = self._settings.partitions
        share = ceil(partitions / max(1, await _consumers(control, self._members)))
        counts = {each: await _consumers(control, self._queue(each)) for each in range(partitions)}
        free = [each for each, count in counts.items() if count == 0 and each not in self._readers]
        for place, (partition, (ending, _)) in enumerate(self._readers.items()):
            # Of two that took a queue at once, one waits in vain, and quorum queues count it as none: when others are
            # free although I have my share, that may be me. And what RabbitMQ has forgotten hears nothing either.
            in_vain = counts[partition] > 1 or (free and partition not in self._heard)
            if place >= share or counts[partition] == 0 or (in_vain and secrets.randbelow(2)):
                ending.set()
        secrets.SystemRandom().shuffle(free)
        for partition in free[: max(0, share - len(self._readers))]:
            ending = asyncio.Event()
            self._heard.discard(partition)
            task = asyncio.create_task(self._read(connection, partition, ending))
            self._readers[partition] = (ending, task)

    async def _read(self, connection: AbstractConnection, partition: int, ending: asyncio.Event) -> None:
        """Read one queue; what is not settled when its channel closes goes back to where it was."""
        channel = await connection.channel()
        await channel.basic_qos(prefetch_count=self._settings.prefetch)
        messages: asyncio.Queue[DeliveredMessage | None] = asyncio.Queue()

        async def receive(message: DeliveredMessage) -> None:
            messages.put_nowait(message)

        async def watch() -> None:
            await _first(ending.wait(), self._intake.stopping.wait(), _end_of(channel))
            messages.put_nowait(None)

        watching = asyncio.create_task(watch())
        try:
            await channel.basic_consume(self._queue(partition), receive)
            while batch := await _batch(messages, self._settings.prefetch):
                self._heard.add(partition)
                await self._hand_over(channel, batch)
                if ending.is_set() or self._intake.stopping.is_set():
                    break
            if channel.is_closed and not self._intake.stopping.is_set():
                raise UnavailableError("RabbitMQ closed the channel")
        finally:
            watching.cancel()
            with suppress(aiormq.AMQPError, OSError, RuntimeError):
                await channel.close()

    async def _hand_over(self, channel: AbstractChannel, batch: list[DeliveredMessage]) -> None:
        deliveries = [Delivery(read(each.body), again=bool(each.redelivered)) for each in batch]
        tags = [each.delivery_tag or 0 for each in batch]

        async def settled(count: int) -> None:
            last = tags[count - 1]
            del tags[:count]
            await channel.basic_ack(last, multiple=True)

        await self._intake.settle(deliveries, settled)

    async def _wait(self, connection: AbstractConnection) -> None:
        """Wait until it is time to look at the shares again. Raises UnavailableError when the connection ends."""
        await _first(self._intake.pause(self._settings.lease / 3), _end_of(connection))
        if connection.is_closed:
            raise UnavailableError("RabbitMQ closed the connection")

    def _queue(self, partition: int) -> str:
        return f"{self._exchange}:{self._intake.group}:{partition}"


async def _connected(settings: EventBusSettings) -> AbstractConnection:
    async with asyncio.timeout(_TIMEOUT):
        return await aiormq.connect(settings.rabbitmq_url.get_secret_value())


async def _consumers(channel: AbstractChannel, queue: str) -> int:
    declared = await channel.queue_declare(queue, passive=True)
    return declared.consumer_count or 0


async def _batch(messages: "asyncio.Queue[DeliveredMessage | None]", limit: int) -> list[DeliveredMessage]:
    """Answer what has arrived, at least one message, or nothing at the end."""
    batch: list[DeliveredMessage] = []
    while len(batch) < limit and (not batch or not messages.empty()):
        message = await messages.get()
        if message is None:
            return []
        batch.append(message)
    return batch


async def _ignore(_message: DeliveredMessage) -> None:
    """Take what is never sent."""


async def _end_of(opened: AbstractChannel | AbstractConnection) -> None:
    """Wait until a channel or a connection has ended, however it did."""
    await asyncio.wait([opened.closing])


async def _first(*waiting: Awaitable[object]) -> None:
    """Wait for the first of several things, and for none of the others."""
    tasks = [asyncio.ensure_future(each) for each in waiting]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()


async def _closed(connection: AbstractConnection) -> None:
    with suppress(aiormq.AMQPError, OSError, RuntimeError, TimeoutError):
        async with asyncio.timeout(_TIMEOUT):
            await connection.close()


async def _answered(asked: Awaitable[T]) -> T:
    """Wait for what RabbitMQ says. Raises UnavailableError when it does not."""
    try:
        return await asked
    except (aiormq.AMQPError, aiormq.ChannelInvalidStateError, OSError, TimeoutError) as error:
        raise UnavailableError(f"RabbitMQ does not answer: {type(error).__name__}") from error
