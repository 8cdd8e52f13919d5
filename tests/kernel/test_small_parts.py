"""Settings, identifiers, secrets, events, seeds, columns and the log."""

from __future__ import annotations

import ast
import io
import json
import logging
import sys
from contextlib import redirect_stderr
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
import structlog
import yaml
from pydantic import ValidationError as SettingsError
from sqlalchemy import String
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.schema import CreateTable

import kernel
from kernel.clock import FixedClock
from kernel.columns import ExactNumeric
from kernel.database_url import async_url, missing_extra
from kernel.errors import ProgrammingError, WiringError
from kernel.events import new_event
from kernel.fields import table_of
from kernel.http.names import json_name
from kernel.ids import new_id
from kernel.logging import configure_logging
from kernel.model import Entity
from kernel.passwords import hash_password, verify_password
from kernel.request_context import carried, cause_of, correlation_id, current_cause, current_correlation_id, handling
from kernel.rows import Rows
from kernel.seeding import insert_missing, run, seed_id
from kernel.settings import KernelSettings
from kernel.testing import count_statements, fresh_database
from kernel.tokens import digest, matches, new_token
from tests.kernel.backends import START, ArticlesRepository
from tests.kernel.orders_api import compose
from tests.kernel.samples import Article

if TYPE_CHECKING:
    from sqlalchemy import Dialect

    from tests.kernel.backends import Shop

URLS = (
    ("sqlite:///./shop.db", "sqlite+aiosqlite:///./shop.db"),
    ("sqlite://", "sqlite+aiosqlite://"),
    ("postgres://u:p@h/db", "postgresql+asyncpg://u:p@h/db"),
    ("postgresql://u:p@h/db", "postgresql+asyncpg://u:p@h/db"),
    ("postgresql+asyncpg://h/db", "postgresql+asyncpg://h/db"),
    ("mysql://h/db", "mysql+aiomysql://h/db"),
    ("mariadb://h/db", "mariadb+aiomysql://h/db"),
)


@pytest.mark.parametrize(("written", "meant"), URLS, ids=[f"{row[0]} gets its driver" for row in URLS])
def test_database_urls(written: str, meant: str) -> None:
    assert async_url(written).render_as_string(hide_password=False) == meant


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("oracle://u:secret@h/db", "unknown database 'oracle'"),
        ("secret words", "this is not a database URL"),
        ("postgresql://u:secret@h:port/db", "this is not a database URL"),
    ],
    ids=["a database we do not support", "no URL at all", "a port that is no number"],
)
def test_a_broken_database_url_is_refused_without_showing_it(written: str, message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        KernelSettings(database_url=written)
    assert message in str(caught.value)
    assert "secret" not in str(caught.value)


def test_settings_do_not_show_the_database_url() -> None:
    assert "secret" not in repr(KernelSettings(database_url="postgresql://u:secret@h/db"))


def test_identifiers_sort_by_the_time_they_were_made() -> None:
    made = [new_id() for _ in range(100)]
    assert made == sorted(made)
    assert {key.version for key in made} == {7}
    assert type(made[0]) is UUID


@pytest.mark.anyio
async def test_passwords() -> None:
    stored = await hash_password("correct horse")
    assert stored.startswith("scrypt$32768$8$1$")
    assert await verify_password("correct horse", stored) is True
    assert await verify_password("wrong horse", stored) is False
    assert await verify_password("correct horse", None) is False
    assert await verify_password("correct horse", "scrypt$nonsense") is False
    assert await hash_password("correct horse") != stored


def test_tokens_are_stored_as_digests() -> None:
    token = new_token()
    assert matches(token, digest(token))
    assert not matches(new_token(), digest(token))


def test_events_carry_their_correlation() -> None:
    clock = FixedClock(START)
    token = correlation_id.set("request-7")
    try:
        first = new_event("orders.paid", key="1", source="orders", data={"total": 1}, clock=clock)
    finally:
        correlation_id.reset(token)
    clock.advance(timedelta(seconds=1))
    second = new_event("mail.sent", key="1", source="mail", data={}, caused_by=first, clock=clock)
    assert (first.correlation_id, first.causation_id, first.occurred_at) == ("request-7", None, START)
    assert (second.correlation_id, second.causation_id) == ("request-7", str(first.id))
    alone = new_event("orders.paid", key="1", source="orders", data={})
    assert (alone.correlation_id, alone.causation_id) == (str(alone.id), None)
    with pytest.raises(TypeError, match="does not support item assignment"):
        alone.data["x"] = 1  # type: ignore[index]  # what the test is about


def test_what_a_step_sets_off_belongs_to_it_and_to_nothing_afterwards() -> None:
    user, sent = new_id(), f"00-{'a' * 32}-{'b' * 16}-01"
    with handling("job-1", correlation="chain", cause="event-1", metadata={"traceparent": sent, "user": str(user)}):
        made = new_event("orders.paid", key="1", source="orders", data={})
        assert (made.correlation_id, made.causation_id, made.metadata["user"]) == ("chain", "job-1", str(user))
        assert made.metadata["traceparent"].split("-")[1::2] == ["a" * 32, "01"]
        with handling("command-1", correlation="chain", cause=current_cause()):
            assert current_cause() == cause_of("command-2") == "command-1"
            assert cause_of("command-1") == "job-1"
            assert carried() == dict(made.metadata)
        assert current_cause() == "job-1"
    assert (current_cause(), cause_of("job-1"), carried(), current_correlation_id()) == (None, None, {}, None)
    with handling("job-2", correlation="chain", cause=None, metadata={"user": "somebody at another program"}):
        assert set(carried()) == {"traceparent"}


@pytest.mark.parametrize(
    ("python", "written"),
    [("id", "id"), ("customer_id", "customerId"), ("metadata_", "metadata"), ("line_2_text", "line2Text")],
    ids=["one word", "two words", "a Python name dodged", "a number"],
)
def test_json_names(python: str, written: str) -> None:
    assert json_name(python) == written


POSTGRES: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy left this one untyped
WRITTEN: tuple[tuple[Dialect, str], ...] = (
    (sqlite.dialect(), "id CHAR(32)|price BIGINT|sold_at DATETIME,|metadata JSON"),
    (POSTGRES, "id UUID|price NUMERIC(12, 2)|sold_at TIMESTAMP WITH TIME ZONE|metadata JSONB"),
    (mysql.dialect(), "id CHAR(32)|sold_at DATETIME(6)|body LONGTEXT|weight DOUBLE|COLLATE utf8mb4_0900_bin"),
)


@pytest.mark.parametrize(("dialect", "parts"), WRITTEN, ids=[dialect.name for dialect, _ in WRITTEN])
def test_tables_are_written_for_each_engine(dialect: Dialect, parts: str) -> None:
    sql = str(CreateTable(table_of(Article)).compile(dialect=dialect)).replace("`", "")
    assert [part for part in parts.split("|") if part not in sql] == []
    assert "CONSTRAINT ck_articles_colour CHECK" in sql
    assert "CONSTRAINT uq_articles_shelf_place UNIQUE" in sql


def test_every_file_of_the_kernel_belongs_to_one_part() -> None:
    folder = Path(kernel.__file__).parent
    parts = yaml.safe_load((folder.parent / "parts.yml").read_text())["parts"]
    listed = sorted(name for part in parts.values() for name in part["files"])
    assert listed == sorted(str(path.relative_to(folder)) for path in folder.rglob("*.py"))


def test_the_core_imports_nothing_of_the_other_parts() -> None:
    folder = Path(kernel.__file__).parent
    parts = yaml.safe_load((folder.parent / "parts.yml").read_text())["parts"]
    others = {Path(name).stem for part, found in parts.items() if part != "core" for name in found["files"]}
    for name in parts["core"]["files"]:
        tree = ast.parse((folder / name).read_text())
        imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert not imported & others, name


def test_a_part_imports_only_what_it_says_that_it_needs() -> None:
    folder = Path(kernel.__file__).parent
    parts = yaml.safe_load((folder.parent / "parts.yml").read_text())["parts"]
    home = {name: part for part, found in parts.items() for name in found["files"]}
    for part, found in parts.items():
        for name in found["files"]:
            owners = {home[other] for other in _imported_files(folder / name, folder)}
            assert owners <= {part, "core", *found.get("needs", ())}, name


def _imported_files(file: Path, folder: Path) -> set[str]:
    tree = ast.parse(file.read_text())
    relative = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.level]
    bases = [(node, file.parents[node.level - 1].joinpath(*(node.module or "").split("."))) for node in relative]
    inside = [base / alias.name if node.module is None else base for node, base in bases for alias in node.names]
    return {str(path.with_suffix(".py").relative_to(folder)) for path in inside}


def test_mariadb_tables_keep_trailing_spaces_apart() -> None:
    dialect = mysql.dialect(is_mariadb=True)
    dialect.name = "mariadb"
    assert "COLLATE utf8mb4_nopad_bin" in str(CreateTable(table_of(Article)).compile(dialect=dialect))


@pytest.mark.parametrize(("precision", "scale"), [(19, 2), (2, 3), (5, -1)])
def test_impossible_decimals_are_refused(precision: int, scale: int) -> None:
    with pytest.raises(ValueError, match="precision is at most 18"):
        ExactNumeric(precision, scale)


def test_a_default_only_the_server_knows_is_refused() -> None:
    class Broken(Entity):
        __tablename__ = "broken"
        text: Mapped[str] = mapped_column(String(5), server_default="x")

    try:
        with pytest.raises(WiringError, match=r"Broken\.text has a server_default alone"):
            Rows(Broken, FixedClock(START))
    finally:
        Entity.metadata.remove(table_of(Broken))
        _forget(Entity, Broken)


def _forget(base: type[DeclarativeBase], model: type[DeclarativeBase]) -> None:
    base.registry._dispose_cls(model)


@pytest.mark.anyio
async def test_seeded_rows_are_inserted_once(shop: Shop) -> None:
    rows: list[dict[str, object]] = [{"id": seed_id("articles", n), "code": f"c{n}"} for n in range(3)]
    assert await insert_missing(shop.articles, rows[:2]) == 2
    await shop.articles.delete(seed_id("articles", 0))
    assert await insert_missing(shop.articles, rows) == 1
    assert await insert_missing(shop.articles, rows) == 0
    assert await insert_missing(shop.articles, []) == 0
    with pytest.raises(ProgrammingError, match="needs an 'id'"):
        await insert_missing(shop.articles, [{"code": "x"}])


@pytest.mark.anyio
async def test_seeding_again_costs_one_statement() -> None:
    async with fresh_database() as database:
        articles = ArticlesRepository(database)
        rows: list[dict[str, object]] = [{"id": seed_id("articles", n), "code": f"c{n}"} for n in range(50)]
        with count_statements(database) as first:
            assert await insert_missing(articles, rows) == 50
        with count_statements(database) as second:
            assert await insert_missing(articles, rows) == 0
        assert (first.count, second.count) == (2, 1)


def test_seeded_identifiers_are_the_same_everywhere() -> None:
    assert seed_id("orders", 1) == UUID("2f5d5273-d1c5-5efc-9d5d-49aa2b84d586")
    assert seed_id("orders", 2) != seed_id("orders", 1) != seed_id("order", 1)


SEED = "AFTER = ({after})\nasync def seed(kernel):\n    kernel.ran.append('{name}')\n    return 1\n"


def _seeds(folder: Path, package: str, seeds: dict[str, str]) -> None:
    (folder / package).mkdir()
    (folder / package / "__init__.py").touch()
    for name, after in seeds.items():
        (folder / package / f"{name}.py").write_text(SEED.format(name=name, after=after))


@pytest.mark.anyio
async def test_seeds_run_after_the_ones_they_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _seeds(tmp_path, "some_seeds", {"orders": "'customers',", "customers": "", "audit": "'orders',"})
    _seeds(tmp_path, "circular_seeds", {"one": "'two',", "two": "'one',"})
    _seeds(tmp_path, "lost_seeds", {"one": "'too',", "two": ""})
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    async with fresh_database() as database:
        made = compose(database)
        ran: list[str] = []
        made.ran = ran  # type: ignore[attr-defined]  # where the written seeds say that they ran
        results = await run(made, "some_seeds")
        assert ran == [result.name for result in results] == ["customers", "orders", "audit"]
        ran.clear()
        assert [result.inserted for result in await run(made, "some_seeds", ["orders"])] == [1]
        with pytest.raises(WiringError, match="there is no seed 'order'; did you mean 'orders'"):
            await run(made, "some_seeds", ["order"])
        with pytest.raises(WiringError, match="wait for each other"):
            await run(made, "circular_seeds")
        with pytest.raises(WiringError, match=r"no seed 'too' \(named in AFTER of 'one'\); did you mean 'two'"):
            await run(made, "lost_seeds")
        production = compose(database, environment="production", database_url="sqlite://")
        with pytest.raises(ProgrammingError, match="do not run in production"):
            await run(production, "some_seeds")


def test_the_log_is_json_when_asked_and_carries_the_request() -> None:
    written = io.StringIO()
    token = correlation_id.set("request-7")
    before = logging.getLogger().level
    try:
        with redirect_stderr(written):
            configure_logging("INFO", json=True)
            structlog.get_logger("orders").info("paid", total=Decimal("1.50"))
            logging.getLogger("library").warning("from %s", "outside")
    finally:
        correlation_id.reset(token)
        configure_logging("WARNING", json=False)
        logging.getLogger().setLevel(before)
    ours, theirs = (json.loads(line) for line in written.getvalue().splitlines())
    assert (ours["event"], ours["logger"], ours["correlation_id"]) == ("paid", "orders", "request-7")
    assert (theirs["event"], theirs["level"]) == ("from outside", "warning")


WRONG_SETTINGS = (
    ("nonsense", {"DATABASE_URL": "nonsense"}, "DATABASE_URL: this is not a database URL; write for instance"),
    ("an unknown database", {"DATABASE_URL": "oracle://u:secret@h/x"}, "DATABASE_URL: unknown database 'oracle'; use"),
    (
        "an unknown level",
        {"LOG_LEVEL": "loud"},
        "LOG_LEVEL: 'LOUD' is unknown; choose 'DEBUG', 'INFO', 'WARNING' or 'ERROR'",
    ),
    ("no pool", {"DATABASE_POOL_SIZE": "0"}, "DATABASE_POOL_SIZE: Input should be greater than or equal to 1"),
    (
        "production without a database of its own",
        {"ENVIRONMENT": "production"},
        "settings: DATABASE_URL or DB_HOST must be set in production, or a restart could lose the data",
    ),
    ("half a database", {"DB_HOST": "db"}, "settings: DB_NAME and DB_USER must be set where DB_HOST is, or set"),
    (
        "a port that is none",
        {"DB_HOST": "db", "DB_NAME": "shop", "DB_USER": "ada", "DB_PORT": "5432a"},
        "settings: DB_PORT: '5432a' is no port",
    ),
    (
        "a dialect that is none",
        {"DB_HOST": "db", "DB_DIALECT": "postgres"},
        "settings: DB_DIALECT: 'postgres' is none of mariadb, mysql, postgresql",
    ),
)


@pytest.mark.parametrize(
    ("environ", "line"), [row[1:] for row in WRONG_SETTINGS], ids=[row[0] for row in WRONG_SETTINGS]
)
def test_a_wrong_setting_ends_the_program_with_one_line(
    environ: dict[str, str], line: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as ended:
        KernelSettings.load()
    assert str(ended.value).startswith(line)
    assert "\n" not in str(ended.value)
    assert "secret" not in str(ended.value)


def test_every_wrong_setting_has_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "nonsense")
    monkeypatch.setenv("BODY_LIMIT", "many")
    with pytest.raises(SystemExit) as ended:
        KernelSettings.load()
    assert [line.partition(":")[0] for line in str(ended.value).splitlines()] == ["DATABASE_URL", "BODY_LIMIT"]


def test_settings_are_written_as_people_write_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_LEVEL", "info")
    monkeypatch.setenv("CORS_ORIGINS", "https://a.example, https://b.example,")
    monkeypatch.setenv("ENVIRONMENT", "production")
    monkeypatch.setenv("DATABASE_URL", "sqlite:///./shop.db")
    settings = KernelSettings.load()
    assert settings.log_level == "INFO"
    assert settings.cors_origins == ("https://a.example", "https://b.example")


def test_a_driver_that_is_not_installed_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    assert missing_extra(async_url("postgresql://h/x")) is None
    assert missing_extra(async_url("sqlite://")) is None
    monkeypatch.setitem(sys.modules, "asyncpg", None)
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.setenv("DATABASE_URL", "postgresql://h/x")
    with pytest.raises(SystemExit, match=r'DATABASE_URL: the driver .* run pip install "\.\[postgresql\]"'):
        KernelSettings.load()
