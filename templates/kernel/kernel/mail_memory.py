"""Mail that goes nowhere: tests look at what would have been sent, and a developer finds it in the log."""

from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from .mail import Message

logger = structlog.get_logger("mail")


class MemoryMail:
    """Implements Mail; `sent` holds every message in order."""

    def __init__(self) -> None:
        self.sent: list[Message] = []

    async def send(self, message: "Message") -> None:
        self.sent.append(message)
        logger.debug("a mail stays in memory", to=message.to, subject=message.subject, text=message.text)

    def to(self, address: str) -> list["Message"]:
        """Answer what was sent to somebody."""
        return [each for each in self.sent if address in {recipient.addr_spec for recipient in each.recipients}]
