"""Values that only one aggregate may have at a time, such as an address: reserved in the transaction of its events.

The constraint of the table decides between two that come at once, so that one of them wins on every engine.
"""

import hashlib
import re
import unicodedata
from collections.abc import Collection, Sequence
from contextlib import AbstractAsyncContextManager

from sqlalchemy import delete, select

from .aggregate_parts import AggregateParts, Claim
from .app import Kernel
from .database import Database
from .errors import ConflictError, WiringError
from .event_store import EventStoreSettings
from .fields import table_of
from .ids import new_id
from .inserts import insert_unless_there
from .reservation_table import ReservationRow

_ROWS = table_of(ReservationRow)
_UNSEEN = re.compile(
    "[\\u034f\\ufe00-\\ufe0f\\U000e0100-\\U000e01ef]"
)  # joiners and selectors that Unicode calls marks


class DatabaseReservations:
    """Keeps reservations in the project's database; implements Reservations."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def transaction(self) -> AbstractAsyncContextManager[object]:
        return self._database.transaction()

    async def refuse_taken(self, claims: Sequence[Claim], owner: str) -> None:
        for claim in claims:
            if claim.new is not None and await self.owner_of(claim.scope, claim.new) not in {None, owner}:
                raise _taken(claim)

    async def settle(self, claims: Sequence[Claim], owner: str) -> None:
        for claim in sorted(claims, key=lambda each: each.scope):
            old, new = digest(claim.old), digest(claim.new)
            if new is not None:
                await self._reserve(claim, new, owner)
            if old is not None and old != new:
                await self._release(claim.scope, old, owner)

    async def forget(self, owners: Collection[str]) -> None:
        async with self._database.transaction() as session:
            await session.execute(delete(_ROWS).where(_ROWS.c.owner.in_(sorted(owners))))

    async def owner_of(self, scope: str, value: str) -> str | None:
        """Answer the stream of who has a value, such as `users-<id>` for the scope `users.email`."""
        wanted = select(_ROWS.c.owner).where(_ROWS.c.scope == scope, _ROWS.c.digest == digest(value))
        async with self._database.session() as session:
            return await session.scalar(wanted)

    async def _reserve(self, claim: Claim, new: str, owner: str) -> None:
        row = {
            "id": new_id(),
            "scope": claim.scope,
            "digest": new,
            "owner": owner,
            "reserved_at": self._database.clock.now(),
        }
        there = select(_ROWS.c.owner).where(_ROWS.c.scope == claim.scope, _ROWS.c.digest == new)
        async with self._database.transaction() as session:
            # Waits for another that is about to take it, or about to let it go, and finds out how that ended.
            await session.execute(insert_unless_there(self._database.dialect, _ROWS, row, "scope", "digest"))
            holder = await session.scalar(there.with_for_update())
        if holder != owner:
            raise _taken(claim)

    async def _release(self, scope: str, old: str, owner: str) -> None:
        own = delete(_ROWS).where(_ROWS.c.scope == scope, _ROWS.c.digest == old, _ROWS.c.owner == owner)
        async with self._database.transaction() as session:
            await session.execute(own)


def normalised(value: str) -> str:
    """Answer what two values must share to be the same: case, width, accents' forms and invisible letters aside."""
    # What nobody sees goes first: between a letter and its accent it would keep them apart.
    seen = "".join(each for each in value if unicodedata.category(each) != "Cf" and not _UNSEEN.match(each))
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", seen).casefold()).strip()


def digest(value: str | None) -> str | None:
    """Answer what is kept of a value; None for none."""
    return None if value is None else hashlib.sha256(normalised(value).encode("utf-8", "surrogatepass")).hexdigest()


def use_reservations(kernel: Kernel) -> DatabaseReservations:
    """Let deciders say what is `unique`, where events are in the project's database."""
    reservations, parts = DatabaseReservations(kernel.database), AggregateParts.of(kernel)
    parts.reservations = reservations
    kernel.share(reservations)

    async def check() -> None:
        """Raises WiringError where a value and the event that takes it could not be stored together."""
        unique = [f"{each.category}.{by.name}" for each in parts.deciders for by in each.unique]
        if unique and not (settings := kernel.settings.of(EventStoreSettings)).shares_transactions:
            raise WiringError(
                f"{', '.join(unique)} is to be unique, and EVENT_STORE_PROVIDER is {settings.provider}, which stores "
                "events in no transaction of the database: two of them could be there after a failure. Choose "
                "EVENT_STORE_PROVIDER=database, or give up `unique`"
            )

    kernel.on_start(check)
    return reservations


def _taken(claim: Claim) -> ConflictError:
    return ConflictError(f"{claim.name} is already taken", code="unique", fields={claim.name: "is already taken"})
