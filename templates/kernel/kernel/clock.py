"""Time as something that is passed in, so that a test can hold it still."""

import asyncio
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Says what time it is, always in UTC."""

    def now(self) -> datetime: ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class FixedClock:
    """A clock that moves only when a test says so."""

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        return self._now

    def advance(self, by: timedelta) -> datetime:
        self._now += by
        return self._now


async def until_set(event: asyncio.Event, seconds: float) -> bool:
    """Wait until an event is set, and so long at most; say whether it is."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
    return event.is_set()


def utc_now() -> datetime:
    """Fill a column that defaults to now."""
    return SystemClock().now()


def utc_today() -> date:
    """Fill a column that defaults to today."""
    return utc_now().date()
