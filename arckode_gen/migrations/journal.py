"""Runs a file statement by statement with a note after each, where a file cannot be one transaction.

MySQL and MariaDB commit at every DDL statement; PostgreSQL refuses some statements inside a transaction. Rows change in
one transaction with their note. Around a DDL statement a kill leaves one statement in doubt: it is looked up in the
catalogue before anything goes on.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from arckode_gen.errors import OperationError, RefusedError
from arckode_gen.migrations.connection import Failure, is_mysql
from arckode_gen.migrations.control import Control
from arckode_gen.migrations.effects import is_data, is_session, refuses_transaction
from arckode_gen.migrations.failures import at_program, at_statement, kept_batches, kept_before, rolled_back, words_of
from arckode_gen.migrations.migration import marker
from arckode_gen.migrations.sqltext import normalised
from arckode_gen.migrations.steps import Program, Script

if TYPE_CHECKING:
    from arckode_gen.migrations.connection import Connection
    from arckode_gen.migrations.control import Record, Status
    from arckode_gen.migrations.data import Steps
    from arckode_gen.migrations.request import Report
    from arckode_gen.migrations.steps import Statement
    from arckode_gen.migrations.work import Work


@dataclass(slots=True)
class Passing:
    """The note that ends one file begins the next where each note is a commit of its own, and commits are what costs.

    `following` is the file that comes next, when it is new too; `entry` the row that was begun for it.
    """

    following: Work | None = None
    entry: int = 0


async def run(
    connection: Connection, work: Work, batch: int, version: str, report: Report, *, passing: Passing | None = None
) -> None:
    """Run what is left of a file.

    Raises:
        OperationError: a statement failed; those before it stay and are remembered.
        RefusedError: a statement that already took effect was changed.
    """
    await _Run(connection, work, report, batch=batch, version=version, passing=passing or Passing()).run()


class _Run:
    def __init__(
        self, connection: Connection, work: Work, report: Report, *, batch: int, version: str, passing: Passing
    ) -> None:
        self._batch = batch
        self._version = version
        self._passing = passing
        self._report = report
        self._connection = connection
        self._work = work
        self._control = Control(connection)
        self._up = work.direction == "up"
        self._entry = 0
        self._done = 0

    async def run(self) -> None:
        in_doubt = await self._open()
        if isinstance(self._work.step, Program):
            await self._program()
            return
        statements = self._work.step.statements
        await self._replay_session(statements[: self._done])
        if in_doubt and self._done < len(statements):
            await self._settle(statements[self._done])
        if self._done == len(statements):
            await self._finish()
        while self._done < len(statements):
            await self._statement(statements[self._done])

    async def _open(self) -> bool:
        """Write or take over the row; return whether a statement is in doubt because the last run was killed."""
        entry, work = self._work.entry, self._work
        if entry is None:
            begun, self._passing.entry = self._passing.entry, 0
            self._entry = begun or await self._control.insert(self._record(work), "running", 0)
            return False
        self._entry = entry.entry
        if self._up:
            await self._refuse_rewritten(entry.done, "applied_sql")
            self._done = entry.done
            await self._control.resume(entry.entry, self._record(work))
            return entry.status == "running"
        if entry.status in ("reverting", "revert_failed"):
            await self._refuse_rewritten(entry.done, "reverted_sql")
            self._done = entry.done
        await self._control.revert(entry.entry, work.text(), work.total, self._done)
        return entry.status == "reverting"

    async def _refuse_rewritten(self, done: int, column: str) -> None:
        """Refuse when a statement that took effect is not the one that the file has now."""
        if not done or not isinstance(self._work.step, Script):
            return
        stored = await self._control.stored(self._entry, "applied_sql" if column == "applied_sql" else "reverted_sql")
        dialect = self._connection.dialect
        for number, old in enumerate(_parts(stored)[:done]):
            new = self._work.step.statements[number] if number < self._work.total else None
            if new is None or normalised(new.text, dialect) != normalised(old, dialect):
                raise RefusedError(
                    f"{self._work.source.label}: statement {number + 1} has taken effect and was changed since\n"
                    f"    {' '.join(old.split())}",
                    "put it back as it was; correct the statements after it, or add a migration",
                )

    async def _replay_session(self, done: tuple[Statement, ...]) -> None:
        for statement in done:
            if is_session(statement.text, self._connection.dialect):
                await self._connection.execute(statement.text)

    async def _settle(self, statement: Statement) -> None:
        if self._shares_transaction(statement.text):
            return  # what shares a transaction with its note was rolled back with it
        from arckode_gen.migrations.doubt import took_effect

        verdict = await took_effect(self._connection, statement.text)
        if verdict is None:
            raise OperationError(
                f"{self._work.source.label}:{statement.line}: the last run was killed around statement "
                f"{self._done + 1} of {self._work.total}, and the catalogue does not tell whether it took effect\n"
                f"    {' '.join(statement.text.split())}",
                f"look at the database, then `arckode db:repair {self._work.name} --done {self._done + 1}` if it took "
                f"effect, --done {self._done} if it did not, and run this again",
            )
        if verdict:
            self._done += 1
            await self._control.advance(self._entry, self._done)

    def _shares_transaction(self, sql: str) -> bool:
        dialect = self._connection.dialect
        return is_data(sql, dialect) or (self._connection.transactional_ddl and not refuses_transaction(sql, dialect))

    async def _statement(self, statement: Statement) -> None:
        connection, sql = self._connection, statement.text
        self._report("progress", f"{self._work.name}: statement {self._done + 1} of {self._work.total}")
        shared = self._shares_transaction(sql)
        try:
            if shared:
                await connection.begin()
            elif connection.dialect == "postgresql":
                from arckode_gen.migrations.doubt import prepare

                await prepare(connection, sql)
            await connection.execute(sql)
            await self._advance()
            if shared:
                await connection.commit()
        except Failure as failure:
            await connection.rollback()
            await self._fail(failure)

    async def _advance(self) -> None:
        if self._done + 1 == self._work.total:
            await self._finish()
        else:
            await self._control.advance(self._entry, self._done + 1)
        self._done += 1

    async def _finish(self) -> None:
        following = self._passing.following
        if following is None or not self._up or self._work.entry is not None or not is_mysql(self._connection.dialect):
            await self._control.finish(self._entry, "applied" if self._up else "rolled_back", self._work.total)
            return
        self._passing.entry = self._entry + 1  # this run wrote the newest row, and the lock keeps others from it
        await self._control.pass_on(self._entry, self._record(self._work), self._record(following), self._passing.entry)

    def _record(self, work: Work) -> Record:
        return work.record(self._batch, self._version)

    async def _fail(self, failure: Failure) -> None:
        error = at_statement(
            self._work, self._done, self._connection.dialect, failure, kept_before(self._work, self._done, failure)
        )
        await self._note(str(failure))
        raise error from failure

    async def _program(self) -> None:
        from arckode_gen.migrations.program import call

        steps = await self._steps()
        try:
            await self._connection.begin(data=True)
            await call(self._connection, self._work, steps)
            await self._finish()
            await self._connection.commit()
        except (Exception, SystemExit) as error:
            await self._connection.rollback()
            await self._note(words_of(error))
            failure = error if isinstance(error, Failure) else None
            kept = kept_batches if steps.are_kept else rolled_back
            raise at_program(self._work, self._connection.dialect, error, kept(self._work, failure)) from error

    async def _steps(self) -> Steps:
        """One transaction, or one for each batch where the file asks for it."""
        if self._work.migration.transaction:
            from arckode_gen.migrations.data import Steps

            return Steps(self._work.name, self._report)
        from arckode_gen.migrations.checkpoints import Checkpoints

        checkpoints = Checkpoints(self._work.name, self._report, self._connection, self._control, self._entry)
        await checkpoints.load()
        return checkpoints

    async def _note(self, error: str) -> None:
        failed: Status = "failed" if self._up else "revert_failed"
        # Where the session is gone nothing can be noted; what ended it is the error to tell.
        with suppress(Failure):
            await self._control.fail(self._entry, failed, error)


def _parts(stored: str) -> list[str]:
    """Cut the stored copy at its markers, which count up and so cannot be mistaken."""
    lines = stored.split("\n")
    total = int(lines[0].rsplit(" ", 1)[-1]) if lines[0].startswith("-- statement 1 of ") else 0
    parts: list[list[str]] = []
    for line in lines:
        if line == marker(len(parts) + 1, total):
            parts.append([])
        elif parts:
            parts[-1].append(line)
    return ["\n".join(part) for part in parts]
