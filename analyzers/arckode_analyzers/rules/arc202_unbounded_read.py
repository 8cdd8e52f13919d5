"""ARC202: a request never reads a table without an end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_analyzers.facts.shapes import Shape, children, root_of
from arckode_analyzers.model.keys import Place
from arckode_analyzers.model.sinks import REPOSITORIES, words
from arckode_analyzers.rule import Example, Rule, Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.calls import CallAt
    from arckode_analyzers.model.columns import Model
    from arckode_analyzers.model.source import Source
    from arckode_analyzers.model.statements import Rows, Statement, Step

_CONSUMES = frozenset({"all", "fetchall"})
_LISTS = frozenset({("name", name) for name in ("list", "tuple", "set", "sorted")})
_NEUTRAL = words(
    "select query where filter filter_by order_by options join outerjoin execution_options with_for_update all unique"
)
_FIXED_CALLS = words("is_ is_not isnot desc asc")
_GROUPS = words("and_ or_ not_")


def check(analysis: Analysis, source: Source) -> Iterator[Spot]:
    """Report each read without an end that a route leads to."""
    for call in analysis.calls(source):
        found = _explicit(analysis, call) or _consumed(analysis, call)
        if found is not None:
            yield from _spot(analysis, source, call.record.function, (call.record.line, call.record.column), found)
    for loop in source.facts.loops:
        if loop.kind == "while" or _is_consumed(loop.source):
            continue
        rows = analysis.statements.rows(source, loop.function, loop.source)
        model = None if rows is None or rows.source is not source else _unbounded(analysis, rows)
        if rows is not None and model is not None and rows.function == loop.function:
            yield from _spot(analysis, source, loop.function, (loop.line, loop.column), (model, "the loop"))


def _is_consumed(shape: Shape) -> bool:
    """Tell whether a call in an expression already takes all rows: that call is judged itself."""
    match shape:
        case ("call", ("attr", _, str(method)), _, _) if method in _CONSUMES:
            return True
        case ("call", tuple(func), _, _) if func in _LISTS:
            return True
        case ("name", _):
            return True
    return False


# The kernel: no limit must be asked for by name


def _explicit(analysis: Analysis, call: CallAt) -> tuple[Model, str] | None:
    value = analysis.callee(call)
    if value is None or value.kind != "method" or value.of is None or value.last != "find_many":
        return None
    limit = dict(call.record.keywords).get("limit")
    if value.of.last not in REPOSITORIES or limit is None or not value.of.args:
        return None
    said = analysis.value(call.source, call.record.function, limit)
    model = analysis.columns.of(value.of.args[0])
    if said is None or said.name != "kernel.ALL" or model is None:
        return None
    filters = call.record.args[0] if call.record.args else dict(call.record.keywords).get("filters")
    return None if _narrows(analysis, call, model, filters) else (model, "find_many(limit=ALL)")


def _narrows(analysis: Analysis, call: CallAt, model: Model, filters: Shape | None) -> bool:
    """Tell whether a filter may leave few rows: only conditions that are fixed in the code certainly do not."""
    if filters is None or filters in {("const", None), ("dict", (), ())}:
        return False
    if filters[0] == "attr" and filters[2] == "filters" and isinstance(filters[1], tuple):
        query = analysis.value(call.source, call.record.function, filters[1])
        if query is not None and query.name == "kernel.ListQuery":
            return False  # whoever asks for the list decides whether to filter at all
    place = Place(call.source, call.record.function, call.record.line, call.record.column)
    keys = analysis.keys.of(place, filters)
    if filters[0] != "dict" or len(keys) != len(_keys_of(filters)):
        return True
    return any(
        key.name in model.selective
        or key.value is None
        or not _is_fixed(analysis, key.place.source, key.place.function, key.value)
        for key in keys
    )


def _keys_of(filters: Shape) -> tuple[Shape, ...]:
    return filters[1] if isinstance(filters[1], tuple) else ()


# SQLAlchemy


def _consumed(analysis: Analysis, call: CallAt) -> tuple[Model, str] | None:
    record = call.record
    is_all = record.func[0] == "attr" and record.func[2] in _CONSUMES
    if not is_all and (record.func not in _LISTS or not record.args or _is_consumed(record.args[0])):
        return None
    rows = analysis.statements.rows(call.source, record.function, record.shape)
    if rows is None or rows.source is not call.source or rows.function != record.function:
        return None
    model = _unbounded(analysis, rows)
    return None if model is None else (model, f"{record.func[-1]}()")


def _unbounded(analysis: Analysis, rows: Rows) -> Model | None:
    """Return the model that is read to its end, or None when the statement may stop before."""
    statement = rows.statement
    if statement.kind not in {"select", "query"} or any(step.method not in _NEUTRAL for step in statement.steps):
        return None
    if any("yield_per" in repr(step.keywords) for step in statement.steps):
        return None
    model = _entity(analysis, statement)
    if model is None or any(_joins_a_query(analysis, step) for step in statement.called("join")):
        return None
    for step in statement.called("where", "filter", "filter_by"):
        given = [*step.args, *(shape for _, shape in step.keywords)]
        names = {name for name, _ in step.keywords}
        if names & model.selective or not all(_is_condition_fixed(analysis, step, shape) for shape in given):
            return None
    return model


def _joins_a_query(analysis: Analysis, step: Step) -> bool:
    """Tell whether a join is with something else than a table: the rows may be as few as that query leaves."""
    for shape in step.args[:1]:
        value = analysis.value(step.source, step.function, shape)
        owner = analysis.value(step.source, step.function, shape[1]) if isinstance(shape[1], tuple) else None
        return not any(each is not None and each.kind == "class" for each in (value, owner))
    return False


def _entity(analysis: Analysis, statement: Statement) -> Model | None:
    """Return the model that the first thing selected belongs to, when everything selected is a class or a column."""
    start = statement.steps[0]
    models = []
    for shape in start.args:
        if shape[0] not in {"name", "attr"} or not analysis.arguments.is_certain(start.source, start.function, shape):
            return None
        value = analysis.value(start.source, start.function, shape)
        owner = shape[1] if shape[0] == "attr" and isinstance(shape[1], tuple) else shape
        model = analysis.columns.of(value) if value is not None and value.kind == "class" else None
        if model is None:
            holder = analysis.value(start.source, start.function, owner)
            model = analysis.columns.of(holder) if holder is not None and holder.kind == "class" else None
        models.append(model)
    return models[0] if models and all(model is not None for model in models) else None


def _is_condition_fixed(analysis: Analysis, step: Step, shape: Shape) -> bool:
    """Tell whether a condition compares columns with what is written in the code: it holds for any number of rows."""
    match shape:
        case ("compare", (("==" | "!=" | "is" | "is not"),), (tuple(left), tuple(right))):
            return _is_column(analysis, step, left) and _is_fixed(analysis, step.source, step.function, right)
        case ("call", ("attr", tuple(column), str(method)), tuple(args), _) if method in _FIXED_CALLS:
            fixed = all(_is_fixed(analysis, step.source, step.function, arg) for arg in args)
            return fixed and _is_column(analysis, step, column)
        case ("call", tuple(func), tuple(args), _) if step.source.last(func) in _GROUPS:
            return all(_is_condition_fixed(analysis, step, arg) for arg in args)
        case ("attr", _, _):
            return _is_column(analysis, step, shape)
        case ("other", (tuple(inner),)) | ("not", tuple(inner)):
            return _is_condition_fixed(analysis, step, inner)
    return _is_fixed(analysis, step.source, step.function, shape)


def _is_column(analysis: Analysis, step: Step, shape: Shape) -> bool:
    """Tell whether an expression is a column of a model that many rows may share."""
    if shape[0] != "attr" or not isinstance(shape[1], tuple):
        return False
    value = analysis.value(step.source, step.function, shape[1])
    model = analysis.columns.of(value) if value is not None and value.kind == "class" else None
    return model is not None and str(shape[2]) not in model.selective


def _is_fixed(analysis: Analysis, source: Source, function: int, shape: Shape) -> bool:
    """Tell whether a value is written in the code: a literal, or a member of an enumeration."""
    if shape[0] == "const":
        return True
    if shape[0] in {"dict", "display"}:
        return all(_is_fixed(analysis, source, function, part) for part in children(shape))
    if shape[0] == "attr" and root_of(shape)[0] == "name" and isinstance(shape[1], tuple):
        owner = analysis.value(source, function, shape[1])
        return owner is not None and any(each.name.startswith("enum.") for each in analysis.resolver.ancestors(owner))
    return False


def _spot(
    analysis: Analysis, source: Source, function: int, place: tuple[int, int], found: tuple[Model, str]
) -> Iterator[Spot]:
    symbol = source.symbol(function)
    way = analysis.route_reach.way(symbol)
    if way is None:
        return
    model, how = found
    message = f"`{how}` reads every row of `{model.last}` for one request: nothing ends it as the table grows"
    yield Spot(
        source, *place, symbol, message, callee=model.last, chain=tuple(dict.fromkeys((*way, (source, place[0]))))
    )


_ROUTE = """\
from fastapi import APIRouter, Depends
from app.orders import listed

router = APIRouter()

@router.get("/orders")
def index(db=Depends(object)):
    return listed(db)
"""
_MODEL = """\
from enum import StrEnum
from sqlalchemy import ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

class Base(DeclarativeBase): ...

class Status(StrEnum):
    PAID = "paid"

class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    status: Mapped[Status]
    total: Mapped[int]
"""
RULE = Rule(
    code="ARC202",
    name="unbounded-read",
    severity="warning",
    summary="A request reads all rows of a table.",
    why=(
        "It is fast with the rows of a test and takes the process down with those of a year: every row is loaded, kept "
        "in memory and sent, for each caller at once. How large a table gets is not in the source, which is why this "
        "is a warning: where it is small for ever, a suppression can say so."
    ),
    hint="read a page: `paginate(...)`, `limit=...`, or `.limit(...)` with `.offset(...)` or a key to continue from",
    decides=(
        "Reads of a mapped class in code that a route leads to, with no condition or only with conditions on plain "
        "columns that are fixed in the code. A condition on a key, a reference, or anything a caller passes is taken "
        "to narrow, and so is a join with a query; grouped, distinct, limited and streamed reads are bounded."
    ),
    check=check,
    bad=(
        Example(
            "every row, asked for by name, two calls below the route",
            {
                "src/shop/modules/orders/model.py": """\
from sqlalchemy.orm import Mapped
from shop.kernel.model import Entity

class Order(Entity):
    __tablename__ = "orders"
    status: Mapped[str]
""",
                "src/shop/modules/orders/service.py": """\
from shop.kernel.repository import ALL as everything, RepositoryAdapter
from shop.modules.orders.model import Order

class OrdersService:
    def __init__(self, orders: RepositoryAdapter[Order]) -> None:
        self._orders = orders

    async def list(self):
        return await self._paginated()

    async def _paginated(self):
        await self._orders.find_many({"status": "paid"}, limit=everything)  # error: ARC202
        return await self._orders.find_many(limit=everything)  # error: ARC202
""",
                "src/shop/modules/orders/controller.py": """\
from shop.kernel.http.routing import ModuleRouter
from shop.modules.orders.service import OrdersService

class OrdersController:
    def __init__(self, service: OrdersService) -> None:
        self._service = service

    def router(self):
        routes = ModuleRouter("orders")
        routes.get("", self.index)
        return routes.router

    async def index(self):
        return await self._service.list()
""",
            },
        ),
        Example(
            "a statement built in steps, under other names, with a helper that is only called limited",
            {
                "app/api.py": _ROUTE,
                "app/models.py": _MODEL,
                "app/orders.py": """\
import sqlalchemy as sa
from sqlalchemy.orm import Session as Db
from app.models import Order as Row, Status

def limited(statement):
    # statement.limit(100)
    return statement

def listed(db: Db):
    statement = sa.select(Row).where(Row.status == Status.PAID)
    statement = statement.order_by(Row.total)
    first = db.scalars(statement).all()  # error: ARC202
    result = db.execute(sa.select(Row.id, Row.total))
    second = result.fetchall()  # error: ARC202
    third = db.query(Row).filter(Row.total.is_not(None)).all()  # error: ARC202
    fourth = db.scalars(sa.select(Row).join(Row.lines)).all()  # error: ARC202
    return first, second, third, fourth, list(db.scalars(sa.select(Row)))  # error: ARC202
""",
            },
        ),
    ),
    good=(
        Example(
            "pages, limits, keys, what a caller asks for, aggregates and one row",
            {
                "app/api.py": _ROUTE,
                "app/models.py": _MODEL,
                "app/orders.py": """\
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from app.models import Order

def listed(db: Session, customer=1, status="paid", ids=()):
    db.scalars(select(Order).limit(20)).all()
    db.scalars(select(Order).where(Order.customer_id == 3)).all()
    db.scalars(select(Order).where(Order.status == status)).all()
    db.scalars(select(Order).where(Order.id.in_(ids))).all()
    db.execute(select(Order.status, func.count()).group_by(Order.status)).all()
    db.execute(select(func.sum(Order.total))).all()
    db.scalars(select(Order.status).distinct()).all()
    newest = select(func.max(Order.id).label("id")).where(Order.customer_id == customer).subquery()
    db.scalars(select(Order).join(newest, newest.c.id == Order.id)).all()
    query = select(Order)
    query = query.limit(10)
    return db.scalars(query).all(), db.query(Order).first(), db.scalars(select(Order)).one()
""",
            },
        ),
        Example(
            "a command that no route leads to, and a list that is not a table",
            {
                "app/api.py": _ROUTE.replace("listed(db)", "listed({})"),
                "app/models.py": _MODEL,
                "app/orders.py": """\
from sqlalchemy import select
from sqlalchemy.orm import Session
from app.models import Order

class Shelf:
    def all(self): ...

def listed(db):
    return Shelf().all(), list("select(Order)")

def nightly(db: Session):
    return db.scalars(select(Order)).all()
""",
            },
        ),
    ),
)
