"""The promise that lets services be tested without a database: memory answers exactly what SQL answers."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kernel.clock import FixedClock
from kernel.database import Database
from kernel.fields import table_of
from kernel.repository import ALL
from tests.kernel.backends import START, ArticlesRepository, memory_shop
from tests.kernel.samples import Article, Colour

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Values = dict[str, object]
    Compare = Callable[[list[Values], list[Values], list[str]], None]

LETTERS = "aAbB %_\\*?[]éÉßΣσς\n/'\"🎉"
texts = st.text(LETTERS, max_size=4)
numbers = st.integers(-3, 3)
prices = st.decimals(-3, 3, places=2)
moments = st.datetimes(datetime(2026, 1, 1), datetime(2026, 1, 2), timezones=st.just(UTC))  # noqa: DTZ001  the strategy wants naive bounds
owners = st.sampled_from([UUID(int=number) for number in (1, 2, 2**127)])
days = st.dates(date(2026, 1, 1), date(2026, 1, 3))
colours = st.sampled_from(Colour)
VALUES: dict[str, st.SearchStrategy[object]] = {
    "title": texts,
    "note": texts,
    "price": prices,
    "stock": numbers,
    "weight": st.sampled_from([-1.5, 0.0, 0.1, 2.5]),
    "colour": colours,
    "live": st.booleans(),
    "sold_at": moments,
    "owner": owners,
    "day": days,
    "picture": st.binary(max_size=2),
}
REQUIRED = {"title", "stock", "live"}
rows = st.lists(
    st.fixed_dictionaries({name: v if name in REQUIRED else st.none() | v for name, v in VALUES.items()}), max_size=8
)


def condition(name: str) -> st.SearchStrategy[object]:
    value = VALUES[name]
    choices: list[st.SearchStrategy[object]] = [
        st.none(),
        value,
        st.builds(lambda op, v: {op: v}, st.sampled_from(["eq", "ne", "lt", "lte", "gt", "gte"]), value),
        st.builds(lambda op, v: {op: v}, st.sampled_from(["in", "not_in"]), st.lists(value, max_size=3)),
        st.builds(lambda v: {"between": v}, st.tuples(value, value)),
        st.builds(lambda op, v: {op: v}, st.just("is_null"), st.booleans()),
    ]
    if value is texts:
        operators = st.sampled_from(["like", "ilike", "contains", "icontains", "startswith"])
        choices += [st.builds(lambda op, v: {op: v}, operators, value)] * 3
    return st.one_of(choices)


names = st.sampled_from(sorted(VALUES))
simple = st.lists(names, max_size=2, unique=True).flatmap(
    lambda chosen: st.fixed_dictionaries({name: condition(name) for name in chosen})
)
filters = st.recursive(
    simple, lambda inner: st.builds(lambda base, some: {**base, "or": some}, simple, st.lists(inner, max_size=3))
)
orders = st.lists(st.builds(lambda sign, name: sign + name, st.sampled_from(["", "-"]), names), max_size=2)


@pytest.fixture(scope="module")
def run() -> Iterator[Compare]:
    """One event loop and one database for all examples: making them anew would take most of the time."""
    database = Database("sqlite://", clock=FixedClock(START))
    with asyncio.Runner() as runner:
        runner.run(database.create_tables())
        yield lambda *example: runner.run(_compare(database, *example))
        runner.run(database.close())


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows, st.lists(filters, min_size=1, max_size=4), orders)
def test_memory_answers_what_sqlite_answers(
    run: Compare, stored: list[Values], asked: list[Values], order_by: list[str]
) -> None:
    run(stored, asked, order_by)


async def _compare(database: Database, stored: list[Values], asked: list[Values], order_by: list[str]) -> None:
    memory = memory_shop().articles
    articles = ArticlesRepository(database)
    async with database.transaction() as session:
        await session.execute(table_of(Article).delete())
    made = [{**row, "code": str(number), "id": UUID(int=number)} for number, row in enumerate(stored)]
    await memory.create_many(made)
    await articles.create_many(made)
    for filter_ in asked:
        expected = await articles.find_many(filter_, order_by=order_by, limit=ALL)
        found = await memory.find_many(filter_, order_by=order_by, limit=ALL)
        assert [_content(row) for row in found] == [_content(row) for row in expected]
        assert await memory.count(filter_) == await articles.count(filter_) == len(found)
        page = await articles.find_page(filter_, order_by=order_by, limit=2)
        assert page.next == (await memory.find_page(filter_, order_by=order_by, limit=2)).next


def _content(row: Article) -> Values:
    return {name: getattr(row, name) for name in ("code", *VALUES)}
