"""`arckode stub:diff`: what a newer arckode changed in a stub that the project has made its own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from arckode_gen.commands import shipped_stub
from arckode_gen.engine import published
from arckode_gen.engine.project import Disk, find_root
from arckode_gen.engine.spec import CommandSpec, Param

if TYPE_CHECKING:
    from arckode_gen.engine.spec import Call

SPEC = CommandSpec(
    "stub:diff",
    "Show what changed in a shipped stub since the project published it.",
    examples=("arckode stub:diff module", "arckode stub:diff module --mine"),
    params=(
        Param("name", kind="argument", required=True, help="The stub: its folder's name, or its command."),
        Param("mine", type="bool", help="Show what the project changed instead."),
    ),
    details='`--json` prints {"version", "diff"}; the diff is empty when nothing changed.',
)


def run(call: Call) -> int:
    """Print a unified diff."""
    text = published.difference(shipped_stub(call.text("name")), Disk(find_root(call.cwd)), mine=call.flag("mine"))
    if call.json:
        call.write(json.dumps({"version": 1, "diff": text}, indent=2))
    elif text:
        call.write(text)
    else:
        call.say("nothing changed")
    return 0
