"""Every way in which a database cannot be reached is one clear message: what, where, what to do, and no secret."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from arckode_gen.errors import OperationError

if TYPE_CHECKING:
    from tests.migrations.workbench import Workbench

PASSWORD = "hunter2"


def _refused(bench: Workbench, url: str) -> OperationError:
    bench.usual()
    bench.url = url
    with pytest.raises(OperationError) as caught:
        bench.migrate()
    assert PASSWORD not in str(caught.value)
    assert caught.value.hint
    return caught.value


@pytest.mark.parametrize("scheme", ["postgresql", "mysql"])
@pytest.mark.parametrize(
    ("place", "reason"),
    [
        pytest.param("127.0.0.1:1", "refused|Connect call failed|Can't connect", id="nobody listens"),
        pytest.param("nowhere.invalid", "not known|Can't connect|No address", id="the host has no address"),
    ],
)
def test_an_unreachable_server_is_named(sqlite: Workbench, scheme: str, place: str, reason: str) -> None:
    error = _refused(sqlite, f"{scheme}://me:{PASSWORD}@{place}/shop")
    assert error.message.startswith(f"cannot reach {scheme} me@{place.split(':', maxsplit=1)[0]}:")
    assert any(part in error.message for part in reason.split("|"))
    assert "start the server, or correct the host" in error.hint


@pytest.mark.postgres
def test_postgresql_without_such_a_user(postgres: Workbench) -> None:
    error = _refused(postgres, postgres.url.replace("postgres@", f"nobody:{PASSWORD}@"))
    assert 'said no: role "nobody" does not exist' in error.message
    assert "correct the user" in error.hint


@pytest.mark.postgres
def test_postgresql_without_such_a_database(postgres: Workbench) -> None:
    error = _refused(postgres, f"{postgres.url.rpartition('/')[0]}/nowhere")
    assert 'said no: database "nowhere" does not exist' in error.message
    assert error.hint == "create it: `createdb nowhere`"


@pytest.mark.mariadb
def test_mariadb_with_a_wrong_password(mariadb: Workbench) -> None:
    error = _refused(mariadb, mariadb.url.replace("root@", f"nobody:{PASSWORD}@"))
    assert "Access denied for user 'nobody'" in error.message
    assert "correct the user and the password" in error.hint


@pytest.mark.mariadb
def test_mariadb_without_such_a_database(mariadb: Workbench) -> None:
    error = _refused(mariadb, f"{mariadb.url.rpartition('/')[0]}/nowhere")
    assert "said no: Unknown database 'nowhere'" in error.message
    assert "CREATE DATABASE nowhere" in error.hint


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        pytest.param("no/such/folder/shop.db", "make its folder first: mkdir -p ", id="its folder is missing"),
        pytest.param("src", "DATABASE_URL names a folder", id="it is a folder"),
        pytest.param("text.db", "may not be a SQLite database", id="it is something else"),
    ],
)
def test_a_sqlite_file_that_cannot_be_opened(sqlite: Workbench, path: str, hint: str) -> None:
    (sqlite.root / "text.db").write_text("this is no database, but long enough to look like one " * 20)
    error = _refused(sqlite, f"sqlite:///./{path}")
    assert error.message.startswith("cannot open the SQLite database ")
    assert hint in error.hint


@pytest.mark.parametrize(
    ("url", "package", "extra"), [("postgresql://h/d", "asyncpg", "postgresql"), ("mysql://h/d", "aiomysql", "mysql")]
)
def test_a_missing_driver_names_its_package_and_extra(
    sqlite: Workbench, monkeypatch: pytest.MonkeyPatch, url: str, package: str, extra: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    error = _refused(sqlite, url)
    assert error.message == f"the driver '{package}' is not installed for {sys.executable}"
    assert f"uv add {package}" in error.hint
    assert f"'.[{extra}]'" in error.hint


def test_a_damaged_control_table_is_said(sqlite: Workbench) -> None:
    sqlite.usual()
    sqlite.fetch("CREATE TABLE _arckode_migrations (id TEXT)")
    with pytest.raises(OperationError, match="the control table cannot be used: no such column: entry"):
        sqlite.migrate()
