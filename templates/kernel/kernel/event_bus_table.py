"""The tables of the bus between processes: what could not be handled yet, and what was."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from .columns import Guid, Json, LongText, UtcDateTime
from .model import Entity


class LetterRow(Entity):
    """An event that a group could not handle; `number` is its place among those of the group and key."""

    __tablename__ = "event_letters"
    __table_args__ = (
        UniqueConstraint("group_name", "event_id", name="uq_event_letters_group_name_event_id"),
        Index("ix_event_letters_group_name_status_event_key", "group_name", "status", "event_key"),
    )

    group_name: Mapped[str] = mapped_column(String(100))
    event_id: Mapped[UUID] = mapped_column(Guid())
    event_key: Mapped[str] = mapped_column(String(200))
    number: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(String(10))
    attempts: Mapped[int]
    run_at: Mapped[datetime] = mapped_column(UtcDateTime())
    leased_until: Mapped[datetime | None] = mapped_column(UtcDateTime())
    error: Mapped[str] = mapped_column(LongText)
    event: Mapped[dict[str, object]] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime())


class HandledRow(Entity):
    """An event that a group has handled, stored in the transaction of what the handler did."""

    __tablename__ = "event_inbox"
    __table_args__ = (
        UniqueConstraint("group_name", "event_id", name="uq_event_inbox_group_name_event_id"),
        Index("ix_event_inbox_handled_at", "handled_at"),
    )

    group_name: Mapped[str] = mapped_column(String(100))
    event_id: Mapped[UUID] = mapped_column(Guid())
    handled_at: Mapped[datetime] = mapped_column(UtcDateTime())


class OutgoingRow(Entity):
    """An event that is to be published, stored in the transaction of what it is about."""

    __tablename__ = "event_outbox"
    __table_args__ = (Index("ix_event_outbox_stored_at_id", "stored_at", "id"),)

    event: Mapped[dict[str, object]] = mapped_column(Json)
    stored_at: Mapped[datetime] = mapped_column(UtcDateTime())


class RelayRow(Entity):
    """Who publishes what has been stored, for how long, and how far it is: one process at a time keeps the order."""

    __tablename__ = "event_relays"

    name: Mapped[str] = mapped_column(String(100), unique=True)
    holder: Mapped[str] = mapped_column(String(32))
    leased_until: Mapped[datetime] = mapped_column(UtcDateTime())
    position: Mapped[str] = mapped_column(String(100))
