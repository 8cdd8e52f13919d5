"""Ways to hide a query in a loop, and loops that only look like one."""

from __future__ import annotations

import pytest

from tests.rules.projects import REPOSITORY, SERVICE, expected, places

CASES: dict[str, dict[str, str]] = {
    "a query behind a port that a connector fills": {
        SERVICE: """\
from typing import Protocol
from shop.kernel.ports import Port
class Directory(Protocol):
    async def name(self, key): ...
class OrdersService:
    def __init__(self):
        self.customers: Port[Directory] = Port("x")
    async def names(self, ids):
        return [await self.customers.get().name(i) for i in ids]  # error: ARC201
""",
        "src/shop/connectors/oc.py": """\
from shop.kernel.app import Kernel
from shop.modules.orders.service import OrdersService
from shop.kernel.repository import SqlRepository
class OC:
    def __init__(self, k: Kernel): self._c = SqlRepository(k.database)
    async def name(self, key): return (await self._c.find_by_id(key)).name
def connect_oc(kernel: Kernel):
    orders = kernel.resolve(OrdersService)
    orders.customers.connect(OC(kernel))
""",
    },
    "a repository as a field of a dataclass": {
        SERVICE: """\
from dataclasses import dataclass
from shop.kernel.repository import RepositoryAdapter
@dataclass
class OrdersService:
    orders: RepositoryAdapter["Order"]
    async def x(self, ids):
        for i in ids:
            await self.orders.find_by_id(i)  # error: ARC201
""",
    },
    "a helper inherited from a generic base, and one reached by super": {
        SERVICE: """\
from shop.kernel.repository import RepositoryAdapter
from typing import Generic, TypeVar
T = TypeVar("T")
class Base(Generic[T]):
    def __init__(self, rows: RepositoryAdapter[T]): self.rows = rows
    async def one(self, key): return await self.rows.find_by_id(key)
class OrdersService(Base["Order"]):
    async def x(self, ids):
        for i in ids:
            await self.one(i)  # error: ARC201
    async def y(self, ids):
        return {i: await super().one(i) for i in ids}  # error: ARC201
""",
    },
    "a repository behind a method, a property and getattr": {
        SERVICE: """\
from shop.kernel.repository import RepositoryAdapter
class OrdersService:
    def __init__(self, orders: RepositoryAdapter["Order"]) -> None:
        self._orders = orders

    def repo(self): return self._orders
    @property
    def rows(self): return self._orders
    async def x(self, ids):
        for i in ids:
            await self.repo().find_by_id(i)  # error: ARC201
            await self.rows.find_by_id(i)  # error: ARC201
            await getattr(self._orders, "find_by_id")(i)  # error: ARC201
""",
    },
    "tasks started in a loop": {
        SERVICE: """\
import asyncio
from shop.kernel.repository import RepositoryAdapter
class OrdersService:
    def __init__(self, orders: RepositoryAdapter["Order"]) -> None:
        self._orders = orders

    async def x(self, ids):
        async with asyncio.TaskGroup() as group:
            for i in ids:
                group.create_task(self._orders.find_by_id(i))  # error: ARC201
""",
    },
    "a function nested in the method": {
        SERVICE: """\
from shop.kernel.repository import RepositoryAdapter
class OrdersService:
    def __init__(self, orders: RepositoryAdapter["Order"]) -> None:
        self._orders = orders

    async def x(self, ids):
        async def one(i):
            return await self._orders.find_by_id(i)
        return [await one(i) for i in ids]  # error: ARC201
""",
    },
    "a lambda handed to a helper that retries": {
        SERVICE: """\
from shop.kernel.repository import RepositoryAdapter
class OrdersService:
    def __init__(self, orders: RepositoryAdapter["Order"]) -> None:
        self._orders = orders

    async def x(self, ids):
        for i in ids:
            await retry(lambda: self._orders.find_by_id(i))  # error: ARC201
    async def once(self, i):
        return await retry(lambda: self._orders.find_by_id(i))
    async def harmless(self, ids):
        for i in ids:
            await retry(lambda: i)
async def retry(work):
    for _ in range(3):
        try:
            return await work()
        except OSError:
            continue
""",
    },
    "functools.partial": {
        SERVICE: """\
from functools import partial
from shop.kernel.repository import RepositoryAdapter
class OrdersService:
    def __init__(self, orders: RepositoryAdapter["Order"]) -> None:
        self._orders = orders

    async def x(self, ids):
        look = partial(self._orders.find_by_id)
        for i in ids:
            await look(i)  # error: ARC201
""",
    },
    "a while that empties a queue, but not pages and batches": {
        SERVICE: """\
from shop.kernel.repository import RepositoryAdapter
class OrdersService:
    def __init__(self, orders: RepositoryAdapter["Order"]) -> None:
        self._orders = orders

    async def x(self, queue):
        while queue:
            item = queue.popleft()
            await self._orders.delete(item)  # error: ARC201
    async def pages(self):
        page = 1
        while True:
            found = await self._orders.paginate({}, page=page)
            if not found.data: break
            page += 1
    async def batches(self):
        while rows := await self._orders.find_many({}, limit=100):
            await self._orders.delete_many({"id": {"in": [r.id for r in rows]}})
""",
    },
    "an async generator that queries for each row": {
        SERVICE: """\
from shop.kernel.repository import RepositoryAdapter
class OrdersService:
    def __init__(self, orders: RepositoryAdapter["Order"]) -> None:
        self._orders = orders

    async def each(self, ids):
        for i in ids:
            yield await self._orders.find_by_id(i)  # error: ARC201
    async def use(self, ids):
        async for row in self.each(ids):
            print(row)
""",
    },
    "a decorator that only passes on, but not one that remembers": {
        SERVICE: """\
from shop.retry import retried
from functools import lru_cache
from shop.kernel.repository import RepositoryAdapter
class OrdersService:
    def __init__(self, orders: RepositoryAdapter["Order"]) -> None:
        self._orders = orders

    @retried
    async def one(self, i): return await self._orders.find_by_id(i)
    @lru_cache
    def memo(self, i): return self._orders.find_by_id(i)
    async def x(self, ids):
        for i in ids:
            await self.one(i)  # error: ARC201
            await self.memo(i)
""",
        "src/shop/retry.py": """\
def retried(f):
    async def w(*a): return await f(*a)
    return w
""",
    },
    "look-ups kept on the instance in three styles are free": {
        SERVICE: """\
from shop.kernel.repository import RepositoryAdapter
class OrdersService:
    def __init__(self, orders: RepositoryAdapter["Order"]) -> None:
        self._orders = orders
        self._known = {}
    async def rate(self, key):
        if key not in self._known:
            self._known[key] = await self._orders.find_by_id(key)
        return self._known[key]
    async def rate2(self, key):
        row = self._known.get(key)
        if row is None:
            row = await self._orders.find_by_id(key)
            self._known[key] = row
        return row
    async def rate3(self, key):
        try:
            return self._known[key]
        except KeyError:
            self._known[key] = row = await self._orders.find_by_id(key)
            return row
    async def x(self, ids):
        for i in ids:
            await self.rate(i); await self.rate2(i); await self.rate3(i)
""",
    },
    "a cache that lives for one call is none": {
        SERVICE: """\
from shop.kernel.repository import RepositoryAdapter
class OrdersService:
    def __init__(self, orders: RepositoryAdapter["Order"]) -> None:
        self._orders = orders

    async def rate(self, key):
        known = {}
        if key not in known:
            known[key] = await self._orders.find_by_id(key)
        return known[key]
    async def x(self, ids):
        for i in ids:
            await self.rate(i)  # error: ARC201
""",
    },
    "a cache made anew in each turn is none": {
        SERVICE: """\
from shop.kernel.repository import RepositoryAdapter
class OrdersService:
    def __init__(self, orders: RepositoryAdapter["Order"]) -> None:
        self._orders = orders

    async def x(self, ids):
        for i in ids:
            known = {}
            if i not in known:
                known[i] = await self._orders.find_by_id(i)  # error: ARC201
""",
    },
    "drivers' own connections and cursors": {
        REPOSITORY: """\
import asyncpg, sqlite3
async def a(pool: asyncpg.Pool, ids):
    async with pool.acquire() as connection:
        for i in ids:
            await connection.fetchrow("select 1", i)  # error: ARC201
def b(ids):
    con = sqlite3.connect("x")
    cur = con.cursor()
    for i in ids:
        cur.execute("x", i)  # error: ARC201
    cur.executemany("x", ids)
""",
    },
    "the legacy query interface and Session.get": {
        REPOSITORY: """\
from sqlalchemy.orm import Session, sessionmaker
from app.models import User
Local = sessionmaker()
def a(db: Session, ids):
    for i in ids:
        db.query(User).filter(User.id == i).first()  # error: ARC201
        q = db.query(User).filter(User.id == i)
    with Local() as s, s.begin():
        return [s.get(User, i) for i in ids]  # error: ARC201
def get_db():
    db = Local()
    try:
        yield db
    finally:
        db.close()
""",
    },
    "a session from Depends, typed nowhere": {
        "app/api.py": """\
from fastapi import APIRouter, Depends
from app.db import get_db
router = APIRouter(prefix="/users")
@router.get("/x")
def x(ids: list[int], db=Depends(get_db)):  # error: ARC101
    for i in ids:
        db.execute("x")  # error: ARC201  # error: ARC101
""",
        "app/db.py": """\
from sqlalchemy.orm import sessionmaker
Local = sessionmaker()
def get_db():
    db = Local()
    try:
        yield db
    finally:
        db.close()
""",
    },
    "a repository's type through a star import of an alias": {
        SERVICE: """\
from shop.lib import *
class OrdersService:
    def __init__(self, orders: Rows["Order"]) -> None:
        self._orders = orders

    async def x(self, ids):
        for i in ids:
            await self._orders.find_by_id(i)  # error: ARC201
""",
        "src/shop/lib.py": """\
from shop.kernel.repository import RepositoryAdapter as Rows
""",
    },
    "untyped parameters through four files": {
        SERVICE: """\
from shop.kernel.repository import RepositoryAdapter
class OrdersService:
    def __init__(self, orders: RepositoryAdapter["Order"]) -> None:
        self._orders = orders

    async def x(self, ids):
        from shop.a import one
        return await one(self._orders, ids)
""",
        "src/shop/a.py": """\
from shop.b import two
async def one(r, ids):
    return await two(r, ids)
""",
        "src/shop/b.py": """\
from shop.c import three
async def two(r, ids):
    for i in ids:
        await three(thing=r, key=i)  # error: ARC201
""",
        "src/shop/c.py": """\
from shop.d import four
async def three(key, thing):
    return await four(key, thing)
""",
        "src/shop/d.py": """\
async def four(key, thing):
    return await thing.find_one({"id": key})
""",
    },
    "a parameter typed Any": {
        SERVICE: """\
from typing import Any
from shop.kernel.repository import RepositoryAdapter
class OrdersService:
    def __init__(self, orders: RepositoryAdapter["Order"]) -> None:
        self._orders = orders

    async def x(self, ids):
        await go(self._orders, ids)
async def go(rows: Any, ids: object):
    for i in ids:
        await rows.find_by_id(i)  # error: ARC201
""",
    },
    "a literal loop and a data loop in both orders": {
        SERVICE: """\
from shop.kernel.repository import RepositoryAdapter
class OrdersService:
    def __init__(self, orders: RepositoryAdapter["Order"]) -> None:
        self._orders = orders

    async def x(self, groups):
        for name in ("a", "b"):
            for row in groups[name]:
                await self._orders.update(row, {})  # error: ARC201
        for row in groups:
            for name in ("a", "b"):
                await self._orders.update(row, {})  # error: ARC201
""",
    },
    "literals under names and attributes, until they grow": {
        SERVICE: """\
from shop.kernel.repository import RepositoryAdapter
class OrdersService:
    def __init__(self, orders: RepositoryAdapter["Order"]) -> None:
        self._orders = orders

    KINDS = ("a", "b")
    async def x(self, order):
        for k in self.KINDS:
            await self._orders.count({"k": k})
        wanted = ["a"]
        wanted.append("b")
        for k in wanted:
            await self._orders.count({"k": k})  # error: ARC201
        for k in KINDS2:
            await self._orders.count({"k": k})
        for a, b in {"x": 1}.items():
            await self._orders.count({a: b})
        for k in [order.a, order.b]:
            await self._orders.count({"k": k})
        for k in order.items[:3]:
            await self._orders.count({"k": k})
KINDS2 = frozenset({"a"})
""",
    },
    "ranges over data, but not over chunks": {
        SERVICE: """\
from shop.kernel.repository import RepositoryAdapter
class OrdersService:
    def __init__(self, orders: RepositoryAdapter["Order"]) -> None:
        self._orders = orders

    async def x(self, n, rows, body):
        for i in range(len(rows)):
            await self._orders.create({})  # error: ARC201
        for i in range(body.quantity):
            await self._orders.create({})  # error: ARC201
        for i in range(0, len(rows), 100):
            await self._orders.create_many(rows[i:i+100])
""",
    },
    "a loop that is left after the call": {
        SERVICE: """\
from shop.kernel.repository import RepositoryAdapter
class OrdersService:
    def __init__(self, orders: RepositoryAdapter["Order"]) -> None:
        self._orders = orders

    async def x(self, rows):
        for r in rows:
            if await self._orders.exists({"id": r}):  # error: ARC201
                break
        for r in rows:
            if r.ok:
                await self._orders.update(r.id, {})
                break
""",
    },
    "a flush per row, but not a session.delete": {
        REPOSITORY: """\
from sqlalchemy.ext.asyncio import AsyncSession
async def a(session: AsyncSession, rows):
    async with session.begin():
        for r in rows:
            session.add(r)
            await session.flush()  # error: ARC201
        for r in rows:
            await session.delete(r)
""",
    },
    "recursion over pages and attempts is no walk up a tree": {
        SERVICE: """\
from shop.kernel.repository import RepositoryAdapter
class OrdersService:
    def __init__(self, orders: RepositoryAdapter["Order"]) -> None:
        self._orders = orders

    async def page(self, cursor):
        rows = await self._orders.find_many({}, after=cursor)
        return rows + await self.page(rows[-1])
    async def tries(self, key, attempt=0):
        row = await self._orders.find_by_id(key)
        if row is None:
            return await self.tries(key, attempt + 1)
        return row
""",
    },
    "two functions that call each other": {
        SERVICE: """\
from shop.kernel.repository import RepositoryAdapter
class OrdersService:
    def __init__(self, orders: RepositoryAdapter["Order"]) -> None:
        self._orders = orders

    async def walk(self, key):
        node = await self._orders.find_by_id(key)
        return [await self.deeper(c) for c in node.children]  # error: ARC201
    async def deeper(self, key):
        return await self.walk(key)
""",
    },
    "a while that follows parents is left alone": {
        SERVICE: """\
from shop.kernel.repository import RepositoryAdapter
class OrdersService:
    def __init__(self, orders: RepositoryAdapter["Order"]) -> None:
        self._orders = orders

    async def root(self, key):
        node = await self._orders.find_by_id(key)
        while node.parent_id is not None:
            node = await self._orders.find_by_id(node.parent_id)
        return node
""",
    },
    "a bound method stored on the instance": {
        SERVICE: """\
from shop.kernel.repository import RepositoryAdapter
class OrdersService:
    def __init__(self, orders: RepositoryAdapter["Order"]) -> None:
        self._orders = orders
        self._look = orders.find_by_id
    async def x(self, ids):
        for i in ids:
            await self._look(i)  # error: ARC201
""",
    },
    "an object that is called": {
        SERVICE: """\
from shop.kernel.repository import RepositoryAdapter
class OrdersService:
    def __init__(self, orders: RepositoryAdapter["Order"]) -> None:
        self._orders = orders

class Loader:
    def __init__(self, rows: RepositoryAdapter["Order"]): self.rows = rows
    async def __call__(self, key): return await self.rows.find_by_id(key)
async def x(ids, load: Loader):
    for i in ids:
        await load(i)  # error: ARC201
""",
    },
    "conditional imports and quoted annotations": {
        SERVICE: """\
try:
    from shop.kernel.repository import RepositoryAdapter
except ImportError:
    RepositoryAdapter = None
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    from shop.kernel.repository import RepositoryAdapter as Q
async def a(q: "Q[Order]", ids: "list[str]"):
    for i in ids:
        await q.find_by_id(i)  # error: ARC201
async def b(q: RepositoryAdapter, ids):
    for i in ids:
        await q.find_by_id(i)  # error: ARC201
""",
    },
    "a decorator of the project that commits around what it wraps": {
        "app/jobs.py": """\
from sqlalchemy.orm import Session
def saved(function):
    def wrapper(session: Session, *args):
        function(session, *args)
        session.commit()
    return wrapper
def named(function):
    def wrapper(*args):
        return function(*args)
    return wrapper
@saved
def pin(session, post): post.pinned = True
@named
def count(post): return 1
def x(session: Session, posts):
    for post in posts:
        pin(session, post)  # error: ARC201
        count(post)
""",
    },
    "a method and a property of the rows that a query gives": {
        "app/rows.py": """\
from sqlalchemy import select
from sqlalchemy.orm import Session, declarative_base, object_session
Base = declarative_base()
class Room(Base):
    __tablename__ = "rooms"
    def guests(self): return object_session(self).query(Room).all()
    @property
    def first(self): return object_session(self).get(Room, 1)
    @property
    def label(self): return str(self)
def x(session: Session):
    for room in session.query(Room).filter(Room.id > 1).all():
        room.guests()  # error: ARC201
    for room in session.scalars(select(Room).where(Room.id > 1)):
        print(room.first, room.label)  # error: ARC201
""",
    },
    "a package found below a folder that is no package, and a session made with NewType": {
        "server/app/__init__.py": "",
        "server/app/kit.py": """\
from typing import NewType
from sqlalchemy.ext.asyncio import AsyncSession as Anything
Reading = NewType("Reading", Anything)
Db = NewType("Db", Reading)
""",
        "server/app/jobs.py": """\
from app.kit import Db
async def x(db: Db, ids):
    for key in ids:
        await db.get(int, key)  # error: ARC201
""",
    },
    "a mixin that lives on what its classes inherit": {
        "app/repos.py": """\
from sqlalchemy.orm import Session
class ById:
    def by_id(self, key): return self.session.get(int, key)
class Rows(ById):
    def __init__(self, session: Session): self.session = session
def x(session: Session, keys):
    rows = Rows(session)
    return [rows.by_id(key) for key in keys]  # error: ARC201
""",
    },
    "a field of a schema whose default is empty, and a list the class fills later": {
        SERVICE: """\
from pydantic import BaseModel
from shop.kernel.repository import RepositoryAdapter
class OrderIn(BaseModel):
    keys: list[str] = []
class OrdersService:
    def __init__(self, orders: RepositoryAdapter["Order"]) -> None:
        self._orders = orders
        self._seen = []
        self._kinds = ["draft", "paid"]
    async def x(self, order: OrderIn):
        for key in order.keys:
            await self._orders.find_by_id(key)  # error: ARC201
        for key in self._seen:
            await self._orders.find_by_id(key)  # error: ARC201
        for kind in self._kinds:
            await self._orders.count({"kind": kind})
""",
    },
    "a module of a package that imports its own modules": {
        "app/models/__init__.py": "from app.models import matches\n",
        "app/models/matches.py": """\
from sqlalchemy.orm import Session
def read(session: Session, key): return session.get(int, key)
""",
        "app/api.py": """\
from app import models
def x(session, keys):
    return [models.matches.read(session, key) for key in keys]  # error: ARC201
""",
    },
    "a method whose signatures are written first, one by one": {
        "app/jobs.py": """\
import typing
from typing import Literal, overload
from sqlalchemy.orm import Session
class Jobs:
    def __init__(self, session: Session): self.session = session
    @overload
    def start(self, key: int) -> None: ...
    @overload
    def start(self, key: int, watch: Literal[True]) -> int: ...
    def start(self, key: int, watch: bool = False) -> int | None:
        return self.session.get(int, key)
    def resume(self, keys):
        for key in keys:
            self.start(key)  # error: ARC201
            stop(self.session, key)  # error: ARC201
            told(self.session, key)
@typing.overload
def stop(session: Session, key: int) -> None: ...
@typing.overload
def stop(session: Session, key: str) -> str: ...
def stop(session: Session, key):
    session.delete(key)
    session.flush()
@overload
def told(session: Session, key: int) -> None: ...
""",
    },
    "a property that lists what an object is made of, and one that gives its rows": {
        "app/stores.py": """\
from sqlalchemy.orm import Session
class Store:
    def __init__(self, session: Session): self.session = session
    def clear(self): self.session.flush()
class Stores:
    def __init__(self, session: Session, rows):
        self.session = session
        self._rows = rows
    @property
    def all(self) -> tuple[Store, ...]:
        return tuple(each for each in self.__dict__.values() if isinstance(each, Store))
    @property
    def both(self) -> list[Store]:
        return [Store(self.session), Store(self.session)]
    @property
    def rows(self) -> list[Store]:
        if self._rows is None:
            return []
        return self._rows
    def clear(self):
        for store in self.all:
            store.clear()
        for store in self.both:
            store.clear()
        for store in self.rows:
            store.clear()  # error: ARC201
""",
    },
    "a field that is None until somebody fills it": {
        "app/tags.py": """\
from sqlalchemy.orm import Session
import somewhere
@somewhere.entry
class Tagged:
    tags: list[str] | None = None
    kinds: tuple[str, ...] = ("draft", "paid")
def x(session: Session, item: Tagged):
    for tag in item.tags:
        session.get(int, tag)  # error: ARC201
    for kind in item.kinds:
        session.get(int, kind)
""",
    },
    "a session told by a statement whose type is written down": {
        "app/notes.py": """\
from sqlalchemy import Insert, Select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.sql.dml import ReturningInsert
from app.models import Note
def upsert(values) -> Insert:
    return made(insert(Note).values(values))
def made(statement): return statement.on_conflict_do_nothing()
def newest(statement: "Select[tuple[Note]]", session, keys):
    for key in keys:
        note = session.scalar(statement.where(Note.id == key))  # error: ARC201
        note.author  # error: ARC201
async def x(request, rows, returning: ReturningInsert):
    async with request.state.db() as session:
        for row in rows:
            await session.scalar(upsert(row).returning(Note.id))  # error: ARC201
            await session.scalar(returning)  # error: ARC201
            request.scalar(row)
""",
        "app/models.py": """\
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
class Base(DeclarativeBase): ...
class Note(Base):
    __tablename__ = "notes"
    id: Mapped[int] = mapped_column(primary_key=True)
    @property
    def author(self): return Session().get(int, self.id)
""",
    },
    "repositories in a dictionary": {
        SERVICE: """\
from shop.kernel.repository import RepositoryAdapter
async def a(repos: dict[str, RepositoryAdapter["X"]], ids):
    for i in ids:
        await repos["x"].find_by_id(i)  # error: ARC201
    for r in repos.values():
        await r.count({})  # error: ARC201
""",
    },
}


@pytest.mark.parametrize("files", [pytest.param(files, id=name) for name, files in CASES.items()])
def test_a_query_per_row_is_found_wherever_it_hides(files: dict[str, str]) -> None:
    assert places(files, "ARC101", "ARC201") == expected(files)
