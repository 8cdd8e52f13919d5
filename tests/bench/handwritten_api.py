"""What the generated endpoint is measured against: the same API, written by hand over FastAPI and SQLAlchemy.

Twice: as most people write it, with a session from `Depends`, and as the best would, with a session of its own in each
function. Same table, same rows, same parameters, same JSON byte for byte, same statements; times are UTC and say so,
which on SQLite takes a type of one's own.
"""

from __future__ import annotations

from collections.abc import AsyncIterator  # noqa: TC003  FastAPI and SQLAlchemy read annotations at run time
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID  # noqa: TC003

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Query
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel
from sqlalchemy import DateTime, Dialect, Numeric, String, TypeDecorator, Uuid, func, or_, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from uuid_utils.compat import uuid7

Status = Literal["draft", "paid"]


class Utc(TypeDecorator[datetime]):
    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


class Base(DeclarativeBase):
    type_annotation_map = {Decimal: Numeric(12, 2), datetime: Utc}  # noqa: RUF012  SQLAlchemy's way


class Order(Base):
    __tablename__ = "orders"

    id: Mapped[UUID] = mapped_column(Uuid(), primary_key=True, default=uuid7)
    name: Mapped[str] = mapped_column(String(120))
    total: Mapped[Decimal]
    status: Mapped[str] = mapped_column(String(20), default="draft")
    note: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=lambda: datetime.now(UTC))
    updated_at: Mapped[datetime] = mapped_column(default=lambda: datetime.now(UTC))


class Schema(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, from_attributes=True, extra="forbid")


class OrderCreate(Schema):
    name: Annotated[str, Field(max_length=120)]
    total: Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=2)]
    status: Status = "draft"
    note: Annotated[str | None, Field(max_length=255)] = None


class OrderOut(Schema):
    id: UUID
    name: str
    total: Decimal
    status: Status
    note: str | None
    created_at: datetime
    updated_at: datetime


class OrderPage(Schema):
    data: list[OrderOut]
    total: int
    page: int
    limit: int
    total_pages: int


class ListQuery(Schema):
    page: Annotated[int, Field(ge=1)] = 1
    limit: Annotated[int, Field(ge=1, le=200)] = 20
    sort: Annotated[str | None, Field(pattern="^-?(name|total|status|note|createdAt|updatedAt|id)$")] = None
    total: bool = True
    search: Annotated[str | None, Field(max_length=200)] = None
    name: str | None = None
    name_contains: str | None = None
    total_eq: Decimal | None = None
    total_gte: Decimal | None = None
    total_lte: Decimal | None = None
    status: Status | None = None
    note: str | None = None
    note_contains: str | None = None
    note_is_null: bool | None = None


async def show(session: AsyncSession, order_id: UUID) -> OrderOut:
    found = await session.get(Order, order_id)
    if found is None:
        raise HTTPException(404)
    return OrderOut.model_validate(found)


async def index(session: AsyncSession, query: ListQuery) -> OrderPage:  # noqa: C901  as people write it
    wanted = select(Order)
    if query.name is not None:
        wanted = wanted.where(Order.name == query.name)
    if query.name_contains is not None:
        wanted = wanted.where(Order.name.contains(query.name_contains, autoescape=True))
    if query.total_eq is not None:
        wanted = wanted.where(Order.total == query.total_eq)
    if query.total_gte is not None:
        wanted = wanted.where(Order.total >= query.total_gte)
    if query.total_lte is not None:
        wanted = wanted.where(Order.total <= query.total_lte)
    if query.status is not None:
        wanted = wanted.where(Order.status == query.status)
    if query.note is not None:
        wanted = wanted.where(Order.note == query.note)
    if query.note_contains is not None:
        wanted = wanted.where(Order.note.contains(query.note_contains, autoescape=True))
    if query.note_is_null is not None:
        wanted = wanted.where(Order.note.is_(None) if query.note_is_null else Order.note.is_not(None))
    if query.search is not None:
        wanted = wanted.where(or_(Order.name.icontains(query.search), Order.note.icontains(query.search)))
    rows = await session.scalars(wanted.order_by(Order.id).limit(query.limit).offset((query.page - 1) * query.limit))
    total = await session.scalar(select(func.count()).select_from(wanted.order_by(None).subquery())) or 0
    data = [OrderOut.model_validate(row) for row in rows]
    return OrderPage(data=data, total=total, page=query.page, limit=query.limit, total_pages=-(-total // query.limit))


async def store(session: AsyncSession, body: OrderCreate) -> OrderOut:
    order = Order(**body.model_dump())
    session.add(order)
    await session.commit()
    return OrderOut.model_validate(order)


def usual(engine: AsyncEngine) -> FastAPI:
    """Answer the API with a session from a dependency that yields it."""
    new_session = async_sessionmaker(engine, expire_on_commit=False)

    async def get_session() -> AsyncIterator[AsyncSession]:
        async with new_session() as session:
            yield session

    router = APIRouter(prefix="/orders")

    @router.get("/{order_id}")
    async def show_order(order_id: UUID, session: AsyncSession = Depends(get_session)) -> OrderOut:  # noqa: B008
        return await show(session, order_id)

    @router.get("")
    async def list_orders(
        query: Annotated[ListQuery, Query()],
        session: AsyncSession = Depends(get_session),  # noqa: B008
    ) -> OrderPage:
        return await index(session, query)

    @router.post("", status_code=201)
    async def create_order(body: OrderCreate, session: AsyncSession = Depends(get_session)) -> OrderOut:  # noqa: B008
        return await store(session, body)

    return _app(router)


def best(engine: AsyncEngine) -> FastAPI:
    """Answer the API with a session that each function opens itself."""
    new_session = async_sessionmaker(engine, expire_on_commit=False)
    router = APIRouter(prefix="/orders")

    @router.get("/{order_id}")
    async def show_order(order_id: UUID) -> OrderOut:
        async with new_session() as session:
            return await show(session, order_id)

    @router.get("")
    async def list_orders(query: Annotated[ListQuery, Query()]) -> OrderPage:
        async with new_session() as session:
            return await index(session, query)

    @router.post("", status_code=201)
    async def create_order(body: OrderCreate) -> OrderOut:
        async with new_session() as session:
            return await store(session, body)

    return _app(router)


def _app(router: APIRouter) -> FastAPI:
    app = FastAPI()
    app.include_router(router)
    return app
