"""`arckode projection:list`: the projections of a project, and which events they follow."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

from arckode_gen.commands._kernel_part import PROJECTIONS
from arckode_gen.engine.spec import CommandSpec, Param
from arckode_gen.shell import tables

if TYPE_CHECKING:
    from arckode_gen.engine.spec import Call

SPEC = CommandSpec(
    "projection:list",
    "Show the projections, with the events that they follow and the tables that they write.",
    examples=("arckode projection:list", "arckode projection:list --json"),
    params=(Param("python", metavar="PATH", help="The project's interpreter or virtual environment."),),
    details='`--json` prints {"version", "projections": [{"name", "version", "events", "tables"}]}.',
)
_HEADINGS = ("projection", "version", "events", "tables")


def run(call: Call) -> int:
    """Print what the code says; the database is not asked."""
    found = cast("list[dict[str, object]]", PROJECTIONS.asked(call, {"action": "list"})["projections"])
    if call.json:
        call.write(json.dumps({"version": 1, "projections": found}, indent=2))
        return 0
    rows = [
        (str(each["name"]), str(each["version"]), *(", ".join(cast("list[str]", each[key])) for key in _HEADINGS[2:]))
        for each in found
    ]
    if not rows:
        call.write("no projections")
    elif tables.on_terminal():
        call.write(tables.drawn(_HEADINGS, rows, call.environ))
    else:
        call.write(tables.aligned([_HEADINGS, *rows]))
    return 0
