"""What the runner needs of a database, and nothing more."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Protocol

from arckode_gen.errors import OperationError
from arckode_gen.migrations.dialects import family

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from types import ModuleType

    from arckode_gen.migrations.dialects import Dialect
    from arckode_gen.migrations.url import DatabaseUrl

Row = dict[str, object]


class Failure(Exception):  # noqa: N818 - it is not reported itself: whoever knows the statement turns it into an error
    """The server's own words about a statement it did not run.

    `missing_table` and `busy` are the two that the runner acts on; `busy` means a lock was not granted in time. `lost`
    and `full` say that the session is gone, or that there is no room on the disk: a person is told so.
    """

    def __init__(
        self,
        text: str,
        code: str = "",
        *,
        missing_table: bool = False,
        busy: bool = False,
        lost: bool = False,
        full: bool = False,
    ) -> None:
        super().__init__(f"{text} ({code})" if code else text)
        self.missing_table = missing_table
        self.busy = busy
        self.lost = lost
        self.full = full


class Connection(Protocol):
    """A session outside any transaction until `begin`; parameters are written as the driver wants them."""

    dialect: Dialect
    transactional_ddl: bool

    async def execute(self, sql: str, params: Sequence[object] = ()) -> int:
        """Run one statement and return how many rows it touched.

        Raises:
            Failure: the server refused it.
        """
        ...

    async def fetch(self, sql: str, params: Sequence[object] = ()) -> list[Row]:
        """Run a query and return its rows.

        Raises:
            Failure: the server refused it.
        """
        ...

    async def begin(self, *, data: bool = False) -> None:
        """Open a transaction; `data` says that rows change and tables do not."""
        ...

    async def commit(self) -> None:
        """Make the transaction last.

        Raises:
            Failure: what it leaves would be wrong.
        """
        ...

    async def rollback(self) -> None:
        """Drop the transaction, when one is open and the server is still there."""
        ...

    async def try_lock(self) -> bool:
        """Take the migration lock of this database, if nobody has it; it ends with the session."""
        ...

    async def unlock(self) -> None:
        """Give the migration lock back."""
        ...

    async def holder(self) -> str:
        """Say who has the migration lock, in words."""
        ...

    async def pause(self, seconds: float) -> None:
        """Wait without holding anything up."""
        ...

    async def close(self) -> None:
        """End the session."""
        ...


async def connect(url: DatabaseUrl, root: Path, application: str, *, read_only: bool = False) -> Connection:
    """Open a session; `read_only` never creates a SQLite file.

    Raises:
        OperationError: the driver is missing, or the server cannot be reached or says no.
    """
    engine = importlib.import_module(f"arckode_gen.migrations.engines.{url.family}")
    opened: Connection = await engine.connect(url, root, application, read_only=read_only)
    return opened


def driver(package: str, extra: str) -> ModuleType:
    """Import a database driver from the interpreter that is running.

    Raises:
        OperationError: it is not installed.
    """
    try:
        return importlib.import_module(package)
    except ModuleNotFoundError as error:
        raise OperationError(
            f"the driver '{package}' is not installed for {sys.executable}",
            f"install it there: `uv add {package}`, or the project's own extra: `pip install -e '.[{extra}]'`",
        ) from error


def server_options(url: DatabaseUrl, known: Mapping[str, str]) -> dict[str, str]:
    """Return the options of a URL that the driver understands, under the driver's names."""
    return {target: value for name, target in known.items() if (value := url.option(name))}


def is_mysql(dialect: Dialect) -> bool:
    return family(dialect) == "mysql"
