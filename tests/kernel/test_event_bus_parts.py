"""What makes the bus between processes fast and could make it wrong: shared timers, and shared commits of Kafka's."""

from __future__ import annotations

import asyncio

import pytest
from aiokafka import TopicPartition  # type: ignore[import-untyped]  # it has no types
from aiokafka.errors import KafkaError  # type: ignore[import-untyped]
from structlog.testing import capture_logs

from kernel.clock import SystemClock
from kernel.errors import UnavailableError
from kernel.event_bus import DistributedEventBus
from kernel.event_bus_kafka import Commits, all_ended
from kernel.event_bus_memory import MemoryBroker, MemoryInbox, MemoryLetters
from kernel.event_bus_values import UNREADABLE, Intake, read, written
from kernel.events import Event, new_event
from kernel.time_limits import TimeLimit
from tests.kernel.event_brokers import until

pytestmark = pytest.mark.anyio


async def _ends(after: asyncio.Event) -> str:
    await after.wait()
    return "ended"


async def test_what_takes_too_long_is_cancelled_and_what_does_not_is_left_alone() -> None:
    limit, never, soon = TimeLimit(0.01), asyncio.Event(), asyncio.Event()
    soon.set()
    assert await limit.of(_ends(soon)) == "ended"
    late = [asyncio.create_task(limit.of(_ends(never))) for _ in range(3)]
    await asyncio.wait(late)
    assert all(isinstance(task.exception(), TimeoutError) for task in late)
    assert await limit.of(_ends(soon)) == "ended"
    with pytest.raises(TimeoutError):
        await limit.of(_ends(never))
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_what_began_later_goes_on_when_the_first_is_late() -> None:
    limit, end = TimeLimit(60), asyncio.Event()
    first, second = (asyncio.create_task(limit.of(_ends(end))) for _ in range(2))
    await asyncio.sleep(0)
    limit._ends[first] = 0.0  # as if it had begun long ago
    limit._look()
    with pytest.raises(TimeoutError):
        await first
    end.set()
    assert await second == "ended"


async def test_a_cancellation_from_outside_stays_one() -> None:
    limit = TimeLimit(60)
    task = asyncio.create_task(limit.of(_ends(asyncio.Event())))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_cancellation_from_outside_counts_more_than_being_late() -> None:
    limit, outside = TimeLimit(0.01), asyncio.Event()

    async def waits() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            outside.set()
            await asyncio.sleep(60)

    task = asyncio.create_task(limit.of(waits()))
    await outside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize("fails", [False, True])
async def test_who_is_late_and_does_not_end_of_it_is_not_cancelled_later(fails: bool) -> None:
    async def stays() -> str:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            if fails:
                raise ValueError("of its own") from None
        return "ended"

    limit, task = TimeLimit(0.01), asyncio.current_task()
    assert task is not None
    if fails:
        with pytest.raises(ValueError, match="of its own"):
            await limit.of(stays())
    else:
        assert await limit.of(stays()) == "ended"
    assert task.cancelling() == 0
    await asyncio.sleep(0)


class Consumer:
    """Stands for Kafka's: remembers what is committed, and refuses as often as it is told to."""

    def __init__(self, refusals: int = 0) -> None:
        self.committed: list[dict[TopicPartition, int]] = []
        self.refusals = refusals

    async def commit(self, offsets: dict[TopicPartition, int]) -> None:
        await asyncio.sleep(0)
        if self.refusals:
            self.refusals -= 1
            raise KafkaError
        self.committed.append(offsets)


PLACES = [TopicPartition("topic", number) for number in range(4)]


async def test_partitions_that_are_settled_at_once_are_committed_in_one_request() -> None:
    consumer = Consumer()
    commits = Commits(consumer.commit)
    await asyncio.gather(*(commits.add(place, 7) for place in PLACES))
    await commits.add(PLACES[0], 9)
    assert consumer.committed == [dict.fromkeys(PLACES, 7), {PLACES[0]: 9}]


async def test_nobody_takes_for_committed_what_was_refused() -> None:
    consumer = Consumer(refusals=3)
    commits = Commits(consumer.commit)
    results = await asyncio.gather(*(commits.add(place, 7) for place in PLACES), return_exceptions=True)
    assert [type(result) for result in results] == [KafkaError, KafkaError, KafkaError, type(None)]
    assert consumer.committed == [dict.fromkeys(PLACES, 7)]


@pytest.mark.parametrize("name", ["data", "metadata"])
def test_a_message_whose_parts_are_of_another_kind_is_no_event(name: str) -> None:
    body = written(new_event("users.created", key="k", source="test", data={}, metadata={}))
    found = read(body.replace(f'"{name}":{{}}'.encode(), f'"{name}":[]'.encode()))
    assert found.type == UNREADABLE


async def test_when_one_partition_fails_the_others_are_settled_before_anybody_hears_of_it() -> None:
    settled: list[str] = []

    async def settle() -> None:
        await asyncio.sleep(0)
        settled.append("the other")

    async def fail() -> None:
        raise KafkaError

    with pytest.raises(KafkaError):
        await all_ended([fail(), settle()])
    assert settled == ["the other"]


class _Restarted(MemoryBroker):
    """A broker that is away for the first attempts to reach it, as often as it is stopped."""

    def __init__(self) -> None:
        super().__init__()
        self.left = 2
        self.stopped = asyncio.Event()

    async def consume(self, intake: Intake) -> None:
        if self.left:
            self.left -= 1
            raise UnavailableError("nobody answers")
        taking = asyncio.create_task(super().consume(intake))
        stopped = asyncio.create_task(self.stopped.wait())
        await asyncio.wait({taking, stopped}, return_when=asyncio.FIRST_COMPLETED)
        taking.cancel()
        if self.stopped.is_set():
            self.stopped.clear()
            self.left = 2
            raise UnavailableError("nobody answers")


async def test_that_the_broker_is_away_is_said_once_each_time_and_so_is_that_it_is_back() -> None:
    broker = _Restarted()
    bus = DistributedEventBus(broker, MemoryLetters(), MemoryInbox(), clock=SystemClock())

    async def hear(_event: Event) -> None: ...

    bus.subscribe("users.created", hear, group="ear")
    with capture_logs() as logs:
        await bus.start()
        broker.stopped.set()
        await until(lambda: [each["event"] for each in logs].count("events are taken again") == 2)
        await bus.stop()
    once = ["the event bus waits for its broker", "events are taken again"]
    assert [each["event"] for each in logs] == [*once, *once]
    assert logs[0]["error"] == "nobody answers"
