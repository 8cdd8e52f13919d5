"""`arckode projection:status`: how far each projection is, and what stops it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

from arckode_gen.commands._kernel_part import PROJECTIONS
from arckode_gen.engine.spec import CommandSpec, Param
from arckode_gen.shell import tables

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arckode_gen.engine.spec import Call

SPEC = CommandSpec(
    "projection:status",
    "Show how far the projections are behind the events, and which of them fail.",
    examples=("arckode projection:status", "arckode projection:status account_overviews --json"),
    params=(
        Param("name", kind="argument", metavar="[NAME]", help="Only this one."),
        Param("python", metavar="PATH", help="The project's interpreter or virtual environment."),
    ),
    details=(
        "A projection is new, live, behind, rebuilding, failing, older (the code has a newer version, and rebuilds it "
        "at the next start) or newer (a newer program writes it). `behind` counts its events to 1000 at most, "
        "`lag` is the age of the oldest of them in seconds. It exits with 1 when one of them fails. "
        '`--json` prints {"version", "projections": [{"name", "state", "version", "generation", "position", "behind", '
        '"lag", "error"}]}.'
    ),
)
_HEADINGS = ("projection", "state", "version", "behind", "lag", "error")
_COUNTED = 1000


def run(call: Call) -> int:
    """Print the states; a failing projection is a finding."""
    answer = PROJECTIONS.asked(call, {"action": "status", "name": call.text("name")})
    found = cast("list[dict[str, object]]", answer["projections"])
    if call.json:
        call.write(json.dumps({"version": 1, "projections": found}, indent=2))
    elif not found:
        call.write("no projections")
    elif tables.on_terminal():
        call.write(tables.drawn(_HEADINGS, [_row(each) for each in found], call.environ))
    else:
        call.write(tables.aligned([_HEADINGS, *map(_row, found)]))
    return int(any(each["state"] == "failing" for each in found))


def _row(each: Mapping[str, object]) -> tuple[str, ...]:
    behind, lag = cast("int", each["behind"]), cast("float", each["lag"])
    counted = f"{behind} or more" if behind >= _COUNTED else str(behind)
    error = str(each["error"]).partition("\n")[0]
    return (str(each["name"]), str(each["state"]), str(each["version"]), counted, f"{lag:.1f} s", error)
