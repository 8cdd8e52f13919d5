"""One migration run at a time: the others wait, and then look again at what is left to do."""

from __future__ import annotations

import time
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from arckode_gen.errors import OperationError
from arckode_gen.migrations.connection import Failure

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from arckode_gen.migrations.connection import Connection

FIRST_PAUSE = 0.1
LONGEST_PAUSE = 1.0


@asynccontextmanager
async def held(connection: Connection, timeout: float, say: Callable[[str], None]) -> AsyncIterator[None]:
    """Hold the migration lock of a database; it is polled, because a blocked session stops CREATE INDEX CONCURRENTLY.

    Raises:
        OperationError: it was not free within `timeout` seconds; the message names the holder.
    """
    await _acquire(connection, timeout, say)
    try:
        yield
    finally:
        # Where the session is gone the lock is gone with it, and what ended the session is the error to tell.
        with suppress(Failure):
            await connection.unlock()


async def _acquire(connection: Connection, timeout: float, say: Callable[[str], None]) -> None:
    until = time.monotonic() + timeout
    pause, told = FIRST_PAUSE, False
    while not await connection.try_lock():
        left = until - time.monotonic()
        if left <= 0:
            raise OperationError(
                f"another migration run did not end within {timeout:g} s: {await connection.holder()}",
                "wait for it, or stop it; --lock-timeout SECONDS waits longer",
            )
        if not told:
            say(f"waiting for another migration run: {await connection.holder()}")
            told = True
        await connection.pause(min(pause, max(left, 0.01)))
        pause = min(pause * 1.5, LONGEST_PAUSE)
