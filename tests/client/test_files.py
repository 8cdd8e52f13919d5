"""What the files of a client promise: the same bytes for the same document, small changes, and little to ship."""

from __future__ import annotations

import gzip
import subprocess
import sys
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from arckode_gen.client import document
from arckode_gen.client.plan import RECORD, plan
from arckode_gen.engine.plan import FileState
from arckode_gen.engine.project import Memory
from arckode_gen.errors import RefusedError
from tests.client.documents import CONSTRUCTS, client_of, write
from tests.client.tools import bundle

if TYPE_CHECKING:
    from collections.abc import Mapping


_HASHES = """
import hashlib, sys, pathlib
from arckode_gen.client import document
from tests.client.documents import CONSTRUCTS, client_of
total = hashlib.sha256()
for file in CONSTRUCTS:
    for name, text in client_of(document.parse(file.read_text("utf-8"), file.name), "zod", "mock").items():
        total.update(name.encode() + text.encode())
print(total.hexdigest())
"""

_ROOT = Path(__file__).resolve().parents[2]


def shop() -> dict[str, Any]:
    """Return a document of three modules, as a project of ours describes itself."""
    problem = {"content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}}

    def answer(schema: Mapping[str, object]) -> dict[str, object]:
        return {"200": {"content": {"application/json": {"schema": schema}}}, "422": problem, "404": problem}

    paths: dict[str, Any] = {}
    schemas: dict[str, Any] = {
        "Problem": {"type": "object", "required": ["title"], "properties": {"title": {"type": "string"}}}
    }
    for module in ("customers", "orders", "tags"):
        name = module.title()
        schemas[name] = {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}}
        schema = {"$ref": f"#/components/schemas/{name}"}
        body = {"required": True, "content": {"application/json": {"schema": schema}}}
        paths[f"/{module}"] = {
            "get": {
                "tags": [module],
                "operationId": f"{module}_index",
                "responses": answer({"type": "array", "items": schema}),
            },
            "post": {
                "tags": [module],
                "operationId": f"{module}_store",
                "requestBody": body,
                "responses": answer(schema),
            },
        }
        paths[f"/{module}/{{id}}"] = {
            "get": {"tags": [module], "operationId": f"{module}_show", "responses": answer(schema)}
        }
    return {"openapi": "3.1.0", "info": {"title": "shop"}, "paths": paths, "components": {"schemas": schemas}}


def test_the_bytes_are_the_same_in_every_process() -> None:
    def run(seed: str) -> str:
        environ = {"PYTHONHASHSEED": seed, "PYTHONPATH": str(_ROOT), "LC_ALL": "C"}
        done = subprocess.run(
            [sys.executable, "-c", _HASHES], cwd=_ROOT, env=environ, capture_output=True, text=True, check=True
        )
        return done.stdout

    assert run("0") == run("1") == run("77")


def test_a_second_time_changes_nothing() -> None:
    files = {name: FileState(text.encode()) for name, text in client_of(shop()).items()}
    first = plan(files, "api", Memory())
    written = {change.path: change.after for change in first.changes if change.after is not None}
    assert plan(files, "api", Memory(written)).is_noop


def test_one_more_field_touches_one_file_and_the_record() -> None:
    before, changed = client_of(shop()), shop()
    changed["components"]["schemas"]["Orders"]["properties"]["note"] = {"type": "string"}
    after = client_of(changed)
    assert [name for name in after if after[name] != before[name]] == ["schemas.ts"]
    assert set(after["schemas.ts"].splitlines()) - set(before["schemas.ts"].splitlines()) == {"  note?: string;"}


def test_one_more_module_touches_its_own_files() -> None:
    before, changed = client_of(shop()), shop()
    operation = deepcopy(changed["paths"]["/tags"]["get"])
    changed["paths"]["/notes"] = {"get": {**operation, "tags": ["notes"], "operationId": "notes_index"}}
    after = client_of(changed)
    assert [name for name in after if after[name] != before.get(name)] == ["index.ts", "notes.ts"]


def _gzipped(file: Path) -> int:
    return len(gzip.compress(file.read_bytes(), 9, mtime=0))


def test_little_is_shipped(tmp_path: Path) -> None:
    write(shop(), tmp_path)
    runtime = bundle('export * from "./runtime";', tmp_path, "--minify")
    assert _gzipped(runtime) <= 1536
    for name in ("ordersIndex", "ordersShow", "ordersStore"):
        assert _gzipped(bundle(f'export {{ {name} }} from "./index";', tmp_path, "--minify")) <= 2000, name


def test_nothing_comes_along_that_is_not_used(tmp_path: Path) -> None:
    file = next(each for each in CONSTRUCTS if each.stem == "streams")
    write(document.parse(file.read_text("utf-8"), file.name), tmp_path)
    text = bundle('export { ordersIndex } from "./index";', tmp_path, "--minify").read_text("utf-8")
    assert "/page" in text
    assert not [word for word in ("/cursor", "/typed", "last-event-id", "totalPages", "Bearer") if word in text]


def test_the_runtime_imports_nothing(tmp_path: Path) -> None:
    for name, text in client_of(shop()).items():
        sources = {
            line.partition(' from "')[2].rstrip('";')
            for line in text.splitlines()
            if ' from "' in line and " * " not in line
        }
        assert all(each.startswith("./") for each in sources), name


class TestThePlan:
    """What happens to the files of a client's folder."""

    files: ClassVar = {"a.ts": FileState(b"a\n"), "b.ts": FileState(b"b\n")}

    def written(self) -> dict[str, FileState]:
        changes = plan(self.files, "api", Memory()).changes
        return {change.path: change.after for change in changes if change.after is not None}

    def test_a_file_that_was_edited_is_refused_and_kept(self) -> None:
        now = {**self.written(), "api/a.ts": FileState(b"mine\n")}
        new = {**self.files, "a.ts": FileState(b"other\n")}
        with pytest.raises(RefusedError, match=r"api/a\.ts was edited\n.*--force"):
            plan(new, "api", Memory(now))
        (change, _) = plan(new, "api", Memory(now), force=True).changes[::-1]
        assert change.after == new["a.ts"]

    def test_a_file_that_was_never_generated_is_refused(self) -> None:
        with pytest.raises(RefusedError, match=r"api/b\.ts exists and was not generated"):
            plan(self.files, "api", Memory({"api/b.ts": FileState(b"hand-written\n")}))

    def test_the_same_text_is_taken_for_ours(self) -> None:
        assert plan(self.files, "", Memory(self.files)).changes[0].path == RECORD

    def test_what_is_no_longer_generated_goes_unless_it_was_edited(self) -> None:
        fewer = {"a.ts": self.files["a.ts"]}
        gone = plan(fewer, "api", Memory(self.written()))
        assert [(c.path, c.after) for c in gone.changes if c.path != f"api/{RECORD}"] == [("api/b.ts", None)]
        kept = plan(fewer, "api", Memory({**self.written(), "api/b.ts": FileState(b"mine\n")}))
        assert [c.path for c in kept.changes] == [f"api/{RECORD}"]
        assert kept.notes == ("kept: api/b.ts: edited, and no longer generated; delete it when nothing needs it",)

    @pytest.mark.parametrize("damage", [b"{", b"[]", b'{"files": 3}', b'{"files": {"../x.ts": "1"}}'])
    def test_a_damaged_record_makes_nothing_ours(self, damage: bytes) -> None:
        now = {**self.written(), f"api/{RECORD}": FileState(damage)}
        assert [c.path for c in plan(self.files, "api", Memory(now)).changes] == [f"api/{RECORD}"]
        with pytest.raises(RefusedError):
            plan({"a.ts": FileState(b"new\n")}, "api", Memory(now))
