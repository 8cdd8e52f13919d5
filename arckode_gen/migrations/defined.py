"""Tells whether what exists on MySQL or MariaDB is what a statement makes.

The server makes it once more, in a temporary table, and the two are compared in its own words.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from arckode_gen.migrations.catalogue_mysql import read_table
from arckode_gen.migrations.connection import Failure

if TYPE_CHECKING:
    from arckode_gen.migrations.catalogue import Catalogue
    from arckode_gen.migrations.connection import Connection

_COPY = "_arckode_doubt"
_NAME = r"(?:(?:`[^`]+`|\w+) \. )?(?:`[^`]+`|\w+)"
_NO_COLUMN = r"(?!(?:UNIQUE|PRIMARY|CHECK|CONSTRAINT|FOREIGN|INDEX|KEY|FULLTEXT|SPATIAL)\b)"
_TABLE = re.compile(rf"CREATE TABLE {_NAME}", re.IGNORECASE)
_COLUMN = re.compile(rf"(ALTER TABLE ){_NAME}(?= ADD (?:COLUMN )?{_NO_COLUMN})", re.IGNORECASE)
_INDEX = re.compile(
    rf"(CREATE (?:(?:UNIQUE|FULLTEXT|SPATIAL) )?INDEX {_NAME} (?:USING \w+ )?ON ){_NAME}", re.IGNORECASE
)


async def as_defined(connection: Connection, sql: str, names: tuple[str, ...]) -> bool:
    """Compare what is there with what `sql`, a normalised statement, makes; `names` are its table and its object.

    A statement of another kind, or one that the server does not take for a temporary table, counts as the same: that
    its object exists is all that can be known.
    """
    if _TABLE.match(sql):
        trial: tuple[str, ...] = (_TABLE.sub(f"CREATE TEMPORARY TABLE {_COPY}", sql, count=1),)
    elif _COLUMN.match(sql):
        trial = (*_copied(names[0], f"ALTER TABLE {_COPY} DROP COLUMN `{names[1]}`"), _COLUMN.sub(rf"\1{_COPY}", sql))
    elif _INDEX.match(sql):
        trial = (*_copied(names[0], f"DROP INDEX `{names[1]}` ON {_COPY}"), _INDEX.sub(rf"\1{_COPY}", sql))
    else:
        return True
    found = await _tried(connection, trial, names[0])
    there = await read_table(connection, names[0])
    keys = {name.removeprefix("foreign key ") for name in there if name.startswith("foreign key ")}
    return found is None or _comparable(found, keys) == _comparable(there, keys)


def _copied(table: str, undo: str) -> tuple[str, str]:
    return f"CREATE TEMPORARY TABLE {_COPY} LIKE `{table}`", undo


async def _tried(connection: Connection, statements: tuple[str, ...], table: str) -> Catalogue | None:
    """Return the table as the statements leave it; None when that cannot be tried."""
    try:
        for statement in statements:
            await connection.execute(statement)
        return await read_table(connection, _COPY, table)
    except Failure:
        return None
    finally:
        await connection.execute(f"DROP TEMPORARY TABLE IF EXISTS {_COPY}")


def _comparable(catalogue: Catalogue, keys: set[str]) -> Catalogue:
    """Leave out what a temporary table cannot have: foreign keys, and the indexes that come with them."""
    return {
        name: text
        for name, text in catalogue.items()
        if not name.startswith(("foreign key ", "table ")) and name.removeprefix("index ") not in keys
    }
