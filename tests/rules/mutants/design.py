"""Ways to break the rules about access, names, the shape of a module and wiring (ARC301-607)."""

# ruff: noqa: E501  # a row is a way and the lines of code that break the rule

from __future__ import annotations

from tests.rules.mutants.places import (
    APP,
    CONTROLLER,
    CUSTOMERS,
    DOOR,
    MODEL,
    ORDERS,
    REPOSITORY,
    ROOT,
    SERVICE,
    SHOWN,
    imported,
    method,
)
from tests.rules.mutants.seeded import Edit, Mutant

_TESTS = "tests/modules/orders/"
_IN_STORE = '        """Create an order."""\n'
_ROUTES = "        return routes.router\n"


def _of(code: str, *rows: tuple[str, tuple[Edit, ...]], at: str = "", decidable: bool = True) -> tuple[Mutant, ...]:
    return tuple(Mutant(code, way, edits, at, decidable) for way, edits in rows)


def _replaced(path: str, old: str, new: str) -> tuple[Edit, ...]:
    return (Edit(path, old, new),)


def _storing(text: str) -> tuple[Edit, ...]:
    lines = "".join(f"        {line}\n" for line in text.splitlines())
    return (Edit(CONTROLLER, _IN_STORE, _IN_STORE + lines),)


BODIES = _of(
    "ARC301",
    ("a dictionary", _replaced(CONTROLLER, "body: OrderCreate", "body: dict")),
    ("a dictionary of texts", _replaced(CONTROLLER, "body: OrderCreate", "body: dict[str, object]")),
    ("a mapping", (Edit(CONTROLLER, "body: OrderCreate", "body: Mapping[str, object]"), imported(CONTROLLER, "from collections.abc import Mapping"))),
    ("anything", (Edit(CONTROLLER, "body: OrderCreate", "body: Annotated[Any, Body()]"), Edit(CONTROLLER, "import APIRouter, Query", "import APIRouter, Body, Query"), imported(CONTROLLER, "from typing import Any"))),
    ("an alias of a dictionary", (Edit(CONTROLLER, "body: OrderCreate", "body: Values"), Edit(CONTROLLER, "class OrdersController:", "Values = dict\n\n\nclass OrdersController:"))),
)  # fmt: skip

SENT_BODIES = _of(
    "ARC301",
    ("the request's json", (Edit(CONTROLLER, "body: OrderCreate) -> OrderOut:\n" + _IN_STORE, "request: Request) -> OrderOut:\n" + _IN_STORE + "        body = await request.json()\n"), Edit(CONTROLLER, "import APIRouter, Query", "import APIRouter, Query, Request"))),
    ("the request's json in a helper", (Edit(CONTROLLER, "body: OrderCreate) -> OrderOut:\n" + _IN_STORE, "request: Request) -> OrderOut:\n" + _IN_STORE + "        body = await sent(request)\n"), Edit(CONTROLLER, "import APIRouter, Query", "import APIRouter, Query, Request"), imported(CONTROLLER, "from shop.shared.sent import sent"), Edit(f"{APP}shared/sent.py", new="from fastapi import Request\n\n\nasync def sent(request: Request):\n    return await request.json()\n"))),
)  # fmt: skip

UNSURE_BODIES = _of(
    "ARC301",
    ("a list", _replaced(CONTROLLER, "body: OrderUpdate", "body: list")),
    decidable=False,
)  # fmt: skip

ACCESS = _of(
    "ARC303",
    ("a route that says nothing", _replaced(CONTROLLER, 'routes.get("", self.index, access=PUBLIC)', 'routes.get("", self.index)')),
    ("a route that deletes", _replaced(CONTROLLER, "self.destroy, access=PUBLIC, status=204", "self.destroy, status=204")),
    ("a route that stores", _replaced(CONTROLLER, "self.store, access=PUBLIC, status=201", "self.store, status=201")),
    ("a route that changes", _replaced(CONTROLLER, "self.update, access=PUBLIC", "self.update")),
    ("every route", _replaced(CONTROLLER, ", access=PUBLIC", "")),
)  # fmt: skip

PERMISSIONS = _of(
    "ARC304",
    ("a permission of a module that is not there", _replaced(CONTROLLER, "self.destroy, access=PUBLIC", 'self.destroy, access=require("sales:delete")') + _replaced(CONTROLLER, "import PUBLIC", "import PUBLIC, require")),
    ("under another name", _replaced(CONTROLLER, "self.destroy, access=PUBLIC", 'self.destroy, access=needs("sales:delete")') + _replaced(CONTROLLER, "import PUBLIC", "import PUBLIC, require as needs")),
    ("a constant", (Edit(CONTROLLER, "self.destroy, access=PUBLIC", "self.destroy, access=require(GONE)"), Edit(CONTROLLER, "import PUBLIC", "import PUBLIC, require"), Edit(CONTROLLER, "class OrdersController:", 'GONE = "sales:delete"\n\n\nclass OrdersController:'))),
    ("a misspelt module", _replaced(CONTROLLER, "self.destroy, access=PUBLIC", 'self.destroy, access=require("order:delete")') + _replaced(CONTROLLER, "import PUBLIC", "import PUBLIC, require")),
    ("through the module of the function", _replaced(CONTROLLER, "self.destroy, access=PUBLIC", 'self.destroy, access=access.require("sales:delete")') + _replaced(CONTROLLER, "from shop.kernel.access import PUBLIC", "from shop.kernel import access\nfrom shop.kernel.access import PUBLIC")),
)  # fmt: skip

SECRETS = _of(
    "ARC305",
    ("a password in a log", (method(SERVICE, "def tell(self, password: SecretStr):\n    log.info('it is %s', password.get_secret_value())"), imported(SERVICE, "import logging", "from pydantic import SecretStr", "log = logging.getLogger(__name__)"))),
    ("a password that is printed", (method(SERVICE, "def tell(self, password: SecretStr):\n    print(password.get_secret_value())"), imported(SERVICE, "from pydantic import SecretStr"))),
    ("a password in a text", (method(SERVICE, "def tell(self, key: SecretStr):\n    log.info(f'it is {key.get_secret_value()}')"), imported(SERVICE, "import logging", "from pydantic import SecretStr", "log = logging.getLogger(__name__)"))),
    ("a password in a name", (method(SERVICE, "def tell(self, key: SecretStr):\n    clear = key.get_secret_value()\n    log.info('it is %s', clear)"), imported(SERVICE, "import logging", "from pydantic import SecretStr", "log = logging.getLogger(__name__)"))),
    ("a type of secrets under another name", (method(SERVICE, "def tell(self, key: S):\n    log.debug(key.get_secret_value())"), imported(SERVICE, "import logging", "from pydantic import SecretStr as S", "log = logging.getLogger(__name__)"))),
)  # fmt: skip


_OTHER = method(CONTROLLER, "async def other(self) -> None:\n    await self._service.list(None)")


def _routing(*lines: str) -> tuple[Edit, ...]:
    return (Edit(CONTROLLER, _ROUTES, "".join(f"        {line}\n" for line in lines) + _ROUTES), _OTHER)


CONFLICTS = _of(
    "ARC306",
    ("the same list twice", _routing('routes.get("", self.other, access=PUBLIC)')),
    ("the same row twice", _routing('routes.get("/{order_id:uuid}", self.other, access=PUBLIC)')),
    ("another name of the parameter", _routing('routes.get("/{key:uuid}", self.other, access=PUBLIC)')),
    ("a path in a constant", _routing('path = "/{key:uuid}"', "routes.patch(path, self.other, access=PUBLIC)")),
    ("a wide one before a narrow one", _routing('routes.get("/by/{word}", self.show, access=PUBLIC)', 'routes.get("/by/name", self.other, access=PUBLIC)')),
)  # fmt: skip

SERVICE_NAMES = _of(
    "ARC401",
    *((f"`{old}` is called `{new}`", (Edit(SERVICE, f"async def {old}(", f"async def {new}("),)) for old, new in (
        ("list", "get_all"), ("get_by_id", "find_by_id"), ("create", "add"), ("update", "edit"), ("delete", "remove"),
    )),
)  # fmt: skip
ACTION_NAMES = _of(
    "ARC402",
    *((f"`{old}` is called `{new}`", (Edit(CONTROLLER, f"self.{old},", f"self.{new},"), Edit(CONTROLLER, f"async def {old}(", f"async def {new}("))) for old, new in (
        ("index", "list_all"), ("show", "detail"), ("store", "create"), ("update", "edit"), ("destroy", "remove"),
    )),
)  # fmt: skip
TABLE_NAMES = _of(
    "ARC403",
    *((f"the table `{name}`", (Edit(MODEL, '__tablename__ = "orders"', f'__tablename__ = "{name}"'),)) for name in (
        "Orders", "order", "orderLines", "order-lines", "ORDERS",
    )),
)  # fmt: skip
_NOTE = "    note: Mapped[str | None] = mapped_column(LongText)"
COLUMN_NAMES = _of(
    "ARC404",
    ("camel case", _replaced(MODEL, "    note:", "    noteText:")),
    ("a reserved word", _replaced(MODEL, "    note:", "    order:")),
    ("a reserved word as the explicit name", _replaced(MODEL, "mapped_column(LongText)", 'mapped_column("select", LongText)')),
    ("a reserved word as a keyword", _replaced(MODEL, "mapped_column(LongText)", 'mapped_column(LongText, name="group")')),
    ("a table like a reserved word", _replaced(MODEL, '__tablename__ = "orders"', '__tablename__ = "order"')),
    ("a mixin", _replaced(MODEL, "class Order(Timestamped, Entity):", "class Extra:\n    limit: Mapped[int] = mapped_column()\n\n\nclass Order(Extra, Timestamped, Entity):")),
    ("a word that only MySQL reserves", _replaced(MODEL, "    note:", "    rank:")),
    ("an annotation alone", _replaced(MODEL, _NOTE, "    userID: Mapped[str | None]")),
)  # fmt: skip


def _event(call: str, *more: str) -> tuple[Edit, ...]:
    path = f"{CUSTOMERS}service.py"
    create = "        return await self._customers.create(values)"
    return (
        imported(path, *(more or ("from shop.kernel.events import new_event",))),
        Edit(path, create, f"        {call}\n{create}"),
    )


_MAKING = "from shop.kernel.events import new_event"
EVENT_NAMES = _of(
    "ARC405",
    ("the present tense", _event('new_event("customers.create", key="1", source="c", data={})')),
    ("a constant", _event('new_event(NAME, key="1", source="c", data={})', _MAKING, 'NAME = "customers.create"')),
    ("an alias", _event('made("customers.create", key="1", source="c", data={})', f"{_MAKING} as made")),
    ("the module's alias", _event('ev.new_event("customers.create", key="1", source="c", data={})', "from shop.kernel import events as ev")),
    ("a keyword", _event('new_event(type_="customers.create", key="1", source="c", data={})')),
    ("capitals", _event('new_event("customers.Created", key="1", source="c", data={})')),
    ("an enumeration", _event('new_event(N.MADE, key="1", source="c", data={})', _MAKING, "from enum import StrEnum", "class N(StrEnum):", '    MADE = "customers.create"')),
    ("no module", _event('new_event("created", key="1", source="c", data={})')),
)  # fmt: skip
MIGRATION_NAMES = _of(
    "ARC406",
    *((f"`{name}`", (Edit(f"{APP}migrations/{name}.py", new="UP = {}\n"),)) for name in (
        "add_note", "2026112_x", "202611220099_AddNote", "202600220001_x", "202611220001-x",
    )),
)  # fmt: skip
MODULE_NAMES = _of(
    "ARC407",
    *((f"`{name}`", (Edit(f"{APP}modules/{name}/__init__.py", new="x = 1\n"),)) for name in (
        "order-lines", "OrderLines", "kernel", "health", "order__lines", "class",
    )),
)  # fmt: skip

_PARTS = "    def __init__(self, pedidos: RepositoryAdapter[Pedido]) -> None:\n        self._pedidos = pedidos\n"


def _two(attribute: str, first: str = "", last: str = "") -> tuple[Edit, ...]:
    lines = (
        f"    def __init__(self, pedidos: RepositoryAdapter[Pedido], logs: RepositoryAdapter['Log']) -> None:\n"
        f"        self._pedidos = pedidos\n        self.{attribute} = logs\n\n"
        f"    async def log(self, x):\n{first}        row = await {'logs' if first else f'self.{attribute}'}.create(x)\n        return row\n\n"
        f"    async def last(self, x):\n{last}        row = await {'logs' if last else f'self.{attribute}'}.find_by_id(x)\n        return row.x\n"
    )
    return (Edit(f"{APP}modules/pedidos/service.py", _PARTS, lines),)


_LOCAL = "        logs = self._logs\n"
SHAPES = _of(
    "ARC501",
    ("two repositories that share nothing", _two("_logs")),
    ("a public attribute", _two("logs")),
    ("local names for the attribute", _two("_logs", _LOCAL, _LOCAL)),
    ("a local name in one method", _two("_logs", _LOCAL)),
    ("an attribute with a telling name", _two("_pedidos_too")),
)

_CHECKED = 'def checked(order):\n    if order.status == "paid":\n        raise ValueError\n    return order\n'
DECISIONS = _of(
    "ARC502",
    ("a status", _replaced(CONTROLLER, SHOWN, '        order = await self._service.get_by_id(order_id)\n        if order.status == "paid":\n            raise ValueError\n        return OrderOut.model_validate(order)\n')),
    ("a field of the body", _storing("if body.total > 1000:\n    raise ValueError")),
    ("a match", _storing('match body.status:\n    case "paid":\n        raise ValueError')),
    ("a flag with a name", _storing("is_big = body.total > 1000\nif is_big:\n    raise ValueError")),
    ("the values of the body", _storing('values = body.values()\nif values["total"] > 1000:\n    values["status"] = "review"')),
    ("a value that is got", _storing('if body.values().get("total") > 1000:\n    raise ValueError')),
    ("a helper of the file", (Edit(CONTROLLER, SHOWN, SHOWN.replace("await self._service.get_by_id(order_id)", "checked(await self._service.get_by_id(order_id))")), Edit(CONTROLLER, "class OrdersController:", f"{_CHECKED}\n\nclass OrdersController:"))),
    ("a helper in another file", (Edit(CONTROLLER, SHOWN, SHOWN.replace("await self._service.get_by_id(order_id)", "checked(await self._service.get_by_id(order_id))")), imported(CONTROLLER, "from shop.modules.orders.rules import checked"), Edit(f"{ORDERS}rules.py", new=_CHECKED))),
)  # fmt: skip

_SERVICE_TEST = f"{_TESTS}test_service.py"
_TAKES = "from shop.modules.orders.service import OrdersService\n"
UNTESTED = _of(
    "ARC503",
    ("no test of the service", (Edit(_SERVICE_TEST, new=None),)),
    ("a call in a comment", (Edit(_SERVICE_TEST, new=f"{_TAKES}# service.create\ndef test_x():\n    assert OrdersService\n"),)),
    ("nothing is asserted", (Edit(_SERVICE_TEST, new=f"{_TAKES}async def test_x():\n    await OrdersService(None).create({{}})\n"),)),
    ("it is skipped", (Edit(_SERVICE_TEST, new=f"import pytest\n{_TAKES}pytestmark = pytest.mark.skip\nasync def test_x():\n    assert await OrdersService(None).create({{}})\n"),)),
    ("no test by its name", (Edit(_SERVICE_TEST, new=f"{_TAKES}async def check_x():\n    assert await OrdersService(None).create({{}})\n"),)),
    at=SERVICE,
) + _of(
    "ARC503",
    ("no request", (Edit(f"{_TESTS}test_api.py", new=None), Edit(f"{_TESTS}factory.py", 'client.post("/orders"', 'client.post("/nothing"'))),
    at=CONTROLLER,
)  # fmt: skip
MISSING = _of(
    "ARC504",
    ("no service", (Edit(SERVICE, new=None),)),
    ("no repository", (Edit(REPOSITORY, new=None),)),
    ("a registration that does nothing", (Edit(DOOR, new="def register_orders(kernel):\n    pass\n"),)),
    ("no registration", (Edit(DOOR, new="from shop.modules.orders.service import OrdersService\n"),)),
    ("an empty service", (Edit(SERVICE, new='"""Nothing."""\n'),)),
    at=DOOR,
) + _of(
    "ARC504",
    ("a composition root that composes nothing", (Edit(ROOT, new="from shop.modules.orders import register_orders\n"),)),
)  # fmt: skip
UNSURE_PARTS = _of(
    "ARC504",
    ("a repository of nothing", (Edit(REPOSITORY, new="class OrdersRepository: ...\n"),)),
    at=DOOR,
    decidable=False,
)


def _late(line: str) -> tuple[Edit, ...]:
    return (Edit(f"{APP}main.py", "    app = compose(Settings.load()).asgi()\n", f"    kernel = compose(Settings.load())\n    app = kernel.asgi()\n{line}\n"),)  # fmt: skip


LATE = _of(
    "ARC607",
    ("a module", _late('kernel.add_module("late", service=object())')),
    ("a hook", _late("kernel.on_start(print)")),
    ("a probe", _late('kernel.add_probe("late", print)')),
    ("authentication", _late("kernel.authenticate_with(print)")),
    ("under another name", _late('add = kernel.add_module\nadd("late", service=object())')),
    ("in a function", _late('def more(k):\n    k.add_module("late", service=object())\n\n\nmore(kernel)')),
)

MUTANTS = (
    *BODIES, *SENT_BODIES, *UNSURE_BODIES, *ACCESS, *PERMISSIONS, *SECRETS, *CONFLICTS, *SERVICE_NAMES, *ACTION_NAMES, *TABLE_NAMES, *COLUMN_NAMES,
    *EVENT_NAMES, *MIGRATION_NAMES, *MODULE_NAMES, *SHAPES, *DECISIONS, *UNTESTED, *MISSING, *UNSURE_PARTS, *LATE,
)  # fmt: skip
