"""What commands print with `--json`, held against the schemas that are published."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
from referencing import Registry, Resource

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jsonschema.protocols import Validator

FOLDER = Path(__file__).parents[1] / "docs/reference/schemas"
PLAN, ERROR = "plan", "error"
# What these say is a protocol's, or git's.
SILENT = frozenset({"mcp", "merge:root"})


def schema_of(command: str) -> str:
    """Name the schema of a command's answer: its own, or that of every command that writes."""
    own = command.replace(":", "-")
    return own if (FOLDER / f"{own}.json").is_file() else PLAN


def check(command: str, printed: str) -> None:
    """Fail unless a command printed one object that its schema describes, and nothing that no schema describes."""
    _validator(schema_of(command)).validate(json.loads(printed))


def check_call(argv: Sequence[str], printed: str) -> None:
    """Do so where a command line asks for JSON: its answer, or the error in its place."""
    if "--json" not in argv or argv[0] in SILENT:
        return
    if '"error": {' in printed.partition("[")[0]:
        _validator(ERROR).validate(json.loads(printed))
    else:
        check(argv[0], printed)


@cache
def _validator(name: str) -> Validator:
    known = {file.stem: _closed(json.loads(file.read_text(encoding="utf-8"))) for file in FOLDER.glob("*.json")}
    resources = [(f"{stem}.json", Resource.from_contents(schema)) for stem, schema in known.items()]
    return jsonschema.Draft202012Validator(known[name], registry=Registry().with_resources(resources))


def _closed(node: Any) -> Any:
    """Take what is published for readers, who let new keys pass, for all that a test lets pass."""
    if isinstance(node, list):
        return [_closed(each) for each in node]
    if not isinstance(node, dict):
        return node
    found = {key: _closed(value) for key, value in node.items()}
    if "required" in found and "properties" in found:
        found.setdefault("additionalProperties", False)
    return found
