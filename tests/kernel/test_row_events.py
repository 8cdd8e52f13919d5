"""Every row that a repository writes is told of, once, by its id, in the transaction that writes it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from kernel import repository_sql
from kernel.app import Kernel
from kernel.bus import EventBus, use_events
from kernel.errors import ConflictError
from kernel.filters import ALL
from kernel.row_events import use_row_events
from kernel.settings import KernelSettings
from kernel.testing import count_statements

if TYPE_CHECKING:
    from kernel.events import Event
    from kernel.row_changes import RowChange
    from tests.kernel.backends import Shop

pytestmark = pytest.mark.anyio


def listening(shop: Shop) -> list[tuple[str, str, dict[str, Any]]]:
    assert shop.database is not None
    kernel = Kernel(KernelSettings.for_tests(), database=shop.database)
    use_row_events(kernel)
    use_events(kernel)
    told: list[tuple[str, str, dict[str, Any]]] = []

    async def hear(event: Event) -> None:
        assert event.source == event.type.partition(".")[0]
        told.append((event.type, event.key, dict(event.data)))

    kernel.resolve(EventBus).on("*", hear)
    return told


async def test_one_row_at_a_time(sql_only: Shop) -> None:
    articles = sql_only.articles
    before = await articles.create({"code": "untold"})
    told = listening(sql_only)
    key = (await articles.create({"code": "a", "note": "a secret"})).id
    await articles.update(key, {"title": "changed", "note": "another secret"})
    await articles.update(key, {})
    await articles.increment(key, "stock", 2)
    assert await articles.compare_and_set(key, {"stock": 2}, {"live": True})
    assert not await articles.compare_and_set(key, {"stock": 9}, {"live": False})
    assert await articles.delete(key)
    assert not await articles.delete(key)
    assert await articles.update(key, {"title": "gone"}) is None
    assert await articles.increment(key, "stock") is None
    data = {"id": str(key)}
    assert told == [
        ("articles.created", str(key), data),
        ("articles.updated", str(key), data | {"changed": ["note", "title"]}),
        ("articles.updated", str(key), data | {"changed": ["stock"]}),
        ("articles.updated", str(key), data | {"changed": ["live"]}),
        ("articles.deleted", str(key), data),
    ]
    assert await articles.find_by_id(before.id)


async def test_many_rows_are_told_of_one_by_one(sql_only: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repository_sql, "_WATCHED_AT_ONCE", 2)
    articles, lines = sql_only.articles, sql_only.lines
    told = listening(sql_only)
    made = await articles.create_many([{"code": f"{number}"} for number in range(5)])
    assert await articles.update_many({"code": {"in": ["0", "1", "2"]}}, {"shelf": "s"}) == 3
    assert await articles.update_many({"shelf": "s"}, {"shelf": None}) == 3
    assert await articles.update_many({"code": "nobody"}, {"shelf": "s"}) == 0
    keys = [str(row.id) for row in made]
    assert [(name, key) for name, key, _ in told[:5]] == [("articles.created", key) for key in keys]
    assert sorted(key for name, key, data in told[5:] if data["changed"] == ["shelf"]) == sorted(keys[:3] * 2)
    told.clear()
    await lines.create_many([{"article_id": made[0].id, "text": "t"} for _ in range(3)])
    assert await lines.delete_many(ALL) == 3
    assert await articles.delete_many(ALL) == 5
    assert [name for name, _, _ in told] == [*["lines.created"] * 3, *["lines.deleted"] * 3, *["articles.deleted"] * 5]
    assert {key for name, key, _ in told if name == "articles.deleted"} == set(keys)


async def test_what_was_refused_is_not_told(sql_only: Shop) -> None:
    told = listening(sql_only)
    await sql_only.articles.create({"code": "taken"})
    with pytest.raises(ConflictError):
        await sql_only.articles.create({"code": "taken"})
    assert [name for name, _, _ in told] == ["articles.created"]


async def test_whoever_listens_writes_in_the_same_transaction(sql_only: Shop) -> None:
    assert sql_only.database is not None

    async def note(change: RowChange) -> None:
        if change.table == "articles":
            await sql_only.lines.create({"article_id": change.key, "text": change.action})

    sql_only.database.watcher = note
    with pytest.raises(RuntimeError, match="sold out"):
        async with sql_only.work.transaction():
            await sql_only.articles.create({"code": "a"})
            assert await sql_only.lines.count() == 1
            raise RuntimeError("sold out")
    assert (await sql_only.lines.count(), await sql_only.articles.count()) == (0, 0)


async def test_statements_are_counted_without_those_of_whoever_is_told(sql_only: Shop) -> None:
    assert sql_only.database is not None
    told = listening(sql_only)
    with count_statements(sql_only.database) as sent:
        await sql_only.articles.create({"code": "a"})
    assert (sent.count, told) == (1, [])
    await sql_only.articles.create({"code": "b"})
    assert len(told) == 1


async def test_statements_of_a_task_that_runs_beside_a_block_are_not_counted(sql_only: Shop) -> None:
    database, asked, told = sql_only.database, asyncio.Event(), asyncio.Event()
    assert database is not None

    async def beside() -> None:
        await asked.wait()
        await sql_only.articles.count()
        told.set()

    async with asyncio.TaskGroup() as group:
        group.create_task(beside())
        with count_statements(database) as sent:
            asked.set()
            await told.wait()
            await sql_only.articles.count()
    assert sent.count == 1
