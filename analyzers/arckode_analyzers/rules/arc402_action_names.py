"""ARC402: a controller action with a name of its own for a route everybody has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_analyzers.rule import Example, Rule, Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.routes import Route
    from arckode_analyzers.model.source import Source

_COLLECTION = {"GET": "index", "POST": "store"}
_MEMBER = {"GET": "show", "PUT": "update", "PATCH": "update", "DELETE": "destroy"}


def check(analysis: Analysis, source: Source) -> Iterator[Spot]:
    """Report handlers of the five CRUD routes that do not carry the route's name."""
    if "controllers" not in source.layers:
        return
    routes = [route for route in analysis.routes.of(source) if route.handler is not None and len(route.methods) == 1]
    for route in routes:
        meant, handler = _meaning(route, routes), route.handler
        if (
            handler is None
            or not meant
            or handler.record.name in {meant, "<lambda>"}
            or _is_taken(route, routes, meant)
        ):
            continue
        name = handler.record.name
        message = f"`{name}` handles {route.methods[0]} {_path(route)}, which every other controller calls `{meant}`"
        line, column = handler.record.line, handler.record.column
        yield Spot(handler.source, line, column, handler.symbol, message, name, f"rename it to `{meant}`")


def _meaning(route: Route, routes: list[Route]) -> str:
    """Return the law's word for a route, or an empty string when it is none of the five."""
    path = _path(route)
    if path is None:
        return ""
    collection, _, last = path.rpartition("/")
    if _is_parameter(last) and "{" not in collection and collection:
        return _MEMBER.get(route.methods[0], "") if _is_collection(route, routes, collection) else ""
    if "{" in path or not path.strip("/"):
        return ""
    has_members = any((other := _path(member)) and _is_member_of(other, path) for member in routes)
    return _COLLECTION.get(route.methods[0], "") if has_members or _is_root(route) else ""


def _is_collection(route: Route, routes: list[Route], path: str) -> bool:
    """Tell whether a path holds the members: the router's own, or one that this controller lists or adds to."""
    own = (route.prefix or "").rstrip("/")
    return path == own or (not own and path.count("/") == 1) or any(_path(other) == path for other in routes)


def _is_root(route: Route) -> bool:
    return bool(route.prefix) and not (route.path or "").strip("/")


def _is_member_of(path: str, collection: str) -> bool:
    start, _, last = path.rpartition("/")
    return start == collection and _is_parameter(last)


def _is_parameter(segment: str) -> bool:
    return segment.startswith("{") and segment.endswith("}")


def _path(route: Route) -> str | None:
    """Return the whole path without a slash at its end, or None when a part of it is unknown."""
    if route.path is None or route.prefix is None:
        return None
    return f"{route.prefix}{route.path}".rstrip("/")


def _is_taken(route: Route, routes: list[Route], meant: str) -> bool:
    """Tell whether another handler has the name already, as PUT and PATCH side by side do."""
    return any(
        other.handler is not None and other.handler.record.name == meant and _path(other) == _path(route)
        for other in routes
    )


_CONTROLLER = "src/shop/modules/orders/controller.py"
RULE = Rule(
    code="ARC402",
    name="action-names",
    severity="warning",
    summary="A CRUD route's action has another name than `index show store update destroy`.",
    why=(
        "Operation ids, the generated client and every reader follow from these five names. One controller that says "
        "`get_orders` gives clients a method nobody looks for."
    ),
    hint="use index, show, store, update or destroy",
    decides=(
        "Judged are actions whose method and known path make them one of the five CRUD routes. Not decided:"
        " paths that are computed."
    ),
    check=check,
    bad=(
        Example(
            "actions of the generated router",
            {
                _CONTROLLER: """\
from shop.kernel.http import ModuleRouter

class OrdersController:
    def router(self):
        routes = ModuleRouter("orders")
        routes.get("", self.list_orders)
        routes.delete("/{order_id:uuid}", self.remove)
        return routes.router

    async def list_orders(self): ...  # error: ARC402

    async def remove(self, order_id): ...  # error: ARC402
"""
            },
        ),
        Example(
            "decorated functions, whatever the router and the parameter are called",
            {
                _CONTROLLER: """\
from fastapi import APIRouter as Anything

thing = Anything(prefix="/orders")

@thing.post("/")
async def create(): ...  # error: ARC402

@thing.get("/{index}")
async def index(index: str): ...  # error: ARC402
"""
            },
        ),
        Example(
            "a router without a prefix, where the paths tell",
            {
                _CONTROLLER: """\
from fastapi import APIRouter

router = APIRouter()
router.add_api_route("/orders/{key}", lambda key: key)

@router.get("/orders")
async def everything(): ...  # error: ARC402
"""
            },
        ),
    ),
    good=(
        Example(
            "the five names, and free ones for other routes",
            {
                _CONTROLLER: """\
from shop.kernel.http import ModuleRouter

class OrdersController:
    def router(self):
        routes = ModuleRouter("orders")
        routes.get("", self.index)
        routes.get("/{order_id:uuid}", self.show)
        routes.put("/{order_id:uuid}", self.update)
        routes.patch("/{order_id:uuid}", self.change)
        routes.get("/late", self.late)
        routes.post("/{order_id:uuid}/cancel", self.cancel)
        return routes.router

    async def index(self): ...
    async def show(self): ...
    async def update(self): ...
    async def change(self): ...
    async def late(self): ...
    async def cancel(self): ...
"""
            },
        ),
        Example(
            "a single page that is no collection",
            {
                _CONTROLLER: """\
from fastapi import APIRouter

router = APIRouter()

@router.get("/health")
async def health(): ...
"""
            },
        ),
    ),
)
