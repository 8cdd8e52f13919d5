"""`arckode demo`: builds and runs the sample shop, end to end, with the commands that a user would type."""

from __future__ import annotations

import json
import shutil
import signal
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from arckode_gen.engine.spec import CommandSpec, Param
from arckode_gen.errors import ArckodeError, OperationError, RefusedError, UsageError
from arckode_gen.shell import demo_python
from arckode_gen.shell.demo_http import Client, Exchange, walk
from arckode_gen.shell.demo_run import Done, Step, StepFailedError, Workshop
from arckode_gen.shell.demo_server import running
from arckode_gen.shell.demo_transcript import Transcript
from arckode_gen.shell.process import interpreter
from arckode_gen.shell.serve import free_address

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from arckode_gen.engine.spec import Call
    from arckode_gen.shell.demo_server import Server

SPEC = CommandSpec(
    "demo",
    "Build and run the sample shop, end to end.",
    examples=(
        "arckode demo",
        "arckode demo --keep",
        "arckode demo --install --directory ~/demo",
        "arckode demo --json",
    ),
    params=(
        Param("keep", type="bool", help="Keep the folder, and leave the server running until Ctrl-C."),
        Param("directory", type="path", metavar="DIR", help="Build it here and keep it (default: a temporary folder)."),
        Param("python", metavar="PATH", help="The interpreter or virtual environment to run the shop in."),
        Param(
            "install", type="bool", help="Make a virtual environment in the shop and install what it needs with pip."
        ),
    ),
    details=(
        "Every step is a command that you could type, and is run as that: new, make:module twice, db:migrate, db:seed, "
        "analyze, the shop's own tests, dev, and requests to it. Nothing is installed unless --install says so. A step "
        "that fails ends the demonstration with its output and exit code 5, and the folder is kept. "
        '`--json` prints {"version", "directory", "steps": [{"title", "command", "summary", "seconds"}], '
        '"requests": [{"method", "path", "sent", "status", "answer"}], "urls", "seconds"}; "directory" is empty when '
        "it was removed."
    ),
)

NAME = "shop"
GROW = (
    Step(
        "Add customers",
        ("arckode", "make:module", "customers", "name:str:max=120", "email:email:unique"),
        shows="files",
    ),
    Step(
        "Add orders, which belong to customers",
        (
            "arckode",
            "make:module",
            "orders",
            "customer:belongs_to=customers",
            "total:decimal=12.2:min=0",
            "status:enum=draft/paid/sent:default=draft",
            "note:text:null",
        ),
        shows="files",
    ),
)
CHECK = (
    Step("Create the tables", ("arckode", "db:migrate")),
    Step("Insert sample rows", ("arckode", "db:seed")),
    Step("Check the architecture", ("arckode", "analyze")),
    Step("Run the shop's own tests", ("python", "-m", "pytest", "-q")),
)
# Settings of the shop that the environment must not decide, and pytest's own.
_FOREIGN = frozenset({"database_url", "docs", "environment", "log_format", "pytest_addopts", "virtual_env"})


@dataclass(slots=True)
class _Record:
    """What was done so far, for `--json`."""

    started: float
    steps: list[Done] = field(default_factory=list)
    requests: list[Exchange] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Stage:
    """Everything that the steps share."""

    call: Call
    folder: Path
    transcript: Transcript
    record: _Record

    @property
    def shop(self) -> Path:
        return self.folder / NAME

    def do(self, workshop: Workshop, step: Step, folder: Path) -> None:
        with self.transcript.step(step):
            done = workshop.run(step, folder)
        self.record.steps.append(done)
        self.transcript.done(done)

    def heard(self, exchange: Exchange) -> None:
        self.record.requests.append(exchange)
        self.transcript.exchange(exchange)


def run(call: Call) -> int:
    """Build, check, serve and use the shop."""
    if call.text("python") and call.flag("install"):
        raise UsageError("--python and --install exclude each other", "--install makes an interpreter of its own")
    explicit = interpreter(call.cwd, call.environ, call.text("python")).path if call.text("python") else None
    with _interruptible(), _folder(call) as folder:
        transcript = Transcript(call.write, call.environ, quiet=call.json)
        stage = _Stage(call, folder, transcript, _Record(time.perf_counter()))
        _play(stage, explicit or Path(sys.executable))
    return 0


def _play(stage: _Stage, python: Path) -> None:
    environ = {name: value for name, value in stage.call.environ.items() if name.lower() not in _FOREIGN}
    stage.do(Workshop(python, environ), Step("Make a project", ("arckode", "new", NAME), shows="files"), stage.folder)
    python = _equipped(stage, Workshop(python, environ))
    extra: tuple[str, ...] = ()
    if demo_python.is_activatable(python):
        environ = demo_python.as_activated(python, environ)
    else:
        extra = ("--python", str(python))
    workshop = Workshop(python, environ)
    for step in GROW:
        stage.do(workshop, step, stage.shop)
    for step in CHECK:
        stage.do(workshop, _with(step, extra), stage.shop)
    _serve(stage, workshop, extra)


def _with(step: Step, extra: tuple[str, ...]) -> Step:
    return Step(step.title, (*step.words, *extra), step.shows) if step.words[1].startswith("db:") else step


def _equipped(stage: _Stage, workshop: Workshop) -> Path:
    """Return an interpreter that has what the shop needs, making one when asked to.

    Raises:
        OperationError: it lacks something.
    """
    needed = demo_python.requirements(stage.shop / "pyproject.toml")
    if stage.call.flag("install"):
        stage.do(workshop, Step("Make a virtual environment", ("python", "-m", "venv", ".venv")), stage.shop)
        folder = "Scripts" if sys.platform == "win32" else "bin"
        own = stage.shop / ".venv" / folder / "python"
        words = ("python", "-m", "pip", "install", "--quiet", *needed)
        stage.do(Workshop(own, workshop.environ), Step("Install what the shop needs", words), stage.shop)
        return own
    lacking = demo_python.missing(workshop.python, needed, workshop.environ)
    if lacking:
        wanted = " ".join(f"'{each}'" for each in lacking)
        pip = f"{workshop.python} -m pip install {wanted}"
        raise _UnequippedError(
            f"{workshop.python} lacks what the shop needs: {', '.join(lacking)}",
            f"install it: {pip}\n  or let the demonstration do that: arckode demo --install",
        )
    return workshop.python


class _UnequippedError(OperationError):
    """Nothing was tried yet, so there is nothing worth keeping."""


def _serve(stage: _Stage, workshop: Workshop, extra: tuple[str, ...]) -> None:
    address = free_address("127.0.0.1", 8000 if _is_free(8000) else 0)
    step = Step("Serve it", ("arckode", "dev", "--no-reload", "--port", str(address.port), *extra))
    started = time.perf_counter()
    with running(workshop, step, stage.shop) as server:
        with stage.transcript.step(step):
            server.wait_until_ready(address.url)
        done = Done(step, f"{address.url} is ready", time.perf_counter() - started)
        stage.record.steps.append(done)
        stage.transcript.done(done)
        stage.transcript.line("")
        stage.transcript.line(f"{len(stage.record.steps) + 1}. Use it", style="bold")
        walk(Client(address.url, stage.heard))
        _finish(stage, address.url, server)


def _is_free(port: int) -> bool:
    try:
        free_address("127.0.0.1", port)
    except OperationError:
        return False
    return True


def _finish(stage: _Stage, url: str, server: Server) -> None:
    urls = {"app": url, "docs": f"{url}/docs", "openapi": f"{url}/openapi.json", "health": f"{url}/health/ready"}
    if not stage.call.flag("keep"):
        server.stop()
    seconds = time.perf_counter() - stage.record.started
    if stage.call.json:
        stage.call.write(json.dumps(_document(stage, urls, seconds), indent=2, ensure_ascii=False))
        sys.stdout.flush()
    stage.transcript.line("")
    for name, where in urls.items():
        stage.transcript.line(f"   {name:<8} {where}")
    stage.transcript.line("")
    if not stage.call.flag("keep"):
        stage.transcript.line(f"everything works; the server was stopped cleanly; {seconds:.1f} s in all", style="bold")
        return
    stage.transcript.line(f"everything works; {seconds:.1f} s in all; the shop is in {stage.shop}", style="bold")
    stage.call.say("the server is running; stop it with Ctrl-C")
    try:
        server.wait()
    except KeyboardInterrupt:
        server.stop()


def _document(stage: _Stage, urls: Mapping[str, str], seconds: float) -> dict[str, object]:
    return {
        "version": 1,
        "directory": str(stage.shop) if _keeps(stage.call) else "",
        "steps": [
            {
                "title": done.step.title,
                "command": done.step.command,
                "summary": done.summary,
                "seconds": round(done.seconds, 3),
            }
            for done in stage.record.steps
        ],
        "requests": [asdict(exchange) for exchange in stage.record.requests],
        "urls": dict(urls),
        "seconds": round(seconds, 3),
    }


def _keeps(call: Call) -> bool:
    return call.flag("keep") or bool(call.text("directory"))


@contextmanager
def _folder(call: Call) -> Iterator[Path]:
    """Give the folder to build in; a temporary one is removed unless it shall be kept or tells what went wrong."""
    given = call.text("directory")
    folder = call.cwd / Path(given).expanduser() if given else Path(tempfile.mkdtemp(prefix="arckode-demo-"))
    if (folder / NAME).exists():
        raise RefusedError(f"{folder / NAME} exists already", "choose another --directory, or move it")
    folder.mkdir(parents=True, exist_ok=True)
    keep = _keeps(call)
    try:
        yield folder
    except _UnequippedError:
        keep = bool(given)
        raise
    except ArckodeError as error:
        keep = True
        if isinstance(error, StepFailedError):
            call.say(error.output.rstrip())
        raise OperationError(
            error.message, f"{error.hint}\n  the shop is kept in {folder / NAME}".lstrip("\n ")
        ) from error
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let SIGTERM end the demonstration as Ctrl-C does: with everything stopped and tidied up."""

    def interrupt(_number: int, _frame: object) -> NoReturn:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
