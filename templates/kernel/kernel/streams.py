"""Server-sent events: what happens on the server reaches whoever reads, in whichever process their connection is.

A reader that comes back with `Last-Event-ID`, as browsers do by themselves, is given what it missed. When that is kept
no more it gets the event `system.missed`, and reads its page anew. `system.closing` says that the server wants it back.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Annotated, ClassVar, Final, Literal, Protocol
from uuid import UUID

import structlog
from fastapi import APIRouter, Header, Query, Request
from pydantic import Field, SecretStr, StringConstraints
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from .access import Access, Principal
from .app import Kernel
from .clock import utc_now
from .connections import check_again, refuse_too_many
from .errors import AppError, ProgrammingError, UnavailableError, WiringError, suggestion
from .http.rate_limits import client_of
from .http.routing import ModuleRouter, authenticated, current_principal
from .ids import new_id
from .ports import AdapterPort
from .settings import PortSettings
from .streams_log import Entry, MemoryLog, StreamLog, order
from .tenancy import current_tenant

_MISSED, _CLOSING = "system.missed", "system.closing"
_LAST_WORDS = 1.0  # seconds that a reader has to take what its stream ends with
_EVENT = frozenset("\r\n\0")
Topic = Annotated[str, StringConstraints(min_length=1, max_length=100)]
logger = structlog.get_logger("streams")


class StreamSettings(PortSettings):
    """How readers in several processes are reached, and what is kept for those that come back."""

    added_by: ClassVar[Mapping[str, str]] = MappingProxyType({"redis": "make:stream NAME"})

    provider: Literal["memory", "redis"] = "memory"
    url: SecretStr = Field(default=SecretStr("redis://127.0.0.1:6379/0"), description="redis://, rediss:// or unix://")
    heartbeat: float = Field(default=15.0, gt=0, description="Seconds between two signs of life.")
    backlog: int = Field(default=100, ge=1, description="Events that may wait for a slow reader before it is dropped.")
    replay: int = Field(default=1000, ge=1, description="Events of a stream that are kept for who comes back.")
    retry: float = Field(default=3.0, ge=0, description="Seconds until a reader that lost its connection comes back.")
    per_user: int = Field(default=20, ge=1, description="Streams of one process that a user may have open.")
    per_address: int = Field(default=200, ge=1, description="The same for an address of those who are not signed in.")


@dataclass(slots=True, eq=False)
class Reader:
    """One open stream. `asked` are the topics its address names (`?topic=a&topic=b`), `topics` those it hears."""

    id: UUID
    stream: str
    principal: Principal | None
    connected_at: datetime
    asked: frozenset[str]
    address: str = ""
    topics: set[str] = field(default_factory=set)

    @property
    def user(self) -> str:
        return "" if self.principal is None else str(self.principal.id)

    @property
    def tenant(self) -> str:
        tenant = None if self.principal is None else self.principal.tenant
        return "" if tenant is None else str(tenant)


class StreamHandler(Protocol):
    """What a stream does with whoever reads it."""

    async def opened(self, reader: Reader) -> None:
        """Say which topics the reader hears. An AppError refuses it."""
        ...


@dataclass(frozen=True, slots=True)
class _Message:
    """What is published: `tenant` None is for all of them, and an empty `user` or `topic` for everybody."""

    tenant: str | None
    user: str
    topic: str
    event: str
    data: str

    def is_for(self, reader: Reader) -> bool:
        return (
            (self.tenant is None or self.tenant == reader.tenant)
            and self.user in {"", reader.user}
            and (not self.topic or self.topic in reader.topics)
        )

    def sent(self, entry: str) -> bytes:
        return f"id: {entry}\nevent: {self.event}\ndata: {self.data}\n\n".encode()


class _Connection:
    """A reader with the pieces that wait for it."""

    def __init__(self, reader: Reader, request: Request, access: Access, realm: str, backlog: int) -> None:
        self.reader = reader
        self.request = request
        self.access = access
        self.realm = realm
        self.waiting: asyncio.Queue[bytes | None] = asyncio.Queue(backlog)
        self.dropped = asyncio.Event()

    def put(self, piece: bytes) -> None:
        """Let a piece wait; a reader too slow for that is dropped, since it must hold up nobody else."""
        try:
            self.waiting.put_nowait(piece)
        except asyncio.QueueFull:
            self.dropped.set()

    async def prove(self) -> Principal | None:
        """Answer who reads, anew. Raises AuthError and ForbiddenError."""
        principal = await authenticated(self.request, self.realm)
        self.access.check(principal)
        return principal

    def end(self, _error: AppError | None = None) -> None:
        """End after what waits already."""
        try:
            self.waiting.put_nowait(None)
        except asyncio.QueueFull:
            self.dropped.set()


class Streams:
    """The streams of this process, and the log that they share with the others."""

    def __init__(self, settings: StreamSettings, log: StreamLog) -> None:
        self.router = APIRouter()
        self._settings = settings
        self._log = log
        self._open: dict[str, dict[UUID, _Connection]] = {}
        self._beating: asyncio.Task[None] | None = None
        self._nobody = asyncio.Event()
        self._nobody.set()
        self._closing = False

    def attach(self, stream: str, handler: StreamHandler, *, access: Access, realm: str = "") -> None:
        """Open `/streams/<stream>`, before `kernel.asgi()`; `realm` says which authentication proves its readers.

        Raises WiringError for one that is there.
        """
        if stream in self._open:
            raise WiringError(f"the stream '{stream}' is attached twice")
        self._open[stream] = {}

        async def read(
            request: Request,
            last_event_id: Annotated[str | None, Header(description="Where to go on.", max_length=100)] = None,
            topic: Annotated[list[Topic], Query(max_length=100)] = [],  # noqa: B006  never changed
        ) -> Response:
            # Behind a guard it is proven; without one, whoever says who they are hears what is for them.
            principal = await authenticated(request, realm) if access.public else current_principal(request)
            asked, address = frozenset(topic), client_of(request.scope)
            reader = Reader(new_id(), stream, principal, utc_now(), asked, address)
            others = [each.reader for each in self._connections() if each.realm == realm]
            refuse_too_many(reader, others, self._settings, "streams")
            await handler.opened(reader)
            return await self._begin(_Connection(reader, request, access, realm, self._settings.backlog), last_event_id)

        read.__name__ = stream.replace("-", "_")
        routes = ModuleRouter("streams", realm=realm)
        routes.stream(f"/{stream}", read, access=access)
        self.router.include_router(routes.router)

    def get_readers(self, stream: str) -> tuple[Reader, ...]:
        """Answer who reads a stream in this process."""
        return tuple(each.reader for each in self._open[stream].values())

    async def publish(
        self,
        stream: str,
        event: str,
        data: Mapping[str, object],
        *,
        topic: str = "",
        user: UUID | None = None,
        tenant: UUID | None = None,
    ) -> None:
        """Tell everybody who reads a stream; with `topic`, `user` or `tenant` only those.

        Inside a guarded request only the readers of its tenant hear it, unless it is said `across_tenants()`. What is
        published inside a transaction is heard even if that is rolled back: publish it `database.after_commit()`.
        Raises ProgrammingError for a stream that is not attached and a name of several lines, ValueError for data that
        is not JSON, and UnavailableError when Redis is away.
        """
        if stream not in self._open:
            raise ProgrammingError(f"there is no stream '{stream}'{suggestion(stream, self._open)}")
        if not event or _EVENT.intersection(event):
            raise ProgrammingError("the event of a stream has a name of one line")
        scope = current_tenant()
        whose = str(tenant) if tenant else None if scope is None else str(scope.id or "")
        text = json.dumps(dict(data), allow_nan=False)
        await self._log.append(stream, json.dumps([whose, str(user or ""), topic, event, text]))

    async def start(self) -> None:
        self._closing = False
        await self._log.start(tuple(self._open), self._deliver)
        self._beating = asyncio.create_task(self._beat())

    def close(self) -> None:
        """Ask every reader to come back, which is then another process's; a server that stops waits for them."""
        self._closing = True
        for connection in self._connections():
            connection.put(f"event: {_CLOSING}\ndata: {{}}\n\n".encode())
            connection.end()

    async def stop(self) -> None:
        """Close every stream, and wait until they are closed."""
        if self._beating is not None:
            self._beating.cancel()
        self.close()
        await self._nobody.wait()
        await self._log.stop()

    async def _begin(self, connection: _Connection, last: str | None) -> Response:
        """Answer the stream, which begins with what its reader missed.

        The connection is there before the log is read: what is published meanwhile comes twice, and is sent once.
        """
        if self._closing:
            raise UnavailableError("The server stops; come back in a moment.")
        reader = connection.reader
        self._open[reader.stream][reader.id] = connection
        self._nobody.clear()
        here = self._log.position(reader.stream)
        try:
            missed = [] if last is None else await self._log.since(reader.stream, last)
        except BaseException:
            self._forget(reader)
            raise
        place = here if last is None or missed is None else last
        first = [f"retry: {round(self._settings.retry * 1000)}\n{_id(place)}\n".encode()]
        if missed is None:
            first.append(f"event: {_MISSED}\ndata: {{}}\n\n".encode())
        elif missed:
            first += [piece for entry in missed if (piece := _piece(entry, reader))]
            here = missed[-1].id
        return EventStream(self._forget, connection, b"".join(first), here)

    def _deliver(self, stream: str, entry: Entry) -> None:
        message = _read(entry)
        piece = message.sent(entry.id)
        for connection in list(self._open.get(stream, {}).values()):
            if message.is_for(connection.reader):
                connection.put(piece)

    async def _beat(self) -> None:
        """Show that the stream lives, and how far it is: who hears little would come back from too long ago."""
        while True:
            await asyncio.sleep(self._settings.heartbeat)
            for connection in self._connections():
                await check_again(connection.reader, connection.prove, connection.end)
                if connection.waiting.empty():
                    position = self._log.position(connection.reader.stream)
                    connection.put(f":\n{_id(position)}\n".encode())

    def _connections(self) -> list[_Connection]:
        return [each for readers in self._open.values() for each in readers.values()]

    def _forget(self, reader: Reader) -> None:
        self._open[reader.stream].pop(reader.id, None)
        if not any(self._open.values()):
            self._nobody.set()


class EventStream(Response):
    """The answer that goes on until its reader goes, is too slow, may read no more, or the server stops."""

    media_type = "text/event-stream"
    charset = "utf-8"

    def __init__(
        self, forget: Callable[[Reader], None], connection: _Connection, first: bytes, position: str | None
    ) -> None:
        # A proxy that gathers an answer before it passes it on would keep the events.
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._forget = forget
        self._connection = connection
        self._first = first
        self._position = None if position is None else order(position)

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        connection = self._connection
        tasks = [
            asyncio.create_task(self._write(send)),
            asyncio.create_task(_gone(receive)),
            asyncio.create_task(connection.dropped.wait()),
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._forget(connection.reader)
        if connection.dropped.is_set():
            logger.info("a slow reader was dropped", stream=connection.reader.stream, user=connection.reader.user)
            await self._end(send)

    async def _write(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        piece: bytes | None = self._first
        while piece is not None:
            if not self._was_sent(piece):
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            piece = await self._connection.waiting.get()
        await self._end(send)

    def _was_sent(self, piece: bytes) -> bool:
        """Know again what came while the log was read; from the first newer one on there is no more of it."""
        if self._position is None or piece is self._first or not piece.startswith(b"id: "):
            return False
        entry = order(piece[4 : piece.index(b"\n")].decode())
        return entry is not None and entry <= self._position

    async def _end(self, send: Send) -> None:
        try:
            async with asyncio.timeout(_LAST_WORDS):
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        except (TimeoutError, OSError):
            return


def _id(entry: str | None) -> str:
    return "" if entry is None else f"id: {entry}\n"


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _read(entry: Entry) -> _Message:
    return _Message(*json.loads(entry.text))


def _piece(entry: Entry, reader: Reader) -> bytes:
    message = _read(entry)
    return message.sent(entry.id) if message.is_for(reader) else b""


def _memory() -> Streams:
    settings = StreamSettings()
    return Streams(settings, MemoryLog(settings.replay))


STREAMS: Final[AdapterPort[Streams]] = AdapterPort(StreamSettings, lambda _clock: _memory())


def provide_streams(kernel: Kernel) -> None:
    """Let the application have streams, `kernel.adapter(STREAMS)`; they are of one process unless Redis is chosen."""
    settings = kernel.settings.of(StreamSettings)
    if settings.provider == "memory":
        install(kernel, Streams(settings, MemoryLog(settings.replay)))


def install(kernel: Kernel, streams: Streams) -> None:
    """Put streams into the application, and let them end before the server waits for its requests to end."""
    kernel.provide(STREAMS, streams, router=streams.router)
    kernel.on_start(streams.start)
    kernel.on_drain(streams.close)
    kernel.on_stop(streams.stop)
