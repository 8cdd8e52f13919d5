"""What tests of sockets are written with: the application behind a real server, since a socket needs one."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import cast

from websockets.asyncio.client import ClientConnection, connect

from .access import PrincipalProvider
from .app import Kernel
from .served_testing import served


@asynccontextmanager
async def serving(kernel: Kernel, *, authenticate: PrincipalProvider | None = None) -> AsyncGenerator[str]:
    """Serve the application as `served` does, and answer where its sockets are, such as `ws://127.0.0.1:40123`."""
    async with served(kernel, authenticate=authenticate) as address:
        yield f"ws://{address}"


@asynccontextmanager
async def opened(url: str, token: str = "") -> AsyncGenerator[ClientConnection]:
    """Open a socket as a browser does, with the token beside the protocol's name."""
    offered = ["bearer", token] if token else None
    async with connect(url, subprotocols=offered, proxy=None) as client:  # type: ignore[arg-type]  # plain texts do
        yield client


async def heard(client: ClientConnection) -> dict[str, object]:
    """Answer the next message; raises TimeoutError when there is none for a while."""
    async with asyncio.timeout(10):
        return cast("dict[str, object]", json.loads(await client.recv()))
