"""The application behind a real server, for tests of what lasts: sockets and streams."""

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import uvicorn

from .access import PrincipalProvider
from .app import Kernel


@asynccontextmanager
async def served(kernel: Kernel, *, authenticate: PrincipalProvider | None = None) -> AsyncGenerator[str]:
    """Serve the application on a free port of this machine, and answer where, such as `127.0.0.1:40123`.

    `authenticate` says who is calling, instead of what the composition root installed.
    """
    app = kernel.asgi()
    if authenticate is not None:
        app.state.realms = {**app.state.realms, "": authenticate}
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
        yield f"127.0.0.1:{listening.getsockname()[1]}"
    finally:
        kernel.drain()
        server.should_exit = True
        await running
        listening.close()
