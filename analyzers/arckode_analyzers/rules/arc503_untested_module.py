"""ARC503: a module whose service or routes no test exercises."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_analyzers.model.evidence import segments
from arckode_analyzers.model.project import ClassAt
from arckode_analyzers.rule import Example, Rule, Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.modules import Module
    from arckode_analyzers.model.routes import Route
    from arckode_analyzers.model.source import Source


def check(analysis: Analysis, source: Source) -> Iterator[Spot]:
    """Report a module's first service and first route when no test calls any of them."""
    if not analysis.modules.is_composed:
        return
    module = analysis.modules.by_path.get(source.path)
    if module is not None:
        yield from _untested_service(analysis, module, source)
        yield from _untested_routes(analysis, module, source)


def _untested_service(analysis: Analysis, module: Module, source: Source) -> Iterator[Spot]:
    services = [(each, index) for each in module.of("services") for index in _services(analysis, each)]
    if not services or services[0][0] is not source:
        return
    if any(_is_called(analysis, module, ClassAt(*each)) for each in services):
        return
    record, symbol = source.facts.classes[services[0][1]], source.class_symbols[services[0][1]]
    message = f"no test calls `{record.name}` of the module '{module.name}' and asserts what comes of it"
    yield Spot(source, record.line, record.column, symbol, message, record.name)


def _services(analysis: Analysis, source: Source) -> Iterator[int]:
    """Yield the classes of a file that do something, protocols and plain data left out."""
    for index in range(len(source.facts.classes)):
        methods = analysis.project.methods(ClassAt(source, index))
        if any(not name.startswith("_") and not method.record.is_stub for name, method in methods):
            yield index


def _is_called(analysis: Analysis, module: Module, klass: ClassAt) -> bool:
    names = {name for name, _ in analysis.project.methods(klass) if not name.startswith("_")}
    called = analysis.evidence.called
    if klass.symbol in called or any(f"{klass.symbol}.{name}" in called for name in names):
        return True
    return any(analysis.evidence.calls_blindly(_package(module), name) for name in sorted(names))


def _untested_routes(analysis: Analysis, module: Module, source: Source) -> Iterator[Spot]:
    routes = [route for each in module.sources for route in analysis.routes.of(each)]
    if not routes or routes[0].source is not source or any(_path(route) is None for route in routes):
        return
    if any(analysis.evidence.requests(segments(_path(route) or ""), _package(module)) for route in routes):
        return
    first = routes[0]
    message = f"no test requests a route of the module '{module.name}', such as `{first.methods[0]} {_path(first)}`"
    symbol = first.source.symbol(first.function)
    yield Spot(source, first.line, first.column, symbol, message, f"{module.name} routes")


def _package(module: Module) -> str:
    """Return the dotted name of a module's folder."""
    inside = module.front.path.removeprefix(module.folder).removesuffix(".py").replace("/", ".")
    return module.front.module if inside == "__init__" else module.front.module.removesuffix(f".{inside}")


def _path(route: Route) -> str | None:
    return None if route.path is None or route.prefix is None else f"{route.prefix}{route.path}"


_SERVICE = "src/shop/modules/orders/service.py"
_CONTROLLER = "src/shop/modules/orders/controller.py"
_ROOT = {"src/shop/composition_root.py": "def compose(settings): ...\n"}


def _module(mark: str = "") -> dict[str, str]:
    note = f"  # error: {mark}" if mark else ""
    return {
        **_ROOT,
        "src/shop/modules/orders/__init__.py": "from .service import OrdersService\n",
        _SERVICE: f"""\
class OrdersService:{note}
    async def create(self, values):
        return values

    async def get(self, key):
        return key
""",
        _CONTROLLER: f"""\
from shop.kernel.http.routing import ModuleRouter

class OrdersController:
    def router(self):
        routes = ModuleRouter("orders", prefix="/orders")
        routes.get("", self.index){note}
        routes.get("/{{order_id:uuid}}", self.show)
        return routes.router

    async def index(self): ...
    async def show(self, order_id): ...
""",
    }


_TEST_SERVICE = "tests/modules/orders/test_service.py"
_TEST_API = "tests/modules/orders/test_api.py"
RULE = Rule(
    code="ARC503",
    name="untested-module",
    severity="warning",
    summary="A module has no test of its service or of its routes.",
    why=(
        "The rules of the business are in the service and the promises to clients in the routes: a module that has a "
        "test of neither changes its behaviour unseen. A file of the right name with no call and no assertion is no "
        "test."
    ),
    hint="add a test that calls the service, one that requests a route, and assert what they answer",
    check=check,
    decides=(
        "Counted are calls of a service's methods, by type or through fixtures and helpers, and requests of a path "
        "that fits one of the module's routes, in tests that assert something and are not skipped. One test of each "
        "is enough: how much they cover is not judged."
    ),
    bad=(
        Example("no tests at all", _module("ARC503")),
        Example(
            "tests that import, mention, construct, skip, and look up a key",
            {
                **_module("ARC503"),
                _TEST_SERVICE: """\
import pytest
from shop.modules.orders import OrdersService

def test_orders_service_create():
    # OrdersService().create(values) returns the order; client.get("/orders")
    service = OrdersService()
    assert service

@pytest.mark.skip("later")
async def test_create():
    assert await OrdersService().create({}) == {}
""",
                _TEST_API: """\
PATHS = {"/orders": 200}

def test_orders_are_listed(client):
    assert PATHS.get("/orders") == 200
    assert "client.get('/orders')"

def test_other(client):
    assert client.get("/customers").status_code == 200
""",
            },
        ),
        Example(
            "calls without an assertion",
            {
                **_module("ARC503"),
                _TEST_SERVICE: """\
from shop.modules.orders import OrdersService

async def test_create(client):
    await OrdersService().create({})
    client.get("/orders")
    assert True
""",
            },
        ),
    ),
    good=(
        Example(
            "a service from a fixture, and a path with an id",
            {
                **_module(),
                "tests/conftest.py": """\
import pytest
from shop.modules.orders import OrdersService as Anything

@pytest.fixture
def thing():
    return Anything()
""",
                _TEST_SERVICE: """\
async def test_what_was_created_is_answered(thing):
    assert await thing.create({"a": 1}) == {"a": 1}
""",
                _TEST_API: """\
async def test_an_unknown_id_is_not_found(client):
    answer = await client.get(f"/orders/{1}?full=1")
    assert answer.status_code == 404
""",
            },
        ),
        Example(
            "through helpers in another file, below a version, in a class",
            {
                **_module(),
                "tests/modules/orders/steps.py": """\
from shop.modules.orders import OrdersService
BASE = "/api/v1/orders"

async def created(values):
    return await OrdersService().create(values)

async def shown(client):
    answer = await client.get(BASE)
    assert answer.status_code == 200
    return answer
""",
                _TEST_SERVICE: """\
from tests.modules.orders.steps import created, shown

class TestOrders:
    async def test_create(self):
        assert await created({}) == {}

    async def test_list(self, client):
        await shown(client)
""",
            },
        ),
        Example(
            "a module without routes, and a project of another kind",
            {
                **_ROOT,
                "src/shop/modules/rates/__init__.py": "from .service import RatesService\n",
                "src/shop/modules/rates/service.py": "class RatesService:\n    def now(self): return 1\n",
                "tests/test_rates.py": """\
import pytest
from shop.modules.rates import RatesService

@pytest.mark.parametrize("times", [1, 2])
def test_rates(times):
    with pytest.raises(ValueError):
        RatesService().now()
""",
            },
        ),
        Example(
            "modules that nothing composes",
            {"src/site/modules/blog/service.py": "class BlogService:\n    def list(self): return []\n"},
        ),
    ),
)
