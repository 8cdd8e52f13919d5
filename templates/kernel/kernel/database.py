"""The one door to the database: an engine, and units of work that are real or refused."""

import asyncio
import sqlite3
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar

import structlog
from sqlalchemy import URL, Connection, MetaData, PoolProxiedConnection, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from .clock import Clock, SystemClock
from .database_url import async_url, is_memory
from .engine import as_transaction, driver_of, in_thread_of, new_engine, reading, with_sqlalchemy, writing
from .errors import MissingColumnError, MissingTableError, TransactionError
from .lending import AtOnce, Lender, LogKeeper, NotNowError
from .missing_columns import missing_column, name_missing_columns
from .missing_tables import missing_table, name_missing_tables
from .model import Entity
from .row_changes import RowWatcher
from .unit_of_work import CurrentUnit, Unit

T = TypeVar("T")
logger = structlog.get_logger("database")


class Database:
    """Opens sessions and transactions; repositories use it, services only ask for `transaction()`.

    A SQLite URL without a file lives in memory on one connection that callers take turns on. A `watcher` is told by
    repositories of every row that they write, inside the transaction.
    """

    watcher: RowWatcher | None = None

    def __init__(self, url: str | URL, *, clock: Clock | None = None, pool_size: int = 10, echo: bool = False) -> None:
        self.url = async_url(url) if isinstance(url, str) else url
        self.clock: Clock = clock or SystemClock()
        self.engine: AsyncEngine = new_engine(self.url, pool_size=pool_size, echo=echo)
        name_missing_tables(self.engine, Entity.metadata)
        name_missing_columns(self.engine, Entity.metadata)
        self._readers = reading(self.engine)
        self._writers = writing(self.engine)
        self._turn = asyncio.Lock()
        self._in_memory = is_memory(self.url)
        self._lender = Lender(self.engine, at_most=0 if self._in_memory else pool_size // 2)
        self._at_once = AtOnce(self.engine)
        self._log = LogKeeper(self._lender, self.in_turn)
        self._current: CurrentUnit[AsyncSession] = CurrentUnit("unit_of_work")

    @property
    def dialect(self) -> str:
        """Answer `sqlite`, `postgresql`, `mysql` or `mariadb`."""
        return self.engine.dialect.name

    def in_transaction(self) -> bool:
        """Say whether the running code is inside `transaction()`."""
        return self._current.inside()

    @asynccontextmanager
    async def session(self) -> AsyncGenerator[AsyncSession]:
        """Read: in the current transaction, else in a short session of its own.

        Raises TransactionError in a child task of a transaction, or after a failure inside it was caught.
        """
        unit = self._current.find()
        if unit is not None:
            yield unit.resource
            return
        async with _new_session(self._readers) as session:
            yield session

    @asynccontextmanager
    async def transaction(self, *, savepoint: bool = False, new: bool = False) -> AsyncGenerator[AsyncSession]:
        """Write: join the current transaction or begin one; commit at the end, roll back on any exception.

        `savepoint` makes the block fail on its own; `new` makes it succeed on its own, on another connection.
        Raises TransactionError where that cannot be done truthfully.
        """
        outer = None if new else self._current.find()
        if outer is None:
            if new and self._current.inside() and self.dialect == "sqlite":
                raise TransactionError("SQLite has one writer at a time: new=True would wait for its own outer block")
            async with self._begun() as session:
                yield session
        elif savepoint:
            inner = Unit(outer.resource)
            async with outer.resource.begin_nested(), self._current.entered(inner):
                yield outer.resource
            outer.afterwards += inner.afterwards
        else:
            async with self._current.joined(outer):
                yield outer.resource

    @asynccontextmanager
    async def driver(self) -> AsyncGenerator[Any]:
        """Lend a connection of the driver's own, in no transaction, for the few statements that are sent very often.

        What SQLAlchemy does around a statement takes several times as long as a statement of one row.
        """
        async with self._lender.lent() as lent:
            yield lent.driver_connection

    async def in_sqlite(self, work: Callable[[sqlite3.Connection], T], *, is_short: bool = False) -> T:
        """Run a function that writes with SQLite's own connection: in the running transaction, or in one of its own.

        It goes to the thread of the driver and back once, and what `is_short`, such as a few rows, not even that when
        nobody else writes. Raises OperationalError for what SQLite refuses, and TransactionError as `session` does.
        """
        if self._current.inside():
            async with self.transaction() as session:
                lent = await (await session.connection()).get_raw_connection()
                return await self._in_thread(lent, work)
        if self._in_memory:  # on one connection
            async with self._lender.lent() as lent:
                return await self._in_thread(lent, as_transaction(work))
        if is_short and not self._turn.locked():
            with suppress(NotNowError):
                return await self._done_at_once(work)
        async with self.in_turn():
            shared = await self._lender.shared()
            return await self._in_thread(shared, as_transaction(work))

    async def together(self, work: Callable[[Connection], T], *, writes: bool = True, is_short: bool = False) -> T:
        """Run a function of a few statements: in the running transaction, else in one of its own if it writes.

        On SQLite all of it is one way to the thread of the driver and back, where each statement would be several; what
        `is_short`, such as writing a row or reading what was written just now, goes there only if another writes.
        """
        in_thread = self.dialect == "sqlite" and not self._in_memory
        if self._current.inside() or (writes and not in_thread):
            async with self.transaction() if writes else self.session() as session:
                return await (await session.connection()).run_sync(work)
        if not in_thread:
            async with self._readers.connect() as connection:
                return await connection.run_sync(work)
        if is_short and not (writes and self._turn.locked()):
            with suppress(NotNowError):
                return await self._done_at_once(with_sqlalchemy(self._at_once.info, work), writes=writes)
        if not writes:
            async with self._lender.lent() as lent:
                return await self._in_thread(lent, with_sqlalchemy(lent.info, work))
        async with self.in_turn():
            shared = await self._lender.shared()
            return await self._in_thread(shared, as_transaction(with_sqlalchemy(shared.info, work)))

    async def _done_at_once(self, work: Callable[[sqlite3.Connection], T], *, writes: bool = True) -> T:
        try:
            done = self._at_once.run(work) if writes else self._at_once.read(work)
        except OperationalError as error:
            raise _missing(error) or error from error.orig
        except sqlite3.Error as error:
            failed = OperationalError(None, None, error)
            raise _missing(failed) or failed from error
        if writes:
            await self._log.count()
        await asyncio.sleep(0)  # whoever else has something to do has it done between two of these
        return done

    async def _in_thread(self, lent: PoolProxiedConnection, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            return await in_thread_of(driver_of(lent), work)
        except OperationalError as error:
            raise _missing(error) or error from error.orig

    @asynccontextmanager
    async def in_turn(self) -> AsyncGenerator[None]:
        """Let a short transaction of this process wait for the others that do the same, where there is one writer.

        SQLite lets a writer try again after a pause that grows, in which it is overtaken by whoever comes by.
        """
        if self.dialect != "sqlite":
            yield
            return
        async with self._turn:
            yield

    async def after_commit(self, hook: Callable[[], Awaitable[None]]) -> None:
        """Run something once what is being written is committed, and never if it is not; at once outside a transaction.

        For what others are told, such as a stream or a cache. A hook that fails is logged, since nothing can be taken
        back any more, and one is lost when the process dies: what must happen belongs into the queue.
        Raises TransactionError as `session` does.
        """
        unit = self._current.find()
        if unit is not None:
            unit.afterwards.append(hook)
            return
        await hook()

    @asynccontextmanager
    async def _begun(self) -> AsyncGenerator[AsyncSession]:
        async with _new_session(self._writers) as session:
            unit = Unit(session)
            async with session.begin(), self._current.entered(unit):
                yield session
        for hook in unit.afterwards:
            try:
                await hook()
            except Exception:
                logger.exception("what was to be done after a commit failed", hook=repr(hook))

    async def ping(self) -> None:
        """Ask the database for an answer; raises whatever the driver raises when there is none."""
        async with self.engine.connect() as connection:
            await connection.execute(text("SELECT 1"))

    async def create_tables(self, metadata: MetaData = Entity.metadata) -> None:
        """Create the tables that are missing, for tests; projects migrate."""
        async with self._writers.begin() as connection:
            await connection.run_sync(metadata.create_all)

    async def drop_tables(self, metadata: MetaData = Entity.metadata) -> None:
        """Drop the tables, for tests; SQLite would refuse where rows refer to others of their own table."""
        if self.dialect != "sqlite":
            async with self._writers.begin() as connection:
                await connection.run_sync(metadata.drop_all)
            return
        async with self.engine.connect() as connection:
            await connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
            try:
                await connection.run_sync(metadata.drop_all)
            finally:
                await connection.exec_driver_sql("PRAGMA foreign_keys = ON")

    async def close(self) -> None:
        """Close every connection."""
        await self._log.settle()
        self._at_once.close()
        await self._lender.close()
        await self.engine.dispose()


def _new_session(engine: AsyncEngine) -> AsyncSession:
    return AsyncSession(engine, expire_on_commit=False, autoflush=False)


def _missing(error: OperationalError) -> MissingTableError | MissingColumnError | None:
    if error.orig is None:
        return None
    table = missing_table(error.orig, Entity.metadata)
    return table or missing_column(error.orig, error.statement or "", Entity.metadata)
