"""What the bus between processes promises, on every broker; one of another kind joins by adding itself to BROKERS."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest
from structlog.testing import capture_logs

from kernel.errors import ProgrammingError, WiringError
from kernel.event_bus import LetterStatus, NoRetryError
from kernel.event_bus_memory import MemoryBroker
from kernel.events import Event, new_event
from kernel.request_context import caller, correlation_id, current_correlation_id
from tests.kernel.event_brokers import BROKERS, QUICK, Ear, Place, opened_broker, until

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from kernel.event_bus import DistributedEventBus

pytestmark = pytest.mark.anyio


@pytest.fixture(params=BROKERS)
async def place(request: pytest.FixtureRequest, anyio_backend: str) -> AsyncGenerator[Place]:
    """Every broker in turn."""
    async with opened_broker(request.param) as opened:
        yield opened


def event(n: object = 1, type_: str = "users.created", key: str = "k") -> Event:
    return new_event(type_, key=key, source="test", data={"n": n})


async def started(place: Place, ear: Ear, pattern: str = "users.*", group: str = "ears") -> DistributedEventBus:
    bus = place.bus()
    bus.subscribe(pattern, ear.hear, group=group, first_wait=0.01, longest_wait=0.01)
    await bus.start()
    return bus


# Delivery


async def test_every_group_is_given_every_event_that_its_pattern_means(place: Place) -> None:
    everything, created, orders = Ear(), Ear(), Ear()
    bus = place.bus()
    bus.subscribe("*", everything.hear, group="everything")
    bus.subscribe("users.created", created.hear, group="created")
    bus.subscribe("orders.*.added", orders.hear, group="orders")
    await bus.start()
    types = ("users.created", "users.email_verified", "orders.line.added", "orders.line.removed", "orders.added")
    await bus.publish(*(event(n, type_) for n, type_ in enumerate(types)))
    await until(lambda: len(everything.heard) == 5)
    await until(lambda: created.heard and orders.heard)
    assert everything.heard == [0, 1, 2, 3, 4]
    assert (created.heard, orders.heard) == ([0], [2])


async def test_an_event_arrives_as_it_was_published(place: Place) -> None:
    ear = Ear()
    bus = await started(place, ear)
    data = {"n": 1, "text": "ü ☃ 'q' \\", "none": None, "list": [1, 2.5, {"a": True}], "big": 2**53}
    sent = new_event("users.created", key="17", source="signup", data=data, version=3, metadata={"user": "u", "x": "y"})
    await bus.publish(sent)
    await until(lambda: ear.events)
    assert ear.events == [sent]


async def test_more_events_than_go_in_one_request_arrive_in_order(place: Place) -> None:
    ear, text = Ear(), "x" * 400
    bus = await started(place, ear)
    sent = [new_event("users.created", key="k", source="test", data={"n": n, "text": text}) for n in range(1100)]
    await bus.publish(*sent, new_event("users.created", key="k", source="test", data={"n": 1100, "text": text * 1000}))
    await until(lambda: len(ear.heard) == 1101)
    assert ear.heard == list(range(1101))


async def test_an_event_says_its_source_its_correlation_and_who_did_it(place: Place) -> None:
    ear = Ear()
    bus = await started(place, ear)
    person = uuid4()
    bare = replace(event(), source="", correlation_id="", metadata={})
    token = caller.set(person)
    await bus.publish(bare)
    caller.reset(token)
    await until(lambda: ear.events)
    (heard,) = ear.events
    assert (heard.source, heard.correlation_id, dict(heard.metadata)) == ("shop", str(bare.id), {"user": str(person)})


async def test_what_a_handler_emits_has_what_it_was_given_for_its_cause(place: Place) -> None:
    bus, ear, known = place.bus(), Ear(), []

    async def confirm(given: Event) -> None:
        known.append(current_correlation_id())
        await bus.emit("orders.confirmed", {"n": 2}, key="o")
        assert given.type == "users.created"

    bus.subscribe("users.*", confirm, group="confirm")
    bus.subscribe("orders.*", ear.hear, group="ears")
    await bus.start()
    token = correlation_id.set("from-the-request")
    first = await bus.emit("users.created", {"n": 1}, key="u")
    correlation_id.reset(token)
    await until(lambda: ear.events)
    (second,) = ear.events
    assert (first.causation_id, second.causation_id) == (None, str(first.id))
    assert {first.correlation_id, second.correlation_id, *known} == {"from-the-request"}
    assert current_correlation_id() is None


async def test_the_processes_of_a_group_share_its_events_and_keep_the_order_of_each_key(place: Place) -> None:
    ears = (Ear("one"), Ear("two"))
    log: list[tuple[str, str, int]] = []

    def hearing(ear: Ear):  # type: ignore[no-untyped-def]  # noqa: ANN202  a handler
        async def hear(given: Event) -> None:
            await asyncio.sleep(0.001)
            log.append((ear.name, given.key, int(str(given.data["n"]))))

        return hear

    buses = [place.bus(prefetch=5) for _ in ears]
    for bus, ear in zip(buses, ears, strict=True):
        bus.subscribe("users.*", hearing(ear), group="shared")
        await bus.start()
    await asyncio.sleep(0.8 if not isinstance(buses[0].broker, MemoryBroker) else 0)  # until they have shared
    for start in range(0, 400, 40):
        await buses[0].publish(*(event(n, key=f"key-{n % 20}") for n in range(start, start + 40)))
    await until(lambda: len(log) >= 400)
    assert sorted(n for _, _, n in log) == list(range(400))
    assert {name for name, _, _ in log} == {"one", "two"}
    for key in {key for _, key, _ in log}:
        of_key = [n for _, each, n in log if each == key]
        assert of_key == sorted(of_key)


async def test_a_group_is_given_what_was_published_while_none_of_its_processes_ran(place: Place) -> None:
    ear = Ear()
    await (await started(place, ear)).stop()
    publisher = place.bus()
    await publisher.publish(*(event(n) for n in range(30)))
    assert ear.heard == []
    await started(place, ear)
    await until(lambda: len(ear.heard) == 30)
    assert ear.heard == list(range(30))


async def test_what_a_process_had_not_settled_when_it_ended_is_handled_by_the_next(place: Place) -> None:
    stuck, ear = asyncio.Event(), Ear()

    async def hang(given: Event) -> None:
        if given.data["n"] == 3:
            stuck.set()
            await asyncio.sleep(60)

    dying = place.bus(grace=0.0)
    dying.subscribe("users.*", hang, group="ears", inbox=False)
    await dying.start()
    await dying.publish(*(event(n) for n in range(10)))
    await asyncio.wait_for(stuck.wait(), 30)
    await dying.stop()
    await started(place, ear)
    await until(lambda: {3, 4, 5, 6, 7, 8, 9} <= set(ear.heard))
    await asyncio.sleep(0.1)
    assert ear.heard == sorted(ear.heard, key=int)  # type: ignore[arg-type]  # numbers
    assert len(ear.heard) == len(set(ear.heard))


async def test_a_process_that_stops_lets_what_it_handles_end(place: Place) -> None:
    began, done = asyncio.Event(), []

    async def slow(given: Event) -> None:
        began.set()
        await asyncio.sleep(0.2)
        done.append(given.data["n"])

    bus = place.bus()
    bus.subscribe("users.*", slow, group="slow")
    await bus.start()
    await bus.publish(event(1), event(2))
    await asyncio.wait_for(began.wait(), 30)
    await bus.stop()
    assert done == [1]
    ear = Ear()
    await started(place, ear, group="slow")
    await until(lambda: ear.heard)
    assert ear.heard == [2]


# Failure


async def test_what_failed_is_tried_again_while_its_key_waits_and_others_go_on(place: Place) -> None:
    ear = Ear(failing=lambda given, times: given.data["n"] == 1 and times < 3)
    bus, errors = place.bus(), []

    async def told(error: Exception, given: Event) -> None:
        errors.append((str(error), given.data["n"]))
        raise ZeroDivisionError

    bus.on_error(told)
    bus.subscribe("users.*", ear.hear, group="ears", first_wait=0.2, longest_wait=0.2)
    await bus.start()
    with capture_logs() as logs:
        await bus.publish(event(0), event(1), event(2), *(event(n, key="other") for n in (3, 4)))
        await until(lambda: len(ear.heard) == 5)
    assert [n for n in ear.heard if n in (0, 1, 2)] == [0, 1, 2]
    assert ear.heard.index(4) < ear.heard.index(1)
    assert ear.tried.count(1) == 3
    assert errors == [("the printer is on fire", 1)] * 2
    reasons = [line for line in logs if line["event"] == "an event handler failed and is tried again"]
    assert [line["attempts"] for line in reasons] == [1, 2]
    await until(lambda: not place.letters._letters)  # type: ignore[attr-defined]  # in memory


async def test_what_fails_too_often_is_a_dead_letter_and_can_begin_anew(place: Place) -> None:
    broken = [True]
    ear = Ear(failing=lambda given, _times: given.data["n"] == 1 and broken[0])
    bus = place.bus()
    bus.subscribe("users.*", ear.hear, group="ears", max_attempts=3, first_wait=0.01, longest_wait=0.01)
    await bus.start()
    with capture_logs() as logs:
        await bus.publish(event(1), event(2))
        await until(lambda: ear.heard == [2])
    (dead,) = await bus.letters.list(LetterStatus.DEAD, None, 10)
    assert (dead.group, dead.event.data["n"], dead.attempts) == ("ears", 1, 3)
    assert dead.error == "RuntimeError: the printer is on fire"
    assert ear.tried.count(1) == 3
    assert [line["event"] for line in logs if line["log_level"] == "error"] == ["an event is a dead letter"]
    assert (await bus.metrics())["ears"] == {"failed": 2, "dead": 1, "handled": 1, "letters_dead": 1}
    broken.clear()
    broken.append(False)
    assert await bus.letters.revive([dead.id], None, bus._clock.now()) == 1
    await until(lambda: ear.heard == [2, 1])


async def test_a_handler_can_say_that_trying_again_is_no_use(place: Place) -> None:
    async def refuse(_given: Event) -> None:
        raise NoRetryError("there is no such user")

    bus = place.bus()
    bus.subscribe("users.*", refuse, group="refuses", first_wait=0.01, longest_wait=0.01)
    await bus.start()
    with capture_logs():
        await bus.publish(event())
        await until(lambda: place.letters._letters)  # type: ignore[attr-defined]  # in memory
    (dead,) = await bus.letters.list(LetterStatus.DEAD, "refuses", 10)
    assert (dead.attempts, dead.error) == (1, "NoRetryError: there is no such user")


async def test_a_handler_that_takes_too_long_has_failed(place: Place) -> None:
    async def sleep(_given: Event) -> None:
        await asyncio.sleep(60)

    bus = place.bus()
    bus.subscribe("users.*", sleep, group="sleeps", max_attempts=1, timeout=0.05)
    await bus.start()
    with capture_logs():
        await bus.publish(event())
        await until(lambda: place.letters._letters)  # type: ignore[attr-defined]  # in memory
    (dead,) = await bus.letters.list(LetterStatus.DEAD, None, 10)
    assert dead.error.startswith("TimeoutError")


async def test_an_event_that_is_published_twice_has_its_effect_once(place: Place) -> None:
    ear, plain = Ear(), Ear()
    bus = place.bus()
    bus.subscribe("users.*", ear.hear, group="once")
    bus.subscribe("users.*", plain.hear, group="as-it-comes", inbox=False)
    await bus.start()
    once = event(1)
    await bus.publish(once)
    await bus.publish(once, event(2))
    await until(lambda: len(plain.heard) == 3 and len(ear.heard) == 2)
    assert (ear.heard, plain.heard) == ([1, 2], [1, 1, 2])
    assert (await bus.metrics())["once"]["repeated"] == 1


# What is refused


async def test_what_is_no_event_is_refused_before_anything_is_published(place: Place) -> None:
    ear = Ear()
    bus = await started(place, ear, "*")
    for wrong, reason in (
        (event(type_="Users"), "'Users' is no event's name; write module.action, such as users.created"),
        (event(UUID(int=1)), r"the data of users.created cannot be sent: Object of type UUID is not JSON"),
        (event(float("nan")), r"the data of users.created cannot be sent"),
    ):
        with pytest.raises(ProgrammingError, match=reason):
            await bus.publish(event(1), wrong)
    await bus.publish()
    await bus.publish(event(2))
    await until(lambda: ear.heard)
    assert ear.heard == [2]


def test_a_subscription_that_makes_no_sense_is_refused() -> None:
    bus = Place(lambda _: MemoryBroker(), QUICK).bus()
    ear = Ear()
    for pattern, group, options, reason in (
        ("Users", "a", {}, "'Users' is no event's name"),
        ("users.*", "", {}, "'' is no group's name"),
        ("users.*", "a b", {}, "'a b' is no group's name"),
        ("users.*", "a" * 101, {}, "is no group's name"),
        ("users.*", "a", {"max_attempts": 0}, "a number of attempts, a time-out or a wait that makes no sense"),
        ("users.*", "a", {"timeout": 0}, "makes no sense"),
        ("users.*", "a", {"longest_wait": 0}, "makes no sense"),
    ):
        with pytest.raises(WiringError, match=reason):
            bus.subscribe(pattern, ear.hear, group=group, **options)  # type: ignore[arg-type]  # wrong on purpose
    bus.subscribe("users.*", ear.hear, group="a")
    with pytest.raises(WiringError, match="the group 'a' subscribes twice; two handlers are two groups"):
        bus.subscribe("orders.*", ear.hear, group="a")


async def test_nobody_subscribes_after_the_start() -> None:
    async with opened_broker("memory") as place:
        bus = await started(place, Ear())
        with pytest.raises(WiringError, match="'late' subscribes after the start; do it in the composition root"):
            bus.subscribe("users.*", Ear().hear, group="late")
        with pytest.raises(ProgrammingError, match="the bus has been started already"):
            await bus.start()
