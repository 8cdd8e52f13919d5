"""ARC203: every field that is stored, filtered, sorted by or selected is one the model declares."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from arckode_analyzers.facts.shapes import root_of
from arckode_analyzers.model.field_uses import Use, field_uses
from arckode_analyzers.rule import Example, Rule, Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.columns import Model
    from arckode_analyzers.model.source import Source

_NO_VALUES = frozenset({"metadata", "registry", "type_annotation_map"})
_ELSEWHERE = frozenset({"tests", "kernel"})


def check(analysis: Analysis, source: Source) -> Iterator[Spot]:
    """Report each name that the model it is meant for does not declare."""
    yield from _attributes(analysis, source)
    told: dict[tuple[str, int, str, str], Spot] = {}
    for call in analysis.calls(source):
        found = field_uses(analysis, call)
        if found is None:
            continue
        model, uses = found
        for use in uses:
            place = use.key.place
            if not _is_declared(model, use.key.name) and not place.source.layers & _ELSEWHERE:
                key = (place.source.path, place.line, model.symbol, use.key.name)
                told.setdefault(key, _spot(model, use))
    yield from told.values()


def _is_declared(model: Model, name: str) -> bool:
    """Tell whether a model takes a name: SQLAlchemy's own attributes are on every class and hold no value."""
    if name in _NO_VALUES:
        return name in model.columns | model.aliases
    return name in model.names or name in model.aliases or name.startswith("__")


def _attributes(analysis: Analysis, source: Source) -> Iterator[Spot]:
    """Report `Model.name` where the class has no such member."""
    for row in source.facts.reads:
        inner, name = row.value, ""
        while inner[0] == "attr" and isinstance(inner[1], tuple) and inner[1][0] == "attr":
            inner = inner[1]
        if inner[0] != "attr" or root_of(inner)[0] != "name":
            continue
        base, name = inner[1], str(inner[2])
        value = analysis.value(source, row.function, base) if isinstance(base, tuple) else None
        model = analysis.columns.of(value) if value is not None and value.kind == "class" else None
        if model is None or not model.is_complete or name in model.names or name.startswith("_"):
            continue
        if not isinstance(base, tuple) or not analysis.arguments.is_certain(source, row.function, base):
            continue
        if _is_guarded(source, row.blocks) or _is_rebound(source, row.function, base):
            continue
        message = f"`{model.last}.{name}`: `{model.last}` declares no `{name}`"
        yield Spot(
            source,
            row.line,
            row.column,
            source.symbol(row.function),
            message,
            callee=f"{model.last}.{name}",
            hint=_hint(model, name),
        )


def _is_guarded(source: Source, blocks: tuple[int, ...]) -> bool:
    """Tell whether a condition asks for the attribute first, or a missing one is caught."""
    for at in blocks:
        block = source.facts.blocks[at]
        if block.kind == "try" or "hasattr" in repr(block.test):
            return True
    return False


def _is_rebound(source: Source, function: int, base: object) -> bool:
    """Tell whether a name means several things, so that the class is only one of them."""
    name = base[1] if isinstance(base, tuple) and base[0] == "name" else ""
    scope = function
    while scope > 0 and name not in source.names.get((scope, -1), {}):
        scope = source.facts.functions[scope].parent
    return len(source.names.get((max(scope, 0), -1), {}).get(str(name), ())) > 1


def _spot(model: Model, use: Use) -> Spot:
    key, place = use.key, use.key.place
    end = (use.end.source, use.end.record.line)
    chain = tuple(dict.fromkeys(((place.source, place.line), *key.chain, end)))
    owner = f"`{key.schema.rpartition('.')[2]}.{key.name}`" if key.schema else f"`{key.name}`"
    said = "reaches a call that" if key.schema or len(chain) > 1 else "this call"
    message = (
        f"{owner} {said} {use.verb} it on `{model.last}`, which declares no `{key.name}`"
        if said.startswith("reaches")
        else f"{said} {use.verb} `{key.name}`, which `{model.last}` does not declare"
    )
    symbol = f"{key.schema}.{key.name}" if key.schema else place.symbol
    return Spot(
        place.source,
        place.line,
        place.column,
        symbol,
        message,
        callee=f"{model.last}.{key.name}",
        hint=_hint(model, key.name),
        chain=chain if len(chain) > 1 else (),
    )


def _hint(model: Model, name: str) -> str:
    known = sorted(each for each in model.columns | set(model.relations) if not each.startswith("_"))
    near = get_close_matches(name, known, 1, 0.6)
    if near:
        return f"write `{near[0]}`, or declare `{name}` on `{model.last}`"
    return f"declare `{name}` on `{model.last}`, or take it out before the row is stored or queried"


_MODELS = {
    "src/shop/modules/orders/model.py": """\
from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship
from shop.kernel.model import Entity, Timestamped

class Order(Timestamped, Entity):
    __tablename__ = "orders"

    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"))
    status: Mapped[str]
    total: Mapped[int]
    metadata_: Mapped[object] = mapped_column("metadata")
    password_hash: Mapped[str | None]
    customer: Mapped["Customer"] = relationship()
""",
}
_SERVICE = """\
from shop.kernel.repository import RepositoryAdapter
from shop.modules.orders.model import Order

class OrdersService:
    def __init__(self, orders: RepositoryAdapter[Order]) -> None:
        self._orders = orders

"""
_PATH = "src/shop/modules/orders/service.py"
RULE = Rule(
    code="ARC203",
    name="undeclared-field",
    severity="error",
    summary="A field is stored, filtered, sorted by or selected that the model does not declare.",
    why=(
        "The database has no such column: the request fails when it gets there, or the value is lost without a word. "
        "It is found across files: a field of a schema that reaches `create` through controller and service "
        "is compared with the model at the end, under whatever names it travels."
    ),
    hint="use a field that the model declares, or declare it",
    decides=(
        "Names written down in literals, keywords, constants, merges and schemas are followed through any helper. "
        "Names that are computed, and models with unknown bases, decorators or metaclasses, are not judged."
    ),
    check=check,
    bad=(
        Example(
            "filters, orders and values, written where they are used",
            {
                **_MODELS,
                _PATH: _SERVICE
                + """\
    async def much(self, key, other):
        found = {"state": "paid", "or": [{"total": 1}, {"sum": 3}]}  # error: ARC203  # error: ARC203
        await self._orders.find_many(found)
        await self._orders.find_many({"status": "paid"}, order_by=["-placed_at"])  # error: ARC203
        await self._orders.create({"status": "paid"} | {"amount": 3})  # error: ARC203
        await self._orders.increment(key, "retries")  # error: ARC203
        values = {**other, "metadata": {}}  # error: ARC203
        return await self._orders.update(key, values)
""",
            },
        ),
        Example(
            "a field of a schema that no column takes, three files away",
            {
                **_MODELS,
                "src/shop/modules/orders/schemas.py": """\
from shop.kernel.http.schema import ApiModel

class OrderCreate(ApiModel):
    status: str
    total: int
    coupon: str | None = None  # error: ARC203
""",
                "src/shop/modules/orders/controller.py": """\
from shop.modules.orders.schemas import OrderCreate as Anything
from shop.modules.orders.service import OrdersService

class OrdersController:
    def __init__(self, service: OrdersService) -> None:
        self._service = service

    async def store(self, body: Anything):
        return await self._service.create(body.values())
""",
                _PATH: _SERVICE
                + """\
    async def create(self, values):
        return await self._orders.create(validated(values))

def validated(values):
    return {**values, "status": "draft"}
""",
            },
        ),
        Example(
            "SQLAlchemy's own ways, without the generated runtime",
            {
                "app/models.py": """\
from sqlalchemy.orm import DeclarativeBase, Mapped

class Base(DeclarativeBase): ...

class Named:
    name: Mapped[str]

class User(Named, Base):
    __tablename__ = "users"
    id: Mapped[int]
""",
                "app/users.py": """\
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from app.models import User as Person

def users(session: Session, extra):
    session.add(Person(name="a", nick="b"))  # error: ARC203
    session.query(Person).filter_by(mail="x")  # error: ARC203
    session.execute(update(Person).values({"age": 3}))  # error: ARC203
    query = select(Person)
    query = query.filter_by(name="a").order_by(Person.born.desc())  # error: ARC203
    return session.scalars(query.where(Person.age == 1))  # error: ARC203
""",
            },
        ),
    ),
    good=(
        Example(
            "everything a model has: mixins, bases, renamed columns, relationships and the runtime's own",
            {
                **_MODELS,
                _PATH: _SERVICE
                + """\
    async def much(self, key, status):
        since = {"created_at": {"gt": 3}, "or": [{"status": status}]}
        await self._orders.find_many(since, order_by=["-updated_at", "id"])
        await self._orders.create({"customer_id": key, "metadata_": {}})
        return Order.customer, Order.metadata_, Order.id
""",
            },
        ),
        Example(
            "a password that is taken out and stored as a hash, and a schema field that is left out",
            {
                **_MODELS,
                _PATH: "from pydantic import BaseModel, Field\n"
                + _SERVICE
                + """\
    async def create(self, body: "OrderCreate"):
        values = body.model_dump(exclude={"coupon"})
        password = values.pop("password")
        drop(values)
        return await self._orders.create(values | {"password_hash": str(password)})

class OrderCreate(BaseModel):
    status: str
    coupon: str
    password: str
    gift: bool
    hint: str = Field("", exclude=True)

def drop(values):
    # values["nope"] = 1
    del values["gift"]
""",
            },
        ),
        Example(
            "a dictionary, a schema and a class that only look like a table",
            {
                **_MODELS,
                _PATH: _SERVICE
                + """\
class Shelf:
    def create(self, values): ...

def much(shelf: Shelf, rows):
    shelf.create({"nope": 1})
    rows.update({"nope": 1})
    return Shelf.nope
""",
            },
        ),
    ),
)
