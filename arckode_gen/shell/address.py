"""Where a server may listen."""

from __future__ import annotations

import errno
import socket
import sys
from contextlib import suppress
from dataclasses import dataclass

from arckode_gen.errors import OperationError, UsageError

_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  compared, not bound


@dataclass(frozen=True, slots=True)
class Address:
    """A host and a port."""

    host: str
    port: int

    @property
    def url(self) -> str:
        """The address as a browser on this machine reaches it."""
        host = _EVERYWHERE.get(self.host, self.host)
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"


def free_address(host: str, port: int) -> Address:
    """Return the address once it is known that nobody listens there; port 0 becomes one that is free.

    Raises:
        UsageError: the host means nothing here, or the port is no port.
        OperationError: the port is taken, or may not be used.
    """
    if not 0 <= port <= 65535:
        raise UsageError(f"--port {port}: a port is a number from 0 to 65535", "0 takes any port that is free")
    try:
        return Address(host, _bound(host, port))
    except (socket.gaierror, UnicodeError) as error:
        raise UsageError(f"--host {host}: there is no such address", "write for instance --host 0.0.0.0") from error
    except OSError as error:
        raise _refused(host, port, error) from error


def _bound(host: str, port: int) -> int:
    family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        if sys.platform != "win32":
            # A port whose last connections are still closing is free, and uvicorn takes it just so.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))
        number: int = probe.getsockname()[1]
        return number


def _refused(host: str, port: int, error: OSError) -> OperationError | UsageError:
    if error.errno == errno.EADDRINUSE:
        message = f"port {port} on {host} is taken: another program listens there"
        return OperationError(
            message, f"stop it, or choose another port: `arckode dev --port {_next_free(host, port)}`"
        )
    if error.errno == errno.EACCES:
        return OperationError(f"port {port} may not be used by you", "choose one from 1024 up with --port")
    if error.errno == errno.EADDRNOTAVAIL:
        return UsageError(f"--host {host} is not an address of this machine", "write for instance --host 0.0.0.0")
    return OperationError(f"cannot listen on {host}:{port}: {error.strerror}", "choose others with --host and --port")


def _next_free(host: str, port: int) -> int:
    for candidate in range(port + 1, min(port + 50, 65536)):
        with suppress(OSError):
            return _bound(host, candidate)
    return 0
