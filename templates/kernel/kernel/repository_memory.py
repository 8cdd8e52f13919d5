"""Rows in memory, for tests of services: the same answers and the same errors as the SQL repository."""

import copy
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from decimal import Decimal
from typing import Generic, TypeVar
from uuid import UUID

from .errors import ConflictError
from .fields import table_of
from .filters import ALL, All, Condition, Filters
from .filters_memory import holds, sort_key
from .memory_database import MemoryDatabase, Row, Workspace
from .model import Entity
from .ordering import Order, after_cursor, cursor_of
from .repository import DEFAULT_LIMIT, CursorPage, Page, Revisions
from .rows import Rows, refuse_bad_limits

E = TypeVar("E", bound=Entity)


class MemoryRepository(Generic[E]):
    """RepositoryAdapter over a dictionary. It keeps unique constraints; foreign keys and checks it does not know."""

    def __init__(self, model: type[E], database: MemoryDatabase | None = None) -> None:
        self.model = model
        self.database = database or MemoryDatabase()
        self._rows: Rows[E] = Rows(model, self.database.clock)
        self._table = table_of(model).name

    def transaction(self, *, savepoint: bool = False, new: bool = False) -> AbstractAsyncContextManager[Workspace]:
        return self.database.transaction(savepoint=savepoint, new=new)

    async def find_many(
        self,
        filters: Filters | None = None,
        *,
        order_by: Sequence[str] = (),
        limit: int | All = DEFAULT_LIMIT,
        offset: int = 0,
        with_deleted: bool = False,
    ) -> tuple[E, ...]:
        refuse_bad_limits(limit, offset)
        condition = self._rows.matching(filters, with_deleted=with_deleted)
        found = self._sorted(self._matching(condition), self._rows.order(order_by))
        return self._entities(found[offset:] if limit is ALL else found[offset : offset + limit])

    async def find_by_id(self, key: UUID, /) -> E | None:
        return self._first(self._matching(self._rows.one(key)))

    async def find_one(self, filters: Filters, *, order_by: Sequence[str] = ()) -> E | None:
        found = await self.find_many(filters, order_by=order_by, limit=1)
        return found[0] if found else None

    async def exists(self, filters: Filters) -> bool:
        return bool(self._matching(self._rows.matching(filters)))

    async def count(self, filters: Filters | None = None) -> int:
        return len(self._matching(self._rows.matching(filters)))

    async def create(self, values: Mapping[str, object]) -> E:
        return (await self.create_many([values]))[0]

    async def create_many(self, rows: Sequence[Mapping[str, object]]) -> tuple[E, ...]:
        complete = [copy.deepcopy(self._rows.new(values)) for values in rows]
        async with self.transaction() as workspace:
            for row in complete:
                self._store(workspace, row)
        return self._entities(complete)

    async def update(
        self,
        key: UUID,
        values: Mapping[str, object],
        /,
        *,
        expected_version: int | None = None,
        seen: Revisions | None = None,
    ) -> E | None:
        changes = self._rows.changes(values) if values else {}
        condition = self._rows.one(key)
        if expected_version is not None:
            self._rows.matching({"version": expected_version})
        if seen is not None:
            self._rows.seen(seen)
        async with self.transaction():
            found = self._first(self._matching(condition))
            if found is not None:
                self._rows.refuse_other(found, expected_version, seen)
            await self._change(condition, changes)
            return self._first(self._matching(condition))

    async def update_many(self, filters: Filters | All, values: Mapping[str, object]) -> int:
        condition = self._rows.matching_many(filters)
        return await self._change(condition, self._rows.changes(values) if values else {})

    async def delete(self, key: UUID, /, *, seen: Revisions | None = None) -> bool:
        condition = self._rows.one(key)
        if seen is not None:
            self._rows.seen(seen)
        async with self.transaction():
            found = self._first(self._matching(condition))
            if found is not None:
                self._rows.refuse_other(found, None, seen)
            return bool(await self._remove(condition))

    async def delete_many(self, filters: Filters | All) -> int:
        return await self._remove(self._rows.matching_many(filters))

    async def paginate(
        self,
        filters: Filters | None = None,
        *,
        page: int = 1,
        limit: int = 20,
        order_by: Sequence[str] = (),
        total: bool = True,
    ) -> Page[E]:
        refuse_bad_limits(limit, page - 1)
        data = await self.find_many(filters, order_by=order_by, limit=limit, offset=(page - 1) * limit)
        return Page(data, await self.count(filters) if total else None, page, limit)

    async def find_page(
        self,
        filters: Filters | None = None,
        *,
        limit: int = 20,
        order_by: Sequence[str] = (),
        after: str | None = None,
    ) -> CursorPage[E]:
        refuse_bad_limits(limit)
        orders = self._rows.order(order_by)
        found = self._matching(self._rows.matching(filters))
        if after is not None:
            behind = after_cursor(after, orders)
            found = [row for row in found if holds(behind, row)]
        data = self._entities(self._sorted(found, orders)[:limit])
        return CursorPage(data, cursor_of(data[-1], orders) if len(found) > limit else None, limit)

    async def increment(self, key: UUID, field: str, by: int | Decimal = 1, /) -> E | None:
        number = self._rows.number(field)
        step = number.read_operand(by)
        condition = self._rows.one(key)
        async with self.transaction():
            for row in self._matching(condition):
                before = row[number.name]
                after = None if before is None else number.read(before + step)  # type: ignore[operator]  # numbers both
                await self._change(condition, self._rows.changes({}) | {field: after})
            return self._first(self._matching(condition))

    async def compare_and_set(self, key: UUID, expected: Mapping[str, object], values: Mapping[str, object], /) -> bool:
        return bool(await self._change(self._rows.matching({**expected, "id": key}), self._rows.changes(values)))

    def _matching(self, condition: Condition) -> list[Row]:
        return [row for row in self.database.reading().rows(self._table).values() if holds(condition, row)]

    def _sorted(self, rows: Iterable[Row], orders: Sequence[Order]) -> list[Row]:
        answer = list(rows)
        for order in reversed(orders):
            answer.sort(key=lambda row, order=order: sort_key(order, row), reverse=order.descending)  # type: ignore[misc]  # binds the loop's value
        return answer

    def _entities(self, rows: Iterable[Row]) -> tuple[E, ...]:
        return tuple(self.model(**copy.deepcopy(row)) for row in rows)

    def _first(self, rows: Sequence[Row]) -> E | None:
        found = self._entities(rows[:1])
        return found[0] if found else None

    async def _change(self, condition: Condition, changes: Mapping[str, object]) -> int:
        async with self.transaction() as workspace:
            found = self._matching(condition)
            if not changes:
                return len(found)
            for row in found:
                version = {"version": row["version"] + 1} if self._rows.versioned else {}  # type: ignore[operator]  # an int
                self._store(workspace, {**row, **version, **copy.deepcopy(dict(changes))})
            return len(found)

    async def _remove(self, condition: Condition) -> int:
        if self._rows.soft_deleted:
            return await self._change(condition, {"deleted_at": self._rows.now()})
        async with self.transaction() as workspace:
            keys = [UUID(str(row["id"])) for row in self._matching(condition)]
            for key in keys:
                workspace.remove(self._table, key)
            return len(keys)

    def _store(self, workspace: Workspace, row: Row) -> None:
        self._refuse_taken(workspace, row)
        workspace.put(self._table, UUID(str(row["id"])), row)

    def _refuse_taken(self, workspace: Workspace, row: Row) -> None:
        for names in self._rows.fields.unique:
            mine = [row[name] for name in names]
            if None in mine:
                continue
            for other in workspace.rows(self._table).values():
                if other["id"] != row["id"] and [other[name] for name in names] == mine:
                    raise ConflictError(
                        f"{self.model.__name__}: {' and '.join(names)} is already taken",
                        code="unique",
                        fields=dict.fromkeys(names, "is already taken"),
                    )
