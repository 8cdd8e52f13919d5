"""Every command has a published schema of what it prints with `--json`, and prints that.

`call` and `arckode` of the tests hold each answer against its schema, whichever test asks; here is one of each form.
"""

from __future__ import annotations

import io
import json
import shlex
import sys
from pathlib import Path

import jsonschema
import pytest

from arckode_gen import commands
from tests import json_answers
from tests.commands.calls import arckode, call

NOWHERE = Path("/")
NAMES = [name for name in commands.names(NOWHERE) if name not in json_answers.SILENT]
FILES = sorted(json_answers.FOLDER.glob("*.json"))
# One line of each form of the answer. A `#` runs something that is no command, to make it possible.
WALK = (
    "new shop --no-git --defaults",
    "make:module orders total:int note:text:null",
    "make:module customers name:str:max=80",
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
    "db:baseline --to drifted",
    "#edit",
    "db:repair",
    "upgrade --check",
    "upgrade",
    "stub:publish module",
    "stub:diff module",
    "undo",
    "undo --list",
)
# The whole of the others is proven where they run: by `call` or `arckode`, or by name.
ELSEWHERE: dict[str, str] = {
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


SERVICE = "src/shop/modules/orders/service.py"
CONTROLLER = "src/shop/modules/orders/controller.py"
_IN_LOOP = "\n    async def notes(self, ids):\n        return [await self.get_by_id(each) for each in ids]\n"


def worsen(root: Path) -> None:
    """Break a rule, silence another, and break one that `analyze --fix` mends."""
    service, controller = root / SERVICE, root / CONTROLLER
    service.write_text(
        service.read_text() + _IN_LOOP + "\nPAGE = 20  # arckode: ignore[ARC201] it is here to be listed\n"
    )
    controller.write_text(controller.read_text().replace("body: OrderCreate", "body: dict[str, object]"))


def drift(root: Path) -> None:
    """Have the database know more than the models."""
    model = root / "src/shop/modules/orders/model.py"
    model.write_text("".join(line for line in model.read_text().splitlines(keepends=True) if "note" not in line))


def edit(root: Path) -> None:
    """Edit what is applied."""
    (applied,) = (root / "src/shop/migrations").glob("*_create_customers.py")
    applied.write_text(applied.read_text().replace("VARCHAR(80)", "VARCHAR(90)"))


CHANGES = {"#worsen": worsen, "#drift": drift, "#edit": edit}


def _proposal(root: Path) -> bytes:
    text = (root / SERVICE).read_text()
    sent = {"file_path": str(root / SERVICE), "content": text + _IN_LOOP.replace("notes", "more")}
    return json.dumps({"tool_name": "Write", "tool_input": sent}).encode()


def test_what_no_schema_describes_is_found() -> None:
    """The tests would let nothing pass that readers were not told of."""
    json_answers.check("queue:retry", '{"version": 1, "retried": 2}')
    for printed in ('{"version": 1, "retried": 2, "more": 1}', '{"version": 2, "retried": 2}', '{"version": 1}'):
        with pytest.raises(jsonschema.ValidationError):
            json_answers.check("queue:retry", printed)


def test_an_error_is_as_its_schema_says(tmp_path: Path) -> None:
    said = json.loads(arckode(tmp_path, "explain", "ARC999", "--json", code=2).out)
    assert said["error"]["exit_code"] == 2


@pytest.mark.generates
def test_commands_print_what_their_schemas_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path
    for line in WALK:
        if line.startswith("#"):
            CHANGES[line](root)
            continue
        if line.startswith("hook"):
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(_proposal(root))))
        call(root, *shlex.split(line), "--json")
        root = tmp_path / "shop"
