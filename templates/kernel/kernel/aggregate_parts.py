"""What the aggregates of an application share, whichever of it the application has."""

from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

from .app import Kernel
from .deciders import Decider
from .errors import WiringError

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

    async def offer(self, stream: str, made: Snapshot[S], *, since: int) -> None:
        """Keep a state once its events are committed, when it is time; the last one kept had `since` events.

        It never fails a command.
        """
        ...


class Snapshots(Protocol):
    """Keeps snapshots of every kind of aggregate."""

    def of(self, decider: Decider[S, Any]) -> StateSnapshots[S]:
        """Answer those of one kind. Raises WiringError for a state that cannot be written."""
        ...


class AggregateParts:
    """The parts that aggregates use where the composition root added them, before it added them or after."""

    def __init__(self) -> None:
        self.snapshots: Snapshots | None = None
        self._deciders: dict[str, Decider[Any, Any]] = {}

    @classmethod
    def of(cls, kernel: Kernel) -> "AggregateParts":
        """Answer the application's."""
        try:
            return kernel.resolve(cls)
        except WiringError:
            made = cls()
            kernel.share(made)
            return made

    @property
    def deciders(self) -> tuple[Decider[Any, Any], ...]:
        return tuple(self._deciders.values())

    def add(self, decider: Decider[Any, Any]) -> None:
        """Let a kind of aggregate be known. Raises WiringError for the streams of another one."""
        there = self._deciders.setdefault(decider.category, decider)
        if there is not decider:
            raise WiringError(f"two deciders have the streams '{decider.category}'")
