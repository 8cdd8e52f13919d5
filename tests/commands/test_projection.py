"""projection:list, projection:status and projection:rebuild in a generated project, on its own database."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from arckode_gen.errors import OperationError, RefusedError, UsageError
from tests.commands.calls import ENVIRON, call

if TYPE_CHECKING:
    from pathlib import Path

HAPPEN = """
import asyncio, sys
from uuid import uuid4
from shop.composition_root import compose
from shop.kernel.projections import Projections
from shop.modules.notes.aggregate import CreateNote
from shop.modules.notes import NotesService
from shop.settings import Settings

async def main():
    kernel = compose(Settings())
    for n in range(int(sys.argv[1])):
        await kernel.resolve(NotesService).create(uuid4(), CreateNote(text=f"note {n}"))
    if sys.argv[2:]:
        await kernel.resolve(Projections).catch_up()
    await kernel.database.close()

asyncio.run(main())
"""
PROJECTION = "src/shop/modules/note_overviews/projection.py"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("projection")
    call(folder, "new", "shop", "--no-git", "--defaults")
    root = folder / "shop"
    call(root, "make:aggregate", "notes", "text:text")
    call(root, "make:projection", "note_overviews", "--of", "notes")
    call(root, "db:migrate")
    return root


@pytest.fixture
def shop(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "shop")


def happen(shop: Path, *words: str) -> None:
    environ = {**ENVIRON, "PYTHONPATH": str(shop / "src")}
    subprocess.run([sys.executable, "-c", HAPPEN, *words], cwd=shop, env=environ, check=True, capture_output=True)


def statuses(shop: Path) -> list[tuple[str, int]]:
    found = json.loads(call(shop, "projection:status", "--json").out)["projections"]
    return [(each["state"], each["behind"]) for each in found]


def test_a_projection_is_listed_followed_and_rebuilt(shop: Path) -> None:
    listed = json.loads(call(shop, "projection:list", "--json").out)
    declared = {
        "name": "note_overviews",
        "version": 1,
        "events": ["notes.changed", "notes.created", "notes.removed"],
        "tables": ["note_overviews"],
    }
    assert listed == {"version": 1, "projections": [declared]}
    assert "notes.changed, notes.created, notes.removed" in call(shop, "projection:list").out
    assert statuses(shop) == [("new", 0)]
    happen(shop, "2", "follow")
    assert statuses(shop) == [("live", 0)]
    happen(shop, "3")
    assert statuses(shop) == [("behind", 3)]
    assert call(shop, "projection:rebuild", "note_overviews").out == "note_overviews was rebuilt from 5 events"
    assert statuses(shop) == [("live", 0)]
    assert "note_overviews  live" in call(shop, "projection:status", "note_overviews").out


def test_what_fails_is_told_and_is_an_exit_code(shop: Path) -> None:
    happen(shop, "1")
    projection = shop / PROJECTION
    text = projection.read_text()
    projection.write_text(text.replace("key, at = UUID(event.key)", "key, at = UUID(event.key[1:])"))
    with pytest.raises(OperationError, match=r"note_overviews fails at notes\.created .*: ValueError: badly formed"):
        call(shop, "projection:rebuild", "note_overviews")
    assert statuses(shop) == [("behind", 1)]
    projection.write_text(text.replace('"notes.created", "notes.removed"', '"notes.created", "notes.remove"'))
    with pytest.raises(UsageError, match=r"waits for 'notes\.remove', which no aggregate declares; did you mean"):
        call(shop, "projection:status")


def test_what_is_not_there_is_named(shop: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no projection 'note_overview'; did you mean 'note_overviews'") as no:
        call(shop, "projection:rebuild", "note_overview")
    assert no.value.hint == "`arckode projection:list` names them"
    (shop / "shop.db").unlink()
    with pytest.raises(
        RefusedError, match="or of the event store is not there: no such table: event_projections"
    ) as refused:
        call(shop, "projection:status")
    assert refused.value.hint == "make it first: `arckode db:migrate`"
    call(tmp_path, "new", "bare", "--no-git", "--defaults")
    with pytest.raises(UsageError, match="this project has no projections") as none:
        call(tmp_path / "bare", "projection:list")
    assert none.value.hint == "`arckode make:projection NAME --of AGGREGATE` adds the first one"
