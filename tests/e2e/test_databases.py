"""A generated project on each database: migrate, seed, run its own tests, roll back to nothing, and forward again."""

from __future__ import annotations

import asyncio
import json
import os
import random
import sys
import uuid
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from arckode_gen.migrations.connection import connect
from arckode_gen.migrations.url import parse
from tests.generated import MIGRATIONS, arckode, must, run, tool
from tests.services import mariadb_url, postgres_url

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.generates

# The tables of a database but arckode's own.
TABLES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'",
    "postgresql": "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'",
    "mariadb": "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = DATABASE()",
}


def query(url: str, statement: str) -> list[str]:
    async def run() -> list[str]:
        connection = await connect(parse(url), Path(), "the tests")
        try:
            return [str(row["name"]) for row in await connection.fetch(statement)]
        finally:
            await connection.close()

    return asyncio.run(run())


def execute(url: str, statement: str) -> None:
    async def run() -> None:
        connection = await connect(parse(url), Path(), "the tests")
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    asyncio.run(run())


@contextmanager
def scratch(server: str, ending: str = "") -> Iterator[str]:
    """Make a database of this test's own and drop it afterwards."""
    name = f"arckode_e2e_{os.getpid()}_{uuid.uuid4().hex[:8]}"
    execute(server, f"CREATE DATABASE {name}")
    try:
        yield f"{server.rpartition('/')[0]}/{name}"
    finally:
        execute(server, f"DROP DATABASE {name}{ending}")


@pytest.fixture(
    params=[
        "sqlite",
        pytest.param("postgresql", marks=pytest.mark.postgres),
        pytest.param("mariadb", marks=pytest.mark.mariadb),
    ]
)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """Answer the dialect and the URL of an empty database."""
    if request.param == "sqlite":
        yield "sqlite", f"sqlite:///{tmp_path / 'shop.db'}"
    elif request.param == "postgresql":
        with scratch(postgres_url(), " WITH (FORCE)") as url:
            yield "postgresql", url
    else:
        with scratch(mariadb_url()) as url:
            yield "mariadb", url


def test_it_goes_up_is_seeded_and_goes_down_to_nothing(everything: Path, database: tuple[str, str]) -> None:
    dialect, url = database
    env = {"DATABASE_URL": url}

    up = json.loads(must(arckode(everything, "db:migrate", "--json", env=env)).stdout)
    assert len(up["done"]) == MIGRATIONS
    made = set(query(url, TABLES[dialect]))
    assert {
        "customers",
        "orders",
        "lineas_pedido",
        "things",
        "book_reviews",
        "posts_tags",
        "customers_favourites",
        "idempotency_keys",
    } < made

    first = must(arckode(everything, "db:seed", env=env))
    assert "3" in first.stdout
    again = json.loads(must(arckode(everything, "db:seed", "--json", env=env)).stdout)
    assert {seed["inserted"] for seed in again["seeds"]} == {0}

    status = json.loads(must(arckode(everything, "db:status", "--check", "--json", env=env)).stdout)
    assert {migration["state"] for migration in status["migrations"]} == {"applied"}

    must(arckode(everything, "db:migrate", "--rollback", str(MIGRATIONS), env=env))
    assert {name for name in query(url, TABLES[dialect]) if not name.startswith("_arckode")} == set()

    must(arckode(everything, "db:migrate", env=env))
    assert set(query(url, TABLES[dialect])) == made
    assert "nothing" in must(arckode(everything, "db:migrate", env=env)).stdout.lower()


def test_its_own_tests_pass_on_the_database(everything: Path, database: tuple[str, str]) -> None:
    dialect, url = database
    if dialect == "sqlite":
        url = url.replace("shop.db", "own.db")
    # Every relation, and every type; on SQLite all of the project's tests are run elsewhere, but not on a file.
    chosen = ("tests/modules/posts/test_api.py", "tests/modules/things")[: 1 if dialect == "sqlite" else None]
    must(tool(everything, "pytest", "-q", "-p", "no:cacheprovider", *chosen, env={"TEST_DATABASE_URL": url}))


def test_junk_is_answered_with_a_problem_and_never_changed(everything: Path, database: tuple[str, str]) -> None:
    """`ARCKODE_FUZZ_REQUESTS=N` sends N requests to each module from fresh randomness (`make soak`)."""
    dialect, url = database
    wanted = os.environ.get("ARCKODE_FUZZ_REQUESTS")
    seed = str(random.randrange(10**9)) if wanted else "1"
    script = str(Path(__file__).with_name("fuzz_http.py"))
    env = {} if dialect == "sqlite" else {"TEST_DATABASE_URL": url}
    outcome = must(run(everything, sys.executable, script, str(everything), seed, wanted or "150", env=env))
    assert json.loads(outcome.stdout) == [], f"seed {seed}"


def test_the_models_use_what_the_migrations_made(everything: Path, database: tuple[str, str]) -> None:
    """The seeds write through the models into migrated tables: a column that differs would fail here."""
    _, url = database
    env = {"DATABASE_URL": url}
    must(arckode(everything, "db:migrate", env=env))
    must(arckode(everything, "db:seed", "things", "customers", "reviews", env=env))
    assert len(query(url, "SELECT s AS name FROM things")) == 3
