"""What has to happen to an event before its handlers see it: nothing, unless something of it is sealed."""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from .app import Kernel
from .errors import WiringError
from .events import Event

Opener: TypeAlias = Callable[[Event], Awaitable[Event]]


class EventSeals:
    """Opens events; who seals some sets `opener`."""

    def __init__(self) -> None:
        self.opener: Opener | None = None

    @classmethod
    def of(cls, kernel: Kernel) -> "EventSeals":
        """Answer the application's."""
        try:
            return kernel.resolve(cls)
        except WiringError:
            made = cls()
            kernel.share(made)
            return made

    async def opened(self, event: Event) -> Event:
        """Answer an event as handlers may read it."""
        return event if self.opener is None else await self.opener(event)
