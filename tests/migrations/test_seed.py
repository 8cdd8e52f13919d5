"""`db:seed` on a project with the real kernel: ordered, idempotent, and never by accident in production."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from arckode_gen import resources
from arckode_gen.errors import OperationError, RefusedError, UsageError

if TYPE_CHECKING:
    from tests.migrations.workbench import Workbench

SETTINGS = """from shop.kernel.settings import KernelSettings


class Settings(KernelSettings):
    pass
"""
ROOT = """from shop.kernel.app import Kernel


def compose(settings):
    return Kernel(settings)
"""
MODEL = """from sqlalchemy.orm import Mapped

from shop.kernel.model import Entity
from shop.kernel.repository_sql import SqlRepository


class {name}(Entity):
    __tablename__ = "{table}"
    name: Mapped[str]


class {name}s(SqlRepository[{name}]):
    model = {name}
"""
SEED = """from shop.{table} import {name}s
from shop.kernel.seeding import insert_missing, seed_id

AFTER = {after}


async def seed(kernel):
    print("{table} says hello")
    rows = [{{"id": seed_id("{table}", n), "name": str(n)}} for n in range({count})]
    return await insert_missing({name}s(kernel.database), rows)
"""
TABLES = """UP = {"*": [
    "CREATE TABLE customer (name VARCHAR(255) NOT NULL, id CHAR(32) NOT NULL PRIMARY KEY)",
    "CREATE TABLE booking (name VARCHAR(255) NOT NULL, id CHAR(32) NOT NULL PRIMARY KEY)",
], "postgresql": [
    "CREATE TABLE customer (name VARCHAR(255) NOT NULL, id UUID NOT NULL PRIMARY KEY)",
    "CREATE TABLE booking (name VARCHAR(255) NOT NULL, id UUID NOT NULL PRIMARY KEY)",
]}
"""


def _project(bench: Workbench) -> Workbench:
    package = bench.root / "src/shop"
    shutil.copytree(
        resources.folder("templates") / "kernel/kernel",
        package / "kernel",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    (package / "settings.py").write_text(SETTINGS)
    (package / "composition_root.py").write_text(ROOT)
    (package / "seeds").mkdir()
    for name, after, count in (("Booking", '("customer",)', 3), ("Customer", "()", 1)):
        table = name.lower()
        (package / f"{table}.py").write_text(MODEL.format(name=name, table=table))
        (package / f"seeds/{table}.py").write_text(SEED.format(name=name, table=table, after=after, count=count))
    bench.write("202611220001_tables", TABLES)
    return bench


def test_seeds_run_in_order_and_insert_nothing_twice(bench: Workbench) -> None:
    _project(bench).migrate()
    assert bench.seed().out == ["customer: 1 row inserted", "booking: 3 rows inserted"]
    assert bench.seed().out == ["customer: 0 rows inserted", "booking: 0 rows inserted"]
    assert bench.fetch("SELECT COUNT(*) AS n FROM booking") == [{"n": 3}]


def test_one_seed_can_be_named_and_told_as_json(sqlite: Workbench) -> None:
    _project(sqlite).migrate()
    document = sqlite.seed(names=("customer",), json=True).document
    assert document == {"version": 1, "seeds": [{"name": "customer", "inserted": 1, "skipped": False}]}


def test_missing_tables_point_to_db_migrate(bench: Workbench) -> None:
    _project(bench)
    with pytest.raises(RefusedError, match="a table that the seeds fill is not there: ") as caught:
        bench.seed()
    assert caught.value.hint == "make it first: `arckode db:migrate`"


def test_production_is_refused_unless_forced(sqlite: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    _project(sqlite).migrate()
    monkeypatch.setenv("ENVIRONMENT", "production")
    with pytest.raises(RefusedError, match="the settings say production") as caught:
        sqlite.seed()
    assert "--force-production" in caught.value.hint
    assert sqlite.seed(force_production=True).out[0] == "customer: 1 row inserted"


def test_an_unknown_seed_is_refused_with_the_nearest(sqlite: Workbench) -> None:
    _project(sqlite)
    with pytest.raises(UsageError, match="no seed is called 'custommer'") as caught:
        sqlite.seed(names=("custommer",))
    assert caught.value.hint == "did you mean 'customer'?"


def test_a_seed_that_fails_is_named_with_its_line(sqlite: Workbench) -> None:
    _project(sqlite).migrate()
    (sqlite.root / "src/shop/seeds/customer.py").write_text("async def seed(kernel):\n    raise ValueError('no')\n")
    with pytest.raises(OperationError, match=r"seeding failed in src/shop/seeds/customer.py:2: ValueError: no"):
        sqlite.seed()


def test_settings_that_are_wrong_are_said(sqlite: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    _project(sqlite)
    monkeypatch.setenv("ENVIRONMENT", "moon")
    with pytest.raises(UsageError, match=r"the settings are wrong: ENVIRONMENT: 'moon' is unknown"):
        sqlite.seed()


def test_seeds_that_wait_for_each_other_are_refused(sqlite: Workbench) -> None:
    _project(sqlite).migrate()
    (sqlite.root / "src/shop/seeds/customer.py").write_text(
        "AFTER = ('booking',)\n\nasync def seed(kernel):\n    return 0\n"
    )
    with pytest.raises(RefusedError, match="these seeds wait for each other"):
        sqlite.seed()


def test_an_interpreter_without_the_projects_packages_is_said(sqlite: Workbench) -> None:
    _project(sqlite)
    (sqlite.root / "src/shop/settings.py").write_text("import a_package_that_is_not_there\n")
    with pytest.raises(OperationError, match="cannot import the project: No module named") as caught:
        sqlite.seed()
    assert "--python" in caught.value.hint


def test_without_seeds_there_is_nothing_to_do(sqlite: Workbench) -> None:
    assert sqlite.seed().out == ["nothing to do: there are no seeds in src/shop/seeds"]


def test_a_seed_for_another_environment_is_skipped(sqlite: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    _project(sqlite).migrate()
    file = sqlite.root / "src/shop/seeds/customer.py"
    file.write_text(file.read_text() + "\nENVIRONMENTS = ('test',)\n")
    assert sqlite.seed().out == ["customer: skipped in this environment", "booking: 3 rows inserted"]
    monkeypatch.setenv("ENVIRONMENT", "test")
    assert sqlite.seed(names=("customer",)).out == ["customer: 1 row inserted"]


def test_a_factory_makes_the_same_rows_every_time(sqlite: Workbench) -> None:
    _project(sqlite).migrate()
    (sqlite.root / "src/shop/seeds/customer.py").write_text(
        "from shop.customer import Customers\n"
        "from shop.kernel.seeding import insert_missing, rows\n\n\n"
        "async def seed(kernel):\n"
        "    made = rows('customer', 40, lambda number: {'name': f'customer {number}'})\n"
        "    return await insert_missing(Customers(kernel.database), made)\n"
    )
    assert sqlite.seed(names=("customer",)).out == ["customer: 40 rows inserted"]
    assert sqlite.seed(names=("customer",)).out == ["customer: 0 rows inserted"]


def test_a_fresh_start_empties_the_tables_first(bench: Workbench) -> None:
    _project(bench).migrate()
    bench.seed()
    bench.fetch("UPDATE booking SET name = 'changed'")
    assert bench.seed(fresh=True).out == ["customer: 1 row inserted", "booking: 3 rows inserted"]
    assert bench.fetch("SELECT COUNT(*) AS n FROM booking WHERE name = 'changed'") == [{"n": 0}]


def test_a_fresh_start_in_production_is_refused_even_when_forced(
    sqlite: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    _project(sqlite).migrate()
    sqlite.seed()
    monkeypatch.setenv("ENVIRONMENT", "production")
    with pytest.raises(RefusedError, match="a fresh start empties every table, so it is for development only"):
        sqlite.seed(fresh=True, force_production=True)
    assert sqlite.fetch("SELECT COUNT(*) AS n FROM booking") == [{"n": 3}]
