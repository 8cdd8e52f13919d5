"""Runs a file as one transaction that holds its row of the control table too: all of it is there, or nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_gen.migrations.connection import Failure
from arckode_gen.migrations.control import Control
from arckode_gen.migrations.failures import at_program, at_statement, rolled_back
from arckode_gen.migrations.steps import Program

if TYPE_CHECKING:
    from arckode_gen.migrations.connection import Connection
    from arckode_gen.migrations.request import Report
    from arckode_gen.migrations.work import Work

ATTEMPTS = 6
FIRST_WAIT = 0.5


async def run(connection: Connection, work: Work, batch: int, version: str, report: Report) -> None:
    """Run a file, and again when it did not get a lock in time, with growing random pauses in between.

    Raises:
        OperationError: a statement failed; nothing of the file is left.
    """
    for attempt in range(1, ATTEMPTS + 1):
        failure = await _attempt(connection, work, batch, version, report, last=attempt == ATTEMPTS)
        if failure is None:
            return
        import random  # hardly ever needed

        wait = FIRST_WAIT * 2 ** (attempt - 1) * random.uniform(0.5, 1.5)  # noqa: S311 - jitter, not a secret
        report("say", f"{work.name}: a table is in use ({failure}); trying again in {wait:.1f} s")
        await connection.pause(wait)


async def _attempt(
    connection: Connection, work: Work, batch: int, version: str, report: Report, *, last: bool
) -> Failure | None:
    """Return the failure when trying again makes sense."""
    done = 0
    try:
        await connection.begin(data=isinstance(work.step, Program))
        if isinstance(work.step, Program):
            from arckode_gen.migrations.data import Steps
            from arckode_gen.migrations.program import call

            await call(connection, work, Steps(work.name, report))
        else:
            for statement in work.step.statements:
                report("progress", f"{work.name}: statement {done + 1} of {work.total}")
                await connection.execute(statement.text)
                done += 1
        await _record(connection, work, batch, version)
        await connection.commit()
    except Failure as failure:
        await connection.rollback()
        if failure.busy and not last:
            return failure
        raise at_statement(work, done, connection.dialect, failure, rolled_back(work, failure)) from failure
    except (Exception, SystemExit) as error:
        await connection.rollback()
        raise at_program(work, connection.dialect, error, rolled_back(work)) from error
    except BaseException:
        await connection.rollback()
        raise
    return None


async def _record(connection: Connection, work: Work, batch: int, version: str) -> None:
    control = Control(connection)
    if work.direction == "up":
        await control.insert(work.record(batch, version), "applied", work.total)
    elif work.entry is not None:
        await control.revert(work.entry.entry, work.text(), work.total, 0)
        await control.finish(work.entry.entry, "rolled_back", work.total)
