"""One maker at a time for each key: a hundred requests that miss the same answer start one query, not a hundred."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from contextvars import ContextVar
from dataclasses import dataclass, field

Find = Callable[[], Awaitable[str | None]]
Make = Callable[[], Awaitable[str]]
Store = Callable[[str], Awaitable[None]]


@dataclass(slots=True, eq=False)
class _Flight:
    """An answer that is being found or made. Without text and error once it is over, its maker was cancelled.

    `waits_for` has an entry for each time its maker, or a task that the maker started, waits for another one.
    """

    tags: frozenset[str]
    over: asyncio.Event = field(default_factory=asyncio.Event)
    waits_for: list["_Flight"] = field(default_factory=list)
    text: str | None = None
    error: Exception | None = None


# What is being made around this code, the innermost last; a task that a maker starts inherits it.
_MAKING: ContextVar[tuple[_Flight, ...]] = ContextVar("making", default=())


class Flights:
    """The answers being made in this process.

    The maker runs in the task of whoever came first, not in one of its own: a new task could not share a transaction.
    When that request is cancelled, one of those who wait makes the answer instead. Who would wait for itself, also by
    way of other keys, makes its own answer, which is not stored.
    """

    def __init__(self) -> None:
        self._flights: dict[str, _Flight] = {}

    async def run(self, key: str, find: Find, make: Make, store: Store, *, tags: Collection[str]) -> str:
        """Answer what `find` finds, else what `make` makes, having stored it unless it was forgotten meanwhile."""
        while (flight := self._flights.get(key)) is not None:
            if _waits_for_any(flight, _MAKING.get()):
                return await make()
            await _wait(flight)
            if flight.error is not None:
                raise flight.error
            if flight.text is not None:
                return flight.text
        flight = self._flights[key] = _Flight(frozenset(tags))
        around = _MAKING.set((*_MAKING.get(), flight))
        try:
            flight.text = await find()
            if flight.text is None:
                flight.text = await make()
                if self._flights.get(key) is flight:
                    await store(flight.text)
        except Exception as error:
            flight.error = error
            raise
        finally:
            _MAKING.reset(around)
            flight.over.set()
            if self._flights.get(key) is flight:
                del self._flights[key]
        return flight.text

    def forget_keys(self, *keys: str) -> None:
        """Let those who ask from now on make these answers anew: what is being made may come from old rows."""
        for key in keys:
            self._flights.pop(key, None)

    def forget_tags(self, *tags: str) -> None:
        """Forget the answers that would be stored with one of these tags."""
        self.forget_keys(*[key for key, flight in self._flights.items() if not flight.tags.isdisjoint(tags)])


def _waits_for_any(flight: _Flight, others: tuple[_Flight, ...]) -> bool:
    """Say whether a flight is one of the others, or ends only after one of them does."""
    seen: set[_Flight] = set()
    left = [flight]
    while left:
        each = left.pop()
        if each in others:
            return True
        if each not in seen:
            seen.add(each)
            left.extend(each.waits_for)
    return False


async def _wait(flight: _Flight) -> None:
    """Wait until a flight is over; whatever is being made around this code waits with it."""
    making = _MAKING.get()
    for each in making:
        each.waits_for.append(flight)
    try:
        await flight.over.wait()
    finally:
        for each in making:
            each.waits_for.remove(flight)
