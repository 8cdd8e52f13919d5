"""The end of a process, told to the load balancer first: it is not ready any more, and only then takes no requests.

The server closes its sockets as soon as it is asked to stop, and lets running requests finish. A load balancer that has
not noticed yet would still send new ones, which fail. So with a delay, readiness is denied that much earlier.
"""

import asyncio
import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType

import structlog

logger = structlog.get_logger("kernel")


class Draining:
    """Knows whether the process has been asked to stop."""

    def __init__(self, delay: float) -> None:
        self.begun = False
        self._delay = delay

    @contextmanager
    def watched(self) -> Generator[None]:
        """Notice SIGTERM before the server does, where there is a server to tell and a signal to notice."""
        server = signal.getsignal(signal.SIGTERM)
        if threading.current_thread() is not threading.main_thread() or not callable(server):
            yield
            return
        loop = asyncio.get_running_loop()

        def noticed(number: int, frame: FrameType | None) -> None:
            if self.begun:  # asked twice: there is no patience left
                server(number, frame)
                return
            self.begun = True
            logger.info("draining", seconds=self._delay)
            loop.call_soon_threadsafe(loop.call_later, self._delay, server, number, None)

        signal.signal(signal.SIGTERM, noticed)
        try:
            yield
        finally:
            signal.signal(signal.SIGTERM, server)
