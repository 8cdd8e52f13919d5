"""`arckode events:replay`: what an aggregate was at a version or a time."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, cast
from uuid import UUID

from arckode_gen.commands._kernel_part import AGGREGATES
from arckode_gen.engine.spec import CommandSpec, Param
from arckode_gen.errors import UsageError
from arckode_gen.shell import tables

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arckode_gen.engine.spec import Call

SPEC = CommandSpec(
    "events:replay",
    "Show what an aggregate was at a version or a time, made anew from its events.",
    examples=(
        "arckode events:replay accounts 0197f0a1-0000-7000-8000-000000000000",
        "arckode events:replay accounts 0197f0a1-0000-7000-8000-000000000000 --to 3",
        "arckode events:replay accounts 0197f0a1-0000-7000-8000-000000000000 --at 2026-03-01T12:00:00Z --json",
    ),
    params=(
        Param("aggregate", kind="argument", required=True, help="The aggregates, as their streams are called."),
        Param("id", kind="argument", required=True, help="The one of them."),
        Param("to", type="int", metavar="VERSION", help="After so many events."),
        Param("at", metavar="TIME", help="After what had happened by a time, with its zone."),
        Param("python", metavar="PATH", help="The project's interpreter or virtual environment."),
    ),
    details=(
        "Without --to and --at it shows what the aggregate is now. Nothing is written, no handler hears of it, and no "
        'snapshot is asked. `--json` prints {"version", "replay": {"aggregate", "id", "version", "of", "event", "at", '
        '"state"}}: the state after `version` of the `of` events that there are, the last of them `event` at `at`. '
        "A state may be personal."
    ),
)


def run(call: Call) -> int:
    """Show the state."""
    question = {
        "aggregate": call.text("aggregate"),
        "id": _id(call.text("id")),
        "version": _version(call),
        "at": _moment(call.text("at")),
    }
    found = cast("Mapping[str, object]", AGGREGATES.asked(call, question)["replay"])
    if call.json:
        call.write(json.dumps({"version": 1, "replay": found}, indent=2, ensure_ascii=False))
        return 0
    title = f"{found['aggregate']} {found['id']}, version {found['version']} of {found['of']}"
    call.write(f"{title}: {found['event']} at {found['at']}")
    state = found["state"]
    rows = [(name, _shown(value)) for name, value in state.items()] if isinstance(state, dict) else []
    if rows and tables.on_terminal():
        call.write(tables.drawn(("field", "value"), rows, call.environ))
    else:
        call.write(tables.aligned(rows, indent="  ") if rows else f"  {_shown(state)}")
    return 0


def _id(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        raise UsageError(f"'{text}' is no id of an aggregate", "it is a UUID, as the API answers it") from None


def _version(call: Call) -> int | None:
    version = call.number("to")
    if version is not None and call.text("at"):
        raise UsageError("--to and --at are two answers to one question", "give one of them")
    if version is not None and version < 1:
        raise UsageError(f"--to {version}: the first version is 1")
    return version


def _moment(text: str) -> str | None:
    if not text:
        return None
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--at {text}: this is no time", "write it like 2026-03-01T12:00:00Z") from None
    if moment.tzinfo is None:
        raise UsageError(f"--at {text}: the time has no zone", f"say which: {moment.isoformat()}Z is UTC")
    return moment.isoformat()


def _shown(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
