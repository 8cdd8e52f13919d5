"""Push notifications: a short text for somebody's devices, checked when it is made, sent through what the settings say.

Which devices are somebody's is known to the service that sends, not here: a notification is for a user.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final, Literal, Protocol

from .errors import AppError, ValidationError
from .ports import AdapterPort
from .push_memory import MemoryPush
from .settings import PortSettings

_LARGEST = 4096  # bytes that Apple, Google and the Web Push protocol (RFC 8030, 7.2) take


class PushSettings(PortSettings):
    """How push notifications leave: `own` is an adapter that the composition root provides."""

    provider: Literal["memory", "own"] = "memory"


class PushRefusedError(AppError):
    """The service will not take this notification, however often it is sent."""

    default_code = "push_refused"
    default_status = HTTPStatus.BAD_GATEWAY


@dataclass(frozen=True, slots=True)
class PushMessage:
    """One notification. `to` is who it is for, such as the id of a user; the app on the device is given `data`.

    Raises ValidationError when it is made for nobody, without a title, or too large.
    """

    to: str
    title: str
    body: str
    data: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        wrong = {name: "is empty" for name in ("to", "title") if not getattr(self, name).strip()}
        if wrong:
            raise ValidationError("A push notification needs somebody and a title.", fields=wrong)
        said = json.dumps([self.title, self.body, dict(self.data)], ensure_ascii=False)
        if len(said.encode()) > _LARGEST:
            raise ValidationError("The push notification is too large.", fields={"body": f"has over {_LARGEST} bytes"})


class Push(Protocol):
    """Sends notifications."""

    async def send(self, message: PushMessage) -> None:
        """Hand a notification over to the service.

        Raises UnavailableError when trying again later may work, and PushRefusedError when it never will.
        """
        ...


PUSH: Final[AdapterPort[Push]] = AdapterPort(PushSettings, lambda _clock: MemoryPush())
