"""Who handles which message: known by its class, checked at the start."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar
from uuid import UUID

from pydantic import BaseModel

from .access import Access, Principal
from .errors import WiringError

M = TypeVar("M", bound=BaseModel)
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class MessageContext:
    """What a handler is told beside the message: its id, and who sends it, None for nobody in particular."""

    id: UUID
    principal: Principal | None = None

    @property
    def user(self) -> str:
        return "" if self.principal is None else str(self.principal.id)


Handler: TypeAlias = Callable[[M, MessageContext], Awaitable[R]]


@dataclass(frozen=True, slots=True)
class Registration(Generic[M, R]):
    """How one kind of message is handled: by whom, for whom, and how many seconds it may take."""

    kind: type[M]
    handler: Handler[M, R]
    access: Access
    timeout: float
    retries: int = 0


class Handlers:
    """The handlers of one bus, and the messages that somebody sends through it."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._registered: dict[type[BaseModel], Registration[Any, Any]] = {}
        self._sent: dict[type[BaseModel], str] = {}

    def add(self, registration: Registration[Any, Any]) -> None:
        """Let messages of a kind be handled. Raises WiringError for a kind or a name that is handled already."""
        kind = registration.kind
        for other, there in self._registered.items():
            if other is kind or other.__name__ == kind.__name__:
                both = f"{_told(there.handler)} and {_told(registration.handler)}"
                raise WiringError(f"the {self._what} {kind.__name__} has two handlers, {both}; register one")
        self._registered[kind] = registration

    def send(self, kind: type[BaseModel], sender: str) -> None:
        """Remember that somebody sends messages of a kind."""
        self._sent.setdefault(kind, sender)

    def of(self, kind: type[M]) -> Registration[M, Any]:
        """Answer how messages of a kind are handled. Raises WiringError when they are not."""
        if kind not in self._registered:
            raise WiringError(f"the {self._what} {kind.__name__} has no handler; register one in the composition root")
        return self._registered[kind]

    def named(self, name: str) -> Registration[Any, Any]:
        """Answer how messages of this class's name are handled. Raises WiringError when they are not."""
        for kind, registration in self._registered.items():
            if kind.__name__ == name:
                return registration
        raise WiringError(f"the {self._what} {name} has no handler; register one in the composition root")

    @property
    def kinds(self) -> tuple[type[BaseModel], ...]:
        """Answer the kinds of messages that somebody handles."""
        return tuple(self._registered)

    async def check(self) -> None:
        """Raise WiringError naming every kind of message that is sent and that nobody handles."""
        missing = [f"{kind.__name__} (sent by {by})" for kind, by in self._sent.items() if kind not in self._registered]
        if missing:
            raise WiringError(f"no handler for the {self._what} {', '.join(sorted(missing))}; register one each")


def _told(handler: Handler[Any, Any]) -> str:
    return getattr(handler, "__qualname__", type(handler).__name__)
