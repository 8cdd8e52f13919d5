"""One suite for what counts requests, in memory and in Redis."""

from __future__ import annotations

import asyncio
import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from kernel.clock import FixedClock
from kernel.rate_limits_memory import MemoryRateLimits
from kernel.rate_limits_redis import RedisRateLimits, provide_redis_rate_limits
from kernel.rate_values import read_rate
from kernel.settings import RateLimitSettings
from kernel.testing import client, fresh_database
from tests.kernel.pages_api import compose
from tests.services import redis_url

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from kernel.rate_limits import RateLimits

pytestmark = pytest.mark.anyio
BOTH = ("memory", pytest.param("redis", marks=pytest.mark.redis))


def at_redis(url: str) -> RateLimitSettings:
    return RateLimitSettings(provider="redis", url=SecretStr(url), per_client="2/hour")


@pytest.fixture(params=BOTH)
async def limits(request: pytest.FixtureRequest, anyio_backend: str) -> AsyncGenerator[RateLimits]:
    if request.param == "memory":
        yield MemoryRateLimits(FixedClock(datetime(2026, 3, 1, tzinfo=UTC)))
        return
    counted = RedisRateLimits(at_redis(redis_url()), prefix=f"test-http-{secrets.token_hex(4)}")
    yield counted
    await counted.close()


async def test_the_limit_is_exact_and_says_when_it_ends(limits: RateLimits) -> None:
    rate = read_rate("3/hour")
    verdicts = [await limits.hit("a", rate) for _ in range(5)]
    assert [each.allowed for each in verdicts] == [True, True, True, False, False]
    assert [each.remaining for each in verdicts] == [2, 1, 0, 0, 0]
    assert verdicts[0].retry_after == 0.0
    assert 1190 < verdicts[3].retry_after <= 1200
    assert 3590 < verdicts[4].reset <= 3600
    assert (await limits.hit("b", rate)).allowed, "another caller"


async def test_many_at_once_are_counted_one_by_one(limits: RateLimits) -> None:
    rate = read_rate("7/day")
    verdicts = await asyncio.gather(*(limits.hit("a", rate) for _ in range(40)))
    assert sum(each.allowed for each in verdicts) == 7


@pytest.mark.redis
async def test_time_gives_back_what_was_spent() -> None:
    limits = RedisRateLimits(at_redis(redis_url()), prefix=f"test-http-{secrets.token_hex(4)}")
    rate = read_rate("5/s")
    while (await limits.hit("a", rate)).allowed:
        pass
    await asyncio.sleep(0.25)
    assert (await limits.hit("a", rate)).allowed
    await limits.close()


async def test_memory_forgets_who_was_silent_longest() -> None:
    limits = MemoryRateLimits(FixedClock(datetime(2026, 3, 1, tzinfo=UTC)), most=2)
    rate = read_rate("1/hour")
    for who in ("a", "b", "c"):
        assert (await limits.hit(who, rate)).allowed
    assert not (await limits.hit("c", rate)).allowed
    assert (await limits.hit("a", rate)).allowed


@pytest.mark.redis
async def test_processes_count_together_in_redis() -> None:
    prefix = f"test-http-{secrets.token_hex(4)}"
    one, two = (RedisRateLimits(at_redis(redis_url()), prefix=prefix) for _ in range(2))
    rate = read_rate("2/hour")
    got = [(await each.hit("a", rate)).allowed for each in (one, two, one, two)]
    assert got == [True, True, False, False]
    await one.close()
    await two.close()


async def test_a_redis_that_is_away_stops_nobody_and_is_said(capfd: pytest.CaptureFixture[str]) -> None:
    async with fresh_database() as database:
        kernel = compose(database, rate_limits=at_redis("redis://127.0.0.1:1/0"))
        provide_redis_rate_limits(kernel)
        async with client(kernel) as http:
            assert [(await http.get("/pages")).status_code for _ in range(4)] == [200] * 4
            ready = await http.get("/health/ready")
            assert (ready.status_code, ready.json()["status"]) == (200, "degraded")
    assert capfd.readouterr().err.count("the rate limits failed") == 1, "then it is left alone for a while"
