"""The mocks of a client: typed by operation and status, answering with values that their schemas allow."""

from __future__ import annotations

import re
import subprocess
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from arckode_gen.client import document, patterns
from arckode_gen.client.paths import more_particular
from tests.bench.bench_client import own_document
from tests.client.documents import CONSTRUCTS, client_of, write
from tests.client.mock_answers import answers
from tests.client.tools import bundle, compile_errors, lines_with_any, node_tools, unformatted

if TYPE_CHECKING:
    from tests.client.mock_answers import Said

_HERE = Path(__file__).parent
_FILE = _HERE / "fixtures/mocked.yml"
_LOCAL = ("mocked.ts", "mocked_types.ts")


def mocked() -> dict[str, Any]:
    return document.parse(_FILE.read_text("utf-8"), _FILE.name)


@pytest.fixture(scope="module")
def clients(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the client of every construct with its mocks, and one that is driven."""
    folder = tmp_path_factory.mktemp("mocks")
    (folder / "node_modules").symlink_to(node_tools())
    for file in CONSTRUCTS:
        write(document.parse(file.read_text("utf-8"), file.name), folder / file.stem, "mock")
    write(mocked(), folder / "driven", "mock")
    for name in _LOCAL:
        (folder / "driven" / name).write_text((_HERE / "fixtures" / name).read_text("utf-8"), "utf-8")
    (folder / "globals.d.ts").write_text((_HERE / "live_globals.d.ts").read_text("utf-8"), "utf-8")
    return folder


@pytest.mark.parametrize("version", ["5.9", "7.0"])
def test_what_a_mock_is_told_is_typed_by_operation_and_status(clients: Path, version: str) -> None:
    assert not (said := compile_errors(clients, version)), "\n".join(said)


def test_what_is_written_is_formatted(clients: Path) -> None:
    assert unformatted(file for file in clients.glob("*/*.ts") if file.name not in _LOCAL) == []


def test_there_is_no_any(clients: Path) -> None:
    assert [line for folder in clients.iterdir() if folder.is_dir() for line in lines_with_any(folder)] == []


def test_the_client_is_driven_against_its_mocks(clients: Path) -> None:
    source = (clients / "driven/mocked.ts").read_text("utf-8")
    driver = bundle(source, clients / "driven", "--platform=node", "--packages=external")
    ran = subprocess.run(["node", str(driver)], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stdout.count("ok ") == source.count("\n  async "), ran.stdout


def test_nothing_that_ships_knows_of_the_mocks() -> None:
    plain, with_mocks = client_of(mocked()), client_of(mocked(), "mock")
    added = with_mocks.keys() - plain.keys()
    assert {"runtime.mock.ts", "index.mock.ts", "schemas.mock.ts", "orders.mock.ts"} <= added
    assert all(name.endswith(".mock.ts") for name in added)
    assert {name: text for name, text in with_mocks.items() if name not in added} == plain


def test_only_the_tests_need_mock_service_worker() -> None:
    for name, text in client_of(mocked(), "mock").items():
        assert 'from "msw' not in text, name


def _wrong(found: list[Said], *, strictly: bool = True) -> list[str]:
    said = [(each, each.wrong_strictly if strictly else each.wrong) for each in found]
    return [f"{each.place}: {why}: {each.text[:200]}" for each, why in said if why]


def test_every_example_of_a_project_of_ours_is_what_its_schema_says(tmp_path: Path) -> None:
    made = document.parse(own_document(tmp_path / "own").read_text("utf-8"), "own")
    write(made, tmp_path / "api", "mock")
    found = answers(made, tmp_path / "api")
    assert len(found) > 30
    assert all(each.is_known for each in found)
    assert _wrong(found) == []


@pytest.mark.parametrize("file", [*CONSTRUCTS, _FILE], ids=lambda file: file.stem)
def test_every_example_of_a_construct_is_what_its_schema_says(clients: Path, file: Path) -> None:
    folder = clients / ("driven" if file == _FILE else file.stem)
    found = answers(document.parse(file.read_text("utf-8"), file.name), folder)
    assert _wrong(found) == []
    assert {each.place for each in found if not each.is_known} <= {"GET /never 200"}


def _changed(first: dict[str, str], second: dict[str, str]) -> list[str]:
    return sorted(name for name in second if second[name] != first.get(name))


def test_one_more_field_touches_one_file_of_examples_beside_its_type() -> None:
    changed = mocked()
    changed["components"]["schemas"]["Tag"]["properties"]["colour"] = {"type": "string"}
    before, after = client_of(mocked(), "mock"), client_of(changed, "mock")
    assert _changed(before, after) == ["schemas.mock.ts", "schemas.ts"]
    lines = set(after["schemas.mock.ts"].splitlines()) - set(before["schemas.mock.ts"].splitlines())
    assert lines == {'    colour: "colour",', '        colour: "colour 2",'}


def test_one_more_operation_touches_its_own_file() -> None:
    changed = mocked()
    changed["paths"]["/orders/{id}/report"]["post"] = deepcopy(changed["paths"]["/orders/{id}"]["delete"])
    changed["paths"]["/orders/{id}/report"]["post"].update(operationId="send_report", tags=["reports"])
    assert _changed(client_of(mocked(), "mock"), client_of(changed, "mock")) == ["reports.mock.ts", "reports.ts"]


def _example(schema: dict[str, Any], version: str = "3.1.0") -> str:
    """Return what a schema's example is, as it is written into a file."""
    answer = {"200": {"content": {"application/json": {"schema": schema}}}}
    made = {
        "openapi": version,
        "info": {"title": "x"},
        "paths": {"/a": {"get": {"operationId": "a", "responses": answer}}},
        "components": {"schemas": {"S": {"type": "object", "properties": {"deep": {"type": "integer"}}}}},
    }
    text = client_of(made, "mock")["a.mock.ts"]
    found = re.search(r"      200: (.*?),\n    \},", text, re.DOTALL)
    assert found is not None
    return re.sub(r"\s+", " ", found[1].removeprefix("() => "))


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"type": "string", "format": "date-time"}, '"2026-01-15T09:30:00Z"'),
        ({"type": "string", "format": "uuid"}, '"0198c5e1-7a00-7000-8000-000000000001"'),
        ({"type": "string", "format": "ipv6"}, '"2001:db8::1"'),
        ({"type": "string", "minLength": 12}, '"text text te"'),
        ({"type": "string", "maxLength": 2}, '"te"'),
        ({"type": "string", "pattern": "^[a-f]{4}$", "maxLength": 4}, '"aaaa"'),
        ({"type": "string", "pattern": r"^\d{3}-(?:x|y)+$"}, '"000-x"'),
        ({"type": "string", "pattern": r"^(?<year>\d{4})\/\p{Lu}$"}, '"text"'),  # Python cannot judge it
        ({"type": "string", "enum": ["paid", "draft"]}, '"paid"'),
        ({"type": "string", "example": "given", "default": "less"}, '"given"'),
        ({"type": "string", "examples": ["first", "second"]}, '"first"'),
        ({"type": "string", "default": "usual"}, '"usual"'),
        ({"type": "string", "example": 5, "maxLength": 3}, '"tex"'),  # it breaks its own schema
        ({"type": "string", "example": "long", "maxLength": 3}, '"tex"'),
        ({"const": "only"}, '"only"'),
        ({"type": "integer"}, "1"),
        ({"type": "integer", "minimum": 18}, "18"),
        ({"type": "integer", "exclusiveMinimum": 18}, "19"),
        ({"type": "integer", "maximum": -5}, "-5"),
        ({"type": "integer", "minimum": 4, "multipleOf": 3}, "6"),
        ({"type": "number", "minimum": 0.25, "maximum": 0.75, "exclusiveMinimum": 0.25}, "0.375"),
        ({"type": "integer", "format": "int64", "minimum": -9223372036854775808}, "1"),
        ({"type": "boolean"}, "true"),
        ({"type": ["null", "string"]}, '"text"'),
        ({"type": "null"}, "null"),
        ({"type": "array", "items": {"type": "integer"}}, "[1]"),
        ({"type": "array", "items": {"type": "integer"}, "minItems": 3, "uniqueItems": True}, "[1, 2, 3]"),
        ({"type": "array", "items": {"enum": ["a", "b"]}, "minItems": 2, "uniqueItems": True}, '["a", "b"]'),
        ({"type": "array", "items": {"type": "integer"}, "maxItems": 0}, "[]"),
        ({"prefixItems": [{"type": "string"}, {"type": "integer"}], "minItems": 2, "items": False}, '["text", 1]'),
        ({"additionalProperties": {"type": "integer"}}, "({ key: 1, })"),
        ({"type": "object", "propertyNames": {"pattern": "^x-"}, "additionalProperties": {"type": "boolean"}},
         '({ "x-": true, })'),
        ({"type": "object", "properties": {}, "additionalProperties": False}, "({})"),
        ({"type": "object", "properties": {"__proto__": {"type": "integer"}}}, '({ ["__proto__"]: 1, })'),
        ({"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["b"]}, '({ a: 1, b: "b", })'),
        ({"$ref": "#/components/schemas/S"}, "exampleS"),
        ({"allOf": [{"$ref": "#/components/schemas/S"}], "description": "the same"}, "exampleS"),
        ({"allOf": [{"$ref": "#/components/schemas/S"}, {"properties": {"own": {"type": "boolean"}}}]},
         "({ deep: 1, own: true, })"),
        ({"anyOf": [{"type": "null"}, {"$ref": "#/components/schemas/S"}]}, "exampleS"),
        ({"oneOf": [{"type": "integer"}, {"type": "number"}]}, "1.5"),
        ({"not": {"const": "text"}, "type": "string", "default": "other"}, '"other"'),
        ({"type": "string", "minLength": 5, "maxLength": 2}, "unknown"),
        (False, "unknown"),
        ({"type": "integer", "enum": [9007199254740993]}, "unknown"),  # JavaScript takes it for another number
    ],
)  # fmt: skip
def test_an_example_is_what_its_schema_says(schema: dict[str, Any], said: str) -> None:
    assert _example(schema) == said


def test_the_words_of_openapi_3_0_are_understood() -> None:
    assert _example({"type": "integer", "minimum": 3, "exclusiveMinimum": True}, "3.0.3") == "4"
    assert _example({"enum": [None], "nullable": True}, "3.0.3") == "null"


@pytest.mark.parametrize(
    ("path", "others", "found"),
    [
        ("/a/{id}", ["/a/recent", "/b/recent", "/a/x/y"], ["/a/recent"]),
        ("/a/{id}", ["/a/{name}"], []),
        ("/a/{x}/{y}", ["/a/{x}/new", "/a/b/{y}", "/a/b/new"], ["/a/b/new", "/a/b/{y}", "/a/{x}/new"]),
        ("/a/{x}/new", ["/a/b/{y}"], []),
        ("/a/{id}", ["/a/{id}.json", "/a/v{id}"], ["/a/v{id}", "/a/{id}.json"]),
        ("/a", ["/a?draft=true", "/a/b"], ["/a?draft=true"]),
        ("/a?draft=true", ["/a"], []),
    ],
)  # fmt: skip
def test_the_path_that_says_most_is_meant(path: str, others: list[str], found: list[str]) -> None:
    assert more_particular(path, [path, *others]) == found


_ATOMS = st.sampled_from(["a", r"\d", r"\w", "[a-z]", "[^x]", r"\.", "(ab|c)", "(?:x)", "-", r"[\d.]", "é", r"\x41"])
_COUNTS = st.sampled_from(["", "*", "+", "?", "{2}", "{1,3}", "{0,}", "+?"])


@settings(max_examples=200, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(_ATOMS, _COUNTS), max_size=5), st.booleans())
def test_a_text_is_found_for_a_plain_pattern(parts: list[tuple[str, str]], is_whole: bool) -> None:
    pattern = "".join(atom + count for atom, count in parts)
    pattern = f"^{pattern}$" if is_whole else pattern
    compiled = patterns.compiled(pattern)
    assert compiled is not None
    assert any(compiled.search(text) for text in patterns.texts(pattern)), pattern


@given(st.text(alphabet="ab\\[](){}*+?|^$.-,:<=!dpPu0129", max_size=12))
@settings(max_examples=300, deadline=None, derandomize=True)
def test_no_pattern_is_too_odd(pattern: str) -> None:
    patterns.compiled(pattern)
    assert all(isinstance(text, str) for text in patterns.texts(pattern))
