"""`arckode dev`: serves the project while it is being written."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from arckode_gen.commands.db_migrate import request
from arckode_gen.engine.spec import CommandSpec, Param
from arckode_gen.errors import ArckodeError
from arckode_gen.migrations.target import ask, locate
from arckode_gen.shell import frontend
from arckode_gen.shell.address import Address, free_address
from arckode_gen.shell.serve import require_uvicorn, serve, uvicorn_words

if TYPE_CHECKING:
    from arckode_gen.engine.spec import Call
    from arckode_gen.migrations.target import Target

SPEC = CommandSpec(
    "dev",
    "Serve the project and reload it when its code changes.",
    examples=("arckode dev", "arckode dev --port 8080", "arckode dev --host 0.0.0.0 --no-reload"),
    params=(
        Param("host", default="127.0.0.1", metavar="HOST", help="Where to listen; 0.0.0.0 is everywhere."),
        Param("port", type="int", default=8000, metavar="PORT", help="Which port; 0 takes one that is free."),
        Param("api_only", type="bool", help="Serve the API without the front end."),
        Param("no_reload", type="bool", help="Do not watch the code."),
        Param("python", metavar="PATH", help="The project's interpreter or virtual environment."),
    ),
    details=(
        "It runs `python -m uvicorn <package>.main:app --app-dir src --reload` in the project's interpreter; Ctrl-C or "
        "SIGTERM stops it and exits with 0. Where there is a front end, Vite serves it at that address and hands what "
        "begins with /api to the API, which listens at a free port behind it; a change on either side is there at "
        'once. `--json` prints {"version", "pid", "urls": {"app", "docs", "health"}} once the server was started.'
    ),
)


def run(call: Call) -> int:
    """Serve until Ctrl-C."""
    target = locate(call)
    require_uvicorn(target.python.path, call.environ)
    port = call.number("port")
    address = free_address(call.text("host"), 8000 if port is None else port)
    front = None if call.flag("api_only") else frontend.vite(target.root, call.environ)
    behind = free_address("127.0.0.1", 0) if front else address
    _warn_of_migrations(target, call)
    words = uvicorn_words(target.package, behind, reload=not call.flag("no_reload"))
    others = [frontend.development(front, target.root, address, behind, call.environ)] if front else []

    def greet(pid: int) -> None:
        _greet(call, target, address, pid)

    serve(target.python.path, target.root, words, call.environ, greet, others=others)
    return 0


def _greet(call: Call, target: Target, address: Address, pid: int) -> None:
    urls = {"app": address.url, "docs": f"{address.url}/docs", "health": f"{address.url}/health/ready"}
    if call.json:
        call.write(json.dumps({"version": 1, "pid": pid, "urls": urls}, indent=2))
        # A pipe would hold it back until the server ends.
        sys.stdout.flush()
        return
    call.say(
        f"{target.package} is at {urls['app']}; its documentation at {urls['docs']}, its health at {urls['health']}"
    )
    call.say("stop it with Ctrl-C")


def _warn_of_migrations(target: Target, call: Call) -> None:
    """Say what a request would stumble over; a database that cannot be asked is said to be one and stops nothing."""
    try:
        answer = ask(target, {**request(target, call), "action": "status"}, call, lambda _kind, text: call.say(text))
    except ArckodeError as error:
        call.say(f"warning: the migrations cannot be checked: {error.message}")
        return
    waiting = sum(item["state"] in ("pending", "unfinished") for item in answer["migrations"])
    if waiting:
        what = "1 migration is" if waiting == 1 else f"{waiting} migrations are"
        call.say(f"warning: {what} pending on {answer['database']}; apply with: arckode db:migrate")
