"""ARC404: a column that every hand-written query has to quote."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from arckode_analyzers.model.project import grouped
from arckode_analyzers.model.sql_words import MYSQL, STANDARD
from arckode_analyzers.rule import Example, Rule, Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.facts.records import Binding, Call
    from arckode_analyzers.facts.shapes import Shape
    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.source import Source

_COLUMNS = frozenset({"sqlalchemy.mapped_column", "sqlalchemy.Column"})
_MANY = frozenset({"list", "List", "set", "Set", "Sequence", "Collection"})
_SNAKE = re.compile(r"_?[a-z][a-z0-9]*(_+[a-z0-9]+)*_?$")


def check(analysis: Analysis, source: Source) -> Iterator[Spot]:
    """Report columns and tables that are reserved words, and columns that are not in snake_case."""
    if _is_history(source):
        return
    for name, symbol, row in _columns(analysis, source):
        problem = "" if _SNAKE.match(name) else "is not in snake_case"
        problem = problem or _reserved(analysis, name)
        if problem:
            yield Spot(source, row.line, row.column, symbol, f"the column '{name}' {problem}", name)
    for table in analysis.tables.of(source):
        problem = _reserved(analysis, table.name) if table.source is source else ""
        if problem:
            message = f"the table '{table.name}' {problem}"
            yield Spot(source, table.line, table.column, table.model or source.module, message, table.name)


def _is_history(source: Source) -> bool:
    """Tell whether a file is a migration of Alembic's: what it says was true once."""
    return any(source.target(row).partition(".")[0] == "alembic" for row in source.facts.imports)


def _columns(analysis: Analysis, source: Source) -> Iterator[tuple[str, str, Binding | Call]]:
    """Yield the columns that a file declares, by the name that the database sees."""
    bound: set[tuple[int, int]] = set()
    written: dict[int, dict[Shape, list[Call]]] = {}
    for binding in source.facts.bindings:
        if binding.owner < 0 or binding.target[0] != "name":
            continue
        call = _column_call(analysis, source, binding, written)
        if call is not None:
            bound.add((call.line, call.column))
        if call is not None or _is_mapped(analysis, source, binding):
            given = None if call is None else _given(analysis, source, call)
            yield given or str(binding.target[1]), source.class_symbols[binding.owner], binding
    for made in source.written_calls:
        call = made.record
        if made.value is not None and made.value.name in _COLUMNS and (call.line, call.column) not in bound:
            given = _given(analysis, source, call)
            if given:
                yield given, source.symbol(call.function), call


def _column_call(
    analysis: Analysis, source: Source, binding: Binding, written: dict[int, dict[Shape, list[Call]]]
) -> Call | None:
    """Return the call that makes the column an attribute holds; most functions make none, and are not indexed."""
    match binding.value:
        case ("call", tuple(func), _, _) as value if _makes_column(analysis, source, binding.function, func):
            inside = written.get(binding.function)
            if inside is None:
                rows = source.calls_of.get(binding.function, ())
                inside = written[binding.function] = grouped((call.shape, call) for call in rows)
            return next((call for call in inside.get(value, ()) if call.line >= binding.line), None)
    return None


def _makes_column(analysis: Analysis, source: Source, function: int, func: Shape) -> bool:
    value = analysis.value(source, function, func)
    return value is not None and value.name in _COLUMNS


def _given(analysis: Analysis, source: Source, call: Call) -> str | None:
    """Return the name that a column is given in so many words."""
    said = dict(call.keywords).get("name")
    return analysis.tables.text(source, said or next(iter(call.args), None), call.function)


def _is_mapped(analysis: Analysis, source: Source, binding: Binding) -> bool:
    """Tell whether an annotation declares a column: `Mapped[str]`, or any field of an SQLModel table."""
    match binding.annotation:
        case ("item", tuple(base), tuple(index)) if binding.value is None:
            value = analysis.value(source, binding.function, base)
            if value is not None and value.name == "sqlalchemy.Mapped":
                return _is_stored(analysis, source, index)
    klass = source.facts.classes[binding.owner]
    is_field = binding.annotation is not None and ("table", ("const", True)) in klass.keywords
    return is_field and binding.annotation is not None and _is_stored(analysis, source, binding.annotation)


def _is_stored(analysis: Analysis, source: Source, annotation: Shape) -> bool:
    """Tell whether what an annotation says fits into a column: no row of another table, and nothing unknown."""
    held = analysis.resolver.annotation(source, 0, annotation)
    if held is None or held.last in _MANY:
        return False
    return not any(analysis.tables.is_model(value) for value in (held, *held.args))


def _reserved(analysis: Analysis, name: str) -> str:
    """Say who refuses a name; a project on the kernel runs on every database, of others we do not know it."""
    word = name.lower()
    if word in STANDARD:
        return "is a reserved word in SQL"
    return "is a reserved word in MySQL" if word in MYSQL and analysis.modules.is_composed else ""


_MODEL = "src/shop/modules/orders/model.py"
_START = """\
from sqlalchemy.orm import Mapped, mapped_column
from shop.kernel.model import Entity

"""
_ROOT = {"src/shop/composition_root.py": "def compose(settings): ...\n"}
RULE = Rule(
    code="ARC404",
    name="column-names",
    severity="warning",
    summary="A column is not named in snake_case, or a column or table is called like a reserved word.",
    why=(
        "SQLAlchemy quotes such a name and all is well until the first query by hand, view, trigger or report: there "
        "`order` is a syntax error and `unitPrice` is read as `unitprice`, a column that does not exist."
    ),
    hint="give the column a snake_case name that no database reserves, such as `sort_order`, and write a migration",
    check=check,
    decides=(
        "Words that SQLite or PostgreSQL refuse without quotes are found everywhere, those that only MySQL or MariaDB "
        "refuse where the generated kernel is used, which runs on all of them. Names that are computed are not judged."
    ),
    bad=(
        Example(
            "camel case, and a word that ends the statement",
            {
                _MODEL: _START
                + """\
class Line(Entity):
    __tablename__ = "lines"
    unitPrice: Mapped[int] = mapped_column()  # error: ARC404
    order: Mapped[int]  # error: ARC404
"""
            },
        ),
        Example(
            "behind a harmless attribute, an alias and a constant of another file",
            {
                _MODEL: """\
from sqlalchemy import Column as Field, Integer, MetaData, Table
from sqlalchemy.orm import mapped_column as held
from shop.kernel.model import Entity
from shop.names import UPPER

class Line(Entity):
    __tablename__ = "lines"
    position = held("order")  # error: ARC404
    upper = held(UPPER, Integer)  # error: ARC404
    last = held(Integer, name="lastOne")  # error: ARC404

grants = Table(
    "grants",
    MetaData(),
    Field("userId", Integer),  # error: ARC404
)
""",
                "src/shop/names.py": 'UPPER = "to"\n',
            },
        ),
        Example(
            "a table called like a keyword, and a word of MySQL's where any database may come",
            {
                **_ROOT,
                "src/shop/modules/orders/service.py": "class OrdersService: ...\n",
                _MODEL: _START
                + """\
from sqlmodel import Relationship, SQLModel

class Account(Entity):
    __tablename__ = "user"  # error: ARC404
    rank: Mapped[int]  # error: ARC404

class Setting(SQLModel, table=True):
    isDefault: bool = False  # error: ARC404
    account: Account | None = Relationship()
""",
            },
        ),
    ),
    good=(
        Example(
            "the attribute is the word, the column is not",
            {
                _MODEL: _START
                + """\
class Line(Entity):
    __tablename__ = "order_lines"
    order = mapped_column("sort_order")
    order_id: Mapped[int]
    metadata_: Mapped[str] = mapped_column("metadata")
    # unitPrice: Mapped[int] = mapped_column()
    note: Mapped[str] = mapped_column(comment="order")
"""
            },
        ),
        Example(
            "relationships, schemas and plain classes have no columns",
            {
                _MODEL: _START
                + """\
from pydantic import BaseModel
from sqlalchemy.orm import relationship

class Customer(Entity):
    __tablename__ = "customers"
    user: Mapped["Account"] = relationship()
    group: Mapped["Account"]
    limits: Mapped[list["Account"]]

class Account(Entity):
    __tablename__ = "accounts"

class LineIn(BaseModel):
    order: int
    unitPrice: int

class Cursor:
    limit: int = 5
"""
            },
        ),
        Example(
            "a migration, which tells how things were",
            {
                "src/shop/revisions/3f1c.py": """\
from alembic import op
from sqlalchemy import Column, Integer

def upgrade():
    op.add_column("lines", Column("order", Integer))
"""
            },
        ),
        Example(
            "a word that only MySQL refuses, in a project that may never see one",
            {
                _MODEL: """\
from sqlalchemy.orm import Mapped, mapped_column, DeclarativeBase

class Setting(DeclarativeBase):
    __tablename__ = "settings"
    key: Mapped[str] = mapped_column(primary_key=True)
"""
            },
        ),
    ),
)
