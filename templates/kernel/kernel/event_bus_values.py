"""What a bus between processes carries, and what its parts ask of each other."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, Protocol, TypeAlias, cast
from uuid import NAMESPACE_OID, UUID, uuid5
from zlib import crc32

from pydantic_core import from_json

from .clock import until_set
from .errors import ProgrammingError
from .events import Event, is_event_name

UNREADABLE: Final = "system.unreadable"
"""The type of what stands for a message that is no event: it becomes a dead letter, which shows the text."""
_LONGEST_KEY = 200
_RAW = 20_000
_TOLD = 2000
_WRITER: Final = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False)
_AGAIN = 1.0  # seconds until what could not be settled is handed over once more


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event as a broker hands it over; `again` when somebody may have begun to handle it before."""

    event: Event
    again: bool = False


Handle: TypeAlias = Callable[[Sequence[Delivery]], Awaitable[int]]
"""Takes events of one partition in order, and answers how many of them, from the first on, need not come again."""


class Intake:
    """One group as its broker sees it: what it wants to hear, who takes it, and whether it is to end."""

    def __init__(
        self, group: str, pattern: str, handle: Handle, *, prefetch: int, begun: Callable[[], None] = lambda: None
    ) -> None:
        self.group = group
        self.pattern = pattern
        self.prefetch = prefetch
        self.ready = asyncio.Event()
        self.stopping = asyncio.Event()
        self._handle = handle
        self._begun = begun

    def begin(self) -> None:
        """Say that the broker is there and knows the group; once more does no harm."""
        self.ready.set()
        self._begun()

    async def settle(self, deliveries: Sequence[Delivery], settled: Callable[[int], Awaitable[object]]) -> bool:
        """Hand deliveries of one partition over, and say how many more are settled, until all are or it ends."""
        while deliveries and not self.stopping.is_set():
            count = await self._handle(deliveries)
            if count:
                await settled(count)
            deliveries = deliveries[count:]
            if deliveries:
                await self.pause(_AGAIN)
        return not deliveries

    async def pause(self, seconds: float) -> None:
        """Wait, and not longer than until it is to end."""
        await until_set(self.stopping, seconds)


class Broker(Protocol):
    """What carries events between processes. One suite of tests holds every implementation to it.

    - Events are in partitions, by their key; a partition is a sequence.
    - A group is given every event that is published once it is known, also what is published while nobody is there.
    - Of the processes that consume for one group, one has a partition at a time; they share the partitions.
    - What was handed over and not settled is handed over again, in order, when the process or the connection ended.
    """

    async def publish(self, events: Sequence[Event]) -> None:
        """Return when the broker has taken all of them. Raises UnavailableError when it has not; some may be there."""
        ...

    async def consume(self, intake: Intake) -> None:
        """Hand events of a group over until it is to end.

        Raises UnavailableError when the broker goes away; whoever called it calls it again.
        """
        ...

    async def ping(self) -> None:
        """Ask for an answer. Raises UnavailableError when there is none."""
        ...

    async def close(self) -> None: ...


class LetterStatus(StrEnum):
    """What is to become of an event that a handler failed on."""

    WAITING = "waiting"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Letter:
    """An event that one group could not handle: it is tried again at `run_at`, or is dead and waits for a person.

    `number` is its place among those of its group and key; `attempts` counts the one that runs.
    """

    id: UUID
    group: str
    event: Event
    number: int
    status: LetterStatus
    attempts: int
    run_at: datetime
    error: str
    created_at: datetime


class Letters(Protocol):
    """Keeps what could not be handled, with its attempts, for all processes."""

    async def waiting(self, group: str, keys: Collection[str]) -> set[str]:
        """Answer of which keys something waits: what comes later has to wait behind it."""
        ...

    async def keep(
        self, group: str, event: Event, status: LetterStatus, *, attempts: int, run_at: datetime, error: str
    ) -> None:
        """Keep an event behind those of its key; one that is kept already stays as it is."""
        ...

    async def claim(self, group: str, *, now: datetime, until: datetime, limit: int) -> list[Letter]:
        """Take the first of each key that is due, count the attempt, and leave it to nobody else until then."""
        ...

    async def fail(self, letter: Letter, status: LetterStatus, *, attempts: int, run_at: datetime, error: str) -> None:
        """Say what became of an attempt, unless somebody else has taken it up since."""
        ...

    async def remove(self, letter: Letter) -> None: ...

    async def list(self, status: LetterStatus | None, group: str | None, limit: int) -> tuple[Letter, ...]:
        """Answer letters, the oldest first."""
        ...

    async def find(self, letter: UUID) -> Letter | None: ...

    async def counts(self) -> dict[tuple[str, LetterStatus], int]:
        """Count them by group and status."""
        ...

    async def revive(self, ids: Collection[UUID] | None, group: str | None, now: datetime) -> int:
        """Let dead ones begin anew, with all their attempts, and answer how many there were."""
        ...

    async def drop(self, ids: Collection[UUID]) -> int:
        """Forget dead ones, and answer how many there were."""
        ...


class Inbox(Protocol):
    """Knows what each group has handled, in the transaction of the effects."""

    def first(self, group: str, event: Event) -> AbstractAsyncContextManager[bool]:
        """Open a transaction, and say whether the group has never handled the event; the end remembers that it has."""
        ...

    async def forget(self, before: datetime, /) -> int:
        """Forget what was handled before a time, and answer how much there was."""
        ...


def key_of(event: Event) -> str:
    """Answer what an event is kept in order with: its key, and nothing else when it has none."""
    return event.key or str(event.id)


def partition_of(event: Event, partitions: int) -> int:
    """Answer the partition of an event. It is the same in every process, and in every version."""
    return crc32(key_of(event).encode()) % partitions


def plain(event: Event) -> dict[str, object]:
    """Write an event as JSON has it."""
    return {
        "id": str(event.id),
        "type": event.type,
        "version": event.version,
        "occurredAt": event.occurred_at.isoformat(),
        "key": event.key,
        "correlationId": event.correlation_id,
        "causationId": event.causation_id,
        "source": event.source,
        "data": dict(event.data),
        "metadata": dict(event.metadata),
    }


def written(event: Event) -> bytes:
    """Write an event as a message. Raises ProgrammingError for a name, a time or data that cannot travel."""
    if not is_event_name(event.type):
        raise ProgrammingError(f"'{event.type}' is no event's name; write module.action, such as users.created")
    if event.occurred_at.tzinfo is None:
        raise ProgrammingError(f"{event.type}: the time at which it happened has no zone")
    if len(event.key) > _LONGEST_KEY:
        raise ProgrammingError(f"{event.type}: its key has more than {_LONGEST_KEY} characters")
    try:
        return _WRITER.encode(plain(event)).encode()
    except (TypeError, ValueError) as error:
        raise ProgrammingError(f"the data of {event.type} cannot be sent: {error}") from error


def read(message: bytes) -> Event:
    """Read what `written` wrote; what is no event becomes one of the type `system.unreadable`, and is not lost."""
    try:
        return of_plain(_parsed(message))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        return _unreadable(message, error)


def of_plain(stored: dict[str, Any]) -> Event:
    """Read what `plain` wrote. Raises KeyError, TypeError or ValueError for what it did not."""
    if len(stored["key"]) > _LONGEST_KEY:
        raise ValueError(f"its key has more than {_LONGEST_KEY} characters")
    return Event(
        id=UUID(stored["id"]),
        type=str(stored["type"]),
        version=int(stored["version"]),
        occurred_at=datetime.fromisoformat(stored["occurredAt"]),
        key=str(stored["key"]),
        correlation_id=str(stored["correlationId"]),
        causation_id=stored["causationId"],
        source=str(stored["source"]),
        data=MappingProxyType(stored["data"]),
        metadata=MappingProxyType(stored["metadata"]),
    )


def _parsed(message: bytes) -> dict[str, Any]:
    try:
        return cast("dict[str, Any]", from_json(message))
    except ValueError:  # it is no JSON, or deeper than the fast way goes
        return cast("dict[str, Any]", json.loads(message))


def told(error: BaseException) -> str:
    """Say what went wrong in a line that fits a column."""
    return f"{type(error).__name__}: {error}".replace("\x00", "")[:_TOLD]


def _unreadable(message: bytes, error: Exception) -> Event:
    raw = message.decode("utf-8", "backslashreplace").replace("\x00", "\\x00")
    same = uuid5(NAMESPACE_OID, f"{crc32(message)} {raw}")  # the same message again is the same letter
    data = {"message": raw[:_RAW], "error": told(error)}
    return Event(
        id=same,
        type=UNREADABLE,
        version=1,
        occurred_at=datetime(1970, 1, 1, tzinfo=UTC),
        key=str(same),
        correlation_id=str(same),
        causation_id=None,
        source="",
        data=MappingProxyType(data),
    )
