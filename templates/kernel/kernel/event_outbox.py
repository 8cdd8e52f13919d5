"""The outbox: an event is stored in the transaction of what it is about, and published by a relay afterwards.

So it is published exactly when the rows exist, whenever the process dies, and also when the broker is away at the time.
One process at a time relays, which keeps the order: the order of the commits, for transactions that follow each other.
What was published and not yet marked so when a process died is published again; the inbox of whoever hears it knows it.
"""

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Protocol, cast

import structlog
from sqlalchemy import ColumnElement, Connection, bindparam, delete, func, insert, select, type_coerce, update
from sqlalchemy.ext.asyncio import AsyncSession

from .clock import until_set
from .database import Database
from .errors import UnavailableError
from .event_bus_table import OutgoingRow, RelayRow
from .event_bus_values import of_plain, plain
from .events import Event
from .fields import table_of
from .ids import new_id
from .inserts import insert_unless_there

_OUTGOING = table_of(OutgoingRow)
_RELAYS = table_of(RelayRow)
# Made once: to make it takes longer than to run it.
_KEEP: Final = (
    update(_RELAYS)
    .where(_RELAYS.c.name == bindparam("of"), _RELAYS.c.position == bindparam("before"))
    .values(position=bindparam("reached"))
)
_AT_ONCE: Final = 500
_TURN: Final = 0.05  # seconds until it is looked again whether another process has ended its turn
_PACE: Final = 0.025  # seconds from one round of publishing to the next, at most, when there is always more to publish
_QUIET: Final = 0.002  # seconds in which nothing is stored, after which nothing more is waited for
_PATIENCE: Final = 1.0
logger = structlog.get_logger("events")
Publish = Callable[[Sequence[Event]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """Events to publish, and how to remember that they were; `are_all` tells that none was left when they were read.

    What comes behind them is behind `reached`, for a source that has positions.
    """

    events: tuple[Event, ...]
    published: Callable[[], Awaitable[None]]
    are_all: bool = False
    reached: str = ""


class Source(Protocol):
    """Where a relay finds what is to be published, in order."""

    name: str

    async def next(self, position: str, /) -> Outgoing | None:
        """Answer what comes after a position, or None when there is nothing."""
        ...

    async def changed(self, seconds: float, /) -> None:
        """Wait until this process stored something to publish, and so long at most."""
        ...


class Outbox:
    """Stores events until a relay has published them; implements Source with the table `event_outbox`."""

    name = "outbox"

    def __init__(self, database: Database) -> None:
        self._database = database
        self.filled = asyncio.Event()

    async def add(self, events: Sequence[Event]) -> None:
        """Store events in the running transaction, or in one of their own."""
        rows = [{"id": new_id(), "event": plain(event)} for event in events]
        async with self._database.transaction() as session:
            stored_at = await self._now(session)
            await session.execute(insert(_OUTGOING), [{**row, "stored_at": stored_at} for row in rows])
            await self._database.after_commit(self._wake)

    async def next(self, _position: str, /) -> Outgoing | None:
        wanted = select(_OUTGOING).order_by(_OUTGOING.c.stored_at, _OUTGOING.c.id).limit(_AT_ONCE)
        async with self._database.session() as session:
            rows = (await session.execute(wanted)).all()
        if not rows:
            return None
        ids = [row.id for row in rows]

        async def published() -> None:
            async with self._database.transaction() as session:
                await session.execute(delete(_OUTGOING).where(_OUTGOING.c.id.in_(ids)))

        return Outgoing(tuple(of_plain(row.event) for row in rows), published, are_all=len(rows) < _AT_ONCE)

    async def changed(self, seconds: float, /) -> None:
        if await until_set(self.filled, seconds):
            self.filled.clear()

    async def count(self) -> int:
        """Count what waits to be published."""
        async with self._database.session() as session:
            return await session.scalar(select(func.count()).select_from(_OUTGOING)) or 0

    async def _wake(self) -> None:
        self.filled.set()

    async def _now(self, session: AsyncSession) -> datetime:
        """Ask the server for the time: the clocks of several machines would put events out of order."""
        match self._database.dialect:
            case "postgresql":
                now: ColumnElement[Any] = func.clock_timestamp()
            case "sqlite":
                return self._database.clock.now()
            case _:
                now = func.utc_timestamp(6)
        # The column's type knows that what comes without a zone is UTC.
        return cast("datetime", await session.scalar(select(type_coerce(now, _OUTGOING.c.stored_at.type))))


@dataclass(slots=True)
class _Turn:
    """How far the relay is whose turn it is, and until when it is."""

    position: str
    until: datetime


class Relay:
    """Publishes what a source has, in one process at a time."""

    def __init__(
        self,
        database: Database,
        source: Source,
        publish: Publish,
        *,
        lease: float = 15.0,
        poll: float = 5.0,
    ) -> None:
        self._database = database
        self._source = source
        self._publish = publish
        self._lease = timedelta(seconds=lease)
        self._turn: _Turn | None = None
        self._me = secrets.token_hex(8)
        self._poll = poll
        self._stopping = asyncio.Event()
        self._running: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._running = asyncio.create_task(self.run())

    async def stop(self) -> None:
        """End when what is being published has been."""
        self._stopping.set()
        if self._running is not None:
            await self._running

    async def run(self) -> None:
        """Publish what there is whenever there is something new, and look from time to time for what others left."""
        try:
            await self._run()
        finally:
            await self._let_go()

    async def _run(self) -> None:
        is_woken, told = False, ""
        while not self._stopping.is_set():
            try:
                await self._publish_all(look_first=not is_woken)
            except UnavailableError as error:
                if told != (told := repr(error)):  # what lasts is said once
                    logger.warning("events wait to be published", source=self._source.name, error=str(error))
            except Exception as error:
                if told != (told := repr(error)):
                    logger.exception("events cannot be published", source=self._source.name)
            else:
                if told:
                    logger.info("events are published again", source=self._source.name)
                told = ""
                is_woken = await self._rested()
                if not is_woken:
                    await self._let_go()
                    is_woken = await self._woken(self._poll)
                continue
            is_woken = False
            await self._let_go()
            await self._until_stopped(asyncio.sleep(_PATIENCE))

    async def _rested(self) -> bool:
        """Wait until nothing more is stored, or for so long, and say whether anything was.

        What is stored in quick succession goes out in rounds of several: each one has a price of its own.
        """
        begun, pause, is_woken = time.monotonic(), _QUIET, False
        while (left := begun + _PACE - time.monotonic()) > 0 and not self._stopping.is_set():
            if not await self._woken(_QUIET):
                break
            is_woken = True
            await asyncio.sleep(min(left, pause))
            pause *= 2  # what has lasted goes on, and to look has a price, too
        return is_woken

    async def _woken(self, seconds: float) -> bool:
        """Wait until something is stored, and so long at most, and say whether something was."""
        begun = time.monotonic()
        await self._until_stopped(self._source.changed(seconds))
        return time.monotonic() - begun < seconds

    async def drain(self, *, look_first: bool = True) -> None:
        """Publish until there is nothing more. Raises UnavailableError when the broker does not answer.

        Unless it is known that there is something, it is better to look first: taking the turn is a transaction.
        """
        try:
            await self._publish_all(look_first=look_first)
        finally:
            await self._let_go()

    async def _publish_all(self, *, look_first: bool) -> None:
        """Publish until there is nothing more, and keep the turn: who has it does not have to take it again."""
        while not self._stopping.is_set():
            if not self._is_mine():
                if look_first and await self._source.next(await self._position()) is None:
                    return
                self._turn = await self._taken()
            if self._turn is None:  # it is another's turn, which sees what is there by now, too
                look_first = True
                await asyncio.sleep(_TURN)
                continue
            outgoing = await self._source.next(self._turn.position)
            if outgoing is None:
                return
            await self._publish(outgoing.events)
            await outgoing.published()
            self._turn.position = outgoing.reached
            if outgoing.are_all:
                return

    def _is_mine(self) -> bool:
        """Tell whether it is my turn for long enough to publish something."""
        return self._turn is not None and self._database.clock.now() < self._turn.until - self._lease / 2

    async def _position(self) -> str:
        def read(connection: Connection) -> str:
            return connection.scalar(select(_RELAYS.c.position).where(*self._mine())) or ""

        return await self._database.together(read, writes=False, is_short=True)

    async def _taken(self) -> "_Turn | None":
        """Begin or extend my turn; None when it is another's."""
        now = self._database.clock.now()
        row = {"id": new_id(), "name": self._source.name, "holder": "", "leased_until": now, "position": ""}
        free = (_RELAYS.c.holder == self._me) | (_RELAYS.c.leased_until <= now)
        taken = {"holder": self._me, "leased_until": now + self._lease}

        def take(connection: Connection) -> str | None:
            if connection.execute(update(_RELAYS).where(*self._mine(), free).values(**taken)).rowcount > 0:
                return connection.scalar(select(_RELAYS.c.position).where(*self._mine()))
            connection.execute(insert_unless_there(self._database.dialect, _RELAYS, row, "name"))
            return None

        position = await self._database.together(take, is_short=True)
        return None if position is None else _Turn(position, now + self._lease)

    async def _let_go(self) -> None:
        if self._turn is None:
            return
        self._turn = None
        ended = update(_RELAYS).where(*self._mine(), _RELAYS.c.holder == self._me)
        ended = ended.values(leased_until=self._database.clock.now(), holder="")
        with suppress(Exception):  # the turn ends by itself
            await self._database.together(lambda connection: connection.execute(ended).rowcount, is_short=True)

    async def _until_stopped(self, waiting: Coroutine[Any, Any, None]) -> None:
        tasks = [asyncio.create_task(waiting), asyncio.create_task(self._stopping.wait())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()

    def _mine(self) -> tuple[ColumnElement[bool], ...]:
        return (_RELAYS.c.name == self._source.name,)


async def begin_at(database: Database, name: str, position: str) -> str:
    """Let a relay that has never run begin behind a position, and answer how far it is."""
    row = {"id": new_id(), "name": name, "holder": "", "leased_until": database.clock.now(), "position": position}
    async with database.transaction() as session:
        await session.execute(insert_unless_there(database.dialect, _RELAYS, row, "name"))
        return cast("str", await session.scalar(select(_RELAYS.c.position).where(_RELAYS.c.name == name)))


async def keep_position(database: Database, name: str, position: str, *, before: str) -> None:
    """Remember how far a relay is, unless another process, which took its turn meanwhile, has brought it further."""
    values = {"of": name, "before": before, "reached": position}
    await database.together(lambda connection: connection.execute(_KEEP, values).rowcount, is_short=True)
