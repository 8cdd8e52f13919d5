"""ARC306: a route that no request ever reaches."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from arckode_analyzers.rule import Example, Rule, Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.facts.records import Call
    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.mounts import Mounted
    from arckode_analyzers.model.routes import Route
    from arckode_analyzers.model.source import Source

_PARAMETER = re.compile(r"\{([^{}:]+)(?::([a-z]+))?\}")
# What a converter takes, and a text that it takes and no narrower one does.
_CONVERTERS = {
    "": (r"[^/]+", "~any~"),
    "str": (r"[^/]+", "~any~"),
    "int": (r"[0-9]+", "7"),
    "float": (r"[0-9]+(?:\.[0-9]+)?", "7.5"),
    "uuid": (r"[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}", "0192f0c1-9d2b-7c3e-8f4a-5b6c7d8e9f00"),
    "path": (r".*", "~any~/~path~"),
}


def check(analysis: Analysis, source: Source) -> Iterator[Spot]:
    """Report routes behind one that takes all their requests, once each."""
    seen: set[tuple[int, int, str]] = set()
    for application, later in analysis.mounts.of(source):
        earlier = _taker(analysis, application, later)
        key = (later.route.line, later.route.column, str(later.route.path))
        if earlier is not None and key not in seen:
            seen.add(key)
            yield _spot(later, earlier)


def _taker(analysis: Analysis, application: tuple[Mounted, ...], later: Mounted) -> Mounted | None:
    """Return the first route that takes all requests of a later one; without a parameter it takes its path only."""
    sample, methods = _sample(later.path), frozenset(later.route.methods)
    takers = (
        earlier
        for earlier in analysis.mounts.rivals(application, later.path, sample)
        if earlier is not later
        and (earlier.path == later.path or "{" in earlier.path)
        and not methods.isdisjoint(earlier.route.methods)
        and _takes(earlier, later, sample)
    )
    return next((each for each in takers if not _is_harmless(analysis, each.route, later.route)), None)


def _takes(earlier: Mounted, later: Mounted, sample: str) -> bool:
    """Tell whether an earlier route matches every request of a later one."""
    fixed, parameter, _ = earlier.path.partition("{")
    if not sample.startswith(fixed) or (parameter and not _matcher(earlier.path).fullmatch(sample)):
        return False
    before = earlier.comes_before(later)
    if before is None:
        is_equal = _sample(earlier.path) == sample
        is_together = not (earlier.optional or later.optional)  # what is included where may differ by deployment
        return is_equal and is_together and _key(earlier.route) < _key(later.route)
    return before


def _key(route: Route) -> tuple[str, int, int]:
    return (route.source.path, route.line, route.column)


@cache
def _matcher(path: str) -> re.Pattern[str]:
    parts = _PARAMETER.split(path)
    pattern = "".join(
        re.escape(part) if index % 3 == 0 else "" if index % 3 == 1 else _CONVERTERS.get(part or "", ("(?!)", ""))[0]
        for index, part in enumerate(parts)
    )
    return re.compile(pattern)


@cache
def _sample(path: str) -> str:
    parts = _PARAMETER.split(path)
    return "".join(
        part if index % 3 == 0 else "" if index % 3 == 1 else _CONVERTERS.get(part or "", ("", f"~{part}~"))[1]
        for index, part in enumerate(parts)
    )


def _is_harmless(analysis: Analysis, one: Route, other: Route) -> bool:
    """Tell whether two registrations are one: the same handler, branches of one condition, versions of an API."""
    handlers = (one.handler, other.handler)
    is_same = None not in handlers and len({each.symbol for each in handlers if each is not None}) == 1
    return _key(one) == _key(other) or is_same or _is_versioned(analysis, other) or _exclusive(one, other)


def _is_versioned(analysis: Analysis, route: Route) -> bool:
    handler = route.handler
    for shape in () if handler is None else handler.record.decorators:
        func = shape[1] if shape[0] == "call" and isinstance(shape[1], tuple) else shape
        value = None if handler is None else analysis.value(handler.source, handler.record.parent, func)
        if value is not None and value.last in {"version", "api_version"}:
            return True
    return False


def _exclusive(one: Route, other: Route) -> bool:
    if one.source is not other.source:
        return False
    blocks = one.source.facts.blocks
    left, right = _blocks(one), _blocks(other)
    own = [at for at in left if at not in right]
    its = [at for at in right if at not in left]
    if any(blocks[at].ends for at in own):
        return True
    return bool(own and its) and {blocks[own[0]].kind, blocks[its[0]].kind} in ({"if", "else"}, {"case"})


def _blocks(route: Route) -> tuple[int, ...]:
    """Return the conditions around a registration: of its call, or of the decorator above the handler."""
    calls = (call for call in route.source.facts.calls if _registers(call, route) and call.line <= route.line)
    nearest = max(calls, key=lambda call: (call.line, call.column), default=None)
    return () if nearest is None else nearest.blocks


def _registers(call: Call, route: Route) -> bool:
    return call.func[0] == "attr" and call.func[1] == route.router


def _spot(later: Mounted, earlier: Mounted) -> Spot:
    route, other = later.route, earlier.route
    method = next(name for name in route.methods if name in other.methods)
    handler = "a handler" if other.handler is None else ".".join(other.handler.symbol.rsplit(".", 2)[-2:])
    where = f"line {other.line}" if other.source is route.source else f"{other.source.path}, line {other.line}"
    if _sample(later.path) == _sample(earlier.path):
        message = f"{method} {later.path or '/'} is already answered by {handler} ({where}): this one is never called"
        hint = "remove one of the two, or give it a path of its own"
    else:
        message = (
            f"{method} {later.path} is taken by {earlier.path} of {handler} ({where}), which comes first: this one is "
            "never called"
        )
        hint = f"register {later.path} before {earlier.path}, or narrow that with a converter such as `{{id:uuid}}`"
    symbol = route.source.symbol(route.function) if route.handler is None else route.handler.symbol
    chain = ((route.source, route.line), (other.source, other.line))
    return Spot(route.source, route.line, route.column, symbol, message, f"{method} {later.path}", hint, chain)


_CONTROLLER = "src/shop/modules/orders/controller.py"
RULE = Rule(
    code="ARC306",
    name="route-conflict",
    severity="error",
    summary="The same method and path is registered twice, or a route is shadowed by an earlier one.",
    why=(
        "Routes are tried in the order they were registered, and the first that matches answers. `/{id}` before "
        "`/search` makes a search fail with 'not a valid id' for ever; of two equal routes the second is code that "
        "looks alive, is reviewed and tested as a function, and never runs."
    ),
    hint="register the literal path first, or narrow the parameter with a converter",
    check=check,
    decides=(
        "Found: literal paths and constants within a router, and across routers where `include_router`, `mount` or "
        "`add_module` can be followed. Not found: paths that are computed, and routers that are included by code that "
        "is handed them."
    ),
    bad=(
        Example(
            "a parameter before a literal",
            {
                "src/app/items.py": """\
from fastapi import APIRouter

router = APIRouter(prefix="/items")

@router.get("/{item_id}")
async def read(item_id: int): ...

@router.get("/search")  # before /{item_id}
async def search(): ...  # error: ARC306

@router.post("/search")
async def save(): ...
""",
            },
        ),
        Example(
            "the same path with another parameter name, in the generated router",
            {
                _CONTROLLER: """\
from shop.kernel.access import PUBLIC
from shop.kernel.http.routing import ModuleRouter as Anything

class OrdersController:
    def router(self):
        routes = Anything("orders")
        routes.get("/{order_id:uuid}", self.show, access=PUBLIC)
        routes.get("/{id:uuid}", self.details, access=PUBLIC)  # error: ARC306
        return routes.router

    async def show(self, order_id): ...

    async def details(self, id): ...
""",
            },
        ),
        Example(
            "two routers that meet under one prefix, in the order of their inclusion",
            {
                "src/app/main.py": """\
from fastapi import FastAPI
from app import users as anything
from app.me import router as me

app = FastAPI()
app.include_router(anything.router, prefix="/users")
app.include_router(me)
""",
                "src/app/users.py": """\
from fastapi import APIRouter

router = APIRouter()

@router.get("/{name}")
async def read(name: str): ...
""",
                "src/app/me.py": """\
from fastapi import APIRouter

ME = "/me"
router = APIRouter(prefix="/users")

@router.get(ME)
async def read_me(): ...  # error: ARC306
""",
            },
        ),
        Example(
            "a path that swallows what follows, and two modules with one path",
            {
                "src/shop/composition_root.py": """\
from shop.kernel.app import Kernel
from shop.modules.orders import register_orders
from shop.modules.reports import register_reports

def compose(settings):
    kernel = Kernel(settings)
    register_orders(kernel)
    register_reports(kernel)
    return kernel
""",
                "src/shop/modules/orders/__init__.py": """\
from shop.kernel.app import Kernel
from shop.modules.orders.controller import OrdersController

def register_orders(kernel: Kernel) -> None:
    kernel.add_module("orders", service=object(), router=OrdersController().router())
""",
                _CONTROLLER: """\
from shop.kernel.access import PUBLIC
from shop.kernel.http.routing import ModuleRouter

class OrdersController:
    def router(self):
        routes = ModuleRouter("orders")
        routes.get("/files/{path:path}", self.file, access=PUBLIC)
        routes.get("/files/{name}/size", self.size, access=PUBLIC)  # error: ARC306
        routes.get("/report", self.report, access=PUBLIC)
        return routes.router

    async def file(self, path): ...

    async def size(self, name): ...

    async def report(self): ...
""",
                "src/shop/modules/reports/__init__.py": """\
from shop.kernel.access import PUBLIC
from shop.kernel.app import Kernel
from shop.kernel.http.routing import ModuleRouter

class ReportsController:
    def router(self):
        routes = ModuleRouter("reports", prefix="/orders")
        routes.get("/report", self.index, access=PUBLIC)  # error: ARC306
        return routes.router

    async def index(self): ...

def register_reports(kernel: Kernel) -> None:
    kernel.add_module("reports", service=object(), router=ReportsController().router())
""",
            },
        ),
    ),
    good=(
        Example(
            "the literal first, and converters that do not take it",
            {
                "src/app/items.py": """\
from fastapi import APIRouter

router = APIRouter(prefix="/items")

@router.get("/search")
async def search(): ...

@router.get("/{item_id}")
async def read(item_id: int): ...

@router.get("/{item_id}/parts")
async def parts(item_id: int): ...

@router.get("/lots/{lot_id:int}")
async def lot(lot_id: int): ...

@router.get("/lots/{lot_id:uuid}")
async def old_lot(lot_id: str): ...

@router.get("/lots/latest")
async def latest_lot(): ...
""",
            },
        ),
        Example(
            "the same path for other methods, with a slash, and one handler under two paths",
            {
                "src/app/items.py": """\
from fastapi import APIRouter

router = APIRouter(prefix="/items")

@router.get("")
async def index(): ...

@router.get("/")
async def slash(): ...

@router.post("")
async def store(): ...

@router.get("/{item_id}")
@router.get("/first")
async def read(item_id: int = 1): ...
""",
            },
        ),
        Example(
            "equal paths of different applications and prefixes",
            {
                "src/app/main.py": """\
from fastapi import FastAPI
from app.items import public, staff

app, admin = FastAPI(), FastAPI()
admin_app = FastAPI()
api = FastAPI()
api.include_router(public, prefix="/v1")
api.include_router(public, prefix="/v2")
admin_app.include_router(staff)
""",
                "src/app/items.py": """\
from fastapi import APIRouter

public = APIRouter()
staff = APIRouter()

@public.get("/items")
async def index(): ...

@staff.get("/items")
async def all_items(): ...
""",
            },
        ),
        Example(
            "one path in two branches, and paths that are computed or only written in a text",
            {
                "src/app/items.py": """\
from fastapi import APIRouter
from app.settings import debug, path

router = APIRouter()

if debug:
    @router.get("/items")
    async def fake(): ...
else:
    @router.get("/items")
    async def real():
        return '@router.get("/items")'

@router.get(path)
async def computed(): ...

@router.get(path)
async def again(): ...

cache = {}
cache.get("/items")
cache.get("/items")
""",
            },
        ),
    ),
)
