"""Password hashing with scrypt from the standard library (RFC 7914), kept off the event loop.

The stored text carries its own parameters, so that they can be raised without invalidating anybody's password.
"""

import base64
import hashlib
import hmac
import secrets
from functools import cache, partial
from typing import TypeVar

import anyio.to_thread
from anyio import CapacityLimiter
from anyio.lowlevel import RunVar

_COST, _BLOCK, _PARALLEL = 2**15, 8, 1
_LENGTH = 32
_MEMORY = 64 * 1024 * 1024
_AT_ONCE = 2  # each takes 32 MiB and a core
_limiter: RunVar[CapacityLimiter] = RunVar("_limiter")
T = TypeVar("T")


async def hash_password(password: str) -> str:
    """Answer the text to store for a password."""
    return await in_thread(partial(_scrypt, password, secrets.token_bytes(16), _COST, _BLOCK, _PARALLEL))


async def verify_password(password: str, stored: str | None) -> bool:
    """Say whether the password is the stored one.

    Pass None for an account that does not exist: the answer is False and takes as long as a real check.
    A stored text that is not ours is False, never an error.
    """
    known = _parse(stored or _decoy())
    if known is None:
        return False
    salt, cost, block, parallel = known
    actual = await in_thread(partial(_scrypt, password, salt, cost, block, parallel))
    return hmac.compare_digest(actual, stored or "")


async def in_thread(work: "partial[T]") -> T:
    """Hash off the event loop, and few at once: more would starve the requests that need none, of memory and cores."""
    return await anyio.to_thread.run_sync(work, limiter=_hashing_limiter())


def _hashing_limiter() -> CapacityLimiter:
    try:
        return _limiter.get()
    except LookupError:
        limiter = CapacityLimiter(_AT_ONCE)
        _limiter.set(limiter)
        return limiter


def _scrypt(password: str, salt: bytes, cost: int, block: int, parallel: int) -> str:
    digest = hashlib.scrypt(password.encode(), salt=salt, n=cost, r=block, p=parallel, maxmem=_MEMORY, dklen=_LENGTH)
    return f"scrypt${cost}${block}${parallel}${_text(salt)}${_text(digest)}"


def _parse(stored: str) -> tuple[bytes, int, int, int] | None:
    try:
        scheme, cost, block, parallel, salt, _ = stored.split("$")
        if scheme != "scrypt":
            return None
        return base64.b64decode(salt, validate=True), int(cost), int(block), int(parallel)
    except ValueError:
        return None


@cache
def _decoy() -> str:
    return f"scrypt${_COST}${_BLOCK}${_PARALLEL}${_text(secrets.token_bytes(16))}$"


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
