"""Ways to break the rules about layers and modules (ARC101-111)."""

# ruff: noqa: E501  # a row is a way and the lines of code that break the rule

from __future__ import annotations

from tests.rules.mutants.places import (
    APP,
    CONNECTOR,
    CONTROLLER,
    CUSTOMERS,
    DOOR,
    KERNEL,
    MODEL,
    ORDERS,
    REPOSITORY,
    ROOT,
    SCHEMAS,
    SERVICE,
    SHOWN,
    imported,
    method,
)
from tests.rules.mutants.seeded import Edit, Mutant

_SESSION = "from sqlalchemy.ext.asyncio import AsyncSession"
_ORDER = "from shop.modules.orders.model import Order"
_ORDERS_REPOSITORY = "from shop.modules.orders.repository import OrdersRepository"
_HELPER = f"{APP}shared/rows.py"
_READS = (
    "from sqlalchemy import select\nfrom sqlalchemy.ext.asyncio import AsyncSession\n\n\n"
    "async def rows(session: AsyncSession, model):\n    return (await session.scalars(select(model).limit(9))).all()\n"
)
_SERVICE_TAKES = "    def __init__(self, orders: RepositoryAdapter[Order]) -> None:\n        self._orders = orders\n"


def _taking(parameter: str, *body: str) -> Edit:
    lines = "".join(f"        {line}\n" for line in body)
    return Edit(
        SERVICE,
        _SERVICE_TAKES,
        f"    def __init__(self, orders: RepositoryAdapter[Order], {parameter}) -> None:\n"
        f"        self._orders = orders\n{lines}",
    )


def _action(body: str, *, parameter: str = "order_id: UUID") -> Edit:
    return method(CONTROLLER, f"async def extra(self, {parameter}) -> object:\n    {body}")


def _deciding(body: str) -> Edit:
    lines = "".join(f"            {line}\n" for line in body.splitlines())
    return Edit(
        CONNECTOR,
        "            await self._customers.get_by_id(customer_id)\n",
        f"            row = await self._customers.get_by_id(customer_id)\n{lines}",
    )


_BACK = (
    Edit(
        f"{CUSTOMERS}service.py",
        "from uuid import UUID\n",
        "from typing import Protocol\nfrom uuid import UUID\nfrom shop.kernel.ports import Port\n",
    ),
    Edit(
        f"{CUSTOMERS}service.py",
        "class CustomersService:",
        "class OrderBook(Protocol):\n    async def close(self, customer_id: UUID) -> None: ...\n\n\nclass CustomersService:",
    ),
    Edit(
        f"{CUSTOMERS}service.py",
        "        self._customers = customers",
        "        self._customers = customers\n        self.orders: Port[OrderBook] = Port('customers.orders')",
    ),
    Edit(
        f"{CUSTOMERS}service.py",
        "        if not await self._customers.delete(customer_id, seen=seen):",
        "        await self.orders.get().close(customer_id)\n        if not await self._customers.delete(customer_id, seen=seen):",
    ),
)
_CIRCLE = f"{APP}connectors/customers_orders.py"


def _closing(body: str, annotation: str = ": OrdersService", more: str = "") -> Edit:
    return Edit(
        _CIRCLE,
        new="from uuid import UUID\nfrom shop.kernel.app import Kernel\nfrom shop.modules.customers import CustomersService\n"
        f"from shop.modules.orders import OrdersService\n{more}\n\nclass CustomersOrders:\n"
        f"    def __init__(self, orders{annotation}) -> None:\n        self._orders = orders\n"
        f"    async def close(self, customer_id: UUID) -> None:\n        {body}\n\n"
        "def connect_customers_orders(kernel: Kernel) -> None:\n"
        "    kernel.resolve(CustomersService).orders.connect(CustomersOrders(kernel.resolve(OrdersService)))\n",
    )


def _of(code: str, *rows: tuple[str, tuple[Edit, ...]], at: str = "") -> tuple[Mutant, ...]:
    return tuple(Mutant(code, way, edits, at) for way, edits in rows)


CONTROLLERS = _of(
    "ARC101",
    (
        "a session as a parameter",
        (_action("return order_id", parameter="session: AsyncSession"), imported(CONTROLLER, _SESSION)),
    ),
    (
        "a session under another name",
        (_action("return s", parameter="s: Door"), imported(CONTROLLER, f"{_SESSION} as Door")),
    ),
    (
        "a session in Annotated",
        (_action("return s", parameter="s: Annotated[AsyncSession, None]"), imported(CONTROLLER, _SESSION)),
    ),
    ("a session or nothing", (_action("return s", parameter="s: AsyncSession | None"), imported(CONTROLLER, _SESSION))),
    (
        "a repository in the constructor",
        (
            Edit(CONTROLLER, "service: OrdersService)", "service: OrdersService, rows: OrdersRepository)"),
            imported(CONTROLLER, _ORDERS_REPOSITORY),
        ),
    ),
    (
        "the port of repositories",
        (
            _action("return rows", parameter="rows: RepositoryAdapter[object]"),
            imported(CONTROLLER, "from shop.kernel.repository import RepositoryAdapter"),
        ),
    ),
    (
        "a repository that it makes",
        (_action("return await OrdersRepository(None).find_by_id(order_id)"), imported(CONTROLLER, _ORDERS_REPOSITORY)),
    ),
    (
        "a statement that it builds",
        (_action("return select(Order)"), imported(CONTROLLER, "from sqlalchemy import select", _ORDER)),
    ),
    (
        "a statement through the module",
        (_action("return sa.select(Order)"), imported(CONTROLLER, "import sqlalchemy as sa", _ORDER)),
    ),
    (
        "the database's session",
        (_action("return await db.scalar('x')", parameter="db: AsyncSession"), imported(CONTROLLER, _SESSION)),
    ),
    (
        "a helper in another file that queries",
        (
            _action("return await rows(None, Order)"),
            imported(CONTROLLER, "from shop.shared.rows import rows", _ORDER),
            Edit(_HELPER, new=_READS),
        ),
    ),
    (
        "a helper two calls away",
        (
            _action("return await all_of(None)"),
            imported(CONTROLLER, "from shop.shared.more import all_of"),
            Edit(_HELPER, new=_READS),
            Edit(
                f"{APP}shared/more.py",
                new="from shop.shared.rows import rows as read\n\n\nasync def all_of(model):\n    return await read(None, model)\n",
            ),
        ),
    ),
    ("the service's repository behind its back", (_action("return await self._service._orders.find_by_id(order_id)"),)),
    (
        "a subclass of the repository",
        (
            _action("return await Mine(None).find_by_id(order_id)"),
            imported(CONTROLLER, "from shop.modules.orders.mine import Mine"),
            Edit(f"{ORDERS}mine.py", new=f"{_ORDERS_REPOSITORY}\n\n\nclass Mine(OrdersRepository): ...\n"),
        ),
    ),
)

SERVICES = _of(
    "ARC102",
    ("a session in the constructor", (_taking("session: AsyncSession"), imported(SERVICE, _SESSION))),
    ("a session under another name", (_taking("s: S"), imported(SERVICE, f"{_SESSION} as S"))),
    ("a session or nothing", (_taking("session: AsyncSession | None = None"), imported(SERVICE, _SESSION))),
    (
        "a factory of sessions",
        (
            _taking("make: async_sessionmaker[AsyncSession]"),
            imported(SERVICE, "from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker"),
        ),
    ),
    (
        "a session in a method",
        (
            method(SERVICE, "async def recent(self, session: AsyncSession):\n    return session"),
            imported(SERVICE, _SESSION),
        ),
    ),
    (
        "a statement",
        (
            method(SERVICE, "async def recent(self):\n    return select(Order)"),
            imported(SERVICE, "from sqlalchemy import select"),
        ),
    ),
    (
        "a statement through the module",
        (
            method(SERVICE, "async def recent(self):\n    return sa.select(Order)"),
            imported(SERVICE, "import sqlalchemy as sa"),
        ),
    ),
    (
        "the session of the transaction",
        (
            method(
                SERVICE,
                "async def recent(self):\n    async with self._orders.transaction() as session:\n        await session.execute('x')",
            ),
        ),
    ),
    (
        "a helper in another file that queries",
        (
            method(SERVICE, "async def recent(self):\n    return await rows(None, Order)"),
            imported(SERVICE, "from shop.shared.rows import rows"),
            Edit(_HELPER, new=_READS),
        ),
    ),
    (
        "a helper of the module that queries",
        (
            method(SERVICE, "async def recent(self):\n    return await rows(None, Order)"),
            imported(SERVICE, "from shop.modules.orders.reading import rows"),
            Edit(f"{ORDERS}reading.py", new=_READS),
        ),
    ),
)

INTERNALS = _of(
    "ARC103",
    (
        "the repository of another module",
        (imported(SERVICE, "from shop.modules.customers.repository import CustomersRepository"),),
    ),
    ("the model under another name", (imported(SERVICE, "from shop.modules.customers.model import Customer as C"),)),
    ("the service past the door", (imported(SERVICE, "from shop.modules.customers.service import CustomersService"),)),
    ("a file of the module", (imported(SERVICE, "from shop.modules.customers import schemas"),)),
    ("the module imported whole", (imported(SERVICE, "import shop.modules.customers.model as theirs"),)),
    ("a relative import", (imported(SERVICE, "from ..customers.model import Customer"),)),
    (
        "an import in a function",
        (
            method(
                SERVICE,
                "async def recent(self):\n    from shop.modules.customers.model import Customer\n    return Customer",
            ),
        ),
    ),
    (
        "an import for types only",
        (
            imported(
                SERVICE,
                "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from shop.modules.customers.model import Customer",
            ),
        ),
    ),
    (
        "an import by a written name",
        (
            method(SERVICE, "def recent(self):\n    return import_module('shop.modules.customers.model')"),
            imported(SERVICE, "from importlib import import_module"),
        ),
    ),
    (
        "an attribute of the door",
        (
            method(SERVICE, "def recent(self):\n    return customers.model"),
            imported(SERVICE, "from shop.modules import customers"),
        ),
    ),
    ("a star import", (imported(SERVICE, "from shop.modules.customers.schemas import *"),)),
    (
        "a connector past the door",
        (
            Edit(
                CONNECTOR,
                "from shop.modules.customers import CustomersService",
                "from shop.modules.customers.service import CustomersService",
            ),
        ),
    ),
    (
        "the composition root past the door",
        (imported(ROOT, "from shop.modules.customers.repository import CustomersRepository"),),
    ),
    (
        "a controller of another module",
        (imported(CONTROLLER, "from shop.modules.customers.controller import CustomersController"),),
    ),
)

CONNECTORS = (
    *_of(
        "ARC104",
        ("a field is compared", (_deciding("if row.name == 'x':\n    return False"),)),
        ("two conditions", (_deciding("if row.email is not None and row.name > 'a':\n    return False"),)),
        ("a conditional expression", (_deciding("return True if row.name in ('a', 'b') else False"),)),
        ("a length is compared", (_deciding("return len(row.name) > 3"),)),
        ("arithmetic", (_deciding("return bool(row.limit * 2)"),)),
        ("a sum in a loop", (_deciding("n = 0\nfor part in row.parts:\n    n += part.amount\nreturn n"),)),
        ("a while loop", (_deciding("while row.credit < 3:\n    row = await self._customers.get_by_id(customer_id)"),)),
        ("a match", (_deciding("match row.name:\n    case 'a':\n        return False"),)),
        ("any()", (_deciding("return any(part.amount > 3 for part in row.parts)"),)),
        ("a filter with a lambda", (_deciding("return list(filter(lambda p: p.amount > 3, row.parts))"),)),
        (
            "an own function",
            (
                Edit(
                    CONNECTOR,
                    "def connect_orders",
                    "def _mapped(row):\n    return row.name == 'x'\n\n\ndef connect_orders",
                ),
            ),
        ),
        ("a walrus", (_deciding("if (other := row).credit > 3:\n    return bool(other)"),)),
        ("a constant threshold", (_deciding("LIMIT = 3\nreturn row.credit >= LIMIT"),)),
        (
            "a filtered dictionary",
            (_deciding("rows = {'a': row}\nreturn {k: v for k, v in rows.items() if v.credit > 3}"),),
        ),
        (
            "a query",
            (
                Edit(
                    CONNECTOR,
                    "    orders = kernel.resolve(OrdersService)\n",
                    "    orders = kernel.resolve(OrdersService)\n    kernel.database.session().execute('select 1')\n",
                ),
            ),
        ),
        (
            "the branch of an exception",
            (Edit(CONNECTOR, "            return False", "            return customer_id == UUID(int=0)"),),
        ),
        ("a comparison as a function", (_deciding("import operator\nreturn operator.gt(row.credit, 3)"),)),
    ),
    *_of(
        "ARC104",
        (
            "a helper in another file",
            (
                _deciding("from shop.maps import to_flag\nreturn to_flag(row)"),
                Edit(f"{APP}maps.py", new="def to_flag(row):\n    return row.total > 5\n"),
            ),
        ),
        (
            "a helper of a helper",
            (
                _deciding("from shop.maps import to_flag\nreturn to_flag(row)"),
                Edit(
                    f"{APP}maps.py",
                    new="def to_flag(row):\n    return other(row)\n\n\ndef other(row):\n    return row.total > 5\n",
                ),
            ),
        ),
    ),
)

WIRING = (
    _of(
        "ARC105",
        ("the call is left out", (Edit(ROOT, "    register_orders(kernel)\n"),)),
        ("a connector's call is left out", (Edit(ROOT, "    connect_orders_customers(kernel)\n"),)),
        (
            "the call is behind a condition that is never true",
            (Edit(ROOT, "    register_orders(kernel)\n", "    if False:\n        register_orders(kernel)\n"),),
        ),
        ("the call is in a comment", (Edit(ROOT, "    register_orders(kernel)\n", "    # register_orders(kernel)\n"),)),
        ("the call is in a string", (Edit(ROOT, "    register_orders(kernel)\n", "    'register_orders(kernel)'\n"),)),
        ("the name is only mentioned", (Edit(ROOT, "    register_orders(kernel)\n", "    register_orders\n"),)),
        (
            "the call is in a function nobody calls",
            (
                Edit(ROOT, "    register_orders(kernel)\n", ""),
                Edit(ROOT, "def compose(", "def later(kernel):\n    register_orders(kernel)\n\n\ndef compose("),
            ),
        ),
        (
            "the call comes after the return",
            (
                Edit(ROOT, "    register_orders(kernel)\n", ""),
                Edit(ROOT, "    return kernel\n", "    return kernel\n    register_orders(kernel)\n"),
            ),
        ),
        (
            "imported under another name, not called",
            (
                Edit(ROOT, "import register_orders\n", "import register_orders as orders\n"),
                Edit(ROOT, "    register_orders(kernel)\n"),
            ),
        ),
    )
    + _of(
        "ARC105",
        (
            "neither imported nor called",
            (
                Edit(ROOT, "    register_orders(kernel)\n"),
                Edit(ROOT, "from shop.modules.orders import register_orders\n"),
            ),
        ),
        at=DOOR,
    )
    + _of(
        "ARC105",
        (
            "a connector that is neither imported nor called",
            (
                Edit(ROOT, "    connect_orders_customers(kernel)\n"),
                Edit(ROOT, "from shop.connectors.orders_customers import connect_orders_customers\n"),
            ),
        ),
        at=CONNECTOR,
    )
)

_CUSTOMER = "from shop.modules.customers.model import Customer"


def _written(line: str, *imports: str) -> tuple[Edit, ...]:
    body = f"async def change(self):\n    async with self.database.transaction() as session:\n        {line}"
    return (method(REPOSITORY, body), imported(REPOSITORY, *imports))


TABLES = _of(
    "ARC106",
    (
        "a second class declares the table",
        (Edit(MODEL, "class Order(", 'class Theirs(Entity):\n    __tablename__ = "customers"\n\n\nclass Order('),),
    ),
    (
        "an update of the other model",
        _written("await session.execute(update(Customer).values(name=''))", "from sqlalchemy import update", _CUSTOMER),
    ),
    (
        "an insert under another name",
        _written(
            "await session.execute(put(C).values(name=''))", "from sqlalchemy import insert as put", f"{_CUSTOMER} as C"
        ),
    ),
    (
        "a delete through the module",
        _written("await session.execute(sa.delete(Customer))", "import sqlalchemy as sa", _CUSTOMER),
    ),
    (
        "a text that updates",
        _written("await session.execute(text('UPDATE customers SET name = 1'))", "from sqlalchemy import text"),
    ),
    (
        "a text that deletes",
        _written("await session.execute(text('DELETE FROM customers'))", "from sqlalchemy import text"),
    ),
    ("a row that is added", _written("session.add(Customer(name=''))", _CUSTOMER)),
    ("rows that are added", _written("session.add_all([Customer(name='')])", _CUSTOMER)),
    ("the bare table", _written("await session.execute(Customer.__table__.delete())", _CUSTOMER)),
)

ANSWERS = _of(
    "ARC107",
    (
        "the model as the answer's type",
        (Edit(CONTROLLER, "order_id: UUID) -> OrderOut:", "order_id: UUID) -> Order:"), imported(CONTROLLER, _ORDER)),
    ),
    (
        "the model under another name",
        (
            Edit(CONTROLLER, "order_id: UUID) -> OrderOut:", "order_id: UUID) -> Row:"),
            imported(CONTROLLER, f"{_ORDER} as Row"),
        ),
    ),
    (
        "a list of the model",
        (
            Edit(CONTROLLER, "order_id: UUID) -> OrderOut:", "order_id: UUID) -> list[Order]:"),
            imported(CONTROLLER, _ORDER),
        ),
    ),
    (
        "the model or nothing",
        (
            Edit(CONTROLLER, "order_id: UUID) -> OrderOut:", "order_id: UUID) -> Order | None:"),
            imported(CONTROLLER, _ORDER),
        ),
    ),
    (
        "a page of the model",
        (Edit(CONTROLLER, "-> PageOut[OrderOut]:", "-> PageOut[Order]:"), imported(CONTROLLER, _ORDER)),
    ),
    (
        "no type, and the row is answered",
        (
            Edit(CONTROLLER, 'order_id: UUID) -> OrderOut:\n        """Show', 'order_id: UUID):\n        """Show'),
            Edit(CONTROLLER, SHOWN, "        return await self._service.get_by_id(order_id)\n"),
        ),
    ),
    (
        "no type, and the row goes by a name",
        (
            Edit(CONTROLLER, 'order_id: UUID) -> OrderOut:\n        """Show', 'order_id: UUID):\n        """Show'),
            Edit(CONTROLLER, SHOWN, "        shown = await self._service.get_by_id(order_id)\n        return shown\n"),
        ),
    ),
    (
        "no type, and the row is in a dictionary",
        (
            Edit(CONTROLLER, 'order_id: UUID) -> OrderOut:\n        """Show', 'order_id: UUID):\n        """Show'),
            Edit(CONTROLLER, SHOWN, "        return {'order': await self._service.get_by_id(order_id)}\n"),
        ),
    ),
) + _of(
    "ARC107",
    ("the model in a schema's file", (imported(SCHEMAS, _ORDER),)),
    (
        "a schema's field holds the model",
        (
            imported(SCHEMAS, _ORDER),
            Edit(SCHEMAS, "    created_at: dt.datetime\n", "    created_at: dt.datetime\n    whole: Order\n"),
        ),
    ),
)

_ALL = '__all__ = ["CustomerDirectory", "OrdersService", "register_orders"]'
DOORS = _of(
    "ARC108",
    ("a name leaves __all__", (Edit(DOOR, _ALL, '__all__ = ["CustomerDirectory", "register_orders"]'),)),
    ("a name is changed", (Edit(DOOR, "OrdersService", "OrderService"),)),
    (
        "__all__ and an import are gone",
        (Edit(DOOR, _ALL), Edit(DOOR, "import CustomerDirectory, OrdersService", "import CustomerDirectory")),
    ),
    ("the door is emptied", (Edit(DOOR, new='"""Nothing."""\n'),)),
    ("__all__ becomes empty", (Edit(DOOR, _ALL, "__all__: list[str] = []"),)),
    ("the registration is renamed", (Edit(DOOR, "register_orders", "add_orders"),)),
)

CYCLES = _of(
    "ARC109",
    ("each acts on the other", (*_BACK, _closing("await self._orders.delete(customer_id)"))),
    ("the way back has no annotation", (*_BACK, _closing("await self._orders.delete(customer_id)", ""))),
    (
        "the way back is a helper",
        (
            *_BACK,
            _closing("await gone(self._orders, customer_id)", more="from shop.shared.gone import gone"),
            Edit(
                f"{APP}shared/gone.py",
                new="from uuid import UUID\n\n\nasync def gone(orders, key: UUID) -> None:\n    await orders.delete(key)\n",
            ),
        ),
    ),
    ("the way back has another name", (*_BACK, _closing("do = self._orders\n        await do.delete(customer_id)"))),
    (
        "the way back is a method of the connector",
        (
            *_BACK,
            _closing(
                "await self._gone(customer_id)\n\n    async def _gone(self, key: UUID) -> None:\n        await self._orders.delete(key)"
            ),
        ),
    ),
    at=_CIRCLE,
)

KERNELS = _of(
    "ARC110",
    ("the door", (Edit(KERNEL, new="from shop.modules.orders import OrdersService\n"),)),
    (
        "relative and late",
        (
            Edit(
                KERNEL,
                new="def f():\n    from ..modules.orders.service import OrdersService\n    return OrdersService\n",
            ),
        ),
    ),
    ("the module whole", (Edit(KERNEL, new="import shop.modules.orders as o\n"),)),
    ("a star import", (Edit(KERNEL, new="from shop.modules.orders import *\n"),)),
    ("a written name", (Edit(KERNEL, new='import importlib\nimportlib.import_module("shop.modules.orders")\n'),)),
    (
        "a written name under another function",
        (Edit(KERNEL, new='from importlib import import_module as x\nx("shop.modules.orders.service")\n'),),
    ),
    ("through the composition root", (Edit(KERNEL, new="from shop.composition_root import compose\n"),)),
    ("through a connector", (Edit(KERNEL, new="from shop.connectors.orders_customers import OrdersCustomers\n"),)),
    (
        "for types only",
        (
            Edit(
                KERNEL,
                new="from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from shop.modules.orders import OrdersService\n",
            ),
        ),
    ),
    ("shared code", (Edit(f"{APP}shared/money.py", new="from shop.modules.orders.model import Order\n"),)),
    ("an adapter", (Edit(f"{APP}adapters/mail.py", new="from shop.modules.orders import OrdersService\n"),)),
)

_SQL = "SELECT name FROM customers"
_RAW = "async def raw(self, session: AsyncSession):\n    return await session.execute({0})"
RAW = _of(
    "ARC111",
    (
        "text() in a service",
        (method(SERVICE, _RAW.format(f"text('{_SQL}')")), imported(SERVICE, "from sqlalchemy import text", _SESSION)),
    ),
    (
        "text() under another name",
        (method(SERVICE, _RAW.format(f"t('{_SQL}')")), imported(SERVICE, "from sqlalchemy import text as t", _SESSION)),
    ),
    (
        "text() of the module",
        (method(SERVICE, _RAW.format(f"sa.text('{_SQL}')")), imported(SERVICE, "import sqlalchemy as sa", _SESSION)),
    ),
    (
        "a constant of the file",
        (
            method(SERVICE, _RAW.format("text(NAMES)")),
            imported(SERVICE, "from sqlalchemy import text", _SESSION, f"NAMES = '{_SQL}'"),
        ),
    ),
    (
        "a name in the function",
        (
            method(
                SERVICE,
                f"async def raw(self, session: AsyncSession):\n    asked = text('{_SQL}')\n    return await session.execute(asked)",
            ),
            imported(SERVICE, "from sqlalchemy import text", _SESSION),
        ),
    ),
    (
        "a driver's text",
        (
            method(
                SERVICE,
                f"async def raw(self, session: AsyncSession):\n    connection = await session.connection()\n    return await connection.exec_driver_sql('{_SQL}')",
            ),
            imported(SERVICE, _SESSION),
        ),
    ),
    (
        "in a controller",
        (
            method(CONTROLLER, _RAW.format(f"text('{_SQL}')")),
            imported(CONTROLLER, "from sqlalchemy import text", _SESSION),
        ),
    ),
    (
        "the session of the transaction",
        (
            method(
                SERVICE,
                f"async def raw(self):\n    async with self._orders.transaction() as session:\n        await session.execute(text('{_SQL}'))",
            ),
            imported(SERVICE, "from sqlalchemy import text"),
        ),
    ),
    (
        "a helper outside of the modules",
        (
            method(SERVICE, f"async def raw(self):\n    return await run('{_SQL}')"),
            imported(SERVICE, "from shop.shared.rows import run"),
            Edit(
                _HELPER,
                new="from sqlalchemy import text\nfrom sqlalchemy.ext.asyncio import AsyncSession\n\n\nasync def run(sql, session: AsyncSession = None):\n    return await session.execute(text(sql))\n",
            ),
        ),
    ),
)

MUTANTS = (
    *CONTROLLERS, *SERVICES, *INTERNALS, *CONNECTORS, *WIRING, *TABLES, *ANSWERS, *DOORS, *CYCLES, *KERNELS, *RAW,
)  # fmt: skip
