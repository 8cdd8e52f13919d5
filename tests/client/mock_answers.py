"""What the mocks of a client answer, asked by Node and judged by `jsonschema`, which knows nothing of its making."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any, NamedTuple

from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from arckode_gen.client import operations
from tests.client.tools import bundle

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_DRIVER = """
declare const process: { env: { [key: string]: string | undefined }; stdout: { write(text: string): void } };
import * as all from "./index.mock";
const mocks = Object.entries(all as unknown as Record<string, (answer: object) => all.Mock>);
const said: unknown[] = [];
for (const [method, path, statuses] of JSON.parse(process.env["ASKED"] ?? "[]")) {
  for (const status of statuses) {
    for (const [name, make] of mocks) {
      if (!/^mock[^a-z]/.test(name) || name === "mockFetch" || name === "mockHandlers") continue;
      const mock = make({ status });
      if (mock.method !== method || mock.path !== path) continue;
      try {
        const url = "http://localhost" + new URL(SERVER, "http://localhost").pathname.replace(/\\/$/, "");
        const request = new Request(url + path.replace(/\\{[^{}]+\\}/g, "x"), { method });
        const answer = await mock.answer(request);
        said.push([method, path, status, answer?.status, await answer?.text()]);
      } catch (error) {
        said.push([method, path, status, 0, `${error}`]);
      }
    }
  }
}
process.stdout.write(JSON.stringify(said));
"""


class Said(NamedTuple):
    """One answer of a mock: what its schema finds wrong with it, and whether there was an example at all."""

    place: str
    text: str
    wrong: str
    wrong_strictly: str
    is_known: bool


def answers(document: Mapping[str, Any], folder: Path) -> list[Said]:
    """Ask the mocks in a folder for every answer in JSON that the document declares, and judge each by its schema."""
    api = operations.read(dict(document))
    found = {
        (each.method, each.path, status): answer
        for each in api.operations
        for answer in (*each.answers, *each.errors)
        if answer.kind == "json" and (status := _status(answer.status))
    }
    asked: dict[tuple[str, str], list[int]] = {}
    for method, path, status in found:
        if method not in {"TRACE", "CONNECT"} and "#" not in path:
            asked.setdefault((method, path), []).append(status)
    driver = bundle(_DRIVER.replace("SERVER", json.dumps(api.server)), folder, "--platform=node")
    given = json.dumps([[*key, statuses] for key, statuses in asked.items()])
    ran = subprocess.run(["node", str(driver)], env={"ASKED": given}, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr[-2000:]
    validators = [_validator(document, is_strict=is_strict) for is_strict in (False, True)]
    said = []
    for method, path, status, came, text in json.loads(ran.stdout):
        place = f"{method} {path} {status}"
        if not came:
            assert text is not None, place
            assert "no example is known" in text, (place, text)
            said.append(Said(place, text, "", "", is_known=False))
            continue
        assert came == status, (place, came, text)
        pointer = found[method, path, status].pointer
        wrong, strictly = (_wrong(each, pointer, json.loads(text)) for each in validators)
        said.append(Said(place, text, wrong, strictly, is_known=True))
    assert len({each.place for each in said}) == sum(map(len, asked.values()))
    return said


def _status(status: str) -> int:
    if status.isdecimal():
        return int(status) if int(status) not in {204, 205, 304} else 0
    return {"default": 500, "2XX": 0}.get(status, int(status[0]) * 100 + 99 if status[0] in "345" else 0)


def _validator(document: Mapping[str, Any], *, is_strict: bool) -> Any:
    root = _as_2020_12(document, is_strict=is_strict)
    registry = Registry().with_resource("urn:document", DRAFT202012.create_resource(root))

    def make(pointer: str) -> Any:
        return Draft202012Validator(
            {"$ref": f"urn:document{pointer}"}, registry=registry, format_checker=Draft202012Validator.FORMAT_CHECKER
        )

    return make


def _wrong(validator: Any, pointer: str, value: object) -> str:
    from urllib.parse import quote

    error = next(iter(validator(quote(f"{pointer}/schema", safe="#/~")).iter_errors(value)), None)
    return "" if error is None else f"{error.json_path}: {error.message}"[:300]


def _as_2020_12(value: Any, *, is_strict: bool) -> Any:
    """Spell a document's schemas as JSON Schema has them, for what comes out of the server."""
    if isinstance(value, list):
        return [_as_2020_12(each, is_strict=is_strict) for each in value]
    if not isinstance(value, dict):
        return value
    made = {name: _as_2020_12(each, is_strict=is_strict) for name, each in value.items()}
    properties = made.get("properties")
    if isinstance(properties, dict) and isinstance(made.get("required"), list):
        hidden = {name for name, each in properties.items() if isinstance(each, dict) and each.get("writeOnly") is True}
        made["required"] = [name for name in made["required"] if name not in hidden]
    for word, other in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if isinstance(made.get(word), bool):
            is_open = made.pop(word)
            if is_open and other in made:
                made[word] = made.pop(other)
    if not is_strict and isinstance(made.get("oneOf"), list):
        both = [{"anyOf": made.pop("oneOf")}, *made.get("allOf", [])]
        made["allOf"] = both
    return {"anyOf": [made, {"type": "null"}]} if made.pop("nullable", None) is True else made
