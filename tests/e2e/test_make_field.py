"""Fields that were added later: on each engine the table is the one that they would have been created with."""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING, cast

import pytest

from tests.e2e.test_databases import execute, scratch
from tests.generated import arckode, must, new_project, run
from tests.services import mariadb_url, postgres_url

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.generates

FIRST = ("name:str:max=40", "kind:belongs_to=people:null")
OPTIONAL = (
    "s:str t:text i:int:unique bi:bigint d:decimal=18.6 f:float b:bool "
    "day:date:index at:datetime tm:time u:uuid:unique "
    "j:json raw:bytes email:email:unique url:url slug:slug:index st:enum=a/b-c/1st tags:list=str pw:password tok:token "
    "doc:file parent:belongs_to=things other:belongs_to=people:on_delete=set_null only:belongs_to=people:unique "
    "writer:belongs_to=people:on_delete=cascade owner_id:uuid:owner metadata:json page:int"
).split()
DEFAULTS = (
    "cs:str:default=new ct:text:default=long ci:int:default=-7 cbi:bigint:default=9007199254740993 "
    "cd:decimal=12.2:default=9.50 cf:float:default=0.5 cb:bool:default=true cn:bool:default=false "
    "cday:date:default=2026-01-31 cat:datetime:default=2026-01-31T0930Z ctm:time:default=0930 "
    "cst:enum=open/closed:default=closed:index today:date:default=today moment:datetime:default=now"
).split()
ODD: tuple[dict[str, object], ...] = (
    {"name": "quoted", "type": "str", "default": 'it\'s a \\ "b" %s {x}'},
    {"name": "quoted_text", "type": "text", "default": 'it\'s a \\ "b" %s {x}'},
)
SECOND: tuple[object, ...] = (*(f"{word}:null" for word in OPTIONAL), *DEFAULTS, *ODD)
MADE_ANEW = {"today", "moment", "tok"}


def projects(folder: Path) -> tuple[Path, Path]:
    """Return two projects with the same fields: created at once, and added to a table that was there."""
    roots = []
    for name, first in (("once", (*FIRST, *SECOND)), ("later", FIRST)):
        (folder / name).mkdir()
        root = new_project(folder / name)
        must(arckode(root, "make:module", "people", "name"))
        must(arckode(root, "make:module", "things", "--answers", "-", stdin=json.dumps({"fields": first})))
        roots.append(root)
    (roots[1] / "more.yml").write_text(json.dumps(SECOND))
    must(arckode(roots[1], "make:field", "things", "--fields", "more.yml"))
    return roots[0], roots[1]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return projects(tmp_path_factory.mktemp("fields"))


@pytest.fixture(
    params=[
        "sqlite",
        pytest.param("postgresql", marks=pytest.mark.postgres),
        pytest.param("mariadb", marks=pytest.mark.mariadb),
    ]
)
def urls(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """Answer the URLs of two empty databases."""
    with ExitStack() as stack:
        if request.param == "sqlite":
            yield f"sqlite:///{tmp_path / 'once.db'}", f"sqlite:///{tmp_path / 'later.db'}"
            return
        is_postgres = request.param == "postgresql"
        server, ending = (postgres_url(), " WITH (FORCE)") if is_postgres else (mariadb_url(), "")
        yield stack.enter_context(scratch(server, ending)), stack.enter_context(scratch(server, ending))


CATALOGUE = """
import asyncio, json, sys
from sqlalchemy import inspect
from shop.kernel.database import Database

def look(connection):
    found = inspect(connection)
    columns = {c["name"]: [str(c["type"]), c["nullable"]] for c in found.get_columns("things")}
    defaults = {c["name"] for c in found.get_columns("things") if c["default"] not in (None, "NULL")}
    keys = found.get_unique_constraints("things")
    indexes = found.get_indexes("things")
    unique = {tuple(k["column_names"]) for k in keys} | {tuple(i["column_names"]) for i in indexes if i["unique"]}
    plain = sorted(i["name"] for i in indexes if not i["unique"])
    if connection.dialect.name == "sqlite":  # SQLAlchemy reads of a key on a column neither the name nor the rule
        rows = connection.exec_driver_sql("PRAGMA foreign_key_list(things)").mappings()
        foreign = sorted([row["from"], row["table"], row["on_delete"]] for row in rows)
    else:
        foreign = sorted(
            [f["name"], f["constrained_columns"], f["referred_table"], sorted(f["options"].items())]
            for f in found.get_foreign_keys("things")
        )
    checks = sorted([c["name"], c["sqltext"].replace(" ", "")] for c in found.get_check_constraints("things"))
    return {"columns": columns, "unique": sorted(unique), "indexes": plain, "foreign": foreign, "checks": checks,
            "defaults": sorted(defaults)}

async def main():
    database = Database(sys.argv[1])
    async with database.engine.connect() as connection:
        print(json.dumps(await connection.run_sync(look)))
    await database.close()

asyncio.run(main())
"""

ROWS = """
import asyncio, json, sys
from shop.kernel.database import Database
from shop.kernel.fields import fields_of
from shop.modules.things.model import Thing
from shop.modules.things.repository import ThingsRepository

async def main():
    database = Database(sys.argv[1])
    things = ThingsRepository(database)
    (old,) = await things.find_many()
    made = await things.create({"name": "new"})
    new = await things.find_by_id(made.id)
    names = [name for name in fields_of(Thing).by_name if name not in {"id", "name", "created_at", "updated_at"}]
    print(json.dumps({name: [repr(getattr(old, name)), repr(getattr(new, name))] for name in names}))
    # What was stored as a default is found by a filter that asks for it: it is stored as the kernel stores it.
    found = [n for n in names if getattr(new, n) is not None and n not in {"today", "moment"}
             and await things.count({n: getattr(new, n)}) == 2]
    print(json.dumps(found))
    await database.close()

asyncio.run(main())
"""


def script(root: Path, text: str, url: str) -> list[object]:
    out = must(run(root / "src", sys.executable, "-c", text, url)).stdout
    return [json.loads(line) for line in out.splitlines()]


def catalogue(root: Path, url: str) -> dict[str, object]:
    (found,) = script(root, CATALOGUE, url)
    return cast("dict[str, object]", found)


def test_the_table_is_the_same_whenever_its_fields_came(both: tuple[Path, Path], urls: tuple[str, str]) -> None:
    once, later = both
    must(arckode(once, "db:migrate", env={"DATABASE_URL": urls[0]}))
    env = {"DATABASE_URL": urls[1]}
    must(arckode(later, "db:migrate", env=env))
    wanted, found = catalogue(once, urls[0]), catalogue(later, urls[1])
    kept = {str(word).split(":")[0] for word in DEFAULTS} | {str(field["name"]) for field in ODD}
    unread = {"quoted_text"}  # SQLAlchemy does not understand how MariaDB tells it
    assert wanted.pop("defaults") == []
    assert set(cast("list[str]", found.pop("defaults"))) | unread == kept
    assert found == wanted
    assert json.loads(must(arckode(later, "db:diff", "--json", env=env)).stdout)["differences"] == []
    before = _first_table(later, urls[1], env)
    assert set(cast("dict[str, object]", before["columns"])) == {"id", "name", "kind_id", "created_at", "updated_at"}
    must(arckode(later, "db:migrate", env=env))
    again = catalogue(later, urls[1])
    again.pop("defaults")
    assert again == wanted


def _first_table(root: Path, url: str, env: dict[str, str]) -> dict[str, object]:
    must(arckode(root, "db:migrate", "--rollback", env=env))
    return catalogue(root, url)


def test_rows_that_were_there_get_what_a_new_row_gets(both: tuple[Path, Path], urls: tuple[str, str]) -> None:
    _, later = both
    env = {"DATABASE_URL": urls[1]}
    must(arckode(later, "db:migrate", "--to", _created(later), env=env))
    moment = "2026-01-01 00:00:00.000000"
    key = "00000000000000000000000000000001"
    columns = "(id, name, created_at, updated_at)"
    execute(urls[1], f"INSERT INTO things {columns} VALUES ('{key}', 'old', '{moment}', '{moment}')")
    must(arckode(later, "db:migrate", env=env))
    rows, found = script(later, ROWS, urls[1])
    pairs = cast("dict[str, list[str]]", rows)
    assert {name: old for name, (old, new) in pairs.items() if old != new and name not in MADE_ANEW} == {}
    constants = {str(word).split(":")[0] for word in DEFAULTS} | {str(field["name"]) for field in ODD}
    assert set(cast("list[str]", found)) == constants - MADE_ANEW
    today, at = pairs["today"], pairs["moment"]
    assert today[0] == today[1]
    assert at[0].rpartition(",")[0][:30] == at[1].rpartition(",")[0][:30]


def _created(root: Path) -> str:
    (path,) = (root / "src/shop/migrations").glob("*_create_things.py")
    return path.stem
