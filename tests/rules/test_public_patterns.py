"""What large public code bases taught: patterns that looked like findings and are none, beside those that are."""

from __future__ import annotations

import pytest

from tests.rules.projects import expected, places

_MODELS = """\
from sqlalchemy import ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

class Base(DeclarativeBase): ...

class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    kind: Mapped[str]
"""
_HEAD = """\
from collections import defaultdict
from contextvars import ContextVar
import asyncio
import threading
from sqlalchemy import delete, select, text, update
from sqlalchemy.orm import Session
from starlette.requests import Request
from app.models import Base, Order
from app.stores import CACHE, redis

"""
_STORES = "from somewhere import Cache, connect\nCACHE = Cache()\nredis = connect()\n"


def app(body: str, **others: str) -> dict[str, str]:
    named = {f"app/{name}.py": text for name, text in others.items()}
    return {"app/models.py": _MODELS, "app/stores.py": _STORES, "app/work.py": _HEAD + body, **named}


QUERIES = {
    "what a cache was asked for first is remembered, wherever the cache is": """\
def name(session: Session, key: int):
    known = CACHE.get(key)
    if known is not None:
        return known
    found = session.scalar(select(Order.name).where(Order.id == key))
    CACHE.set(key, found)
    return found

def kind(session: Session, key: int):
    known = redis.get(f"kind:{key}")
    if known is None:
        known = session.scalar(select(Order.kind).where(Order.id == key))
        redis.set(f"kind:{key}", known)
    return known

def names(session: Session, keys):
    return [name(session, key) + kind(session, key) for key in keys]
""",
    "names that callers wrote down are few, rows that they handed over are not": """\
def find(session: Session, *keys, **wanted):
    for name, value in wanted.items():
        session.execute(update(Order).values({name: value}))
    for name in wanted.keys():
        session.scalar(select(Order.name).where(Order.name == name))
    for key in keys:
        session.get(Order, key)  # error: ARC201

def change(session: Session, wanted, **others):
    others = {row.id: row for row in wanted}
    for name in others.keys():
        session.get(Order, name)  # error: ARC201
    for name, value in wanted.items():
        session.get(Order, value)  # error: ARC201
""",
    "a cache that is never filled, or asked for something else, remembers nothing": """\
def name(session: Session, key: int):
    known = CACHE.get(key)
    if known is not None:
        return known
    return session.scalar(select(Order.name).where(Order.id == key))

def kind(session: Session, key: int):
    known = redis.get("enabled")
    found = session.scalar(select(Order.kind).where(Order.id == key))
    redis.set("enabled", found)
    return found

def local(session: Session, key: int):
    kept = {}
    known = kept.get(key)
    if known is not None:
        return known
    found = session.scalar(select(Order.kind).where(Order.id == key))
    kept.set(key, found)
    return found

def names(session: Session, keys):
    for key in keys:
        name(session, key)  # error: ARC201
        kind(session, key)  # error: ARC201
        local(session, key)  # error: ARC201
""",
    "what is kept on the request or in a module is loaded once, what is kept on a row is not": """\
_local = threading.local()

def permissions(request: Request, session: Session):
    kept = getattr(request.state, "permissions", None)
    if kept is not None:
        return kept
    found = session.scalars(select(Order)).all()
    request.state.permissions = found
    return found

def settings(session: Session):
    if not hasattr(_local, "settings"):
        _local.settings = session.scalars(select(Order)).all()
    return _local.settings

def parent(row, session: Session):
    kept = getattr(row, "parent", None)
    if kept is not None:
        return kept
    row.parent = session.get(Order, row.id)
    return row.parent

def shown(rows, request: Request, session: Session):
    for row in rows:
        permissions(request, session)
        settings(session)
        parent(row, session)  # error: ARC201
""",
    "a loop over what the program is made of": """\
import inspect

def count(session: Session, config, module):
    for table in Base.metadata.sorted_tables:
        session.execute(select(table))
    for relation in Order.__mapper__.relationships:
        session.scalar(select(relation.target))
    for name, migrate in module.__dict__.items():
        session.execute(select(migrate))
    for kind in Base.__subclasses__():
        session.scalar(select(kind))
    for name, days in config.CLEANUP.items():
        session.scalar(select(Order).where(Order.name == name))
    for name, member in inspect.getmembers(module):
        session.scalar(select(member))
    for row in module.rows.items():
        session.scalar(select(row))  # error: ARC201
""",
    "a loop that watches for work, and one that empties a list": """\
class Watch:
    def __init__(self, session: Session) -> None:
        self.jobs = {}
        self.session = session

    async def beat(self):
        while True:
            await asyncio.sleep(5)
            keys = list(self.jobs)
            done = self.session.scalars(select(Order.id).where(Order.id.in_(keys))).all()
            for key in done:
                self.jobs.pop(key)

    def drain(self, rows):
        while True:
            row = rows.pop()
            self.session.get(Order, row)  # error: ARC201
""",
    "a database of each turn's own": """\
TENANT = ContextVar("TENANT")

def session_of(tenant) -> Session: ...
def current() -> Session: ...

def all_tenants(tenants, rows):
    for tenant in tenants:
        with session_of(tenant) as session:
            session.scalars(select(Order)).all()
    for tenant in tenants:
        TENANT.set(tenant)
        with current() as session:
            session.scalars(select(Order)).all()
    for row in rows:
        with current() as session:
            session.scalars(select(Order).where(Order.id == row)).all()  # error: ARC201
""",
    "batches for each of several things": """\
def chunks(rows, size):
    for start in range(0, len(rows), size):
        yield rows[start : start + size]

def clean(session: Session, keys_by_place):
    for place in keys_by_place:
        for batch in chunks(keys_by_place[place], 500):
            session.execute(delete(Order).where(Order.id.in_(batch)))
            session.commit()
        session.commit()  # error: ARC201
""",
    "one key of a mapping, and one value of many rows": """\
def change(session: Session, order: Order, changes: dict[str, str], rows):
    for key, value in changes.items():
        if key == "name":
            session.execute(update(Order).values(name=value))
        elif value == "x":
            session.execute(update(Order).values(kind=value))  # error: ARC201
    for key in changes:
        if key == "kind" and changes[key]:
            session.execute(update(Order).values(kind=changes[key]))
    for row in rows:
        if row.kind == "late":
            session.execute(update(Order).where(Order.id == row.id).values(kind="x"))  # error: ARC201
""",
    "a statement for each group of rows, and one for each row": """\
def build(kind, keys):
    return select(Order).where(Order.kind == kind, Order.id.in_(keys))

def read(session: Session, wanted, totals: dict[int, int]):
    by_kind = defaultdict(list)
    for row in wanted:
        by_kind[row.kind].append(row.id)
    for kind, keys in by_kind.items():
        session.scalars(select(Order).where(Order.kind == kind, Order.id.in_(keys))).all()
    for kind, keys in by_kind.items():
        statement = build(kind, keys)
        session.scalars(statement).all()
    for key, total in totals.items():
        statement = update(Order).where(Order.id == key).values(kind=total)
        session.execute(statement)  # error: ARC201
    for kind, keys in by_kind.items():
        session.execute(update(Order).where(Order.kind == kind).values(name=len(keys)))  # error: ARC201
    for kind, keys in by_kind.items():
        session.scalars(build(kind=kind, keys=keys)).all()
    for kind, keys in by_kind.items():
        statement = select(Order).where(Order.kind == kind)
        statement = statement.where(Order.id.in_(keys))
        statement = statement.order_by(Order.id)
        session.scalars(statement).all()
    for kind, keys in by_kind.items():
        open_keys = keys
        if kind == "late":
            open_keys = {key for key in keys if key not in totals}
        session.scalars(build(kind, open_keys)).all()
    for kind, keys in by_kind.items():
        first = keys[0]
        statement = select(Order).where(Order.kind == kind)
        statement = statement.where(Order.id == first)
        session.scalars(statement).all()  # error: ARC201
""",
    "a script that is run, and statements made for rows": """\
import sqlite3

def run(cursor: sqlite3.Cursor, session: Session, statements: list[str], rows):
    for statement in statements:
        cursor.execute(statement)
    made = [f"delete from orders where id = {row}" for row in rows]
    for statement in made:
        cursor.execute(statement)  # error: ARC201
    grown = []
    for row in rows:
        grown.append(f"delete from orders where id = {row}")
    for statement in grown:
        cursor.execute(statement)  # error: ARC201
    for statement in rows:
        session.execute(statement)  # error: ARC201
    for statement in statements:
        session.execute(text(statement))
    for statement in made:
        session.execute(text(statement))  # error: ARC201
    for key in statements:
        session.execute(text("delete from orders where id = :id"), {"id": key})  # error: ARC201
    for key in statements:
        session.execute(text(key), {"id": key})  # error: ARC201
""",
    "a session that nothing declares is known by what it is handed": """\
async def read(request, context, keys, known, event):
    for key in keys:
        request.db.get(Order, key)  # error: ARC201
        request.db.query(Order).filter(Order.id == key).first()  # error: ARC201
        known.get(event, key)
        known.query(key)
        known.execute(key)
    async with context.db() as session:
        for key in keys:
            statement = select(Order).where(Order.id == key)
            await session.scalar(statement)  # error: ARC201
""",
    "a limit that a function looks up, and a number of rows that another counts": """\
MOST = 20

def most(said: str | None) -> int:
    if said:
        return max(int(said), MOST)
    return MOST

def counted(session: Session) -> int:
    found = session.scalars(select(Order.id)).all()
    if not found:
        return 0
    return len(found)

def work(session: Session, said: str, wanted: int):
    for turn in range(most(said)):
        session.scalar(select(Order.name).where(Order.id == turn))
    for turn in range(min(wanted, MOST)):
        session.scalar(select(Order.name).where(Order.id == turn))
    for turn in range(counted(session)):
        session.scalar(select(Order.name).where(Order.id == turn))  # error: ARC201
    for turn in range(max(wanted, MOST)):
        session.scalar(select(Order.name).where(Order.id == turn))  # error: ARC201
""",
    "a mapping that is asked only afterwards remembers nothing": """\
def copies(session: Session, files, blocks, done):
    made = {}
    for file in files:
        if file.path in done:
            continue
        copy = session.scalar(select(Order.id).where(Order.name == file.path))  # error: ARC201
        made[file.id] = copy
    return [made.get(block.file, block.file) for block in blocks]

def remembered(session: Session, keys):
    known = {}
    for key in keys:
        found = known.get(key)
        if found is None:
            found = session.scalar(select(Order.id).where(Order.name == key))
            known[key] = found
        yield found
""",
    "rows in a dictionary that is written out, of which the keys are few and the rows are not": """\
def overview(session: Session):
    orders = session.scalars(select(Order)).all()
    return {"results": orders, "kinds": ["draft", "paid"]}

def work(session: Session, rows):
    found, held = overview(session), {"rows": rows, "kinds": ("draft", "paid")}
    for order in found["results"]:
        session.scalar(select(Order.name).where(Order.id == order.id))  # error: ARC201
    for row in held["rows"]:
        session.scalar(select(Order.name).where(Order.id == row))  # error: ARC201
    for kind in found["kinds"]:
        session.scalar(select(Order.name).where(Order.kind == kind))
    for kind in held["kinds"]:
        session.scalar(select(Order.name).where(Order.kind == kind))
    for name in overview(session):
        session.scalar(select(Order.name).where(Order.kind == name))
""",
}


@pytest.mark.parametrize("name", QUERIES)
def test_queries_in_loops(name: str) -> None:
    files = app(QUERIES[name])
    assert places(files, "ARC201") == expected(files)


OTHERS: dict[str, tuple[str, dict[str, str]]] = {
    "Django's managers, rows and cursors": (
        "ARC201",
        {
            "blog/models.py": """\
from django.db import models

class PostQuerySet(models.QuerySet):
    def shown(self):
        return self.filter(shown=True)

class Post(models.Model):
    objects = PostQuerySet.as_manager()

class Tag(models.Model):
    pass
""",
            "blog/work.py": """\
from django.db import connection
from blog.models import Post, Tag

def work(rows, keys):
    known = {tag.pk: tag for tag in Tag.objects.filter(pk__in=keys)}
    for row in rows:
        Tag.objects.get(pk=row)  # error: ARC201
        Tag.objects.filter(pk=row).exists()  # error: ARC201
        Post.objects.shown().first()  # error: ARC201
        tag = Tag(name=row)
        tag.save()  # error: ARC201
        known.get(row)
        Tag.objects.filter(pk=row).order_by("pk")
        with connection.cursor() as cursor:
            cursor.execute("select 1 where 1 = %s", [row])  # error: ARC201
    Tag.objects.bulk_create([Tag(name=row) for row in rows])
""",
        },
    ),
    "Flask-SQLAlchemy's session and queries": (
        "ARC201",
        {
            "shop/db.py": "from flask_sqlalchemy import SQLAlchemy\ndb = SQLAlchemy()\n",
            "shop/models.py": "from shop.db import db\nclass Order(db.Model):\n    __tablename__ = 'orders'\n",
            "shop/work.py": """\
from shop.db import db
from shop.models import Order

def work(keys):
    for key in keys:
        Order.query.filter_by(id=key).first()  # error: ARC201
        db.session.add(Order())
        db.session.flush()  # error: ARC201
""",
        },
    ),
    "classes of a project's own, derived from Flask-SQLAlchemy's": (
        "ARC201",
        {
            "shop/db.py": """\
from flask_sqlalchemy.extension import SQLAlchemy
from flask_sqlalchemy.model import Model
from flask_sqlalchemy.query import Query as BaseQuery

class Rows(BaseQuery):
    def has_rows(self):
        return self.session.query(self.exists()).scalar()

class Record(Model):
    query: Rows

    @classmethod
    def find(cls, key):
        return cls.query.get(key)

class Database(SQLAlchemy):
    Model: type[Record]

db = Database(model_class=Record, query_class=Rows)
""",
            "shop/models.py": "from shop.db import db\nclass Order(db.Model):\n    __tablename__ = 'orders'\n",
            "shop/work.py": """\
from shop.db import db
from shop.models import Order

def work(keys):
    orders = {order.id: order for order in Order.query.filter(Order.id.in_(keys))}
    asked = []
    for key in keys:
        Order.find(key)  # error: ARC201
        Order.query.filter_by(id=key).with_for_update().first()  # error: ARC201
        Order.query.has_rows()  # error: ARC201
        asked.append(Order.query.filter_by(id=key))
        orders.get(key)
    return asked[0].union(*asked[1:]).all()
""",
        },
    ),
    "the options of a query's update are no fields": (
        "ARC203",
        app("""\
def change(session: Session):
    session.query(Order).filter_by(kind="x").update({"name": "y"}, synchronize_session=False)
    session.query(Order).update({"nmae": "y"}, synchronize_session=False)  # error: ARC203
"""),
    ),
    "a mixin with a table's name has what its heirs bring": (
        "ARC203",
        {
            "app/base.py": """\
class Named:
    __tablename__ = "named"

    @classmethod
    def all(cls):
        return cls.query.filter_by(name="x")
"""
        },
    ),
    "a schema's own way in ends in its check": (
        "ARC301",
        {
            "app/routes.py": """\
from fastapi import APIRouter, Request
from pydantic import BaseModel

router = APIRouter()

class Form(BaseModel):
    name: str = ""

    @classmethod
    def model_validate_form(cls, data):
        return cls.model_validate(dict(data))

    @classmethod
    def validate_nothing(cls, data):
        return cls.model_construct(**data)

@router.post("/a")
async def a(request: Request):
    data = await request.form()
    return Form.model_validate_form(data)

@router.post("/b")
async def b(request: Request):
    data = await request.form()  # error: ARC301
    return Form.validate_nothing(data)
"""
        },
    ),
    "what a service answers is checked, what was sent is not": (
        "ARC301",
        {
            "src/shop/modules/orders/service.py": "class OrdersService:\n    async def create(self, values): ...\n",
            "src/shop/modules/orders/controller.py": """\
from fastapi import APIRouter, Request
from pydantic import BaseModel
from shop.modules.orders.service import OrdersService

router = APIRouter()
service = OrdersService()

class OrderOut(BaseModel):
    id: int

class OrderIn(BaseModel):
    total: int

@router.post("/a")
async def a(request: Request):
    body = await request.json()  # error: ARC301
    return OrderOut.model_validate(await service.create(body))

@router.post("/b")
async def b(request: Request):
    body = await request.json()  # error: ARC301
    order = await service.create(body)
    return OrderOut.model_validate(order)

@router.post("/c")
async def c(request: Request):
    body = OrderIn.model_validate(dict(await request.json()))
    return OrderOut.model_validate(await service.create(body))
""",
        },
    ),
    "tables of the same name in other schemas of the database": (
        "ARC106",
        {
            "src/shop/modules/orders/model.py": """\
from sqlalchemy.orm import DeclarativeBase
class Base(DeclarativeBase): ...
class File(Base):
    __tablename__ = "files"
    __table_args__ = ({"schema": "orders"},)
class Role(Base):
    __tablename__ = "roles"
class Note(Base):
    __tablename__ = "notes"
""",
            "src/shop/modules/users/model.py": """\
from shop.modules.orders.model import Base
class File(Base):
    __tablename__ = "files"
    __table_args__ = {"schema": "users"}
class Role(Base):
    __tablename__ = "roles"  # error: ARC106
class Note(Base):
    __tablename__ = "notes"
    def __table_args__(cls):
        return made_for(cls)
""",
        },
    ),
    "a helper that sets the database up, and one that reads for the module": (
        "ARC111",
        {
            "src/shop/shared/setup.py": """\
from sqlalchemy import Connection, text
def prepare(connection: Connection):
    connection.execute(text("CREATE EXTENSION IF NOT EXISTS vector"))
def count(connection: Connection, table):
    return connection.execute(text(f"SELECT count(*) FROM {table}"))
""",
            "src/shop/modules/orders/service.py": """\
from shop.shared.setup import count, prepare
def work(connection):
    prepare(connection)
    return count(connection, "orders")  # error: ARC111
""",
        },
    ),
    "names that stand for one another": (
        "ARC502",
        {
            "src/shop/modules/orders/controller.py": """\
from pydantic import BaseModel

class Body(BaseModel):
    total: int

class Controller:
    async def post(self, body: Body):
        page = body
        other = page
        page = other.next()
        other = page.previous()
        if other.total > 5:
            raise ValueError
        rows = rows_of(rows)
        return rows.total == 4
"""
        },
    ),
}


@pytest.mark.parametrize("name", OTHERS)
def test_other_rules(name: str) -> None:
    code, files = OTHERS[name]
    if code == "ARC502":
        places(files, code)  # it ends, which is all that is asked here
    else:
        assert places(files, code) == expected(files)


def test_a_table_is_singular_where_most_that_could_be_plural_are() -> None:
    def models(*names: str) -> dict[str, str]:
        rows = "".join(f"class {name.title()}(Base):\n    __tablename__ = '{name}'\n" for name in names)
        return {"app/m.py": f"from sqlalchemy.orm import DeclarativeBase\nclass Base(DeclarativeBase): ...\n{rows}"}

    assert places(models("order", "user", "note", "bill", "items", "tags"), "ARC403") == []
    assert len(places(models("order", "users", "notes", "bills", "items", "tags"), "ARC403")) == 1
    assert places(models("firmware", "users", "notes", "bills", "items", "tags"), "ARC403") == []
