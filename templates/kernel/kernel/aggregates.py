"""Aggregates: things whose state is what happened to them.

Each is a Decider, two pure functions (a pattern of Jérémie Chassaing's): `decide` says what a command makes happen,
and `evolve` what that makes of the state. Neither knows a clock or a store, so both are tested with values alone
(`aggregates_testing`), and a replay gives the same state at any time.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import takewhile
from types import MappingProxyType
from typing import Any, Final, Generic, TypeVar, cast
from uuid import UUID, uuid5

from pydantic import ValidationError

from .aggregate_parts import AggregateParts, Claim, Snapshot, StateSnapshots
from .app import Kernel
from .clock import Clock
from .deciders import Command, Decider, Unique
from .errors import NotFoundError, ProgrammingError, TransactionError, WiringError, suggestion
from .event_catalogue import EventCatalogue, EventData, Upcaster, upcast
from .event_personal import is_personal
from .event_store import (
    EVENT_STORE,
    ConcurrencyError,
    EventStore,
    Position,
    SealsPersonalData,
    history_of,
)
from .event_values import History, json_object
from .events import Event, new_event
from .ids import new_id
from .request_context import cause_of

__all__ = ["Aggregate", "Aggregates", "Command", "Decider", "EventData", "Unique", "Upcaster"]

S = TypeVar("S")
C = TypeVar("C")
_DRAWN: Final = (1 << 80) - 1  # all but the time of a UUID of version 7
_VERSION: Final = 0xF << 76
_OF_ITS_OWN: Final = 8 << 76  # the version of a UUID in a form that only its maker knows


@dataclass(frozen=True, slots=True)
class Aggregate(Generic[S]):
    """An aggregate as it is; `position` is where its last event is among all."""

    id: UUID
    state: S
    version: int
    position: Position


@dataclass(frozen=True, slots=True)
class _Read(Generic[S]):
    """What was read of an aggregate: its state, the newest events, and the ids of the commands that they came from.

    The state was `kept` with so many events, 0 when it is made of all of them. `foreign` is the last event in a
    snapshot that is of another history than the stream's.
    """

    state: S | None
    version: int
    position: Position
    causes: frozenset[str | None]
    kept: int
    foreign: UUID | None = None


class Aggregates(Generic[S, C]):
    """Loads aggregates of one kind, and makes commands happen to them."""

    def __init__(
        self,
        decider: Decider[S, C],
        store: EventStore,
        clock: Clock,
        *,
        retries: int = 3,
        parts: AggregateParts | None = None,
    ) -> None:
        if is_personal(decider.events) and not isinstance(store, SealsPersonalData):
            raise WiringError(
                f"events of the {decider.category} say something about people, and nothing seals it; call "
                "`use_personal_data(kernel)` in the composition root before the modules (`arckode make:personal-data`)"
            )
        self._decider = decider
        self._store = store
        self._clock = clock
        self._retries = retries
        self._kinds = _by_type(decider)
        self._parts = parts or AggregateParts()
        self._kept: StateSnapshots[S] | None = None

    @classmethod
    def of(cls, kernel: Kernel, decider: Decider[S, C]) -> "Aggregates[S, C]":
        """Make it on the application's event store.

        Raises WiringError for an event's type, or the streams, that another one has.
        """
        EventCatalogue.of(kernel).add(decider.events)
        parts = AggregateParts.of(kernel)
        parts.add(decider)
        return cls(decider, kernel.adapter(EVENT_STORE), kernel.clock, parts=parts)

    async def load(self, aggregate: UUID, *, version: int | None = None, at: datetime | None = None) -> Aggregate[S]:
        """Answer an aggregate as it is, as it was after `version` events, or as it was at a time.

        Raises NotFoundError when nothing had happened to it, and ProgrammingError for an event that nobody knows.
        """
        return self._made(aggregate, await self._loaded(self._stream(aggregate), last=version, at=at))

    async def execute(
        self,
        aggregate: UUID,
        command: C,
        *,
        expected: int | None = None,
        command_id: UUID | None = None,
        user: str = "",
    ) -> Aggregate[S]:
        """Let a command happen, and answer what became of the aggregate.

        With `expected` the aggregate must have had exactly so many events, else it raises ConcurrencyError. Without,
        the command is decided anew when somebody else was faster, a few times. A command that comes again under the
        same `command_id` does not happen again. Raises what the decider raises.
        """
        command_id = command_id or new_id()
        attempts = 1 if expected is not None else self._retries + 1
        conflict: ConcurrencyError | None = None
        while attempts:
            attempts -= 1
            try:
                return await self._attempt(aggregate, command, expected, command_id, user)
            except ConcurrencyError as error:
                conflict = error
            except TransactionError:
                if conflict is None:
                    raise
                break  # the conflict ended a transaction of the caller's, in which nothing can be tried again
        raise cast("ConcurrencyError", conflict)

    async def _attempt(
        self, aggregate: UUID, command: C, expected: int | None, command_id: UUID, user: str
    ) -> Aggregate[S]:
        stream = self._stream(aggregate)
        there = await self._loaded(stream)
        if await self._has_happened(aggregate, command_id, there):
            return self._made(aggregate, there)
        if expected is not None and expected != there.version:
            raise ConcurrencyError(stream, expected, there.version)
        decided = self._decider.decide(there.state, command)
        if not decided:
            return self._made(aggregate, there)
        events = [self._event(aggregate, data, command_id, number, user) for number, data in enumerate(decided)]
        told = [(data, event.occurred_at) for data, event in zip(decided, events, strict=True)]
        state = cast("S", self._decider.fold(there.state, told))
        version = there.version + len(events)
        positions = await self._append(stream, events, there, state)
        if (snapshots := self._snapshots()) is not None:
            made = Snapshot(state, version, events[-1].id)
            await snapshots.offer(stream, made, since=there.kept, instead_of=there.foreign)
        return Aggregate(aggregate, state, version, positions[-1])

    async def reserve(self, aggregate: UUID) -> None:
        """Reserve what is unique of an aggregate that was there before that was asked for.

        Raises NotFoundError, and ConflictError when another one has it by now.
        """
        found, reservations = await self.load(aggregate), self._parts.reserving(self._decider)
        if reservations is not None:
            await reservations.settle(self._claims(None, found.state), self._stream(aggregate))

    async def _append(self, stream: str, events: Sequence[Event], there: _Read[S], state: S) -> tuple[Position, ...]:
        reservations = self._parts.reserving(self._decider)
        claims = [each for each in self._claims(there.state, state) if each.old != each.new]
        if reservations is None or not claims:
            return await self._store.append(stream, events, expected=there.version)
        # Looked up first, so that what is refused was not appended; the constraint decides between two at once.
        await reservations.refuse_taken(claims, stream)
        async with reservations.transaction():
            positions = await self._store.append(stream, events, expected=there.version)
            await reservations.settle(claims, stream)
        return positions

    def _claims(self, before: S | None, after: S) -> list[Claim]:
        decider = self._decider
        return [
            Claim(
                f"{decider.category}.{each.name}",
                each.name,
                None if before is None else each.of(before),
                each.of(after),
            )
            for each in decider.unique
        ]

    async def _has_happened(self, aggregate: UUID, command_id: UUID, there: _Read[S]) -> bool:
        """Tell whether a command's events are stored; behind a snapshot their ids say so."""
        if str(command_id) in there.causes:
            return True
        return there.kept > 0 and await self._store.find(_event_id(aggregate, command_id, 0)) is not None

    async def _loaded(self, stream: str, *, last: int | None = None, at: datetime | None = None) -> _Read[S]:
        kept = None if at is not None else await self._snapshot(stream, last)
        if kept is not None:
            history = await history_of(self._store, stream, first=kept.version, last=last)
            # Of a stream that is another one by now, such as after a restore, the snapshot says nothing.
            if history.first_id == kept.event_id:
                return self._folded(stream, kept.state, history, kept.version)
        if at is None:
            history = await history_of(self._store, stream, last=last)
        else:
            recorded = await self._store.read_stream(stream, last=last)
            history = History.of(tuple(takewhile(lambda each: each.event.occurred_at <= at, recorded)))
        return replace(self._folded(stream, None, history, 0), foreign=None if kept is None else kept.event_id)

    async def _snapshot(self, stream: str, last: int | None) -> Snapshot[S] | None:
        snapshots = self._snapshots()
        found = None if snapshots is None else await snapshots.find(stream)
        return found if found is not None and (last is None or found.version <= last) else None

    def _snapshots(self) -> StateSnapshots[S] | None:
        if self._kept is None and self._parts.snapshots is not None:
            self._kept = self._parts.snapshots.of(self._decider)
        return self._kept

    def _folded(self, stream: str, state: S | None, history: History, kept: int) -> _Read[S]:
        state = self._decider.fold(state, self._told(stream, history, kept))
        return _Read(state, history.number, history.position, history.causes, kept)

    def _event(self, aggregate: UUID, data: EventData, command_id: UUID, number: int, user: str) -> Event:
        cause = cause_of(str(command_id))
        made = new_event(
            data.type,
            key=str(aggregate),
            source=self._decider.category,
            data=data.model_dump(mode="json"),
            version=data.version,
            clock=self._clock,
            metadata={**({"user": user} if user else {}), **({"cause": cause} if cause else {})},
        )
        # Ids that follow from the command make its events the same ones when it is sent twice at once.
        values: dict[str, Any] = {name: getattr(made, name) for name in made.__slots__}
        return Event(**{**values, "id": _event_id(aggregate, command_id, number), "causation_id": str(command_id)})

    def _made(self, aggregate: UUID, there: _Read[S]) -> Aggregate[S]:
        if there.state is None:
            raise NotFoundError(f"there is no such {self._decider.one}")
        return Aggregate(aggregate, there.state, there.version, there.position)

    def _told(self, stream: str, history: History, kept: int) -> Generator[tuple[EventData, datetime]]:
        """Yield what happened after the events that a snapshot was made of, whose last one the history begins with."""
        new = history.events[1:] if kept else history.events
        for number, (type_, version, text, at) in enumerate(new, kept + 1):
            kind = self._kinds.get(type_)
            if kind is None:
                raise ProgrammingError(
                    f"{stream} has an event '{type_}' that the decider does not know{suggestion(type_, self._kinds)}"
                )
            try:
                yield _read(kind, version, text), at
            except ValidationError as error:
                wrong = ", ".join(".".join(map(str, each["loc"])) for each in error.errors())
                raise ProgrammingError(
                    f"event {number} of {stream}, {type_}, does not fit {kind.__name__}: {wrong}"
                ) from error

    def _stream(self, aggregate: UUID) -> str:
        return f"{self._decider.category}-{aggregate}"


def _read(kind: type[EventData], version: int, text: str) -> EventData:
    """Read what an event says, brought up to the version that the class is of.

    Raises ProgrammingError for a version that is newer than the class, or that no upcaster leads on from, and
    ValidationError for data that do not fit.
    """
    if version == kind.version:
        try:
            return cast("EventData", kind.__pydantic_validator__.validate_json(text))
        except ValidationError:
            return kind.model_validate(json_object(text))  # which reads what is deeper than Pydantic's JSON goes
    return kind.model_validate(dict(upcast(kind, version, MappingProxyType(json_object(text)))))


def _event_id(aggregate: UUID, command_id: UUID, number: int) -> UUID:
    """Make the id of a command's event, the same one every time: it begins as the command's, and so with its time.

    What is drawn anew for each event would be stored all over the index of the ids, in a page of its own each.
    """
    drawn = uuid5(command_id, f"{aggregate}/{number}").int
    return UUID(int=command_id.int & ~_DRAWN | drawn & _DRAWN & ~_VERSION | _OF_ITS_OWN)


def _by_type(decider: Decider[Any, Any]) -> dict[str, type[EventData]]:
    """Index the events of a decider. Raises WiringError for a type that two of them have."""
    kinds: dict[str, type[EventData]] = {}
    for kind in decider.events:
        if kind.type in kinds:
            raise WiringError(f"{kinds[kind.type].__name__} and {kind.__name__} are both called '{kind.type}'")
        kinds[kind.type] = kind
    return kinds
