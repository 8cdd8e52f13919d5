"""ARC106: a table with two masters."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from arckode_analyzers.model.data_access import is_repository
from arckode_analyzers.model.sinks import REPOSITORY_WRITES, SESSIONS
from arckode_analyzers.rule import Example, Rule, Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.facts.shapes import Shape
    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.calls import CallAt
    from arckode_analyzers.model.source import Source
    from arckode_analyzers.model.tables import Table
    from arckode_analyzers.model.values import Value

_WRITES = re.compile(
    r"\s*(?:WITH\b.*?\)\s*)?"
    r"(?:(?:INSERT(?:\s+OR\s+\w+|\s+IGNORE)?|REPLACE|MERGE)\s+INTO|UPDATE(?:\s+ONLY)?|DELETE\s+FROM|TRUNCATE(?:\s+TABLE)?)"
    r"\s+(?:[\"`\[]?\w+[\"`\]]?\.)?[\"`\[]?(\w+)",
    re.IGNORECASE | re.DOTALL,
)
_OWN_WRITES = frozenset({"insert", "update", "delete"})
_STATEMENTS = frozenset({"sqlalchemy.insert", "sqlalchemy.update", "sqlalchemy.delete"})
_STORES = frozenset({"add", "add_all", "merge", "delete"})


def check(analysis: Analysis, source: Source) -> Iterator[Spot]:
    """Report second declarations of a table, and writes and repositories on a table of another module."""
    if "composition_root" in source.layers:
        return
    yield from _declared_twice(analysis, source)
    yield from _foreign_repositories(analysis, source)
    for call in analysis.calls(source):
        written = _written(analysis, call)
        if written is not None and _is_foreign(written, source):
            record = call.record
            message = f"this writes '{written.name}', a table of the module '{written.owner}'"
            yield Spot(source, record.line, record.column, call.caller, message, written.name)


def _is_foreign(table: Table, source: Source) -> bool:
    return bool(table.owner) and table.owner != source.unit


def _declared_twice(analysis: Analysis, source: Source) -> Iterator[Spot]:
    for first, table in analysis.tables.again.get(source.path, ()):
        if table.owner != first.owner:
            owner = f"the module '{first.owner}'" if first.owner else first.source.path
            message = f"the table '{table.name}' is already declared by {owner}"
            chain = ((first.source, first.line),)
            symbol = table.model or source.module
            yield Spot(source, table.line, table.column, symbol, message, table.name, chain=chain)


def _foreign_repositories(analysis: Analysis, source: Source) -> Iterator[Spot]:
    for index, record in enumerate(source.facts.classes):
        value = analysis.class_value(source, index)
        if not is_repository(analysis, value):
            continue
        table = next(
            (found for each in _stored(analysis, value) if (found := _table(analysis, each)) is not None), None
        )
        if table is not None and _is_foreign(table, source):
            message = f"`{record.name}` is a repository on '{table.name}', a table of the module '{table.owner}'"
            yield Spot(source, record.line, record.column, value.name, message, table.name)


def _stored(analysis: Analysis, repository: Value) -> Iterator[Value | None]:
    """Yield the models a repository class names: `model = X` first, then its type argument."""
    model = analysis.resolver.attribute(repository, "model")
    yield model if model is not None and model.kind == "class" else None
    for ancestor in analysis.resolver.ancestors(repository):
        yield from ancestor.args


def _table(analysis: Analysis, value: Value | None) -> Table | None:
    if value is None:
        return None
    names = (ancestor.name for ancestor in analysis.resolver.ancestors(value))
    return next((analysis.tables.by_model[name] for name in names if name in analysis.tables.by_model), None)


def _written(analysis: Analysis, call: CallAt) -> Table | None:
    """Return the table a call writes, when that is certain."""
    callee = analysis.callee(call)
    match call.record.func:
        case ("attr", tuple(table), str(name)) if name in _OWN_WRITES and (found := _of_model(analysis, call, table)):
            return found
    if callee is None or callee.kind not in {"external", "method"}:
        return None
    owner = callee.of
    if callee.name in _STATEMENTS:
        first = _first(analysis, call)
        return _table(analysis, first) or (_of_model(analysis, call, call.record.args[0]) if call.record.args else None)
    if owner is not None and owner.name in SESSIONS and callee.last in _STORES:
        first = _first(analysis, call)
        return _table(
            analysis, first.args[0] if first is not None and callee.last == "add_all" and first.args else first
        )
    if owner is not None and is_repository(analysis, owner) and callee.last in REPOSITORY_WRITES:
        return _table(analysis, owner.args[0]) if owner.args else None
    return _written_as_text(analysis, call, callee)


def _first(analysis: Analysis, call: CallAt) -> Value | None:
    shapes = call.record.args[:1]
    return analysis.value(call.source, call.record.function, shapes[0]) if shapes else None


def _of_model(analysis: Analysis, call: CallAt, shape: Shape) -> Table | None:
    """Return the table behind `Model.__table__`."""
    match shape:
        case ("attr", tuple(model), "__table__"):
            return _table(analysis, analysis.value(call.source, call.record.function, model))
    return None


def _written_as_text(analysis: Analysis, call: CallAt, callee: Value) -> Table | None:
    """Return the table of raw SQL, read only where it is handed to something that runs it."""
    runs = callee.name == "sqlalchemy.text" or (callee.of is not None and callee.of.name in SESSIONS)
    args, function = call.record.args, call.record.function
    text = analysis.tables.text(call.source, args[0], function) if runs and args else None
    match = _WRITES.match(text) if text is not None else None
    rows = analysis.tables.by_name.get(match[1].lower(), []) if match else []
    return rows[0] if rows else None


_CUSTOMERS = {
    "src/shop/modules/customers/__init__.py": "from shop.modules.customers.model import Customer\n",
    "src/shop/modules/customers/model.py": """\
from shop.kernel.model import Entity

class Customer(Entity):
    __tablename__ = "customers"
""",
}
_REPOSITORY = "src/shop/modules/orders/repository.py"
RULE = Rule(
    code="ARC106",
    name="table-owner",
    severity="error",
    summary="Two modules declare a table, or one writes a table that another owns.",
    why=(
        "A table has one module that knows its rules. With two, each validates its half, a migration of one breaks the "
        "other, and the definition that is imported last silently wins."
    ),
    hint="ask the owning module through a connector",
    decides=(
        "Found: declarations, and writes by statement, session, repository or literal SQL, of a table that "
        "another module declares. Reading is not reported. Not decided: table names that are computed."
    ),
    check=check,
    bad=(
        Example(
            "the same table declared twice, once through a constant",
            {
                **_CUSTOMERS,
                "src/shop/modules/orders/model.py": """\
from shop.kernel.model import Entity
from shop.names import TABLE

class Buyer(Entity):
    __tablename__ = TABLE  # error: ARC106
""",
                "src/shop/names.py": 'TABLE = "customers"\n',
            },
        ),
        Example(
            "a repository on another module's model, under other names",
            {
                **_CUSTOMERS,
                _REPOSITORY: """\
from shop.kernel.repository import SqlRepository as Rows
from shop.modules.customers import Customer as Person

class People(Rows[Person]):  # error: ARC106
    model = Person
""",
            },
        ),
        Example(
            "writes by statement, by session, by adapter and by text",
            {
                **_CUSTOMERS,
                _REPOSITORY: """\
from shop.kernel.repository import RepositoryAdapter
from shop.modules.customers import Customer
from sqlalchemy import text, update
from sqlalchemy.orm import Session

async def rename(session: Session, people: RepositoryAdapter[Customer], key):
    session.execute(update(Customer).values(name="x"))  # error: ARC106
    session.add(Customer())  # error: ARC106
    await people.update(key, {"name": "x"})  # error: ARC106
    session.execute(text("update customers set name = 'x'"))  # error: ARC106
""",
            },
        ),
    ),
    good=(
        Example(
            "a module and its own table",
            {
                **_CUSTOMERS,
                "src/shop/modules/customers/repository.py": """\
from shop.kernel.repository import SqlRepository
from shop.modules.customers.model import Customer

class CustomersRepository(SqlRepository[Customer]):
    model = Customer

async def add(rows: CustomersRepository):
    await rows.create({"name": "x"})
""",
            },
        ),
        Example(
            "reading what another module's service answers",
            {
                **_CUSTOMERS,
                _REPOSITORY: """\
from shop.kernel.repository import RepositoryAdapter
from shop.modules.customers import Customer

async def name(people: RepositoryAdapter[Customer], key):
    return (await people.find_by_id(key)).name
""",
            },
        ),
        Example(
            "SQL in a text nobody runs",
            {
                **_CUSTOMERS,
                _REPOSITORY: """\
# update customers set name = 'x'
ADVICE = "update customers set name = 'x'"

def advice():
    return print(ADVICE)
""",
            },
        ),
    ),
)
