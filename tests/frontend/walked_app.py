"""The application that is walked through: what it would send by mail is written to a file, where the walk reads it."""

from __future__ import annotations

import json
import os
from pathlib import Path

from shop.kernel.mail_memory import MemoryMail  # type: ignore[import-not-found]  # the project of the test
from shop.main import app  # type: ignore[import-not-found]

_LETTERS = Path(os.environ["WALK_LETTERS"])
_send = MemoryMail.send


async def _write(self: object, message: object) -> None:
    await _send(self, message)
    _keep(message)


def _keep(message: object) -> None:
    to = [recipient.addr_spec for recipient in message.recipients]  # type: ignore[attr-defined]
    with _LETTERS.open("a", encoding="utf-8") as lines:
        lines.write(json.dumps({"to": to, "text": message.text}) + "\n")  # type: ignore[attr-defined]


MemoryMail.send = _write

__all__ = ["app"]
