"""What is done with the driver's own connections: in as few ways to the database as there can be, and as safely."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from sqlalchemy import Connection, insert, select, text
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from kernel import lending
from kernel.engine import checkpoint
from kernel.errors import MissingTableError
from kernel.event_store import START, ConcurrencyError, StreamState, events_after
from kernel.event_store_database import DatabaseEvents
from kernel.event_table import StreamRow
from kernel.events import Event, new_event
from kernel.fields import table_of
from kernel.ids import new_id
from tests.kernel.conftest import SQL, opened

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from kernel.database import Database

pytestmark = pytest.mark.anyio
STREAMS = table_of(StreamRow)
NO_STREAM = StreamState.NO_STREAM


@pytest.fixture(params=["sqlite in memory", *SQL])
async def database(request: pytest.FixtureRequest, tmp_path: Path, anyio_backend: str) -> AsyncGenerator[Database]:
    async for shop in opened(request.param, request, tmp_path):
        assert shop.database is not None
        yield shop.database


def event() -> Event:
    return new_event("users.created", key="k", source="test", data={"text": "ü", "list": [1, {"a": 2.5}]})


def name() -> str:
    return f"users-{uuid4()}"


def added(stream: str) -> dict[str, object]:
    return {"id": new_id(), "name": stream, "version": 7}


def adds(stream: str) -> Callable[[Connection], int]:
    row = added(stream)
    return lambda connection: connection.execute(insert(STREAMS), row).rowcount


async def version(database: Database, stream: str, *, is_short: bool = False) -> int | None:
    def read(connection: Connection) -> int | None:
        return connection.scalar(select(STREAMS.c.version).where(STREAMS.c.name == stream))

    return await database.together(read, writes=False, is_short=is_short)


@pytest.mark.parametrize("is_short", [False, True])
async def test_what_is_done_together_is_one_transaction(database: Database, *, is_short: bool) -> None:
    stream, other = name(), name()
    await database.together(adds(stream), is_short=is_short)

    def fail(connection: Connection) -> None:
        connection.execute(insert(STREAMS), added(other))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await database.together(fail, is_short=is_short)
    assert [await version(database, each) for each in (stream, other)] == [7, None]


@pytest.mark.parametrize("is_short", [False, True])
async def test_what_is_done_together_belongs_to_the_running_transaction(database: Database, *, is_short: bool) -> None:
    stream = name()
    with pytest.raises(ZeroDivisionError):
        async with database.transaction():
            await database.together(adds(stream), is_short=is_short)
            assert await version(database, stream, is_short=is_short) == 7
            raise ZeroDivisionError
    assert await version(database, stream, is_short=is_short) is None


async def test_writers_of_one_process_queue_up(database: Database) -> None:
    store, streams = DatabaseEvents(database), [name() for _ in range(20)]

    async def relay(stream: str) -> None:
        await database.together(adds(stream))

    relayed = [name() for _ in range(20)]
    await asyncio.gather(
        *(store.append(each, [event(), event()], expected=NO_STREAM) for each in streams), *map(relay, relayed)
    )
    assert [await store.version(each) for each in streams] == [2] * 20
    assert [await version(database, each) for each in relayed] == [7] * 20


async def test_sqlite_says_what_it_refuses(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    async for shop in opened("sqlite", request, tmp_path):
        database = shop.database
        assert database is not None
        with pytest.raises(OperationalError, match="no such table: nowhere"):
            await database.in_sqlite(lambda connection: connection.execute("SELECT * FROM nowhere"))
        # The transaction has ended, and the connection serves the next one.
        await DatabaseEvents(database).append(stream := name(), [event()], expected=NO_STREAM)
        assert await DatabaseEvents(database).version(stream) == 1


@pytest.mark.postgres
async def test_an_append_outlives_the_connection_that_was_kept(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    async for shop in opened("postgresql", request, tmp_path):
        database = shop.database
        assert database is not None
        store, stream = DatabaseEvents(database), name()
        await store.append(stream, [event()], expected=NO_STREAM)
        async with database.driver() as driver:
            killed = driver.get_server_pid()
        async with database.transaction() as session:  # on another connection, since that one is kept
            await session.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": killed})
        await store.append(stream, [event()], expected=1)
        async with database.driver() as driver:
            assert driver.get_server_pid() != killed
        assert [each.number for each in await store.read_stream(stream)] == [1, 2]


@pytest.mark.postgres
async def test_what_an_append_could_not_store_is_not_counted(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    async for shop in opened("postgresql", request, tmp_path):
        assert shop.database is not None
        store, stream, first = DatabaseEvents(shop.database), name(), event()
        there = await store.append(stream, [first], expected=NO_STREAM)
        assert await store.append(stream, [first], expected=1) == there
        with pytest.raises(ConcurrencyError):
            await store.append(stream, [event()], expected=3)
        assert (await store.version(stream), len(await store.read_stream(stream))) == (1, 1)


async def test_a_table_that_is_missing_is_named(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    async for shop in opened("sqlite", request, tmp_path):
        database = shop.database
        assert database is not None
        await database.drop_tables()
        with pytest.raises(MissingTableError, match="'stored_events' is not in the database; create it"):
            await DatabaseEvents(database).append(name(), [event()], expected=NO_STREAM)
        with pytest.raises(MissingTableError, match="'stored_events'"):
            await DatabaseEvents(database).version(name())
        for writes in (True, False):
            with pytest.raises(MissingTableError, match="'event_streams' is not in the database; create it"):
                await database.together(
                    lambda connection: connection.scalar(select(STREAMS.c.version)), writes=writes, is_short=True
                )


async def test_a_short_append_waits_for_another_process_in_the_thread_and_nobody_else_does(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    async for shop in opened("sqlite", request, tmp_path):
        database = shop.database
        assert database is not None
        store, stream = DatabaseEvents(database), name()
        await store.append(stream, [event()], expected=NO_STREAM)
        other = sqlite3.connect(str(database.url.database), isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        waiting = asyncio.create_task(store.append(stream, [event()], expected=1))
        for _ in range(20):
            await asyncio.sleep(0.005)
            assert (waiting.done(), await store.version(stream)) == (False, 1)
        other.execute("ROLLBACK")
        await waiting
        other.close()
        assert await store.version(stream) == 2


async def test_what_is_short_waits_for_another_process_as_anything_else_does(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    async for shop in opened("sqlite", request, tmp_path):
        database = shop.database
        assert database is not None
        stream = name()
        other = sqlite3.connect(str(database.url.database), isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        waiting = asyncio.create_task(database.together(adds(stream), is_short=True))
        await asyncio.sleep(0.1)
        assert (waiting.done(), await version(database, stream, is_short=True)) == (False, None)
        other.execute("ROLLBACK")
        assert await waiting == 1
        other.close()
        assert await version(database, stream, is_short=True) == 7


async def test_what_was_stored_a_moment_ago_is_read_without_the_thread_and_what_is_older_with_it(
    tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object) -> None:
        raise AssertionError("the thread was asked")

    async for shop in opened("sqlite", request, tmp_path):
        database = shop.database
        assert database is not None
        store = DatabaseEvents(database)
        await store.append(name(), [first := event()], expected=NO_STREAM)
        with monkeypatch.context() as patched:
            patched.setattr("kernel.database.in_thread_of", refuse)
            assert [each.event for each in (await store.read_all()).events] == [first]
            assert (await events_after(store, START, limit=10))[0] == (first,)
            with pytest.raises(AssertionError):
                await DatabaseEvents(database).read_all()
            with pytest.raises(AssertionError):
                await store.read_all(limit=501)
        assert len((await store.read_all(limit=501)).events) == 1


async def test_whoever_appends_again_and_again_lets_others_work(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    async for shop in opened("sqlite", request, tmp_path):
        database = shop.database
        assert database is not None
        store, turns = DatabaseEvents(database), 0

        async def others() -> None:
            nonlocal turns
            while True:
                await asyncio.sleep(0)
                turns += 1

        working = asyncio.create_task(others())
        for _ in range(1000):
            await store.append(name(), [event() for _ in range(5)], expected=NO_STREAM)
        working.cancel()
        assert turns >= 1000


async def test_the_log_stays_short_and_nobody_waits_while_it_is_copied(
    tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, copied = 0, 0

    def slow(connection: sqlite3.Connection) -> int:
        nonlocal began, copied
        began += 1
        time.sleep(0.05)  # a disk that is slow
        pages = checkpoint(connection)
        copied += 1
        return pages

    monkeypatch.setattr(lending, "checkpoint", slow)
    async for shop in opened("sqlite", request, tmp_path):
        database = shop.database
        assert database is not None
        store, meanwhile = DatabaseEvents(database), 0
        for _ in range(3000):
            await store.append(name(), [event() for _ in range(5)], expected=NO_STREAM)
            meanwhile += began > copied
        assert meanwhile > 100
        # Twice what it should be, when the disk does not keep up; without anybody who sees to it all that was written.
        assert 1000 * 4096 < logged(database) < 9000 * 4096


async def test_a_few_large_appends_are_as_much_of_the_log_as_many_small_ones(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    async for shop in opened("sqlite", request, tmp_path):
        database = shop.database
        assert database is not None
        store = DatabaseEvents(database)
        large = new_event("users.created", key="k", source="test", data={"text": "x" * 1_000_000})
        for _ in range(200):
            await store.append(name(), [replace(large, id=new_id())], expected=NO_STREAM)
        assert logged(database) < 80 * 1_000_000


async def test_a_log_that_cannot_be_copied_is_told_and_does_not_stop_who_appends(
    tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_connection: sqlite3.Connection) -> int:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(lending, "checkpoint", fail)
    async for shop in opened("sqlite", request, tmp_path):
        database = shop.database
        assert database is not None
        store, stream = DatabaseEvents(database), name()
        with capture_logs() as told:
            for number in range(100):
                await store.append(stream, [event()], expected=number)
            await database.close()
        assert {(each["event"], each["error"]) for each in told} == {
            ("the log of SQLite is not copied to the database", "disk I/O error")
        }


def logged(database: Database) -> int:
    return Path(f"{database.url.database}-wal").stat().st_size


async def test_what_fails_at_once_leaves_nothing_and_the_next_one_works(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    async for shop in opened("sqlite", request, tmp_path):
        database = shop.database
        assert database is not None

        def fail(connection: sqlite3.Connection) -> None:
            connection.execute("INSERT INTO event_streams (id, name, version) VALUES ('a', 'a', 1)")
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await database.in_sqlite(fail, is_short=True)
        with pytest.raises(OperationalError, match="no such table: nowhere"):
            await database.in_sqlite(lambda connection: connection.execute("SELECT * FROM nowhere"), is_short=True)
        assert await version(database, "a") is None
        await DatabaseEvents(database).append(name(), [event()], expected=NO_STREAM)
