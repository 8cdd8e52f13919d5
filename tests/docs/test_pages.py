"""Every page does what it says: its commands are run, its files are written, its data is read."""

from __future__ import annotations

import ast
import json
import tomllib
from typing import TYPE_CHECKING, cast

import pytest
import yaml

from arckode_gen.engine import stubs
from tests.docs import blocks, session

if TYPE_CHECKING:
    from pathlib import Path

    from tests.docs.blocks import Block

PAGES = {blocks.name_of(path): blocks.read(path) for path in blocks.pages()}
LANGUAGES = frozenset({"sh", "console", "python", "yaml", "toml", "json", "jinja", "sql", "text", "ts"})
ALL = [block for page in PAGES.values() for block in page]


TRANSLATIONS = {name: found for name in PAGES if (found := blocks.original(blocks.ROOT / name))}


@pytest.mark.parametrize("page", TRANSLATIONS)
def test_a_translation_has_the_blocks_of_its_original(page: str) -> None:
    original = PAGES[blocks.name_of(TRANSLATIONS[page])]
    assert [_without_place(block) for block in PAGES[page]] == [_without_place(block) for block in original]


def _without_place(block: Block) -> tuple[str, str, str, str]:
    return (block.language, block.text, block.not_run, block.file)


@pytest.mark.generates
@pytest.mark.parametrize(
    "page", [name for name, found in PAGES.items() if session.steps(found) and name not in TRANSLATIONS]
)
def test_a_page_does_what_it_says(page: str, tmp_path: Path) -> None:
    problems = session.play(session.steps(PAGES[page]), tmp_path)
    assert not problems, problems[0]


@pytest.mark.parametrize("block", ALL, ids=lambda block: block.where)
def test_a_block_is_in_a_language_that_is_checked(block: Block) -> None:
    assert block.language in LANGUAGES, f"{block.where}: say what language this is"
    assert block.file or block.language not in {"jinja", "sql"}, f"{block.where}: say which file this is"


@pytest.mark.parametrize("block", [each for each in ALL if each.language == "python"], ids=lambda block: block.where)
def test_python_compiles(block: Block) -> None:
    compile(block.text, block.where, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


@pytest.mark.parametrize("block", [each for each in ALL if each.language == "yaml"], ids=lambda block: block.where)
def test_yaml_is_read_and_a_stub_is_loaded(block: Block, tmp_path: Path) -> None:
    found = cast("object", yaml.safe_load(block.text))
    if not isinstance(found, dict) or "summary" not in found:
        return
    for file in cast("list[dict[str, str]]", found.get("files", [])):
        template = tmp_path / "tree" / file["template"]
        template.parent.mkdir(parents=True, exist_ok=True)
        template.touch()
    (tmp_path / "stub.yml").write_text(block.text, encoding="utf-8")
    assert stubs.load(tmp_path).spec.summary == found["summary"]


@pytest.mark.parametrize(
    "block", [each for each in ALL if each.language in {"toml", "json"}], ids=lambda block: block.where
)
def test_toml_and_json_are_read(block: Block) -> None:
    read = tomllib.loads if block.language == "toml" else json.loads
    assert read(block.text)


def test_what_is_not_run_says_why_and_stays_little() -> None:
    left_out = [block for name, page in PAGES.items() if name not in TRANSLATIONS for block in page if block.not_run]
    assert all(len(block.not_run.split()) > 1 for block in left_out)
    assert len(left_out) <= 20
