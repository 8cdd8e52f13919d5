"""Tables for tests are dropped whatever their rows refer to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Column, ForeignKey, Integer, MetaData, Table, insert, inspect

from kernel.database import Database

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.anyio

NODES = MetaData()
NODE = Table(
    "nodes",
    NODES,
    Column("id", Integer, primary_key=True),
    Column("parent_id", ForeignKey("nodes.id", ondelete="RESTRICT")),
)


@pytest.mark.parametrize("where", ["a file", "memory"])
async def test_rows_that_refer_to_others_of_their_table_are_dropped_with_it(where: str, tmp_path: Path) -> None:
    database = Database("sqlite://" if where == "memory" else f"sqlite:///{tmp_path / 'nodes.db'}")
    await database.create_tables(NODES)
    async with database.transaction() as session:
        await session.execute(insert(NODE), [{"id": 1, "parent_id": None}, {"id": 2, "parent_id": 1}])
    await database.drop_tables(NODES)
    async with database.engine.connect() as connection:
        assert await connection.run_sync(lambda found: inspect(found).get_table_names()) == []
        kept = await connection.exec_driver_sql("PRAGMA foreign_keys")
        assert kept.scalar() == 1
    await database.close()
