"""events:replay in a generated project, on its own database."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from arckode_gen.errors import ArckodeError, OperationError, RefusedError, UsageError
from tests.commands.calls import ENVIRON, call

if TYPE_CHECKING:
    from pathlib import Path

KEY = "0197f0a1-0000-7000-8000-000000000000"
HAPPEN = f"""
import asyncio, datetime as dt
from uuid import UUID
from shop.composition_root import compose
from shop.kernel.aggregates import Aggregates
from shop.kernel.clock import FixedClock
from shop.kernel.event_store import EVENT_STORE
from shop.modules.notes.aggregate import NOTES, ChangeNote, CreateNote, RemoveNote
from shop.settings import Settings

async def main():
    kernel, clock, key = compose(Settings()), FixedClock(dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)), UUID("{KEY}")
    notes = Aggregates(NOTES, kernel.adapter(EVENT_STORE), clock)
    await notes.execute(key, CreateNote(text="a ü", size=None))
    clock.advance(dt.timedelta(hours=1))
    await notes.execute(key, ChangeNote(text="b", size=2))
    clock.advance(dt.timedelta(hours=-2))  # another process, whose clock is slow
    await notes.execute(key, RemoveNote())
    await kernel.database.close()

asyncio.run(main())
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("replay")
    call(folder, "new", "shop", "--no-git", "--defaults")
    root = folder / "shop"
    call(root, "make:aggregate", "notes", "text:text", "size:int:null")
    call(root, "db:migrate")
    environ = {**ENVIRON, "PYTHONPATH": str(root / "src")}
    subprocess.run([sys.executable, "-c", HAPPEN], cwd=root, env=environ, check=True, capture_output=True)
    return root


def replayed(shop: Path, *words: str) -> tuple[object, ...]:
    document = json.loads(call(shop, "events:replay", "notes", KEY, *words, "--json").out)
    found = document["replay"]
    assert (document["version"], found["aggregate"], found["id"], found["of"]) == (1, "notes", KEY, 3)
    state = found["state"]
    return found["version"], found["event"], state["text"], state["size"], state["is_removed"]


def test_the_state_of_then_is_shown(shop: Path) -> None:
    created = (1, "notes.created", "a ü", None, False)
    assert replayed(shop, "--at", "2026-03-01T13:59:59+01:00") == created  # what came behind a later event is later
    assert call(shop, "events:replay", "notes", KEY, "--to", "2").out.splitlines() == [
        f"notes {KEY}, version 2 of 3: notes.changed at 2026-03-01T13:00:00+00:00",
        "  text        b",
        "  size        2",
        "  created_at  2026-03-01T12:00:00Z",
        "  is_removed  false",
    ]


REFUSED = [
    (f"note {KEY} --to 1", UsageError, "there is no aggregate 'note'; did you mean 'notes'?", ""),
    (f"notes {KEY} --to 0", UsageError, "--to 0: the first version is 1", ""),
    (f"notes {KEY} --to 1 --at now", UsageError, "--to and --at are two answers", "give one of them"),
    (f"notes {KEY} --at yesterday", UsageError, "--at yesterday: this is no time", "2026-03-01T12:00:00Z"),
    (f"notes {KEY} --at 2026-03-01", UsageError, "the time has no zone", "2026-03-01T00:00:00Z is UTC"),
    ("notes 17", UsageError, "'17' is no id of an aggregate", "it is a UUID"),
]


@pytest.mark.parametrize(("words", "kind", "message", "hint"), REFUSED, ids=range(len(REFUSED)))
def test_what_cannot_be_shown_is_told(
    shop: Path, words: str, kind: type[ArckodeError], message: str, hint: str
) -> None:
    with pytest.raises(kind) as refused:
        call(shop, "events:replay", *words.split())
    assert message in refused.value.message
    assert hint in refused.value.hint


def test_a_store_of_its_own_that_does_not_answer_is_told(shop: Path) -> None:
    call(shop, "make:adapter", "event-store-redis")
    call(shop, "make:projection", "note_rows", "--of", "notes")
    call(shop, "db:migrate")
    away = {**ENVIRON, "EVENT_STORE_PROVIDER": "redis", "EVENT_STORE__REDIS_URL": "redis://127.0.0.1:1/0"}
    for words in (("events:replay", "notes", KEY), ("projection:rebuild", "note_rows")):
        with pytest.raises(OperationError, match="cannot reach the event store: Redis does not answer") as refused:
            call(shop, *words, environ=away)
        assert refused.value.hint == "start it, or correct its settings in .env"


def test_a_project_that_cannot_answer_says_why(shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    call(tmp_path, "new", "bare", "--no-git", "--defaults")
    with pytest.raises(UsageError, match="this project has no aggregates") as none:
        call(tmp_path / "bare", "events:replay", "notes", KEY)
    assert none.value.hint == "`arckode make:aggregate NAME` adds one"
    aggregate = shop / "src/shop/modules/notes/aggregate.py"
    text = aggregate.read_text()
    aggregate.write_text(text.replace("events=(NoteCreated, NoteChanged, NoteRemoved)", "events=(NoteCreated,)"))
    with pytest.raises(OperationError, match=r"an event 'notes\.changed' that the decider does not know"):
        call(shop, "events:replay", "notes", KEY)
    aggregate.write_text(text)
    (shop / "shop.db").unlink()
    with pytest.raises(
        RefusedError, match="a table of the event store is not there: no such table: stored_events"
    ) as refused:
        call(shop, "events:replay", "notes", KEY)
    assert refused.value.hint == "make it first: `arckode db:migrate`"
