"""events:dlq in a generated project, on its own database."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from arckode_gen.errors import RefusedError, UsageError
from tests.commands.calls import ENVIRON, call

if TYPE_CHECKING:
    from pathlib import Path

KEEP = """
import asyncio
from shop.composition_root import compose
from shop.kernel.event_bus import EVENT_BUS, LetterStatus
from shop.kernel.events import new_event
from shop.settings import Settings

async def main():
    kernel = compose(Settings())
    for group, n in (("welcome", 1), ("welcome", 2), ("billing", 3)):
        event = new_event("users.created", key=str(n), source="shop", data={"email": f"{n}@example.com"})
        now = kernel.clock.now()
        await kernel.adapter(EVENT_BUS).letters.keep(
            group, event, LetterStatus.DEAD, attempts=5, run_at=now, error="RuntimeError: no\\nmore"
        )
    await kernel.database.close()

asyncio.run(main())
"""
NOBODY = "0197f0a1-0000-7000-8000-000000000000"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("events")
    call(folder, "new", "shop", "--no-git", "--defaults")
    with pytest.raises(UsageError, match="this project has no event bus"):
        call(folder / "shop", "events:dlq", "list")
    call(folder / "shop", "make:adapter", "bus-redis")
    with pytest.raises(
        RefusedError, match="a table of the event bus is not there: no such table: event_letters"
    ) as bare:
        call(folder / "shop", "events:dlq", "list")
    assert bare.value.hint == "make it first: `arckode db:migrate`"
    call(folder / "shop", "db:migrate")
    return folder / "shop"


def test_dead_letters_are_listed_shown_retried_and_dropped(shop: Path) -> None:
    assert call(shop, "events:dlq", "list").out == "no dead letters"
    path = os.pathsep.join([str(shop / "src")])
    subprocess.run([sys.executable, "-c", KEEP], cwd=shop, env={**ENVIRON, "PYTHONPATH": path}, check=True)
    listed = call(shop, "events:dlq", "list").out
    assert "welcome  users.created  1    5         RuntimeError: no" in listed
    assert "@example.com" not in listed
    letters = json.loads(call(shop, "events:dlq", "list", "--group", "welcome", "--json").out)["letters"]
    assert [letter["key"] for letter in letters] == ["1", "2"]
    for action in ("list", "retry"):
        with pytest.raises(UsageError, match="there is no group 'welcom'; did you mean 'welcome'"):
            call(shop, "events:dlq", action, "--group", "welcom")
    first, second = (letter["id"] for letter in letters)
    assert json.loads(call(shop, "events:dlq", "show", first).out)["event"]["data"] == {"email": "1@example.com"}
    assert call(shop, "events:dlq", "retry", first).out == "1 dead letter retried"
    assert call(shop, "events:dlq", "drop", first, second).out == "1 dead letter dropped"
    assert json.loads(call(shop, "events:dlq", "retry", "--all", "--json").out) == {"version": 1, "retried": 1}
    with pytest.raises(UsageError, match=f"there is no dead letter {first}"):
        call(shop, "events:dlq", "show", first)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("list --all", "list takes no ids and no --all"),
        ("list --limit 0", "--limit 0: the limit must be 1 or more"),
        ("show", "say which dead letter to show: one id"),
        ("drop --all", "say which dead letters to drop: their ids"),
        ("retry", "say which dead letters to retry: their ids, --group NAME, or --all"),
        (f"retry {NOBODY} --all", "say which dead letters to retry"),
        ("show letter", "'letter' is no letter's id"),
    ],
)
def test_what_does_not_go_together_is_refused(shop: Path, words: str, reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        call(shop, "events:dlq", *words.split())


def test_a_wrong_setting_is_one_line_in_commands_too(shop: Path) -> None:
    allowed = "'memory', 'redis', 'rabbitmq' or 'kafka'"
    with pytest.raises(UsageError) as caught:
        call(shop, "events:dlq", "list", environ={**ENVIRON, "EVENT_BUS_PROVIDER": "rediss"})
    assert caught.value.message == f"the settings are wrong: EVENT_BUS_PROVIDER: 'rediss' is unknown; choose {allowed}"
    assert caught.value.hint == "correct .env or the environment"


def test_a_wrong_setting_is_one_line_where_a_program_starts(shop: Path) -> None:
    call(shop, "make:job", "send_report")
    wrong = {**ENVIRON, "PYTHONPATH": "src", "EVENT_BUS_PROVIDER": "rediss"}
    for program in ("shop.kernel.worker", "shop.main"):
        ended = subprocess.run(
            [sys.executable, "-m", program], cwd=shop, env=wrong, capture_output=True, text=True, check=False
        )
        assert (ended.returncode, ended.stdout) == (1, "")
        assert ended.stderr == (
            "EVENT_BUS_PROVIDER: 'rediss' is unknown; choose 'memory', 'redis', 'rabbitmq' or 'kafka'\n"
        )
