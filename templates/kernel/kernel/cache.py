"""The cache: answers kept for a while to spare the work of finding them again.

What is in it may vanish at any moment and is never the only copy. Values are JSON, whatever keeps them, so that a test
with the cache in memory sees what production sees: a tuple comes back as a list, and a date has to be text.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping
from types import MappingProxyType
from typing import ClassVar, Final, Literal, Protocol, TypeVar

from pydantic import Field, SecretStr, field_validator

from .cache_memory import MemoryCache
from .ports import AdapterPort
from .settings import PortSettings

T = TypeVar("T")


class CacheSettings(PortSettings):
    """Where answers are kept."""

    added_by: ClassVar[Mapping[str, str]] = MappingProxyType({"redis": "make:adapter redis-cache"})

    provider: Literal["memory", "redis"] = "memory"
    url: SecretStr = Field(default=SecretStr("redis://127.0.0.1:6379/0"), description="redis://, rediss:// or unix://")
    connections: int = Field(default=20, ge=1, description="Open at once; who wants one more waits.")
    timeout: float = Field(default=1.0, gt=0, description="Seconds for a connection, and for an answer.")

    @field_validator("url")
    @classmethod
    def _is_redis(cls, value: SecretStr) -> SecretStr:
        if not value.get_secret_value().startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("write redis://host:6379/0, rediss:// for TLS, or unix://")
        return value


class Cache(Protocol):
    """Keeps JSON values by key. A server that is down is a miss and a line in the log, never an error."""

    async def get(self, key: str, default: object = None) -> object:
        """Answer the value, or the default when there is none (any more)."""
        ...

    async def set(self, key: str, value: object, *, ttl: float = 300, tags: Collection[str] = ()) -> None:
        """Keep a value for `ttl` seconds, or until one of its tags is invalidated.

        Raises ProgrammingError for a value that is not JSON and for a ttl that is not positive.
        """
        ...

    async def delete(self, *keys: str) -> None:
        """Forget these keys; those that are not there are no mistake."""
        ...

    async def invalidate(self, *tags: str) -> None:
        """Forget everything that was kept with one of these tags, also what is being made right now."""
        ...

    async def get_or_set(
        self, key: str, make: Callable[[], Awaitable[T]], *, ttl: float = 300, tags: Collection[str] = ()
    ) -> T:
        """Answer the value, making it when there is none; who asks for it meanwhile waits for the same answer.

        An error of `make` is kept nowhere and reaches everybody who waits. The answer has been through JSON, also the
        first time.
        """
        ...


CACHE: Final[AdapterPort[Cache]] = AdapterPort(CacheSettings, MemoryCache)
