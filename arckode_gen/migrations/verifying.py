"""Proves the way back of every migration in a scratch database: up, down and up again, compared by the catalogue."""

from __future__ import annotations

import tempfile
import uuid
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from arckode_gen.errors import OperationError
from arckode_gen.migrations import catalogue, files
from arckode_gen.migrations.connection import Failure, connect, is_mysql
from arckode_gen.migrations.control import Control, latest, read
from arckode_gen.migrations.inside import kept_inside
from arckode_gen.migrations.runner import Run
from arckode_gen.migrations.url import parse
from arckode_gen.migrations.work import plan

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from arckode_gen.migrations.connection import Connection
    from arckode_gen.migrations.files import Source
    from arckode_gen.migrations.request import Kind, Report, Request, Verified
    from arckode_gen.migrations.url import DatabaseUrl


async def verify(request: Request, report: Report) -> list[Verified]:
    """Return what became of every file; the project's own database is not touched.

    Raises:
        OperationError: no scratch database can be made, or a statement failed.
        RefusedError: a file cannot be read.
    """
    root = Path(request["root"])
    async with _scratch(parse(request["url"]), root) as connection:
        await Control(connection).prepare()
        run = Run(connection, root, request)
        return [await _one(connection, run, source, report) for source in files.find(root, request["folder"])]


async def _one(connection: Connection, run: Run, source: Source, report: Report) -> Verified:
    def quietly(_kind: Kind, text: str) -> None:
        report("progress", f"verifying: {text}")

    async def step(*, back: bool) -> None:
        entry = latest(await read(connection)).get(source.name)
        await run.one(plan(source, "down" if back else "up", connection.dialect, entry if back else None), 1, quietly)

    before = await catalogue.read(connection)
    await step(back=False)
    if not plan(source, "up", connection.dialect).migration.has_way_back:
        return {"name": source.name, "outcome": "irreversible", "differences": []}
    after = await catalogue.read(connection)
    await step(back=True)
    found = [f"after down: {line}" for line in catalogue.differences(before, await catalogue.read(connection))]
    if not found:
        await step(back=False)
        found = [f"after up again: {line}" for line in catalogue.differences(after, await catalogue.read(connection))]
    else:
        found.append("the files after it were tried on what this one left")
        await _forward(connection, run, source, quietly)
    return {"name": source.name, "outcome": "differs" if found else "same", "differences": found}


async def _forward(connection: Connection, run: Run, source: Source, report: Report) -> None:
    """Go up again so that the next file finds its tables; a way back that took too little makes that fail."""
    try:
        await run.one(plan(source, "up", connection.dialect), 1, report)
    except OperationError as error:
        raise OperationError(
            f"{source.label}: after down, up fails: {error.message}", "make DOWN take back all that UP does"
        ) from error


@asynccontextmanager
async def _scratch(url: DatabaseUrl, root: Path) -> AsyncIterator[Connection]:
    """Give a session in an empty database of its own, which goes away with it."""
    name = f"arckode_verify_{uuid.uuid4().hex[:12]}"
    if url.family == "sqlite":
        with tempfile.TemporaryDirectory(prefix=name) as folder:
            async with _session(replace(url, database=f"{folder}/scratch.db"), root) as connection:
                yield connection
        return
    async with _session(url, root) as server:
        try:
            await server.execute(f"CREATE DATABASE {name}{await _alike(server)}")
        except Failure as failure:
            raise OperationError(
                f"no scratch database can be made on {url.shown}: {failure}",
                "let the user create databases, or point DATABASE_URL at a server of your own for this",
            ) from failure
        try:
            async with _session(replace(url, database=name), root) as connection:
                yield kept_inside(connection, url.database) if url.family == "mysql" else connection
        finally:
            await server.execute(f"DROP DATABASE {name}")


async def _alike(server: Connection) -> str:
    """MySQL's and MariaDB's tables take the character set of their database, and with it how long a key may be."""
    if not is_mysql(server.dialect):
        return ""
    (row,) = await server.fetch("SELECT @@character_set_database AS charset, @@collation_database AS collation")
    return f" CHARACTER SET {row['charset']} COLLATE {row['collation']}"


@asynccontextmanager
async def _session(url: DatabaseUrl, root: Path) -> AsyncIterator[Connection]:
    connection = await connect(url, root, "arckode db:migrate --verify-down")
    try:
        yield connection
    finally:
        await connection.close()
