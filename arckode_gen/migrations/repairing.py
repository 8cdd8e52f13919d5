"""Brings the control table back to the truth when a person has decided what that is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_gen.errors import RefusedError, UsageError
from arckode_gen.migrations.control import Control
from arckode_gen.migrations.lock import held
from arckode_gen.migrations.schedule import resolve
from arckode_gen.migrations.work import plan

if TYPE_CHECKING:
    from arckode_gen.migrations.connection import Connection
    from arckode_gen.migrations.control import Entry
    from arckode_gen.migrations.request import Report, Request
    from arckode_gen.migrations.runner import Run
    from arckode_gen.migrations.schedule import Standing

_STATES = {"accept": "edited", "forget": "removed", "done": "unfinished"}


async def repair(connection: Connection, run: Run, request: Request, report: Report) -> None:
    """Do the one thing that was chosen for the one migration that was named.

    Raises:
        UsageError: no migration has that name.
        RefusedError: the choice does not fit the state it is in.
        OperationError: the lock was not free in time.
    """
    async with held(connection, request["lock_timeout"], lambda text: report("say", text)):
        await run.look()
        item = _named(run, request)
        if item.entry is None or item.state != _STATES[request["choice"]]:
            raise RefusedError(f"{item.name} is {item.state}, so there is nothing to {request['choice']}", _hint(item))
        report("done", await _carry_out(connection, item, item.entry, request))


def _named(run: Run, request: Request) -> Standing:
    name = resolve(request["name"], [item.name for item in run.standings])
    return next(item for item in run.standings if item.name == name)


async def _carry_out(connection: Connection, item: Standing, entry: Entry, request: Request) -> str:
    control = Control(connection)
    if request["choice"] == "forget":
        await control.settle(entry.entry, "forgotten", entry.done)
        return f"forgot {item.name}: it counts as never applied, and its row is kept"
    if request["choice"] == "accept":
        assert item.source is not None  # noqa: S101 - an edited file is there
        work = plan(item.source, "up", connection.dialect, entry)
        await control.accept(entry.entry, work.record(entry.batch, request["version"]))
        return f"accepted {item.name} as it is now"
    done = request["statements"]
    if not 0 <= done <= entry.total:
        raise UsageError(f"--done {done}: {item.name} has {entry.total} statements", "count those that took effect")
    back = entry.status in ("reverting", "revert_failed")
    await control.settle(entry.entry, "revert_failed" if back else "failed", done)
    return f"noted {item.name}: {done} of {entry.total} statements have taken effect; `arckode db:migrate` goes on"


def _hint(item: Standing) -> str:
    choices = {
        "edited": f"`arckode db:repair {item.name} --accept` takes the file as it is now for what was applied",
        "removed": f"`arckode db:repair {item.name} --forget` counts it as never applied",
        "unfinished": f"`arckode db:repair {item.name} --done N` says how many of its statements took effect",
    }
    return choices.get(item.state, "leave it as it is")


def choices(item: Standing) -> str:
    """Return what a person can do about a migration that is not as it should be."""
    return _hint(item)
