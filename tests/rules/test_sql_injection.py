"""What flows into SQL that runs: values from outside are found, whatever is harmless is not."""

from __future__ import annotations

import pytest

from tests.rules.projects import REPOSITORY, SERVICE, expected, places

_HEAD = """\
from enum import Enum, StrEnum
from typing import Literal
from uuid import UUID
from sqlalchemy import text
from sqlalchemy.orm import Session

"""
_SHARED = "src/shop/shared/rows.py"


def _body(parameters: str, *lines: str, before: str = "") -> dict[str, str]:
    inside = "".join(f"    {line}\n" for line in lines)
    return {REPOSITORY: f"{_HEAD}{before}def run(session: Session, {parameters}):\n{inside}"}


_BAD = "  # error: ARC206"
_REST = """\
class Rows:
    def __init__(self, **options) -> None:
        self.session: Session = options["session"]
        self.schema = options.get("schema")

    def all(self):
        return self.session.execute(text(f"SELECT * FROM {self.schema}.orders"))@

class Both:
    def __init__(self, session: Session, **options) -> None:
        self.rows = Rows(session=session, **options)

"""


def _rest(parameters: str, line: str, marker: str = _BAD) -> dict[str, str]:
    return _body(parameters, line, before=_REST.replace("@", marker))


FOUND: dict[str, dict[str, str]] = {
    "what reaches `**rest` by name, through another `**rest`": _rest("schema: str", "Both(session, schema=schema)"),
    "a `**rest` that gets a mapping from nobody knows where": _rest("given: dict", "Both(session, **given)"),
    "a `**rest` that nobody is seen to call": _rest("schema: str", "pass"),
    "an f-string": _body("name: str", f"session.execute(text(f'SELECT {{name}}')){_BAD}"),
    "a percent": _body("name: str", f"session.execute(text('SELECT %s' % name)){_BAD}"),
    "a percent with a tuple": _body("name: str", f"session.execute(text('SELECT %s, %s' % (1, name))){_BAD}"),
    "a percent with a dict": _body("name: str", f"session.execute(text('SELECT %(n)s' % {{'n': name}})){_BAD}"),
    "format": _body("name: str", f"session.execute(text('SELECT {{}}'.format(name))){_BAD}"),
    "format by keyword": _body("name: str", f"session.execute(text('SELECT {{n}}'.format(n=name))){_BAD}"),
    "a sum": _body("name: str", f"session.execute(text('SELECT ' + name)){_BAD}"),
    "a join": _body("names: list[str]", f"session.execute(text('SELECT ' + ', '.join(names))){_BAD}"),
    "a join of formatted parts": _body(
        "names: list[str]", f"session.execute(text(' OR '.join(f'a = {{n}}' for n in names))){_BAD}"
    ),
    "a replace": _body("name: str", f"session.execute(text('SELECT X'.replace('X', name))){_BAD}"),
    "a template": _body(
        "name: str",
        f"session.execute(text(Template('SELECT $n').substitute(n=name))){_BAD}",
        before="from string import Template\n",
    ),
    "through variables": _body(
        "name: str", "part = name.strip()", "query = f'SELECT {part}'", f"session.execute(text(query)){_BAD}"
    ),
    "appended in a branch": _body(
        "name: str",
        "query = 'SELECT 1'",
        "if name:",
        "    query += f' WHERE a = {name}'",
        f"session.execute(text(query)){_BAD}",
    ),
    "collected in a list": _body(
        "name: str",
        "parts = ['a = 1']",
        "parts.append(f'b = {name}')",
        f"session.execute(text(' AND '.join(parts))){_BAD}",
    ),
    "an attribute of a schema": _body(
        "data: Data",
        f"session.execute(text(f'SELECT {{data.name}}')){_BAD}",
        before="from pydantic import BaseModel\nclass Data(BaseModel):\n    name: str\n",
    ),
    "a query parameter": _body(
        "request: Request",
        f"session.execute(text('SELECT ' + request.query_params['x'])){_BAD}",
        before="from fastapi import Request\n",
    ),
    "a stored value": _body(
        "key: int",
        "row = session.execute(text('SELECT a FROM b')).first()",
        f"session.execute(text(f'SELECT {{row[0]}}')){_BAD}",
    ),
    "a function of the project that only formats": _body(
        "name: str",
        f"session.execute(text('SELECT ' + quote_safely(name))){_BAD}",
        before="def quote_safely(value):\n    return f\"'{value}'\"\n",
    ),
    "a function that returns the statement": _body(
        "name: str",
        f"session.execute(text(statement(name))){_BAD}",
        before="def statement(value):\n    return 'SELECT ' + value\n",
    ),
    "a helper that runs what it is given": {
        _SHARED: _HEAD + "def safe_execute(session: Session, sql):\n    session.execute(text(sql))\n",
        REPOSITORY: "from shop.shared.rows import safe_execute\n"
        "def run(session, name: str):\n    safe_execute(session, f'SELECT {name}')  # error: ARC206\n",
    },
    "a helper of a helper, by keyword": {
        _SHARED: _HEAD
        + "def deep(session: Session, sql):\n    session.execute(text(sql))\n"
        + "def outer(session, *, query):\n    deep(session, query)\n",
        REPOSITORY: "from shop.shared import rows\n"
        "def run(session, name: str):\n    rows.outer(session, query='SELECT ' + name)  # error: ARC206\n",
    },
    "a parameter that some caller fills from outside": {
        REPOSITORY: _HEAD
        + "def by(session: Session, column: str):\n    session.execute(text(f'SELECT {column}'))  # error: ARC206\n"
        + "def good(session):\n    by(session, 'id')\n"
        + "def worse(session, column: str):\n    by(session, column)\n",
    },
    "a driver": {
        REPOSITORY: "import sqlite3\ndef run(name):\n    rows = sqlite3.connect('x')\n"
        "    rows.execute(f'SELECT {name}')  # error: ARC206\n"
    },
    "exec_driver_sql": _body("name: str", f"session.connection().exec_driver_sql('SELECT ' + name){_BAD}"),
    "a literal column": _body(
        "name: str",
        f"session.execute(literal_column(f'{{name}} desc')){_BAD}",
        before="from sqlalchemy import literal_column\n",
    ),
    "an attribute set from outside": {
        REPOSITORY: _HEAD
        + "class Rows:\n    def __init__(self, session: Session, table: str):\n"
        + "        self.session = session\n        self.table = table\n"
        + "    def run(self):\n        self.session.execute(text(f'SELECT * FROM {self.table}'))  # error: ARC206\n",
    },
    "a service and a seed": {
        SERVICE: _HEAD
        + "def run(session: Session, name):\n    session.execute(text(f'SELECT {name}'))  # error: ARC206\n",
        "src/shop/seeds/orders.py": _HEAD
        + "def run(session: Session, name):\n    session.execute(text(f'SELECT {name}'))  # error: ARC206\n",
    },
    "a migration that copies stored values": {
        "src/shop/migrations/202611220001_x.py": (
            "async def up(db):\n    name = input()\n"
            "    await db.execute(f\"UPDATE a SET b = '{name}'\")  # error: ARC206\n"
        )
    },
    "a check of something else": _body(
        "name: str, other: str",
        "if other not in {'a'}:",
        "    raise ValueError",
        f"session.execute(text(f'SELECT {{name}}')){_BAD}",
    ),
    "a check that lets everything pass": _body(
        "name: str", "if name not in {'a'}:", "    print(name)", f"session.execute(text(f'SELECT {{name}}')){_BAD}"
    ),
    "a value replaced only in a branch": _body(
        "name: str", "if not name:", "    name = 'a'", f"session.execute(text(f'SELECT {{name}}')){_BAD}"
    ),
}
SILENT: dict[str, dict[str, str]] = {
    "what reaches `**rest` by name, and is a constant": _rest(
        "note: str", "Both(session, schema='shop', note=note)", marker=""
    ),
    "bound parameters": _body("name: str", "session.execute(text('SELECT :n'), {'n': name})"),
    "a constant": _body("name: str", "session.execute(text(f'SELECT {COLUMNS}'))", before="COLUMNS = 'a, b'\n"),
    "a constant of another file": {
        "src/shop/names.py": "TABLE = 'orders'\n",
        REPOSITORY: _HEAD
        + "from shop.names import TABLE\ndef run(s: Session):\n    s.execute(text('SELECT ' + TABLE))\n",
    },
    "a number": _body("page: int, size: float", "session.execute(text(f'LIMIT {size} OFFSET {(page - 1) * size}'))"),
    "a converted number": _body("page: str", "session.execute(text(f'LIMIT {int(page)}'))"),
    "a number converted before": _body("page: str", "page = int(page)", "session.execute(text(f'LIMIT {page}'))"),
    "an identifier": _body("key: UUID", "session.execute(text(f\"SELECT '{key}'\"))"),
    "an enumeration": _body(
        "way: Way", "session.execute(text(f'ORDER BY id {way.value}'))", before="class Way(StrEnum):\n    UP = 'asc'\n"
    ),
    "an enumeration made of a text": _body(
        "way: str",
        "session.execute(text('ORDER BY id ' + Way(way).value))",
        before="class Way(Enum):\n    UP = 'asc'\n",
    ),
    "a literal type": _body("way: Literal['asc', 'desc']", "session.execute(text(f'ORDER BY id {way}'))"),
    "a closed set": _body(
        "column: str",
        "if column not in ALLOWED:",
        "    raise ValueError",
        "session.execute(text(f'ORDER BY {column}'))",
        before="ALLOWED = {'id'}\n",
    ),
    "a closed set, the other way round": _body(
        "column: str", "if column in {'id', 'name'}:", "    session.execute(text(f'ORDER BY {column}'))"
    ),
    "a choice in one line": _body(
        "column: str", "order = column if column in ('id',) else 'name'", "session.execute(text(f'ORDER BY {order}'))"
    ),
    "an assertion": _body("column: str", "assert column in ('id',)", "session.execute(text(f'ORDER BY {column}'))"),
    "a pattern": _body(
        "column: str",
        "if not re.fullmatch('[a-z]+', column):",
        "    raise ValueError",
        "session.execute(text(column + ' x'))",
        before="import re\n",
    ),
    "an identifier by its method": _body(
        "column: str",
        "if not column.isidentifier():",
        "    raise ValueError",
        "session.execute(text(f'ORDER BY {column}'))",
    ),
    "a helper that checks": _body(
        "column: str",
        "known(column)",
        "session.execute(text(f'ORDER BY {column}'))",
        before="def known(name):\n    if name not in {'id'}:\n        raise ValueError(name)\n",
    ),
    "a look-up in a constant": _body(
        "order: str", "session.execute(text('ORDER BY ' + ORDERS[order]))", before="ORDERS = {'new': 'id DESC'}\n"
    ),
    "placeholders": _body(
        "ids: list[str]", "marks = ', '.join('?' for _ in ids)", "session.execute(text(f'SELECT IN ({marks})'))"
    ),
    "placeholders multiplied": _body(
        "ids: list[str]", "session.execute(text('IN (' + ','.join('?' * len(ids)) + ')'))"
    ),
    "numbered placeholders": _body(
        "ids: list[str]", "session.execute(text(','.join(f':id{n}' for n, _ in enumerate(ids))))"
    ),
    "conditions that are constants": _body(
        "name: str",
        "parts = ['1 = 1']",
        "if name:",
        "    parts.append('name = :name')",
        "session.execute(text(' AND '.join(parts)), {'name': name})",
    ),
    "keys of a dictionary written here": _body(
        "name: str", "row = {'id': 1, 'name': name}", "session.execute(text(', '.join(row.keys())), row)"
    ),
    "a quoted identifier": _body(
        "column: str",
        "quote = session.get_bind().dialect.identifier_preparer.quote",
        "session.execute(text('ORDER BY ' + session.bind.dialect.identifier_preparer.quote(column)))",
    ),
    "quotes that are doubled": _body("name: str", "session.execute(text('\"' + name.replace('\"', '\"\"') + '\"'))"),
    "psycopg's own composition": {
        REPOSITORY: "from psycopg import Connection, sql\ndef run(c: Connection, table: str):\n"
        "    c.execute(sql.SQL('SELECT * FROM {}').format(sql.Identifier(table)))\n"
    },
    "a table's own name": _body(
        "key: str",
        "session.execute(text(f'SELECT * FROM {Order.__tablename__}'))",
        before="class Order:\n    __tablename__ = 'orders'\n",
    ),
    "a class attribute": {
        REPOSITORY: _HEAD
        + "class Rows:\n    table = 'orders'\n"
        + "    def __init__(self, session: Session):\n        self.session = session\n"
        + "    def run(self):\n        self.session.execute(text(f'SELECT * FROM {self.table}'))\n"
    },
    "a parameter that callers fill with constants": {
        REPOSITORY: _HEAD
        + "def by(session: Session, column: str):\n    session.execute(text(f'SELECT {column}'))\n"
        + "def first(session):\n    by(session, 'id')\n"
        + "def second(session):\n    by(session, column='name')\n",
    },
    "a setting": _body(
        "name: str",
        "session.execute(text(f'SET search_path TO {settings.db_schema}'))",
        before="from pydantic_settings import BaseSettings\n"
        "class Settings(BaseSettings):\n    db_schema: str\nsettings = Settings()\n",
    ),
    "a text that is only returned": _body("name: str", "return f'SELECT {name}'"),
    "something else that executes": {
        REPOSITORY: "class Robot:\n    def execute(self, words): ...\n"
        "def run(robot: Robot, name):\n    robot.execute(f'SELECT {name}')\n"
    },
    "a receiver that nothing is known of": {
        REPOSITORY: "def run(session, name):\n    session.execute(f'SELECT {name}')\n"
    },
    "a whole statement handed through": _body("statement: str", "session.execute(text(statement))"),
    "a value replaced before": _body("name: str", "name = 'a'", "session.execute(text(f'SELECT {name}'))"),
    "tables of a constant list in a migration": {
        "src/shop/migrations/202611220001_x.py": (
            "TABLES = ['a', 'b']\n\nasync def up(db):\n    for table in TABLES:\n"
            "        await db.execute(f'DELETE FROM {table} WHERE x')\n"
        )
    },
    "a validated parameter of a route": _body(
        "column: str = Query(pattern='^[a-z]+$')",
        "session.execute(text(f'ORDER BY {column}'))",
        before="from fastapi import Query\n",
    ),
}


@pytest.mark.parametrize("files", [pytest.param(files, id=name) for name, files in FOUND.items()])
def test_what_comes_from_outside_is_found(files: dict[str, str]) -> None:
    assert expected(files)
    assert places(files, "ARC206") == expected(files)


@pytest.mark.parametrize("files", [pytest.param(files, id=name) for name, files in SILENT.items()])
def test_what_is_harmless_is_not(files: dict[str, str]) -> None:
    assert places(files, "ARC206") == []
