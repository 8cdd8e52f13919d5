"""Circuit breakers: when they open, that one call tries, and what is told of it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError as InvalidError

from kernel.app import Kernel
from kernel.circuit_breakers import (
    Breakers,
    BreakerState,
    CircuitBreaker,
    CircuitBreakerSettings,
    CircuitOpenError,
    protect,
    protected,
)
from kernel.clock import FixedClock
from kernel.errors import NotFoundError, UnavailableError, WiringError
from kernel.mail import MAIL, MailSettings, Message
from kernel.mail_memory import MemoryMail
from kernel.settings import KernelSettings
from kernel.testing import client

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

pytestmark = pytest.mark.anyio
CLOSED, OPEN, HALF_OPEN = BreakerState.CLOSED, BreakerState.OPEN, BreakerState.HALF_OPEN


class Backend:
    """Something outside, which answers or does not."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.calls = 0
        self.gate: asyncio.Event | None = None

    async def ask(self) -> str:
        self.calls += 1
        if self.gate is not None:
            await self.gate.wait()
        if self.error is not None:
            raise self.error
        return "fine"

    def plain(self) -> str:
        return "as it is"


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(datetime(2026, 3, 1, 12, tzinfo=UTC))


@pytest.fixture
def backend() -> Backend:
    return Backend()


@pytest.fixture
def breaker(clock: FixedClock) -> CircuitBreaker:
    return CircuitBreaker("payments", clock, CircuitBreakerSettings(minimum=4))


async def fail(breaker: CircuitBreaker, backend: Backend, times: int) -> None:
    backend.error = ConnectionError("away")
    for _ in range(times):
        with pytest.raises(ConnectionError):
            await breaker.call(backend.ask)


async def test_it_opens_when_enough_calls_have_failed_and_not_before(breaker: CircuitBreaker, backend: Backend) -> None:
    await fail(breaker, backend, 3)
    assert breaker.state is CLOSED  # three of three failed, and that is too few calls to tell
    await fail(breaker, backend, 1)
    assert breaker.state is OPEN
    with pytest.raises(CircuitOpenError, match="payments does not answer at the moment; try again later") as refused:
        await breaker.call(backend.ask)
    assert (refused.value.status, refused.value.code) == (503, "circuit_open")
    assert (refused.value.headers, backend.calls) == ({"Retry-After": "15"}, 4)
    assert dict(breaker.calls) == {"failed": 4, "refused": 1, "opened": 1}


async def test_it_stays_closed_while_most_calls_are_answered(breaker: CircuitBreaker, backend: Backend) -> None:
    for _ in range(20):
        backend.error = None
        assert await breaker.call(backend.ask) == "fine"
        assert await breaker.call(backend.ask) == "fine"
        await fail(breaker, backend, 1)
    assert breaker.state is CLOSED


async def test_what_failed_before_the_window_does_not_count(
    breaker: CircuitBreaker, backend: Backend, clock: FixedClock
) -> None:
    for _ in range(10):
        await fail(breaker, backend, 3)
        assert breaker.state is CLOSED
        clock.advance(timedelta(seconds=30))
    await fail(breaker, backend, 3)
    clock.advance(timedelta(seconds=26))
    await fail(breaker, backend, 1)
    assert breaker.state is OPEN


async def test_one_of_a_thousand_calls_at_once_tries(
    breaker: CircuitBreaker, backend: Backend, clock: FixedClock
) -> None:
    await fail(breaker, backend, 4)
    clock.advance(timedelta(seconds=15))
    for error in (ConnectionError("still away"), None):
        backend.error, backend.calls, backend.gate = error, 0, asyncio.Event()
        calls = [asyncio.create_task(breaker.call(backend.ask)) for _ in range(1000)]
        await asyncio.sleep(0)
        assert breaker.state is HALF_OPEN
        backend.gate.set()
        ended = await asyncio.gather(*calls, return_exceptions=True)
        assert backend.calls == 1
        assert sum(isinstance(each, CircuitOpenError) for each in ended) == 999
        assert breaker.state is (OPEN if error else CLOSED)
        clock.advance(timedelta(seconds=15))
    backend.gate = None
    assert await asyncio.gather(*(breaker.call(backend.ask) for _ in range(1000))) == ["fine"] * 1000


async def test_a_probe_that_is_cancelled_says_nothing_and_the_next_call_tries(
    breaker: CircuitBreaker, backend: Backend, clock: FixedClock
) -> None:
    await fail(breaker, backend, 4)
    clock.advance(timedelta(seconds=15))
    backend.error, backend.gate = None, asyncio.Event()
    probe = asyncio.create_task(breaker.call(backend.ask))
    await asyncio.sleep(0)
    probe.cancel()
    await asyncio.gather(probe, return_exceptions=True)
    assert breaker.state is HALF_OPEN
    backend.gate.set()
    assert await breaker.call(backend.ask) == "fine"
    assert breaker.state is CLOSED


async def test_calls_that_began_before_it_opened_do_not_close_or_open_it(
    breaker: CircuitBreaker, backend: Backend, clock: FixedClock
) -> None:
    backend.gate = asyncio.Event()
    slow = [asyncio.create_task(breaker.call(backend.ask)) for _ in range(10)]
    await asyncio.sleep(0)
    gate, backend.gate = backend.gate, None
    await fail(breaker, backend, 4)
    clock.advance(timedelta(seconds=15))
    backend.error = None
    assert await breaker.call(backend.ask) == "fine"
    assert breaker.state is CLOSED
    backend.error = ConnectionError("long ago")
    gate.set()
    await asyncio.gather(*slow, return_exceptions=True)
    assert breaker.state is CLOSED


async def test_a_call_that_takes_too_long_has_failed(clock: FixedClock, backend: Backend) -> None:
    breaker = CircuitBreaker("payments", clock, CircuitBreakerSettings(minimum=1, timeout=0.01))
    backend.gate = asyncio.Event()
    with pytest.raises(UnavailableError, match=r"payments took longer than 0\.01 seconds") as late:
        await breaker.call(backend.ask)
    assert (late.value.code, breaker.state) == ("circuit_timeout", OPEN)


@pytest.mark.parametrize(
    ("error", "opens"),
    [
        (NotFoundError("no such thing"), False),
        (UnavailableError("away"), True),
        (TimeoutError("of the client's own"), True),
        (OSError("no route"), True),
    ],
    ids=["an answer that nobody likes", "not available", "a time-out of the client's own", "no connection"],
)
async def test_what_counts_as_a_failure(clock: FixedClock, backend: Backend, error: Exception, opens: bool) -> None:
    breaker = CircuitBreaker("payments", clock, CircuitBreakerSettings(minimum=1))
    backend.error = error
    with pytest.raises(type(error)):
        await breaker.call(backend.ask)
    assert (breaker.state is OPEN) is opens


async def test_who_knows_better_says_what_counts(clock: FixedClock, backend: Backend) -> None:
    settings = CircuitBreakerSettings(minimum=1)
    breaker = CircuitBreaker("payments", clock, settings, counts=lambda error: not isinstance(error, KeyError))
    backend.error = KeyError("ours")
    with pytest.raises(KeyError):
        await breaker.call(backend.ask)
    assert breaker.state is CLOSED


async def test_a_clock_that_is_set_back_does_not_keep_it_open(clock: FixedClock, backend: Backend) -> None:
    breaker = CircuitBreaker("payments", clock, CircuitBreakerSettings(minimum=4))
    await fail(breaker, backend, 4)
    clock.advance(timedelta(days=-1))
    backend.error = None
    assert await breaker.call(backend.ask) == "fine"
    await fail(breaker, backend, 3)
    clock.advance(timedelta(hours=-1))
    await fail(breaker, backend, 1)
    assert breaker.state is OPEN


async def test_it_goes_around_a_block_a_function_and_a_whole_adapter(breaker: CircuitBreaker, backend: Backend) -> None:
    @breaker.around
    async def ask(word: str) -> str:
        """Ask."""
        return f"{word} {await backend.ask()}"

    guarded = protected(backend, breaker)
    ways: list[Callable[[], Awaitable[object]]] = [lambda: ask("is"), guarded.ask]
    assert [await way() for way in ways] == ["is fine", "fine"]
    async with breaker.attempt():
        assert await backend.ask() == "fine"
    assert (guarded.plain(), guarded.calls, ask.__name__, ask.__doc__) == ("as it is", 3, "ask", "Ask.")
    assert breaker.calls["answered"] == 3
    backend.error = ConnectionError("away")
    for way in ways * 4:
        with pytest.raises((ConnectionError, CircuitOpenError)):
            await way()
    assert (breaker.state, breaker.calls["refused"]) == (OPEN, 5)


class Settings(KernelSettings):
    circuit_breakers: CircuitBreakerSettings = CircuitBreakerSettings(minimum=2, metrics=True)
    mail: MailSettings = MailSettings()


async def test_the_application_knows_them_and_tells_how_they_are() -> None:
    kernel = Kernel(Settings(environment="test", database_url="sqlite://"))
    breaker = Breakers.of(kernel).add("payments", pause=60)
    Breakers.of(kernel).add("maps")
    assert kernel.resolve(Breakers).named("payments") is breaker
    with pytest.raises(NotFoundError, match="there is no circuit breaker 'payment'; did you mean 'payments'"):
        Breakers.of(kernel).named("payment")
    backend = Backend()
    async with client(kernel) as http:
        assert (await http.get("/health/ready")).json()["checks"]["circuit breakers"]["status"] == "ok"
        await fail(breaker, backend, 2)
        with pytest.raises(CircuitOpenError) as refused:
            await breaker.call(backend.ask)
        ready = await http.get("/health/ready")
        shown = (await http.get("/circuit-breakers")).json()
        lines = (await http.get("/circuit-breakers/prometheus")).text.splitlines()
    assert 55 < int(refused.value.headers["Retry-After"]) <= 60
    assert (ready.status_code, ready.json()["checks"]["circuit breakers"]["status"]) == (200, "failed")
    assert shown == [
        {"name": "maps", "state": "closed", "answered": 0, "failed": 0, "refused": 0, "opened": 0},
        {"name": "payments", "state": "open", "answered": 0, "failed": 2, "refused": 1, "opened": 1},
    ]
    assert 'circuit_breaker_state{breaker="payments",state="open"} 1' in lines
    assert 'circuit_breaker_state{breaker="payments",state="closed"} 0' in lines
    assert 'circuit_breaker_calls_total{breaker="payments",outcome="refused"} 1' in lines
    assert 'circuit_breaker_opened_total{breaker="payments"} 1' in lines


async def test_numbers_without_sense_and_names_that_are_taken_are_refused() -> None:
    breakers = Breakers.of(Kernel(Settings(environment="test", database_url="sqlite://")))
    breakers.add("payments")
    with pytest.raises(WiringError, match="there are two circuit breakers 'payments'"):
        breakers.add("payments")
    with pytest.raises(WiringError, match="'Pay!' is no circuit breaker's name; write it in small letters, such as p"):
        breakers.add("Pay!")
    with pytest.raises(InvalidError, match="less than or equal to 1"):
        breakers.add("maps", failures=2)


class BrokenMail(MemoryMail):
    async def send(self, message: Message) -> None:
        raise UnavailableError(f"cannot send to {message.to}")


async def test_a_port_is_protected_and_memory_is_left_alone() -> None:
    letter = Message("ada@example.com", "Hello", "Hello")
    kernel = Kernel(Settings(environment="test", database_url="sqlite://", mail=MailSettings(provider="smtp")))
    kernel.provide(MAIL, BrokenMail())
    breaker = Breakers.of(kernel).add("mail")
    protect(kernel, MAIL, breaker)
    for error in (UnavailableError, UnavailableError, CircuitOpenError):
        with pytest.raises(error):
            await kernel.adapter(MAIL).send(letter)
    tested = Kernel(Settings(environment="test", database_url="sqlite://"))
    protect(tested, MAIL, Breakers.of(tested).add("mail"))
    assert isinstance(tested.adapter(MAIL), MemoryMail)
