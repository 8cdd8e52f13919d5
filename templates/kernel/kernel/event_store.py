"""The event store: what happened, in streams, and never changed. One suite of tests holds every implementation to it.

A stream is the life of one thing, such as `users-<id>`. All streams together are one sequence, which projections and
other readers follow by its positions; a reader that stops and goes on after the last position misses nothing.
"""

from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from types import MappingProxyType
from typing import ClassVar, Final, Literal, Protocol, runtime_checkable
from uuid import UUID

from pydantic import Field, SecretStr, field_validator

from .event_store_memory import MemoryEvents
from .event_values import START, ConcurrencyError, Expected, History, Page, Position, RecordedEvent, StreamState
from .events import Event
from .ports import AdapterPort
from .redis_address import RedisAddress

__all__ = [
    "EVENT_STORE",
    "START",
    "ConcurrencyError",
    "EventStore",
    "EventStoreSettings",
    "Page",
    "Position",
    "RecordedEvent",
    "SealsPersonalData",
    "StreamState",
    "as_stored",
    "history_of",
    "subscribe",
]


class EventStoreSettings(RedisAddress):
    """Where events are stored. `database` is the project's own, whichever it is; its name insists on that one."""

    variables: ClassVar[Mapping[str, str]] = MappingProxyType(
        {
            "provider": "EVENT_STORE_PROVIDER",
            "redis_host": "REDIS_HOST",
            "redis_port": "REDIS_PORT",
            "redis_db": "REDIS_EVENTS_STORE_DB",
            "mongodb_url": "MONGODB_URL",
        }
    )
    added_by: ClassVar[Mapping[str, str]] = MappingProxyType(
        {
            "database": "make:aggregate NAME",
            "sqlite": "make:adapter event-store-sqlite",
            "postgresql": "make:adapter event-store-postgres",
            "mariadb": "make:adapter event-store-mariadb",
            "mysql": "make:adapter event-store-mariadb",
            "redis": "make:adapter event-store-redis",
            "mongodb": "make:adapter event-store-mongodb",
        }
    )

    provider: Literal["memory", "database", "sqlite", "postgresql", "mariadb", "mysql", "redis", "mongodb"] = "database"
    poll: float = Field(default=0.2, gt=0, description="Seconds between two looks for events of other processes.")
    redis_db: int = Field(default=1, ge=0)
    mongodb_url: SecretStr = Field(
        default=SecretStr("mongodb://127.0.0.1:27017/"), description="Or mongodb+srv://; its path names the database."
    )
    timeout: float = Field(default=5.0, gt=0, description="Seconds for an answer of Redis or MongoDB.")
    accept_losses: bool = Field(
        default=False, description="Accept in production a Redis or MongoDB that may forget what it has confirmed."
    )

    @field_validator("mongodb_url")
    @classmethod
    def _is_mongodb(cls, value: SecretStr) -> SecretStr:
        if not value.get_secret_value().startswith(("mongodb://", "mongodb+srv://")):
            raise ValueError("write mongodb://host:27017/, or mongodb+srv:// for a cluster's name")
        return value

    @property
    def shares_transactions(self) -> bool:
        """Tell whether events are stored in the transaction of what they are about: not on a server of their own."""
        return self.provider not in ("redis", "mongodb")


class EventStore(Protocol):
    """Stores events, and answers them in the order of their streams or of all.

    `poll` is how many seconds readers leave between two looks for events of other processes.
    """

    @property
    def poll(self) -> float: ...

    async def append(self, stream: str, events: Sequence[Event], *, expected: Expected) -> tuple[Position, ...]:
        """Store events in the running transaction, all or none, and answer their positions.

        A store on a server of its own takes no part in it: there they are stored when this returns.

        Events that are stored in this stream already are not stored again, whatever was expected: their positions are
        answered. Raises ConcurrencyError when the stream is not as expected, ConflictError when an event's id is used
        elsewhere, and ProgrammingError for a name or data that cannot be stored.
        """
        ...

    async def read_stream(
        self, stream: str, *, first: int = 1, last: int | None = None, backwards: bool = False, limit: int | None = None
    ) -> tuple[RecordedEvent, ...]:
        """Answer the events of a stream with the numbers `first` to `last`, both included; none of a stream unknown."""
        ...

    async def read_all(
        self, after: Position = START, *, types: Collection[str] = (), category: str = "", limit: int = 500
    ) -> Page:
        """Answer events of all streams after a position, those of some types or of one category only when asked.

        What a transaction that is still open has stored is not answered, and nothing is that comes behind it: whoever
        goes on after `reached` sees every event once.
        """
        ...

    async def find(self, event_id: UUID) -> RecordedEvent | None:
        """Answer an event by its id."""
        ...

    async def version(self, stream: str) -> int:
        """Answer how many events a stream has had."""
        ...

    async def head(self) -> Position:
        """Answer how far a reader can get now."""
        ...

    async def may_hold(self, position: Position) -> bool:
        """Tell whether an append may have answered a position, no reader having got so far yet; else it was made up."""
        ...

    async def changed(self, seconds: float) -> None:
        """Wait until this process appended something, and so long at most."""
        ...

    async def ping(self) -> None:
        """Ask for an answer; raises when there is none."""
        ...

    async def close(self) -> None:
        """Let go of connections of its own; nothing is asked afterwards."""
        ...


@runtime_checkable
class SealsPersonalData(Protocol):
    """An event store that never stores what is personal in the clear; `stored` shows events as they are stored."""

    @property
    def stored(self) -> EventStore: ...


@runtime_checkable
class TellsHistories(Protocol):
    """An event store with a shorter way to what states are made of."""

    async def history(self, stream: str, *, first: int = 1, last: int | None = None) -> History:
        """Answer what `read_stream` does, as a history."""
        ...


async def history_of(store: EventStore, stream: str, *, first: int = 1, last: int | None = None) -> History:
    """Answer the events of a stream as a state is made of them, which takes a fraction of what reading them does."""
    if isinstance(store, TellsHistories):
        return await store.history(stream, first=first, last=last)
    return History.of(await store.read_stream(stream, first=first, last=last))


@runtime_checkable
class HandsEventsOn(Protocol):
    """An event store with a shorter way to what is handed on, which is events without where they are stored."""

    async def events_after(self, after: Position, /, *, limit: int) -> tuple[tuple[Event, ...], Position]:
        """Answer the events of all streams that `read_all` does, and how far that reached."""
        ...


async def events_after(store: EventStore, after: Position, *, limit: int) -> tuple[tuple[Event, ...], Position]:
    """Answer the events that come after a position, to be handed on, and how far that reached."""
    if isinstance(store, HandsEventsOn):
        return await store.events_after(after, limit=limit)
    page = await store.read_all(after, limit=limit)
    return tuple(each.event for each in page.events), page.reached


def as_stored(store: EventStore) -> EventStore:
    """Answer the store that shows events as they are stored, for whoever hands them on."""
    return store.stored if isinstance(store, SealsPersonalData) else store


async def subscribe(
    store: EventStore,
    after: Position = START,
    *,
    types: Collection[str] = (),
    category: str = "",
    poll: float | None = None,
    batch: int = 500,
) -> AsyncGenerator[RecordedEvent]:
    """Yield every event after a position, those that are there first and then the new ones; it does not end.

    It looks for those of other processes every `poll` seconds, the store's own (EVENT_STORE__POLL) unless said. Keep
    the position of the last event that was worked on, and go on after it next time.
    """
    while True:
        page = await store.read_all(after, types=types, category=category, limit=batch)
        for recorded in page.events:
            yield recorded
        if not page.events:
            await store.changed(store.poll if poll is None else poll)
        after = page.reached


EVENT_STORE: Final[AdapterPort[EventStore]] = AdapterPort(EventStoreSettings, lambda clock: MemoryEvents(clock=clock))
