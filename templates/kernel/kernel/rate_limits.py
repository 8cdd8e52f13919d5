"""How often somebody may ask: a rate such as `5/minute`, and what counts who asked.

Counted by the generic cell rate algorithm (ITU-T I.371): one number a caller, no windows at whose edges twice as much
gets through, and a caller who waited a whole period may spend it at once.
"""

from typing import Final, Protocol

from .ports import AdapterPort
from .rate_limits_memory import MemoryRateLimits
from .rate_values import Rate, Verdict
from .settings import RateLimitSettings

__all__ = ["RATE_LIMITS", "Rate", "RateLimits", "Verdict"]


class RateLimits(Protocol):
    """Counts. A server that is down lets everybody through, with a line in the log: it must not be what stops us."""

    async def hit(self, key: str, rate: Rate) -> Verdict:
        """Count one request of a caller, unless it is one too many, and say which."""
        ...


RATE_LIMITS: Final[AdapterPort[RateLimits]] = AdapterPort(RateLimitSettings, MemoryRateLimits)
