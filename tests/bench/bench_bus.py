"""How many events a second go through the bus, against its broker's bare client (`python -m tests.bench.bench_bus`).

`PYTHONPATH=templates/kernel python -m tests.bench.bench_bus [redis|rabbitmq|kafka ...]`. Both sides publish the same
bytes in batches with the same confirmations, to as many partitions, and settle what they were handed in batches; the
bus also reads each event, knows which ones were handled, and keeps each key's order. The bare side asks as each
client's own examples do (XADD in a pipeline, `send` and its futures); the bus asks for a batch at once where it can.
They take turns, round by round; ratios are of medians.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import statistics
import sys
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import aiormq
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer  # type: ignore[import-untyped]  # it has no types
from aiokafka.admin import AIOKafkaAdminClient, NewTopic  # type: ignore[import-untyped]  # the same
from redis.asyncio import Redis

from kernel.event_bus_values import written
from kernel.events import Event, new_event
from tests.kernel.event_brokers import opened_broker, until
from tests.services import kafka_brokers, rabbitmq_url, redis_url

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence

ROUNDS = int(os.environ.get("ARCKODE_BENCH_ROUNDS", "7"))
EVENTS, BATCH, PARTITIONS = 1000, 100, 4
GOAL = 0.7
_PREFETCH = 100


def events() -> list[Event]:
    return [
        new_event("users.created", key=f"user-{number % 50}", source="bench", data={"n": number, "name": "Ana"})
        for number in range(EVENTS)
    ]


@asynccontextmanager
async def ours(broker: str) -> AsyncGenerator[Callable[[], Awaitable[None]]]:
    """Give what sends all events through the bus, and waits until each was handled."""
    async with opened_broker(broker) as place:
        seen = 0

        async def hear(_event: Event) -> None:
            nonlocal seen
            seen += 1

        bus = place.bus(prefetch=_PREFETCH, partitions=PARTITIONS)
        bus.subscribe("users.*", hear, group="bench")
        await bus.start()

        async def once() -> None:
            nonlocal seen
            seen, sent = 0, events()
            for first in range(0, EVENTS, BATCH):
                await bus.send(sent[first : first + BATCH])
            await until(lambda: seen == EVENTS)

        yield once


@asynccontextmanager
async def bare_redis() -> AsyncGenerator[Callable[[], Awaitable[None]]]:
    client = Redis.from_url(redis_url())
    streams = [f"bench-{secrets.token_hex(6)}:{number}" for number in range(PARTITIONS)]
    for stream in streams:
        await client.xgroup_create(stream, "bench", "$", mkstream=True)
    seen = 0

    async def read(stream: str) -> None:
        nonlocal seen
        reader = Redis.from_url(redis_url())
        while True:
            found: Any = await reader.xreadgroup("bench", "one", {stream: ">"}, count=_PREFETCH, block=1000)
            for _, entries in found.items() if isinstance(found, dict) else found:
                rows = entries[0] if entries and isinstance(entries[0], list) else entries
                await client.xack(stream, "bench", *(row[0] for row in rows))
                seen += len(rows)

    async def once() -> None:
        nonlocal seen
        seen, sent = 0, [written(each) for each in events()]
        for first in range(0, EVENTS, BATCH):
            async with client.pipeline(transaction=False) as pipeline:
                for number, body in enumerate(sent[first : first + BATCH]):
                    pipeline.xadd(streams[number % PARTITIONS], {"event": body})
                await pipeline.execute()
        await until(lambda: seen == EVENTS)

    async with reading([read(stream) for stream in streams]):
        yield once
    await client.delete(*streams)
    await client.aclose()


@asynccontextmanager
async def bare_rabbitmq() -> AsyncGenerator[Callable[[], Awaitable[None]]]:
    connection = await aiormq.connect(rabbitmq_url())
    channel, reader = await connection.channel(), await connection.channel()
    queues = [f"bench-{secrets.token_hex(6)}-{number}" for number in range(PARTITIONS)]
    await reader.basic_qos(prefetch_count=_PREFETCH)
    seen = 0

    async def heard(message: Any) -> None:
        nonlocal seen
        await reader.basic_ack(message.delivery.delivery_tag)
        seen += 1

    for queue in queues:
        await channel.queue_declare(queue, durable=True)
        await reader.basic_consume(queue, heard)
    lasting = aiormq.spec.Basic.Properties(delivery_mode=2)

    async def once() -> None:
        nonlocal seen
        seen, sent = 0, [written(each) for each in events()]
        for first in range(0, EVENTS, BATCH):
            batch = enumerate(sent[first : first + BATCH])
            await asyncio.gather(
                *(
                    channel.basic_publish(body, routing_key=queues[number % PARTITIONS], properties=lasting)
                    for number, body in batch
                )
            )
        await until(lambda: seen == EVENTS)

    yield once
    for queue in queues:
        await channel.queue_delete(queue)
    await connection.close()


@asynccontextmanager
async def bare_kafka() -> AsyncGenerator[Callable[[], Awaitable[None]]]:
    address = await asyncio.to_thread(kafka_brokers)
    topic = f"bench-{secrets.token_hex(6)}"
    admin = AIOKafkaAdminClient(bootstrap_servers=address)
    await admin.start()
    await admin.create_topics([NewTopic(topic, PARTITIONS, 1)])
    await admin.close()
    producer = AIOKafkaProducer(bootstrap_servers=address, acks="all", enable_idempotence=True)
    await producer.start()
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=address, group_id=topic, enable_auto_commit=False, auto_offset_reset="latest"
    )
    await consumer.start()
    seen = 0

    async def read() -> None:
        nonlocal seen
        while True:
            found = await consumer.getmany(timeout_ms=200, max_records=_PREFETCH * PARTITIONS)
            if found:
                await consumer.commit()
                seen += sum(map(len, found.values()))

    async def once() -> None:
        nonlocal seen
        seen, sent = 0, [written(each) for each in events()]
        for first in range(0, EVENTS, BATCH):
            batch = enumerate(sent[first : first + BATCH])
            placed = [
                await producer.send(topic, body, key=f"user-{number % 50}".encode(), partition=number % PARTITIONS)
                for number, body in batch
            ]
            await asyncio.gather(*placed)
        await until(lambda: seen == EVENTS)

    async with reading([read()]):
        await asyncio.sleep(1)  # until the consumer has its partitions
        yield once
    await consumer.stop()
    await producer.stop()


@asynccontextmanager
async def reading(readers: Sequence[Any]) -> AsyncGenerator[None]:
    tasks = [asyncio.create_task(each) for each in readers]
    try:
        yield
    finally:
        # A client may lose a cancellation on its way out of a wait of its own, so it is said until it is heard.
        while waiting := [task for task in tasks if not task.done()]:
            for task in waiting:
                task.cancel()
            await asyncio.wait(waiting, timeout=1)


BARE = {"redis": bare_redis, "rabbitmq": bare_rabbitmq, "kafka": bare_kafka}


async def measure(broker: str) -> None:
    """Print what went through the bus and the bare client, and the ratio of the two."""
    async with ours(broker) as bus, BARE[broker]() as bare:
        taken: dict[str, list[float]] = {"bus": [], "bare": []}
        for number in range(ROUNDS + 1):
            for name, once in (("bus", bus), ("bare", bare)):
                start = time.perf_counter()
                await once()
                if number:
                    taken[name].append(EVENTS / (time.perf_counter() - start))
    found = {name: statistics.median(values) for name, values in taken.items()}
    ratio = found["bus"] / found["bare"]
    missed = "" if ratio >= GOAL else "   MISSED"
    print(f"{broker:<9} bus {found['bus']:8,.0f}/s, bare {found['bare']:8,.0f}/s: {ratio:.2f}x goal >= {GOAL}{missed}")


def main(words: Sequence[str]) -> None:
    """Measure the brokers that are named, or all."""
    for broker in words or BARE:
        asyncio.run(measure(broker))


if __name__ == "__main__":
    main(sys.argv[1:])
