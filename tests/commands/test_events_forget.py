"""events:forget in a generated project, on its own database."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from arckode_gen.errors import RefusedError, UsageError
from tests.commands.calls import ENVIRON, call

if TYPE_CHECKING:
    from pathlib import Path

ADA, EVA = "0197f0a1-0000-7000-8000-00000000000a", "0197f0a1-0000-7000-8000-00000000000e"
HAPPEN = f"""
import asyncio
from uuid import UUID
from shop.composition_root import compose
from shop.kernel.projections import Projections
from shop.modules.people import PeopleService
from shop.modules.people.aggregate import CreatePerson
from shop.settings import Settings

async def main():
    kernel = compose(Settings())
    for key, name in (("{ADA}", "Ada"), ("{EVA}", "Eva")):
        await kernel.resolve(PeopleService).create(UUID(key), CreatePerson(name=name))
    await kernel.resolve(Projections).catch_up()
    await kernel.database.close()

asyncio.run(main())
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("forget")
    call(folder, "new", "shop", "--no-git", "--defaults")
    root = folder / "shop"
    call(root, "make:aggregate", "people", "name:str:pii")
    call(root, "make:projection", "people_seen", "--of", "people")
    call(root, "db:migrate")
    environ = {**ENVIRON, "PYTHONPATH": str(root / "src")}
    subprocess.run([sys.executable, "-c", HAPPEN], cwd=root, env=environ, check=True, capture_output=True)
    return root


def name_of(shop: Path, person: str) -> object:
    return json.loads(call(shop, "events:replay", "people", person, "--json").out)["replay"]["state"]["name"]


def test_a_person_is_forgotten_and_what_is_left_to_do_is_told(shop: Path) -> None:
    with pytest.raises(UsageError, match=f"forgetting {ADA} cannot be undone") as refused:
        call(shop, "events:forget", ADA)
    assert (refused.value.hint, name_of(shop, ADA)) == ("say --yes to do it", "Ada")
    assert call(shop, "events:forget", ADA, "--yes").out.splitlines() == [
        f"{ADA} is forgotten",
        "still told by people_seen: arckode projection:rebuild people_seen",
    ]
    assert b"Ada" in (shop / "shop.db").read_bytes()
    assert (name_of(shop, ADA), name_of(shop, EVA)) == ("[erased]", "Eva")
    again = call(shop, "events:forget", ADA, "--yes", "--rebuild", "--json")
    assert json.loads(again.out) == {
        "version": 1,
        "person": ADA,
        "forgotten": False,
        "projections": ["people_seen"],
        "rebuilt": True,
    }
    with closing(sqlite3.connect(shop / "shop.db")) as database:
        rows = database.execute("SELECT name FROM people_seen ORDER BY name").fetchall()
    assert rows == [("Eva",), ("[erased]",)]


def test_who_is_unknown_and_a_project_without_the_part_are_told(shop: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nothing personal was ever stored about 'nobody'") as refused:
        call(shop, "events:forget", "nobody", "--yes")
    assert refused.value.hint.startswith("a person is the id of an aggregate, or what the field named in Personal(")
    call(tmp_path, "new", "shop", "--no-git", "--defaults")
    with pytest.raises(UsageError, match="events of this project say nothing about people") as refused:
        call(tmp_path / "shop", "events:forget", ADA, "--yes")
    assert refused.value.hint.startswith("`arckode make:personal-data`")
    call(tmp_path / "shop", "make:aggregate", "people", "name:str:pii")
    with pytest.raises(RefusedError, match="or of a projection is not there: no such table: personal_keys") as late:
        call(tmp_path / "shop", "events:forget", ADA, "--yes")
    assert late.value.hint == "make it first: `arckode db:migrate`"


def test_what_nothing_could_stand_for_is_refused_before_a_file_is_written(shop: Path) -> None:
    with pytest.raises(UsageError, match="'age': nothing could stand for the int once the person is erased") as refused:
        call(shop, "make:aggregate", "dogs", "age:int:pii")
    assert refused.value.hint == "say `age:int:pii:null`, so that it can be nothing then"
    with pytest.raises(UsageError, match="there is no modifier called 'personal'") as meant:
        call(shop, "make:aggregate", "dogs", "name:str:personal")
    assert meant.value.hint == "did you mean 'pii'?"
