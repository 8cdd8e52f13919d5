"""Links that prove themselves: what they lead to and until when, signed with a secret of ours."""

import hashlib
import hmac
from math import ceil
from urllib.parse import urlencode

from .clock import Clock
from .errors import ForbiddenError


class LinkSigner:
    """Signs a path and its end with HMAC-SHA256 (RFC 2104)."""

    def __init__(self, secret: bytes, clock: Clock) -> None:
        self._secret = secret
        self._clock = clock

    def sign(self, path: str, expires: float) -> str:
        """Answer the query of a link that is good for some seconds."""
        until = ceil(self._clock.now().timestamp() + expires)
        return urlencode({"expires": until, "signature": self._signature(path, until)})

    def check(self, path: str, until: int, signature: str) -> None:
        """Raise ForbiddenError unless the link is ours and not over."""
        if not hmac.compare_digest(self._signature(path, until).encode(), signature.encode()):
            raise ForbiddenError("This link is not valid.", code="link_invalid")
        if until < self._clock.now().timestamp():
            raise ForbiddenError("This link has expired.", code="link_expired")

    def _signature(self, path: str, until: int) -> str:
        return hmac.new(self._secret, f"{until}\n{path}".encode(), hashlib.sha256).hexdigest()
