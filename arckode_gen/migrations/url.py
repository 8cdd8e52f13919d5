"""Which database: `DATABASE_URL` from the environment, then `.env`, else of DB_HOST, else the project's SQLite file."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from arckode_gen.errors import UsageError, nearest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from arckode_gen.migrations.dialects import Family

VARIABLE = "DATABASE_URL"
EXAMPLES = "sqlite:///./shop.db, postgresql://user:password@host/shop or mysql://user:password@host/shop"

_FAMILIES: dict[str, Family] = {
    "sqlite": "sqlite",
    "postgresql": "postgresql",
    "postgres": "postgresql",
    "mysql": "mysql",
    "mariadb": "mysql",
}
_PARTS = ("DB_DIALECT", "DB_HOST", "DB_NAME", "DB_PASS", "DB_PORT", "DB_USER")
_DIALECTS = ("mariadb", "mysql", "postgresql")
_PORTS = {"sqlite": 0, "postgresql": 5432, "mysql": 3306}
# The same grammar as SQLAlchemy's make_url, so that the running project and its migrations agree on every URL.
_URL = re.compile(
    r"""(?P<scheme>[\w+]+)://
        (?:(?P<user>[^:/]*)(?::(?P<password>[^@]*))?@)?
        (?:\[(?P<host6>[^/?]+)\]|(?P<host>[^/:?]+))?
        (?::(?P<port>[^/?]*))?
        (?:/(?P<database>[^?]*))?
        (?:\?(?P<query>.*))?""",
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class DatabaseUrl:
    """A database URL in its parts; `shown` is the only text of it that may be printed."""

    family: Family
    host: str
    port: int
    user: str
    database: str
    password: str = field(repr=False)
    options: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    is_mariadb: bool = False

    @property
    def shown(self) -> str:
        if self.family == "sqlite":
            return f"sqlite {self.database}"
        user = f"{self.user}@" if self.user else ""
        name = "mariadb" if self.is_mariadb else self.family
        return f"{name} {user}{self.host}:{self.port}/{self.database}"

    def option(self, *names: str) -> str:
        """Return the value behind `?name=`, under the first of its spellings that is there."""
        there = dict(self.options)
        return next((there[name] for name in names if name in there), "")


def find(root: Path, environ: Mapping[str, str], default_name: str) -> str:
    """Return the text of the project's database URL.

    Raises:
        UsageError: `.env` cannot be read, or production has no database of its own.
    """
    there = setting(root, environ, VARIABLE)
    if there is not None:
        return there
    composed = _composed({name: setting(root, environ, name) or "" for name in _PARTS})
    if not composed and is_production(root, environ):
        raise UsageError(
            "DATABASE_URL is not set, nor is DB_HOST, and ENVIRONMENT is production", "set it in the environment"
        )
    return composed or f"sqlite:///./{default_name}.db"


def _composed(said: Mapping[str, str]) -> str:
    """Make the URL that the project's settings make of the same variables; empty without DB_HOST.

    Raises:
        UsageError: one of them is wrong or missing.
    """
    if not said["DB_HOST"]:
        return ""
    dialect = said["DB_DIALECT"] or "postgresql"
    if dialect not in _DIALECTS:
        raise UsageError(f"DB_DIALECT: '{dialect}' is none of {', '.join(_DIALECTS)}", nearest(dialect, _DIALECTS))
    missing = [name for name in ("DB_NAME", "DB_USER") if not said[name]]
    if missing:
        raise UsageError(f"{' and '.join(missing)} must be set where DB_HOST is", "or set DATABASE_URL instead")
    port = said["DB_PORT"] or str(_PORTS[_FAMILIES[dialect]])
    if not (port.isascii() and port.isdecimal() and 0 < int(port) < 65_536):
        raise UsageError(f"DB_PORT: '{port}' is no port", "write a number such as 5432")
    from urllib.parse import quote

    user, password = quote(said["DB_USER"], safe=" +"), quote(said["DB_PASS"], safe=" +")
    host = f"[{said['DB_HOST']}]" if ":" in said["DB_HOST"] else said["DB_HOST"]
    return f"{dialect}://{user}{':' * bool(password)}{password}@{host}:{port}/{quote(said['DB_NAME'], safe=' +/')}"


def is_production(root: Path, environ: Mapping[str, str]) -> bool:
    """Tell whether the project's settings would say so.

    Raises:
        UsageError: `.env` cannot be read.
    """
    return setting(root, environ, "ENVIRONMENT") == "production"


def setting(root: Path, environ: Mapping[str, str], name: str) -> str | None:
    """Return a variable from the environment, then from `.env`, as the project's settings read it.

    Raises:
        UsageError: `.env` cannot be read.
    """
    there = _named(environ, name)
    file = root / ".env"
    if there is not None or not file.is_file():
        return there
    from arckode_gen.migrations import dotenv

    return _named(dotenv.parse(_read(file), environ), name)


def _named(variables: Mapping[str, str], wanted: str) -> str | None:
    if wanted in variables:
        return variables[wanted]
    return next((value for name, value in variables.items() if name.upper() == wanted), None)


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read .env: {type(error).__name__}", "save it as UTF-8 text") from error


def parse(text: str) -> DatabaseUrl:
    """Take a database URL apart; no message ever repeats it, because it may hold a password.

    Raises:
        UsageError: it is not a URL, names a database we do not support, or one that vanishes with the process.
    """
    match = _URL.fullmatch(text.strip())
    if match is None:
        raise UsageError(f"{VARIABLE} is not a database URL", f"write for instance {EXAMPLES}")
    scheme = match["scheme"].split("+")[0].lower()
    if scheme not in _FAMILIES:
        raise UsageError(f"{VARIABLE} names an unknown database '{scheme}'", nearest(scheme, _FAMILIES) or EXAMPLES)
    family = _FAMILIES[scheme]
    options = _options(match["query"] or "")
    url = DatabaseUrl(
        family,
        match["host6"] or match["host"] or dict(options).get("host", ""),
        _port(match["port"], family),
        _decoded(match["user"] or ""),
        match["database"] or "",
        _decoded(match["password"] or ""),
        options,
        is_mariadb=scheme == "mariadb",
    )
    _refuse_nowhere(url)
    _refuse_torn(url)
    return url


def _port(text: str | None, family: Family) -> int:
    if not text:
        return _PORTS[family]
    if not text.isdecimal() or int(text) > 65535:
        raise UsageError(
            f"the port in {VARIABLE} is not a number",
            "an `@`, `:` or `/` in the password is written %40, %3A or %2F",
        )
    return int(text)


def _refuse_nowhere(url: DatabaseUrl) -> None:
    if url.family == "sqlite":
        if url.host:
            raise UsageError(f"{VARIABLE} has two slashes where SQLite has three", "write sqlite:///./shop.db")
        if url.database in ("", ":memory:") or url.option("mode") == "memory":
            raise UsageError(
                f"{VARIABLE} names a database in memory: it would be gone when the command ends",
                "write a file, such as sqlite:///./shop.db",
            )
    elif not url.database:
        raise UsageError(f"{VARIABLE} names no database", f"add `/name` at its end, as in {EXAMPLES}")


def _refuse_torn(url: DatabaseUrl) -> None:
    """Stop where a part of a password would be taken for the host or the database, and so be printed."""
    if url.family != "sqlite" and ("@" in url.host or "@" in url.database):
        raise UsageError(
            f"{VARIABLE} has more than one `@`, so that part of the password stands where the host or the database is",
            "an `@`, `:` or `/` in the password is written %40, %3A or %2F",
        )


def _options(query: str) -> tuple[tuple[str, str], ...]:
    pairs = (part.partition("=") for part in query.split("&") if part)
    return tuple((_decoded(name), _decoded(value.replace("+", " "))) for name, _, value in pairs)


def _decoded(text: str) -> str:
    if "%" not in text:
        return text
    from urllib.parse import unquote

    return unquote(text)
