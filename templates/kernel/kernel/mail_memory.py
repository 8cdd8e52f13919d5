"""Mail that goes nowhere: tests look at what would have been sent."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .mail import Message


class MemoryMail:
    """Implements Mail; `sent` holds every message in order."""

    def __init__(self) -> None:
        self.sent: list[Message] = []

    async def send(self, message: "Message") -> None:
        self.sent.append(message)

    def to(self, address: str) -> list["Message"]:
        """Answer what was sent to somebody."""
        return [each for each in self.sent if address in {recipient.addr_spec for recipient in each.recipients}]
