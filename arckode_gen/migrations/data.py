"""What an `async def up(db)` is given: one way to write parameters and batches on every database."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from arckode_gen.errors import RefusedError
from arckode_gen.migrations.connection import is_mysql
from arckode_gen.migrations.effects import controls_transaction, follows, is_data, is_session
from arckode_gen.migrations.sqltext import tokens

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from arckode_gen.migrations.connection import Connection, Row
    from arckode_gen.migrations.dialects import Dialect
    from arckode_gen.migrations.request import Report


class Steps:
    """How far a function over many rows has come; here all of it is one transaction, so nothing has to be kept."""

    def __init__(self, name: str, report: Report) -> None:
        self._name = name
        self._report = report
        self._rows = 0

    @property
    def are_kept(self) -> bool:
        """Tell whether something of them stays when the function fails."""
        return False

    def start(self, loop: int) -> Start:
        """Say where a loop goes on: at its beginning."""
        del loop
        return Start()

    async def done(self, loop: int, key: object, rows: int) -> None:
        """Take note of a batch that was worked on."""
        del loop, key
        self._rows += rows
        self._report("progress", f"{self._name}: {self._rows} rows")


@dataclass(frozen=True, slots=True)
class Start:
    """Where a loop begins: `after` this key, or nowhere because an earlier run has finished it."""

    after: object = None
    is_finished: bool = False


class Database:
    """The database inside the migration's transaction; parameters are `?` everywhere, `??` is a question mark."""

    def __init__(self, connection: Connection, steps: Steps) -> None:
        self._connection = connection
        self._steps = steps
        self._loops = 0
        self.dialect: Dialect = connection.dialect

    async def execute(self, sql: str, *params: object) -> int:
        """Run a statement and return how many rows it changed.

        Raises:
            Failure: the database refused it; the migration is rolled back unless it is caught.
            RefusedError: it would end the transaction (BEGIN, COMMIT; on MySQL and MariaDB every DDL statement).
        """
        self._refuse(sql)
        return await self._connection.execute(_bound(sql, self.dialect, bool(params)), params)

    async def fetch(self, sql: str, *params: object) -> list[Row]:
        """Run a query and return its rows as dicts.

        Raises:
            Failure: the database refused it.
        """
        self._refuse(sql)
        return await self._connection.fetch(_bound(sql, self.dialect, bool(params)), params)

    async def batches(self, sql: str, *params: object, size: int = 1000, key: str = "id") -> AsyncIterator[list[Row]]:
        """Yield the rows of a query in lists of at most `size`, in order of `key`, a unique column of its result.

        Each batch is a query of its own that begins after the last key, so that rows may be changed meanwhile and
        memory stays flat. In a file with `TRANSACTION = False` each batch is a transaction too, and a run that broke
        off goes on after the last one that was committed.

        Raises:
            Failure: the database refused the query.
        """
        loop, self._loops = self._loops, self._loops + 1
        start = f"SELECT * FROM ({sql}) AS batch"  # noqa: S608 - the migration's author wrote both
        order = f" ORDER BY {key} LIMIT {size:d}"
        begin = self._steps.start(loop)
        if begin.is_finished:
            return
        if begin.after is None:
            rows = await self.fetch(start + order, *params)
        else:
            rows = await self.fetch(f"{start} WHERE {key} > ?{order}", *params, begin.after)
        while rows:
            last = rows[-1][key]
            yield rows
            await self._steps.done(loop, last, len(rows))
            if len(rows) < size:
                return
            rows = await self.fetch(f"{start} WHERE {key} > ?{order}", *params, last)

    def _refuse(self, sql: str) -> None:
        first = sql.strip().splitlines()[0] if sql.strip() else ""
        if controls_transaction(sql, self.dialect):
            raise RefusedError(f"the migration is one transaction already: {first}", "remove the statement")
        if another := follows(sql, self.dialect):
            raise RefusedError(
                f"db.execute runs one statement, and another follows: {another.splitlines()[0]}",
                "call it once for each",
            )
        if is_mysql(self.dialect) and not (is_data(sql, self.dialect) or is_session(sql, self.dialect)):
            raise RefusedError(
                f"{self.dialect} would commit half of the migration at: {first}",
                "move what changes tables into a file with UP = {...}, and keep up(db) for rows",
            )


@cache
def _bound(sql: str, dialect: Dialect, has_params: bool) -> str:
    if not has_params:
        return sql
    out: list[str] = []
    count = 0
    pieces = iter([*tokens(sql, dialect), None])
    piece = next(pieces)
    while piece is not None:
        following = next(pieces)
        if piece.text == "?" and following is not None and following.text == "?":
            out.append("?")
            following = next(pieces)
        elif piece.text == "?":
            count += 1
            out.append(_placeholder(dialect, count))
        else:
            out.append(piece.text.replace("%", "%%") if is_mysql(dialect) else piece.text)
        piece = following
    return "".join(out)


def _placeholder(dialect: Dialect, number: int) -> str:
    if is_mysql(dialect):
        return "%s"
    return f"${number}" if dialect == "postgresql" else "?"
