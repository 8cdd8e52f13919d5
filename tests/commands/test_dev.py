from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
import urllib.request
import venv
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from arckode_gen.errors import OperationError, UsageError
from arckode_gen.shell.address import Address, free_address
from arckode_gen.shell.serve import uvicorn_words
from tests import json_answers
from tests.commands.calls import ENVIRON, PROGRAM, arckode, call

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE = 30.0
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Dev:
    """A running `arckode dev --json`."""

    def __init__(self, process: subprocess.Popen[str], mark: str, log: Path) -> None:
        self.process = process
        self._mark = mark
        self._log = log

    def read(self) -> dict[str, dict[str, str]]:
        """Wait for the one object that it prints."""
        assert self.process.stdout is not None
        text = ""
        for line in self.process.stdout:
            text += line
            if line == "}\n":
                json_answers.check("dev", text)
                return dict(json.loads(text))
        raise AssertionError(f"it ended before it printed anything: {self.said}")

    def wait_until_ready(self, url: str) -> None:
        assert within(lambda: status(f"{url}/health/ready") == 200), self.said

    @property
    def said(self) -> str:
        return self._log.read_text()

    @property
    def alive(self) -> list[str]:
        """Every process that it started, directly or not, and that is still there."""
        return [place.name for place in Path("/proc").glob("[0-9]*") if self._mark.encode() in _environ(place)]


def _environ(place: Path) -> bytes:
    try:
        return (place / "environ").read_bytes()
    except OSError:  # it ended meanwhile, or is not ours
        return b""


def status(url: str) -> int:
    try:
        with OPENER.open(url, timeout=5) as answer:
            return int(answer.status)
    except OSError:
        return 0


def within(true: object) -> bool:
    assert callable(true)
    deadline = time.monotonic() + PATIENCE
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


@contextmanager
def dev(shop: Path, *argv: str) -> Iterator[Dev]:
    mark = f"MARK_OF_A_TEST={shop}:{time.monotonic_ns()}"
    name, _, value = mark.partition("=")
    log = shop.parent / "dev.log"
    with (
        log.open("w") as said,
        subprocess.Popen(
            [*PROGRAM, "dev", "--port", "0", "--json", *argv],
            cwd=shop,
            env={**ENVIRON, name: value},
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
        ) as process,
    ):
        running = Dev(process, mark, log)
        try:
            yield running
        finally:
            for left in running.alive:
                os.kill(int(left), signal.SIGKILL)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
@pytest.mark.parametrize("argv", [(), ("--no-reload",)], ids=["with reload", "without reload"])
def test_a_signal_stops_it_cleanly_and_nothing_is_left(shop: Path, number: signal.Signals, argv: tuple[str]) -> None:
    with dev(shop, *argv) as running:
        running.wait_until_ready(running.read()["urls"]["app"])
        assert len(running.alive) >= 2
        running.process.send_signal(number)
        assert running.process.wait(timeout=PATIENCE) == 0, running.said
        assert within(lambda: not running.alive), running.alive
        assert "Application shutdown complete" in running.said


def test_killed_it_takes_the_server_with_it(shop: Path) -> None:
    with dev(shop) as running:
        running.wait_until_ready(running.read()["urls"]["app"])
        running.process.kill()
        assert within(lambda: not running.alive), running.alive


def test_it_tells_where_everything_is_and_changes_are_served(shop: Path) -> None:
    with dev(shop) as running:
        urls = running.read()["urls"]
        assert list(urls) == ["app", "docs", "health"]
        running.wait_until_ready(urls["app"])
        assert status(urls["docs"]) == 200
        controller = shop / "src/shop/modules/orders/controller.py"
        controller.write_text(controller.read_text().replace('prefix="/orders"', 'prefix="/purchases"'))
        assert within(lambda: b"/purchases" in _body(f"{urls['app']}/openapi.json")), running.said


def _body(url: str) -> bytes:
    try:
        with OPENER.open(url, timeout=5) as answer:
            return bytes(answer.read())
    except OSError:
        return b""


def test_pending_migrations_are_warned_of_and_applied_ones_are_not(shop: Path) -> None:
    with dev(shop, "--no-reload") as running:
        running.read()
        assert "warning: 2 migrations are pending on sqlite ./shop.db; apply with: arckode db:migrate" in running.said
    arckode(shop, "db:migrate")
    with dev(shop, "--no-reload") as running:
        running.read()
        assert "warning" not in running.said


def test_an_application_whose_tables_are_not_there_says_which_and_what_makes_them(shop: Path) -> None:
    call(shop, "make:aggregate", "accounts", "owner:text")
    call(shop, "make:projection", "balances", "--of", "accounts")
    told = "the table '{}' is not in the database; create it: `arckode db:migrate`"
    with dev(shop, "--no-reload") as running:
        urls = running.read()["urls"]
        assert within(lambda: status(f"{urls['app']}/health/live") == 200), running.said
        assert within(lambda: told.format("event_projections") in running.said), running.said
        assert "the projection fails" in running.said
        status(f"{urls['app']}/orders")
        assert within(lambda: told.format("orders") in running.said), running.said
        assert told.format("event_streams") in running.said
        assert "Traceback" not in running.said
    call(shop, "make:webhooks")
    (shop / ".env").write_text(f"WEBHOOKS__KEY={'A' * 43}=\n")
    with dev(shop, "--no-reload") as running:
        running.read()
        assert running.process.wait(timeout=PATIENCE) != 0
        assert f"{told.format('webhook_subscriptions')} [uvicorn.error]" in running.said
        assert "Application startup failed. Exiting." in running.said
        assert "Traceback" not in running.said


def test_one_pending_migration_is_spoken_of_as_one(shop: Path) -> None:
    next((shop / "src/shop/migrations").glob("*orders.py")).unlink()
    with dev(shop, "--no-reload") as running:
        running.read()
        assert "warning: 1 migration is pending" in running.said


def test_a_database_that_cannot_be_asked_is_a_warning(shop: Path) -> None:
    (shop / "shop.db").write_bytes(b"this is no database" * 100)
    with dev(shop, "--no-reload") as running:
        running.read()
        assert "warning: the migrations cannot be checked: cannot open the SQLite database" in running.said


def test_without_json_the_addresses_are_said(shop: Path) -> None:
    port = free_address("127.0.0.1", 0).port
    process = subprocess.Popen(
        [*PROGRAM, "dev", "--no-reload", "--port", str(port)], cwd=shop, env=ENVIRON, stderr=subprocess.PIPE, text=True
    )
    with process:
        assert process.stderr is not None
        line = next(line for line in process.stderr if " is at " in line)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=PATIENCE)
    url = f"http://127.0.0.1:{port}"
    assert line == f"shop is at {url}; its documentation at {url}/docs, its health at {url}/health/ready\n"
    assert process.returncode == 0


def test_a_server_that_ends_by_itself_is_a_failure(shop: Path) -> None:
    (shop / "src/shop/main.py").write_text("raise RuntimeError('broken')\n")
    said = arckode(shop, "dev", "--no-reload", "--port", "0", code=5).said
    assert "RuntimeError: broken" in said
    assert said.endswith("error: the server ended by itself with code 1\n  what it said is above\n")


def test_a_taken_port_names_the_flag_and_one_that_is_free(shop: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(OperationError) as caught:
            call(shop, "dev", "--port", str(port))
    assert caught.value.message == f"port {port} on 127.0.0.1 is taken: another program listens there"
    assert caught.value.hint.startswith("stop it, or choose another port: `arckode dev --port ")
    assert free_address("127.0.0.1", int(caught.value.hint.split()[-1].rstrip("`"))).port > port


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        pytest.param(("--port", "65536"), "--port 65536: a port is a number from 0 to 65535", id="a port too high"),
        pytest.param(("--host", "no such host"), "--host no such host: there is no such address", id="a wrong host"),
        pytest.param(
            ("--host", "192.0.2.1"), "--host 192.0.2.1 is not an address of this machine", id="another machine's host"
        ),
        pytest.param(("--python", "nowhere"), "--python nowhere: there is no interpreter", id="a wrong interpreter"),
    ],
)
def test_wrong_words(shop: Path, argv: tuple[str, ...], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        call(shop, "dev", *argv)
    assert caught.value.message == message
    assert caught.value.hint


def test_an_interpreter_without_uvicorn_is_named(shop: Path) -> None:
    venv.create(shop / ".venv", with_pip=False, symlinks=True)
    with pytest.raises(OperationError) as caught:
        call(shop, "dev", environ={**ENVIRON, "VIRTUAL_ENV": ""})
    assert caught.value.message == f"uvicorn is not installed for {shop / '.venv/bin/python'}"
    assert caught.value.hint == (
        "install the project there: `pip install -e . --group dev`, or name another interpreter with --python"
    )


@pytest.mark.parametrize(
    ("script", "message"),
    [
        pytest.param("#!/bin/sh\necho broken >&2\nexit 9\n", "does not answer: broken", id="it fails"),
        pytest.param("#!/no/such/program\n", "cannot run", id="it cannot be started"),
    ],
)
def test_an_interpreter_that_does_not_work(shop: Path, script: str, message: str) -> None:
    python = shop / "python"
    python.write_text(script)
    python.chmod(0o755)
    with pytest.raises(OperationError, match=message) as caught:
        call(shop, "dev", "--python", str(python))
    assert caught.value.hint == "choose another one with --python"


def test_outside_a_project(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not inside an arckode project"):
        call(tmp_path, "dev")


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:80"),
        ("0.0.0.0", "http://127.0.0.1:80"),
        ("::1", "http://[::1]:80"),
        ("::", "http://[::1]:80"),
        ("localhost", "http://localhost:80"),
    ],
)
def test_an_address_as_a_browser_reaches_it(host: str, url: str) -> None:
    assert Address(host, 80).url == url


def test_the_words_for_uvicorn() -> None:
    address = Address("127.0.0.1", 80)
    plain = ("uvicorn", "shop.main:app", "--app-dir", "src", "--host", "127.0.0.1", "--port", "80")
    assert uvicorn_words("shop", address, reload=False) == plain
    assert uvicorn_words("shop", address, reload=True) == (*plain, "--reload", "--reload-dir", "src")
