"""generate:asyncapi in a generated project, held against the schema that AsyncAPI publishes."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any, cast

import jsonschema
import pytest

from arckode_gen.errors import OperationError, RefusedError, UsageError
from tests.client.tools import node_tools
from tests.commands.calls import call

if TYPE_CHECKING:
    from pathlib import Path

HANDLERS = """
from shop.kernel.app import Kernel
from shop.kernel.event_bus import EVENT_BUS
from shop.kernel.events import Event


async def hear(event: Event) -> None: ...


def register_handlers(kernel: Kernel) -> None:
    bus = kernel.adapter(EVENT_BUS)
    bus.subscribe("people.*", hear, group="mirror")
    bus.subscribe("payments.made", hear, group="thank")
    bus.subscribe("nothing.*", hear, group="idle")
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("asyncapi")
    call(folder, "new", "shop", "--no-git", "--defaults")
    root = folder / "shop"
    call(
        root, "make:aggregate", "people", "name:str:pii", "kind:enum=a/b", "credit:decimal=12.2:null", "seen:date:null"
    )
    call(root, "make:event", "people", "banned", "reason:text", "until:datetime:null")
    return root


@pytest.fixture
def shop(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "shop")


def document(shop: Path, name: str = "asyncapi.json") -> dict[str, Any]:
    return cast("dict[str, Any]", json.loads((shop / name).read_text()))


def with_handlers(shop: Path) -> None:
    call(shop, "make:adapter", "bus-redis")
    (shop / "src/shop/handlers.py").write_text(HANDLERS)
    root = shop / "src/shop/composition_root.py"
    text = root.read_text().replace("    return kernel", "    register_handlers(kernel)\n    return kernel")
    root.write_text(
        text.replace("from shop.kernel.app", "from shop.handlers import register_handlers\nfrom shop.kernel.app")
    )


def test_every_event_is_a_channel_of_a_valid_document(shop: Path) -> None:
    with_handlers(shop)
    call(shop, "generate:asyncapi")
    found = document(shop)
    schema = json.loads((node_tools() / "@asyncapi/specs/schemas/3.0.0.json").read_text())
    jsonschema.Draft7Validator(schema).validate(found)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft7Validator(schema).validate({**found, "channels": {"a": {"adress": "a"}}})

    types = ["people.banned", "people.changed", "people.created", "people.removed"]
    assert list(found["channels"]) == ["payments.made", *types]
    assert list(found["operations"]) == [
        *(f"send.{name}" for name in types),
        *(f"mirror.{name}" for name in types),
        "thank.payments.made",
    ]
    assert (found["info"], found["asyncapi"]) == ({"title": "shop", "version": "0.1.0"}, "3.0.0")
    message = found["components"]["messages"]["people.created"]
    assert (message["x-personal"], message["title"]) == (["name"], "PersonCreated")


def test_what_is_published_fits_what_the_document_says(shop: Path) -> None:
    call(shop, "generate:asyncapi")
    found = document(shop)
    payload = {**found["components"]["messages"]["people.created"]["payload"], "components": found["components"]}
    sent = {
        "id": "0197f0a1-0000-7000-8000-000000000000",
        "type": "people.created",
        "version": 1,
        "occurredAt": "2026-03-01T12:00:00+00:00",
        "key": "17",
        "correlationId": "c",
        "causationId": None,
        "source": "people",
        "data": {"name": {"$personal": {"subject": "17", "sealed": "x", "erased": "[erased]"}}, "kind": "a",
                 "credit": "1.00", "seen": None},
        "metadata": {"user": "u"},
    }  # fmt: skip
    check = jsonschema.Draft202012Validator(payload)
    check.validate(sent)
    check.validate({**sent, "data": {**sent["data"], "name": "in the clear"}})  # type: ignore[dict-item]  # a dict
    spoilt: tuple[dict[str, object], ...] = (
        {"type": "people.changed"},
        {"version": 2},
        {"data": {}},
        {"causationId": 1},
        {"more": 1},
    )
    for wrong in spoilt:
        assert not check.is_valid({**sent, **wrong}), wrong


def test_the_same_code_gives_the_same_bytes_and_check_tells_when_it_does_not(shop: Path) -> None:
    stale = call(shop, "generate:asyncapi", "--check")
    assert (stale.code, stale.out) == (4, "stale: asyncapi.json")
    assert "bring it up to date with: arckode generate:asyncapi" in stale.said
    assert call(shop, "generate:asyncapi", "--dry-run").code == 0
    assert not (shop / "asyncapi.json").exists()
    call(shop, "generate:asyncapi")
    before = (shop / "asyncapi.json").read_bytes()
    assert document(shop)["operations"] == {}  # nobody carries them anywhere
    assert call(shop, "generate:asyncapi").out == "generate:asyncapi: nothing to do, everything is there already"
    assert (call(shop, "generate:asyncapi", "--check").code, (shop / "asyncapi.json").read_bytes()) == (0, before)
    call(shop, "make:event", "people", "moved", "city:str:null")
    late = call(shop, "generate:asyncapi", "--check", "--json")
    assert (late.code, json.loads(late.out)) == (4, {"version": 1, "stale": ["asyncapi.json"]})
    call(shop, "generate:asyncapi", "--out", "docs/events.json")
    assert "people.moved" in document(shop, "docs/events.json")["channels"]
    undo = call(shop, "undo")
    assert (undo.code, (shop / "docs/events.json").exists()) == (0, False)


def test_a_file_that_somebody_wrote_is_not_overwritten(shop: Path) -> None:
    call(shop, "generate:asyncapi")
    file = shop / "asyncapi.json"
    edited = file.read_text().replace('"title": "shop"', '"title": "Our shop"')
    file.write_text(edited)
    with pytest.raises(
        RefusedError, match=r"asyncapi\.json was edited, or is none that this command wrote; nothing"
    ) as no:
        call(shop, "generate:asyncapi")
    assert no.value.hint == "name another file with --out, or use --force to overwrite it"
    assert file.read_text() == edited
    assert call(shop, "generate:asyncapi", "--force").code == 0
    assert document(shop)["info"]["title"] == "shop"


REFUSED = [
    ("--check --dry-run", "--check compares, --dry-run shows what would be written"),
    ("--out ../events.json", "--out ../events.json is outside of the project"),
    ("--out src", "--out src is a folder"),
]


@pytest.mark.parametrize(("words", "told"), REFUSED, ids=[words for words, _ in REFUSED])
def test_what_makes_no_sense_is_told(made: Path, words: str, told: str) -> None:
    with pytest.raises(UsageError) as refused:
        call(made, "generate:asyncapi", *words.split())
    assert refused.value.message == told


def test_a_project_without_events_and_one_that_cannot_be_imported_are_told(made: Path, tmp_path: Path) -> None:
    call(tmp_path, "new", "shop", "--no-git", "--defaults")
    with pytest.raises(UsageError, match="this project declares no events") as refused:
        call(tmp_path / "shop", "generate:asyncapi")
    assert refused.value.hint.startswith("`arckode make:aggregate NAME`")
    settings = tmp_path / "shop/src/shop/settings.py"
    settings.write_text(settings.read_text() + "\n1 / 0\n")
    with pytest.raises(OperationError, match=r"src/shop/settings\.py:\d+: ZeroDivisionError"):
        call(tmp_path / "shop", "generate:asyncapi")
