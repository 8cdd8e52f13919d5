"""What tests of sockets are written with: the application behind a real server, since a socket needs one."""

import asyncio
import json
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import cast

import uvicorn
from websockets.asyncio.client import ClientConnection, connect

from .access import PrincipalProvider
from .app import Kernel


@asynccontextmanager
async def serving(kernel: Kernel, *, authenticate: PrincipalProvider | None = None) -> AsyncGenerator[str]:
    """Serve the application on a free port of this machine, and answer where, such as `ws://127.0.0.1:40123`.

    `authenticate` says who is calling, instead of what the composition root installed.
    """
    app = kernel.asgi()
    app.state.authenticate = authenticate or app.state.authenticate
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="on", ws_ping_interval=None))
    running = asyncio.create_task(server.serve([listening]))
    while not server.started:
        if running.done():
            running.result()
            raise RuntimeError("the application did not start")
        await asyncio.sleep(0.01)
    try:
        yield f"ws://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        await running
        listening.close()


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
