"""What is written from the code is as the code has it, and tables written by hand name what is there."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import pytest

from arckode_gen import errors
from arckode_gen.engine import field_types, stubs, words
from tests.docs import pictures, reference
from tests.docs.blocks import ROOT

if TYPE_CHECKING:
    from arckode_gen.engine.spec import CommandSpec

PAGES = reference.pages()


@pytest.mark.parametrize("path", sorted(PAGES))
def test_a_generated_page_is_up_to_date(path: str) -> None:
    assert (ROOT / path).read_text(encoding="utf-8") == PAGES[path], "run `python -m tests.docs.generate`"


def test_a_picture_is_drawn_as_the_code_draws_it() -> None:
    stale = [path for path, text in pictures.pages().items() if (ROOT / path).read_text(encoding="utf-8") != text]
    assert not stale, "run `python -m tests.docs.generate`"


@pytest.mark.parametrize("picture", ["map", "request", "event"])
def test_a_picture_says_what_it_shows_and_is_small(picture: str) -> None:
    text = (ROOT / f"{pictures.FOLDER}/{picture}.svg").read_text(encoding="utf-8")
    root = ElementTree.fromstring(text)
    assert root.get("role") == "img"
    assert root[0].tag.endswith("title")
    assert root[0].text
    assert len(text) < 12_000


def test_every_type_and_modifier_is_explained_by_hand() -> None:
    text = re.sub(r"<!-- generated.*?<!-- end", "", PAGES[reference.FIELDS], flags=re.DOTALL)
    named = set(re.findall(r"`([a-z_]+)[^`]*`", text))
    assert {*field_types.TYPES, *field_types.MODIFIERS, *field_types.ALIASES} <= named


@pytest.mark.parametrize(
    ("spec", "example"), [pytest.param(spec, each, id=each) for spec in reference.specs() for each in spec.examples]
)
def test_an_example_of_a_command_is_understood(spec: CommandSpec, example: str) -> None:
    found = re.search(r"arckode (\S+)([^|>)]*)", example)
    assert found is not None
    assert found[1] == spec.name
    assert words.read(spec, words.normalise(spec, shlex.split(found[2]))) is not None


def test_every_exit_code_of_an_error_is_in_the_table() -> None:
    text = (ROOT / "docs/reference/exit-codes.md").read_text(encoding="utf-8")
    listed = {int(code) for code in re.findall(r"^\| (\d+) \|", text, re.MULTILINE)}
    assert {error.exit_code for error in errors.ArckodeError.__subclasses__()} <= listed
    assert {0, 1, 130} <= listed


def test_every_key_of_a_stub_is_in_the_reference() -> None:
    text = (ROOT / "docs/reference/stub-yml.md").read_text(encoding="utf-8")
    named = set(re.findall(r"^\| `(\w+)`", text, re.MULTILINE))
    assert {*stubs._KEYS, *stubs._PARAM_KEYS} <= named


@pytest.mark.parametrize(("part", "page"), [("types", "no such part"), ("modifiers", "<!-- generated: types -->")])
def test_a_page_without_its_generated_part_is_refused(part: str, page: str) -> None:
    with pytest.raises(KeyError, match=part):
        reference.filled(page, {part: "text"})
