"""`arckode routes`: what the application answers, as the application itself says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from arckode_gen.engine.openapi_routes import Route, in_order, routes
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
    examples=("arckode routes", "arckode routes --static", "arckode routes --json", "arckode routes | grep public"),
    params=(
        Param("static", type="bool", help="Read the code instead of running it; works in any project."),
        Param("python", metavar="PATH", help="The project's interpreter or virtual environment."),
    ),
    details=(
        "The application is put together in the project's interpreter and asked; no server is started. "
        '`--json` prints {"version", "routes": [{"method", "path", "action", "access", "operation", "module"}]}; '
        "With `--static` the routes are read from the code: a path that is put together at run time is empty there."
    ),
)

_HEADINGS = ("method", "path", "action", "access", "operation", "module")


def run(call: Call) -> int:
    """Print the routes of the composed application."""
    return _show(call, _static(call) if call.flag("static") else _running(call))


def _static(call: Call) -> tuple[Route, ...]:
    from arckode_gen.commands._reading import read_code  # only what reads the code pays for the reader
    from arckode_gen.engine.project_map import routes as read_routes

    return in_order(Route(**route) for route in read_routes(read_code(call).analysis))


def _running(call: Call) -> tuple[Route, ...]:
    root = find_root(call.cwd)
    package = manifest(Disk(root))["package"]
    python = interpreter(root, call.environ, call.text("python"))
    if python.warning:
        call.say(python.warning)
    return routes(read_document(root, package, python.path, call.environ, call.say))


def _show(call: Call, found: tuple[Route, ...]) -> int:
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
