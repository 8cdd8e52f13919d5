"""`arckode queue:list`: what waits, runs, was done lately, and what failed for good."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

from arckode_gen.commands._kernel_part import QUEUE
from arckode_gen.engine.spec import CommandSpec, Param
from arckode_gen.errors import UsageError
from arckode_gen.shell import tables

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arckode_gen.engine.spec import Call

SPEC = CommandSpec(
    "queue:list",
    "Show the jobs of the queue, the newest first, and how many there are of each status.",
    examples=("arckode queue:list", "arckode queue:list --status dead", "arckode queue:list --job send_receipt --json"),
    params=(
        Param("status", choices=("waiting", "running", "done", "dead"), help="Only those."),
        Param("job", metavar="NAME", help="Only jobs of this name."),
        Param("limit", type="int", default=50, metavar="N", help="At most so many."),
        Param("python", metavar="PATH", help="The project's interpreter or virtual environment."),
    ),
    details=(
        "A dead job failed as often as it may, and stays until `arckode queue:retry` lets it begin anew. "
        '`--json` prints {"version", "counts": {status: number}, "jobs": [{"id", "name", "status", "priority", '
        '"attempts", "max_attempts", "percent", "note", "error", "key", "run_at", "created_at", "finished_at"}]}; '
        "what a job was given is not shown, since it may be secret."
    ),
)
_HEADINGS = ("id", "job", "status", "attempts", "run at", "error")


def run(call: Call) -> int:
    """Print the jobs."""
    limit = call.number("limit")
    if limit is None or limit < 1:
        raise UsageError(f"--limit {limit}: the limit must be 1 or more")
    question = {"action": "list", "status": call.text("status"), "name": call.text("job") or None, "limit": limit}
    answer = QUEUE.asked(call, question)
    if call.json:
        call.write(json.dumps({"version": 1, **answer}, indent=2))
        return 0
    rows = [_row(job) for job in cast("list[dict[str, object]]", answer["jobs"])]
    if rows and tables.on_terminal():
        call.write(tables.drawn(_HEADINGS, rows, call.environ))
    elif rows:
        call.write(tables.aligned([_HEADINGS, *rows]))
    counts = cast("dict[str, int]", answer["counts"])
    call.write(", ".join(f"{count} {status}" for status, count in counts.items()))
    return 0


def _row(job: Mapping[str, object]) -> tuple[str, ...]:
    moment = str(job["run_at"]).partition(".")[0].partition("+")[0].replace("T", " ")
    error = str(job["error"] or job["note"] or "").partition("\n")[0]
    attempts = f"{job['attempts']}/{job['max_attempts']}"
    return (str(job["id"]), str(job["name"]), str(job["status"]), attempts, moment, error[:80])
