"""One requirement in pyproject.toml, and out again."""

from __future__ import annotations

import pytest

from arckode_gen.engine.edits import AlreadyGone, AlreadyThere, CannotInsert, CannotRemove, Inserted, Removed
from arckode_gen.engine.edits_dependencies import insert_dependency, remove_dependency

LINE = "redis>=8,<9"


def project(array: str) -> str:
    return f'[project]\nname = "shop"\ndependencies = {array}\n\n[tool.x]\ndependencies = ["other"]\n'


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        pytest.param("[]", f'["{LINE}"]', id="an empty array"),
        pytest.param('["a", "z"]', f'["a", "{LINE}", "z"]', id="sorted on one line"),
        pytest.param('[\n    "a",\n    "z",\n]', f'[\n    "a",\n    "{LINE}",\n    "z",\n]', id="sorted on lines"),
        pytest.param("[\n  'a',\n]", f"[\n  'a',\n  '{LINE}',\n]", id="the array's own quotes and indentation"),
        pytest.param('[\n    "a"\n]', f'[\n    "a",\n    "{LINE}"\n]', id="no comma after the last"),
        pytest.param(
            '[\n    # web\n    "a", # why\n    "z",\n]',
            f'[\n    # web\n    "a", # why\n    "{LINE}",\n    "z",\n]',
            id="comments stay",
        ),
        pytest.param("[\n]", f'[\n    "{LINE}",\n]', id="an empty array on two lines"),
        pytest.param(
            '[\n    "sqlalchemy[asyncio]>=2",\n]',
            f'[\n    "{LINE}",\n    "sqlalchemy[asyncio]>=2",\n]',
            id="a bracket inside a requirement",
        ),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_where_a_requirement_goes(array: str, expected: str, end: str) -> None:
    before = project(array).replace("\n", end).encode()
    after = project(expected).replace("\n", end).encode()
    assert insert_dependency(before, LINE) == Inserted(after)
    assert insert_dependency(after, LINE) == AlreadyThere()
    assert remove_dependency(after, LINE) == Removed(before)


def test_a_group_is_an_array_of_its_own() -> None:
    before = b'[project]\ndependencies = []\n[dependency-groups]\ndev = [\n    { include-group = "x" },\n    "a",\n]\n'
    after = before.replace(b'    "a",\n', b'    "a",\n    "redis>=8,<9",\n')
    assert insert_dependency(before, LINE, group="dev") == Inserted(after)
    assert remove_dependency(after, LINE, group="dev") == Removed(before)


@pytest.mark.parametrize("item", ["redis", "Redis==7", "redis [hiredis] ; python_version > '3'"])
def test_a_package_that_is_there_in_other_words_is_left_alone(item: str) -> None:
    source = project(f'["{item}"]').encode()
    assert insert_dependency(source, LINE) == AlreadyThere()
    assert isinstance(remove_dependency(source, LINE), CannotRemove)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        pytest.param("[project\n", "no valid TOML", id="broken TOML"),
        pytest.param("[tool.x]\n", "no array 'dependencies'", id="no project"),
        pytest.param(project('["redis"]'), "without the extra", id="the package without the extra"),
        pytest.param(
            project('[\n    "a", "b",\n    "z"]'), "not one requirement on each line", id="items share a line"
        ),
        pytest.param('project.dependencies = ["a"]\n', "not one requirement on each line", id="a dotted key"),
    ],
)
def test_without_a_safe_place_it_says_why_and_what_to_paste(source: str, reason: str) -> None:
    outcome = insert_dependency(source.encode(), "redis[hiredis]>=8")
    assert isinstance(outcome, CannotInsert)
    assert reason in outcome.reason
    assert outcome.patch == '    "redis[hiredis]>=8",'


def test_removing_what_is_not_there_is_nothing_to_do() -> None:
    assert remove_dependency(project('["a"]').encode(), LINE) == AlreadyGone()
    assert remove_dependency(b"", LINE) == AlreadyGone()
    assert isinstance(remove_dependency(b"[", LINE), CannotRemove)


def test_a_requirement_of_a_stub_must_name_a_package() -> None:
    with pytest.raises(ValueError, match="names no package"):
        insert_dependency(b"", ">=8")
