"""What the libraries we know do when they are called: the leaves that every effect starts from.

Names are canonical: `kernel.X` for the generated runtime, `sqlalchemy.X` for anything SQLAlchemy or SQLModel export,
wherever they export it from, and the driver's own dotted name otherwise.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Effect(IntEnum):
    """What a call costs the database, in rising order."""

    NONE = 0
    BUILDS = 1
    ADDS = 2
    QUERIES = 3


def words(text: str) -> frozenset[str]:
    """Return the words of a text as a set."""
    return frozenset(text.split())


REPOSITORY_READS = words("find_many find_by_id find_one count paginate exists find_page")
REPOSITORY_WRITES = words("create update delete create_many update_many delete_many increment compare_and_set restore")
BULK = frozenset(
    {
        "create_many",
        "update_many",
        "upsert_many",
        "add_many",
        "delete_many",
        "find_many",
        "executemany",
        "bulk_save_objects",
        "bulk_create",
        "bulk_update",
    }
)
TAKES = words("pop popleft popitem get_nowait")
PAGED = frozenset({"paginate", "find_page"})
REPOSITORIES = frozenset({"RepositoryAdapter", "SqlRepository", "MemoryRepository"})

_SESSION = words(
    "execute scalar scalars get get_one stream stream_scalars refresh flush commit merge exec run_sync"
    " bulk_save_objects bulk_insert_mappings bulk_update_mappings"
)
_CONNECTION = words("execute scalar scalars stream stream_scalars exec_driver_sql commit")
_QUERY = words("all first one one_or_none scalar scalar_one scalar_one_or_none count get delete update")
_DRIVER = words("execute executemany fetch fetchrow fetchval fetch_one fetch_all execute_fetchall commit")
_ADDS = words("add add_all delete expunge")
_DRIVERS = words(
    "aiosqlite.Connection aiosqlite.Cursor asyncpg.Connection asyncpg.Pool aiomysql.Connection aiomysql.Cursor"
    " sqlite3.Connection sqlite3.Cursor psycopg.Connection psycopg.Cursor psycopg.AsyncConnection psycopg.AsyncCursor"
)
_ALCHEMY_READS = words("get get_one get_one_or_none list list_and_count count exists get_or_upsert get_and_update")
_ALCHEMY_WRITES = words(
    "add add_many create create_many update update_many upsert upsert_many delete delete_many delete_where"
)
_ALCHEMY_TYPES = tuple(
    f"advanced_alchemy.SQLAlchemy{mode}{kind}"
    for mode in ("Async", "Sync")
    for kind in ("Repository", "SlugRepository", "RepositoryService", "RepositoryReadService", "QueryRepository")
)
_DJANGO = words(
    "get first last count exists aggregate earliest latest in_bulk create get_or_create update_or_create bulk_create"
    " bulk_update update delete add remove clear set"
)
_DJANGO_ROW = words("save delete refresh_from_db")
_DJANGO_TYPES = words("Manager QuerySet BaseManager Model")
MODEL = "django.db.models.Model"
DJANGO = frozenset(f"django.db.models.{name}" for name in _DJANGO_TYPES)
MANAGERS = DJANGO - {MODEL}
_SESSION_TYPES = words("Session AsyncSession scoped_session async_scoped_session")
_CONNECTION_TYPES = words("Connection AsyncConnection Engine AsyncEngine")

QUERIES: Mapping[str, frozenset[str]] = {
    **{f"kernel.{name}": REPOSITORY_READS | REPOSITORY_WRITES for name in REPOSITORIES},
    "kernel.Database": words("execute fetch fetch_one fetch_all scalar scalars"),
    **{f"sqlalchemy.{name}": _SESSION for name in _SESSION_TYPES},
    **{f"sqlalchemy.{name}": _CONNECTION for name in _CONNECTION_TYPES},
    "sqlalchemy.Query": _QUERY,
    **dict.fromkeys(_DRIVERS, _DRIVER),
    **dict.fromkeys(_ALCHEMY_TYPES, _ALCHEMY_READS | _ALCHEMY_WRITES),
    **{
        f"django.db.models.{name}": frozenset(f"{mode}{method}" for mode in ("", "a") for method in methods)
        for name in sorted(_DJANGO_TYPES)
        for methods in (_DJANGO_ROW if name == "Model" else _DJANGO,)
    },
}
# Functions that query, by the model or queryset they are handed.
LOOK_UPS = frozenset(
    f"django.shortcuts.{mode}get_{what}_or_404" for mode in ("", "a") for what in ("object", "list")
) | {"rest_framework.generics.get_object_or_404"}
ALCHEMY = frozenset(_ALCHEMY_TYPES)
SESSIONS = frozenset(name for name in QUERIES if not name.startswith(("kernel.", "django.")) and name not in ALCHEMY)
STATEMENTS = frozenset(
    f"sqlalchemy.{name}" for name in ("select", "insert", "update", "delete", "text", "exists", "union", "func")
)

# The type a call gives back, by the type it is made on; "self" keeps the receiver, "item" is its type argument.
RETURNS: Mapping[str, str] = {
    "sqlalchemy.Session.query": "sqlalchemy.Query",
    "sqlalchemy.scoped_session.query": "sqlalchemy.Query",
    "sqlalchemy.object_session": "sqlalchemy.Session",
    "sqlalchemy.async_object_session": "sqlalchemy.AsyncSession",
    "sqlalchemy.sessionmaker.__call__": "sqlalchemy.Session",
    "sqlalchemy.sessionmaker.begin": "sqlalchemy.Session",
    "sqlalchemy.async_sessionmaker.__call__": "sqlalchemy.AsyncSession",
    "sqlalchemy.async_sessionmaker.begin": "sqlalchemy.AsyncSession",
    "sqlalchemy.scoped_session.__call__": "sqlalchemy.Session",
    "sqlalchemy.async_scoped_session.__call__": "sqlalchemy.AsyncSession",
    "sqlalchemy.create_engine.connect": "sqlalchemy.Connection",
    "sqlalchemy.create_engine.begin": "sqlalchemy.Connection",
    "sqlalchemy.create_async_engine.connect": "sqlalchemy.AsyncConnection",
    "sqlalchemy.create_async_engine.begin": "sqlalchemy.AsyncConnection",
    "sqlalchemy.Engine.connect": "sqlalchemy.Connection",
    "sqlalchemy.Engine.begin": "sqlalchemy.Connection",
    "sqlalchemy.AsyncEngine.connect": "sqlalchemy.AsyncConnection",
    "sqlalchemy.AsyncEngine.begin": "sqlalchemy.AsyncConnection",
    "kernel.Database.session": "sqlalchemy.AsyncSession",
    "kernel.Database.transaction": "sqlalchemy.AsyncSession",
    "kernel.SqlRepository.transaction": "sqlalchemy.AsyncSession",
    "kernel.RepositoryAdapter.transaction": "sqlalchemy.AsyncSession",
    "sqlite3.connect": "sqlite3.Connection",
    "aiosqlite.connect": "aiosqlite.Connection",
    "asyncpg.connect": "asyncpg.Connection",
    "asyncpg.create_pool": "asyncpg.Pool",
    "asyncpg.Pool.acquire": "asyncpg.Connection",
    "psycopg.connect": "psycopg.Connection",
    "psycopg.Connection.cursor": "psycopg.Cursor",
    "psycopg.AsyncConnection.cursor": "psycopg.AsyncCursor",
    "psycopg.Connection.connect": "psycopg.Connection",
    "psycopg.AsyncConnection.connect": "psycopg.AsyncConnection",
    "psycopg2.connect": "psycopg.Connection",
    "pymysql.connect": "psycopg.Connection",
    "MySQLdb.connect": "psycopg.Connection",
    "sqlite3.Connection.cursor": "sqlite3.Cursor",
    "aiosqlite.Connection.cursor": "aiosqlite.Cursor",
    "aiomysql.connect": "aiomysql.Connection",
    "aiomysql.Connection.cursor": "aiomysql.Cursor",
    "django.db.connection.cursor": "psycopg.Cursor",
    "alembic.op.get_bind": "sqlalchemy.Connection",
    "sqlalchemy.Session.connection": "sqlalchemy.Connection",
    "sqlalchemy.AsyncSession.connection": "sqlalchemy.AsyncConnection",
}
ITEM_METHODS = frozenset({"find_by_id", "find_one", "create", "update", "get", "get_one", "first", "restore"})
LIST_METHODS = frozenset({"find_many", "create_many"})
# A class of statements is called like what makes one: `-> Select[...]` is annotated, `select(...)` is written.
_MADE_BY = {
    **{
        f"{door}{made}": made.lower() for made in ("Select", "Insert", "Update", "Delete") for door in ("", "Returning")
    },
    "TextClause": "text",
}
_ALCHEMY_DOORS = ("litestar.contrib.sqlalchemy.", "litestar.plugins.sqlalchemy.")
# Flask-SQLAlchemy's classes for projects that derive their own, and the older names of its query.
_FLASK = {
    "flask_sqlalchemy.extension.SQLAlchemy": "flask_sqlalchemy.SQLAlchemy",
    "flask_sqlalchemy.model.Model": "flask_sqlalchemy.SQLAlchemy.Model",
    "flask_sqlalchemy.Model": "flask_sqlalchemy.SQLAlchemy.Model",
    "flask_sqlalchemy.query.Query": "sqlalchemy.Query",
    "flask_sqlalchemy.query.BaseQuery": "sqlalchemy.Query",
    "flask_sqlalchemy.BaseQuery": "sqlalchemy.Query",
}


def canonical(dotted: str) -> str:
    """Return the one name a library thing goes by, whatever path it was imported through."""
    head, *rest = dotted.split(".")
    if rest and (head == "advanced_alchemy" or dotted.startswith(_ALCHEMY_DOORS)):
        return f"advanced_alchemy.{rest[-1]}"
    if head == "django":
        return _django(dotted, rest)
    if head in {"sqlalchemy", "sqlmodel"} and rest:
        return f"sqlalchemy.{_MADE_BY.get(rest[-1], rest[-1])}"
    if "kernel" in (head, *rest[:-1]) and rest:
        return f"kernel.{rest[-1]}"
    return _FLASK.get(dotted, dotted)


def _django(dotted: str, rest: list[str]) -> str:
    """Return the base that counts for one of Django's own classes: its models and managers are like any other."""
    if dotted.startswith(("django.db.models.", "django.contrib.gis.db.models.")) and rest[-1] in _DJANGO_TYPES:
        return f"django.db.models.{rest[-1]}"
    match rest:
        case ["contrib", _, "models" | "base_user", str(name)] if name[:1].isupper():
            return "django.db.models.Manager" if name.endswith("Manager") else MODEL
    return dotted


def effect(owner: str, method: str) -> Effect:
    """Return what calling a method of a library type costs."""
    if method in QUERIES.get(owner, ()):
        return Effect.QUERIES
    if owner in SESSIONS:
        return Effect.ADDS if method in _ADDS else Effect.BUILDS
    return Effect.NONE
