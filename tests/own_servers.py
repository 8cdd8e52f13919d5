"""Servers of a test's own on the loopback interface, which it may stop and start as it likes."""

from __future__ import annotations

import atexit
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from functools import cache
from importlib.resources import files
from pathlib import Path

_PATIENCE = 120.0


class OwnServer:
    """A server in a folder that is removed with it."""

    def __init__(self) -> None:
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="arckode-server-"))
        self._process: subprocess.Popen[bytes] | None = None
        atexit.register(self.remove)

    def command(self) -> tuple[str, ...]:
        raise NotImplementedError

    def environ(self) -> dict[str, str]:
        return {}

    @property
    def url(self) -> str:
        raise NotImplementedError

    def start(self) -> None:
        """Run it, and wait until it listens.

        Raises:
            RuntimeError: it ended, or does not listen in time; with the end of what it said.
        """
        environ = {**os.environ, **self.environ()}
        log = self.folder / "server.log"
        with log.open("ab") as said:
            self._process = subprocess.Popen(
                self.command(), cwd=self.folder, env=environ, stdout=said, stderr=said, start_new_session=True
            )
        deadline = time.monotonic() + _PATIENCE
        while not is_listening(self.port):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{self.command()[0]} does not listen: {log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.05)

    def stop(self) -> None:
        """Let it end in order, as SIGTERM asks for."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(_PATIENCE)
            self._process = None

    def kill(self) -> None:
        """Let it end as a power failure does, but for what the operating system still writes."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(_PATIENCE)
            self._process = None

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


class OwnRedis(OwnServer):
    def command(self) -> tuple[str, ...]:
        where = ("--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(self.folder))
        return ("redis-server", *where, "--appendonly", "yes", "--appendfsync", "always", "--save", "")

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"


class OwnKafka(OwnServer):
    """The server of the package noida-db, which speaks Kafka's protocol."""

    def command(self) -> tuple[str, ...]:
        program = files("noida_db") / "noida-db"
        where = ("--data-dir", str(self.folder), "--host", "127.0.0.1", "--kafka-port", str(self.port))
        return (str(program), "start", "--only", "kafka", *where)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"


class OwnMongo(OwnServer):
    """The server of the package SecantusDB, which speaks MongoDB's protocol, as a replica set of one or as none."""

    def __init__(self, *, alone: bool = False) -> None:
        super().__init__()
        self._alone = alone

    def command(self) -> tuple[str, ...]:
        where = ("--host", "127.0.0.1", "--port", str(self.port), "--storage-path", str(self.folder / "data"))
        return (_program("secantusd-py"), *where, "--sync-on-commit", *(("--standalone",) if self._alone else ()))

    def remove(self) -> None:
        self.kill()  # it takes seconds to end in order
        super().remove()

    @property
    def url(self) -> str:
        return f"mongodb://127.0.0.1:{self.port}/?directConnection=true"


class OtherMongo(OwnServer):
    """The server of the package nx-27017, which speaks MongoDB's protocol over SQLite."""

    def command(self) -> tuple[str, ...]:
        where = ("--host", "127.0.0.1", "--port", str(self.port), "--db", str(self.folder / "data.db"))
        own = ("--log-file", str(self.folder / "nx.log"), "--pid-file", str(self.folder / "nx.pid"))
        return (_program("nx-27017"), *where, *own)

    @property
    def url(self) -> str:
        return f"mongodb://127.0.0.1:{self.port}/?directConnection=true"


class OwnPostgres(OwnServer):
    """A PostgreSQL that keeps what it confirmed; it refuses to run as root, so root becomes its user."""

    def __init__(self) -> None:
        super().__init__()
        programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda each: int(each.parent.name))
        if not programs:
            raise FileNotFoundError(2, "no PostgreSQL server", "/usr/lib/postgresql")
        self._programs = programs[-1]
        self._as = ("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups") if os.geteuid() == 0 else ()
        if self._as:
            shutil.chown(self.folder, "postgres", "postgres")
        made = (str(self._programs / "initdb"), "-D", str(self.folder / "data"), "-U", "postgres", "-A", "trust", "-N")
        subprocess.run((*self._as, *made), cwd=self.folder, check=True, capture_output=True)

    def command(self) -> tuple[str, ...]:
        where = ("-D", str(self.folder / "data"), "-h", "127.0.0.1", "-p", str(self.port), "-k", str(self.folder))
        return (*self._as, str(self._programs / "postgres"), *where)

    def start(self) -> None:
        """Run it; while processes of one that was killed are still about to end, it refuses and is asked again."""
        deadline = time.monotonic() + _PATIENCE
        while True:
            try:
                super().start()
                break
            except RuntimeError as error:
                if "pre-existing shared memory" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(0.2)
        asking = (str(self._programs / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port))
        while subprocess.run(asking, check=False).returncode:  # it listens before it answers
            if time.monotonic() > deadline:
                raise TimeoutError(f"PostgreSQL on port {self.port} does not answer")
            time.sleep(0.05)

    def stop(self) -> None:
        """Let it end in order without waiting for its clients, as SIGINT asks for and SIGTERM does not."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(_PATIENCE)
            self._process = None

    @property
    def url(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"


class OwnRabbit(OwnServer):
    def __init__(self) -> None:
        super().__init__()
        self._distribution = free_port()

    def command(self) -> tuple[str, ...]:
        return ("/usr/lib/rabbitmq/bin/rabbitmq-server",)

    def environ(self) -> dict[str, str]:
        return {
            "RABBITMQ_NODENAME": f"test{self.port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(self._distribution),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "data"),
            "RABBITMQ_LOG_BASE": str(self.folder / "logs"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "plugins"),
            "RABBITMQ_CONFIG_FILE": str(self.folder / "none"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
            "HOME": str(self.folder),
        }

    @property
    def url(self) -> str:
        return f"amqp://guest:guest@127.0.0.1:{self.port}/"


@cache
def kafka_of_this_run() -> OwnKafka:
    """Start one for all tests of this process."""
    server = OwnKafka()
    server.start()
    return server


@cache
def mongodb_of_this_run(kind: str) -> str:
    """Start one for all tests of this process, and answer its URL."""
    server = OwnMongo() if kind == "mongodb" else OtherMongo()
    server.start()
    return server.url


def _program(name: str) -> str:
    return str(Path(sys.executable).parent / name)


def free_port() -> int:
    """Choose one that no program's outgoing connection takes while a server of ours is being restarted."""
    while True:
        port = secrets.choice(range(15_000, 32_000))
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def is_listening(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False
