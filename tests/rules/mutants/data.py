"""Ways to break the rules about data (ARC201-208)."""

# ruff: noqa: E501  # a row is a way and the lines of code that break the rule

from __future__ import annotations

from tests.rules.mutants.places import (
    APP,
    CONTROLLER,
    CREATE,
    FOUND,
    LISTED,
    MODEL,
    REPOSITORY,
    SCHEMAS,
    SERVICE,
    STORED,
    imported,
    method,
)
from tests.rules.mutants.seeded import Edit, Mutant

_HELPER = f"{APP}shared/rows.py"


def _of(code: str, *rows: tuple[str, tuple[Edit, ...]], at: str = "", decidable: bool = True) -> tuple[Mutant, ...]:
    return tuple(Mutant(code, way, edits, at, decidable) for way, edits in rows)


def _service(text: str, *imports: str) -> tuple[Edit, ...]:
    return (method(SERVICE, text), imported(SERVICE, *imports)) if imports else (method(SERVICE, text),)


def _repository(text: str, *imports: str) -> tuple[Edit, ...]:
    return (method(REPOSITORY, text), imported(REPOSITORY, *imports))


LOOPS = (
    _of(
        "ARC201",
        (
            "a for loop",
            _service("async def names(self, keys):\n    for key in keys:\n        await self._orders.find_by_id(key)"),
        ),
        (
            "a while loop",
            _service(
                "async def names(self, keys):\n    while keys:\n        await self._orders.find_by_id(keys.pop())"
            ),
        ),
        (
            "a list comprehension",
            _service("async def names(self, keys):\n    return [await self._orders.find_by_id(key) for key in keys]"),
        ),
        (
            "a dictionary comprehension",
            _service(
                "async def names(self, keys):\n    return {key: await self._orders.exists({'id': key}) for key in keys}"
            ),
        ),
        (
            "a condition of a comprehension",
            _service(
                "async def names(self, keys):\n    return [key for key in keys if await self._orders.exists({'id': key})]"
            ),
        ),
        (
            "gather over a generator",
            _service(
                "async def names(self, keys):\n    return await asyncio.gather(*(self._orders.find_by_id(key) for key in keys))",
                "import asyncio",
            ),
        ),
        (
            "gather over map",
            _service(
                "async def names(self, keys):\n    return await asyncio.gather(*map(self._orders.find_by_id, keys))",
                "import asyncio",
            ),
        ),
        (
            "an async generator",
            _service(
                "async def names(self, keys):\n    for key in keys:\n        yield await self._orders.find_by_id(key)"
            ),
        ),
        (
            "the repository under another name",
            _service(
                "async def names(self, keys):\n    rows = self._orders\n    for key in keys:\n        await rows.find_by_id(key)"
            ),
        ),
        (
            "the method under another name",
            _service(
                "async def names(self, keys):\n    ask = self._orders.find_by_id\n    for key in keys:\n        await ask(key)"
            ),
        ),
        (
            "another method of the service",
            _service("async def names(self, keys):\n    for key in keys:\n        await self.get_by_id(key)"),
        ),
        (
            "a method of a method",
            _service(
                "async def names(self, keys):\n    for key in keys:\n        await self._one(key)\n\nasync def _one(self, key):\n    return await self.get_by_id(key)"
            ),
        ),
        (
            "a nested function",
            _service(
                "async def names(self, keys):\n    async def one(key):\n        return await self._orders.find_by_id(key)\n\n    for key in keys:\n        await one(key)"
            ),
        ),
        (
            "a helper in another file",
            (
                *_service(
                    "async def names(self, keys):\n    for key in keys:\n        await one_row(self._orders, key)",
                    "from shop.shared.rows import one_row",
                ),
                Edit(
                    _HELPER,
                    new="from shop.kernel.repository import RepositoryAdapter\n\n\nasync def one_row(rows: RepositoryAdapter, key):\n    return await rows.find_by_id(key)\n",
                ),
            ),
        ),
        (
            "behind a port and a connector",
            _service(
                "async def names(self, keys):\n    return [await self.customers.get().exists(key) for key in keys]"
            ),
        ),
        (
            "a write",
            _service(
                "async def mark(self, keys):\n    for key in keys:\n        await self._orders.update(key, {'note': 'x'})"
            ),
        ),
        (
            "an insert",
            _service("async def copy(self, rows):\n    for row in rows:\n        await self._orders.create(row)"),
        ),
        (
            "a delete in try",
            _service(
                "async def gone(self, keys):\n    for key in keys:\n        try:\n            await self._orders.delete(key)\n        except ValueError:\n            continue"
            ),
        ),
        (
            "recursion",
            _service(
                "async def top(self, key):\n    row = await self._orders.find_by_id(key)\n    return await self.top(row.customer_id)"
            ),
        ),
        (
            "a loop over rows",
            _service(
                "async def names(self):\n    rows = await self._orders.find_many({}, limit=9)\n    for row in rows:\n        await self._orders.find_by_id(row.customer_id)"
            ),
        ),
        (
            "a loop over what is enumerated",
            _service(
                "async def names(self, keys):\n    for number, key in enumerate(keys):\n        await self._orders.find_by_id(key)"
            ),
        ),
        (
            "a loop in the condition of another",
            _service(
                "async def names(self, keys):\n    for key in keys:\n        if key and await self._orders.exists({'id': key}):\n            return key"
            ),
        ),
        (
            "a decorated helper",
            _service(
                "async def names(self, keys):\n    for key in keys:\n        await self._one(key)\n\n@staticmethod\ndef _same(key):\n    return key\n\nasync def _one(self, key):\n    return await self._orders.find_one({'id': self._same(key)})"
            ),
        ),
        (
            "tasks of a group",
            _service(
                "async def names(self, keys):\n    async with asyncio.TaskGroup() as group:\n        for key in keys:\n            group.create_task(self._orders.find_by_id(key))",
                "import asyncio",
            ),
        ),
    )
    + _of(
        "ARC201",
        (
            "a statement in a repository",
            _repository(
                "async def late(self, keys):\n    async with self.database.session() as session:\n        for key in keys:\n            await session.execute(select(Order).where(Order.id == key))",
                "from sqlalchemy import select",
            ),
        ),
        (
            "get() of a session",
            _repository(
                "async def late(self, keys):\n    async with self.database.session() as session:\n        return [await session.get(Order, key) for key in keys]",
                "from uuid import UUID",
            ),
        ),
        (
            "an own method in a repository",
            _repository(
                "async def late(self, keys):\n    return [await self.find_by_id(key) for key in keys]",
                "from uuid import UUID",
            ),
        ),
    )
    + _of(
        "ARC201",
        (
            "the service in a controller",
            (
                method(
                    CONTROLLER,
                    "async def several(self, keys):\n    return [await self._service.get_by_id(key) for key in keys]",
                ),
            ),
        ),
    )
    + _of(
        "ARC201",
        (
            "recursion over a list of keys",
            _service(
                "async def walk(self, keys):\n    await self._orders.find_by_id(keys[0])\n    await self.walk(keys[1:])"
            ),
        ),
        (
            "a receiver nothing is known about",
            _service("async def names(self, keys, rows):\n    for key in keys:\n        await rows.find_by_id(key)"),
        ),
        decidable=False,
    )
)

_ALL = "import ALL, ListQuery,"


def _whole(call: str) -> tuple[Edit, ...]:
    return (Edit(SERVICE, LISTED, call), Edit(SERVICE, "import ListQuery,", _ALL))


_BY_REPOSITORY = (
    Edit(SERVICE, "orders: RepositoryAdapter[Order]", "orders: OrdersRepository"),
    imported(SERVICE, "from shop.modules.orders.repository import OrdersRepository"),
    Edit(SERVICE, LISTED, "        return await self._orders.late()\n"),
)


def _late(body: str, *imports: str) -> tuple[Edit, ...]:
    lines = "\n        ".join(body.splitlines())
    text = f"async def late(self):\n    async with self.database.session() as session:\n        {lines}"
    return (method(REPOSITORY, text), imported(REPOSITORY, *imports), *_BY_REPOSITORY)


UNBOUNDED = _of(
    "ARC202",
    ("every row of the port", _whole("        return await self._orders.find_many(limit=ALL)\n")),
    ("every row with an empty filter", _whole("        return await self._orders.find_many({}, limit=ALL)\n")),
    (
        "every row under another name",
        _whole("        rows = self._orders\n        return await rows.find_many(limit=ALL)\n"),
    ),
    (
        "every row through a method",
        _whole(
            "        return await self._every()\n\n    async def _every(self):\n        return await self._orders.find_many(limit=ALL)\n"
        ),
    ),
    ("every row with a status", _whole("        return await self._orders.find_many({'status': 'paid'}, limit=ALL)\n")),
    ("every row in an order", _whole("        return await self._orders.find_many(order_by=('total',), limit=ALL)\n")),
) + _of(
    "ARC202",
    (
        "a statement without a limit",
        _late("return (await session.scalars(select(Order))).all()", "from sqlalchemy import select"),
    ),
    (
        "a statement that is sorted",
        _late(
            "return (await session.scalars(select(Order).order_by(Order.total))).all()", "from sqlalchemy import select"
        ),
    ),
    (
        "a statement in a name",
        _late("asked = select(Order)\nreturn (await session.scalars(asked)).all()", "from sqlalchemy import select"),
    ),
    (
        "execute, then scalars",
        _late(
            "found = await session.execute(select(Order))\nreturn found.scalars().all()",
            "from sqlalchemy import select",
        ),
    ),
    (
        "a list of what was executed",
        _late("return list(await session.scalars(select(Order)))", "from sqlalchemy import select"),
    ),
    at=REPOSITORY,
)

FIELDS = (
    _of(
        "ARC203",
        (
            "a field of what is created",
            (
                Edit(
                    SCHEMAS,
                    "class OrderCreate(ApiModel):\n",
                    "class OrderCreate(ApiModel):\n    coupon: str | None = None\n",
                ),
            ),
        ),
        (
            "a field of what is changed",
            (
                Edit(
                    SCHEMAS,
                    "    note: str | None = unchanged()\n",
                    "    note: str | None = unchanged()\n    notes: str | None = unchanged()\n",
                ),
            ),
        ),
        (
            "a field that is filtered",
            (
                Edit(
                    SCHEMAS,
                    'filterable: ClassVar[tuple[str, ...]] = ("customer_id",',
                    'filterable: ClassVar[tuple[str, ...]] = ("customer_id", "state",',
                ),
            ),
        ),
        (
            "a field that is sorted",
            (
                Edit(
                    SCHEMAS,
                    'sortable: ClassVar[tuple[str, ...]] = ("customer_id",',
                    'sortable: ClassVar[tuple[str, ...]] = ("placed_at",',
                ),
            ),
        ),
        (
            "a field of a base of the schema",
            (
                Edit(
                    SCHEMAS,
                    "class OrderCreate(ApiModel):\n",
                    "class Coupons(ApiModel):\n    coupon: str | None = None\n\n\nclass OrderCreate(Coupons):\n",
                ),
            ),
        ),
    )
    + _of(
        "ARC203",
        (
            "a value that the service adds",
            (Edit(SERVICE, CREATE, "        return await self._orders.create({**values, 'state': 'x'})\n"),),
        ),
        (
            "a value that is merged",
            (Edit(SERVICE, CREATE, "        return await self._orders.create(dict(values) | {'state': 'x'})\n"),),
        ),
        (
            "a value in a name",
            (
                Edit(
                    SERVICE, CREATE, "        added = {'state': 'x'}\n        return await self._orders.create(added)\n"
                ),
            ),
        ),
        (
            "a filter that is merged",
            (Edit(SERVICE, "            query.filters, page", "            {**query.filters, 'gone': False}, page"),),
        ),
        (
            "a filter of a look-up",
            _service("async def last(self):\n    return await self._orders.find_one({'placed': 1})"),
        ),
        (
            "an order",
            _service(
                "async def last(self):\n    return await self._orders.find_many({}, order_by=('-placed_at',), limit=1)"
            ),
        ),
        (
            "a field that is counted up",
            _service("async def more(self, key):\n    return await self._orders.increment(key, 'times')"),
        ),
        (
            "the values of many",
            _service(
                "async def close(self):\n    return await self._orders.update_many({'status': 'paid'}, {'closed': True})"
            ),
        ),
    )
    + _of(
        "ARC203",
        (
            "a column in a statement",
            _repository(
                "async def late(self):\n    async with self.database.session() as session:\n        return (await session.scalars(select(Order).where(Order.late == 1).limit(1))).first()",
                "from sqlalchemy import select",
            ),
        ),
        (
            "a filter in the repository",
            _repository(
                "async def late(self):\n    return await self.find_many({'late': True}, limit=1)",
                "from uuid import UUID",
            ),
        ),
        (
            "an order in a statement",
            _repository(
                "async def late(self):\n    async with self.database.session() as session:\n        return (await session.scalars(select(Order).order_by(Order.late).limit(1))).first()",
                "from sqlalchemy import select",
            ),
        ),
        (
            "values of a statement",
            _repository(
                "async def late(self):\n    async with self.database.transaction() as session:\n        await session.execute(update(Order).values(late=1))",
                "from sqlalchemy import update",
            ),
        ),
    )
)


def _creating(text: str) -> tuple[Edit, ...]:
    lines = "".join(f"        {line}\n" for line in text.splitlines())
    return (Edit(SERVICE, CREATE, lines),)


APART = _of(
    "ARC204",
    (
        "two writes",
        _creating(
            "order = await self._orders.create(values)\nawait self._orders.update_many({'status': 'draft'}, {'note': 'x'})\nreturn order"
        ),
    ),
    (
        "a helper that writes",
        (
            Edit(
                SERVICE,
                CREATE,
                "        order = await self._orders.create(values)\n        await self._touch(values)\n        return order\n\n    async def _touch(self, values):\n        await self._orders.delete_many(values)\n",
            ),
        ),
    ),
    (
        "the repository under another name",
        _creating(
            "rows = self._orders\norder = await rows.create(values)\nawait rows.delete_many({'status': 'draft'})\nreturn order"
        ),
    ),
    (
        "a write in a condition",
        _creating(
            "order = await self._orders.create(values)\nif values:\n    await self._orders.delete_many({'status': 'draft'})\nreturn order"
        ),
    ),
    (
        "a method of the service",
        _creating("order = await self._orders.create(values)\nawait self.delete(order.customer_id)\nreturn order"),
    ),
) + _of(
    "ARC204",
    (
        "two calls of a controller",
        (Edit(CONTROLLER, STORED, f"        await self._service.delete(body.customer_id)\n{STORED}"),),
    ),
)

UNSURE = _of(
    "ARC204",
    (
        "a write per turn of a loop",
        _creating("for _ in values:\n    order = await self._orders.create(values)\nreturn order"),
    ),
    (
        "one write in a transaction, one beside it",
        _creating(
            "async with self._orders.transaction():\n    order = await self._orders.create(values)\nawait self._orders.delete_many({'status': 'draft'})\nreturn order"
        ),
    ),
    decidable=False,
)

_RELATION = (
    Edit(MODEL, "    note: Mapped", '    customer: Mapped["Customer"] = relationship()\n    note: Mapped'),
    Edit(MODEL, "import Mapped, mapped_column", "import Mapped, mapped_column, relationship"),
    imported(MODEL, "from shop.modules.customers.model import Customer"),
)
LAZY = _of(
    "ARC205",
    ("after a look-up", (Edit(SERVICE, FOUND, "        return found.customer\n"), *_RELATION)),
    (
        "after a look-up, in a name",
        (Edit(SERVICE, FOUND, "        theirs = found.customer\n        return theirs\n"), *_RELATION),
    ),
    (
        "in a loop over rows",
        (
            *_service(
                "async def names(self):\n    rows = await self._orders.find_many({}, limit=9)\n    return [row.customer.name for row in rows]"
            ),
            *_RELATION,
        ),
    ),
    (
        "in a helper that is given the row",
        (
            *_service(
                "async def names(self):\n    rows = await self._orders.find_many({}, limit=9)\n    return [self._name(row) for row in rows]\n\ndef _name(self, row):\n    return row.customer.name"
            ),
            *_RELATION,
        ),
    ),
    (
        "in a for loop over a page",
        (
            *_service(
                "async def names(self):\n    rows = await self._orders.find_many({}, limit=9)\n    for row in rows:\n        print(row.customer.name)"
            ),
            *_RELATION,
        ),
    ),
)

_ASKING = "async def named(self, name: str):\n    async with self.database.session() as session:\n        {0}"


def _asking(line: str, *imports: str) -> tuple[Edit, ...]:
    return _repository(_ASKING.format("\n        ".join(line.splitlines())), "from sqlalchemy import text", *imports)


STRINGS = _of(
    "ARC206",
    ("an f-string", _asking("return await session.execute(text(f\"SELECT id FROM orders WHERE note = '{name}'\"))")),
    ("a sum", _asking('return await session.execute(text("SELECT id FROM orders WHERE note = \'" + name + "\'"))')),
    (
        "a percent sign",
        _asking("return await session.execute(text(\"SELECT id FROM orders WHERE note = '%s'\" % name))"),
    ),
    (
        "format()",
        _asking("return await session.execute(text(\"SELECT id FROM orders WHERE note = '{}'\".format(name)))"),
    ),
    ("join()", _asking("return await session.execute(text(' '.join(['SELECT id FROM orders WHERE note =', name])))")),
    (
        "a name",
        _asking("sql = f\"SELECT id FROM orders WHERE note = '{name}'\"\nreturn await session.execute(text(sql))"),
    ),
    (
        "a text that grows",
        _asking(
            "sql = 'SELECT id FROM orders'\nsql += f\" WHERE note = '{name}'\"\nreturn await session.execute(text(sql))"
        ),
    ),
    (
        "text() under another name",
        _repository(
            _ASKING.format("return await session.execute(t(f\"SELECT id FROM orders WHERE note = '{name}'\"))"),
            "from sqlalchemy import text as t",
        ),
    ),
    ("an order by", _asking("return await session.execute(text(f'SELECT id FROM orders ORDER BY {name}'))")),
)

_NEW = f"{APP}migrations/209901010001_change_orders.py"


def _migration(statement: str) -> tuple[Edit, ...]:
    return (Edit(_NEW, new=f'"""Change orders."""\n\nUP = {{"*": [{statement!r}]}}\nDOWN = {{"*": []}}\n'),)


MIGRATIONS = _of(
    "ARC207",
    ("a column is dropped", _migration("ALTER TABLE orders DROP COLUMN note")),
    ("a table is dropped", _migration("DROP TABLE orders")),
    ("a column is renamed", _migration("ALTER TABLE orders RENAME COLUMN note TO remark")),
    ("a table is renamed", _migration("ALTER TABLE orders RENAME TO sales")),
    (
        "a column without a default that must hold something",
        _migration("ALTER TABLE orders ADD COLUMN code VARCHAR(9) NOT NULL"),
    ),
    ("the words in small letters and in lines", _migration("alter table\n  orders\n  drop column note")),
    (
        "an index that blocks",
        (
            Edit(
                _NEW,
                new='"""Change orders."""\n\nUP = {"postgresql": ["CREATE INDEX ix_note ON orders (note)"]}\nDOWN = {"*": []}\n',
            ),
        ),
    ),
)

DRIFT = _of(
    "ARC208",
    (
        "a column nobody migrated",
        (Edit(MODEL, "    note: Mapped", "    code: Mapped[str] = mapped_column(LongText)\n    note: Mapped"),),
    ),
    ("a column nobody dropped", (Edit(MODEL, "    note: Mapped[str | None] = mapped_column(LongText)\n"),)),
    (
        "a column that got another name",
        (Edit(MODEL, "    note: Mapped[str | None]", "    remark: Mapped[str | None]"),),
    ),
    ("another name in the database", (Edit(MODEL, "mapped_column(LongText)", 'mapped_column("remark", LongText)'),)),
    ("a column that must hold something now", (Edit(MODEL, "    note: Mapped[str | None]", "    note: Mapped[str]"),)),
    ("a mixin that is gone", (Edit(MODEL, "class Order(Timestamped, Entity)", "class Order(Entity)"),)),
    (
        "a mixin that is new",
        (
            Edit(
                MODEL,
                "class Order(Timestamped, Entity)",
                "class Coded:\n    code: Mapped[str] = mapped_column(LongText)\n\n\nclass Order(Coded, Timestamped, Entity)",
            ),
        ),
    ),
    (
        "a new table",
        (Edit(MODEL, "class Order(", 'class Line(Entity):\n    __tablename__ = "order_lines"\n\n\nclass Order('),),
    ),
)

MUTANTS = (*LOOPS, *UNBOUNDED, *FIELDS, *APART, *UNSURE, *LAZY, *STRINGS, *MIGRATIONS, *DRIFT)
