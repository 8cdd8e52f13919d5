"""MySQL and MariaDB through aiomysql; every DDL statement commits there, so files are journalled by statement."""

from __future__ import annotations

import asyncio
import warnings
from contextlib import suppress
from hashlib import sha256
from typing import TYPE_CHECKING, Protocol, cast

from arckode_gen.errors import OperationError
from arckode_gen.migrations.connection import Failure, Row, driver

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from arckode_gen.migrations.dialects import Dialect
    from arckode_gen.migrations.url import DatabaseUrl

CONNECT_SECONDS = 10
_HINTS = {
    1045: "correct the user and the password in DATABASE_URL",
    1698: "correct the user and the password in DATABASE_URL",
    1044: "grant the user rights on the database",
    2003: "start the server, or correct the host and the port in DATABASE_URL",
    2005: "correct the host in DATABASE_URL",
}


class _Cursor(Protocol):
    rowcount: int

    async def execute(self, query: str, args: Sequence[object] | None = None) -> object: ...
    async def fetchall(self) -> Sequence[Row]: ...
    async def close(self) -> None: ...


class _Raw(Protocol):
    def get_server_info(self) -> str: ...
    async def cursor(self, cursor: type[object]) -> _Cursor: ...
    def close(self) -> None: ...
    async def ensure_closed(self) -> None: ...


async def connect(url: DatabaseUrl, root: Path, application: str, *, read_only: bool = False) -> MysqlConnection:
    """Open a session; whether it is MySQL or MariaDB is what the server says, not what the URL says.

    Raises:
        OperationError: aiomysql is missing, or the server cannot be reached or says no.
    """
    del root, read_only
    aiomysql = driver("aiomysql", "mysql")
    try:
        raw = await aiomysql.connect(
            host=url.host or "localhost",
            port=url.port,
            user=url.user or None,
            password=url.password,
            db=url.database,
            unix_socket=url.option("unix_socket") or None,
            charset=url.option("charset") or "utf8mb4",
            ssl=_ssl(url),
            autocommit=True,
            connect_timeout=CONNECT_SECONDS,
            program_name=application,
        )
    except Exception as error:
        raise _refused(url, error) from error
    return MysqlConnection(cast("_Raw", raw), url.database, cast("type[object]", aiomysql.DictCursor))


def _ssl(url: DatabaseUrl) -> object:
    authority, wanted = url.option("ssl_ca"), url.option("ssl", "sslmode", "ssl-mode").lower()
    if not authority and wanted in ("", "0", "false", "disable", "disabled"):
        return None
    import ssl

    context = ssl.create_default_context(cafile=authority or None)
    if not authority and wanted in ("prefer", "preferred", "require", "required"):
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _refused(url: DatabaseUrl, error: Exception) -> OperationError:
    code = _code(error)
    reason = str(error.args[1]) if code and len(error.args) > 1 else f"{type(error).__name__}: {error}"
    if code == 1049:
        return OperationError(
            f"{url.shown} said no: {reason}",
            f"create it: `CREATE DATABASE {url.database} CHARACTER SET utf8mb4`",
        )
    verb = "cannot reach" if code in (2003, 2005, 0) else "cannot use"
    return OperationError(f"{verb} {url.shown}: {reason}", _HINTS.get(code, "check DATABASE_URL"))


def _code(error: Exception) -> int:
    return error.args[0] if error.args and isinstance(error.args[0], int) else 0


class MysqlConnection:
    """A session in autocommit that holds the lock itself, so that the lock lasts as long as what the session runs."""

    transactional_ddl = False

    def __init__(self, raw: _Raw, database: str, rows_as_dicts: type[object]) -> None:
        self.dialect: Dialect = "mariadb" if "mariadb" in raw.get_server_info().lower() else "mysql"
        self._raw = raw
        self._rows_as_dicts = rows_as_dicts
        # Lock names are shared by a whole server and end at 64 characters.
        self._lock = f"arckode:{sha256(database.encode()).hexdigest()[:40]}"

    async def execute(self, sql: str, params: Sequence[object] = ()) -> int:
        return (await self._run(sql, params))[0]

    async def fetch(self, sql: str, params: Sequence[object] = ()) -> list[Row]:
        return (await self._run(sql, params))[1]

    async def begin(self, *, data: bool = False) -> None:
        del data
        await self.execute("START TRANSACTION")

    async def commit(self) -> None:
        await self.execute("COMMIT")

    async def rollback(self) -> None:
        with suppress(Failure):
            await self.execute("ROLLBACK")

    async def try_lock(self) -> bool:
        return (await self.fetch("SELECT GET_LOCK(%s, 0) AS taken", (self._lock,)))[0]["taken"] == 1

    async def unlock(self) -> None:
        await self.fetch("SELECT RELEASE_LOCK(%s) AS freed", (self._lock,))

    async def holder(self) -> str:
        rows = await self.fetch(
            "SELECT id, user, host, time FROM information_schema.processlist WHERE id = IS_USED_LOCK(%s)",
            (self._lock,),
        )
        if not rows:
            return "another session"
        row = {name.lower(): value for name, value in rows[0].items()}
        return f"connection {row['id']} ({row['user']}@{row['host']})"

    async def pause(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def close(self) -> None:
        with suppress(Exception):
            await self._raw.ensure_closed()
        self._raw.close()

    async def _run(self, sql: str, params: Sequence[object]) -> tuple[int, list[Row]]:
        try:
            cursor = await self._raw.cursor(self._rows_as_dicts)
            with warnings.catch_warnings():
                # The server's notes ("already exists") come as Python warnings; they are no business of a user here.
                warnings.simplefilter("ignore")
                await cursor.execute(sql, tuple(params) or None)
            rows = [dict(row) for row in await cursor.fetchall() or ()]
            count = max(cursor.rowcount, 0)
            await cursor.close()
        except Exception as error:
            raise _failure(error) from error
        return count, rows


def _failure(error: Exception) -> Failure:
    code = _code(error)
    text = str(error.args[1]) if code and len(error.args) > 1 else str(error) or type(error).__name__
    return Failure(
        text,
        f"error {code}" if code else "",
        missing_table=code == 1146,
        busy=code == 1205,
        lost=code in (0, 1927, 2006, 2013, 2055),
        full=code in (1021, 1041, 1114),
    )
