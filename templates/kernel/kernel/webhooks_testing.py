"""What tests of web-hooks are written with: somebody who is called, on a port of this machine."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass(slots=True)
class Called:
    """Somebody at `url` who answers every call with `status` and remembers its headers and its body."""

    url: str
    status: int = 204
    calls: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@asynccontextmanager
async def called() -> AsyncGenerator[Called]:
    """Listen until the block ends."""
    somebody = Called("")

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        pairs = (line.partition(":") for line in head.split("\r\n")[1:] if line)
        headers = {name.lower(): value.strip() for name, _, value in pairs}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        somebody.calls.append((headers, body))
        writer.write(f"HTTP/1.1 {somebody.status} -\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        somebody.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hooks"
        yield somebody
