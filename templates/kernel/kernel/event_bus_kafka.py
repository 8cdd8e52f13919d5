"""Events through Kafka: one topic whose key is the event's, and a consumer group for each group.

Offsets are committed when events are settled. Kafka does not say what a process that died had begun to handle, so the
first events after a partition changes hands count as begun.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Final, TypeVar

from aiokafka import (  # type: ignore[import-untyped]  # it has no types
    AIOKafkaConsumer,
    AIOKafkaProducer,
    ConsumerRebalanceListener,
    ConsumerRecord,
    TopicPartition,
)
from aiokafka.admin import AIOKafkaAdminClient, NewTopic  # type: ignore[import-untyped]
from aiokafka.errors import KafkaError, TopicAlreadyExistsError  # type: ignore[import-untyped]

from .app import Kernel
from .errors import UnavailableError, WiringError
from .event_bus import install, namespace
from .event_bus_settings import EventBusSettings
from .event_bus_values import Delivery, Intake, key_of, partition_of, read, written
from .events import Event

if TYPE_CHECKING:
    from aiokafka.producer.message_accumulator import BatchBuilder  # type: ignore[import-untyped]

T = TypeVar("T")
_TIMEOUT: Final = 10.0
_LONGEST_BATCH: Final = 3_600_000  # milliseconds until Kafka takes the partitions away from who handles a batch
_LOOK: Final = 200  # milliseconds until it is looked whether it is the end
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9._-]")


def provide_kafka_bus(kernel: Kernel) -> None:
    """Carry events through Kafka when EVENT_BUS_PROVIDER says kafka."""
    settings = kernel.settings.of(EventBusSettings)
    if settings.provider == "kafka":
        install(kernel, KafkaBroker(settings, prefix=namespace(kernel)))


class KafkaBroker:
    """Implements Broker."""

    def __init__(self, settings: EventBusSettings, *, prefix: str) -> None:
        self._settings = settings
        self._topic = f"{_NOT_IN_NAMES.sub('.', prefix)}.events"
        self._opening = asyncio.Lock()
        self._producer: AIOKafkaProducer | None = None

    async def publish(self, events: Sequence[Event]) -> None:
        producer = await self._opened()
        try:
            async with asyncio.timeout(_TIMEOUT):
                await _answered(self._publish(producer, events))
        except (UnavailableError, TimeoutError) as error:
            self._producer = None
            await _stopped(producer)
            raise UnavailableError("Kafka does not answer: the events were not confirmed") from error

    async def consume(self, intake: Intake) -> None:
        await _answered(self._make_topic())
        await _answered(_KafkaGroup(self._settings, self._topic, intake).run())

    async def ping(self) -> None:
        producer = await self._opened()
        if not await _answered(producer.client.force_metadata_update()):
            raise UnavailableError("Kafka does not answer: no broker said what it has")

    async def close(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            await _stopped(producer)

    async def _publish(self, producer: AIOKafkaProducer, events: Sequence[Event]) -> None:
        """Send the events of each partition together: a message on its own costs a future of its own."""
        parts: dict[int, list[Event]] = {}
        for event in events:
            parts.setdefault(partition_of(event, self._settings.partitions), []).append(event)
        confirmed = [
            await producer.send_batch(batch, self._topic, partition=partition)
            for partition, some in parts.items()
            for batch in _batches(producer, some)
        ]
        await asyncio.gather(*confirmed)

    async def _opened(self) -> AIOKafkaProducer:
        async with self._opening:
            if self._producer is None:
                await _answered(self._make_topic())
                producer = AIOKafkaProducer(
                    bootstrap_servers=self._settings.kafka_brokers, acks="all", enable_idempotence=True
                )
                await _started(producer)
                self._producer = producer
            return self._producer

    async def _make_topic(self) -> None:
        """Make the topic unless it is there. Raises WiringError when it has fewer partitions than are wanted."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self._settings.kafka_brokers)
        try:
            await admin.start()
            wanted = NewTopic(self._topic, self._settings.partitions, self._settings.kafka_replicas)
            with suppress(TopicAlreadyExistsError):
                await admin.create_topics([wanted])
            (described,) = await admin.describe_topics([self._topic])
            there = len(described["partitions"])
        finally:
            await admin.close()
        if there < self._settings.partitions:
            raise WiringError(
                f"the topic {self._topic} has {there} partitions, and EVENT_BUS__PARTITIONS says "
                f"{self._settings.partitions}; say {there}, or give the topic more"
            )


class Commits:
    """Commits what partitions have settled, in one request for those that do so at once."""

    def __init__(self, commit: Callable[[dict[TopicPartition, int]], Awaitable[None]]) -> None:
        self._commit = commit
        self._settled: dict[TopicPartition, int] = {}
        self._turn = asyncio.Lock()

    async def add(self, place: TopicPartition, offset: int) -> None:
        """Return when the offset of a partition is committed. Raises KafkaError when it is not."""
        self._settled[place] = offset
        await asyncio.sleep(0)  # those that are settled in this turn of the loop come along
        async with self._turn:
            if place in self._settled:  # nobody who was before has committed it
                settled = dict(self._settled)
                await self._commit(settled)
                for each in settled:
                    del self._settled[each]


class _KafkaGroup(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka has no types
    """What one process does for one group: Kafka says which partitions it has."""

    def __init__(self, settings: EventBusSettings, topic: str, intake: Intake) -> None:
        self._settings = settings
        self._topic = topic
        self._intake = intake
        self._busy = asyncio.Lock()
        self._doubtful: dict[TopicPartition, int] = {}
        lease = int(settings.lease * 1000)
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=settings.kafka_brokers,
            group_id=f"{topic}.{intake.group}",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            session_timeout_ms=lease,
            heartbeat_interval_ms=lease // 3,
            max_poll_interval_ms=_LONGEST_BATCH,
            max_poll_records=settings.prefetch * settings.partitions,
        )
        self._commits = Commits(self._consumer.commit)

    async def run(self) -> None:
        """Take what Kafka has until the end."""
        self._consumer.subscribe([self._topic], listener=self)
        await _started(self._consumer)
        try:
            while not self._intake.stopping.is_set():
                found = await self._consumer.getmany(timeout_ms=_LOOK)
                async with self._busy:
                    await all_ended(self._hand_over(place, records) for place, records in found.items())
        finally:
            await _stopped(self._consumer)

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Let go of partitions when what is being handled has been, and committed."""
        async with self._busy:
            for place in revoked:
                self._doubtful.pop(place, None)

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Begin where the group is; a group that is new begins now."""
        for place in assigned:
            if await self._consumer.committed(place) is None:
                end = (await self._consumer.end_offsets([place]))[place]
                self._consumer.seek(place, end)
                await self._consumer.commit({place: end})
            else:
                self._doubtful[place] = self._settings.prefetch
        self._intake.begin()

    async def _hand_over(self, place: TopicPartition, records: list[ConsumerRecord]) -> None:
        doubtful = self._doubtful.get(place, 0)
        self._doubtful[place] = max(0, doubtful - len(records))
        deliveries = [Delivery(read(each.value or b""), again=n < doubtful) for n, each in enumerate(records)]
        offsets = [each.offset for each in records]

        async def settled(count: int) -> None:
            last = offsets[count - 1]
            del offsets[:count]
            await self._commits.add(place, last + 1)

        for start in range(0, len(deliveries), self._settings.prefetch):
            await self._intake.settle(deliveries[start : start + self._settings.prefetch], settled)


def _batches(producer: AIOKafkaProducer, events: Sequence[Event]) -> "list[BatchBuilder]":
    """Put events of one partition into as few batches as they fit in; a batch takes its first, whatever its size."""
    batches: list[BatchBuilder] = []
    for event in events:
        key, value = key_of(event).encode(), written(event)
        if not batches or batches[-1].append(timestamp=None, key=key, value=value) is None:
            batches.append(producer.create_batch())
            batches[-1].append(timestamp=None, key=key, value=value)
    return batches


async def all_ended(work: Iterable[Coroutine[None, None, None]]) -> None:
    """Do several things at once and raise what one of them raised when all are done: nobody works on alone."""
    for ended in await asyncio.gather(*work, return_exceptions=True):
        if ended is not None:
            raise ended


async def _started(client: AIOKafkaProducer | AIOKafkaConsumer) -> None:
    try:
        await client.start()
    except BaseException:
        await _stopped(client)
        raise


async def _stopped(client: AIOKafkaProducer | AIOKafkaConsumer) -> None:
    with suppress(KafkaError, OSError, TimeoutError):
        async with asyncio.timeout(_TIMEOUT):
            await client.stop()


async def _answered(asked: Awaitable[T]) -> T:
    """Wait for what Kafka says. Raises UnavailableError when it does not."""
    try:
        return await asked
    except (KafkaError, OSError) as error:
        raise UnavailableError(f"Kafka does not answer: {error}") from error
