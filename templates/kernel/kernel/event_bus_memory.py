"""A bus inside one process, and what it could not deliver: for tests, and for trying things out."""

import asyncio
from collections import Counter, deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from .event_bus_values import Delivery, Intake, Letter, LetterStatus, key_of, partition_of, written
from .events import Event
from .ids import new_id

_PARTITIONS = 4


@dataclass(slots=True)
class _Partition:
    """What one group has not settled yet of one partition; whoever holds `turn` works on it."""

    waiting: deque[Delivery] = field(default_factory=deque)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    filled: asyncio.Event = field(default_factory=asyncio.Event)


class MemoryBroker:
    """Implements Broker; buses that share one are like processes that share a server."""

    def __init__(self) -> None:
        self._groups: dict[str, tuple[_Partition, ...]] = {}

    async def publish(self, events: Sequence[Event]) -> None:
        for event in events:
            written(event)  # what could not travel must not work here either
        for event in events:
            for partitions in self._groups.values():
                partition = partitions[partition_of(event, _PARTITIONS)]
                partition.waiting.append(Delivery(event))
                partition.filled.set()

    async def consume(self, intake: Intake) -> None:
        partitions = self._groups.setdefault(intake.group, tuple(_Partition() for _ in range(_PARTITIONS)))
        intake.begin()
        async with asyncio.TaskGroup() as tasks:
            for partition in partitions:
                tasks.create_task(_take(partition, intake))

    async def ping(self) -> None:
        """Do nothing: it is always there."""

    async def close(self) -> None:
        """Do nothing: what was published is for whoever consumes next."""


async def _take(partition: _Partition, intake: Intake) -> None:
    stopping = asyncio.create_task(intake.stopping.wait())
    try:
        while not intake.stopping.is_set():
            filled = asyncio.create_task(partition.filled.wait())
            await asyncio.wait((filled, stopping), return_when=asyncio.FIRST_COMPLETED)
            filled.cancel()
            async with partition.turn:
                await _settle(partition, intake)
    finally:
        stopping.cancel()


async def _settle(partition: _Partition, intake: Intake) -> None:
    """Work on the first events; those that are not settled when it ends may have been begun."""
    batch = [partition.waiting[number] for number in range(min(len(partition.waiting), intake.prefetch))]
    if not batch:
        partition.filled.clear()
        return
    left = len(batch)

    async def settled(count: int) -> None:
        nonlocal left
        left -= count
        for _ in range(count):
            partition.waiting.popleft()

    try:
        await intake.settle(batch, settled)
    finally:
        for number in range(left):
            partition.waiting[number] = replace(partition.waiting[number], again=True)


class MemoryLetters:
    """Implements Letters in a dictionary."""

    def __init__(self) -> None:
        self._letters: dict[UUID, Letter] = {}
        self._leases: dict[UUID, datetime] = {}

    async def waiting(self, group: str, keys: Collection[str]) -> set[str]:
        return {key_of(each.event) for each in self._of(group) if key_of(each.event) in keys}

    async def keep(
        self, group: str, event: Event, status: LetterStatus, *, attempts: int, run_at: datetime, error: str
    ) -> None:
        there = list(self._letters.values())
        if any((each.group, each.event.id) == (group, event.id) for each in there):
            return
        letter = new_id()
        number = 1 + max((each.number for each in there if each.group == group), default=0)
        self._letters[letter] = Letter(letter, group, event, number, status, attempts, run_at, error, run_at)

    async def claim(self, group: str, *, now: datetime, until: datetime, limit: int) -> list[Letter]:
        first: dict[str, Letter] = {}
        for each in sorted(self._of(group), key=lambda letter: letter.number):
            first.setdefault(key_of(each.event), each)
        due = [each for each in first.values() if each.run_at <= now and self._leases.get(each.id, now) <= now]
        taken = [replace(each, attempts=each.attempts + 1) for each in due[:limit]]
        for each in taken:
            self._letters[each.id] = each
            self._leases[each.id] = until
        return taken

    async def fail(self, letter: Letter, status: LetterStatus, *, attempts: int, run_at: datetime, error: str) -> None:
        there = self._letters.get(letter.id)
        if there is None or there.attempts != letter.attempts:
            return
        self._letters[letter.id] = replace(there, status=status, attempts=attempts, run_at=run_at, error=error)
        self._leases.pop(letter.id, None)

    async def remove(self, letter: Letter) -> None:
        self._letters.pop(letter.id, None)
        self._leases.pop(letter.id, None)

    async def list(self, status: LetterStatus | None, group: str | None, limit: int) -> tuple[Letter, ...]:
        found = [
            each for each in self._letters.values() if status in (None, each.status) and group in (None, each.group)
        ]
        return tuple(sorted(found, key=lambda each: (each.created_at, each.id))[:limit])

    async def find(self, letter: UUID) -> Letter | None:
        return self._letters.get(letter)

    async def counts(self) -> dict[tuple[str, LetterStatus], int]:
        return dict(Counter((each.group, each.status) for each in self._letters.values()))

    async def revive(self, ids: Collection[UUID] | None, group: str | None, now: datetime) -> int:
        dead = [each for each in self._dead() if (ids is None or each.id in ids) and group in (None, each.group)]
        for each in dead:
            self._letters[each.id] = replace(each, status=LetterStatus.WAITING, attempts=0, run_at=now)
        return len(dead)

    async def drop(self, ids: Collection[UUID]) -> int:
        dead = [each for each in self._dead() if each.id in ids]
        for each in dead:
            del self._letters[each.id]
        return len(dead)

    def _of(self, group: str) -> tuple[Letter, ...]:
        letters = self._letters.values()
        return tuple(each for each in letters if each.group == group and each.status is LetterStatus.WAITING)

    def _dead(self) -> tuple[Letter, ...]:
        return tuple(each for each in self._letters.values() if each.status is LetterStatus.DEAD)


class _First:
    """Says whether something is not known yet, and remembers it when what is inside did not fail."""

    def __init__(self, known: set[int], mark: int) -> None:
        self._known = known
        self._mark = mark

    async def __aenter__(self) -> bool:
        return self._mark not in self._known

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._known.add(self._mark)


class MemoryInbox:
    """Implements Inbox for handlers without a database: what a failed one changed is not taken back."""

    def __init__(self) -> None:
        self._handled: dict[str, set[int]] = {}  # numbers, since Python's garbage collector walks through anything else

    def first(self, group: str, event: Event) -> _First:
        return _First(self._handled.setdefault(group, set()), event.id.int)

    async def forget(self, _before: datetime, /) -> int:
        count = sum(map(len, self._handled.values()))
        self._handled.clear()
        return count
