"""Web-hooks in: whoever calls is known by a signature over the raw body, and what they say becomes a job, once.

The same message sent twice is one job: its id is the key of the job, which the queue keeps as long as what is done.
"""

import json
from collections.abc import Mapping
from hashlib import sha256

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from .app import Kernel
from .clock import Clock, utc_now
from .errors import UnavailableError, ValidationError, WiringError
from .queue import Queue
from .webhooks_signing import signed, verified


class ReceiverSettings(BaseModel):
    """Who is believed: the secret of the sender, and the old one while it changes."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    secret: SecretStr = Field(default=SecretStr(""), description="whsec_..., from whoever sends.")
    old_secret: SecretStr = SecretStr("")

    @property
    def trusted(self) -> tuple[str, ...]:
        return tuple(each for each in (self.secret.get_secret_value(), self.old_secret.get_secret_value()) if each)


class Receiver:
    """Takes what one sender says."""

    def __init__(self, name: str, settings: ReceiverSettings, queue: Queue, clock: Clock) -> None:
        self._job = name
        self._trusted = settings.trusted
        self._queue = queue
        self._clock = clock

    async def take(self, headers: Mapping[str, str], body: bytes) -> None:
        """Store it as a job, unless it is there already.

        Raises AuthError for a signature that does not fit, ValidationError for a body that is no JSON object, and
        UnavailableError while no secret is set, so that the sender tries again.
        """
        if not self._trusted:
            raise UnavailableError("The secret of this web-hook is not set.")
        delivery = verified(headers, body, self._trusted, self._clock.now())
        try:
            data = json.loads(delivery.body)
        except (ValueError, RecursionError):
            data = None
        if not isinstance(data, dict):
            raise ValidationError("A web-hook carries a JSON object.")
        key = sha256(f"{self._job} {delivery.id}".encode()).hexdigest()
        await self._queue.dispatch(self._job, {"id": delivery.id, "said": data}, key=key)


def receiver_of(kernel: Kernel, name: str, settings: ReceiverSettings, queue: Queue) -> Receiver:
    """Make a receiver. Raises WiringError for a secret that is none, and for none at all in production."""
    if kernel.settings.production and not settings.trusted:
        raise WiringError(f"{name.upper()}__SECRET is not set: whoever sends the web-hook gives it")
    for secret in settings.trusted:
        try:
            signed(secret, "check", utc_now(), b"")
        except ValueError as error:
            raise WiringError(f"the web-hook '{name}': {error}") from None
    return Receiver(name, settings, queue, kernel.clock)
