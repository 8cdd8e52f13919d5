"""Which database is meant, and that no message ever repeats a password."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from arckode_gen.errors import UsageError
from arckode_gen.migrations.url import find, parse
from kernel.database_url import composed_url

if TYPE_CHECKING:
    from pathlib import Path

PASSWORD = "hunter2"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("sqlite:///./shop.db", "sqlite ./shop.db", id="a relative file"),
        pytest.param("sqlite:////data/shop.db", "sqlite /data/shop.db", id="an absolute file"),
        pytest.param("sqlite+aiosqlite:///shop.db", "sqlite shop.db", id="an explicit driver"),
        pytest.param("postgres://u:hunter2@h/shop", "postgresql u@h:5432/shop", id="the short name of PostgreSQL"),
        pytest.param("postgresql+asyncpg://h:99/shop?ssl=require", "postgresql h:99/shop", id="an option"),
        pytest.param("mariadb://u:hunter2@h/shop", "mariadb u@h:3306/shop", id="MariaDB"),
        pytest.param("mysql+aiomysql://u:p%40ss@[::1]/shop", "mysql u@::1:3306/shop", id="an IPv6 address"),
        pytest.param("postgresql://u:a#b/c?d@h/shop", "postgresql u@h:5432/shop", id="a password with odd characters"),
    ],
)
def test_a_url_is_shown_without_its_password(text: str, shown: str) -> None:
    url = parse(text)
    assert url.shown == shown
    assert PASSWORD not in repr(url)


def test_a_password_is_decoded_as_the_project_decodes_it() -> None:
    assert parse("postgresql://u:p%40s%2Fs+x@h/d").password == "p@s/s+x"


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        pytest.param("", "is not a database URL", "sqlite:///./shop.db", id="nothing"),
        pytest.param("hunter2", "is not a database URL", "sqlite:///./shop.db", id="no URL"),
        pytest.param(
            "postgers://u:hunter2@h/d", "unknown database 'postgers'", "did you mean 'postgres'?", id="a typo"
        ),
        pytest.param("oracle://u:hunter2@h/d", "unknown database 'oracle'", "postgresql://", id="an unknown one"),
        pytest.param("sqlite://", "a database in memory", "write a file", id="SQLite without a file"),
        pytest.param("sqlite:///:memory:", "a database in memory", "write a file", id="SQLite in memory"),
        pytest.param("sqlite:///x?mode=memory&uri=true", "in memory", "write a file", id="SQLite in memory by option"),
        pytest.param("sqlite://shop.db", "two slashes where SQLite has three", "sqlite:///", id="a slash too few"),
        pytest.param("mysql://u:hunter2@h", "names no database", "add `/name`", id="a server without a database"),
        pytest.param("postgresql://u:hun@ter2:x@h/d", "the port in DATABASE_URL", "%40", id="an @ in the password"),
        pytest.param("postgresql://u:p@hunter2/x@h/d", "more than one `@`", "%40, %3A or %2F", id="an @ and a /"),
        pytest.param("mysql://u:p@hunter2@h/d", "more than one `@`", "%40, %3A or %2F", id="two @"),
        pytest.param(
            "mysql://h:99999/d", "the port in DATABASE_URL is not a number", "%40", id="a port that is too big"
        ),
    ],
)
def test_a_broken_url_is_explained_without_repeating_it(text: str, message: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(text)
    assert message in caught.value.message
    assert hint in caught.value.hint
    assert PASSWORD not in str(caught.value)


def test_the_environment_wins_over_the_file_and_the_file_over_the_default(tmp_path: Path) -> None:
    assert find(tmp_path, {}, "shop") == "sqlite:///./shop.db"
    (tmp_path / ".env").write_text("DATABASE_URL=sqlite:///./file.db\n")
    assert find(tmp_path, {}, "shop") == "sqlite:///./file.db"
    assert find(tmp_path, {"DATABASE_URL": "sqlite:///./env.db"}, "shop") == "sqlite:///./env.db"
    assert find(tmp_path, {"database_url": "sqlite:///./small.db"}, "shop") == "sqlite:///./small.db"


def test_a_file_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"\xff")
    with pytest.raises(UsageError, match=r"cannot read \.env: UnicodeDecodeError"):
        find(tmp_path, {}, "shop")


def test_production_never_falls_back_on_a_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="DATABASE_URL is not set, nor is DB_HOST, and ENVIRONMENT is production"):
        find(tmp_path, {"ENVIRONMENT": "production"}, "shop")
    (tmp_path / ".env").write_text("ENVIRONMENT=production\n")
    with pytest.raises(UsageError, match="DATABASE_URL is not set"):
        find(tmp_path, {}, "shop")
    assert find(tmp_path, {"DATABASE_URL": "sqlite:///./env.db"}, "shop") == "sqlite:///./env.db"


SERVER = {"DB_HOST": "db", "DB_NAME": "shop", "DB_USER": "ada"}


@pytest.mark.parametrize(
    ("said", "url"),
    [
        pytest.param({}, "postgresql://ada@db:5432/shop", id="no more than is needed"),
        pytest.param({"DB_DIALECT": "mariadb"}, "mariadb://ada@db:3306/shop", id="another dialect"),
        pytest.param({"DB_HOST": "::1", "DB_PORT": "99"}, "postgresql://ada@[::1]:99/shop", id="an IPv6 address"),
        pytest.param(
            {"DB_PASS": "p w+/:?#ü%@", "DB_USER": "a:b", "DB_NAME": "d/b ?x"},
            "postgresql://a%3Ab:p w+%2F%3A%3F%23%C3%BC%25%40@db:5432/d/b %3Fx",
            id="odd characters",
        ),
    ],
)
def test_the_parts_of_a_url_make_it_as_the_project_does(tmp_path: Path, said: dict[str, str], url: str) -> None:
    parts = {**SERVER, **said}
    assert find(tmp_path, parts, "shop") == composed_url(parts) == url
    assert find(tmp_path, {**parts, "DATABASE_URL": "sqlite:///./env.db"}, "shop") == "sqlite:///./env.db"
    (tmp_path / ".env").write_text("DATABASE_URL=sqlite:///./file.db\n")
    assert find(tmp_path, parts, "shop") == "sqlite:///./file.db"


def test_a_file_may_say_some_parts_and_the_environment_others(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("DB_HOST=file\nDB_NAME=shop\nDB_USER=ada\n")
    assert find(tmp_path, {"db_host": "env", "ENVIRONMENT": "production"}, "x") == "postgresql://ada@env:5432/shop"


@pytest.mark.parametrize(
    ("said", "message"),
    [
        pytest.param({"DB_NAME": "", "DB_USER": ""}, "DB_NAME and DB_USER must be set where DB_HOST is", id="half"),
        pytest.param({"DB_PORT": "5432a"}, "DB_PORT: '5432a' is no port", id="a port that is none"),
        pytest.param({"DB_DIALECT": "postgres"}, "DB_DIALECT: 'postgres' is none of mariadb", id="a dialect"),
    ],
)
def test_a_part_that_is_wrong_is_said_by_both(tmp_path: Path, said: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        find(tmp_path, {**SERVER, **said}, "shop")
    with pytest.raises(ValueError, match=message):
        composed_url({**SERVER, **said})
