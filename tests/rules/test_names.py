"""Names of columns, events, migrations and modules."""

from __future__ import annotations

import pytest

from arckode_analyzers.model.sql_words import MYSQL, STANDARD
from arckode_analyzers.rules import arc407_module_names
from arckode_gen.engine.reserved import PROJECT_NAMES, SQL_WORDS
from tests.rules.projects import SERVICE, expected, places

MODEL = "src/shop/modules/orders/model.py"
ROOT = {"src/shop/composition_root.py": "def compose(settings): ...\n"}


def test_the_analyzer_reserves_the_words_that_the_generator_refuses() -> None:
    assert STANDARD | MYSQL == SQL_WORDS
    assert not STANDARD & MYSQL


def test_the_analyzer_refuses_the_module_names_that_the_generator_refuses() -> None:
    assert arc407_module_names.TAKEN == PROJECT_NAMES


@pytest.mark.parametrize(
    ("name", "is_fine"),
    [
        ("orders.created", True),
        ("orders.line_added", True),
        ("orders.sent", True),
        ("orders.signed_in", True),
        ("orders.pagado", True),
        ("orders.payment", True),
        ("orders.read", True),
        ("orders.line.removed", True),
        ("orders.feed", True),
        ("orders.create", False),
        ("orders.line.remove", False),
        ("orders.creating", False),
        ("orders.sends", False),
        ("orders.pagar", False),
        ("orders", False),
        ("orders.line.part.added", False),
        ("Orders.Created", False),
        ("orders-created", False),
        ("orders.lineAdded", False),
        ("orders..created", False),
    ],
)
def test_an_event_says_whose_it_is_and_what_happened(name: str, is_fine: bool) -> None:
    text = f'from shop.kernel.events import new_event\nnew_event("{name}", key=1, source="x", data={{}})\n'
    assert bool(places({SERVICE: text}, "ARC405")) is not is_fine


def test_only_the_kernel_speaks_for_the_system() -> None:
    text = 'from shop.kernel.events import new_event\nnew_event("system.started", key=1, source="x", data={})\n'
    assert places({SERVICE: text}, "ARC405")
    assert not places({"src/shop/main.py": text}, "ARC405")


def test_an_event_is_named_once_where_it_is_made_and_sent() -> None:
    text = """\
from shop.kernel.events import EventBus, new_event

async def tell(bus: EventBus):
    await bus.emit(new_event("orders.pay", key=1, source="x", data={}))  # error: ARC405
    await bus.emit("orders.paid", {})
    for name in ("orders.void", "orders.voided"):
        await bus.emit(name, {})  # error: ARC405
"""
    assert places({SERVICE: text}, "ARC405") == expected({SERVICE: text})


@pytest.mark.parametrize(
    ("line", "is_fine"),
    [
        ("total: Mapped[int] = mapped_column()", True),
        ("order_id: Mapped[int]", True),
        ("class_: Mapped[str] = mapped_column('kind')", True),
        ("note: Mapped[dict[str, str]]", True),
        ("rows: Mapped[list['Order']] = relationship()", True),
        ("limit = 5", True),
        ("limit: ClassVar[int] = 5", True),
        ("limit: Mapped[int]", False),
        ("LIMIT: Mapped[int]", False),
        ("totalSum: Mapped[int | None]", False),
        ("total: Mapped[int] = mapped_column('Total')", False),
        ("total = Column(Integer, name='order')", False),
        ("total: Mapped[int] = mapped_column(name=f'x')", True),
    ],
)
def test_a_column_needs_no_quotes(line: str, is_fine: bool) -> None:
    text = f"""\
from typing import ClassVar
from sqlalchemy import Column, Integer
from sqlalchemy.orm import Mapped, mapped_column, relationship
from shop.kernel.model import Entity

class Order(Entity):
    __tablename__ = "orders"
    {line}
"""
    assert bool(places({MODEL: text}, "ARC404")) is not is_fine


@pytest.mark.parametrize(
    ("name", "is_fine"),
    [
        ("202611220001_create_orders", True),
        ("202402290001_leap", True),
        ("202611220001_v2", True),
        ("202611310001_create_orders", False),
        ("202611220001", False),
        ("202611220001_", False),
        ("202611220001_createOrders", False),
        ("20261122_create_orders", False),
        ("2026_11_22_0001_create", False),
    ],
)
def test_a_migration_says_when_it_comes(name: str, is_fine: bool) -> None:
    files = {f"src/shop/migrations/{name}.py": "UP = {}\n", "src/shop/modules/orders/service.py": "x = 1\n", **ROOT}
    assert bool(places(files, "ARC406")) is not is_fine


@pytest.mark.parametrize(
    ("name", "is_fine"),
    [
        ("orders", True),
        ("order_lines", True),
        ("json", True),
        ("lineas_pedido", True),
        ("order__lines", False),
        ("Orders", False),
        ("orderLines", False),
        ("2orders", False),
        ("class", False),
        ("tests_", False),
        ("main", False),
    ],
)
def test_a_module_folder_can_be_imported(name: str, is_fine: bool) -> None:
    files = {f"src/shop/modules/{name}/__init__.py": "x = 1\n", **ROOT}
    assert bool(places(files, "ARC407")) is not is_fine
