"""Personal data in events: sealed with a key of the person, so that destroying the key forgets the person.

Events stay where they are, and what they say about somebody is stored sealed, sent to brokers sealed, and kept sealed
in snapshots. Whoever reads an event through the event store, or handles one, sees it in the clear, and "[erased]" once
the person was forgotten. Read models are made of what was read: rebuilt afterwards, they know as little.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final, cast
from uuid import UUID

from .aggregate_parts import AggregateParts
from .app import Kernel
from .database import Database
from .errors import ProgrammingError, ValidationError, WiringError
from .event_catalogue import EventCatalogue
from .event_personal import personal_of
from .event_seals import EventSeals
from .event_store import EVENT_STORE, START, EventStore, EventStoreSettings
from .event_values import Expected, Page, Position, RecordedEvent, checked_events
from .events import Event
from .personal_commands import PersonalCommands
from .personal_keys import ForgottenError, Key, PersonalKeys

__all__ = ["Forgotten", "ForgottenError", "PersonalData", "use_personal_data"]

_MARK: Final = "$personal"


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What forgetting a person did: `now` is False when it had been done before."""

    subject: str
    now: bool


class PersonalData:
    """Seals and opens what events say about people, and forgets people; implements StateSeals."""

    def __init__(self, database: Database, catalogue: EventCatalogue, parts: AggregateParts) -> None:
        self._database = database
        self._catalogue = catalogue
        self._parts = parts
        self._keys = PersonalKeys(database)

    @property
    def types(self) -> frozenset[str]:
        """Answer the types of the events that say something about somebody."""
        return frozenset(name for name, kind in self._catalogue.kinds.items() if personal_of(kind))

    async def forget(self, subject: UUID | str) -> Forgotten:
        """Destroy the key of a person, with what is kept beside the events: snapshots, and reserved values.

        What is being stored about the person at the time is waited for. Raises NotFoundError for who was never stored.
        """
        person = str(subject)
        async with self._database.transaction():
            now = await self._keys.forget(person)
            streams = [f"{decider.category}-{person}" for decider in self._parts.deciders]
            if (snapshots := self._parts.snapshots) is not None:
                await snapshots.forget(streams)
            if (reservations := self._parts.reservations) is not None:
                await reservations.forget(streams)
        return Forgotten(person, now)

    async def sealed(self, events: Sequence[Event]) -> list[Event]:
        """Answer events as they may be stored, in the running transaction. Raises ForgottenError."""
        for event in events:
            _refuse_imitations(event)
        people = {subject for event in events for _, subject, _ in self._said(event)}
        keys = await self._keys.hold(people) if people else {}
        return [self._sealed(event, keys) for event in events]

    def concerns(self, events: Sequence[Event]) -> bool:
        """Tell whether any of these events says something about somebody."""
        return any(self._said(event) for event in events)

    async def opened(self, events: Sequence[Event]) -> list[Event]:
        """Answer events as they may be read. Raises ProgrammingError where a key is not there that never was erased."""
        people = {str(mark["subject"]) for event in events for mark in _marks(event).values()}
        keys = await self._keys.find(people)
        missing = people - keys.keys()
        if missing:
            message = "they belong into the table personal_keys; restore it with the events"
            raise ProgrammingError(f"the keys of {', '.join(sorted(missing)[:3])} are missing: {message}")
        return [_opened(event, keys) for event in events]

    async def seal(self, stream: str, text: str) -> str | None:
        try:
            async with self._database.transaction():
                keys = await self._keys.hold({_person(stream)})
        except ForgottenError:
            return None
        return keys[_person(stream)].seal(text, stream)

    async def open(self, stream: str, sealed: str) -> str | None:
        key = (await self._keys.find({_person(stream)})).get(_person(stream))
        return None if key is None else str(key.open(sealed, stream))

    def _said(self, event: Event) -> list[tuple[str, str, object]]:
        """Answer the fields of an event that are about somebody, with whom, and what stands for them afterwards."""
        kind = self._catalogue.kinds.get(event.type)
        fields = {} if kind is None else personal_of(kind)
        return [
            (name, field.of(event), field.erased)
            for name, field in fields.items()
            if event.data.get(name) is not None and event.data[name] != field.erased
        ]

    def _sealed(self, event: Event, keys: Mapping[str, Key]) -> Event:
        data = dict(event.data)
        for name, subject, erased in self._said(event):
            text = keys[subject].seal(data[name], _place(event, name))
            data[name] = {_MARK: {"subject": subject, "sealed": text, "erased": erased}}
        return replace(event, data=MappingProxyType(data))


class PersonalEvents:
    """Implements EventStore around another one; `stored` shows events as they are stored."""

    def __init__(self, stored: EventStore, personal: PersonalData, database: Database) -> None:
        self.stored = stored
        self.poll = stored.poll
        self._personal = personal
        self._database = database

    async def append(self, stream: str, events: Sequence[Event], *, expected: Expected) -> tuple[Position, ...]:
        checked_events(events)
        if not self._personal.concerns(events):
            return await self.stored.append(stream, await self._personal.sealed(events), expected=expected)
        async with self._database.transaction():
            return await self.stored.append(stream, await self._personal.sealed(events), expected=expected)

    async def read_stream(
        self, stream: str, *, first: int = 1, last: int | None = None, backwards: bool = False, limit: int | None = None
    ) -> tuple[RecordedEvent, ...]:
        found = await self.stored.read_stream(stream, first=first, last=last, backwards=backwards, limit=limit)
        return await self._opened(found)

    async def read_all(
        self, after: Position = START, *, types: Collection[str] = (), category: str = "", limit: int = 500
    ) -> Page:
        page = await self.stored.read_all(after, types=types, category=category, limit=limit)
        return Page(await self._opened(page.events), page.reached)

    async def find(self, event_id: UUID) -> RecordedEvent | None:
        found = await self.stored.find(event_id)
        return None if found is None else (await self._opened([found]))[0]

    async def version(self, stream: str) -> int:
        return await self.stored.version(stream)

    async def head(self) -> Position:
        return await self.stored.head()

    async def may_hold(self, position: Position) -> bool:
        return await self.stored.may_hold(position)

    async def changed(self, seconds: float) -> None:
        await self.stored.changed(seconds)

    async def ping(self) -> None:
        await self.stored.ping()

    async def close(self) -> None:
        await self.stored.close()

    async def _opened(self, found: Sequence[RecordedEvent]) -> tuple[RecordedEvent, ...]:
        events = await self._personal.opened([each.event for each in found])
        return tuple(replace(each, event=event) for each, event in zip(found, events, strict=True))


def use_personal_data(kernel: Kernel) -> PersonalData:
    """Let events say something about people, `Annotated[str, Personal()]`, and people be forgotten."""
    parts, catalogue = AggregateParts.of(kernel), EventCatalogue.of(kernel)
    personal = PersonalData(kernel.database, catalogue, parts)
    catalogue.seals = True
    parts.seals, parts.command_seals = personal, PersonalCommands(kernel.database)
    kernel.share(personal)
    kernel.wrap(EVENT_STORE, PersonalEvents(kernel.adapter(EVENT_STORE), personal, kernel.database))

    async def opener(event: Event) -> Event:
        return (await personal.opened([event]))[0]

    async def check() -> None:
        """Raises WiringError where a key and its event could not be stored together, or an event is never stored."""
        stored = {kind.type for decider in parts.deciders for kind in decider.events}
        if stray := sorted(personal.types - stored):
            raise WiringError(
                f"{', '.join(stray)} say something about people, and no decider lists them: what is only published is "
                "not sealed. Let it name the person by an id, which whoever handles it can look up"
            )
        if personal.types and not (settings := kernel.settings.of(EventStoreSettings)).shares_transactions:
            raise WiringError(
                f"{', '.join(sorted(personal.types))} say something about people, and EVENT_STORE_PROVIDER is "
                f"{settings.provider}, which stores events in no transaction of the database: a failure could leave "
                "events whose key is lost. Choose EVENT_STORE_PROVIDER=database"
            )

    EventSeals.of(kernel).opener = opener
    kernel.on_start(check)
    return personal


def _refuse_imitations(event: Event) -> None:
    """Raise ValidationError for a value that looks as if it were sealed: nobody could open it."""
    for name, value in event.data.items():
        if isinstance(value, dict) and _MARK in value:
            raise ValidationError(f"{event.type} cannot be stored.", fields={name: f"has the key {_MARK}"})


def _marks(event: Event) -> dict[str, Mapping[str, object]]:
    return {
        name: cast("Mapping[str, object]", value[_MARK])
        for name, value in event.data.items()
        if isinstance(value, dict) and value.keys() == {_MARK}
    }


def _opened(event: Event, keys: Mapping[str, Key | None]) -> Event:
    marks = _marks(event)
    if not marks:
        return event
    data = dict(event.data)
    for name, mark in marks.items():
        key = keys[str(mark["subject"])]
        data[name] = mark["erased"] if key is None else key.open(str(mark["sealed"]), _place(event, name))
    return replace(event, data=MappingProxyType(data))


def _place(event: Event, name: str) -> str:
    return f"{event.id} {name}"


def _person(stream: str) -> str:
    return stream.partition("-")[2]
