"""Transactions are real or refused: joining, savepoints, independence, and tasks that may not share."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from kernel import engine
from kernel.database import Database
from kernel.errors import ConflictError, TransactionError, ValidationError
from kernel.testing import fresh_database, silent_log
from tests.kernel.backends import NotesRepository, sql_shop

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from sqlalchemy import URL

    from tests.kernel.backends import Shop

pytestmark = pytest.mark.anyio

SERVERS = [
    pytest.param("postgresql", marks=pytest.mark.postgres),
    pytest.param("mariadb", marks=pytest.mark.mariadb),
]


class SomethingWrongError(Exception):
    """What a test raises to leave a block."""


async def codes(shop: Shop) -> str:
    return " ".join(row.code for row in await shop.articles.find_many(order_by=["code"]))


async def test_a_block_commits_at_its_end(shop: Shop) -> None:
    async with shop.work.transaction():
        await shop.articles.create({"code": "a"})
        await shop.articles.create({"code": "b"})
        assert await codes(shop) == "a b"
    assert await codes(shop) == "a b"


async def test_an_exception_rolls_everything_back(shop: Shop) -> None:
    kept = await shop.articles.create({"code": "kept"})
    with pytest.raises(SomethingWrongError):
        async with shop.work.transaction():
            await shop.articles.create({"code": "a"})
            await shop.articles.update(kept.id, {"title": "changed"})
            await shop.articles.delete(kept.id)
            raise SomethingWrongError
    assert await codes(shop) == "kept"
    assert (await shop.articles.find_many())[0].title == "untitled"


async def test_a_cancelled_block_rolls_back(shop: Shop) -> None:
    entered = asyncio.Event()

    async def work() -> None:
        async with shop.work.transaction():
            await shop.articles.create({"code": "a"})
            entered.set()
            await asyncio.sleep(60)

    task = asyncio.create_task(work())
    await entered.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await codes(shop) == ""


async def test_an_inner_block_joins_the_outer_one(shop: Shop) -> None:
    with pytest.raises(SomethingWrongError):
        async with shop.work.transaction():
            async with shop.work.transaction():
                await shop.articles.create({"code": "a"})
            raise SomethingWrongError
    assert await codes(shop) == ""


async def test_a_failure_inside_that_was_caught_still_forbids_the_commit(shop: Shop) -> None:
    await shop.articles.create({"code": "a"})
    with pytest.raises(TransactionError, match=r"an inner block .* failed .*savepoint=True"):
        async with shop.work.transaction():
            await shop.articles.create({"code": "b"})
            with pytest.raises(ConflictError):
                await shop.articles.create({"code": "a"})
    assert await codes(shop) == "a"


async def test_nothing_more_can_be_done_in_a_doomed_block(shop: Shop) -> None:
    await shop.articles.create({"code": "a"})
    with pytest.raises(TransactionError, match="ConflictError"):
        async with shop.work.transaction():
            with pytest.raises(ConflictError):
                await shop.articles.create({"code": "a"})
            await shop.articles.count()


async def test_a_savepoint_fails_alone(shop: Shop) -> None:
    await shop.articles.create({"code": "a"})
    async with shop.work.transaction():
        await shop.articles.create({"code": "b"})
        with pytest.raises(ConflictError):
            async with shop.work.transaction(savepoint=True):
                await shop.articles.create({"code": "lost"})
                await shop.articles.create({"code": "a"})
        await shop.articles.create({"code": "c"})
    assert await codes(shop) == "a b c"


async def test_a_savepoint_that_succeeds_is_part_of_the_whole(shop: Shop) -> None:
    with pytest.raises(SomethingWrongError):
        async with shop.work.transaction():
            async with shop.work.transaction(savepoint=True):
                await shop.articles.create({"code": "a"})
            assert await codes(shop) == "a"
            raise SomethingWrongError
    assert await codes(shop) == ""


async def test_a_child_task_may_not_share_the_transaction(shop: Shop) -> None:
    async with shop.work.transaction():
        with pytest.raises(TransactionError, match="belongs to another task"):
            await asyncio.create_task(shop.articles.count())
        with pytest.raises(TransactionError, match="belongs to another task"):
            await asyncio.create_task(shop.articles.create({"code": "a"}))
        await shop.articles.create({"code": "b"})
    assert await codes(shop) == "b"


async def test_a_child_task_that_outlives_the_transaction_works_on_its_own(shop: Shop) -> None:
    gate = asyncio.Event()

    async def afterwards() -> str:
        await gate.wait()
        await shop.articles.create({"code": "b"})
        return await codes(shop)

    async with shop.work.transaction():
        await shop.articles.create({"code": "a"})
        task = asyncio.create_task(afterwards())
    gate.set()
    assert await task == "a b"


@pytest.mark.parametrize("shop", ["memory", "sqlite", *SERVERS], indirect=True)  # in memory, SQLite lets nobody else in
async def test_others_see_nothing_before_the_commit(shop: Shop) -> None:
    inside, seen = asyncio.Event(), asyncio.Event()

    async def writer() -> None:
        async with shop.work.transaction():
            await shop.articles.create({"code": "a"})
            inside.set()
            await seen.wait()

    task = asyncio.create_task(writer())
    await inside.wait()
    assert await codes(shop) == ""
    seen.set()
    await task
    assert await codes(shop) == "a"


@pytest.mark.parametrize("shop", ["memory", *SERVERS], indirect=True)  # SQLite's refusal has a test of its own
async def test_a_new_transaction_succeeds_on_its_own(shop: Shop) -> None:
    # Codes that no other test used: InnoDB locks the gap before a row that was deleted and not purged yet.
    with pytest.raises(SomethingWrongError):
        async with shop.work.transaction():
            await shop.articles.create({"code": "outside"})
            async with shop.work.transaction(new=True):
                await shop.articles.create({"code": "within"})
            raise SomethingWrongError
    assert await codes(shop) == "within"


@pytest.mark.parametrize("place", ["memory", "file"])
async def test_sqlite_refuses_a_second_writer_instead_of_waiting_for_itself(place: str, tmp_path: Path) -> None:
    async with sql_shop("sqlite://" if place == "memory" else f"sqlite:///{tmp_path}/test.db") as shop:
        with pytest.raises(TransactionError, match="SQLite has one writer"):
            async with shop.work.transaction(), shop.work.transaction(new=True):
                pass


async def test_simultaneous_increments_all_count(shop: Shop) -> None:
    made = await shop.articles.create({"code": "a"})
    await asyncio.gather(*(shop.articles.increment(made.id, "stock") for _ in range(20)))
    found = await shop.articles.find_by_id(made.id)
    assert found is not None
    assert found.stock == 20


async def test_simultaneous_compare_and_set_has_one_winner(shop: Shop) -> None:
    made = await shop.articles.create({"code": "a"})
    attempts = (shop.articles.compare_and_set(made.id, {"stock": 0}, {"stock": number}) for number in range(1, 21))
    assert sum(await asyncio.gather(*attempts)) == 1


@pytest.mark.parametrize("sql_only", ["sqlite"], indirect=True)  # on a server the expected version decides
async def test_a_read_then_a_write_does_not_lose_an_update(sql_only: Shop) -> None:
    made = await sql_only.articles.create({"code": "a"})

    async def add_one() -> None:
        async with sql_only.work.transaction():
            found = await sql_only.articles.find_by_id(made.id)
            assert found is not None
            await sql_only.articles.update(made.id, {"stock": found.stock + 1})

    await asyncio.gather(*(add_one() for _ in range(10)))
    found = await sql_only.articles.find_by_id(made.id)
    assert found is not None
    assert found.stock == 10


async def test_foreign_keys_are_kept_on_every_engine(sql_only: Shop) -> None:
    with pytest.raises(ValidationError, match="refers to something that does not exist"):
        await sql_only.lines.create({"article_id": uuid4(), "text": "t"})


async def test_a_ping_fails_when_nobody_answers() -> None:
    database = Database("postgresql://nobody@127.0.0.1:1/nothing")
    with pytest.raises(OSError, match=r"Connect call failed|Connection refused"):
        await database.ping()
    await database.close()


async def test_a_row_that_others_refer_to_stays(sql_only: Shop) -> None:
    assert sql_only.database is not None
    article = await sql_only.articles.create({"code": "a"})
    line = await sql_only.lines.create({"article_id": article.id, "text": "t"})
    await NotesRepository(sql_only.database).create({"line_id": line.id})
    with pytest.raises(ConflictError, match="Line is still referred to by other rows") as caught:
        await sql_only.lines.delete(line.id)
    assert caught.value.code == "referenced"


async def test_what_waits_for_a_commit_is_done_after_it_or_never(sql_only: Shop) -> None:
    database, done = sql_only.database, list[str]()
    assert database is not None

    def note(word: str) -> Callable[[], Awaitable[None]]:
        async def hook() -> None:
            assert not database.in_transaction()
            done.append(f"{word}, {await codes(sql_only)}")

        return hook

    await database.after_commit(note("at once"))
    async with database.transaction():
        await database.after_commit(note("first"))
        async with database.transaction():
            await sql_only.articles.create({"code": "a"})
            await database.after_commit(note("second"))
        with pytest.raises(SomethingWrongError):
            async with database.transaction(savepoint=True):
                await database.after_commit(note("undone"))
                raise SomethingWrongError
        async with database.transaction(savepoint=True):
            await database.after_commit(note("third"))
        assert done == ["at once, "]
    with pytest.raises(SomethingWrongError):
        async with database.transaction():
            await database.after_commit(note("never"))
            raise SomethingWrongError
    assert done == ["at once, ", "first, a", "second, a", "third, a"]


async def test_a_hook_that_fails_after_a_commit_is_logged_and_the_others_run() -> None:
    done: list[int] = []

    async def works() -> None:
        done.append(1)

    async def fails() -> None:
        raise SomethingWrongError

    async with fresh_database() as database:
        with silent_log() as entries:
            async with database.transaction():
                await database.after_commit(fails)
                await database.after_commit(works)
        assert done == [1]
        assert [entry["event"] for entry in entries] == ["what was to be done after a commit failed"]


@pytest.mark.postgres
async def test_connections_that_the_server_ended_a_moment_ago_are_replaced_unnoticed(postgres_scratch: URL) -> None:
    database, other = Database(postgres_scratch), Database(postgres_scratch)
    try:
        before = set(await asyncio.gather(*(backend(database) for _ in range(3))))
        async with other.transaction() as session:
            for each in before:
                await session.execute(select(func.pg_terminate_backend(each)))
        await asyncio.sleep(0.2)  # until the server has said so
        after = set(await asyncio.gather(*(backend(database) for _ in range(3))))
        assert not before & after
    finally:
        await database.close()
        await other.close()


@pytest.mark.postgres
async def test_a_connection_that_rested_is_asked_and_used_again(
    postgres_scratch: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_REST_SECONDS", 0.0)
    database = Database(postgres_scratch)
    try:
        assert len({await backend(database) for _ in range(3)}) == 1
    finally:
        await database.close()


async def backend(database: Database) -> int:
    async with database.transaction() as session:
        return int(str(await session.scalar(select(func.pg_backend_pid()))))
