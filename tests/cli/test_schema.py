"""`--schema`: what a program must know before it calls a command, from the declaration that the command runs by."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from arckode_gen import cli, commands
from arckode_gen.engine.spec_schema import schema

NAMES = commands.names(Path.cwd())


@pytest.mark.parametrize("name", NAMES)
def test_every_command_prints_a_schema_that_is_one(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run([name, "--schema"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == schema(commands.find(name, Path.cwd()).spec)
    jsonschema.Draft202012Validator.check_schema(printed)


def validator(name: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(schema(commands.find(name, Path.cwd()).spec))


def test_it_accepts_what_answers_may_hold_and_refuses_what_they_may_not() -> None:
    module = validator("make:module")
    assert module.is_valid({"name": "orders", "field": ["total:int", "note:text:null"], "soft_delete": True})
    assert not module.is_valid({"field": ["total:int"]})
    assert not module.is_valid({"name": "orders", "filed": []})
    assert not validator("new").is_valid({"name": "shop", "database": "oracle"})


def test_words_that_are_wrong_or_missing_do_not_matter(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["make:module", "--schema", "--nonsense"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "make:module"


def test_after_two_hyphens_it_is_a_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.run(["completion", "--", "--schema"]) == 2
