"""Tables that are made of events: written by their projection only, and read by everybody.

A row belongs to a generation. A rebuild writes the next one beside the one that is read, and takes over in one
transaction: readers see all of the old rows or all of the new ones. It needs no table of its own and no DDL.
"""

from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from typing import ClassVar, Final, TypeVar
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from .errors import ProgrammingError
from .fields import table_of
from .filters import Condition
from .model import Entity
from .projection_table import ProjectionRow
from .repository_sql import SqlRepository
from .row_changes import RowAction

E = TypeVar("E", bound=Entity)
LIVE: Final = "live"
BUILDING: Final = "building"
_ROWS = table_of(ProjectionRow)
_writing: ContextVar[tuple[str, int] | None] = ContextVar("generation_that_is_written", default=None)


class ReadModel:
    """Marks the model of a table that a projection writes; with its generation a row is there once."""

    generation: Mapped[int] = mapped_column(BigInteger(), primary_key=True, autoincrement=False, sort_order=904)


class ReadModelRepository(SqlRepository[E]):
    """The rows of one projection; outside of it they can only be read. A subclass says its `model` and `projection`."""

    projection: ClassVar[str]

    async def find_by_id(self, key: UUID, /) -> E | None:
        async with self.database.session() as session:
            return await self._reload(session, self._rows.one(key))

    async def create_many(self, rows: Sequence[Mapping[str, object]]) -> tuple[E, ...]:
        generation = self._written()
        return await super().create_many([{**row, "generation": generation} for row in rows])

    async def _tell(self, action: RowAction, keys: Sequence[UUID], fields: Iterable[str] = ()) -> None:
        """Tell nobody: what these rows are made of is an event already, and a rebuild would tell it all again."""

    async def forget(self, first: int, last: int, *, limit: int = 1000) -> int:
        """Delete some rows of generations that nobody reads any more, and answer how many those were."""
        of_old = select(self._table.c.generation, self._table.c.id).where(self._table.c.generation.between(first, last))
        async with self.database.transaction() as session:
            found = (await session.execute(of_old.order_by(self._table.c.generation).limit(limit))).all()
            generation = found[0].generation if found else 0
            ids = [row.id for row in found if row.generation == generation]
            one = delete(self._table).where(self._table.c.generation == generation, self._table.c.id.in_(ids))
            if ids:
                await session.execute(one)
        return len(ids)

    def _written(self) -> int:
        """Answer the generation that the running projection writes. Raises ProgrammingError outside of it."""
        writing = _writing.get()
        if writing is None or writing[0] != self.projection:
            raise ProgrammingError(
                f"the rows of {self.model.__name__} are made of events; append one, and let the projection "
                f"'{self.projection}' write them"
            )
        return writing[1]

    def _where(self, condition: Condition) -> ColumnElement[bool]:
        writing = _writing.get()
        if writing is not None and writing[0] == self.projection:
            return super()._where(condition) & (self._table.c.generation == writing[1])
        live = select(_ROWS.c.generation).where(_ROWS.c.name == self.projection, _ROWS.c.state == LIVE)
        return super()._where(condition) & (self._table.c.generation == live.scalar_subquery())

    @asynccontextmanager
    async def _writing(self, *, deleting: bool = False) -> AsyncGenerator[AsyncSession]:
        self._written()
        async with super()._writing(deleting=deleting) as session:
            yield session


@contextmanager
def writing_generation(projection: str, generation: int) -> Iterator[None]:
    """Let the rows of a projection be written inside, as those of a generation."""
    token = _writing.set((projection, generation))
    try:
        yield
    finally:
        _writing.reset(token)
