"""A database that was not migrated: which table is missing and what makes it, wherever somebody looks."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any

import pytest
import structlog
from fastapi import APIRouter
from sqlalchemy import Column, Integer, Table, insert, select, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from kernel import worker
from kernel.app import Kernel
from kernel.database import Database
from kernel.errors import CannotConnectError, MissingTableError, ProgrammingError, WiringError, starting
from kernel.logging import configure_logging
from kernel.model import Entity
from kernel.settings import KernelSettings
from kernel.testing import client

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from pathlib import Path

    from tests.kernel.backends import Shop

pytestmark = pytest.mark.anyio
TOLD = (
    "the table 'never_made' is not in the database; no migration makes it: "
    "`arckode db:diff --write create_never_made`, then `arckode db:migrate`"
)


@pytest.fixture
def never_made() -> Iterator[Table]:
    """A table of the application's models that no migration has made."""
    table = Table("never_made", Entity.metadata, Column("id", Integer, primary_key=True))
    yield table
    Entity.metadata.remove(table)


@pytest.fixture
def log(capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest) -> Iterator[Callable[[], str]]:
    """What the log of an application says, in the form that the test names."""
    root, before = logging.getLogger(), structlog.get_config()
    handlers, level = list(root.handlers), root.level
    configure_logging("INFO", json=request.param == "json")
    yield lambda: capsys.readouterr().err
    root.handlers, root.level = handlers, level
    structlog.configure(**before)


async def test_each_engine_names_the_table_and_the_command(sql_only: Shop, never_made: Table) -> None:
    database = sql_only.database
    assert database is not None
    with pytest.raises(MissingTableError, match=f"^{TOLD}$") as read:
        async with database.session() as session:
            await session.execute(select(never_made))
    assert read.value.table == "never_made"
    assert isinstance(read.value, SQLAlchemyError)
    with pytest.raises(MissingTableError, match=TOLD):
        async with database.transaction() as session:
            await session.execute(insert(never_made).values(id=1))
    with pytest.raises(MissingTableError, match=TOLD):
        async with database.session() as session:
            await session.execute(text("SELECT articles.id FROM articles JOIN never_made ON never_made.id = 1"))


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({}, "create it: `arckode db:migrate`"),
        ({"__init__.py": "never_made"}, "create it: `arckode db:migrate`"),
        ({"2_b.py": 'UP = ["CREATE TABLE `never_made` (id INTEGER)"]'}, "create it: `arckode db:migrate`"),
        ({"2_b.py": "ALTER TABLE made RENAME TO never_made"}, "create it: `arckode db:migrate`"),
        ({"1_a.py": "CREATE TABLE never_made_either (", "2_b.py": "never_made"}, "db:diff --write create_never_made"),
    ],
    ids=["none are here", "a package", "one makes it", "one renames it", "none makes it"],
)
async def test_a_table_that_no_migration_makes_wants_one_first(
    files: dict[str, str], told: str, never_made: Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text_ in files.items():
        (tmp_path / name).write_text(text_)
    monkeypatch.setattr("kernel.missing_tables._MIGRATIONS", tmp_path)
    database = Database("sqlite://")
    with pytest.raises(MissingTableError) as raised:
        async with database.session() as session:
            await session.execute(select(never_made))
    await database.close()
    assert told in str(raised.value)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT id FROM nobodys_table",
        "SELECT never_made FROM articles",
        "SELECT never_made.id FROM articles",
        "SELECT 'no such table: never_made' FROM",
    ],
    ids=["no table of ours", "a column", "a table that FROM does not have", "words in a statement that is no SQL"],
)
async def test_a_mistake_in_a_statement_stays_what_it_is(sql_only: Shop, never_made: Table, statement: str) -> None:
    database = sql_only.database
    assert database is not None
    with pytest.raises(DBAPIError):
        async with database.session() as session:
            await session.execute(text(statement))


async def _started(kernel: Kernel) -> list[dict[str, Any]]:
    """Start an application as a server does, and return what the server is told."""
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "lifespan.startup"}

    async def send(message: Any) -> None:
        sent.append(message)

    with pytest.raises(Exception):  # noqa: B017  servers take whatever it is
        await kernel.asgi()({"type": "lifespan", "asgi": {}, "state": {}}, receive, send)
    return sent


def _kernel(*hooks: Callable[[], Awaitable[None]]) -> Kernel:
    made = Kernel(KernelSettings(environment="test", database_url="sqlite://"))
    for hook in hooks:
        made.on_start(hook)
    return made


async def _reads() -> None:
    raise ProgrammingError("the orders cannot be read") from MissingTableError("never_made", has_migration=False)


async def _finds_no_server() -> None:
    raise CannotConnectError("OSError: refused")


async def _is_wired_wrongly() -> None:
    raise WiringError("nobody declares 'orders.paid'")


@pytest.mark.parametrize(
    ("hook", "told"),
    [
        (_reads, TOLD),
        (_finds_no_server, "cannot connect to the database (OSError: refused); start it, or correct DATABASE_URL"),
        (_is_wired_wrongly, "nobody declares 'orders.paid'"),
    ],
)
async def test_an_application_that_cannot_start_says_why_in_a_line(
    hook: Callable[[], Awaitable[None]], told: str
) -> None:
    assert await _started(_kernel(hook)) == [{"type": "lifespan.startup.failed", "message": told}]


async def test_what_nobody_foresaw_keeps_its_traceback() -> None:
    async def fails() -> None:
        raise ZeroDivisionError("division by zero")

    (failed,) = await _started(_kernel(fails))
    assert failed["message"].startswith("Traceback (most recent call last):\n")
    assert failed["message"].endswith("ZeroDivisionError: division by zero\n")


def _divides() -> None:
    raise ZeroDivisionError


@pytest.mark.parametrize("log", ["console", "json"], indirect=True)
async def test_the_log_has_a_line_for_it_and_a_traceback_for_the_rest(log: Callable[[], str]) -> None:
    ours, theirs = structlog.get_logger("events"), logging.getLogger("theirs")
    try:
        await _reads()
    except ProgrammingError as error:
        ours.exception("events cannot be published", source="outbox")
        theirs.error("as a value", exc_info=error)
    said = log()
    assert said.count(TOLD) == len(said.splitlines()) == 2
    try:
        _divides()
    except ZeroDivisionError:
        ours.exception("failed")
    assert "Traceback (most recent call last)" in log()
    ours.error("without any", exc_info=None)
    assert "without any" in log()


@pytest.mark.parametrize("log", ["console"], indirect=True)
async def test_a_request_that_needs_the_table_answers_500_and_logs_why(
    log: Callable[[], str], never_made: Table
) -> None:
    kernel, router = _kernel(), APIRouter()

    @router.get("/things")
    async def things() -> None:
        async with kernel.database.session() as session:
            await session.execute(select(never_made))

    kernel.add_module("things", service=things, router=router)
    async with client(kernel) as http:
        answer = await http.get("/things")
    assert (answer.status_code, "never_made" in answer.text) == (500, False)
    said = log()
    assert "unexpected error" in said
    assert TOLD in said
    assert "Traceback" not in said


def test_the_worker_says_it_without_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    async def fails(*_: object) -> None:
        raise MissingTableError("queue_jobs")

    monkeypatch.setattr(worker, "work", fails)
    monkeypatch.setattr("importlib.import_module", lambda _name: _Composed)
    with pytest.raises(SystemExit) as ended:
        worker.main([])
    assert ended.value.code == "the table 'queue_jobs' is not in the database; create it: `arckode db:migrate`"


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (WiringError("the command Pay has two handlers, a and b; register one"), "the command Pay has two handlers, a"),
        (CannotConnectError("OSError: refused"), "cannot connect to the database (OSError: refused)"),
    ],
)
def test_the_worker_says_without_a_traceback_that_it_cannot_be_composed(
    error: Exception, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def compose(_settings: object) -> None:
        raise error

    monkeypatch.setattr(_Composed, "compose", compose)
    monkeypatch.setattr("importlib.import_module", lambda _name: _Composed)
    with pytest.raises(SystemExit, match=f"^{re.escape(told)}"):
        worker.main([])


def test_a_mistake_in_a_composition_root_keeps_its_traceback() -> None:
    with pytest.raises(ZeroDivisionError), starting():
        _divides()


class _Composed:
    """The modules of an application that a worker asks for."""

    class Settings:
        load = staticmethod(lambda: None)

    compose = staticmethod(lambda _settings: None)
