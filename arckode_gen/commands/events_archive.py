"""`arckode events:archive`: moves old events into a table of their own, where the application still finds them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from arckode_gen.commands._kernel_part import EVENT_ARCHIVE
from arckode_gen.engine.spec import CommandSpec, Param
from arckode_gen.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arckode_gen.engine.spec import Call

SPEC = CommandSpec(
    "events:archive",
    "Move old events into a table of their own, where the application still finds them.",
    examples=(
        "arckode events:archive --dry-run",
        "arckode events:archive --older-than 90 --json",
        "arckode events:archive --restore",
    ),
    params=(
        Param("older_than", type="int", metavar="DAYS", help="Instead of EVENT_ARCHIVE__AFTER_DAYS."),
        Param("dry_run", type="bool", help="Say what would go, and move nothing."),
        Param("restore", type="bool", help="Bring all archived events back."),
        Param("python", metavar="PATH", help="The project's interpreter or virtual environment."),
    ),
    details=(
        "What goes are old events that a snapshot of their stream stands for, and whole streams to which nothing has "
        "happened for as long; never what a projection or the relay has still before it. Streams, rebuilds and replays "
        "read them as before. It can be stopped and started again at any moment. `--json` prints "
        '{"version", "dry_run", "archived": {"events", "categories", "unread", "held_by", "unkept"}}: how many went, '
        "by category; how many as old stayed because somebody has not read them, and who that is; how many because "
        'their stream goes on without a snapshot. With --restore it is {"version", "restored"}.'
    ),
)


def run(call: Call) -> int:
    """Archive, or bring back, and say what went and what had to stay."""
    days, dry_run = call.number("older_than"), call.flag("dry_run")
    if days is not None and days < 0:
        raise UsageError(f"--older-than {days}: no event is of the future", "0 is everything that has happened")
    if call.flag("restore"):
        if dry_run or days is not None:
            raise UsageError("--restore brings everything back", "leave out --dry-run and --older-than")
        count = cast("int", EVENT_ARCHIVE.asked(call, {"action": "restore"})["restored"])
        restored = f"{_events(count)} brought back"
        call.write(json.dumps({"version": 1, "restored": count}, indent=2) if call.json else restored)
        return 0
    question = {"action": "archive", "after_days": days, "dry_run": dry_run}
    found = cast("Mapping[str, Any]", EVENT_ARCHIVE.asked(call, question)["archived"])
    if call.json:
        call.write(json.dumps({"version": 1, "dry_run": dry_run, "archived": found}, indent=2))
        return 0
    by_category = ", ".join(f"{count} of {category}" for category, count in found["categories"].items())
    went = "would be archived" if dry_run else "archived"
    call.write(f"{_events(found['events'])} {went}" + (f": {by_category}" if by_category else ""))
    if found["unread"]:
        call.write(f"{_events(found['unread'])} as old wait for {' and '.join(found['held_by'])}")
    if found["unkept"]:
        call.write(f"{_events(found['unkept'])} as old stay: their streams go on, and no snapshot stands for them")
    return 0


def _events(count: int) -> str:
    return f"{count} event{'' if count == 1 else 's'}"
