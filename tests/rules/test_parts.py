"""What counts as a test of a module, and which parts a module must have."""

from __future__ import annotations

import pytest

from arckode_analyzers.model.evidence import fits, segments
from tests.rules.projects import CONTROLLER, SERVICE, expected, places

ROOT = {
    "src/shop/composition_root.py": """\
from shop.modules.orders import register_orders

def compose(kernel):
    register_orders(kernel)
"""
}
DOOR = {
    "src/shop/modules/orders/__init__.py": """\
from shop.kernel.app import Kernel
from shop.modules.orders.service import OrdersService

def register_orders(kernel: Kernel):
    kernel.add_module("orders", service=OrdersService())
"""
}
ORDERS = {SERVICE: "class OrdersService:\n    async def create(self, values):\n        return values\n"}
ROUTES = {
    CONTROLLER: """\
from fastapi import APIRouter
router = APIRouter(prefix="/orders")
@router.get("/{order_id}")
async def show(order_id: str): ...
"""
}
SERVICE_TESTS: dict[str, tuple[bool, str]] = {
    "a call and an assertion": (
        True,
        (
            "from shop.modules.orders import OrdersService\n"
            "async def test_it():\n    assert await OrdersService().create({}) == {}\n"
        ),
    ),
    "a fixture of the file without a type": (
        True,
        (
            "import pytest\nfrom shop.modules.orders import OrdersService\n"
            "@pytest.fixture\ndef made():\n    yield OrdersService()\n"
            "async def test_it(made):\n    assert await made.create({})\n"
        ),
    ),
    "an object of which nothing is known, in a file about the module": (
        True,
        (
            "from shop.modules.orders import OrdersService\n"
            "async def test_it(kernel):\n    found = kernel.ask(OrdersService)\n    assert await found.create({})\n"
        ),
    ),
    "an object of which nothing is known, in a file about something else": (
        False,
        "async def test_it(kernel):\n    assert await kernel.create({})\n",
    ),
    "a mock of the same name": (
        False,
        (
            "class OrdersService:\n    async def create(self, values): return 1\n"
            "async def test_it():\n    assert await OrdersService().create({})\n"
        ),
    ),
    "an assertion of nothing": (
        False,
        (
            "from shop.modules.orders import OrdersService\n"
            "async def test_it():\n    await OrdersService().create({})\n    assert 1\n"
        ),
    ),
    "a function that no test runner finds": (
        False,
        (
            "from shop.modules.orders import OrdersService\n"
            "async def check_it():\n    assert await OrdersService().create({})\n"
        ),
    ),
    "a test that is skipped with its class": (
        False,
        (
            "import pytest\nfrom shop.modules.orders import OrdersService\n"
            "@pytest.mark.skip(reason='later')\nclass TestIt:\n"
            "    async def test_it(self):\n        assert await OrdersService().create({})\n"
        ),
    ),
}


@pytest.mark.parametrize(("is_tested", "text"), [pytest.param(*case, id=name) for name, case in SERVICE_TESTS.items()])
def test_a_service_is_tested_by_a_call_and_an_assertion(is_tested: bool, text: str) -> None:
    found = places({**ROOT, **DOOR, **ORDERS, "tests/test_orders.py": text}, "ARC503")
    assert found == ([] if is_tested else [(SERVICE, 1, "ARC503")])


ROUTE_TESTS: dict[str, tuple[bool, str]] = {
    "a path with an id": (True, 'def test_it(client):\n    assert client.get("/orders/1").status_code == 404\n'),
    "a path below a version, as a constant": (
        True,
        'URL = "/v1/orders"\ndef test_it(client):\n    assert client.request("GET", f"{URL}/{1}")\n',
    ),
    "a path among parameters": (
        True,
        (
            "import pytest\n@pytest.mark.parametrize('path', ['/orders/1'])\n"
            "def test_it(client, path):\n    assert client.get(path)\n"
        ),
    ),
    "a path that a helper makes": (
        True,
        "def place(key):\n    return '/orders/' + key\ndef test_it(client):\n    assert client.get(place('1'))\n",
    ),
    "another module's path with an id": (
        False,
        'def test_it(client):\n    assert client.get(f"/customers/{1}").status_code == 404\n',
    ),
    "a look-up in a table of paths": (False, "def test_it():\n    assert {'/orders/1': 2}.get('/orders/1')\n"),
    "a path in a comment and a text": (
        False,
        'def test_it(client):\n    # client.get("/orders/1")\n    assert "/orders/1"\n',
    ),
}


@pytest.mark.parametrize(("is_tested", "text"), [pytest.param(*case, id=name) for name, case in ROUTE_TESTS.items()])
def test_a_route_is_tested_by_a_request_and_an_assertion(is_tested: bool, text: str) -> None:
    found = places({**ROOT, **DOOR, **ROUTES, "tests/test_orders.py": text}, "ARC503")
    assert found == ([] if is_tested else [(CONTROLLER, 4, "ARC503")])


@pytest.mark.parametrize(
    ("requested", "route", "is_same"),
    [
        ("/orders", "/orders", True),
        ("/orders?limit=1", "/orders", True),
        ("https://shop.example/orders/1", "/orders/{order_id:uuid}", True),
        ("/api/orders/{}", "/orders/{order_id}", True),
        ("{}/orders", "/orders", True),
        ("/", "", True),
        ("/customers/{}", "/orders", False),
        ("/orders", "/orders/{order_id}", False),
        ("/orders/1/lines", "/orders/{order_id}", False),
        ("/orders", "", False),
    ],
)
def test_a_path_is_that_of_a_route(requested: str, route: str, is_same: bool) -> None:
    assert fits(segments(requested), segments(route)) is is_same


PARTS: dict[str, dict[str, str]] = {
    "a module that the root adds by itself": {
        "src/shop/composition_root.py": """\
from shop.kernel.app import Kernel
from shop.modules.orders import OrdersService

def compose(settings):
    kernel = Kernel(settings)
    kernel.add_module("orders", service=OrdersService())
    return kernel
""",
        "src/shop/modules/orders/__init__.py": "from shop.modules.orders.service import OrdersService\n",
        **ORDERS,
    },
    "use cases instead of a service class": {
        **ROOT,
        **DOOR,
        "src/shop/modules/orders/usecases/close.py": "async def close(order): ...\n",
    },
    "a registration with the kernel left out": {
        **ROOT,
        "src/shop/modules/orders/__init__.py": "def register_orders(): ...  # error: ARC504\n",
        **ORDERS,
    },
    "a controller without a service": {
        **ROOT,
        "src/shop/modules/orders/__init__.py": (
            "def register_orders(kernel): kernel.add_module('orders')  # error: ARC504\n"
        ),
        **ROUTES,
    },
    "a root that is empty": {
        "src/shop/composition_root.py": "NAME = 'shop'  # error: ARC504\n",
        **DOOR,
        **ORDERS,
    },
}


@pytest.mark.parametrize("files", [pytest.param(files, id=name) for name, files in PARTS.items()])
def test_a_module_has_its_parts(files: dict[str, str]) -> None:
    assert places(files, "ARC504") == expected(files)
