"""The catalogue's examples on the real engines: the small database made anew each time, and what the server says."""

from __future__ import annotations

import asyncio
import os
import re
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import TYPE_CHECKING

from arckode_analyzers.sql.catalogue.stage import STAGE
from arckode_gen.migrations.connection import Failure, connect
from arckode_gen.migrations.url import parse
from tests import services

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from arckode_gen.migrations.connection import Connection, Row

RUNS = ("mariadb", "postgresql", "sqlite")
"""The engines there is a server for; MySQL's statements are judged and not run."""
_SERVERS: dict[str, Callable[[], str]] = {"mariadb": services.mariadb_url, "postgresql": services.postgres_url}


class Engines:
    """One database on each server, for as long as a module's tests run."""

    def __init__(self) -> None:
        self._name = f"arckode_lint_{os.getpid()}"
        self._folder = Path(mkdtemp(prefix=self._name))
        self._loop = asyncio.new_event_loop()
        self._open: dict[str, Connection] = {}

    def run(
        self,
        engine: str,
        statements: Sequence[str],
        *,
        one_transaction: bool = False,
        stage: Iterable[str] | None = None,
    ) -> str:
        """Run statements on the catalogue's database; return what the engine refused, or nothing."""
        if engine == "sqlite" and engine in self._open:
            self._loop.run_until_complete(self._open.pop(engine).close())
        connection = self._connection(engine)
        said = [row.replace("{database}", self._name) for row in statements]
        rows = [*(["BEGIN"] if one_transaction else []), *said]
        ready = (*self._again(engine), *(STAGE[engine] if stage is None else stage))
        return self._loop.run_until_complete(_first_refusal(connection, ready, rows))

    def fetch(self, engine: str, query: str) -> list[Row]:
        """Ask the database that the last run left."""
        return self._loop.run_until_complete(self._connection(engine).fetch(query))

    def close(self) -> None:
        """Leave nothing behind on the servers that were asked."""
        for engine, connection in self._open.items():
            self._loop.run_until_complete(connection.close())
            if engine in _SERVERS:
                self._loop.run_until_complete(self._outside(engine, f"DROP DATABASE {self._name}"))
        self._loop.close()
        rmtree(self._folder)

    def _connection(self, engine: str) -> Connection:
        if engine not in self._open:
            self._open[engine] = self._loop.run_until_complete(self._enter(engine))
        return self._open[engine]

    async def _enter(self, engine: str) -> Connection:
        if engine == "sqlite":
            (self._folder / "stage.db").unlink(missing_ok=True)
            return await connect(parse("sqlite:///stage.db"), self._folder, "tests")
        await self._outside(engine, f"DROP DATABASE IF EXISTS {self._name}", f"CREATE DATABASE {self._name}")
        url = re.sub(r"/\w+$", f"/{self._name}", _SERVERS[engine]())
        return await connect(parse(url), Path.cwd(), "tests")

    async def _outside(self, engine: str, *statements: str) -> None:
        connection = await connect(parse(_SERVERS[engine]()), Path.cwd(), "tests")
        for statement in statements:
            await connection.execute(statement)
        await connection.close()

    def _again(self, engine: str) -> tuple[str, ...]:
        name = self._name
        return {
            "sqlite": (),
            "postgresql": (
                "ROLLBACK",
                "RESET ALL",
                "DROP SCHEMA IF EXISTS public, archive, attic, later CASCADE",
                "CREATE SCHEMA public",
            ),
            "mariadb": (
                "ROLLBACK",
                "UNLOCK TABLES",
                "SET foreign_key_checks = 1",
                f"DROP DATABASE IF EXISTS {name}",
                f"CREATE DATABASE {name} CHARACTER SET utf8mb4",
                f"USE {name}",
            ),
        }[engine]


async def _first_refusal(connection: Connection, ready: Iterable[str], rows: Iterable[str]) -> str:
    for statement in ready:
        await connection.execute(statement)
    try:
        for row in rows:
            await connection.execute(row)
    except Failure as failure:
        return str(failure)
    return ""
