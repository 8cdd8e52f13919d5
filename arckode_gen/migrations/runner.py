"""Applies what is pending and takes back what is asked, under the lock and with every promise of the journal."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from arckode_gen.errors import RefusedError
from arckode_gen.migrations import files
from arckode_gen.migrations.control import Control, read
from arckode_gen.migrations.schedule import going_back, pending, resolve, stand

if TYPE_CHECKING:
    from pathlib import Path

    from arckode_gen.migrations.connection import Connection
    from arckode_gen.migrations.control import Entry
    from arckode_gen.migrations.files import Source
    from arckode_gen.migrations.journal import Passing
    from arckode_gen.migrations.request import Done, Kind, Report, Request
    from arckode_gen.migrations.schedule import Standing
    from arckode_gen.migrations.work import Work


class Run:
    """One database and one folder of files, looked at again whenever the lock was waited for."""

    def __init__(self, connection: Connection, root: Path, request: Request) -> None:
        self._connection = connection
        self._root = root
        self._request = request
        self._sources: tuple[Source, ...] = ()
        self.entries: tuple[Entry, ...] = ()
        self.standings: tuple[Standing, ...] = ()

    @property
    def batch(self) -> int:
        """The number of the batch that a run would be now."""
        return max((entry.batch for entry in self.entries), default=0) + 1

    async def look(self) -> tuple[Standing, ...]:
        """Read the files and the control table and return what there is to do, without any lock.

        Raises:
            RefusedError: an applied file was edited or removed, or one comes too late.
            UsageError: a name means nothing.
        """
        try:
            return await self._look()
        except RefusedError as error:
            raise self._without_a_change(error) from error

    async def _look(self) -> tuple[Standing, ...]:
        self._sources = files.find(self._root, self._request["folder"])
        await self.look_back()
        if self._request["action"] in ("status", "repair", "alembic"):
            return ()
        if any(item.state in ("edited", "removed") for item in self.standings):
            from arckode_gen.migrations.refusal import refuse_changed

            await refuse_changed(self._connection, self.standings)
        return self._wanted()

    async def look_back(self) -> None:
        """Read what the control table says now about the files that were looked at."""
        self.entries = await read(self._connection)
        self.standings = stand(self._sources, self.entries, self._connection.dialect)

    def _wanted(self) -> tuple[Standing, ...]:
        word = self._request["to"]
        to = resolve(word, [source.name for source in self._sources]) if word else ""
        if self._request["back"]:
            return going_back(self.standings, self.entries, self._request["count"], to)
        wanted = pending(self.standings, to)
        if self._request["action"] == "baseline":
            return tuple(item for item in wanted if item.state == "pending")
        if any(item.late for item in wanted) and "late" not in self._request["allow"]:
            from arckode_gen.migrations.late import refuse_late

            refuse_late(wanted, self.standings, self._connection.dialect)
        return wanted

    def works(self, wanted: tuple[Standing, ...]) -> tuple[Work, ...]:
        """Read every file that will run, so that a mistake in the last one stops the run before the first.

        Raises:
            RefusedError: a file cannot be read, or has nothing for this database or direction.
        """
        names = [item.name for item in wanted]
        found: list[Work] = []
        for at, item in enumerate(wanted):
            if item.source is not None:
                try:
                    work = self._work(item)
                except RefusedError as error:
                    raise self._without_a_change(error, at) from error
                found.append(replace(work, before=tuple(names[:at]), again=self._again(len(names) - at)))
        return tuple(found)

    def _without_a_change(self, error: RefusedError, before: int = 0) -> RefusedError:
        """Say that nothing was run, because every file is read before the first one runs."""
        if self._request["action"] not in ("migrate", "rollback", "plan", "script"):
            return error
        if not self._request["back"]:
            return RefusedError(error.message, f"nothing was applied: {error.hint}")
        newer = (
            f"; `arckode db:migrate --rollback {before}` takes back only what was applied after it" if before else ""
        )
        return RefusedError(error.message, f"nothing was rolled back: {error.hint}{newer}")

    def _again(self, left: int) -> str:
        """Return the command that goes on with so many files, once what stopped a run is corrected."""
        to = f" --to {self._request['to']}" if self._request["to"] else ""
        if not self._request["back"]:
            return f"arckode db:migrate{to}"
        return f"arckode db:migrate --rollback{to or (f' {left}' if left > 1 else '')}"

    def _work(self, item: Standing) -> Work:
        from arckode_gen.migrations.work import plan

        assert item.source is not None  # noqa: S101 - `works` leaves the others out
        reverting = item.entry is not None and item.entry.status in ("reverting", "revert_failed")
        back = self._request["back"] or reverting
        forced = "irreversible" in self._request["allow"]
        return plan(item.source, "down" if back else "up", self._connection.dialect, item.entry, forced=forced)

    async def carry_out(self, report: Report) -> list[Done]:
        """Run everything that is wanted, file by file.

        Raises:
            OperationError: the lock was not free in time, or a statement failed.
            RefusedError: the files forbid it.
        """
        from arckode_gen.migrations.journal import Passing
        from arckode_gen.migrations.lock import held

        done: list[Done] = []
        async with held(self._connection, self._request["lock_timeout"], lambda text: report("say", text)):
            await Control(self._connection).prepare()
            works = self.works(await self.look())
            batch = self.batch
            passing = Passing()
            for work, following in zip(works, (*works[1:], None), strict=False):
                passing.following = following if following is not None and following.is_new else None
                done.append(await self.one(work, batch, report, passing))
                if work.direction == "down" and not self._request["back"]:
                    done.append(await self.one(self._forth(work), batch, report))
        return done

    def _forth(self, work: Work) -> Work:
        """A rollback that was interrupted has been finished; the file is pending now like any other."""
        from arckode_gen.migrations.work import plan

        return replace(plan(work.source, "up", self._connection.dialect), before=work.before, again=work.again)

    async def one(self, work: Work, batch: int, report: Report, passing: Passing | None = None) -> Done:
        started = time.perf_counter()
        connection, version = self._connection, self._request["version"]

        def told(kind: Kind, text: str) -> None:
            if kind != "progress" or self._request["progress"]:
                report(kind, text)

        if work.is_transactional(connection.dialect, transactional_ddl=connection.transactional_ddl):
            from arckode_gen.migrations import transactional

            await transactional.run(connection, work, batch, version, told)
        else:
            from arckode_gen.migrations import journal

            await journal.run(connection, work, batch, version, told, passing=passing)
        milliseconds = round((time.perf_counter() - started) * 1000)
        verb = "applied" if work.direction == "up" else "rolled back"
        report("done", f"{verb} {work.name} ({milliseconds} ms)")
        return {
            "name": work.name,
            "direction": work.direction,
            "statements": work.total,
            "milliseconds": milliseconds,
        }
