"""How each engine has to be opened so that a transaction is one.

The SQLite driver of Python begins transactions late and not at all before a SELECT, which breaks savepoints and lets
two writers read the same old value. So it is told to keep out of it, and BEGIN is sent here: IMMEDIATE where we mean
to write (a deferred one that turns into a writer fails at once instead of waiting), and none for single reads.
"""

import sqlite3
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Protocol, TypeVar, cast

from sqlalchemy import URL, Connection, Dialect, Engine, PoolProxiedConnection, create_engine, event
from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_connection
from sqlalchemy.dialects.sqlite.aiosqlite import AsyncAdapt_aiosqlite_connection
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, InvalidatePoolError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool, ConnectionPoolEntry, PoolResetState, StaticPool

from .database_url import is_memory
from .errors import CannotConnectError
from .text_match import fold

_BUSY_SECONDS = 10
_REST_SECONDS = 1.0
_USED = "used"
_ENGINE = "engine"
_BEGIN = "BEGIN IMMEDIATE"
T = TypeVar("T")


class SqliteDriver(Protocol):
    """What is used of aiosqlite's connection, which has a thread of its own."""

    _conn: sqlite3.Connection

    def _execute(self, work: Callable[[sqlite3.Connection], T], connection: sqlite3.Connection, /) -> Awaitable[T]: ...


def driver_of(lent: PoolProxiedConnection) -> SqliteDriver:
    """Answer aiosqlite's connection."""
    return cast("SqliteDriver", lent.driver_connection)


async def in_thread_of(driver: SqliteDriver, work: Callable[[sqlite3.Connection], T]) -> T:
    """Run a function with SQLite's own connection, in the thread of the driver: one way there and back for all of it.

    The driver's public functions, which this is what they are made of, go there and back for every statement.
    Raises OperationalError for what SQLite refuses.
    """
    try:
        return await driver._execute(work, driver._conn)  # nothing public runs more than one statement
    except sqlite3.Error as error:
        raise OperationalError(None, None, error) from error


def as_transaction(work: Callable[[sqlite3.Connection], T]) -> Callable[[sqlite3.Connection], T]:
    """Let a function be a transaction of its own, which is rolled back when it fails."""

    def run(connection: sqlite3.Connection) -> T:
        connection.execute(_BEGIN)
        with connection:
            return work(connection)

    return run


def short_writer(engine: AsyncEngine) -> sqlite3.Connection:
    """Connect to SQLite without a thread, for transactions that wait for nothing: it leaves its log to the others."""
    words, options = engine.dialect.create_connect_args(engine.url)
    given: dict[str, Any] = {**options, "timeout": 0, "isolation_level": None}
    connection: sqlite3.Connection = sqlite3.connect(words[0], **given)
    try:
        connection.create_function("unicode_fold", 1, fold, deterministic=True)
        for setting in ("foreign_keys = ON", "journal_mode = WAL", "synchronous = NORMAL", "wal_autocheckpoint = 0"):
            connection.execute(f"PRAGMA {setting}")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def checkpoint(connection: sqlite3.Connection) -> int:
    """Copy SQLite's log to the database as far as nobody has to wait for that, and answer how many pages it has."""
    _is_busy, pages, _copied = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
    return cast("int", pages)


def with_sqlalchemy(
    info: MutableMapping[Any, Any], work: Callable[[Connection], T]
) -> Callable[[sqlite3.Connection], T]:
    """Let a function of SQLAlchemy's run with SQLite's own connection; `info` is what is noted of that connection."""

    def run(connection: sqlite3.Connection) -> T:
        if _ENGINE not in info:
            info[_ENGINE] = create_engine(
                "sqlite://", creator=lambda: connection, poolclass=StaticPool, hide_parameters=True
            )
        with cast("Engine", info[_ENGINE]).begin() as begun:
            return work(begun)

    return run


def new_engine(url: URL, *, pool_size: int, echo: bool) -> AsyncEngine:
    """Make an engine whose transactions are real; nothing is connected yet."""
    match url.get_backend_name():
        case "sqlite":
            engine = _sqlite(url, pool_size=pool_size, echo=echo)
        case "postgresql":
            engine = _postgresql(url, pool_size=pool_size, echo=echo)
        case _:
            engine = _mysql(url, pool_size=pool_size, echo=echo)
    event.listen(engine.sync_engine, "do_connect", _connect)
    return engine


def unavailable(error: Exception) -> bool:
    """Say whether an error means that the database is away or has no connection to spare: nobody's mistake."""
    if isinstance(error, DBAPIError):
        return error.connection_invalidated
    return isinstance(error, CannotConnectError | PoolTimeoutError)


def reading(engine: AsyncEngine) -> AsyncEngine:
    """Answer the engine for reads outside a transaction: PostgreSQL is spared BEGIN and ROLLBACK around each."""
    if engine.dialect.name == "postgresql":
        return engine.execution_options(isolation_level="AUTOCOMMIT")
    return engine


def writing(engine: AsyncEngine) -> AsyncEngine:
    """Answer the engine for transactions."""
    return engine.execution_options(writes=True)


def _postgresql(url: URL, *, pool_size: int, echo: bool) -> AsyncEngine:
    engine = _server(url, pool_size=pool_size, echo=echo, ping=False)
    event.listen(engine.sync_engine, "checkin", _note_end_of_use)
    event.listen(engine.sync_engine, "checkout", _refuse_if_lost)
    return engine


def _server(url: URL, *, pool_size: int, echo: bool, ping: bool = True) -> AsyncEngine:
    return create_async_engine(
        url,
        echo=echo,
        pool_size=pool_size,
        pool_pre_ping=ping,
        pool_recycle=1800,
        hide_parameters=True,
        isolation_level="READ COMMITTED",
    )


def _note_end_of_use(_connection: DBAPIConnection | None, entry: ConnectionPoolEntry) -> None:
    entry.info[_USED] = time.monotonic()


def _refuse_if_lost(connection: DBAPIConnection, entry: ConnectionPoolEntry, _proxy: object) -> None:
    """Let the pool replace its connections when this one has ended: the driver is told of that by the socket.

    Only what a network forgot in silence takes a ping to find out, so that one is sent after a rest and not, as the
    pool would, three round trips before every use. Raises InvalidatePoolError.
    """
    if not isinstance(connection, AsyncAdapt_asyncpg_connection) or _USED not in entry.info:
        return
    if connection.driver_connection.is_closed():
        raise InvalidatePoolError
    if time.monotonic() - entry.info[_USED] > _REST_SECONDS:
        try:
            connection.ping()
        except Exception as error:
            raise InvalidatePoolError from error


def _mysql(url: URL, *, pool_size: int, echo: bool) -> AsyncEngine:
    engine = _server(url.update_query_dict({"charset": "utf8mb4"}), pool_size=pool_size, echo=echo)
    event.listen(engine.sync_engine, "connect", _insist_on_strict_mode)
    return engine


def _sqlite(url: URL, *, pool_size: int, echo: bool) -> AsyncEngine:
    memory = is_memory(url)
    engine = create_async_engine(
        url,
        echo=echo,
        poolclass=AsyncAdaptedQueuePool,
        pool_size=1 if memory else pool_size,
        max_overflow=0 if memory else 10,
        pool_reset_on_return=None,
        hide_parameters=True,
    )
    event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    event.listen(engine.sync_engine, "reset", _reset_sqlite)
    event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


def _connect(dialect: Dialect, _entry: object, words: tuple[Any, ...], options: dict[str, Any]) -> object:
    """Connect, and call every failure by one name: each driver has its own, some of them plain OSError."""
    try:
        return dialect.connect(*words, **options)
    except Exception as error:
        raise CannotConnectError(f"{type(error).__name__}: {error}") from error


def _prepare_sqlite(connection: AsyncAdapt_aiosqlite_connection, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None
    connection.create_function("unicode_fold", 1, fold, deterministic=True)
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute(f"PRAGMA busy_timeout = {_BUSY_SECONDS * 1000}")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.close()


def _reset_sqlite(connection: DBAPIConnection, _entry: ConnectionPoolEntry, _state: PoolResetState) -> None:
    """Roll back where something is left, as the pool would; it cannot tell, and would go to the driver's thread."""
    if isinstance(connection, AsyncAdapt_aiosqlite_connection) and connection.driver_connection.in_transaction:
        connection.rollback()


def _begin_sqlite(connection: Connection) -> None:
    """Begin on the driver's connection: through a cursor it would be three ways to its thread and back, not one."""
    adapted = connection.connection.dbapi_connection
    if connection.get_execution_options().get("writes") and isinstance(adapted, AsyncAdapt_aiosqlite_connection):
        try:
            adapted.run_async(lambda driver: driver.execute(_BEGIN))
        except sqlite3.Error as error:
            raise OperationalError(_BEGIN, None, error) from error


def _insist_on_strict_mode(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    """Without it MySQL cuts what does not fit and says nothing."""
    cursor = connection.cursor()
    cursor.execute("SET SESSION sql_mode = CONCAT(@@sql_mode, ',STRICT_TRANS_TABLES')")
    cursor.close()
