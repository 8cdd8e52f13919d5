"""`arckode events:forget`: destroys the key of a person, so that no event tells about that person any more."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

from arckode_gen.commands._kernel_part import PERSONAL_DATA
from arckode_gen.engine.spec import CommandSpec, Param
from arckode_gen.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from arckode_gen.engine.spec import Call

SPEC = CommandSpec(
    "events:forget",
    "Forget a person for good: what events say about that person can be read by nobody any more.",
    examples=(
        "arckode events:forget 0197f0a1-0000-7000-8000-000000000000 --yes",
        "arckode events:forget 0197f0a1-0000-7000-8000-000000000000 --yes --rebuild --json",
    ),
    params=(
        Param("person", kind="argument", required=True, help="The id of the aggregate that is the person, or theirs."),
        Param("yes", type="bool", help="Do it: there is no way back."),
        Param("rebuild", type="bool", help="Then make the rows of projections anew that tell about people."),
        Param("python", metavar="PATH", help="The project's interpreter or virtual environment."),
    ),
    details=(
        "The key of the person is destroyed, with snapshots of the aggregate and the values that were reserved for it. "
        'Events stay, and say "[erased]" where they told about the person, in every replay; nothing personal is stored '
        "under the id again. Rows of projections tell what they told until they are rebuilt; backups hold the key as "
        'long as you keep them. `--json` prints {"version", "person", "forgotten", "projections", "rebuilt"}: '
        "`forgotten` is false when it had been done before, `projections` are those that may tell about people."
    ),
)


def run(call: Call) -> int:
    """Forget the person, and say what is left to do."""
    person, rebuild = call.text("person"), call.flag("rebuild")
    if not call.flag("yes"):
        raise UsageError(f"forgetting {person} cannot be undone", "say --yes to do it")
    answer = PERSONAL_DATA.asked(call, {"subject": person, "rebuild": rebuild})
    now, projections = bool(answer["now"]), cast("Sequence[str]", answer["projections"])
    if call.json:
        found = {"person": person, "forgotten": now, "projections": projections, "rebuilt": rebuild}
        call.write(json.dumps({"version": 1, **found}, indent=2))
        return 0
    call.write(f"{person} {'is forgotten' if now else 'had been forgotten before'}")
    for name in projections:
        done = f"{name} was rebuilt" if rebuild else f"still told by {name}: arckode projection:rebuild {name}"
        call.write(done)
    return 0
