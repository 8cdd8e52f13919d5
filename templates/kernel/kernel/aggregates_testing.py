"""Tests of a decider as sentences: given what happened, when a command comes, then this happens.

given(USERS, UserCreated(name="Ada")).when(RenameUser(name="Eva")).then(UserRenamed(name="Eva"))
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Generic, TypeVar

from .aggregates import Decider, EventData
from .errors import AppError

S = TypeVar("S")
C = TypeVar("C")
THEN = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Given(Generic[S, C]):
    """What had happened, all of it at one moment."""

    def __init__(self, decider: Decider[S, C], events: Sequence[EventData], at: datetime) -> None:
        self._decider = decider
        self._events = tuple(events)
        self._at = at

    @property
    def state(self) -> S | None:
        """Answer what the events make."""
        return self._decider.fold(None, [(event, self._at) for event in self._events])

    def when(self, command: C) -> "When[S, C]":
        """Let a command come."""
        return When(self._decider, self.state, command, self._at)


class When(Generic[S, C]):
    """What a command makes happen."""

    def __init__(self, decider: Decider[S, C], state: S | None, command: C, at: datetime) -> None:
        self._decider = decider
        self._state = state
        self._command = command
        self._at = at

    def then(self, *events: EventData) -> S | None:
        """Demand exactly these events, none at all if none is named, and answer the state that they lead to."""
        happened = tuple(self._decider.decide(self._state, self._command))
        if happened != events:
            raise AssertionError(f"expected {events}, but this happened: {happened}")
        return self._decider.fold(self._state, [(event, self._at) for event in happened])

    def then_refused(self, error: type[AppError], text: str = "") -> None:
        """Demand that the command is refused by such an error, with such words in it."""
        try:
            happened = self._decider.decide(self._state, self._command)
        except error as refused:
            if text not in str(refused):
                raise AssertionError(f"expected '{text}' in '{refused}'") from refused
            return
        raise AssertionError(f"expected {error.__name__}, but this happened: {happened}")


def given(decider: Decider[S, C], *events: EventData, at: datetime = THEN) -> Given[S, C]:
    """Begin with what had happened; with nothing, there is no such aggregate yet."""
    return Given(decider, events, at)
