"""Aggregates: things whose state is what happened to them.

Each is a Decider, two pure functions (a pattern of Jérémie Chassaing's): `decide` says what a command makes happen,
and `evolve` what that makes of the state. Neither knows a clock or a store, so both are tested with values alone
(`aggregates_testing`), and a replay gives the same state at any time.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar, cast
from uuid import UUID, uuid5

from pydantic import BaseModel, ConfigDict, ValidationError

from .app import Kernel
from .clock import Clock
from .errors import NotFoundError, ProgrammingError, TransactionError, WiringError, suggestion
from .event_catalogue import EventCatalogue, EventData, Upcaster, upcast
from .event_store import EVENT_STORE, START, ConcurrencyError, EventStore, Position, RecordedEvent
from .events import Event, new_event
from .ids import new_id

__all__ = ["Aggregate", "Aggregates", "Command", "Decider", "EventData", "Upcaster", "read_data"]

S = TypeVar("S")
C = TypeVar("C")


class Command(BaseModel):
    """What somebody wants to happen."""

    model_config = ConfigDict(frozen=True, extra="forbid")


@dataclass(frozen=True, slots=True)
class Decider(Generic[S, C]):
    """The rules of one kind of aggregate. The state is None until the first event.

    `one` is what people call such a thing, `category` begins the names of its streams. `decide` answers what happens,
    nothing when nothing does, and raises an AppError for what must not; `evolve` is given the time of the event.
    Neither may have effects (ARC606).
    """

    one: str
    category: str
    events: Sequence[type[EventData]]
    decide: Callable[[S | None, C], Sequence[EventData]]
    evolve: Callable[[S | None, EventData, datetime], S]

    def fold(self, state: S | None, events: Sequence[tuple[EventData, datetime]]) -> S | None:
        """Answer what a state becomes by events."""
        for data, at in events:
            state = self.evolve(state, data, at)
        return state


@dataclass(frozen=True, slots=True)
class Aggregate(Generic[S]):
    """An aggregate as it is; `position` is where its last event is among all."""

    id: UUID
    state: S
    version: int
    position: Position


class Aggregates(Generic[S, C]):
    """Loads aggregates of one kind, and makes commands happen to them."""

    def __init__(self, decider: Decider[S, C], store: EventStore, clock: Clock, *, retries: int = 3) -> None:
        self._decider = decider
        self._store = store
        self._clock = clock
        self._retries = retries
        self._kinds = _by_type(decider)

    @classmethod
    def of(cls, kernel: Kernel, decider: Decider[S, C]) -> "Aggregates[S, C]":
        """Make it on the application's event store. Raises WiringError for an event's type that is taken."""
        EventCatalogue.of(kernel).add(decider.events)
        return cls(decider, kernel.adapter(EVENT_STORE), kernel.clock)

    async def load(self, aggregate: UUID, *, version: int | None = None, at: datetime | None = None) -> Aggregate[S]:
        """Answer an aggregate as it is, as it was after `version` events, or as it was at a time.

        Raises NotFoundError when nothing had happened to it, and ProgrammingError for an event that nobody knows.
        """
        recorded = await self._store.read_stream(self._stream(aggregate), last=version)
        known = [each for each in recorded if at is None or each.event.occurred_at <= at]
        return self._made(aggregate, known)

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
        recorded = await self._store.read_stream(stream)
        if any(each.event.causation_id == str(command_id) for each in recorded):
            return self._made(aggregate, recorded)
        if expected is not None and expected != len(recorded):
            raise ConcurrencyError(stream, expected, len(recorded))
        state = self._decider.fold(None, [self._read(each) for each in recorded])
        decided = self._decider.decide(state, command)
        if not decided:
            return self._made(aggregate, recorded)
        events = [self._event(aggregate, data, command_id, number, user) for number, data in enumerate(decided)]
        positions = await self._store.append(stream, events, expected=len(recorded))
        state = self._decider.fold(
            state, [(data, event.occurred_at) for data, event in zip(decided, events, strict=True)]
        )
        return Aggregate(aggregate, cast("S", state), len(recorded) + len(events), positions[-1])

    def _event(self, aggregate: UUID, data: EventData, command_id: UUID, number: int, user: str) -> Event:
        made = new_event(
            data.type,
            key=str(aggregate),
            source=self._decider.category,
            data=data.model_dump(mode="json"),
            version=data.version,
            clock=self._clock,
            metadata={"user": user} if user else {},
        )
        # Ids that follow from the command make its events the same ones when it is sent twice at once.
        values: dict[str, Any] = {name: getattr(made, name) for name in made.__slots__}
        return Event(**{**values, "id": uuid5(command_id, f"{aggregate}/{number}"), "causation_id": str(command_id)})

    def _made(self, aggregate: UUID, recorded: Sequence[RecordedEvent]) -> Aggregate[S]:
        state = self._decider.fold(None, [self._read(each) for each in recorded])
        if state is None:
            raise NotFoundError(f"there is no such {self._decider.one}")
        return Aggregate(aggregate, state, len(recorded), recorded[-1].position if recorded else START)

    def _read(self, recorded: RecordedEvent) -> tuple[EventData, datetime]:
        event = recorded.event
        kind = self._kinds.get(event.type)
        if kind is None:
            raise ProgrammingError(
                f"{recorded.stream} has an event '{event.type}' that the decider does not know"
                f"{suggestion(event.type, self._kinds)}"
            )
        return read_data(kind, event), event.occurred_at

    def _stream(self, aggregate: UUID) -> str:
        return f"{self._decider.category}-{aggregate}"


def read_data(kind: type[EventData], event: Event) -> EventData:
    """Read what an event says, brought up to the version that the class is of.

    Raises ProgrammingError for a version that is newer than the class, that no upcaster leads on from, or data that do
    not fit.
    """
    data = upcast(kind, event)
    try:
        return kind.model_validate(dict(data))
    except ValidationError as error:
        wrong = ", ".join(".".join(map(str, each["loc"])) for each in error.errors())
        raise ProgrammingError(f"{event.type} {event.id} does not fit {kind.__name__}: {wrong}") from error


def _by_type(decider: Decider[Any, Any]) -> dict[str, type[EventData]]:
    """Index the events of a decider. Raises WiringError for a type that two of them have."""
    kinds: dict[str, type[EventData]] = {}
    for kind in decider.events:
        if kind.type in kinds:
            raise WiringError(f"{kinds[kind.type].__name__} and {kind.__name__} are both called '{kind.type}'")
        kinds[kind.type] = kind
    return kinds
