"""Rows in a SQL database. Custom queries of a module belong in its subclass, through `self.database.session()`."""

from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from decimal import Decimal
from typing import Any, ClassVar, Generic, TypeVar, cast
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    Delete,
    Select,
    Update,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from . import filters_sql
from .database import Database
from .fields import table_of
from .filters import ALL, All, AllOf, Condition, Filters
from .integrity import translated
from .model import Entity
from .ordering import Order, after_cursor, cursor_of
from .repository import DEFAULT_LIMIT, CursorPage, Page, Revisions
from .row_changes import RowAction, RowChange
from .rows import Rows, refuse_bad_limits

E = TypeVar("E", bound=Entity)
_WATCHED_AT_ONCE = 500


class SqlRepository(Generic[E]):
    """RepositoryAdapter over SQLAlchemy; a subclass says its `model`."""

    model: ClassVar[type[Any]]  # a class variable cannot name the type parameter

    def __init__(self, database: Database) -> None:
        self.database = database
        self._rows: Rows[E] = Rows(self.model, database.clock)
        self._table = table_of(self.model)
        self._by_id: Select[E] = select(self._rows.model).where(self._table.c.id == bindparam("key"))
        if self._rows.soft_deleted:
            self._by_id = self._by_id.where(self._table.c.deleted_at.is_(None))

    def transaction(self, *, savepoint: bool = False, new: bool = False) -> AbstractAsyncContextManager[AsyncSession]:
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
        statement = self._select(condition, self._rows.order(order_by))
        if limit is not ALL:
            statement = statement.limit(limit)
        if offset:
            statement = statement.offset(offset)
        return await self._read(statement)

    async def find_by_id(self, key: UUID, /) -> E | None:
        async with self.database.session() as session:
            if isinstance(key, UUID) and not self._rows.limited:
                return await self._one(session, key)
            return await self._reload(session, self._rows.one(key))

    async def find_one(self, filters: Filters, *, order_by: Sequence[str] = ()) -> E | None:
        rows = await self.find_many(filters, order_by=order_by, limit=1)
        return rows[0] if rows else None

    async def exists(self, filters: Filters) -> bool:
        inner = select(self._table.c.id).where(self._where(self._rows.matching(filters))).exists()
        async with self.database.session() as session:
            return bool(await session.scalar(select(inner)))

    async def count(self, filters: Filters | None = None) -> int:
        async with self.database.session() as session:
            return await self._count(session, self._rows.matching(filters))

    async def create(self, values: Mapping[str, object]) -> E:
        return (await self.create_many([values]))[0]

    async def create_many(self, rows: Sequence[Mapping[str, object]]) -> tuple[E, ...]:
        complete = [self._rows.new(values) for values in rows]
        if complete:
            async with self._writing() as session:
                await session.execute(insert(self._table), [self._stored(row) for row in complete])
                await self._tell("created", [cast("UUID", row["id"]) for row in complete])
        return tuple(self._rows.model(**row) for row in complete)

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
        expected = self._expecting(expected_version, seen)
        async with self._writing() as session:
            if changes and await self._change(session, AllOf((condition, expected)), changes):
                await self._tell("updated", [key], values)
                return await self._reload(session, condition)
            found = await self._reload(session, condition)
            if found is not None:
                self._rows.refuse_other(found, expected_version, seen)
            return found

    async def update_many(self, filters: Filters | All, values: Mapping[str, object]) -> int:
        condition = self._rows.matching_many(filters)
        changes = self._rows.changes(values) if values else {}
        async with self._writing() as session:
            if not changes:
                return await self._count(session, condition)
            changed = 0
            for part, keys in await self._parts(session, condition):
                changed += await self._change(session, part, changes)
                await self._tell("updated", keys, values)
            return changed

    async def delete(self, key: UUID, /, *, seen: Revisions | None = None) -> bool:
        condition = self._rows.one(key)
        if seen is None:
            return bool(await self._remove(condition, key))
        async with self._writing() as session:
            if await self._remove(AllOf((condition, self._expecting(None, seen))), key):
                return True
            found = await self._reload(session, condition)
            if found is not None:
                self._rows.refuse_other(found, None, seen)
            return False

    async def delete_many(self, filters: Filters | All) -> int:
        condition, removed = self._rows.matching_many(filters), 0
        async with self._writing(deleting=True) as session:
            for part, keys in await self._parts(session, condition):
                removed += await self._remove(part, *keys)
        return removed

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
        condition = self._rows.matching(filters)
        statement = self._select(condition, self._rows.order(order_by)).limit(limit).offset((page - 1) * limit)
        async with self.database.session() as session:
            data = await self._entities(session, statement)
            found = await self._count(session, condition) if total else None
        return Page(data, found, page, limit)

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
        condition = self._rows.matching(filters)
        if after is not None:
            condition = AllOf((condition, after_cursor(after, orders)))
        rows = await self._read(self._select(condition, orders).limit(limit + 1))
        data = rows[:limit]
        return CursorPage(data, cursor_of(data[-1], orders) if len(rows) > limit else None, limit)

    async def increment(self, key: UUID, field: str, by: int | Decimal = 1, /) -> E | None:
        number = self._rows.number(field)
        condition = self._rows.one(key)
        changes = self._rows.changes({}) | {field: number.column + number.read_operand(by)}
        async with self._writing() as session:
            if await self._change(session, condition, changes):
                await self._tell("updated", [key], [field])
            return await self._reload(session, condition)

    async def compare_and_set(self, key: UUID, expected: Mapping[str, object], values: Mapping[str, object], /) -> bool:
        condition = self._rows.matching({**expected, "id": key})
        changes = self._rows.changes(values)
        async with self._writing() as session:
            changed = bool(await self._change(session, condition, changes))
            if changed:
                await self._tell("updated", [key], values)
            return changed

    def _stored(self, row: Mapping[str, object]) -> dict[str, object]:
        return {self._rows.fields[name].column.key: value for name, value in row.items()}

    def _where(self, condition: Condition) -> ColumnElement[bool]:
        return filters_sql.where(condition, self.database.dialect)

    def _select(self, condition: Condition, orders: Sequence[Order] = ()) -> Select[E]:
        statement = select(self._rows.model).where(self._where(condition))
        return statement.order_by(*filters_sql.order(orders, self.database.dialect)) if orders else statement

    def _expecting(self, version: int | None, seen: Revisions | None) -> Condition:
        expected = AllOf(()) if version is None else self._rows.matching({"version": version}, with_deleted=True)
        return expected if seen is None else AllOf((expected, self._rows.seen(seen)))

    @asynccontextmanager
    async def _writing(self, *, deleting: bool = False) -> AsyncGenerator[AsyncSession]:
        async with self.database.transaction() as session:
            with translated(self.model, deleting=deleting):
                yield session

    async def _read(self, statement: Select[E]) -> tuple[E, ...]:
        async with self.database.session() as session:
            return await self._entities(session, statement)

    async def _entities(
        self, session: AsyncSession, statement: Select[E], values: Mapping[str, object] | None = None
    ) -> tuple[E, ...]:
        if not self.database.in_transaction():  # the session ends after this, and with it all that it knows
            return tuple((await session.scalars(statement, values)).unique())
        result = await session.scalars(statement, values, execution_options={"populate_existing": True})
        entities = tuple(result.unique())
        for entity in entities:
            session.expunge(entity)
        return entities

    async def _one(self, session: AsyncSession, key: UUID) -> E | None:
        """Find by the identifier with a statement made once, since this is what is asked most."""
        rows = await self._entities(session, self._by_id, {"key": key})
        return rows[0] if rows else None

    async def _reload(self, session: AsyncSession, condition: Condition) -> E | None:
        rows = await self._entities(session, self._select(condition))
        return rows[0] if rows else None

    async def _count(self, session: AsyncSession, condition: Condition) -> int:
        statement = select(func.count()).select_from(self._table).where(self._where(condition))
        return await session.scalar(statement) or 0

    async def _change(self, session: AsyncSession, condition: Condition, changes: Mapping[str, object]) -> int:
        values = {self._rows.fields[name].column: value for name, value in changes.items()}
        if self._rows.versioned:
            version = self._table.c.version
            values = {version: version + 1} | values
        return await _affected(session, update(self._table).where(self._where(condition)).values(values))

    async def _remove(self, condition: Condition, *keys: UUID) -> int:
        async with self._writing(deleting=True) as session:
            if self._rows.soft_deleted:
                removed = await self._change(session, condition, {"deleted_at": self._rows.now()})
            else:
                removed = await _affected(session, delete(self._table).where(self._where(condition)))
            if removed:
                await self._tell("deleted", keys)
            return removed

    async def _parts(self, session: AsyncSession, condition: Condition) -> Sequence[tuple[Condition, Sequence[UUID]]]:
        """Cut what is about to change into parts whose rows are known, when somebody watches; else it is one part."""
        if self.database.watcher is None:
            return [(condition, ())]
        matching = select(self._table.c.id).where(self._where(condition)).with_for_update()
        found = tuple(await session.scalars(matching))
        parts = [found[first : first + _WATCHED_AT_ONCE] for first in range(0, len(found), _WATCHED_AT_ONCE)]
        return [(self._rows.matching({"id": {"in": keys}}), keys) for keys in parts]

    async def _tell(self, action: RowAction, keys: Sequence[UUID], fields: Iterable[str] = ()) -> None:
        if self.database.watcher is None:
            return
        for key in keys:
            await self.database.watcher(RowChange(self._table.name, action, key, tuple(sorted(fields))))


async def _affected(session: AsyncSession, statement: Update | Delete) -> int:
    result = await session.execute(statement)
    return result.rowcount if isinstance(result, CursorResult) else 0
