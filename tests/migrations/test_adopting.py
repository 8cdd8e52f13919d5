"""Databases that were there before: with an Alembic history, or with models and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from arckode_gen.errors import RefusedError, UsageError
from tests.migrations.test_diff import CONFIGURATION, MODELS

if TYPE_CHECKING:
    from tests.migrations.workbench import Workbench

ENV = """from alembic import context
from sqlalchemy import create_engine

with create_engine({url!r}).connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""
FIRST = """import sqlalchemy as sa
from alembic import op

revision = "1a"
down_revision = None


def upgrade():
    op.create_table("orders", sa.Column("id", sa.Integer, primary_key=True))
"""
SECOND = """import sqlalchemy as sa
from alembic import op

revision: str = "2b"
down_revision: str | None = "1a"


def upgrade():
    op.add_column("orders", sa.Column("note", sa.String(40)))
"""


@pytest.fixture
def adopted(sqlite: Workbench) -> Workbench:
    """A project that Alembic has migrated."""
    (sqlite.root / "pyproject.toml").write_text(CONFIGURATION)
    (sqlite.root / ".arckode/project.json").unlink()
    (sqlite.root / "shop_models.py").write_text(MODELS.format(column="note"))
    versions = sqlite.root / "alembic/versions"
    versions.mkdir(parents=True)
    (sqlite.root / "alembic.ini").write_text("[alembic]\nscript_location = %(here)s/alembic\n")
    (sqlite.root / "alembic/env.py").write_text(ENV.format(url=f"sqlite:///{sqlite.root}/shop.db"))
    (versions / "1a_first.py").write_text(FIRST)
    (versions / "2b_second.py").write_text(SECOND)
    return sqlite


def _upgrade(bench: Workbench, revision: str) -> None:
    environ = {**os.environ, "PYTHONWARNINGS": ""}
    command = [sys.executable, "-m", "alembic", "upgrade", revision]
    subprocess.run(command, cwd=bench.root, env=environ, check=True, capture_output=True)


def test_an_alembic_history_is_adopted_where_it_ends(adopted: Workbench) -> None:
    _upgrade(adopted, "head")
    adopted.fetch("INSERT INTO orders (id, note) VALUES (1, 'kept')")
    said = adopted.baseline(from_="alembic")
    assert said.out[-1] == "1 noted as applied on sqlite ./shop.db; nothing was run"
    assert adopted.migrate().text.startswith("nothing to do: 1 migration applied")
    assert adopted.diff().text.startswith("nothing differs")
    (adopted.root / "shop.db").rename(adopted.root / "old.db")
    adopted.migrate()
    assert adopted.fetch("SELECT * FROM orders") == []
    assert adopted.diff().text.startswith("nothing differs")


def test_a_database_in_the_middle_of_its_alembic_history_is_refused(adopted: Workbench) -> None:
    for revision, said in (("", "no revision"), ("1a", "1a")):
        if revision:
            _upgrade(adopted, revision)
        with pytest.raises(RefusedError) as caught:
            adopted.baseline(from_="alembic")
        assert caught.value.message == f"the database is at {said}, and the Alembic files end at 2b"
        assert caught.value.hint == "bring it there first: `alembic upgrade heads`"
    assert not (adopted.root / "db/migrations").exists()


def test_a_database_that_lacks_a_table_of_the_models_is_refused_and_nothing_is_left(adopted: Workbench) -> None:
    (adopted.root / "db.sql").write_text("")
    adopted.fetch("CREATE TABLE other (id INTEGER)")
    with pytest.raises(RefusedError, match="_baseline makes the table orders, which this database does not have"):
        adopted.baseline(from_="models")
    assert not list((adopted.root / "db").rglob("*.py"))


def test_migrations_that_are_there_are_not_written_again(adopted: Workbench) -> None:
    _upgrade(adopted, "head")
    adopted.baseline(from_="models")
    with pytest.raises(RefusedError, match="there are migrations in db/migrations already"):
        adopted.baseline(from_="alembic")


def test_an_alembic_folder_that_cannot_be_read_is_said(adopted: Workbench) -> None:
    (adopted.root / "alembic.ini").write_text("[alembic]\n")
    with pytest.raises(UsageError, match=r"alembic.ini cannot be read: No option 'script_location'"):
        adopted.baseline(from_="alembic")
    (adopted.root / "alembic.ini").write_text("[alembic]\nscript_location = nowhere\n")
    with pytest.raises(UsageError, match="there is no Alembic revision in"):
        adopted.baseline(from_="alembic")
    (adopted.root / "alembic.ini").unlink()
    with pytest.raises(UsageError, match=r"there is no alembic.ini in"):
        adopted.baseline(from_="alembic")
