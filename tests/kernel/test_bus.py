"""What every event bus promises; a bus of another kind joins by adding itself to BUSES."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from kernel.app import Kernel
from kernel.bus import EventBus, use_events
from kernel.bus_testing import RecordingBus
from kernel.clock import FixedClock
from kernel.errors import WiringError
from kernel.request_context import correlation_id
from kernel.settings import KernelSettings
from kernel.testing import client, silent_log

if TYPE_CHECKING:
    from kernel.events import Event

pytestmark = pytest.mark.anyio

BUSES = (pytest.param(EventBus, id="in process"),)


@pytest.fixture(params=BUSES)
def bus(request: pytest.FixtureRequest) -> EventBus:
    made: EventBus = request.param()
    return made


class Ear:
    """Remembers what it heard."""

    def __init__(self, name: str = "ear", log: list[str] | None = None) -> None:
        self.name = name
        self.log = log if log is not None else []
        self.events: list[Event] = []

    async def hear(self, event: Event) -> None:
        self.events.append(event)
        self.log.append(f"{self.name}:{event.type}")


async def broken(_event: Event) -> None:
    raise RuntimeError("this handler is broken")


async def test_who_listens_is_called_before_emit_returns(bus: EventBus) -> None:
    ear = Ear()
    bus.on("orders.confirmed", ear.hear)
    event = await bus.emit("orders.confirmed", {"id": 7}, "orders", key="7")
    assert ear.events == [event]
    assert (event.type, dict(event.data), event.source, event.key) == ("orders.confirmed", {"id": 7}, "orders", "7")


async def test_handlers_run_in_the_order_in_which_they_were_added(bus: EventBus) -> None:
    log: list[str] = []
    for name in "abc":
        bus.on("orders.confirmed", Ear(name, log).hear)
    await bus.emit("orders.confirmed", {}, "orders")
    assert [entry[0] for entry in log] == ["a", "b", "c"]


async def test_others_hear_nothing(bus: EventBus) -> None:
    ear = Ear()
    bus.on("orders.confirmed", ear.hear)
    await bus.emit("orders.cancelled", {}, "orders")
    assert ear.events == []


@pytest.mark.parametrize(
    ("pattern", "heard"),
    [
        pytest.param("orders.*", ["orders.confirmed", "orders.line.added"], id="all of a module"),
        pytest.param("orders.*.added", ["orders.line.added"], id="an action of any entity"),
        pytest.param("*", ["orders.confirmed", "orders.line.added", "ordersx.seen"], id="everything"),
        pytest.param("orders.confirmed", ["orders.confirmed"], id="exactly this"),
    ],
)
async def test_a_star_stands_for_any_text(bus: EventBus, pattern: str, heard: list[str]) -> None:
    ear = Ear()
    bus.on(pattern, ear.hear)
    for name in ("orders.confirmed", "orders.line.added", "ordersx.seen"):
        await bus.emit(name, {}, "test")
    assert [event.type for event in ear.events] == heard
    assert [event.type for event in bus.history(pattern)] == heard


async def test_once_is_once_even_when_the_handler_emits_the_same_event(bus: EventBus) -> None:
    times = 0

    async def again(_event: Event) -> None:
        nonlocal times
        times += 1
        await bus.emit("orders.confirmed", {}, "orders")

    bus.once("orders.confirmed", again)
    await bus.emit("orders.confirmed", {}, "orders")
    assert times == 1
    assert bus.listeners == {}


async def test_off_ends_one_subscription_and_says_whether_there_was_one(bus: EventBus) -> None:
    ear, other = Ear(), Ear()
    bus.on("orders.confirmed", ear.hear)
    bus.on("orders.confirmed", other.hear)
    assert bus.off("orders.confirmed", ear.hear)
    assert not bus.off("orders.confirmed", ear.hear)
    assert not bus.off("orders.*", other.hear)
    await bus.emit("orders.confirmed", {}, "orders")
    assert (ear.events, len(other.events)) == ([], 1)


async def test_a_handler_that_was_taken_off_meanwhile_is_not_called(bus: EventBus) -> None:
    ear = Ear()

    async def silence(_event: Event) -> None:
        bus.off("orders.confirmed", ear.hear)

    bus.on("orders.confirmed", silence)
    bus.on("orders.confirmed", ear.hear)
    await bus.emit("orders.confirmed", {}, "orders")
    assert ear.events == []


async def test_a_handler_that_fails_stops_nobody_and_does_not_vanish(bus: EventBus) -> None:
    ear = Ear()
    bus.on("orders.confirmed", broken)
    bus.on("orders.confirmed", ear.hear)
    with capture_logs() as logs:
        await bus.emit("orders.confirmed", {}, "orders")
        await bus.emit("orders.confirmed", {}, "orders")
    assert len(ear.events) == 2
    assert bus.failures == {"orders.confirmed": 2}
    assert [(entry["log_level"], entry["handler"], entry["failures"]) for entry in logs] == [
        ("error", "broken", 1),
        ("error", "broken", 2),
    ]
    assert logs[0]["event_id"] == str(ear.events[0].id)
    assert logs[0]["exc_info"]


async def test_a_cancelled_emit_is_cancelled(bus: EventBus) -> None:
    async def sleep(_event: Event) -> None:
        await asyncio.sleep(3600)

    bus.on("orders.confirmed", sleep)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await bus.emit("orders.confirmed", {}, "orders")
    assert bus.failures == {}


async def test_the_last_events_are_remembered_and_can_be_forgotten(bus: EventBus) -> None:
    for number in range(103):
        await bus.emit("orders.confirmed" if number % 2 else "orders.cancelled", {"number": number}, "orders")
    assert [event.data["number"] for event in bus.history()] == list(range(3, 103))
    assert len(bus.history("orders.confirmed")) == 50
    bus.clear_history()
    assert bus.history() == ()


async def test_listeners_are_counted_by_what_they_listen_to(bus: EventBus) -> None:
    bus.on("orders.confirmed", Ear().hear)
    bus.on("orders.confirmed", broken)
    bus.once("orders.*", broken)
    assert bus.listeners == {"orders.confirmed": 2, "orders.*": 1}


async def test_an_event_that_a_handler_emits_has_the_handled_one_for_its_cause(bus: EventBus) -> None:
    ear = Ear()

    async def thank(_event: Event) -> None:
        await bus.emit("mail.sent", {}, "mail")

    bus.on("orders.confirmed", thank)
    bus.on("mail.sent", ear.hear)
    first = await bus.emit("orders.confirmed", {}, "orders")
    after = await bus.emit("orders.cancelled", {}, "orders")
    assert (ear.events[0].causation_id, ear.events[0].correlation_id) == (str(first.id), first.correlation_id)
    assert after.causation_id is None


async def test_the_request_that_set_it_off_is_its_correlation(bus: EventBus) -> None:
    token = correlation_id.set("from-outside")
    try:
        event = await bus.emit("orders.confirmed", {}, "orders")
    finally:
        correlation_id.reset(token)
    assert event.correlation_id == "from-outside"


async def test_what_was_emitted_cannot_be_changed_by_a_handler(bus: EventBus) -> None:
    data: dict[str, object] = {"id": 1}
    event = await bus.emit("orders.confirmed", data, "orders")
    data["id"] = 2
    assert event.data["id"] == 1
    with pytest.raises(TypeError):
        event.data["id"] = 3  # type: ignore[index]


@pytest.mark.parametrize(
    "name", ["confirmed", "Orders.confirmed", "orders.", "orders..x", "orders.*", "orders confirmed", ""]
)
async def test_a_name_that_no_event_can_have_is_not_emitted(bus: EventBus, name: str) -> None:
    with pytest.raises(ValueError, match=r"is no event's name; write module\.action"):
        await bus.emit(name, {}, "orders")


@pytest.mark.parametrize("name", ["confirmed", "Orders.confirmed", "orders.", "orders.con*", "**", ""])
async def test_nobody_can_listen_to_what_is_never_emitted(bus: EventBus, name: str) -> None:
    for listen in (bus.on, bus.once):
        with pytest.raises(WiringError, match=r"is no event's name; write module\.action"):
            listen(name, broken)


async def test_listening_twice_would_run_a_handler_twice(bus: EventBus) -> None:
    bus.on("orders.confirmed", broken)
    with pytest.raises(WiringError, match=r"broken listens to 'orders\.confirmed' already"):
        bus.on("orders.confirmed", broken)


# In an application


def kernel(clock: FixedClock | None = None) -> Kernel:
    settings = KernelSettings(environment="test", database_url="sqlite://")
    return Kernel(settings, clock=clock)


async def test_the_application_tells_when_it_has_started_and_stopped() -> None:
    made, log = kernel(), list[str]()
    bus = use_events(made)
    bus.on("system.*", Ear("bus", log).hear)

    async def start() -> None:
        log.append("start hook")

    async def stop() -> None:
        log.append("stop hook")

    made.on_start(start)
    made.on_stop(stop)
    async with client(made):
        log.append("serving")
    assert log == ["start hook", "bus:system.started", "serving", "stop hook", "bus:system.stopped"]
    assert {event.source for event in bus.history()} == {"kernel"}


async def test_a_handler_of_the_start_that_fails_does_not_stop_the_start() -> None:
    made = kernel()
    bus = use_events(made)
    bus.on("system.started", broken)
    async with client(made) as http:
        assert (await http.get("/health/live")).status_code == 200
    assert bus.failures == {"system.started": 1}


async def test_the_bus_is_resolved_and_there_is_one() -> None:
    made = kernel(FixedClock(datetime(2026, 11, 22, tzinfo=UTC)))
    bus = use_events(made)
    assert made.resolve(EventBus) is bus
    assert (await bus.emit("orders.confirmed", {}, "orders")).occurred_at == datetime(2026, 11, 22, tzinfo=UTC)
    with pytest.raises(WiringError, match="a EventBus is shared twice"):
        use_events(made)
    made.asgi()
    with pytest.raises(WiringError, match="after the application was made"):
        made.share(object())
    with pytest.raises(WiringError, match="after the application was made"):
        made.on_ready(made.database.close)


async def test_a_recording_bus_remembers_and_swallows_nothing() -> None:
    bus = RecordingBus()
    await bus.emit("orders.paid", {"id": 1}, "test")
    await bus.emit("pets.sold", {}, "test")
    assert bus.emitted("orders.*") == [("orders.paid", {"id": 1})]
    assert [name for name, _ in bus.emitted()] == ["orders.paid", "pets.sold"]

    async def fail(_event: Event) -> None:
        raise RuntimeError("no paper")

    bus.on("orders.paid", fail)
    with silent_log() as log, pytest.raises(AssertionError, match=r"1 of the handlers of 'orders\.paid' failed"):
        await bus.emit("orders.paid", {}, "test")
    assert [(entry["event"], entry["log_level"]) for entry in log] == [("an event handler failed", "error")]
