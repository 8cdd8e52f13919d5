"""ARC403: a table that is not called like the others."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from arckode_analyzers.model.sinks import words
from arckode_analyzers.rule import Example, Rule, Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.source import Source
    from arckode_analyzers.model.tables import Table

_MANY = 6
_ENOUGH = 500
_SNAKE = re.compile(r"_?[a-z][a-z0-9]*(_[a-z0-9]+)*$")
_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_PLURALS = words(
    "people children men women feet teeth geese mice media criteria phenomena indices matrices alumni dice"
)
_NO_PLURAL = words(
    "aircraft allowlist archive audit backlog blacklist blocklist whitelist"
    " cache calendar catalog catalogue deer denylist directory fish"
    " inbox journal ledger log offspring outbox queue registry sheep spacecraft storage timeline trail"
    " data metadata information equipment staff stock inventory furniture news feedback audio video series species"
    " music mail traffic software hardware firmware"
    " middleware meta usage provenance money cash merchandise history config auth luggage baggage personnel"
)


def check(analysis: Analysis, source: Source) -> Iterator[Spot]:
    """Report table names that are not snake_case, and those that are certainly singular."""
    if any(row.module.partition(".")[0] == "alembic" for row in source.facts.imports):
        return  # a migration says what tables were called at its time
    tables = [(table, problem) for table in analysis.tables.of(source) if (problem := _problem(table))]
    if not tables:
        return
    plural = _wants_plural(analysis)
    for table, problem in tables:
        if plural or not _is_singular(table):
            message = f"the table '{table.name}' {problem}"
            yield Spot(source, table.line, table.column, table.model or source.module, message, table.name)


def _wants_plural(analysis: Analysis) -> bool:
    """Tell whether the project's tables are in the plural: where most could be and are not, that is the convention.

    A few tables make no convention in a project of our layout, which has one; in another, they are all that there is.
    """
    models = [table for table in analysis.tables.all[:_ENOUGH] if table.model and not _says_nothing(table)]
    has_ours = not analysis.project.config.preset
    return (has_ours and len(models) < _MANY) or sum(map(_is_singular, models)) * 2 < len(models)


def _says_nothing(table: Table) -> bool:
    """Tell whether a name is neither: its last word has no plural of its own."""
    return table.name.rpartition("_")[2] in _NO_PLURAL


def _problem(table: Table) -> str:
    if not _SNAKE.match(table.name):
        return "is not in snake_case"
    return "is singular, like its class" if _is_singular(table) else ""


def _is_singular(table: Table) -> bool:
    """Tell whether a name is singular beyond doubt: the name of its class, with no word that may be a plural."""
    parts = table.name.strip("_").split("_")
    if not table.model or any(_may_be_plural(part) for part in parts):
        return False
    return parts == [word.lower() for word in _WORD.split(table.model.rpartition(".")[2])]


def _may_be_plural(word: str) -> bool:
    return word in _PLURALS or word in _NO_PLURAL or (word.endswith("s") and not word.endswith("ss"))


_MODEL = "src/shop/modules/orders/model.py"
_START = "from shop.kernel.model import Entity\n\n"
RULE = Rule(
    code="ARC403",
    name="table-names",
    severity="warning",
    summary="A table is not named in snake_case and the plural.",
    why=(
        "PostgreSQL folds `orderItems` to `orderitems` unless every query quotes it, and a reader who has to look up "
        "whether it was `order` or `orders` reads slower. `order` is a reserved word besides."
    ),
    hint="use the plural in snake_case, such as `order_items`, and write a migration that renames the table",
    decides=(
        "Read are literal table names of models. Words that are collective, and projects whose tables are "
        "nearly all in the singular, are legal."
    ),
    check=check,
    bad=(
        Example(
            "camel case, and the singular",
            {
                _MODEL: _START
                + """\
class OrderItem(Entity):
    __tablename__ = "orderItems"  # error: ARC403

class Customer(Entity):
    __tablename__ = "customer"  # error: ARC403
"""
            },
        ),
        Example(
            "through a constant of another file, and as a bare table",
            {
                _MODEL: """\
from sqlalchemy import MetaData, Table as Anything
from shop.names import LINES

class OrderLine:
    __tablename__ = LINES  # error: ARC403

tags = Anything("Tags", MetaData())  # error: ARC403
""",
                "src/shop/names.py": 'LINES = "order_line"\n',
            },
        ),
    ),
    good=(
        Example(
            "plurals of any language, and words that have none",
            {
                _MODEL: _START
                + """\
class OrderItem(Entity):
    __tablename__ = "order_items"

class LineaPedido(Entity):
    __tablename__ = "lineas_pedido"

class Person(Entity):
    __tablename__ = "people"

class Stock(Entity):
    __tablename__ = "stock"
"""
            },
        ),
        Example(
            "names we cannot judge: computed, abbreviated, unlike their class",
            {
                _MODEL: _START
                + """\
class Order(Entity):
    # __tablename__ = "order"
    __tablename__ = f"{'x'}_order"

class Customer(Entity):
    __tablename__ = "crm"
"""
            },
        ),
    ),
)
