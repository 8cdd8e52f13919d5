"""The tables of the event store; their migration comes with the first generator that needs them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Identity, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from .columns import Guid, Json, UtcDateTime
from .model import Entity


class EventRow(Entity):
    """An event; its id is the event's own, so that none is stored twice.

    `transaction_id` and `position` order all events. On PostgreSQL they are those of the transaction and of a sequence;
    elsewhere, where events are stored one transaction after the other, the first is 0 and the second counts.
    """

    __tablename__ = "stored_events"
    __table_args__ = (
        UniqueConstraint("stream", "number", name="uq_stored_events_stream_number"),
        Index("ix_stored_events_transaction_id_position", "transaction_id", "position", unique=True),
    )

    stream: Mapped[str] = mapped_column(String(200))
    number: Mapped[int] = mapped_column(BigInteger)
    transaction_id: Mapped[int] = mapped_column(BigInteger)
    position: Mapped[int] = mapped_column(BigInteger, Identity())
    category: Mapped[str] = mapped_column(String(100))
    type: Mapped[str] = mapped_column(String(100))
    version: Mapped[int]
    event_key: Mapped[str] = mapped_column(String(200))
    correlation_id: Mapped[str] = mapped_column(String(128))
    causation_id: Mapped[str | None] = mapped_column(String(128))
    source: Mapped[str] = mapped_column(String(100))
    data: Mapped[dict[str, object]] = mapped_column(Json)
    details: Mapped[dict[str, object]] = mapped_column(Json)
    occurred_at: Mapped[datetime] = mapped_column(UtcDateTime())
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime())


class StreamRow(Entity):
    """A stream and how many events it has had; the lock on its row is what lets one of several writers through.

    SQLite, which has one writer, needs no such row: there the events themselves are counted.
    """

    __tablename__ = "event_streams"

    id: Mapped[UUID] = mapped_column(Guid(), primary_key=True, sort_order=-1)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    version: Mapped[int] = mapped_column(BigInteger)
