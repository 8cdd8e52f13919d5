"""What uvicorn does not do by itself: end a connection whose request line or headers never come to an end.

A client that sends one byte a minute would hold it for ever, and some thousands of them all there are (slowloris). Run
`uvicorn --http <package>.kernel.http.server:PatientProtocol`. The body's time is what ResponseDeadline is for.
"""

import asyncio

import structlog
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

logger = structlog.get_logger("http")


class PatientProtocol(HttpToolsProtocol):
    """Waits for headers so many seconds, on a new connection and on one that is kept."""

    headers_timeout = 10.0

    _waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        idle = self.cycle is not None and self.cycle.response_complete
        if idle and self._waiting is None:
            self._wait()
        super().data_received(data)

    def on_headers_complete(self) -> None:
        self._stop_waiting()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def _wait(self) -> None:
        self._waiting = self.loop.call_later(self.headers_timeout, self._give_up)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _give_up(self) -> None:
        logger.info("headers did not arrive in time", client=self.client[0] if self.client else None)
        self.transport.close()
