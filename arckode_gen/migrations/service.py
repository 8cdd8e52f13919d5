"""Answers a Request in the interpreter it runs in; this is all that a command, or the other process, calls."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from arckode_gen.errors import OperationError, UsageError
from arckode_gen.migrations import files
from arckode_gen.migrations.connection import Failure, connect
from arckode_gen.migrations.control import who
from arckode_gen.migrations.runner import Run
from arckode_gen.migrations.schedule import resolve
from arckode_gen.migrations.steps import Script
from arckode_gen.migrations.url import parse

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from arckode_gen.migrations.connection import Connection
    from arckode_gen.migrations.dialects import Dialect
    from arckode_gen.migrations.request import Answer, Done, Listed, Planned, Report, Request
    from arckode_gen.migrations.schedule import Standing
    from arckode_gen.migrations.work import Work

_T = TypeVar("_T")


def serve(request: Request, report: Report) -> Answer:
    """Do what is asked and answer it.

    Raises:
        UsageError: the URL or a name means nothing.
        RefusedError: the files forbid it.
        OperationError: the server cannot be reached, the lock was not free, or a statement failed.
    """
    if request["action"] == "script" and request["dialect"] is not None:
        return _offline(request, request["dialect"])
    if request["action"] == "verify":
        return _on_a_loop(_verify(request, report))
    if parse(request["url"]).family != "sqlite":
        return _on_a_loop(_serve(request, report))
    return _without_a_loop(request, report)


def _without_a_loop(request: Request, report: Report) -> Answer:
    """SQLite's connection never waits, so importing asyncio (six times the cost of the rest) is left to data steps."""
    root = Path(request["root"])
    steps = request["action"] in ("migrate", "rollback")
    if steps and any(b"async def" in source.content for source in files.find(root, request["folder"])):
        idle = _step_through(_look_only(request))
        return idle if idle is not None else _on_a_loop(_serve(request, report))
    return _step_through(_serve(request, report))


def _step_through(coroutine: Coroutine[object, None, _T]) -> _T:
    try:
        coroutine.send(None)
    except StopIteration as finished:
        result: _T = finished.value
        return result
    coroutine.close()
    raise OperationError("a SQLite migration waited for something outside", "make its function `async def up(db)`")


def _on_a_loop(coroutine: Coroutine[object, object, _T]) -> _T:
    import asyncio

    return asyncio.run(coroutine)


async def _look_only(request: Request) -> Answer | None:
    """Answer when there is nothing to do."""
    connection = await _open(request, read_only=True)
    try:
        run = Run(connection, Path(request["root"]), request)
        wanted = await run.look()
        return None if wanted else _answer(request, connection, run)
    except Failure as failure:
        raise _unreadable(failure) from failure
    finally:
        await connection.close()


async def _serve(request: Request, report: Report) -> Answer:
    changes = request["action"] in ("migrate", "rollback", "baseline", "repair")
    connection = await _open(request, read_only=not changes)
    try:
        run = Run(connection, Path(request["root"]), request)
        wanted = await run.look()
        if request["action"] == "repair":
            return await _repair(request, connection, run, report)
        if request["action"] == "alembic":
            return {**_answer(request, connection, run), "revisions": await _alembic(connection)}
        if not wanted:
            return _answer(request, connection, run)
        if not changes:
            return _answer(request, connection, run, works=run.works(wanted), wanted=wanted)
        batch = run.batch
        if request["action"] == "baseline":
            from arckode_gen.migrations.baselining import baseline

            done = await baseline(connection, run, request, report)
        else:
            done = await run.carry_out(report)
        await run.look_back()
        return _answer(request, connection, run, done=done, batch=batch)
    except Failure as failure:
        raise _unreadable(failure) from failure
    finally:
        await connection.close()


async def _repair(request: Request, connection: Connection, run: Run, report: Report) -> Answer:
    from arckode_gen.migrations.repairing import repair

    if request["choice"]:
        await repair(connection, run, request, report)
        await run.look()
    return _answer(request, connection, run)


async def _alembic(connection: Connection) -> list[str]:
    """Return the revisions that Alembic has noted; none without its table."""
    from arckode_gen.migrations.alembic_history import VERSIONS

    try:
        return [str(row["version"]) for row in await connection.fetch(VERSIONS)]
    except Failure as failure:
        if failure.missing_table:
            return []
        raise


async def _verify(request: Request, report: Report) -> Answer:
    from arckode_gen.migrations.verifying import verify

    verified = await verify(request, report)
    answer = await _serve({**request, "action": "status"}, report)
    return {**answer, "verified": verified}


async def _open(request: Request, *, read_only: bool) -> Connection:
    return await connect(
        parse(request["url"]), Path(request["root"]), f"arckode db:migrate on {who()}", read_only=read_only
    )


def _unreadable(failure: Failure) -> OperationError:
    return OperationError(
        f"the control table cannot be used: {failure}",
        "check that the user of DATABASE_URL may create and write tables, and that nobody holds the database",
    )


def _answer(
    request: Request,
    connection: Connection,
    run: Run,
    *,
    done: list[Done] | None = None,
    works: tuple[Work, ...] = (),
    wanted: tuple[Standing, ...] = (),
    batch: int | None = None,
) -> Answer:
    dialect = connection.dialect
    script = ""
    if request["action"] == "script":
        script = _script(works, dialect, run.batch, request["version"])
    return {
        "database": parse(request["url"]).shown,
        "dialect": dialect,
        "applied": sum(1 for item in run.standings if item.state in ("applied", "edited", "removed")),
        "batch": batch,
        "done": done or [],
        "plan": [] if script else [_planned(work, item, dialect) for work, item in zip(works, wanted, strict=True)],
        "migrations": [_listed(item) for item in run.standings],
        "script": script,
        "verified": [],
        "revisions": [],
    }


def _script(works: tuple[Work, ...], dialect: Dialect, batch: int, version: str) -> str:
    from arckode_gen.migrations.script import render

    return render(works, dialect, batch, version)


def _planned(work: Work, item: Standing, dialect: Dialect) -> Planned:
    return {
        "name": work.name,
        "direction": work.direction,
        "late": item.late,
        "program": not isinstance(work.step, Script),
        "transaction": work.is_transactional(dialect, transactional_ddl=dialect in ("sqlite", "postgresql")),
        "statements": [statement.text for statement in work.step.statements] if isinstance(work.step, Script) else [],
    }


def _listed(item: Standing) -> Listed:
    entry = item.entry
    return {
        "name": item.name,
        "state": item.state,
        "late": item.late,
        "batch": entry.batch if entry else None,
        "applied_at": (entry.finished_at or None) if entry and item.state != "unfinished" else None,
        "statements": f"{entry.done}/{entry.total}" if entry else None,
        "error": (entry.error or None) if entry else None,
        "choices": _choices(item) if item.state in ("edited", "removed", "unfinished") else None,
    }


def _choices(item: Standing) -> str:
    from arckode_gen.migrations.repairing import choices

    return choices(item)


def _offline(request: Request, dialect: Dialect) -> Answer:
    """Write the script of every file, for a database that nobody here can reach."""
    from arckode_gen.migrations.work import plan

    if request["back"]:
        raise UsageError(
            "--sql --rollback reads the control table, so it goes without --dialect", "leave --dialect out"
        )
    sources = files.find(Path(request["root"]), request["folder"])
    to = resolve(request["to"], [source.name for source in sources]) if request["to"] else ""
    works = tuple(plan(source, "up", dialect) for source in sources if not to or source.name <= to)
    return {
        "database": "",
        "dialect": dialect,
        "applied": 0,
        "batch": 1,
        "done": [],
        "plan": [],
        "migrations": [],
        "script": _script(works, dialect, 1, request["version"]),
        "verified": [],
        "revisions": [],
    }
