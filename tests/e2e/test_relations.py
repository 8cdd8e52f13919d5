"""Tables of links: on each engine the migrations make what the models declare, and take it away again."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from tests.e2e.test_make_field import urls
from tests.generated import arckode, must, new_project, run

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["urls"]  # a fixture

pytestmark = pytest.mark.generates

MODULES = (
    ("make:module", "tags", "label:str:unique"),
    ("make:module", "posts", "title", "tags:many_to_many=tags/label", "related:many_to_many=posts"),
    ("make:module", "people", "name"),
    ("make:field", "posts", "author:belongs_to=people:null", "readers:many_to_many=people/name"),
    ("make:field", "people", "posts:has_many=posts/title"),
)

LOOK = """
import asyncio, json, sys
from sqlalchemy import inspect
from shop.composition_root import compose
from shop.kernel.database import Database
from shop.settings import Settings

def look(connection):
    found, answer = inspect(connection), {}
    for table in ("posts_tags", "posts_related", "posts_readers"):
        answer[table] = {
            "columns": [[c["name"], str(c["type"]), c["nullable"]] for c in found.get_columns(table)],
            "unique": sorted([k["name"], k["column_names"]] for k in found.get_unique_constraints(table)),
            "indexes": sorted([i["name"], i["column_names"]] for i in found.get_indexes(table) if not i["unique"]),
            "foreign": sorted(
                [f["name"], f["constrained_columns"], f["referred_table"], sorted(f["options"].items())]
                for f in found.get_foreign_keys(table)
            ),
        }
    return answer

async def main():
    database = Database(sys.argv[1])
    compose(Settings(), database=database)
    if sys.argv[2] == "create":
        await database.create_tables()
    async with database.engine.connect() as connection:
        print(json.dumps(await connection.run_sync(look)))
    await database.close()

asyncio.run(main())
"""


@pytest.fixture(scope="module")
def related(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = new_project(tmp_path_factory.mktemp("related"))
    for words in MODULES:
        must(arckode(root, *words))
    return root


def test_links_go_up_and_down_and_are_what_the_models_declare(related: Path, urls: tuple[str, str]) -> None:
    env = {"DATABASE_URL": urls[0]}
    must(arckode(related, "db:migrate", env=env))
    seeded = json.loads(must(arckode(related, "db:seed", "--json", env=env)).stdout)
    assert {seed["name"]: seed["inserted"] for seed in seeded["seeds"]} == {"tags": 3, "people": 3, "posts": 12}
    migrated = must(run(related / "src", sys.executable, "-c", LOOK, urls[0], "look")).stdout
    declared = must(run(related / "src", sys.executable, "-c", LOOK, urls[1], "create")).stdout
    assert json.loads(migrated) == json.loads(declared)
    must(arckode(related, "db:migrate", "--rollback", "4", env=env))
    must(arckode(related, "db:migrate", env=env))
