"""What tests of streams are written with: a reader of server-sent events behind a real server."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import cast

import httpx2


@dataclass(frozen=True, slots=True)
class Received:
    """One event as it was sent."""

    id: str
    event: str
    data: dict[str, object]


class Reading:
    """A stream that is being read; `last` is the id it would come back with."""

    def __init__(self, lines: AsyncIterator[str]) -> None:
        self._lines = lines
        self.last = ""

    async def next(self) -> Received | None:
        """Answer the next event, or None at the end; raises TimeoutError when there is none for a while."""
        async with asyncio.timeout(10):
            found: dict[str, str] = {}
            async for line in self._lines:
                name, _, text = line.partition(": ")
                found[name] = text
                self.last = found.get("id", self.last)
                if not line and "data" in found:
                    data = cast("dict[str, object]", json.loads(found["data"]))
                    return Received(self.last, found["event"], data)
                if not line:
                    found = {}
        return None


@asynccontextmanager
async def reading(url: str, token: str = "", *, last: str = "") -> AsyncGenerator[Reading]:
    """Read a stream. Raises httpx2.HTTPStatusError when that is refused."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    headers |= {"Last-Event-ID": last} if last else {}
    async with httpx2.AsyncClient(timeout=10) as http, http.stream("GET", url, headers=headers) as answer:
        if answer.is_error:
            await answer.aread()
        answer.raise_for_status()
        async with aclosing(cast("AsyncGenerator[str]", answer.aiter_lines())) as lines:
            opened = Reading(lines)
            while not opened.last:  # the stream begins with where it is
                name, _, opened.last = (await anext(lines)).partition(": ")
                opened.last = opened.last if name == "id" else ""
            yield opened
