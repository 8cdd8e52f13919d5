"""Has the server write down what the models say, in a place that is gone afterwards, to compare like with like.

A CHECK, a default or a predicate comes back from a catalogue in the server's words. Built once more from the models on
the same server, both sides are in the same words, and a comparison of texts is exact.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from arckode_gen.errors import OperationError
from arckode_gen.migrations import catalogue
from arckode_gen.migrations.connection import Failure, connect
from arckode_gen.migrations.models.ddl import create_all, tables
from arckode_gen.migrations.url import DatabaseUrl

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from sqlalchemy import MetaData

    from arckode_gen.migrations.catalogue import Catalogue
    from arckode_gen.migrations.connection import Connection

_SCHEMA = "_shadow_of_models"


async def read(connection: Connection, metadata: MetaData) -> Catalogue:
    """Return the catalogue of a database that holds the models and nothing else.

    Raises:
        OperationError: the server does not take what the models say.
    """
    statements = create_all(metadata, connection.dialect)
    if connection.dialect == "sqlite":
        return await _in_memory(statements)
    if connection.dialect == "postgresql":
        return await _in_schema(connection, statements)
    return await _in_temporary_tables(connection, metadata, statements)


async def _in_memory(statements: Sequence[str]) -> Catalogue:
    memory = await connect(DatabaseUrl("sqlite", "", 0, "", ":memory:", ""), Path(), "the models")
    try:
        await _execute(memory, statements)
        return await catalogue.read(memory)
    finally:
        await memory.close()


async def _in_schema(connection: Connection, statements: Sequence[str]) -> Catalogue:
    async with _rolled_back(connection):
        await _execute(connection, (f"CREATE SCHEMA {_SCHEMA}", f"SET LOCAL search_path = {_SCHEMA}, public"))
        await _execute(connection, statements)
        return await catalogue.read(connection)


@asynccontextmanager
async def _rolled_back(connection: Connection) -> AsyncIterator[None]:
    await connection.begin()
    try:
        yield
    finally:
        await connection.rollback()


async def _in_temporary_tables(connection: Connection, metadata: MetaData, statements: Sequence[str]) -> Catalogue:
    """A temporary table hides the real one of its name from this session alone; foreign keys it cannot have."""
    from arckode_gen.migrations.catalogue_mysql import read_table

    found: Catalogue = {}
    names = [table.name for table in tables(metadata)]
    try:
        await _execute(connection, [sql for sql in statements if " FOREIGN KEY" not in sql[:80]])
        for table in names:
            found |= await read_table(connection, table)
    finally:
        for table in names:
            await connection.execute(f"DROP TEMPORARY TABLE IF EXISTS `{table}`")
    return dict(sorted(found.items()))


async def _execute(connection: Connection, statements: Sequence[str]) -> None:
    for sql in statements:
        try:
            await connection.execute(sql)
        except Failure as failure:
            raise OperationError(
                f"{connection.dialect} does not take what the models say: {failure}\n    {' '.join(sql.split())}",
                "correct the model; comparing also needs the right to make a schema or temporary tables",
            ) from failure
