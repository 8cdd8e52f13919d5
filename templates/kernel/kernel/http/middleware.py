"""The layers around every request, as plain ASGI classes: BaseHTTPMiddleware costs more than all of these together.

From the outside in: RequestContext, (CORS), UnexpectedErrors, BodyLimit, ResponseDeadline. Errors are answered inside
CORS, or browsers could not read them.
"""

import asyncio
import re
import time
from collections.abc import Mapping
from http import HTTPStatus

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..engine import unavailable
from ..ids import new_id
from ..request_context import correlation_id, request_id
from .problems import ProblemResponse, problem_response

_WELL_FORMED = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_TOO_LARGE = "The body is larger than this server accepts."
logger = structlog.get_logger("http")


class RequestContext:
    """Names the request, says so in the log and in the answer, and adds the security headers."""

    def __init__(self, app: ASGIApp, headers: Mapping[str, str]) -> None:
        self._app = app
        self._headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        received = Headers(scope=scope)
        this_request = _accepted(received.get("x-request-id")) or new_id().hex
        correlation = _accepted(received.get("x-correlation-id")) or this_request
        added = {**self._headers, "X-Request-ID": this_request, "X-Correlation-ID": correlation}
        status = 0
        started = time.perf_counter()

        async def send_named(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                answer = MutableHeaders(scope=message)
                for name, value in added.items():
                    answer.setdefault(name, value)
            await send(message)

        request_token, correlation_token = request_id.set(this_request), correlation_id.set(correlation)
        try:
            await self._app(scope, receive, send_named)
        finally:
            milliseconds = round((time.perf_counter() - started) * 1000, 1)
            await logger.ainfo(
                "request", method=scope["method"], path=scope["path"], status=int(status), ms=milliseconds
            )
            request_id.reset(request_token)
            correlation_id.reset(correlation_token)


class UnexpectedErrors:
    """Logs what nobody expected and answers 500, or 503 while the database is away, without saying what it was."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        watched = _Started(send)
        try:
            await self._app(scope, receive, watched)
        except Exception as error:
            away = unavailable(error)
            if away:
                logger.warning("the database is unavailable", error=f"{type(error).__name__}: {error}")
            else:
                logger.exception("unexpected error", method=scope["method"], path=scope["path"])
            if watched.started:
                raise
            await _failed(scope["path"], away=away)(scope, receive, send)


def _failed(path: str, *, away: bool) -> ProblemResponse:
    if away:
        # No Retry-After: a connection lost while committing leaves open whether the write happened.
        detail, status = "The database does not answer.", HTTPStatus.SERVICE_UNAVAILABLE
        return problem_response(status, detail, instance=path, code="database_unavailable")
    detail = "Something went wrong on our side; the request id helps us find it."
    return problem_response(HTTPStatus.INTERNAL_SERVER_ERROR, detail, instance=path)


class BodyLimit:
    """Refuses bodies that are too large, by what they announce or by what arrives."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "")
        if announced.isdecimal() and int(announced) > self._limit:
            response = problem_response(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _TOO_LARGE, instance=scope["path"])
            await response(scope, receive, send)
            return
        arrived = 0

        async def receive_counted() -> Message:
            nonlocal arrived
            message = await receive()
            arrived += len(message.get("body", b""))
            if arrived > self._limit:
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _TOO_LARGE)
            return message

        await self._app(scope, receive_counted, send)


class ResponseDeadline:
    """Gives up on a request whose answer has not begun in time; a stream that has begun may go on."""

    def __init__(self, app: ASGIApp, seconds: float) -> None:
        self._app = app
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            async with asyncio.timeout(self._seconds) as deadline:
                await self._app(scope, receive, _Started(send, deadline))
        except TimeoutError:
            if not deadline.expired():
                raise
            detail = f"The answer took longer than {self._seconds:g} seconds."
            response = problem_response(HTTPStatus.SERVICE_UNAVAILABLE, detail, instance=scope["path"], code="timeout")
            await response(scope, receive, send)


class _Started:
    """A send that remembers whether the answer has begun, and lifts a deadline when it does."""

    def __init__(self, send: Send, deadline: asyncio.Timeout | None = None) -> None:
        self._send = send
        self._deadline = deadline
        self.started = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            if self._deadline is not None:
                self._deadline.reschedule(None)
        await self._send(message)


def _accepted(value: str | None) -> str | None:
    """Take over a caller's identifier only if it cannot break a log line or a header."""
    return value if value and _WELL_FORMED.fullmatch(value) else None
