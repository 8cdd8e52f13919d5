"""Database URLs as people write them, turned into the ones the asynchronous drivers need."""

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
