"""WebSockets: what happens on the server reaches whoever looks at it, in whichever process their socket is.

Both directions carry JSON, `{"event": ..., "data": ...}`. A socket is opened with the access token of the API, in the
`Authorization` header or, since browsers cannot set that, as `new WebSocket(url, ["bearer", token])`.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import ClassVar, Final, Literal, Protocol, cast
from urllib.parse import urlsplit
from uuid import UUID

import structlog
from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from pydantic import Field, SecretStr

from .access import Access, Principal, PrincipalProvider
from .app import Kernel
from .clock import utc_now
from .connections import check_again, refuse_too_many
from .errors import AppError, ForbiddenError, WiringError
from .http.problems import problem_response
from .http.rate_limits import client_of
from .ids import new_id
from .ports import AdapterPort
from .settings import PortSettings
from .sockets_backplane import Backplane, LocalBackplane
from .tenancy import enter, limited_to

_PROTOCOL = "bearer"
_GOING_AWAY, _POLICY, _TRY_AGAIN = 1001, 1008, 1013  # RFC 6455, 7.4.1
_HEARTBEAT = json.dumps({"event": "system.heartbeat", "data": {}})
logger = structlog.get_logger("sockets")


class SocketSettings(PortSettings):
    """How sockets of several processes are reached, and what one may do."""

    added_by: ClassVar[Mapping[str, str]] = MappingProxyType({"redis": "make:websocket NAME"})

    provider: Literal["memory", "redis"] = "memory"
    url: SecretStr = Field(default=SecretStr("redis://127.0.0.1:6379/0"), description="redis://, rediss:// or unix://")
    heartbeat: float = Field(default=30.0, gt=0, description="Seconds between two signs of life.")
    backlog: int = Field(
        default=100, ge=1, description="Messages that may wait for a slow client before it is dropped."
    )
    most_bytes: int = Field(default=64 * 1024, ge=1, description="Largest message that a client may send.")
    per_second: int = Field(default=20, ge=1, description="Messages a second that a client may send, on average.")
    per_user: int = Field(default=20, ge=1, description="Sockets of one process that a user may have open.")
    per_address: int = Field(default=200, ge=1, description="The same for an address of those who are not signed in.")


@dataclass(slots=True, eq=False)
class Client:
    """One open socket. `rooms` changes as it joins and leaves."""

    id: UUID
    path: str
    principal: Principal | None
    connected_at: datetime
    address: str = ""
    rooms: set[str] = field(default_factory=set)

    @property
    def user(self) -> str:
        return "" if self.principal is None else str(self.principal.id)


class SocketHandler(Protocol):
    """What a path does with its sockets. What it raises closes the socket with the reason, and is logged."""

    async def connected(self, client: Client) -> None:
        """Say which rooms the client is in. An AppError refuses it."""
        ...

    async def received(self, client: Client, event: str, data: Mapping[str, object]) -> None: ...

    async def disconnected(self, client: Client) -> None: ...


class _Connection:
    """A socket with the messages that wait for it."""

    def __init__(self, client: Client, socket: WebSocket, access: Access, realm: str, backlog: int) -> None:
        self.client = client
        self.socket = socket
        self.access = access
        self.realm = realm
        self.waiting: asyncio.Queue[str] = asyncio.Queue(backlog)
        self.closing: tuple[int, str] | None = None
        self.reading: asyncio.Task[None] | None = None

    def put(self, text: str) -> None:
        """Let a message wait; a client too slow for that is dropped, since it must hold up nobody else."""
        try:
            self.waiting.put_nowait(text)
        except asyncio.QueueFull:
            self.end(_TRY_AGAIN, "too slow")

    def end(self, code: int, reason: str) -> None:
        if self.closing is None:
            self.closing = (code, reason)
            if self.reading is not None:
                self.reading.cancel()

    async def prove(self) -> Principal | None:
        """Answer whose socket it is, anew. Raises AuthError and ForbiddenError."""
        return await _principal(self.socket, self.access, self.realm)

    def refuse(self, error: AppError) -> None:
        self.end(_POLICY, error.code)

    async def write(self) -> None:
        while True:
            await self.socket.send_text(await self.waiting.get())


class WebSockets:
    """The sockets of this process, and the way to those of the others."""

    def __init__(self, settings: SocketSettings, backplane: Backplane, *, origins: tuple[str, ...] = ()) -> None:
        self.router = APIRouter()
        self._settings = settings
        self._backplane = backplane
        self._origins = origins
        self._open: dict[UUID, _Connection] = {}
        self._paths: set[str] = set()
        self._beating: asyncio.Task[None] | None = None
        self._nobody = asyncio.Event()
        self._nobody.set()

    def attach(self, path: str, handler: SocketHandler, *, access: Access, realm: str = "") -> None:
        """Open a path for sockets, before `kernel.asgi()`; `realm` says which authentication proves who opens them.

        Raises WiringError for a path that is taken.
        """
        if path in self._paths:
            raise WiringError(f"sockets are attached to {path} twice")
        self._paths.add(path)

        async def endpoint(websocket: WebSocket) -> None:
            with limited_to(None):
                await self._serve(websocket, handler, access, realm)

        self.router.add_api_websocket_route(path, endpoint)

    def get_clients(self, room: str | None = None) -> tuple[Client, ...]:
        """Answer the clients of this process, those in a room when it is named."""
        return tuple(each.client for each in self._open.values() if room is None or room in each.client.rooms)

    async def present(self) -> frozenset[str]:
        """Answer the ids of the users who are connected to any process."""
        return await self._backplane.present()

    async def broadcast(self, event: str, data: Mapping[str, object], *, room: str | None = None) -> None:
        """Send to everybody, or to everybody in a room. Raises UnavailableError when Redis is away."""
        await self._publish("room" if room else "all", room or "", event, data)

    async def send_to(self, client_id: UUID, event: str, data: Mapping[str, object]) -> None:
        """Send to one socket, wherever it is; to one that is gone nothing is sent. Raises UnavailableError."""
        await self._publish("client", str(client_id), event, data)

    async def send_to_user(self, user_id: UUID, event: str, data: Mapping[str, object]) -> None:
        """Send to every socket of a user, wherever they are. Raises UnavailableError."""
        await self._publish("user", str(user_id), event, data)

    async def start(self) -> None:
        await self._backplane.start(self._deliver)
        self._beating = asyncio.create_task(self._beat())

    async def stop(self) -> None:
        """Tell every client to come back, and wait until they are closed."""
        if self._beating is not None:
            self._beating.cancel()
        for connection in list(self._open.values()):
            connection.end(_GOING_AWAY, "the server stops")
        await self._nobody.wait()
        await self._backplane.stop()

    async def _publish(self, kind: str, whom: str, event: str, data: Mapping[str, object]) -> None:
        message = json.dumps({"event": event, "data": dict(data)}, allow_nan=False)
        await self._backplane.publish(json.dumps([kind, whom, message]))

    async def _deliver(self, text: str) -> None:
        kind, whom, message = cast("list[str]", json.loads(text))
        for connection in list(self._open.values()):
            if _is_meant(connection.client, kind, whom):
                connection.put(message)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self._settings.heartbeat)
            for connection in list(self._open.values()):
                await check_again(connection.client, connection.prove, connection.refuse)
                if connection.waiting.empty():
                    connection.put(_HEARTBEAT)

    async def _serve(self, websocket: WebSocket, handler: SocketHandler, access: Access, realm: str) -> None:
        client = Client(new_id(), websocket.url.path, None, utc_now(), client_of(websocket.scope))
        try:
            self._check_origin(websocket)
            client.principal = await _principal(websocket, access, realm)
            others = [each.client for each in self._open.values() if each.realm == realm]
            refuse_too_many(client, others, self._settings, "sockets")
            if client.principal is not None:
                enter(client.principal.tenant)  # the reading task inherits it
            await handler.connected(client)
        except AppError as error:
            await websocket.send_denial_response(
                problem_response(
                    error.status, error.message, instance=client.path, code=error.code, headers=error.headers
                )
            )
            return
        await websocket.accept(_PROTOCOL if _token(websocket) else None)
        connection = _Connection(client, websocket, access, realm, self._settings.backlog)
        self._open[client.id] = connection
        self._nobody.clear()
        if client.user:
            await self._backplane.arrive(str(client.id), client.user)
        try:
            await self._talk(connection, handler)
        finally:
            del self._open[client.id]
            if client.user:
                await self._backplane.leave(str(client.id), client.user)
            try:
                await handler.disconnected(client)
            finally:
                if not self._open:
                    self._nobody.set()

    async def _talk(self, connection: _Connection, handler: SocketHandler) -> None:
        """Read and write until one of them ends, and say why it ended if the client can still hear."""
        connection.reading = asyncio.create_task(self._read(connection, handler))
        writing = asyncio.create_task(connection.write())
        try:
            if connection.closing is None:
                await asyncio.wait({connection.reading, writing}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (connection.reading, writing):
                task.cancel()
            await asyncio.gather(connection.reading, writing, return_exceptions=True)
        if connection.closing is not None:
            try:
                async with asyncio.timeout(1):
                    await connection.socket.close(*connection.closing)
            except (TimeoutError, RuntimeError):
                logger.info("a slow client was dropped without a word", client=str(connection.client.id))

    async def _read(self, connection: _Connection, handler: SocketHandler) -> None:
        loop = asyncio.get_running_loop()
        allowed, before = float(self._settings.per_second), loop.time()
        try:
            while True:
                text = await connection.socket.receive_text()
                now = loop.time()
                allowed = min(self._settings.per_second * 2, allowed + (now - before) * self._settings.per_second) - 1
                before = now
                said = _understood(text, self._settings.most_bytes)
                if allowed < 0 or said is None:
                    connection.end(_POLICY, "too many messages" if allowed < 0 else "not understood")
                    return
                await handler.received(connection.client, *said)
        except WebSocketDisconnect:
            return
        except KeyError:  # a message of bytes
            connection.end(_POLICY, "not understood")
        except AppError as error:
            connection.end(_POLICY, error.code)
        except Exception:
            logger.exception("the handler of a socket failed", path=connection.client.path)
            connection.end(1011, "unexpected error")

    def _check_origin(self, websocket: WebSocket) -> None:
        """A browser opens sockets for any page, with the user's cookies; only our own pages may."""
        origin = websocket.headers.get("origin")
        if origin is None or "*" in self._origins or origin in self._origins:
            return
        if urlsplit(origin).netloc != websocket.headers.get("host"):
            raise ForbiddenError("This page may open no socket here.")


SOCKETS: Final[AdapterPort[WebSockets]] = AdapterPort(
    SocketSettings, lambda _clock: WebSockets(SocketSettings(), LocalBackplane())
)


def provide_websockets(kernel: Kernel) -> None:
    """Let the application have sockets, `kernel.adapter(SOCKETS)`; they are of one process unless Redis is chosen."""
    settings = kernel.settings.of(SocketSettings)
    if settings.provider != "memory":
        return
    sockets = WebSockets(settings, LocalBackplane(), origins=kernel.settings.cors_origins)
    kernel.provide(SOCKETS, sockets, router=sockets.router)
    kernel.on_start(sockets.start)
    kernel.on_stop(sockets.stop)


def _is_meant(client: Client, kind: str, whom: str) -> bool:
    match kind:
        case "all":
            return True
        case "room":
            return whom in client.rooms
        case "client":
            return whom == str(client.id)
        case _:
            return whom == client.user


def _token(websocket: WebSocket) -> str:
    """Answer the token that a browser sent beside the protocol's name."""
    offered = [each.strip() for each in websocket.headers.get("sec-websocket-protocol", "").split(",")]
    return offered[1] if len(offered) == 2 and offered[0] == _PROTOCOL else ""


async def _principal(websocket: WebSocket, access: Access, realm: str) -> Principal | None:
    provider: PrincipalProvider | None = websocket.app.state.realms.get(realm)
    token = _token(websocket)
    authorization = f"Bearer {token}" if token else websocket.headers.get("authorization")
    principal = await provider(authorization) if provider and authorization else None
    access.check(principal)
    return principal


def _understood(text: str, most: int) -> tuple[str, Mapping[str, object]] | None:
    """Read `{"event": ..., "data": {...}}`, or None for anything else."""
    if len(text) > most:
        return None
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):  # the latter for a thousand brackets
        return None
    if not isinstance(said, dict) or not isinstance(said.get("event"), str):
        return None
    data = said.get("data", {})
    return (said["event"], data) if isinstance(data, dict) else None
