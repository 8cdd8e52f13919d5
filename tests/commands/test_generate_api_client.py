"""`arckode generate:api-client` as it is called: what it writes, refuses, compares and watches."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, ClassVar

import pytest

from arckode_gen.errors import ArckodeError, OperationError, RefusedError, UsageError
from arckode_gen.shell.download import download
from tests.commands.calls import ENVIRON, PROGRAM, arckode, call

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAME = "generate:api-client"
DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "x", "version": "1"},
    "paths": {"/a": {"get": {"operationId": "a_index", "tags": ["a"], "responses": {"204": {"description": "ok"}}}}},
}


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A folder with a document and without a project."""
    (tmp_path / "package.json").write_text("{}")
    (tmp_path / "api.json").write_text(json.dumps(DOCUMENT))
    return tmp_path


@pytest.fixture
def server() -> Iterator[str]:
    """A server whose answer is the path's: a document, an error, or nonsense."""

    class Handler(BaseHTTPRequestHandler):
        answers: ClassVar = {
            "/api.json": (200, json.dumps(DOCUMENT).encode()),
            "/api.yaml": (200, b"openapi: 3.0.0\ninfo: {title: y}\npaths: {}\n"),
            "/latin": (200, b"\xff\xfe\xfa"),
            "/html": (200, b"<html></html>"),
        }

        def do_GET(self) -> None:
            if self.path == "/slow":
                time.sleep(0.5)
                return  # nobody listens any more
            status, body = self.answers.get(self.path, (404, b"nothing"))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    found = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=found.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{found.server_port}"
    found.shutdown()
    found.server_close()


def test_a_project_gets_its_client_from_its_code(generated: Path) -> None:
    made = call(generated, NAME, "--out", "web/api")
    assert "create  web/api/orders.ts" in made.out
    assert 'export * from "./orders";' in (generated / "web/api/index.ts").read_text()
    again = call(generated, NAME, "--out", "web/api")
    assert again.out == "generate:api-client: nothing to do, everything is there already"
    assert call(generated, NAME, "--out", "web/api", "--check").out == "up to date"
    arckode(generated, "undo")
    assert not (generated / "web").exists()


def test_a_client_in_python_is_written_compared_and_taken_back(generated: Path) -> None:
    words = (NAME, "--lang", "python", "--out", "clients/shop_api")
    made = call(generated, *words)
    assert "create  clients/shop_api/orders.py" in made.out
    assert "async def orders_store(client: Client, body: OrderCreate" in (
        generated / "clients/shop_api/orders.py"
    ).read_text("utf-8")
    assert call(generated, *words).out == "generate:api-client: nothing to do, everything is there already"
    assert call(generated, *words, "--check").out == "up to date"
    file = generated / "clients/shop_api/paging.py"
    text = file.read_text("utf-8")
    file.write_text("mine = 1\n", "utf-8")
    assert "clients/shop_api/paging.py was edited" in arckode(generated, *words, code=3).said
    file.write_text(text, "utf-8")
    arckode(generated, "undo")
    assert not (generated / "clients").exists()


def test_a_stale_client_in_python_is_told_with_its_language(outside: Path) -> None:
    words = (NAME, "--from", "api.json", "--lang", "python")
    call(outside, *words)
    assert (outside / "api_client/a.py").is_file()
    (outside / "api.json").write_text(json.dumps(DOCUMENT).replace("a_index", "b_index"))
    stale = arckode(outside, *words, "--check", code=4)
    assert f"bring it up to date with: arckode {' '.join(words)}\n" in stale.said


def test_a_change_of_language_replaces_the_files(outside: Path) -> None:
    call(outside, NAME, "--from", "api.json", "--out", "api")
    made = call(outside, NAME, "--from", "api.json", "--out", "api", "--lang", "python")
    assert "create  api/a.py" in made.out
    assert "delete  api/a.ts" in made.out
    assert not list((outside / "api").glob("*.ts"))


def test_schemas_of_zod_come_with_their_flag_and_stay_until_they_are_deleted(outside: Path) -> None:
    document = {**DOCUMENT, "components": {"schemas": {"A": {"type": "object", "properties": {"b": {"const": 1}}}}}}
    (outside / "api.json").write_text(json.dumps(document))
    words = (NAME, "--from", "api.json", "--out", "api")
    call(outside, *words, "--zod")
    assert "export const aSchema = z.object({" in (outside / "api/zod.ts").read_text()
    assert "zod" not in (outside / "api/index.ts").read_text()
    assert call(outside, *words, "--check").out == "up to date"
    (outside / "api.json").write_text(json.dumps(document).replace('"b"', '"c"'))
    stale = arckode(outside, *words, "--check", code=4)
    assert "stale: api/zod.ts" in stale.out
    assert f"bring it up to date with: arckode {' '.join(words)}\n" in stale.said
    assert "update  api/zod.ts" in call(outside, *words).out
    (outside / "api/zod.ts").unlink()
    assert "stale: api/.arckode-client.json" in arckode(outside, *words, "--check", code=4).out
    call(outside, *words)
    assert not (outside / "api/zod.ts").exists()
    assert "zod" not in (outside / "api/.arckode-client.json").read_text()


def test_mocks_come_with_their_flag_and_stay_until_they_are_deleted(outside: Path) -> None:
    words = (NAME, "--from", "api.json", "--out", "api")
    call(outside, *words, "--mock", "--zod")
    assert "export function mockAIndex(" in (outside / "api/a.mock.ts").read_text()
    assert "mock" not in (outside / "api/index.ts").read_text()
    assert call(outside, *words, "--check").out == "up to date"
    (outside / "api.json").write_text(json.dumps(DOCUMENT).replace("a_index", "b_index"))
    assert "stale: api/a.mock.ts" in arckode(outside, *words, "--check", code=4).out
    assert "update  api/a.mock.ts" in call(outside, *words).out
    (outside / "api/runtime.mock.ts").unlink()
    assert "delete  api/index.mock.ts" in call(outside, *words).out
    assert not list((outside / "api").glob("*.mock.ts"))


def test_another_language_is_refused(outside: Path) -> None:
    refused = arckode(outside, NAME, "--from", "api.json", "--lang", "cobol", code=2)
    assert "'cobol' is not one of 'typescript', 'python'" in refused.said


def test_a_dry_run_writes_nothing(outside: Path) -> None:
    shown = call(outside, NAME, "--from", "api.json", "--out", "src/api", "--dry-run", "--diff")
    assert "+export function aIndex(options?: Options): Call<void> {" in shown.out
    assert not (outside / "src").exists()
    document = json.loads(call(outside, NAME, "--from", "api.json", "--dry-run", "--json").out)
    assert document["dry_run"] is True
    assert {each["action"] for each in document["changes"]} == {"create"}


def test_a_client_that_is_stale_is_told_by_an_exit_code(outside: Path) -> None:
    words = (NAME, "--from", "api.json", "--out", "src/api")
    call(outside, *words)
    assert call(outside, *words, "--check").code == 0
    changed = json.dumps(DOCUMENT).replace("a_index", "b_index")
    (outside / "api.json").write_text(changed)
    stale = arckode(outside, *words, "--check", code=4)
    assert stale.out.splitlines()[:2] == ["stale: src/api/.arckode-client.json", "stale: src/api/a.ts"]
    assert f"bring it up to date with: arckode {' '.join(words)}\n" in stale.said
    said = json.loads(arckode(outside, *words, "--check", "--json", code=4).out)
    assert said == {"version": 1, "stale": ["src/api/.arckode-client.json", "src/api/a.ts"]}
    assert "aIndex" in (outside / "src/api/a.ts").read_text()


def test_an_edited_file_is_stale_and_refused_and_forced(outside: Path) -> None:
    words = (NAME, "--from", "api.json", "--out", "src/api")
    call(outside, *words)
    file = outside / "src/api/a.ts"
    file.write_text("// mine\n")
    assert call(outside, *words, "--check").code == 4
    refused = arckode(outside, *words, code=3)
    assert "src/api/a.ts was edited" in refused.said
    assert file.read_text() == "// mine\n"
    assert arckode(outside, *words, "--force").code == 0
    assert "aIndex" in file.read_text()


def test_a_folder_outside_of_everything_is_made_at_once(tmp_path: Path) -> None:
    (tmp_path / "api.yaml").write_text("openapi: 3.0.0\ninfo: {title: y}\npaths: {}\n")
    made = call(tmp_path, NAME, "--from", "api.yaml", "--out", "new/api")
    assert "create  runtime.ts" in made.out
    assert sorted(each.name for each in (tmp_path / "new/api").glob("*.ts")) == ["auth.ts", "index.ts", "runtime.ts"]
    assert call(tmp_path, NAME, "--from", "api.yaml", "--out", "new/api", "--check").out == "up to date"


def test_an_address_is_read(outside: Path, server: str) -> None:
    call(outside, NAME, "--from", f"{server}/api.json", "--out", "one")
    call(outside, NAME, "--from", f"{server}/api.yaml", "--out", "two")
    assert (outside / "one/a.ts").is_file()
    assert (outside / "two/runtime.ts").is_file()


@pytest.mark.parametrize(
    ("path", "kind", "said"),
    [
        ("/nowhere", OperationError, "/nowhere answers 404 Not Found"),
        ("/latin", OperationError, "/latin is not a text in UTF-8"),
        ("/html", UsageError, "/html is not an OpenAPI document: it is not an object"),
    ],
)
def test_an_address_that_has_no_document(
    outside: Path, server: str, path: str, kind: type[ArckodeError], said: str
) -> None:
    with pytest.raises(kind) as refused:
        call(outside, NAME, "--from", server + path)
    assert said in refused.value.message


def test_an_address_that_does_not_answer_in_time(server: str) -> None:
    with pytest.raises(OperationError, match="cannot be read: timed out"):
        download(f"{server}/slow", seconds=0.05)


@pytest.mark.parametrize(
    ("words", "kind", "said", "hint"),
    [
        ((), UsageError, "is not inside an arckode project", "name a document with --from FILE|URL"),
        (("--from", "nix.json"), OperationError, "cannot read nix.json: No such file", "name an OpenAPI document"),
        (("--from", "."), OperationError, "cannot read .: Is a directory", "name an OpenAPI document"),
        (("--from", "latin.json"), UsageError, "latin.json is not a text in UTF-8", ""),
        (("--from", "http://127.0.0.1:1/"), OperationError, "cannot be read: [Errno 111] Connection", "is the server"),
        (("--from", "http://[/"), OperationError, "http://[/ cannot be read: Invalid IPv6 URL", ""),
        (("--from", "api.json", "--out", "package.json"), UsageError, "package.json is a file", "name a folder"),
        (("--from", "api.json", "--out", "api.json/x"), UsageError, "api.json is a file", "name a folder"),
        (("--zod", "--lang", "python"), UsageError, "--zod writes schemas in TypeScript", "are checked by pydantic"),
        (("--mock", "--lang", "python"), UsageError, "--mock writes mocks in TypeScript", "a transport of httpx2"),
        (("--watch", "--check"), UsageError, "--watch writes, --check and --dry-run do not", "use one of them"),
        (("--watch", "--dry-run"), UsageError, "--watch writes", "use one of them"),
        (("--from", "bad.json"), UsageError, '#/components/schemas/A/type: "strin" is not a type', "a type is one of"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said(
    outside: Path, words: tuple[str, ...], kind: type[ArckodeError], said: str, hint: str
) -> None:
    (outside / "latin.json").write_bytes(b"\xff\xfe\xfa")
    (outside / "bad.json").write_text(json.dumps({**DOCUMENT, "components": {"schemas": {"A": {"type": "strin"}}}}))
    with pytest.raises(kind) as refused:
        call(outside, NAME, *words)
    assert said in refused.value.message
    assert hint in refused.value.hint
    assert not (outside / "frontend").exists()


def test_a_link_that_leads_away_is_refused(outside: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    (outside / "away").symlink_to(tmp_path_factory.mktemp("away"))
    with pytest.raises(RefusedError, match="leads out of the project through a link"):
        call(outside, NAME, "--from", "api.json", "--out", "away/api")


def test_a_project_that_cannot_be_imported_is_told_by_line(generated: Path) -> None:
    root = generated / "src/shop/composition_root.py"
    text = root.read_text()
    try:
        root.write_text(f"{text}\nraise ValueError('no')\n")
        with pytest.raises(OperationError, match=r"src/shop/composition_root\.py:\d+: ValueError: no"):
            call(generated, NAME)
    finally:
        root.write_text(text)


def test_watching_writes_again_and_says_mistakes(outside: Path) -> None:
    words = [*PROGRAM, NAME, "--from", "api.json", "--out", "src/api", "--watch"]
    process = subprocess.Popen(
        words, cwd=outside, env=ENVIRON, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None

    def write(text: str) -> None:  # in one step: a half-written document would be told as a mistake of its own
        (outside / "next.json").write_text(text)
        (outside / "next.json").replace(outside / "api.json")

    def until(word: str) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            if word in line:
                return
        raise AssertionError(f"it ended before it said {word!r}")

    try:
        until("watching")
        assert (outside / "src/api/a.ts").is_file()
        write("{")
        until("error: api.json is not JSON")
        until("watching")
        write(json.dumps(DOCUMENT).replace("a_index", "changed_index"))
        until("watching")
        assert "changedIndex" in (outside / "src/api/a.ts").read_text()
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
    finally:
        process.kill()
        process.stdout.close()


def test_help_has_examples() -> None:
    said = subprocess.run([*PROGRAM, NAME, "--help"], env=ENVIRON, capture_output=True, text=True, check=True).stdout
    assert "arckode generate:api-client --check" in said
