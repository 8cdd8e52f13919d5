"""Events in MongoDB (5 or newer), one document for each append: all of its events are there or none, on any server.

The documents are numbered without a gap. Who appends takes the number behind the last one, which a unique index gives
to one of those who want it; the others look again. So nothing becomes visible behind what was read already, a position
is the document's number and the event's place in it, and appends take turns, a few round trips each.

A replica set, of one member or more, keeps what it has confirmed: writes are acknowledged by the majority, and readers
see nothing that is not. A single server without one may show what a power failure takes back; production refuses it.
"""

import asyncio
import re
import secrets
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any, Final, TypeAlias, TypeVar, cast
from uuid import UUID

from pymongo import ASCENDING, DESCENDING, AsyncMongoClient, IndexModel
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.cursor import AsyncCursor
from pymongo.errors import ConfigurationError, DuplicateKeyError, PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.read_preferences import ReadPreference
from pymongo.write_concern import WriteConcern

from .app import Kernel
from .clock import Clock, SystemClock, until_set
from .errors import ProgrammingError, TooLargeError, UnavailableError, WiringError
from .event_store import EventStoreSettings
from .event_store_outside import OnceChecked, install, of_text, to_text
from .event_values import (
    START,
    ConcurrencyError,
    Expected,
    Page,
    Position,
    RecordedEvent,
    already_there,
    category_of,
    check_expected,
    checked_events,
    checked_stream,
)
from .events import Event

_Document: TypeAlias = dict[str, Any]
_LARGEST: Final = 16_000_000  # bytes; a document has 16 MiB at most
_ITS_ID: Final = 64  # bytes that an event takes beside its text
_LAST: Final = 2**63 - 1
_LONGEST_WAIT: Final = 0.1
# `_id` is the number, too, and decides alone who appends; the unique ones hold off what others write here.
_INDEXES: Final = (
    IndexModel([("number", ASCENDING)], name="number", unique=True),
    IndexModel([("stream", ASCENDING), ("first", ASCENDING)], name="stream_first", unique=True),
    IndexModel([("ids", ASCENDING)], name="ids", unique=True),
    IndexModel([("types", ASCENDING), ("number", ASCENDING)], name="types_number"),
    IndexModel([("category", ASCENDING), ("number", ASCENDING)], name="category_number"),
)
_NO_NAME = re.compile(r"[^A-Za-z0-9_]+")
T = TypeVar("T")


def provide_mongodb_event_store(kernel: Kernel) -> None:
    """Store events in MongoDB when EVENT_STORE_PROVIDER says mongodb; in the database that MONGODB_URL names.

    In production the application does not start on a server that is no replica set, unless EVENT_STORE__ACCEPT_LOSSES
    is true. Raises WiringError for a URL that nothing can be made of.
    """
    settings = kernel.settings.of(EventStoreSettings)
    if settings.provider != "mongodb":
        return
    insist = kernel.settings.production and not settings.accept_losses
    database = _NO_NAME.sub("_", f"{kernel.settings.app_name}_{kernel.settings.environment}")
    install(kernel, MongoEvents(settings, database=database, clock=kernel.clock, insist=insist))


class MongoEvents:
    """Implements EventStore. `database` is taken where the URL names none; with `insist` it wants a replica set."""

    def __init__(
        self, settings: EventStoreSettings, *, database: str, clock: Clock | None = None, insist: bool = False
    ) -> None:
        self.poll = settings.poll
        self.check = OnceChecked(self._check)
        patience = int(settings.timeout * 1000)
        try:
            self._client: AsyncMongoClient[_Document] = AsyncMongoClient(
                settings.mongodb_url.get_secret_value(),
                connect=False,
                connectTimeoutMS=patience,
                serverSelectionTimeoutMS=patience,
                socketTimeoutMS=patience,
                waitQueueTimeoutMS=patience,
            )
            there = self._client.get_default_database(database)["stored_events"]
        except (ConfigurationError, ValueError) as error:
            raise WiringError(f"MONGODB_URL cannot be used: {error}") from error
        # Whatever the URL says of it: who decides on events must not read them where they come late.
        confirmed = WriteConcern(w="majority", j=True, wtimeout=patience)
        self._written = there.with_options(read_preference=ReadPreference.PRIMARY, write_concern=confirmed)
        self._there = self._written
        self._clock = clock or SystemClock()
        self._insist = insist
        self._turn = asyncio.Lock()
        self._appended = asyncio.Event()

    async def append(self, stream: str, events: Sequence[Event], *, expected: Expected) -> tuple[Position, ...]:
        checked_stream(stream)
        checked_events(events)
        await self.check()
        document = _document(stream, events, [to_text(event, stream, self._clock.now()) for event in events])
        async with self._turn:  # those of one process need not find out from the server that it is another's turn
            wait, refused = 0.001, -1
            while True:
                # The number first, and only then what depends on others: whoever appends meanwhile takes that number.
                number = await self._number()
                if number == refused:
                    raise ProgrammingError("the collection of the event store has documents that no append made")
                version, found = await asyncio.gather(self._version(self._written, stream), self._known(events))
                known = already_there(stream, events, found)
                if known:
                    await self._confirm(known[-1])
                    return known
                try:
                    check_expected(stream, expected, version)
                except ConcurrencyError:
                    if await self._number() == number:
                        raise
                    continue  # the two were read while somebody appended, perhaps these events
                placed = {"_id": number + 1, "number": number + 1, "first": version + 1, "last": version + len(events)}
                try:
                    await _answered(self._written.insert_one({**document, **placed}))
                except DuplicateKeyError:
                    refused = number
                    await asyncio.sleep(secrets.randbelow(1000) / 1000 * wait)
                    wait = min(wait * 2, _LONGEST_WAIT)
                else:
                    self._appended.set()
                    return tuple(Position(number + 1, place) for place in range(1, len(events) + 1))

    async def read_stream(
        self, stream: str, *, first: int = 1, last: int | None = None, backwards: bool = False, limit: int | None = None
    ) -> tuple[RecordedEvent, ...]:
        await self.check()
        highest = _LAST if last is None else last
        wanted = {"stream": stream, "last": {"$gte": first}, "first": {"$lte": highest}}
        cursor = self._there.find(wanted).sort("first", DESCENDING if backwards else ASCENDING)
        return await _taken(cursor, limit, lambda each: first <= each.number <= highest, backwards=backwards)

    async def read_all(
        self, after: Position = START, *, types: Collection[str] = (), category: str = "", limit: int = 500
    ) -> Page:
        head = await self.head()
        wanted: _Document = {"number": {"$gte": min(after.transaction, _LAST), "$lte": head.transaction}}
        wanted |= {"types": {"$in": sorted(types)}} if types else {}
        wanted |= {"category": category} if category else {}
        cursor = self._there.find(wanted).sort("number", ASCENDING).limit(limit + 1)
        found = await _taken(
            cursor, limit, lambda each: each.position > after and (not types or each.event.type in types)
        )
        return Page(found, found[-1].position if len(found) == limit else max(after, head))

    async def find(self, event_id: UUID) -> RecordedEvent | None:
        await self.check()
        document = await _answered(self._there.find_one({"ids": {"$in": [str(event_id)]}}))
        found = () if document is None else _recorded(document)
        return next((each for each in found if each.event.id == event_id), None)

    async def version(self, stream: str) -> int:
        await self.check()
        return await self._version(self._there, stream)

    async def head(self) -> Position:
        await self.check()
        last = await _answered(self._there.find_one({}, ["number", "first", "last"], sort=[("number", DESCENDING)]))
        return START if last is None else Position(last["number"], last["last"] - last["first"] + 1)

    async def may_hold(self, position: Position) -> bool:
        if position == START:
            return True
        if position.transaction > _LAST:
            return False
        await self.check()
        there = await _answered(self._there.find_one({"number": position.transaction}, ["first", "last"]))
        return there is not None and 1 <= position.number <= there["last"] - there["first"] + 1

    async def changed(self, seconds: float) -> None:
        if await until_set(self._appended, seconds):
            self._appended.clear()

    async def ping(self) -> None:
        await _answered(self._client.admin.command("ping"))
        await self.check()

    async def close(self) -> None:
        await self._client.close()

    async def _check(self) -> None:
        """Find out what the server is, and make the indexes."""
        said = await _answered(self._client.admin.command("hello"))
        is_replicated = "setName" in said or said.get("msg") == "isdbgrid"
        if not is_replicated and self._insist:
            raise WiringError(
                "the MongoDB of the event store is no replica set, so that a failure may take back what was read; "
                "make it one, which a single member can be (`rs.initiate()`), or accept that with "
                "EVENT_STORE__ACCEPT_LOSSES=true"
            )
        if is_replicated:
            self._there = self._written.with_options(read_concern=ReadConcern("majority"))
        await _answered(self._written.create_indexes(list(_INDEXES)))

    async def _version(self, collection: AsyncCollection[_Document], stream: str) -> int:
        newest = await _answered(collection.find_one({"stream": stream}, ["last"], sort=[("first", DESCENDING)]))
        return 0 if newest is None else cast("int", newest["last"])

    async def _number(self) -> int:
        newest = await _answered(self._written.find_one({}, ["number"], sort=[("number", DESCENDING)]))
        return 0 if newest is None else cast("int", newest["number"])

    async def _confirm(self, position: Position) -> None:
        """Wait until what was stored before, perhaps with nobody having been told, is as safe as what is stored now."""
        number = {"number": position.transaction}
        await _answered(self._written.update_one({"_id": position.transaction}, {"$set": number}))

    async def _known(self, events: Sequence[Event]) -> Mapping[UUID, tuple[str, Position]]:
        ids = {event.id for event in events}
        cursor = self._written.find({"ids": {"$in": sorted(map(str, ids))}})
        found = await _taken(cursor, None, lambda each: each.event.id in ids)
        return {each.event.id: (each.stream, each.position) for each in found}


async def _taken(
    cursor: AsyncCursor[_Document],
    limit: int | None,
    is_wanted: Callable[[RecordedEvent], bool],
    *,
    backwards: bool = False,
) -> tuple[RecordedEvent, ...]:
    """Take the events of documents, so many at most. Raises UnavailableError when MongoDB does not answer."""
    found: list[RecordedEvent] = []
    try:
        async with cursor:
            async for document in cursor:
                events = [each for each in _recorded(document) if is_wanted(each)]
                found += reversed(events) if backwards else events
                if limit is not None and len(found) >= limit:
                    break
    except (PyMongoError, OSError) as error:
        raise _unavailable(error) from error
    return tuple(found[:limit])


async def _answered(asked: Awaitable[T]) -> T:
    """Wait for what MongoDB says. Raises UnavailableError when it does not, but for an index that refuses."""
    try:
        return await asked
    except DuplicateKeyError:
        raise
    except (PyMongoError, OSError) as error:
        raise _unavailable(error) from error


def _unavailable(error: Exception) -> UnavailableError:
    return UnavailableError(f"MongoDB does not answer: {type(error).__name__}")


def _document(stream: str, events: Sequence[Event], texts: Sequence[str]) -> _Document:
    """Make what is stored of an append. Raises TooLargeError for more than a document holds."""
    if (size := sum(len(text.encode()) + _ITS_ID for text in texts)) > _LARGEST:
        told = f"{len(events)} events of {stream} are {size} bytes together, and MongoDB takes {_LARGEST} at once"
        raise TooLargeError(f"{told}; append them in several steps, or keep what is large elsewhere")
    return {
        "stream": stream,
        "category": category_of(stream),
        "ids": [str(event.id) for event in events],
        "types": sorted({event.type for event in events}),
        "events": list(texts),
    }


def _recorded(document: _Document) -> tuple[RecordedEvent, ...]:
    return tuple(
        of_text(text, document["first"] + place, Position(document["number"], place + 1))
        for place, text in enumerate(document["events"])
    )
