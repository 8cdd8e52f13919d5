"""A rate, read from a word, and what is said about one request that is held to it."""

import re
from dataclasses import dataclass
from functools import cache
from math import ceil, floor

_WORD = re.compile(r"([1-9]\d{0,8})/([1-9]\d{0,4})?(second|minute|hour|day|s|m|h|d)")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@dataclass(frozen=True, slots=True)
class Rate:
    """So many requests in so many seconds."""

    limit: int
    seconds: int

    @property
    def interval(self) -> float:
        """Answer the seconds after which one more is allowed."""
        return self.seconds / self.limit

    def __str__(self) -> str:
        return f"{self.limit} requests in {self.seconds} seconds"


@cache
def read_rate(word: str) -> Rate:
    """Read `100/minute`, `5/10s` or `1000/day`. Raises ValueError for another word."""
    found = _WORD.fullmatch(word.replace(" ", ""))
    if found is None:
        raise ValueError(f"'{word}' is no rate; write how many in which time, such as 100/minute, 5/10s or 1000/day")
    return Rate(int(found[1]), int(found[2] or 1) * _SECONDS[found[3][0]])


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a request is within a rate, how many more are, and in how many seconds all of them are again."""

    rate: Rate
    allowed: bool
    remaining: int
    reset: float
    retry_after: float = 0.0

    def headers(self, name: str) -> dict[str, str]:
        """Say it as the RateLimit header fields of the IETF do (draft-ietf-httpapi-ratelimit-headers-10)."""
        return {
            "RateLimit-Policy": f'"{name}";q={self.rate.limit};w={self.rate.seconds}',
            "RateLimit": f'"{name}";r={self.remaining};t={ceil(self.reset)}',
        }


def judge(rate: Rate, ahead: float) -> Verdict:
    """Judge by how many seconds of a caller's requests are spent, this one included."""
    if ahead > rate.seconds + 1e-6:  # a float's rounding must not cost the last request
        spent = ahead - rate.interval
        return Verdict(rate, allowed=False, remaining=0, reset=spent, retry_after=ahead - rate.seconds)
    return Verdict(rate, allowed=True, remaining=floor((rate.seconds - ahead) / rate.interval + 1e-6), reset=ahead)
