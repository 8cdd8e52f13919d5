"""Files from a form (multipart/form-data, RFC 7578) on their way to the storage: a piece at a time, never whole.

The framework's own `UploadFile` puts everything on a local disk before a handler sees it, and the storage reads it from
there again. Here the handler gets each part while it arrives.
"""

import re
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import PurePosixPath
from typing import Annotated, ClassVar

from fastapi import Depends, Request
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.exceptions import HTTPException

from ..errors import ValidationError

_MOST_PARTS = 100
_LARGEST_FIELD = 64 * 1024
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a form. `content` has to be read before the next part is asked for; what was not is skipped."""

    name: str
    filename: str | None
    content_type: str
    content: AsyncIterator[bytes]

    @property
    def safe_name(self) -> str:
        """Answer the caller's name for the file as letters, digits and `._-`, never a path and never hidden.

        It is for people to read. A key is made by the program, or one caller could overwrite another's file.
        """
        last = PurePosixPath((self.filename or "").replace("\\", "/")).name
        return _UNSAFE.sub("_", last).strip("._")[-100:] or "file"

    async def text(self) -> str:
        """Answer an ordinary field. Raises ValidationError for one that is no text or longer than 64 kB."""
        content = b""
        async for piece in self.content:
            content += piece
            if len(content) > _LARGEST_FIELD:
                raise ValidationError("A field of the form is too long.", fields={self.name: "is too long"})
        try:
            return content.decode()
        except UnicodeDecodeError:
            raise ValidationError("A field of the form is no text.", fields={self.name: "must be UTF-8"}) from None


class _Reader:
    """Turns what the parser calls back into parts and pieces, in order."""

    def __init__(self, boundary: bytes) -> None:
        self.events: list[tuple[str, bytes]] = []
        names = ("part_begin", "header_begin", "headers_finished", "part_end", "end")
        callbacks = {f"on_{name}": self._mark(name) for name in names}
        pieces = {f"on_{name}": self._take(name) for name in ("header_field", "header_value", "part_data")}
        self._parser = MultipartParser(boundary, callbacks | pieces)  # type: ignore[arg-type]  # its own TypedDict

    def feed(self, data: bytes) -> list[tuple[str, bytes]]:
        """Answer what a piece of the body means. Raises HTTPException for what is no form."""
        try:
            self._parser.write(data)
        except ValueError as error:  # whatever the parser finds wrong
            raise HTTPException(HTTPStatus.BAD_REQUEST, "The body is no multipart form.") from error
        events, self.events = self.events, []
        return events

    def _mark(self, name: str) -> object:
        return lambda: self.events.append((name, b""))

    def _take(self, name: str) -> object:
        return lambda data, start, end: self.events.append((name, data[start:end]))


class _Form:
    """Opens the form of a request, and tells the API's description that there is one."""

    request_body: ClassVar[dict[str, object]] = {
        "required": True,
        "content": {"multipart/form-data": {"schema": {"type": "object", "additionalProperties": True}}},
    }

    async def __call__(self, request: Request) -> AsyncIterator[Part]:
        """Answer the parts while they arrive. Raises HTTPException for what is no form."""
        kind, options = parse_options_header(request.headers.get("content-type", ""))
        if kind != b"multipart/form-data" or not options.get(b"boundary"):
            raise HTTPException(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Send the body as multipart/form-data.")
        return _stream(request, _Reader(options[b"boundary"]))


async def _stream(request: Request, reader: _Reader) -> AsyncGenerator[Part]:
    events = _events(request, reader)
    count = 0
    async for name, _ in events:
        if name == "end":
            return
        if name != "part_begin":
            continue
        count += 1
        if count > _MOST_PARTS:
            raise HTTPException(HTTPStatus.BAD_REQUEST, f"A form has at most {_MOST_PARTS} parts.")
        headers = await _headers(events)
        content = _content(events)
        yield _part(headers, content)
        async for _ in content:
            """Skip what the handler did not read."""
    raise HTTPException(HTTPStatus.BAD_REQUEST, "The form does not end.")


async def _events(request: Request, reader: _Reader) -> AsyncGenerator[tuple[str, bytes]]:
    async for piece in request.stream():
        for event in reader.feed(piece):
            yield event


async def _headers(events: AsyncIterator[tuple[str, bytes]]) -> dict[str, bytes]:
    headers: dict[str, bytes] = {}
    field = value = b""
    async for name, data in events:
        if name in {"header_begin", "headers_finished"} and field:
            headers[field.decode("latin-1").lower()] = value
            field = value = b""
        if name == "headers_finished":
            return headers
        field += data if name == "header_field" else b""
        value += data if name == "header_value" else b""
        if len(field) + len(value) > _LARGEST_FIELD:
            break
    raise HTTPException(HTTPStatus.BAD_REQUEST, "The body is no multipart form.")


async def _content(events: AsyncIterator[tuple[str, bytes]]) -> AsyncGenerator[bytes]:
    async for name, data in events:
        if name == "part_end":
            return
        yield data
    raise HTTPException(HTTPStatus.BAD_REQUEST, "The form does not end.")


def _part(headers: dict[str, bytes], content: AsyncIterator[bytes]) -> Part:
    disposition, options = parse_options_header(headers.get("content-disposition", b""))
    name = options.get(b"name")
    if disposition != b"form-data" or not name:
        raise HTTPException(HTTPStatus.BAD_REQUEST, "A part of the form has no name.")
    kind = headers.get("content-type", b"").decode("latin-1").partition(";")[0].strip()
    filename = options.get(b"filename")
    return Part(
        name.decode(errors="replace"),
        None if filename is None else filename.decode(errors="replace"),
        kind if _TYPE.fullmatch(kind) else "application/octet-stream",
        content,
    )


Parts = Annotated[AsyncIterator[Part], Depends(_Form())]
"""Ask for it instead of a body. The route's own limits say how large a form may be and how long it may take."""
