"""Every command has a published schema of what it prints with `--json`, and prints that.

`call` and `arckode` of the tests hold each answer against its schema, whichever test asks; here is one of each form.
"""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest

from arckode_gen import commands
from tests import json_answers
from tests.commands.calls import arckode, call

if TYPE_CHECKING:
    from collections.abc import Iterator

NOWHERE = Path("/")
NAMES = [name for name in commands.names(NOWHERE) if name not in json_answers.SILENT]
FILES = sorted(json_answers.FOLDER.glob("*.json"))
# One line of each form of the answer. A `#` runs something that is no command, to make it possible.
WALK = (
    "new shop --no-git --defaults",
    "make:module orders total:int note:text:null",
    "make:module customers name:str:max=80 orders:has_many=orders",
    "list",
    "completion zsh",
    "place 'a rate limiter for orders'",
    "explain",
    "explain ARC201",
    "explain drop-table",
    "doctor",
    "routes",
    "routes --static",
    "map",
    "map --write",
    "graph",
    "graph --out drawn.json",
    "analyze --statistics",
    "analyze --init",
    "#worsen",
    "analyze",
    "analyze --suppressions",
    "analyze --statistics",
    "analyze --fix --dry-run --diff",
    "hook pre-write",
    "generate:api-client --out client",
    "generate:api-client --out client --check",
    "db:status",
    "db:migrate --dry-run",
    "db:migrate --sql",
    "db:migrate --verify-down",
    "db:migrate",
    "db:status",
    "db:seed",
    "db:diff",
    "#drift",
    "db:diff",
    "db:diff --write drifted --allow-drop",
    "db:safe drifted",
    "db:repair",
    "db:baseline --to 202611220001",
    "upgrade --check",
    "upgrade",
    "stub:publish module",
    "stub:diff module",
    "undo",
    "undo --list",
)
# The whole of the others is proven where they run: by `call` or `arckode`, or by name.
ELSEWHERE = {
    "build": "tests/frontend/test_pages.py",
    "demo": "tests/commands/test_demo.py",
    "dev": "tests/commands/test_dev.py",
    "events:archive": "tests/commands/test_events_archive.py",
    "events:dlq": "tests/commands/test_events.py",
    "events:forget": "tests/commands/test_events_forget.py",
    "events:replay": "tests/commands/test_events_replay.py",
    "generate:asyncapi": "tests/commands/test_generate_asyncapi.py",
    "projection:list": "tests/commands/test_projection.py",
    "projection:rebuild": "tests/commands/test_projection.py",
    "projection:status": "tests/commands/test_projection.py",
    "queue:list": "tests/commands/test_queue.py",
    "queue:retry": "tests/commands/test_queue.py",
    "queue:work": "tests/commands/test_queue.py",
}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_what_is_published_is_a_schema(file: Path) -> None:
    schema = json.loads(file.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["title"]
    assert schema["description"].endswith(".")


def test_each_is_some_commands() -> None:
    assert {file.stem for file in FILES} == {json_answers.ERROR, *map(json_answers.schema_of, NAMES)}


@pytest.mark.parametrize("name", NAMES)
def test_every_command_has_one(name: str) -> None:
    """Whatever has none of its own writes files, and prints what each of those does."""
    assert json_answers.schema_of(name) != json_answers.PLAN or commands.find(name, NOWHERE).spec.writes


def test_every_command_is_asked_for_it_somewhere() -> None:
    """The inverse of each generator, and what it makes, are asked in tests/keeping/test_inverse_and_dry_run.py."""
    kept = {name for name in NAMES if name.startswith(("make:", "destroy:"))}
    walked = {line.split()[0] for line in WALK if not line.startswith("#")}
    assert walked | kept | set(ELSEWHERE) == set(NAMES)
    for name, file in ELSEWHERE.items():
        text = (Path(__file__).parents[2] / file).read_text(encoding="utf-8")
        assert f'"{name}"' in text and "--json" in text, f"{file} does not ask {name}"


@pytest.mark.generates
def test_commands_print_what_their_schemas_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path
    for line in WALK:
        if line.startswith("#"):
            CHANGES[line](root)
            continue
        if line.startswith("hook"):
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(_proposal(root))))
        call(root, *_words(line), "--json")
        root = tmp_path / "shop"
