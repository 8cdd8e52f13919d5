"""Retries that do the work once (draft-ietf-httpapi-idempotency-key-header): `Idempotency-Key` on POST and PATCH."""

import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from hashlib import sha256
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import Request
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..app import Kernel
from ..errors import AuthError, ForbiddenError
from ..idempotency import Answer, Claim, IdempotencyStore
from .routing import authenticated

_KEY = re.compile(r"[\x21-\x7e]{8,255}")
_LARGEST_KEPT = 1024 * 1024
_KEPT_HEADERS = ("content-type", "content-language", "etag", "location")
# They say something about the moment or the caller, and nothing about the request.
_SAYS_NOTHING = frozenset({401, 403, 408, 409, 412, 425, 429})
logger = structlog.get_logger("http")


def use_idempotency(kernel: Kernel, *, keep: timedelta = timedelta(days=1)) -> None:
    """Let callers send a key with what they may have to send again; answers are kept for a day."""
    store = IdempotencyStore(kernel.database, keep=keep)
    hold = timedelta(seconds=kernel.settings.request_timeout + 5)
    kernel.add_middleware(Middleware(IdempotencyKeys, store=store, hold=hold))
    kernel.describe_with(_describe)


def _describe(method: str, operation: dict[str, Any]) -> None:
    if method not in {"post", "patch"}:
        return
    parameter = {
        "name": "Idempotency-Key",
        "in": "header",
        "required": False,
        "description": "The same for a request that is sent again; its work is done once.",
        "schema": {"type": "string", "minLength": 8, "maxLength": 255, "pattern": "^[!-~]+$"},
    }
    operation["parameters"] = [*operation.get("parameters", ()), parameter]


class IdempotencyKeys:
    """Answers a repeated request with what was answered first; without a key it does nothing."""

    def __init__(self, app: ASGIApp, store: IdempotencyStore, hold: timedelta) -> None:
        self._app = app
        self._store = store
        self._hold = hold

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        key = Headers(scope=scope).get("idempotency-key") if scope["type"] == "http" else None
        if key is None or scope["method"] not in {"POST", "PATCH"}:
            await self._app(scope, receive, send)
            return
        key = key.strip().removeprefix('"').removesuffix('"')
        if _KEY.fullmatch(key) is None:
            raise HTTPException(HTTPStatus.BAD_REQUEST, "An idempotency key has 8 to 255 visible ASCII characters.")
        body = await _whole(receive)
        known = await self._store.claim(await _scoped(scope, key), _digest(scope, body), hold=self._hold)
        if isinstance(known, Answer):
            headers = {**known.headers, "Idempotency-Replayed": "true"}
            await Response(known.body, known.status, headers)(scope, receive, send)
            return
        await self._serve(known, scope, _again(body, receive), send)

    async def _serve(self, claim: Claim, scope: Scope, receive: Receive, send: Send) -> None:
        async def settle(answer: Answer | None) -> None:
            await (self._store.release(claim) if answer is None else self._store.keep(claim, answer))

        recorded = _Recorded(send, settle)
        try:
            await self._app(scope, receive, recorded)
        except BaseException:
            if not recorded.settled:
                await self._store.release(claim)
            raise
        if not recorded.settled:
            await self._store.release(claim)
            await recorded.flush()


class _Recorded:
    """A send that holds an answer back until it is kept; one that is too large to keep goes through as it comes."""

    def __init__(self, send: Send, settle: Callable[[Answer | None], Awaitable[None]]) -> None:
        self.settled = False
        self._send = send
        self._settle = settle
        self._held: list[Message] = []
        self._size = 0

    async def __call__(self, message: Message) -> None:
        self._held.append(message)
        self._size += len(message.get("body", b""))
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            # Not when the application returns: its background tasks would be waited for, and could be timed.
            await self._settle(self.answer())
            self.settled = True
            await self.flush()
        elif self._size > _LARGEST_KEPT:
            await self.flush()

    async def flush(self) -> None:
        held, self._held = self._held, []
        for message in held:
            await self._send(message)

    def answer(self) -> Answer | None:
        """Answer what is worth keeping: not what failed on our side, is secret, or went through already."""
        if not self._held or self._size > _LARGEST_KEPT or self._held[0]["type"] != "http.response.start":
            return None
        start = self._held[0]
        if start["status"] >= HTTPStatus.INTERNAL_SERVER_ERROR or start["status"] in _SAYS_NOTHING:
            return None
        headers = Headers(raw=start["headers"])
        if "no-store" in headers.get("cache-control", ""):
            return None
        kept = {name: headers[name] for name in _KEPT_HEADERS if name in headers}
        return Answer(start["status"], kept, b"".join(message.get("body", b"") for message in self._held))


async def _whole(receive: Receive) -> bytes:
    pieces = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise HTTPException(HTTPStatus.BAD_REQUEST, "The body did not arrive.")
        pieces.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(pieces)


def _again(body: bytes, receive: Receive) -> Receive:
    """Give the body to whoever reads it next; after it, whatever really comes."""
    pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_again() -> Message:
        return pending.pop() if pending else await receive()

    return receive_again


async def _scoped(scope: Scope, key: str) -> str:
    """Answer the key of this caller: nobody gets the answer that somebody else got."""
    request, callers = Request(scope), []
    for realm in sorted(request.app.state.realms):
        try:
            principal = await authenticated(request, realm)
        except (AuthError, ForbiddenError):
            continue  # the route says so, if it matters there
        if principal is not None:
            callers.append(f"{realm}:{principal.id}")
    return sha256(f"{' '.join(callers)} {key}".encode()).hexdigest()


def _digest(scope: Scope, body: bytes) -> str:
    kind = Headers(scope=scope).get("content-type", "")
    head = f"{scope['method']} {scope['path']}?{scope['query_string'].decode('latin-1')}\n{kind}\n"
    return sha256(head.encode() + body).hexdigest()
