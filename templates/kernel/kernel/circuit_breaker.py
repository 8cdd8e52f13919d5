"""A circuit breaker: while something outside does not answer, calls of it fail at once instead of waiting for it.

Closed, a breaker lets everything through and counts. When too many of the calls of late have failed it opens, and
refuses what comes. After a while it lets one call through, the probe, and refuses all others until that has ended:
it closes when the probe was answered, and opens again when it was not. Each process has its own.
"""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import wraps
from inspect import iscoroutinefunction
from math import ceil
from typing import Any, Final, NoReturn, ParamSpec, TypeVar, cast

import structlog
from pydantic import BaseModel, ConfigDict, Field

from .clock import Clock
from .errors import AppError, UnavailableError

A = TypeVar("A")
P = ParamSpec("P")
R = TypeVar("R")
_SLICES: Final = 10
logger = structlog.get_logger("circuit_breakers")


class BreakerState(StrEnum):
    """Whether calls go through."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class CircuitBreakerSettings(BaseModel):
    """When a breaker opens, and for how long; a breaker may say otherwise where it is made."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    window: float = Field(default=30.0, gt=0, description="Seconds for which the end of a call counts.")
    minimum: int = Field(default=10, ge=1, description="Calls in the window without which it stays closed.")
    failures: float = Field(default=0.5, gt=0, le=1, description="The part of them that has to fail for it to open.")
    pause: float = Field(default=15.0, gt=0, description="Seconds that it is open before one call tries.")
    timeout: float = Field(default=10.0, gt=0, description="Seconds after which a call has failed.")
    metrics: bool = Field(default=False, description="Serve /circuit-breakers to whoever can reach it.")


class CircuitOpenError(UnavailableError):
    """Something outside did not answer lately and is left alone; `Retry-After` says when it is tried again."""

    default_code = "circuit_open"

    def __init__(self, name: str, seconds: float) -> None:
        super().__init__(f"{name} does not answer at the moment; try again later")
        self.headers = {"Retry-After": str(max(1, ceil(seconds)))}


@dataclass(frozen=True, slots=True)
class _Turn:
    """A call that was let through; what it says counts only while the breaker has not changed its state since."""

    period: int
    probe: bool


class CircuitBreaker:
    """One breaker; made by `Breakers.add`."""

    def __init__(
        self,
        name: str,
        clock: Clock,
        settings: CircuitBreakerSettings | None = None,
        *,
        counts: Callable[[Exception], bool] | None = None,
    ) -> None:
        """Let errors for which `counts` answers true be failures; `is_failure` is asked unless that is said."""
        self.name = name
        self.calls: Counter[str] = Counter()
        self._clock = clock
        self._settings = settings or CircuitBreakerSettings()
        self._counts = counts or is_failure
        self._state = BreakerState.CLOSED
        self._period = 0
        self._opened_at = clock.now()
        self._probing = False
        self._window = _Window(self._settings.window)

    @property
    def state(self) -> BreakerState:
        """Answer whether calls go through; an open one whose pause is over waits for the call that tries."""
        return self._state

    @asynccontextmanager
    async def attempt(self) -> AsyncGenerator[None]:
        """Let what is inside count as one call.

        Raises CircuitOpenError instead of letting it begin, and UnavailableError when it takes longer than it may.
        """
        turn = self._admit()
        answered: bool | None = (
            None  # it stays None when the call was cancelled, which says nothing about the other side
        )
        try:
            async with asyncio.timeout(self._settings.timeout) as deadline:
                yield
        except Exception as error:
            late = isinstance(error, TimeoutError) and deadline.expired()
            answered = not (late or self._counts(error))
            if late:
                message = f"{self.name} took longer than {self._settings.timeout:g} seconds"
                raise UnavailableError(message, code="circuit_timeout") from error
            raise
        else:
            answered = True
        finally:
            self._settle(turn, answered)

    async def call(self, work: Callable[[], Awaitable[R]]) -> R:
        """Do something as one call, and answer what it answers. Raises as `attempt`, and what it raises."""
        async with self.attempt():
            return await work()

    def around(self, function: Callable[P, Awaitable[R]]) -> Callable[P, Coroutine[Any, Any, R]]:
        """Decorate an async function, so that each call of it is one of the breaker's."""

        @wraps(function)
        async def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            async with self.attempt():
                return await function(*args, **kwargs)

        return guarded

    def _admit(self) -> _Turn:
        """Let a call begin, as the probe when it is time. Raises CircuitOpenError."""
        if self._state is BreakerState.OPEN:
            pause = timedelta(seconds=self._settings.pause)
            left = self._opened_at + pause - self._clock.now()
            if timedelta() < left <= pause:  # more than that is left only when somebody has set the clock back
                self._refuse(left.total_seconds())
            self._become(BreakerState.HALF_OPEN)
        if self._state is BreakerState.CLOSED:
            return _Turn(self._period, probe=False)
        if self._probing:
            self._refuse(1)
        self._probing = True
        return _Turn(self._period, probe=True)

    def _refuse(self, seconds: float) -> NoReturn:
        self.calls["refused"] += 1
        raise CircuitOpenError(self.name, seconds)

    def _settle(self, turn: _Turn, answered: bool | None) -> None:
        if answered is not None:
            self.calls["answered" if answered else "failed"] += 1
        if turn.period != self._period:
            return
        if turn.probe:
            self._probing = False
            if answered is not None:
                self._become(BreakerState.CLOSED if answered else BreakerState.OPEN)
        elif answered is not None:
            self._count(answered=answered)

    def _count(self, *, answered: bool) -> None:
        now = self._clock.now()
        self._window.add(now, failed=not answered)
        calls, failed = self._window.counted(now)
        if not answered and calls >= self._settings.minimum and failed >= calls * self._settings.failures:
            self._become(BreakerState.OPEN)

    def _become(self, state: BreakerState) -> None:
        self._state = state
        self._period += 1
        self._probing = False
        if state is BreakerState.OPEN:
            self._opened_at = self._clock.now()
            self.calls["opened"] += 1
            logger.warning("a circuit breaker is open", breaker=self.name, seconds=self._settings.pause)
        elif state is BreakerState.CLOSED:
            self._window = _Window(self._settings.window)
            logger.info("a circuit breaker is closed again", breaker=self.name)


class _Window:
    """How many calls ended lately, and how many of them failed; in slices, so that it stays small under any load."""

    def __init__(self, seconds: float) -> None:
        self._slice = seconds / _SLICES
        self._slices: deque[tuple[int, int, int]] = deque()

    def add(self, now: datetime, *, failed: bool) -> None:
        number = self._number(now)
        there = self._slices.pop() if self._slices and self._slices[-1][0] == number else (number, 0, 0)
        self._slices.append((number, there[1] + 1, there[2] + failed))

    def counted(self, now: datetime) -> tuple[int, int]:
        """Answer the calls of the window, and those that failed."""
        oldest = self._number(now) - _SLICES
        while self._slices and self._slices[0][0] <= oldest:
            self._slices.popleft()
        return sum(calls for _, calls, _ in self._slices), sum(failed for _, _, failed in self._slices)

    def _number(self, now: datetime) -> int:
        """Number the slice of a time; when somebody sets the clock back, the last one goes on."""
        number = int(now.timestamp() // self._slice)
        return max(number, self._slices[-1][0]) if self._slices else number


def is_failure(error: Exception) -> bool:
    """Tell whether an error says that the other side does not work: an AppError is an answer, but UnavailableError."""
    return not isinstance(error, AppError) or isinstance(error, UnavailableError)


def protected(adapter: A, breaker: CircuitBreaker) -> A:
    """Answer something like an adapter whose every async method is a call of the breaker; the rest is as it is.

    What streams, an async generator or a context manager, is not guarded: use `attempt` around that.
    """
    return cast("A", _Protected(adapter, breaker))


class _Protected:
    def __init__(self, adapter: object, breaker: CircuitBreaker) -> None:
        self._adapter = adapter
        self._breaker = breaker

    def __getattr__(self, name: str) -> object:
        found = getattr(self._adapter, name)
        return self._breaker.around(found) if iscoroutinefunction(found) else found
