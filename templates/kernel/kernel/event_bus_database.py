"""What a bus keeps in the project's own database: events that wait to be handled again, and which ones were handled."""

from collections.abc import AsyncGenerator, Collection
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ColumnElement, CursorResult, Delete, Row, Update, delete, func, insert, select, update

from .database import Database
from .event_bus_table import HandledRow, LetterRow
from .event_bus_values import Letter, LetterStatus, key_of, of_plain, plain
from .events import Event
from .fields import table_of
from .ids import new_id
from .inserts import insert_unless_there
from .old_rows import delete_before

_LETTERS = table_of(LetterRow)
_HANDLED = table_of(HandledRow)


class DatabaseLetters:
    """Implements Letters with the table `event_letters`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def waiting(self, group: str, keys: Collection[str]) -> set[str]:
        wanted = select(_LETTERS.c.event_key).where(*_waiting(group), _LETTERS.c.event_key.in_(sorted(keys)))
        async with self._database.session() as session:
            return set(await session.scalars(wanted.distinct()))

    async def keep(
        self, group: str, event: Event, status: LetterStatus, *, attempts: int, run_at: datetime, error: str
    ) -> None:
        key = key_of(event)
        there = select(_LETTERS.c.id).where(_LETTERS.c.group_name == group, _LETTERS.c.event_id == event.id)
        last = select(func.max(_LETTERS.c.number)).where(_LETTERS.c.group_name == group, _LETTERS.c.event_key == key)
        async with self._database.transaction() as session:
            if await session.scalar(there) is not None:
                return
            row = {
                "id": new_id(),
                "group_name": group,
                "event_id": event.id,
                "event_key": key,
                "number": 1 + (await session.scalar(last) or 0),
                "status": status,
                "attempts": attempts,
                "run_at": run_at,
                "error": error,
                "event": plain(event),
                "created_at": self._database.clock.now(),
            }
            await session.execute(insert(_LETTERS), [row])

    async def claim(self, group: str, *, now: datetime, until: datetime, limit: int) -> list[Letter]:
        earlier = _LETTERS.alias()
        is_behind = (
            select(earlier.c.id)
            .where(
                earlier.c.group_name == group,
                earlier.c.status == LetterStatus.WAITING,
                earlier.c.event_key == _LETTERS.c.event_key,
                earlier.c.number < _LETTERS.c.number,
            )
            .exists()
        )
        free = (_LETTERS.c.leased_until.is_(None)) | (_LETTERS.c.leased_until <= now)
        due = select(_LETTERS).where(*_waiting(group), _LETTERS.c.run_at <= now, free, ~is_behind)
        async with self._database.session() as session:
            rows = await session.execute(due.order_by(_LETTERS.c.run_at).limit(limit))
            found = [replace(letter, attempts=letter.attempts + 1) for letter in map(_letter, rows)]
        return [each for each in found if await self._leased(each, until)]

    async def fail(self, letter: Letter, status: LetterStatus, *, attempts: int, run_at: datetime, error: str) -> None:
        changes = {"status": status, "attempts": attempts, "run_at": run_at, "error": error, "leased_until": None}
        held = (_LETTERS.c.id == letter.id, _LETTERS.c.attempts == letter.attempts)
        await self._change(update(_LETTERS).where(*held).values(**changes))

    async def remove(self, letter: Letter) -> None:
        await self._change(delete(_LETTERS).where(_LETTERS.c.id == letter.id))

    async def list(self, status: LetterStatus | None, group: str | None, limit: int) -> tuple[Letter, ...]:
        wanted = select(_LETTERS).order_by(_LETTERS.c.created_at, _LETTERS.c.id).limit(limit)
        wanted = wanted if status is None else wanted.where(_LETTERS.c.status == status)
        wanted = wanted if group is None else wanted.where(_LETTERS.c.group_name == group)
        async with self._database.session() as session:
            return tuple(_letter(row) for row in await session.execute(wanted))

    async def find(self, letter: UUID) -> Letter | None:
        async with self._database.session() as session:
            row = (await session.execute(select(_LETTERS).where(_LETTERS.c.id == letter))).one_or_none()
        return None if row is None else _letter(row)

    async def counts(self) -> dict[tuple[str, LetterStatus], int]:
        columns = (_LETTERS.c.group_name, _LETTERS.c.status)
        async with self._database.session() as session:
            rows = await session.execute(select(*columns, func.count()).group_by(*columns))
            return {(group, LetterStatus(status)): count for group, status, count in rows}

    async def revive(self, ids: Collection[UUID] | None, group: str | None, now: datetime) -> int:
        dead = [_LETTERS.c.status == LetterStatus.DEAD]
        dead += [] if ids is None else [_LETTERS.c.id.in_(ids)]
        dead += [] if group is None else [_LETTERS.c.group_name == group]
        anew = {"status": LetterStatus.WAITING, "attempts": 0, "run_at": now, "leased_until": None}
        return await self._change(update(_LETTERS).where(*dead).values(**anew))

    async def drop(self, ids: Collection[UUID]) -> int:
        return await self._change(
            delete(_LETTERS).where(_LETTERS.c.id.in_(ids), _LETTERS.c.status == LetterStatus.DEAD)
        )

    async def _leased(self, letter: Letter, until: datetime) -> bool:
        """Take a letter that was found with one attempt less, unless somebody else was faster."""
        free = (_LETTERS.c.id == letter.id, _LETTERS.c.status == letter.status)
        before = _LETTERS.c.attempts == letter.attempts - 1
        changes = {"attempts": letter.attempts, "leased_until": until}
        return await self._change(update(_LETTERS).where(*free, before).values(**changes)) == 1

    async def _change(self, statement: Update | Delete) -> int:
        async with self._database.transaction() as session:
            return cast("CursorResult[Any]", await session.execute(statement)).rowcount


class DatabaseInbox:
    """Implements Inbox with the table `event_inbox`: the handler's writes and the mark commit together."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @asynccontextmanager
    async def first(self, group: str, event: Event) -> AsyncGenerator[bool]:
        row = {"id": new_id(), "group_name": group, "event_id": event.id, "handled_at": self._database.clock.now()}
        async with self._database.transaction() as session:
            await session.execute(insert_unless_there(self._database.dialect, _HANDLED, row, "group_name", "event_id"))
            # MariaDB's count of changed rows does not tell the two apart.
            there = (_HANDLED.c.group_name == group, _HANDLED.c.event_id == event.id)
            yield await session.scalar(select(_HANDLED.c.id).where(*there)) == row["id"]

    async def forget(self, before: datetime) -> int:
        return await delete_before(self._database, _HANDLED.c.handled_at, before)


def _waiting(group: str) -> tuple[ColumnElement[bool], ...]:
    return (_LETTERS.c.group_name == group, _LETTERS.c.status == LetterStatus.WAITING)


def _letter(row: Row[Any]) -> Letter:
    return Letter(
        id=row.id,
        group=row.group_name,
        event=of_plain(row.event),
        number=row.number,
        status=LetterStatus(row.status),
        attempts=row.attempts,
        run_at=row.run_at,
        error=row.error,
        created_at=row.created_at,
    )
