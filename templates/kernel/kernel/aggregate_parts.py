"""What the aggregates of an application share, whichever of it the application has."""

from collections.abc import Collection, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar
from uuid import UUID

from .app import Kernel
from .deciders import Decider
from .errors import WiringError

if TYPE_CHECKING:
    from .event_personal import CommandSeals, StateSeals

S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Snapshot(Generic[S]):
    """The state that the first `version` events of a stream made; `event_id` is the last of them."""

    state: S
    version: int
    event_id: UUID


class StateSnapshots(Protocol[S]):
    """Snapshots of one kind of aggregate. What is not there, or cannot be read, is made of the events."""

    async def find(self, stream: str) -> Snapshot[S] | None:
        """Answer the snapshot of a stream if there is one that this program can read."""
        ...

    async def offer(self, stream: str, made: Snapshot[S], *, since: int, instead_of: UUID | None = None) -> None:
        """Keep a state once its events are committed, when it is time; the last one kept had `since` events.

        One that ends with the event `instead_of` is of another history, and makes way even if it has more events.
        It never fails a command.
        """
        ...


class Snapshots(Protocol):
    """Keeps snapshots of every kind of aggregate."""

    def of(self, decider: Decider[S, Any]) -> StateSnapshots[S]:
        """Answer those of one kind. Raises WiringError for a state that cannot be written."""
        ...

    async def forget(self, streams: Collection[str]) -> None:
        """Remove what is kept of some streams."""
        ...


@dataclass(frozen=True, slots=True)
class Claim:
    """A value that an aggregate had, and the one that it is about to have, among all of its kind."""

    scope: str
    name: str
    old: str | None
    new: str | None


class Reservations(Protocol):
    """Keeps values that one aggregate may have at a time. `owner` is its stream."""

    def transaction(self) -> AbstractAsyncContextManager[object]:
        """Make what is inside happen together, or take part in what does."""
        ...

    async def refuse_taken(self, claims: Sequence[Claim], owner: str) -> None:
        """Raise ConflictError for a value that another one has by now."""
        ...

    async def settle(self, claims: Sequence[Claim], owner: str) -> None:
        """Take the new values and let the old ones go. Raises ConflictError when another one was faster."""
        ...

    async def forget(self, owners: Collection[str]) -> None:
        """Let go everything that some aggregates have."""
        ...


class AggregateParts:
    """The parts that aggregates use where the composition root added them, before it added them or after."""

    def __init__(self) -> None:
        self.snapshots: Snapshots | None = None
        self.reservations: Reservations | None = None
        self.seals: StateSeals | None = None
        self.command_seals: CommandSeals | None = None
        self._deciders: dict[str, Decider[Any, Any]] = {}

    @classmethod
    def of(cls, kernel: Kernel) -> "AggregateParts":
        """Answer the application's."""
        try:
            return kernel.resolve(cls)
        except WiringError:
            made = cls()
            kernel.share(made)
            kernel.on_start(made.check)
            return made

    @property
    def deciders(self) -> tuple[Decider[Any, Any], ...]:
        return tuple(self._deciders.values())

    def add(self, decider: Decider[Any, Any]) -> None:
        """Let a kind of aggregate be known. Raises WiringError for the streams of another one."""
        there = self._deciders.setdefault(decider.category, decider)
        if there is not decider:
            raise WiringError(f"two deciders have the streams '{decider.category}'")

    async def check(self) -> None:
        """Raise WiringError for what is unique while nothing would see to it."""
        for decider in self.deciders:
            self.reserving(decider)

    def reserving(self, decider: Decider[Any, Any]) -> Reservations | None:
        """Answer what keeps the values of a decider that are unique; None when none are.

        Raises WiringError when there is nothing.
        """
        if not decider.unique:
            return None
        if self.reservations is None:
            names = ", ".join(each.name for each in decider.unique)
            message = f"{names} of the {decider.category} is unique, and nothing reserves it"
            raise WiringError(f"{message}; call `use_reservations(kernel)` in the composition root")
        return self.reservations
