"""The code on the page about clients compiles, against a client of an API like the one it speaks of."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from arckode_gen.client import document
from tests.client import python_tools
from tests.client.documents import write
from tests.client.tools import ROOT, compile_errors, node_tools

if TYPE_CHECKING:
    from pathlib import Path


_API = """
openapi: 3.2.0
paths:
  /orders:
    get:
      operationId: orders_index
      tags: [orders]
      parameters: [{name: page, in: query, schema: {type: integer}}, {name: status, in: query, schema: {type: string}}]
      responses: {"200": {content: {application/json: {schema: {$ref: "#/components/schemas/Page"}}}}}
    post:
      operationId: orders_store
      tags: [orders]
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/OrderCreate"}}}}
      responses:
        "201": {content: {application/json: {schema: {$ref: "#/components/schemas/OrderOut"}}}}
        "422": {content: {application/problem+json: {schema: {$ref: "#/components/schemas/Problem"}}}}
  /events:
    get:
      operationId: orders_events
      responses: {"200": {content: {text/event-stream: {schema: {type: string}}}}}
  /refresh:
    post:
      operationId: auth_refresh
      responses: {"200": {content: {application/json: {schema: {$ref: "#/components/schemas/Token"}}}}}
components:
  schemas:
    Token: {type: object, required: [token], properties: {token: {type: string}}}
    OrderOut: {type: object, required: [id, total], properties: {id: {type: integer}, total: {type: string}}}
    OrderCreate: {type: object, required: [total], properties: {total: {type: string}}}
    Page:
      type: object
      required: [data]
      properties: {data: {type: array, items: {$ref: "#/components/schemas/OrderOut"}}}
    Problem:
      type: object
      required: [errors]
      properties: {errors: {type: array, items: {$ref: "#/components/schemas/Field"}}}
    Field: {type: object, required: [pointer, message], properties: {pointer: {type: string}, message: {type: string}}}
"""
_AROUND = """
declare function show(pointer: string, message: string): void;
declare function list(order: { total: string }): void;
declare function update(data: string): void;
declare const router: { push(path: string): void };
let token = "";
"""


def test_the_page_compiles(tmp_path: Path) -> None:
    (tmp_path / "node_modules").symlink_to(node_tools())
    write(document.parse(_API, "the page's API"), tmp_path / "api", "mock")
    page = (ROOT / "docs/how-to/generate-an-api-client.md").read_text("utf-8")
    blocks = re.findall(r"^```ts\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    assert len(blocks) == 5
    for number, block in enumerate(blocks):
        missing = "" if "import" in block else 'import { ordersEvents } from "./api";\n'
        used = [line for line in _AROUND.splitlines(keepends=True) if _word(line) in block]
        (tmp_path / f"block{number}.ts").write_text(missing + block + "".join(used), "utf-8")
    assert not (said := compile_errors(tmp_path, "7.0")), "\n".join(said)


def test_the_page_is_typed_in_python(tmp_path: Path) -> None:
    python_tools.write(document.parse(_API, "the page's API"), tmp_path / "shop_api")
    page = (ROOT / "docs/how-to/generate-an-api-client.md").read_text("utf-8")
    (block,) = re.findall(r"^```python\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    (tmp_path / "report.py").write_text(block, "utf-8")
    assert python_tools.type_errors(tmp_path) == []


def _word(line: str) -> str:
    found = re.search(r"(?:function|const|let) (\w+)", line)
    return found[1] if found else "\0"
