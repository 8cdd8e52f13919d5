"""The layers around every request, as plain ASGI classes: BaseHTTPMiddleware costs more than all of these together.

From the outside in: (ProxyHeaders), RequestContext, (Compression), (CORS), UnexpectedErrors, (ClientRateLimit),
BodyLimit, ResponseDeadline, and then the application's own, in the order of the composition root. Those in brackets
are there when the settings ask for them. Errors are answered inside CORS, or browsers could not read them.
"""

import re
import sys
import time
from collections.abc import Mapping
from http import HTTPStatus

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..engine import unavailable
from ..errors import told_at_start
from ..ids import new_id
from ..request_context import Step, caller, correlation_id, request_id, step, trace
from ..tenancy import limited_to
from ..trace import trace_of
from .problems import ProblemResponse, problem_of, problem_response

_WELL_FORMED = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_ADDED = "kernel.added_headers"
logger = structlog.get_logger("http")


class RequestContext:
    """Names the request, says so in the log and in the answer, and adds the headers that every answer has."""

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
        this_trace = trace_of(received.get("traceparent"))
        added = {
            **self._headers,
            "X-Request-ID": this_request,
            "X-Correlation-ID": correlation,
            "Traceresponse": this_trace.header,
        }
        scope[_ADDED] = added
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
        trace_token, caller_token = trace.set(this_trace), caller.set(None)
        step_token = step.set(Step(this_request))
        try:
            with limited_to(None):  # a guard enters its tenant; streams and background tasks still belong to it
                await self._app(scope, receive, send_named)
        finally:
            milliseconds = round((time.perf_counter() - started) * 1000, 1)
            client = scope.get("client")
            logger.info(  # in a thread, as `ainfo` does it, it costs more than all layers
                "request",
                method=scope["method"],
                path=scope["path"],
                status=int(status),
                ms=milliseconds,
                client=client[0] if client else None,
            )
            request_id.reset(request_token)
            correlation_id.reset(correlation_token)
            trace.reset(trace_token)
            caller.reset(caller_token)
            step.reset(step_token)


def add_header(scope: Scope, name: str, value: str) -> None:
    """Put a header on the answer of a request, whatever it is going to be."""
    scope.setdefault(_ADDED, {})[name] = value


class UnexpectedErrors:
    """Logs what nobody expected and answers 500, or 503 while the database is away, without saying what it was.

    What a layer further in raises to be heard, an AppError or an HTTPException, becomes its problem here.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, _briefly(send) if scope["type"] == "lifespan" else send)
            return
        started = False

        async def send_watched(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, send_watched)
        except Exception as error:
            told = None if started else problem_of(error, scope["path"])
            if told is not None:
                await told(scope, receive, send)
                return
            away = unavailable(error)
            if away:
                logger.warning("the database is unavailable", error=f"{type(error).__name__}: {error}")
            else:
                logger.exception("unexpected error", method=scope["method"], path=scope["path"])
            if started:
                raise
            await _failed(scope["path"], away=away)(scope, receive, send)


def _briefly(send: Send) -> Send:
    """Let a server that cannot start log one line instead of a traceback, where that says it all."""

    async def send_briefly(message: Message) -> None:
        if message["type"] == "lifespan.startup.failed":
            message = {**message, "message": told_at_start(sys.exception()) or message["message"]}
        await send(message)

    return send_briefly


def _failed(path: str, *, away: bool) -> ProblemResponse:
    if away:
        # No Retry-After: a connection lost while committing leaves open whether the write happened.
        detail, status = "The database does not answer.", HTTPStatus.SERVICE_UNAVAILABLE
        return problem_response(status, detail, instance=path, code="database_unavailable")
    detail = "Something went wrong on our side; the request id helps us find it."
    return problem_response(HTTPStatus.INTERNAL_SERVER_ERROR, detail, instance=path)


def _accepted(value: str | None) -> str | None:
    """Take over a caller's identifier only if it cannot break a log line or a header."""
    return value if value and _WELL_FORMED.fullmatch(value) else None
