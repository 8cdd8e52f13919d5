"""What a JSON schema says, as a table for people: one row a key, those of its parts below it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.docs.blocks import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PAGE = "docs/reference/json-output.md"
ANALYZE = "docs/reference/schemas/analyze.json"
_REF = "#/$defs/"


def table(file: str) -> str:
    """Return the keys of the objects that a schema describes, as Markdown."""
    schema = json.loads((ROOT / file).read_text(encoding="utf-8"))
    rows = _rows(schema, "", schema.get("$defs", {}))
    return "\n".join(["| key | type | meaning |", "|---|---|---|", *rows])


def _rows(node: Mapping[str, Any], prefix: str, parts: Mapping[str, Any]) -> Iterator[str]:
    for name, value in node.get("properties", {}).items():
        found, place = _meant(value, parts), f"{prefix}{name}"
        optional = "" if name in node.get("required", ()) else "; may be missing"
        yield f"| `{place}` | {_kind(found, parts)}{optional} | {found.get('description', '')} |"
        items = _meant(found.get("items", {}), parts)
        yield from _rows(found, f"{place}.", parts)
        yield from _rows(items, f"{place}[].", parts)


def _meant(node: Mapping[str, Any], parts: Mapping[str, Any]) -> Mapping[str, Any]:
    return parts[node["$ref"].removeprefix(_REF)] if "$ref" in node else node


def _kind(node: Mapping[str, Any], parts: Mapping[str, Any]) -> str:
    if "const" in node:
        return f"`{json.dumps(node['const'])}`"
    if "enum" in node:
        return " or ".join(f"`{json.dumps(each)}`" for each in node["enum"])
    if node["type"] == "array":
        return f"array of {_meant(node['items'], parts)['type']}"
    least = f" from {node['minimum']}" if "minimum" in node else ""
    return f"{node['type']}{least}"
