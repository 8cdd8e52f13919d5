"""Slows guessing down: after a few attempts each further one has to wait twice as long as the one before.

What is counted is kept in the cache, so that all processes that share one count together. A cache that is down counts
nothing; hashing, which runs two at a time, still bounds how fast anybody can guess.
"""

import asyncio
import math
from dataclasses import dataclass

from .cache import Cache
from .clock import Clock
from .errors import TooManyRequestsError
from .tokens import digest

_LOCKS = 64


class TooManyAttemptsError(TooManyRequestsError):
    """The caller has to wait before the next attempt; `Retry-After` says for how many seconds."""

    default_code = "too_many_attempts"

    def __init__(self, retry_after: int) -> None:
        wait = "a second" if retry_after == 1 else f"{retry_after} seconds"
        super().__init__(f"Too many attempts; try again in {wait}.", retry_after=retry_after)


@dataclass(frozen=True, slots=True)
class Limit:
    """`free` attempts within `window` seconds cost nothing; then 1, 2, 4 ... seconds, up to `longest`."""

    name: str
    free: int
    longest: float
    window: float

    def delay(self, attempts: int) -> float:
        return 0.0 if attempts < self.free else min(self.longest, 2.0 ** min(attempts - self.free, 30))


class Throttle:
    """Counts attempts by who makes them, or on what; nothing that is counted can be read from its keys."""

    def __init__(self, cache: Cache, clock: Clock, *, name: str) -> None:
        self._cache = cache
        self._clock = clock
        self._name = name
        self._locks = [asyncio.Lock() for _ in range(_LOCKS)]

    async def admit(self, limit: Limit, who: str) -> None:
        """Count an attempt before it is made, so that many at once gain nothing. Raises TooManyAttemptsError."""
        key = self._key(limit, who)
        async with self._locks[hash(key) % _LOCKS]:
            now = self._clock.now().timestamp()
            kept = await self._cache.get(key)
            attempts, until = (int(kept[0]), float(kept[1])) if isinstance(kept, list) else (0, 0.0)
            if now < until:
                raise TooManyAttemptsError(math.ceil(until - now))
            attempts += 1
            ttl = max(limit.window, 2 * limit.delay(attempts))
            await self._cache.set(key, [attempts, now + limit.delay(attempts)], ttl=ttl)

    async def forget(self, limit: Limit, who: str) -> None:
        """Start anew, for somebody who proved to be who they say."""
        await self._cache.delete(self._key(limit, who))

    def _key(self, limit: Limit, who: str) -> str:
        return f"throttle:{self._name}:{limit.name}:{digest(who)}"
