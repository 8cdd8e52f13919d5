"""Models that hold every kind of column, shared by the kernel's tests."""

from __future__ import annotations

from datetime import date, datetime  # noqa: TC003  SQLAlchemy reads annotations at run time
from decimal import Decimal  # noqa: TC003
from enum import StrEnum
from uuid import UUID  # noqa: TC003

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from kernel.model import (
    Entity,
    ExactNumeric,
    Guid,
    Json,
    LongText,
    SoftDeleted,
    Text,
    Timestamped,
    UtcDateTime,
    Versioned,
    enum_column,
)


class Colour(StrEnum):
    RED = "red"
    GREEN = "green"
    BLUE = "blue"


class Article(Timestamped, SoftDeleted, Versioned, Entity):
    __tablename__ = "articles"
    __table_args__ = (UniqueConstraint("shelf", "place"),)

    code: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str] = mapped_column(default="untitled")
    note: Mapped[str | None] = mapped_column(Text)
    body: Mapped[str | None] = mapped_column(LongText)
    price: Mapped[Decimal | None] = mapped_column(ExactNumeric(12, 2))
    stock: Mapped[int] = mapped_column(default=0)
    weight: Mapped[float | None]
    colour: Mapped[Colour | None] = mapped_column(enum_column(Colour, "articles_colour"), default=Colour.RED)
    live: Mapped[bool] = mapped_column(default=False)
    sold_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    day: Mapped[date | None]
    owner: Mapped[UUID | None] = mapped_column(Guid(), index=True)
    picture: Mapped[bytes | None]
    metadata_: Mapped[dict[str, object] | None] = mapped_column("metadata", Json)
    shelf: Mapped[str | None]
    place: Mapped[int | None]


class Line(Entity):
    __tablename__ = "lines"

    article_id: Mapped[UUID] = mapped_column(ForeignKey("articles.id", ondelete="RESTRICT"))
    text: Mapped[str]


class Note(Entity):
    __tablename__ = "notes"

    line_id: Mapped[UUID] = mapped_column(ForeignKey("lines.id", ondelete="RESTRICT"))


class Paper(SoftDeleted, Versioned, Entity):
    __tablename__ = "papers"

    firm: Mapped[UUID] = mapped_column(Guid(), index=True, info={"tenant": True})
    title: Mapped[str]
    pages: Mapped[int] = mapped_column(default=1)
