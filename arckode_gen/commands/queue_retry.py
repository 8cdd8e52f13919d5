"""`arckode queue:retry`: lets jobs begin anew that failed for good."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast
from uuid import UUID

from arckode_gen.commands._kernel_part import QUEUE
from arckode_gen.engine.spec import CommandSpec, Param
from arckode_gen.errors import UsageError

if TYPE_CHECKING:
    from arckode_gen.engine.spec import Call

SPEC = CommandSpec(
    "queue:retry",
    "Let dead jobs begin anew, with all their attempts.",
    examples=(
        "arckode queue:retry 0197f0a1-0000-7000-8000-000000000000",
        "arckode queue:retry --job send_receipt",
        "arckode queue:retry --all",
    ),
    params=(
        Param("ids", kind="argument", many=True, metavar="ID", help="The jobs, as `arckode queue:list` names them."),
        Param("job", metavar="NAME", help="Every dead job of this name."),
        Param("all", type="bool", help="Every dead job."),
        Param("python", metavar="PATH", help="The project's interpreter or virtual environment."),
    ),
    details='`--json` prints {"version", "retried"}: how many jobs wait again.',
)


def run(call: Call) -> int:
    """Say which, retry them, and say how many there were."""
    ids, name, every = call.words("ids"), call.text("job"), call.flag("all")
    if sum((bool(ids), bool(name), every)) != 1:
        raise UsageError(
            "say which jobs: their ids, --job NAME, or --all", "`arckode queue:list --status dead` lists them"
        )
    for each in ids:
        _check(each)
    answer = QUEUE.asked(call, {"action": "retry", "ids": list(ids), "name": name or None})
    count = cast("int", answer["retried"])
    if call.json:
        call.write(json.dumps({"version": 1, "retried": count}, indent=2))
    else:
        call.write(f"{count} job{'' if count == 1 else 's'} wait{'s' if count == 1 else ''} again")
    return 0


def _check(word: str) -> None:
    try:
        UUID(word)
    except ValueError:
        raise UsageError(f"'{word}' is no job's id", "`arckode queue:list --status dead` lists them") from None
