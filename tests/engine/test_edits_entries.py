"""One entry in a YAML file, one variable in an example of the environment, and out again."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from arckode_gen.engine.edits import AlreadyGone, AlreadyThere, CannotInsert, CannotRemove, Inserted, Removed
from arckode_gen.engine.edits_entries import insert_entry, remove_entry
from arckode_gen.engine.edits_env import insert_env, remove_env

COMPOSE = """\
# what runs
services:
  app:
    build: .
    environment: &environment
      # who we are
      NAME: shop   # and why
      ZONE: "a: b"

    ports: ["8000:8000"]
  worker:
    environment: *environment
volumes:
  data:
"""
ENVIRONMENT = "services.app.environment"


def changed(source: str, old: str, new: str) -> str:
    assert source.count(old) == 1
    return source.replace(old, new)


CASES = [
    pytest.param(
        ENVIRONMENT,
        "URL: redis://cache:6379/0",
        changed(COMPOSE, '      ZONE: "', '      URL: redis://cache:6379/0\n      ZONE: "'),
        id="sorted into a mapping, after the comment of the line before",
    ),
    pytest.param(
        ENVIRONMENT,
        "ZOO: ${ZOO:?set it in .env}",
        changed(COMPOSE, '"a: b"\n', '"a: b"\n      ZOO: ${ZOO:?set it in .env}\n'),
        id="at the end, above the blank line",
    ),
    pytest.param(
        ENVIRONMENT,
        "AGE: 7",
        changed(COMPOSE, "      # who", "      AGE: 7\n      # who"),
        id="at the beginning, above the comment of the first",
    ),
    pytest.param(
        "services",
        "cache:\n  image: redis:7\n  # nothing is kept\n  command: [a, b]\n",
        changed(
            COMPOSE,
            "  worker:",
            "  cache:\n    image: redis:7\n    # nothing is kept\n    command: [a, b]\n  worker:",
        ),
        id="a whole service with its comment",
    ),
    pytest.param("volumes", "files:", f"{COMPOSE}  files:\n", id="a key without a value at the end of the file"),
    pytest.param(
        "services.app.volumes",
        "- files:/files",
        changed(COMPOSE, '"8000:8000"]\n', '"8000:8000"]\n    volumes:\n      - files:/files\n'),
        id="the first item of a list that was not there",
    ),
]


@pytest.mark.parametrize(("place", "statement", "expected"), CASES)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_where_an_entry_goes(place: str, statement: str, expected: str, end: str) -> None:
    before, after = (text.replace("\n", end).encode() for text in (COMPOSE, expected))
    assert insert_entry(before, place, statement) == Inserted(after)
    assert insert_entry(after, place, statement) == AlreadyThere()
    assert remove_entry(after, place, statement) == Removed(before)
    assert remove_entry(before, place, statement) == AlreadyGone()


LISTED = "app:\n  volumes:\n    - data:/data\n  name: x\n"


def test_an_item_is_added_to_a_list_and_leaves_the_others() -> None:
    after = LISTED.replace("data:/data\n", "data:/data\n    - files:/files\n").encode()
    assert insert_entry(LISTED.encode(), "app.volumes", "- files:/files") == Inserted(after)
    assert remove_entry(after, "app.volumes", "- files:/files") == Removed(LISTED.encode())


def test_a_file_without_a_last_line_end_gets_one() -> None:
    assert insert_entry(b"a:\n  b: 1", "a", "c: 2") == Inserted(b"a:\n  b: 1\n  c: 2\n")


def test_a_plain_value_that_a_person_chose_stays() -> None:
    assert insert_entry(COMPOSE.encode(), ENVIRONMENT, "NAME: other") == AlreadyThere()
    outcome = remove_entry(COMPOSE.encode(), ENVIRONMENT, "NAME: other")
    assert outcome == CannotRemove("a person changed it", "NAME: other")


NO_PLACE = [
    pytest.param("a: [1, 2", "a", "x: 1", "while parsing a flow sequence", id="no YAML"),
    pytest.param("- a\n", "a", "x: 1", "it holds no keys and values", id="a list"),
    pytest.param("a: {b: 1}\n", "a", "x: 1", "a is not one entry on each line", id="a mapping in braces"),
    pytest.param("a: [b]\n", "a", "- c", "a is not one item on each line", id="a list in brackets"),
    pytest.param(
        "on:\n  b: 1\n", "on", "x: 1", "there is no on, or a key in it is no text", id="a key that YAML takes for true"
    ),
    pytest.param("a: text\n", "a", "x: 1", "a is not one entry on each line", id="a text"),
    pytest.param("a:\n", "a", "x: 1", "a is not one entry on each line", id="nothing"),
    pytest.param("b: 1\n", "a.c", "x: 1", "there is no a.c", id="a place that is not there"),
    pytest.param("a:\n  x:\n    y: 1\n", "a", "x:\n  y: 2\n", "a has another 'x'", id="another service of that name"),
    pytest.param("a: !x\n  b: 1\n", "a", "c: 1", "could not determine a constructor", id="a tag of somebody's own"),
]


@pytest.mark.parametrize(("source", "place", "statement", "reason"), NO_PLACE)
def test_what_has_no_safe_place_is_refused_with_the_lines_to_paste(
    source: str, place: str, statement: str, reason: str
) -> None:
    outcome = insert_entry(source.encode(), place, statement)
    assert isinstance(outcome, CannotInsert)
    assert reason in outcome.reason
    assert outcome.patch == f"# in {place}:\n{statement}".rstrip("\n")


def test_what_is_not_utf_8_is_refused() -> None:
    assert isinstance(insert_entry(b"a:\n  b: \xff\n", "a", "c: 1"), CannotInsert)
    assert isinstance(insert_env(b"A=\xff\n", "B=1"), CannotInsert)


@pytest.mark.parametrize("statement", ["text", "a: 1\nb: 2\n", "- a\n- b\n", "", "on: 1"])
def test_what_is_no_single_entry_is_a_mistake_of_the_stub(statement: str) -> None:
    with pytest.raises(ValueError, match="is no single entry"):
        insert_entry(COMPOSE.encode(), "services", statement)


KEYS = st.text("ABCDGHJKMP_", min_size=1, max_size=4)


@settings(max_examples=40)
@given(st.lists(KEYS, min_size=1, max_size=5, unique=True), st.lists(KEYS, max_size=5, unique=True), st.randoms())
def test_the_order_of_making_does_not_show(there: list[str], added: list[str], random: object) -> None:
    source = ("a:\n" + "".join(f"  {key}: 1\n" for key in there)).encode()
    new = [key for key in added if key not in there]
    first, second = source, source
    for key in new:
        first = inserted(first, key)
    random.shuffle(new)  # type: ignore[attr-defined]  # hypothesis's own Random
    for key in new:
        second = inserted(second, key)
    assert first == second
    assert set(yaml.safe_load(first)["a"]) == {*there, *new}
    for key in new:
        outcome = remove_entry(first, "a", f"{key}: 2")
        assert isinstance(outcome, Removed)
        first = outcome.text
    assert first == source


def inserted(source: bytes, key: str) -> bytes:
    outcome = insert_entry(source, "a", f"{key}: 2")
    assert isinstance(outcome, Inserted)
    return outcome.text


ENV = "# Copy to .env\nDATABASE_URL=x\n# BODY_LIMIT=1\n"


@pytest.mark.parametrize(
    ("before", "statement", "after"),
    [
        pytest.param(ENV, "CACHE__URL=x", f"{ENV}CACHE__URL=x\n", id="after the plain ones"),
        pytest.param(
            f"{ENV}MAIL__HOST=x\n", "# CACHE__URL=x", f"{ENV}# CACHE__URL=x\nMAIL__HOST=x\n", id="sorted, not in use"
        ),
        pytest.param("A=1", "B__C=2", "A=1\nB__C=2\n", id="a file without a last line end"),
        pytest.param("", "B__C=2", "B__C=2\n", id="an empty file"),
        pytest.param("A=1\r\n", "B__C=2", "A=1\r\nB__C=2\r\n", id="CRLF"),
    ],
)
def test_where_a_variable_goes(before: str, statement: str, after: str) -> None:
    assert insert_env(before.encode(), statement) == Inserted(after.encode())
    assert insert_env(after.encode(), statement) == AlreadyThere()
    taken = remove_env(after.encode(), statement)
    assert isinstance(taken, Removed)
    assert taken.text.rstrip() == before.rstrip().encode()
    assert remove_env(before.encode(), statement) == AlreadyGone()


@pytest.mark.parametrize("line", ["CACHE__URL=mine", "# CACHE__URL=", "#CACHE__URL=x", "export CACHE__URL=x"])
def test_a_variable_that_a_person_set_stays(line: str) -> None:
    source = f"{ENV}{line}\n".encode()
    assert insert_env(source, "CACHE__URL=redis://x") == AlreadyThere()
    assert remove_env(source, "CACHE__URL=redis://x") == AlreadyGone()


def test_what_names_no_variable_is_a_mistake_of_the_stub() -> None:
    with pytest.raises(ValueError, match="names no variable"):
        insert_env(b"", "# words")
