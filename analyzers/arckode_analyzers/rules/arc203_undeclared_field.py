"""ARC203: every field that is stored, filtered, sorted by or selected is one the model declares."""

from __future__ import annotations

from dataclasses import replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, NamedTuple

from arckode_analyzers.facts.shapes import root_of
from arckode_analyzers.model.constants import constant_of
from arckode_analyzers.model.keys import Key, Place
from arckode_analyzers.model.sinks import REPOSITORIES, words
from arckode_analyzers.rule import Example, Rule, Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.facts.shapes import Shape
    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.calls import CallAt
    from arckode_analyzers.model.columns import Model
    from arckode_analyzers.model.source import Source

# Which argument of a repository's method holds what: the position, and the keyword where there is one.
_VALUES = {"create": (0, "values"), "update": (1, ""), "update_many": (1, "values"), "compare_and_set": (2, "")}
_FILTERS = {
    **dict.fromkeys(("find_many", "find_one", "exists", "count", "paginate", "find_page"), (0, "filters")),
    "update_many": (0, "filters"),
    "delete_many": (0, "filters"),
    "compare_and_set": (1, ""),
}
_JOINS = words("join outerjoin join_from outerjoin_from select_from select_entity_from with_entities")
_NO_VALUES = frozenset({"metadata", "registry", "type_annotation_map"})
_ELSEWHERE = frozenset({"tests", "kernel"})
_DEEPEST = 6


class Use(NamedTuple):
    """A name that must be a field, and what it is used for."""

    key: Key
    verb: str
    end: CallAt


def check(analysis: Analysis, source: Source) -> Iterator[Spot]:
    """Report each name that the model it is meant for does not declare."""
    yield from _attributes(analysis, source)
    told: dict[tuple[str, int, str, str], Spot] = {}
    for call in analysis.calls(source):
        found = _repository(analysis, call) or _constructor(analysis, call) or _statement(analysis, call)
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
        if not isinstance(base, tuple) or not analysis.arguments.is_certain(source, row.function, base):
            continue
        if model is None or not model.is_complete or name in model.names or name.startswith("_"):
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


# The kernel's repositories


def _repository(analysis: Analysis, call: CallAt) -> tuple[Model, list[Use]] | None:
    value = analysis.callee(call)
    if value is None or value.kind != "method" or value.of is None or value.of.last not in REPOSITORIES:
        return None
    if not value.of.name.startswith("kernel.") or not value.of.args or not _is_certain(analysis, call):
        return None
    model = analysis.columns.of(value.of.args[0])
    if model is None or not model.is_complete:
        return None
    only_python_names = replace(model, aliases=frozenset())
    return only_python_names, list(_repository_uses(analysis, call, value.last))


def _repository_uses(analysis: Analysis, call: CallAt, method: str) -> Iterator[Use]:
    place = _place(call)
    values = _argument(call, *_VALUES[method]) if method in _VALUES else None
    if values is not None:
        yield from (Use(key, "stores", call) for key in analysis.keys.of(place, values))
    if method == "create_many":
        rows = _argument(call, 0, "rows")
        for row in () if rows is None else _elements(analysis, place, rows):
            yield from (Use(key, "stores", call) for key in analysis.keys.of(place, row))
    filters = _argument(call, *_FILTERS[method]) if method in _FILTERS else None
    if filters is not None:
        verb = "expects" if method == "compare_and_set" else "filters by"
        yield from (Use(key, verb, call) for key in _filters(analysis, place, filters, 0))
    order = dict(call.record.keywords).get("order_by")
    if order is not None:
        yield from (Use(key, "sorts by", call) for key in _orders(analysis, place, order))
    if method == "increment":
        field = _argument(call, 1, "")
        yield from (Use(key, "increments", call) for key in _texts(analysis, place, field))


def _argument(call: CallAt, position: int, name: str) -> Shape | None:
    args = call.record.args
    return args[position] if len(args) > position else dict(call.record.keywords).get(name)


def _elements(analysis: Analysis, place: Place, rows: Shape) -> Iterator[Shape]:
    """Yield the mappings in a list: as written, of a comprehension, or appended to a name."""
    match rows:
        case ("display", _, tuple(elements)):
            yield from elements
        case ("comp", tuple(element), _):
            yield element
        case ("name", str(name)):
            for row in place.source.facts.bindings:
                if row.function == place.function and row.target == rows and row.value not in {None, rows}:
                    yield from _elements(analysis, place, row.value) if row.value and row.value[0] != "name" else ()
            for call in place.source.calls_of.get(place.function, ()):
                if call.func == ("attr", ("name", name), "append"):
                    yield from call.args[:1]


def _filters(analysis: Analysis, place: Place, shape: Shape, depth: int) -> Iterator[Key]:
    """Yield the fields of a filter, those of its alternatives too."""
    match shape:
        case ("attr", tuple(query), "filters"):
            yield from _listing(analysis, place, query, "filterable", depth)
            return
    for key in analysis.keys.of(place, shape):
        if key.name != "or":
            yield key
            continue
        match key.value:
            case ("display", _, tuple(choices)) if depth < _DEEPEST:
                for choice in choices:
                    yield from _filters(analysis, key.place, choice, depth + 1)


def _orders(analysis: Analysis, place: Place, shape: Shape, depth: int = 0) -> Iterator[Key]:
    match shape:
        case ("attr", tuple(query), "order_by"):
            yield from _listing(analysis, place, query, "sortable", depth)
            return
    yield from _texts(analysis, place, shape)


def _texts(analysis: Analysis, place: Place, shape: Shape | None) -> Iterator[Key]:
    """Yield the names in a text or a collection of texts, without the sign that turns an order round."""
    written = constant_of(analysis.project, place.source, place.function, shape)
    match written:
        case ("const", str(text)):
            yield Key(text.removeprefix("-"), place)
        case ("display", _, tuple(parts)):
            for part in parts:
                if part[0] in {"const", "name"}:
                    yield from _texts(analysis, place, part)
        case ("either", tuple(choices)):
            for choice in choices:
                yield from _texts(analysis, place, choice)


def _listing(analysis: Analysis, place: Place, query: Shape, what: str, depth: int) -> Iterator[Key]:
    """Yield what the query model behind a list declares, back through the calls that pass it on."""
    if depth > _DEEPEST:
        return
    match query:
        case ("call", ("attr", tuple(base), "listing"), _, _):
            yield from _declared(analysis, place, base, what)
        case ("name", str(name)):
            for definition in place.source.names.get((place.function, -1), {}).get(name, ()):
                if definition.what == "binding":
                    row = place.source.facts.bindings[definition.index]
                    if row.how == "=" and row.value is not None:
                        yield from _listing(analysis, place, row.value, what, depth + 1)
                if definition.what == "parameter":
                    yield from _passed_listing(analysis, place, name, what, depth)


def _passed_listing(analysis: Analysis, place: Place, name: str, what: str, depth: int) -> Iterator[Key]:
    function = analysis.project.functions.get(place.symbol)
    for given in () if function is None else analysis.arguments.of(function, name):
        for key in _listing(analysis, _place(given.call), given.shape, what, depth + 1):
            yield key.passed(given.call.source, given.call.record.line)


def _declared(analysis: Analysis, place: Place, base: Shape, what: str) -> Iterator[Key]:
    value = analysis.value(place.source, place.function, base)
    for ancestor in () if value is None else analysis.resolver.ancestors(value):
        klass = analysis.project.classes.get(ancestor.name)
        for row in () if klass is None else klass.source.facts.bindings:
            if klass is not None and row.owner == klass.index and row.target == ("name", what) and row.value:
                where = Place(klass.source, 0, row.line, row.column)
                for key in _texts(analysis, where, row.value):
                    yield key.inside(klass.symbol).passed(place.source, place.line)
                return


# Constructors and statements


def _constructor(analysis: Analysis, call: CallAt) -> tuple[Model, list[Use]] | None:
    value = analysis.callee(call)
    model = analysis.columns.of(value) if value is not None and value.kind == "class" else None
    if model is None or not model.is_complete or model.has_own_constructor or not _is_certain(analysis, call):
        return None
    return model, [Use(key, "stores", call) for key in _keywords(analysis, call)]


def _keywords(analysis: Analysis, call: CallAt) -> Iterator[Key]:
    place = _place(call)
    for name, shape in call.record.keywords:
        if name == "**":
            yield from analysis.keys.of(place, shape)
        else:
            yield Key(name, place)


def _statement(analysis: Analysis, call: CallAt) -> tuple[Model, list[Use]] | None:
    """Return the names that a step of a statement takes as keywords or as the keys of a mapping."""
    func = call.record.func
    if func[0] != "attr" or func[2] not in {"filter_by", "values", "update"} or not isinstance(func[1], tuple):
        return None
    statement = analysis.statements.of(call.source, call.record.function, func[1])
    if statement is None or statement.called(*_JOINS):
        return None
    model = analysis.columns.of(analysis.statements.model(statement))
    start = statement.steps[0]
    is_certain = all(analysis.arguments.is_certain(start.source, start.function, shape) for shape in start.args)
    if model is None or not model.is_complete or not is_certain:
        return None
    verb = "filters by" if func[2] == "filter_by" else "stores"
    is_query_write = statement.kind == "query" and func[2] == "update"  # its keywords are options, its values the rest
    uses = [] if is_query_write else [Use(key, verb, call) for key in _keywords(analysis, call)]
    if func[2] != "filter_by" and statement.kind in {"insert", "update", "query"}:
        for shape in call.record.args[:1]:
            rows = _elements(analysis, _place(call), shape) if shape[0] in {"display", "comp"} else (shape,)
            uses += [Use(key, verb, call) for row in rows for key in analysis.keys.of(_place(call), row)]
    return model, uses


def _is_certain(analysis: Analysis, call: CallAt) -> bool:
    return analysis.arguments.is_certain(call.source, call.record.function, call.record.func)


def _place(call: CallAt) -> Place:
    return Place(call.source, call.record.function, call.record.line, call.record.column)


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
