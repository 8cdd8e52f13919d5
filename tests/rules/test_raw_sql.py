"""Where raw SQL may run: in repositories, migrations, seeds and adapters, and nowhere else in a module."""

from __future__ import annotations

import pytest

from tests.rules.projects import CONTROLLER, REPOSITORY, SERVICE, expected, places

_SESSION = "from sqlalchemy import select, text\nfrom sqlalchemy.ext.asyncio import AsyncSession\n"
_CONNECTOR = "src/shop/connectors/orders_customers.py"
_SHARED = "src/shop/shared/rows.py"
_USECASE = "src/shop/modules/orders/usecases/close.py"

_HELPER = (
    _SESSION
    + "async def rows(session: AsyncSession):\n    return await session.execute(text('SELECT * FROM orders'))\n"
)

CASES: dict[str, dict[str, str]] = {
    "a session runs a text in a service": {
        SERVICE: _SESSION
        + "async def f(s: AsyncSession):\n    await s.execute(text('SELECT * FROM orders'))  # error: ARC111\n"
    },
    "a text by name": {
        SERVICE: _SESSION
        + "Q = text('DELETE FROM orders')\n"
        + "async def f(session: AsyncSession):\n    statement = text('DELETE FROM orders')\n"
        + "    await session.execute(statement)  # error: ARC111\n"
    },
    "a text inside a select": {
        SERVICE: _SESSION
        + "async def f(session: AsyncSession):\n"
        + "    await session.scalars(select(1).where(text('a = 1')))  # error: ARC111\n"
    },
    "a scalar, by keyword": {
        CONTROLLER: _SESSION
        + "async def f(session: AsyncSession):\n"
        + "    return await session.scalar(statement=text('SELECT max(id) FROM orders'))  # error: ARC111\n"
    },
    "exec_driver_sql on a connection": {
        SERVICE: "from sqlalchemy.ext.asyncio import AsyncConnection\n"
        "async def f(c: AsyncConnection):\n    await c.exec_driver_sql('SELECT id FROM orders')  # error: ARC111\n"
    },
    "a connection of an engine": {
        SERVICE: "from sqlalchemy import create_engine, text\nengine = create_engine('sqlite://')\n"
        "def f():\n    with engine.begin() as c:\n        c.execute(text('DELETE FROM orders'))  # error: ARC111\n"
    },
    "the connection of a session": {
        SERVICE: "from sqlalchemy.orm import Session\n"
        "def f(session: Session):\n"
        "    session.connection().exec_driver_sql('DELETE FROM orders')  # error: ARC111\n"
    },
    "sqlite3 in a use case": {
        _USECASE: "import sqlite3 as store\n"
        "def f():\n    rows = store.connect('x')\n    rows.execute('DELETE FROM orders')  # error: ARC111\n"
    },
    "a cursor": {
        SERVICE: "import sqlite3\n"
        "def f():\n    cursor = sqlite3.connect('x').cursor()\n"
        "    cursor.executemany('INSERT INTO orders VALUES (?)', [])  # error: ARC111\n"
    },
    "asyncpg fetches": {
        SERVICE: "from asyncpg import Connection\n"
        "async def f(c: Connection):\n    return await c.fetchrow('SELECT * FROM orders')  # error: ARC111\n"
    },
    "the kernel's database in a connector": {
        _CONNECTOR: "from shop.kernel.database import Database\nfrom sqlalchemy import text\n"
        "async def f(database: Database):\n    async with database.session() as session:\n"
        "        await session.execute(text('UPDATE orders SET x = 1'))  # error: ARC111\n"
    },
    "a helper of the same module": {
        "src/shop/modules/orders/reports.py": _SESSION
        + "async def f(s: AsyncSession):\n    await s.execute(text('SELECT 1 FROM orders'))  # error: ARC111\n",
        SERVICE: "from shop.modules.orders.reports import f\nasync def g(s):\n    await f(s)\n",
    },
    "a helper in shared code": {
        _SHARED: _HELPER,
        SERVICE: "from shop.shared.rows import rows\nasync def f(session):\n    await rows(session)  # error: ARC111\n",
    },
    "a helper of a helper, under another name": {
        _SHARED: _HELPER + "async def all_rows(session):\n    return await rows(session)\n",
        CONTROLLER: "from shop.shared import rows as safe\n"
        "async def f(session):\n    await safe.all_rows(session)  # error: ARC111\n",
    },
    "a class named Repository in shared code": {
        _SHARED: _SESSION
        + "class Repository:\n    def __init__(self, session: AsyncSession):\n        self.session = session\n"
        + "    async def run(self):\n        await self.session.execute(text('DELETE FROM orders'))\n",
        SERVICE: "from shop.shared.rows import Repository\n"
        "async def f(rows: Repository):\n    await rows.run()  # error: ARC111\n",
    },
    "a file named repository_helper is no repository": {
        "src/shop/modules/orders/repository_helper.py": _SESSION
        + "async def f(s: AsyncSession):\n    await s.execute(text('DELETE FROM orders'))  # error: ARC111\n"
    },
    "a formatted text counts": {
        SERVICE: _SESSION
        + "async def f(s: AsyncSession, n: int):\n"
        + "    await s.execute(text(f'SELECT * FROM orders LIMIT {n}'))  # error: ARC111\n"
    },
    "a helper that runs its parameter": {
        _SHARED: _SESSION + "async def run(s: AsyncSession, sql):\n    await s.execute(text(sql))\n",
        SERVICE: "from shop.shared.rows import run\n"
        "async def f(s):\n    await run(s, 'SELECT * FROM orders')  # error: ARC111\n",
    },
    "the repository runs it": {
        REPOSITORY: _HELPER,
        SERVICE: "from shop.modules.orders.repository import rows\nasync def f(session):\n    await rows(session)\n",
    },
    "a folder of repositories": {"src/shop/modules/orders/repositories/late.py": _HELPER},
    "an adapter": {"src/shop/adapters/ledger.py": _HELPER},
    "a seed": {"src/shop/seeds/orders.py": _HELPER},
    "a migration": {
        "src/shop/migrations/202611220001_x.py": "async def up(db):\n    await db.execute('DELETE FROM a')\n"
    },
    "a probe of the connection": {
        CONTROLLER: _SESSION + "async def f(s: AsyncSession):\n    await s.execute(text(' select 1; '))\n"
    },
    "a setting of the session": {
        SERVICE: _SESSION
        + "async def f(s: AsyncSession, zone: int):\n    await s.execute(text(f'SET LOCAL TIME ZONE {zone}'))\n"
    },
    "a select without text": {
        SERVICE: _SESSION + "async def f(s: AsyncSession):\n    await s.execute(select('orders').order_by('id'))\n"
    },
    "a constant that is never run": {SERVICE: "Q = 'SELECT * FROM orders'\ndef f():\n    return Q\n"},
    "a comment and a docstring": {
        SERVICE: "def f():\n    '''session.execute(text(\"SELECT 1 FROM x\"))'''\n    # run('DELETE FROM x')\n"
    },
    "something else that executes": {
        SERVICE: "class Robot:\n    def execute(self, words): ...\n"
        "def f(robot: Robot):\n    robot.execute('SELECT * FROM orders')\n"
    },
    "a receiver that nothing is known of": {SERVICE: "def f(session):\n    session.execute('SELECT * FROM orders')\n"},
    "a GraphQL client": {
        SERVICE: "from gql import Client\ndef f(client: Client):\n    client.execute('DELETE FROM orders')\n"
    },
    "shared code that no module calls": {_SHARED: _HELPER},
    "a helper that builds and does not run": {
        _SHARED: "from sqlalchemy import text\ndef words():\n    return text('SELECT * FROM orders')\n",
        SERVICE: "from shop.shared.rows import words\ndef f():\n    return words()\n",
    },
}


@pytest.mark.parametrize("files", [pytest.param(files, id=name) for name, files in CASES.items()])
def test_raw_sql_is_found_where_it_runs_and_nowhere_else(files: dict[str, str]) -> None:
    assert places(files, "ARC111") == expected(files)
