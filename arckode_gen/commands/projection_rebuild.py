"""`arckode projection:rebuild`: makes the rows of a projection anew while the old ones are read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

from arckode_gen.commands._kernel_part import PROJECTIONS
from arckode_gen.engine.spec import CommandSpec, Param

if TYPE_CHECKING:
    from arckode_gen.engine.spec import Call

SPEC = CommandSpec(
    "projection:rebuild",
    "Make the rows of a projection anew, from the first event on.",
    examples=("arckode projection:rebuild account_overviews", "arckode projection:rebuild account_overviews --json"),
    params=(
        Param("name", kind="argument", required=True, metavar="NAME", help="As `arckode projection:list` names it."),
        Param("python", metavar="PATH", help="The project's interpreter or virtual environment."),
    ),
    details=(
        "The rows that are there are read, and follow the events, until the new ones are as far and take over in one "
        "transaction. When it is stopped before that, nothing has changed; of two at once, the later one goes on. "
        '`--json` prints {"version", "name", "events"}: how many events were needed.'
    ),
)


def run(call: Call) -> int:
    """Rebuild, say how far it is, and how many events it took."""
    name = call.text("name")
    count = cast("int", PROJECTIONS.asked(call, {"action": "rebuild", "name": name})["events"])
    if call.json:
        call.write(json.dumps({"version": 1, "name": name, "events": count}, indent=2))
    else:
        call.write(f"{name} was rebuilt from {count} event{'' if count == 1 else 's'}")
    return 0
