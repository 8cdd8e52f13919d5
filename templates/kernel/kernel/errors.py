"""What can go wrong, in two trees: answers for whoever called the API, and mistakes in the program.

AppError becomes a problem document with its status. A ProgrammingError is ours to fix: it becomes a 500 and a log line.
"""

import difflib
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from math import ceil
from types import MappingProxyType
from typing import ClassVar

from sqlalchemy.exc import SQLAlchemyError

_NO_FIELDS: Mapping[str, str] = MappingProxyType({})


class AppError(Exception):
    """An outcome the caller should hear about, told as a problem document."""

    default_code: ClassVar[str] = "application_error"
    default_status: ClassVar[HTTPStatus] = HTTPStatus.BAD_REQUEST

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        status: int | None = None,
        fields: Mapping[str, str] = _NO_FIELDS,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.status = HTTPStatus(status or self.default_status)
        self.fields = dict(fields)
        self.headers: dict[str, str] = {}


class NotFoundError(AppError):
    """The thing asked for does not exist, or the caller may not know that it does."""

    default_code = "not_found"
    default_status = HTTPStatus.NOT_FOUND


class ValidationError(AppError):
    """The values were understood and cannot be accepted; `fields` says which and why."""

    default_code = "validation_failed"
    default_status = HTTPStatus.UNPROCESSABLE_ENTITY


class ConflictError(AppError):
    """The change contradicts what is already stored, a unique value for instance."""

    default_code = "conflict"
    default_status = HTTPStatus.CONFLICT


class StaleError(ConflictError):
    """Somebody else changed the row since the caller read it."""

    default_code = "stale"


class PreconditionFailedError(AppError):
    """The caller insisted on the row it had read (`If-Match`), and the row is another by now."""

    default_code = "precondition_failed"
    default_status = HTTPStatus.PRECONDITION_FAILED


class TooManyRequestsError(AppError):
    """The caller asks more often than it may; after `retry_after` seconds it may again."""

    default_code = "too_many_requests"
    default_status = HTTPStatus.TOO_MANY_REQUESTS

    def __init__(self, message: str, *, retry_after: float) -> None:
        super().__init__(message)
        self.headers = {"Retry-After": str(ceil(retry_after))}


class AuthError(AppError):
    """Nobody is signed in, or the proof is not good enough."""

    default_code = "unauthenticated"
    default_status = HTTPStatus.UNAUTHORIZED


class ForbiddenError(AppError):
    """The caller is known and may not do this."""

    default_code = "forbidden"
    default_status = HTTPStatus.FORBIDDEN


class UnavailableError(AppError):
    """Something outside that this needs does not answer; trying again later may work."""

    default_code = "unavailable"
    default_status = HTTPStatus.SERVICE_UNAVAILABLE


class TooLargeError(AppError):
    """What the caller sends is larger than what is accepted here."""

    default_code = "too_large"
    default_status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class ProgrammingError(Exception):
    """The program asks for something that cannot be; no caller can cause or repair it."""


class UnknownFieldError(ProgrammingError, ValueError):
    """A create, update, filter or order names a field the model does not declare."""

    def __init__(self, field: str, model: str, known: Iterable[str]) -> None:
        self.field = field
        self.model = model
        super().__init__(f"{model} has no field '{field}'{suggestion(field, known)}")


class FilterError(ProgrammingError, ValueError):
    """A filter is put together wrongly: an unknown operator, a value of the wrong shape."""


class CannotConnectError(ConnectionError):
    """The database does not let us in; whoever called the API hears 503, and the log says why."""


class MissingTableError(ProgrammingError, SQLAlchemyError):
    """A table that the program's models have is not in the database; perhaps no migration makes it, either."""

    def __init__(self, table: str, *, has_migration: bool = True) -> None:
        self.table = table
        do = "create it: `arckode db:migrate`"
        if not has_migration:
            do = f"no migration makes it: `arckode db:diff --write create_{table}`, then `arckode db:migrate`"
        super().__init__(f"the table '{table}' is not in the database; {do}")


class MissingColumnError(ProgrammingError, SQLAlchemyError):
    """A column that a table of the program's models has is not in the database."""

    def __init__(self, table: str, column: str) -> None:
        self.table = table
        self.column = column
        super().__init__(
            f"the column '{column}' of the table '{table}' is not in the database; add it: `arckode db:migrate`"
        )


class TransactionError(ProgrammingError, RuntimeError):
    """The unit of work is used in a way that could lose or mix up data."""


class WiringError(ProgrammingError, RuntimeError):
    """The composition root is incomplete or contradicts itself; the application does not start."""


def told_in_a_line(error: BaseException | None) -> str | None:
    """Answer what to tell of an error, or of what caused it, in place of its traceback; None where that is needed.

    Where a database is away or was not migrated, the code that met it has nothing to do with it.
    """
    while error is not None:
        if isinstance(error, MissingTableError | MissingColumnError):
            return str(error)
        if isinstance(error, CannotConnectError):
            return f"cannot connect to the database ({error}); start it, or correct DATABASE_URL"
        error = error.__cause__
    return None


def told_at_start(error: BaseException | None) -> str | None:
    """Answer the same while the application starts: what is wired wrongly is said whole, too."""
    return str(error) if isinstance(error, WiringError) else told_in_a_line(error)


@contextmanager
def starting() -> Generator[None]:
    """Let a program that cannot start end with the line that says why; a traceback stays where no line says it all."""
    try:
        yield
    except Exception as error:
        told = told_at_start(error)
        if told is None:
            raise
        raise SystemExit(told) from None


def suggestion(word: str, known: Iterable[str]) -> str:
    """Answer `; did you mean 'x'?` for the nearest known word, else the list of what there is."""
    names = sorted(known)
    close = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    if close:
        return f"; did you mean '{close[0]}'?"
    return f"; it has: {', '.join(names)}" if names else ""
