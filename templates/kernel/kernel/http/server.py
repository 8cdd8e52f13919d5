"""What uvicorn does not do by itself: end a connection whose request line or headers never come to an end.

A client that sends one byte a minute would hold it for ever, and some thousands of them all there are (slowloris); one
that sends them fast would fill the memory. Run `uvicorn --http <package>.kernel.http.server:PatientProtocol`. The time
and the size of the body are what ResponseDeadline and BodyLimit are for.
"""

import asyncio

import structlog
from httptools import HttpParserError
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

logger = structlog.get_logger("http")


class PatientProtocol(HttpToolsProtocol):
    """Waits for headers so many seconds, on a new connection and on one that is kept, and takes so many bytes."""

    headers_timeout = 10.0
    most_header_bytes = 64 * 1024

    _waiting: asyncio.TimerHandle | None = None
    _in_headers = False
    _header_bytes = 0
    _unfinished = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        idle = self.cycle is not None and self.cycle.response_complete
        if idle and self._waiting is None:
            self._wait()
        # The piece that headers begin in may hold the body before them; later ones are nothing but headers.
        self._unfinished += len(data) if self._in_headers else 0
        super().data_received(data)
        if self._in_headers and self._unfinished > self.most_header_bytes:
            logger.info("headers are too large", client=self.client[0] if self.client else None)
            self._stop_waiting()
            self.transport.close()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_headers, self._header_bytes, self._unfinished = True, 0, 0

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        self._count(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        super().on_header(name, value)
        self._count(len(name) + len(value))

    def on_headers_complete(self) -> None:
        """Raises HttpParserError, which uvicorn answers with 400, unless one host is named (RFC 9112, 3.2)."""
        self._in_headers = False
        self._stop_waiting()
        hosts = sum(name == b"host" for name, _ in self.headers)
        if hosts > 1 or (hosts == 0 and self.parser.get_http_version() == "1.1"):
            raise HttpParserError("a request names one host")
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def _count(self, size: int) -> None:
        self._header_bytes += size
        if self._header_bytes > self.most_header_bytes:
            raise HttpParserError("the headers are too large")

    def _wait(self) -> None:
        self._waiting = self.loop.call_later(self.headers_timeout, self._give_up)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _give_up(self) -> None:
        logger.info("headers did not arrive in time", client=self.client[0] if self.client else None)
        self.transport.close()
