"""The other half of decisions that no example shows: turned round, one of these would be judged differently."""

from __future__ import annotations

import pytest

from tests.rules.projects import CONTROLLER, expected, places

_ROOT = """\
from shop.kernel.app import Kernel
from shop.modules.notes import register_notes
from shop.modules.orders import register_orders

def compose(settings):
    kernel = Kernel(settings)
    register_orders(kernel)
    register_notes(kernel)
    return kernel
"""
_DOOR = """\
from shop.kernel.app import Kernel
from shop.modules.{0}.service import Service

def register_{0}(kernel: Kernel) -> None:
    kernel.add_module("{0}", service=Service())
"""
_TABLE = "from shop.kernel.model import Entity\n\nclass Order(Entity):\n    __tablename__ = 'orders'\n    status: str\n"
_ROWS = """\
from shop.kernel.repository_sql import SqlRepository
from shop.modules.orders.model import Order

class Rows(SqlRepository[Order]):
    model = Order
"""
CASES: dict[str, tuple[str, dict[str, str]]] = {
    "a session that is made and never asked": (
        "ARC101",
        {
            CONTROLLER: """\
from sqlalchemy.orm import Session

class OrdersController:
    def show(self, engine):
        kept = Session(engine)  # error: ARC101
        return kept is None
"""
        },
    ),
    "a field that was not sent, and one that says something": (
        "ARC502",
        {
            CONTROLLER: """\
from enum import Enum
from pydantic import BaseModel
from shop.modules.orders.missing import UNSET

class State(Enum):
    OPEN = "open"

class Patch(BaseModel):
    title: str
    state: State

class OrdersController:
    def patch(self, body: Patch, service, order):
        if body.title is UNSET and body.state is UNSET:
            raise ValueError
        if body.title is not UNSET:
            order.title = body.title
        if body.state is State.OPEN:  # error: ARC502
            service.open(order)
        if body.title == UNSET:  # error: ARC502
            service.open(order)
""",
            "src/shop/modules/orders/missing.py": "UNSET = object()\n",
        },
    ),
    "a module that is a model alone has nothing to wire": (
        "ARC105",
        {
            "src/shop/composition_root.py": "from shop.modules import orders\n\ndef compose(kernel):\n"
            "    orders.register_orders(kernel)\n",
            "src/shop/modules/orders/__init__.py": _DOOR.format("orders"),
            "src/shop/modules/orders/service.py": "class Service: ...\n",
            "src/shop/modules/kinds/__init__.py": "",
            "src/shop/modules/kinds/model.py": _TABLE,
        },
    ),
    "a model that a schema imports for its annotation alone": (
        "ARC107",
        {
            "src/shop/modules/orders/model.py": _TABLE,
            "src/shop/modules/orders/schemas.py": """\
from __future__ import annotations
from typing import TYPE_CHECKING
from pydantic import BaseModel

if TYPE_CHECKING:
    from shop.modules.orders.model import Order

class OrderOut(BaseModel):
    order: Order  # error: ARC107

    def first(self) -> Order:
        found: Order = self.order
        return found
""",
        },
    ),
    "a helper of a controller that decides one thing and looks for another": (
        "ARC502",
        {
            "src/shop/modules/orders/model.py": _TABLE,
            "src/shop/modules/orders/rules.py": """\
from shop.modules.orders.model import Order

def check(order: Order) -> None:
    if order.status == "paid":
        raise ValueError

def there(order: Order) -> Order:
    if order is None:
        raise LookupError
    return order
""",
            CONTROLLER: """\
from shop.modules.orders.model import Order
from shop.modules.orders.rules import check, there

class OrdersController:
    def show(self, order: Order):
        there(order)
        check(order)  # error: ARC502
        return order.id
""",
        },
    ),
    "a module without a table needs no repository, its neighbour has both": (
        "ARC504",
        {
            "src/shop/composition_root.py": _ROOT,
            "src/shop/modules/orders/__init__.py": _DOOR.format("orders"),
            "src/shop/modules/orders/service.py": "class Service: ...\n",
            "src/shop/modules/orders/model.py": _TABLE,
            "src/shop/modules/orders/repository.py": _ROWS,
            "src/shop/modules/notes/__init__.py": _DOOR.format("notes"),
            "src/shop/modules/notes/service.py": "class Service: ...\n",
        },
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_decision_shows_on_both_sides(name: str) -> None:
    code, files = CASES[name]
    assert places(files, code) == expected(files)
