"""ARC201: a query for every row."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from arckode_analyzers.facts.shapes import root_of
from arckode_analyzers.model.bulk_calls import in_one_call
from arckode_analyzers.model.calls import mapped_over
from arckode_analyzers.model.exemptions import is_exempt
from arckode_analyzers.model.iteration import Iteration
from arckode_analyzers.model.single_rows import single_rows
from arckode_analyzers.model.trace import trace
from arckode_analyzers.rule import Example, Rule, Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.calls import CallAt, Target
    from arckode_analyzers.model.source import Source


def check(analysis: Analysis, source: Source) -> Iterator[Spot]:
    """Report each call that queries once per row, and each recursion that queries once per step."""
    if any(row.module.partition(".")[0] == "alembic" for row in source.facts.imports):
        return  # a migration runs once, and walks rows because it has to
    for call in (*analysis.calls(source), *analysis.implied(source)):
        for target in analysis.reached(call):
            spot = _in_loop(analysis, call, target) or _in_recursion(analysis, call, target)
            if spot is not None:
                yield spot
                break


def _in_loop(analysis: Analysis, call: CallAt, target: Target) -> Spot | None:
    if not analysis.effects.reaches(target):
        return None
    where = _repeating(analysis, call, target)
    if where is None:
        return None
    end = analysis.effects.end(target)
    how = f"`{end.label}`" if not target.symbol else f"`{target.label}`, which ends in `{end.label}`,"
    message = f"{how} runs once per turn of this {where.kind}"
    return _spot(analysis, call, target, message, (where.source, where.line))


class _Turn(NamedTuple):
    source: Source
    line: int
    kind: str


def _repeating(analysis: Analysis, call: CallAt, target: Target) -> _Turn | None:
    """Return the innermost loop over data around a call, or around the helper's call of what it was handed."""
    mapped = None if target.through is None else _mapped(analysis, target.through)
    if mapped is not None:
        return mapped
    for place in (call, *([target.through] if target.through is not None else [])):
        for at in reversed(place.record.loops):
            if analysis.loops.in_chunks(place.source, at):
                break  # a batch at a time is the remedy, also where it is done for several things
            if analysis.loops.over_data(place.source, at) and not is_exempt(analysis.effects, place, target, at):
                loop = place.source.facts.loops[at]
                return _Turn(place.source, loop.line, loop.kind)
    return None


def _mapped(analysis: Analysis, call: CallAt) -> _Turn | None:
    """Return the call of `map`, `filter` or a sort itself, when it runs over data."""
    callee, record = analysis.callee(call), call.record
    members = mapped_over(record, callee)
    if callee is None or not members:
        return None
    iteration = Iteration(analysis.graph, call.source, record.function)
    if all(iteration.is_data(shape) for shape in members):
        return _Turn(call.source, record.line, callee.last)
    return None


def _in_recursion(analysis: Analysis, call: CallAt, target: Target) -> Spot | None:
    """Report a function that looks one row up and then calls itself with something out of that row."""
    record = call.record
    if record.loops or not target.symbol or not analysis.cycles.joins(call.caller, target.symbol):
        return None
    rows = single_rows(analysis, call)
    given = (*record.args, *(shape for _, shape in record.keywords))
    if not any(root_of(shape) in rows for shape in given):
        return None
    again = "calls itself again" if target.symbol == call.caller else "leads back here"
    message = f"`{target.label}` queries once and {again}, so it queries once per level"
    return _spot(analysis, call, target, message, None)


def _spot(analysis: Analysis, call: CallAt, target: Target, message: str, loop: tuple[Source, int] | None) -> Spot:
    places = trace(analysis.effects, call, target)
    chain = tuple(dict.fromkeys((*([loop] if loop else []), *places)))
    record, hint = call.record, in_one_call(analysis.effects.end(target))
    return Spot(
        call.source, record.line, record.column, call.caller, message, callee=target.label, hint=hint, chain=chain
    )


_SERVICE = """\
from shop.kernel.repository import RepositoryAdapter
from shop.modules.orders.model import Order

class OrdersService:
    def __init__(self, orders: RepositoryAdapter[Order]) -> None:
        self._orders = orders

"""
RULE = Rule(
    code="ARC201",
    name="query-in-loop",
    severity="error",
    summary="A query or a write runs once per row.",
    why=(
        "Each turn waits for the database again: a list of 500 orders becomes 501 round trips, and nobody sees it with "
        "the three rows of a test. It is found wherever the query is: in the loop, in a helper the loop calls, or any "
        "number of calls further down in other files."
    ),
    hint="read or write all rows at once, before or after the loop",
    check=check,
    decides=(
        "Certain: queries of SQLAlchemy (sync, async, `session.query`), SQLModel, Flask-SQLAlchemy, advanced-alchemy, "
        "Django's managers, rows and relations, the kernel's repositories and the common drivers, through functions, "
        "methods, properties, `[]`, `in`, decorators, tables of functions, `map`, sort keys and recursion, wherever "
        "annotations, assignments, callers or what is handed over (a `select(...)`, a mapped class) tell the types. "
        "Silent: what a cache was asked for first, batches and groups, one key of a mapping, a session opened for the "
        "turn's own tenant, and loops over what the program itself is made of. Not decided: receivers nothing is known "
        "about, lazy relationships (ARC205), `all()` of Django's related rows, which may be prefetched, and jobs put "
        "into a queue."
    ),
    bad=(
        Example(
            "a look-up for each order",
            {
                "src/shop/modules/orders/service.py": _SERVICE
                + """\
    async def names(self, ids):
        found = []
        for key in ids:
            found.append(await self._orders.find_by_id(key))  # error: ARC201
        return found
"""
            },
        ),
        Example(
            "a write for each row, hidden two helpers and a file away",
            {
                "src/shop/modules/orders/service.py": _SERVICE
                + """\
    async def ship(self, orders):
        from shop.modules.orders.shipping import mark
        return [await mark(self._orders, order) for order in orders]  # error: ARC201
""",
                "src/shop/modules/orders/shipping.py": """\
from shop.modules.orders.storage import store

async def mark(rows, order):
    return await store(rows, order, {"status": "sent"})
""",
                "src/shop/modules/orders/storage.py": """\
async def store(rows, order, values):
    return await rows.update(order.id, values)
""",
            },
        ),
        Example(
            "gather hides no loop, nor does another name for the repository",
            {
                "src/shop/modules/orders/service.py": """\
import asyncio
from shop.kernel.repository import RepositoryAdapter as Rows

class Anything:
    def __init__(self, store: Rows["Order"]) -> None:
        self.store = store

    async def many(self, ids):
        look = self.store.find_one
        return await asyncio.gather(*(look({"id": key}) for key in ids))  # error: ARC201
"""
            },
        ),
        Example(
            "a set of keys already seen is not a cache",
            {
                "src/shop/modules/orders/service.py": _SERVICE
                + """\
    async def customers(self, orders):
        seen = set()
        for order in orders:
            if order.id not in seen:
                seen.add(order.id)
                yield await self._orders.find_by_id(order.parent_id)  # error: ARC201
"""
            },
        ),
        Example(
            "a generic helper runs what it is handed for every row",
            {
                "src/shop/modules/orders/service.py": _SERVICE
                + """\
    async def names(self, ids):
        from shop.each import each
        return await each(ids, self._orders.find_by_id)  # error: ARC201
""",
                "src/shop/each.py": """\
async def each(items, work):
    return [await work(item) for item in items]
""",
            },
        ),
        Example(
            "map is a loop too",
            {
                "src/shop/modules/orders/service.py": "import asyncio\n"
                + _SERVICE
                + """\
    async def names(self, ids):
        return await asyncio.gather(*map(self._orders.find_by_id, ids))  # error: ARC201
"""
            },
        ),
        Example(
            "a function that walks up a tree by calling itself",
            {
                "src/shop/modules/orders/service.py": _SERVICE
                + """\
    async def root(self, key):
        order = await self._orders.find_by_id(key)
        if order.parent_id is None:
            return order
        return await self.root(order.parent_id)  # error: ARC201
"""
            },
        ),
        Example(
            "a helper called chunks that gives one row at a time",
            {
                "src/shop/modules/orders/service.py": _SERVICE
                + """\
    async def close(self, orders):
        for order in chunks(orders, 100):
            await self._orders.update(order.id, {"status": "closed"})  # error: ARC201

def chunks(rows, size):
    for row in rows:
        yield row
"""
            },
        ),
        Example(
            "two functions that call each other, a property, brackets and a table of functions",
            {
                "src/shop/modules/orders/service.py": _SERVICE
                + """\
    async def path(self, key):
        order = await self._orders.find_by_id(key)
        return [order, *await self._above(order)]  # error: ARC201

    async def _above(self, order):
        return [] if order.parent_id is None else await self.path(order.parent_id)

    @property
    def open(self):
        return self._orders.count({"state": "open"})

    def __getitem__(self, key):
        return self._orders.find_by_id(key)

    async def report(self, keys, kinds, other: "OrdersService"):
        tables = {"one": self._orders.find_by_id, "length": len}
        for key in keys:
            await other.open  # error: ARC201
            await other[key]  # error: ARC201
            await tables[kinds[key]](key)  # error: ARC201
"""
            },
        ),
        Example(
            "an index counted by hand, a sort key, and a service of advanced-alchemy",
            {
                "app/cakes.py": """\
from advanced_alchemy.service import SQLAlchemyAsyncRepositoryService as Service
from sqlalchemy import select
from sqlalchemy.orm import Session

class Cakes(Service["Cake"]):
    async def restock(self, keys):
        for key in keys:
            await self.update({"stock": 10}, item_id=key)  # error: ARC201

def price(session: Session, key):
    return session.scalar(select(int).where(key))

def prices(session: Session, keys):
    index = 0
    while index < len(keys):
        price(session, keys[index])  # error: ARC201
        index += 1
    return sorted(keys, key=lambda key: price(session, key))  # error: ARC201
"""
            },
        ),
        Example(
            "rows of Django's querysets and relations, saved and counted one by one",
            {
                "shop/models.py": """\
from django.db import models

class Order(models.Model):
    def close(self):
        self.state = "closed"
        self.save()

class Line(models.Model):
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
""",
                "shop/work.py": """\
from shop.models import Order

def close(keys):
    for order in Order.objects.filter(pk__in=keys):
        order.close()  # error: ARC201
        order.lines.count()  # error: ARC201
""",
            },
        ),
        Example(
            "a session committed for every row, through a type alias",
            {
                "src/shop/modules/orders/repository.py": """\
from typing import Annotated
from fastapi import Depends
from sqlalchemy.ext.asyncio import AsyncSession as Anything

Db = Annotated[Anything, Depends(object)]

async def save(db: Db, rows):
    while rows:
        db.add(rows.pop())
        await db.commit()  # error: ARC201
"""
            },
        ),
    ),
    good=(
        Example(
            "one query before the loop, one in what the loop iterates",
            {
                "src/shop/modules/orders/service.py": _SERVICE
                + """\
    async def names(self, ids):
        by_id = {order.id: order for order in await self._orders.find_many({"id": {"in": ids}})}
        for order in await self._orders.find_many({"status": "paid"}):
            by_id[order.id] = order
        return [by_id[key] for key in ids]
"""
            },
        ),
        Example(
            "loops over literals, enums, chunks, pages, retries and polls",
            {
                "src/shop/modules/orders/service.py": """\
import asyncio
from enum import StrEnum
from itertools import batched, count
"""
                + _SERVICE
                + """\
    async def much(self, ids, pages):
        for status in ("draft", "paid"):
            await self._orders.count({"status": status})
        for status in OrderStatus:
            await self._orders.count({"status": status})
        for chunk in batched(ids, 500):
            await self._orders.delete_many({"id": {"in": chunk}})
        for chunk in slices(ids):
            await self._orders.find_many({"id": {"in": chunk}})
        for page in range(1, pages + 1):
            await self._orders.paginate({}, page=page, limit=100)
        for attempt in range(5):
            await self._orders.exists({"attempt": attempt})
        for pause in count():
            await self._orders.exists({"status": "paid"})
            await asyncio.sleep(pause)
        while not await self._orders.exists({"status": "paid"}):
            await asyncio.sleep(1)

def slices(rows):
    for start in range(0, len(rows), 100):
        yield rows[start : start + 100]

class OrderStatus(StrEnum):
    DRAFT = "draft"
"""
            },
        ),
        Example(
            "a look-up that is remembered, and one that ends the loop",
            {
                "src/shop/modules/orders/service.py": _SERVICE
                + """\
    async def names(self, orders):
        known = {}
        for order in orders:
            if order.parent_id not in known:
                known[order.parent_id] = await self._orders.find_by_id(order.parent_id)
        for order in orders:
            if order.is_late:
                return await self._orders.update(order.id, {"status": "late"})
"""
            },
        ),
        Example(
            "a buffer that is written when it is full, and what is loaded once and kept",
            {
                "src/shop/modules/orders/service.py": _SERVICE
                + """\
    async def load(self, rows):
        buffer = []
        for row in rows:
            buffer.append({**row, "rates": await self._rates()})
            if len(buffer) >= 500:
                await self._orders.create_many(buffer)
                buffer = []
        await self._orders.create_many(buffer)

    async def _rates(self):
        if self._kept is None:
            self._kept = await self._orders.find_many({"status": "paid"})
        return self._kept
"""
            },
        ),
        Example(
            "words in comments and strings, builders and session.add",
            {
                "src/shop/modules/orders/repository.py": """\
from sqlalchemy import select
from sqlalchemy.orm import Session

def save(session: Session, rows, wanted):
    query = select(object)
    for row in rows:
        # await self._orders.find_by_id(row)
        text = "session.execute(select(Order))"
        query = query.where(text)
        session.add(row)
    session.commit()
    return session.scalars(query)
"""
            },
        ),
        Example(
            "properties, brackets and tables that only read memory, and chunks counted by hand",
            {
                "src/shop/modules/orders/service.py": _SERVICE
                + """\
    @property
    def label(self):
        return str(self)

    def __getitem__(self, key):
        return self._known.get(key)

    async def report(self, keys, kinds, other: "OrdersService"):
        tables = {"upper": str.upper, "length": len}
        for key in keys:
            print(other.label, other[key], tables[kinds[key]](key))
        index = 0
        while index < len(keys):
            await self._orders.find_many({"id": {"in": keys[index : index + 100]}})
            index += 100
        for group in chunks(keys):
            rows = [key for key in group if key]
            await self._orders.create_many(rows)
        return sorted(keys, key=lambda key: other[key])

def chunks(keys) -> "list[list[str]]":
    return [keys]
"""
            },
        ),
        Example(
            "Django's querysets are lazy, and what is made of one is in memory",
            {
                "shop/work.py": """\
from django.db import models

class Order(models.Model):
    class Status(models.TextChoices):
        OPEN = "open"

def close(keys):
    seen = set(Order.objects.values_list("pk", flat=True))
    rows = [Order.objects.filter(pk=key).order_by("pk") for key in keys]
    for key in keys:
        seen.add(key)
    for state, _ in Order.Status.choices:
        Order.objects.filter(state=state).update(state="closed")
    return rows
"""
            },
        ),
        Example(
            "a class that happens to have a method called find_by_id",
            {
                "src/shop/modules/orders/service.py": """\
class Shelf:
    def __init__(self) -> None:
        self.items = {}

    def find_by_id(self, key):
        return self.items[key]

def names(shelf: Shelf, ids):
    return [shelf.find_by_id(key) for key in ids]
"""
            },
        ),
    ),
)
