"""The base of all tables: names that every engine agrees on, identifiers, and columns the repository fills itself."""

from datetime import date, datetime, time
from decimal import Decimal
from functools import partial
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, Date, Double, Integer, LargeBinary, MetaData, String, Table, Text, Time
from sqlalchemy.dialects.mysql import LONGBLOB, TIME
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from .columns import ExactNumeric, Guid, Json, LongText, UtcDateTime, enum_column
from .ids import new_id

__all__ = [
    "BigInteger",
    "Entity",
    "ExactNumeric",
    "Guid",
    "Json",
    "LongText",
    "SoftDeleted",
    "Text",
    "Timestamped",
    "UtcDateTime",
    "Versioned",
    "enum_column",
]

# The same order and equality of text as SQLite and PostgreSQL: by code point, case and trailing spaces counting.
_TEXT_LIKE_ELSEWHERE = {
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_0900_bin",
    "mariadb_charset": "utf8mb4",
    "mariadb_collate": "utf8mb4_nopad_bin",
}


class Entity(DeclarativeBase):
    """A row with an identity. Every table has the primary key `id`, a version 7 UUID made by the program."""

    __table_cls__ = partial(Table, **_TEXT_LIKE_ELSEWHERE)

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {  # SQLAlchemy's own key and value types are as wide
        str: String(255),
        int: Integer(),
        float: Double(),
        bytes: LargeBinary().with_variant(LONGBLOB, "mysql", "mariadb"),
        date: Date(),
        time: Time().with_variant(TIME(fsp=6), "mysql", "mariadb"),
        datetime: UtcDateTime(),
        Decimal: ExactNumeric(12, 2),
        UUID: Guid(),
        dict[str, object]: Json,
        list[object]: Json,
    }

    id: Mapped[UUID] = mapped_column(Guid(), primary_key=True, default=new_id, sort_order=-1)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.__dict__.get('id')}>"


class Timestamped:
    """Says when a row was made and last changed; the repository's clock fills both."""

    created_at: Mapped[datetime] = mapped_column(UtcDateTime(), sort_order=900)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime(), sort_order=901)


class SoftDeleted:
    """Rows are marked instead of removed; the repository no longer sees a marked one."""

    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime(), index=True, sort_order=902)


class Versioned:
    """Counts the changes of a row, so that an update can insist on the version that was read."""

    version: Mapped[int] = mapped_column(Integer(), default=1, sort_order=903)
