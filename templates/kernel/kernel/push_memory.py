"""Push notifications that go nowhere: tests look at what would have been sent."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .push import PushMessage


class MemoryPush:
    """Implements Push; `sent` holds every notification in order."""

    def __init__(self) -> None:
        self.sent: list[PushMessage] = []

    async def send(self, message: "PushMessage") -> None:
        self.sent.append(message)

    def to(self, somebody: str) -> list["PushMessage"]:
        """Answer what was sent to somebody."""
        return [each for each in self.sent if each.to == somebody]
