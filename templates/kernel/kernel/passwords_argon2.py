"""Passwords of people who sign in, hashed with Argon2id (RFC 9106) off the event loop.

The stored text carries its own parameters: raise them, and each password is hashed anew when its owner next signs in.
"""

import unicodedata
from functools import partial
from typing import Final, Self

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from .passwords import in_thread, verify_password
from .settings import KernelSettings

# RFC 9106, 4: the second recommended option. Each hash takes 64 MiB for about a tenth of a second.
_MEMORY, _PASSES, _LANES = 64 * 1024, 3, 4
_CHEAP: Final = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


class PasswordHashes:
    """Hashes and checks; `cheap` is for tests only, where thousands of passwords would take minutes."""

    def __init__(self, *, cheap: bool = False) -> None:
        self._hasher = _CHEAP if cheap else PasswordHasher(time_cost=_PASSES, memory_cost=_MEMORY, parallelism=_LANES)
        self._decoy = self._hasher.hash("nobody's")

    @classmethod
    def of(cls, settings: KernelSettings) -> Self:
        """Make the ones for an environment: cheap in a test, the real ones everywhere else."""
        return cls(cheap=settings.environment == "test")

    async def hash(self, password: str) -> str:
        """Answer the text to store for a password."""
        return await in_thread(partial(self._hasher.hash, _written(password)))

    async def verify(self, password: str, stored: str | None) -> bool:
        """Say whether the password is the stored one.

        Pass None for an account that does not exist: the answer is False and takes as long as a real check. What
        `kernel.passwords` stored is checked as well; a text that is neither is False, never an error.
        """
        if stored is not None and stored.startswith("scrypt$"):
            return await verify_password(password, stored)
        matches = await in_thread(partial(self._matches, _written(password), stored or self._decoy))
        return matches and stored is not None

    def is_outdated(self, stored: str) -> bool:
        """Say whether a password should be hashed anew, now that its owner has shown it."""
        try:
            return self._hasher.check_needs_rehash(stored)
        except InvalidHashError:
            return True

    def _matches(self, password: str, stored: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False


def _written(password: str) -> str:
    """Make one text of all ways to type the same characters (NIST SP 800-63B, 3.1.1.2)."""
    return unicodedata.normalize("NFKC", password)
