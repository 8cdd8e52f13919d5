"""`arckode place`: where code goes, in the words of whoever wants to write it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from arckode_gen import commands
from arckode_gen.engine import places
from arckode_gen.errors import UsageError
from tests.commands.calls import call

ORDERS = "src/shop/modules/orders"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `place` reads of a project: its manifest and its modules."""
    root = tmp_path_factory.mktemp("shop")
    manifest = {"arckode": "0.1.0", "format": 1, "name": "shop", "options": {}, "package": "shop"}
    files = {".arckode/project.json": json.dumps(manifest)}
    files |= {f"src/shop/modules/{name}/__init__.py": "" for name in ("orders", "order_lines", "customers")}
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return root


@pytest.mark.parametrize(
    ("text", "path", "command"),
    [
        ("a rate limiter for orders", f"{ORDERS}/controller.py", ""),
        ("a discount for big orders", f"{ORDERS}/service.py", "arckode make:usecase orders <name>"),
        ("confirm an order", f"{ORDERS}/usecases/<action>.py", "arckode make:usecase orders <name>"),
        ("a query that joins order lines", "src/shop/modules/order_lines/repository.py", ""),
        (
            "a new column for customers",
            "src/shop/modules/customers/model.py",
            "arckode make:field customers <name>:<type>",
        ),
        ("who may see an order: a permission", f"{ORDERS}/permissions.py", ""),
        ("send a report by mail every night", "src/shop/jobs/<job>.py", "arckode make:job <name>"),
        ("format a phone number", "src/shop/shared/<function>.py", "arckode make:helper <name>"),
        ("a header on every request", "src/shop/middleware/<layer>.py", "arckode make:middleware <name>"),
        ("a chat over a websocket", "src/shop/sockets/<path>.py", "arckode make:websocket <name>"),
        ("keep a secret in a setting", "src/shop/settings.py", ""),
        (
            "una columna para customers",
            "src/shop/modules/customers/model.py",
            "arckode make:field customers <name>:<type>",
        ),
        ("una migración con un índice", "", "arckode make:migration <name>"),
        ("iniciar sesión: autenticación con contraseña", "", "arckode make:auth"),
    ],
)
def test_the_best_place_comes_first(shop: Path, text: str, path: str, command: str) -> None:
    document = json.loads(call(shop, "place", text, "--json").out)
    assert document["understood"]
    assert 1 <= len(document["places"]) <= 3
    best = document["places"][0]
    assert best["command"] == command
    assert best["path"] == path or not path
    assert (Path(__file__).parents[2] / f"templates/agents/en/.agents/skills/{best['skill']}/SKILL.md").is_file()


def test_a_person_reads_it_in_lines(shop: Path) -> None:
    told = call(shop, "place", "a helper to format prices").out.splitlines()
    assert told[0] == "src/shop/shared/<function>.py"
    assert "  make it: arckode make:helper <name>" in told
    assert "  read: .agents/skills/helpers/SKILL.md" in told


def test_words_that_nobody_knows_are_said_and_answered_with_the_rule_of_the_business(shop: Path) -> None:
    heard = call(shop, "place", "xyzzy for customers")
    assert heard.said.startswith("none of these words is known")
    assert heard.out.startswith("src/shop/modules/customers/service.py")
    document = json.loads(call(shop, "place", "xyzzy", "--json").out)
    assert (document["understood"], document["module"]) == (False, "")


def test_nothing_asked_is_refused(shop: Path) -> None:
    with pytest.raises(UsageError, match="nothing was asked"):
        call(shop, "place", " ")


def test_outside_of_a_project_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        call(tmp_path, "place", "a helper")


def test_every_generator_is_found_by_each_word_it_says(shop: Path) -> None:
    for stub in commands.generators(shop):
        kind = places.generated(stub)
        assert kind.asked
        for words in kind.asked:
            assert places.find(words, [kind], "shop", ()).is_understood, (stub.folder.name, words)
