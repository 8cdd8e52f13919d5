"""What holds for every generator, whichever folder or file it comes from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from arckode_gen import commands
from tests.commands.calls import arckode, call

NOWHERE = Path("/")
MAKERS = tuple(name for name in commands.names(NOWHERE) if name.startswith("make:"))


def test_there_are_the_generators_that_are_promised() -> None:
    promised = "module connector adapter helper usecase migration seed middleware field".split()
    assert {f"make:{name}" for name in promised} <= set(MAKERS)


@pytest.mark.parametrize("name", MAKERS)
def test_its_schema_names_every_word_it_takes(name: str, tmp_path: Path) -> None:
    schema = json.loads(arckode(tmp_path, name, "--schema").out)
    spec = commands.find(name, NOWHERE).spec
    assert schema["type"] == "object"
    assert {param.name for param in spec.params} - {"answers"} <= set(schema["properties"])


@pytest.mark.parametrize("name", MAKERS)
def test_it_takes_answers_and_shows_before_it_writes(name: str) -> None:
    assert {"--answers", "--dry-run", "--diff", "--json", "--force"} <= set(commands.find(name, NOWHERE).spec.flags)


@pytest.mark.parametrize("name", MAKERS)
def test_it_has_an_inverse(name: str) -> None:
    assert commands.find(name.replace("make:", "destroy:"), NOWHERE).spec.writes


def test_a_migration_is_made_from_answers(tmp_path: Path) -> None:
    call(tmp_path, "new", "shop", "--defaults", "--no-git")
    root = tmp_path / "shop"
    (root / "answers.json").write_text(json.dumps({"name": "backfill totals", "sql": True}))
    call(root, "make:migration", "--answers", "answers.json")
    assert len(list((root / "src/shop/migrations").glob("*_backfill_totals.sql"))) == 1


@pytest.mark.parametrize("name", ["new", "db:diff", "db:safe"])
def test_what_overwrites_nothing_offers_no_flag_for_it(name: str) -> None:
    assert "--force" not in commands.find(name, NOWHERE).spec.flags
