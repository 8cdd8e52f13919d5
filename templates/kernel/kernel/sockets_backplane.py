"""How what is sent to sockets reaches them in every process: not at all beyond this one, or through Redis."""

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeAlias

Deliver: TypeAlias = Callable[[str], Awaitable[None]]


class Backplane(Protocol):
    """Carries texts to every process, and knows who is connected to any of them."""

    async def start(self, deliver: Deliver) -> None: ...

    async def stop(self) -> None: ...

    async def publish(self, text: str) -> None:
        """Let every process deliver a text, this one included. Raises UnavailableError when that cannot be done."""
        ...

    async def arrive(self, client: str, user: str) -> None: ...

    async def leave(self, client: str, user: str, /) -> None: ...

    async def present(self) -> frozenset[str]:
        """Answer the users who are connected somewhere."""
        ...


class LocalBackplane:
    """Implements Backplane for one process."""

    def __init__(self) -> None:
        self._deliver: Deliver | None = None
        self._users: dict[str, str] = {}

    async def start(self, deliver: Deliver) -> None:
        self._deliver = deliver

    async def stop(self) -> None:
        self._deliver = None

    async def publish(self, text: str) -> None:
        if self._deliver is not None:
            await self._deliver(text)

    async def arrive(self, client: str, user: str) -> None:
        self._users[client] = user

    async def leave(self, client: str, _user: str) -> None:
        self._users.pop(client, None)

    async def present(self) -> frozenset[str]:
        return frozenset(self._users.values())
