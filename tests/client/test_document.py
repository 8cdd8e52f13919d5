"""What a document is read as, and every way in which one cannot be read: by name, with the pointer to the place."""

from __future__ import annotations

from typing import Any

import pytest

from arckode_gen.client import document, operations
from arckode_gen.client.document import UnsupportedError, parse
from arckode_gen.client.naming import Names, camel, file_name, pascal
from arckode_gen.errors import UsageError
from tests.client.documents import client_of

OK = {"200": {"description": "ok"}}


def made(**parts: Any) -> dict[str, Any]:
    return {"openapi": "3.1.0", "info": {"title": "x"}, **parts}


def with_schema(schema: object) -> dict[str, Any]:
    return made(components={"schemas": {"A": schema}})


def with_operation(path: str = "/a", **operation: Any) -> dict[str, Any]:
    return made(paths={path: {"get": {"responses": OK, **operation}}})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "x.json is not JSON: Expecting property name enclosed in double quotes at line 1, column 2"),
        ('{"openapi": NaN}', "x.json is not JSON: NaN is not a number in JSON"),
        ("[1]", "x.json is not an OpenAPI document: it is not an object"),
        ("", "x.json is not an OpenAPI document: it is not an object"),
        ("just words", "x.json is not an OpenAPI document: it is not an object"),
        ("a: [", "x.json is not YAML: "),
        ("a: &a [*a]", "an alias leads into itself"),
        ("a: !!python/object:os.system {}", "x.json is not YAML: could not determine a constructor"),
        (
            "a: !!binary aGk=",
            "could not determine a constructor for the tag 'tag:yaml.org,2002:binary' at line 1, column 4",
        ),
        ("a: *b", "the alias *b names nothing before it"),
        ("a: 1\n---\nb: 1", "expected a single document in the stream at line 2, column 1"),
        ("? [a]\n: 1", "the key of an object is no text at line 1, column 3"),
        ("<<: [1]", "expected an object, or a list of them, to merge at line 1, column 1"),
        ("a: " + "[" * 300 + "]" * 300, "x.json is not YAML: it is nested more than 200 deep"),
        ('{"swagger": "2.0"}', "x.json is Swagger 2.0"),
        ('{"openapi": "4.0.0"}', "x.json says openapi: 4.0.0"),
        ('{"info": {}}', "x.json does not say `openapi: 3.x`"),
    ],
)
def test_what_is_no_document(text: str, said: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse(text, "x.json")
    assert said in refused.value.message


def test_deep_json_is_refused_in_words() -> None:
    with pytest.raises(UsageError, match="x is not JSON"):
        parse("[" * 100_000, "x")


def test_yaml_is_read_as_openapi_wants_it() -> None:
    read = parse("openapi: 3.0.0\npaths:\n  /a: {200: no, when: 2024-01-01, on: 1, t: true, f: 1.5, n: ~}\n", "x")
    assert read["paths"] == {"/a": {"200": "no", "when": "2024-01-01", "on": 1, "t": True, "f": 1.5, "n": None}}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("007", 7), ("-1", -1), ("+.5", 0.5), ("1e3", 1000.0), ("1_000", "1_000"), ("0x1F", "0x1F"), ("-a", "-a"),
        ("yes", "yes"), ("1:30", "1:30"), ("'1'", "1"), ('"true"', "true"), ("!!str 1", "1"), ("! 1", "1"),
        ("!!int 1", 1), ("", None), ("|\n  a\n  b\n", "a\nb\n"), ("&a {b: c}", {"b": "c"}), ("[]", []),
    ],
)  # fmt: skip
def test_a_value_of_yaml_is_what_its_words_say(text: str, value: object) -> None:
    read = parse(f"openapi: 3.0.0\nx: {text}\n", "x")["x"]
    assert (type(read), read) == (type(value), value)


def test_keys_are_as_they_are_written() -> None:
    read = parse("openapi: 3.0.0\nx: {true: 1, 007: 2, ~: 3, a: 4, a: 5}\n", "x")
    assert read["x"] == {"true": 1, "007": 2, "~": 3, "a": 5}


def test_what_is_merged_gives_way_to_what_is_there_and_the_first_goes_first() -> None:
    read = parse(
        "openapi: 3.0.0\na: &a {k: 1, m: 1}\nb: &b {k: 2, n: 2}\nx: {k: 0, <<: [*a, *b], n: 0}\ny: {<<: [*a, *b]}\n",
        "x",
    )
    assert read["x"] == {"k": 0, "m": 1, "n": 0}
    assert read["y"] == {"k": 1, "m": 1, "n": 2}


def test_merged_and_repeated_yaml_is_read() -> None:
    read = parse("openapi: 3.0.0\nx: &x {a: 1}\ny: {<<: *x, b: *x}\n", "x")
    assert read["y"] == {"a": 1, "b": {"a": 1}}


def test_a_byte_order_mark_is_no_part_of_a_document() -> None:
    assert parse('\ufeff{"openapi": "3.0.0"}', "x") == {"openapi": "3.0.0"}


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"$ref": "other.yaml#/A"}, '#/components/schemas/A: the reference "other.yaml#/A" leads out of the document'),
        (
            {"$ref": "#/components/schemas/B"},
            '#/components/schemas/A: the reference "#/components/schemas/B" leads to nothing',
        ),
        ({"$ref": 3}, "#/components/schemas/A/$ref: a reference is a text, not 3"),
        ({"$ref": "#/info/title"}, '#/components/schemas/A: the reference "#/info/title" leads to "x", no schema'),
        ({"$ref": "#/components/schemas/A"}, "#/components/schemas/A: the schema is itself, with no object or list"),
        (
            {"anyOf": [{"type": "null"}, {"$ref": "#/components/schemas/A"}]},
            "#/components/schemas/A: the schema is itself",
        ),
        (
            {
                "type": ["array", "null"],
                "prefixItems": [{"type": "array", "prefixItems": [{"$ref": "#/components/schemas/A"}]}],
            },
            "#/components/schemas/A: the schema is itself, inside of a tuple's items that may be missing",
        ),
        ({"$dynamicRef": "#x"}, "#/components/schemas/A/$dynamicRef: `$dynamicRef` is not supported"),
        ({"type": "strin"}, '#/components/schemas/A/type: "strin" is not a type'),
        ({"type": 1}, "#/components/schemas/A/type: 1 is not a type"),
        ({"properties": {"a/b": 7}}, "#/components/schemas/A/properties/a~1b: an object belongs here, not 7"),
        ({"properties": [1]}, "#/components/schemas/A/properties: an object belongs here, not [1]"),
        ({"required": "a", "type": "object"}, '#/components/schemas/A/required: a list belongs here, not "a"'),
        ({"oneOf": {"a": 1}}, '#/components/schemas/A/oneOf: a list belongs here, not {"a": 1}'),
        ({"enum": "a"}, '#/components/schemas/A/enum: a list belongs here, not "a"'),
        (5, '#/components/schemas: the reference "#/components/schemas/A" leads to 5, no schema'),
    ],
)
def test_a_schema_that_cannot_be_read_is_named(schema: object, said: str) -> None:
    with pytest.raises(UnsupportedError) as refused:
        client_of(with_schema(schema))
    assert refused.value.message.startswith(said)


def test_too_deep_a_schema_is_refused_in_words() -> None:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(150):
        schema = {"type": "array", "items": schema}
    with pytest.raises(UnsupportedError, match="schemas are nested more than 100 deep"):
        client_of(with_schema(schema))


def test_members_that_lead_into_each_other_are_followed_once() -> None:
    twice = [{"$ref": "#/components/schemas/A"}, {"$ref": "#/components/schemas/A"}, {"required": ["x"]}]
    with pytest.raises(UnsupportedError, match="#/components/schemas/A: the schema is itself"):
        client_of(with_schema({"allOf": twice, "required": ["y"]}))


def parameter(**words: Any) -> dict[str, Any]:
    return with_operation(parameters=[{"name": "p", "schema": {"type": "string"}, **words}])


@pytest.mark.parametrize(
    ("document_", "said"),
    [
        (made(paths={"a": {"get": {}}}), '#/paths/a: the path "a" does not start with a slash'),
        (made(paths={"/a": 3}), "#/paths/~1a: an object belongs here, not 3"),
        (made(paths={"/a": {"get": []}}), "#/paths/~1a/get: an object belongs here, not []"),
        (made(paths={"/a": {"$ref": "#/paths/~1a"}}), '#/paths/~1a: the reference "#/paths/~1a" leads back to itself'),
        (with_operation(responses={"20": {}}), '#/paths/~1a/get/responses/20: "20" is no status'),
        (parameter(**{"in": "body"}), '#/paths/~1a/get/parameters/0/in: the parameter "p" is in "body"'),
        (
            parameter(**{"in": "query", "style": "matrix"}),
            '#/paths/~1a/get/parameters/0/style: the style "matrix" is not',
        ),
        (parameter(**{"in": "header", "style": "form"}), '#/paths/~1a/get/parameters/0/style: the style "form" is not'),
        (
            parameter(**{"in": "header", "content": {"application/json": {}}}),
            "#/paths/~1a/get/parameters/0/content/application~1json: a header",
        ),
        (
            with_operation(
                "/a/{p}",
                parameters=[{"name": "p", "in": "path", "schema": {"type": "object", "properties": {"a": {}}}}],
            ),
            '#/paths/~1a~1{p}/get: the path parameter "p" is an object',
        ),
    ],
)
def test_an_operation_that_cannot_be_read_is_named(document_: dict[str, Any], said: str) -> None:
    with pytest.raises(UnsupportedError) as refused:
        client_of(document_)
    assert refused.value.message.startswith(said)


def test_recursive_references_outside_of_a_component_are_named() -> None:
    body = {
        "content": {"application/json": {"schema": {"type": "object", "properties": {"a": {"$recursiveRef": "#"}}}}}
    }
    with pytest.raises(UnsupportedError, match="`\\$recursiveRef` is used outside of a component"):
        client_of(with_operation(requestBody=body))


def test_pointers_are_unescaped() -> None:
    found = document.Document({"a/b": {"c~d": [{"e f": 1}]}})
    assert found.at("#/a~1b/c~0d/0/e%20f", "#") == 1


@pytest.mark.parametrize(
    ("text", "type_", "function"),
    [
        ("Page[Order]", "PageOrder", "pageOrder"),
        ("orders_index", "OrdersIndex", "ordersIndex"),
        ("HTTPBearer", "HTTPBearer", "httpBearer"),
        ("getURLById", "GetURLById", "getURLById"),
        ("delete", "Delete", "delete_"),
        ("123", "N123", "n123"),
        ("", "Unnamed", "unnamed"),
        ("***", "Unnamed", "unnamed"),
        ("señales/año", "SenalesAno", "senalesAno"),
        ("注文", "注文", "注文"),
        ("a😀b", "Ab", "ab"),
    ],
)
def test_names_are_identifiers(text: str, type_: str, function: str) -> None:
    assert (pascal(text), camel(text)) == (type_, function)
    assert type_.isidentifier()
    assert function.isidentifier()


def test_names_are_free_and_stable() -> None:
    names = Names({"a"})
    assert [names.free("a"), names.free("a"), names.free("b"), names.free("b1"), names.free("b1")] == [
        "a2",
        "a3",
        "b",
        "b1",
        "b1_2",
    ]


def test_files_never_meet_on_a_disk_that_ignores_case() -> None:
    taken = {"index"}
    found = [file_name(each, taken) for each in ("Orders", "orders", "index", "con", "注文", "x" * 300, "a/../b")]
    assert found == ["orders", "orders-api", "index-api", "con-api", "unnamed", "x" * 80, "a-b"]


@pytest.mark.parametrize(
    ("named", "whole", "schemes"),
    [
        ("x x y -", None, [None, None, ("y",), None]),
        ("x x y y", None, [("x",), ("x",), ("y",), ("y",)]),
        ("x x y 0", "y", [("x",), ("x",), None, ()]),
        ("- -", None, [None, None]),
    ],
    ids=["more than half name it", "none is named by more than half", "the document's own word", "none is named"],
)
def test_credentials_are_named_where_they_are_others_than_usual(
    named: str, whole: str | None, schemes: list[tuple[str, ...] | None]
) -> None:
    securities: dict[str, dict[str, object]] = {"-": {}, "0": {"security": []}}
    paths = {
        f"/p{number}": {"get": {"responses": {}, **securities.get(word, {"security": [{word: []}]})}}
        for number, word in enumerate(named.split())
    }
    root: dict[str, object] = {"openapi": "3.1.0", "paths": paths, **({"security": [{whole: []}]} if whole else {})}
    assert [each.schemes for each in operations.read(root).operations] == schemes
