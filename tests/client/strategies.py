"""Documents nobody would write: every construct in every other, with names and texts that try to break out."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from arckode_gen.client.document import UnsupportedError
from arckode_gen.client.operations import METHODS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_NAMES = (
    "A", "a", "B", "order", "Order", "Page[A]", "Page_A_", "File", "Promise", "Call", "Options", "delete", "default",
    "await", "constructor", "__proto__", "toString", "it's", 'say "x"', "a*/b", "a\nb", "a\u2028b", "${x}", "`", "\\",
    "\\u0041", "", " ", "1", "-1", "注文", "é", "😀", "\ud800", "//", "/*", "@ts-ignore", "undefined", "never", "any",
    "*/ export const x: any = 1; /*", "Record", "send", "at", "options", "query", "body", "headers", "Errors", "String",
    "arguments", "x-y", "class", "null", "Array",
)  # fmt: skip
SCHEMAS = ("A", "a", "Page[A]", "Promise", "Tree", "注文", "1")
names = st.sampled_from(_NAMES) | st.text(max_size=6)
texts = st.sampled_from(
    ("", "plain", "a */ b", "@ts-expect-error", "@ts-nocheck", "a\r\nb\u2029c", "`${x}`", "\ud800", "é" * 90)
) | st.text(max_size=12)
values = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | names
json_values = st.recursive(
    values, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(names, inner, max_size=2), max_leaves=4
)


def _words(
    required: dict[str, st.SearchStrategy[Any]], optional: dict[str, st.SearchStrategy[Any]]
) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries(required, optional=optional)


_about = {
    "description": texts,
    "deprecated": st.booleans(),
    "nullable": st.booleans(),
    "readOnly": st.booleans(),
    "writeOnly": st.booleans(),
    "default": json_values,
}
_references = st.sampled_from(SCHEMAS).map(lambda name: {"$ref": f"#/components/schemas/{name}"})
_odd_references = st.sampled_from(
    ("#/components/schemas/A/properties/a", "#/components/schemas/Tree/items", "#/nowhere", "other.yml", "#")
).map(lambda pointer: {"$ref": pointer})
_leaves = (
    st.booleans()
    | _references
    | _words(
        {"type": st.sampled_from(("string", "integer", "number", "boolean", "null"))},
        {**_about, "format": st.sampled_from(("binary", "date-time", "byte"))},
    )
    | _words(
        {"enum": st.lists(json_values, max_size=4)}, {"type": st.sampled_from(("string", ["string", "null"])), **_about}
    )
    | _words({"const": json_values}, _about)
    | _words({}, _about)
)


def _composed(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    objects = {
        "properties": st.dictionaries(names, inner, max_size=3),
        "required": st.lists(names, max_size=2),
        "additionalProperties": st.booleans() | inner,
        "patternProperties": st.dictionaries(names, inner, max_size=1),
        "propertyNames": _words({"enum": st.lists(names, max_size=3)}, {}),
    }
    members = st.lists(inner, max_size=3)
    combined = {"oneOf": members, "anyOf": members, "allOf": members}
    tag = _words(
        {"propertyName": names},
        {
            "mapping": st.dictionaries(
                names, st.sampled_from(SCHEMAS).map(lambda n: f"#/components/schemas/{n}"), max_size=2
            )
        },
    )
    return (
        _words({"type": st.just("object")}, {**objects, **_about})
        | _words({}, {**objects, **combined})
        | _words(
            {"type": st.just("array")},
            {
                "items": inner,
                "prefixItems": members,
                "minItems": st.integers(0, 3),
                "maxItems": st.integers(0, 3),
                **_about,
            },
        )
        | _words(
            {},
            {
                **combined,
                "discriminator": tag,
                "$ref": st.sampled_from(SCHEMAS).map(lambda n: f"#/components/schemas/{n}"),
                **_about,
            },
        )
        | _words(
            {"type": st.lists(st.sampled_from(("string", "object", "array", "null")), max_size=3)},
            {**objects, "items": inner},
        )
    )


schemas = st.recursive(_leaves, _composed, max_leaves=8)
_MEDIA = (
    "application/json", "application/problem+json", "multipart/form-data", "application/x-www-form-urlencoded",
    "text/plain", "text/html", "text/csv", "application/octet-stream", "text/event-stream", "*/*", "image/png",
)  # fmt: skip
_media = st.sampled_from(_MEDIA) | names
_contents = st.dictionaries(_media, _words({}, {"schema": schemas, "itemSchema": schemas}), max_size=2)
_parameters = st.lists(
    _words(
        {"name": names, "in": st.sampled_from(("query", "query", "path", "header", "cookie"))},
        {
            "schema": schemas,
            "required": st.booleans(),
            "explode": st.booleans(),
            "style": st.sampled_from(("form", "simple", "deepObject", "pipeDelimited", "spaceDelimited", "matrix")),
            "content": st.fixed_dictionaries({"application/json": st.fixed_dictionaries({"schema": schemas})}),
            "description": texts,
        },
    ),
    max_size=3,
)
_operations = _words(
    {},
    {
        "operationId": names,
        "tags": st.lists(names, max_size=2),
        "summary": texts,
        "description": texts,
        "deprecated": st.booleans(),
        "parameters": _parameters,
        "requestBody": _words({"content": _contents}, {"required": st.booleans()}),
        "responses": st.dictionaries(
            st.sampled_from(("200", "201", "204", "302", "404", "422", "4XX", "5xx", "2XX", "default")),
            _words({"description": texts}, {"content": _contents}),
            max_size=4,
        ),
        "security": st.lists(st.dictionaries(names, st.just([]), max_size=1), max_size=2),
    },
)
_paths = st.sampled_from(
    ("/", "/a", "/A", "/a/{id}", "/a/{x}", "/{query}/{send}", "/`${x}", "/{class}{at}", "/a\\b", '/"')
)
_schemes = _words(
    {"type": st.sampled_from(("http", "apiKey", "oauth2", "mutualTLS"))},
    {
        "scheme": st.sampled_from(("bearer", "basic", "digest")),
        "in": st.sampled_from(("header", "query", "cookie")),
        "name": names,
        "description": texts,
    },
)
documents = st.fixed_dictionaries(
    {
        "openapi": st.sampled_from(("3.0.3", "3.1.0")),
        "info": st.fixed_dictionaries({"title": texts, "version": texts}),
        "paths": st.dictionaries(
            _paths, st.dictionaries(st.sampled_from(METHODS), _operations, max_size=2), max_size=3
        ),
        "components": st.fixed_dictionaries(
            {
                "schemas": st.fixed_dictionaries(dict.fromkeys(SCHEMAS, schemas)),
                "securitySchemes": st.dictionaries(names, _schemes, max_size=2),
            }
        ),
        "servers": st.lists(st.fixed_dictionaries({"url": texts}), max_size=1),
        "webhooks": st.dictionaries(names, st.dictionaries(st.just("post"), _operations, max_size=1), max_size=1),
    }
)
odd_schemas = _odd_references | schemas


def write_made_up(
    folder: Path, count: int, variable: str, client_of: Callable[[dict[str, Any]], Mapping[str, str]]
) -> int:
    """Write the clients of made-up documents, each into a folder of its own, and answer how many there are.

    With the environment's variable set, they are others on every run. What is refused names its place.
    """
    written = 0

    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        derandomize=variable not in os.environ,
        suppress_health_check=list(HealthCheck),
    )
    @given(documents)
    def write_all(made: dict[str, Any]) -> None:
        nonlocal written
        try:
            files = client_of(made)
        except UnsupportedError as error:
            assert error.message.startswith("#")
            return
        own = folder / f"d{written}"
        written += 1
        own.mkdir()
        (own / "document.json").write_text(json.dumps(made), "utf-8")
        for name, text in files.items():
            (own / name).write_text(text, "utf-8", newline="\n")

    write_all()
    return written
