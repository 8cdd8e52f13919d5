"""Writes down as applied what a database already holds, so that its next migration is the first one that runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_gen.errors import RefusedError
from arckode_gen.migrations import catalogue
from arckode_gen.migrations.control import Control
from arckode_gen.migrations.lock import held
from arckode_gen.migrations.steps import Script
from arckode_gen.migrations.touched import made_and_dropped

if TYPE_CHECKING:
    from collections.abc import Iterable

    from arckode_gen.migrations.connection import Connection
    from arckode_gen.migrations.request import Done, Report, Request
    from arckode_gen.migrations.runner import Run
    from arckode_gen.migrations.work import Work


async def baseline(connection: Connection, run: Run, request: Request, report: Report) -> list[Done]:
    """List the pending files as applied and run none of them.

    Raises:
        RefusedError: a table that they make is not there, so they were not applied.
        OperationError: the lock was not free in time.
    """
    async with held(connection, request["lock_timeout"], lambda text: report("say", text)):
        control = Control(connection)
        works = run.works(await run.look())
        if "unchecked" not in request["allow"]:
            await _check(connection, works)
        await control.prepare()
        for work in works:
            await control.insert(work.record(run.batch, request["version"]), "applied", work.total)
            report("done", f"noted {work.name} as applied")
    return [{"name": work.name, "direction": "up", "statements": work.total, "milliseconds": 0} for work in works]


async def _check(connection: Connection, works: Iterable[Work]) -> None:
    there = {name.removeprefix("table ").lower() for name in await catalogue.read(connection) if name[:6] == "table "}
    made: dict[str, str] = {}
    for work in works:
        if isinstance(work.step, Script):
            for statement in work.step.statements:
                fresh, gone = made_and_dropped(statement.text, connection.dialect)
                made = {table: name for table, name in made.items() if table not in gone}
                made |= dict.fromkeys(fresh, work.name)
    for table, name in made.items():
        if table not in there:
            raise RefusedError(
                f"{name} makes the table {table}, which this database does not have, so it was never applied",
                "apply it with `arckode db:migrate`; --to NAME notes only what comes before, --unchecked does not look",
            )
