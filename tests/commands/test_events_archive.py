"""events:archive in a generated project, on its own database."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from arckode_gen.errors import RefusedError, UsageError
from tests.commands.calls import ENVIRON, call

if TYPE_CHECKING:
    from pathlib import Path

HAPPEN = """
import asyncio, datetime as dt
from shop.composition_root import compose
from shop.kernel.aggregates import Aggregates
from shop.kernel.clock import FixedClock
from shop.kernel.database import Database
from shop.kernel.ids import new_id
from shop.kernel.event_store import EVENT_STORE
from shop.modules.notes.aggregate import NOTES, ChangeNote, CreateNote
from shop.settings import Settings

async def main():
    clock = FixedClock(dt.datetime(2020, 3, 1, 12, tzinfo=dt.UTC))
    kernel = compose(Settings(), database=Database(Settings().database_url, clock=clock))
    notes, going_on = Aggregates(NOTES, kernel.adapter(EVENT_STORE), clock), new_id()
    for key in (going_on, new_id(), new_id()):
        await notes.execute(key, CreateNote(text="a"))
    clock.advance(dt.timedelta(days=9 * 365))
    await notes.execute(going_on, ChangeNote(text="b"))
    await kernel.database.close()

asyncio.run(main())
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("archive")
    call(folder, "new", "shop", "--no-git", "--defaults")
    root = folder / "shop"
    call(root, "make:aggregate", "notes", "text:text")
    with pytest.raises(UsageError, match="this project has no archive of events") as none:
        call(root, "events:archive")
    assert none.value.hint == "`arckode make:event-archive` adds one"
    call(root, "make:event-archive")
    with pytest.raises(
        RefusedError, match="event store or its archive is not there: no such table: archived_events"
    ) as missing:
        call(root, "events:archive")
    assert missing.value.hint == "make it first: `arckode db:migrate`"
    call(root, "db:migrate")
    environ = {**ENVIRON, "PYTHONPATH": str(root / "src")}
    subprocess.run([sys.executable, "-c", HAPPEN], cwd=root, env=environ, check=True, capture_output=True)
    return root


def test_what_is_old_goes_and_comes_back(shop: Path) -> None:
    stays = "1 event as old stay: their streams go on, and no snapshot stands for them"
    assert call(shop, "events:archive", "--dry-run").out.splitlines() == [
        "2 events would be archived: 2 of notes",
        stays,
    ]
    gone = {"events": 2, "categories": {"notes": 2}, "unread": 0, "held_by": [], "unkept": 1}
    planned = json.loads(call(shop, "events:archive", "--older-than", "900", "--dry-run", "--json").out)
    assert planned == {"version": 1, "dry_run": True, "archived": gone}
    assert call(shop, "events:archive", "--older-than", "36500").out == "0 events archived"
    done = json.loads(call(shop, "events:archive", "--json").out)
    assert done == {"version": 1, "dry_run": False, "archived": gone}
    assert call(shop, "events:archive").out.splitlines() == ["0 events archived", stays]
    assert call(shop, "events:archive", "--restore").out == "2 events brought back"
    assert json.loads(call(shop, "events:archive", "--restore", "--json").out) == {"version": 1, "restored": 0}


REFUSED = [
    ("--older-than=-1", "--older-than -1: no event is of the future", "0 is everything that has happened"),
    ("--restore --dry-run", "--restore brings everything back", "leave out --dry-run and --older-than"),
]


@pytest.mark.parametrize(("words", "message", "hint"), REFUSED)
def test_what_cannot_be_meant_is_refused(shop: Path, words: str, message: str, hint: str) -> None:
    with pytest.raises(UsageError) as refused:
        call(shop, "events:archive", *words.split())
    assert (refused.value.message, refused.value.hint) == (message, hint)


@pytest.mark.parametrize("provider", ["memory", "redis", "mongodb"])
def test_events_outside_of_the_database_are_refused(shop: Path, provider: str) -> None:
    """Whether the server is there or not: nothing is asked of it."""
    if provider != "memory":
        call(shop, "make:adapter", f"event-store-{provider}")
    (shop / ".env").write_text(f"EVENT_STORE_PROVIDER={provider}\nREDIS_PORT=1\nMONGODB_URL=mongodb://127.0.0.1:1/\n")
    told = (
        f"EVENT_STORE_PROVIDER is {provider}, and only events in the project's own database can be archived: elsewhere"
    )
    for words in ((), ("--dry-run",), ("--restore",)):
        with pytest.raises(UsageError) as refused:
            call(shop, "events:archive", *words)
        assert refused.value.message.startswith(told)
        assert "Choose EVENT_STORE_PROVIDER=database, or let `arckode make:snapshots` keep" in refused.value.message
    (shop / ".env").unlink()
