"""Loops over data that do not query once per row, beside the ones that only look like them."""

from __future__ import annotations

import textwrap

import pytest

from tests.rules.projects import ORDERS, REPOSITORY, SERVICE, expected, places

METHODS: dict[str, str] = {
    "a buffer is written when it is full": """\
        async def a(self, rows):
            buffer, count = [], 0
            for row in rows:
                buffer.append(row)
                if len(buffer) >= 500:
                    await self._orders.create_many(buffer)
                    buffer.clear()
            for n, row in enumerate(rows):
                if n % 500 == 499:
                    await self._flush(buffer)
            for row in rows:
                count += 1
                if count >= 500:
                    await self._flush(buffer)
                    count = 0
        async def _flush(self, buffer):
            await self._orders.create_many(buffer)
    """,
    "a condition on the row itself is no batch": """\
        async def a(self, rows):
            buffer = []
            for n, row in enumerate(rows):
                buffer.append(row)
                if row.number % 2 == 0:
                    await self._orders.delete(row.id)  # error: ARC201
                if len(row.lines) > 3:
                    await self._orders.delete(row.id)  # error: ARC201
                if n > 3:
                    await self._orders.delete(row.id)  # error: ARC201
                if len(buffer) > 100:
                    for each in buffer:
                        await self._orders.delete(each.id)  # error: ARC201
    """,
    "every member of a group is asked for at once": """\
        async def a(self, rows):
            for part in self.parts(rows):
                await self._orders.find_many({"id": {"in": [each.id for each in part]}})
            for part in self.parts(rows):
                ids = {each.id for each in part}
                await self._orders.find_many({"id": {"in": ids}})
            for kind, group in self.groups(rows):
                await self._orders.create_many(list(group))
    """,
    "a bulk call for one row, and one for the children of a row, are not groups": """\
        async def a(self, rows):
            for row in rows:
                await self._orders.find_many({"id": {"in": [row]}})  # error: ARC201
            for row in rows:
                keys = [line.key for line in row.lines]
                await self._orders.find_many({"id": {"in": keys}})  # error: ARC201
            for row in rows:
                await self._ship(row)  # error: ARC201
        async def _ship(self, row):
            await self._orders.update_many({"id": row.id}, {"status": "sent"})
    """,
    "a work list of batches": """\
        async def a(self, queue):
            while queue:
                batch = []
                while queue and len(batch) < 100:
                    batch.append(queue.popleft())
                await self._orders.create_many(batch)
        async def b(self, batches):
            while batches:
                batch = batches.pop()
                await self._orders.delete_many({"id": {"in": batch}})
    """,
    "what is loaded once and kept": """\
        async def a(self, rows):
            rates = None
            for row in rows:
                if rates is None:
                    rates = await self._orders.find_many({})
            for row in rows:
                await self._kept(), await self._early(), await self._named(), await self._either(), await self._stale()
        async def _kept(self):
            if not hasattr(self, "_cache"):
                self._cache = await self._orders.find_many({})
            return self._cache
        async def _early(self):
            if self._cache:
                return self._cache
            self._cache = await self._orders.find_many({})
            return self._cache
        async def _named(self):
            if self._cache is None:
                rows = await self._orders.find_many({})
                self._cache = {row.id: row for row in rows}
            return self._cache
        async def _either(self):
            self._cache = self._cache or await self._orders.find_many({})
            return self._cache
        async def _stale(self):
            if self._cache is None or self._age() > 60:
                self._cache = await self._orders.find_many({})
            return self._cache
    """,
    "what is loaded for each row and only looks kept": """\
        async def a(self, rows):
            current = None
            for row in rows:
                if row.owner is None:
                    row.owner = await self._orders.find_by_id(row.owner_id)  # error: ARC201
            for row in rows:
                owner = None
                if owner is None:
                    owner = await self._orders.find_by_id(row.owner_id)  # error: ARC201
            for row in rows:
                if current is None or current.id != row.owner_id:
                    current = await self._orders.find_by_id(row.owner_id)  # error: ARC201
            for row in rows:
                await self._last_of(row.owner_id)  # error: ARC201
            for row in rows:
                self._last = await self._orders.find_by_id(row.id)  # error: ARC201
            if not self._last:
                return
        async def _last_of(self, key):
            if self._last is None or self._last.id != key:
                self._last = await self._orders.find_by_id(key)
            return self._last
    """,
    "a poll, a stream of messages and pages from a generator": """\
        async def a(self, socket, consumer):
            async for _ in self._ticks():
                await self._orders.delete_many({"status": "draft"})
            async for message in socket.iter_json():
                await self._orders.create(message)
            async for message in consumer:
                await self._orders.create(message)
            async for rows in self._pages():
                await self._orders.count({"first": rows[0]})
        async def _ticks(self):
            while True:
                yield None
        async def _pages(self):
            while rows := await self._orders.find_many({}, limit=100):
                yield rows
    """,
    "an async loop over rows": """\
        async def a(self, ids):
            async for key in self._each(ids):
                await self._orders.delete(key)  # error: ARC201
        async def _each(self, ids):
            for key in ids:
                yield key
    """,
    "collections that are written down": """\
        async def a(self, settings):
            for kind in [kind for kind in KINDS if kind]:
                await self._orders.count({"kind": kind})
            for day in [number * 2 for number in range(7)]:
                await self._orders.count({"day": day})
            for kind in "draft paid".split():
                await self._orders.count({"kind": kind})
            for kind in itertools.chain(KINDS, ("other",)):
                await self._orders.count({"kind": kind})
            for one, other in itertools.product(KINDS, KINDS):
                await self._orders.count({one: other})
            for field in dataclasses.fields(Row):
                await self._orders.count({field.name: 1})
            for kind in typing.get_args(Kind):
                await self._orders.count({"kind": kind})
            for kind in type(self).OWN:
                await self._orders.count({"kind": kind})
            for kind in settings.KINDS:
                await self._orders.count({"kind": kind})
            for day in calendar.day_name:
                await self._orders.count({"day": day})
        OWN = ("a", "b")
    """,
    "collections that only pass through the standard library": """\
        async def a(self, ids):
            for key in itertools.chain(ids, ("other",)):
                await self._orders.find_by_id(key)  # error: ARC201
            for key in itertools.islice(ids, None):
                await self._orders.find_by_id(key)  # error: ARC201
            for (key,) in itertools.batched(ids, 1):
                await self._orders.find_by_id(key)  # error: ARC201
            for key in [key for key in ids if key]:
                await self._orders.find_by_id(key)  # error: ARC201
            for line in sys.stdin:
                await self._orders.create({"note": line})  # error: ARC201
    """,
    "a while loop that draws from a list or an iterator": """\
        async def a(self, queue):
            while True:
                if not queue:
                    break
                await self._orders.delete(queue.pop())  # error: ARC201
        async def b(self, ids):
            rest = iter(ids)
            while (key := next(rest, None)) is not None:
                await self._orders.delete(key)  # error: ARC201
        async def c(self):
            while True:
                rows = await self._orders.find_many({}, limit=100)
                if not rows:
                    return
                rows.pop()
    """,
    "task groups, executors and thread pools": """\
        async def a(self, ids, group, loop, pool):
            for key in ids:
                group.start_soon(self._orders.delete, key)  # error: ARC201
                loop.run_in_executor(None, self._one, key)  # error: ARC201
                group.start_soon(print, key)
                pool.submit("a word", key)
            for kind in ("a", "b"):
                group.start_soon(self._orders.count, kind)
        def _one(self, key):
            return self._orders.find_by_id(key)
    """,
    "map, starmap and partial of a helper": """\
        async def a(self, ids, pairs):
            look = functools.partial(self._fetch, self._orders)
            await asyncio.gather(*map(look, ids))  # error: ARC201
            await asyncio.gather(*itertools.starmap(self._orders.update, pairs))  # error: ARC201
            await each(self._orders.find_by_id, ids)  # error: ARC201
        @staticmethod
        async def _fetch(rows, key):
            return await rows.find_by_id(key)
    """,
    "a turn that waits until enough has gathered": """\
        async def a(self, rows):
            buffer = []
            for row in rows:
                buffer.append(row)
                if len(buffer) < 500:
                    continue
                await self._orders.create_many(buffer)
                buffer.clear()
            for row in rows:
                if len(row.lines) < 3:
                    continue
                await self._orders.delete(row.id)  # error: ARC201
    """,
    "lists of lists are groups, lists of pairs are rows": """\
        async def a(self, groups: list[list[str]], pairs: list[tuple[str, str]]):
            for group in groups:
                await self._all_of(group)
            for pair in pairs:
                await self._all_of(pair)  # error: ARC201
        async def _all_of(self, keys):
            return await self._orders.find_many({"id": {"in": list(keys)}})
    """,
    "what a function lists, and what a parameter lists by default": """\
        async def a(self, kinds=("draft", "paid")):
            for kind in kinds:
                await self._orders.count({"kind": kind})
            for user in self._users():
                await self._orders.create(user)
            for user in self._loaded(kinds):
                await self._orders.create(user)  # error: ARC201
        def _users(self):
            return [{"name": "admin"}, {"name": "guest"}]
        def _loaded(self, names):
            return [{"name": name} for name in names]
    """,
    "an attribute that is filled once, however long it takes": """\
        async def a(self, rows):
            for row in rows:
                await self._names()
        async def _names(self):
            if self._known is None:
                names = {}
                for row in await self._orders.find_many({}):
                    names[row.id] = row.name
                self._known = names
            return self._known
    """,
    "a job that is put into a queue runs on its own": """\
        async def a(self, ids, tasks):
            for key in ids:
                tasks.add_task(self._orders.delete, key)
    """,
    "names given in one assignment": """\
        async def a(self, ids):
            rows, wanted = self._orders, ("a", "b")
            for key in ids:
                await rows.find_by_id(key)  # error: ARC201
            for key in wanted:
                await rows.find_by_id(key)
    """,
}
_IMPORTS = "import asyncio, calendar, dataclasses, functools, itertools, sys, typing\nKINDS = ('draft', 'paid')\n"
_EACH = "async def each(work, items):\n    return await asyncio.gather(*map(work, items))\n"


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in METHODS.items()])
def test_a_loop_is_judged_by_how_often_it_queries(text: str) -> None:
    methods = textwrap.indent(textwrap.dedent(text), "    ")
    files = {SERVICE: f"{_IMPORTS}{ORDERS}{methods}{_EACH}"}
    assert places(files, "ARC201") == expected(files)


def test_a_repository_is_judged_on_its_own_sessions_too() -> None:
    files = {
        REPOSITORY: """\
from sqlalchemy import insert, select
from shop.kernel.repository_sql import SqlRepository

class OrdersRepository(SqlRepository):
    async def store(self, rows):
        async with self.database.session() as session:
            for row in rows:
                await session.execute(insert(object), row)  # error: ARC201
        async with self.transaction() as session:
            for n, row in enumerate(rows):
                session.add(row)
                if n % 1000 == 0:
                    await session.flush()
            result = await session.stream(select(object))
            async for part in result.partitions(100):
                await session.execute(insert(object), part)
            async for row in await session.stream(select(object)):
                await session.execute(insert(object), row)  # error: ARC201
"""
    }
    assert places(files, "ARC201") == expected(files)


def test_a_migration_may_walk_rows() -> None:
    files = {
        "src/shop/revisions/0001.py": """\
import sqlalchemy as sa
from alembic import op
from sqlalchemy.orm import Session

def upgrade():
    session = Session(bind=op.get_bind())
    for row in session.scalars(sa.select(object)):
        session.execute(sa.update(object).where(row.id))
"""
    }
    assert places(files, "ARC201") == []
