"""What only a real server shows: slow and endless clients, bodies without a length, and the end of the process."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2
import pytest

from tests.own_servers import free_port

if TYPE_CHECKING:
    from collections.abc import Generator

APP = """
import asyncio
from kernel.access import PUBLIC
from kernel.app import Kernel
from kernel.http.routing import ModuleRouter
from kernel.http.server import PatientProtocol
from kernel.http.schema import ApiModel
from kernel.settings import KernelSettings

PatientProtocol.headers_timeout = 0.5


class Text(ApiModel):
    text: str


class Pages:
    async def store(self, body: Text) -> int:
        return len(body.text)

    async def slow(self) -> str:
        await asyncio.sleep(1.5)
        return "done"


pages, routes = Pages(), ModuleRouter("pages")
routes.post("", pages.store, access=PUBLIC)
routes.get("/slow", pages.slow, access=PUBLIC)
kernel = Kernel(KernelSettings())
kernel.add_module("pages", service=pages, router=routes.router)
app = kernel.asgi()
"""


class Server:
    """A uvicorn of its own, and its address."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.process = process
        self.port = port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def connection(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=10)

    def wait(self) -> None:
        for _ in range(200):
            try:
                if httpx2.get(f"{self.url}/health/live").is_success:
                    return
            except httpx2.TransportError:
                time.sleep(0.1)
        raise AssertionError(self.process.communicate(timeout=5))


@contextmanager
def serving(folder: Path, **settings: str) -> Generator[Server]:
    (folder / "served.py").write_text(APP)
    port = free_port()
    kernel = Path(__file__).parents[2] / "templates/kernel"
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("DATABASE_")},
        "PYTHONPATH": f"{folder}{os.pathsep}{kernel}",
        "DATABASE_URL": "sqlite://",
        **settings,
    }
    words = ["served:app", "--port", str(port), "--http", "kernel.http.server:PatientProtocol", "--no-proxy-headers"]
    process = subprocess.Popen(
        [sys.executable, "-m", "uvicorn", *words], env=environment, cwd=folder, stderr=subprocess.PIPE, text=True
    )
    server = Server(process, port)
    try:
        server.wait()
        yield server
    finally:
        process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    folder = tmp_path_factory.mktemp("served")
    with serving(folder, BODY_LIMIT="1000", REQUEST_TIMEOUT="1", TRUSTED_PROXIES="10.0.0.0/8") as running:
        yield running


def everything(connection: socket.socket) -> bytes:
    """Read until the server closes."""
    pieces = []
    while piece := connection.recv(65536):
        pieces.append(piece)
    return b"".join(pieces)


@pytest.mark.parametrize(
    "sent", [b"", b"GET /health/live HTTP/1.1\r\nHost: x\r\nX-A: "], ids=["nothing", "half a header"]
)
def test_headers_that_never_end_are_given_up(server: Server, sent: bytes) -> None:
    with server.connection() as connection:
        began = time.monotonic()
        connection.sendall(sent)
        assert everything(connection) == b""
        assert 0.3 < time.monotonic() - began < 5


def test_a_byte_now_and_then_keeps_no_connection_open(server: Server) -> None:
    with server.connection() as connection:
        began = time.monotonic()
        with pytest.raises(OSError):
            for letter in b"GET /health/live HTTP/1.1\r\nHost: " + b"x" * 100:
                connection.sendall(bytes([letter]))
                time.sleep(0.1)
        assert time.monotonic() - began < 5


def test_a_second_slow_request_on_a_kept_connection_is_given_up_too(server: Server) -> None:
    with server.connection() as connection:
        connection.sendall(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b"200 OK" in connection.recv(65536)
        connection.sendall(b"GET /hea")
        began = time.monotonic()
        everything(connection)
        assert time.monotonic() - began < 3


@pytest.mark.parametrize(
    "head",
    [
        b"GET /health/live HTTP/1.1\r\nHost: x\r\n" + b"".join(b"X%d: y\r\n" % n for n in range(20_000)),
        b"GET /health/live?" + b"x" * 70_000 + b" HTTP/1.1\r\nHost: x\r\n",
        b"GET /health/live HTTP/1.1\r\nHost: x\r\nX-A: " + b"x" * 70_000 + b"\r\n",
        b"GET /health/live HTTP/1.1\r\n",
        b"GET /health/live HTTP/1.1\r\nHost: x\r\nHost: y\r\n",
    ],
    ids=["many headers", "a long address", "a long header", "no host", "two hosts"],
)
def test_headers_that_are_too_large_or_name_not_one_host_are_refused(server: Server, head: bytes) -> None:
    with server.connection() as connection:
        connection.sendall(head + b"\r\n")
        assert b"HTTP/1.1 400" in connection.recv(65536)


@pytest.mark.parametrize("before", [b"", b"GET /pages/slow HTTP/1.1\r\nHost: x\r\n\r\n"], ids=["new", "busy"])
def test_a_header_without_end_does_not_fill_the_memory(server: Server, before: bytes) -> None:
    with server.connection() as connection:
        began = time.monotonic()
        with pytest.raises(OSError):
            connection.sendall(before + b"GET /health/live HTTP/1.1\r\nHost: x\r\nX-A: ")
            for _ in range(3_000):
                connection.sendall(b"x" * 100_000)
        assert time.monotonic() - began < 5


def test_an_ordinary_connection_is_kept_between_requests(server: Server) -> None:
    with httpx2.Client(base_url=server.url) as http:
        for _ in range(2):
            assert http.get("/health/live").is_success
            time.sleep(0.8)  # longer than headers may take, shorter than uvicorn keeps a connection


def test_a_body_that_trickles_is_408_and_the_connection_ends(server: Server) -> None:
    with server.connection() as connection:
        head = b"POST /pages HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n"
        connection.sendall(head + b'{"text": ')
        answer = everything(connection)
        assert b"408 Request Timeout" in answer
        assert b"application/problem+json" in answer


@pytest.mark.parametrize("announced", [True, False], ids=["announced", "in chunks without a length"])
def test_a_body_that_is_too_large_is_413(server: Server, announced: bool) -> None:
    def pieces() -> Generator[bytes]:
        for _ in range(200):
            yield b"x" * 1000

    content: bytes | Generator[bytes] = b"x" * 200_000 if announced else pieces()
    answer = httpx2.post(f"{server.url}/pages", content=content, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.headers["content-type"]) == (413, "application/problem+json")
    assert httpx2.get(f"{server.url}/health/live").is_success


def test_two_lengths_or_a_broken_request_line_are_refused_by_the_server(server: Server) -> None:
    for sent in (
        b"POST /pages HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /a",
        b"GET /health/live HTTP/1.1\nHost: x\r\nX: a\rb\r\n\r\n",
    ):
        with server.connection() as connection:
            connection.sendall(sent)
            assert b"HTTP/1.1 400" in everything(connection)


def test_a_slash_too_many_does_not_lead_to_the_host_that_a_request_names(server: Server) -> None:
    for path in ("/pages/slow/", "//evil.example/", "/pages/"):
        answer = httpx2.get(f"{server.url}{path}", headers={"host": "evil.example"})
        assert answer.status_code in {404, 405}
        assert "location" not in answer.headers


def test_a_header_of_the_answer_cannot_be_forged_through_one_of_the_request(server: Server) -> None:
    with server.connection() as connection:
        connection.sendall(
            b"GET /nowhere%0d%0aX-Forged:%201 HTTP/1.1\r\nHost: x\r\nX-Request-ID: a%0d%0aX-Forged: 1\r\n"
            b"Connection: close\r\n\r\n"
        )
        head = everything(connection).partition(b"\r\n\r\n")[0].lower()
        assert b"404 not found" in head
        assert b"x-forged" not in head


def test_running_requests_are_finished_and_readiness_is_denied_before(tmp_path: Path) -> None:
    with serving(tmp_path, SHUTDOWN_DELAY="1.0") as running, httpx2.Client(base_url=running.url) as kept:
        assert kept.get("/health/ready").json()["status"] == "ready"
        with running.connection() as slow:
            slow.sendall(b"GET /pages/slow HTTP/1.1\r\nHost: x\r\n\r\n")
            time.sleep(0.2)
            running.process.send_signal(signal.SIGTERM)
            time.sleep(0.2)
            draining = kept.get("/health/ready")
            assert (draining.status_code, draining.json()["status"]) == (503, "draining")
            assert kept.get("/health/live").is_success
            assert b"200 OK" in everything(slow), "the request that was running is answered"
        assert running.process.wait(timeout=10) in {0, -signal.SIGTERM}
        with pytest.raises(httpx2.TransportError):
            httpx2.get(running.url)
