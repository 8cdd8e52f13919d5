"""A database in a dictionary, for tests of services: its transactions roll back as real ones do."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from uuid import UUID

from .clock import Clock, SystemClock
from .unit_of_work import CurrentUnit, Unit

Row = dict[str, object]
Table = dict[UUID, Row]


class Workspace:
    """A copy of the tables to work on, and which rows were touched there."""

    def __init__(self, tables: dict[str, Table]) -> None:
        self._tables = {name: dict(rows) for name, rows in tables.items()}
        self.touched: set[tuple[str, UUID]] = set()

    def rows(self, table: str) -> Table:
        return self._tables.get(table, {})

    def put(self, table: str, key: UUID, row: Row) -> None:
        self._tables.setdefault(table, {})[key] = row
        self.touched.add((table, key))

    def remove(self, table: str, key: UUID) -> None:
        del self._tables[table][key]
        self.touched.add((table, key))

    def copy(self) -> "Workspace":
        return Workspace(self._tables)

    def take_over(self, inner: "Workspace") -> None:
        """Apply what an inner workspace touched, and nothing else: others may have committed meanwhile."""
        for table, key in inner.touched:
            if key in inner.rows(table):
                self.put(table, key, inner.rows(table)[key])
            elif key in self.rows(table):
                self.remove(table, key)


class MemoryDatabase:
    """Holds rows of any number of models; transactions take turns, and nobody sees one before it commits."""

    def __init__(self, *, clock: Clock | None = None) -> None:
        self.clock: Clock = clock or SystemClock()
        self._committed = Workspace({})
        self._turn = asyncio.Lock()
        self._current: CurrentUnit[Workspace] = CurrentUnit("memory_unit_of_work")

    def reading(self) -> Workspace:
        """Answer what the running code may see: its own transaction, else what is committed."""
        unit = self._current.find()
        return self._committed if unit is None else unit.resource

    @asynccontextmanager
    async def transaction(self, *, savepoint: bool = False, new: bool = False) -> AsyncGenerator[Workspace]:
        """Behave as `Database.transaction` does; an inner `new=True` does not wait for the outer one."""
        outer = None if new else self._current.find()
        if outer is not None and not savepoint:
            async with self._current.joined(outer):
                yield outer.resource
            return
        turn: AbstractAsyncContextManager[None] = self._turn
        if self._current.inside():
            turn = nullcontext()
        async with turn:
            target = self._committed if outer is None else outer.resource
            workspace = target.copy()
            async with self._current.entered(Unit(workspace)):
                yield workspace
            target.take_over(workspace)
