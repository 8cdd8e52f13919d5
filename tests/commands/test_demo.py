from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
import venv
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from arckode_gen.commands.demo import served
from arckode_gen.errors import OperationError, RefusedError, UsageError
from arckode_gen.shell import demo_python
from arckode_gen.shell.demo_folder import workplace
from arckode_gen.shell.demo_http import Client, Exchange
from arckode_gen.shell.demo_run import Step, StepFailedError, Workshop
from arckode_gen.shell.demo_server import PortTakenError, running
from arckode_gen.shell.demo_stage import Stage
from arckode_gen.shell.demo_transcript import Transcript
from tests import json_answers
from tests.commands.calls import ENVIRON, PROGRAM, arckode, call

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Workshop(Path(sys.executable), ENVIRON)


def python(code: str) -> Step:
    return Step("Try it", ("python", "-c", code))


# Two demonstrations at once would both find port 8000 free.


@pytest.mark.generates
def test_the_whole_demonstration_shows_every_step_and_leaves_nothing(tmp_path: Path) -> None:
    foreign = {"DATABASE_URL": "postgresql://nobody@nowhere/x", "ENVIRONMENT": "production", "TMPDIR": str(tmp_path)}
    heard = arckode(tmp_path, "demo", environ={**ENVIRON, **foreign})
    typed = [line.removeprefix("   $ ") for line in heard.out.splitlines() if line.startswith("   $ ")]
    assert [line.split()[1] for line in typed[:6]] == [
        "new",
        "make:module",
        "make:module",
        "db:migrate",
        "db:seed",
        "analyze",
    ]
    assert typed[6] == "python -m pytest -q"
    assert typed[7].startswith("arckode dev --no-reload --port ")
    assert "   0 findings in " in heard.out
    assert "          422  Unprocessable Entity: /total Input should be greater" in heard.out
    assert "/openapi.json" in heard.out
    last = heard.out.splitlines()[-1]
    assert last.startswith("everything works; the server stopped cleanly; ")
    assert last.endswith(" s in all; the folder is removed")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.generates
def test_kept_it_serves_until_ctrl_c_and_its_folder_stays(tmp_path: Path) -> None:
    with subprocess.Popen(
        [*PROGRAM, "demo", "--keep", "--directory", "here", "--json"],
        cwd=tmp_path,
        env=ENVIRON,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        text = ""
        for line in process.stdout:
            text += line
            if line == "}\n":
                break
        document = json.loads(text)
        assert "error" not in document, process.communicate()[1]
        json_answers.check("demo", text)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(document["urls"]["openapi"], timeout=10) as answer:
            assert b"orders_store" in answer.read()
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    assert said == "the server is running; stop it with Ctrl-C\n"
    assert document["directory"] == str(tmp_path / "here/shop")
    assert (tmp_path / "here/shop/shop.db").is_file()
    assert [step["command"].split()[0] for step in document["steps"]] == ["arckode"] * 6 + ["python", "arckode"]
    assert {request["status"] for request in document["requests"]} == {200, 201, 204, 404, 422}
    assert document["seconds"] > sum(step["seconds"] for step in document["steps"]) - 0.1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_interrupted_in_the_middle_it_tidies_up(tmp_path: Path, number: signal.Signals) -> None:
    with subprocess.Popen(
        [*PROGRAM, "demo"], cwd=tmp_path, env={**ENVIRON, "TMPDIR": str(tmp_path)}, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert any("make:module customers" in line for line in process.stdout)
        process.send_signal(number)
        process.communicate(timeout=30)
    assert process.returncode == 130
    assert [path for path in tmp_path.iterdir() if path.name.startswith("arckode-demo-")] == []


def test_a_folder_that_has_a_shop_is_refused(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    with pytest.raises(RefusedError) as caught:
        call(tmp_path, "demo", "--directory", ".")
    assert caught.value.message == f"{tmp_path / 'shop'} exists already"


def test_two_ways_to_an_interpreter_exclude_each_other(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--python and --install exclude each other"):
        call(tmp_path, "demo", "--python", "x", "--install")


def test_an_interpreter_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--python nowhere: there is no interpreter"):
        call(tmp_path, "demo", "--python", "nowhere")


def test_an_interpreter_without_the_packages_is_told_what_to_install_and_nothing_stays(tmp_path: Path) -> None:
    venv.create(tmp_path / "bare", with_pip=False, symlinks=True)
    bare = tmp_path / "bare/bin/python"
    heard = arckode(tmp_path, "demo", "--python", "bare", code=5, environ={**ENVIRON, "TMPDIR": str(tmp_path)})
    error, hint, install = heard.said.splitlines()
    assert error.startswith(f"error: {bare} lacks what the shop needs: aiosqlite>=0.22, fastapi")
    assert "pytest>=9" in error
    assert "mypy" not in error
    assert hint.startswith(f"  install it: {bare} -m pip install 'aiosqlite>=0.22' 'fastapi>=0.165,<1' ")
    assert install == "  or let the demonstration do that: arckode demo --install"
    assert [path.name for path in tmp_path.iterdir()] == ["bare"]


def test_a_failing_step_shows_its_output_and_keeps_the_folder(tmp_path: Path) -> None:
    said: list[str] = []
    place = tmp_path / "kept"
    place.mkdir()
    step = python("print('what went wrong'); raise SystemExit(7)")
    with pytest.raises(OperationError) as caught, workplace(place, "shop", keep=False, say=said.append) as folder:
        HERE.run(step, folder)
    assert said == ["what went wrong"]
    assert caught.value.message == f"`{step.command}` ended with code 7"
    assert caught.value.hint == f"what was built is kept in {place / 'shop'}"
    assert caught.value.exit_code == 5
    assert place.is_dir()


def test_a_temporary_folder_is_kept_and_named_when_something_failed() -> None:
    with (
        pytest.raises(OperationError, match="no space") as caught,
        workplace(None, "shop", keep=False, say=print) as folder,
    ):
        raise OSError("no space")
    assert caught.value.hint == f"what was built is kept in {folder / 'shop'}"
    folder.rmdir()


@pytest.mark.parametrize(("keep", "stays"), [(False, False), (True, True)], ids=["by default", "with --keep"])
def test_a_temporary_folder_when_all_is_well(keep: bool, stays: bool) -> None:
    with workplace(None, "shop", keep=keep, say=print) as folder:
        (folder / "shop").mkdir()
    assert folder.exists() is stays
    if stays:
        (folder / "shop").rmdir()
        folder.rmdir()


@pytest.mark.parametrize(
    ("installed", "lacking"),
    [
        pytest.param("pytest>=1", (), id="new enough"),
        pytest.param("pytest>=999", ("pytest>=999",), id="too old"),
        pytest.param("no-such-package>=1", ("no-such-package>=1",), id="not there"),
        pytest.param("no-such-package>=1; python_version < '3'", (), id="not for this Python"),
        pytest.param("no-such>=1; python_version > '3'", ("no-such>=1",), id="for this Python"),
        pytest.param("uvicorn[standard]>=0.1", (), id="with an extra"),
    ],
)
def test_what_an_interpreter_lacks(installed: str, lacking: tuple[str, ...]) -> None:
    assert demo_python.missing(HERE.python, (installed,), ENVIRON) == lacking


@pytest.mark.parametrize(
    ("script", "message"),
    [
        pytest.param("#!/bin/sh\necho broken >&2\nexit 9\n", "does not answer: broken", id="it fails"),
        pytest.param("#!/no/such/program\n", "cannot run", id="it cannot be started"),
    ],
)
def test_an_interpreter_that_does_not_work(tmp_path: Path, script: str, message: str) -> None:
    program = tmp_path / "python"
    program.write_text(script)
    program.chmod(0o755)
    with pytest.raises(OperationError, match=message):
        demo_python.missing(program, ("pytest",), ENVIRON)


def test_an_interpreter_is_activated_only_when_that_leads_to_it(tmp_path: Path) -> None:
    venv.create(tmp_path / "env", with_pip=False, symlinks=True)
    inside = demo_python.inside(tmp_path / "env")
    assert demo_python.is_activatable(inside)
    assert demo_python.as_activated(inside, {"A": "b"}) == {"A": "b", "VIRTUAL_ENV": str(tmp_path / "env")}
    assert not demo_python.is_activatable(inside.resolve())


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        pytest.param(python("print('a'); print('b'); print()"), "b", id="the last line that says something"),
        pytest.param(python("pass"), "", id="nothing at all"),
        pytest.param(
            Step("x", ("python", "-c", "print('create  a\\ncreate  b\\nupdate  c\\nnote: d')"), shows="files"),
            "2 files created, 1 updated",
            id="how many files",
        ),
    ],
)
def test_what_is_told_of_a_step(tmp_path: Path, step: Step, expected: str) -> None:
    assert HERE.run(step, tmp_path) == expected


def test_a_server_that_ends_before_it_is_ready_is_told_with_what_it_said(tmp_path: Path) -> None:
    step = Step("Serve it", ("arckode", "dev", "--port", "0"))
    with (
        running(HERE, step, tmp_path) as server,
        pytest.raises(StepFailedError, match=r"`arckode dev --port 0` ended with code 2 before it was ready") as caught,
    ):
        server.wait_until_ready("http://127.0.0.1:9")
    assert "is not inside an arckode project" in caught.value.output


def test_a_port_that_is_taken_meanwhile_is_not_insisted_on(shop: Path) -> None:
    stage = Stage(shop, Transcript(print, {}, quiet=True))
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        with served(stage, HERE, (), (taken, 0)) as (server, url):
            assert not url.endswith(f":{taken}")
            server.stop()
        with pytest.raises(PortTakenError, match=f"--port {taken}` ended with code 5 before it was ready"):
            served(stage, HERE, (), (taken,)).__enter__()
    assert [done.summary for done in stage.steps] == [f"{url} is ready"]


class Teapot(BaseHTTPRequestHandler):
    """A server whose answers are not those of a shop."""

    def do_GET(self) -> None:
        body = b"<html>\n tea</html>" if self.path == "/html" else b'{"title": "Teapot", "detail": "no coffee"}'
        self.send_response(418)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def teapot() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Teapot) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/x", "GET /x answered 418 instead of 200: Teapot: no coffee"),
        ("/html", "GET /html answered 418 instead of 200: <html> tea</html>"),
    ],
)
def test_another_status_than_expected_is_a_failure(teapot: str, path: str, message: str) -> None:
    heard: list[Exchange] = []
    with pytest.raises(OperationError) as caught:
        Client(teapot, heard.append).ask("GET", path, 200)
    assert caught.value.message == message
    assert [exchange.status for exchange in heard] == [418]


def test_a_request_that_nobody_answers_is_a_failure() -> None:
    with pytest.raises(OperationError, match="GET /x was not answered: "):
        Client("http://127.0.0.1:9", print).ask("GET", "/x", 200)


def test_steps_are_numbered_and_timed(tmp_path: Path) -> None:
    lines: list[str] = []
    stage = Stage(tmp_path, Transcript(lines.append, {}, quiet=False))
    stage.do(HERE, python("print('done')"))
    stage.transcript.title("More")
    stage.heard(Exchange("POST", "/x", '{"a": 1}', 204, ""))
    assert lines[:3] == ["", "1. Try it", "   $ python -c 'print('\"'\"'done'\"'\"')'"]
    assert lines[3].startswith("   done  (0.")
    assert lines[4:] == ["", "2. More", '   POST   /x  {"a": 1}', "          204"]


def test_quiet_nothing_is_told(tmp_path: Path) -> None:
    lines: list[str] = []
    Stage(tmp_path, Transcript(lines.append, {}, quiet=True)).do(HERE, python("pass"))
    assert lines == []


def test_a_server_does_not_outlive_the_program_that_started_it(shop: Path) -> None:
    code = (
        "import os, sys, time; from pathlib import Path\n"
        "from arckode_gen.shell.demo_server import PortTakenError, running\n"
        "from arckode_gen.shell.demo_run import Step, Workshop\n"
        "work = Workshop(Path(sys.executable), dict(os.environ))\n"
        "with running(work, Step('', ('arckode', 'dev', '--port', '0')), Path.cwd()) as server:\n"
        "    print(server.pid, flush=True)\n"
        "    time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], cwd=shop, env=ENVIRON, stdout=subprocess.PIPE, text=True) as it:
        assert it.stdout is not None
        server = int(it.stdout.readline())
        time.sleep(2)
        it.kill()
    deadline = time.monotonic() + 20
    while _runs(server) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _runs(server)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return "State:\tZ" not in Path(f"/proc/{process}/status").read_text()
