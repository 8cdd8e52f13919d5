"""The event store on a database server that is stopped, killed and started again while processes write and read."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.exc import SQLAlchemyError

from kernel.database import Database
from kernel.errors import AppError
from kernel.event_store import START, StreamState, subscribe
from kernel.event_store_database import DatabaseEvents
from tests.kernel.store_kills import STREAMS, TOGETHER, commit
from tests.own_servers import OwnPostgres
from tests.services import missing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kernel.event_store import RecordedEvent

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]

APPENDS = 60
AWAY = (SQLAlchemyError, OSError, AppError)


@pytest.fixture
def server() -> Iterator[OwnPostgres]:
    try:
        made = OwnPostgres()
    except FileNotFoundError as error:
        missing(f"{error.filename} has no server; install PostgreSQL")
    made.start()
    yield made
    made.remove()


async def write(store: DatabaseEvents, stream: str) -> None:
    """Append, and again whenever the server is away: what was stored all the same is not stored twice."""
    for number in range(APPENDS):
        while True:
            try:
                await store.append(stream, commit(stream, number), expected=StreamState.ANY)
                break
            except AWAY:
                await asyncio.sleep(0.02)
        await asyncio.sleep(0.005)


async def follow(store: DatabaseEvents, seen: list[RecordedEvent], count: int) -> None:
    """Hear of all events, going on behind the last one that was heard whenever the server is away."""
    while len(seen) < count:
        try:
            async with aclosing(subscribe(store, seen[-1].position if seen else START)) as events:
                async for each in events:
                    seen.append(each)
                    if len(seen) == count:
                        return
        except AWAY:
            await asyncio.sleep(0.02)


async def test_what_was_confirmed_is_there_once_and_a_follower_hears_each_event_once(server: OwnPostgres) -> None:
    database = Database(server.url)
    await database.create_tables()
    store = DatabaseEvents(database, poll=0.02)
    seen: list[RecordedEvent] = []
    total = len(STREAMS) * APPENDS * TOGETHER
    try:
        async with asyncio.timeout(120), asyncio.TaskGroup() as together:
            for stream in STREAMS:
                together.create_task(write(store, stream))
            together.create_task(follow(store, seen, total))
            for at, ending in ((total // 5, server.stop), (total // 2, server.kill)):
                while len(seen) < at:  # noqa: ASYNC110  it tells nobody
                    await asyncio.sleep(0.005)
                await asyncio.to_thread(ending)
                await asyncio.to_thread(server.start)
        for stream in STREAMS:
            found = [each.event.data["n"] for each in await store.read_stream(stream)]
            assert found == list(range(APPENDS * TOGETHER))
            assert [each.event.data["n"] for each in seen if each.stream == stream] == found
    finally:
        await database.close()
