"""What was answered to a request with an idempotency key, kept in the project's database for a day.

A row is made before the work begins, and its unique key is what lets one of several simultaneous requests through. It
is held for a time, not for ever: a process that died in between must not block the caller for a day.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from .database import Database
from .errors import ConflictError
from .model import Entity
from .repository_sql import SqlRepository

_CLEANED_EVERY = 1000


class IdempotencyKey(Entity):
    """One key of one caller; without a status its request is still being served."""

    __tablename__ = "idempotency_keys"

    key_digest: Mapped[str] = mapped_column(String(64), unique=True)
    request_digest: Mapped[str] = mapped_column(String(64))
    status: Mapped[int | None]
    headers: Mapped[dict[str, object] | None]
    body: Mapped[bytes | None]
    held_until: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class IdempotencyKeysRepository(SqlRepository[IdempotencyKey]):
    model = IdempotencyKey


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered the first time."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to do the work, which ends when it is held too long."""

    id: UUID
    held_until: datetime


class IdempotencyStore:
    """Gives the right to do the work once, and keeps what came of it."""

    def __init__(self, database: Database, *, keep: timedelta = timedelta(days=1)) -> None:
        self._keys = IdempotencyKeysRepository(database)
        self._clock = database.clock
        self._keep = keep
        self._claims = 0

    async def claim(self, key: str, request: str, *, hold: timedelta) -> Claim | Answer:
        """Let a request with a new key through, or answer what was answered to it before.

        `request` is a digest of it. Raises ConflictError while the first one is being served, and when the key was
        used for another request.
        """
        if self._claims % _CLEANED_EVERY == 0:
            await self.remove_expired()
        self._claims += 1
        claim = await self._new(key, request, hold)
        while claim is None:
            found = await self._keys.find_one({"key_digest": key})
            if found is not None and found.expires_at > self._clock.now():
                return await self._known(found, request, hold)
            if found is not None:
                await self._keys.delete_many({"id": found.id, "held_until": found.held_until})
            claim = await self._new(key, request, hold)
        return claim

    async def keep(self, claim: Claim, answer: Answer) -> None:
        """Keep an answer, unless somebody else took over meanwhile."""
        values = {"status": answer.status, "headers": dict(answer.headers), "body": answer.body}
        await self._keys.update_many({"id": claim.id, "held_until": claim.held_until}, values)

    async def release(self, claim: Claim) -> None:
        """Forget a key whose request came to nothing, so that the next attempt may do the work."""
        await self._keys.delete_many({"id": claim.id, "held_until": claim.held_until})

    async def remove_expired(self) -> None:
        await self._keys.delete_many({"expires_at": {"lte": self._clock.now()}})

    async def _new(self, key: str, request: str, hold: timedelta) -> Claim | None:
        now = self._clock.now()
        values = {
            "key_digest": key,
            "request_digest": request,
            "held_until": now + hold,
            "expires_at": now + self._keep,
        }
        try:
            made = await self._keys.create(values)
        except ConflictError:
            return None
        return Claim(made.id, made.held_until)

    async def _known(self, found: IdempotencyKey, request: str, hold: timedelta) -> Claim | Answer:
        if found.request_digest != request:
            raise ConflictError(
                "This idempotency key was used for another request.", code="idempotency_key_reused", status=422
            )
        if found.status is not None:
            headers = {name: str(value) for name, value in (found.headers or {}).items()}
            return Answer(found.status, headers, found.body or b"")
        until = self._clock.now() + hold
        expired = found.held_until <= self._clock.now()
        expected = {"held_until": found.held_until, "status": None}
        if expired and await self._keys.compare_and_set(found.id, expected, {"held_until": until}):
            return Claim(found.id, until)
        in_progress = ConflictError(
            "The first request with this key is still being served.", code="request_in_progress"
        )
        in_progress.headers = {"Retry-After": "1"}
        raise in_progress
