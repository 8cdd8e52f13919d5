"""What a module offered on the base branch, and below which line nobody may know a module."""

from __future__ import annotations

import pytest

from tests.rules.projects import expected, findings, places

DOOR = "src/shop/modules/orders/__init__.py"
BEFORE = "from .service import OrdersService, Receipt\n\n__all__ = ['OrdersService', 'Receipt']\n"
USER = "src/shop/modules/customers/service.py"

CASES: dict[str, dict[str, str]] = {
    "a name that is bound but no longer in `__all__`": {
        f"@base/{DOOR}": BEFORE,
        DOOR: "from .service import OrdersService, Receipt\n__all__ = ['OrdersService']  # error: ARC108\n",
    },
    "an `__all__` that is gone with every name still there": {
        f"@base/{DOOR}": BEFORE,
        DOOR: "from .service import OrdersService, Receipt\n",
    },
    "an `__all__` that is built": {
        f"@base/{DOOR}": BEFORE,
        DOOR: "from . import service\nfrom .service import *\n__all__ = service.__all__\n",
    },
    "a door that is new": {
        f"@base/{USER}": "",
        DOOR: "__all__ = []\n",
    },
    "a package that became a file": {
        f"@base/{DOOR}": BEFORE,
        "src/shop/modules/orders.py": "class OrdersService: ...\n",
        USER: "from shop.modules.orders import OrdersService\n",
    },
    "a name only its own module used": {
        f"@base/{DOOR}": "from .service import OrdersService, _hidden\n",
        DOOR: "from .service import OrdersService\n",
    },
}


@pytest.mark.parametrize("files", [pytest.param(files, id=name) for name, files in CASES.items()])
def test_a_door_keeps_what_it_promised(files: dict[str, str]) -> None:
    assert places(files, "ARC108") == expected(files)


def test_the_finding_says_who_still_uses_the_name() -> None:
    files = {
        f"@base/{DOOR}": BEFORE,
        DOOR: "from .service import OrdersService\n__all__ = ['OrdersService']\n",
        USER: "from shop.modules.orders import Receipt as Bill\n",
        "src/shop/connectors/orders_customers.py": "def late():\n    from ..modules.orders import Receipt\n",
    }
    (finding,) = findings(files, "ARC108")
    assert "`Receipt`" in finding.message
    assert [(step.path, step.line) for step in finding.chain] == [
        ("src/shop/connectors/orders_customers.py", 2),
        (USER, 1),
    ]


USES = "from shop.modules.orders import OrdersService\n"
BELOW: dict[str, dict[str, str]] = {
    "a star, a submodule and the package": {
        "src/shop/kernel/app.py": """\
from shop.modules.orders import *  # error: ARC110
import shop.modules.orders.service as anything  # error: ARC110
from shop import modules
""",
    },
    "through the composition root and a connector": {
        "src/shop/kernel/app.py": "from shop.composition_root import compose  # error: ARC110\n",
        "src/shop/shared/words.py": "from shop.connectors.orders_customers import connect  # error: ARC110\n",
        "src/shop/composition_root.py": f"{USES}def compose(): ...\n",
        "src/shop/connectors/orders_customers.py": f"{USES}def connect(): ...\n",
    },
    "files that import each other in a circle": {
        "src/shop/kernel/app.py": "from shop import left\n",
        "src/shop/left.py": "from shop import right\n",
        "src/shop/right.py": "from shop import left\n",
    },
}


@pytest.mark.parametrize("files", [pytest.param(files, id=name) for name, files in BELOW.items()])
def test_nothing_below_the_modules_knows_one(files: dict[str, str]) -> None:
    orders = {
        DOOR: "from .service import OrdersService\n",
        "src/shop/modules/orders/service.py": "class OrdersService: ...\n",
        "src/shop/modules/__init__.py": "",
        "src/shop/__init__.py": "",
    }
    assert places({**orders, **files}, "ARC110") == expected(files)
