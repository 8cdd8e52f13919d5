"""Answers in gzip for who accepts it. Starlette's layer does it; this one keeps entity tags honest."""

import re
from http import HTTPStatus

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import Message, Receive, Scope, Send

SUFFIX = "-gzip"
_REFUSED = re.compile(r"gzip\s*;\s*q=0(\.0{0,3})?\s*(,|$)", re.IGNORECASE)


class Compression(GZipMiddleware):
    """Compresses, and marks the tag of what it compressed: other bytes must not have the same strong tag (RFC 9110)."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or _REFUSED.search(Headers(scope=scope).get("accept-encoding", "")):
            await self.app(scope, receive, send)
            return

        async def send_tagged(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                tag = headers.get("etag", "")
                if tag.startswith('"') and headers.get("content-encoding") == "gzip":
                    headers["etag"] = f'{tag[:-1]}{SUFFIX}"'
                elif message["status"] == HTTPStatus.NOT_MODIFIED:
                    headers.add_vary_header("Accept-Encoding")
                    marked = f'{tag[:-1]}{SUFFIX}"'
                    if tag.startswith('"') and marked in Headers(scope=scope).get("if-none-match", ""):
                        headers["etag"] = marked
            await send(message)

        await super().__call__(scope, receive, send_tagged)
