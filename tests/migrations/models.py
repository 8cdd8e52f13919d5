"""The kinds of change that a model can go through, each as the tables before and after it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    DateTime,
    Enum,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Numeric,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.mysql import DATETIME

from arckode_gen.migrations.models.diffing import answer

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.schema import SchemaItem

    from arckode_gen.migrations.request import DiffAnswer, DiffRequest
    from tests.migrations.workbench import Workbench

Parts = dict[str, object]
CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


def shop(*, named: bool = True, **parts: object) -> MetaData:
    """Return two tables, with anything of `orders` replaced by `parts`; None leaves it out."""
    metadata = MetaData(naming_convention=CONVENTION if named else None)
    Table(
        "customers",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("email", String(120), nullable=False),
        comment=str(parts.pop("comment_of_customers", "")) or None,
    )
    items: Parts = {
        "id": Column("id", Integer, primary_key=True),
        "customer_id": Column("customer_id", Integer, ForeignKey("customers.id", ondelete="CASCADE"), nullable=False),
        "number": Column("number", String(20), nullable=False),
        "note": Column("note", String(50)),
        "total": Column("total", Numeric(10, 2), nullable=False, server_default=text("0")),
        "paid": Column("paid", Boolean, nullable=False),
        "at": Column("at", DateTime(timezone=True)),
        "raw": Column("raw", JSON),
        "amount": Column("amount", Integer, nullable=False, server_default="1"),
        "status": Column("status", Enum("draft", "paid", name="order_status"), nullable=False, server_default="draft"),
        "kind": Column(
            "kind", Enum("a", "b", name="kind", native_enum=False, create_constraint=True, length=10), nullable=False
        ),
        "double": Column("double", Integer, Computed("amount * 2", persisted=True)),
        "positive": CheckConstraint("amount > 0", name="positive"),
        "unique": UniqueConstraint("customer_id", "number"),
        "index": Index("ix_orders_at", "at"),
        "partial": Index("ix_orders_open", "number", postgresql_where=text("paid"), sqlite_where=text("paid")),
    }
    items |= parts
    name = str(items.pop("name", "orders"))
    Table(name, metadata, *(cast("SchemaItem", item) for item in items.values() if item is not None))
    return metadata


@dataclass(frozen=True)
class Change:
    """`sees` is what the difference must say, on the engines that can express it."""

    what: str
    after: Callable[[], MetaData]
    sees: tuple[str, ...]
    not_on: frozenset[str] = frozenset()
    before: Callable[[], MetaData] = shop
    renames: tuple[str, ...] = ()


def with_table() -> MetaData:
    metadata = shop()
    Table("tags", metadata, Column("id", Integer, primary_key=True), Column("name", String(9), unique=True))
    return metadata


NO_COMMENTS = frozenset({"sqlite"})
NO_PREDICATES = frozenset({"mariadb"})
CHANGES = (
    Change("a table added", with_table, ("add table tags",)),
    Change("a table dropped", shop, ("drop table tags",), before=with_table),
    Change("a column added", lambda: shop(extra=Column("extra", Text)), ("add column orders.extra",)),
    Change("a column dropped", lambda: shop(note=None), ("drop column orders.note",)),
    Change(
        "a column renamed",
        lambda: shop(note=Column("remark", String(50))),
        ("rename column orders.note to remark",),
        renames=("orders.note:orders.remark",),
    ),
    Change(
        "a table renamed",
        lambda: shop(name="purchases", named=False),
        ("rename table orders to purchases",),
        before=lambda: shop(named=False),
        renames=("orders:purchases",),
    ),
    Change(
        "nullable to not null",
        lambda: shop(note=Column("note", String(50), nullable=False, server_default="none")),
        ("change column orders.note",),
    ),
    Change(
        "not null to nullable",
        lambda: shop(number=Column("number", String(20))),
        ("change column orders.number",),
    ),
    Change("a longer text", lambda: shop(note=Column("note", String(80))), ("change column orders.note",)),
    Change(
        "int to bigint",
        lambda: shop(amount=Column("amount", BigInteger, nullable=False, server_default="1"), double=None),
        ("change column orders.amount",),
        before=lambda: shop(double=None),
    ),
    Change(
        "int to text",
        lambda: shop(amount=Column("amount", Text, nullable=False), double=None, positive=None),
        ("change column orders.amount",),
        before=lambda: shop(amount=Column("amount", Integer, nullable=False), double=None, positive=None),
    ),
    Change(
        "another precision",
        lambda: shop(total=Column("total", Numeric(14, 4), nullable=False, server_default=text("0"))),
        ("change column orders.total",),
    ),
    Change(
        "bool to int",
        lambda: shop(paid=Column("paid", Integer, nullable=False), partial=None),
        ("change column orders.paid",),
        before=lambda: shop(partial=None),
    ),
    Change("json to text", lambda: shop(raw=Column("raw", Text)), ("change column orders.raw",)),
    Change(
        "a moment without a zone",
        lambda: shop(at=Column("at", DateTime(timezone=False))),
        ("change column orders.at",),
        not_on=frozenset({"sqlite", "mariadb"}),
    ),
    Change(
        "a moment with microseconds",
        lambda: shop(at=Column("at", DateTime(timezone=True).with_variant(DATETIME(fsp=6), "mysql", "mariadb"))),
        ("change column orders.at",),
        not_on=frozenset({"sqlite", "postgresql"}),
    ),
    Change(
        "another default",
        lambda: shop(amount=Column("amount", Integer, nullable=False, server_default="7")),
        ("change column orders.amount",),
    ),
    Change(
        "a default removed",
        lambda: shop(amount=Column("amount", Integer, nullable=False)),
        ("change column orders.amount",),
    ),
    Change(
        "a default added",
        lambda: shop(number=Column("number", String(20), nullable=False, server_default="none")),
        ("change column orders.number",),
    ),
    Change(
        "a member added to a native enumeration",
        lambda: shop(
            status=Column(
                "status", Enum("draft", "sent", "paid", name="order_status"), nullable=False, server_default="draft"
            )
        ),
        ("order_status", "orders.status"),
    ),
    Change(
        "a member removed from a native enumeration",
        lambda: shop(
            status=Column("status", Enum("draft", name="order_status"), nullable=False, server_default="draft")
        ),
        ("order_status", "orders.status"),
    ),
    Change(
        "a member of an enumeration held by a check",
        lambda: shop(
            kind=Column(
                "kind",
                Enum("a", "b", "c", name="kind", native_enum=False, create_constraint=True, length=10),
                nullable=False,
            )
        ),
        ("drop check orders.ck_orders_kind", "add check orders.ck_orders_kind"),
    ),
    Change(
        "a check added",
        lambda: shop(more=CheckConstraint("total >= 0", name="total")),
        ("add check orders.ck_orders_total",),
    ),
    Change("a check removed", lambda: shop(positive=None), ("drop check orders.ck_orders_positive",)),
    Change(
        "a check renamed",
        lambda: shop(positive=CheckConstraint("amount > 0", name="amount")),
        ("drop check orders.ck_orders_positive", "add check orders.ck_orders_amount"),
    ),
    Change(
        "another condition in a check",
        lambda: shop(positive=CheckConstraint("amount > 1", name="positive")),
        ("drop check orders.ck_orders_positive", "add check orders.ck_orders_positive"),
    ),
    Change("a composite unique removed", lambda: shop(unique=None), ("drop unique orders", "drop index orders")),
    Change(
        "a composite unique added",
        lambda: shop(more=UniqueConstraint("number", "note")),
        ("add unique orders", "add index orders"),
    ),
    Change("an index added", lambda: shop(more=Index("ix_orders_note", "note")), ("add index orders.ix_orders_note",)),
    Change("an index removed", lambda: shop(index=None), ("drop index orders.ix_orders_at",)),
    Change(
        "an index that becomes unique",
        lambda: shop(index=Index("ix_orders_at", "at", unique=True)),
        ("drop index orders.ix_orders_at", "add index orders.ix_orders_at"),
    ),
    Change(
        "another predicate of a partial index",
        lambda: shop(
            partial=Index("ix_orders_open", "number", postgresql_where=text("NOT paid"), sqlite_where=text("NOT paid"))
        ),
        ("drop index orders.ix_orders_open", "add index orders.ix_orders_open"),
        not_on=NO_PREDICATES,
    ),
    Change(
        "another rule of a foreign key",
        lambda: shop(
            customer_id=Column("customer_id", Integer, ForeignKey("customers.id", ondelete="SET NULL"), nullable=True)
        ),
        ("drop foreign key orders", "add foreign key orders"),
    ),
    Change(
        "a foreign key removed",
        lambda: shop(customer_id=Column("customer_id", Integer, nullable=False)),
        ("drop foreign key orders",),
    ),
    Change(
        "another computed expression",
        lambda: shop(double=Column("double", Integer, Computed("amount * 3", persisted=True))),
        ("change column orders.double",),
    ),
    Change(
        "a comment of a column",
        lambda: shop(note=Column("note", String(50), comment="it's from the customer")),
        ("change column orders.note",),
        not_on=NO_COMMENTS,
    ),
    Change(
        "a comment of a table",
        lambda: shop(comment_of_customers="who buys"),
        ("add comment customers",),
        not_on=NO_COMMENTS,
    ),
)


def diff(
    bench: Workbench,
    metadata: MetaData,
    *renames: str,
    drops: bool = True,
    title: str = "Change",
    fills: dict[str, str] | None = None,
) -> DiffAnswer:
    """Compare in this process, which spares every test the start of another one."""
    request: DiffRequest = {
        "action": "diff",
        "root": str(bench.root),
        "folder": "src/shop/migrations",
        "url": bench.url,
        "metadata": "",
        "renames": list(renames),
        "drops": drops,
        "dialects": [],
        "title": title,
        "from_nothing": False,
        "fills": fills or {},
        "bare": False,
    }
    return asyncio.run(answer(request, metadata))


def apply(bench: Workbench, found: DiffAnswer, number: int) -> None:
    """Write the migration of a difference and apply it."""
    bench.write(f"20261122{number:04}_change", found["text"])
    assert bench.migrate().code == 0
