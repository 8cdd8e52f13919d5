"""The port every service stores its rows through, and the values that cross it."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Final, Generic, Protocol, TypeAlias, TypeVar
from uuid import UUID

from .filters import ALL, All, Filters

__all__ = [
    "ALL",
    "DEFAULT_LIMIT",
    "All",
    "CursorPage",
    "Filters",
    "ListQuery",
    "Page",
    "RepositoryAdapter",
    "Revisions",
]

T_co = TypeVar("T_co", covariant=True)

DEFAULT_LIMIT: Final = 100
Revisions: TypeAlias = Collection[str]
"""States of a row that a caller has seen, as `If-Match` says them: its version, or when it was changed last."""


@dataclass(frozen=True, slots=True)
class Page(Generic[T_co]):
    """A numbered page; `total` is None when it was not asked for."""

    data: tuple[T_co, ...]
    total: int | None
    page: int
    limit: int

    @property
    def total_pages(self) -> int | None:
        return None if self.total is None else -(-self.total // self.limit)


@dataclass(frozen=True, slots=True)
class CursorPage(Generic[T_co]):
    """A page that knows where the next one starts; rows added meanwhile neither repeat nor vanish."""

    data: tuple[T_co, ...]
    next: str | None
    limit: int


@dataclass(frozen=True, slots=True)
class ListQuery:
    """What a caller asks of a list, already checked by the HTTP layer."""

    filters: Filters = field(default_factory=dict)
    page: int = 1
    limit: int = 20
    order_by: tuple[str, ...] = ()
    total: bool = True


class RepositoryAdapter(Protocol[T_co]):
    """Rows of one model, whatever stores them. Every implementation passes the same contract suite.

    A field the model does not declare raises UnknownFieldError, in filters, orders and values alike. A value the column
    cannot hold raises ValidationError. What is returned is a snapshot: changing it stores nothing. Soft-deleted rows do
    not exist for any of these methods, but for `find_many(with_deleted=True)`. Orders are `field` or `-field`, nulls
    last, ties broken by the primary key.
    """

    def transaction(self, *, savepoint: bool = False, new: bool = False) -> AbstractAsyncContextManager[object]:
        """Make several writes succeed or fail together; repositories on one database share it."""
        ...

    async def find_many(
        self,
        filters: Filters | None = None,
        *,
        order_by: Sequence[str] = (),
        limit: int | All = DEFAULT_LIMIT,
        offset: int = 0,
        with_deleted: bool = False,
    ) -> tuple[T_co, ...]:
        """Answer the matching rows, at most `limit` of them; `ALL` asks for every one."""
        ...

    async def find_by_id(self, key: UUID, /) -> T_co | None: ...

    async def find_one(self, filters: Filters, *, order_by: Sequence[str] = ()) -> T_co | None:
        """Answer the first matching row."""
        ...

    async def exists(self, filters: Filters) -> bool: ...

    async def count(self, filters: Filters | None = None) -> int: ...

    async def create(self, values: Mapping[str, object]) -> T_co:
        """Store a row. Raises ConflictError for a unique value that is taken."""
        ...

    async def create_many(self, rows: Sequence[Mapping[str, object]]) -> tuple[T_co, ...]:
        """Store all rows or none."""
        ...

    async def update(
        self,
        key: UUID,
        values: Mapping[str, object],
        /,
        *,
        expected_version: int | None = None,
        seen: Revisions | None = None,
    ) -> T_co | None:
        """Change a row, or answer None.

        Raises StaleError when it no longer has the expected version, and PreconditionFailedError when it is in none of
        the seen revisions, which are what the caller's `If-Match` says.
        """
        ...

    async def update_many(self, filters: Filters | All, values: Mapping[str, object]) -> int:
        """Change every matching row; an empty filter is an error, `ALL` is not."""
        ...

    async def delete(self, key: UUID, /, *, seen: Revisions | None = None) -> bool:
        """Remove or mark a row; False when there is none. Raises PreconditionFailedError as `update` does."""
        ...

    async def delete_many(self, filters: Filters | All) -> int: ...

    async def paginate(
        self,
        filters: Filters | None = None,
        *,
        page: int = 1,
        limit: int = 20,
        order_by: Sequence[str] = (),
        total: bool = True,
    ) -> Page[T_co]: ...

    async def find_page(
        self,
        filters: Filters | None = None,
        *,
        limit: int = 20,
        order_by: Sequence[str] = (),
        after: str | None = None,
    ) -> CursorPage[T_co]:
        """Answer the rows after a cursor. Raises ValidationError for a cursor that was not made by this order."""
        ...

    async def increment(self, key: UUID, field: str, by: int = 1, /) -> T_co | None:
        """Add to a number in the database itself, so that simultaneous callers all count."""
        ...

    async def compare_and_set(self, key: UUID, expected: Mapping[str, object], values: Mapping[str, object], /) -> bool:
        """Change a row only if it still holds the expected values; exactly one of several callers succeeds."""
        ...
