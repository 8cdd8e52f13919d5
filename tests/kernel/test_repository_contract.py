"""What every implementation of RepositoryAdapter promises, on memory, SQLite, PostgreSQL and MariaDB alike."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from kernel.errors import (
    ConflictError,
    FilterError,
    PreconditionFailedError,
    StaleError,
    UnknownFieldError,
    ValidationError,
)
from kernel.repository import ALL
from kernel.rows import revision_of
from tests.kernel.samples import Article, Colour

if TYPE_CHECKING:
    from tests.kernel.backends import Shop

pytestmark = pytest.mark.anyio

OWNER = UUID("0192a3b4-c5d6-7e8f-9a0b-1c2d3e4f5a6b")
NOON = datetime(2026, 5, 1, 12, 0, 0, 654321, tzinfo=UTC)

ROWS: tuple[dict[str, object], ...] = (
    {"code": "a", "title": "Apple", "price": "1.50", "stock": 3, "colour": "red", "sold_at": NOON, "live": True},
    {"code": "B", "title": "apple pie", "price": "10", "stock": 0, "colour": None, "owner": OWNER, "weight": 1.5},
    {"code": "c", "title": "50% off_now", "price": None, "stock": -2, "colour": "green", "note": "Ünïcode ÉTÉ"},
    {"code": "D", "title": "[set]* ?x", "price": "-3.25", "stock": 7, "note": "back\\slash", "day": date(2026, 2, 3)},
    {"code": "é", "title": "zebra ", "price": "999999999.99", "stock": 7, "note": "", "picture": b"\x00\xff"},
)

FILTERS: tuple[tuple[str, dict[str, object], str], ...] = (
    ("no filter answers every row", {}, "B D a c é"),
    ("a plain value means equality", {"code": "a"}, "a"),
    ("equality of text respects case", {"code": "A"}, ""),
    ("equality of text respects trailing spaces", {"title": "zebra"}, ""),
    ("equality of text respects accents", {"code": "e"}, ""),
    ("None finds nulls", {"price": None}, "c"),
    ("eq None finds nulls", {"price": {"eq": None}}, "c"),
    ("ne None finds the others", {"price": {"ne": None}}, "B D a é"),
    ("is_null true finds nulls", {"note": {"is_null": True}}, "B a"),
    ("is_null false finds the others", {"note": {"is_null": False}}, "D c é"),
    ("ne leaves nulls out", {"price": {"ne": Decimal("1.50")}}, "B D é"),
    ("ne on an enumeration", {"colour": {"ne": "red"}}, "c"),
    ("in finds listed values", {"code": {"in": ["a", "c", "x"]}}, "a c"),
    ("an empty in matches nothing", {"code": {"in": []}}, ""),
    ("not_in leaves nulls out", {"colour": {"not_in": ["green"]}}, "D a é"),
    ("an empty not_in matches everything", {"colour": {"not_in": []}}, "B D a c é"),
    ("decimals compare exactly", {"price": {"lt": Decimal("1.50")}}, "D"),
    ("lte includes the bound", {"price": {"lte": Decimal("1.50")}}, "D a"),
    ("gt compares as numbers, not as text", {"price": {"gt": 9}}, "B é"),
    ("gte and lt make a range", {"stock": {"gte": 0, "lt": 7}}, "B a"),
    ("between includes both ends", {"stock": {"between": [0, 7]}}, "B D a é"),
    ("floats compare", {"weight": {"gte": 1.5}}, "B"),
    ("booleans compare", {"live": True}, "a"),
    ("bytes compare", {"picture": b"\x00\xff"}, "é"),
    ("dates compare", {"day": {"lte": date(2026, 2, 3)}}, "D"),
    ("a date may be text", {"day": "2026-02-03"}, "D"),
    ("a moment compares in any zone", {"sold_at": NOON.astimezone(timezone(timedelta(hours=5)))}, "a"),
    ("a moment may be text", {"sold_at": "2026-05-01T14:00:00.654321+02:00"}, "a"),
    ("a UUID may be text", {"owner": str(OWNER).upper()}, "B"),
    ("an enumeration may be its member", {"colour": Colour.GREEN}, "c"),
    ("text orders by code point", {"code": {"gt": "Z"}}, "a c é"),
    ("like matches wildcards", {"title": {"like": "%p_e"}}, "B a"),
    ("like respects case", {"title": {"like": "APPLE%"}}, ""),
    ("like takes an escaped wildcard literally", {"title": {"like": "50\\%%"}}, "c"),
    ("ilike ignores case", {"title": {"ilike": "APPLE%"}}, "B a"),
    ("ilike ignores the case of accented letters", {"note": {"ilike": "ünÏCODE été"}}, "c"),
    ("contains respects case", {"title": {"contains": "pple p"}}, "B"),
    ("contains takes a percent sign literally", {"title": {"contains": "%"}}, "c"),
    ("contains takes an underscore literally", {"title": {"contains": "f_n"}}, "c"),
    ("contains takes a star literally", {"title": {"contains": "]* ?"}}, "D"),
    ("contains takes a bracket literally", {"title": {"contains": "[set"}}, "D"),
    ("contains takes a backslash literally", {"note": {"contains": "k\\s"}}, "D"),
    ("contains takes a slash literally", {"note": {"contains": "/"}}, ""),
    ("icontains ignores case", {"title": {"icontains": "APPLE"}}, "B a"),
    ("startswith respects case", {"title": {"startswith": "App"}}, "a"),
    ("startswith with nothing finds all text", {"note": {"startswith": ""}}, "D c é"),
    ("an empty text is not null", {"note": ""}, "é"),
    ("entries are joined by and", {"stock": 7, "note": ""}, "é"),
    ("or joins its filters", {"or": [{"code": "a"}, {"stock": {"lt": 0}}]}, "a c"),
    ("or is joined to the rest by and", {"stock": 7, "or": [{"code": "a"}, {"note": ""}]}, "é"),
    ("an empty or matches nothing", {"or": []}, ""),
    ("or can be nested", {"or": [{"or": [{"code": "a"}]}, {"price": None}]}, "a c"),
    ("text longer than the column matches nothing", {"code": "x" * 300}, ""),
)


@pytest.mark.parametrize(("filters", "codes"), [row[1:] for row in FILTERS], ids=[row[0] for row in FILTERS])
async def test_filters_find_the_same_rows(shop: Shop, filters: dict[str, object], codes: str) -> None:
    await shop.articles.create_many(ROWS)
    found = await shop.articles.find_many(filters)
    assert " ".join(sorted(row.code for row in found)) == codes
    assert await shop.articles.count(filters) == len(found)
    assert await shop.articles.exists(filters) is bool(found)


REFUSED: tuple[tuple[str, dict[str, object], type[Exception], str], ...] = (
    ("an unknown field", {"titel": "x"}, UnknownFieldError, "Article has no field 'titel'; did you mean 'title'?"),
    ("an unknown operator", {"title": {"contain": "x"}}, FilterError, "did you mean 'contains'?"),
    ("a null in a list", {"title": {"in": ["a", None]}}, FilterError, "say it with 'is_null'"),
    ("a null bound", {"stock": {"gt": None}}, FilterError, "say it with 'is_null'"),
    ("a text as a list", {"title": {"in": "abc"}}, FilterError, "takes a list"),
    ("one bound", {"stock": {"between": [1]}}, FilterError, "takes two values, not 1"),
    ("contains on a number", {"stock": {"contains": "1"}}, FilterError, "compares text with text"),
    ("a comparison of JSON", {"metadata_": {"eq": {}}}, FilterError, "holds JSON"),
    ("is_null without a boolean", {"note": {"is_null": "yes"}}, FilterError, "takes True or False"),
    ("or without a list", {"or": {"code": "a"}}, FilterError, "'or' takes a list of filters"),
    ("a text for a number", {"stock": "7"}, ValidationError, "stock: must be a whole number, not str"),
    ("a boolean for a number", {"stock": True}, ValidationError, "must be a whole number, not bool"),
    ("a number too large", {"stock": 2**31}, ValidationError, "must be between"),
    ("a float for a decimal", {"price": 1.5}, ValidationError, "must be an exact number"),
    ("too many decimal places", {"price": "1.555"}, ValidationError, "at most 2 decimal places"),
    ("a broken UUID", {"owner": "nobody"}, ValidationError, "owner: must be a UUID"),
    ("a foreign choice", {"colour": "pink"}, ValidationError, "must be one of: red, green, blue"),
    ("a naive moment", {"sold_at": datetime(2026, 1, 1)}, ValidationError, "must say its time zone"),  # noqa: DTZ001
    ("a broken moment", {"sold_at": "yesterday"}, ValidationError, "ISO 8601"),
    ("a NUL character", {"title": "a\x00"}, ValidationError, "NUL"),
)


@pytest.mark.parametrize(("filters", "error", "message"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
async def test_filters_refuse(shop: Shop, filters: dict[str, object], error: type[Exception], message: str) -> None:
    with pytest.raises(error) as caught:
        await shop.articles.find_many(filters)
    assert message in str(caught.value)


ORDERS: tuple[tuple[str, list[str], str], ...] = (
    ("text by code point", ["code"], "B D a c é"),
    ("text backwards", ["-code"], "é c a D B"),
    ("nulls last upwards", ["price"], "D a B é c"),
    ("nulls last downwards", ["-price"], "é B a D c"),
    ("two fields", ["-stock", "code"], "D é a B c"),
    ("an enumeration by its value", ["colour", "code"], "c D a é B"),
)


@pytest.mark.parametrize(("order_by", "codes"), [row[1:] for row in ORDERS], ids=[row[0] for row in ORDERS])
async def test_orders_are_the_same(shop: Shop, order_by: list[str], codes: str) -> None:
    await shop.articles.create_many(ROWS)
    found = await shop.articles.find_many(order_by=order_by)
    assert " ".join(row.code for row in found) == codes


@pytest.mark.parametrize(("order_by", "codes"), [row[1:] for row in ORDERS], ids=[row[0] for row in ORDERS])
async def test_cursors_visit_every_row_once(shop: Shop, order_by: list[str], codes: str) -> None:
    await shop.articles.create_many(ROWS)
    seen: list[str] = []
    after: str | None = None
    for _ in range(6):
        page = await shop.articles.find_page(limit=2, order_by=order_by, after=after)
        seen += [row.code for row in page.data]
        after = page.next
        if after is None:
            break
    assert " ".join(seen) == codes


async def test_a_cursor_of_another_order_is_refused(shop: Shop) -> None:
    await shop.articles.create_many(ROWS)
    page = await shop.articles.find_page(limit=2, order_by=["code"])
    with pytest.raises(ValidationError, match="does not belong to this order"):
        await shop.articles.find_page(limit=2, order_by=["-code"], after=page.next)
    with pytest.raises(ValidationError, match="cannot be read"):
        await shop.articles.find_page(limit=2, after="rubbish")


async def test_ties_are_broken_by_the_identifier(shop: Shop) -> None:
    made = await shop.articles.create_many([{"code": str(number)} for number in range(5)])
    found = await shop.articles.find_many(order_by=["stock"])
    assert [row.id for row in found] == sorted(row.id for row in made)


async def test_an_unknown_order_is_refused(shop: Shop) -> None:
    with pytest.raises(UnknownFieldError, match="no field 'created'; did you mean 'created_at'"):
        await shop.articles.find_many(order_by=["-created"])
    with pytest.raises(FilterError, match="order_by is a list"):
        await shop.articles.find_many(order_by="code")
    with pytest.raises(FilterError, match="has no order"):
        await shop.articles.find_many(order_by=["metadata_"])


async def test_what_is_stored_comes_back_equal(shop: Shop) -> None:
    values: dict[str, object] = {
        "code": "x",
        "title": "naïve 日本 🎉",
        "body": "long" * 20000,
        "price": Decimal("12345678.90"),
        "weight": 0.1,
        "sold_at": NOON,
        "day": date(2024, 2, 29),
        "owner": OWNER,
        "picture": bytes(range(256)),
        "metadata_": {"a": [1, None, {"b": "ü"}]},
    }
    made = await shop.articles.create(values)
    found = await shop.articles.find_by_id(made.id)
    assert found is not None
    for row in (made, found):
        assert {name: getattr(row, name) for name in values} == values
        assert (row.colour, row.stock, row.live, row.note) == (Colour.RED, 0, False, None)
        assert row.created_at == row.updated_at == shop.clock.now()
        assert (row.version, row.deleted_at) == (1, None)
        assert str(row.price) == "12345678.90"
        assert row.created_at.tzinfo is UTC


REFUSED_VALUES: tuple[tuple[str, dict[str, object], dict[str, str]], ...] = (
    ("a required field left out", {"title": "x"}, {"code": "is required"}),
    ("null where it may not be", {"code": None}, {"code": "must not be null"}),
    ("text that is too long", {"code": "x" * 256}, {"code": "must have at most 255 characters"}),
    (
        "every wrong field at once",
        {"code": 1, "stock": 2.5},
        {"code": "must be text, not int", "stock": "must be a whole"},
    ),
    ("rounding", {"code": "x", "price": "0.001"}, {"price": "must have at most 2 decimal places"}),
    ("an overflow", {"code": "x", "price": "10000000000"}, {"price": "at most 10 digits before"}),
    ("not a number", {"code": "x", "price": "NaN"}, {"price": "not a number that can be stored"}),
    ("infinity", {"code": "x", "weight": float("inf")}, {"weight": "finite"}),
)


@pytest.mark.parametrize(
    ("values", "told"), [row[1:] for row in REFUSED_VALUES], ids=[row[0] for row in REFUSED_VALUES]
)
async def test_create_refuses(shop: Shop, values: dict[str, object], told: dict[str, str]) -> None:
    with pytest.raises(ValidationError) as caught:
        await shop.articles.create(values)
    assert caught.value.fields.keys() == told.keys()
    assert all(message in caught.value.fields[name] for name, message in told.items())
    assert await shop.articles.count() == 0


async def test_undeclared_fields_are_refused_never_dropped(shop: Shop) -> None:
    made = await shop.articles.create({"code": "x"})
    for attempt in (
        shop.articles.create({"code": "y", "stok": 1}),
        shop.articles.update(made.id, {"stok": 1}),
        shop.articles.update_many({"code": "x"}, {"stok": 1}),
        shop.articles.delete_many({"stok": 1}),
        shop.articles.increment(made.id, "stok"),
        shop.articles.compare_and_set(made.id, {"stok": 0}, {"stock": 1}),
        shop.articles.compare_and_set(made.id, {"stock": 0}, {"stok": 1}),
    ):
        with pytest.raises(UnknownFieldError, match="Article has no field 'stok'; did you mean 'stock'"):
            await attempt


async def test_unique_values_conflict(shop: Shop) -> None:
    await shop.articles.create({"code": "x", "shelf": "s", "place": 1})
    with pytest.raises(ConflictError, match="code is already taken") as caught:
        await shop.articles.create({"code": "x"})
    assert caught.value.fields == {"code": "is already taken"}
    with pytest.raises(ConflictError) as both:
        await shop.articles.create({"code": "y", "shelf": "s", "place": 1})
    assert set(both.value.fields) == {"shelf", "place"}
    await shop.articles.create({"code": "X", "shelf": "s", "place": None})
    await shop.articles.create({"code": "z", "shelf": "s", "place": None})
    assert await shop.articles.count() == 3


async def test_create_many_stores_all_or_none(shop: Shop) -> None:
    with pytest.raises(ConflictError):
        await shop.articles.create_many([{"code": "x"}, {"code": "y"}, {"code": "x"}])
    assert await shop.articles.count() == 0
    assert await shop.articles.create_many([]) == ()


async def test_what_is_returned_is_a_snapshot(shop: Shop) -> None:
    made = await shop.articles.create({"code": "x", "metadata_": {"a": []}})
    async with shop.work.transaction():
        found = await shop.articles.find_by_id(made.id)
        assert found is not None
        found.title = "changed"
        assert found.metadata_ is not None
        found.metadata_["b"] = 1
        made.title = "changed"
    again = await shop.articles.find_by_id(made.id)
    assert again is not None
    assert (again.title, again.metadata_) == ("untitled", {"a": []})


async def test_update_changes_the_row_and_its_time(shop: Shop) -> None:
    made = await shop.articles.create({"code": "x"})
    later = shop.clock.advance(timedelta(minutes=5))
    changed = await shop.articles.update(made.id, {"title": "new", "colour": None})
    assert changed is not None
    assert (changed.title, changed.colour, changed.version) == ("new", None, 2)
    assert (changed.created_at, changed.updated_at) == (made.created_at, later)
    assert await shop.articles.update(uuid4(), {"title": "new"}) is None


async def test_an_update_with_the_same_values_still_finds_the_row(shop: Shop) -> None:
    made = await shop.lines.create({"article_id": (await shop.articles.create({"code": "x"})).id, "text": "same"})
    assert await shop.lines.update(made.id, {"text": "same"}) is not None
    assert await shop.lines.update_many({"text": "same"}, {"text": "same"}) == 1


async def test_an_update_without_values_changes_nothing(shop: Shop) -> None:
    made = await shop.articles.create({"code": "x"})
    shop.clock.advance(timedelta(minutes=5))
    same = await shop.articles.update(made.id, {})
    assert same is not None
    assert (same.updated_at, same.version) == (made.updated_at, 1)


async def test_the_identifier_never_changes(shop: Shop) -> None:
    made = await shop.articles.create({"code": "x"})
    with pytest.raises(ValidationError, match="never changes"):
        await shop.articles.update(made.id, {"id": uuid4()})


async def test_an_update_can_insist_on_the_version_it_read(shop: Shop) -> None:
    made = await shop.articles.create({"code": "x"})
    assert await shop.articles.update(made.id, {"title": "one"}, expected_version=1) is not None
    with pytest.raises(StaleError, match="was changed by somebody else"):
        await shop.articles.update(made.id, {"title": "two"}, expected_version=1)
    found = await shop.articles.find_by_id(made.id)
    assert found is not None
    assert (found.title, found.version) == ("one", 2)
    assert await shop.articles.update(uuid4(), {"title": "two"}, expected_version=1) is None


async def test_a_change_can_insist_on_what_the_caller_has_seen(shop: Shop) -> None:
    made = await shop.articles.create({"code": "x"})
    first = revision_of(made)
    assert first == "1", "a version says more than a time"
    by_time = made.updated_at.isoformat()
    shop.clock.advance(timedelta(seconds=1))
    changed = await shop.articles.update(made.id, {"title": "one"}, seen=[first])
    assert changed is not None
    assert revision_of(changed) == "2"
    for missed in ([first], [by_time], [], ["junk", "2026-03-01T00:00:00", ""]):
        for values in ({"title": "two"}, {}):
            with pytest.raises(PreconditionFailedError, match="was changed by somebody else"):
                await shop.articles.update(made.id, values, seen=missed)
        with pytest.raises(PreconditionFailedError, match="was changed by somebody else"):
            await shop.articles.delete(made.id, seen=missed)
    assert await shop.articles.update(made.id, {}, seen=["9", "2"]) is not None
    assert await shop.articles.update(made.id, {"title": "two"}, seen=[changed.updated_at.isoformat()]) is not None
    assert await shop.articles.update(uuid4(), {"title": "two"}, seen=["1"]) is None
    assert await shop.articles.delete(uuid4(), seen=["1"]) is False
    assert await shop.articles.delete(made.id, seen=["3"]) is True
    with pytest.raises(FilterError, match="Line has neither version nor updated_at, so nobody can insist on one"):
        await shop.lines.update(uuid4(), {"text": "a"}, seen=["1"])


async def test_bulk_writes_touch_what_matches_and_count_it(shop: Shop) -> None:
    await shop.articles.create_many(ROWS)
    later = shop.clock.advance(timedelta(minutes=5))
    assert await shop.articles.update_many({"stock": 7}, {"title": "seven"}) == 2
    changed = await shop.articles.find_many({"title": "seven"})
    assert {(row.updated_at, row.version) for row in changed} == {(later, 2)}
    assert await shop.articles.delete_many({"stock": 7}) == 2
    assert await shop.articles.update_many({"stock": 7}, {"title": "again"}) == 0
    assert await shop.articles.delete_many(ALL) == 3
    assert await shop.articles.count() == 0


async def test_a_bulk_write_without_a_filter_must_be_meant(shop: Shop) -> None:
    with pytest.raises(FilterError, match="touch every Article; pass ALL"):
        await shop.articles.update_many({}, {"title": "x"})
    with pytest.raises(FilterError, match="touch every Article; pass ALL"):
        await shop.articles.delete_many({})


async def test_a_deleted_row_is_marked_and_out_of_sight(shop: Shop) -> None:
    made = await shop.articles.create({"code": "x"})
    assert await shop.articles.delete(made.id) is True
    assert await shop.articles.delete(made.id) is False
    assert await shop.articles.find_by_id(made.id) is None
    assert await shop.articles.find_one({"code": "x"}) is None
    assert await shop.articles.count() == 0
    assert (await shop.articles.paginate()).total == 0
    assert await shop.articles.update(made.id, {"title": "y"}) is None
    assert await shop.articles.increment(made.id, "stock") is None
    assert await shop.articles.compare_and_set(made.id, {"stock": 0}, {"stock": 1}) is False
    (marked,) = await shop.articles.find_many(with_deleted=True)
    assert marked.deleted_at == shop.clock.now()


async def test_without_the_mark_a_row_is_removed(shop: Shop) -> None:
    article = await shop.articles.create({"code": "x"})
    line = await shop.lines.create({"article_id": article.id, "text": "t"})
    assert await shop.lines.delete(line.id) is True
    assert await shop.lines.find_many(with_deleted=True) == ()


async def test_pages_count_what_matches(shop: Shop) -> None:
    await shop.articles.create_many(ROWS)
    page = await shop.articles.paginate({"stock": {"gte": 0}}, page=2, limit=3, order_by=["code"])
    assert ([row.code for row in page.data], page.total, page.page, page.limit) == (["é"], 4, 2, 3)
    assert page.total_pages == 2
    uncounted = await shop.articles.paginate(limit=2, total=False)
    assert (len(uncounted.data), uncounted.total, uncounted.total_pages) == (2, None, None)
    assert (await shop.articles.paginate(page=9)).data == ()


async def test_a_list_has_a_limit_unless_all_is_asked_for(shop: Shop) -> None:
    await shop.articles.create_many([{"code": str(number)} for number in range(120)])
    assert len(await shop.articles.find_many()) == 100
    assert len(await shop.articles.find_many(limit=ALL)) == 120
    assert len(await shop.articles.find_many(limit=ALL, offset=110)) == 10
    for limit, offset in ((0, 0), (-1, 0), (10, -1)):
        with pytest.raises(FilterError, match="a limit is at least 1"):
            await shop.articles.find_many(limit=limit, offset=offset)


async def test_increments_add_in_the_database(shop: Shop) -> None:
    made = await shop.articles.create({"code": "x", "price": "1.10"})
    assert (await _incremented(shop, made.id, "stock", 5)).stock == 5
    assert (await _incremented(shop, made.id, "stock", -7)).stock == -2
    assert (await _incremented(shop, made.id, "price", 2)).price == Decimal("3.10")
    with pytest.raises(FilterError, match="is not a number"):
        await shop.articles.increment(made.id, "title")


async def _incremented(shop: Shop, key: UUID, field: str, by: int) -> Article:
    changed = await shop.articles.increment(key, field, by)
    assert changed is not None
    return changed


async def test_compare_and_set_wins_once(shop: Shop) -> None:
    made = await shop.articles.create({"code": "x"})
    assert await shop.articles.compare_and_set(made.id, {"owner": None}, {"owner": OWNER}) is True
    assert await shop.articles.compare_and_set(made.id, {"owner": None}, {"owner": uuid4()}) is False
    found = await shop.articles.find_by_id(made.id)
    assert found is not None
    assert found.owner == OWNER
