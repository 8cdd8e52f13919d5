"""`arckode db:repair`: shows what is wrong with the control table, and puts right what a person decided."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

from arckode_gen.commands._progress import Progress
from arckode_gen.commands.db_migrate import request
from arckode_gen.engine.spec import CommandSpec, Param
from arckode_gen.errors import UsageError
from arckode_gen.migrations.target import ask, locate

if TYPE_CHECKING:
    from arckode_gen.engine.spec import Call
    from arckode_gen.migrations.request import Choice, Listed

SPEC = CommandSpec(
    "db:repair",
    "Show which applied migrations are not as they were applied, and settle one of them.",
    examples=(
        "arckode db:repair",
        "arckode db:repair 202611220001 --accept",
        "arckode db:repair 202611220001 --forget",
        "arckode db:repair 202611220001 --done 2",
    ),
    params=(
        Param("name", kind="argument", metavar="[NAME]", help="The migration to settle; none shows them all."),
        Param("accept", type="bool", help="An edited file, as it is now, is what the database holds."),
        Param("forget", type="bool", help="A removed file counts as never applied."),
        Param("done", type="int", metavar="N", help="Of a run that broke off, the first N statements took effect."),
        Param("lock_timeout", type="int", default=60, metavar="SECONDS", help="How long to wait for another run."),
        Param("python", metavar="PATH", help="The project's interpreter or virtual environment."),
    ),
    details="Only the control table changes. Look at the database first: what is noted here is believed afterwards.",
)


def run(call: Call) -> int:
    """List what is wrong, or settle it; 1 when something is still wrong."""
    choice = _choice(call)
    target = locate(call)
    asked = request(target, call)
    answer = ask(
        target,
        {
            **asked,
            "action": "repair",
            "name": call.text("name"),
            "choice": choice,
            "statements": call.number("done") or 0,
        },
        call,
        Progress(call),
    )
    wrong = [item for item in answer["migrations"] if item["choices"]]
    if call.json:
        document = {"version": 1, "database": answer["database"], "dialect": answer["dialect"], "wrong": wrong}
        call.write(json.dumps(document, indent=2))
    else:
        call.write("\n".join(_line(item) for item in wrong) or f"nothing to repair on {answer['database']}")
    return 1 if wrong else 0


def _line(item: Listed) -> str:
    return f"{item['name']} is {item['state']} ({item['statements']} statements): {item['choices']}"


def _choice(call: Call) -> Choice:
    chosen = [word for word in ("accept", "forget") if call.flag(word)]
    chosen += ["done"] if call.number("done") is not None else []
    if len(chosen) > 1:
        raise UsageError(f"--{chosen[0]} and --{chosen[1]} exclude each other", "choose one")
    if bool(chosen) != bool(call.text("name")):
        raise UsageError(
            "db:repair settles one migration in one way",
            "name it and add --accept, --forget or --done N; without any of them it lists what is wrong",
        )
    return cast("Choice", chosen[0] if chosen else "")
