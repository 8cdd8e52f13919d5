"""`arckode events:dlq`: events that failed for good, to be looked at, tried again or forgotten."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast
from uuid import UUID

from arckode_gen.commands._kernel_part import EVENT_BUS
from arckode_gen.engine.spec import CommandSpec, Param
from arckode_gen.errors import UsageError
from arckode_gen.shell import tables

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arckode_gen.engine.spec import Call

SPEC = CommandSpec(
    "events:dlq",
    "List, show, retry or drop dead letters: events that a group of handlers failed on for good.",
    examples=(
        "arckode events:dlq list",
        "arckode events:dlq list --group welcome --json",
        "arckode events:dlq show 0197f0a1-0000-7000-8000-000000000000",
        "arckode events:dlq retry --group welcome",
        "arckode events:dlq retry --all",
        "arckode events:dlq drop 0197f0a1-0000-7000-8000-000000000000",
    ),
    params=(
        Param("action", kind="argument", required=True, choices=("list", "show", "retry", "drop"), help="What to do."),
        Param("ids", kind="argument", many=True, metavar="ID", help="The letters, as `list` names them."),
        Param("group", metavar="NAME", help="Only those of this group (list, retry)."),
        Param("all", type="bool", help="Every dead letter (retry)."),
        Param("limit", type="int", default=50, metavar="N", help="At most so many (list)."),
        Param("python", metavar="PATH", help="The project's interpreter or virtual environment."),
    ),
    details=(
        "A retried letter has all its attempts again, and comes after events that were published later. `list` does "
        'not show what an event says, since it may be personal; `show` does. `--json` prints {"version", "letters": '
        '[{"id", "group", "event_id", "type", "key", "attempts", "error", "created_at"}]} (list), {"version", '
        '"letter"} with "event" besides (show), {"version", "retried"} or {"version", "dropped"}: how many there were.'
    ),
)
_HEADINGS = ("id", "group", "event", "key", "attempts", "error")


def run(call: Call) -> int:
    """Do what was asked, and say what came of it."""
    action, ids = call.text("action"), call.words("ids")
    _check(call, action, ids)
    question = {"action": action, "ids": list(ids), "group": call.text("group") or None, "limit": call.number("limit")}
    answer = EVENT_BUS.asked(call, question)
    if call.json:
        call.write(json.dumps({"version": 1, **answer}, indent=2))
    elif action == "list":
        _list(call, cast("list[dict[str, object]]", answer["letters"]))
    elif action == "show":
        call.write(json.dumps(answer["letter"], indent=2, ensure_ascii=False))
    else:
        what = "retried" if action == "retry" else "dropped"
        count = cast("int", answer[what])
        call.write(f"{count} dead letter{'' if count == 1 else 's'} {what}")
    return 0


def _check(call: Call, action: str, ids: tuple[str, ...]) -> None:
    """Refuse what does not go together.

    Raises:
        UsageError: no letter is named, or too many, or what is named is no letter's id.
    """
    hint = "`arckode events:dlq list` names them"
    group, every, limit = call.text("group"), call.flag("all"), call.number("limit")
    if action == "list" and (ids or every):
        raise UsageError("list takes no ids and no --all", "it lists all of them; --group and --limit choose")
    if action == "show" and (len(ids) != 1 or group or every):
        raise UsageError("say which dead letter to show: one id", hint)
    if action == "drop" and (not ids or group or every):
        raise UsageError("say which dead letters to drop: their ids", hint)
    if action == "retry" and sum((bool(ids), bool(group), every)) != 1:
        raise UsageError("say which dead letters to retry: their ids, --group NAME, or --all", hint)
    if limit is None or limit < 1:
        raise UsageError(f"--limit {limit}: the limit must be 1 or more")
    for each in ids:
        try:
            UUID(each)
        except ValueError:
            raise UsageError(f"'{each}' is no letter's id", hint) from None


def _list(call: Call, letters: list[dict[str, object]]) -> None:
    rows = [_row(letter) for letter in letters]
    if rows and tables.on_terminal():
        call.write(tables.drawn(_HEADINGS, rows, call.environ))
    elif rows:
        call.write(tables.aligned([_HEADINGS, *rows]))
    else:
        call.write("no dead letters")


def _row(letter: Mapping[str, object]) -> tuple[str, ...]:
    error = str(letter["error"]).partition("\n")[0][:80]
    return (*(str(letter[name]) for name in ("id", "group", "type", "key", "attempts")), error)
