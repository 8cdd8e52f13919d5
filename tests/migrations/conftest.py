"""One scratch database per engine and test session; every test finds it empty."""

from __future__ import annotations

import asyncio
import os
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from arckode_gen.migrations.connection import connect
from arckode_gen.migrations.url import parse
from tests.migrations.workbench import Workbench
from tests.services import mariadb_url, postgres_url

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = f"arckode_migrations_{os.getpid()}_{uuid.uuid4().hex[:8]}"


def _execute(url: str, *statements: str) -> None:
    async def run() -> None:
        connection = await connect(parse(url), Path(), "the tests")
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    asyncio.run(run())


def _renamed(url: str) -> str:
    return f"{url.rpartition('/')[0]}/{NAME}"


@pytest.fixture(scope="session")
def scratch_postgres() -> Iterator[str]:
    server = postgres_url()
    _execute(server, f"CREATE DATABASE {NAME}")
    yield _renamed(server)
    _execute(server, f"DROP DATABASE {NAME} WITH (FORCE)")


@pytest.fixture(scope="session")
def scratch_mariadb() -> Iterator[str]:
    server = mariadb_url()
    _execute(server, f"CREATE DATABASE {NAME}")
    yield _renamed(server)
    _execute(server, f"DROP DATABASE {NAME}")


@pytest.fixture
def empty_postgres(scratch_postgres: str) -> str:
    _execute(scratch_postgres, "DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
    return scratch_postgres


@pytest.fixture
def empty_mariadb(scratch_mariadb: str) -> str:
    _execute(scratch_mariadb, f"DROP DATABASE {NAME}", f"CREATE DATABASE {NAME}", f"USE {NAME}")
    return scratch_mariadb


@pytest.fixture
def postgres(empty_postgres: str, tmp_path: Path) -> Workbench:
    return Workbench(tmp_path, empty_postgres, "postgresql")


@pytest.fixture
def mariadb(empty_mariadb: str, tmp_path: Path) -> Workbench:
    return Workbench(tmp_path, empty_mariadb, "mariadb")


@pytest.fixture
def sqlite(tmp_path: Path) -> Workbench:
    return Workbench(tmp_path, "sqlite:///./shop.db", "sqlite")


@pytest.fixture(
    params=[
        "sqlite",
        pytest.param("postgres", marks=pytest.mark.postgres),
        pytest.param("mariadb", marks=pytest.mark.mariadb),
    ]
)
def bench(request: pytest.FixtureRequest) -> Workbench:
    """The same test on every database."""
    made: Workbench = request.getfixturevalue(request.param)
    return made
