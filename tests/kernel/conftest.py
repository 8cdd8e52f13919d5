from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import anyio
import pytest

from kernel.database_url import async_url
from tests.kernel.backends import drop_scratch, make_scratch, memory_shop, sql_shop
from tests.services import mariadb_url, postgres_url

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator
    from pathlib import Path

    from sqlalchemy import URL

    from tests.kernel.backends import Shop

SQL = (
    "sqlite",
    pytest.param("postgresql", marks=pytest.mark.postgres),
    pytest.param("mariadb", marks=pytest.mark.mariadb),
)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def postgres_scratch() -> Iterator[URL]:
    yield from _scratch(postgres_url())


@pytest.fixture(scope="session")
def mariadb_scratch() -> Iterator[URL]:
    yield from _scratch(mariadb_url())


def _scratch(url: str) -> Iterator[URL]:
    # A thread of its own: a test's event loop is already running in this one.
    server = async_url(url)
    with ThreadPoolExecutor(1) as elsewhere:
        made = elsewhere.submit(anyio.run, make_scratch, server).result()
        yield made
        elsewhere.submit(anyio.run, drop_scratch, server, made).result()


async def opened(kind: str, request: pytest.FixtureRequest, folder: Path) -> AsyncGenerator[Shop]:
    match kind:
        case "memory":
            yield memory_shop()
            return
        case "sqlite":
            url: str | URL = f"sqlite:///{folder}/test.db"
        case "sqlite in memory":
            url = "sqlite://"
        case "postgresql":
            url = request.getfixturevalue("postgres_scratch")
        case _:
            url = request.getfixturevalue("mariadb_scratch")
    async with sql_shop(url) as shop:
        yield shop


@pytest.fixture(params=["memory", "sqlite in memory", *SQL[1:]])
async def shop(request: pytest.FixtureRequest, tmp_path: Path, anyio_backend: str) -> AsyncGenerator[Shop]:
    """Every implementation of the repository in turn."""
    async for made in opened(request.param, request, tmp_path):
        yield made


@pytest.fixture(params=SQL)
async def sql_only(request: pytest.FixtureRequest, tmp_path: Path, anyio_backend: str) -> AsyncGenerator[Shop]:
    """Every SQL engine in turn."""
    async for made in opened(request.param, request, tmp_path):
        yield made
