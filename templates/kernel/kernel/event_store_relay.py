"""The events of aggregates on the bus between processes: the event store is their outbox, and nothing is stored twice.

A relay follows the store by its positions and hands what it finds to the broker, each stream in its order. One that is
killed goes on where it was; what it had published and not noted is published again, and the inbox knows it.
"""

from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError

from .app import Kernel
from .database import Database
from .errors import UnavailableError, told_in_a_line
from .event_bus import EVENT_BUS, EventBusSettings
from .event_outbox import Outgoing, Relay, begin_at, keep_position
from .event_store import EVENT_STORE, START, EventStore, Position, as_stored, events_after

_AT_ONCE: Final = 500
logger = structlog.get_logger("events")


class StoredEvents:
    """What an event store has, to be published; implements Source."""

    name = "event store"

    def __init__(self, store: EventStore, database: Database, *, history: bool = False) -> None:
        self._store = store
        self._database = database
        self._history = history
        self._has_begun = False

    async def begin(self) -> str:
        """Settle and answer where the relay begins, the first time: behind what is there, or with the first event."""
        first = START if self._history else await self._store.head()
        at = await begin_at(self._database, self.name, str(first))
        head = await self._store.head()
        self._has_begun = True
        if Position.parse(at) <= head:
            return at
        # A store in memory begins anew with its process, and the database remembers the one before.
        logger.warning("the event store has less than was published; what comes from now on is published", position=at)
        await keep_position(self._database, self.name, str(head), before=at)
        return str(head)

    async def next(self, position: str, /) -> Outgoing | None:
        if not self._has_begun:
            position = await self.begin()
        events, last = await events_after(self._store, Position.parse(position), limit=_AT_ONCE)
        if not events:
            return None
        reached = str(last)

        async def published() -> None:
            await keep_position(self._database, self.name, reached, before=position)

        return Outgoing(events, published, are_all=len(events) < _AT_ONCE, reached=reached)

    async def changed(self, seconds: float, /) -> None:
        await self._store.changed(seconds)


def use_event_relay(kernel: Kernel, *, history: bool = False) -> None:
    """Publish every event that is stored from the first start on; with `history` those before it, too.

    Handlers would take what happened long ago for news, so that history is sent only when it is asked for.
    """
    relays: list[Relay] = []

    async def start() -> None:
        # Asked for now, so that it does not matter in which order the composition root provides the two.
        store, bus, settings = (
            as_stored(kernel.adapter(EVENT_STORE)),  # what is personal travels sealed
            kernel.adapter(EVENT_BUS),
            kernel.settings.of(EventBusSettings),
        )
        source = StoredEvents(store, kernel.database, history=history)
        try:
            await source.begin()
        except (SQLAlchemyError, UnavailableError) as error:  # where tables are missing it starts, and relays later
            logger.warning("stored events wait to be published", error=told_in_a_line(error) or type(error).__name__)
        relays.append(Relay(kernel.database, source, bus.send, lease=settings.lease, poll=store.poll))

    async def relay() -> None:
        for each in relays:
            await each.start()

    async def stop() -> None:
        while relays:
            await relays.pop().stop()

    kernel.on_start(start)
    kernel.on_ready(relay)
    kernel.on_stop(stop)
