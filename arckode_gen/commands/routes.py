"""`arckode routes`: what the application answers, as the application itself says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from arckode_gen.engine.openapi_routes import routes
from arckode_gen.engine.project import Disk, find_root, manifest
from arckode_gen.engine.spec import CommandSpec, Param
from arckode_gen.shell import tables
from arckode_gen.shell.openapi import read_document
from arckode_gen.shell.process import interpreter

if TYPE_CHECKING:
    from arckode_gen.engine.spec import Call

SPEC = CommandSpec(
    "routes",
    "Show every route: method, path, action, access, operation id, module.",
    examples=("arckode routes", "arckode routes --json", "arckode routes | grep public"),
    params=(Param("python", metavar="PATH", help="The project's interpreter or virtual environment."),),
    details=(
        "The application is put together in the project's interpreter and asked; no server is started. "
        '`--json` prints {"version", "routes": [{"method", "path", "action", "access", "operation", "module"}]}; '
        "`arckode map` reads the routes from the code instead, when the code does not run."
    ),
)

_HEADINGS = ("method", "path", "action", "access", "operation", "module")


def run(call: Call) -> int:
    """Print the routes of the composed application."""
    root = find_root(call.cwd)
    package = manifest(Disk(root))["package"]
    python = interpreter(root, call.environ, call.text("python"))
    if python.warning:
        call.say(python.warning)
    found = routes(read_document(root, package, python.path, call.environ, call.say))
    if call.json:
        call.write(json.dumps({"version": 1, "routes": [route.as_json() for route in found]}, indent=2))
        return 0
    rows = [
        (route.method, route.path, route.action, route.access or "-", route.operation, route.module) for route in found
    ]
    call.write(
        tables.drawn(_HEADINGS, rows, call.environ) if tables.on_terminal() else tables.aligned([_HEADINGS, *rows])
    )
    return 0
