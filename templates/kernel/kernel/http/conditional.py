"""Answers that know which state they show (RFC 9110, 13): a reader is spared what it has, a writer what it missed.

The tag of a row is its revision (`version`, else `updatedAt`) and a digest of what was answered. A revision alone is
enough in `If-Match`, so that a row seen in a list can be changed without reading it once more.
"""

import re
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from functools import wraps
from hashlib import blake2b
from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, Header, Request
from starlette.responses import Response

from ..errors import ValidationError
from ..repository import Revisions
from ..rows import revision_of
from .compression import SUFFIX

_revision: ContextVar[str | None] = ContextVar("answered_revision", default=None)
_TAG = re.compile(r'(W/)?"([\x21\x23-\x7e\x80-\xff]*)"')
_TAGS = re.compile(rf"\s*{_TAG.pattern}(\s*,\s*{_TAG.pattern})*\s*")
_DIGEST = re.compile(r"-[0-9a-f]{16}$")
# A cache may keep it for the one who asked, and asks whether it is still so.
_KEPT = "private, no-cache"


def remembering(handler: Callable[..., Awaitable[object]]) -> Callable[..., Awaitable[object]]:
    """Let a handler's answer say which revision of a row it shows."""

    @wraps(handler)
    async def remembered(*words: object, **values: object) -> object:
        answer = await handler(*words, **values)
        _revision.set(revision_of(answer))
        return answer

    return remembered


async def answered(request: Request, handle: Callable[[], Awaitable[Response]]) -> Response:
    """Put the tag on what a route answers, and answer 304 where the reader has it."""
    token = _revision.set(None)
    try:
        response = await handle()
        revision = _revision.get()
    finally:
        _revision.reset(token)
    reads = request.method == "GET"
    if reads:
        response.headers.setdefault("Cache-Control", _KEPT)
    if response.status_code not in {HTTPStatus.OK, HTTPStatus.CREATED} or not (reads or revision):
        return response
    body = getattr(response, "body", b"")
    if not isinstance(body, bytes) or not body or "etag" in response.headers:
        return response
    digest = blake2b(body, digest_size=8).hexdigest()
    tag = f"{revision}-{digest}" if revision else digest
    response.headers["ETag"] = f'"{tag}"'
    if not reads:
        return response
    wanted = request.headers.get("if-none-match")
    if wanted is None or not _has(wanted, tag):
        return response
    kept = {name: response.headers[name] for name in ("ETag", "Cache-Control")}
    return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=kept)


def _has(wanted: str, tag: str) -> bool:
    """Compare weakly, as RFC 9110 demands for If-None-Match."""
    if wanted.strip() == "*":
        return True
    return any(found.removesuffix(SUFFIX) == tag for _, found in _TAG.findall(wanted))


def _seen(
    if_match: Annotated[str | None, Header(description="Which revision the change is meant for.")] = None,
) -> Revisions | None:
    """Answer the revisions that `If-Match` allows, or None for any. Raises ValidationError for no list of tags."""
    if if_match is None or if_match.strip() == "*":
        return None
    if _TAGS.fullmatch(if_match) is None:
        message = 'must be tags in double quotes, such as "2026-05-01T12:00:00Z"'
        raise ValidationError("If-Match cannot be read.", fields={"if_match": message})
    # Comparison is strong: a weak tag never matches, which refuses the change.
    strong = [found for weak, found in _TAG.findall(if_match) if not weak]
    return frozenset(_DIGEST.sub("", found.removesuffix(SUFFIX)) for found in strong)


IfMatch = Annotated[Revisions | None, Depends(_seen)]
"""The revisions a caller has seen; a repository refuses to change a row of another one."""
