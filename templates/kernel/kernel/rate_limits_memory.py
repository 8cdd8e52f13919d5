"""Rates counted in this process: several processes allow each caller as many times as much."""

from collections import OrderedDict

from .clock import Clock
from .rate_values import Rate, Verdict, judge


class MemoryRateLimits:
    """Implements RateLimits with a dictionary; past `most` callers the longest silent one is forgotten."""

    def __init__(self, clock: Clock, *, most: int = 100_000) -> None:
        self._clock = clock
        self._most = most
        self._spent_until: OrderedDict[str, float] = OrderedDict()

    async def hit(self, key: str, rate: Rate) -> Verdict:
        now = self._clock.now().timestamp()
        until = max(self._spent_until.get(key, now), now) + rate.interval
        verdict = judge(rate, until - now)
        if verdict.allowed:
            self._spent_until[key] = until
            self._spent_until.move_to_end(key)
            if len(self._spent_until) > self._most:
                self._spent_until.popitem(last=False)
        return verdict
