"""What the JSON schemas of the commands' answers say, for people: a page with one section a schema, one row a key."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests import json_answers
from tests.docs.blocks import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PAGE = "docs/reference/json-schemas.md"
_FOLDER = json_answers.FOLDER.relative_to(ROOT / "docs/reference").as_posix()
_HEAD = ("| key | type | meaning |", "|---|---|---|")


def page() -> str:
    """Return the page."""
    schemas = {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in json_answers.FOLDER.glob("*.json")}
    order = sorted(schemas, key=lambda name: (name not in {json_answers.PLAN, json_answers.ERROR}, name))
    lines = [
        "# JSON schemas",
        "",
        "What each command prints with `--json`, written by `python -m tests.docs.generate` from the schemas beside",
        "this page (JSON Schema 2020-12), which the tests hold every answer against. A command that is not here writes",
        "files and prints [a plan](#a-command-that-writes).",
    ]
    for name in order:
        lines += ["", *_section(name, schemas)]
    return "\n".join(lines) + "\n"


def anchor(name: str) -> str:
    """Return the place of a schema on the page."""
    title = json.loads((json_answers.FOLDER / f"{name}.json").read_text(encoding="utf-8"))["title"]
    return "".join(letter for letter in title.lower().replace(" ", "-") if letter.isalnum() or letter in "-_")


def _section(name: str, schemas: Mapping[str, Any]) -> Iterator[str]:
    schema = schemas[name]
    yield f"## {schema['title']}"
    yield ""
    yield f"{schema['description']} [Schema]({_FOLDER}/{name}.json)."
    for form in schema.get("anyOf", [schema]):
        yield ""
        if form.get("$ref") == f"{json_answers.PLAN}.json":
            yield f"Or [a plan](#{anchor(json_answers.PLAN)})."
            continue
        if form is not schema and "description" in form:
            yield from (form["description"], "")
        yield from _HEAD
        yield from _rows(form, "", schemas, schema)


def _rows(node: Mapping[str, Any], prefix: str, schemas: Mapping[str, Any], root: Mapping[str, Any]) -> Iterator[str]:
    for name, value in node.get("properties", {}).items():
        found, place = _meant(value, schemas, root), f"{prefix}{name}"
        optional = "" if name in node.get("required", ()) else "; may be missing"
        yield f"| `{place}` | {_kind(found, schemas, root)}{optional} | {found.get('description', '')} |"
        yield from _rows(found, f"{place}.", schemas, root)
        yield from _rows(_meant(found.get("items", {}), schemas, root), f"{place}[].", schemas, root)
        if isinstance(found.get("additionalProperties"), dict):
            yield from _rows(_meant(found["additionalProperties"], schemas, root), f"{place}.*.", schemas, root)


def _meant(node: Mapping[str, Any], schemas: Mapping[str, Any], root: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" not in node:
        return node
    file, _, place = node["$ref"].partition("#")
    found = schemas[file.removesuffix(".json")] if file else root
    for key in place.strip("/").split("/"):
        found = found[key]
    return found


def _kind(node: Mapping[str, Any], schemas: Mapping[str, Any], root: Mapping[str, Any]) -> str:
    if "const" in node:
        return f"`{json.dumps(node['const'])}`"
    if "enum" in node:
        return " or ".join(f"`{json.dumps(each)}`" for each in node["enum"])
    if "type" not in node:
        return "any"
    if isinstance(node["type"], list):
        return f"{node['type'][0]} or null"
    if node["type"] == "array":
        return f"array of {_plain(_meant(node['items'], schemas, root))}"
    if isinstance(node.get("additionalProperties"), dict):
        return f"object of {_plain(_meant(node['additionalProperties'], schemas, root))}"
    least = f" from {node['minimum']}" if node.get("minimum", 0) else ""
    return f"{node['type']}{least}"


def _plain(node: Mapping[str, Any]) -> str:
    return f"array of {node['items']['type']}" if node.get("type") == "array" else str(node.get("type", "object"))
