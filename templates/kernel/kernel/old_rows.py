"""Rows that nobody needs any more, deleted some at a time: no transaction holds many of them."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Column, delete, select

from .database import Database

_AT_ONCE: Final = 1000


async def delete_before(database: Database, column: Column[Any], before: datetime) -> int:
    """Delete the rows of a table whose column is before a time, the oldest first, and answer how many there were."""
    table, is_old = column.table, column < before
    some = select(table.c.id).where(is_old).order_by(column).limit(_AT_ONCE)
    deleted = 0
    while True:
        async with database.session() as session:
            ids = list(await session.scalars(some))
        if not ids:
            return deleted
        async with database.transaction() as session:
            # Since they were read, one may have been written anew and be old no more.
            await session.execute(delete(table).where(table.c.id.in_(ids), is_old))
        deleted += len(ids)
