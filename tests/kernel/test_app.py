"""Putting an application together: what is missing or doubled stops the start, with a sentence."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

import pytest
from starlette.responses import Response

from kernel.access import PUBLIC, Permission, require
from kernel.app import Kernel
from kernel.cache import CACHE
from kernel.cache_memory import MemoryCache
from kernel.database import Database
from kernel.errors import ProgrammingError, WiringError
from kernel.http.query import QueryModel
from kernel.http.routing import ModuleRouter
from kernel.ports import Port
from kernel.settings import KernelSettings
from kernel.testing import client

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.anyio


class Directory(Protocol):
    async def name(self) -> str: ...


class OrdersService:
    def __init__(self) -> None:
        self.customers: Port[Directory] = Port("orders.customers")


class CustomersService:
    async def name(self) -> str:
        return "Ada"


class Pages:
    async def index(self) -> str:
        return "page"


async def nobody(_authorization: str | None) -> None:
    """Authenticate no one."""


def kernel() -> Kernel:
    return Kernel(KernelSettings(environment="test", database_url="sqlite://"))


async def test_a_port_that_nobody_connected_stops_the_start() -> None:
    made = kernel()
    made.add_module("orders", service=OrdersService())
    with pytest.raises(WiringError, match=r"not connected: orders\.customers \(asked for by orders\)"):
        async with client(made):
            pass


async def test_a_connected_port_answers() -> None:
    made = kernel()
    made.add_module("orders", service=OrdersService())
    made.add_module("customers", service=CustomersService())
    made.resolve(OrdersService).customers.connect(made.resolve(CustomersService))
    async with client(made):
        assert await made.resolve(OrdersService).customers.get().name() == "Ada"


def test_a_port_is_connected_once_and_not_read_before() -> None:
    port: Port[Directory] = Port("orders.customers")
    with pytest.raises(WiringError, match="is not connected; call its connector"):
        port.get()
    port.connect(CustomersService())
    with pytest.raises(WiringError, match="already connected"):
        port.connect(CustomersService())


async def test_wiring_mistakes_are_named() -> None:
    made = kernel()
    made.add_module("orders", service=OrdersService())
    with pytest.raises(WiringError, match="the module 'orders' is registered twice"):
        made.add_module("orders", service=CustomersService())
    with pytest.raises(WiringError, match="both register a OrdersService"):
        made.add_module("more", service=OrdersService())
    with pytest.raises(WiringError, match="no module registered a CustomersService; did you mean 'OrdersService'"):
        made.resolve(CustomersService)
    with pytest.raises(WiringError, match="probe 'database' is registered twice"):
        made.add_probe("database", made.database.ping)
    await made.database.close()


async def test_what_comes_after_the_application_was_made_is_refused() -> None:
    made = kernel()
    made.add_module("orders", service=CustomersService())
    made.asgi()
    late = r"after the application was made; do it in the composition root, before asgi\(\)"
    with pytest.raises(WiringError, match=f"the module 'late' is registered {late}"):
        made.add_module("late", service=OrdersService())
    with pytest.raises(WiringError, match=f"authentication is installed {late}"):
        made.authenticate_with(nobody)
    with pytest.raises(WiringError, match=f"the health probe 'late' is registered {late}"):
        made.add_probe("late", made.database.ping)
    with pytest.raises(WiringError, match=f"a start hook is registered {late}"):
        made.on_start(made.database.ping)
    with pytest.raises(WiringError, match=f"a stop hook is registered {late}"):
        made.on_stop(made.database.ping)
    with pytest.raises(WiringError, match=f"a MemoryCache is provided {late}"):
        made.provide(CACHE, MemoryCache(made.clock))
    made.asgi()
    await made.database.close()


async def test_a_start_hook_cannot_add_a_module() -> None:
    made = kernel()

    async def late() -> None:
        made.add_module("late", service=OrdersService())

    made.on_start(late)
    with pytest.raises(WiringError, match="the module 'late' is registered after the application was made"):
        async with client(made):
            pass


async def test_shared_operation_ids_are_refused() -> None:
    made = kernel()
    for name, prefix, service in (("one", "/one", OrdersService()), ("two", "/two", CustomersService())):
        routes = ModuleRouter("pages", prefix=prefix)
        routes.get("", Pages().index, access=PUBLIC)
        made.add_module(name, service=service, router=routes.router)
    with pytest.raises(WiringError, match="several routes: pages_index"):
        made.asgi()
    await made.database.close()


class Table(Response):
    media_type = "text/csv"


class Reports:
    async def table(self) -> Table:
        return Table("a,b\n1,2\n")

    async def bare(self) -> Response:
        return Response("x", media_type="text/plain")


async def test_an_answer_of_a_class_of_its_own_is_documented_with_its_media_type() -> None:
    made, reports, routes = kernel(), Reports(), ModuleRouter("reports")
    routes.get("/table", reports.table, access=PUBLIC)
    routes.get("/bare", reports.bare, access=PUBLIC)
    made.add_module("reports", service=reports, router=routes.router)
    paths = made.asgi().openapi()["paths"]
    assert list(paths["/reports/table"]["get"]["responses"]["200"]["content"]) == ["text/csv"]
    assert list(paths["/reports/bare"]["get"]["responses"]["200"]["content"]) == ["application/json"]
    async with client(made) as http:
        answer = await http.get("/reports/table")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.text == "a,b\n1,2\n"


def demanding(permission: str) -> ModuleRouter:
    routes = ModuleRouter("pages")
    routes.get("", Pages().index, access=require(permission))
    return routes


def test_a_route_cannot_demand_what_nobody_declares() -> None:
    made = kernel()
    read = Permission("pages:read", "Read pages")
    made.add_module("pages", service=Pages(), router=demanding("pages:raed").router, permissions=[read])
    with pytest.raises(WiringError, match=r"^routes demand permissions that nobody declares: pages:raed$"):
        made.asgi()


def test_what_is_no_modules_can_be_declared_and_the_word_of_a_module_goes_first() -> None:
    made = kernel()
    made.declare(Permission("feeds:read", "Read the feed"))
    made.declare(Permission("pages:read", "Look at the pages through the feed"))
    read = Permission("pages:read", "Read pages")
    made.add_module("pages", service=Pages(), router=demanding("feeds:read").router, permissions=[read])
    assert made.permissions == (Permission("feeds:read", "Read the feed"), read)
    made.asgi()
    with pytest.raises(WiringError, match="the permission 'late:read' is declared after the application was made"):
        made.declare(Permission("late:read", "Too late"))


def test_a_permission_has_a_module_and_an_action() -> None:
    with pytest.raises(ProgrammingError, match="written 'module:action', not 'orders'"):
        require("orders")


def test_a_query_parameter_must_mean_a_field() -> None:
    with pytest.raises(WiringError, match="total_above is neither a filterable field nor"):

        class Wrong(QueryModel):
            filterable = ("price",)
            total_above: int | None = None


async def test_hooks_run_in_order_and_a_failing_one_stops_nobody(tmp_path: Path) -> None:
    seen: list[str] = []
    database = Database(f"sqlite:///{tmp_path}/test.db")
    made = Kernel(KernelSettings(environment="test", shutdown_timeout=1.0), database=database)

    async def start() -> None:
        seen.append("start")

    async def stop() -> None:
        await database.ping()
        seen.append("stop")

    async def fails() -> None:
        raise RuntimeError("broken hook")

    async def hangs() -> None:
        await asyncio.sleep(30)

    made.on_start(start)
    for hook in (stop, fails, hangs):
        made.on_stop(hook)
    async with client(made):
        assert seen == ["start"]
    assert seen == ["start", "stop"]
    assert database.engine.pool.checkedin() == 0  # type: ignore[attr-defined]  # every pool of ours counts


async def test_a_failing_start_still_closes_the_database() -> None:
    made = kernel()

    async def fails() -> None:
        await made.database.ping()
        raise RuntimeError("cannot start")

    made.on_start(fails)
    with pytest.raises(RuntimeError, match="cannot start"):
        async with client(made):
            pass
    assert made.database.engine.pool.checkedin() == 0  # type: ignore[attr-defined]  # every pool of ours counts
