"""`arckode demo`: builds and runs the sample shop, end to end, with the commands that a user would type."""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from arckode_gen.engine.spec import CommandSpec, Param
from arckode_gen.errors import OperationError, UsageError
from arckode_gen.shell import demo_python
from arckode_gen.shell.address import Address, free_address
from arckode_gen.shell.demo_folder import interruptible, workplace
from arckode_gen.shell.demo_http import Client, walk
from arckode_gen.shell.demo_run import Step, Workshop
from arckode_gen.shell.demo_server import PortTakenError, running
from arckode_gen.shell.demo_stage import Stage
from arckode_gen.shell.demo_transcript import Transcript
from arckode_gen.shell.process import interpreter

if TYPE_CHECKING:
    from collections.abc import Iterator

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
NEW = Step("Make a project", ("arckode", "new", NAME), shows="files")
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


def run(call: Call) -> int:
    """Build, check, serve and use the shop."""
    if call.text("python") and call.flag("install"):
        raise UsageError("--python and --install exclude each other", "--install makes an interpreter of its own")
    given = call.text("python")
    python = interpreter(call.cwd, call.environ, given).path if given else Path(sys.executable)
    directory = call.cwd / Path(call.text("directory")).expanduser() if call.text("directory") else None
    with interruptible(), workplace(directory, NAME, keep=call.flag("keep"), say=call.say) as folder:
        stage = Stage(folder / NAME, Transcript(call.write, call.environ, quiet=call.json))
        _play(stage, call, python)
    return 0


def _play(stage: Stage, call: Call, python: Path) -> None:
    environ = {name: value for name, value in call.environ.items() if name.lower() not in _FOREIGN}
    stage.do(Workshop(python, environ), NEW, stage.shop.parent)
    python = _equipped(stage, Workshop(python, environ), install=call.flag("install"))
    told: tuple[str, ...] = ()
    if demo_python.is_activatable(python):
        environ = demo_python.as_activated(python, environ)
    else:
        told = ("--python", str(python))
    workshop = Workshop(python, environ)
    for step in (*GROW, *CHECK):
        stage.do(workshop, step.with_words(told) if step.words[1].startswith("db:") else step)
    _serve(stage, call, workshop, told)


def _equipped(stage: Stage, workshop: Workshop, *, install: bool) -> Path:
    """Return an interpreter that has what the shop needs, making one when asked to.

    Raises:
        UnequippedError: it lacks something.
    """
    needed = demo_python.requirements(stage.shop / "pyproject.toml")
    if not install:
        demo_python.require(workshop.python, needed, workshop.environ)
        return workshop.python
    stage.do(workshop, Step("Make a virtual environment", ("python", "-m", "venv", ".venv")))
    own = demo_python.inside(stage.shop / ".venv")
    words = ("python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *needed)
    stage.do(Workshop(own, workshop.environ), Step("Install what the shop needs", words))
    return own


def _serve(stage: Stage, call: Call, workshop: Workshop, told: tuple[str, ...]) -> None:
    with served(stage, workshop, told, (8000 if _is_free(8000) else 0, 0, 0)) as (server, url):
        stage.transcript.title("Use it")
        walk(Client(url, stage.heard))
        if not call.flag("keep"):
            server.stop()
        _tell(stage, call, url)
        if call.flag("keep"):
            _stay(call, server)


@contextmanager
def served(
    stage: Stage, workshop: Workshop, told: tuple[str, ...], ports: tuple[int, ...]
) -> Iterator[tuple[Server, str]]:
    """Serve on the first port that no other program takes before the server does; 0 is any free one.

    Raises:
        StepFailedError: it does not serve.
    """
    first, *others = ports
    address = Address("127.0.0.1", first) if first else free_address("127.0.0.1", 0)
    step = Step("Serve it", ("arckode", "dev", "--no-reload", "--port", str(address.port), *told))
    with ExitStack() as stack:
        server = stack.enter_context(running(workshop, step, stage.shop))
        found = (server, address.url)
        try:
            stage.play(step, lambda: server.wait_until_ready(address.url))
        except PortTakenError:
            if not others:
                raise
            found = stack.enter_context(served(stage, workshop, told, tuple(others)))
        yield found


def _is_free(port: int) -> bool:
    try:
        free_address("127.0.0.1", port)
    except OperationError:
        return False
    return True


def _tell(stage: Stage, call: Call, url: str) -> None:
    keep = call.flag("keep")
    urls = {"app": url, "docs": f"{url}/docs", "openapi": f"{url}/openapi.json", "health": f"{url}/health/ready"}
    if call.json:
        directory = str(stage.shop) if keep or call.text("directory") else ""
        call.write(json.dumps(stage.document(urls, directory), indent=2, ensure_ascii=False))
        # With --keep a pipe would hold it back until the server ends.
        sys.stdout.flush()
        return
    stage.transcript.title("The addresses" if keep else "The addresses that `arckode demo --keep` leaves open")
    for name, where in urls.items():
        stage.transcript.line(f"   {name:<8} {where}")
    stage.transcript.line("")
    end = f"the shop is in {stage.shop}" if keep or call.text("directory") else "the folder is removed"
    stopped = "" if keep else "the server stopped cleanly; "
    stage.transcript.line(f"everything works; {stopped}{stage.seconds:.1f} s in all; {end}", style="bold")


def _stay(call: Call, server: Server) -> None:
    call.say("the server is running; stop it with Ctrl-C")
    try:
        server.wait()
    except KeyboardInterrupt:
        server.stop()
