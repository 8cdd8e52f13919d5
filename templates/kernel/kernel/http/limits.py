"""What one request may cost: the size of its body and the time until its answer begins."""

import asyncio
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .problems import problem_response

_TOO_LARGE = "The body is larger than this server accepts."
_SCOPE_KEY = "kernel.limits"


class RequestLimits:
    """The limits of one request, kept in its scope: a route with its own sets them before the body is read."""

    __slots__ = ("_announced", "_arrived", "_receive", "body", "deadline", "waiting")

    def __init__(self, receive: Receive, announced: str, body: int) -> None:
        self._receive = receive
        self._announced = int(announced) if announced.isdecimal() else 0
        self._arrived = 0
        self.body = body
        self.deadline: asyncio.Timeout | None = None
        self.waiting = False

    async def receive(self) -> Message:
        """Answer a piece of the body. Raises HTTPException for more than is allowed, announced or arrived."""
        if self._announced > self.body:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _TOO_LARGE)
        self.waiting = True
        message = await self._receive()
        self.waiting = False
        self._arrived += len(message.get("body", b""))
        if self._arrived > self.body:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _TOO_LARGE)
        return message


def set_limits(scope: Scope, *, body: int | None, seconds: float | None) -> None:
    """Give one request other limits than the settings say; without the layers, as in a test of a route, do nothing."""
    limits = scope.get(_SCOPE_KEY)
    if not isinstance(limits, RequestLimits):
        return
    if body is not None:
        limits.body = body
    if seconds is not None and limits.deadline is not None:
        limits.deadline.reschedule(asyncio.get_running_loop().time() + seconds)


class BodyLimit:
    """Refuses bodies that are too large, by what they announce or by what arrives, once somebody reads them."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limits = RequestLimits(receive, Headers(scope=scope).get("content-length", ""), self._limit)
        scope[_SCOPE_KEY] = limits
        await self._app(scope, limits.receive, send)


class ResponseDeadline:
    """Gives up on a request whose answer has not begun in time; a stream that has begun may go on."""

    def __init__(self, app: ASGIApp, seconds: float) -> None:
        self._app = app
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limits = scope.get(_SCOPE_KEY)
        try:
            async with asyncio.timeout(self._seconds) as deadline:
                if isinstance(limits, RequestLimits):
                    limits.deadline = deadline

                async def send_in_time(message: Message) -> None:
                    if message["type"] == "http.response.start":
                        deadline.reschedule(None)
                    await send(message)

                await self._app(scope, receive, send_in_time)
        except TimeoutError:
            if not deadline.expired():
                raise
            slow_body = isinstance(limits, RequestLimits) and limits.waiting
            await _late(scope["path"], slow_body=slow_body)(scope, receive, send)


def _late(path: str, *, slow_body: bool) -> ASGIApp:
    if slow_body:
        # The rest of the body may arrive later, where the next request would be looked for.
        headers = {"Connection": "close"}
        detail = "The body did not arrive in time."
        return problem_response(HTTPStatus.REQUEST_TIMEOUT, detail, instance=path, headers=headers)
    detail = "The answer took too long."
    return problem_response(HTTPStatus.SERVICE_UNAVAILABLE, detail, instance=path, code="timeout")
