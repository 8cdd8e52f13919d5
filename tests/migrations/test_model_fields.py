"""Tables of any fields that the field language knows, and any change from one to another, leave nothing that differs.

Alembic's own comparison is asked as well: it was written by others and knows nothing of ours.
"""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Column, MetaData
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from arckode_gen.errors import UsageError
from arckode_gen.migrations import catalogue
from kernel.database_url import async_url
from kernel.model import Entity, Guid
from tests.engine.strategies import field_lists
from tests.generated import EVERY_TYPE
from tests.migrations.models import apply, diff
from tests.migrations.test_model_changes import read_catalogue
from tests.stubs.test_sql_types import planned, table

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from tests.migrations.workbench import Workbench

EXAMPLES = int(os.environ.get("ARCKODE_SOAK_MODELS", "3"))


def _metadata(words: tuple[str, ...]) -> MetaData:
    """Return the generated model's table and the tables it refers to."""
    found = table(planned(words))
    metadata = MetaData(naming_convention=Entity.metadata.naming_convention)
    for key in found.foreign_keys:
        target = key.target_fullname.partition(".")[0]
        if target != found.name and target not in metadata.tables:
            Entity.__table_cls__(target, metadata, Column("id", Guid(), primary_key=True))
    found.to_metadata(metadata)
    return metadata


def _second_opinion(bench: Workbench, metadata: MetaData) -> list[object]:
    url = async_url(bench.url.replace("./", f"{bench.root}/")).update_query_dict({})

    def compare(connection: Connection) -> list[object]:
        options = {
            "compare_type": True,
            "include_name": lambda name, kind, _: kind != "table" or name in metadata.tables,
        }
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))

    async def ask() -> list[object]:
        engine = create_async_engine(url, poolclass=NullPool)
        try:
            async with engine.connect() as connection:
                return await connection.run_sync(compare)
        finally:
            await engine.dispose()

    return asyncio.run(ask())


def test_every_type_of_the_field_language_leaves_nothing_that_differs(bench: Workbench) -> None:
    metadata = _metadata(tuple(EVERY_TYPE))
    apply(bench, diff(bench, metadata), 1)
    assert diff(bench, metadata)["differences"] == []
    assert _second_opinion(bench, metadata) == []
    assert bench.migrate(rollback=1).code == 0
    assert bench.tables() == set()


def test_an_index_beside_a_foreign_key_goes_and_comes_back_with_it(bench: Workbench) -> None:
    apply(bench, diff(bench, _metadata(("order:belongs_to=customers",))), 1)
    before = read_catalogue(bench)
    apply(bench, diff(bench, _metadata(())), 2)
    bench.migrate(rollback=1)
    assert list(catalogue.differences(before, read_catalogue(bench))) == []


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.function_scoped_fixture],
)
@given(st.lists(field_lists(), min_size=2, max_size=3))
def test_any_change_from_any_fields_to_any_others_is_whole(bench: Workbench, lists: list[list[str]]) -> None:
    try:
        models = [_metadata(tuple(words)) for words in lists]
    except UsageError:
        return
    _empty(bench)
    states = [read_catalogue(bench)]
    for number, metadata in enumerate(models, 1):
        found = diff(bench, metadata)
        if not found["text"]:
            continue
        apply(bench, found, number)
        assert diff(bench, metadata)["differences"] == []
        assert _second_opinion(bench, metadata) == []
        states.append(read_catalogue(bench))
    for state in reversed(states[:-1]):
        bench.migrate(rollback=1)
        assert list(catalogue.differences(state, read_catalogue(bench))) == []


def _empty(bench: Workbench) -> None:
    """Begin anew, because all examples of a property share one database."""
    for file in bench.folder.iterdir():
        file.unlink()
    (bench.root / "shop.db").unlink(missing_ok=True)
    name = bench.url.rpartition("/")[2]
    if bench.dialect == "postgresql":
        bench.execute("DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
    elif bench.dialect == "mariadb":
        bench.execute(f"DROP DATABASE {name}", f"CREATE DATABASE {name}", f"USE {name}")
