"""Access tokens that only this process knows: for tests and for a first try."""

import secrets
from collections.abc import Mapping
from datetime import timedelta

from .clock import Clock
from .token_claims import TokenClaims, check_custom, check_lifetime, expired, invalid

_REMEMBERED = timedelta(days=1)


class MemoryTokens:
    """Implements AccessTokens with a dictionary; the token itself says nothing.

    An expired token is known as one for another day, and dropped when a token is issued after that.
    """

    def __init__(self, clock: Clock, *, lifetime: float = 900.0) -> None:
        self._clock = clock
        self._lifetime = lifetime
        self._issued: dict[str, TokenClaims] = {}

    async def issue(
        self, subject: str, *, claims: Mapping[str, object] | None = None, lifetime: float | None = None
    ) -> str:
        now = self._clock.now().replace(microsecond=0)
        until = now + timedelta(seconds=check_lifetime(self._lifetime if lifetime is None else lifetime))
        for old in [each for each, known in self._issued.items() if known.expires_at + _REMEMBERED <= now]:
            del self._issued[old]
        token = secrets.token_urlsafe(32)
        self._issued[token] = TokenClaims(subject, secrets.token_hex(16), now, until, check_custom(claims))
        return token

    async def verify(self, token: str) -> TokenClaims:
        claims = self._issued.get(token)
        if claims is None:
            raise invalid()
        if claims.expires_at <= self._clock.now():
            raise expired()
        return claims
