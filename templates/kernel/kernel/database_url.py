"""Database URLs as people write them, turned into the ones the asynchronous drivers need."""

from collections.abc import Mapping
from importlib.util import find_spec

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "postgresql": "postgresql+asyncpg",
    "postgres": "postgresql+asyncpg",
    "mysql": "mysql+aiomysql",
    "mariadb": "mariadb+aiomysql",
}


_PORTS = {"postgresql": 5432, "mysql": 3306, "mariadb": 3306}


def composed_url(variables: Mapping[str, str]) -> str:
    """Make a database URL of DB_HOST, DB_PORT, DB_NAME, DB_USER, DB_PASS and DB_DIALECT; empty without DB_HOST.

    Names are in capitals. Raises ValueError for one that is wrong or missing; the message never holds a password.
    """
    host = variables.get("DB_HOST", "")
    if not host:
        return ""
    dialect = variables.get("DB_DIALECT") or "postgresql"
    if dialect not in _PORTS:
        raise ValueError(f"DB_DIALECT: '{dialect}' is none of {', '.join(sorted(_PORTS))}")
    missing = [name for name in ("DB_NAME", "DB_USER") if not variables.get(name)]
    if missing:
        raise ValueError(f"{' and '.join(missing)} must be set where DB_HOST is, or set DATABASE_URL instead")
    port = variables.get("DB_PORT") or str(_PORTS[dialect])
    if not (port.isascii() and port.isdecimal() and 0 < int(port) < 65_536):
        raise ValueError(f"DB_PORT: '{port}' is no port")
    made = URL.create(
        dialect, variables["DB_USER"], variables.get("DB_PASS") or None, host, int(port), variables["DB_NAME"]
    )
    return made.render_as_string(hide_password=False)


def async_url(text: str) -> URL:
    """Parse a database URL and name the asynchronous driver, keeping one that was named.

    Raises ValueError for text that is no URL or names a database we do not support; the message never holds a password.
    """
    try:
        url = make_url(text)
    except (ArgumentError, ValueError) as error:
        raise ValueError("this is not a database URL; write for instance sqlite:///./app.db") from error
    family = url.get_backend_name()
    if family not in _DRIVERS:
        raise ValueError(f"unknown database '{family}'; use one of: {', '.join(sorted(_DRIVERS))}")
    if "+" in url.drivername:
        return url
    return url.set(drivername=_DRIVERS[family])


def missing_extra(url: URL) -> str | None:
    """Answer the extra of this project whose driver the URL needs and nobody installed."""
    extra = {"asyncpg": "postgresql", "aiomysql": "mysql"}.get(url.get_driver_name())
    return extra if extra and find_spec(url.get_driver_name()) is None else None


def is_memory(url: URL) -> bool:
    """Say whether a SQLite URL keeps its data in memory only."""
    if url.get_backend_name() != "sqlite":
        return False
    return url.database in (None, "", ":memory:") or url.query.get("mode") == "memory"
