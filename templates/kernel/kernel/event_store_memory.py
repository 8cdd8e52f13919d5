"""Events in this process: for tests and for trying things out. With their database they roll back as rows do."""

import asyncio
from collections.abc import Collection, Iterable, Sequence
from uuid import UUID

from .clock import Clock, SystemClock, until_set
from .event_values import (
    ALL,
    START,
    Expected,
    Page,
    Position,
    RecordedEvent,
    already_there,
    category_of,
    check_expected,
    checked_events,
    checked_stream,
)
from .events import Event
from .memory_database import MemoryDatabase, Workspace

_TABLE = "stored_events"


class MemoryEvents:
    """Implements EventStore in a MemoryDatabase: the one whose transactions `append` is to take part in."""

    def __init__(
        self, database: MemoryDatabase | None = None, *, clock: Clock | None = None, poll: float = 0.2
    ) -> None:
        self.poll = poll
        self._database = database or MemoryDatabase(clock=clock)
        self._clock = clock or (database.clock if database else SystemClock())
        self._appended = asyncio.Event()

    async def append(self, stream: str, events: Sequence[Event], *, expected: Expected) -> tuple[Position, ...]:
        checked_stream(stream)
        checked_events(events)
        async with self._database.transaction() as work:
            there = _all(work)
            wanted = {event.id for event in events}
            found = {each.event.id: (each.stream, each.position) for each in there if each.event.id in wanted}
            known = already_there(stream, events, found)
            if known:
                return known
            actual = _count(there, stream)
            check_expected(stream, expected, actual)
            made = self._recorded(stream, events, actual, _count(there, ALL))
            for each in made:
                work.put(_TABLE, each.event.id, {"recorded": each})
        self._appended.set()
        return tuple(each.position for each in made)

    async def read_stream(
        self, stream: str, *, first: int = 1, last: int | None = None, backwards: bool = False, limit: int | None = None
    ) -> tuple[RecordedEvent, ...]:
        found = [
            each
            for each in _all(self._database.reading())
            if each.stream == stream and each.number >= first and (last is None or each.number <= last)
        ]
        found.sort(key=lambda each: each.number, reverse=backwards)
        return tuple(found[:limit])

    async def read_all(
        self, after: Position = START, *, types: Collection[str] = (), category: str = "", limit: int = 500
    ) -> Page:
        there = _all(self._database.reading())
        found = [each for each in there if each.position > after and _wanted(each, types, category)][:limit]
        full = len(found) == limit
        return Page(tuple(found), found[-1].position if full else max(after, _head(there)))

    async def find(self, event_id: UUID) -> RecordedEvent | None:
        return next((each for each in _all(self._database.reading()) if each.event.id == event_id), None)

    async def version(self, stream: str) -> int:
        return _count(_all(self._database.reading()), stream)

    async def head(self) -> Position:
        return _head(_all(self._database.reading()))

    async def may_hold(self, position: Position) -> bool:
        return position <= await self.head()

    async def changed(self, seconds: float) -> None:
        if await until_set(self._appended, seconds):
            self._appended.clear()

    async def ping(self) -> None:
        """Do nothing: there is no connection."""

    async def close(self) -> None:
        """Do nothing: there is no connection."""

    def _recorded(self, stream: str, events: Iterable[Event], version: int, last: int) -> list[RecordedEvent]:
        now = self._clock.now()
        return [
            RecordedEvent(event, stream, version + place, Position(0, last + place), now)
            for place, event in enumerate(events, 1)
        ]


def _all(work: Workspace) -> list[RecordedEvent]:
    """Answer every event, in the order in which they were stored."""
    found = [each for row in work.rows(_TABLE).values() if isinstance(each := row["recorded"], RecordedEvent)]
    return sorted(found, key=lambda each: each.position)


def _count(there: Sequence[RecordedEvent], stream: str) -> int:
    return len(there) if stream == ALL else sum(each.stream == stream for each in there)


def _head(there: Sequence[RecordedEvent]) -> Position:
    return there[-1].position if there else START


def _wanted(recorded: RecordedEvent, types: Collection[str], category: str) -> bool:
    return (not types or recorded.event.type in types) and category in ("", category_of(recorded.stream))
