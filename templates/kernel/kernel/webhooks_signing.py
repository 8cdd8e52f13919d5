"""Signatures of web-hooks as Standard Webhooks 1.0 has them: HMAC-SHA256 over the id, the time and the raw body."""

import base64
import binascii
import hmac
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from .errors import AuthError

_PREFIX = "whsec_"
_VERSION = "v1"
_TOLERANCE = 300  # seconds that the clocks of both may differ
_SHORTEST = 24
_ID = re.compile(r"[\x21-\x7e]{1,255}")
_SECONDS = re.compile(r"[0-9]{1,12}")


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a web-hook said, once it is known who said it; `id` stays the same when it is sent again."""

    id: str
    body: bytes


def new_secret() -> str:
    """Make a secret for signing, such as `whsec_...`."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def signed(secret: str, message: str, at: datetime, body: bytes) -> dict[str, str]:
    """Answer the headers that prove a body. Raises ValueError for a text that is no secret."""
    seconds = str(int(at.timestamp()))
    return {
        "webhook-id": message,
        "webhook-timestamp": seconds,
        "webhook-signature": f"{_VERSION},{_signature(secret, message, seconds, body)}",
    }


def verified(headers: Mapping[str, str], body: bytes, trusted: Iterable[str], now: datetime) -> Delivery:
    """Answer what was sent; with several secrets, such as an old and a new one, one of them has to fit.

    Raises AuthError when it is signed by nobody we trust, or was signed too long ago to be no repetition.
    """
    message, seconds = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not _ID.fullmatch(message) or not _SECONDS.fullmatch(seconds):
        raise AuthError("The web-hook has no id or no time.", code="webhook_unsigned")
    given = [
        text
        for version, _, text in (each.partition(",") for each in headers.get("webhook-signature", "").split(" "))
        if version == _VERSION
    ]
    expected = [_signature(secret, message, seconds, body) for secret in trusted]
    fits = [hmac.compare_digest(ours.encode(), theirs.encode()) for ours in expected for theirs in given]
    if not any(fits):
        raise AuthError("The signature of the web-hook does not fit.", code="webhook_signature_invalid")
    if abs(now.timestamp() - int(seconds)) > _TOLERANCE:
        raise AuthError("The web-hook was signed too long ago.", code="webhook_expired")
    return Delivery(message, body)


def _signature(secret: str, message: str, seconds: str, body: bytes) -> str:
    digest = hmac.digest(_key(secret), f"{message}.{seconds}.".encode() + body, "sha256")
    return base64.b64encode(digest).decode()


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except binascii.Error:
        key = b""
    if len(key) < _SHORTEST:
        raise ValueError("the secret of a web-hook is whsec_ and 24 bytes or more in base64")
    return key
