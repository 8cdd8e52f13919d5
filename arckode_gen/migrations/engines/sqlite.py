"""SQLite through the standard library; nothing here ever waits on an event loop."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from arckode_gen.errors import OperationError
from arckode_gen.migrations.connection import Failure, Row
from arckode_gen.migrations.filelock import FileLock
from arckode_gen.migrations.rebuilt import Rebuilt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from arckode_gen.migrations.dialects import Dialect
    from arckode_gen.migrations.url import DatabaseUrl

BUSY_SECONDS = 10.0


async def connect(url: DatabaseUrl, root: Path, application: str, *, read_only: bool = False) -> SqliteConnection:
    """Open the file; a relative path starts at the project's root.

    Raises:
        OperationError: the file cannot be opened, or is no database.
    """
    path = root / url.database
    try:
        return SqliteConnection(_open(path, read_only=read_only), path, application)
    except sqlite3.Error as error:
        raise OperationError(f"cannot open the SQLite database {path}: {error}", _hint(path)) from error


def _open(path: Path, *, read_only: bool) -> sqlite3.Connection:
    if read_only and not path.exists():
        return sqlite3.connect(":memory:", isolation_level=None)
    if not read_only:
        return _checked(sqlite3.connect(path, isolation_level=None, timeout=BUSY_SECONDS))
    try:
        return _checked(_by_uri(path, "ro"))
    except sqlite3.OperationalError as error:
        # A killed run left a journal, which a reader may not roll back; whoever may write does it first.
        if getattr(error, "sqlite_errorname", "") not in ("SQLITE_READONLY_ROLLBACK", "SQLITE_READONLY_RECOVERY"):
            raise
        return _checked(_by_uri(path, "rw"))


def _by_uri(path: Path, mode: str) -> sqlite3.Connection:
    return sqlite3.connect(
        f"{path.resolve().as_uri()}?mode={mode}", uri=True, isolation_level=None, timeout=BUSY_SECONDS
    )


def _checked(raw: sqlite3.Connection) -> sqlite3.Connection:
    try:
        raw.execute("PRAGMA schema_version").fetchone()
    except sqlite3.Error:
        raw.close()
        raise
    return raw


def _hint(path: Path) -> str:
    if not path.parent.is_dir():
        return f"make its folder first: mkdir -p {path.parent}"
    if path.is_dir():
        return "DATABASE_URL names a folder; name a file in it"
    if path.exists() and not os.access(path, os.R_OK | os.W_OK):
        return "you may not read and write that file; correct its permissions"
    return "check the path in DATABASE_URL; the file may not be a SQLite database"


class SqliteConnection:
    """A session that begins its transactions itself, because sqlite3's own handling leaves DDL outside them."""

    dialect: Dialect = "sqlite"
    transactional_ddl = True

    def __init__(self, raw: sqlite3.Connection, path: Path, application: str) -> None:
        self._raw = raw
        self._lock = FileLock(Path(f"{path}-migrate-lock"), application)
        self._dangling_before: frozenset[object] | None = None
        self._checks = False
        self._foreign_keys = ""
        self._rebuilt = Rebuilt(raw)

    async def execute(self, sql: str, params: Sequence[object] = ()) -> int:
        if self._checks:
            self._rebuilt.watch(sql)
        if "foreign_keys" in sql:
            self._foreign_keys = ""  # a file that runs without a transaction may set it
        cursor = self._run(sql, params)
        cursor.fetchall()
        return max(cursor.rowcount, 0)

    async def fetch(self, sql: str, params: Sequence[object] = ()) -> list[Row]:
        cursor = self._run(sql, params)
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    async def begin(self, *, data: bool = False) -> None:
        """Open a transaction that already has the write lock.

        Foreign keys act (cascade) while rows change, and rest while tables change, because dropping a table would
        cascade into its children; `commit` then checks that nothing was left pointing nowhere.
        """
        self._set_foreign_keys("ON" if data else "OFF")
        self._run("BEGIN IMMEDIATE")
        self._checks = not data
        self._rebuilt = Rebuilt(self._raw)
        if self._checks and self._dangling_before is None:
            self._dangling_before = self._dangling()

    async def commit(self) -> None:
        if self._checks:
            loss = self._rebuilt.loss()
            if loss:
                raise Failure(loss)
            now = self._dangling()
            new = now - (self._dangling_before or frozenset())
            if new:
                tables = ", ".join(sorted({str(row[0]) for row in new if isinstance(row, tuple)}))
                raise Failure(f"{len(new)} row(s) of {tables} would refer to rows that are not there")
            self._dangling_before = now
        self._run("COMMIT")

    async def rollback(self) -> None:
        if self._raw.in_transaction:
            self._raw.rollback()

    async def try_lock(self) -> bool:
        taken = self._lock.acquire()
        if taken:
            self._set_journal("delete", "persist")
        return taken

    async def unlock(self) -> None:
        self._set_journal("persist", "delete")
        self._lock.release()

    async def holder(self) -> str:
        return self._lock.holder()

    async def pause(self, seconds: float) -> None:
        time.sleep(seconds)  # noqa: ASYNC251 - one task, and SQLite never runs on a loop of its own

    async def close(self) -> None:
        self._raw.close()

    def _set_foreign_keys(self, wanted: str) -> None:
        if wanted != self._foreign_keys:
            self._run(f"PRAGMA foreign_keys = {wanted}")
            self._foreign_keys = wanted

    def _set_journal(self, now: str, wanted: str) -> None:
        """Keep one rollback journal for the whole run, where each transaction would make and remove its own.

        It is as safe as the default (https://www.sqlite.org/pragma.html#pragma_journal_mode) and holds for this
        session only; a database in WAL mode stays in it. Where somebody else has the file just then, it stays as it is.
        """
        with suppress(Failure):
            if self._run("PRAGMA journal_mode").fetchone() == (now,):
                self._run(f"PRAGMA journal_mode = {wanted}")

    def _dangling(self) -> frozenset[object]:
        return frozenset(self._run("PRAGMA foreign_key_check").fetchall())

    def _run(self, sql: str, params: Sequence[object] = ()) -> sqlite3.Cursor:
        try:
            return self._raw.execute(sql, tuple(params))
        except (sqlite3.Error, sqlite3.Warning) as error:
            text = str(error)
            name = getattr(error, "sqlite_errorname", "")
            raise Failure(
                text,
                name,
                missing_table=text.startswith("no such table"),
                busy=name.startswith("SQLITE_BUSY"),
                full=name == "SQLITE_FULL" or name.startswith("SQLITE_IOERR_WRITE"),
            ) from error
