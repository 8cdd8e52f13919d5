"""Rates counted in Redis, for all processes together; one round trip a request, decided by one script."""

import time
from typing import cast

import structlog
from redis.exceptions import RedisError

from .app import Kernel
from .rate_limits import RATE_LIMITS
from .rate_values import Rate, Verdict, judge
from .redis_client import answered, impatient, namespace
from .settings import RateLimitSettings

logger = structlog.get_logger("rate_limits")

# The time is Redis's own, or processes whose clocks differ would not count together. Answers the microseconds spent.
_SCRIPT = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local interval, period = tonumber(ARGV[1]), tonumber(ARGV[2])
local ahead = math.max(tonumber(redis.call('GET', KEYS[1]) or 0) - now, 0) + interval
if ahead <= period + 1 then
    redis.call('SET', KEYS[1], string.format('%.0f', now + ahead), 'PX', math.ceil(ahead / 1000) + 1)
end
return string.format('%.0f', ahead)
"""


def provide_redis_rate_limits(kernel: Kernel) -> None:
    """Count in Redis when RATE_LIMITS__PROVIDER says redis."""
    settings = kernel.settings.of(RateLimitSettings)
    if settings.provider != "redis":
        return
    limits = RedisRateLimits(settings, prefix=namespace(kernel))
    kernel.provide(RATE_LIMITS, limits)
    kernel.add_probe("rate limits", limits.ping, optional=True)
    kernel.on_stop(limits.close)


class RedisRateLimits:
    """Implements RateLimits. After a failure Redis is left alone for `rest` seconds, or each request would wait."""

    def __init__(self, settings: RateLimitSettings, *, prefix: str, rest: float = 1.0) -> None:
        self._redis = impatient(settings.url, connections=settings.connections, timeout=settings.timeout)
        self._script = self._redis.register_script(_SCRIPT)
        self._prefix = prefix
        self._rest = rest
        self._rests_until = 0.0

    async def hit(self, key: str, rate: Rate) -> Verdict:
        if time.monotonic() < self._rests_until:
            return _unlimited(rate)
        arguments = [round(rate.interval * 1_000_000), rate.seconds * 1_000_000]
        try:
            ahead = cast("bytes", await self._script(keys=[f"{self._prefix}:rate:{key}"], args=arguments))
        except (RedisError, OSError) as error:
            self._rests_until = time.monotonic() + self._rest
            logger.warning("the rate limits failed", error=f"{type(error).__name__}: {error}")
            return _unlimited(rate)
        return judge(rate, int(ahead) / 1_000_000)

    async def ping(self) -> None:
        """Raise UnavailableError unless Redis answers."""
        await answered(self._redis.ping())

    async def close(self) -> None:
        await self._redis.aclose()


def _unlimited(rate: Rate) -> Verdict:
    return Verdict(rate, allowed=True, remaining=rate.limit, reset=0.0)
