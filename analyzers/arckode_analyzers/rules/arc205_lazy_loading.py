"""ARC205: relationships are loaded with the rows, never one by one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from arckode_analyzers.model.project import FunctionAt
from arckode_analyzers.rule import Example, Rule, Spot

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from arckode_analyzers.facts.records import Loop, Read
    from arckode_analyzers.facts.shapes import Shape
    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.calls import CallAt
    from arckode_analyzers.model.columns import Relation
    from arckode_analyzers.model.loading import Loaded
    from arckode_analyzers.model.routes import Route
    from arckode_analyzers.model.schemas import Schema
    from arckode_analyzers.model.source import Source

_VALIDATES = frozenset({"model_validate", "from_orm"})
_ELEMENTS = frozenset({"list", "List", "Sequence", "Iterable", "tuple", "set"})
_DEEPEST = 3


class Access(NamedTuple):
    """A place that makes a relationship load, and the lines from there to the attribute that does."""

    relation: Relation
    line: int
    column: int
    way: tuple[tuple[Source, int], ...] = ()

    def seen_from(self, source: Source, place: tuple[int, int]) -> Access:
        """Return the same access as the call that leads to it."""
        return Access(self.relation, *place, ((source, self.line), *self.way))


def check(analysis: Analysis, source: Source) -> Iterator[Spot]:
    """Report relationships that load themselves: per turn of a loop, without a session, or inside a response."""
    for index in range(len(source.facts.loops)):
        yield from _in_loop(analysis, source, index)
    yield from _single(analysis, source)
    for route in analysis.routes.of(source):
        yield from _in_response(analysis, source, route)


# In a loop


def _in_loop(analysis: Analysis, source: Source, index: int) -> Iterator[Spot]:
    loop = source.facts.loops[index]
    if loop.kind == "while" or loop.target[0] != "name":
        return
    for loaded in _rows(analysis, source, loop):
        found = _accesses(analysis, loaded, FunctionAt(source, loop.function), str(loop.target[1]), index)
        grouped = _by_place(found)
        for accesses in grouped:
            used = _as_used(source, loop.function, loaded, accesses[0])
            yield _loop_spot(source, loop, used, accesses)
        if grouped:
            return


def _by_place(accesses: Iterable[Access]) -> list[list[Access]]:
    """Group what one place loads; a relationship counts where it is read first, later it is there."""
    first: dict[str, Access] = {}
    for access in accesses:
        first.setdefault(access.relation.name, access)
    grouped: dict[tuple[int, int], list[Access]] = {}
    for access in first.values():
        grouped.setdefault((access.line, access.column), []).append(access)
    return list(grouped.values())


def _rows(analysis: Analysis, source: Source, loop: Loop) -> Iterator[Loaded]:
    """Yield the rows a loop runs over: what its own function reads, or what each caller hands over."""
    found = analysis.loading.of(source, loop.function, loop.source)
    if found is not None:
        if found.many:
            yield found
        return
    function = analysis.project.functions.get(source.symbol(loop.function))
    if function is None or loop.source[0] != "name":
        return
    for given in analysis.arguments.of(function, str(loop.source[1])):
        call = given.call
        passed = analysis.loading.of(call.source, call.record.function, given.shape)
        if passed is not None and passed.many:
            yield passed


def _accesses(
    analysis: Analysis, loaded: Loaded, function: FunctionAt, name: str, loop: int | None = None
) -> Iterator[Access]:
    """Yield what reads a lazy relationship of a row that goes by some name."""
    yield from _Search(analysis, loaded).accesses(function, name, loop)


class _Search(NamedTuple):
    """A look for what loads relationships of the same rows, some calls deep."""

    analysis: Analysis
    loaded: Loaded
    depth: int = 0

    def deeper(self) -> _Search:
        return self._replace(depth=self.depth + 1)

    def accesses(self, function: FunctionAt, name: str, loop: int | None) -> Iterator[Access]:
        source = function.source
        if self.depth > _DEEPEST or _is_prepared(source, function.index, name):
            return
        for read in source.reads_of.get(function.index, ()):
            if loop is None or loop in read.loops:
                yield from self._read(source, read, name)
        for call in self.analysis.calls_in(function):
            if loop is None or loop in call.record.loops:
                yield from self._validated(call, name)
                yield from self._handed_over(call, function, name)
                yield from self._own_method(call, name)

    def _read(self, source: Source, read: Read, name: str) -> Iterator[Access]:
        attribute = _attribute_of(read.value, name)
        relation = self.loaded.lazy(attribute)
        if relation is not None and not _is_set(source, read, name, attribute):
            yield Access(relation, read.line, read.column)
            return
        method = self.analysis.project.functions.get(f"{self.loaded.model.symbol}.{attribute}")
        if method is not None and any(shape[-1] == "property" for shape in method.record.decorators):
            yield from self._inside(method, (read.line, read.column))

    def _handed_over(self, call: CallAt, function: FunctionAt, name: str) -> Iterator[Access]:
        """Yield what a helper reads of a row that it is given."""
        for target in self.analysis.reached(call):
            callee = self.analysis.project.functions.get(target.symbol)
            if callee is None or callee.symbol == function.symbol:
                continue
            for parameter, shape in self.analysis.arguments.given(call, callee).items():
                if shape == ("name", name):
                    for access in self.deeper().accesses(callee, parameter, None):
                        yield access.seen_from(callee.source, (call.record.line, call.record.column))

    def _own_method(self, call: CallAt, name: str) -> Iterator[Access]:
        func = call.record.func
        if func[0] == "attr" and func[1] == ("name", name):
            method = self.analysis.project.functions.get(f"{self.loaded.model.symbol}.{func[2]}")
            if method is not None:
                yield from self._inside(method, (call.record.line, call.record.column))

    def _inside(self, method: FunctionAt, place: tuple[int, int]) -> Iterator[Access]:
        """Yield what a method of the model reads of its own row."""
        rows = method.source.parameters_of.get(method.index, ())
        for access in self.deeper().accesses(method, rows[0].name, None) if rows else ():
            yield access.seen_from(method.source, place)

    def _validated(self, call: CallAt, name: str) -> Iterator[Access]:
        """Yield what a schema reads when it is made from a row by hand."""
        match call.record.shape:
            case ("call", ("attr", tuple(base), str(method)), (("name", str(row)), *_), _) if method in _VALIDATES:
                value = self.analysis.value(call.source, call.record.function, base)
                schema = self.analysis.schemas.of(value) if row == name else None
                if schema is not None:
                    for relation, line in _shown(self.analysis, schema, self.loaded):
                        yield Access(relation, call.record.line, call.record.column, (line,))


def _attribute_of(shape: Shape, name: str) -> str:
    """Return the first attribute in a chain that starts from a name."""
    while shape[0] == "attr" and isinstance(shape[1], tuple):
        if shape[1] == ("name", name):
            return str(shape[2])
        shape = shape[1]
    return ""


def _is_prepared(source: Source, function: int, name: str) -> bool:
    """Tell whether a row is refreshed or loaded by hand before it is read."""
    return any(
        call.func[-1] in {"refresh", "set_committed_value", "run_sync"} and ("name", name) in call.args
        for call in source.calls_of.get(function, ())
    )


def _is_set(source: Source, read: Read, name: str, attribute: str) -> bool:
    """Tell whether the function itself puts the related row there."""
    target = ("attr", ("name", name), attribute)
    return any(row.target == target for row in source.bindings_of.get(read.function, ()))


# Without a loop


def _single(analysis: Analysis, source: Source) -> Iterator[Spot]:
    """Report relationships of one row where the session cannot load them: it is asynchronous, or closed."""
    for row in source.facts.bindings:
        if row.how != "=" or row.value is None or row.target[0] != "name" or row.owner >= 0:
            continue
        definitions = source.names.get((row.function, -1), {}).get(str(row.target[1]), ())
        loaded = analysis.loading.of(source, row.function, row.value) if len(definitions) == 1 else None
        if loaded is None or loaded.many:
            continue
        found = _accesses(analysis, loaded, FunctionAt(source, row.function), str(row.target[1]))
        for accesses in _by_place(found):
            used = _as_used(source, row.function, loaded, accesses[0])
            if used.is_async or used.is_detached:
                yield _spot(FunctionAt(source, row.function), used, accesses, _reads(loaded.model.last, accesses))


def _as_used(source: Source, function: int, loaded: Loaded, access: Access) -> Loaded:
    """Return the rows as they are at one place: inside the block that ends their session, it is still open."""
    is_inside = loaded.source is source and loaded.function == function and loaded.closing >= 0
    if not is_inside:
        return loaded
    return replace(loaded, is_detached=not _stands_in(source, function, access, loaded.closing))


def _stands_in(source: Source, function: int, access: Access, block: int) -> bool:
    places = (source.reads_of, source.calls_of)
    return any(
        (each.line, each.column) == (access.line, access.column) and block in each.blocks
        for rows in places
        for each in rows.get(function, ())
    )


# In a response


def _in_response(analysis: Analysis, source: Source, route: Route) -> Iterator[Spot]:
    """Report relationships that a response model reads from the rows a handler answers: there is no loop to see."""
    if route.handler is None:
        return
    said = route.keyword("response_model") or route.handler.record.returns
    schema = _schema(analysis, source, route.function, said)
    if schema is None:
        return
    handler = route.handler
    for result in handler.source.results_of.get(handler.index, ()):
        loaded = analysis.loading.of(handler.source, handler.index, result.value)
        if loaded is None or not (loaded.many or loaded.is_async):
            continue
        shown = [
            Access(relation, result.line, result.column, (line,)) for relation, line in _shown(analysis, schema, loaded)
        ]
        if shown:
            names = _listed([f"`{each.relation.name}`" for each in shown])
            what = f"`{schema.last}` shows {names} of `{loaded.model.last}`"
            yield _spot(handler, loaded, shown, what, "for each row")


def _schema(analysis: Analysis, source: Source, function: int, said: Shape | None) -> Schema | None:
    """Return the schema that an annotation names, alone or in a list."""
    value = analysis.resolver.annotation(source, function, said)
    if value is not None and value.last in _ELEMENTS and value.args:
        value = value.args[0]
    return analysis.schemas.of(value)


def _shown(analysis: Analysis, schema: Schema, loaded: Loaded) -> Iterator[tuple[Relation, tuple[Source, int]]]:
    for name, field in schema.fields.items():
        relation = loaded.lazy(name)
        if relation is not None and not field.is_excluded:
            nested = analysis.resolver.annotation(field.source, 0, field.annotation)
            inner = nested.args[0] if nested is not None and nested.last in _ELEMENTS and nested.args else nested
            if analysis.schemas.of(inner) is not None:
                yield relation, (field.source, field.line)


# Words


def _loop_spot(source: Source, loop: Loop, loaded: Loaded, accesses: list[Access]) -> Spot:
    what = _reads(str(loop.target[1]), accesses)
    place, turn = FunctionAt(source, loop.function), f"once per turn of this {loop.kind}"
    return _spot(place, loaded, accesses, what, turn, (source, loop.line))


def _reads(row: str, accesses: list[Access]) -> str:
    return _listed([f"`{row}.{each.relation.name}`" for each in accesses])


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _spot(
    place: FunctionAt, loaded: Loaded, accesses: list[Access], what: str, *turn: str | tuple[Source, int]
) -> Spot:
    """Say what loads itself; `turn` is how often, and the loop that says so."""
    source = place.source
    how, between = str(turn[0]) if turn else "", [each for each in turn[1:] if not isinstance(each, str)]
    first, model = accesses[0], loaded.model
    it = "it" if len(accesses) == 1 else "them"
    if loaded.is_detached:
        ends = "the session is closed by then, so that reading raises DetachedInstanceError"
    elif loaded.is_async:
        ends = "an AsyncSession cannot load on the way, so that reading raises MissingGreenlet"
    else:
        ends = f"each is another query {how}"
    places = ((loaded.source, loaded.line), *between, (source, first.line), *first.way)
    names = [f"selectinload({model.last}.{each.relation.name})" for each in accesses]
    return Spot(
        source,
        first.line,
        first.column,
        place.symbol if place.index else source.module,
        f"{what}: the query did not load {it}, and {ends}",
        callee=f"{model.last}.{first.relation.name}",
        hint=f"load {it} with the rows: `.options({', '.join(names)})`",
        chain=tuple(dict.fromkeys((*places, (first.relation.source, first.relation.line)))),
    )


_MODELS = """\
from sqlalchemy import ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

class Base(DeclarativeBase): ...

class Customer(Base):
    __tablename__ = "customers"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]

class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    customer: Mapped[Customer] = relationship()
    buyer: Mapped[Customer] = relationship(lazy="selectin")
"""
RULE = Rule(
    code="ARC205",
    name="lazy-loading",
    severity="error",
    summary="A relationship is loaded row by row, or after its session can no longer load it.",
    why=(
        "Reading a relationship looks like reading an attribute and is a query: a list of 500 orders becomes 501 round "
        "trips. With an AsyncSession it does not even work, nor does it once the session is closed."
    ),
    hint="load the relationship with the rows: `.options(selectinload(Model.relation))`",
    decides=(
        "Rows whose query can be seen, in the function, in a helper that answers them or in a caller that hands them "
        "over; reads in the loop, in helpers, in methods and properties of the model, and by response models. Rows of "
        "unknown origin and options that are computed are not judged."
    ),
    check=check,
    bad=(
        Example(
            "in a loop, in a comprehension, and in a helper of another file",
            {
                "app/models.py": _MODELS,
                "app/orders.py": """\
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload
from app.labels import selectinload_customer
from app.models import Order as Row

def names(db: Session):
    rows = db.scalars(select(Row).options(selectinload(Row.buyer))).all()
    for order in rows:
        print(order.customer.name)  # error: ARC205
    return [row.customer for row in db.query(Row).all()]  # error: ARC205

def labels(db: Session):
    return [selectinload_customer(each) for each in db.scalars(select(Row))]  # error: ARC205
""",
                "app/labels.py": """\
def selectinload_customer(row):
    # .options(selectinload(Order.customer))
    return "selectinload" + row.customer.name
""",
            },
        ),
        Example(
            "an asynchronous session cannot load on the way, not even for one row",
            {
                "app/models.py": _MODELS,
                "app/orders.py": """\
from sqlalchemy.ext.asyncio import AsyncSession
from app.models import Order

async def name(db: AsyncSession, key):
    order = await db.get(Order, key)
    return order.customer.name  # error: ARC205
""",
            },
        ),
        Example(
            "a response model reads it, and there is no loop to see",
            {
                "app/models.py": _MODELS,
                "app/api.py": """\
from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict
from sqlalchemy import select
from sqlalchemy.orm import Session
from app.models import Order

router = APIRouter()

class CustomerOut(BaseModel):
    name: str

class OrderOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    id: int
    customer: CustomerOut

@router.get("/orders", response_model=list[OrderOut])
def index(db: Session):
    return db.scalars(select(Order).limit(20)).all()  # error: ARC205
""",
            },
        ),
    ),
    good=(
        Example(
            "loaded with the rows, by the query or by the model",
            {
                "app/models.py": _MODELS,
                "app/orders.py": """\
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session, joinedload, selectinload
from app.models import Order

def names(db: Session):
    for order in db.scalars(select(Order).options(joinedload(Order.customer))).unique():
        print(order.customer.name, order.buyer.name)
    query = select(Order)
    query = query.options(selectinload(Order.customer))
    return [order.customer.name for order in db.scalars(query).all()]

async def name(db: AsyncSession, key):
    order = await db.get(Order, key, options=[selectinload(Order.customer)])
    other = await db.get(Order, key)
    await db.refresh(other, ["customer"])
    return order.customer, other.customer, other.customer_id
""",
            },
        ),
        Example(
            "columns, one row of an open session, and rows of unknown origin",
            {
                "app/models.py": _MODELS,
                "app/orders.py": """\
from sqlalchemy import select
from sqlalchemy.orm import Session
from app.models import Order

def names(db: Session, rows, options):
    one = db.get(Order, 1)
    print(one.customer.name)
    for row in rows:
        print(row.customer)
    for order in db.scalars(select(Order)):
        print(order.customer_id)
    for order in db.scalars(select(Order).options(*options)):
        print(order.customer)
""",
            },
        ),
    ),
)
