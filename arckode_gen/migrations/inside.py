"""Keeps what runs in a scratch database of MySQL or MariaDB inside of it: there `shop.orders` reaches the real one."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from arckode_gen.errors import RefusedError
from arckode_gen.migrations.sqlite_table import bare
from arckode_gen.migrations.sqltext import tokens

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from arckode_gen.migrations.connection import Connection, Row
    from arckode_gen.migrations.sqltext import Token

# After these a name with a dot can only be a table of a database; after the others it may be a column of a table.
_TABLE_FOLLOWS = frozenset({"TABLE", "EXISTS", "INTO", "JOIN", "REFERENCES", "VIEW", "TRIGGER", "PROCEDURE"})
_MAY_FOLLOW = frozenset({*_TABLE_FOLLOWS, "FROM", "UPDATE", "ON", "TO", "FUNCTION", "IGNORE"})
_READ_ONLY = frozenset({"information_schema", "performance_schema", "mysql", "sys"})


def kept_inside(connection: Connection, database: str) -> Connection:
    """Return the connection that refuses statements which name a database, `database` above all."""
    return cast("Connection", _Inside(connection, database))


class _Inside:
    def __init__(self, connection: Connection, database: str) -> None:
        self._connection = connection
        self._database = database

    def __getattr__(self, name: str) -> object:
        return getattr(self._connection, name)

    async def execute(self, sql: str, params: Sequence[object] = ()) -> int:
        self._check(sql)
        return await self._connection.execute(sql, params)

    async def fetch(self, sql: str, params: Sequence[object] = ()) -> list[Row]:
        self._check(sql)
        return await self._connection.fetch(sql, params)

    def _check(self, sql: str) -> None:
        found = next(other_databases(sql, self._database), "")
        if found:
            raise RefusedError(
                f"this cannot be verified, because it names the database {found} and would change it: "
                f"{' '.join(sql.split())}",
                "leave the database's name out of the migration: it runs in that of DATABASE_URL",
            )


def other_databases(sql: str, own: str) -> Iterator[str]:
    """Yield each database that a statement names, `own` being the one it must not reach."""
    if "." not in sql and "use" not in sql.lower():
        return
    loud = [token for token in tokens(sql, "mariadb") if not token.is_silent]
    if len(loud) > 1 and loud[0].word == "USE":
        yield bare(loud[1].text)
    for before, name, dot in zip(loud, loud[1:], loud[2:], strict=False):
        if dot.text == "." and _is_name(name):
            found = bare(name.text)
            if found.lower() in _READ_ONLY:
                continue
            if before.word in _TABLE_FOLLOWS or (found.lower() == own.lower() and before.word in _MAY_FOLLOW):
                yield found


def _is_name(token: Token) -> bool:
    return token.kind == "word" or token.text.startswith("`")
