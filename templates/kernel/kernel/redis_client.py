"""What everything that keeps something in Redis shares."""

from collections.abc import Awaitable
from typing import TypeVar

from pydantic import SecretStr
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from .app import Kernel
from .errors import UnavailableError

T = TypeVar("T")


def namespace(kernel: Kernel) -> str:
    """Answer what the keys of an application begin with: staging must not find what production keeps in one Redis."""
    return f"{kernel.settings.app_name}:{kernel.settings.environment}"


def impatient(url: SecretStr, *, connections: int, timeout: float) -> Redis:
    """Connect for what is asked in every request: each step ends after `timeout` seconds."""
    pool = BlockingConnectionPool.from_url(
        url.get_secret_value(),
        max_connections=connections,
        timeout=timeout,
        socket_timeout=timeout,
        socket_connect_timeout=timeout,
        # Once more, because the server may have closed an idle connection; the default would go on for seconds.
        retry=Retry(NoBackoff(), 1),
    )
    return Redis.from_pool(pool)


def listening(url: SecretStr, *, timeout: float) -> Redis:
    """Connect for what waits for others: connecting ends after `timeout` seconds, listening does not."""
    pool = BlockingConnectionPool.from_url(
        url.get_secret_value(), max_connections=20, timeout=timeout, socket_connect_timeout=timeout
    )
    return Redis.from_pool(pool)


async def answered(asked: Awaitable[T]) -> T:
    """Wait for what Redis says. Raises UnavailableError when it does not."""
    try:
        return await asked
    except (RedisError, OSError) as error:
        raise UnavailableError(f"Redis does not answer: {type(error).__name__}") from error
