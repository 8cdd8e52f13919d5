"""What a database says that was not migrated yet, told as what to do about it instead of as SQL."""

import re
from pathlib import Path
from typing import Final

from sqlalchemy import MetaData, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.ext.asyncio import AsyncEngine

from .errors import MissingTableError

_POSTGRESQL, _MYSQL, _SQLITE = "42P01", 1146, "no such table"
_MIGRATIONS: Final = Path(__file__).parents[1] / "migrations"
_ASKS = "skip_user_error_events"  # SQLAlchemy asks MySQL whether a table is there, and waits for its error
_ALIAS_IS_UNKNOWN = "errorMissingRTE"  # PostgreSQL's own mistake of that code: a name that FROM does not have


def name_missing_tables(engine: AsyncEngine, metadata: MetaData) -> None:
    """Let a statement raise MissingTableError where it asks for one of these tables and the database has it not."""

    def translate(context: ExceptionContext) -> MissingTableError | None:
        if context.execution_context and context.execution_context.execution_options.get(_ASKS):
            return None
        return missing_table(context.original_exception, metadata)

    event.listen(engine.sync_engine, "handle_error", translate)


def missing_table(error: BaseException, metadata: MetaData) -> MissingTableError | None:
    """Answer what to say of a driver's error where it asked for one of these tables and the database has it not."""
    missing = [word for word in _words(error) if word in metadata.tables]
    return MissingTableError(missing[-1], has_migration=_has_migration(missing[-1])) if missing else None


def _has_migration(table: str) -> bool:
    """Tell whether a migration makes a table, as far as can be seen: where none are, they are kept somewhere else."""
    files = [path for path in _MIGRATIONS.glob("*.py") if not path.stem.startswith("__")]
    makes = re.compile(rf"(CREATE TABLE|IF NOT EXISTS|RENAME TO) [\"`]?{re.escape(table)}\b", re.IGNORECASE)
    return not files or any(makes.search(path.read_text(encoding="utf-8")) for path in files)


def _words(error: BaseException) -> list[str]:
    """Answer the words that a driver says of a missing table, whatever the language; none where it is another error."""
    number = error.args[0] if error.args else ""
    driver = error.__cause__ or error
    is_missing = (
        number == _MYSQL
        or str(number).startswith(_SQLITE)
        or (
            getattr(error, "sqlstate", "") == _POSTGRESQL
            and getattr(driver, "server_source_function", "") != _ALIAS_IS_UNKNOWN
        )
    )
    return re.findall(r"\w+", str(driver)) if is_missing else []
