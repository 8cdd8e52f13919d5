"""PostgreSQL through asyncpg."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from hashlib import sha256
from typing import TYPE_CHECKING, Protocol, cast

from arckode_gen.errors import OperationError
from arckode_gen.migrations.connection import Failure, Row, driver, server_options

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from arckode_gen.migrations.dialects import Dialect
    from arckode_gen.migrations.url import DatabaseUrl

CONNECT_SECONDS = 10
LOCK_TIMEOUT = "5s"
# One key per database; the constant is arbitrary, but must never change.
LOCK_KEY = int.from_bytes(sha256(b"arckode: migrations").digest()[:8], "big", signed=True)
_OPTIONS = {"sslmode": "ssl", "ssl": "ssl", "passfile": "passfile", "target_session_attrs": "target_session_attrs"}
_HOLDER = """
SELECT a.application_name AS name, a.pid AS pid, a.backend_start AS since
FROM pg_locks l JOIN pg_stat_activity a USING (pid)
WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND ((l.classid::bigint << 32) | l.objid::bigint) = $1
"""


class _Raw(Protocol):
    async def execute(self, query: str, *args: object) -> str: ...
    async def fetch(self, query: str, *args: object) -> Sequence[Mapping[str, object]]: ...
    async def close(self, *, timeout: float | None = None) -> None: ...
    def is_closed(self) -> bool: ...


async def connect(url: DatabaseUrl, root: Path, application: str, *, read_only: bool = False) -> PostgresqlConnection:
    """Open a session that says who it is in `pg_stat_activity`.

    Raises:
        OperationError: asyncpg is missing, or the server cannot be reached or says no.
    """
    del root, read_only
    asyncpg = driver("asyncpg", "postgresql")
    try:
        raw = await asyncpg.connect(
            host=url.host or None,
            port=url.port,
            user=url.user or None,
            password=url.password or None,
            database=url.database,
            timeout=CONNECT_SECONDS,
            statement_cache_size=0,
            server_settings={"application_name": application[:63]},
            **server_options(url, _OPTIONS),
        )
    except Exception as error:
        raise _refused(url, error) from error
    return PostgresqlConnection(cast("_Raw", raw))


def _refused(url: DatabaseUrl, error: Exception) -> OperationError:
    hints = {
        "28P01": "correct the user and the password in DATABASE_URL",
        "28000": "correct the user in DATABASE_URL, or let it in (pg_hba.conf)",
        "3D000": f"create it: `createdb {url.database}`",
        "53300": "the server has no free connection; try again, or raise max_connections",
    }
    state = str(getattr(error, "sqlstate", "") or "")
    if state:
        return OperationError(f"{url.shown} said no: {error}", hints.get(state, "check DATABASE_URL"))
    if isinstance(error, TimeoutError | OSError):
        reason = f"no answer in {CONNECT_SECONDS} s" if isinstance(error, TimeoutError) else _plain(error)
        return OperationError(
            f"cannot reach {url.shown}: {reason}", "start the server, or correct the host and the port in DATABASE_URL"
        )
    return OperationError(f"cannot use {url.shown}: {type(error).__name__}: {error}", "check DATABASE_URL")


def _plain(error: OSError) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "the connection was refused, so nothing listens there"
    return (error.strerror or str(error) or type(error).__name__).split(": ", maxsplit=1)[0]


class PostgresqlConnection:
    """A session in autocommit; the lock lives in it, so that it lasts exactly as long as what the session runs.

    On a connection of its own the lock would end with a killed client while the server still ran its last statement.
    """

    dialect: Dialect = "postgresql"
    transactional_ddl = True

    def __init__(self, raw: _Raw) -> None:
        self._raw = raw

    async def execute(self, sql: str, params: Sequence[object] = ()) -> int:
        try:
            tag = await self._raw.execute(sql, *params)
        except Exception as error:
            raise _failure(error) from error
        last = tag.rsplit(" ", 1)[-1] if tag else ""
        return int(last) if last.isdecimal() else 0

    async def fetch(self, sql: str, params: Sequence[object] = ()) -> list[Row]:
        try:
            return [dict(row) for row in await self._raw.fetch(sql, *params)]
        except Exception as error:
            raise _failure(error) from error

    async def begin(self, *, data: bool = False) -> None:
        """Open a transaction that gives up on a lock after a few seconds, so that it never queues up the readers."""
        del data
        await self.execute(f"BEGIN; SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")

    async def commit(self) -> None:
        await self.execute("COMMIT")

    async def rollback(self) -> None:
        if not self._raw.is_closed():
            with suppress(Failure):
                await self.execute("ROLLBACK")

    async def try_lock(self) -> bool:
        rows = await self.fetch("SELECT pg_try_advisory_lock($1) AS taken", (LOCK_KEY,))
        return rows[0]["taken"] is True

    async def unlock(self) -> None:
        await self.fetch("SELECT pg_advisory_unlock($1)", (LOCK_KEY,))

    async def holder(self) -> str:
        rows = await self.fetch(_HOLDER, (LOCK_KEY,))
        if not rows:
            return "another session"
        return (
            f"{rows[0]['name'] or 'a session'} (server process {rows[0]['pid']}, since {rows[0]['since']:%H:%M:%S %Z})"
        )

    async def pause(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def close(self) -> None:
        with suppress(Exception):
            await self._raw.close(timeout=5)


def _failure(error: Exception) -> Failure:
    state = str(getattr(error, "sqlstate", "") or "")
    detail = getattr(error, "detail", None)
    text = f"{error}; {detail}" if detail else str(error) or type(error).__name__
    return Failure(
        text,
        f"SQLSTATE {state}" if state else "",
        missing_table=state == "42P01",
        busy=state == "55P03",
        lost=not state or state.startswith(("08", "57P")),
        full=state == "53100",
    )
