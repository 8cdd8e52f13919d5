"""The schemas of zod beside a client's types: they infer the same types, are formatted, and check values."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

import pytest

from arckode_gen.client import document
from tests.client.documents import CONSTRUCTS, write
from tests.client.test_constructs import HELP
from tests.client.tools import bundle, compile_errors, node_tools, unformatted

if TYPE_CHECKING:
    from pathlib import Path

_TYPE = re.compile(r"^export (?:interface|type) (\w+)", re.MULTILINE)
_SCHEMA = re.compile(r"^export const (\w+)", re.MULTILINE)


@pytest.fixture(scope="module")
def clients(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the client of every construct with its schemas, and what says that each infers its own type."""
    folder = tmp_path_factory.mktemp("zod")
    (folder / "node_modules").symlink_to(node_tools())
    (folder / "help.ts").write_text(HELP, "utf-8")
    for file in CONSTRUCTS:
        files = write(document.parse(file.read_text("utf-8"), file.name), folder / file.stem, "zod")
        pairs = _pairs(files) if "zod.ts" in files else []
        if pairs:
            lines = [
                'import type * as z from "zod";',
                'import { type Equal, same } from "./help";',
                f'import type * as api from "./{file.stem}/index";',
                f'import type * as schemas from "./{file.stem}/zod";',
                *(f"same<Equal<z.infer<typeof schemas.{schema}>, api.{name}>>();" for name, schema in pairs),
            ]
            (folder / f"{file.stem}.test.ts").write_text("\n".join(lines) + "\n", "utf-8")
    return folder


def _pairs(files: dict[str, str]) -> list[tuple[str, str]]:
    """Return each type that has a schema, with the schema's name, by what both are called."""
    types = {
        name.lower(): name
        for file, text in files.items()
        if file not in {"runtime.ts", "auth.ts", "events.ts", "paging.ts", "readers.ts", "body.ts", "zod.ts"}
        for name in _TYPE.findall(text)
    }
    schemas = _SCHEMA.findall(files["zod.ts"])
    pairs = [(types[each.removesuffix("Schema").lower()], each) for each in schemas]
    assert len(pairs) == len(set(pairs))
    return pairs


def test_there_are_none_where_there_is_no_type(clients: Path) -> None:
    assert not (clients / "empty/zod.ts").exists()


def test_there_is_a_schema_for_each_type_that_goes_in_or_comes_out(clients: Path) -> None:
    text = (clients / "bodies/zod.ts").read_text("utf-8")
    assert _SCHEMA.findall(text) == ["uploadBodySchema", "loginBodySchema", "loginResultSchema", "manyBodySchema"]
    parameters = (clients / "parameters/zod.ts").read_text("utf-8")
    assert _SCHEMA.findall(parameters) == ["aShowQuerySchema", "aShowHeadersSchema", "adminPutQuerySchema"]
    directions = (clients / "directions/zod.ts").read_text("utf-8")
    assert {"userSchema", "userInputSchema"} <= set(_SCHEMA.findall(directions))


@pytest.mark.parametrize("version", ["5.9", "7.0"])
def test_each_schema_infers_the_type_beside_it(clients: Path, version: str) -> None:
    assert not (said := compile_errors(clients, version)), "\n".join(said)


def test_a_schema_of_another_type_is_noticed(clients: Path, tmp_path: Path) -> None:
    (tmp_path / "node_modules").symlink_to(node_tools())
    (tmp_path / "help.ts").write_text(HELP, "utf-8")
    text = 'import * as z from "zod";\nimport { type Equal, same } from "./help";\n'
    text += "const schema = z.object({ a: z.string() });\n"
    (tmp_path / "wrong.ts").write_text(f"{text}same<Equal<z.infer<typeof schema>, {{ a?: string }}>>();\n", "utf-8")
    (said,) = compile_errors(tmp_path, "7.0")
    assert said.startswith("wrong.ts(4,")


def test_what_is_written_is_formatted(clients: Path) -> None:
    assert unformatted(clients.glob("*/zod.ts")) == []


def test_nothing_else_needs_zod(clients: Path) -> None:
    for file in clients.glob("*/*.ts"):
        assert file.name == "zod.ts" or "zod" not in file.read_text("utf-8"), file


_DRIVER = """
import assert from "node:assert/strict";
import { orderCreateSchema, userInputSchema, userSchema } from "./directions/zod";
import { uploadBodySchema } from "./bodies/zod";
import { aSchema, jsonSchema, treeSchema } from "./schemas_3_1/zod";
import { petSchema, vehicleSchema } from "./unions/zod";

const good = <T>(schema: { parse(value: unknown): T }, value: unknown) => assert.deepEqual(schema.parse(value), value);
const bad = (schema: { safeParse(value: unknown): { success: boolean } }, value: unknown) =>
  assert.equal(schema.safeParse(value).success, false);

good(orderCreateSchema, { total: "1.50" });
bad(orderCreateSchema, { total: 1.5 });
bad(orderCreateSchema, {});
good(userInputSchema, { name: "a", password: "b" });
bad(userInputSchema, { name: "a", password: "b", role: undefined });
bad(userSchema, { id: "1", name: "a" });
good(uploadBodySchema, { file: new Blob(), note: null });
bad(uploadBodySchema, { file: "text" });
good(petSchema, { kind: "cat", lives: 9 });
bad(petSchema, { kind: "dog", lives: 9 });
good(vehicleSchema, { type: "car", doors: 4 });
bad(vehicleSchema, { type: "boat", doors: 4 });
good(jsonSchema, { a: ["b", { c: 1 }] });
bad(jsonSchema, { a: [true] });
good(treeSchema, [[], [[]]]);
good(aSchema, { maybe: null, tuple: ["a", 1], exact: 5, mixed: { id: 1, other: "x" }, def: {} });
bad(aSchema, { maybe: null, tuple: ["a"], exact: 5 });
bad(aSchema, { maybe: null, tuple: ["a", 1], exact: 5, never: 1 });
console.log("ok");
"""


def test_values_are_checked(clients: Path) -> None:
    driver = bundle(_DRIVER, clients, "--platform=node")
    ran = subprocess.run(["node", str(driver)], capture_output=True, text=True, check=False)
    assert ran.stdout == "ok\n", ran.stdout + ran.stderr
