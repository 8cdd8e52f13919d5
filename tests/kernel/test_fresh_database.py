"""A test's own database: whatever the tests before it left, its tables are there and hold nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import BigInteger, Column, ForeignKey, Identity, MetaData, Table, func, insert, inspect, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from kernel import testing
from kernel.database import Database
from kernel.testing import fresh_database

if TYPE_CHECKING:
    from sqlalchemy import URL

pytestmark = pytest.mark.anyio


class Base(DeclarativeBase):
    metadata = MetaData()


class Branch(Base):
    """Rows that refer to each other within one table."""

    __tablename__ = "order"  # a reserved word, which has to be quoted

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("order.id", ondelete="RESTRICT"))


class Leaf(Base):
    __tablename__ = "leaves"

    position: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    branch_id: Mapped[int] = mapped_column(ForeignKey("order.id", ondelete="RESTRICT"))


@pytest.fixture(
    params=[
        pytest.param("postgres_scratch", marks=pytest.mark.postgres),
        pytest.param("mariadb_scratch", marks=pytest.mark.mariadb),
    ]
)
def url(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> URL:
    """The test's own database on a server, with other models than those of the kernel's tests."""
    found: URL = request.getfixturevalue(request.param)
    monkeypatch.setenv("TEST_DATABASE_URL", found.render_as_string(hide_password=False))
    monkeypatch.setattr(testing, "Entity", Base)
    monkeypatch.setattr(testing, "_made", {})
    monkeypatch.setattr(Database.drop_tables, "__defaults__", (Base.metadata,))
    monkeypatch.setattr(Database.create_tables, "__defaults__", (Base.metadata,))
    return found


async def grow(database: Database) -> int:
    async with database.engine.begin() as connection:
        for branch, parent in ((1, None), (2, 1), (3, 2)):
            await connection.execute(insert(Branch).values(id=branch, parent_id=parent))
        await connection.execute(insert(Leaf).values(branch_id=3))
        return (await connection.execute(select(func.max(Leaf.position)))).scalar_one()


async def columns(database: Database, table: str) -> set[str]:
    async with database.engine.connect() as connection:
        return await connection.run_sync(lambda sync: {each["name"] for each in inspect(sync).get_columns(table)})


async def test_rows_and_numbers_of_the_test_before_are_gone(url: URL) -> None:
    for _ in range(3):
        async with fresh_database() as database:
            assert await grow(database) == 1


async def test_tables_are_made_once_and_anew_when_there_are_more(url: URL) -> None:
    async with fresh_database() as database, database.engine.begin() as connection:
        await connection.exec_driver_sql("ALTER TABLE leaves ADD COLUMN mark INTEGER")
    async with fresh_database() as database:
        assert await columns(database, "leaves") == {"position", "branch_id", "mark"}
    late = Table("late", Base.metadata, Column("id", BigInteger, primary_key=True))
    try:
        async with fresh_database() as database:
            assert await columns(database, "late") == {"id"}
            assert await columns(database, "leaves") == {"position", "branch_id"}
            assert await grow(database) == 1
    finally:
        Base.metadata.remove(late)


async def test_an_empty_database_without_models_is_one_too(url: URL, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(testing, "Entity", type("Nothing", (DeclarativeBase,), {"metadata": MetaData()}))
    for _ in range(2):
        async with fresh_database() as database:
            await database.ping()
