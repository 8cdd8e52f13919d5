"""The end of a process, told to the load balancer first: it is not ready any more, and only then takes no requests.

The server closes its sockets as soon as it is asked to stop, and lets running requests finish. A load balancer that has
not noticed yet would still send new ones, which fail. So with a delay, readiness is denied that much earlier.
"""

import asyncio
import signal
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType

import structlog

logger = structlog.get_logger("kernel")


class Draining:
    """Knows whether the process has been asked to stop."""

    def __init__(self, delay: float) -> None:
        self.begun = False
        self._delay = delay
        self._lasting: list[Callable[[], None]] = []

    def tell(self, lasting: Callable[[], None]) -> None:
        """Let something know when requests have to end that would go on for ever, for which a server would wait."""
        self._lasting.append(lasting)

    def end_lasting(self) -> None:
        """End them, each whatever happens to the others."""
        self.begun = True
        for lasting in self._lasting:
            try:
                lasting()
            except Exception:
                logger.exception("what lasts could not be ended", lasting=repr(lasting))

    @contextmanager
    def watched(self) -> Generator[None]:
        """Notice SIGTERM and SIGINT before the server does, where there is a server to tell and a signal to notice.

        Only SIGTERM comes from a platform, whose load balancer needs the delay.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        with self._noticing(signal.SIGTERM, self._delay), self._noticing(signal.SIGINT, 0):
            yield

    @contextmanager
    def _noticing(self, which: signal.Signals, delay: float) -> Generator[None]:
        server = signal.getsignal(which)
        if not callable(server):
            yield
            return
        loop = asyncio.get_running_loop()

        def stop(number: int) -> None:
            self.end_lasting()
            server(number, None)

        def noticed(number: int, frame: FrameType | None) -> None:
            if self.begun:  # asked twice: there is no patience left
                server(number, frame)
                return
            self.begun = True
            logger.info("draining", seconds=delay)
            loop.call_soon_threadsafe(loop.call_later, delay, stop, number)

        signal.signal(which, noticed)
        try:
            yield
        finally:
            signal.signal(which, server)
