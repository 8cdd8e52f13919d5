"""A database with a table from before the last migration: which column is missing and what adds it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from kernel.errors import MissingColumnError, told_at_start, told_in_a_line
from kernel.missing_columns import missing_column
from kernel.model import Entity

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from sqlalchemy import Executable

    from kernel.database import Database
    from tests.kernel.backends import Shop

pytestmark = pytest.mark.anyio
TOLD = "the column 'added' of the table 'half_made' is not in the database; add it: `arckode db:migrate`"


def _half_made(metadata: MetaData, *columns: Column[str]) -> Table:
    return Table("half_made", metadata, Column("id", Integer, primary_key=True), Column("name", String(9)), *columns)


TABLE = _half_made(MetaData(), Column("added", String(9)))
ALIAS = TABLE.alias()
OTHER = Table("articles", MetaData(), Column("code", String(9)))


@pytest.fixture
async def database(sql_only: Shop) -> AsyncGenerator[Database]:
    """A database whose table lacks a column that the application's model has."""
    found = sql_only.database
    assert found is not None
    before = MetaData()
    table, model = _half_made(before), _half_made(Entity.metadata, Column("added", String(9)))
    await found.create_tables(before)
    yield found
    Entity.metadata.remove(model)
    async with found.transaction() as session:
        await session.execute(text(f"DROP TABLE {table.name}"))


STATEMENTS: dict[str, Executable] = {
    "read": select(TABLE),
    "read by it": select(TABLE.c.id).where(TABLE.c.added == "x").order_by(TABLE.c.added),
    "read twice": select(ALIAS.c.added).join(TABLE, TABLE.c.id == ALIAS.c.id),
    "read beside another": select(OTHER.c.code, TABLE.c.added).where(OTHER.c.code == TABLE.c.name),
    "written": insert(TABLE).values(id=1, added="x"),
    "changed": update(TABLE).values(added="x"),
    "removed": delete(TABLE).where(TABLE.c.added == "x"),
    "in words": text("SELECT h.added FROM half_made AS h WHERE h.id = 1"),
}


@pytest.mark.parametrize("statement", STATEMENTS.values(), ids=STATEMENTS)
async def test_each_engine_names_the_column_and_the_command(database: Database, statement: Executable) -> None:
    with pytest.raises(MissingColumnError) as told:
        async with database.transaction() as session:
            await session.execute(statement)
    assert str(told.value) == TOLD
    assert (told.value.table, told.value.column) == ("half_made", "added")
    assert isinstance(told.value, SQLAlchemyError)
    assert told_in_a_line(told.value) == told_at_start(told.value) == TOLD


async def test_it_is_named_where_statements_run_together(database: Database) -> None:
    with pytest.raises(MissingColumnError, match=f"^{TOLD}$"):
        await database.together(lambda connection: connection.execute(select(TABLE)), writes=False)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT nobodys FROM half_made",
        "SELECT added FROM articles",
        "SELECT half_made.added FROM articles",
        "SELECT h.added FROM half_made, articles AS a",
        "SELECT 'no such column: added' FROM half_made WHERE",
    ],
    ids=["no column of ours", "of another table", "a table that FROM does not have", "an alias that is none", "no SQL"],
)
async def test_a_mistake_in_a_statement_stays_what_it_is(database: Database, statement: str) -> None:
    with pytest.raises(DBAPIError):
        async with database.session() as session:
            await session.execute(text(statement))


class SaidError(Exception):
    """What a driver raises."""

    def __init__(self, *words: object, sqlstate: str = "") -> None:
        self.sqlstate = sqlstate
        super().__init__(*words)


@pytest.mark.parametrize(
    "error",
    [
        SaidError("Spalte half_made.added existiert nicht", sqlstate="42703"),
        SaidError("Spalte »added« von Relation »half_made« existiert nicht", sqlstate="42703"),
        SaidError('column "added" does not exist\nHINT:  Perhaps you meant "half_made.name".', sqlstate="42703"),
        SaidError(1054, "La columna 'half_made.added' en 'field list' es desconocida"),
    ],
    ids=["postgresql", "postgresql, written", "postgresql, with a hint", "mariadb"],
)
def test_the_language_of_the_database_makes_no_difference(error: Exception) -> None:
    metadata = MetaData()
    _half_made(metadata, Column("added", String(9)))
    assert str(missing_column(error, "SELECT added FROM half_made", metadata)) == TOLD


def test_a_column_that_two_tables_have_is_not_guessed() -> None:
    metadata = MetaData()
    _half_made(metadata, Column("added", String(9)))
    Table("others", metadata, Column("added", String(9)))
    statement = "SELECT added FROM half_made JOIN others ON true"
    assert missing_column(SaidError("no such column: added"), statement, metadata) is None
