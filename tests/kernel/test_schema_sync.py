"""A development database follows the models at the start: tables and columns come, nothing ever goes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Enum,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    inspect,
    text,
)
from sqlalchemy.exc import DBAPIError

from kernel import schema_sync
from kernel.app import Kernel
from kernel.database import Database
from kernel.errors import ProgrammingError
from kernel.schema_sync import sync_schema
from kernel.settings import KernelSettings
from kernel.testing import client

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from sqlalchemy import URL

pytestmark = pytest.mark.anyio
TABLES = "sync_boxes, sync_lids"


@pytest.fixture(
    params=[
        "sqlite",
        pytest.param("postgres", marks=pytest.mark.postgres),
        pytest.param("mariadb", marks=pytest.mark.mariadb),
    ]
)
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[Database]:
    url: str | URL = f"sqlite:///{tmp_path}/sync.db"
    if request.param != "sqlite":
        url = request.getfixturevalue(f"{request.param}_scratch")
    database = Database(url)
    yield database
    async with database.transaction() as session:
        for table in ("sync_boxes", "sync_lids", "_arckode_schema"):
            await session.execute(text(f"DROP TABLE IF EXISTS {table}"))
    await database.close()


def _models(*more: Column[Any], lids: bool = False, kind: type[Integer | Text] = Integer) -> MetaData:
    metadata = MetaData()
    columns = {column.name: column for column in (Column("width", kind()), *more)}
    Table("sync_boxes", metadata, Column("id", Integer, primary_key=True), *columns.values())
    if lids:
        Table("sync_lids", metadata, Column("id", Integer, primary_key=True))
    return metadata


async def _columns(database: Database) -> set[str]:
    async with database.engine.connect() as connection:
        found = await connection.run_sync(lambda sync: inspect(sync).get_columns("sync_boxes"))
    return {str(column["name"]) for column in found}


async def _execute(database: Database, sql: str) -> None:
    async with database.transaction() as session:
        await session.execute(text(sql))


async def test_tables_and_columns_that_are_missing_are_made(database: Database) -> None:
    first = await sync_schema(database, production=False, metadata=_models())
    assert (first.created, first.added, first.warnings) == (("sync_boxes",), (), ())
    note = Column("note", Text)
    colour = Column("colour", String(9), nullable=False, server_default="it's: red", index=True)
    second = await sync_schema(database, production=False, metadata=_models(note, colour, lids=True))
    made = ("sync_boxes.note", "sync_boxes.colour", "ix_sync_boxes_colour")
    assert (second.created, second.added) == (("sync_lids",), made)
    assert second.warnings == ()
    await _execute(database, "INSERT INTO sync_boxes (id) VALUES (1)")
    async with database.session() as session:
        assert (await session.execute(text("SELECT colour FROM sync_boxes"))).scalar() == "it's: red"
    note, colour = Column("note", Text), Column("colour", String(9), nullable=False, server_default="x", index=True)
    third = await sync_schema(database, production=False, metadata=_models(note, colour, lids=True))
    assert (third.created, third.added, third.warnings) == ((), (), ())


async def test_what_the_models_lost_is_kept_and_said(database: Database) -> None:
    await sync_schema(database, production=False, metadata=_models(Column("note", Text), lids=True))
    await _execute(database, "ALTER TABLE sync_boxes ADD COLUMN foreign_one INTEGER")
    result = await sync_schema(database, production=False, metadata=_models())
    assert result.warnings == (
        "the table sync_lids has no model any more; it was kept",
        "the column sync_boxes.note is no longer in the model; it was kept",
    )
    assert {"note", "foreign_one"} <= await _columns(database)


async def test_a_column_that_changed_is_said_and_left_alone(database: Database) -> None:
    await sync_schema(database, production=False, metadata=_models())
    (warning,) = (await sync_schema(database, production=False, metadata=_models(kind=Text))).warnings
    assert warning == (
        "the column sync_boxes.width was INTEGER and is TEXT in the model; a sync changes no column, "
        "`arckode db:diff --write NAME` does"
    )


async def test_a_column_that_rows_cannot_fill_stays_nullable_and_is_said(database: Database) -> None:
    await sync_schema(database, production=False, metadata=_models())
    await _execute(database, "INSERT INTO sync_boxes (id) VALUES (1)")
    result = await sync_schema(database, production=False, metadata=_models(Column("open", Boolean, nullable=False)))
    assert result.added == ("sync_boxes.open",)
    assert result.warnings == (
        "the column sync_boxes.open was added as nullable: the table has rows, and it has no default",
    )


async def test_production_is_refused(database: Database) -> None:
    with pytest.raises(ProgrammingError, match="run `arckode db:migrate`"):
        await sync_schema(database, production=True, metadata=_models())
    assert (await sync_schema(database, production=True, allowed=True, metadata=_models())).created == ("sync_boxes",)


def test_the_settings_refuse_it_before_anything_starts() -> None:
    words = {"environment": "production", "database_url": "sqlite:///./x.db", "schema_sync": True}
    with pytest.raises(ValueError, match="SCHEMA_SYNC is for development; in production run `arckode db:migrate`"):
        KernelSettings.model_validate(words)
    assert KernelSettings.model_validate({**words, "allow_schema_sync": True}).schema_sync


async def test_the_application_syncs_when_it_starts_and_only_when_told(tmp_path: Path) -> None:
    for told in (False, True):
        settings = KernelSettings(database_url=f"sqlite:///{tmp_path}/{told}.db", schema_sync=told, log_level="ERROR")
        kernel = Kernel(settings)
        async with client(kernel):
            async with kernel.database.engine.connect() as connection:
                names = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
            assert ("_arckode_schema" in names) is told


def _bound(*, empty: bool = False) -> MetaData:
    """The boxes and lids of `_models`, and, unless empty, all that can bind their rows."""
    metadata = MetaData(
        naming_convention={"fk": "fk_%(table_name)s_%(column_0_N_name)s", "uq": "uq_%(table_name)s_%(column_0_N_name)s"}
    )
    lids = Table("sync_lids", metadata, Column("id", Integer, primary_key=True))
    width, lid = Column("width", Integer), Column("lid_id", Integer)
    boxes = Table("sync_boxes", metadata, Column("id", Integer, primary_key=True), width, lid)
    if not empty:
        boxes.append_constraint(ForeignKeyConstraint([lid], [lids.c.id]))
        boxes.append_constraint(UniqueConstraint(width))
        boxes.append_constraint(CheckConstraint(width > 0, name="ck_sync_boxes_wide"))
        Index("ix_sync_boxes_lid_id", lid)
        Index("ix_sync_boxes_both", width, lid, unique=True)
    return metadata


BOUND = ("ck_sync_boxes_wide", "fk_sync_boxes_lid_id", "uq_sync_boxes_width")


async def test_what_binds_the_rows_of_a_table_that_is_there_comes_too_or_is_said(database: Database) -> None:
    await sync_schema(database, production=False, metadata=_bound(empty=True))
    result = await sync_schema(database, production=False, metadata=_bound())
    assert result.added[:2] == ("ix_sync_boxes_both", "ix_sync_boxes_lid_id")
    if database.dialect == "sqlite":
        assert result.added[2:] == ()
        assert result.warnings == tuple(
            f"the {what} was not added: SQLite adds none to a table that is there; "
            "`arckode make:migration --auto` writes what is missing"
            for what in (f"check {BOUND[0]}", f"foreign key {BOUND[1]}", f"unique constraint {BOUND[2]}")
        )
        return
    assert (result.added[2:], result.warnings) == (BOUND, ())
    again = await sync_schema(database, production=False, metadata=_bound())
    assert (again.added, again.warnings) == ((), ())


async def test_what_rows_contradict_is_left_to_a_migration(database: Database) -> None:
    await sync_schema(database, production=False, metadata=_bound(empty=True))
    await _execute(database, "INSERT INTO sync_boxes (id, width, lid_id) VALUES (1, -1, 7), (2, -1, 7)")
    result = await sync_schema(database, production=False, metadata=_bound())
    said = "\n".join(result.warnings)
    assert result.added == ("ix_sync_boxes_lid_id",)
    assert "the unique index ix_sync_boxes_both was not made: rows of sync_boxes are equal; `arckode " in said
    if database.dialect != "sqlite":
        assert "the check ck_sync_boxes_wide was not added: rows of sync_boxes contradict it; " in said
        assert "the foreign key fk_sync_boxes_lid_id was not added: rows of sync_boxes refer to nothing; " in said
        assert "the unique constraint uq_sync_boxes_width was not added: rows of sync_boxes are equal; " in said


async def test_a_table_that_is_made_carries_everything(database: Database) -> None:
    await sync_schema(database, production=False, metadata=_bound())
    again = await sync_schema(database, production=False, metadata=_bound())
    assert (again.created, again.added, again.warnings) == ((), (), ())
    with pytest.raises(DBAPIError):
        await _execute(database, "INSERT INTO sync_boxes (id, width) VALUES (1, -1)")


async def test_a_new_column_brings_its_reference_and_its_enumeration(database: Database) -> None:
    await sync_schema(database, production=False, metadata=_models(lids=True))
    more: tuple[Column[Any], ...] = (
        Column("lid_id", Integer, ForeignKey("sync_lids.id", name="fk_lid", ondelete="SET NULL")),
        Column("mood", Enum("calm", "wild", name="sync_mood")),
    )
    result = await sync_schema(database, production=False, metadata=_models(*more, lids=True))
    assert {"sync_boxes.lid_id", "sync_boxes.mood"} <= set(result.added)
    assert result.warnings == ()
    await _execute(database, "INSERT INTO sync_lids (id) VALUES (1)")
    await _execute(database, "INSERT INTO sync_boxes (id, lid_id, mood) VALUES (1, 1, 'wild')")
    await _execute(database, "DELETE FROM sync_lids")
    async with database.session() as session:
        assert (await session.execute(text("SELECT lid_id, mood FROM sync_boxes"))).one() == (None, "wild")
    await _execute(database, "DROP TABLE sync_boxes")
    if database.dialect == "postgresql":
        await _execute(database, "DROP TYPE sync_mood")


async def test_every_start_says_what_the_models_lost(database: Database) -> None:
    await sync_schema(database, production=False, metadata=_models(Column("note", Text)))
    for _ in range(2):
        result = await sync_schema(database, production=False, metadata=_models())
        assert result.warnings == ("the column sync_boxes.note is no longer in the model; it was kept",)
    await _execute(database, "ALTER TABLE sync_boxes DROP COLUMN note")
    assert (await sync_schema(database, production=False, metadata=_models())).warnings == ()


@pytest.mark.mariadb
async def test_one_that_never_ends_its_sync_is_told_to_the_next(
    mariadb_scratch: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema_sync, "_PATIENCE", 1)
    database = Database(mariadb_scratch)
    async with database.engine.connect() as other:
        await other.execute(text(f"SELECT GET_LOCK({schema_sync._LOCK}, 1)"))
        with pytest.raises(ProgrammingError, match="another process has been syncing the schema for 1 seconds"):
            await sync_schema(database, production=False, metadata=_models())
        await other.execute(text(f"SELECT RELEASE_LOCK({schema_sync._LOCK})"))
    await database.close()


async def test_of_two_that_start_at_once_one_makes_the_tables(database: Database) -> None:
    other = Database(database.url)
    results = await asyncio.gather(
        *(sync_schema(each, production=False, metadata=_models(lids=True)) for each in (database, other))
    )
    await other.close()
    assert sorted(result.created for result in results) == [(), ("sync_boxes", "sync_lids")]
